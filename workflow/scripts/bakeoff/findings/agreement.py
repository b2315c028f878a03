"""How alike the models answer, and whether two models differ more than two seeds of one."""

import numpy as np

from bakeoff import wording as w
from bakeoff.analysis.agreement import agreement
from bakeoff.findings.finding import Finding, names
from bakeoff.findings.setting import no_better_than_chance

_TITLE = "How alike the models answer"


def alike_answers(results):
    """How often two models give the same answer, beside two seeds of one model."""
    if results.nothing_learned:
        return Finding("agreement", _TITLE, [f"{no_better_than_chance(results)}."])
    models = results.answering
    found = agreement(
        [np.stack([training.predicted for training in model.trainings]) for model in models],
        results.data.labels,
        len(results.data.class_names),
    )
    several = [i for i, model in enumerate(models) if len(model.trainings) > 1]
    text = []
    if len(models) > 1:
        text += [_between_models(models, found), _common_errors(models, found)]
    if several:
        text.append(_between_seeds(models, found, several))
        text.append(_models_against_seeds(found, several))
    elif len(models) > 1:
        text.append("With one training of each model, how alike two seeds answer is not known.")
    elif len(results.finished) > 1:
        text.append(f"Only {names(models)} learned: there is no other to agree with.")
    else:
        text.append("One training alone has nothing to agree with.")
    table = _table(models, found) if len(models) > 1 else None
    return Finding("agreement", _TITLE, [t for t in text if t], table=table)


def _between_models(models, found):
    pairs = list(zip(*np.triu_indices(len(models), 1), strict=True))
    shares = [found.same[pair] for pair in pairs]
    mean = w.percent(np.mean(shares))
    if len(pairs) == 1:
        return f"{names(models)} give the same answer to {mean} of the test images."
    least, most = pairs[np.argmin(shares)], pairs[np.argmax(shares)]
    sentence = (
        f"Two models give the same answer to {mean} of the test images on average over"
        f" {len(pairs):,} pairs"
    )
    if found.same[least] < found.same[most]:
        ends = [
            f"{w.percent(found.same[pair])} ({names(models[i] for i in pair)})"
            for pair in (least, most)
        ]
        sentence += f", from {ends[0]} to {ends[1]}"
    return f"{sentence}."


def _common_errors(models, found):
    upper = np.triu_indices(len(models), 1)
    common, by_chance = found.common[upper], found.by_chance[upper]
    known = np.isfinite(common)
    if not known.any():
        return None
    average = " on average" if known.sum() > 1 else ""
    return (
        "Of the images that at least one of two models gets wrong, both get"
        f" {w.percent(common[known].mean())} wrong{average}; if the errors of the two had nothing"
        f" to do with each other, it would be {w.percent(by_chance[known].mean())}."
    )


def _between_seeds(models, found, several):
    same, common = found.same.diagonal()[several], found.common.diagonal()[several]
    average = f" on average over {len(several)} models" if len(several) > 1 else ""
    who = "one model" if len(models) > 1 else models[0].name
    sentence = (
        f"Two trainings of {who} with different seeds give the same answer to"
        f" {w.percent(same.mean())} of the test images{average}"
    )
    known = np.isfinite(common)
    if known.any():
        sentence += (
            f"; of those that at least one of the two gets wrong, both get"
            f" {w.percent(common[known].mean())} wrong"
        )
    return f"{sentence}."


def _models_against_seeds(found, several):
    """Set the pairs of models that have several seeds each against pairs of seeds."""
    if len(several) < 2:
        return None
    same = found.same[np.ix_(several, several)]
    upper = np.triu_indices(len(several), 1)
    seeds = same.diagonal()
    between_models, between_seeds = same[upper], (seeds[:, None] + seeds)[upper] / 2
    more = int((between_models < between_seeds).sum())
    sentence = (
        f"So another seed changes {w.percent(1 - seeds.mean())} of the answers, another"
        f" model {w.percent(1 - between_models.mean())}"
    )
    if len(between_models) == 1:
        return f"{sentence}."
    return (
        f"{sentence}; in {more:,} of the {len(between_models):,} pairs of models the two"
        " models differ more than the seeds of each do, on average over the two."
    )


def _table(models, found):
    columns = ["Model", "Same answer as another model, mean", "Most like", "Same answer"]
    columns += ["Errors in common with it"]
    seeds = any(len(model.trainings) > 1 for model in models)
    if seeds:
        columns.append("Same answer between its seeds")
    others = found.same.copy()
    np.fill_diagonal(others, np.nan)
    rows = []
    for i, model in enumerate(models):
        like = int(np.nanargmax(others[i]))
        row = [model.name, w.percent(np.nanmean(others[i])), models[like].name]
        row += [w.percent(others[i, like]), _known(found.common[i, like])]
        rows.append([*row, _known(found.same[i, i])] if seeds else row)
    return {"columns": columns, "rows": rows}


def _known(share):
    return w.percent(share) if np.isfinite(share) else ""
