"""How alike models predict: the same class, and the same images wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bakeoff.analysis.crossed import evened
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.numbers import Agreement, Alike, BetweenSeeds, Span

_BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class Shares:
    """How alike the runs of each two of ``m`` models predict, float64 (m, m).

    ``same`` is the share of the test images to which two runs give the same prediction;
    ``common`` the share of the images that at least one of the two gets wrong which both get
    wrong (Jaccard's index of their errors), NaN where neither makes an error; ``by_chance`` what
    ``common`` would be if the errors of one had nothing to do with those of the other. All are
    over every pair of runs of the two models. On the diagonal are the pairs of different
    runs of one model, NaN where it has but one.
    """

    same: np.ndarray
    common: np.ndarray
    by_chance: np.ndarray


def agreement(results: MeasuredStudy) -> Agreement:
    """Return the :class:`bakeoff.numbers.Agreement` of the models that learned."""
    models = results.sound
    found = shares(
        [np.stack([run.predicted for run in model.runs]) for model in models],
        results.data.labels,
        len(results.data.class_names),
    )
    keys = [model.key for model in models]
    upper = np.triu_indices(len(models), 1)
    common, by_chance = found.common[upper], found.by_chance[upper]
    known = np.isfinite(common)
    return Agreement(
        models=keys,
        pairs=len(upper[0]),
        same=_span(found.same, keys) if len(models) > 1 else None,
        common=float(common[known].mean()) if known.any() else None,
        common_pairs=int(known.sum()),
        by_chance=float(by_chance[known].mean()) if known.any() else None,
        between_seeds=_between_seeds(found, [len(model.runs) > 1 for model in models]),
        each=_each(found, keys) if len(models) > 1 else {},
    )


def _span(same, keys):
    pairs = list(zip(*np.triu_indices(len(keys), 1), strict=True))
    values = [same[pair] for pair in pairs]
    low, high = (pairs[pick(values)] for pick in (np.argmin, np.argmax))
    return Span(
        mean=float(np.mean(values)),
        low=float(same[low]),
        low_pair=tuple(keys[place] for place in low),
        high=float(same[high]),
        high_pair=tuple(keys[place] for place in high),
    )


def _between_seeds(found, several):
    """Set the pairs of models that have ``several`` seeds each against pairs of seeds."""
    several = np.flatnonzero(several)
    if not len(several):
        return None
    seeds, common = found.same.diagonal()[several], found.common.diagonal()[several]
    known = np.isfinite(common)
    of_one = BetweenSeeds(
        models=len(several),
        same=float(seeds.mean()),
        common=float(common[known].mean()) if known.any() else None,
    )
    if len(several) < 2:
        return of_one
    upper = np.triu_indices(len(several), 1)
    between_models = found.same[np.ix_(several, several)][upper]
    between_seeds = (seeds[:, None] + seeds)[upper] / 2
    return replace(
        of_one,
        pairs=len(between_models),
        other_models=float(between_models.mean()),
        models_differ_more=int((evened(between_models) < evened(between_seeds)).sum()),
    )


def _each(found, keys):
    others = found.same.copy()
    np.fill_diagonal(others, np.nan)
    each = {}
    for place, key in enumerate(keys):
        like = int(np.nanargmax(others[place]))
        each[key] = Alike(
            mean=float(np.nanmean(others[place])),
            most_like=keys[like],
            same=float(others[place, like]),
            common=_known(found.common[place, like]),
            between_seeds=_known(found.same[place, place]),
        )
    return each


def _known(share):
    return float(share) if np.isfinite(share) else None


def shares(predicted: Sequence[np.ndarray], labels: np.ndarray, classes: int) -> Shares:
    """Return the :class:`Shares` of models.

    ``predicted`` holds one array of predictions, int (runs, n_test), for each model;
    ``labels`` are int (n_test,). The work grows with the number of models squared, not with
    that of the runs.
    """
    images = len(labels)
    runs = np.array([len(answers) for answers in predicted], float)
    pairs = np.outer(runs, runs) - np.diag(runs)
    same = np.zeros_like(pairs)
    block = max(1, _BLOCK // (len(predicted) * classes))
    for start in range(0, images, block):
        votes = np.stack([_votes(a[:, start : start + block], classes) for a in predicted])
        same += votes @ votes.T
    wrong = np.stack([(answers != labels).sum(axis=0) for answers in predicted]).astype(float)
    both = wrong @ wrong.T
    # A run always agrees with itself, and shares all its errors with itself.
    same -= np.diag(runs * images)
    both -= np.diag(wrong.sum(axis=1))
    errors = wrong.sum(axis=1) / runs
    either = errors[:, None] + errors
    with np.errstate(invalid="ignore", divide="ignore"):
        same, both = same / (pairs * images), both / pairs
        chance = np.outer(errors, errors) / images
        common, by_chance = both / (either - both), chance / (either - chance)
    return Shares(same, common, by_chance)


def _votes(predicted, classes):
    """Return how many runs gave each answer to each image, float64 (n * classes,)."""
    images = predicted.shape[1]
    cells = np.arange(images) * classes + predicted
    return np.bincount(cells.ravel(), minlength=images * classes).astype(float)
