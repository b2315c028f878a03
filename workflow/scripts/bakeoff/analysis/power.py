"""What differences a study could have shown, and what it would take to show those that are open.

The variance of a difference has a share of the images, which more seeds leave as it is, and one of
the runs: see :class:`bakeoff.analysis.crossed.Shares`. docs/statistics.md says how often simulated
studies of the sizes that this asks for show the difference.
"""

from bisect import bisect_left
from dataclasses import replace
from math import ceil, inf, isfinite

import numpy as np

from bakeoff.analysis.crossed import Shares, shares_of_difference
from bakeoff.analysis.models import MeasuredModel
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.analysis.sampling import Sampling, groups_needed, least_p
from bakeoff.numbers import POWER_SEEDS, Needed, Power


def power(results: MeasuredStudy) -> Power | None:
    """Return the :class:`bakeoff.numbers.Power` of a study, None where there is no pair."""
    if not len(results.pairs):
        return None
    best, *others = results.ranked
    number = len(results.pairs) // 2
    open_ones = [
        model
        for model in others
        if model in results.alike or model in results.best
        if (best.key, model.key) in results.pairs
    ]
    # Those far behind have other variances, which nobody asks for where others are open.
    shares = _shares_of(open_ones, best, results) or _shares_of(others, best, results)
    detectable = [of.detectable(of.seeds, number) for of in shares.values()]
    limits = [of.detectable(inf, number) for of in shares.values()]
    # With too few groups of images, no difference is.
    some = bool(np.isfinite(limits).all())
    needed = [
        _needed(best, model, shares[model], number, results)
        for model in open_ones
        if model in shares
    ]
    by_key = {model.key: model for model in open_ones}
    asked = {by_key[one.model]: one.seeds for one in needed if one.seeds is not None}
    one_seed = [model for model in open_ones if model not in shares]
    return Power(
        best=best.key,
        comparisons=number,
        detectable=_ends(detectable) if some else None,
        limit=_ends(limits) if some else None,
        told=all(of.told for of in shares.values()),
        needed=needed,
        seeds=[min(asked.values()), max(asked.values())] if asked else None,
        seconds=_seconds({best: max(asked.values())} | asked) if asked else None,
        one_seed=[model.key for model in one_seed],
        second_seed=_seconds(dict.fromkeys([best, *one_seed], 2)) if one_seed else None,
        by_seeds=_by_seeds(list(shares.values()), number) if some else {},
    )


_MANY = 10**9
"""Test images beyond which a more exact number would help nobody."""

DIFFERING = 0.001
"""The share of test images that two models answer otherwise beyond the chance of their seeds.

So it is for pairs of the notebook's ten on MNIST (docs/reference): 0.0004 to 0.0012.
"""


def detectable_if(
    seeds: float,
    deviation: float,
    sampling: Sampling,
    number: int,
    alike: bool = True,
    differing: float = DIFFERING,
) -> float:
    """Return the smallest difference, a share of 1, that a study yet to be made would show.

    It is shown with the probability POWER. Each model has ``seeds`` runs, at least 2, whose
    accuracies have the standard ``deviation``, a share of 1, on the test images, of which
    ``sampling`` says what they are a sample of; ``number`` is for how many comparisons the level is
    corrected. How much images of one group have in common shows only when models are trained: if
    they are ``alike``, all are answered alike, and a group counts as one; if not, they have no
    more in common than others. Two models are taken to differ on a share ``differing`` of what
    counts as one, in each class, and on one at least. Infinite where groups are too few.
    """
    units = sampling.independent if alike else sampling.most_independent
    weighed = sampling.grouped or sampling.by_class
    shares = Shares(
        # As in the test, with the images that are added: of few images, they are the most of it.
        images=share_differing(units, differing) / units + sampling.added_variance,
        runs=2 * deviation**2,
        seeds=2,
        freedom=2,
        images_freedom=sampling.freedom if weighed else inf,
        least_p=least_p(len(sampling.weights)) if weighed else 0.0,
    )
    return float(shares.detectable(seeds, number))


