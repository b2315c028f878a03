"""Do architectures that share a trait do better? They are the sample here, and there are few."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial, inf, prod
from typing import Any

import numpy as np

from bakeoff.analysis.models import MeasuredModel
from bakeoff.analysis.significance import holm
from bakeoff.levels import LEVEL
from bakeoff.numbers import Group, Trait, Traits

_RESAMPLES = 9999

# Statistics that differ by no more than this share of all squares are the same.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Grouping:
    """A trait and how to group by it.

    ``value`` takes what :func:`bakeoff.analysis.traits.model_traits` returns and gives a value by
    which groups are named apart and sorted, or None for a model to which the trait does not apply.
    ``label`` names the group with one value.
    """

    name: str
    value: Callable
    label: Callable


_PADDING = {
    "none": "no padding",
    "some": "fewer than half of the convolutions padded",
    "half or more": "half of the convolutions padded or more",
}


def _pooling_order(traits):
    return (traits["pooling_every"] or inf) if traits["poolings"] else None


def _pooling_label(every):
    if every == inf:
        return "pooling in no regular order"
    return f"pooling after every {f'{every} convolutions' if every > 1 else 'convolution'}"


TRAITS = [
    Grouping(
        "padding",
        lambda traits: traits["padding"] and [*_PADDING].index(traits["padding"]),
        lambda level: [*_PADDING.values()][level],
    ),
    Grouping("pooling frequency", _pooling_order, _pooling_label),
    Grouping("kernel size", lambda t: t["kernel"], lambda k: k if k == "mixed" else f"mostly {k}"),
    Grouping(
        "branching",
        lambda traits: traits["branches"] > 1,
        lambda branched: "branches or shortcuts" if branched else "no branches",
    ),
]


@dataclass(frozen=True)
class Architecture:
    """The models that have one architecture: several where they differ in their training only.

    ``accuracy`` and ``gap`` are the means of theirs, shares of 1.
    """

    models: list[MeasuredModel]

    @property
    def keys(self) -> list[str]:
        return [model.key for model in self.models]

    @property
    def traits(self) -> dict[str, Any]:
        return self.models[0].traits

    @property
    def accuracy(self) -> float:
        return float(np.mean([model.score.value for model in self.models]))

    @property
    def gap(self) -> float:
        return float(np.mean([model.overfitting.gap for model in self.models]))


def traits(models: Iterable[MeasuredModel]) -> Traits:
    """Return the :class:`bakeoff.numbers.Traits` of models that learned."""
    architectures = architectures_of(models)
    looked_at = [trait.name for trait in TRAITS]
    return Traits(looked_at, [one.keys for one in architectures], compare_groups(architectures))


def architectures_of(models: Iterable[MeasuredModel]) -> list[Architecture]:
    """Return the :class:`Architecture` of each of ``models``, each once, in their order.

    Models have one architecture when their layers are equal but for the names, and their numbers
    of parameters. Where layers are not all known, each is taken to have its own.
    """
    by_layers: dict[str, list[MeasuredModel]] = {}
    for model in models:
        known = model.traits["complete"] and model.card["layers"]
        by_layers.setdefault(_layers(model) if known else model.key, []).append(model)
    return [Architecture(same) for same in by_layers.values()]


def _layers(model):
    """Return a model's layers, by their order instead of their names, as one text."""
    layers = model.card["layers"]
    place = {layer["name"]: number for number, layer in enumerate(layers)}
    nameless = [
        layer | {"name": None, "inputs": [place[name] for name in layer["inputs"]]}
        for layer in layers
    ]
    return json.dumps([model.card["parameters"], nameless], sort_keys=True)


def compare_groups(architectures: Sequence[Architecture]) -> list[Trait]:
    """Return a :class:`bakeoff.numbers.Trait` for each trait in which ``architectures`` differ.

    These are what :func:`architectures_of` returns: an architecture trained in two ways is one
    sample of its traits, not two.

    The p-values are Holm-corrected over the traits tested.
    """
    compared = []
    for trait in TRAITS:
        groups = _groups(trait, architectures)
        if len(groups) > 1:
            accuracies = [[one.accuracy for one in group] for group in groups.values()]
            described = [_describe(label, group) for label, group in groups.items()]
            compared.append(Trait(trait.name, described, permutation_p(accuracies)))
    corrected = iter(holm([trait.p for trait in compared if trait.p is not None]))
    return [
        trait if trait.p is None else replace(trait, p_holm=next(corrected)) for trait in compared
    ]


def permutation_p(groups: Sequence[Sequence[float]]) -> float | None:
    """Return the p-value that groups of accuracies have one mean, from permutations.

    ``groups`` are sequences of floats, one at least in each. The statistic is the sum of squares
    between the groups. All arrangements are gone through where there are no more than 9,999,
    otherwise that many random ones with a fixed seed. None where even the clearest result could
    not be below the level.
    """
    sizes = [len(group) for group in groups]
    arrangements = factorial(sum(sizes)) // prod(map(factorial, sizes))
    # Swapping groups of one size leaves the statistic as it is.
    same = prod(factorial(sizes.count(size)) for size in set(sizes))
    if same / arrangements >= LEVEL:
        return None
    values = np.concatenate(groups)
    # Sums of small numbers lose less to rounding, which must not part arrangements that tie.
    values = values - values.mean()
    places = range(len(values))
    # As scipy.stats.permutation_test does, which refuses groups of one.
    exact = arrangements <= _RESAMPLES
    if exact:
        orders = list(_arrangements(places, sizes))
    else:
        generator = np.random.default_rng(0)
        orders = [generator.permutation(len(values)) for _ in range(_RESAMPLES)]
    observed, *found = _between(values[np.array([places, *orders])], sizes)
    least = observed - _ROUNDING * np.sum(values**2)
    as_clear = int(np.count_nonzero(np.array(found) >= least))
    if exact:
        return as_clear / len(orders)
    # The one observed is an arrangement too.
    return (as_clear + 1) / (len(orders) + 1)


def _arrangements(places, sizes):
    """Yield every way to deal ``places`` to groups of ``sizes``, as one tuple, group by group."""
    if not sizes:
        yield ()
        return
    for group in combinations(places, sizes[0]):
        taken = set(group)
        left = [place for place in places if place not in taken]
        for others in _arrangements(left, sizes[1:]):
            yield group + others


def _between(values, sizes):
    """Return the sums of squares between groups of ``sizes``, float64 (arrangements,).

    ``values`` float64 (arrangements, sum of sizes) have the mean 0 and stand group by group.
    """
    starts = np.cumsum([0, *sizes[:-1]])
    return (np.add.reduceat(values, starts, axis=1) ** 2 / sizes).sum(axis=1)


def _groups(trait, architectures):
    """Return the architectures by group label, one group a value.

    Those whose layers are not all known are left out: what their insides add is not counted.
    """
    valued = [(trait.value(one.traits), one) for one in architectures if one.traits["complete"]]
    groups = {}
    for value in sorted({value for value, _ in valued if value is not None}):
        groups[trait.label(value)] = [one for other, one in valued if other == value]
    return groups


def _describe(label, architectures):
    accuracies = [one.accuracy for one in architectures]
    return Group(
        label=label,
        architectures=[one.keys for one in architectures],
        mean=float(np.mean(accuracies)),
        low=min(accuracies),
        high=max(accuracies),
        gap=float(np.mean([one.gap for one in architectures])),
    )
