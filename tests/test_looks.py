"""Tests of looks: who leaves after which, when a study ends, and at what level."""

import json
from dataclasses import asdict, replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.looks import Decision, Looked, Plan, decide, judged_by, summary
from bakeoff.analysis.sampling import TestSample
from bakeoff.analysis.significance import compare_all
from bakeoff.findings.looks import seeds_where_they_decide
from bakeoff.levels import LEVEL
from bakeoff.results import Results
from concluded_study import conclude, pairs_of, said
from decide_look import _out_of_budget
from figure_studies import make_race, make_results, make_study
from report_checks import check_pairs

IMAGES = 1000
PLAN = Plan((3, 5, 8))


def answers(generator, wrong, runs=8, spread=0.0, images=IMAGES):
    """Return the answers (runs, images) of a model that gets so many images ``wrong``.

    The runs' expected numbers differ by a share ``spread`` (a standard deviation).
    """
    rate = wrong * np.maximum(1 + spread * generator.standard_normal((runs, 1)), 0) / images
    return generator.random((runs, images)) >= rate


def study(seed, *wrong, **settings):
    generator = np.random.default_rng(seed)
    return {f"m{i}": answers(generator, number, **settings) for i, number in enumerate(wrong)}


def run(correct, plan, **settings):
    """Return all decisions of a study whose models have answers for every look, and those used."""
    decisions = []
    had = dict.fromkeys(correct, 0)
    while not decisions or not decisions[-1].ended:
        in_race = decisions[-1].goes_on if decisions else correct
        had |= dict.fromkeys(in_race, plan.looks[len(decisions)])
        so_far = {model: correct[model][: had[model]] for model in correct}
        decisions.append(decide(so_far, plan, decisions, **settings))
    return decisions, so_far


def race(correct, plan, **settings):
    """Return all decisions of a study whose models have answers for every look."""
    return run(correct, plan, **settings)[0]


def test_a_model_that_is_worse_leaves_and_the_best_is_left():
    correct = study(0, 10, 40, 300)
    first, *others = race(correct, PLAN)
    assert first.look == 1
    assert first.seeds == 3
    assert "m2" in first.left
    assert first.left["m2"]["worse_than"] in {"m0", "m1"}
    assert first.left["m2"]["difference"] > 0.2
    assert first.left["m2"]["low"] > 0
    assert first.left["m2"]["p"] < PLAN.level
    last = [first, *others][-1]
    assert last.ended == "one model is left"
    assert last.goes_on == []


def test_of_those_that_it_is_worse_than_one_that_goes_on_is_named():
    first = race(study(1, 10, 12, 200, 500), PLAN)[0]
    assert set(first.left) == {"m2", "m3"}
    assert {one["worse_than"] for one in first.left.values()} <= {"m0", "m1"}


def test_equal_models_go_on_to_the_last_look():
    decisions = race(study(2, 40, 40, 40, spread=0.3), PLAN)
    assert [one.look for one in decisions] == [1, 2, 3]
    assert [one.ended for one in decisions] == [None, None, "last look"]
    assert [one.seeds for one in decisions] == [3, 5, 8]
    assert decisions[0].goes_on == ["m0", "m1", "m2"]


def test_models_within_what_counts_as_equivalent_end_it():
    correct = study(3, 40, 40)
    assert race(correct, Plan((3, 5, 8), equivalent=5))[0].ended == "equivalent"
    assert race(correct, Plan((3, 5, 8), equivalent=0.01))[-1].ended != "equivalent"
    # The interval of each pair is within the margin.
    first = race(correct, Plan((3, 5, 8), equivalent=5))[0]
    (pair,) = first.pairs
    largest = 100 * max(-pair["low"], pair["high"])
    assert race(correct, Plan((3,), equivalent=5))[0].ended == "equivalent"
    assert race(correct, Plan((3, 5, 8), equivalent=largest * 1.001))[0].ended == "equivalent"
    assert race(correct, Plan((3, 5, 8), equivalent=largest * 0.999))[0].ended != "equivalent"


def test_where_the_images_are_the_limit_more_seeds_are_not_asked_for():
    generator = np.random.default_rng(4)
    # Every run of a model gives the same answers but for one image: seeds add nothing.
    models = {}
    for model in ("a", "b"):
        correct = np.repeat(generator.random((1, IMAGES)) < 0.95, 8, axis=0)
        correct[:, 0] = np.arange(8) % 2
        models[model] = correct
    (only,) = race(models, PLAN)
    assert only.ended == "images"
    assert not only.pairs[0]["differ"]


