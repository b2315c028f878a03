"""Whether a network is right as often as its probabilities say.

The confidence of an answer is the probability of the class answered. A network is calibrated
where, of the answers with confidence c, the share c is right.
"""

from dataclasses import dataclass

import numpy as np

BINS = 15
"""Number of bins of the confidence: that of Guo et al., and since then the usual one."""

EDGES = np.linspace(0, 1, BINS + 1)
"""The bins' edges; a bin holds its upper edge and not its lower one."""


@dataclass(frozen=True, eq=False)
class Reliability:
    """Sums over the answers in each bin of confidence, all (BINS,).

    ``answers`` and ``right`` are counts (int64), ``confidence`` is a sum of probabilities
    (float64). Sums of two sets of answers can be added.
    """

    answers: np.ndarray
    right: np.ndarray
    confidence: np.ndarray

    def __add__(self, other):
        return Reliability(
            self.answers + other.answers,
            self.right + other.right,
            self.confidence + other.confidence,
        )

    @property
    def expected_calibration_error(self):
        """Mean over the answers of the distance between a bin's confidence and its accuracy.

        A share of 1; the ECE of Naeini, Cooper and Hauskrecht (2015) with the bins of Guo,
        Pleiss, Sun and Weinberger (2017), "On Calibration of Modern Neural Networks", ICML.
        """
        return float(np.abs(self.confidence - self.right).sum() / self.answers.sum())

    @property
    def mean_confidence(self):
        return float(self.confidence.sum() / self.answers.sum())

    @property
    def bins(self):
        """The bins as JSON-ready dicts; mean confidence and accuracy are None in an empty one."""
        rows = zip(EDGES[:-1], EDGES[1:], self.answers, self.confidence, self.right, strict=True)
        return [
            {
                "low": float(low),
                "high": float(high),
                "answers": int(answers),
                "confidence": float(confidence / answers) if answers else None,
                "accuracy": float(right / answers) if answers else None,
            }
            for low, high, answers, confidence, right in rows
        ]


NO_ANSWERS = Reliability(np.zeros(BINS, int), np.zeros(BINS, int), np.zeros(BINS))


def reliability(confidence, correct):
    """Return the :class:`Reliability` of answers with ``confidence`` float (n,) in [0, 1].

    ``correct`` bool (n,) tells which of them are right.
    """
    confidence = np.asarray(confidence, np.float64)
    # The outer edges are left out, so that rounding cannot put a probability outside.
    bins = np.digitize(confidence, EDGES[1:-1], right=True)

    def sums(weights=None):
        return np.bincount(bins, weights, minlength=BINS)

    return Reliability(sums(), sums(correct).astype(np.int64), sums(confidence))
