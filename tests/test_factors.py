"""What one difference between otherwise equal contenders does."""

import numpy as np
import pytest

from bakeoff.analysis.crossed import Answers, contrast, crossed_differences, typical_spread
from bakeoff.analysis.sampling import Sampling, Weighed
from concluded_study import conclude, pairs_of

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
    # Each column but the name is sorted by its numbers.
    table = said[0]["table"]
    assert table["numeric"] == [False] + [True] * 7
    place = table["columns"].index("95 % interval")
    assert [row[place] for row in table["values"]] == [100 * factor["low"] for factor in found]
    assert {row[1] for row in table["values"]} == {32, 64}
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


def test_one_pair_has_the_test_that_it_has_among_all_pairs(tmp_path):
    # Of the images that one alone gets right, 11 speak for "high" and 3 against it.
    runs = {"high": made("a", 3), "low": made("a", 3, 16) | {"wrong_images": range(20, 31)}}
    [factor], [said], _ = factors_of(tmp_path, runs)
    assert factor["differences"] == [pytest.approx(0.008)]
    assert factor["p"] == factor["p_holm"] == pytest.approx(0.0574, abs=1e-4)
    # Bonett and Price's interval alone would begin at 0.0002.
    assert factor["low"] == 0.0
    assert factor["high"] == pytest.approx(0.0158, abs=1e-4)
    assert "makes no significant change" in said["text"][0]


def test_all_pairs_that_are_factors_each_have_the_same_verdicts_in_both_places(tmp_path):
    generator, runs = np.random.default_rng(0), {}
    for filters, wrong in ((64, 20), (32, 27), (16, 94)):
        runs[f"f{filters}"] = {
            seed: made("a", 0, filters)
            | {"wrong_images": [*range(wrong - 4), *generator.integers(300, 900, 4)]}
            for seed in range(5)
        }
    findings, _ = conclude(tmp_path, runs, seeds=range(5), images=1000)
    by_pair = {frozenset((a, b)): compared for a, b, compared in pairs_of(findings)}
    found = findings["numbers"]["factors"]
    assert len(found) == len(by_pair) == 3
    for factor in found:
        compared = by_pair[frozenset(factor["pairs"][0])]
        assert factor["p_holm"] == pytest.approx(compared.p_holm)
        ends = sorted(map(abs, (factor["low"], factor["high"])))
        assert ends == pytest.approx(sorted(map(abs, (compared.low, compared.high))))
        # Holm's last step is at 5 %, Bonferroni's interval at 1.7 %: that of 64 and 32 held zero.
        assert factor["low"] > 0


def test_an_argument_and_a_setting_of_one_name_are_two_factors(tmp_path):
    still = {"name": "SGD", "learning_rate": 0.1, "momentum": 0.9}
    runs = {"base": made("a", 60), "norm": made("a", 90), "moved": made("a", 20)}
    for key, argument, momentum in (("base", 0.9, 0.9), ("norm", 0.99, 0.9), ("moved", 0.9, 0.99)):
        runs[key]["arguments"] = {"momentum": argument}
        runs[key]["training"] |= {"optimizer": still | {"momentum": momentum}}
    found, [said], _ = factors_of(tmp_path, runs)
    assert [(one["name"], one["pairs"], one["differences"]) for one in found] == [
        ("argument momentum", [["norm", "base"]], [pytest.approx(-0.03)]),
        ("optimizer momentum", [["moved", "base"]], [pytest.approx(0.04)]),
    ]
    assert said["items"][0].startswith("Argument momentum 0.99 instead of 0.9: test accuracy is")


def test_runs_that_learned_nothing_do_not_count(tmp_path):
    stuck = made("a", 0) | {"wrong_images": range(900)}
    runs = {"one": made("a", 10), "other": {0: made("a", 20, 16), 1: made("a", 20, 16), 2: stuck}}
    runs["other"][2]["arguments"] = {"filters": 16}
    [factor], [said], text = factors_of(tmp_path, runs, seeds=(0, 1, 2))
    assert factor["seeds"] == 2
    assert factor["differences"] == [pytest.approx(0.01)]
    assert "that run counts in the model's own numbers and comparisons only" in text
    assert said["text"][-1] == (
        "Runs that learned nothing are left out here, and count in the comparison of all pairs."
    )


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