def test_the_images_that_every_test_adds_are_a_limit_too():
    # Each run of either model has its own four mistakes: what is left for the images is next to
    # nothing, but no number of seeds takes the two away that the test adds.
    correct = np.arange(300) // 4 != np.arange(5)[:, None]
    decision = decide({"a": correct, "b": correct}, Plan((5, 8)))
    assert decision.ended == "images"


def test_too_few_groups_are_a_limit_too():
    groups = np.repeat(np.arange(5), IMAGES // 5)
    sample = TestSample(np.zeros(IMAGES, int), groups)
    decisions = race(study(5, 10, 400, spread=0.3), PLAN, of=sample.ranking)
    assert [one.ended for one in decisions] == ["images"]


def test_groups_and_balanced_accuracy_decide_by_their_own_tests():
    generator = np.random.default_rng(6)
    labels = np.repeat([0, 1], [IMAGES - 50, 50])
    good, poor = (answers(generator, 20) for _ in range(2))
    poor[:, labels == 1] &= generator.random((8, 50)) < 0.4
    by_class = TestSample(labels, metric="balanced_accuracy")
    first = race({"good": good, "poor": poor}, PLAN, of=by_class.ranking)[0]
    assert first.left["poor"]["difference"] > 0.2
    groups = np.repeat(np.arange(100), 10)
    grouped = TestSample(labels, groups)
    first = race(study(7, 10, 300), PLAN, of=grouped.ranking)[0]
    assert list(first.left) == ["m1"]


def test_the_budget_ends_it_after_the_look():
    correct = study(8, 40, 40, 300, spread=0.3, runs=3)
    for why in ("budget", "budget spent"):
        spent = decide(correct, PLAN, out_of_budget=why)
        assert spent.ended == why
        assert spent.goes_on == []
        assert list(spent.left) == ["m2"]


@pytest.mark.parametrize(
    ("minutes", "why"),
    # Of three models, the next look takes as much as all that was.
    [(None, None), (12, None), (11.9, "budget"), (6.1, "budget"), (6, "budget spent")],
)
def test_a_budget_that_is_spent_is_told_from_one_that_the_next_look_would_exceed(minutes, why):
    decision = decide(study(8, 40, 40, 40, spread=0.3, runs=3), Plan((3, 6)))
    assert len(decision.goes_on) == 3
    budget = None if minutes is None else f"{minutes} min"
    seconds = {model: [40.0] * 3 for model in decision.goes_on}
    assert _out_of_budget(decision, {"looks": [3, 6], "budget": budget}, seconds) == why


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        ("budget", "the next look would have taken more than the budget leaves, at the speed of"),
        ("budget spent", "the budget was spent."),
    ],
)
def test_what_the_budget_did_is_said(ended, why):
    text = seeds_where_they_decide(make_race([None, None, 1], ended=ended)).text[0]
    assert f"It ended there, as {why}" in text
    assert ("was spent" in text) == (ended == "budget spent")


def test_runs_that_diverged_are_allowed_for():
    correct = study(9, 20, 20, 400, 20, 20, spread=0.1, runs=3)
    correct["m1"] = correct["m1"][:2]
    correct["m3"] = correct["m3"][:1]
    correct["m4"] = correct["m4"][:0]
    first = decide(correct, PLAN)
    assert set(first.left) == {"m2", "m4"}
    assert first.left["m4"] == dict.fromkeys(("worse_than", "difference", "low", "high", "p"))
    # One run is too few to be compared, and no reason to leave.
    assert first.goes_on == ["m0", "m1", "m3"]
    assert not any("m3" in (pair["a"], pair["b"]) for pair in first.pairs)
    none = decide({model: runs[:0] for model, runs in correct.items()}, PLAN)
    assert none.ended == "no model is left"


def test_models_that_are_each_worse_than_another_do_not_all_leave():
    generator = np.random.default_rng(10)
    # a's first two runs, with which c is compared, are poor, and the others are good.
    a = np.concatenate([answers(generator, 400, 2), answers(generator, 1, 6)])
    correct = {"a": a, "b": answers(generator, 200), "c": answers(generator, 300, 2)}
    decision = decide(correct, Plan((8,), 0.9))
    assert decision.ended in ("one model is left", "last look")
    assert len(decision.left) < 3


