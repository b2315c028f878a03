"""Published figures and conclusions, set beside made-up studies whose verdicts are known."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from bakeoff.analysis.claims import _EVIDENCE, _rounds_to
from bakeoff.analysis.models import read_runs
from bakeoff.analysis.published import image_interval, prediction_interval
from bakeoff.analysis.study import analyse, compare_models
from bakeoff.claims import KINDS
from bakeoff.errors import StudyError
from bakeoff.findings.claims import _NUMBERS
from bakeoff.findings.published import reproduction
from bakeoff.results import Results
from bakeoff.study.config import numbers_study, read_published, reported_study
from bakeoff.study.readers import read_data_set
from fabricated_study import descriptions_of, fabricate_data, fabricate_run

ROOT = Path(__file__).parents[1]
NOTEBOOK = read_published({"study": {"published": "config/notebook.yaml"}}, [ROOT])
EPOCH = np.arange(1, 14)
FALLING = {"val_loss": 0.05 - 0.002 * EPOCH}
FLAT = {"val_loss": 0.05 + 0.002 * (-1.0) ** EPOCH}
RISING = {"val_loss": 0.03 + 0.002 * EPOCH}
SETTING = {
    "dataset": "mnist",
    "train_images": 60_000,
    "test_images": 1000,
    "validation": "test",
    "epochs": 13,
    "runs": 1,
}
FIGURES = {"train_loss": 0.02, "val_loss": 0.03, "train_accuracy": 0.99, "test_accuracy": 0.98}


def publish(models, *claims, parameters=None, **setting):
    """Published figures of ``models``; ``claims`` are (kind, models, than) with None for all."""
    conclusions = [
        {"id": f"claim_{number}", "claim": f"Claim {number}", "kind": kind}
        | ({"models": about} if about else {})
        | ({"than": than} if than else {})
        for number, (kind, about, than) in enumerate(claims)
    ]
    table = {
        model: FIGURES
        | {"name": re.sub(r"model_0?", "Model ", model)}
        | ({"parameters": parameters} if parameters else {})
        for model in models
    }
    return {
        "title": "Some models",
        "called": "the paper",
        "setting": SETTING | setting,
        "models": table,
        "conclusions": conclusions,
    }


def study_of(folder, runs, published, seeds=(0,), dataset=None, **shared):
    """Return the results of a made-up study; ``runs`` maps model to settings, or by seed."""
    files = [
        fabricate_run(folder, model, seed, **(shared | settings.get(seed, settings)))
        for model, settings in runs.items()
        for seed in seeds
    ]
    images = {key: shared[key] for key in ("images",) if key in shared}
    data = read_data_set(fabricate_data(folder, **images), [])
    base = {"name": "mnist", "title": "MNIST", "validation": "test", "disputed": []}
    study = {
        "title": "A study",
        "dataset": base | (dataset or {}),
        "models": [
            {"model": model, "name": re.sub(r"model_0?", "Model ", model)}
            | {"description": f"about {model}", "family": "some"}
            for model in runs
        ],
        "seeds": list(seeds),
        "unfinished": [],
        "metric": "accuracy",
        "published": published,
    }
    names = ("card.json", "history.csv", "predictions.npz")
    paths = [[file / name for file in files] for name in names]
    numbers = numbers_study(study)
    runs = read_runs(numbers, data, *paths, descriptions_of(folder, study))
    return Results(study, analyse(compare_models(numbers, data, runs)))


def figures_of(results):
    """Return the figures beside the published ones, a dict a model, in the study's order."""
    return list(results.analysis.published.figures.values())


def verdict(folder, runs, *claim, published=None, **options):
    """Return the verdict on one claim about a made-up study, and what is said of it."""
    about = publish(published or runs, (*claim, *[None] * (3 - len(claim))))
    results = study_of(folder, runs, about, **options)
    [judged] = results.analysis.published.claims
    [said] = reproduction(results).items
    assert said.startswith(f"Claim 0: {judged.verdict}.")
    return judged.verdict, said


# Where another run would lie


