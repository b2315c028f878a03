"""Tests of how confidence is set against accuracy."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from bakeoff.calibration import BINS, NO_ANSWERS, reliability
from concluded_study import conclude, said


def test_expected_calibration_error_by_hand():
    # Ten answers with confidence 0.95, of which 8 are right; ten with 0.55, of which 7 are.
    confidence = np.repeat([0.95, 0.55], 10)
    correct = np.tile(np.arange(10), 2) < np.repeat([8, 7], 10)
    found = reliability(confidence, correct)
    assert found.expected_calibration_error == pytest.approx((0.15 + 0.15) / 2)
    assert found.mean_confidence == pytest.approx(0.75)
    bins = {round(bin["low"] * BINS): bin for bin in found.bins if bin["answers"]}
    assert set(bins) == {8, 14}
    assert bins[8] == pytest.approx(
        {"low": 8 / 15, "high": 9 / 15, "answers": 10, "confidence": 0.55, "accuracy": 0.7}
    )


def test_over_and_under_confidence_do_not_cancel_but_within_a_bin():
    apart = reliability([0.9, 0.9, 0.5, 0.5], [True, False, True, True])
    assert apart.expected_calibration_error == pytest.approx((0.4 + 0.5) / 2)
    # 0.94 and 0.99 share the last bin: their mean, 0.965, is set against one of two right.
    together = reliability([0.94, 0.99], [True, False])
    assert together.expected_calibration_error == pytest.approx(0.465)


def test_a_bin_holds_its_upper_edge():
    bins = reliability([0.0, 0.2, 0.2 + 1e-9, 1.0, 1.0 + 1e-7], [True] * 5).bins
    assert [bin["answers"] for bin in bins] == [1, 0, 1, 1, *[0] * 10, 2]
    assert bins[1]["confidence"] is bins[1]["accuracy"] is None


def test_bins_are_those_of_scikit_learn():
    generator = np.random.default_rng(0)
    confidence = generator.beta(8, 1, 4000)
    correct = generator.random(4000) < confidence**2
    found = reliability(confidence, correct)
    accuracies, confidences = calibration_curve(correct, confidence, n_bins=BINS)
    filled = [bin for bin in found.bins if bin["answers"]]
    np.testing.assert_allclose([bin["accuracy"] for bin in filled], accuracies)
    np.testing.assert_allclose([bin["confidence"] for bin in filled], confidences)
    weights = np.array([bin["answers"] for bin in filled]) / 4000
    expected = (weights * abs(accuracies - confidences)).sum()
    assert found.expected_calibration_error == pytest.approx(expected)


def test_answers_of_several_trainings_are_pooled():
    generator = np.random.default_rng(1)
    confidence, correct = generator.random((2, 500)), generator.random((2, 500)) < 0.6
    parts = [reliability(*pair) for pair in zip(confidence, correct, strict=True)]
    pooled, whole = sum(parts, start=NO_ANSWERS), reliability(confidence.ravel(), correct.ravel())
    assert pooled.expected_calibration_error == pytest.approx(whole.expected_calibration_error)
    assert [b["answers"] for b in pooled.bins] == [b["answers"] for b in whole.bins]


def sure(share, confidence, images=1000):
    """Return answers of two classes of which ``share`` are right, all with ``confidence``."""
    labels = np.arange(images) % 2
    answers = np.where(np.arange(images) < share * images, labels, 1 - labels)
    probabilities = np.full((images, 2), 1 - confidence)
    probabilities[np.arange(images), answers] = confidence
    return {"probabilities": probabilities}


def test_over_and_under_confident_models_are_told_from_those_that_are_neither(tmp_path):
    models = {
        "model_1": sure(0.9, 0.99),
        "model_2": sure(0.9, 0.9),
        "model_3": sure(0.9, 0.8),
        "model_4": sure(0.9, 0.905),
    }
    findings, _ = conclude(tmp_path, models, images=1000, classes=2)
    text = said(findings, "calibration")
    assert "from 0.00 points (Model 2) to 10.00 points (Model 3)" in text
    assert "Model 1 is over-confident: mean confidence lies above the 95 % interval" in text
    assert "Model 3 is under-confident: mean confidence lies below" in text
    assert "Models 2 and 4 are neither over- nor under-confident on average" in text
    assert "of all seeds" not in text
    assert findings["models"][0]["calibration"]["ece"] == pytest.approx(0.09)
    filled = [bin for bin in findings["models"][0]["calibration"]["bins"] if bin["answers"]]
    assert [(bin["answers"], bin["accuracy"]) for bin in filled] == [(1000, 0.9)]


def test_one_model_over_several_seeds(tmp_path):
    trainings = {"model_1": {0: sure(0.9, 0.99), 1: sure(0.8, 0.99), 2: {"status": "diverged"}}}
    findings, _ = conclude(tmp_path, trainings, seeds=(0, 1, 2), images=1000, classes=2)
    text = said(findings, "calibration")
    assert text.startswith("The expected calibration error is 14.00 points.")
    assert "over the answers of all seeds in 15" in text
    answers = sum(bin["answers"] for bin in findings["models"][0]["calibration"]["bins"])
    assert answers == 2000


def test_equally_calibrated_models_have_one_error(tmp_path):
    models = {f"model_{i}": sure(0.9, 0.99) for i in (1, 2)}
    findings, _ = conclude(tmp_path, models, images=1000, classes=2)
    assert "error of every model is 9.00 points." in said(findings, "calibration")


def test_a_diverged_model_has_neither_errors_nor_calibration(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": {}, "model_2": {"status": "diverged"}})
    assert findings["models"][1]["calibration"] is findings["models"][1]["errors"] is None
    assert "model_2" not in findings["errors"]["hardest"][0]["answers"]
