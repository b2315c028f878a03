"""How sure one can be of an accuracy, and of the difference between two.

A model's answers are a boolean array ``(seeds, images)``: whether the training with that seed
got that test image right. With one seed, the images are the only sample there is. With several,
both seeds and images are samples, crossed: every training answers every image. The images are
the same for two models, so what they add to the variance of a difference is taken from the
differences image by image; two trainings have nothing in common but a number, the seed, so what
they add is pooled over both models. ``docs/statistics.md`` holds the simulations by which the
methods were chosen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product

import numpy as np
import pandas as pd
from scipy import special
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

LEVEL = 0.05
"""Level of every test; every interval has the confidence 1 - LEVEL."""

# So many models are compared with so many others at once: fewer where each has many answers, of
# which both sides are held as floats.
_BLOCK = 128
_MOST_ANSWERS = 2**23


@dataclass(frozen=True)
class Comparison:
    """Accuracy of one model minus that of another, as shares of 1, with its interval.

    ``only_a`` and ``only_b`` count the answers that only one of the two got right, over all
    seeds. ``p`` belongs to the hypothesis of no difference; ``p_holm`` is corrected for all that
    is compared together, and so are ``low`` and ``high``: all these intervals at once hold the
    true differences with the confidence 1 - LEVEL, and zero lies in one just where its ``p_holm``
    is not below LEVEL. ``ahead`` is the estimated probability that a training of a is more
    accurate than one of b, or None with one seed.
    """

    difference: float
    low: float
    high: float
    only_a: int
    only_b: int
    p: float
    p_holm: float
    ahead: float | None

    @property
    def one_seed(self):
        """Whether two trained networks are compared, not two models."""
        return self.ahead is None

    @property
    def significant(self):
        """Whether the two differ: the models, or with one seed the two trained networks."""
        return self.p_holm < LEVEL

    @property
    def told_apart(self):
        """Whether the two models are shown to differ, which one training of each cannot show.

        Another training of the same models may differ the other way round. Where seeds move
        accuracy by 0.1 points (standard deviation), the test of the networks calls some of ten
        equal models different in two studies of three: docs/statistics.md.
        """
        return self.significant and not self.one_seed

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
    """Compare two models, and nothing else, by their answers: see :func:`compare_each`."""
    return compare_each([(correct_a, correct_b)])[0]


def compare_each(pairs):
    """Return a :class:`Comparison` for each of several pairs, corrected for their number.

    A pair are two boolean arrays ``(seeds, images)``, the answers to the same images. One seed:
    exact McNemar test, interval of Bonett and Price (2012, "Adjusted Wald confidence interval for
    a difference of binomial proportions based on paired data"). Several: t-test on
    :func:`crossed_difference`, and its interval. Raises ``ValueError`` when shapes differ.
    """
    tables = []
    for pair in pairs:
        a, b = (np.asarray(correct, bool) for correct in pair)
        if a.shape != b.shape or a.ndim != 2:
            raise ValueError(f"answers of shape {a.shape} against {b.shape}")
        compared = _compare(_Answers(a[None]), _Answers(b[None]))
        tables.append({name: values.ravel() for name, values in compared.items()})
    if not tables:
        return []
    corrected = _corrected({name: np.concatenate([t[name] for t in tables]) for name in tables[0]})
    return [_comparison(corrected, row) for row in range(len(tables))]


def compare_all(answers):
    """Compare every pair of models, and correct for having looked at them all.

    ``answers`` maps model to seed to a boolean array ``(images,)``. Returns the :class:`Pairs`.
    A pair is compared on the seeds that both have, and left out when there are none. The
    correction is Holm's over all pairs, which allows for the best model being picked from the
    same data. The variance between seeds is that of the pair, and never less than is
    :func:`typical_spread` of the study: of a few trainings, some by chance lie close together.
    """
    models = list(answers)
    typical = typical_spread(
        [np.array(list(of_model.values())) for of_model in answers.values() if len(of_model) > 1]
    )
    places_by_seeds = {}
    for place, model in enumerate(models):
        places_by_seeds.setdefault(tuple(answers[model]), []).append(place)

    def of(places, seeds):
        return _Answers(np.array([[answers[models[p]][seed] for seed in seeds] for p in places]))

    tables = []
    for (seeds_a, places_a), (seeds_b, places_b) in product(places_by_seeds.items(), repeat=2):
        seeds = [seed for seed in seeds_a if seed in seeds_b]
        if not seeds:
            continue
        size = _block_size(len(seeds) * len(answers[models[places_a[0]]][seeds[0]]))
        for a in _blocks(places_a, size):
            # Each pair once, the model that comes first in the study set against the other.
            later = [b for b in _blocks(places_b, size) if a[0] < b[-1]]
            answers_a = of(a, seeds) if later else None
            for b in later:
                chosen = a[:, None] < b
                row, column = np.nonzero(chosen)
                compared = _compare(answers_a, of(b, seeds), typical)
                values = {name: values[chosen] for name, values in compared.items()}
                tables.append(pd.DataFrame({"a": a[row], "b": b[column]} | values))
    return Pairs(models, tables)


def _block_size(answers):
    """Return how many models of so many answers each are compared at once."""
    return min(_BLOCK, max(1, _MOST_ANSWERS // answers))


def _blocks(places, size):
    """Cut a rising list of places into arrays of at most ``size``."""
    return [np.array(places[start : start + size]) for start in range(0, len(places), size)]


class Pairs(Mapping):
    """The pairs of a study's models: ``(a, b)``, both ways round, to :class:`Comparison`.

    They are kept as a table, since a thousand models have half a million. ``tables`` are
    DataFrames with the models by their places in ``models``, ``a`` before ``b``, and what
    :func:`_compare` returns. A pair that was not compared is a KeyError.
    """

    def __init__(self, models, tables):
        self._models = models
        self._place = {model: place for place, model in enumerate(models)}
        table = pd.concat(tables).sort_values(["a", "b"]) if tables else pd.DataFrame()
        columns = {name: column.to_numpy() for name, column in table.items()}
        self._a, self._b = (columns.pop(name, np.array([], int)) for name in ("a", "b"))
        self._columns = _corrected(columns) if columns else {}
        self._row = np.full((len(models), len(models)), -1, np.int32)
        self._row[self._a, self._b] = self._row[self._b, self._a] = np.arange(len(self._a))

    @property
    def any_on_one_seed(self):
        """Whether any two models are compared on one seed only."""
        return bool(np.isnan(self._columns.get("ahead", [])).any())

    @property
    def all_on_one_seed(self):
        """Whether there are pairs, and each is compared on one seed only."""
        return len(self) > 0 and bool(np.isnan(self._columns["ahead"]).all())

    def __getitem__(self, pair):
        a, b = (self._place[model] for model in pair)
        row = self._row[a, b]
        if row < 0:
            raise KeyError(pair)
        found = _comparison(self._columns, row)
        return found if a < b else found.reversed()

    def __iter__(self):
        for a, b in zip(self._a, self._b, strict=True):
            pair = self._models[a], self._models[b]
            yield pair
            yield pair[::-1]

    def __len__(self):
        return 2 * len(self._a)


def _comparison(columns, row):
    """Return one row of what :func:`_corrected` returns, ``ahead`` being NaN for one seed."""
    values = {name: column[row].item() for name, column in columns.items()}
    return Comparison(**values | {"ahead": None if np.isnan(values["ahead"]) else values["ahead"]})


def _compare(a, b, typical=None):
    """Compare each of a's models with each of b's; ``a`` and ``b`` are :class:`_Answers`.

    Returns arrays (models of a, models of b) by name: fields of a :class:`Comparison`, and the
    ``value``, ``error`` and ``freedom`` from which :func:`_corrected` makes the others. ``ahead``
    is NaN with one seed. ``typical`` is a :class:`Spread` or None.
    """
    seeds, images = a.correct.shape[1:]
    right_a, right_b = a.right[:, None], b.right
    both = _inner_products(a.correct, b.correct)
    only_a, only_b = right_a - both, right_b - both
    mean = _difference(a, b, typical)
    if seeds == 1:
        p, ahead = _mcnemar(only_a, only_b), np.full(both.shape, np.nan)
    else:
        p = 2 * special.stdtr(mean.freedom, -abs(mean.value) / mean.error)
        ahead = probability_ahead(a.by_seed[:, None], b.by_seed)
    return {
        "difference": (only_a - only_b) / (seeds * images),
        "only_a": only_a,
        "only_b": only_b,
        "p": p,
        "ahead": ahead,
        **vars(mean),
    }


def _corrected(columns):
    """Correct pairs, arrays by name as of :func:`_compare`, for there being so many of them.

    The p-values are Holm's. The intervals have the confidence 1 - LEVEL / pairs each, so together
    1 - LEVEL (Bonferroni). On zero the test has the last word, since a verdict rests on it: it
    takes more steps than Bonferroni, and with one seed it is exact where the interval is not. An
    interval is widened to zero where the test does not reject it, and ends short of zero where
    it does.
    """
    columns = dict(columns)
    value, error, freedom = (columns.pop(name) for name in ("value", "error", "freedom"))
    p_holm = _holm(columns["p"])
    margin = special.stdtrit(freedom, 1 - LEVEL / 2 / len(value)) * error
    low, high = np.maximum(value - margin, -1.0), np.minimum(value + margin, 1.0)
    differ, positive = p_holm < LEVEL, columns["difference"] > 0
    least = np.finfo(float).tiny
    low = np.where(~differ, np.minimum(low, 0), np.where(positive, np.maximum(low, least), low))
    high = np.where(
        ~differ, np.maximum(high, 0), np.where(positive, high, np.minimum(high, -least))
    )
    return columns | {"p_holm": p_holm, "low": low, "high": high}


def _inner_products(x, y):
    """Return the sums of products of each of x with each of y, int64 (n, m).

    ``x`` is an array (n, ...) and ``y`` (m, ...), both of whole numbers, 0 or more.
    """
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    largest = x.shape[1] * int(x.max(initial=0)) * int(y.max(initial=0))
    # Products of floats are fast, and sums of whole numbers are exact up to 2 ** 24 in float32.
    precision = np.float32 if largest <= 2**24 else np.float64
    return np.rint(x.astype(precision) @ y.astype(precision).T).astype(np.int64)


def _mcnemar(only_a, only_b):
    """Return the p-values of exact McNemar tests, float64 of the shape of both counts."""
    # The test is the same the other way round.
    counts = np.sort([only_a.ravel(), only_b.ravel()], axis=0)
    different, place = np.unique(counts, axis=1, return_inverse=True)
    p = [_exact_mcnemar(a, b) for a, b in different.T.tolist()]
    return np.array(p, float)[place.reshape(only_a.shape)]


@cache
def _exact_mcnemar(only_a, only_b):
    return float(mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue)


def holm(p_values):
    """Return the p-values corrected by Holm's step-down method (1979), in the same order."""
    return _holm(p_values).tolist()


def _holm(p_values):
    return multipletests(p_values, method="holm")[1] if len(p_values) else np.array([])


@dataclass(frozen=True)
class Spread:
    """What the trainings of one model typically add: a mean square, and its degrees of freedom."""

    mean_square: float
    freedom: float


# A mean square is not taken for typical that is more than so many times the median one.
_ODD = 2
# A median is about as sure as a mean of so many times as many values.
_MEDIAN_EFFICIENCY = 0.6


def typical_spread(answers):
    """Return the :class:`Spread` of a study's models, or None where ``answers`` are of none.

    ``answers`` are boolean arrays ``(seeds, images)`` of at least two seeds each. It is the mean
    of their mean squares between seeds, weighted by degrees of freedom, but at most twice
    the (median-unbiased) median, so that one odd model does not stand for all.
    """
    if not answers:
        return None
    squares = np.array([_Answers(correct[None]).mean_squares[1, 0] for correct in answers])
    freedom = np.array([len(correct) - 1.0 for correct in answers])
    mean = np.average(squares, weights=freedom)
    median = np.median(squares * freedom / special.chdtri(freedom, 0.5))
    return Spread(float(min(mean, _ODD * median)), float(_MEDIAN_EFFICIENCY * freedom.sum()))


def probability_ahead(a, b):
    """Return the share of pairs (one of ``a``, one of ``b``) with the first higher, ties half.

    ``a`` and ``b`` are arrays ``(..., seeds)``, the result is ``(...)``. The share estimates the
    probability that a training of a beats one of b, which Bouthillier et al. (2021, "Accounting
    for variance in machine learning benchmarks") recommend to report; Vargha and Delaney's A
    (2000).
    """
    signs = np.sign(np.asarray(a)[..., :, None] - np.asarray(b)[..., None, :])
    return (1 + signs.mean(axis=(-2, -1))) / 2


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
    """A mean over seeds and images with its standard error and degrees of freedom.

    Arrays stand for several means.
    """

    value: float | np.ndarray
    error: float | np.ndarray
    freedom: float | np.ndarray

    @property
    def margin(self):
        """Half the width of the interval."""
        return special.stdtrit(self.freedom, 1 - LEVEL / 2) * self.error


def crossed_mean(correct):
    """Return the :class:`CrossedMean` of answers ``(seeds, images)``, at least two of each.

    The variance is (MS_images + MS_seeds - MS_rest) / (seeds * images), the mean squares being
    those of a two-way layout, as for readers who all judge the same cases (Obuchowski and
    Rockette 1995), and never less than what the images alone account for.
    """
    answers = _Answers(correct[None])
    seeds, images = correct.shape
    squares = answers.mean_squares[:, 0]
    value, of_images = float(correct.mean()), squares[0] / (seeds * images)
    return _single(_with_seeds(value, of_images, squares, 1, seeds, images))


def crossed_difference(correct_a, correct_b):
    """Return the :class:`CrossedMean` of a's answers minus b's, both ``(seeds, images)``.

    What the images add to the variance is taken from the differences image by image, with two
    images added, one that only a gets right and one that only b does: with one seed, exactly
    as Bonett and Price do. What the trainings add is (MS_seeds - MS_rest) / (seeds * images),
    zero or more, summed over the two models. With one seed the trainings are taken as given.
    """
    return _single(_difference(_Answers(correct_a[None]), _Answers(correct_b[None])))


def _single(mean):
    """Return the one :class:`CrossedMean` that arrays stand for."""
    return CrossedMean(**{name: np.ravel(value).item() for name, value in vars(mean).items()})


def _difference(a, b, typical=None):
    """Return :func:`crossed_difference` of each of a's models and b's, arrays (of a, of b).

    The mean square between seeds is at least that of a ``typical`` :class:`Spread`.
    """
    seeds, images = a.correct.shape[1:]
    square = a.square[:, None] + b.square - 2 * _inner_products(a.by_image, b.by_image)
    value = (a.right[:, None] - b.right) / (seeds * (images + 2))
    of_images = ((square / seeds**2 + 2) / (images + 2) - value**2) / (images + 2)
    squares = a.mean_squares[:, :, None] + b.mean_squares[:, None] if seeds > 1 else None
    return _with_seeds(value, of_images, squares, 2, seeds, images, typical)


def _with_seeds(value, of_images, mean_squares, models, seeds, images, typical=None):
    """Add what the trainings of one or two ``models`` contribute to the variance ``of_images``.

    ``mean_squares`` are the sums over these, float64 (3, ...), or None with one seed. The degrees
    of freedom are Satterthwaite's, as only those of the mean square between seeds are few. Its
    share of the variance comes from its median-unbiased estimate: the plain one is too low more
    often than not, and then promises too many degrees of freedom just when the variance is too
    low as well. ``typical`` is a :class:`Spread` below which the mean square is not taken to be.
    """
    if seeds == 1:
        return CrossedMean(value, np.sqrt(of_images), np.full_like(of_images, np.inf))
    _, between, rest = mean_squares / (seeds * images)
    freedom = np.full_like(between, models * (seeds - 1))
    if typical is not None:
        least = models * typical.mean_square / (seeds * images)
        freedom = np.where(between < least, np.maximum(freedom, typical.freedom), freedom)
        between = np.maximum(between, least)
    between = np.maximum(between, rest)
    variance = of_images + between - rest
    likely = between * freedom / special.chdtri(freedom, 0.5)
    others = np.maximum(of_images - rest, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = np.where(likely > 0, freedom * ((others + likely) / likely) ** 2, np.inf)
    return CrossedMean(value, np.sqrt(variance), freedom)


class _Answers:
    """Answers ``correct``, bool (models, seeds, images), with what is counted in them once."""

    def __init__(self, correct):
        self.correct = correct
        self.by_image = correct.sum(axis=1, dtype=np.int64)
        self.by_seed = correct.sum(axis=2, dtype=np.int64)
        self.right = self.by_seed.sum(axis=1)

    @cached_property
    def square(self):
        """Sums over the images of the squared number of seeds that are right, int64 (models,)."""
        return (self.by_image**2).sum(axis=1)

    @cached_property
    def mean_squares(self):
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


def _wilson(share, count):
    low, high = proportion_confint(share * count, count, alpha=LEVEL, method="wilson")
    return float(low), float(high)
