"""Tests of the comparisons as a whole, on simulated studies whose truth is known.

docs/statistics.md has the shares that are asserted here, from many more studies.
"""

import numpy as np
import pytest

from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.significance import compare_all
from bakeoff.levels import LEVEL
from simulated_studies import (
    CANDIDATES,
    CHOSEN,
    DIFFERENCE,
    IMAGES,
    MODELS,
    PAIR,
    SPREADS,
    Pairs,
    as_answers,
    effective_wilson,
    judge,
    judge_together,
    mcnemar,
    pooled,
    simulate_study,
)

pytestmark = pytest.mark.workflow


def pairs_said_to_differ(study):
    """Return the pairs (better, worse) of a simulated study that are significantly different."""
    return [
        pair
        for pair, comparison in compare_all(as_answers(study)).items()
        if comparison.told_apart and comparison.difference > 0
    ]


def test_simulated_runs_are_like_those_of_the_reference_run():
    generator = np.random.default_rng(0)
    spread, wrong, between_seeds, between_models = [], [], [], []
    for _ in range(100):
        correct = simulate_study(generator, 5, 0.00075)
        spread.append(correct.sum(axis=2).var(axis=1, ddof=1).mean() / IMAGES**2)
        wrong.append((~correct).sum(axis=2).mean())
        between_seeds.append((correct[:, 0] != correct[:, 1]).sum(axis=1).mean())
        between_models.append((correct[0] != correct[1:]).sum(axis=2).mean())
    assert np.sqrt(np.mean(spread)) == pytest.approx(0.00075, rel=0.05)
    assert np.mean(wrong) == pytest.approx(70, abs=3)
    assert np.mean(between_seeds) == pytest.approx(50, abs=3)
    assert np.mean(between_models) == pytest.approx(65, abs=3)


def test_the_simulated_difference_is_the_true_one():
    generator = np.random.default_rng(1)
    ahead = []
    for _ in range(300):
        right = -(~simulate_study(generator, 3, 0.001, DIFFERENCE)).sum(axis=2).mean(axis=1)
        ahead.append((right[0] - right[1:].mean()) / IMAGES)
    assert np.mean(ahead) == pytest.approx(DIFFERENCE, abs=0.0001)


def test_the_tables_are_of_the_methods_that_are_used():
    generator = np.random.default_rng(2)
    for seeds, method in ((1, mcnemar), (4, pooled)):
        study = simulate_study(generator, seeds, 0.001)
        pairs, answers = Pairs(study), as_answers(study)
        p, margin = method(pairs)
        compared = compare_all(answers)
        for i, pair in enumerate(zip(pairs.a, pairs.b, strict=True)):
            comparison = compared[pair]
            assert comparison.difference == pytest.approx(pairs.difference[i])
            assert comparison.p == pytest.approx(p[i])
            assert comparison.high - comparison.low > 2 * margin[i]
    low, high = effective_wilson(pairs)
    for model in range(MODELS):
        expected = accuracy_interval(np.stack(list(answers[model].values())))[1:]
        assert (low[model], high[model]) == pytest.approx(expected)


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_of_equal_models_none_is_called_better_in_95_percent_of_studies(seeds):
    generator = np.random.default_rng([3, seeds])
    # Of models with one seed, none is ever called better.
    studies, spreads = 20 if seeds == 1 else 200, [*SPREADS, 0.002]
    said = sum(
        bool(pairs_said_to_differ(simulate_study(generator, seeds, spreads[i % len(spreads)])))
        for i in range(studies)
    )
    assert said / studies <= LEVEL


def test_at_the_widest_spread_too_none_of_equal_models_is_called_better():
    found = judge({CHOSEN: pooled}, 1000, 5, SPREADS[-1])[CHOSEN]
    assert found["false"] <= LEVEL
    assert found["cover"] >= 1 - LEVEL


@pytest.mark.parametrize(("spread", "given"), [(SPREADS[0], 0.95), (SPREADS[1], 0.78)])
def test_a_difference_of_0_3_points_is_found_with_five_seeds(spread, given):
    generator = np.random.default_rng(4)
    studies, of_another, any_other = 200, 0, 0
    for _ in range(studies):
        said = pairs_said_to_differ(simulate_study(generator, 5, spread, DIFFERENCE))
        better = [pair for pair in said if pair[0] == 0]
        of_another += len(better) / (MODELS - 1)
        any_other += bool(better)
    assert any_other / studies >= 0.95
    assert of_another / studies >= given


def test_at_the_widest_spread_a_given_pair_takes_more_than_five_seeds():
    found = judge({CHOSEN: pooled}, 1000, 5, SPREADS[-1], DIFFERENCE)[CHOSEN]
    assert found["any"] >= 0.8
    assert 0.45 < found["given"] < 0.6
    assert judge({CHOSEN: pooled}, 300, 10, SPREADS[-1], DIFFERENCE)[CHOSEN]["given"] >= 0.9


@pytest.mark.parametrize("seeds", [2, 3])
def test_seeds_that_lie_close_by_chance_make_no_better(seeds):
    # The variance between seeds of the pair alone is too low just where the two look different.
    found = judge({CHOSEN: pooled, PAIR: CANDIDATES[PAIR]}, 600, seeds, 0.002)
    assert found[CHOSEN]["false"] <= LEVEL
    assert found[PAIR]["false"] > 1.5 * LEVEL


@pytest.mark.parametrize("seeds", [1, 3])
def test_all_intervals_together_hold_the_truth_in_95_percent_of_studies(seeds):
    found = judge_together(60, seeds, SPREADS[-1], DIFFERENCE)
    assert found["all"] >= 1 - LEVEL
    assert found["agree"] == 1


def test_one_seed_says_nothing_of_models():
    # The trained networks do differ, though the models do not: so of these nothing is said.
    assert judge({"McNemar": mcnemar}, 300, 1, SPREADS[0])["McNemar"]["false"] <= LEVEL
    assert judge({"McNemar": mcnemar}, 300, 1, SPREADS[-1])["McNemar"]["false"] > 0.5
