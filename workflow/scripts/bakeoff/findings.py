"""The findings of a study, computed from its trainings and put into words.

Everything here follows from the files of the trainings: no sentence names a model, a count or
a number of its own.
"""

from dataclasses import asdict, dataclass, field

from bakeoff import wording as w
from bakeoff.comparisons import LEVEL
from bakeoff.measures import TREND_EPOCHS, models_of_study, pooled
from bakeoff.results import SMALL_LEAD, Results
from bakeoff.setting import cautions, others, setting
from bakeoff.trait_groups import TRAITS, compare_groups

MOST_ITEMS = 12
"""How many models a finding goes through one by one; each has a remark of its own anyway."""

CLOSING = (
    "The arrow notation is derived from the built models. Batch normalisation, dropout and"
    " activations are left out."
)


def compute_findings(study, trainings):
    """Return the findings of ``study`` as one JSON-ready dict.

    ``study`` is the reported study and ``trainings`` what
    :func:`bakeoff.measures.read_trainings` returns. Keys: ``title``; ``setting`` and
    ``cautions``, lists of sentences; ``findings``, each with ``key``, ``title``, ``text`` (a
    list of paragraphs), ``items`` (a list of sentences) and ``table`` (``columns`` and
    ``rows``, or None); ``models`` with ``remark`` and ``notation``; ``comparisons``, one for
    each pair of models; ``closing``.
    """
    results = Results(models_of_study(study, trainings))
    return {
        "title": study["title"],
        "setting": setting(study, results.models),
        "cautions": cautions(study, results.models),
        "findings": [
            asdict(find(results)) for find in (_FINDINGS if results.finished else [best_models])
        ],
        "models": [
            {
                "model": model.key,
                "name": model.name,
                "description": model.description,
                "remark": remark(model, results),
                "notation": model.card["notation"],
            }
            for model in results.models
        ],
        "comparisons": [
            {"a": a, "b": b, **asdict(comparison), "p_holm": p_holm}
            for (a, b), (comparison, p_holm) in results.pairs.items()
            if results.keys.index(a) < results.keys.index(b)
        ],
        "closing": CLOSING,
    }


@dataclass(frozen=True)
class Finding:
    """One finding in words; see :func:`compute_findings`."""

    key: str
    title: str
    text: list[str]
    items: list[str] = field(default_factory=list)
    table: dict | None = None


def names(models):
    """Return the names of models as one phrase."""
    return w.models(model.name for model in models)


def best_models(results):
    """Which models are best, and which cannot be told from the best."""
    title = "Which models are best"
    if not results.finished:
        return Finding("best", title, ["No training ended well: there is nothing to compare."])
    value, low, high = results.best[0].accuracy
    span = f"{w.percent(low)} to {w.percent(high)}"
    if len(results.finished) == 1:
        only = "the only model" if len(results.models) == 1 else "the only model that finished"
        text = (
            f"{results.best[0].name} is {only}: test accuracy {w.percent(value)}"
            f" (95 % interval {span}). There is nothing to compare it with."
        )
        return Finding("best", title, [text])

    best, alike, worse = results.best, results.alike, results.worse
    if len(best) == 1:
        headline = (
            f"{best[0].name} has the highest test accuracy, {w.percent(value)}"
            f" (95 % interval {span})."
        )
        them = "it"
    elif not results.others:
        every = "Both" if len(best) == 2 else f"All {len(best)}"
        headline = (
            f"{every} models have the same test accuracy, {w.percent(value)}: none of"
            " them is better than another."
        )
        them = "them"
    else:
        headline = f"{names(best)} share the highest test accuracy, {w.percent(value)}."
        them = "them"
    if alike and not worse:
        headline += (
            f" {names(alike)} cannot be told from {them}: no model of this study is shown to be"
            " worse than the best."
        )
    elif alike:
        headline += (
            f" {names(alike)} cannot be told from {them}."
            f" {names(worse)} {w.plural(len(worse), 'is', 'are')} worse."
        )
    elif worse:
        than = "it" if len(best) == 1 else "these"
        headline += f" {names(worse)} {w.plural(len(worse), 'is', 'are')} worse than {than}."
    return Finding("best", title, [headline, _method(results)], table=_standings(results))