def test_the_prediction_interval_by_hand():
    # Mean 12, standard deviation 1, t = 4.303 with two degrees of freedom, sqrt(1/3 + 1) = 1.155.
    low, high = prediction_interval([11, 12, 13])
    assert (low, high) == pytest.approx((12 - 4.9683, 12 + 4.9683), abs=1e-4)
    # The mean of four more runs moves less: sqrt(1/3 + 1/4) = 0.764.
    assert prediction_interval([11, 12, 13], 4)[1] == pytest.approx(12 + 4.3027 * 0.76376, abs=1e-4)
    assert prediction_interval([0.001, 0.01])[0] == 0


def test_the_prediction_interval_holds_one_more_training_in_19_of_20_cases():
    generator = np.random.default_rng(1)
    draws = generator.normal(0.99, 0.001, (4000, 6))
    inside = [
        low <= one <= high for *seeds, one in draws for low, high in [prediction_interval(seeds)]
    ]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.01)


def test_seeds_that_are_equal_by_the_grain_of_few_images_exclude_no_other_run():
    # Of 100 images, 98 right with both: t = 12.706 with one degree of freedom, sqrt(1/2 + 1) =
    # 1.2247, times 0.01 / sqrt(12) = 0.0028868.
    low, high = prediction_interval([0.98, 0.98], grain=0.01)
    assert (low, high) == pytest.approx((0.98 - 0.044922, 0.98 + 0.044922), abs=1e-5)
    # A spread that is more stays as it is.
    assert prediction_interval([0.9, 0.98], grain=0.01) == prediction_interval([0.9, 0.98])


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_one_more_run_on_few_images_lies_outside_in_one_of_20_cases_at_most(seeds):
    generator = np.random.default_rng(1)
    right = np.rint(generator.normal(97, 0.5, (4000, seeds + 1))) / 100
    inside = [
        low - 1e-9 <= one <= high + 1e-9
        for *values, one in right
        for low, high in [prediction_interval(values, grain=0.01)]
    ]
    assert np.mean(inside) > 0.94


def test_the_image_interval_by_hand():
    # Half of 100 images right: d = sqrt(q / (1 + q)) with q = z² / 200 = 0.019207.
    assert image_interval(0.5, 100) == pytest.approx((0.5 - 0.13728, 0.5 + 0.13728), abs=1e-5)
    # All right: 1 - (c / 2) / (1 + c / 4) with c = z² / 50 = 0.076829.
    assert image_interval(1.0, 100) == pytest.approx((1 - 0.037691, 1.0), abs=1e-5)


@pytest.mark.parametrize(("accuracy", "images"), [(0.9936, 10_000), (0.8, 300)])
def test_the_image_interval_ends_where_the_score_test_does(accuracy, images):
    for bound in image_interval(accuracy, images):
        z, _ = proportions_ztest([accuracy * images, bound * images], [images, images])
        assert abs(z) == pytest.approx(stats.norm.isf(0.025), abs=1e-6)


def test_with_several_seeds_their_spread_decides(tmp_path):
    steady = {seed: {"accuracy": 0.9 + 0.001 * seed} for seed in range(4)}
    loose = {seed: {"accuracy": 0.96 + 0.01 * seed} for seed in range(4)}
    published = publish(["model_1", "model_2"])
    results = study_of(tmp_path, {"model_1": steady, "model_2": loose}, published, seeds=range(4))
    first, second = (figures["test_accuracy"] for figures in figures_of(results))
    assert (first.basis, first.within) == ("seeds", False)
    assert first.difference == pytest.approx(0.9015 - 0.98)
    assert second.within is True
    found = reproduction(results)
    assert found.title == "Does the paper hold up?"
    text = " ".join(found.text)
    assert (
        "Of 2 published test accuracies, 1 lies where another run of the model would; that of"
        " Model 1 (7.85 percentage points lower here) does not." in text
    )
    assert "prediction interval" in text
    assert "with one seed" not in text
    table = found.table.as_data()
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [row["Published lies there"] for row in rows] == ["no", "yes"]
    assert rows[0]["Test accuracy"] == "90.15 %"
    assert rows[0]["Published test accuracy"] == "98.00 %"
    assert rows[0]["Difference (percentage points)"] == "−7.85"
    # 0.3 / 13 = 0.0231 in every seed.
    assert (rows[0]["Train loss"], rows[0]["Published train loss"]) == ("0.0231", "0.0200")


