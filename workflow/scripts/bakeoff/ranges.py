"""Where the models are: a range that one odd model does not stretch."""

from collections.abc import Sequence
from statistics import median

from bakeoff.results import Model

FAR = 6
"""What is so many times the median distance away from the median is far out."""


def robust_range(
    values: Sequence[float],
    lows: Sequence[float] = (),
    highs: Sequence[float] = (),
    near: float = 0,
) -> tuple[float, float]:
    """Return the lowest and the highest of the ``values``, at least one, that are not far out.

    The intervals from ``lows`` to ``highs``, one a value, count as far as they are not far out
    themselves; half their median length, three times, is never far, nor is ``near``.
    """
    middle = median(values)
    far = max(near, FAR * median(abs(value - middle) for value in values))
    if lows:
        far = max(far, 1.5 * median(high - low for low, high in zip(lows, highs, strict=True)))
    if not far:
        return min(values), max(values)
    ends = [min(max(end, middle - far), middle + far) for end in (*lows, *highs)]
    inside = [value for value in values if abs(value - middle) <= far]
    kept = [
        end
        for end, value in zip(ends, (*values, *values), strict=False)
        if abs(value - middle) <= far
    ]
    return min([*inside, *kept]), max([*inside, *kept])


def share_range(models: Sequence[Model]) -> tuple[float, float]:
    """Return the ends of an axis that shows where the models' accuracies are, shares of 1.

    It is that of the models that learned something, if any, and has some room at its ends; with
    no model that has an accuracy, it is from 0 to 1.
    """
    learned = [model for model in models if model.above_chance is not False] or models
    scores = [model.score for model in learned if model.score]
    if not scores:
        return 0.0, 1.0
    low, high = robust_range(
        [score.value for score in scores],
        [score.low for score in scores],
        [score.high for score in scores],
    )
    room = 0.04 * (high - low) or 0.005
    return low - room, high + room