def test_pairs_of_models_that_left_stay_counted():
    plan = Plan((3, 5), 0.9)
    correct = study(11, 40, 65, 600, 601, spread=0.05)
    first = decide({model: runs[:3] for model, runs in correct.items()}, plan)
    assert set(first.left) == {"m2", "m3"}
    # Of six pairs, one of models that stay is open, and one of models that left.
    assert [(pair["a"], pair["b"]) for pair in first.pairs if not pair["differ"]] == [
        ("m0", "m1"),
        ("m2", "m3"),
    ]
    had = {model: correct[model][: 5 if model in first.goes_on else 3] for model in correct}
    (counted,) = decide(had, plan, [first]).pairs
    decided = [{**pair, "differ": True} if pair["a"] == "m2" else pair for pair in first.pairs]
    (alone,) = decide(had, plan, [replace(first, pairs=decided)]).pairs
    assert 0 < counted["p"] < 1
    assert counted["p"] == pytest.approx(2 * alone["p"])


def test_a_decision_is_what_its_file_holds():
    decision = race(study(12, 10, 40, 300), PLAN)[0]
    assert Decision(**json.loads(json.dumps(asdict(decision)))) == decision


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_what_holds_of_every_race(data):
    wrong = data.draw(st.lists(st.sampled_from([5, 20, 30, 60]), min_size=1, max_size=6))
    looks = data.draw(st.sets(st.integers(2, 8), min_size=1, max_size=4))
    plan = Plan(tuple(sorted(looks)), 0.05, data.draw(st.sampled_from([0.0, 2.0])))
    correct = study(data.draw(st.integers(0, 99)), *wrong, spread=0.2, images=400)
    decisions = race(correct, plan)
    order = data.draw(st.permutations(list(correct)))
    assert race({model: correct[model] for model in order}, plan) == decisions
    assert sum(one.level for one in decisions) <= plan.level * (1 + 1e-12)
    assert sum(plan.levels) == pytest.approx(plan.level)
    in_race = set(correct)
    for one in decisions:
        assert {*one.goes_on} | {*one.left} <= in_race
        assert not {*one.goes_on} & {*one.left}
        if not one.ended:
            assert {*one.goes_on} | {*one.left} == in_race
        assert {m for pair in one.pairs for m in (pair["a"], pair["b"])} <= in_race
        for pair in one.pairs:
            assert pair["low"] <= pair["difference"] <= pair["high"]
            assert pair["differ"] == (not pair["low"] <= 0 <= pair["high"])
            assert pair["differ"] == (pair["p"] < plan.level)
        in_race -= {*one.left}
        assert in_race
    assert decisions[-1].ended
    assert not decisions[-1].goes_on


def test_the_same_models_do_not_differ():
    correct = study(13, 30, 30)
    correct["m1"] = correct["m0"]
    decisions = race(correct, PLAN)
    assert not any(pair["differ"] for one in decisions for pair in one.pairs)


def test_a_study_that_has_ended_has_nothing_to_decide():
    correct = study(14, 10, 300)
    decisions = race(correct, PLAN)
    with pytest.raises(ValueError, match="has ended"):
        decide(correct, PLAN, decisions)


def test_more_runs_than_a_look_has_seeds_are_refused():
    with pytest.raises(ValueError, match="m0 has 8 runs, of 3 seeds at this look"):
        decide(study(15, 10, 10), PLAN)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"looks": ()}, "looks"),
        ({"looks": (1, 3)}, "looks"),
        ({"looks": (3, 3)}, "looks"),
        ({"looks": (5, 3)}, "looks"),
        ({"looks": (3,), "level": 0.0}, "level"),
        ({"looks": (3,), "equivalent": -1.0}, "equivalent"),
        ({"looks": (3,), "equivalent": float("nan")}, "equivalent"),
    ],
)
def test_plans_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Plan(**settings)


# What is told of it afterwards


@pytest.fixture(scope="module")
def run_race():
    decisions, correct = run(study(16, 10, 14, 300, 40, spread=0.05), PLAN)
    return Looked(PLAN, decisions), {model: list(runs) for model, runs in correct.items()}