def test_with_one_seed_only_the_images_do_and_that_is_said(tmp_path):
    runs = {"model_1": {"accuracy": 0.97}, "model_2": {"accuracy": 0.95}}
    published = publish(runs)
    results = study_of(tmp_path, runs, published)
    first, second = figures_of(results)
    assert (first["test_accuracy"].basis, first["test_accuracy"].within) == ("images", True)
    assert second["test_accuracy"].within is False
    assert first["val_loss"].basis is None
    assert first["val_loss"].within is None
    text = " ".join(reproduction(results).text)
    assert (
        "1 lies within what the test images alone explain; that of Model 2 (3.00 percentage points"
        in text
    )
    assert "The standard deviation between runs is not known with one seed" in text
    assert "validation loss" not in text


def test_a_rounded_figure_may_lie_half_a_digit_outside(tmp_path):
    published = publish(["model_1"])
    published["models"]["model_1"]["train_loss"] = 0.0231
    # 0.3 / 13 = 0.023077 with every seed, to which 0.0231 is rounded.
    results = study_of(tmp_path, {"model_1": {}}, published, seeds=(0, 1))
    figure = figures_of(results)[0]["train_loss"]
    assert figure.low == figure.high == pytest.approx(0.3 / 13)
    assert figure.within


def test_a_validation_loss_on_the_test_set_is_set_beside_our_test_loss(tmp_path):
    curves = {"test_loss": [0.5] * 13}
    published = publish(["model_1"])
    holdout = {"validation": "holdout"}
    results = study_of(
        tmp_path, {"model_1": {"curves": curves}}, published, dataset=holdout, **holdout
    )
    assert figures_of(results)[0]["val_loss"].ours == 0.5
    assert "validation on a holdout" in reproduction(results).text[0]


def test_an_equal_setting_is_called_so(tmp_path):
    results = study_of(tmp_path, {"model_1": {}}, publish(["model_1"]), seeds=(0, 1))
    assert reproduction(results).text[0] == (
        "The paper (“Some models”) trained each model once for 13 epochs on 60,000 images and"
        " validated on the test set. This study does the same in epochs, images and validation"
        " with 2 seeds."
    )


def test_a_training_that_may_stop_and_another_epoch_are_another_setting(tmp_path):
    stopping = {"monitor": "val_loss", "patience": 2, "min_delta": 0.0}
    training = {"epochs": 13, "batch_size": 128, "loss": "categorical_crossentropy"}
    training |= {"optimizer": {"name": "Adam"}, "early_stopping": stopping, "evaluate": "best"}
    run = {"epochs": 7, "planned": 13, "judged": 5, "training": training}
    text = reproduction(study_of(tmp_path, {"model_1": run}, publish(["model_1"]))).text[0]
    assert "does the same" not in text
    assert (
        "(training that may stop early and figures of the epoch with the lowest validation loss)"
        in text
    )


def test_what_differs_in_the_setting_is_said_first(tmp_path):
    published = publish(["model_1"], epochs=20, train_images=50_000, test_images=10_000, runs=3)
    results = study_of(tmp_path, {"model_1": {}}, published)
    found = reproduction(results)
    assert "trained each model 3 times for 20 epochs on 50,000 images" in found.text[0]
    assert (
        "(13 epochs, 60,000 training images and 1,000 test images instead of 10,000)"
        in found.text[0]
    )
    assert "not judged whether the figures on them agree" in found.text[0]
    figures = figures_of(results)[0]
    assert figures["test_accuracy"].basis is None
    assert [cell.text for cell in found.table.rows[0][4:6]] == ["", "not judged"]


def test_other_data_are_not_compared(tmp_path):
    published = publish(["model_1"], ("parameters", None, None), parameters=1)
    dataset = {"name": "letters", "title": "My letters"}
    found = reproduction(study_of(tmp_path, {"model_1": {}}, published, dataset=dataset))
    assert found.text == [
        "The paper (“Some models”) is about the data set mnist, this study about My letters: the"
        " two are not compared."
    ]
    assert found.items == []
    assert found.table is None


def test_other_models_are_not_compared(tmp_path):
    found = reproduction(study_of(tmp_path, {"mine": {}}, publish(["model_1"])))
    assert found.text == ["No model of the paper (“Some models”) finished in this study."]


def test_without_published_figures_there_is_no_finding(tmp_path):
    assert reproduction(study_of(tmp_path, {"model_1": {}}, None)) is None


def test_models_that_are_not_published_are_left_out_of_the_table(tmp_path):
    results = study_of(tmp_path, {"model_1": {}, "mine": {}}, publish(["model_1"]))
    assert [row[0].text for row in reproduction(results).table.rows] == ["Model 1"]


