"""Do architectures that share a trait do better? They are the sample here, and there are few."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import factorial, inf, prod

import numpy as np
from scipy import stats

from bakeoff.comparisons import LEVEL, holm
from bakeoff.measures import Model

_RESAMPLES = 9999


@dataclass(frozen=True)
class Trait:
    """A trait and how to group by it.

    ``value`` takes what :func:`bakeoff.traits.model_traits` returns and gives a value by which
    groups are told apart and sorted, or None for a model to which the trait does not apply.
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
    Trait(
        "padding",
        lambda traits: traits["padding"] and [*_PADDING].index(traits["padding"]),
        lambda level: [*_PADDING.values()][level],
    ),
    Trait("pooling frequency", _pooling_order, _pooling_label),
    Trait("kernel size", lambda t: t["kernel"], lambda k: k if k == "mixed" else f"mostly {k}"),
    Trait(
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

    models: list[Model]

    @property
    def traits(self):
        return self.models[0].traits

    @property
    def accuracy(self):
        return float(np.mean([model.accuracy[0] for model in self.models]))

    @property
    def gap(self):
        return float(np.mean([model.overfitting.gap for model in self.models]))


def architectures_of(models):
    """Return the :class:`Architecture` of each of ``models``, each once, in their order.

    Models have one architecture when their layers are equal but for the names, and their numbers
    of parameters. Where layers are not all known, each is taken to have its own.
    """
    by_layers = {}
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


@dataclass(frozen=True)
class GroupAccuracy:
    """Test accuracies of a group, as shares of 1, and their mean gap to training."""

    mean: float
    low: float
    high: float
    gap: float


@dataclass(frozen=True)
class ComparedTrait:
    """A trait's groups as (label, architectures, :class:`GroupAccuracy`), and their test.

    ``p`` and ``p_holm`` are None where so few architectures differ that no result could be below
    the level.
    """

    name: str
    groups: list[tuple[str, list[Architecture], GroupAccuracy]]
    p: float | None
    p_holm: float | None = None


def compare_groups(architectures):
    """Return a :class:`ComparedTrait` for each trait in which ``architectures`` differ.

    These are what :func:`architectures_of` returns: an architecture trained in two ways is one
    sample of its traits, not two.

    The p-values are Holm-corrected over the traits tested.
    """
    compared = []
    for trait in TRAITS:
        groups = _groups(trait, architectures)
        if len(groups) > 1:
            accuracies = [[one.accuracy for one in group] for group in groups.values()]
            described = [(label, group, _describe(group)) for label, group in groups.items()]
            compared.append(ComparedTrait(trait.name, described, permutation_p(accuracies)))
    corrected = iter(holm([trait.p for trait in compared if trait.p is not None]))
    return [
        trait if trait.p is None else replace(trait, p_holm=next(corrected)) for trait in compared
    ]


def permutation_p(groups):
    """Return the p-value that groups of accuracies have one mean, from permutations.

    The statistic is the sum of squares between the groups. All arrangements are gone through
    where there are no more than 9,999, otherwise that many random ones with a fixed seed. None
    where even the clearest result could not be below the level.
    """
    sizes = [len(group) for group in groups]
    arrangements = factorial(sum(sizes)) // prod(map(factorial, sizes))
    # Swapping groups of one size leaves the statistic as it is.
    same = prod(factorial(sizes.count(size)) for size in set(sizes))
    if same / arrangements >= LEVEL:
        return None
    centre = np.mean(np.concatenate(groups))

    def between(*samples, axis):
        return sum(s.shape[axis] * (s.mean(axis=axis) - centre) ** 2 for s in samples)

    return float(
        stats.permutation_test(
            groups,
            between,
            permutation_type="independent",
            vectorized=True,
            n_resamples=_RESAMPLES,
            alternative="greater",
            rng=0,
        ).pvalue
    )


def _groups(trait, architectures):
    """Return the architectures by group label, one group a value.

    Those whose layers are not all known are left out: what their insides add is not counted.
    """
    valued = [(trait.value(one.traits), one) for one in architectures if one.traits["complete"]]
    groups = {}
    for value in sorted({value for value, _ in valued if value is not None}):
        groups[trait.label(value)] = [one for other, one in valued if other == value]
    return groups


def _describe(architectures):
    accuracies = [one.accuracy for one in architectures]
    return GroupAccuracy(
        mean=float(np.mean(accuracies)),
        low=min(accuracies),
        high=max(accuracies),
        gap=float(np.mean([one.gap for one in architectures])),
    )