def test_the_summary_says_who_left_when_and_what_it_took(run_race):
    looked, runs = run_race
    found = summary(looked, runs)
    assert [look.seeds for look in found.looks] == list(PLAN.looks[: len(looked.decisions)])
    assert found.looks[0].models == 4
    assert "m2" in found.looks[0].left
    assert [racer.left for racer in found.racers] == sorted(racer.left for racer in found.racers)
    assert found.stayed == [racer.model for racer in found.racers if not racer.left]
    assert found.spent == sum(map(len, runs.values()))
    assert found.planned == 8 * 4
    for racer in found.racers:
        assert racer.runs == len(runs[racer.model])
        accuracy, low, high = accuracy_interval(np.array(runs[racer.model]))
        assert racer.accuracy.value == accuracy
        # One of three looks: wider than that of a study without.
        assert racer.accuracy.low < low < high < racer.accuracy.high
        if racer.left:
            assert racer.difference.low > 0
            assert racer.p < PLAN.level
            assert racer.worse_than in runs


def test_the_verdicts_of_a_study_are_those_of_its_looks(run_race):
    looked, runs = run_race
    by_seed = {model: dict(enumerate(own)) for model, own in runs.items()}
    compared = compare_all(by_seed)
    verdicts = judged_by(looked, compared, by_seed)
    assert set(verdicts) == set(compared)
    for pair, verdict in verdicts.items():
        assert verdict.difference == compared[pair].difference
        assert verdict.significant == (not verdict.low <= 0 <= verdict.high)
        assert verdict.reversed() == verdicts[pair[::-1]]
    for (a, b), tested in looked.pairs.items():
        assert verdicts[a, b].difference == pytest.approx(tested["difference"])
        if verdicts[a, b].significant == tested["differ"]:
            assert verdicts[a, b].p_holm == pytest.approx(tested["p"] * LEVEL / PLAN.level)
        assert verdicts[a, b].significant >= tested["differ"]


def test_worse_than_one_that_is_worse_is_worse():
    correct = study(17, 30, 32, 300, spread=0.2)
    first = decide({model: runs[:3] for model, runs in correct.items()}, PLAN)
    assert list(first.left) == ["m2"]
    # m2 is made to be worse than m1 alone, and m1 then worse than m0.
    pairs = {(pair["a"], pair["b"]): pair for pair in first.pairs}
    open_pair = {"differ": False, "p": 1.0, "low": -0.1}
    changed = [pairs["m0", "m1"], pairs["m0", "m2"] | open_pair, pairs["m1", "m2"]]
    first = replace(first, pairs=changed)
    told = pairs["m0", "m1"] | {"differ": True, "p": 0.04, "low": 0.001, "difference": 0.002}
    second = replace(first, look=2, left={}, pairs=[told], ended="last look")
    runs = {model: dict(enumerate(own[:3])) for model, own in correct.items()}
    before, after = (
        judged_by(Looked(PLAN, d), compare_all(runs), runs) for d in ([first], [first, second])
    )
    assert not before["m0", "m2"].significant
    assert after["m0", "m2"].significant
    assert after["m0", "m2"].p_holm == pytest.approx(0.04)
    assert after["m0", "m2"].low > 0
    # Two that were not compared are not told apart.
    nothing = judged_by(Looked(PLAN, [replace(first, pairs=[])]), compare_all(runs), runs)
    assert not any(verdict.significant for verdict in nothing.values())


