"""How sure one can be of an accuracy, and of the difference between two.

A model's answers are a boolean array ``(seeds, images)``: whether the training with that seed
got that test image right. With one seed, the images are the only sample there is. With several,
both seeds and images are samples, crossed: every training answers every image. The images are
the same for two models, so what they add to the variance of a difference is taken from the
differences image by image; two trainings have nothing in common but a number, the seed, so what
they add is pooled over both models. ``docs/statistics.md`` holds the simulations by which the
methods were chosen.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import combinations

import numpy as np
from scipy import special
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

LEVEL = 0.05
"""Level of every test; every interval has the confidence 1 - LEVEL."""

ONE_SEED_MARGIN = 0.005
"""How far apart, as a share of 1, the accuracies of two models with one training each must be.

Where seeds spread accuracy by 0.1 points (standard deviation), ten equal models with one training
each come out as far apart in fewer than one study in 20; the test alone, which takes the trained
networks as given, calls some of them different in most.
"""


@dataclass(frozen=True)
class Comparison:
    """Accuracy of one model minus that of another, as shares of 1, with its interval.

    ``only_a`` and ``only_b`` count the answers that only one of the two got right, over all
    seeds; ``p`` belongs to the hypothesis of no difference and is not corrected. ``ahead`` is
    the estimated probability that a training of a is more accurate than one of b, or None with
    one seed.
    """

    difference: float
    low: float
    high: float
    only_a: int
    only_b: int
    p: float
    ahead: float | None

    def reversed(self):
        """Return the same comparison seen from the other model."""
        return replace(
            self,
            difference=-self.difference,
            low=-self.high,
            high=-self.low,
            only_a=self.only_b,
            only_b=self.only_a,
            ahead=None if self.ahead is None else 1 - self.ahead,
        )


def compare(correct_a, correct_b):
    """Compare two models by their answers to the same images.

    Both arrays are boolean ``(seeds, images)``. One seed: exact McNemar test, interval of
    Bonett and Price (2012, "Adjusted Wald confidence interval for a difference of binomial
    proportions based on paired data"). Several: t-test on :func:`crossed_difference`, and its
    interval. Raises ``ValueError`` when the shapes differ.
    """
    correct_a, correct_b = np.asarray(correct_a, bool), np.asarray(correct_b, bool)
    if correct_a.shape != correct_b.shape or correct_a.ndim != 2:
        raise ValueError(f"answers of shape {correct_a.shape} against {correct_b.shape}")
    return _compare(_Answers(correct_a), _Answers(correct_b))


def _compare(a, b):
    only_a = int(np.count_nonzero(a.correct > b.correct))
    only_b = int(np.count_nonzero(b.correct > a.correct))
    mean = _difference(a, b)
    if len(a.correct) == 1:
        p, ahead = _mcnemar(only_a, only_b), None
    else:
        p = 2 * special.stdtr(mean.freedom, -abs(mean.value) / mean.error)
        ahead = probability_ahead(a.by_seed, b.by_seed)
    return Comparison(
        difference=(only_a - only_b) / a.correct.size,
        low=max(mean.value - mean.margin, -1.0),
        high=min(mean.value + mean.margin, 1.0),
        only_a=only_a,
        only_b=only_b,
        p=float(p),
        ahead=ahead,
    )


@cache
def _mcnemar(only_a, only_b):
    return mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue


def compare_all(answers):
    """Compare every pair of models, and correct for having looked at them all.

    ``answers`` maps model to seed to a boolean array ``(images,)``. Returns a dict from
    ``(a, b)``, both ways round, to ``(Comparison, corrected p)``. A pair is compared on the
    seeds that both have, and left out when there are none. The correction is Holm's over all
    pairs, which allows for the best model being picked from the same data.
    """

    @cache
    def of(model, seeds):
        return _Answers(np.stack([answers[model][seed] for seed in seeds]))

    compared = {}
    for a, b in combinations(answers, 2):
        if seeds := tuple(seed for seed in answers[a] if seed in answers[b]):
            compared[a, b] = _compare(of(a, seeds), of(b, seeds))
    pairs = {}
    for (a, b), p in zip(compared, holm([c.p for c in compared.values()]), strict=True):
        pairs[a, b] = compared[a, b], p
        pairs[b, a] = compared[a, b].reversed(), p
    return pairs


def told_apart(comparison, p_holm):
    """Tell whether two models are shown to differ, given what :func:`compare_all` returns.

    With one seed each, another training of the same models might differ the other way round, so
    the difference must exceed :data:`ONE_SEED_MARGIN` as well.
    """
    one_seed = comparison.ahead is None
    return p_holm < LEVEL and not (one_seed and abs(comparison.difference) <= ONE_SEED_MARGIN)


def holm(p_values):
    """Return the p-values corrected by Holm's step-down method (1979), in the same order."""
    if not p_values:
        return []
    return [float(p) for p in multipletests(p_values, method="holm")[1]]


def probability_ahead(a, b):
    """Return the share of pairs (one of ``a``, one of ``b``) with the first higher, ties half.

    It estimates the probability that a training of a beats one of b, which Bouthillier et al.
    (2021, "Accounting for variance in machine learning benchmarks") recommend to report;
    Vargha and Delaney's A (2000).
    """
    return float((1 + np.sign(np.subtract.outer(a, b)).mean()) / 2)


def accuracy_interval(correct):
    """Return (accuracy, low, high), as shares of 1, of answers ``(seeds, images)``.

    One seed: Wilson's interval. Several: Wilson's with the number of images that would give
    the variance of :func:`crossed_mean` (effective sample size, Korn and Graubard 1998), since
    it stays within 0 and 1 and has a width even when every answer is right.
    """
    correct = np.asarray(correct, bool)
    accuracy = float(correct.mean())
    images = correct.shape[1]
    if len(correct) > 1:
        mean = crossed_mean(correct)
        if mean.error > 0:
            images = accuracy * (1 - accuracy) / mean.error**2
            images *= (special.ndtri(1 - LEVEL / 2) * mean.error / mean.margin) ** 2
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
        return float(special.stdtrit(self.freedom, 1 - LEVEL / 2) * self.error)


def crossed_mean(correct):
    """Return the :class:`CrossedMean` of answers ``(seeds, images)``, at least two of each.

    The variance is (MS_images + MS_seeds - MS_rest) / (seeds * images), the mean squares being
    those of a two-way layout, as for readers who all judge the same cases (Obuchowski and
    Rockette 1995), and never less than what the images alone account for.
    """
    answers = _Answers(correct)
    of_images = answers.mean_squares[0] / correct.size
    return _with_seeds(float(correct.mean()), of_images, [answers])


def crossed_difference(correct_a, correct_b):
    """Return the :class:`CrossedMean` of a's answers minus b's, both ``(seeds, images)``.

    What the images add to the variance is taken from the differences image by image, with two
    images added, one that only a gets right and one that only b does: with one seed, exactly
    as Bonett and Price do. What the trainings add is (MS_seeds - MS_rest) / (seeds * images),
    nought or more, summed over the two models. With one seed the trainings are taken as given.
    """
    return _difference(_Answers(correct_a), _Answers(correct_b))


def _difference(a, b):
    seeds, images = a.correct.shape
    difference = a.by_image - b.by_image
    images += 2
    value = float(difference.sum() / (seeds * images))
    square = (float(difference @ difference) / seeds**2 + 2) / images
    return _with_seeds(value, (square - value**2) / images, [a, b])


def _with_seeds(value, of_images, models):
    """Add what the trainings of ``models`` contribute to the variance ``of_images``.

    The degrees of freedom are Satterthwaite's, as only those of the mean square between seeds
    are few. Its share of the variance comes from its median-unbiased estimate: the plain one
    is too low more often than not, and then promises too many degrees of freedom just when the
    variance is too low as well.
    """
    seeds = len(models[0].correct)
    if seeds == 1:
        return CrossedMean(value, float(np.sqrt(of_images)), np.inf)
    _, between, rest = sum(model.mean_squares for model in models) / models[0].correct.size
    between = max(between, rest)
    variance = of_images + between - rest
    freedom = len(models) * (seeds - 1)
    median = special.chdtri(freedom, 0.5)
    likely = between * freedom / median
    others = max(of_images - rest, 0)
    freedom = freedom * ((others + likely) / likely) ** 2 if likely > 0 else np.inf
    return CrossedMean(value, float(np.sqrt(variance)), float(freedom))


class _Answers:
    """Boolean answers ``(seeds, images)`` of a model, with what is counted in them once."""

    def __init__(self, correct):
        self.correct = correct
        self.by_image = correct.sum(axis=0, dtype=np.int64)
        self.by_seed = correct.sum(axis=1, dtype=np.int64)

    @cached_property
    def mean_squares(self):
        """Mean squares of a two-way layout, float64: of images, of seeds and of the rest."""
        seeds, images = self.correct.shape
        total = self.by_seed.sum()
        # Sums of squares times the number of answers: whole numbers, so nothing is lost.
        of_images = images * (self.by_image @ self.by_image) - total**2
        of_seeds = seeds * (self.by_seed @ self.by_seed) - total**2
        rest = self.correct.size * total - total**2 - of_images - of_seeds
        freedom = np.array([images - 1, seeds - 1, (images - 1) * (seeds - 1)])
        return np.array([of_images, of_seeds, rest]) / freedom / self.correct.size


def _wilson(share, count):
    low, high = proportion_confint(share * count, count, alpha=LEVEL, method="wilson")
    return float(low), float(high)