def test_parameters_are_compared(tmp_path):
    runs = {"model_1": {"parameters": 646_410}, "model_2": {"parameters": 700}}
    published = publish(runs, parameters=646_410)
    found = reproduction(study_of(tmp_path, runs, published))
    assert (
        "Not all have exactly as many parameters as published: Model 2 has 700 (published:"
        " 646,410)." in found.text
    )
    del runs["model_2"]
    found = reproduction(study_of(tmp_path, runs, published))
    assert "Model 1 has exactly as many parameters as published." in found.text


# The conclusions, kind by kind: each holds, does not hold, and not decided

FEW, MORE, MOST = ({"wrong_images": range(count)} for count in (2, 40, 90))
SEEDS = (0, 1, 2)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ((FEW, FEW, MOST), "holds"),
        ((FEW, MOST, MORE), "does not hold"),
        # Two images against three are no test.
        ((FEW, MORE, {"wrong_images": range(41)}), "not decided"),
    ],
)
def test_the_most_accurate(tmp_path, settings, expected):
    runs = {f"model_{i}": own for i, own in enumerate(settings, 1)}
    claim = "most_accurate", ["model_1", "model_2"]
    assert verdict(tmp_path / "once", runs, *claim)[0] == "not decided"
    found, said = verdict(tmp_path, runs, *claim, seeds=SEEDS)
    assert found == expected
    # All published figures are the same here.
    assert "The paper ranks Models 1, 2 and 3 first; over 3 seeds Models 1 and" in said
    if expected == "holds":
        assert "with 99.80 % and 99.80 %" in said
        assert "Both comparisons that it takes bear it out." in said


def test_of_models_that_share_a_place_none_is_left_out(tmp_path):
    runs = {"model_1": FEW, "model_2": FEW, "model_3": MOST}
    said = verdict(tmp_path, runs, "most_accurate", ["model_2"], seeds=SEEDS)[1]
    assert "The paper ranks Models 1, 2 and 3 first" in said
    assert "over 3 seeds Models 1 and 2 come first here, with 99.80 % and 99.80 %" in said


@pytest.mark.parametrize(
    ("settings", "expected", "part"),
    [
        ((MOST, FEW), "holds", "91.00 % (Model 1) against 99.80 % (Model 2). The test bears it"),
        ((FEW, MOST), "does not hold", "The test goes against it."),
        ((FEW, FEW), "not decided", "The test does not decide."),
    ],
)
def test_the_less_accurate(tmp_path, settings, expected, part):
    runs = dict(zip(("model_1", "model_2", "model_3"), (*settings, MOST), strict=True))
    claim = "less_accurate", ["model_1"], ["model_2"]
    found, said = verdict(tmp_path, runs, *claim, seeds=SEEDS)
    assert found == expected
    assert part in said


def test_a_lead_over_given_models_is_told_with_their_numbers(tmp_path):
    runs = {"model_1": {"accuracy": 0.95}, "model_2": {"accuracy": 0.8}, "model_3": {"accuracy": 1}}
    found, said = verdict(tmp_path, runs, "most_accurate", ["model_1"], ["model_2"], seeds=SEEDS)
    assert found == "holds"
    assert "95.00 % (Model 1) against 80.00 % (Model 2)" in said
    assert "first" not in said


def test_counts_that_were_rounded_are_those_that_round_to_them():
    assert _rounds_to(646_410, 646_410)
    assert _rounds_to(646_410, 646_000)
    assert _rounds_to(646_410, 650_000)
    assert not _rounds_to(646_410, 641_000)
    assert not _rounds_to(646_410, 646_411)
    # A zero at the end of an exact count does not make it a rounded one.
    assert not _rounds_to(646_414, 646_410)
    assert not _rounds_to(646_414, 646_400)
    assert _rounds_to(61_706, 61_700)
    assert not _rounds_to(61_706, 61_600)
    assert not _rounds_to(3, 0)


def test_a_lead_that_seeds_do_not_share_decides_nothing(tmp_path):
    unsure = {seed: {"accuracy": share} for seed, share in enumerate((0.99, 0.91, 0.97))}
    runs = {"model_1": unsure, "model_2": {"accuracy": 0.94}}
    found, said = verdict(tmp_path, runs, "most_accurate", ["model_1"], seeds=(0, 1, 2))
    assert found == "not decided"
    assert "over 3 seeds Model 1 comes first here, with 95.67 %" in said