def test_a_study_with_looks_is_told_by_them(tmp_path):
    accuracies = {"model_1": 0.9, "model_2": 0.99, "model_3": 0.991}
    runs = {
        model: {seed: {"accuracy": accuracy - 0.001 * seed} for seed in range(3)}
        for model, accuracy in accuracies.items()
    }
    for model in ("model_2", "model_3"):
        made = {"architecture": "net", "arguments": {"filters": int(model[-1])}}
        runs[model] = {seed: own | made for seed, own in runs[model].items()}
    plan = Plan((3, 20))
    left = {"worse_than": "model_3", "difference": 0.091, "low": 0.05, "high": 0.12, "p": 1e-4}
    pairs = [
        {"a": "model_1", "b": "model_2", "difference": -0.09, "low": -0.1, "high": -0.05}
        | {"p": 1e-3, "differ": True},
        {"a": "model_1", "b": "model_3", "difference": -0.091, "low": -0.12, "high": -0.05}
        | {"p": 1e-4, "differ": True},
        {"a": "model_2", "b": "model_3", "difference": -0.001, "low": -0.03, "high": 0.02}
        | {"p": 0.7, "differ": False},
    ]
    decision = Decision(1, 3, 0.025, [], {"model_1": left}, pairs, "budget spent")
    found, text = conclude(tmp_path, runs, seeds=(0, 1, 2), looked=Looked(plan, [decision]))
    numbers = found["numbers"]
    assert numbers["power"] is None
    assert numbers["looks"]["spent"] == 9
    assert numbers["looks"]["planned"] == 60
    for a, b, compared in pairs_of(found):
        told = next(pair for pair in pairs if {pair["a"], pair["b"]} == {a, b})
        assert compared.p_holm == pytest.approx(told["p"])
        assert max(abs(compared.low), abs(compared.high)) == pytest.approx(
            max(abs(told["low"]), abs(told["high"]))
        )
    # Models 2 and 3 have one architecture, and differ in one argument.
    assert len(numbers["factors"]) == 1
    assert "These comparisons are not corrected for looks" in said(found, "factors")
    words = said(found, "looks")
    for part in (
        "Of 3 models that started with 3 seeds each, 1 had left after 1 look (at 3 seeds), as",
        "Models 2 and 3 stayed.",
        "It ended there, as the budget was spent.",
        "differ by at most 3.00 percentage points",
        "9 runs instead of the 60",
        "85 % were saved",
        "at most 5 %",
        "the mean of a model that left is rather too low",
    ):
        assert part in words
    assert "told apart" not in words
    assert "## Seeds where they decide" in text
    table = next(one for one in found["findings"] if one["key"] == "looks")["table"]
    assert [row[0] for row in table["rows"]] == ["Model 3", "Model 2", "Model 1"]
    assert [row[1] for row in table["rows"]] == ["stayed", "stayed", "1"]
    assert table["rows"][-1][5] == "Model 3"


def follow(folder, wrong, plan):
    """Return what is found of a study that was looked at, and its decisions.

    ``wrong`` maps each model to the numbers of images that its runs get wrong, None for one that
    diverged.
    """
    made = {model: [*map(_right, numbers)] for model, numbers in wrong.items()}
    decisions, had = [], dict.fromkeys(made, 0)
    while not decisions or not decisions[-1].ended:
        had |= dict.fromkeys(
            decisions[-1].goes_on if decisions else made, plan.looks[len(decisions)]
        )
        so_far = {
            model: np.array([run for run in runs[: had[model]] if run is not None]).reshape(
                -1, IMAGES
            )
            for model, runs in made.items()
        }
        decisions.append(decide(so_far, plan, decisions))
    runs = {
        model: {
            seed: {"status": "diverged"} if number is None else {"wrong_images": range(number)}
            for seed, number in enumerate(numbers[: had[model]])
        }
        for model, numbers in wrong.items()
    }
    seeds = range(max(had.values()))
    own = {model: list(range(n)) for model, n in had.items() if n < len(seeds)}
    found, _ = conclude(folder, runs, seeds, looked=Looked(plan, decisions), own_seeds=own)
    check_pairs(found["numbers"])
    return found, decisions


def _right(wrong):
    return None if wrong is None else np.arange(IMAGES) >= wrong


def standings(found):
    return {model["model"]: model["standing"] for model in found["numbers"]["models"]}


def test_a_model_that_left_is_worse_whichever_of_its_seeds_diverged(tmp_path):
    # The first two have one seed in common, which would be no verdict on models.
    wrong = {"a": (None, 20, 21), "b": (60, 61, None), "c": (22, 23, 24), "d": (23, 24, 25)}
    found, decisions = follow(tmp_path, wrong, Plan((3,)))
    assert decisions[0].left["b"]["worse_than"] is not None
    assert standings(found)["b"] == "worse"
    assert "B is worse." in said(found, "best")


@pytest.mark.parametrize("late", [40, 100, 300])
def test_what_a_look_found_is_not_turned_round_by_later_runs(tmp_path, late):
    # At the first look, b is worse than a by two runs of each; of a's later ones, two are bad.
    wrong = {"a": (20, None, 21, late, late + 1, 22), "b": (60, 61, 62)}
    wrong |= {f"c{i}": tuple(22 + i + seed % 3 for seed in range(6)) for i in range(3)}
    wrong = {model: tuple(numbers) for model, numbers in wrong.items()}
    found, (first, *_) = follow(tmp_path, wrong, Plan((3, 6)))
    assert list(first.left) == ["b"]
    [tested] = [pair for pair in first.pairs if (pair["a"], pair["b"]) == ("a", "b")]
    [compared] = [pair for a, b, pair in pairs_of(found) if (a, b) == ("a", "b")]
    assert compared.difference == pytest.approx(0.04)
    assert (compared.low, compared.high) == (tested["low"], tested["high"])
    assert compared.p_holm == pytest.approx(tested["p"])
    # All that is said of the two is of the same runs.
    assert (compared.only_a, compared.only_b, compared.ahead) == (80, 0, 1.0)
    assert isinstance(compared.only_a, int)
    assert compared.p < compared.p_holm
    assert standings(found)["b"] == "worse"
    assert standings(found)["a"] != "worse than another"
    best = said(found, "best")
    assert "A is worse than B" not in best
    assert "on as many runs as both had at their last look in common, images and seeds" in best
    # They were two runs, whatever a has by now.
    assert "is about 5 %, if the seeds move" in best


