"""Tests of groups and of balanced accuracy: against brute force, and against what is known."""

from functools import partial
from itertools import product

import numpy as np
import pytest

from bakeoff.analysis.chance import chance_level
from bakeoff.analysis.crossed import (
    Answers,
    contrast,
    crossed_difference,
    crossed_differences,
    crossed_mean,
    limits,
)
from bakeoff.analysis.hard_classes import stands_out
from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.sampling import Sampling, TestSample, Weighed, flips_p, groups_needed
from bakeoff.analysis.significance import compare, compare_all
from bakeoff.levels import LEVEL
from simulated_groups import CLASSES, GROUPS, Case, compared, judge, simulate


def weighed(*sample):
    """Return what makes Weighed of answers: ``sample`` are those of Sampling."""
    return partial(Weighed, sampling=Sampling(*sample))


def some_answers(models=2, seeds=1, images=60, share=0.8, seed=0):
    return np.random.default_rng(seed).random((models, seeds, images)) < share


@pytest.mark.parametrize(
    "differences",
    [[3, -1, 2, 1, 1], [0.5, -0.2, 0.31, 0.07], [1, 1, 1, 1, 1, 1], [0, 2, 0], [0, 0]],
)
def test_the_p_value_counts_all_ways_to_choose_the_signs(differences):
    differences = np.array(differences, float)
    sums = [np.dot(signs, differences) for signs in product([-1, 1], repeat=len(differences))]
    expected = np.mean(np.abs(sums) >= abs(differences.sum()) - 1e-9)
    assert flips_p(differences) == pytest.approx(expected)


@pytest.mark.parametrize("seeds", [1, 3])
def test_groups_of_one_image_are_the_images(seeds):
    a, b = some_answers(2, seeds)
    alone, grouped = compare(a, b), compare(a, b, weighed(60, np.arange(60)[::-1]))
    assert grouped.difference == pytest.approx(alone.difference)
    assert grouped.ahead == alone.ahead
    # The jackknife divides by one image less.
    assert grouped.p == pytest.approx(alone.p, abs=0 if seeds > 1 else 1e-12, rel=0.05)
    assert (grouped.low, grouped.high) == pytest.approx((alone.low, alone.high), abs=0.01)


def test_mean_squares_are_those_of_images_where_each_is_a_group():
    answers = some_answers(3, 4)
    found = weighed(60, np.arange(60))(answers).mean_squares * 60
    expected = Answers(answers).mean_squares
    assert found[1] == pytest.approx(expected[1])
    assert found[[0, 2]] == pytest.approx(expected[[0, 2]] * 60 / 59)


def test_the_same_seeds_in_another_order_are_equally_accurate():
    labels = np.repeat([0, 1, 2], [7, 11, 42])
    for seed in range(50):
        [answers] = some_answers(1, 3, seed=seed)
        values = weighed(60, None, labels)(np.array([answers, answers[[2, 0, 1]]])).value
        assert values[0] == values[1]


def test_the_same_answers_of_each_class_by_other_seeds_are_equally_accurate():
    labels = np.repeat([0, 1, 2], [7, 11, 42])
    generator = np.random.default_rng(0)
    for seed in range(300):
        [answers] = some_answers(1, 2, seed=seed)
        other = answers.copy()
        for label in range(3):
            own = labels == label
            other[:, own] = answers[generator.permutation(2)][:, own]
        values = weighed(60, None, labels)(np.array([answers, other])).value
        assert values[0] == values[1]
        recalls = [answers[:, labels == label].mean() for label in range(3)]
        assert values[0] == pytest.approx(np.mean(recalls), abs=1e-12)


@pytest.mark.parametrize("labels", [None, np.arange(60) % 3 % 2])
def test_the_variance_of_a_mean_is_the_jackknifes(labels):
    groups = np.random.default_rng(1).integers(0, 9, 60)
    correct = some_answers(1)[0]

    def mean(kept):
        shown = np.zeros(60, int) if labels is None else labels
        return np.mean([correct[0, kept & (shown == k)].mean() for k in np.unique(shown)])

    left_out = np.array([mean(groups != group) for group in range(9)])
    expected = np.sqrt(((left_out - mean(groups >= 0)) ** 2).sum())
    found = crossed_mean(correct, weighed(60, groups, labels))
    assert found.value == pytest.approx(mean(groups >= 0))
    assert found.error == pytest.approx(expected)
    assert 1 <= found.freedom < 8


