"""Which epoch's weights a run is judged by, whether it stops early, and whether it has diverged.

All are told from the history alone, so that a resumed run decides as an uninterrupted one.
"""

import math


def judged_epoch(history: list[dict], settings: dict) -> int:
    """Return the epoch, from 1, whose weights count.

    ``history`` is a list of rows of :func:`bakeoff.training.loop.train_epochs`, of which the last
    may be of a run that diverged: then it is that one. ``settings`` are a run's. Of equally good
    epochs, the first counts.
    """
    if settings["evaluate"] == "last" or has_diverged(history):
        return len(history)
    badness = [_badness(row, settings) for row in history]
    return badness.index(min(badness)) + 1


def is_stopped(history: list[dict], settings: dict) -> bool:
    """Tell whether early stopping ends a run after the last epoch of ``history``.

    That is so when ``patience`` epochs in a row brought nothing that is better than the best before
    by more than ``min_delta``, as in Keras's EarlyStopping.
    """
    stopping = settings["early_stopping"]
    if stopping is None:
        return False
    best, waited = math.inf, 0
    for row in history:
        badness = _badness(row, settings)
        if badness < best - stopping["min_delta"]:
            best, waited = badness, 0
        else:
            waited += 1
    return waited >= stopping["patience"]


def has_diverged(history: list[dict]) -> bool:
    """Tell whether the last epoch of a history ended with a loss that is no number."""
    return bool(history) and not is_finite(history[-1])


def is_finite(row: dict) -> bool:
    """Tell whether a history row's losses, and what was optimised, are numbers."""
    return all(math.isfinite(row[key]) for key in ("objective", "loss", "val_loss", "test_loss"))


def _badness(row, settings):
    """Return what is to be low in a row: validation loss, or validation accuracy with a minus."""
    monitor = (settings["early_stopping"] or {}).get("monitor", "val_loss")
    return -row[monitor] if monitor == "val_accuracy" else row[monitor]
