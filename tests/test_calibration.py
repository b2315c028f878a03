"""Tests of how confidence is set against accuracy."""

from dataclasses import asdict

import numpy as np
import pytest
from scipy import special
from sklearn.calibration import calibration_curve

from bakeoff.analysis.calibration import BINS, NO_ANSWERS, calibration, reliability
from concluded_study import conclude, said


def test_expected_calibration_error_by_hand():
    # Ten predictions with confidence 0.95, of which 8 are right; ten with 0.55, of which 7 are.
    confidence = np.repeat([0.95, 0.55], 10)
    correct = np.tile(np.arange(10), 2) < np.repeat([8, 7], 10)
    found = reliability(confidence, correct)
    assert found.expected_calibration_error == pytest.approx((0.15 + 0.15) / 2)
    assert found.mean_confidence == pytest.approx(0.75)
    bins = {round(bin.low * BINS): bin for bin in found.bins if bin.predictions}
    assert set(bins) == {8, 14}
    assert asdict(bins[8]) == pytest.approx(
        {"low": 8 / 15, "high": 9 / 15, "predictions": 10, "confidence": 0.55, "accuracy": 0.7}
    )


def test_over_and_under_confidence_do_not_cancel_but_within_a_bin():
    apart = reliability([0.9, 0.9, 0.5, 0.5], [True, False, True, True])
    assert apart.expected_calibration_error == pytest.approx((0.4 + 0.5) / 2)
    # 0.94 and 0.99 share the last bin: their mean, 0.965, is set against one of two right.
    together = reliability([0.94, 0.99], [True, False])
    assert together.expected_calibration_error == pytest.approx(0.465)


def test_a_bin_holds_its_upper_edge():
    bins = reliability([0.0, 0.2, 0.2 + 1e-9, 1.0, 1.0 + 1e-7], [True] * 5).bins
    assert [bin.predictions for bin in bins] == [1, 0, 1, 1, *[0] * 10, 2]
    assert bins[1].confidence is bins[1].accuracy is None


def test_bins_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    confidence = generator.beta(8, 1, 4000)
    correct = generator.random(4000) < confidence**2
    found = reliability(confidence, correct)
    accuracies, confidences = calibration_curve(correct, confidence, n_bins=BINS)
    filled = [bin for bin in found.bins if bin.predictions]
    np.testing.assert_allclose([bin.accuracy for bin in filled], accuracies)
    np.testing.assert_allclose([bin.confidence for bin in filled], confidences)
    weights = np.array([bin.predictions for bin in filled]) / 4000
    expected = (weights * abs(accuracies - confidences)).sum()
    assert found.expected_calibration_error == pytest.approx(expected)


def test_answers_of_several_runs_are_pooled():
    generator = np.random.default_rng(1)
    confidence, correct = generator.random((2, 500)), generator.random((2, 500)) < 0.6
    parts = [reliability(*pair) for pair in zip(confidence, correct, strict=True)]
    pooled, whole = sum(parts, start=NO_ANSWERS), reliability(confidence.ravel(), correct.ravel())
    assert pooled.expected_calibration_error == pytest.approx(whole.expected_calibration_error)
    assert [b.predictions for b in pooled.bins] == [b.predictions for b in whole.bins]


def sure(share, confidence, images=1000):
    """Return predictions of two classes of which ``share`` are right, all with ``confidence``."""
    labels = np.arange(images) % 2
    predictions = np.where(np.arange(images) < share * images, labels, 1 - labels)
    probabilities = np.full((images, 2), 1 - confidence)
    probabilities[np.arange(images), predictions] = confidence
    return {"probabilities": probabilities}


