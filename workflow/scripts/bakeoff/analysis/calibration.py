"""Whether a network is right as often as its probabilities say.

The confidence of an answer is the probability of the class answered. A network is calibrated
where, of the predictions with confidence c, the share c is right.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from bakeoff.levels import LEVEL
from bakeoff.numbers import Bin, Calibration

BINS = 15
"""Number of bins of the confidence: that of Guo et al., and since then the usual one."""

EDGES = np.linspace(0, 1, BINS + 1)
"""The bins' edges; a bin holds its upper edge and not its lower one."""

_DRAWS = 1000


@dataclass(frozen=True, eq=False)
class Reliability:
    """Sums over the predictions in each bin of confidence, all (BINS,).

    ``predictions`` and ``right`` are counts (int64), ``confidence`` is a sum of probabilities and
    ``doubts`` one of squares of what these lack of 1 (float64). Sums of two sets of predictions can
    be added. ``of_groups`` (groups, BINS), where the images come in groups, holds what each group
    adds to ``right`` minus ``confidence``; of a sum of two sets it is not known.
    """

    predictions: np.ndarray
    right: np.ndarray
    confidence: np.ndarray
    doubts: np.ndarray
    of_groups: np.ndarray | None = None

    def __add__(self, other: "Reliability") -> "Reliability":
        return Reliability(
            self.predictions + other.predictions,
            self.right + other.right,
            self.confidence + other.confidence,
            self.doubts + other.doubts,
        )

    @property
    def expected_calibration_error(self) -> float:
        """Mean over the predictions of the distance between a bin's confidence and its accuracy.

        A share of 1; the ECE of Naeini, Cooper and Hauskrecht (2015) with the bins of Guo,
        Pleiss, Sun and Weinberger (2017), "On Calibration of Modern Neural Networks", ICML.
        """
        return float(np.abs(self.confidence - self.right).sum() / self.predictions.sum())

    @cached_property
    def by_chance(self) -> tuple[float, float]:
        """Mean and 95 % point of a calibrated network's expected calibration error, shares of 1.

        Such errors are drawn, with a fixed seed: each answer is right with the probability that is
        its confidence (consistency resampling: Bröcker and Smith 2007, "Increasing the reliability
        of reliability diagrams"; for this error Vaicenavicius et al. 2019, "Evaluating model
        calibration in classification"). The wrong predictions of a bin, a sum of unlike Bernoulli
        variables, are drawn from the binomial distribution with their mean and, but for rounding,
        their variance (Ehm 1991, "Binomial approximation to the Poisson binomial distribution").

        The answers in a group are not independent. What each group strays by in all bins could as
        well have been the other way round: its sign is drawn (the wild bootstrap by clusters of
        Cameron, Gelbach and Miller 2008, with the null hypothesis imposed).
        """
        errors = self._drawn() if self.of_groups is None else self._drawn_by_groups()
        return float(errors.mean()), float(np.quantile(errors, 1 - LEVEL))

    def _drawn(self):
        """Return calibrated networks' errors (draws,) where each image is one by itself."""
        filled = self.predictions > 0
        # Rounding may put a probability above 1.
        wrong = np.maximum((self.predictions - self.confidence)[filled], 0)
        doubts = np.maximum(self.doubts[filled], np.finfo(float).tiny)
        trials = np.clip(np.rint(wrong**2 / doubts), 1, self.predictions[filled]).astype(int)
        draws = np.random.default_rng(0).binomial(
            trials, np.minimum(wrong / trials, 1), (_DRAWS, len(trials))
        )
        return np.abs(draws - wrong).sum(axis=1) / self.predictions.sum()

    def _drawn_by_groups(self):
        """Return calibrated networks' errors (draws,) where groups are the sample."""
        strays = _signs(len(self.of_groups)) @ self.of_groups
        return np.abs(strays).sum(axis=1) / self.predictions.sum()

    @property
    def mean_confidence(self) -> float:
        return float(self.confidence.sum() / self.predictions.sum())

    @property
    def bins(self) -> list[Bin]:
        """The :class:`bakeoff.numbers.Bin` of each bin."""
        rows = zip(
            EDGES[:-1], EDGES[1:], self.predictions, self.confidence, self.right, strict=True
        )
        return [
            Bin(
                low=float(low),
                high=float(high),
                predictions=int(predictions),
                confidence=float(confidence / predictions) if predictions else None,
                accuracy=float(right / predictions) if predictions else None,
            )
            for low, high, predictions, confidence, right in rows
        ]


@lru_cache(maxsize=1)
def _signs(groups):
    """Return the signs (draws, groups), -1 or 1, drawn once for all networks of a study."""
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (_DRAWS, groups))
    signs.flags.writeable = False
    return signs


NO_ANSWERS = Reliability(*np.zeros((2, BINS), int), *np.zeros((2, BINS)))


def calibration(runs: Sequence[Reliability], together: Reliability) -> Calibration:
    """Return a model's :class:`bakeoff.numbers.Calibration`.

    ``runs`` are the :class:`Reliability` of each run, ``together`` their sum. Error and chance are
    means over the runs, not those of all predictions together: the images are the same, so more
    runs make no more of them. The limit is that of runs that err alike; such as have less in
    common would together stray less.
    """
    return Calibration(
        ece=float(np.mean([one.expected_calibration_error for one in runs])),
        by_chance=float(np.mean([one.by_chance[0] for one in runs])),
        limit=float(np.mean([one.by_chance[1] for one in runs])),
        mean_confidence=together.mean_confidence,
        bins=together.bins,
    )


def reliability(
    confidence: np.ndarray, correct: np.ndarray, groups: np.ndarray | None = None
) -> Reliability:
    """Return the :class:`Reliability` of predictions with ``confidence`` float (n,) in [0, 1].

    ``correct`` bool (n,) tells which of them are right, ``groups`` int (n,) numbers the groups that
    the images come in, from 0 on, if they do.
    """
    confidence = np.asarray(confidence, np.float64)
    # The outer edges are left out, so that rounding cannot put a probability outside.
    bins = np.digitize(confidence, EDGES[1:-1], right=True)

    def sums(weights=None):
        return np.bincount(bins, weights, minlength=BINS)

    of_groups = None
    if groups is not None:
        shape = groups.max() + 1, BINS
        place, strays = groups * BINS + bins, correct - confidence
        of_groups = np.bincount(place, strays, minlength=math.prod(shape)).reshape(shape)
    doubts = (1 - confidence) ** 2
    right = sums(correct).astype(np.int64)
    return Reliability(sums(), right, sums(confidence), sums(doubts), of_groups)
