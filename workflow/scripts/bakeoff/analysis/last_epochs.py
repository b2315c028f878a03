"""What histories say besides their last epoch, and whether that one can judge."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bakeoff.analysis.epochs import last_epochs
from bakeoff.analysis.intervals import pooled


def history_figures(history):
    """Return what is to be known of a history besides its last row, as a dict.

    ``best_epoch`` is the first one with the highest validation accuracy ``best_val_accuracy``, and
    ``best_epoch_test_accuracy`` the test accuracy after it. ``val_accuracy_last_mean`` and
    ``val_accuracy_last_sd`` are mean and sample standard deviation over the last epochs, as many as
    :func:`bakeoff.analysis.epochs.last_epochs` says, and None where these are too few.
    Accuracies are shares of 1.
    """
    accuracy = history["val_accuracy"]
    best = int(accuracy.argmax())
    epochs = last_epochs(len(history))
    last = accuracy[-epochs:]
    return {
        "best_epoch": best + 1,
        "best_val_accuracy": float(accuracy[best]),
        "best_epoch_test_accuracy": float(history["test_accuracy"][best]),
        "val_accuracy_last_mean": float(last.mean()) if epochs else None,
        "val_accuracy_last_sd": float(last.std(ddof=1)) if epochs else None,
    }


@dataclass(frozen=True)
class EpochChoice:
    """A model's accuracies by the epoch at which one stops, shares of 1, means over its seeds.

    ``val_last``, ``val_best`` and ``val_mean`` are validation accuracies after the last epoch,
    after each training's best and on average over the last ones, the latter None where there are
    too few epochs; ``test_last`` and ``test_best``
    the test accuracies after the last epoch and after the best by validation.
    """

    val_last: float
    val_best: float
    val_mean: float | None
    test_last: float
    test_best: float


def epoch_choice(model):
    """Return the :class:`EpochChoice` of a :class:`bakeoff.analysis.models.Model` with a run."""
    histories = [training.history for training in model.trainings]
    figures = [history_figures(history) for history in histories]
    means = [figure["val_accuracy_last_mean"] for figure in figures]
    return EpochChoice(
        val_last=float(np.mean([h["val_accuracy"][-1] for h in histories])),
        val_best=float(np.mean([f["best_val_accuracy"] for f in figures])),
        val_mean=None if None in means else float(np.mean(means)),
        test_last=float(np.mean([h["test_accuracy"][-1] for h in histories])),
        test_best=float(np.mean([f["best_epoch_test_accuracy"] for f in figures])),
    )


@dataclass(frozen=True)
class LastEpoch:
    """Whether the last epoch alone can judge between the two most accurate models.

    ``deviation`` is the standard deviation of validation accuracy between the last epochs,
    pooled over the models that learned, and ``gap`` the difference in test accuracy between the
    two, both as shares of 1. ``judge`` is "poor" when the gap is the smaller, "unsure" below three
    deviations, otherwise "good".
    """

    deviation: float
    gap: float
    judge: Literal["poor", "unsure", "good"]


def judge_last_epoch(results):
    """Return the :class:`LastEpoch` of :class:`bakeoff.analysis.ranking.Results`.

    None with fewer than two models, where none is better than chance, or where none has enough
    epochs to measure a spread.
    """
    measured = [model.fluctuation for model in results.answering if model.fluctuation]
    if not measured or len(results.ranked) < 2 or results.nothing_learned:
        return None
    deviation = pooled(fluctuation.deviation for fluctuation in measured)
    first, second = results.ranked[:2]
    gap = first.accuracy[0] - second.accuracy[0]
    judge = "poor" if gap < deviation else "unsure" if gap < 3 * deviation else "good"
    return LastEpoch(deviation, gap, judge)


@dataclass(frozen=True)
class Fluctuation:
    """How validation accuracy moves over the last ``epochs`` epochs, as shares of 1.

    ``deviation`` is the standard deviation between epochs, pooled over the seeds; ``range`` the
    widest of the seeds' ranges.
    """

    epochs: int
    deviation: float
    range: float


def fluctuation(accuracies):
    """Return the :class:`Fluctuation` of one validation accuracy curve for each seed.

    It is measured over the last of them (:func:`bakeoff.analysis.epochs.last_epochs`);
    ``None`` where these are too few.
    """
    epochs = last_epochs(min(map(len, accuracies)))
    if not epochs:
        return None
    last = [np.asarray(curve, float)[-epochs:] for curve in accuracies]
    return Fluctuation(
        epochs=epochs,
        deviation=pooled(curve.std(ddof=1) for curve in last),
        range=float(max(np.ptp(curve) for curve in last)),
    )
