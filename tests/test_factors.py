"""What one difference between otherwise equal contenders does."""

import numpy as np
import pytest

from bakeoff.analysis.crossed import Answers, contrast, crossed_differences, typical_spread
from bakeoff.analysis.sampling import Sampling, Weighed
from concluded_study import conclude

ADADELTA = {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95}


def made(architecture, wrong, filters=32, optimizer=ADADELTA):
    """Return the settings of a made-up run, of which so many images are wrong."""
    training = {
        "epochs": 13,
        "batch_size": 128,
        "loss": "categorical_crossentropy",
        "optimizer": optimizer,
    }
    return {
        "architecture": architecture,
        "arguments": {"filters": filters},
        "training": training,
        "wrong_images": range(wrong),
    }


def factors_of(tmp_path, runs, **options):
    findings, text = conclude(tmp_path, runs, images=1000, **options)
    said = [finding for finding in findings["findings"] if finding["key"] == "factors"]
    return findings["numbers"]["factors"], said, text


def test_models_of_other_architectures_have_no_factor(tmp_path):
    found, said, _ = factors_of(tmp_path, {"a": made("a", 10), "b": made("b", 20, filters=16)})
    assert found == []
    assert said == []


def test_each_two_values_are_one_factor_over_all_otherwise_equal_models(tmp_path):
    wrong = {("a", 16): 90, ("a", 32): 60, ("a", 64): 30, ("b", 16): 80, ("b", 64): 40}
    runs = {f"{name}_{n}": made(name, number, n) for (name, n), number in wrong.items()}
    found, said, text = factors_of(tmp_path, runs)
    by_values = {tuple(factor["values"]): factor for factor in found}
    assert list(by_values) == [("16", "32"), ("16", "64"), ("32", "64")]
    widest = by_values["16", "64"]
    assert widest["name"] == "filters"
    assert widest["pairs"] == [["a_64", "a_16"], ["b_64", "b_16"]]
    assert widest["differences"] == pytest.approx([0.06, 0.04])
    assert widest["difference"] == pytest.approx(0.05)
    assert widest["low"] > 0
    assert "3 of 3 differences between trained networks of otherwise equal models change" in text
    assert "change test accuracy" in text
    assert said[0]["items"][1].startswith(
        "Filters 64 instead of 16: test accuracy is 5.00 percentage points higher"
    )
    assert "higher in 2 of 2 pairs" in said[0]["items"][1]
    assert "With one seed" in said[0]["text"][1]
    # Models a_32 and a_16, for example, are one of 10 pairs of five models.
    assert "is one of 3 here, and one of 10 among all pairs" in said[0]["text"][3]


def test_optimizers_of_one_name_differ_in_what_they_are_given(tmp_path):
    slow = ADADELTA | {"learning_rate": 0.1}
    adam = {"name": "Adam", "learning_rate": 0.001}
    runs = {
        "fast": made("a", 10),
        "slow": made("a", 10, optimizer=slow),
        "adam": made("a", 11, optimizer=adam),
    }
    found, said, _ = factors_of(tmp_path, runs, seeds=(0, 1, 2))
    named = {(factor["name"], *factor["values"]) for factor in found}
    assert named == {
        ("learning rate", "1", "0.1"),
        ("optimizer", "Adadelta (learning rate 1, rho 0.95)", "Adam (learning rate 0.001)"),
        ("optimizer", "Adadelta (learning rate 0.1, rho 0.95)", "Adam (learning rate 0.001)"),
    }
    assert "None of the 3 differences" in said[0]["text"][0]
    assert said[0]["items"] == []


def test_augmentation_is_one_setting_or_its_one_difference(tmp_path):
    runs = {}
    for key, augmentation, wrong in (
        ("plain", None, 90),
        ("moved", {"rotation": 0.05, "shift": 0.1}, 60),
        ("flipped", {"flip": "both", "rotation": 0.05, "shift": 0.1}, 30),
    ):
        runs[key] = made("a", wrong)
        runs[key]["training"] |= {"augmentation": augmentation}
    found, said, text = factors_of(tmp_path, runs)
    named = {(factor["name"], *factor["values"]) for factor in found}
    assert named == {
        ("augmentation", "none", "rotation 0.05, shift 0.1"),
        ("augmentation", "none", "flip both, rotation 0.05, shift 0.1"),
        ("flip", "none", "both"),
    }
    assert said[0]["items"][0].startswith(
        "Augmentation rotation 0.05, shift 0.1 instead of none: test accuracy is 3.00 percentage"
    )
    [caution] = [line for line in text.splitlines() if "not all trained alike" in line]
    # Semicolons, as a value has a comma of its own.
    assert "augmentation none (" in caution
    assert "); rotation 0.05, shift 0.1 (" in caution
    assert "); and flip both, rotation 0.05, shift 0.1 (" in caution


def test_models_that_differ_in_two_things_are_not_compared(tmp_path):
    adam = {"name": "Adam", "learning_rate": 0.001}
    runs = {"a": made("a", 10, 16), "b": made("a", 10, 32, optimizer=adam)}
    assert factors_of(tmp_path, runs)[0] == []


def drawn(generator, models, seeds, images, groups=1):
    """Return predictions right or wrong of equal models, bool (models, seeds, images)."""
    of_groups = np.repeat(generator.normal(0, 1, images // groups), groups)
    runs = generator.normal(0, 0.3, (models, seeds, 1))
    alone = generator.normal(0, 1, (models, seeds, images))
    return 2 * of_groups + runs + alone < 2.5


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("kind", ["images", "groups"])
def test_a_contrast_of_two_is_their_difference(seeds, kind):
    correct = drawn(np.random.default_rng(1), 2, seeds, 300, groups=5)
    of = Answers
    if kind == "groups":
        sampling = Sampling(300, np.repeat(range(60), 5))

        def of(correct):
            return Weighed(correct, sampling)

    typical = typical_spread(list(correct), of) if seeds > 1 else None
    mean = contrast(of(correct), np.array([1, -1]), typical)
    expected = crossed_differences(of(correct[:1]), of(correct[1:]), typical)
    assert mean.value == pytest.approx(expected.value.item())
    assert mean.error == pytest.approx(expected.error.item())
    assert mean.freedom == pytest.approx(expected.freedom.item())


def test_a_mean_of_three_pairs_is_covered_and_surer_than_one():
    generator = np.random.default_rng(2)
    weights = np.tile([1, -1], 3) / 3
    missed, errors, single = 0, [], []
    for _ in range(300):
        correct = drawn(generator, 6, 3, 400)
        typical = typical_spread(list(correct))
        mean = contrast(Answers(correct), weights, typical)
        missed += abs(mean.value) > mean.margin
        errors.append(mean.error)
        one = contrast(Answers(correct[:2]), np.array([1, -1]), typical)
        single.append(one.error)
    # Of 300 intervals of 95 %, more than 25 miss in one test of 500.
    assert missed <= 25
    assert np.mean(errors) < 0.75 * np.mean(single)
