"""Ways to give seeds only to the models that need them, and how often each gets it right.

``PYTHONPATH=workflow/scripts python tests/simulated_looks.py`` prints the tables of
docs/statistics.md. The studies are those of :mod:`simulated_studies`. All ways see the same
studies, drawn with the most seeds, and stop looking at a model that has left.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats

from bakeoff.analysis.looks import Plan, decide
from simulated_studies import (
    DIFFERENCE,
    IMAGES,
    LEVEL,
    MODELS,
    Pairs,
    pooled,
    print_table,
    simulate_study,
)

LOOKS = (3, 5, 8, 12, 20)
MOST = LOOKS[-1]
_A, _B = np.triu_indices(MODELS, 1)
_MIXED = 0.002
"""Standard deviation of the true differences that the e-values are a bet on."""

PLAN = Plan(LOOKS, equivalent=0.2)
HALF_BEHIND = np.repeat([0.0, -DIFFERENCE], MODELS // 2)


@dataclass(frozen=True)
class Way:
    """A way to look: after how many seeds, and each look's share of the level.

    Where ``values`` are given, they turn p-values (looks, pairs) and half widths of intervals into
    what is compared with the share at a look.
    """

    looks: tuple[int, ...] = LOOKS
    shares: tuple[float, ...] = (1 / len(LOOKS),) * len(LOOKS)
    values: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


def always_valid(p, margin):
    """Return p-values that hold at every look: inverses of e-values, the largest so far.

    The e-value is the ratio of the likelihoods of the difference if the true one is drawn from a
    normal distribution and if it is zero (Robbins 1970), with the variance as estimated.
    """
    z, variance = stats.norm.isf(p / 2), (margin / stats.norm.isf(LEVEL / 2)) ** 2
    part = _MIXED**2 / (variance + _MIXED**2)
    with np.errstate(over="ignore"):
        e = np.sqrt(1 - part) * np.exp(z**2 / 2 * part)
    return np.minimum(1 / np.maximum.accumulate(e), 1)


def proportional(weights):
    return tuple(np.array(weights) / sum(weights))


FIXED, CHOSEN = "20 seeds of each, one look", "shares by seeds (chosen)"
FROM_FIVE = (5, 8, 12, 20)
WAYS = {
    FIXED: Way((MOST,), (1.0,)),
    "the whole level at every look (no correction)": Way(shares=(1.0,) * len(LOOKS)),
    CHOSEN: Way(shares=proportional(LOOKS)),
    "equal shares": Way(),
    "half of the level for the last look": Way(shares=proportional([1, 1, 1, 1, 4])),
    "shares that fall (1, 1/2, 1/3, ...)": Way(
        shares=proportional([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    ),
    "from two seeds on, shares by seeds": Way((2, *LOOKS), proportional((2, *LOOKS))),
    "from five seeds on, shares by seeds": Way(FROM_FIVE, proportional(FROM_FIVE)),
    "always-valid e-values": Way(shares=(1.0,) * len(LOOKS), values=always_valid),
}
_SEEN = sorted({look for way in WAYS.values() for look in way.looks})

NULL = {
    "0.05": {"spread": 0.0005},
    "0.1": {"spread": 0.001},
    "0.2": {"spread": 0.002},
    "0.3": {"spread": 0.003},
    "0.05, one 0.5": {"spread": [*[0.0005] * 9, 0.005]},
    "0.1, one 1": {"spread": [*[0.001] * 9, 0.01]},
    "0.3, one 1": {"spread": [*[0.003] * 9, 0.01]},
    "0.1, 360 images": {"spread": 0.001, "accuracy": 0.985, "images": 360},
    "0.3, 360 images": {"spread": 0.003, "accuracy": 0.985, "images": 360},
    "0.1, one 0.5, 360 images": {
        "spread": [*[0.001] * 9, 0.005],
        "accuracy": 0.985,
        "images": 360,
    },
}
"""Studies of equal models, by their standard deviations between seeds in percentage points."""

SPREADS = (0.0005, 0.001, 0.002, 0.003)


@dataclass(frozen=True)
class Race:
    """What a way made of a study: which pairs ``differ``, and each model's ``runs``."""

    differ: np.ndarray
    in_race: np.ndarray
    runs: np.ndarray


def race(p, difference, way):
    """Return the :class:`Race` of a study's ``p`` and ``difference``, (looks, pairs).

    They are of all the models' seeds at each of the way's looks.
    """
    differ = np.zeros(len(_A), bool)
    in_race, runs = np.ones(MODELS, bool), np.zeros(MODELS, int)
    for look, seeds in enumerate(way.looks):
        if in_race.sum() < 2:
            break
        runs[in_race] = seeds
        tested = np.flatnonzero(in_race[_A] & in_race[_B])
        order = tested[np.argsort(p[look][tested])]
        still_open = len(_A) - differ.sum()
        below = p[look][order] < LEVEL * way.shares[look] / (still_open - np.arange(len(order)))
        found = order[: len(order) if below.all() else int(np.argmin(below))]
        differ[found] = True
        ahead = difference[look][found] > 0
        in_race[np.where(ahead, _B[found], _A[found])] = False
    return Race(differ, in_race, runs)


