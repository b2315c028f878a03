"""What a study could have shown, and what it would take to show more."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from bakeoff.analysis.crossed import (
    Answers,
    Shares,
    crossed_difference,
    crossed_differences,
    shares_of_difference,
    typical_spread,
)
from bakeoff.analysis.power import _images
from bakeoff.analysis.sampling import TestSample
from bakeoff.findings.power import in_one_sentence, what_it_would_take
from concluded_study import conclude
from figure_studies import make_open, make_results, make_study
from simulated_power import doubtful_study, share_shown, shares_and_limits

Z = stats.norm.isf(0.025) + stats.norm.ppf(0.8)


def random_answers(seeds, images, accuracy, generator):
    """Return answers (1, seeds, images) of images that differ in how hard they are."""
    skill = generator.normal(size=images) + generator.normal(size=(seeds, 1)) / 5
    return (stats.norm.cdf(skill) < accuracy)[None]


def test_the_shares_add_up_to_the_variance_of_the_test():
    generator = np.random.default_rng(0)
    a, b = (random_answers(4, 500, accuracy, generator) for accuracy in (0.8, 0.75))
    shares = shares_of_difference(Answers(a), Answers(b))
    error = crossed_difference(a[0], b[0]).error
    assert shares.images + shares.runs / 4 == pytest.approx(error**2)


def test_more_seeds_leave_the_images_share():
    generator = np.random.default_rng(1)
    a, b = (random_answers(3, 400, accuracy, generator) for accuracy in (0.8, 0.75))
    shares = shares_of_difference(Answers(a), Answers(b))
    found = shares.detectable(np.array([2, 3, 10, 100, 10_000]), 1)
    assert (np.diff(found) < 0).all()
    limit = shares.detectable(np.inf, 1)
    assert limit == pytest.approx(Z * np.sqrt(shares.images))
    assert found[-1] == pytest.approx(limit, rel=0.02)
    assert shares.detectable(3, 45) > shares.detectable(3, 1)


def test_equal_answers_need_nothing():
    same = Answers(np.ones((1, 3, 50), bool))
    shares = shares_of_difference(same, same)
    assert shares.runs == 0
    assert shares.detectable(3, 1) >= 0


@pytest.mark.parametrize(("models", "seeds"), [(10, 2), (10, 3), (4, 2), (2, 2), (2, 5)])
@pytest.mark.parametrize("groups", [None, 40])
def test_what_is_shown_in_four_of_five_cases_is_more_than_what_is_significant(
    models, seeds, groups
):
    generator, number = np.random.default_rng(models + seeds), models * (models - 1) // 2
    for _ in range(10):
        correct, _ = doubtful_study(generator, models, seeds, images=1000, spread=0.15)
        of = Answers
        if groups:
            labels = np.arange(1000) % 7
            of = TestSample(labels, np.arange(1000) % groups, "balanced_accuracy").ranking
        typical = typical_spread(correct, of)
        for other in correct[1:]:
            pair = of(correct[0][None]), of(other[None])
            test = crossed_differences(*pair, typical)
            shares = shares_of_difference(*pair, typical)
            variance = shares.of_images + shares.runs / seeds
            assert variance >= test.error.item() ** 2 * (1 - 1e-9)
            critical = stats.t.isf(0.025 / number, test.freedom) * test.error
            found = shares.detectable(seeds, number)
            assert found > critical.item()
            if shares.told:
                # The quantiles are those of the test's degrees of freedom.
                power = stats.t.ppf(0.8, test.freedom) * test.error
                assert found == pytest.approx((critical + power).item(), rel=1e-6)


@pytest.mark.parametrize("seeds", [2, 3])
def test_no_number_of_seeds_shows_less_than_the_images_that_are_added_let_be_seen(seeds):
    shares, ratios = shares_and_limits(seeds, images=300, studies=60)
    least = stats.norm.isf(0.025 / 6) * np.sqrt(2) / 302
    assert min(one.detectable(np.inf, 6) for one in shares) >= least
    # Of two seeds, some studies tell nothing of the images' share.
    assert seeds > 2 or not all(one.told for one in shares)
    assert min(ratios) > 0.6
    assert 0.85 < np.median(ratios) < 1.1


@pytest.mark.parametrize("groups", [None, 20])
@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_the_least_share_is_that_of_models_that_are_alike(groups, metric):
    labels = np.repeat([0, 1], [150, 50])
    of = TestSample(labels, None if groups is None else np.arange(200) % groups, metric).ranking
    same = of(np.random.default_rng(0).random((1, 1, 200)).repeat(3, axis=1) < 0.8)
    shares = shares_of_difference(same, same)
    assert not shares.told
    alone = pytest.approx(same.less(same)[1].item())
    assert (shares.of_images, shares.added) == (alone, alone)
    assert shares.detectable(np.inf, 1) > 0


@pytest.mark.parametrize("told", [True, False])
def test_what_seeds_do_not_tell_is_said_to_be_the_least(told):
    results = make_results(make_study())
    results = make_open(
        results, needed={"model_02": {"told": told, "seeds": 25, "seconds": 900.0}}, told=told,
        seeds=[25, 25], seconds=900.0,
    )  # fmt: skip
    finding = what_it_would_take(results)
    text = " ".join(finding.text)
    assert "that is the test images' share, which seeds do not change" in text
    assert ("or the least that it can be where these seeds are too few to tell it" in text) != told
    assert ("it takes at least 25 seeds to settle the place" in text) != told
    assert ("25 seeds would settle the place" in text) == told
    assert ("train at least 25 seeds of each" in finding.answer) != told
    assert ("that may settle" in finding.answer) != told
    assert (": at least 25 seeds of each instead of 3" in finding.items[0]) != told
    assert ("allows (0.40 percentage points), at least 4 seeds" in finding.items[0]) != told


@pytest.mark.parametrize("seeds", [3, 10])
def test_a_difference_of_that_size_is_shown_about_as_often_as_said(seeds):
    # 60 studies of nine pairs each.
    assert 0.68 < share_shown(seeds, spread=0.001, studies=60) < 0.92


@pytest.mark.parametrize("pairs", [1, 45])
def test_the_groups_that_it_takes_are_the_fewest_that_are_enough(pairs):
    shares = Shares(images=0.0004, runs=0.0001, seeds=3, freedom=4, images_freedom=7, least_p=2**-7)
    data = SimpleNamespace(groups=np.arange(800) // 100, labels=np.zeros(800))
    found = _images(shares, 0.04, pairs, data)

    def limit(groups):
        share = replace(shares, images=0.0004 * 8 / groups, images_freedom=groups - 1, least_p=0)
        return share.detectable(np.inf, pairs)

    assert limit(found) <= 0.04 < limit(found - 1)


def concluded(tmp_path, runs, **options):
    findings, text = conclude(tmp_path, runs, images=1000, **options)
    return findings["numbers"]["power"], text


def by_seed(wrong):
    """Return the settings of three runs, by seed, that get the images wrong that it tells."""
    return {seed: {"wrong_images": wrong(seed)} for seed in range(3)}


def test_what_seeds_can_settle_is_told_from_what_they_cannot(tmp_path):
    # Seeds differ in three images; model b has two mistakes more, c fifteen.
    runs = {
        "a": by_seed(lambda seed: range(10 + 3 * seed)),
        "b": by_seed(lambda seed: [*range(10 + 3 * seed), 900, 901]),
        "c": by_seed(lambda seed: [*range(10 + 3 * seed), *range(800, 815)]),
    }
    found, text = concluded(tmp_path, runs, seeds=(0, 1, 2))
    assert found["best"] == "a"
    assert found["comparisons"] == 3
    by_model = {one["model"]: one for one in found["needed"]}
    few = by_model["b"]
    assert few["difference"] == pytest.approx(0.002)
    assert few["limit"] > few["difference"]
    assert few["seeds"] is None
    # As many times as many images as the limit is too large, squared.
    assert few["images"] == np.ceil(1000 * (few["limit"] / few["difference"]) ** 2)
    # A figure draws what other numbers of seeds show: as now at first, and less and less.
    low, high = np.array(list(found["by_seeds"].values())).T
    assert [low[0], high[0]] == found["detectable"]
    assert list(found["by_seeds"])[:: len(low) - 1] == ["3", "400"]
    assert (np.diff(low) < 0).all()
    assert low[-1] > found["limit"][0]
    assert "no number of seeds is enough with these test images: it takes " in text
    assert "shown with a probability of 80 % if it is at least" in text


def test_costs_are_those_of_the_runs_that_are_missing(tmp_path):
    runs = {
        "a": by_seed(lambda seed: range(5 + 30 * seed)),
        "b": by_seed(lambda seed: range(25 + 30 * seed)),
    }
    found, text = concluded(tmp_path, runs, seeds=(0, 1, 2))
    (one,) = found["needed"]
    assert one["seeds"] > one["present"] == 3
    assert one["detectable"] > one["difference"]
    # 130 seconds a run.
    assert one["seconds"] == found["seconds"] == 2 * 130 * (one["seeds"] - 3)
    assert found["seeds"] == [one["seeds"], one["seeds"]]
    # These runs tell nothing of the images' share.
    assert not one["told"]
    assert f"it takes at least {one['seeds']} seeds to settle the place of" in text


def test_one_seed_says_nothing_of_more(tmp_path):
    found, text = concluded(
        tmp_path, {"a": {"wrong_images": range(10)}, "b": {"wrong_images": range(12)}}
    )
    assert found["detectable"] is None
    assert found["needed"] == []
    assert found["by_seeds"] == {}
    assert found["one_seed"] == ["b"]
    assert found["second_seed"] == 2 * 130
    assert "A second seed of each, about 4 min of training in all, would tell." in text


def test_a_study_that_is_decided_needs_nothing_more(tmp_path):
    runs = {"a": {"wrong_images": range(10)}, "b": {"wrong_images": range(300)}}
    found, text = concluded(tmp_path, runs, seeds=(0, 1, 2))
    assert found["needed"] == found["one_seed"] == []
    assert "nothing more is needed for the first place" in text


def test_one_model_has_no_such_finding(tmp_path):
    found, text = concluded(tmp_path, {"a": {"wrong_images": range(10)}})
    assert found is None
    assert "What it would take" not in text


def test_what_it_would_take_is_said_in_one_sentence(tmp_path):
    def said(name, runs, **options):
        findings, _ = conclude(tmp_path / name, runs, images=1000, **{"seeds": (0, 1, 2)} | options)
        return findings["surer"]

    few = {"wrong_images": range(10)}
    assert said("alone", {"model_1": few}) is None
    once = {"model_1": few, "model_2": {"wrong_images": range(12)}}
    assert said("once", once, seeds=(0,)).startswith("To be surer, give each model a second seed:")
    assert said("same", {"model_1": few, "model_2": few}) in (
        "Up to 200 seeds would not settle the place of the model too close to the best to call, if"
        " differences are as seen.",
        "More seeds are not needed for the first place: no model is too close to it to call.",
    )
    far = {"model_1": few, "model_2": {"wrong_images": range(300)}}
    assert said("far", far).startswith("More seeds are not needed for the first place")


@pytest.mark.parametrize(
    ("models", "all_settled", "none_settled"),
    [
        (2, "settle the model too close", "the place of the model too close"),
        (3, "settle both models too close", "the place of either of the 2 models too close"),
        (4, "settle all 3 models too close", "the place of any of the 3 models too close"),
    ],
)
def test_two_models_are_both_and_not_all_2(models, all_settled, none_settled):
    results = make_results(make_study(models, seeds=3))
    others = results.analysis.ranked[1:]
    settled = {model: {"seeds": 25, "seconds": 900.0} for model in others}
    found = make_open(results, needed=settled, seeds=[25, 25], seconds=900.0)
    assert all_settled in in_one_sentence(found)
    found = make_open(results, needed={model: {} for model in others})
    assert none_settled in in_one_sentence(found)