def calibration_table(findings):
    table = next(f for f in findings["findings"] if f["key"] == "calibration")["table"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


@pytest.mark.parametrize(
    ("images", "shape"), [(360, (20, 1)), (360, (5, 1)), (10_000, (60, 0.3)), (50, (8, 1))]
)
def test_what_chance_gives_is_what_calibrated_networks_show(images, shape):
    generator = np.random.default_rng(3)
    confidence = np.clip(generator.beta(*shape, images), 0.1, 1)
    errors = [
        reliability(confidence, generator.random(images) < confidence).expected_calibration_error
        for _ in range(2000)
    ]
    mean, limit = reliability(confidence, np.ones(images, bool)).by_chance
    assert mean == pytest.approx(np.mean(errors), rel=0.05)
    assert np.mean(np.array(errors) > limit) == pytest.approx(0.05, abs=0.02)


def false_alarms(groups, size, shape, *, told=True, repeats=400, alike=0.5):
    """Return the share of calibrated networks that are found beyond chance, and chance's share.

    The latter is the mean error that chance is said to give over the mean of those that it gave.
    Confidences are drawn from the beta distribution with ``shape``; of what makes an answer right
    or wrong, the share ``alike`` is common to the ``size`` images of a group.
    """
    generator = np.random.default_rng(6)
    group = np.repeat(np.arange(groups), size)
    beyond, errors, said = [], [], []
    for _ in range(repeats):
        confidence = np.clip(generator.beta(*shape, groups * size), 0.5, 1)
        common, own = generator.standard_normal(groups), generator.standard_normal(groups * size)
        chance = special.ndtr(np.sqrt(alike) * common[group] + np.sqrt(1 - alike) * own)
        one = reliability(confidence, chance < confidence, group if told else None)
        mean, limit = one.by_chance
        errors.append(one.expected_calibration_error)
        said.append(mean)
        beyond.append(errors[-1] > limit)
    return np.mean(beyond), np.mean(said) / np.mean(errors)


def test_answers_that_are_alike_in_groups_are_no_proof_of_bad_calibration():
    beyond, share = false_alarms(40, 50, (6, 1))
    # With 1,000 networks 6 %; the standard error is 1.2.
    assert beyond < 0.1
    assert share == pytest.approx(1, abs=0.05)
    assert false_alarms(40, 50, (6, 1), told=False)[0] > 0.35
    # As many groups as images: as without groups.
    assert false_alarms(300, 1, (6, 1))[0] < 0.09


def test_one_group_proves_nothing():
    group = np.zeros(100, int)
    one = calibrated([reliability([0.9] * 100, np.arange(100) < 50, group)])
    assert one.ece == pytest.approx(0.4)
    assert not one.beyond_chance


def calibrated(runs):
    return calibration(runs, sum(runs, start=NO_ANSWERS))


def test_sure_answers_leave_nothing_to_chance():
    assert reliability([1.0, 1.0 + 1e-7], [True, True]).by_chance == (0, 0)
    one = calibrated([reliability([1.0, 1.0], [True, False])])
    assert (one.ece, one.by_chance, one.beyond_chance) == (0.5, 0, True)


def test_seeds_on_the_same_images_do_not_pretend_to_more_images():
    generator = np.random.default_rng(4)
    confidence = generator.beta(8, 1, 400)
    one = reliability(confidence, generator.random(400) < confidence)
    ten = calibrated([one] * 10)
    assert ten.ece == pytest.approx(one.expected_calibration_error)
    assert (ten.by_chance, ten.limit) == pytest.approx(one.by_chance)
    # Errors that seeds make in opposite directions do not cancel.
    over, under = (reliability([0.8] * 100, np.arange(100) < right) for right in (60, 100))
    assert calibrated([over, under]).ece == pytest.approx(0.2)


def test_models_within_chance_are_not_ranked(tmp_path):
    models = {"model_1": sure(0.9, 0.9, 360), "model_2": sure(0.9, 0.905, 360)}
    findings, _ = conclude(tmp_path, models, images=360, classes=2)
    text = said(findings, "calibration")
    assert text.startswith(
        "The expected calibration error of Models 1 and 2 is within what chance alone gives a"
        " calibrated model with the same confidences on 360 test images, so these are not ranked."
    )
    assert "one in 20" not in text
    found = findings["numbers"]["models"][1]["calibration"]
    assert found["ece"] <= found["limit"]
    assert found["ece"] == pytest.approx(0.005, rel=1e-4)
    assert found["by_chance"] == pytest.approx(0.0123, rel=0.07)


def test_over_and_under_confident_models_are_told_from_those_that_are_neither(tmp_path):
    models = {
        "model_1": sure(0.9, 0.99),
        "model_2": sure(0.9, 0.9),
        "model_3": sure(0.9, 0.8),
        "model_4": sure(0.9, 0.905),
    }
    findings, _ = conclude(tmp_path, models, images=1000, classes=2)
    text = said(findings, "calibration")
    # What chance gives 1,000 predictions with a confidence of 0.9 is 0.76 percentage points:
    # models 2 and 4 are calibrated as far as that tells, and not ranked.
    assert text.startswith(
        "The expected calibration error of Models 1 and 3 is 9.00 (Model 1) to 10.00 percentage"
        " points (Model 3), more than chance alone gives.\nThat of Models 2"
        " and 4 is within what chance alone gives a calibrated model with the same confidences on"
        " 1,000 test images, so these are not ranked."
    )
    rows = calibration_table(findings)
    assert [row["Beyond chance"] for row in rows] == ["yes", "no", "yes", "no"]
    by_chance = [float(row["By chance alone (percentage points)"]) for row in rows]
    # sqrt(2 / pi * c (1 - c) / 1000)
    assert by_chance == pytest.approx([0.251, 0.757, 1.009, 0.740], rel=0.07)
    assert "Model 1 is over-confident: mean confidence lies above the 95 % interval" in text
    assert "Model 3 is under-confident: mean confidence lies below" in text
    assert "Models 2 and 4 are not shown to be over- or under-confident on average" in text
    assert "over the runs" not in text
    assert findings["numbers"]["models"][0]["calibration"]["ece"] == pytest.approx(0.09)
    filled = [
        bin for bin in findings["numbers"]["models"][0]["calibration"]["bins"] if bin["predictions"]
    ]
    assert [(bin["predictions"], bin["accuracy"]) for bin in filled] == [(1000, 0.9)]


def test_one_model_over_several_seeds(tmp_path):
    runs = {"model_1": {0: sure(0.9, 0.99), 1: sure(0.8, 0.99), 2: {"status": "diverged"}}}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2), images=1000, classes=2)
    text = said(findings, "calibration")
    assert text.startswith(
        "The expected calibration error is 14.00 percentage points, more than chance alone gives."
    )
    assert "with several seeds, the mean over the runs" in text
    predictions = sum(
        bin["predictions"] for bin in findings["numbers"]["models"][0]["calibration"]["bins"]
    )
    assert predictions == 2000


def test_equally_calibrated_models_have_one_error(tmp_path):
    models = {f"model_{i}": sure(0.9, 0.99) for i in (1, 2)}
    findings, _ = conclude(tmp_path, models, images=1000, classes=2)
    assert "error of Models 1 and 2 is 9.00 percentage points, more than" in said(
        findings, "calibration"
    )


def test_a_diverged_model_has_neither_errors_nor_calibration(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": {}, "model_2": {"status": "diverged"}})
    assert findings["numbers"]["models"][1]["calibration"] is None
    assert "model_2" not in findings["numbers"]["errors"]["hardest"][0]["predictions"]
