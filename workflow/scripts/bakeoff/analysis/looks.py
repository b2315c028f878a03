"""Seeds where they decide: who goes on after each look at a study, and when it ends.

Every model gets the first look's seeds. After each look, a model that is significantly worse than
another in the race leaves it, and the others get the next look's seeds. The level is split over the
looks in advance, and within a look Holm's method (1979) is over all pairs of the study that are not
decided yet, those of models that left counted. Before the first false decision, every pair of equal
models is undecided, so at a look one is called different with at most the level of that look,
and in the study with at most their sum: whatever looks have in common, such as their test images.
``docs/statistics.md`` holds the simulations by which the method was chosen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Literal, TypedDict

import numpy as np
from scipy import special

from bakeoff.analysis.crossed import (
    Answers,
    CrossedMean,
    MakeAnswers,
    Spread,
    crossed_differences,
    limits,
    shares_of_difference,
    typical_spread,
)
from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.significance import (
    Pairs,
    compare_all,
    ending_at_zero,
    holm,
    typical_spread_of,
)
from bakeoff.levels import LEVEL
from bakeoff.numbers import Estimate, Look, Race, Racer

OutOfBudget = Literal["budget", "budget spent"]
"""Whether the next look would take more than the budget leaves, or nothing is left of it."""

Ended = (
    Literal["one model is left", "no model is left", "equivalent", "images", "last look"]
    | OutOfBudget
)
"""Why a study ended."""


@dataclass(frozen=True)
class Plan:
    """A study's looks: how many ``looks`` seeds each model in the race has by then, rising from 2.

    ``level`` is that of all looks together. Models whose differences are all shown to be at most
    ``equivalent`` percentage points need no more seeds; 0: never. Raises ``ValueError``.
    """

    looks: tuple[int, ...]
    level: float = LEVEL
    equivalent: float = 0.0

    def __post_init__(self):
        if not self.looks or list(self.looks) != sorted({*self.looks}) or self.looks[0] < 2:
            raise ValueError(f"looks {list(self.looks)}: not rising numbers of seeds, from 2")
        if not 0 < self.level < 1:
            raise ValueError(f"level {self.level}: not between 0 and 1")
        if not self.equivalent >= 0:
            raise ValueError(f"equivalent {self.equivalent}: not 0 or more percentage points")

    @property
    def levels(self) -> tuple[float, ...]:
        """The level of each look, in proportion to its seeds: what comes late is surer."""
        return tuple(self.level * seeds / sum(self.looks) for seeds in self.looks)


def plan_of(seeds: Mapping[str, Any]) -> Plan:
    """Return the :class:`Plan` of a config's `study.seeds`."""
    return Plan(tuple(seeds["looks"]), seeds["level"], seeds["equivalent"])


class Leaving(TypedDict):
    """A model that left: ``worse_than`` whom, by how much (a share of 1), its interval and p.

    All are None of a model that left because none of its runs was finished.
    """

    worse_than: str | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None


class Tested(TypedDict):
    """Accuracy of a minus that of b at a look, as a share of 1, with its interval.

    ``p`` is corrected for pairs and looks: the two differ where it is below the plan's level. The
    intervals of all pairs and looks hold the true differences together, with that level left out;
    zero lies in one just where the two are not shown to differ.
    """

    a: str
    b: str
    difference: float
    low: float
    high: float
    p: float
    differ: bool


@dataclass(frozen=True)
class Decision:
    """What a look led to, in JSON's types; the first ``look`` is 1.

    Each model in the race had ``seeds``, unless runs of it diverged. ``level`` was spent at this
    look. The models that go on get the next look's seeds: none where the study ``ended``.
    """

    look: int
    seeds: int
    level: float
    goes_on: list[str]
    left: dict[str, Leaving] = field(default_factory=dict)
    pairs: list[Tested] = field(default_factory=list)
    ended: Ended | None = None