def share_differing(units: float, differing: float = DIFFERING) -> float:
    """Return the share of so many images, or groups, on which two models are taken to differ."""
    return max(differing, 1 / units)


def _ends(values):
    return [float(min(values)), float(max(values))] if values else None


def _by_seeds(shares, number):
    """Return the ends of what is detectable by numbers of seeds, evenly spread on a log scale."""
    if not shares:
        return {}
    present = max(of.seeds for of in shares)
    tried = np.unique(np.geomspace(present, 2 * max(POWER_SEEDS, present), 30).round().astype(int))
    found = np.array([of.detectable(tried, number) for of in shares]).T.tolist()
    return {seeds: _ends(values) for seeds, values in zip(tried.tolist(), found, strict=True)}


def _shares_of(models, best, results):
    """Return the shares of each model's difference from the best that has them, by model."""
    found = {model: _shares(best, model, results) for model in models}
    return {model: shares for model, shares in found.items() if shares is not None}


def _shares(best: MeasuredModel, model: MeasuredModel, results: MeasuredStudy) -> Shares | None:
    """Return the shares of two models' difference, None where they have no two seeds in common."""
    seeds = [seed for seed in best.correct if seed in model.correct]
    if len(seeds) < 2:
        return None
    a, b = (
        results.sample.ranking(np.array([[one.correct[seed] for seed in seeds]]))
        for one in (best, model)
    )
    return shares_of_difference(a, b, results.typical)


def _needed(best, model, shares, number, results):
    """Return the :class:`bakeoff.numbers.Needed` of a model that is too close to call."""
    compared = results.pairs[best.key, model.key]
    difference, largest = abs(compared.difference), max(abs(compared.low), abs(compared.high))
    limit, detectable = (float(shares.detectable(s, number)) for s in (inf, shares.seeds))
    seeds = _seeds(shares, difference, number)
    if seeds is not None:
        # They would be enough as often as not: the test has spoken.
        seeds = max(seeds, shares.seeds + 1)
    images = None
    if difference and difference < limit:
        images = _images(shares, difference, number, results.data)
    return Needed(
        model=model.key,
        present=shares.seeds,
        difference=float(compared.difference),
        largest=float(largest),
        detectable=detectable if isfinite(detectable) else None,
        limit=limit if isfinite(limit) else None,
        told=shares.told,
        seeds=seeds,
        seeds_if_largest=_seeds(shares, largest, number),
        images=images,
        seconds=_seconds({best: seeds, model: seeds}) if seeds else None,
    )


def _images(shares, difference, number, data):
    """Return of how many test images, or groups, a difference would be shown with enough seeds.

    Their share of the variance falls as their number rises, and its degrees of freedom grow.
    """
    grouped = data.groups is not None
    present = len(np.unique(data.groups)) if grouped else len(data.labels)
    least = groups_needed(number) if grouped else present

    def limit(images):
        times = images / present
        freedom = (shares.images_freedom + 1) * times - 1
        # Of more images, the two that are added are a smaller part.
        parts = {"images": shares.images / times, "added": shares.added / times**2}
        more = replace(shares, **parts, images_freedom=freedom, least_p=0.0)
        return float(more.detectable(inf, number))

    enough = ceil(present * (limit(present) / difference) ** 2)
    proportional = shares.told and not isfinite(shares.images_freedom)
    if not proportional and present < enough < _MANY:
        tried = range(present, enough)
        enough = present + bisect_left(tried, True, key=lambda images: limit(images) <= difference)
    return max(enough, least)


def _seeds(shares, difference, number):
    """Return with how many seeds a difference would be shown, None where that is too many."""
    tried = np.arange(2, POWER_SEEDS + 1)
    enough = shares.detectable(tried, number) <= difference
    return int(tried[enough.argmax()]) if enough.any() and difference else None


def _seconds(seeds):
    """Return how long the runs would train that models lack of their number of ``seeds``."""
    return float(
        sum(
            max(number - len(model.runs), 0)
            * np.mean([run.card["seconds"]["training"] for run in model.runs])
            for model, number in seeds.items()
        )
    )
