"""Simulated studies whose images come in groups, or in classes of unlike sizes.

``PYTHONPATH=workflow/scripts python tests/simulated_groups.py`` prints the tables of
docs/statistics.md. An image is predicted correctly with the probability ``expit(skill + image +
model by image + run)``. A share ``alike`` of the variance of "image", of "model by image" and of
what chance makes of an image is common to the images of a group. With one seed, the networks that
are compared are equally good; with several, runs differ. All are drawn afresh for every study.
"""

import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import special

from bakeoff.analysis.crossed import (
    Answers,
    CrossedMean,
    crossed_differences,
    inner_products,
    typical_spread,
)
from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.sampling import Sampling, Weighed
from simulated_studies import MODELS, holm_rejects, print_table

SEEDS = (1, 2, 3, 5)
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(61)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_A, _B = np.triu_indices(MODELS, 1)


@dataclass(frozen=True)
class Case:
    """What the studies are like.

    ``groups`` have 1 to ``largest`` images; without, there are ``images``. ``shares`` are those of
    the classes, ``of_groups`` tells whether a group has one class, ``harder`` by how much each
    class is harder than the one before, and ``trade`` by how much better half of the models are in
    the first class and worse in the second. Standard deviations are in logits.
    """

    groups: int | None = 50
    largest: int = 200
    images: int = 5000
    alike: float = 0.3
    skill: float = 3.0
    image: float = 2.0
    model_by_image: float = 1.0
    run: float = 0.1
    shares: tuple[float, ...] = (1.0,)
    of_groups: bool = False
    harder: float = 0.0
    trade: float = 0.0


def simulate(case, generator, seeds, ahead=0.0):
    """Return answers, bool (models, seeds, images), groups (images,) or None, labels (images,).

    The first model's skill is higher by ``ahead``.
    """
    groups, group = None, np.zeros(case.images, int)
    if case.groups:
        sizes = generator.integers(1, case.largest + 1, case.groups)
        groups = group = np.repeat(np.arange(case.groups), sizes)
    images, alike = len(group), case.alike if case.groups else 0.0
    labels = _labels(case, generator, group)

    def draw(*leading):
        # In half the time of double precision.
        own = generator.standard_normal((*leading, images), np.float32)
        if not alike:
            return own
        shared = generator.standard_normal((*leading, group[-1] + 1), np.float32)[..., group]
        return np.float32(np.sqrt(1 - alike)) * own + np.float32(np.sqrt(alike)) * shared

    skill = np.full((MODELS, 1, 1), case.skill)
    skill[0] += ahead
    trade = case.trade * np.where(np.arange(MODELS) % 2, 1, -1)[:, None, None]
    skill = skill - case.harder * labels
    skill = skill + trade * (labels == 0) - trade * (labels == 1)
    run = case.run * (seeds > 1) * generator.standard_normal((MODELS, seeds, 1))
    odds = skill + case.image * draw() + case.model_by_image * draw(MODELS, 1) + run
    chance = special.ndtr(draw(MODELS, seeds))
    return chance < special.expit(odds.astype(np.float32)), groups, labels


def _labels(case, generator, group):
    counts = np.bincount(group)
    if case.of_groups:
        return generator.choice(len(case.shares), len(counts), p=case.shares)[group]
    # As many of each class in each study, in an order that has nothing to do with the groups.
    ends = np.rint(np.cumsum(case.shares) * len(group))
    return generator.permutation(np.searchsorted(ends, np.arange(len(group)), side="right"))


def accuracy_of(case, seeds, ahead=0.0, label=0):
    """Return the expected share of right predictions of a class, of a model with an odd index."""
    spread = np.sqrt(case.image**2 + case.model_by_image**2 + (case.run * (seeds > 1)) ** 2)
    skill = case.skill + ahead - case.harder * label
    skill += case.trade * ((label == 0) - (label == 1))
    return special.expit(skill + spread * _NODES) @ _WEIGHTS


def compared(answers, correct, of):
    """Return p-values and the CrossedMean of all pairs, as the study's comparison has them."""
    typical = typical_spread(list(correct), of) if answers.seeds > 1 else None
    mean = crossed_differences(answers, answers, typical)
    if answers.seeds == 1:
        both = inner_products(correct, correct)
        only = answers.right[:, None] - both
        p = answers.of_networks(answers, only, only.T)
    else:
        p = 2 * special.stdtr(mean.freedom, -abs(mean.value) / mean.error)
    mean = CrossedMean(*(np.broadcast_to(x, p.shape)[_A, _B] for x in vars(mean).values()))
    return np.maximum(p, answers.least_p)[_A, _B], mean


