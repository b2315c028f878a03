"""What the test images are a sample of, and what each counts: groups, and classes of equal weight.

Images of one patient, writer or site are likely to be predicted alike, so where these are known, it
is the groups that count as drawn at random, not the images. Balanced accuracy is the mean of the
recalls of the classes, whatever their numbers of images. With neither, :class:`Answers` works in
whole numbers; here is all else, for the same two-way layout of seeds and images.
``docs/statistics.md`` holds the simulations by which the methods were chosen.
"""

import math
from functools import cached_property, partial
from typing import Literal, Self

import numpy as np
from scipy import special

from bakeoff.analysis.crossed import Answers, MakeAnswers, evened
from bakeoff.levels import LEVEL


class Sampling:
    """The units that test images were drawn in, and the classes whose means are averaged.

    ``groups`` and ``labels`` are integers (n_test,), or None: each image by itself, and no classes.
    """

    def __init__(
        self, images: int, groups: np.ndarray | None = None, labels: np.ndarray | None = None
    ):
        units = np.arange(images) if groups is None else _numbered(groups)
        classes = np.zeros(images, int) if labels is None else _numbered(labels)
        self.by_class = labels is not None
        self.grouped = groups is not None
        # A cell holds the images of one unit and class.
        self._order = np.lexsort((classes, units))
        units, classes = units[self._order], classes[self._order]
        new = np.diff(units, prepend=-1) | np.diff(classes, prepend=-1)
        self._cells = np.flatnonzero(new)
        self._size = np.diff(self._cells, append=images)
        self._class = classes[self._cells]
        self._units = np.flatnonzero(np.diff(units[self._cells], prepend=-1))
        self._by_class = np.argsort(self._class, kind="stable")
        self.class_size = np.bincount(classes)
        self._classes = np.searchsorted(self._class[self._by_class], range(len(self.class_size)))

    def sums(self, correct: np.ndarray) -> np.ndarray:
        """Return how many of the predictions (..., n_test) are right, float64 (..., cells)."""
        in_order = np.take(correct, self._order, axis=-1)
        return np.add.reduceat(in_order, self._cells, axis=-1, dtype=float)

    def rates(self, sums: np.ndarray, added: int = 0) -> np.ndarray:
        """Return the shares of ``sums`` in each class and ``added`` images, (..., classes)."""
        totals = np.add.reduceat(sums[..., self._by_class], self._classes, axis=-1)
        return totals / (self.class_size + added)

    def influences(self, sums: np.ndarray, added: int = 0) -> np.ndarray:
        """Return by how much the mean changes when each unit is left out, (..., units).

        The sum of their squares is the jackknife's variance of the mean.
        """
        rates = self.rates(sums, added)[..., self._class]
        # A class that has but one unit is not moved by it.
        left = np.maximum((self.class_size + added)[self._class] - self._size, 1)
        changes = (sums - self._size * rates) / left / len(self.class_size)
        return np.add.reduceat(changes, self._units, axis=-1)

    def totals(self, sums: np.ndarray) -> np.ndarray:
        """Return what each unit adds to the mean, (..., units)."""
        weight = 1 / self.class_size[self._class] / len(self.class_size)
        return np.add.reduceat(sums * weight, self._units, axis=-1)

    @cached_property
    def weights(self) -> np.ndarray:
        """The share of each unit in the mean, float64 (units,)."""
        return self.totals(self._size.astype(float))

    @cached_property
    def freedom(self) -> float:
        """Degrees of freedom of a variance between units: fewer than these where they are unequal.

        They are those of a sum of squares of normal numbers with the units' weights for standard
        deviations (Satterthwaite 1946; Carter, Schnepel and Steigerwald 2017), minus one.
        """
        squares = self.weights**2
        return max(1.0, squares.sum() ** 2 / (squares**2).sum() - 1)

    @property
    def independent(self) -> float:
        """As many units of equal weight would be as sure as these."""
        return 1 / (self.weights**2).sum()

    @property
    def most_independent(self) -> float:
        """As many images of equal weight would be as sure as these, were all independent."""
        return len(self.class_size) ** 2 / (1 / self.class_size).sum()

    @property
    def added_size(self) -> np.ndarray:
        """One over what an image counts in the mean, with two added to each class, (classes,)."""
        return (self.class_size + 2) * len(self.class_size)

    @property
    def added_variance(self) -> float:
        """What the images that are added give the variance of a difference of two models."""
        return float((2 / self.added_size**2).sum())

    @property
    def of_one_group(self) -> bool:
        """Whether all images are of one group: how groups differ is not known at all then."""
        return self.grouped and len(self.weights) == 1

    @cached_property
    def without_variance(self) -> bool:
        """Whether each class is of one group, so that the jackknife's variance is zero as such."""
        return self.grouped and len(self._class) == len(self.class_size)

    def class_t_tests(self, values: np.ndarray, own: int) -> tuple[np.ndarray, np.ndarray]:
        """Set one class's mean against each other's, by t-tests over the units.

        ``values`` (n_test,) are from 0 to 1, ``own`` is the class's number among those that have
        images. Two images are added to each class, of 0 and 1, so that none is without variance.
        Returns statistics and two-sided p-values, float64 (classes - 1,).
        """
        sums, size = self.sums(values), self.class_size + 2
        means = (self.rates(sums) * self.class_size + 1) / size
        changes = np.zeros((len(self.weights), len(size)))
        unit = np.repeat(np.arange(len(self._units)), np.diff(self._units, append=len(sums)))
        left = size[self._class] - self._size
        changes[unit, self._class] = (sums - self._size * means[self._class]) / left
        of_added = (means**2 + (1 - means) ** 2) / (size - 1) ** 2
        weight = self._size / self.class_size[self._class]
        square, fourth = (np.bincount(self._class, weight**power) for power in (2, 4))
        freedom = np.maximum(square**2 / fourth - 1, 1)
        others = np.arange(len(size)) != own
        variance = ((changes[:, [own]] - changes[:, others]) ** 2).sum(axis=0)
        variance += of_added[own] + of_added[others]
        t = (means[own] - means[others]) / np.sqrt(variance)
        return t, 2 * special.stdtr(np.minimum(freedom[own], freedom[others]), -abs(t))


