"""How alike predictions are: of two models, and of two seeds of one."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, names
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.results import Results

_TITLE = "How alike the models' predictions are"


def alike_predictions(results: Results) -> Finding:
    """How often two models predict the same class, beside two seeds of one model."""
    if results.nothing_learned:
        return Finding("agreement", _TITLE, [f"{no_better_than_chance(results)}."])
    found = results.analysis.agreement
    text = []
    if found.pairs:
        text += [_between_models(results), _common_errors(found)]
    if found.between_seeds:
        text += [_between_seeds(results), _models_against_seeds(found.between_seeds)]
    elif found.pairs:
        text.append("With one run of each model, how alike two seeds are is not known.")
    elif len(results.finished) > 1:
        text.append(f"Only {names(results.learned)} learned: there is no other to agree with.")
    else:
        text.append("One run alone has nothing to agree with.")
    table = _table(results) if found.pairs else None
    return Finding("agreement", _TITLE, [sentence for sentence in text if sentence], table=table)


def _between_models(results):
    found = results.analysis.agreement
    same, mean = found.same, w.percent(found.same.mean)
    if found.pairs == 1:
        both = names(results.named(found.models))
        return f"{both} predict the same class for {mean} of the test images."
    sentence = (
        f"Two models{results.that_learned} predict the same class for {mean} of the test images"
        f" on average over"
        f" {found.pairs:,} pairs"
    )
    low, high = w.percent(same.low), w.percent(same.high)
    if low != high:
        least, most = (names(results.named(pair)) for pair in (same.low_pair, same.high_pair))
        sentence += f", from {low} ({least}) to {high} ({most})"
    return f"{sentence}."


def _common_errors(found):
    if found.common is None:
        return None
    average = " on average" if found.common_pairs > 1 else ""
    return (
        f"Two models share {w.percent(found.common)} of their mistakes{average}; by chance it would"
        f" be {w.percent(found.by_chance)}."
    )


def _between_seeds(results):
    found = results.analysis.agreement.between_seeds
    average = f" on average over {found.models} models" if found.models > 1 else ""
    who = "one model" if len(results.learned) > 1 else results.learned[0].name
    sentence = (
        f"Two runs of {who} with different seeds predict the same class for"
        f" {w.percent(found.same)} of the test images{average}"
    )
    if found.common is not None:
        sentence += f" and share {w.percent(found.common)} of their mistakes"
    return f"{sentence}."


def _models_against_seeds(found):
    """Set the pairs of models that have several seeds each against pairs of seeds."""
    if not found.pairs:
        return None
    sentence = (
        f"So another seed changes {w.percent(1 - found.same)} of the predictions, another"
        f" model {w.percent(1 - found.other_models)}"
    )
    if found.pairs == 1:
        return f"{sentence}."
    return (
        f"{sentence}; in {found.models_differ_more:,} of the {found.pairs:,} pairs of models the"
        " two models differ more than the seeds of each do, on average over the two."
    )


def _table(results):
    each = results.analysis.agreement.each
    columns = ["Model", "Same as another model, mean", "Most like", "Same as that"]
    columns += ["Mistakes shared with it"]
    several = results.analysis.agreement.between_seeds is not None
    columns += ["Same between its seeds"] if several else []
    rows = []
    for key, alike in each.items():
        row = [t.model(results.by_key[key].name), t.percent(alike.mean)]
        row += [t.model(results.by_key[alike.most_like].name), t.percent(alike.same)]
        row.append(_known(alike.common))
        rows.append([*row, _known(alike.between_seeds)] if several else row)
    return t.Table(columns, rows)


def _known(share):
    return t.BLANK if share is None else t.percent(share)
