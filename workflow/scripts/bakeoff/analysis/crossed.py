"""Means over seeds and images, two samples that cross: every run answers every image.

A model's answers are a boolean array ``(seeds, images)``: whether the run with that seed
got that test image right. With one seed, the images are the only sample there is. With several,
both seeds and images are samples. The images are the same for two models, so what they add to the
variance of a difference is taken from the differences image by image; two runs have nothing
in common but a number, the seed, so what they add is pooled over both models.
``docs/statistics.md`` holds the simulations by which the methods were chosen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Self, TypeVar

import numpy as np
from scipy import special
from statsmodels.stats.contingency_tables import mcnemar

from bakeoff.levels import LEVEL, POWER


def inner_products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the sums of products of each of x with each of y, int64 (n, m).

    ``x`` is an array (n, ...) and ``y`` (m, ...), both of whole numbers, 0 or more.
    """
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    largest = x.shape[1] * int(x.max(initial=0)) * int(y.max(initial=0))
    # Products of floats are fast, and sums of whole numbers are exact up to 2 ** 24 in float32.
    precision: type[np.floating] = np.float32 if largest <= 2**24 else np.float64
    return np.rint(x.astype(precision) @ y.astype(precision).T).astype(np.int64)


def evened(shares: float | np.ndarray) -> np.ndarray:
    """Return shares of 1 as float64, those that are equal but for rounding made equal.

    The same answers, summed over seeds or classes in another order or parted otherwise, give means
    that differ by some 1e-16, which must put no model ahead. One answer more adds far more than
    what is rounded away here: once, as what is rounded twice may differ again.
    """
    return np.round(np.asarray(shares, float), 12)


class Answers:
    """Answers ``correct``, bool (models, seeds, images), with what is counted in them once.

    ``scale`` is how many times the mean squares are as large as the variances of single runs'
    means, ``freedom`` the degrees of freedom of what the images alone account for, and ``least_p``
    the lowest p-value that there can be. ``independent`` images are taken to be behind a model
    that gets all of them right, and at most ``most_independent`` behind any. Where they are
    ``of_one_group``, no difference is known, and ``without_variance`` no mean.
    """

    weighed = of_one_group = without_variance = False
    freedom = most_independent = np.inf
    least_p = 0.0

    def __init__(self, correct: np.ndarray):
        self.correct = correct
        self.seeds, self.scale = correct.shape[1:]
        self.independent = self.scale
        self.by_image = correct.sum(axis=1, dtype=np.int64)
        self.by_seed = correct.sum(axis=2, dtype=np.int64)
        self.right = self.by_seed.sum(axis=1)

    @cached_property
    def square(self) -> np.ndarray:
        """Sums over the images of the squared number of seeds that are right, int64 (models,)."""
        return (self.by_image**2).sum(axis=1)

    @cached_property
    def mean_squares(self) -> np.ndarray:
        """Mean squares of a two-way layout, float64 (3, models): of images, seeds and the rest."""
        seeds, images = self.correct.shape[1:]
        size, total = seeds * images, self.right
        # Sums of squares times the number of answers: whole numbers, so nothing is lost.
        of_images = images * self.square - total**2
        of_seeds = seeds * (self.by_seed**2).sum(axis=1) - total**2
        rest = size * total - total**2 - of_images - of_seeds
        freedom = np.array([images - 1, seeds - 1, (images - 1) * (seeds - 1)])
        # One image has no squares between images to divide.
        freedom = np.maximum(freedom, 1)
        return np.array([of_images, of_seeds, rest]) / freedom[:, None] / size

    @cached_property
    def value(self) -> np.ndarray:
        """Each model's accuracy, the mean over the seeds, float64 (models,)."""
        return self.right / (self.seeds * self.scale)

    @property
    def of_images(self) -> np.ndarray:
        """The variance that the images alone give each model's value, float64 (models,)."""
        return self.mean_squares[0] / (self.seeds * self.scale)

    @property
    def of_added(self) -> float:
        """The variance that the added images alone give a difference: no test has less."""
        return 2 / (self.scale + 2) ** 2

    def less(self, other: Self) -> tuple[np.ndarray, np.ndarray]:
        """Return the differences of these models and others, arrays (models, others).

        First the value with two images added, then the variance that the images alone give it.
        """
        seeds, images = self.seeds, self.scale
        square = self.square[:, None] + other.square
        square = square - 2 * inner_products(self.by_image, other.by_image)
        value = (self.right[:, None] - other.right) / (seeds * (images + 2))
        return value, ((square / seeds**2 + 2) / (images + 2) - value**2) / (images + 2)

    def difference(self, other: Self) -> np.ndarray:
        """Return the differences of these models' accuracies and others', (models, others)."""
        return (self.right[:, None] - other.right) / (self.seeds * self.scale)

    def of_networks(self, other: Self, only_self: np.ndarray, only_other: np.ndarray) -> np.ndarray:
        """Return the p-values of one run against one, (models, others): exact McNemar tests.

        ``only_self`` and ``only_other`` count the images that only one of the two gets right.
        """
        return mcnemar_p(only_self, only_other)