def test_more_images_of_the_same_groups_make_nothing_surer():
    a, b = some_answers(2, 1, 40)
    once = compare(a, b, weighed(40, np.arange(40)))
    a, b = (np.repeat(answers, 50, axis=1) for answers in (a, b))
    groups = np.repeat(np.arange(40), 50)
    often = compare(a, b, weighed(2000, groups))
    assert often.difference == pytest.approx(once.difference)
    assert often.p == pytest.approx(once.p, rel=0.1)
    assert compare(a, b).high - compare(a, b).low < 0.5 * (often.high - often.low)
    _, low, high = accuracy_interval(a, weighed(2000, groups))
    _, low_once, high_once = accuracy_interval(a[:, ::50], weighed(40, np.arange(40)))
    assert (low, high) == pytest.approx((low_once, high_once), abs=0.01)


def test_balanced_accuracy_is_the_mean_of_the_recalls():
    labels = np.repeat([0, 1, 4], [80, 15, 5])
    correct = np.ones((1, 100), bool)
    correct[0, :8] = correct[0, 99] = False
    accuracy, low, high = accuracy_interval(correct, weighed(100, None, labels))
    assert accuracy == pytest.approx(np.mean([0.9, 1, 0.8]))
    assert 0 < low < accuracy < high < 1
    # As sure as of 3 classes of so few images, not as of 100 images.
    plain = accuracy_interval(correct)
    assert high - low > 1.5 * (plain[2] - plain[1])


@pytest.mark.parametrize("seeds", [1, 2])
def test_classes_of_equal_size_make_it_accuracy(seeds):
    a, b = some_answers(2, seeds)
    balanced, plain = compare(a, b, weighed(60, None, np.arange(60) % 4)), compare(a, b)
    assert balanced.difference == pytest.approx(plain.difference)
    assert balanced.p == pytest.approx(plain.p, rel=0.1)


def test_what_is_right_in_a_small_class_counts_for_as_much_as_in_a_large_one():
    labels = np.repeat([0, 1], [900, 100])
    a, b = np.ones((2, 1, 1000), bool)
    a[0, :45] = False
    b[0, 900:920] = False
    assert compare(a, b).difference == pytest.approx(-0.025)
    balanced = compare(a, b, weighed(1000, None, labels))
    assert balanced.difference == pytest.approx(0.075)
    assert balanced.significant
    assert balanced.low > 0


