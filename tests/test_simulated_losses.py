"""Tests of the trends of loss curves, on simulated curves whose truth is known.

docs/statistics.md has the shares that are asserted here, from more curves.
"""

import numpy as np
import pytest

from bakeoff.analysis.curves import loss_trend, rose_since_the_middle
from simulated_losses import WANDERING, judge_trends, simulate_losses

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("seeds", [1, 3, 5])
@pytest.mark.parametrize("autocorrelation", WANDERING.values())
@pytest.mark.parametrize("epochs", [13, 60])
def test_losses_without_a_trend_seem_to_move_in_one_case_of_20(seeds, autocorrelation, epochs):
    found = judge_trends(400, seeds, epochs, autocorrelation)
    # Three standard errors of 400 curves are 3 percentage points.
    assert found["moving"] <= 0.08
    assert found["risen"] <= 0.05


def test_epochs_are_no_sample():
    # The reason why runs and stretches of them are.
    assert judge_trends(200, 3, 30, 0.8)["theil"] > 0.2
    assert judge_trends(200, 3, 60, 1.0)["theil"] > 0.5


def test_a_trend_is_found():
    assert judge_trends(100, 3, 30, 0.5, slope=1.0)["moving"] > 0.95
    assert judge_trends(100, 5, 13, 0.5, slope=1.0)["moving"] > 0.95


def test_simulated_losses_are_what_they_are_called():
    losses = simulate_losses(np.random.default_rng(0), 2000, 60, 0.8)
    assert losses.std(axis=0)[[0, 30, 59]] == pytest.approx(1 / 0.6, rel=0.06)
    walk = simulate_losses(np.random.default_rng(0), 2000, 60, 1.0, slope=0.5)
    assert np.diff(walk, axis=1).mean() == pytest.approx(0.5, abs=0.01)
    assert np.diff(walk, axis=1).std() == pytest.approx(1, rel=0.01)


def test_a_trend_by_hand():
    # Four seeds, one stretch each: slopes -2, -1, -1 and 0 give a mean of -1, a standard error of
    # 0.4082, and with three degrees of freedom 3.1824 times that on either side.
    epochs = np.arange(15)
    losses = 100 + np.array([-2, -1, -1, 0])[:, None] * epochs
    trend = loss_trend(losses)
    assert trend.epochs == 5
    assert trend.slope == pytest.approx(-1)
    assert (trend.low, trend.high) == pytest.approx((-2.2992, 0.2992), abs=1e-4)
    assert trend.verdict == "noisy"
    assert loss_trend(losses[1:3]).verdict == "falling"


def test_one_seed_is_cut_into_four_stretches():
    # From epoch to epoch: -3, -1, -1, -3. Mean -2, standard error 0.5774.
    trend = loss_trend(np.array([[20.0, 17, 16, 15, 12]]))
    assert trend.slope == pytest.approx(-2)
    assert trend.high == pytest.approx(-2 + 3.1824 * 0.57735, abs=1e-4)
    assert loss_trend(np.array([[20.0, 17, 16, 15]])).verdict == "unknown"


def test_a_rise_since_the_middle_takes_seeds():
    losses = np.array([9, 6, 3, 3, 3, 3, 5, 5, 5.0])
    assert rose_since_the_middle(np.stack([losses, losses + 1]))
    assert not rose_since_the_middle(losses[None])
    assert not rose_since_the_middle(np.stack([losses, losses[::-1]]))
    assert not rose_since_the_middle(np.array([[1.0, 2], [1, 2]]))
