"""What a report says of groups, of classes of unlike sizes and of balanced accuracy."""

import numpy as np
import pytest

import concluded_study
from bakeoff.findings.summary import ranked_table
from bakeoff.results import read_results
from bakeoff.study.readers import read_summary
from concluded_study import conclude

LABELS = np.repeat([0, 1], [900, 100])


def said(findings):
    """Return setting and cautions, and the text of the first finding."""
    return " ".join(findings["setting"] + findings["cautions"]), " ".join(
        findings["findings"][0]["text"]
    )


def two_models(folder, seeds=(0,), **settings):
    """Model 1 gets 50 images of the large class wrong, model 2 half of the small one."""
    runs = {
        "model_01": {"wrong_images": np.arange(50)},
        "model_02": {"wrong_images": np.arange(900, 950)},
    }
    data = {"labels": LABELS} | settings.pop("data", {})
    return conclude(
        folder, runs, seeds, images=1000, classes=2, labels=LABELS, data=data, **settings
    )[0]


def test_the_metric_decides_which_is_best(tmp_path):
    plain = two_models(tmp_path / "plain")
    numbers = plain["numbers"]
    assert numbers["best"] == ["model_01", "model_02"]
    assert "same test accuracy, 95.00 %" in said(plain)[1]
    balanced = two_models(tmp_path / "balanced", metric="balanced_accuracy")
    found = balanced["numbers"]
    assert found["best"] == ["model_01"]
    one, two = found["models"]
    assert (one["accuracy"]["value"], two["accuracy"]["value"]) == (0.95, 0.95)
    assert one["balanced_accuracy"]["value"] == pytest.approx((850 / 900 + 1) / 2)
    assert two["balanced_accuracy"]["value"] == pytest.approx(0.75)
    assert (two["recall"], two["standing"]) == ([1.0, 0.5], "network is worse")
    assert found["data"]["chance"] == 0.5
    setting, text = said(balanced)
    assert "ranked and compared by balanced test accuracy" in setting
    assert "Model 01 has the highest balanced test accuracy, 97.22 %" in text
    assert "exact randomization test" in text
    assert "test accuracy 95.00 %" in balanced["models"][1]["remark"]
    # What does not depend on the metric is as it was.
    for before, after in zip(numbers["models"], found["models"], strict=True):
        assert before["balanced_accuracy"] == after["balanced_accuracy"]


def test_the_deviation_beside_balanced_accuracy_is_its_own(tmp_path):
    runs = {
        "model_01": {seed: {"wrong_images": np.arange(900, 920 + 20 * seed)} for seed in (0, 1)},
        "model_02": {seed: {"wrong_images": np.arange(40 + seed)} for seed in (0, 1)},
    }
    findings, _ = conclude(
        *(tmp_path, runs, (0, 1)),
        **{"images": 1000, "classes": 2, "labels": LABELS, "data": {"labels": LABELS}},
        metric="balanced_accuracy",
    )
    deviation = findings["numbers"]["models"][0]["balanced_accuracy"]["sd"]
    assert deviation == pytest.approx(np.std([0.1, 0.2], ddof=1))
    models = [{"model": key, "name": key, "description": "", "family": ""} for key in runs]
    study = {"models": models, "seeds": [0, 1]}
    results = read_results(tmp_path / "analysis.json", study)
    table = ranked_table(read_summary(tmp_path / "summary.csv", study), results)
    [row] = [row for row in table.rows if row[0].text == "model_01"]
    assert row[table.columns.index("SD between seeds")].text == "7.07"


def test_classes_of_unlike_sizes_are_warned_of_where_accuracy_ranks(tmp_path):
    warning = "9.0 times as many test images of class 0 (900) as of class 1 (100)"
    assert warning in said(two_models(tmp_path / "accuracy"))[0]
    balanced = two_models(tmp_path / "balanced", metric="balanced_accuracy")
    assert "times as many" not in said(balanced)[0]