def _method(results):
    """How the models were compared."""
    images = w.count(len(results.finished[0].trainings[0].correct), "test image")
    pairs = len(results.pairs) // 2
    if not pairs:
        return "No two models finished with the same seed, so they are not compared."
    corrected = f"the level is {100 * LEVEL:g} %"
    if pairs > 1:
        corrected = (
            f"the p-values are corrected for {pairs:,} pairs of models (Holm), since the best was"
            f" picked from the same data; {corrected}"
        )
    order = "Among models that cannot be told apart, the order is no ranking."
    if all(len(model.trainings) == 1 for model in results.finished):
        return (
            f"Every pair was compared on the same {images} (exact McNemar test);"
            f" {corrected}. {order} With one training of each, it is the trained networks that"
            " are compared: how far another seed would have moved them is not known."
        )
    return (
        f"Every pair was compared on the same {images} and on the seeds that both models"
        " finished, images and seeds both taken as random samples (t-test on the crossed"
        f" variance); {corrected}. {order}"
    )


def _standings(results):
    columns = ["Model", "Test accuracy", "95 % interval", "Below the best (points)"]
    columns += ["95 % interval", "Only the best is right", "Only it is right", "p", "p corrected"]
    columns += ["Verdict"]
    rows = []
    for model in results.ranked:
        value, low, high = model.accuracy
        row = [model.name, w.percent(value), f"{w.percent(low)} to {w.percent(high)}"]
        pair = None if model in results.best else results.against_best(model)
        if pair:
            comparison, p_holm = pair
            row += [
                w.number(100 * comparison.difference),
                w.points_interval(comparison.low, comparison.high),
                f"{comparison.only_a:,}",
                f"{comparison.only_b:,}",
                w.probability(comparison.p),
                w.probability(p_holm),
            ]
        else:
            row += [""] * 6
        if model in results.best:
            row.append("best")
        elif model in results.worse:
            row.append("worse")
        else:
            row.append("cannot be told from the best" if pair else "not compared")
        rows.append(row)
    return {"columns": columns, "rows": rows}


def worth_more_epochs(results):
    """Which models still improve."""
    by_verdict = {"falling": [], "flat": [], "rising": [], "unknown": []}
    for model in results.finished:
        by_verdict[model.trend.verdict].append(model)
    falling, flat, rising, unknown = by_verdict.values()
    text = []
    if falling:
        text.append(
            f"Validation loss was still falling in {names(falling)}"
            f" {_at_the_end(falling)}: {w.plural(len(falling), 'it is', 'they are')} worth more"
            " epochs."
        )
    elif flat or rising:
        text.append(
            "No model's validation loss was clearly still falling"
            f" {_at_the_end(flat + rising)}, so none is a clear case for more epochs."
        )
    if flat:
        text.append(
            f"It was flat in {names(flat)}: no trend stands out from the ups and downs, and more"
            " epochs promise little."
        )
    if rising:
        text.append(f"It was rising in {names(rising)}: more epochs would rather do harm.")
    if unknown:
        text.append(
            f"{names(unknown)} {w.plural(len(unknown), 'was', 'were')} trained for too few epochs"
            f" to read a trend from: {TREND_EPOCHS} are needed."
        )
    if falling or flat or rising:
        text.append(
            "The trend is Theil and Sen's slope of the validation loss over the last third of the"
            f" epochs, at least {TREND_EPOCHS}, with its 95 % interval."
        )
    items = [f"{m.name}: {_slope(m.trend)}, {m.trend.verdict}." for m in falling + rising]
    return Finding("epochs", "Which models are worth more epochs", text, _shortened(items))


def _at_the_end(models):
    spans = {(model.trend.epochs, len(model.curves)) for model in models}
    if len(spans) > 1:
        return "over the last third of the epochs"
    ((last, epochs),) = spans
    return f"over the last {last} of {epochs} epochs"


def _slope(trend):
    return f"{w.number(trend.slope, 5)} per epoch {w.interval(trend.low, trend.high, 5)}"