def test_who_is_ahead_of_the_best_is_so_on_as_many_runs_as_both_had(tmp_path):
    # On two runs of each, b is ahead; with the others, a has the higher mean.
    wrong = {"a": (None, 60, 61, 20, 20), "b": (50, 51, None, None, None)}
    found, _ = follow(tmp_path, wrong, Plan((5,)))
    assert standings(found) == {"a": "best", "b": "too close to call"}
    remark = found["models"][1]["remark"]
    where = "On as many runs as both had at their last look in common it is ahead of the best by"
    assert f"{where} 1.00 percentage points" in remark


@pytest.mark.parametrize("seed", range(20))
def test_of_any_race_a_pair_is_told_by_one_look(seed):
    generator, plan = np.random.default_rng(seed), Plan((3, 4, 8))
    made = {}
    for model in "abcdef":
        # A third of the models are worse from the start, and others have bad runs later.
        wrong = np.full(8, generator.choice([10, 20, 60])) + 4 * generator.random(8)
        wrong[3:] *= generator.choice([1, 6], size=5)
        right = generator.random((8, IMAGES)) >= wrong[:, None] / IMAGES
        made[model] = {i: run for i, run in enumerate(right) if generator.random() < 0.8}
    decisions, had = [], {}
    while not decisions or not decisions[-1].ended:
        last = plan.looks[len(decisions)]
        for model in decisions[-1].goes_on if decisions else made:
            had[model] = {i: run for i, run in made[model].items() if i < last}
        so_far = {
            model: np.array([*own.values()]).reshape(-1, IMAGES) for model, own in had.items()
        }
        decisions.append(decide(so_far, plan, decisions))
    looked = Looked(plan, decisions)
    finished = {model: own for model, own in had.items() if own}
    pairs = compare_all({m: dict(enumerate(own.values())) for m, own in finished.items()})
    verdicts = judged_by(looked, pairs, finished)
    for verdict in verdicts.values():
        assert verdict.low <= verdict.difference <= verdict.high
        assert verdict.significant == (not verdict.low <= 0 <= verdict.high)
    assert {pair for pair, tested in looked.pairs.items() if tested["differ"]} <= set(verdicts)
    for pair, tested in looked.pairs.items():
        assert verdicts[pair].difference == tested["difference"]
        assert verdicts[pair].told_apart >= tested["differ"]


def test_a_model_with_too_few_runs_for_a_look_is_not_compared(tmp_path):
    wrong = {"c": (22, 23, 24), "d": (23, 24, 25), "e": (500, None, None)}
    found, _ = follow(tmp_path, wrong, Plan((3,)))
    assert standings(found)["e"] == "not compared"
    best = said(found, "best")
    assert (
        "E was not compared with the best, as they were never in one look with two runs each"
        in best
        in best
    )
    assert "Those that stayed differ by at most" not in said(found, "looks")


def test_a_model_that_left_may_look_better_than_what_stayed(tmp_path):
    # Who stayed has trained on, and not so well.
    stayed = (20, 21, 22, 90, 91, 92, 93, 94)
    wrong = {"a": (25, 26, 27, *range(95, 100)), "b": range(48, 56), "c": stayed}
    found, _ = follow(tmp_path, {m: tuple(n) for m, n in wrong.items()}, Plan((3, 8)))
    assert "C has the highest test accuracy of those that stayed, 93" in said(found, "best")
    [remark] = [one["remark"] for one in found["models"] if one["model"] == "c"]
    assert "It has the highest test accuracy of those that stayed." in remark
    # What the last epochs say is said of those that are still compared.
    assert set(found["numbers"]["last_epochs"]["between"]) == {"a", "c"}


