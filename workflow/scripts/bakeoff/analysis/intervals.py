"""How sure one can be of an accuracy, of a gap and of a mean."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from bakeoff.analysis.crossed import Answers, MakeAnswers, crossed_mean
from bakeoff.levels import LEVEL


def accuracy_interval(
    correct: np.ndarray, of: MakeAnswers = Answers, number: float = 1
) -> tuple[float, float, float]:
    """Return (accuracy, low, high), as shares of 1, of answers ``(seeds, images)``.

    One seed: Wilson's interval. Several: Wilson's with the number of images that would give
    the variance of :func:`crossed_mean` (effective sample size, Korn and Graubard 1998), since
    it stays within 0 and 1 and has a width even when every answer is right. ``of`` makes
    :class:`Answers` of them; where these are :class:`bakeoff.analysis.sampling.Weighed`, one seed
    has an effective sample size as well, and with one group in all, or in each class, all that is
    known is that it lies in 0 to 1. It is one of a ``number`` of intervals that hold together.
    """
    correct = np.asarray(correct, bool)
    answers = of(correct[None])
    accuracy, images = answers.value.item(), answers.independent
    if answers.without_variance:
        return accuracy, 0.0, 1.0
    if answers.seeds > 1 or answers.weighed:
        mean = crossed_mean(correct, of)
        if answers.weighed and 0 < accuracy < 1:
            # Equal groups have no variance but what rounding leaves, which must decide nothing.
            images = answers.most_independent
        if mean.error > 0:
            images = accuracy * (1 - accuracy) / mean.error**2
            images *= (
                special.ndtri(1 - LEVEL / 2 / number) * mean.error / mean.margin_of(number)
            ) ** 2
            images = min(images, answers.most_independent)
    return accuracy, *share_interval(accuracy, images, number)


def gap_interval(
    correct: np.ndarray, train_accuracy: float, train_images: int, of: MakeAnswers = Answers
) -> tuple[float, float, float]:
    """Return (gap, low, high): accuracy on training images minus accuracy on test images.

    ``correct`` and ``of`` are as for :func:`accuracy_interval`; ``train_accuracy`` is the mean over
    seeds on ``train_images`` other images. The two intervals are combined as in Newcombe 1998
    (method 10), which needs no more than each one's own limits.
    """
    test, test_low, test_high = accuracy_interval(correct, of)
    train_low, train_high = share_interval(train_accuracy, train_images)
    gap = train_accuracy - test
    low = gap - np.hypot(train_accuracy - train_low, test_high - test)
    high = gap + np.hypot(train_high - train_accuracy, test - test_low)
    return gap, float(low), float(high)


def share_interval(share: float, count: float, number: float = 1) -> tuple[float, float]:
    """Return (low, high): Wilson's interval of a share of ``count`` things.

    It is one of a ``number`` of intervals that hold together (Bonferroni).
    """
    low, high = proportion_confint(share * count, count, alpha=LEVEL / number, method="wilson")
    return float(low), float(high)


def mean_interval(
    values: Sequence[float] | np.ndarray, grain: float = 0
) -> tuple[float, float, float]:
    """Return (mean, low, high): Student's 95 % interval for the mean of at least two values.

    ``grain`` is as for :func:`standard_deviation`.
    """
    mean = float(np.mean(values))
    error = standard_deviation(values, grain) / np.sqrt(len(values))
    margin = stats.t.isf(LEVEL / 2, len(values) - 1) * error
    return mean, float(mean - margin), float(mean + margin)


def standard_deviation(values: Sequence[float] | np.ndarray, grain: float = 0) -> float:
    """Return the standard deviation of a sample of at least two values.

    Values that are whole multiples of a ``grain``, as accuracies are of one image, may be equal by
    it alone, above all two: they are taken to differ at least as rounding makes values differ that
    are spread evenly, by ``grain`` / sqrt(12).
    """
    return max(float(np.std(values, ddof=1)), grain / np.sqrt(12))


def pooled(deviations: Iterable[float]) -> float:
    """Return the root mean square of standard deviations."""
    return float(np.sqrt(np.mean(np.square(list(deviations)))))