def overfitting_models(results):
    """Which models overfit, and by how much."""
    by_gap = sorted(results.finished, key=lambda model: -model.overfitting.gap)
    overfit = [model for model in by_gap if model.overfitting.verdict != "none"]
    harmful = [model for model in by_gap if model.overfitting.verdict == "harmful"]
    none = [model for model in by_gap if model.overfitting.verdict == "none"]
    text = []
    if overfit:
        by = w.points(overfit[0].overfitting.gap)
        if len(overfit) > 1:
            least = overfit[-1]
            by = (
                f"{w.number(100 * least.overfitting.gap)} ({least.name}) to {by}"
                f" ({overfit[0].name})"
            )
        text.append(
            f"{names(overfit)} {w.plural(len(overfit), 'overfits', 'overfit')}: accuracy on"
            f" training images is higher than on test images by {by}."
        )
        text.append(
            f"In {names(harmful)} this does harm: validation loss is rising."
            if harmful
            else "Validation loss has not clearly risen in"
            f" {w.plural(len(overfit), 'it', 'any of them')}, so no harm shows so far."
        )
    if none:
        text.append(
            f"{names(none)} {w.plural(len(none), 'does', 'do')} not measurably overfit: accuracy"
            " on training and on test images cannot be told apart."
        )
    text.append(
        "Accuracy and loss on training images are measured after the last epoch with dropout off;"
        " the running averages of the training itself, dropout on, look worse."
    )
    items = [f"{model.name}: {_overfitting(model.overfitting)}." for model in overfit]
    return Finding("overfitting", "Which models overfit", text, _shortened(items))


def _overfitting(o):
    sentence = (
        f"by {w.points(o.gap)} {w.points_interval(o.low, o.high)}, with"
        f" {w.percent(o.train_accuracy)} on training images; validation loss"
        f" {o.val_loss:.4f} against {o.train_loss:.4f} on training images"
    )
    if o.verdict == "harmful":
        sentence += f", and up from its lowest, {o.lowest_loss:.4f} in epoch {o.lowest_epoch}"
    return sentence


def traits_that_matter(results):
    """Which trait goes with which accuracy."""
    compared = compare_groups(results.finished)
    title = "Which trait does what"
    looked_at = w.listing(trait.name for trait in TRAITS)
    if not compared:
        reason = (
            "one model alone cannot show what a trait does"
            if len(results.finished) < 2
            else f"the models do not differ in those looked at ({looked_at})"
        )
        return Finding("traits", title, [f"Nothing can be said about traits: {reason}."])
    shown = [trait for trait in compared if trait.p_holm is not None and trait.p_holm < LEVEL]
    untested = [trait for trait in compared if trait.p is None]
    tested = [trait for trait in compared if trait.p is not None]
    text = []
    if shown:
        text.append(
            f"{w.listing(trait.name for trait in shown).capitalize()}"
            f" {w.plural(len(shown), 'goes', 'go')} with test accuracy, beyond what chance would"
            " give among these models."
        )
    elif tested:
        text.append(
            "For none of the traits is the difference between its groups beyond what chance would"
            f" give among {len(results.finished)} models."
        )
    if untested:
        text.append(
            f"Too few models differ in {w.listing(trait.name for trait in untested)} for a test."
        )
    text.append(
        "The models of a group differ in other things too (depth, channels, parameters), so this"
        " shows what goes together, not what causes what."
    )
    items = [_trait(trait, len(tested)) for trait in compared]
    return Finding("traits", title, text, items, _trait_groups(compared))


def _trait(trait, tests):
    means = w.listing(f"{w.percent(group.mean)} ({label})" for label, _, group in trait.groups)
    sentence = f"{trait.name.capitalize()}: mean test accuracy {means}"
    if trait.p is not None:
        sentence += f"; permutation test over the models, {w.p_value(trait.p)}"
        if tests > 1:
            sentence += f" ({w.p_value(trait.p_holm)} corrected for {tests} traits)"
    return f"{sentence}."


def _trait_groups(compared):
    columns = ["Trait", "Group", "Models", "Mean test accuracy", "Range", "Overfit by (points)"]
    columns += ["Which models"]
    rows = [
        [
            trait.name.capitalize(),
            label,
            f"{len(models):,}",
            w.percent(group.mean),
            f"{w.percent(group.low)} to {w.percent(group.high)}" if len(models) > 1 else "",
            w.number(100 * group.gap),
            names(models),
        ]
        for trait in compared
        for label, models, group in trait.groups
    ]
    return {"columns": columns, "rows": rows}