def judge(case, studies, seeds, balanced=False, ahead=0.0, naive=False):
    """Return shares of ``studies``, as :func:`simulated_studies.judge` does, as a dict.

    "false", "any" and "given" are of verdicts, "cover" of uncorrected intervals of differences, and
    "own" of the intervals of the models. ``naive`` takes each image for a sample by itself.
    """
    generator = np.random.default_rng([seeds, round(1000 * ahead), studies])
    classes = range(len(case.shares)) if balanced else [0]
    truth = np.mean([accuracy_of(case, seeds, 0, k) for k in classes])
    lead = np.mean([accuracy_of(case, seeds, ahead, k) for k in classes]) - truth
    rows = []
    for _ in range(studies):
        correct, groups, labels = simulate(case, generator, seeds, ahead)
        sampling = Sampling(len(labels), groups, labels if balanced else None)
        of = Answers if naive else partial(Weighed, sampling=sampling)
        answers = of(correct)
        p, mean = compared(answers, correct, of)
        said = holm_rejects(p)
        of_best = (said & (mean.value > 0))[_A == 0]
        false = said[_A > 0].any() if ahead else said.any()
        covered = np.abs(mean.value - lead * (_A == 0)) <= mean.margin
        _, low, high = accuracy_interval(correct[1], of)
        rows.append([false, of_best.any(), of_best.mean(), covered.mean(), low <= truth <= high])
    return dict(zip(("false", "any", "given", "cover", "own"), np.mean(rows, axis=0), strict=True))


GROUPS = {
    "50 groups of 1 to 200 images, alike 0.1": Case(alike=0.1),
    "the same, alike 0.3": Case(),
    "the same, alike 0.8": Case(alike=0.8),
    "the same, alike 0.5, accuracy 99 %": Case(alike=0.5, skill=6.6),
    "20 groups, alike 0.5": Case(groups=20, alike=0.5),
    "10 groups, alike 0.5": Case(groups=10, alike=0.5),
    "5,000 groups of one image": Case(groups=5000, largest=1),
}
_TEN = tuple(np.array([2**k for k in range(10, 0, -1)]) / 2046)
CLASSES = {
    "10 classes of 2,502 to 5 images": Case(None, shares=_TEN, harder=0.1),
    "2 classes, 95 and 5 %": Case(None, shares=(0.95, 0.05), harder=1.0),
    "2 classes, 99.6 and 0.4 % (20 images)": Case(None, shares=(0.996, 0.004), harder=1.0),
    "2 classes, 90 and 10 %, models trade": Case(None, shares=(0.9, 0.1), trade=1.0),
    "50 groups, 3 classes, each image its own": Case(shares=(0.7, 0.2, 0.1), harder=0.5),
    "50 groups, 3 classes, each group its own": Case(
        shares=(0.6, 0.25, 0.15), harder=0.5, of_groups=True
    ),
}


def _table(cases, studies, balanced):
    columns = ["", *(f"{what}, {n} seeds" for what in ("false", "cover", "own") for n in SEEDS)]
    rows = []
    for name, case in cases.items():
        ways = {name: False}
        if name == "the same, alike 0.3" or (not balanced and case.largest == 1):
            ways["the same, each image a sample"] = True
        for shown, naive in ways.items():
            found = [judge(case, studies, seeds, balanced, naive=naive) for seeds in SEEDS]
            cells = [f"{100 * f[what]:.1f}" for what in ("false", "cover", "own") for f in found]
            rows.append([shown, *cells])
            print(rows[-1], file=sys.stderr, flush=True)
    print_table(columns, rows)


def _power(studies):
    unequal = "2 classes, 95 and 5 %"
    columns = ["", *(f"{what}, {n} seeds" for what in ("given", "any", "false") for n in SEEDS)]
    rows = []
    for name, case, balanced, ahead in (
        ("50 groups, alike 0.3, 3.6 percentage points", Case(), False, 0.5),
        ("50 groups, alike 0.3, 6.5 percentage points", Case(), False, 1.0),
        (f"{unequal}, 4.3 percentage points", CLASSES[unequal], True, 0.5),
    ):
        found = [judge(case, studies, seeds, balanced, ahead) for seeds in SEEDS]
        cells = [f"{100 * f[what]:.1f}" for what in ("given", "any", "false") for f in found]
        rows.append([name, *cells])
    print_table(columns, rows)


def main(studies=600):
    print(f"Groups; {studies:,} studies of equal models:\n")
    _table(GROUPS, studies, balanced=False)
    fewer = 2 * studies // 3
    print(f"Balanced accuracy; {fewer:,} studies of equal models:\n")
    _table(CLASSES, fewer, balanced=True)
    print(f"A better model; {studies // 5:,} studies:\n")
    _power(studies // 5)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