GAPS = {"clean_train": {"loss": 0.001, "accuracy": 0.999, "images": 10_000}}


@pytest.mark.parametrize(
    ("kind", "own", "expected", "part"),
    [
        (
            "overfits_slightly",
            {"accuracy": 0.9, "curves": FLAT},
            "holds",
            "not clearly risen in Model 1.",
        ),
        (
            "overfits_slightly",
            {"accuracy": 0.9, "curves": RISING},
            "does not hold",
            "has risen in Model",
        ),
        (
            "overfits_slightly",
            {"accuracy": 0.998, "curves": FLAT},
            "not decided",
            "chance alone may",
        ),
        (
            "overfits_strongly",
            {"accuracy": 0.9, "curves": RISING},
            "holds",
            "9.90 percentage points [",
        ),
        ("overfits_strongly", {"accuracy": 0.9, "curves": FALLING}, "does not hold", "has not"),
        ("overfits_strongly", {"accuracy": 0.9, "curves": FLAT}, "not decided", "has not"),
    ],
)
def test_overfitting(tmp_path, kind, own, expected, part):
    found, said = verdict(tmp_path, {"model_1": own}, kind, ["model_1"], **GAPS)
    assert found == expected
    assert part in said


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ((0.99, 0.9, 0.8), "holds"),
        ((0.9, 0.99, 0.8), "does not hold"),
        ((0.9, 0.899, 0.8), "not decided"),
    ],
)
def test_overfitting_less_than_others(tmp_path, accuracies, expected):
    runs = {f"model_{i}": {"accuracy": share} for i, share in enumerate(accuracies, 1)}
    claim = "overfits_less", ["model_1"]
    assert verdict(tmp_path / "once", runs, *claim, **GAPS)[0] == "not decided"
    found, said = verdict(tmp_path, runs, *claim, seeds=SEEDS, **GAPS)
    assert found == expected
    assert f"is {99.9 - 100 * accuracies[0]:.2f} percentage points (Model 1), in the others" in said


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.999, 0.99), "holds"),
        ((0.99, 0.999), "does not hold"),
        ((0.9901, 0.99), "not decided"),
    ],
)
@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_the_highest_train_accuracy(tmp_path, shares, expected, seeds):
    runs = {
        f"model_{i}": {
            seed: {"curves": {"accuracy": np.full(13, share + 0.0002 * seed)}} for seed in seeds
        }
        for i, share in enumerate(shares, 1)
    }
    claim = "highest_train_accuracy", ["model_1"]
    found, said = verdict(tmp_path, runs, *claim, seeds=seeds)
    assert found == (expected if len(seeds) > 1 else "not decided")
    mean = 100 * (shares[0] + 0.0002 * np.mean(seeds))
    assert f"running average over the last epoch, is {mean:.2f} % [" in said


@pytest.mark.parametrize(
    ("curves", "expected", "opposite"),
    [
        (FALLING, "holds", "does not hold"),
        (RISING, "does not hold", "holds"),
        (FLAT, "not decided", "not decided"),
    ],
)
def test_more_epochs(tmp_path, curves, expected, opposite):
    runs = {"model_1": {"curves": curves}}
    found, said = verdict(tmp_path, runs, "worth_more_epochs")
    assert found == expected
    assert "The slope of validation loss at the end is " in said
    assert verdict(tmp_path, runs, "not_worth_more_epochs")[0] == opposite


def test_too_few_epochs_decide_nothing(tmp_path):
    found, said = verdict(tmp_path, {"model_1": {"epochs": 2}}, "worth_more_epochs")
    assert found == "not decided"
    assert "not known in Model 1, with too few epochs" in said


@pytest.mark.parametrize(
    ("parameters", "expected"), [(37_987_722, "holds"), (39_000_000, "does not hold")]
)
def test_the_number_of_parameters(tmp_path, parameters, expected):
    published = publish(["model_1"], ("parameters", ["model_1"], None), parameters=38_000_000)
    results = study_of(tmp_path, {"model_1": {"parameters": parameters}}, published)
    assert [judged.verdict for judged in results.analysis.published.claims] == [expected]
    [said] = reproduction(results).items
    assert f"Model 1 has {parameters:,} here and 38,000,000 there." in said