MakeAnswers = Callable[[np.ndarray], Answers]
"""What makes :class:`Answers`, or a kind of them, of boolean arrays (models, seeds, images)."""

Numbers = TypeVar("Numbers", float, np.ndarray)


@dataclass(frozen=True)
class Spread:
    """What the runs of one model typically add: a mean square, and its degrees of freedom."""

    mean_square: float
    freedom: float


# A mean square is not taken for typical that is more than so many times the median one.
_ODD = 2
# A median is about as sure as a mean of so many times as many values.
_MEDIAN_EFFICIENCY = 0.6


def typical_spread(answers: Sequence[np.ndarray], of: MakeAnswers = Answers) -> Spread | None:
    """Return the :class:`Spread` of a study's models, or None where ``answers`` are of none.

    ``answers`` are boolean arrays ``(seeds, images)`` of at least two seeds each, and ``of`` what
    makes :class:`Answers` of them. It is the mean of their mean squares between seeds, weighted
    by degrees of freedom, but at most twice the (median-unbiased) median, so that one odd model
    does not stand for all.
    """
    if not answers:
        return None
    squares = np.array([of(correct[None]).mean_squares[1, 0] for correct in answers])
    freedom = np.array([len(correct) - 1.0 for correct in answers])
    mean = np.average(squares, weights=freedom)
    median = np.median(squares * freedom / special.chdtri(freedom, 0.5))
    return Spread(float(min(mean, _ODD * median)), float(_MEDIAN_EFFICIENCY * freedom.sum()))


@dataclass(frozen=True)
class CrossedMean:
    """A mean over seeds and images with its standard error and degrees of freedom.

    Arrays stand for several means.
    """

    value: float | np.ndarray
    error: float | np.ndarray
    freedom: float | np.ndarray

    @property
    def margin(self) -> float | np.ndarray:
        """Half the width of the interval."""
        return self.margin_of(1)

    @property
    def p(self) -> float | np.ndarray:
        """The two-sided p-value of its being zero (t-test)."""
        return 2 * special.stdtr(self.freedom, -np.abs(self.value) / self.error)

    def margin_of(self, number: float) -> float | np.ndarray:
        """Half the width of one of so many intervals that hold together (Bonferroni)."""
        return special.stdtrit(self.freedom, 1 - LEVEL / 2 / number) * self.error


def crossed_mean(correct: np.ndarray, of: MakeAnswers = Answers) -> CrossedMean:
    """Return the :class:`CrossedMean` of one model's answers ``(seeds, images)``.

    ``of`` makes :class:`Answers` of them. With one seed, the run is taken as given. The variance is
    (MS_images + MS_seeds - MS_rest) / (seeds * images), the mean squares being those of a two-way
    layout, as for readers who all judge the same cases (Obuchowski and Rockette 1995), and never
    less than what the images alone account for.
    """
    answers = of(correct[None])
    squares = answers.mean_squares[:, 0] if answers.seeds > 1 else None
    return _single(_with_seeds(answers.value, answers.of_images, squares, 1, answers))


def crossed_difference(correct_a: np.ndarray, correct_b: np.ndarray) -> CrossedMean:
    """Return the :class:`CrossedMean` of a's answers minus b's, both ``(seeds, images)``.

    What the images add to the variance is taken from the differences image by image, with two
    images added, one that only a gets right and one that only b does: with one seed, exactly
    as Bonett and Price do. What the runs add is (MS_seeds - MS_rest) / (seeds * images),
    zero or more, summed over the two models. With one seed the runs are taken as given.
    """
    return _single(crossed_differences(Answers(correct_a[None]), Answers(correct_b[None])))