@pytest.mark.parametrize(("images", "warned"), [(300, False), (301, True)])
def test_up_to_three_to_one_there_is_no_warning(tmp_path, images, warned):
    labels = np.repeat([0, 1], [images, 100])
    findings, _ = conclude(
        tmp_path, {"m": {}}, images=len(labels), classes=2, labels=labels, data={"labels": labels}
    )
    assert ("times as many test images" in said(findings)[0]) == warned


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_groups_are_the_sample(tmp_path, seeds):
    groups = np.arange(1000) % 40
    findings = two_models(tmp_path, seeds, data={"groups": groups})
    setting, text = said(findings)
    assert "The test images come in 40 groups (patient) of 25 images" in setting
    assert "no two models can" not in setting
    assert "on the same 1,000 test images in 40 groups" in text
    assert ("group by group" if len(seeds) > 1 else "groups that do not count alike") in text
    assert "McNemar test" not in text
    said_of_limit = (
        "at least one false alarm in 20 calibrated models, and more the fewer the groups"
    )
    assert said_of_limit in concluded_study.said(findings, "calibration")
    assert findings["numbers"]["data"]["groups"] == {
        "name": "patient",
        "number": 40,
        "smallest": 25,
        "largest": 25,
        "needed": 6,
        "divided": 0,
        "pairs": 1,
    }


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_too_few_groups_for_a_verdict_are_said_to_be_so(tmp_path, seeds):
    runs = {"good": {"wrong_images": []}, "bad": {"wrong_images": np.arange(900)}}
    data = {"groups": np.repeat(np.arange(5), 200)}
    findings, _ = conclude(tmp_path, runs, seeds, images=1000, data=data)
    what = "networks" if len(seeds) == 1 else "models"
    assert (
        f"come in 5 groups: no two {what} can be shown to differ with fewer than 6 groups and"
        " 1 pair to compare."
    ) in said(findings)[0]
    assert findings["numbers"]["models"][1]["standing"] == "too close to call"


def test_with_too_few_groups_nothing_is_promised_and_no_setting_shown_to_matter(tmp_path):
    groups = np.arange(400) % 4
    by_group = np.argsort(groups, kind="stable").reshape(4, 100)
    runs = {
        f"model_{width}": {
            seed: {"wrong_images": by_group[:, : wrong + seed].ravel()}
            | {"architecture": "one", "arguments": {"width": width}}
            for seed in range(5)
        }
        for width, wrong in ((1, 30), (2, 10))
    }
    findings, _ = conclude(tmp_path, runs, range(5), images=400, data={"groups": groups})
    numbers = findings["numbers"]
    assert findings["surer"].startswith("More seeds settle nothing with 4 groups of test images:")
    assert numbers["power"]["detectable"] is None
    assert numbers["power"]["by_seeds"] == {}
    [needed] = numbers["power"]["needed"]
    assert (needed["seeds"], needed["limit"], needed["images"]) == (None, None, 6)
    [factor] = numbers["factors"]
    assert factor["difference"] == pytest.approx(0.2)
    assert factor["low"] == 0 < factor["high"]


def test_an_interval_holds_its_difference_where_classes_have_few_images(tmp_path):
    """Two images added to each class of one image leave a third of a difference."""
    images, classes = 60, 60
    runs = {"model_1": {"wrong_images": []}, "model_2": {"wrong_images": range(59)}}
    findings, _ = conclude(
        tmp_path, runs, seeds=(0, 1), images=images, classes=classes, metric="balanced_accuracy"
    )
    pair = findings["numbers"]["pairs"]["listed"][0]["comparison"]
    assert abs(pair["difference"]) == pytest.approx(59 / 60)
    assert pair["low"] <= pair["difference"] <= pair["high"]


@pytest.mark.parametrize(
    ("divided", "expected"),
    [
        (0, None),
        (
            1,
            "1 of the 1,000 test images is of a group that has training images too: accuracies on"
            " it say little of groups that are new.",
        ),
        (
            30,
            "30 of the 1,000 test images are of groups that have training images too: accuracies on"
            " these say little of groups that are new.",
        ),
    ],
)
def test_a_split_that_divides_groups_is_warned_of(tmp_path, divided, expected):
    data = {"groups": np.arange(1000) // 20, "divided": divided}
    warned = said(two_models(tmp_path, data=data))[0]
    assert "groups (patient) of 20 images" in warned
    assert ("training images too" in warned) is (expected is not None)
    assert expected is None or expected in warned


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_of_one_group_nothing_is_promised(tmp_path, seeds):
    runs = {"good": {"wrong_images": range(7)}, "bad": {"wrong_images": range(600)}}
    data = {"groups": np.zeros(1000, int)}
    findings, _ = conclude(tmp_path, runs, seeds, images=1000, data=data)
    numbers = findings["numbers"]
    for model in numbers["models"]:
        assert (model["accuracy"]["low"], model["accuracy"]["high"]) == (0, 1)
        assert not model["above_chance"]
    [pair] = numbers["pairs"]["listed"]
    assert (pair["comparison"]["low"], pair["comparison"]["high"]) == (-1, 1)
    assert "All test images are of one group, so no model can be shown" in said(findings)[0]