@pytest.mark.parametrize(
    ("latencies", "runs_at_a_time", "expected"),
    [
        ((12.0, 2.0), 1, "holds"),
        ((2.0, 12.0), 1, "does not hold"),
        ((2.1, 2.0), 1, "not decided"),
        ((2.6, 2.0), 1, "holds"),
        # Where runs shared the machine, latencies decide nothing.
        ((12.0, 2.0), 2, "not decided"),
        ((2.0, 12.0), 2, "not decided"),
        # Below what the clock resolves, nothing is known.
        ((0.0, 0.0), 1, "not decided"),
        ((12.0, 0.0), 1, "not decided"),
        ((0.0, 12.0), 1, "not decided"),
    ],
)
def test_the_slower(tmp_path, latencies, runs_at_a_time, expected):
    runs = {
        f"model_{i}": {"latency_ms": latency, "concurrent_runs": runs_at_a_time}
        for i, latency in enumerate(latencies, 1)
    }
    found, said = verdict(tmp_path, runs, "slower", ["model_1"], ["model_2"])
    assert found == expected
    if latencies == (0.0, 0.0):
        assert "One image takes 0.00 ms (Model 1) against 0.00 ms (Model 2)." in said
    assert f"One image takes {latencies[0]:.2f} ms (Model 1) against {latencies[1]:.2f} ms" in said
    reason = "Latencies are not compared: up to 2 runs shared the machine."
    assert (reason in said) == (runs_at_a_time == 2)
    assert (" That " in said) == (runs_at_a_time == 1)


def test_latencies_of_unlike_devices_decide_nothing(tmp_path):
    runs = {
        "model_1": {"latency_ms": 12.0, "device": "GPU: another"},
        "model_2": {"latency_ms": 2.0},
    }
    found, said = verdict(tmp_path, runs, "slower", ["model_1"], ["model_2"])
    assert found == "not decided"
    assert said.endswith(
        "Latencies are not compared: the runs differ in device (GPU: another and CPU: made up)."
    )


@pytest.mark.parametrize(
    ("gap", "expected"), [(1, "holds"), (100, "does not hold"), (20, "not decided")]
)
def test_a_last_epoch_that_misleads(tmp_path, gap, expected):
    # The difference of the two alternates between 0.01 and -0.01: its standard deviation is 0.011.
    wild = 0.98 + 0.01 * (EPOCH % 2)
    runs = {
        "model_1": {"wrong_images": range(10), "curves": {"val_accuracy": wild}},
        "model_2": {"wrong_images": range(10 + gap), "curves": {"val_accuracy": 1.97 - wild}},
    }
    found, said = verdict(tmp_path, runs, "last_epoch_misleads")
    assert found == expected
    assert "moves by 1.10 percentage points (standard deviation)" in said


def test_what_moves_both_models_alike_misleads_nobody(tmp_path):
    alike = {"curves": {"val_accuracy": 0.98 + 0.01 * (EPOCH % 2)}}
    runs = {
        "model_1": alike | {"wrong_images": range(10)},
        "model_2": alike | {"wrong_images": range(11)},
        # The last epochs of a third decide nothing between the first two.
        "model_3": {"accuracy": 0.8, "curves": {"val_accuracy": 0.6 + 0.2 * (EPOCH % 2)}},
    }
    assert verdict(tmp_path, runs, "last_epoch_misleads")[0] == "does not hold"


def test_a_last_epoch_cannot_mislead_about_one_model(tmp_path):
    found, said = verdict(tmp_path, {"model_1": {}}, "last_epoch_misleads")
    assert found == "not tested"
    assert "It takes two models" in said


# Claims about models that are missing


def test_a_claim_about_a_missing_model_is_not_tested(tmp_path):
    everyone = ["model_1", "model_2", "model_3"]
    runs = {"model_1": FEW, "model_2": MOST, "model_3": {"status": "diverged"}}
    claim = "most_accurate", ["model_1"]
    found, said = verdict(tmp_path, runs, *claim, published=everyone)
    assert found == "not tested"
    assert "Model 3 has no finished run here." in said
    found, said = verdict(
        tmp_path, {"model_1": FEW}, "worth_more_epochs", ["model_2", "model_3"], published=everyone
    )
    assert found == "not tested"
    assert said == "Claim 0: not tested. Models 2 and 3 have no finished run here."