def contrast(answers: Answers, weights: np.ndarray, typical: Spread | None = None) -> CrossedMean:
    """Return the :class:`CrossedMean` of a weighted sum of models' means.

    ``answers`` are :class:`Answers` of several models and ``weights`` (models,), which add up to
    zero. Images are the same for all models: what they add to the variance comes from those of the
    differences of every two (for weights w that add up to zero, the variance of the sum is minus
    half the sum of w_k w_l Var(k - l)). What the runs add is summed over the models. For a 1 and a
    -1, this is :func:`crossed_differences`.
    """
    values, apart = answers.less(answers)
    np.fill_diagonal(apart, 0.0)
    of_images = np.array([max(-(weights @ apart @ weights) / 2, 0.0)])
    # Against the first model, since only differences are known; the weights add up to zero.
    value = np.array([weights @ values[:, 0]])
    squares = None
    if answers.seeds > 1:
        squares = (answers.mean_squares * weights**2).sum(axis=1)[:, None]
    if typical is not None:
        # Of so many models of equal weight; the two of a difference have a weight of one each.
        mean_square = typical.mean_square * (weights**2).sum() / len(weights)
        typical = Spread(mean_square, typical.freedom)
    return _single(_with_seeds(value, of_images, squares, len(weights), answers, typical))


def limits(difference: Numbers, value: Numbers, margin: Numbers) -> tuple[Numbers, Numbers]:
    """Return the limits, in -1 to 1, of an interval of a ``difference`` that always holds it.

    ``value`` is the interval's middle: the images that are added draw it towards zero, far where
    classes have few images.
    """
    low = np.maximum(np.minimum(value - margin, difference), -1.0)
    high = np.minimum(np.maximum(value + margin, difference), 1.0)
    return low, high


def _single(mean):
    """Return the one :class:`CrossedMean` that arrays stand for."""
    return CrossedMean(**{name: np.ravel(value).item() for name, value in vars(mean).items()})


def crossed_differences(a: Answers, b: Answers, typical: Spread | None = None) -> CrossedMean:
    """Return :func:`crossed_difference` of each of a's models and b's, arrays (of a, of b).

    The mean square between seeds is at least that of a ``typical`` :class:`Spread`.
    """
    value, of_images = a.less(b)
    several = a.seeds > 1
    squares = a.mean_squares[:, :, None] + b.mean_squares[:, None] if several else None
    return _with_seeds(value, of_images, squares, 2, a, typical)


@dataclass(frozen=True)
class Shares:
    """What images and runs add to the variance of a difference of two models.

    ``images`` stays as it is with more seeds; ``runs`` is divided by their number. With ``seeds``
    of them, what the runs add has so many degrees of ``freedom``; what the images add has
    ``images_freedom``. No test of so few images, or groups of them, gives less than ``least_p``.
    What few seeds tell of ``images`` may be nothing; but the images that every test adds are there
    whatever the seeds, and with any number of them its variance is no less than ``added``.
    """

    images: float
    runs: float
    seeds: int
    freedom: float
    images_freedom: float
    least_p: float = 0.0
    added: float = 0.0

    @property
    def of_images(self) -> float:
        """What stays of the variance with any number of seeds, at the least."""
        return max(self.images, self.added)

    @property
    def told(self) -> bool:
        """Whether the seeds tell that the images add more than those that every test adds."""
        # What is left of equal numbers is no more.
        return self.images > self.added * (1 + 1e-9)

    def detectable(self, seeds: float | np.ndarray, number: int) -> float | np.ndarray:
        """Return the smallest difference that is shown with the probability POWER.

        ``seeds`` is how many each model has, at least 2 or infinite, and ``number`` for how many
        comparisons the level is corrected (Bonferroni). The quantiles for level and power, times
        the standard error (Bloom 1995, "Minimum detectable effects", Evaluation Review 19).
        Infinite where no p-value can be as low as the level.
        """
        seeds = np.asarray(seeds, float)
        if self.least_p * number >= LEVEL:
            return np.full_like(seeds, np.inf)
        of_runs = self.runs / seeds
        # Those of the seeds grow with their number.
        freedom = self.freedom * (seeds - 1) / (self.seeds - 1)
        freedom = _whole_freedom(of_runs, freedom, self.images, self.images_freedom, self.added)
        quantiles = special.stdtrit(freedom, 1 - LEVEL / 2 / number)
        power = special.stdtrit(freedom, POWER)
        return (quantiles + power) * np.sqrt(self.of_images + of_runs)


