"""How sure one can be of an accuracy, and of the difference between two.

A model's answers are a boolean array ``(seeds, images)``: whether the training with that seed
got that test image right. With one seed, the images are the only sample there is. With several,
both seeds and images are samples, crossed: every training answers every image. Their variances
are then taken as in the analysis of readers who all judge the same cases (Obuchowski and
Rockette 1995; Hillis 2007, "A comparison of denominator degrees of freedom methods for multiple
observer ROC analysis", Statistics in Medicine 26, 596-619), with trainings as the readers.
"""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

LEVEL = 0.05
"""Level of every test; every interval has the confidence 1 - LEVEL."""


@dataclass(frozen=True)
class Comparison:
    """Accuracy of one model minus that of another, as shares of 1, with its interval.

    ``only_a`` and ``only_b`` count the answers that only one of the two got right, over all
    seeds; ``p`` belongs to the hypothesis of no difference and is not corrected.
    """

    difference: float
    low: float
    high: float
    only_a: int
    only_b: int
    p: float

    def reversed(self):
        """Return the same comparison seen from the other model."""
        return replace(
            self,
            difference=-self.difference,
            low=-self.high,
            high=-self.low,
            only_a=self.only_b,
            only_b=self.only_a,
        )


def compare(correct_a, correct_b):
    """Compare two models by their answers to the same images.

    Both arrays are boolean ``(seeds, images)``. One seed: exact McNemar test, interval of
    Bonett and Price (2012, "Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data"). Several: t-test on the crossed variance of the paired
    difference. Raises ``ValueError`` when the shapes differ.
    """
    correct_a, correct_b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    if correct_a.shape != correct_b.shape or correct_a.ndim != 2:
        raise ValueError(f"answers of shape {correct_a.shape} against {correct_b.shape}")
    only_a = int((correct_a & ~correct_b).sum())
    only_b = int((correct_b & ~correct_a).sum())
    if len(correct_a) == 1:
        difference = (only_a - only_b) / correct_a.size
        low, high = _bonett_price(only_a, only_b, correct_a.size)
        p = mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue
    else:
        mean = crossed_mean(correct_a.astype(float) - correct_b)
        difference = mean.value
        low, high = difference - mean.margin, difference + mean.margin
        p = mean.p
    return Comparison(float(difference), float(low), float(high), only_a, only_b, float(p))


def compare_all(answers):
    """Compare every pair of models, and correct for having looked at them all.

    ``answers`` maps model to seed to a boolean array ``(images,)``. Returns a dict from
    ``(a, b)``, both ways round, to ``(Comparison, corrected p)``. A pair is compared on the
    seeds that both have, and left out when there are none. The correction is Holm's over all
    pairs, which allows for the best model being picked from the same data.
    """
    compared = {}
    for a, b in combinations(answers, 2):
        seeds = [seed for seed in answers[a] if seed in answers[b]]
        if seeds:
            compared[a, b] = compare(
                np.stack([answers[a][seed] for seed in seeds]),
                np.stack([answers[b][seed] for seed in seeds]),
            )
    pairs = {}
    for (a, b), p in zip(compared, holm([c.p for c in compared.values()]), strict=True):
        pairs[a, b] = compared[a, b], p
        pairs[b, a] = compared[a, b].reversed(), p
    return pairs


def holm(p_values):
    """Return the p-values corrected by Holm's step-down method (1979), in the same order."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def accuracy_interval(correct):
    """Return (accuracy, low, high), as shares of 1, of answers ``(seeds, images)``.

    One seed: Wilson's interval. Several: Wilson's with the number of images that would give
    the crossed variance (effective sample size, Korn and Graubard 1998), since it stays within
    0 and 1 and has a width even when every answer is right.
    """
    correct = np.asarray(correct, bool)
    accuracy = float(correct.mean())
    images = correct.shape[1]
    if len(correct) > 1:
        mean = crossed_mean(correct.astype(float))
        if mean.error > 0:
            images = accuracy * (1 - accuracy) / mean.error**2
            images *= (stats.norm.isf(LEVEL / 2) / stats.t.isf(LEVEL / 2, mean.freedom)) ** 2
    return accuracy, *_wilson(accuracy, images)


def gap_interval(correct, train_accuracy, train_images):
    """Return (gap, low, high): accuracy on training images minus accuracy on test images.

    ``correct`` is as for :func:`accuracy_interval`; ``train_accuracy`` is the mean over seeds
    on ``train_images`` other images. The two intervals are combined as in Newcombe 1998
    (method 10), which needs no more than each one's own limits.
    """
    test, test_low, test_high = accuracy_interval(correct)
    train_low, train_high = _wilson(train_accuracy, train_images)
    gap = train_accuracy - test
    low = gap - np.hypot(train_accuracy - train_low, test_high - test)
    high = gap + np.hypot(train_high - train_accuracy, test - test_low)
    return gap, float(low), float(high)


@dataclass(frozen=True)
class CrossedMean:
    """A mean over seeds and images with its standard error and degrees of freedom."""

    value: float
    error: float
    freedom: float

    @property
    def margin(self):
        """Half the width of the interval."""
        return float(stats.t.isf(LEVEL / 2, self.freedom) * self.error)

    @property
    def p(self):
        """Two-sided p-value of the hypothesis that the mean is 0."""
        if self.error == 0:
            return float(self.value == 0)
        return float(2 * stats.t.sf(abs(self.value) / self.error, self.freedom))


def crossed_mean(values):
    """Return the mean of ``values`` ``(seeds, images)``, where both are random samples.

    The variance is (MS_seeds + MS_images - MS_rest) / (seeds * images), the mean squares being
    those of a two-way layout, but never less than what seeds or images alone account for; the
    degrees of freedom are Satterthwaite's, as Hillis applies them. Needs two of each.
    """
    seeds, images = values.shape
    by_seed, by_image, mean = values.mean(axis=1), values.mean(axis=0), values.mean()
    ms_seeds = images * by_seed.var(ddof=1)
    ms_images = seeds * by_image.var(ddof=1)
    rest = values - by_seed[:, None] - by_image + mean
    ms_rest = (rest**2).sum() / ((seeds - 1) * (images - 1))
    total = max(ms_seeds + ms_images - ms_rest, ms_seeds, ms_images)
    if total == 0:
        return CrossedMean(float(mean), 0.0, float(seeds - 1))
    freedom = total**2 / (ms_seeds**2 / (seeds - 1) + ms_images**2 / (images - 1))
    return CrossedMean(float(mean), float(np.sqrt(total / values.size)), float(freedom))


def _wilson(share, count):
    low, high = proportion_confint(share * count, count, alpha=LEVEL, method="wilson")
    return float(low), float(high)


def _bonett_price(only_a, only_b, images):
    a, b = (only_a + 1) / (images + 2), (only_b + 1) / (images + 2)
    margin = stats.norm.isf(LEVEL / 2) * np.sqrt((a + b - (a - b) ** 2) / (images + 2))
    return a - b - margin, a - b + margin
