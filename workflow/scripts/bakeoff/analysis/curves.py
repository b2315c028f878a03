"""Where loss curves are heading at the end, and whether they have risen."""

from math import ceil

import numpy as np

from bakeoff.analysis.epochs import FLAT, SLOPES, TREND_EPOCHS
from bakeoff.analysis.intervals import mean_interval
from bakeoff.numbers import Trend


def loss_trend(losses: np.ndarray) -> Trend:
    """Return the :class:`bakeoff.numbers.Trend` over the last third of ``losses``.

    These are float (seeds, epochs). The losses of one run wander: each depends on those before. So
    epochs are no sample, but runs are, and so are stretches of one run that follow each other:
    their slopes are all but independent, even where the loss is a random walk. Each run gives
    one slope, or, with fewer than ``SLOPES`` runs, those of so many equal stretches that
    there are at least that many; the interval is Student's for their mean (Ibragimov and Mueller
    2010, "t-Statistic Based Correlation and Heterogeneity Robust Inference", Journal of Business &
    Economic Statistics 28). docs/statistics.md has what it holds on simulated losses.
    """
    seeds, epochs = losses.shape
    stretches = ceil(SLOPES / seeds)
    window = max(TREND_EPOCHS, ceil(epochs / 3))
    if epochs < window:
        return Trend("unknown", epochs)
    # Stretches share the epoch between them: a step up and down again is then no trend.
    steps = (window - 1) // stretches
    ends = range(epochs - steps * stretches, epochs, steps)
    pieces = np.concatenate([losses[:, end - 1 : end + steps] for end in ends])
    place = np.arange(steps + 1) - steps / 2
    slope, low, high = mean_interval(pieces @ place / (place @ place))
    band = FLAT * losses[:, -window:].mean() / window
    found = window, slope, low, high
    if -band <= low and high <= band:
        return Trend("flat", *found)
    return Trend("falling" if high < 0 else "rising" if low > 0 else "noisy", *found)


def rose_since_the_middle(losses: np.ndarray) -> bool:
    """Tell whether ``losses``, float (seeds, epochs), are higher at the end than in the middle.

    That is, whether the mean over the last third of the epochs is shown to lie above that over
    the third before, the runs being the sample; one run cannot show it. The epoch of
    the lowest loss is no yardstick: it was picked for being low, so from it all is a rise.
    """
    seeds, epochs = losses.shape
    third = epochs // 3
    if seeds < 2 or not third:
        return False
    last, before = losses[:, -third:], losses[:, -2 * third : -third]
    _, low, _ = mean_interval(last.mean(axis=1) - before.mean(axis=1))
    return low > 0
