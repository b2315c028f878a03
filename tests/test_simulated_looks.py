"""Tests of looks as a whole, on simulated studies whose truth is known.

docs/statistics.md has the shares that are asserted here, from many more studies.
"""

import numpy as np
import pytest

from bakeoff.analysis.looks import Plan
from bakeoff.levels import LEVEL
from simulated_looks import (
    CHOSEN,
    FIXED,
    HALF_BEHIND,
    LOOKS,
    MOST,
    WAYS,
    Way,
    decided,
    judge,
    race,
)
from simulated_studies import IMAGES, MODELS, Pairs, pooled, simulate_study

pytestmark = pytest.mark.workflow

FEW = {name: WAYS[name] for name in (FIXED, CHOSEN)}


def whole(correct):
    """Return a simulated study's answers to all images, bool (models, seeds, images)."""
    answers = np.ones((*correct.shape[:2], IMAGES), bool)
    answers[:, :, : correct.shape[2]] = correct
    return answers


def test_the_tables_are_of_the_levels_that_are_used():
    assert Plan(LOOKS, LEVEL).levels == pytest.approx([LEVEL * s for s in WAYS[CHOSEN].shares])
    assert WAYS[CHOSEN].looks == LOOKS


@pytest.mark.parametrize("seeds", [3, 8])
def test_the_tables_are_of_the_decisions_that_are_made(seeds):
    generator = np.random.default_rng([20, seeds])
    left = 0
    for _ in range(5):
        correct = simulate_study(generator, seeds, 0.001, HALF_BEHIND)
        pairs = Pairs(correct)
        found = race([pooled(pairs)[0]], [pairs.difference], Way((seeds,), (1.0,)))
        made, _ = decided(whole(correct), Plan((seeds,)))
        assert made.differ.tolist() == found.differ.tolist()
        assert made.in_race.tolist() == found.in_race.tolist()
        left += MODELS - found.in_race.sum()
    assert left


def test_a_race_that_is_decided_goes_as_in_the_tables():
    generator = np.random.default_rng(21)
    runs = []
    for _ in range(6):
        correct = simulate_study(generator, MOST, 0.001, HALF_BEHIND)
        seen = [
            (pooled(pairs)[0], pairs.difference) for n in LOOKS for pairs in [Pairs(correct[:, :n])]
        ]
        found = race(*zip(*seen, strict=True), WAYS[CHOSEN])
        made, _ = decided(whole(correct), Plan(LOOKS))
        # What is typical of a study is taken from fewer seeds there, once models have left.
        runs.append((made.runs.sum(), found.runs.sum()))
        assert made.in_race.tolist() == found.in_race.tolist()
    made, found = np.sum(runs, axis=0)
    assert made <= found * 1.03
    assert made >= found * 0.9


@pytest.mark.parametrize("spread", [0.0005, 0.002, 0.003])
def test_of_equal_models_none_leaves_in_95_percent_of_studies(spread):
    assert judge(FEW, 150, spread)[CHOSEN]["false"] <= LEVEL


def test_half_of_the_runs_and_more_show_as_much_as_all_of_them():
    found = judge(FEW, 100, 0.0005, HALF_BEHIND)
    assert found[CHOSEN]["left"] >= 0.99
    assert found[CHOSEN]["runs"] <= 0.6
    assert found[FIXED]["runs"] == 1
    wider = judge(FEW, 100, 0.001, HALF_BEHIND)
    assert wider[CHOSEN]["left"] >= wider[FIXED]["left"] - 0.01
    assert 0.6 < wider[CHOSEN]["runs"] < 0.7
