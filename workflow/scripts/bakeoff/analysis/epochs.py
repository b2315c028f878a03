"""The epochs of histories: how many a measurement is read from, and their course over seeds."""

import math
from collections.abc import Sequence

import numpy as np

TREND_EPOCHS = 5
"""Fewest epochs that a trend is read from: four stretches take five."""

SLOPES = 4
"""Fewest slopes that a trend's interval comes from: those of runs, or of their stretches."""

FLAT = 0.05
"""A loss is flat that as many more epochs as its trend is over change by less than this share."""

LAST_EPOCHS = 5
"""The most epochs at the end over which fluctuation is measured."""

SPREAD_EPOCHS = 3
"""Fewest epochs that a spread between epochs is read from."""

FLUCTUATION_EPOCHS = 2 * SPREAD_EPOCHS
"""Fewest epochs of a run whose last ones tell fluctuation from learning."""


def last_epochs(epochs: int) -> int:
    """Return over how many of the last of so many ``epochs`` fluctuation is measured.

    They are ``LAST_EPOCHS``, but no more than half, as accuracy rises in the first ones. 0 where
    that leaves fewer than ``SPREAD_EPOCHS``.
    """
    last = min(LAST_EPOCHS, epochs // 2)
    return last if last >= SPREAD_EPOCHS else 0


def has_finished(history: np.ndarray) -> bool:
    """Tell whether a run did not diverge: the losses of its last epoch are numbers."""
    return all(math.isfinite(history[field][-1]) for field in ("loss", "val_loss"))


def by_epoch(histories: Sequence[np.ndarray], field: str) -> np.ndarray:
    """Return one field of several histories, float64 (histories, epochs), for all to be averaged.

    ``histories`` are what :func:`bakeoff.study.readers.read_history` returns. The epochs are those
    that all have: those of the shortest, from the first.
    """
    shortest = min(map(len, histories))
    return np.stack([history[field][:shortest] for history in histories]).astype(float)


def up_to_the_last(histories: Sequence[np.ndarray], field: str) -> np.ndarray:
    """Return the same for as many epochs, but up to the last of each history."""
    shortest = min(map(len, histories))
    return np.stack([history[field][-shortest:] for history in histories]).astype(float)
