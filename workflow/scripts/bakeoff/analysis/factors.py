"""What one difference, an argument or a setting, does between contenders otherwise equal."""

from itertools import combinations

import numpy as np

from bakeoff import wording as w
from bakeoff.analysis.crossed import contrast, limits
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.numbers import LEVEL, Factor


def factors(results: MeasuredStudy) -> list[Factor]:
    """Return a :class:`bakeoff.numbers.Factor` for every two values of each thing that is varied.

    ``results`` is the :class:`bakeoff.analysis.ranking.MeasuredStudy`. What counts are pairs of
    models that learned and differ in this one thing, on the seeds that all of them have. The
    intervals hold together (Bonferroni).
    """
    found = [
        (about, pairs, seeds)
        for about, pairs in _by_factor(results.learned).items()
        if (seeds := _common_seeds(pairs))
    ]
    if not found:
        return []
    of, typical = results.sample.ranking, results.typical
    return [_factor(about, pairs, seeds, of, typical, len(found)) for about, pairs, seeds in found]


def _factor(about, pairs, seeds, of, typical, number):
    name, low_value, high_value = about
    models = [model for pair in pairs for model in pair]
    answers = of(np.array([[model.correct[seed] for seed in seeds] for model in models]))
    single = np.diagonal(answers.difference(answers), 1)[::2]
    mean = contrast(answers, np.tile([1, -1], len(pairs)) / len(pairs), typical)
    difference = single.mean()
    low, high = limits(difference, mean.value, mean.margin_of(number))
    if answers.least_p * number >= LEVEL:
        # So few groups of images that no test could tell.
        low, high = min(low, 0.0), max(high, 0.0)
    return Factor(
        name=name,
        values=[low_value, high_value],
        pairs=[[high.key, low.key] for high, low in pairs],
        differences=single.tolist(),
        difference=float(difference),
        low=float(low),
        high=float(high),
        seeds=len(seeds),
    )


def _common_seeds(pairs):
    """Return the seeds that all models of some pairs finished, in order."""
    first, *others = [model for pair in pairs for model in pair]
    return [seed for seed in first.correct if all(seed in model.correct for model in others)]


def _by_factor(models):
    """Map (name, value, other value) to pairs (with the other, with the one) of equal models."""
    described = [(model, _described(model.card)) for model in models]
    order = {}
    for _, one in described:
        for path, value in one.items():
            order.setdefault((path, w.setting(value)), len(order))
    found = {}
    for path in dict.fromkeys(path for _, one in described for path in one):
        alike = {}
        for model, one in described:
            if path in one and path != ("architecture",):
                rest = frozenset((key, w.setting(one[key])) for key in one if key != path)
                alike.setdefault(rest, {}).setdefault(w.setting(one[path]), (one[path], model))
        for group in alike.values():
            held = sorted(
                group.values(), key=lambda each: _rank(each[0], order[path, w.setting(each[0])])
            )
            for (low, model), (high, other) in combinations(held, 2):
                found.setdefault(_called(path, low, high), []).append((other, model))
    return found


def _described(card):
    """Return all that is chosen for a run: its architecture, arguments and settings, by path."""
    chosen = {(key,): value for key, value in card["training"].items()}
    chosen |= {(key,): card[key] for key in ("epochs", "precision", "backend")}
    arguments = {("argument", key): value for key, value in card["arguments"].items()}
    return {("architecture",): card["architecture"], **arguments, **chosen}


def _rank(value, first):
    """Numbers go from low to high, all else in the order of the models."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return (0, value) if number else (1, first)


def _called(path, low, high):
    """Return (name, value, other value); of two optimizers of one name, their one difference.

    So of two augmentations, of which one may be none at all.
    """
    name, absent, parts = path[-1], "default", (low, high)
    if name == "augmentation":
        absent, parts = None, (low or {}, high or {})
    one, other = parts
    if isinstance(one, dict) and isinstance(other, dict) and one.get("name") == other.get("name"):
        unlike = [key for key in {**one, **other} if one.get(key) != other.get(key)]
        if len(unlike) == 1:
            [name] = unlike
            low, high = one.get(name, absent), other.get(name, absent)
    return name.replace("_", " "), w.setting(low), w.setting(high)
