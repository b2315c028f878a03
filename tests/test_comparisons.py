"""Tests of the statistics, against values worked out by hand or published."""

import numpy as np
import pandas as pd
import pytest

from bakeoff.comparisons import (
    accuracy_interval,
    compare,
    compare_all,
    crossed_mean,
    gap_interval,
    holm,
)


def answers(only_a, only_b, images):
    """Two models' answers (1, images) with so many images that only one of them gets right."""
    a, b = np.ones((2, 1, images), bool)
    a[0, :only_b] = False
    b[0, only_b : only_b + only_a] = False
    return a, b


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [(9, 1, 2 * (1 + 10) / 2**10), (5, 0, 2 / 2**5), (4, 4, 1), (0, 0, 1)],
)
def test_one_seed_is_an_exact_mcnemar_test(only_a, only_b, p):
    comparison = compare(*answers(only_a, only_b, 100))
    assert (comparison.only_a, comparison.only_b) == (only_a, only_b)
    assert comparison.difference == pytest.approx((only_a - only_b) / 100)
    assert comparison.p == pytest.approx(p)


def test_one_seed_interval_is_bonett_and_prices():
    comparison = compare(*answers(10, 2, 100))
    # (11 - 3) / 102 -+ 1.96 * sqrt((11/102 + 3/102 - (8/102)^2) / 102)
    assert (comparison.low, comparison.high) == pytest.approx((0.00816, 0.14870), abs=1e-5)


def test_equal_answers_differ_by_nothing_but_leave_room():
    comparison = compare(*answers(0, 0, 100))
    assert comparison.difference == 0
    assert comparison.low < 0 < comparison.high


def test_answers_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(1, 10\) against \(1, 9\)"):
        compare(np.ones((1, 10)), np.ones((1, 9)))


def test_reversed_comparison_is_the_comparison_the_other_way_round():
    a, b = answers(7, 2, 50)
    assert compare(a, b).reversed() == compare(b, a)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_wilson_interval_as_published():
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion": 81 of 263.
    correct = np.arange(263)[None] < 81
    assert accuracy_interval(correct) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=5e-5)


def test_gap_interval_as_published():
    # Newcombe 1998, "Interval estimation for the difference", method 10: 56/70 - 48/80.
    correct = np.arange(80)[None] < 48
    assert gap_interval(correct, 56 / 70, 70) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_crossed_mean_by_hand():
    mean = crossed_mean(np.array([[1.0, 0.0], [0.0, 0.0]]))
    # All three mean squares are 0.25, and so is their sum less the rest.
    assert (mean.value, mean.error, mean.freedom) == pytest.approx((0.25, 0.25, 0.5))


def test_crossed_mean_has_the_mean_squares_of_a_two_way_layout():
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    generator = np.random.default_rng(0)
    seeds, images = 4, 6
    values = (
        generator.normal(size=(seeds, 1)) + generator.normal(size=images)
    ) + 0.5 * generator.normal(size=(seeds, images))
    seed, image = np.indices(values.shape)
    table = pd.DataFrame({"y": values.ravel(), "s": seed.ravel(), "i": image.ravel()})
    squares = anova_lm(ols("y ~ C(s) + C(i)", table).fit())["mean_sq"]
    total = squares["C(s)"] + squares["C(i)"] - squares["Residual"]
    assert total > max(squares["C(s)"], squares["C(i)"])
    mean = crossed_mean(values)
    assert mean.error**2 == pytest.approx(total / values.size)
    freedom = total**2 / (squares["C(s)"] ** 2 / 3 + squares["C(i)"] ** 2 / 5)
    assert mean.freedom == pytest.approx(freedom)


def test_crossed_variance_is_never_less_than_what_seeds_or_images_account_for():
    # The seeds' means are equal, and a plain difference of mean squares would be negative.
    mean = crossed_mean(np.array([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]))
    assert mean.error == 0
    mean = crossed_mean(np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]))
    by_image = np.var([0.5, 0.5, 1.0], ddof=1)
    assert mean.error**2 == pytest.approx(by_image / 3)


def test_several_seeds_keep_their_level_when_trainings_and_images_vary():
    generator = np.random.default_rng(1)
    seeds, images, studies = 3, 300, 300
    rejected = 0
    for _ in range(studies):
        difficulty = generator.normal(size=images)
        ability = 1.5 + 0.3 * generator.normal(size=(2, seeds, 1))
        correct = ability + difficulty + generator.normal(size=(2, seeds, images)) > 0
        rejected += compare(*correct).p < 0.05
    assert rejected / studies < 0.08


def test_several_seeds_say_less_than_their_images_alone_would():
    # Seed by seed, the difference jumps; one seed alone would call it certain.
    generator = np.random.default_rng(2)
    a = generator.random((3, 1000)) < np.array([[0.99], [0.90], [0.96]])
    b = generator.random((3, 1000)) < np.array([[0.93], [0.95], [0.94]])
    assert compare(a[:1], b[:1]).p < 0.001
    assert compare(a, b).p > 0.05


def test_interval_of_several_seeds_stays_within_bounds_and_has_a_width():
    accuracy, low, high = accuracy_interval(np.ones((3, 100), bool))
    assert accuracy == 1
    assert 0.9 < low < high == 1
    uneven = np.arange(1000) < np.array([[900], [990], [999]])
    accuracy, low, high = accuracy_interval(uneven)
    assert accuracy == pytest.approx(0.963)
    assert 0 < low < 0.9 < 0.97 < high <= 1


def test_a_pair_does_not_depend_on_the_other_models():
    generator = np.random.default_rng(3)
    models = {
        name: {seed: generator.random(500) < share for seed in (0, 1)}
        for name, share in (("a", 0.9), ("b", 0.95), ("c", 0.91))
    }
    two = compare_all({name: models[name] for name in ("a", "b")})
    three = compare_all(models)
    assert two["a", "b"][0] == three["a", "b"][0]
    assert two["a", "b"][1] < three["a", "b"][1]


def test_a_pair_is_compared_on_the_seeds_that_both_have():
    generator = np.random.default_rng(4)
    a, b, c = ({seed: generator.random(200) < 0.8 for seed in range(3)} for _ in range(3))
    del b[1], c[0], c[2]
    pairs = compare_all({"a": a, "b": b, "c": c})
    assert pairs["a", "b"][0] == compare([a[0], a[2]], [b[0], b[2]])
    assert pairs["c", "a"][0] == compare([c[1]], [a[1]])
    assert ("b", "c") not in pairs
