"""The epochs of histories: how many a measurement is read from, and their course over seeds."""

import numpy as np

TREND_EPOCHS = 5
"""Fewest epochs that a trend is read from: with four points, no interval reaches 95 %."""

LAST_EPOCHS = 5
"""The epochs at the end over which fluctuation is measured."""

SPREAD_EPOCHS = 3
"""Fewest epochs that a spread between epochs is read from."""


def by_epoch(histories, field):
    """Return one field of several histories, float64 (histories, epochs).

    ``histories`` are what :func:`bakeoff.tables.read_history` returns. NaN stands beyond the end
    of a history that is shorter than the longest.
    """
    values = np.full((len(histories), max(map(len, histories))), np.nan)
    for row, history in zip(values, histories, strict=True):
        row[: len(history)] = history[field]
    return values


def mean_history(histories):
    """Return the mean of several histories by epoch, a structured array like one of them."""
    mean = np.empty(max(map(len, histories)), histories[0].dtype)
    for field in mean.dtype.names:
        mean[field] = np.nanmean(by_epoch(histories, field), axis=0)
    return mean