def dear_models(results):
    """Which models cost more than they bring."""
    bargains = results.bargains
    title = "Which models cost more than they bring"
    if len(results.finished) < 2:
        return Finding("cost", title, ["One model alone has nothing to be measured against."])
    if not bargains:
        text = [
            "None: no model is matched by one that is cheaper in some respect and dearer in none."
        ]
    else:
        text = [
            f"{names(bargain.model for bargain in bargains)}"
            f" {w.plural(len(bargains), 'does', 'do')} no better than a model that is cheaper in"
            f" some respect and dearer in none (a lead of up to {w.points(SMALL_LEAD)} that"
            " chance may give does not count). Each is set against the most accurate of such"
            " models."
        ]
    shared = max(t.card["concurrent_trainings"] for m in results.finished for t in m.trainings)
    if shared > 1:
        text.append(
            f"Latency was measured while up to {w.count(shared, 'training')} shared the machine:"
            " small differences in it say nothing."
        )
    unknown = [model for model in results.finished if "multiply-adds" not in model.cost]
    if unknown:
        text.append(
            f"The multiply-adds of {names(unknown)} are not known in full, so they are not"
            " compared."
        )
    items = [f"{bargain.model.name} has {_bargain(bargain)}." for bargain in bargains]
    return Finding("cost", title, text, _shortened(items))


def _bargain(bargain):
    dearer = [
        f"{w.times(ratio)} the {cost}" for cost, ratio in bargain.ratios.items() if ratio >= 1.05
    ]
    c = bargain.comparison
    interval = w.points_interval(c.low, c.high)
    if c.difference > 0:
        verdict = f"for {w.points(c.difference)} more {interval}, which chance alone may give"
    elif c.difference == 0:
        verdict = f"and the same test accuracy {interval}"
    else:
        verdict = (
            f"and is not better: its test accuracy is {w.points(-c.difference)} lower"
            f" {w.points_interval(-c.high, -c.low)}"
        )
    return f"{w.listing(dearer)} of {bargain.cheaper.name} {verdict}"


def last_epochs(results):
    """How much the last epochs fluctuate, and what judging by the last one is worth."""
    title = "How much the last epochs fluctuate"
    measured = [model for model in results.finished if model.fluctuation]
    if not measured:
        return Finding("last_epochs", title, ["There are too few epochs to tell: 3 are needed."])
    deviation = pooled(model.fluctuation.deviation for model in measured)
    widest = max(measured, key=lambda model: model.fluctuation.range)
    epochs = max(model.fluctuation.epochs for model in measured)
    text = [
        f"Over the last {epochs} epochs, validation accuracy went up and down by"
        f" {w.points(deviation)} (standard deviation between epochs"
        + (f", pooled over {w.count(len(measured), 'model')}" if len(measured) > 1 else "")
        + f"); the widest range is {w.points(widest.fluctuation.range)}"
        + (f", that of {widest.name}." if len(measured) > 1 else ".")
    ]
    if len(results.finished) > 1:
        if deviation:
            text.append(_gap_against(results, deviation))
        text.append(_winners(results, epochs))
    return Finding("last_epochs", title, text)


def _gap_against(results, deviation):
    first, second = results.ranked[:2]
    gap = first.accuracy[0] - second.accuracy[0]
    pair = f"the two most accurate models, {first.name} and {second.name},"
    if gap < deviation:
        return (
            f"That is more than the {w.points(gap)} between {pair} so which of the two is ahead"
            " depends on the epoch at which one stops: the last epoch alone is a poor judge."
        )
    if gap < 3 * deviation:
        return (
            f"It is of the same order as the {w.points(gap)} between {pair} so the last epoch"
            " alone is an unsure judge."
        )
    return (
        f"That is little against the {w.points(gap)} between {pair} so the epoch at which one"
        " stops hardly matters for the winner."
    )


