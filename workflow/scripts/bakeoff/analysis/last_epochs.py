"""What histories say besides their last epoch, and whether that one can judge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from bakeoff.analysis.crossed import evened
from bakeoff.analysis.epochs import last_epochs
from bakeoff.analysis.intervals import pooled
from bakeoff.numbers import EpochChoice, Fluctuation, LastEpochs

if TYPE_CHECKING:
    # Which import this module.
    from bakeoff.analysis.models import MeasuredModel
    from bakeoff.analysis.ranking import MeasuredStudy


def history_figures(history: np.ndarray) -> dict[str, float | None]:
    """Return what is to be known of a history besides its judged row, as a dict.

    ``best_epoch`` is the first one with the highest validation accuracy ``best_val_accuracy``, and
    ``best_epoch_test_accuracy`` the test accuracy after it; ``last_val_accuracy`` and
    ``last_test_accuracy`` are those after the last. ``val_accuracy_last_mean`` and
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
        "last_val_accuracy": float(accuracy[-1]),
        "last_test_accuracy": float(history["test_accuracy"][-1]),
        "val_accuracy_last_mean": float(last.mean()) if epochs else None,
        "val_accuracy_last_sd": float(last.std(ddof=1)) if epochs else None,
    }


def fluctuation(accuracies: Sequence[np.ndarray]) -> Fluctuation | None:
    """Return the :class:`bakeoff.numbers.Fluctuation` of a validation accuracy curve a seed.

    It is measured over the last epochs (:func:`bakeoff.analysis.epochs.last_epochs`); ``None``
    where these are too few.
    """
    epochs = last_epochs(min(map(len, accuracies)))
    if not epochs:
        return None
    last = [np.asarray(curve, float)[-epochs:] for curve in accuracies]
    return Fluctuation(
        epochs=epochs,
        deviation=pooled(curve.std(ddof=1) for curve in last),
        range=float(evened(max(np.ptp(curve) for curve in last))),
    )


def epoch_choice(model: "MeasuredModel") -> EpochChoice:
    """Return the :class:`bakeoff.numbers.EpochChoice` of a measured model with a run."""
    histories = [run.history for run in model.runs]
    figures = [history_figures(history) for history in histories]
    few = any(figures_of["val_accuracy_last_mean"] is None for figures_of in figures)

    def mean(figure):
        return float(evened(np.mean([figures_of[figure] for figures_of in figures])))

    return EpochChoice(
        val_last=mean("last_val_accuracy"),
        val_best=mean("best_val_accuracy"),
        val_mean=None if few else mean("val_accuracy_last_mean"),
        test_last=mean("last_test_accuracy"),
        test_best=mean("best_epoch_test_accuracy"),
    )


def judge_last_epochs(results: "MeasuredStudy") -> LastEpochs:
    """Return the :class:`bakeoff.numbers.LastEpochs` of measured models that learned."""
    sound = results.sound
    choice = {model.key: epoch_choice(model) for model in sound}
    measured = {m.key: m.fluctuation for m in sound if m.fluctuation}
    deviation = pooled(f.deviation for f in measured.values()) if measured else None
    gap = gap_deviation = None
    judge: Literal["poor", "unsure", "good"] | None = None
    # Of those that left, the runs are others, fewer, and which is ahead is decided.
    left = results.looked.left if results.looked else {}
    compared = [model for model in sound if model.key not in left]
    between = _most_accurate(compared)
    tied = False
    if between:
        first, second = between
        gap = first.accuracy.value - second.accuracy.value
        tied = any(m.accuracy.value == first.accuracy.value for m in compared if m is not first)
        gap_deviation = _deviation_of_difference(first, second)
        if gap_deviation is not None:
            judge = "good" if gap >= 3 * gap_deviation else "unsure"
            if gap < gap_deviation:
                judge = "poor"
    fewest = min((f.epochs for f in measured.values()), default=0)
    return LastEpochs(
        fluctuation=measured,
        choice=choice,
        deviation=deviation,
        between=[model.key for model in between],
        tied=tied,
        gap=gap,
        gap_deviation=gap_deviation,
        judge=judge,
        early=[m.key for m in sound if any(_had_a_better_one(run.history) for run in m.runs)],
        ahead_last=_ahead({key: one.val_last for key, one in choice.items()}),
        ahead_best=_ahead({key: one.val_best for key, one in choice.items()}),
        ahead_once=_ahead_once(sound, fewest),
    )


def _had_a_better_one(history):
    """Whether an epoch had more validation accuracy than the last: not just as much."""
    accuracy = history["val_accuracy"]
    return accuracy.max() > accuracy[-1]


def _most_accurate(models):
    """Return the most accurate of some models, and the next that is not equal; none without two."""
    # By accuracy, whatever ranks them: histories have no other. Only equal ones by what ranks.
    if not models:
        return []
    first, *others = sorted(models, key=lambda m: (-m.accuracy.value, -m.score.value))
    others = [other for other in others if other.accuracy.value < first.accuracy.value]
    return [first, others[0]] if others else []


def _deviation_of_difference(first, second):
    """Return how the difference of two models' test accuracies moves between the last epochs.

    Each is the mean over the runs: the models' own movements would count what moves both, and what
    the means level out. It is set against a difference on test images, so it is on these too: a
    small holdout moves where the test images do not.
    """
    if not (first.fluctuation and second.fluctuation):
        return None
    last = range(min(first.fluctuation.epochs, second.fluctuation.epochs))
    curves = [[m.before_the_end("test_accuracy", n) for n in last] for m in (first, second)]
    return float(np.subtract(*curves).std(ddof=1))


def _ahead_once(models, epochs):
    """Return the models ahead after at least one of the last ``epochs`` epochs, in their order."""
    ahead = {
        winner
        for before in range(epochs)
        for winner in _ahead(
            {m.key: m.before_the_end("val_accuracy", before) for m in models if m.shortest > before}
        )
    }
    return [model.key for model in models if model.key in ahead]


def _ahead(accuracies):
    """Return the models with the highest accuracy."""
    highest = max(accuracies.values())
    return [model for model, accuracy in accuracies.items() if accuracy == highest]