def test_the_pairs_that_are_listed_are_those_of_the_most_accurate(tmp_path, monkeypatch):
    """Those are what the matrix shows, and may have left."""
    monkeypatch.setattr("bakeoff.analysis.study.MOST_SHOWN", 3)
    stayed = (20, 21, 22, 90, 91, 92, 93, 94)
    wrong = {"a": (25, 26, 27, *range(95, 100)), "b": range(48, 56), "c": stayed}
    wrong |= {"d": range(49, 57), "e": range(300, 308)}
    found, _ = follow(tmp_path, {m: tuple(n) for m, n in wrong.items()}, Plan((3, 8)))
    listed = {frozenset((one["a"], one["b"])) for one in found["numbers"]["pairs"]["listed"]}
    ranked = sorted(found["numbers"]["models"], key=lambda one: -one["accuracy"]["value"])
    shown = [one["model"] for one in ranked[:3]]
    assert {"b", "d"} < set(shown)
    assert {frozenset(two) for two in combinations(shown, 2)} <= listed


def test_how_surely_looks_decide_is_one_thing_on_the_page(tmp_path):
    """With two seeds, tests hold their level about; the intervals have that of the last look."""
    wrong = {"a": (20, 22, 24, 21, 23), "b": (21, 22, 23, 22, 24), "c": (60, 61, 62, 63, 64)}
    found, _ = follow(tmp_path, wrong, Plan((2, 3, 5)))
    assert "is about 5 %, if" in said(found, "best")
    assert "Of such studies, about 5 % say" in said(found, "looks")
    assert "confidence of a model's last look, 97.5 % and 99 %: all but" in said(found, "looks")


def test_models_with_one_run_at_a_look_are_not_said_to_be_compared(tmp_path):
    wrong = {"a": (None, None, 20, 21, 22), "b": range(25, 30), "c": range(90, 95)}
    found, _ = follow(tmp_path, {m: tuple(n) for m, n in wrong.items()}, Plan((3, 5)))
    text = said(found, "best")
    assert "Every two models that were in one look with two runs each were compared" in text


def test_one_model_is_told_as_one(tmp_path):
    found, _ = follow(tmp_path, {"a": (20, 21)}, Plan((2, 1000)))
    text = said(found, "looks")
    assert "The one model started with 2 seeds. It had not left, after 1 look (at 2 seeds)." in text
    assert "over 99 % were saved" in text


@pytest.mark.parametrize(("level", "needed"), [(0.05, 9), (0.2, 7), (0.01, 11)])
def test_the_groups_that_a_verdict_takes_are_those_of_the_largest_look(tmp_path, level, needed):
    # The last of these looks has 20 / 48 of the level, for all three pairs.
    plan, wrong, images = Plan((3, 5, 8, 12, 20), level), {"a": 0, "b": 1, "c": 2}, 880
    for number in (needed - 1, needed):
        groups = np.arange(images) % number
        of = TestSample(np.arange(images) % 10, groups).ranking
        made = {m: np.tile(np.arange(images) >= 300 * k, (20, 1)) for m, k in wrong.items()}
        before = [Decision(look, n, 0.0, sorted(wrong)) for look, n in enumerate(plan.looks[:4], 1)]
        last = decide(made, plan, before, of=of)
        assert any(pair["differ"] for pair in last.pairs) == (number == needed)
    first = decide({m: runs[:3] for m, runs in made.items()}, plan, of=of)
    runs = {model: {"wrong_images": range(300 * k)} for model, k in wrong.items()}
    found, _ = conclude(
        tmp_path,
        runs,
        seeds=(0, 1, 2),
        images=images,
        data={"groups": groups % 3},
        looked=Looked(plan, [first]),
    )
    numbers = found["numbers"]["data"]["groups"]
    assert (numbers["needed"], numbers["pairs"]) == (needed, 3)
    [caution] = [one for one in found["cautions"] if "come in 3 groups" in one]
    assert f"with fewer than {needed} groups and 3 pairs" in caution


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_p_values_and_intervals_are_those_of_the_level(tmp_path, level):
    wrong = {"a": (20, 22, 24), "b": (26, 28, 30), "c": (31, 33, 35)}
    found, decisions = follow(tmp_path, wrong, Plan((3,), level))
    tested = {(pair["a"], pair["b"]): pair for pair in decisions[0].pairs}
    for a, b, compared in pairs_of(found):
        pair = tested.get((a, b)) or tested[b, a]
        assert compared.p_holm == pytest.approx(pair["p"])
        assert compared.p_holm >= compared.p
        assert compared.significant == pair["differ"]
    table = next(one for one in found["findings"] if one["key"] == "best")["table"]
    behind = table["columns"].index("Below the best (percentage points)")
    assert table["columns"][behind + 1] == f"{100 - 100 * level:g} % interval"


