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


def shown_above(models: Sequence[MeasuredModel], chance: float) -> list[MeasuredModel]:
    """Return those of a study's finished ``models`` that are shown to be better than ``chance``.

    A share of 1, below the interval of what ranks a model, or of one of its runs: over several
    seeds, those that learned nothing make the model's interval wide. All these intervals of the
    study hold together (Bonferroni), since any of them will do.
    """
    number = looked_at(models)

    def is_above(model):
        # Of most, the mean says so, and saves looking at each run.
        low, _ = _of_model(model, number)
        return low > chance or any(low > chance for low, _ in _of_runs(model, number))

    return [model for model in models if is_above(model)]


def looked_at(models: Sequence[MeasuredModel]) -> int:
    """Return how many intervals tell whether ``models`` learned: each run's, and each mean's."""
    return sum(len(model.runs) + (len(model.runs) > 1) for model in models)


def odd_runs(model: MeasuredModel, chance: float, number: int) -> list[MeasuredRun]:
    """Return the runs of a model that learned nothing although others of it did.

    Such a one is not shown to be better than ``chance``, and its interval lies below that of
    another, which is; the intervals are some of a ``number`` that hold together.
    """
    if len(model.runs) < 2:
        return []
    intervals = _of_runs(model, number)
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


def _of_runs(model, number):
    """Return (low, high) of what ranks a model, for each of its runs."""
    of = model.sample.ranking
    return [accuracy_interval(run.correct[None], of, number)[1:] for run in model.runs]


def _of_model(model, number):
    """Return (low, high) of what ranks a model."""
    correct = np.stack(list(model.correct.values()))
    return accuracy_interval(correct, model.sample.ranking, number)[1:]