def test_one_counterexample_is_enough_although_models_are_missing(tmp_path):
    everyone = ["model_1", "model_2", "model_3"]
    runs = {"model_1": MOST, "model_2": FEW}
    claim = "most_accurate", ["model_1"]
    found, _ = verdict(tmp_path, runs, *claim, published=everyone, seeds=SEEDS)
    assert found == "does not hold"


def test_the_verdicts_are_counted(tmp_path):
    runs = {"model_1": FEW, "model_2": MOST}
    claims = [
        ("most_accurate", ["model_1"], None),
        ("most_accurate", ["model_2"], None),
        ("less_accurate", ["model_2"], ["model_1"]),
        ("worth_more_epochs", ["model_3"], None),
    ]
    published = publish([*runs, "model_3"], *claims)
    published["conclusions"][0]["than"] = ["model_2"]
    results = study_of(tmp_path, runs, published, seeds=SEEDS)
    assert [judged.verdict for judged in results.analysis.published.claims] == [
        *("holds", "does not hold", "holds", "not tested")
    ]
    text = " ".join(reproduction(results).text)
    assert "Of 4 conclusions of the paper, 2 hold, 1 does not hold and 1 was not tested." in text
    assert "trained once" not in text


def test_models_trained_once_are_not_judged_against_each_other(tmp_path):
    claims = [("most_accurate", ["model_1"], None), ("less_accurate", ["model_2"], ["model_1"])]
    runs = {"model_1": FEW, "model_2": MOST}
    results = study_of(tmp_path, runs, publish(runs, *claims))
    assert [judged.verdict for judged in results.analysis.published.claims] == ["not decided"] * 2
    text = " ".join(reproduction(results).text)
    assert "Models that were trained once are not judged against each other" in text


# The notebook's figures, and files of figures


def test_every_kind_of_claim_is_judged_and_worded():
    schema = yaml.safe_load((ROOT / "workflow/schemas/published.schema.yaml").read_text())
    kinds = schema["properties"]["conclusions"]["items"]["properties"]["kind"]["enum"]
    assert set(kinds) == set(KINDS)
    assert {(kind.quantity, kind.claimed) for kind in KINDS.values()} == set(_NUMBERS)
    assert {kind.quantity for kind in KINDS.values()} == set(_EVIDENCE)


def test_the_notebooks_table():
    """The closing table of the notebook, and the parameters that its summaries list."""
    rows = [
        (row["train_loss"], row["val_loss"], row["train_accuracy"], row["test_accuracy"])
        for row in NOTEBOOK["models"].values()
    ]
    assert rows == [
        (0.0196, 0.0249, 0.9941, 0.9936),
        (0.0151, 0.0212, 0.9952, 0.9940),
        (0.0108, 0.0309, 0.9969, 0.9929),
        (0.0020, 0.0288, 0.9994, 0.9937),
        (0.0104, 0.0241, 0.9968, 0.9938),
        (0.0022, 0.0299, 0.9994, 0.9938),
        (0.0042, 0.0233, 0.9988, 0.9948),
        (0.0078, 0.0196, 0.9979, 0.9951),
        (0.0035, 0.0222, 0.9988, 0.9954),
        (0.0067, 0.0287, 0.9980, 0.9944),
    ]
    parameters = [row["parameters"] for row in NOTEBOOK["models"].values()]
    assert parameters[:4] == [646_410, 1_211_274, 696_330, 3_842_890]
    assert parameters[4:] == [1_211_274, 7_396_362, 2_686_602, 2_588_298, 3_210_378, 37_987_722]


def test_the_notebook_says_of_itself_what_its_table_says(tmp_path):
    """A study that comes out as the notebook's did bears out what its table shows."""
    runs = {
        model: {
            "wrong_images": range(round(10_000 * (1 - row["test_accuracy"]))),
            "parameters": row["parameters"],
            "curves": {"accuracy": np.full(13, row["train_accuracy"])},
            "latency_ms": 10.0 if model == "model_10" else 1.0,
        }
        for model, row in NOTEBOOK["models"].items()
    }
    results = study_of(tmp_path, runs, NOTEBOOK, images=10_000)
    found = {
        NOTEBOOK["conclusions"][judged.number]["id"]: judged.verdict
        for judged in results.analysis.published.claims
    }
    assert found["inception_parameters"] == found["inception_latency"] == "holds"
    # One run each judges no model against another.
    assert found["padded_train_accuracy"] == "not decided"
    assert "not tested" not in found.values()
    said = reproduction(results)
    assert said.title == "Does the notebook hold up?"
    assert (
        "The notebook ranks Models 9, 8 and 7 first; over 1 seed Models 9, 8 and 7 come first"
        in (said.items[0])
    )
    # One seed decides nothing so close: its standard deviation between runs is not known.
    assert "None of the 21 comparisons that it takes is decided." in said.items[0]
    assert "Of 10 published test accuracies, 10 lie within" in " ".join(said.text)