def shares_of_difference(a: Answers, b: Answers, typical: Spread | None = None) -> Shares:
    """Return the :class:`Shares` of the difference of one model's answers and another's.

    There are at least two seeds. See :func:`crossed_differences`.
    """
    _, of_images = a.less(b)
    squares = (a.mean_squares + b.mean_squares)[:, 0]
    between, rest, freedom = _between_seeds(squares, 2, a, typical)
    return Shares(
        images=max(of_images.item() - rest.item(), 0.0),
        runs=between.item() * a.seeds,
        seeds=a.seeds,
        freedom=freedom.item(),
        images_freedom=a.freedom,
        least_p=a.least_p,
        added=a.of_added,
    )


def _between_seeds(mean_squares, models, answers, typical):
    """Return what mean squares of seeds and rest add to a variance, and the former's freedom.

    They are the sums over one or two ``models``.
    """
    seeds, size = answers.seeds, answers.seeds * answers.scale
    _, between, rest = mean_squares / size
    freedom = np.full_like(between, models * (seeds - 1))
    if typical is not None:
        least = models * typical.mean_square / size
        freedom = np.where(between < least, np.maximum(freedom, typical.freedom), freedom)
        between = np.maximum(between, least)
    return np.maximum(between, rest), rest, freedom


def _with_seeds(value, of_images, mean_squares, models, answers, typical=None):
    """Add what the runs of one or two ``models`` contribute to the variance ``of_images``.

    ``mean_squares`` are the sums over these, float64 (3, ...), or None with one seed.
    ``typical`` is a :class:`Spread` below which the mean square is not taken to be.
    """
    if answers.of_one_group:
        # What other groups would do is not known, and rounding is all that the variance is.
        return CrossedMean(value, np.full_like(of_images, np.inf), np.ones_like(of_images))
    if answers.seeds == 1:
        return CrossedMean(value, np.sqrt(of_images), np.full_like(of_images, answers.freedom))
    between, rest, freedom = _between_seeds(mean_squares, models, answers, typical)
    variance = of_images + between - rest
    others = np.maximum(of_images - rest, 0)
    freedom = _whole_freedom(between, freedom, others, answers.freedom)
    return CrossedMean(value, np.sqrt(variance), freedom)


def _whole_freedom(of_runs, freedom, of_images, images_freedom, added=0.0):
    """Return the degrees of freedom of a variance to which runs and images add so much.

    They are Satterthwaite's, as those of what the runs add, ``freedom``, are few, and those of the
    images may be. The runs' share of the variance comes from its median-unbiased estimate: the
    plain one is too low more often than not, and then promises too many degrees of freedom just
    when the variance is too low as well. Where the images' share is not known, and at least
    ``added``, it has the degrees of freedom of as much, and takes none from the runs.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        # With infinitely many seeds there is nothing to estimate.
        likely = np.where(of_runs > 0, of_runs * freedom / special.chdtri(freedom, 0.5), 0)
        whole = np.where(likely > 0, freedom * ((of_images + likely) / likely) ** 2, np.inf)
        if np.isfinite(images_freedom):
            least = np.maximum(of_images, added)
            share = np.where(least > 0, least / (least + likely), 0)
            whole = 1 / (1 / whole + share**2 / images_freedom)
    return whole


def mcnemar_p(only_a: np.ndarray, only_b: np.ndarray) -> np.ndarray:
    """Return the p-values of exact McNemar tests, float64 of the shape of both counts."""
    # The test is the same the other way round.
    counts = np.sort([only_a.ravel(), only_b.ravel()], axis=0)
    different, place = np.unique(counts, axis=1, return_inverse=True)
    p = [_exact_mcnemar(a, b) for a, b in different.T.tolist()]
    return np.array(p, float)[place.reshape(only_a.shape)]


@cache
def _exact_mcnemar(only_a, only_b):
    return float(mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue)
