"""Whether two models differ, and how sure one can be of that, for every pair of a study.

Answers are boolean arrays ``(seeds, images)``, as in :mod:`bakeoff.analysis.crossed`.
``docs/statistics.md`` says how often each test errs on simulated studies.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from copy import copy
from itertools import product
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import special
from statsmodels.stats.multitest import multipletests

from bakeoff.analysis.crossed import (
    Answers,
    MakeAnswers,
    Spread,
    crossed_differences,
    inner_products,
    limits,
    typical_spread,
)
from bakeoff.levels import LEVEL
from bakeoff.numbers import Comparison

Key = TypeVar("Key", bound=Hashable)
"""What names a model."""

SHORT_OF_ZERO = 1e-9
"""Where the interval of a significant difference ends at the nearest: less than any difference."""

# So many models are compared with so many others at once: fewer where each has many answers, of
# which both sides are held as floats.
_BLOCK = 128
_MOST_ANSWERS = 2**23


def compare(correct_a: np.ndarray, correct_b: np.ndarray, of: MakeAnswers = Answers) -> Comparison:
    """Compare two models, and nothing else, by their answers: see :func:`compare_each`."""
    return compare_each([(correct_a, correct_b)], of)[0]


def compare_each(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]], of: MakeAnswers = Answers
) -> list[Comparison]:
    """Return a :class:`Comparison` for each of several pairs, corrected for their number.

    A pair are two boolean arrays ``(seeds, images)``, the answers to the same images, and ``of``
    makes :class:`Answers` of them, or :class:`bakeoff.analysis.sampling.Weighed`. One seed:
    exact McNemar test, interval of Bonett and Price (2012, "Adjusted Wald confidence interval for
    a difference of binomial proportions based on paired data"). Several: t-test on
    :func:`bakeoff.analysis.crossed.crossed_difference`, and its interval. Raises ``ValueError``
    when shapes differ.
    """
    tables = []
    for pair in pairs:
        a, b = (np.asarray(correct, bool) for correct in pair)
        if a.shape != b.shape or a.ndim != 2:
            raise ValueError(f"answers of shape {a.shape} against {b.shape}")
        compared = compare_columns(of(a[None]), of(b[None]))
        tables.append({name: values.ravel() for name, values in compared.items()})
    if not tables:
        return []
    corrected = corrected_columns(
        {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    )
    return [_comparison(corrected, row) for row in range(len(tables))]


def compare_all(
    answers: Mapping[Key, Mapping[int, np.ndarray]],
    of: MakeAnswers = Answers,
    typical: Spread | None = None,
) -> "Pairs[Key]":
    """Compare every pair of models, and correct for having looked at them all.

    ``answers`` maps model to seed to a boolean array ``(images,)``; ``of`` is as for
    :func:`compare_each`. Returns the :class:`Pairs`. A pair is compared on the seeds that both
    have, and left out when there are none. The correction is Holm's over all pairs, which allows
    for the best model being picked from the same data. The variance between seeds is that of the
    pair, and never less than is ``typical``, by default :func:`typical_spread_of`, of the study: of
    a few runs, some by chance lie close together.
    """
    models = list(answers)
    typical = typical or typical_spread_of(answers, of)
    places_by_seeds: dict[tuple[int, ...], list[int]] = {}
    for place, model in enumerate(models):
        places_by_seeds.setdefault(tuple(answers[model]), []).append(place)

    def chosen_answers(places, seeds):
        return of(np.array([[answers[models[p]][seed] for seed in seeds] for p in places]))

    tables = []
    for (seeds_a, places_a), (seeds_b, places_b) in product(places_by_seeds.items(), repeat=2):
        seeds = [seed for seed in seeds_a if seed in seeds_b]
        if not seeds:
            continue
        size = _block_size(len(seeds) * len(answers[models[places_a[0]]][seeds[0]]))
        for a in _blocks(places_a, size):
            # Each pair once, the model that comes first in the study set against the other.
            later = [b for b in _blocks(places_b, size) if a[0] < b[-1]]
            if not later:
                continue
            answers_a = chosen_answers(a, seeds)
            for b in later:
                chosen = a[:, None] < b
                row, column = np.nonzero(chosen)
                own = np.array_equal(a, b)
                answers_b = answers_a if own else chosen_answers(b, seeds)
                compared = compare_columns(answers_a, answers_b, typical)
                values = {name: values[chosen] for name, values in compared.items()}
                tables.append(pd.DataFrame({"a": a[row], "b": b[column]} | values))
    return Pairs(models, tables)


def typical_spread_of(
    answers: Mapping[Key, Mapping[int, np.ndarray]], of: MakeAnswers = Answers
) -> Spread | None:
    """Return the :func:`bakeoff.analysis.crossed.typical_spread` of the models with several seeds.

    ``answers`` and ``of`` are as for :func:`compare_all`.
    """
    several = [list(of_model.values()) for of_model in answers.values() if len(of_model) > 1]
    return typical_spread([np.array(correct) for correct in several], of)


def _block_size(answers):
    """Return how many models of so many answers each are compared at once."""
    return min(_BLOCK, max(1, _MOST_ANSWERS // answers))


def _blocks(places, size):
    """Cut a rising list of places into arrays of at most ``size``."""
    return [np.array(places[start : start + size]) for start in range(0, len(places), size)]


class Pairs(Mapping[tuple[Key, Key], Comparison]):
    """The pairs of a study's models: ``(a, b)``, both ways round, to :class:`Comparison`.

    They are kept as a table, since a thousand models have half a million. ``tables`` are
    DataFrames with the models by their places in ``models``, ``a`` before ``b``, and what
    :func:`compare_columns` returns. A pair that was not compared is a KeyError.
    """

    def __init__(self, models: Sequence[Key], tables: Sequence[pd.DataFrame]):
        self._models = models
        self._place = {model: place for place, model in enumerate(models)}
        table = pd.concat(tables).sort_values(["a", "b"]) if tables else pd.DataFrame()
        columns = {name: column.to_numpy() for name, column in table.items()}
        self._a, self._b = (columns.pop(name, np.array([], int)) for name in ("a", "b"))
        self._columns = corrected_columns(columns) if columns else {}
        self._row = np.full((len(models), len(models)), -1, np.int32)
        self._row[self._a, self._b] = self._row[self._b, self._a] = np.arange(len(self._a))

    @property
    def any_on_one_seed(self) -> bool:
        """Whether any two models are compared on one seed only."""
        return bool(np.isnan(self._columns.get("ahead", [])).any())

    @property
    def all_on_one_seed(self) -> bool:
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

    def better(self, model: Key) -> list[Key]:
        """Return the models that ``model`` is shown to be worse than, as a model."""
        place = self._place[model]
        others = np.flatnonzero(self._row[place] >= 0)
        if not len(others):
            return []
        found = {name: column[self._row[place, others]] for name, column in self._columns.items()}
        # As Comparison.told_apart of each.
        shown = (found["p_holm"] < found.get("level", LEVEL)) & ~np.isnan(found["ahead"])
        ahead = np.where(others < place, found["difference"], -found["difference"]) > 0
        return [self._models[other] for other in others[shown & ahead]]

    def judged(self, kept: np.ndarray, **columns: np.ndarray) -> "Pairs[Key]":
        """Return those of the pairs that are ``kept``, bool (pairs,), with other verdicts.

        ``columns`` are fields of :class:`Comparison`, float64 (pairs,). In all, each pair stands
        once, in order.
        """
        other = copy(self)
        other._a, other._b = self._a[kept], self._b[kept]
        columns = self._columns | columns
        other._columns = {name: column[kept] for name, column in columns.items()}
        other._row = np.full_like(self._row, -1)
        other._row[other._a, other._b] = other._row[other._b, other._a] = np.arange(len(other._a))
        return other


def _comparison(columns, row):
    """Return one row of what :func:`corrected_columns` returns; ``ahead`` is NaN for one seed."""
    values = {name: column[row].item() for name, column in columns.items()}
    return Comparison(**values | {"ahead": None if np.isnan(values["ahead"]) else values["ahead"]})


def compare_columns(a: Answers, b: Answers, typical: Spread | None = None) -> dict[str, np.ndarray]:
    """Compare each of a's models with each of b's; ``a`` and ``b`` are :class:`Answers`.

    Returns arrays (models of a, models of b) by name: fields of a :class:`Comparison`, and the
    ``value``, ``error`` and ``freedom`` from which :func:`corrected_columns` makes the others.
    ``ahead`` is NaN with one seed. ``typical`` is a :class:`Spread` or None.
    """
    both = inner_products(a.correct, b.correct)
    only_a, only_b = a.right[:, None] - both, b.right - both
    mean = crossed_differences(a, b, typical)
    if a.seeds == 1:
        p, ahead = a.of_networks(b, only_a, only_b), np.full(both.shape, np.nan)
    else:
        p, ahead = np.asarray(mean.p), probability_ahead(a.by_seed[:, None], b.by_seed)
    return {
        "difference": a.difference(b),
        "only_a": only_a,
        "only_b": only_b,
        "p": np.maximum(p, a.least_p),
        "ahead": ahead,
        **vars(mean),
    }


def corrected_columns(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Correct comparisons for there being so many of them.

    ``columns`` are arrays (comparisons,) by name: the ``difference``, ``p``, ``value``, ``error``
    and ``freedom`` of :func:`compare_columns`, and whatever else of it. Returns the same without
    the last three, with ``p_holm``, ``low`` and ``high``.

    The p-values are Holm's. The intervals have the confidence 1 - LEVEL / pairs each, so together
    1 - LEVEL (Bonferroni). On zero the test has the last word, since a verdict rests on it: it
    takes more steps than Bonferroni, and with one seed it is exact where the interval is not. An
    interval is widened to zero where the test does not reject it, and ends short of zero where
    it does. It always holds the difference itself.
    """
    columns = dict(columns)
    value, error, freedom = (columns.pop(name) for name in ("value", "error", "freedom"))
    p_holm = _holm(columns["p"])
    margin = special.stdtrit(freedom, 1 - LEVEL / 2 / len(value)) * error
    low, high = limits(columns["difference"], value, margin)
    low, high = ending_at_zero(low, high, columns["difference"], p_holm < LEVEL)
    return columns | {"p_holm": p_holm, "low": low, "high": high}


def ending_at_zero(
    low: np.ndarray, high: np.ndarray, difference: np.ndarray, differ: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return intervals of differences, (n,), that hold zero just where the models do not differ.

    ``differ`` is bool. An interval is widened to zero, or ends short of it.
    """
    positive, least = difference > 0, SHORT_OF_ZERO
    low = np.where(~differ, np.minimum(low, 0), np.where(positive, np.maximum(low, least), low))
    high = np.where(
        ~differ, np.maximum(high, 0), np.where(positive, high, np.minimum(high, -least))
    )
    return low, high


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values corrected by Holm's step-down method (1979), in the same order."""
    return _holm(p_values).tolist()


def _holm(p_values):
    return multipletests(p_values, method="holm")[1] if len(p_values) else np.array([])


def probability_ahead(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the share of pairs (one of ``a``, one of ``b``) with the first higher, ties half.

    ``a`` and ``b`` are arrays ``(..., seeds)``, the result is ``(...)``. The share estimates the
    probability that a run of a beats one of b, which Bouthillier et al. (2021, "Accounting
    for variance in machine learning benchmarks") recommend to report; Vargha and Delaney's A
    (2000).
    """
    signs = np.sign(np.asarray(a)[..., :, None] - np.asarray(b)[..., None, :])
    return (1 + signs.mean(axis=(-2, -1))) / 2
