"""Where the models are: a range that one odd model does not stretch, and what lies beyond it."""

from collections.abc import Mapping, Sequence
from statistics import median

from bakeoff import wording as w
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


def share_range(
    models: Sequence[Model], published: Mapping[str, float] | None = None
) -> tuple[float, float]:
    """Return the ends of an axis that shows where the models' accuracies are, shares of 1.

    It is that of the models that learned something, if any, of those within it also of their seeds
    and of what is ``published`` of them, by their keys, as far as these are not far out. It has
    some room at its ends; with no model that has an accuracy, it is from 0 to 1.
    """
    learned = [model for model in models if model.above_chance is not False] or models
    scores = {model.model: model.score for model in learned if model.score}
    if not scores:
        return 0.0, 1.0
    low, high = robust_range(
        [score.value for score in scores.values()],
        [score.low for score in scores.values()],
        [score.high for score in scores.values()],
    )
    inside = {key: score for key, score in scores.items() if low <= score.value <= high}
    points = [share for score in inside.values() for share in score.by_seed.values()]
    points += [share for key, share in (published or {}).items() if key in inside]
    # Seeds spread more than their means: those no farther off than the means' range is long stay.
    lowest, highest = robust_range(points, near=high - low)
    low, high = min(low, lowest), max(high, highest)
    room = 0.04 * (high - low) or 0.005
    return low - room, high + room


def seeds_beyond(model: Model, ends: tuple[float, float]) -> tuple[list[float], list[float]]:
    """Return the accuracies, shares of 1, of a model's seeds below and above an axis' ``ends``.

    There are none on a side where the model's mean lies as well as all its seeds: what says so of
    the mean says it of these.
    """
    if model.score is None:
        return [], []
    (low, high), mean, seeds = ends, model.score.value, sorted(model.score.by_seed.values())
    below, above = [one for one in seeds if one < low], [one for one in seeds if one > high]
    return (
        [] if mean < low and len(below) == len(seeds) else below,
        [] if mean > high and len(above) == len(seeds) else above,
    )


def said_beyond(
    models: Sequence[Model],
    ends: tuple[float, float],
    published: Mapping[str, float] | None = None,
    most: int = 3,
) -> list[str]:
    """Return at most one sentence, on what has no place between an axis' ``ends``, shares of 1.

    It is on seeds and on what is ``published``, shares of 1 by the models' keys. Up to ``most``
    models are named, of more it says how many they are.
    """
    low, high = ends
    seeds = [seeds_beyond(model, ends) for model in models]
    claims = [(published or {}).get(model.model, low) for model in models]
    kinds = [
        (("seed", "seeds"), [below for below, _ in seeds]),
        (("seed", "seeds"), [above for _, above in seeds]),
        (
            ("published accuracy", "published accuracies"),
            [[] if low <= one <= high else [one] for one in claims],
        ),
    ]
    parts = [part for nouns, shares in kinds for part in _told(nouns, models, shares, most)]
    sides = [arrow for arrow, (_, shares) in zip("◄►", kinds, strict=False) if any(shares)]
    marked = f" ({' '.join(sides)})" if sides else ""
    return [f"Beyond the scale{marked}: {w.listing(parts)}"] if parts else []


def _told(nouns, models, shares, most):
    """Yield how many of the ``shares``, a list a model, there are, of which models, and where."""
    grouped = [(model.name, found) for model, found in zip(models, shares, strict=True) if found]
    if len(grouped) > most:
        grouped = [(f"{len(grouped)} models", [one for _, found in grouped for one in found])]
    for of, found in grouped:
        ends = w.distinct(w.percent(end) for end in (min(found), max(found)))
        yield f"{w.count(len(found), *nouns)} of {of} ({' to '.join(ends)})"