def decide(
    correct: Mapping[str, np.ndarray],
    plan: Plan,
    before: Sequence[Decision] = (),
    *,
    of: MakeAnswers = Answers,
    out_of_budget: OutOfBudget | None = None,
) -> Decision:
    """Return the :class:`Decision` of the next look, after those ``before``.

    ``correct`` holds the answers of every model of the study, bool ``(runs, images)``: of the
    finished runs with the seeds that it had by this look, so fewer where it left before, or where
    runs diverged. Two models are compared on as many runs as both have, at least two; one without
    any leaves. ``of`` makes :class:`Answers` of arrays, as
    :attr:`bakeoff.analysis.sampling.TestSample.ranking`. The order of the models does not matter.
    Raises ``ValueError`` where there is nothing to decide, or more runs than the look has seeds.
    """
    race = _Entrants({model: np.asarray(correct[model], bool) for model in sorted(correct)}, of)
    look = len(before)
    if look == len(plan.looks) or (before and before[-1].ended):
        raise ValueError(f"after {look} looks, the study has ended")
    seeds, level = plan.looks[look], plan.levels[look]
    in_race = sorted(before[-1].goes_on if before else correct)
    for model in in_race:
        if len(correct[model]) > seeds:
            raise ValueError(
                f"{model} has {len(correct[model])} runs, of {seeds} seeds at this look"
            )
    number = len(correct) * (len(correct) - 1) // 2
    open_pairs = number - sum(pair["differ"] for one in before for pair in one.pairs)
    pairs = _tested(race, in_race, (number, open_pairs), level, plan.level)
    left = _leaving(race, in_race, pairs)
    goes_on = [model for model in in_race if model not in left]
    open_pairs -= sum(pair["differ"] for pair in pairs)
    ended = _end(race, goes_on, pairs, open_pairs, plan, look + 1)
    if ended is None and look + 1 == len(plan.looks):
        ended = "last look"
    elif ended is None:
        ended = out_of_budget
    return Decision(look + 1, seeds, level, [] if ended else goes_on, left, pairs, ended)


class _Entrants:
    """The ``correct`` answers of a study's models, by model, and what is computed of them."""

    def __init__(self, correct: Mapping[str, np.ndarray], of: MakeAnswers):
        self.correct, self.of = correct, of
        several = [answers for answers in correct.values() if len(answers) > 1]
        self.typical: Spread | None = typical_spread(several, of)

    def runs(self, model: str) -> int:
        return len(self.correct[model])

    def answers(self, models: Sequence[str], runs: int) -> Answers:
        return self.of(np.array([self.correct[model][:runs] for model in models]))

    def value(self, model: str) -> float:
        return self.answers([model], self.runs(model)).value.item()

    def least_p(self, models: Sequence[str]) -> float:
        return self.answers(models, 1).least_p

    def differences(
        self, models: Sequence[str]
    ) -> dict[tuple[str, str], tuple[float, CrossedMean]]:
        """Return each pair's difference and :class:`CrossedMean`, on the runs that both have."""
        found = {}
        for runs in {self.runs(model) for model in models} - {0, 1}:
            chosen = [model for model in models if self.runs(model) >= runs]
            answers = self.answers(chosen, runs)
            differences = answers.difference(answers)
            mean = crossed_differences(answers, answers, self.typical)
            for i, j in combinations(range(len(chosen)), 2):
                pair = chosen[i], chosen[j]
                if min(map(self.runs, pair)) == runs:
                    one = {name: float(value[i, j]) for name, value in vars(mean).items()}
                    found[pair] = float(differences[i, j]), CrossedMean(**one)
        return {pair: found[pair] for pair in sorted(found)}


def _tested(race, in_race, pairs, level, plan_level):
    """Return the :class:`Tested` of the models ``in_race``; ``pairs`` are how many, and open."""
    found = race.differences(in_race)
    if not found:
        return []
    difference = np.array([difference for difference, _ in found.values()])
    value, error, freedom = np.array([[*vars(mean).values()] for _, mean in found.values()]).T
    p = np.maximum(CrossedMean(value, error, freedom).p, race.least_p(next(iter(found))))
    number, still_open = pairs
    # Those that are not tested count as pairs whose p is 1.
    p_holm = np.array(holm([*p, *[1.0] * (still_open - len(p))])[: len(p)])
    p_all = np.minimum(p_holm * plan_level / level, 1.0)
    differ = p_all < plan_level
    margin = special.stdtrit(freedom, 1 - level / 2 / number) * error
    low, high = ending_at_zero(*limits(difference, value, margin), difference, differ)
    rows = zip(found, difference, low, high, p_all, differ, strict=True)
    return [
        Tested(
            a=a, b=b, difference=float(d), low=float(x), high=float(y), p=float(p), differ=bool(s)
        )
        for (a, b), d, x, y, p, s in rows
    ]


