"""Tests of the statistics, against values worked out by hand or published."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bakeoff.analysis import crossed, significance
from bakeoff.analysis.crossed import crossed_difference, crossed_mean, typical_spread
from bakeoff.analysis.intervals import accuracy_interval, gap_interval
from bakeoff.analysis.significance import (
    SHORT_OF_ZERO,
    compare,
    compare_all,
    compare_each,
    holm,
    probability_ahead,
)
from bakeoff.wording import points_interval


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


def test_test_and_interval_agree_on_zero():
    # Of five images one model gets all right and the other none: exact McNemar gives 2 / 2^5,
    # though Bonett and Price's interval would start at 0.20.
    comparison = compare(*answers(5, 0, 5))
    assert comparison.p == pytest.approx(0.0625)
    assert comparison.low == 0
    assert comparison.high == 1
    assert not comparison.significant
    # Six of six are enough: 2 / 2^6.
    comparison = compare(*answers(6, 0, 6))
    assert comparison.p == pytest.approx(0.03125)
    assert comparison.low > 0


def test_intervals_of_several_pairs_are_widened_and_zero_lies_where_holm_says():
    generator = np.random.default_rng(12)
    for seeds in (1, 3):
        for images in (6, 60, 600):
            shares = generator.uniform(0.5, 1, 9)
            models = {
                model: {seed: generator.random(images) < share for seed in range(seeds)}
                for model, share in enumerate(shares)
            }
            found = compare_all(models)
            significant = 0
            for comparison in found.values():
                assert comparison.low <= comparison.difference <= comparison.high
                assert (comparison.low <= 0 <= comparison.high) != comparison.significant
                significant += comparison.significant
            assert images < 600 or significant


def test_bonferronis_interval_by_hand():
    # 12 against 2 of 100 images, one of three pairs: the normal quantile of 1 - 0.05 / 6 is 2.394.
    pairs = [answers(12, 2, 100), answers(3, 3, 100), answers(4, 3, 100)]
    first = compare_each(pairs)[0]
    value, variance = 10 / 102, ((14 + 2) / 102 - (10 / 102) ** 2) / 102
    assert first.high == pytest.approx(value + 2.39398 * variance**0.5, rel=1e-5)
    # Holm's first step: three times the p-value, 0.0129.
    assert first.p_holm == pytest.approx(3 * 0.01294, rel=1e-3)
    assert first.low == pytest.approx(value - 2.39398 * variance**0.5, rel=1e-5)
    assert compare_each([]) == []


def test_where_holms_later_step_decides_the_interval_ends_short_of_zero():
    # 10 against 2 of 100: p is 0.0386, enough for the second of two steps. Bonferroni's interval,
    # 2.241 standard errors wide, would start at -0.002.
    certain, close = compare_each([answers(40, 0, 100), answers(10, 2, 100)])
    assert close.p_holm == pytest.approx(0.03857, rel=1e-3)
    assert close.significant
    assert close.low == SHORT_OF_ZERO
    assert points_interval(close.low, close.high).startswith("[above 0, ")
    assert certain.low > 0.2
    # In one comparison alone nothing is cut.
    assert compare(*answers(10, 2, 100)).low == pytest.approx(0.00816, abs=1e-5)


def test_one_seed_interval_is_that_of_the_several_seeds_without_any_seeds():
    # Bonett and Price: two images are added, one for each model.
    comparison = compare(*answers(10, 2, 100))
    mean = crossed_difference(*answers(10, 2, 100))
    assert mean.freedom == np.inf
    middle = (comparison.low + comparison.high) / 2
    assert (mean.value, mean.margin) == pytest.approx((middle, comparison.high - middle))


def test_mcnemar_as_published():
    # Armitage and Berry 1994, "Statistical Methods in Medical Research", page 127: two media for
    # the same 50 specimens. Exact, two-sided: 0.0129.
    assert compare(*answers(12, 2, 50)).p == pytest.approx(0.0129, abs=5e-5)
    # Fagerland, Lydersen and Laake 2013, "The McNemar test for binary matched-pairs data": the
    # airways of 21 children. Exact conditional: 0.070.
    assert compare(*answers(7, 1, 21)).p == pytest.approx(0.070, abs=5e-4)


def test_answers_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(1, 10\) against \(1, 9\)"):
        compare(np.ones((1, 10)), np.ones((1, 9)))


def test_reversed_comparison_is_the_comparison_the_other_way_round():
    a, b = answers(7, 2, 50)
    assert compare(a, b).reversed() == compare(b, a)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_holm_is_its_definition():
    # The k-th smallest of m times m - k + 1, and none less than those before it.
    p = np.random.default_rng(6).uniform(0, 0.2, 12)
    order = np.argsort(p)
    expected = np.empty(12)
    expected[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(12, 0, -1)))
    assert holm(list(p)) == pytest.approx(expected)


def test_wilson_interval_as_published():
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion": 81 of 263.
    correct = np.arange(263)[None] < 81
    assert accuracy_interval(correct) == pytest.approx((81 / 263, 0.2553, 0.3662), abs=5e-5)


def test_gap_interval_as_published():
    # Newcombe 1998, "Interval estimation for the difference", method 10: 56/70 - 48/80.
    correct = np.arange(80)[None] < 48
    assert gap_interval(correct, 56 / 70, 70) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def two_way_table(values):
    """Mean squares of seeds, images and the rest, by statsmodels."""
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    seed, image = np.indices(values.shape)
    table = pd.DataFrame({"y": values.ravel() * 1.0, "s": seed.ravel(), "i": image.ravel()})
    squares = anova_lm(ols("y ~ C(s) + C(i)", table).fit())["mean_sq"]
    return squares["C(s)"], squares["C(i)"], squares["Residual"]


def skilled(generator, seeds=4, images=40, spread=1.0, skill=0.5):
    """Answers whose runs differ in skill by ``spread``."""
    ability = skill + spread * generator.normal(size=(seeds, 1)) + generator.normal(size=images)
    return ability + generator.normal(size=(seeds, images)) > 0


def test_variance_of_an_accuracy_is_that_of_a_two_way_layout():
    correct = skilled(np.random.default_rng(0))
    of_seeds, of_images, rest = two_way_table(correct)
    assert of_seeds > rest
    mean = crossed_mean(correct)
    assert mean.value == pytest.approx(correct.mean())
    variance = (of_seeds + of_images - rest) / correct.size
    assert mean.error**2 == pytest.approx(variance)
    # Satterthwaite's: few degrees of freedom in the seeds' mean square only. The median of
    # chi-squared with 3 is 2.366.
    likely = 3 / 2.36597 * of_seeds / correct.size
    share = likely / (variance - of_seeds / correct.size + likely)
    assert mean.freedom == pytest.approx(3 / share**2, rel=1e-4)


def test_variance_of_a_difference_pools_the_seeds_and_pairs_the_images():
    generator = np.random.default_rng(1)
    a, b = skilled(generator), skilled(generator, skill=1.0)
    (seeds_a, _, rest_a), (seeds_b, _, rest_b) = two_way_table(a), two_way_table(b)
    assert seeds_a + seeds_b > rest_a + rest_b
    images = a.shape[1]
    by_image = [*(a.mean(axis=0) - b.mean(axis=0)), 1, -1]
    variance = np.var(by_image) / (images + 2)
    added = (seeds_a + seeds_b - rest_a - rest_b) / a.size
    mean = crossed_difference(a, b)
    assert mean.value == pytest.approx(np.mean(by_image))
    assert mean.error**2 == pytest.approx(variance + added)
    p = 2 * stats.t.sf(abs(mean.value) / mean.error, mean.freedom)
    assert compare(a, b).p == pytest.approx(p)


def test_where_seeds_are_all_that_varies_it_is_students_t_test():
    # Each run gets its own share of a great many images right, drawn without any chance
    # in the images but theirs: what is left is scipy's test of the runs' accuracies.
    generator = np.random.default_rng(2)
    images = 100_000
    shares_a, shares_b = generator.uniform(0.3, 0.7, (2, 4))
    a, b = (generator.random((4, images)) < shares[:, None] for shares in (shares_a, shares_b))
    expected = stats.ttest_ind(a.mean(axis=1), b.mean(axis=1))
    interval = expected.confidence_interval()
    comparison = compare(a, b)
    assert comparison.p == pytest.approx(expected.pvalue, rel=0.01)
    assert (comparison.low, comparison.high) == pytest.approx(
        (interval.low, interval.high), rel=0.01
    )


def test_where_runs_vary_no_more_than_chance_only_images_count():
    # The seeds' accuracies are equal, so that plain Student would be certain.
    a = np.array([[1, 0, 1, 1], [0, 1, 1, 1]], bool)
    b = np.array([[1, 1, 0, 0], [1, 1, 0, 0]], bool)
    mean = crossed_difference(a, b)
    by_image = [-0.5, -0.5, 1, 1, 1, -1]
    assert mean.error**2 == pytest.approx(np.var(by_image) / 6)
    assert compare(a, b).p > 0.3


def test_two_images_are_enough_for_a_wide_interval():
    right = np.ones((3, 2), bool)
    comparison = compare(right, ~right)
    assert comparison.difference == 1
    assert -1 <= comparison.low < 0 < comparison.high == 1
    assert comparison.p > 0.05


@pytest.mark.parametrize("seeds", [1, 3])
def test_all_right_is_no_difference_but_leaves_room(seeds):
    right = np.ones((seeds, 1000), bool)
    comparison = compare(right, right)
    assert (comparison.difference, comparison.p) == (0, 1)
    assert comparison.low == -comparison.high
    assert 0.002 < comparison.high < 0.01
    assert comparison.ahead == (None if seeds == 1 else 0.5)


def test_probability_ahead_by_hand_and_by_scipy():
    # Of the nine pairs, 3 beats all of b, 2 beats 1 and 0 and ties with 2, 1 beats 0 and ties
    # with 1.
    assert probability_ahead([1, 2, 3], [0, 1, 2]) == pytest.approx((3 + 2.5 + 1.5) / 9)
    generator = np.random.default_rng(5)
    a, b = generator.integers(0, 6, 7), generator.integers(0, 6, 5)
    u = stats.mannwhitneyu(a, b).statistic
    assert probability_ahead(a, b) == pytest.approx(u / 35)


def test_probability_ahead_belongs_to_the_runs_and_turns_with_the_pair():
    images = np.arange(1000)
    a = images < np.array([[990], [980], [985]])
    b = images < np.array([[989], [970], [985]])
    comparison = compare(a, b)
    # 990 beats all three; 985 beats 970 and ties; 980 beats 970.
    assert comparison.ahead == pytest.approx((3 + 1.5 + 1) / 9)
    assert comparison.reversed().ahead == pytest.approx(compare(b, a).ahead)


@pytest.mark.thorough
def test_several_seeds_keep_their_level_when_runs_and_images_vary():
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


def test_what_is_counted_of_a_pair_does_not_depend_on_the_other_models():
    generator = np.random.default_rng(3)
    models = {
        name: {seed: generator.random(500) < share for seed in (0, 1)}
        for name, share in (("a", 0.9), ("b", 0.95), ("c", 0.91))
    }
    two = compare_all({name: models[name] for name in ("a", "b")})
    three = compare_all(models)
    two, three = two["a", "b"], three["a", "b"]
    for field in ("difference", "only_a", "only_b", "ahead"):
        assert getattr(two, field) == getattr(three, field)
    assert two.p_holm == two.p
    assert three.p_holm > three.p
    assert three.low < two.low < two.high < three.high


@pytest.mark.parametrize("seeds", [1, 3])
def test_all_pairs_at_once_are_what_each_is_alone(seeds, monkeypatch):
    monkeypatch.setattr(significance, "_BLOCK", 2)
    generator = np.random.default_rng(8)
    models = {
        f"model_{number}": {seed: generator.random(400) < 0.9 for seed in range(seeds)}
        for number in range(5)
    }
    # One seed or two that another model has as well, and none at all.
    models["model_1"].pop(0)
    models["model_3"][seeds] = generator.random(400) < 0.8
    if seeds > 1:
        models["model_4"] = {seed: models["model_4"][seed] for seed in (0,)}
    pairs = compare_all(models)
    alone = {}
    for a, b in combinations(models, 2):
        if shared := [seed for seed in models[a] if seed in models[b]]:
            found = compare(*([models[model][seed] for seed in shared] for model in (a, b)))
            alone |= {(a, b): found, (b, a): found.reversed()}
    for field in ("difference", "only_a", "only_b", "ahead"):
        assert {pair: getattr(found, field) for pair, found in pairs.items()} == {
            pair: getattr(found, field) for pair, found in alone.items()
        }
    if seeds == 1:
        assert [found.p for found in pairs.values()] == [found.p for found in alone.values()]
    assert len(pairs) == len(alone) == (12 if seeds == 1 else 18)
    assert [found.p_holm for found in pairs.values()] == [
        p for p in holm([found.p for found in list(pairs.values())[::2]]) for _ in range(2)
    ]
    assert pairs.any_on_one_seed
    assert {found.ahead is None for found in alone.values()} == (
        {True} if seeds == 1 else {True, False}
    )
    assert pairs.get(("model_0", "model_0")) is None


def test_sums_beyond_what_float32_counts_are_exact():
    x = np.array([[5000, 1]])
    assert crossed.inner_products(x, x).item() == 25_000_001


def test_one_training_each_judges_networks_and_no_models():
    once = compare(*answers(60, 2, 10_000))
    assert once.p < 1e-12
    assert (once.one_seed, once.significant, once.told_apart) == (True, True, False)
    several = compare(*(np.repeat(correct, 5, axis=0) for correct in answers(60, 2, 10_000)))
    assert (several.one_seed, several.significant, several.told_apart) == (False, True, True)


def test_runs_that_lie_close_together_by_chance_do_not_make_a_pair_certain():
    # The seeds of six models move them by half a point; those of two happen to agree.
    generator = np.random.default_rng(9)

    def model(*shares):
        return {seed: generator.random(10_000) < share for seed, share in enumerate(shares)}

    calm = {"a": model(0.990, 0.990), "b": model(0.985, 0.985)}
    uneasy = {f"other_{i}": model(0.98, 0.98 + 0.007 * (-1) ** i) for i in range(6)}
    assert compare_all(calm)["a", "b"].p < 0.05
    assert compare_all(calm | uneasy)["a", "b"].p > 0.2


def test_the_typical_spread_by_hand():
    # Mean squares between seeds: images times the variance of the seeds' accuracies.
    def model(*right):
        return np.arange(100) < np.array(right)[:, None]

    calm, wild = model(50, 52), model(20, 80)
    # 100 * 0.01^2 * 2 = 0.02; the median of chi-squared with one degree of freedom is 0.45494.
    found = typical_spread([calm, calm, calm])
    assert found.mean_square == pytest.approx(0.02)
    assert found.freedom == pytest.approx(0.6 * 3)
    # One that is 900 times as variable does not stand for all: twice the median at most.
    found = typical_spread([calm, calm, calm, wild])
    assert found.mean_square == pytest.approx(2 * 0.02 / 0.45494, rel=1e-4)
    assert typical_spread([]) is None


def test_a_seed_that_diverged_in_a_third_model_changes_nothing_for_a_pair():
    generator = np.random.default_rng(7)
    a, b, c = ({seed: generator.random(300) < 0.9 for seed in range(4)} for _ in range(3))
    del a[3]
    two = compare_all({"a": a, "b": b})["a", "b"]
    del c[1]
    three = compare_all({"c": c, "a": a, "b": b})["a", "b"]
    assert (three.difference, three.only_a, three.ahead) == (two.difference, two.only_a, two.ahead)
    assert two.ahead is not None


def test_a_pair_is_compared_on_the_seeds_that_both_have():
    generator = np.random.default_rng(4)
    a, b, c = ({seed: generator.random(200) < 0.8 for seed in range(3)} for _ in range(3))
    del b[1], c[0], c[2]
    pairs = compare_all({"a": a, "b": b, "c": c})
    alone = compare([a[0], a[2]], [b[0], b[2]])
    assert (pairs["a", "b"].difference, pairs["a", "b"].ahead) == (alone.difference, alone.ahead)
    assert pairs["c", "a"].p == compare([c[1]], [a[1]]).p
    assert ("b", "c") not in pairs


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_one_test_image_has_intervals_too(seeds):
    right, wrong = np.ones((seeds, 1), bool), np.zeros((seeds, 1), bool)
    accuracy, low, high = accuracy_interval(right)
    assert (accuracy, high) == (1, pytest.approx(1))
    assert 0 < low < 1
    comparison = compare(right, wrong)
    assert comparison.difference == 1
    assert -1 <= comparison.low < 1 == comparison.high
    assert comparison.p > 0.05
