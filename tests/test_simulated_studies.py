"""Tests of the comparisons as a whole, on simulated studies whose truth is known.

docs/statistics.md has the shares that are asserted here, from many more studies.
"""

import gc

import numpy as np
import pytest

from bakeoff import comparisons
from bakeoff.comparisons import LEVEL, accuracy_interval, compare_all, told_apart
from simulated_studies import (
    CHOSEN,
    DIFFERENCE,
    IMAGES,
    MODELS,
    ONE_SEED_MARGIN,
    SPREADS,
    Pairs,
    as_answers,
    effective_wilson,
    judge,
    mcnemar,
    pooled,
    simulate_study,
)


@pytest.fixture(scope="module", autouse=True)
def _no_garbage_to_look_through():
    """Keep what other tests have loaded from the garbage collector.

    statsmodels collects garbage in every correction of p-values, thousands of times here.
    """
    gc.freeze()
    yield
    gc.unfreeze()


def pairs_said_to_differ(study):
    """Return the pairs (better, worse) of a simulated study that are told apart."""
    return [
        pair
        for pair, (comparison, p_holm) in compare_all(as_answers(study)).items()
        if told_apart(comparison, p_holm) and comparison.difference > 0
    ]


def test_simulated_trainings_are_like_those_of_the_reference_run():
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
    assert ONE_SEED_MARGIN == comparisons.ONE_SEED_MARGIN
    generator = np.random.default_rng(2)
    for seeds, method in ((1, mcnemar), (4, pooled)):
        study = simulate_study(generator, seeds, 0.001)
        pairs, answers = Pairs(study), as_answers(study)
        p, margin = method(pairs)
        compared = compare_all(answers)
        for i, pair in enumerate(zip(pairs.a, pairs.b, strict=True)):
            comparison = compared[pair][0]
            assert comparison.difference == pytest.approx(pairs.difference[i])
            assert comparison.p == pytest.approx(p[i])
            assert (comparison.high - comparison.low) / 2 == pytest.approx(margin[i])
    low, high = effective_wilson(pairs)
    for model in range(MODELS):
        expected = accuracy_interval(np.stack(list(answers[model].values())))[1:]
        assert (low[model], high[model]) == pytest.approx(expected)


@pytest.mark.parametrize("seeds", [1, 5])
def test_of_equal_models_none_is_called_better_in_95_percent_of_studies(seeds):
    generator = np.random.default_rng([3, seeds])
    studies, spreads = 1002, [*SPREADS]
    said = sum(
        bool(pairs_said_to_differ(simulate_study(generator, seeds, spreads[i % len(spreads)])))
        for i in range(studies)
    )
    assert said / studies <= LEVEL


def test_at_the_widest_spread_too_none_of_equal_models_is_called_better():
    found = judge({CHOSEN: pooled}, 2000, 5, SPREADS[-1])[CHOSEN]
    assert found["false"] <= LEVEL
    assert found["cover"] == pytest.approx(1 - LEVEL, abs=0.01)


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


def test_one_seed_without_the_margin_would_mislead():
    # The reason for ONE_SEED_MARGIN: the trained networks do differ, though the models do not.
    assert judge({"McNemar": mcnemar}, 300, 1, SPREADS[0])["McNemar"]["false"] <= LEVEL
    assert judge({"McNemar": mcnemar}, 300, 1, SPREADS[-1])["McNemar"]["false"] > 0.5