def _leaving(race, in_race, pairs):
    """Return the :class:`Leaving` of each model that leaves after these ``pairs``, by model."""
    left = {
        model: Leaving(worse_than=None, difference=None, low=None, high=None, p=None)
        for model in in_race
        if not race.runs(model)
    }
    better = {}
    for pair in pairs:
        if pair["differ"]:
            lower, higher = pair["a"], pair["b"]
            low, high = -pair["high"], -pair["low"]
            if pair["difference"] > 0:
                lower, higher, low, high = higher, lower, pair["low"], pair["high"]
            one = Leaving(
                worse_than=higher,
                difference=abs(pair["difference"]),
                low=low,
                high=high,
                p=pair["p"],
            )
            better.setdefault(lower, []).append(one)
    if better and len(better) == len(in_race) - len(left):
        # On runs that not all of them have, each can be worse than another.
        better.pop(max(better, key=lambda model: race.value(model)), None)
    for model, ones in better.items():
        # Rather one that goes on; then the surest.
        left[model] = min(ones, key=lambda one: (one["worse_than"] in better, one["p"]))
    return dict(sorted(left.items()))


def _end(race, goes_on, pairs, open_pairs, plan, look):
    """Return why the study has :data:`Ended` with the models that go on, or None."""
    if len(goes_on) < 2:
        return "one model is left" if goes_on else "no model is left"
    left_over = [pair for pair in pairs if pair["a"] in goes_on and pair["b"] in goes_on]
    if len(left_over) < len(goes_on) * (len(goes_on) - 1) // 2:
        # Some have too few runs to be compared.
        return None
    largest = max(max(-pair["low"], pair["high"]) for pair in left_over)
    if 100 * largest <= plan.equivalent:
        return "equivalent"
    levels = plan.levels[look:]
    number = open_pairs / max(levels, default=plan.level)
    if all(_images_limit(race, pair["a"], pair["b"], number) for pair in left_over):
        return "images"
    return None


def _images_limit(race, a, b, number):
    """Return whether two models could not be told apart with any number of seeds.

    On these test images, their difference with infinitely many seeds is, with a confidence of 95 %,
    no larger than as seen plus a margin for the runs alone. The least that would be significant
    then, at the level 1 / ``number``, is that of the images' share of the variance.
    """
    runs = min(race.runs(a), race.runs(b))
    answers = [race.answers([model], runs) for model in (a, b)]
    shares = shares_of_difference(*answers, race.typical)
    seen = abs(answers[0].difference(answers[1]).item())
    margin = special.stdtrit(shares.freedom, 1 - LEVEL / 2) * np.sqrt(shares.runs / runs)
    needed = special.stdtrit(shares.images_freedom, 1 - 1 / number / 2) * np.sqrt(shares.of_images)
    return answers[0].least_p * number >= 1 or seen + margin < needed


@dataclass(frozen=True)
class Looked:
    """A study's plan, and the decisions of its looks so far, at least one."""

    plan: Plan
    decisions: Sequence[Decision]

    @property
    def left(self) -> dict[str, Leaving]:
        """The models that left, those that left first first."""
        return {model: left for one in self.decisions for model, left in one.left.items()}

    @property
    def pairs(self) -> dict[tuple[str, str], Tested]:
        """What each pair of models came to at the last look at which it was tested."""
        return {(pair["a"], pair["b"]): pair for one in self.decisions for pair in one.pairs}


def judged_by(
    looked: Looked,
    pairs: Pairs[str],
    answers: Mapping[str, Mapping[int, np.ndarray]],
    of: MakeAnswers = Answers,
) -> Pairs[str]:
    """Return ``pairs`` with the verdicts of the looks, without those of which there is none.

    ``answers`` maps model to seed to a boolean array ``(images,)``, and ``of`` is as for
    :func:`decide`. What is said of a pair is that of the last look at which it was tested, on the
    runs of then: with those that one of the two has had since, the difference may be another. A
    model that is worse than one that is worse than a third is worse than this: that much follows.
    """
    tested, implied, level = _at_looks(looked, answers, of), _implied(looked), looked.plan.level
    rows = []
    for a, b in list(pairs)[::2]:
        compared, p = pairs[a, b], 1.0
        if found := tested.get((a, b)):
            compared, p = found, found.p_holm
        elif found := tested.get((b, a)):
            compared, p = found.reversed(), found.p_holm
        worse, better = (a, b) if compared.difference < 0 else (b, a)
        follows = implied.get((worse, better), 1.0) if compared.difference else 1.0
        compared = replace(compared, p_holm=min(p, follows), level=level)
        rows.append({"judged": found is not None or follows < level, **vars(compared)})
    if not rows:
        return pairs
    # Of one seed, it is not known who is ahead.
    rows = [row | ({"ahead": np.nan} if row["ahead"] is None else {}) for row in rows]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    judged = columns.pop("judged")
    low, high, difference = (columns[name] for name in ("low", "high", "difference"))
    low, high = ending_at_zero(low, high, difference, columns["p_holm"] < level)
    return pairs.judged(judged, **columns | {"low": low, "high": high})