def _winners(results, epochs):
    last, best = results.winners_at_last_epoch, results.winners_at_best_epoch
    early = [m for m in results.finished if any(e < n for e, n in m.best_epochs)]
    total = w.count(len(results.finished), "model")
    some = f"{len(early)} of" if early else "none of the"
    is_ahead = f"{w.plural(len(last), 'is', 'are')} ahead in validation accuracy"
    sentence = f"In {some} {total} an epoch before the last was the best. "
    if set(last) == set(best):
        sentence += f"By the last epoch and by each model's best alike, {names(last)} {is_ahead}"
    else:
        sentence += (
            f"By the last epoch {names(last)} {is_ahead}, by each model's best {names(best)}"
            f" {w.plural(len(best), 'is', 'are')}"
        )
    winners = results.winners_of_last_epochs(epochs)
    led = [model for model in results.finished if model in winners]
    sentence += (
        f"; over the last {epochs} epochs, {names(led)} {w.plural(len(led), 'was', 'were')} ahead"
        f" in at least one."
        if len(led) > 1
        else f"; {names(led)} was ahead in each of the last {epochs} epochs."
    )
    return sentence


def remark(model, results):
    """Return what there is to say about one model, in the manner of the notebook's remarks."""
    if not model.trainings:
        ends = w.listing(
            f"{card['epochs_trained']} (seed {card['seed']})" for card in model.diverged
        )
        return f"Diverged: its loss stopped being a number in epoch {ends}."
    losses = model.curves["val_loss"]
    value, low, high = model.accuracy
    sentences = [
        f"Validation loss {losses.iloc[-1]:.4f}, test accuracy {w.percent(value)}"
        f" {w.interval(100 * low, 100 * high)}.",
        _standing(model, results),
        _heading(model),
        _closeness(model),
        _movement(model),
    ]
    sentences += [
        f"It costs more than it brings: {_bargain(bargain)}."
        for bargain in results.bargains
        if bargain.model is model
    ]
    if model.diverged:
        seeds = w.listing(str(card["seed"]) for card in model.diverged)
        sentences.append(
            f"With {w.plural(len(model.diverged), 'seed')} {seeds} it diverged; the numbers are"
            f" those of {others(model.trainings)}."
        )
    return " ".join(filter(None, sentences))


def _standing(model, results):
    if len(results.finished) == 1:
        return ""
    if model in results.best:
        share = "It has the highest" if len(results.best) == 1 else "None has a higher"
        return f"{share} test accuracy."
    pair = results.against_best(model)
    if pair is None:
        return "No seed finished with it and with the best model, so the two are not compared."
    comparison, p_holm = pair
    if comparison.difference < 0:
        return (
            "On the seeds that both finished it is ahead of the best by"
            f" {w.points(-comparison.difference)}, {w.p_value(p_holm)} corrected."
        )
    by = (
        f"{w.points(comparison.difference)} below"
        f" {w.points_interval(comparison.low, comparison.high)}, {w.p_value(p_holm)} corrected"
    )
    if model in results.worse:
        return f"It is worse than the best: {by}."
    return f"It cannot be told from the best: {by}."


def _heading(model):
    trend = model.trend
    match trend.verdict:
        case "falling":
            return f"Validation loss was still falling ({_slope(trend)}): worth more epochs."
        case "flat":
            return f"Validation loss was flat at the end ({_slope(trend)})."
        case "rising":
            return f"Validation loss was rising at the end ({_slope(trend)}): train it no further."
    epochs = w.count(trend.epochs, "epoch")
    return (
        f"{epochs} {w.plural(trend.epochs, 'is', 'are')} too few to tell where its loss is heading."
    )


def _closeness(model):
    o = model.overfitting
    if o.verdict == "none":
        return (
            "It does not measurably overfit: accuracy on training images is higher by"
            f" {w.points(o.gap)} {w.points_interval(o.low, o.high)}."
        )
    return f"It overfits {_overfitting(o)}."


def _movement(model):
    if not model.fluctuation:
        return ""
    f = model.fluctuation
    epochs = [epoch for epoch, _ in model.best_epochs]
    return (
        f"Over the last {f.epochs} epochs validation accuracy moved within {w.points(f.range)};"
        f" best {w.plural(len(epochs), 'epoch')}: {w.listing(map(str, epochs))}."
    )


def _shortened(items):
    if len(items) <= MOST_ITEMS:
        return items
    rest = len(items) - MOST_ITEMS + 1
    return [*items[: MOST_ITEMS - 1], f"And {rest} more: see the remarks on each model."]


_FINDINGS = [
    best_models,
    worth_more_epochs,
    overfitting_models,
    traits_that_matter,
    dear_models,
    last_epochs,
]
