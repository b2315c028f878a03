"""Which models, and which of their trainings, learned anything at all.

A network that learned nothing still answers: at best, always with the commonest class. Its
answers would drown those of the others in all that is pooled.
"""

from dataclasses import replace

import numpy as np

from bakeoff.analysis.intervals import accuracy_interval


def commonest_share(labels):
    """Return the accuracy, a share of 1, of always answering with the commonest of ``labels``."""
    return float(np.bincount(labels).max() / len(labels))


def has_learned(model, chance):
    """Tell whether a model is shown to be better than ``chance``, a share of 1.

    It is where the interval of its accuracy lies above. Over several seeds, one training of which
    that holds is enough, since those that learned nothing make the interval wide.
    """
    _, low, _ = model.accuracy
    return low > chance or any(low > chance for low, _ in _intervals(model))


def odd_runs(model, chance):
    """Return the trainings of a model that learned nothing although others of it did.

    Such a one is not shown to be better than ``chance``, and its interval lies below that of
    another, which is.
    """
    if len(model.trainings) < 2:
        return []
    intervals = _intervals(model)
    highest = max(low for low, _ in intervals)
    return [
        training
        for training, (low, high) in zip(model.trainings, intervals, strict=True)
        if low <= chance < highest and high < highest
    ]


def without(model, runs):
    """Return ``model`` without some of its trainings."""
    seeds = {run.seed for run in runs}
    kept = [training for training in model.trainings if training.seed not in seeds]
    return replace(model, trainings=kept) if runs else model


def _intervals(model):
    """Return (low, high) of the accuracy of each of a model's trainings."""
    return [accuracy_interval(training.correct[None])[1:] for training in model.trainings]
