"""The epochs of histories: how many a measurement is read from, and their course over seeds."""

from collections.abc import Sequence

import numpy as np

TREND_EPOCHS = 5
"""Fewest epochs that a trend is read from: four stretches take five."""

SLOPES = 4
"""Fewest slopes that a trend's interval comes from: those of runs, or of their stretches."""

FLAT = 0.05
"""A loss is flat that as many epochs again would change by less than this share of it."""

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


def by_epoch(histories: Sequence[np.ndarray], field: str) -> np.ndarray:
    """Return one field of several histories, float64 (histories, epochs).

    ``histories`` are what :func:`bakeoff.study.readers.read_history` returns. NaN stands beyond
    the end of a history that is shorter than the longest.
    """
    values = np.full((len(histories), max(map(len, histories))), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = history[field]
    return values


def mean_history(histories: Sequence[np.ndarray]) -> np.ndarray:
    """Return the mean of several histories by epoch, a structured array like one of them."""
    mean = np.empty(max(map(len, histories)), histories[0].dtype)
    for field in mean.dtype.names:
        mean[field] = np.nanmean(by_epoch(histories, field), axis=0)
    return mean
