"""What one difference, an argument or a setting, does between contenders otherwise equal."""

from collections import Counter
from itertools import combinations

import numpy as np

from bakeoff import wording as w
from bakeoff.analysis.crossed import contrast
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.analysis.recipes import called
from bakeoff.analysis.significance import compare_columns, corrected_columns
from bakeoff.numbers import Factor


def factors(results: MeasuredStudy) -> list[Factor]:
    """Return a :class:`bakeoff.numbers.Factor` for every two values of each thing that is varied.

    ``results`` is the :class:`bakeoff.analysis.ranking.MeasuredStudy`. What counts are pairs of
    models that learned and differ in this one thing, in their sound runs, on the seeds that all
    of them have. The p-values are corrected for the number of factors (Holm), and so are the
    intervals (Bonferroni): as those of all pairs of the study are for theirs.
    """
    found = {
        about: (pairs, seeds)
        for about, pairs in _by_factor(results.sound).items()
        if (seeds := _common_seeds(pairs))
    }
    if not found:
        return []
    of, typical = results.sample.ranking, results.typical
    each = [_compared(pairs, seeds, of, typical) for pairs, seeds in found.values()]
    numbers = ("difference", "p", "value", "error", "freedom")
    corrected = corrected_columns({name: np.array([one[name] for one in each]) for name in numbers})
    names = called({path for path, *_ in found})
    return [
        Factor(
            name=names[path],
            values=[low_value, high_value],
            pairs=[[high.key, low.key] for high, low in pairs],
            differences=each[place]["differences"],
            seeds=len(seeds),
            **{name: float(column[place]) for name, column in corrected.items()},
        )
        for place, ((path, low_value, high_value), (pairs, seeds)) in enumerate(found.items())
    ]


def _compared(pairs, seeds, of, typical):
    """Return the numbers of one factor's ``pairs`` by name, before any correction.

    Those of one pair are the ones that it has among all pairs of the study, of one run each
    the exact test.
    """
    weights = Counter()
    for high, low in pairs:
        weights[high] += 1 / len(pairs)
        weights[low] -= 1 / len(pairs)
    place = {model: number for number, model in enumerate(weights)}
    correct = np.array([[model.correct[seed] for seed in seeds] for model in weights])
    answers = of(correct)
    apart = answers.difference(answers)
    differences = [float(apart[place[high], place[low]]) for high, low in pairs]
    if len(pairs) == 1:
        columns = compare_columns(of(correct[:1]), of(correct[1:]), typical)
        found = {name: column.item() for name, column in columns.items()}
    else:
        mean = contrast(answers, np.array([*weights.values()]), typical)
        found = vars(mean) | {"p": max(mean.p, answers.least_p), "difference": np.mean(differences)}
    return found | {"differences": differences}


def _common_seeds(pairs):
    """Return the seeds that all models of some pairs finished, in order."""
    first, *others = [model for pair in pairs for model in pair]
    return [seed for seed in first.correct if all(seed in model.correct for model in others)]


def _by_factor(models):
    """Map (path, value, other value) to pairs (with the other, with the one) of equal models.

    Keyed by the whole path: an argument and a setting of one name are two things. Of all models
    with the same path, value and rest there is one, so none stands in two pairs of a factor.
    """
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
                found.setdefault(_difference(path, low, high), []).append((other, model))
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


def _difference(path, low, high):
    """Return (path, value, other value); of two optimizers of one name, of their one difference.

    So of two augmentations, of which one may be none at all.
    """
    absent, parts = "default", (low, high)
    if path == ("augmentation",):
        absent, parts = None, (low or {}, high or {})
    one, other = parts
    if isinstance(one, dict) and isinstance(other, dict) and one.get("name") == other.get("name"):
        unlike = [key for key in {**one, **other} if one.get(key) != other.get(key)]
        if len(unlike) == 1:
            [own] = unlike
            path, low, high = (*path, own), one.get(own, absent), other.get(own, absent)
    return path, w.setting(low), w.setting(high)