@pytest.mark.parametrize(
    ("last", "fields", "parts"),
    [
        (
            [None, 1, 2],
            {"ended": "one model is left"},
            ["as Model 1 alone was left", "Model 1 stayed"],
        ),
        (
            [None, None, 2],
            {},
            ["That was the last look.", "differ by at most 1.00 percentage points"],
        ),
        ([None, None], {"ended": "images"}, ["the test images are the limit", "none had left"]),
        (
            [None, None],
            {"ended": "equivalent", "equivalent": 0.02},
            ["by at most 1.00 percentage points, and up to 2.00 percentage points count"],
        ),
        ([1, 1], {"ended": "no model is left", "largest": None}, ["as no model was left"]),
        (
            [None, None],
            {"ended": None, "largest": None},
            ["It has not ended.", "So far it took", "if no model left, it would take"],
        ),
        ([None, None], {"level": 0.1}, ["at most 10 % say", "as many as if no model could leave"]),
    ],
)
def test_why_a_study_ended_is_said(last, fields, parts):
    text = "\n".join(seeds_where_they_decide(make_race(last, **fields)).text)
    for part in parts:
        assert part in text
    assert ("the mean of a model that left is rather too low" in text) == any(last)


@pytest.mark.parametrize(
    ("worse", "unfinished", "why"),
    [
        (1, 0, "after 3 looks (at 3, 5 and 8 seeds), as significantly worse than another."),
        (2, 0, "2 had left after 3 looks (at 3, 5 and 8 seeds), each as significantly worse"),
        (0, 1, "1 had left after 3 looks (at 3, 5 and 8 seeds), as none of its runs was"),
        (0, 2, "seeds), each as none of its runs was finished."),
        (2, 1, "2 as significantly worse than another and 1 as none of its runs was finished."),
        (1, 2, "1 as significantly worse than another and 2 as none of its runs was finished."),
    ],
)
def test_why_models_left_is_counted(worse, unfinished, why):
    results = make_race([None, None, *[1] * (worse + unfinished)])
    race = results.analysis.looks
    nothing = dict.fromkeys(("worse_than", "difference", "p", "accuracy"), None) | {"runs": 0}
    racers = [replace(one, **nothing) for one in race.racers[2 + worse :]]
    race = replace(race, racers=[*race.racers[: 2 + worse], *racers])
    results = Results(results.study, replace(results.analysis, looks=race))
    text = seeds_where_they_decide(results).text[0]
    assert why in text
    assert ("worse than" in text, "none of its runs" in text) == (worse > 0, unfinished > 0)


def test_a_study_without_looks_has_no_such_finding():
    assert seeds_where_they_decide(make_results(make_study())) is None


def test_models_with_fewer_seeds_are_counted_with_theirs(tmp_path):
    runs = {f"model_{number}": {"accuracy": 0.9 + number / 100} for number in (1, 2, 3)}
    found, text = conclude(tmp_path, runs, seeds=(0, 1, 2), own_seeds={"model_2": [0, 1]})
    assert found["line"].startswith("MNIST · 3 models × 2 to 3 seeds · ")
    assert "The 3 models were trained 2 to 3 times (seeds 0 to 2 at most) for" in text
    assert [len(model["runs"]) for model in found["numbers"]["models"]] == [3, 2, 3]
    (vote,) = (one for one in found["numbers"]["ensemble"]["votes"] if one["who"] == "all")
    assert vote["seeds"] == 2, "the third seed's would be no vote of all"
    assert vote["runs"] == 8


def test_it_is_said_for_how_many_pairs_a_look_corrects(tmp_path):
    """Those of models without a finished run count too: with them, a verdict may be another."""
    told = {}
    for name, lost in (("two", ()), ("four", ("c", "d"))):
        wrong = {"a": [30, 31, 32], "b": [45, 46, 47]} | {model: [None] * 3 for model in lost}
        told[name] = said(follow(tmp_path / name, wrong, Plan((3,)))[0], "best")
    assert "are corrected for 1 pair of models and for all planned looks" in told["two"]
    assert "are corrected for 6 pairs of models and for all planned looks" in told["four"]