def _numbered(values):
    return np.unique(values, return_inverse=True)[1]


class Weighed(Answers):
    """Answers ``correct``, bool (models, seeds, images), to images of a :class:`Sampling`.

    Two images are added to each class where two models are compared, each a unit of its own: one
    that only the first model gets right and one that only the second does.
    """

    weighed = True

    def __init__(self, correct: np.ndarray, sampling: Sampling):
        super().__init__(correct)
        self.scale = 1
        self.sampling = sampling
        self.freedom, self.least_p = sampling.freedom, least_p(len(sampling.weights))
        self.independent = sampling.independent
        self.most_independent = sampling.most_independent
        self.of_one_group = sampling.of_one_group
        self.without_variance = sampling.without_variance
        self._sums = sampling.sums(correct)
        if sampling.by_class:
            self.by_seed = evened(sampling.rates(self._sums).mean(axis=-1))

    @cached_property
    def _mean_sums(self):
        return self._sums.mean(axis=1)

    @cached_property
    def value(self) -> np.ndarray:
        """Each model's accuracy or balanced accuracy, the mean over the seeds, (models,)."""
        if self.sampling.by_class:
            return evened(self.sampling.rates(self._sums).mean(axis=(1, 2)))
        return self.right / self.correct[0].size

    @cached_property
    def mean_squares(self) -> np.ndarray:
        """As those of :class:`Answers`, of means over images: of units, seeds and the rest."""
        several = max(self.seeds - 1, 1)
        left = self._sums - self._mean_sums[:, None]
        return np.array(
            [
                self.seeds * (self.sampling.influences(self._mean_sums) ** 2).sum(axis=-1),
                np.var(self.sampling.rates(self._sums).mean(axis=-1), axis=1)
                * self.seeds
                / several,
                (self.sampling.influences(left) ** 2).sum(axis=(1, 2)) / several,
            ]
        )

    @cached_property
    def _with_added(self):
        """What differences from others come from: shares (models, classes), influences.

        The latter, (models, ...), are those of the units and of the images that are added.
        """
        rates = self.sampling.rates(self._mean_sums, added=2)
        of_added = np.sqrt(2) * rates / self.sampling.added_size
        units = self.sampling.influences(self._mean_sums, added=2)
        return rates, np.concatenate([units, of_added], axis=1)

    @property
    def of_added(self) -> float:
        """The variance that the added images alone give a difference: no test has less."""
        return self.sampling.added_variance

    def less(self, other: Self) -> tuple[np.ndarray, np.ndarray]:
        """Return the differences of these models and others, arrays (models, others).

        First the value with the added images, then the variance that the units alone give it.
        """
        (rates, own), (other_rates, others) = self._with_added, other._with_added
        square = (own**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * own @ others.T
        value = rates.mean(axis=1)[:, None] - other_rates.mean(axis=1)
        return value, np.maximum(square, 0) + self.of_added

    def difference(self, other: Self) -> np.ndarray:
        """Return the differences of these models' means and others', (models, others)."""
        return self.value[:, None] - other.value

    def of_networks(self, other: Self, only_self: np.ndarray, only_other: np.ndarray) -> np.ndarray:
        """Return the p-values of one run against one: exact randomization tests over the units."""
        # Whole numbers where each image counts alike.
        scale = 1 if self.sampling.by_class else self.correct.shape[-1]
        own, others = (scale * self.sampling.totals(a._sums[:, 0]) for a in (self, other))
        p = np.ones((len(own), len(others)))
        for row, column in np.ndindex(p.shape):
            if other is self and column < row:
                p[row, column] = p[column, row]
            else:
                p[row, column] = flips_p(own[row] - others[column])
        return p


_STEPS = 4096


def flips_p(differences: np.ndarray) -> float:
    """Return the exact p-value, two-sided, of ``differences`` (units,) between two networks.

    Were the networks equally good, each unit's difference could as well have been the other way
    round: the p-value is the share of all ways to choose the signs that give a sum as far from zero
    (Fisher 1935; Canay, Romano and Shaikh 2017 for groups). If each unit is an image, that is
    McNemar's exact test. The differences are rounded to so many steps that the sums can be counted,
    which leaves the test exact.
    """
    # What is left of equal sums of fractions is no difference.
    differences = differences[np.abs(differences) > 1e-12]
    size, signs = np.abs(differences), np.sign(differences)
    if not len(size):
        return 1.0
    step = size.sum() / max(_STEPS, 16 * len(size))
    for whole in (size.min(), 1.0):
        if np.allclose(size / whole, np.rint(size / whole), rtol=0, atol=1e-6):
            step = whole
    size = np.rint(size / step).astype(int)
    observed, total = abs(int((size * signs).sum())), int(size.sum())
    # The sum of the sizes whose signs are positive, from 0 to the total, by its Fourier transform.
    sizes, times = np.unique(size, return_counts=True)
    angle = np.pi * np.arange(total // 2 + 1 + total % 2) / (total + 1)
    waves = np.cos(np.outer(angle, sizes))
    odd = times % 2 == 1
    with np.errstate(divide="ignore"):
        # As powers, in a fifth of the time.
        spectrum = np.exp(np.log(np.abs(waves)) @ times) * np.sign(waves[:, odd]).prod(axis=1)
    shares = np.fft.irfft(spectrum * np.exp(-1j * angle * total), total + 1)
    as_far = abs(2 * np.arange(total + 1) - total) >= observed
    return float(np.clip(shares[as_far].sum(), least_p(len(size)), 1.0))


def least_p(units: int) -> float:
    """Return the p-value of ``units`` differences that all have the same sign."""
    return 2.0 ** (1 - min(units, 1000))


def groups_needed(pairs: int, level: float = LEVEL) -> int:
    """Return with how many groups, at least, one of ``pairs`` can be called different.

    With fewer, even if all point the same way, chance does that in more studies than ``level``.
    """
    return 2 + math.floor(math.log2(max(pairs, 1) / level))


Metric = Literal["accuracy", "balanced_accuracy"]


class TestSample:
    """How the test images of a study are sampled, and by which metric its models are ranked.

    ``accuracy`` and ``balanced`` make :class:`Answers` of boolean arrays (models, seeds, n_test),
    ``ranking`` is one of the two, and ``sampling`` what it rests on. ``labels`` and ``groups`` are
    integers (n_test,), the latter may be None.
    """

    __test__ = False

    def __init__(
        self, labels: np.ndarray, groups: np.ndarray | None = None, metric: Metric = "accuracy"
    ):
        images = len(labels)
        self.metric: Metric = metric
        self.groups = groups
        of_images, of_classes = Sampling(images, groups), Sampling(images, groups, labels)
        self.accuracy: MakeAnswers = Answers
        if groups is not None:
            self.accuracy = partial(Weighed, sampling=of_images)
        self.balanced = partial(Weighed, sampling=of_classes)
        self.ranking = self.accuracy if metric == "accuracy" else self.balanced
        self.sampling = of_images if metric == "accuracy" else of_classes