def test_one_image_or_one_group_of_a_class_is_no_error():
    labels = np.array([0] * 30 + [1])
    for groups in (None, np.arange(31) // 10):
        a, b = some_answers(2, 2, 31)
        compared = compare(a, b, weighed(31, groups, labels))
        assert compared.low <= compared.difference <= compared.high
        assert np.isfinite([compared.low, compared.high, compared.p]).all()
        assert np.isfinite(accuracy_interval(a, weighed(31, groups, labels))).all()


def test_all_right_leaves_the_groups_in_doubt():
    right = np.ones((1, 1000), bool)
    groups = np.arange(1000) // 100
    assert accuracy_interval(right, weighed(1000, groups))[1] == pytest.approx(
        accuracy_interval(right[:, :10])[1]
    )


@pytest.mark.parametrize("seeds", [1, 3])
def test_of_too_few_groups_none_makes_a_difference(seeds):
    for pairs, models in ((1, 2), (45, 10)):
        needed = groups_needed(pairs)
        for groups in (needed - 1, needed):
            answers = np.ones((models, seeds, 50 * groups), bool)
            answers[0] = False
            found = compare_all(
                {model: dict(enumerate(own)) for model, own in enumerate(answers)},
                weighed(50 * groups, np.arange(50 * groups) % groups),
            )
            worse = any(found[0, other].significant for other in range(1, models))
            assert worse == (groups == needed)
            assert 2.0 ** (1 - groups) * pairs < LEVEL if worse else found[0, 1].high == 0


def test_another_level_takes_another_number_of_groups():
    for pairs, level in ((1, 0.2), (1, 0.125), (3, 0.05 * 20 / 48), (45, 0.01)):
        needed = groups_needed(pairs, level)
        assert 2.0 ** (1 - needed) * pairs < level <= 2.0 ** (2 - needed) * pairs


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("wrong", [0, 7, 10, 100, 101, 300, 333])
def test_of_one_group_all_that_is_known_is_its_own(seeds, wrong):
    labels = np.arange(1000) % 10
    answers = np.ones((3, seeds, 1000), bool)
    answers[0, :, :wrong] = answers[1, 0, :50] = False
    for sample in ((1000, np.zeros(1000, int)), (1000, np.zeros(1000, int), labels)):
        of = weighed(*sample)
        assert accuracy_interval(answers[0], of)[1:] == (0, 1)
        found = compare(answers[0], answers[2], of)
        assert (found.low, found.high, found.p) == (-1, 1, 1)
        mean = contrast(of(answers), np.array([1, -0.5, -0.5]))
        assert limits(mean.value, mean.value, mean.margin) == (-1, 1)


def test_of_one_group_a_class_no_mean_of_the_classes_is_known():
    labels = np.arange(1000) % 2
    right = np.arange(1000)[None] >= 13
    assert accuracy_interval(right, weighed(1000, labels, labels))[1:] == (0, 1)
    # Images by themselves are right or wrong: a class of one image says no more than that.
    few = accuracy_interval(np.arange(10)[None] >= 3, weighed(10, None, np.arange(10)))
    assert few[1] > 0.3


def test_where_groups_are_equal_rounding_decides_nothing():
    # Each group has the same share of right images: 1 of 10 wrong, 7 of 30 and so on.
    widths = []
    for size, wrong in ((10, 1), (30, 3), (70, 7), (90, 9), (110, 11)):
        right = np.arange(5 * size)[None] % size >= wrong
        _, low, high = accuracy_interval(right, weighed(5 * size, np.arange(5 * size) // size))
        widths.append((high - low) * np.sqrt(size))
    assert max(widths) < 1.1 * min(widths)


def test_hardest_class_with_each_image_a_group_is_as_sure_as_without():
    labels = np.repeat([0, 1, 2], 100)
    generator = np.random.default_rng(3)

    class Run:
        correct = generator.random(300) < np.repeat([0.95, 0.9, 0.7], 100)

    class Model:
        runs = (Run,)

    assert stands_out([Model], labels, 2)
    assert stands_out([Model], labels, 2, np.arange(300))
    # In five groups of each class, the same shares say little.
    assert not stands_out([Model], labels, 2, np.repeat(np.arange(6), 50))


def test_chance_by_each_metric():
    labels = np.repeat([0, 3, 5], [70, 20, 10])
    assert chance_level(labels, "accuracy") == pytest.approx(0.7)
    assert chance_level(labels, "balanced_accuracy") == pytest.approx(1 / 3)


def test_without_groups_accuracy_is_counted_as_ever():
    assert TestSample(np.arange(9) % 2).ranking is Answers
    assert TestSample(np.arange(9) % 2, None, "balanced_accuracy").ranking is not Answers


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_tables_are_of_the_methods_that_are_used(seeds):
    correct, groups, _ = simulate(Case(), np.random.default_rng(0), seeds)
    of = weighed(len(groups), groups)
    p, mean = compared(of(correct), correct, of)
    found = compare_all({m: dict(enumerate(own)) for m, own in enumerate(correct)}, of)
    pairs = [pair for pair in found if pair[0] < pair[1]]
    assert [found[pair].p for pair in pairs] == pytest.approx(p)
    widths = [found[pair].high - found[pair].low for pair in pairs]
    assert (np.array(widths) > 2 * mean.margin).all()


@pytest.mark.parametrize("seeds", [1, 2, 3, 5])
def test_of_equal_models_with_groups_none_is_better_in_95_percent_of_studies(seeds):
    found = judge(Case(alike=0.5), 150, seeds)
    assert found["false"] <= LEVEL
    assert found["cover"] >= 0.94


@pytest.mark.parametrize(
    ("seeds", "case"),
    [
        (1, "2 classes, 95 and 5 %"),
        (3, "2 classes, 95 and 5 %"),
        (3, "50 groups, 3 classes, each group its own"),
    ],
)
def test_of_models_with_equal_recalls_none_is_better_in_95_percent_of_studies(seeds, case):
    found = judge(CLASSES[case], 60, seeds, balanced=True)
    assert found["false"] <= LEVEL
    assert found["cover"] >= 0.94


def test_images_for_groups_would_call_equal_networks_different():
    assert judge(GROUPS["the same, alike 0.3"], 30, 1, naive=True)["false"] > 0.9


def test_a_single_difference_and_many_are_one():
    a, b = some_answers(2, 3)
    one = crossed_difference(a, b)
    many = crossed_differences(Answers(a[None]), Answers(b[None]))
    assert (one.value, one.error) == pytest.approx((many.value.item(), many.error.item()))
