"""Which models, and which of their runs, learned anything at all.

A network that learned nothing still predicts: at best, always the commonest class. Its
predictions would drown those of the others in all that is pooled.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.models import MeasuredModel, MeasuredRun


def chance_level(labels: np.ndarray, metric: str) -> float:
    """Return what always predicting the commonest of ``labels`` reaches by ``metric``.

    By balanced accuracy, always predicting any one class does.
    """
    images = np.bincount(labels)
    if metric == "balanced_accuracy":
        return 1 / np.count_nonzero(images)
    return float(images.max() / len(labels))


def has_learned(model: MeasuredModel, chance: float) -> bool:
    """Tell whether a model is shown to be better than ``chance``, a share of 1.

    It is where the interval of what ranks it lies above. Over several seeds, one run of which
    that holds is enough, since those that learned nothing make the interval wide.
    """
    return model.score.low > chance or any(low > chance for low, _ in _intervals(model))


def odd_runs(model: MeasuredModel, chance: float) -> list[MeasuredRun]:
    """Return the runs of a model that learned nothing although others of it did.

    Such a one is not shown to be better than ``chance``, and its interval lies below that of
    another, which is.
    """
    if len(model.runs) < 2:
        return []
    intervals = _intervals(model)
    highest = max(low for low, _ in intervals)
    return [
        run
        for run, (low, high) in zip(model.runs, intervals, strict=True)
        if low <= chance < highest and high < highest
    ]


def without(model: MeasuredModel, runs: Sequence[MeasuredRun]) -> MeasuredModel:
    """Return ``model`` without some of its runs."""
    seeds = {run.seed for run in runs}
    kept = [run for run in model.runs if run.seed not in seeds]
    return replace(model, runs=kept) if runs else model


def _intervals(model):
    """Return (low, high) of what ranks a model, for each of its runs."""
    of = model.sample.ranking
    return [accuracy_interval(run.correct[None], of)[1:] for run in model.runs]