def measured(found, truth):
    """Return what is right in a :class:`Race`; ``truth`` is each model's expected accuracy.

    "false": two equal models are said to differ. "left": share of the models behind the best that
    left. "all": they all did, and no other. "runs": the share of the runs of 20 seeds each.
    """
    behind = truth < truth.max()
    return {
        "false": found.differ[truth[_A] == truth[_B]].any(),
        "left": (~found.in_race[behind]).mean() if behind.any() else np.nan,
        "all": (found.in_race != behind).all(),
        "runs": found.runs.sum() / (MOST * MODELS),
    }


def judge(ways, studies, spread, ahead=0.0, accuracy=0.993, images=IMAGES):
    """Return, of so many ``studies``, the means of :func:`measured` of each of the ways by name.

    ``ahead`` is how much better each model is, or the first one.
    """
    truth = ahead * np.eye(MODELS)[0] if np.ndim(ahead) == 0 else np.asarray(ahead)
    generator = np.random.default_rng([studies, images, round(1e6 * truth.max())])
    found = {name: [] for name in ways}
    for _ in range(studies):
        correct = simulate_study(generator, MOST, spread, ahead, accuracy, images)
        seen = {}
        for look in _SEEN:
            pairs = Pairs(correct[:, :look], images)
            seen[look] = *pooled(pairs), pairs.difference
        for name, way in ways.items():
            p, margin, difference = map(
                np.array, zip(*(seen[look] for look in way.looks), strict=True)
            )
            p = way.values(p, margin) if way.values else p
            found[name].append(measured(race(p, difference, way), truth))
    return {name: mean_of(rows) for name, rows in found.items()}


def mean_of(rows):
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def judge_decisions(plan, studies, spread, ahead=0.0, accuracy=0.993, images=IMAGES):
    """Return what :func:`judge` does, of :func:`bakeoff.analysis.looks.decide` with its ends.

    "held" is the share of studies in which the intervals of all pairs at all looks hold the truth.
    """
    truth = ahead * np.eye(MODELS)[0] if np.ndim(ahead) == 0 else np.asarray(ahead)
    generator = np.random.default_rng([studies, images, 7])
    rows = []
    for _ in range(studies):
        drawn = simulate_study(generator, MOST, spread, ahead, accuracy, images)
        whole = np.ones((MODELS, MOST, images), bool)
        whole[:, :, : drawn.shape[2]] = drawn
        found, decisions = decided(whole, plan)
        held = all(
            pair["low"] <= truth[int(pair["a"])] - truth[int(pair["b"])] <= pair["high"]
            for one in decisions
            for pair in one.pairs
        )
        rows.append(measured(found, truth) | {"held": held})
    return mean_of(rows)


def decided(whole, plan):
    """Return the :class:`Race` of answers (models, seeds, images), and the package's decisions."""
    runs, decisions = np.zeros(MODELS, int), []
    in_race, differ = np.ones(MODELS, bool), np.zeros(len(_A), bool)
    place = {(f"{a}", f"{b}"): i for i, (a, b) in enumerate(zip(_A, _B, strict=True))}
    while not decisions or not decisions[-1].ended:
        runs[in_race] = plan.looks[len(decisions)]
        correct = {f"{model}": whole[model, : runs[model]] for model in range(MODELS)}
        decisions.append(decide(correct, plan, decisions))
        in_race[[int(model) for model in decisions[-1].left]] = False
        for pair in decisions[-1].pairs:
            differ[place[pair["a"], pair["b"]]] |= pair["differ"]
    return Race(differ, in_race, runs), decisions


def _percent(found, *keys):
    return [f"{100 * found[key]:.1f}" for key in keys]


def _print_shown(title, studies, judged, ahead, keys=("left", "all", "runs")):
    print(f"{title}; {studies:,} studies:\n")
    columns, rows = [""], {}
    for spread in SPREADS:
        columns += [f"{key}, {100 * spread:g}" for key in keys]
        for name, found in judged(studies, spread, ahead).items():
            rows.setdefault(name, [name]).extend(_percent(found, *keys))
    print_table(columns, rows.values())
    sys.stdout.flush()


def main(studies=1000):
    def by_ways(number, spread, ahead):
        return judge(WAYS, number, spread, ahead)

    def by_decisions(number, spread, ahead):
        return {"as decided": judge_decisions(PLAN, number, spread, ahead)}

    print(f"Equal models, studies with a false difference; {studies:,} studies each:\n")
    found = {case: judge(WAYS, studies, **settings) for case, settings in NULL.items()}
    rows = [[name, *(_percent(found[case][name], "false")[0] for case in NULL)] for name in WAYS]
    print_table(["", *NULL], rows)
    sys.stdout.flush()
    halves, one = "Half of the models 0.3 points behind", "One 0.3 points ahead"
    _print_shown(halves, studies, by_ways, HALF_BEHIND)
    _print_shown(one, studies, by_ways, DIFFERENCE)
    keys = ("false", "left", "held", "runs")
    _print_shown(f"{halves}, as decided", studies // 25, by_decisions, HALF_BEHIND, keys)
    _print_shown(f"{one}, as decided", studies // 25, by_decisions, DIFFERENCE, keys)
    keys = ("false", "held", "runs")
    _print_shown("Equal models, as decided", studies // 25, by_decisions, 0.0, keys)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