def read(folder, content):
    file = folder / "published.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return read_published({"study": {"published": "published.yaml"}}, [folder])


def changed(*keys, value):
    """A valid file of figures with one value changed, or taken out if ``value`` is None."""
    content = json.loads(json.dumps(publish(["a", "b"], ("slower", ["a"], ["b"]))))
    place = content
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return content


def test_a_valid_file_is_read_as_it_stands(tmp_path):
    content = publish(["a", "b"], ("slower", ["a"], ["b"]))
    assert read(tmp_path, content) == content
    content["models"]["a"]["val_loss"] = 0.001
    written = yaml.safe_dump(content).replace("0.001", "1e-3")
    assert "val_loss: 1e-3" in written
    assert read(tmp_path, written) == content


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (changed("called", value=None), ["called: missing"]),
        (changed("modles", value={}), ["modles: unknown key", "did you mean models?"]),
        (changed("setting", "epochs", value=0), ["setting.epochs: 0", "at least 1"]),
        (changed("setting", "validation", value="x"), ["setting.validation: x", "test, holdout"]),
        (changed("models", "a", "val_loss", value="low"), ["models.a.val_loss: low", "number"]),
        (changed("models", "a", "test_accuracy", value=99.4), ["test_accuracy: 99.4", "at most 1"]),
        (changed("models", value={}), ["models: empty; expected at least 1"]),
        (changed("conclusions", 0, "kind", value="best"), ["conclusions.0.kind: best", "slower"]),
        (changed("conclusions", 0, "models", value=["c"]), ["conclusions.0.models: 'c'", "table"]),
        (changed("conclusions", 0, "than", value=["a"]), ["conclusions.0.models: leaves no model"]),
        (changed("conclusions", 0, "models", value=["a", "b"]) | {"x": 1}, ["x: unknown key"]),
        (
            changed("conclusions", 0, "kind", value="parameters"),
            ["models.a.parameters: missing", "'claim_0'"],
        ),
        ("- 1\n- 2\n", ["the whole file: [1, 2] is of the wrong type", "keys with values"]),
        ("title: a\ntitle: b\n", ["title: given twice"]),
        ("title: [\n", ["line 2", "expected YAML"]),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path, content, parts):
    with pytest.raises(StudyError) as caught:
        read(tmp_path, content)
    lines = str(caught.value).splitlines()
    assert all("published.yaml: " in line for line in lines)
    assert any(all(part in line for part in parts) for line in lines), lines
    assert len(lines) == 1


def test_two_claims_with_one_id_are_refused(tmp_path):
    content = publish(["a"], *[("worth_more_epochs", None, None)] * 2)
    content["conclusions"][1]["id"] = "claim_0"
    with pytest.raises(StudyError, match=r"conclusions.1.id: 'claim_0' stands twice"):
        read(tmp_path, content)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "published.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match=r"published.yaml: .*expected YAML") as caught:
        read_published({"study": {"published": "published.yaml"}}, [tmp_path])
    assert "\n" not in str(caught.value)


def test_without_a_file_there_is_nothing(tmp_path):
    assert read_published({"study": {"published": None}}, [tmp_path]) is None


def test_the_reported_study_carries_the_figures():
    config = {
        "study": {
            "title": "t",
            "seeds": [0],
            "metric": "accuracy",
            "show_images": True,
            "published": "x",
        },
        "data": {"title": "t", "note": None, "disputed_note": None, "validation": "test"}
        | {"disputed": [], "dataset": "mnist"},
        "models": {},
    }
    assert reported_study(config, [], published=NOTEBOOK)["published"] == NOTEBOOK
    assert reported_study(config, [])["published"] is None