def _at_looks(looked, answers, of):
    """Return each pair's :class:`Comparison` at the last look at which it was tested."""
    found = {}
    for one in looked.decisions:
        had = {
            model: dict(enumerate(run for seed, run in own.items() if seed < one.seeds))
            for model, own in answers.items()
        }
        models = {model for pair in one.pairs for model in (pair["a"], pair["b"])}
        in_look = {model: own for model, own in had.items() if model in models}
        compared = compare_all(in_look, of, typical_spread_of(had, of))
        for pair in one.pairs:
            place = pair["a"], pair["b"]
            told = {name: pair[name] for name in ("difference", "low", "high")}
            found[place] = replace(compared[place], **told, p_holm=pair["p"])
    return found


def _implied(looked):
    """Return the p-value with which a model is worse than another, by (worse, better).

    In a chain of models each of which is worse than the next, it is the largest.
    """
    found = [pair for pair in looked.pairs.values() if pair["differ"]]
    models = sorted({model for pair in found for model in (pair["a"], pair["b"])})
    place = {model: i for i, model in enumerate(models)}
    p = np.ones((len(models), len(models)))
    for pair in found:
        worse, better = place[pair["a"]], place[pair["b"]]
        if pair["difference"] > 0:
            worse, better = better, worse
        p[worse, better] = pair["p"]
    for between in range(len(models)):
        p = np.minimum(p, np.maximum(p[:, [between]], p[between]))
    return {(models[i], models[j]): p[i, j] for i, j in np.argwhere(p < 1).tolist()}


def summary(
    looked: Looked, correct: Mapping[str, Sequence[np.ndarray]], of: MakeAnswers = Answers
) -> Race:
    """Return the :class:`bakeoff.numbers.Race` of a study.

    ``correct`` holds the answers (images,) of each run that finished, by model; ``of`` is as for
    :func:`decide`.
    """
    plan, decisions, left = looked.plan, looked.decisions, looked.left
    number = [len(correct), *(len(one.goes_on) for one in decisions)]
    last = {model: one for one in decisions for model in one.left}
    racers = [
        _racer(model, correct[model], last.get(model, decisions[-1]), left.get(model), of)
        for model in correct
    ]
    racers.sort(key=lambda one: (one.left, -one.look, -one.accuracy.value if one.accuracy else 0.0))
    stayed = [racer.model for racer in racers if not racer.left]
    ends = [
        max(-pair["low"], pair["high"])
        for pair in decisions[-1].pairs
        if pair["a"] in stayed and pair["b"] in stayed
    ]
    return Race(
        level=plan.level,
        equivalent=plan.equivalent / 100 or None,
        looks=[
            Look(one.look, one.seeds, one.level, models, list(one.left))
            for one, models in zip(decisions, number, strict=False)
        ],
        racers=racers,
        ended=decisions[-1].ended,
        # Of some that stayed, too few runs may have finished to compare them.
        largest=max(ends) if ends and len(ends) == len(stayed) * (len(stayed) - 1) // 2 else None,
        spent=sum(plan.looks[racer.look - 1] for racer in racers),
        planned=plan.looks[-1] * len(racers),
    )


def _racer(model, runs, decision, left, of):
    """Return the :class:`bakeoff.numbers.Racer` of a model by the last look with it."""
    found = left and left["worse_than"] is not None
    value, low, high = (None, None, None)
    if runs:
        # The level of that look alone, as the model might have left at any other.
        value, low, high = accuracy_interval(np.array(runs), of, LEVEL / decision.level)
    return Racer(
        model=model,
        look=decision.look,
        runs=len(runs),
        left=left is not None,
        worse_than=left and left["worse_than"],
        difference=Estimate(left["difference"], left["low"], left["high"]) if found else None,
        p=left and left["p"],
        accuracy=Estimate(value, low, high) if runs else None,
    )
