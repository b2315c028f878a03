"""Tests of the conclusions, on made-up runs whose verdicts are known."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from bakeoff import wording as w
from bakeoff.analysis.chance import shown_above
from bakeoff.analysis.sampling import TestSample
from bakeoff.analysis.trait_groups import architectures_of, permutation_p
from bakeoff.findings.curves import _stopped
from concluded_study import conclude, pairs_of, said

EPOCH = np.arange(1, 14)
RULE = {"patience": 2, "min_delta": 0, "monitor": "val_loss"}
FLAT = {"val_loss": 0.05 + 0.002 * (-1.0) ** EPOCH}
FALLING = {"val_loss": 0.05 - 0.002 * EPOCH}
RISING = {"val_loss": 0.03 + 0.002 * EPOCH}


def convolutions(count=2, kernel=3, pads=False, pooled=True, branches=1):
    """Layers of a network of convolutions, each followed by a pooling layer if ``pooled``."""
    described = [{"name": "input", "class": "InputLayer", "inputs": [], "multiply_adds": 0}]

    def add(name, **settings):
        entry = {"name": name, "class": "Layer", "inputs": [described[-1]["name"]]}
        described.append(entry | {"multiply_adds": 0} | settings)

    for number in range(count):
        add(f"conv{number}", kernel_size=[kernel, kernel], pads=pads)
        if pooled or number == count - 1:
            add(f"pool{number}", pool_size=[2, 2])
    if branches > 1:
        add("join", inputs=[layer["name"] for layer in described[-branches:]])
    add("dense", units=10)
    return described


def verdicts(findings):
    table = findings["findings"][0]["table"]
    return {row[0]: row[-1] for row in table["rows"]}


def remark(findings, model):
    return next(entry["remark"] for entry in findings["models"] if entry["model"] == model)


# Which models are best


CLEAR = {
    "model_1": {"accuracy": 0.90},
    "model_2": {"accuracy": 0.99},
    "model_3": {"accuracy": 0.8},
}


def test_lists_of_what_holds_commas_have_semicolons():
    assert w.listing(["A, b", "C", "D"]) == "A, b; C; and D"
    assert w.listing(["1,000", "C", "D"]) == "1,000, C and D"
    assert w.listing(["A, b", "C"]) == "A, b and C"


def test_a_clear_winner_is_named_and_the_others_are_worse(tmp_path):
    of_seeds = {
        model: {seed: {"accuracy": own["accuracy"] - 0.004 * seed} for seed in range(3)}
        for model, own in CLEAR.items()
    }
    findings, _ = conclude(tmp_path, of_seeds, seeds=(0, 1, 2))
    # The seeds differ by 0.4 percentage points from one to the next, in each model alike.
    text = said(findings, "best")
    assert text.startswith("Model 2 has the highest test accuracy, 98.60 % (95 % interval 9")
    for part in (
        "Models 1 and 3 are worse.",
        "3 pairs is at most 5 %",
        "of 0.40 percentage points.",
    ):
        assert part in text
    assert verdicts(findings) == {"Model 1": "worse", "Model 2": "best", "Model 3": "worse"}
    assert "worse than the best: 9.00 percentage points below" in remark(findings, "model_1")


def test_with_one_seed_networks_are_judged_and_no_model_is(tmp_path):
    findings, text = conclude(tmp_path, CLEAR)
    best = said(findings, "best")
    assert best.startswith("Model 2 has the highest test accuracy, 99.00 % (95 % interval 98.17 %")
    assert "each model was trained once: trained networks can be compared, models cannot" in best
    assert "The networks of Models 1 and 3 are worse than that of Model 2." in best
    assert "among the 3 pairs of networks is at most 5 %" in best
    assert verdicts(findings) == {
        "Model 1": "network is worse",
        "Model 2": "best",
        "Model 3": "network is worse",
    }
    assert [(pair.significant, pair.told_apart) for *_, pair in pairs_of(findings)] == [
        (True, False)
    ] * 3
    assert "Its network is worse than the best's: 9.00 percentage points below" in remark(
        findings, "model_1"
    )
    assert "another seed may give another order" in remark(findings, "model_1")
    assert "standard deviation of" not in best
    assert "are worse." not in text


def test_models_of_which_one_run_finished_were_not_trained_once(tmp_path):
    diverged = {"status": "diverged"}
    runs = {"model_1": {0: {"accuracy": 0.9}, 1: diverged}, "model_2": {0: {}, 1: diverged}}
    best = said(conclude(tmp_path, runs, seeds=(0, 1))[0], "best")
    assert "but one run of each model finished: trained networks can be compared" in best


def test_with_two_seeds_the_level_is_only_about_5_percent(tmp_path):
    models = {"model_1": {"accuracy": 0.9}, "model_2": {"accuracy": 0.99}}
    text = said(conclude(tmp_path, models, seeds=(0, 1))[0], "best")
    assert "The chance of even one false “worse” is about 5 %, if the seeds move all" in text


def test_models_that_cannot_be_told_from_the_best_are_a_group_not_a_ranking(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"wrong_images": range(10)},
            "model_2": {"wrong_images": range(12)},
            "model_3": {"accuracy": 0.9},
        },
    )
    text = said(findings, "best")
    assert "of Model 3 is worse than that of Model 1; that of Model 2 is not significantly" in text
    assert "are corrected for 3 pairs of models" in text
    assert verdicts(findings)["Model 2"] == "too close to call"
    # Only the two images that Model 2 alone gets wrong count: exact McNemar gives 2 / 2^2.
    row = findings["findings"][0]["table"]["rows"][1]
    assert row[5:8] == ["2", "0", "0.50"]


def test_equal_models_get_no_better(tmp_path):
    same = {"wrong_images": range(10)}
    findings, text = conclude(tmp_path, {f"model_{i}": same for i in (1, 2, 3)})
    assert "All 3 models have the same test accuracy, 99.00 %" in said(findings, "best")
    assert set(verdicts(findings).values()) == {"best"}
    assert "worse" not in text
    assert "highest" not in text


def test_how_often_worse_is_false_is_told_where_one_model_moves_far_more(tmp_path):
    def least(wrong):
        return {seed: {"wrong_images": range(wrong + seed)} for seed in range(3)}

    far = {seed: {"wrong_images": range(300 + 40 * seed)} for seed in range(3)}
    runs = {"model_1": least(10), "model_2": least(100)}
    findings, _ = conclude(tmp_path / "alike", runs, seeds=(0, 1, 2))
    assert "ten times" not in said(findings, "best")
    findings, _ = conclude(tmp_path / "far", runs | {"model_3": far}, seeds=(0, 1, 2))
    assert "it was 12 to 34 % with 2 seeds, 6 to 22 % with 3 and 4 to 14 % with 5" in (
        said(findings, "best")
    )
    same = {seed: {"wrong_images": range(10)} for seed in range(3)}
    worse = {seed: {"wrong_images": range(100)} for seed in range(3)}
    findings, _ = conclude(tmp_path / "same", {"a": same, "b": worse}, seeds=(0, 1, 2))
    assert "B is worse" in said(findings, "best")
    assert "ten times" not in said(findings, "best")


def test_of_runs_that_were_not_stopped_early_nothing_is_said_to_be_known():
    def model(name, *stopped):
        runs = [SimpleNamespace(stopped_by_rule=s, stopped_by_callback=False) for s in stopped]
        return SimpleNamespace(name=name, runs=runs)

    text = _stopped([model("A", True, True), model("B", True, False)])
    assert "Early stopping ended the training of A: by its rule" in text
    assert "ended some of the runs of B: by its rule" in text
    assert "of the others, that is not known" in text


def test_of_runs_that_callbacks_stopped_no_rule_is_said(tmp_path):
    optimizer = {"optimizer": {"name": "Adadelta", "learning_rate": 1.0}}
    early = {"planned": 20, "training": optimizer | {"early_stopping": RULE}}
    by_rule = early | {"epochs": 9}
    called = early | {"epochs": 7, "stopped_by_callback": True}
    no_rule = {"planned": 20, "epochs": 7, "training": optimizer, "stopped_by_callback": True}
    models = {
        "rule": {0: by_rule, 1: early | {"epochs": 20}},
        "both": {0: by_rule, 1: called},
        "called": {0: no_rule, 1: no_rule | {"epochs": 5}},
    }
    findings, text = conclude(tmp_path, models, seeds=(0, 1))
    assert "2 times (seeds 0 and 1) for at most 20 epochs." in text
    assert "for 2 epochs: 2 of 4 runs did, after 9 epochs." in text
    assert "ended 3 of 4 runs of Both and Called after 5 to 7 epochs." in text
    trends = said(findings, "epochs")
    assert "Early stopping ended some of the runs of Rule: by its rule" in trends
    assert "Callbacks of the architecture ended runs of Both and Called: what more" in trends
    by_rule = "Early stopping ended 1 of 2 runs, after epoch 9."
    assert by_rule in remark(findings, "rule")
    assert "callback" not in remark(findings, "rule")
    called = "A callback of its architecture ended 1 of 2 runs, after epoch 7."
    assert f"{by_rule} {called}" in remark(findings, "both")
    called = "A callback of its architecture ended 2 of 2 runs, after epochs 7 and 5."
    assert called in remark(findings, "called")
    assert "Early stopping" not in remark(findings, "called")


def test_two_may_share_the_lead(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"wrong_images": range(10)},
            "model_2": {"wrong_images": range(10, 20)},
            "model_3": {"accuracy": 0.8},
        },
        seeds=(0, 1, 2),
    )
    assert said(findings, "best").startswith(
        "Models 1 and 2 share the highest test accuracy, 99.00 %. Model 3 is worse. The chance"
    )


def test_a_third_model_changes_no_number_of_a_pair_but_the_correction(tmp_path):
    two = {"model_1": {"accuracy": 0.97}, "model_2": {"accuracy": 0.98}}
    three = two | {"model_3": {"accuracy": 0.979}}
    ((first,), (second, *_)) = (
        pairs_of(conclude(tmp_path / name, models)[0])
        for name, models in (("two", two), ("three", three))
    )
    assert first[:2] == second[:2] == ("model_1", "model_2")
    one, other = first[2], second[2]
    assert one.p_holm < other.p_holm
    assert one.low > other.low
    assert one.high < other.high
    assert one == replace(other, p_holm=one.p_holm, low=one.low, high=one.high)
    assert one.difference == pytest.approx(-0.01)


def test_several_seeds_are_compared_over_seeds_and_images(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {"model_1": {"accuracy": 0.98}, "model_2": {"accuracy": 0.90}},
        seeds=(0, 1, 2),
    )
    text = said(findings, "best")
    assert "Model 1 has the highest test accuracy, 98.00 %" in text
    assert "the variance between seeds is pooled over the two models" in text
    assert "“Best ahead in” is the share" in text
    table = findings["findings"][0]["table"]
    cells = dict(zip(table["columns"], table["rows"][1], strict=True))
    assert cells["Best ahead in"] == "100 %"
    assert cells["Seeds"] == "3"
    assert cells["SD between seeds (percentage points)"] == "0.000"
    assert "McNemar" not in text
    assert "standard deviation between runs is not known" not in " ".join(findings["cautions"])


def test_accuracy_and_verdict_of_each_model_are_data_too(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {0: {"accuracy": 0.98}, 1: {"accuracy": 0.99}},
            "model_2": {0: {"accuracy": 0.90}, 1: {"status": "diverged"}},
            "model_3": {"status": "diverged"},
        },
        seeds=(0, 1),
    )
    first, second, third = (
        (model["standing"], model["accuracy"]) for model in findings["numbers"]["models"]
    )
    assert first[0] == "best"
    assert first[1]["value"] == pytest.approx(0.985)
    assert first[1]["sd"] == pytest.approx(0.01 / np.sqrt(2))
    assert first[1]["by_seed"] == {"0": 0.98, "1": 0.99}
    assert first[1]["low"] < 0.985 < first[1]["high"]
    assert second[0] == "network is worse"
    assert (second[1]["sd"], second[1]["by_seed"]) == (None, {"0": 0.9})
    assert third == ("diverged", None)


def test_one_training_each_is_no_proof_of_a_small_difference(tmp_path):
    wrong = {"model_1": range(20), "model_2": range(60), "model_3": range(80)}
    findings, _ = conclude(
        tmp_path,
        {model: {"wrong_images": images} for model, images in wrong.items()},
        images=10_000,
    )
    text = said(findings, "best")
    assert "it is the trained networks that are compared, not the models" in text
    assert verdicts(findings)["Model 2"] == verdicts(findings)["Model 3"] == "network is worse"
    near, far, _ = (comparison for *_, comparison in pairs_of(findings))
    assert near.p_holm < 0.001
    assert not near.told_apart
    assert not far.told_apart
    assert "p < 0.001 corrected; another seed may give another order" in remark(findings, "model_2")


def test_without_a_worse_model_the_next_is_given_with_its_interval(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {f"model_{i}": {"wrong_images": range(10 * i, 20 * i)} for i in (1, 2)}
        | {"model_3": {"status": "diverged"}},
    )
    text = said(findings, "best")
    assert "No trained network of this study is shown to be worse than the best: Model 2" in text
    assert "is 1.00 percentage points behind (95 % interval" in text


def test_a_lead_that_some_seeds_lack_is_not_called_better(tmp_path):
    shares = {"model_1": (0.99, 0.91, 0.97), "model_2": (0.93, 0.95, 0.94)}
    runs = {
        model: {seed: {"accuracy": share} for seed, share in enumerate(values)}
        for model, values in shares.items()
    }
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2))
    assert verdicts(findings)["Model 2"] == "too close to call"


def test_one_model_has_nothing_to_be_compared_with(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": {}})
    assert said(findings, "best").startswith("Model 1 is the only model: test accuracy 99.00 %")
    assert pairs_of(findings) == []
    assert "one model alone" in said(findings, "traits")
    assert "two most accurate" not in said(findings, "last_epochs")


def test_of_many_models_the_pairs_of_the_most_accurate_and_with_the_best_are_listed(tmp_path):
    # The first of 53 shares the best accuracy; the three before the last are the least accurate.
    shares = [0.9] + [0.8] * 48 + [0.7] * 3 + [0.9]
    findings, _ = conclude(
        tmp_path, {f"model_{i}": {"accuracy": share} for i, share in enumerate(shares)}
    )
    assert findings["numbers"]["pairs"]["number"] == 53 * 52 // 2
    listed = {(a, b) for a, b, _ in pairs_of(findings)}
    assert len(listed) == len(pairs_of(findings)) == 50 * 49 // 2 + 3 * 2
    assert {("model_0", "model_49"), ("model_51", "model_52"), ("model_1", "model_2")} <= listed
    assert not {("model_1", "model_49"), ("model_49", "model_50")} & listed
    assert f"corrected for {53 * 52 // 2:,} pairs" in said(findings, "best")


def test_a_diverged_model_is_named_and_left_out(tmp_path):
    diverged = {"status": "diverged", "planned": 13, "epochs": 3}
    findings, text = conclude(tmp_path, {"model_1": {}, "model_2": diverged, "model_3": {}})
    assert any(line.startswith("Model 2 diverged with seed 0") for line in findings["cautions"])
    assert "in epoch 3 (seed 0)" in remark(findings, "model_2")
    assert "Model 2" not in "".join(said(findings, f["key"]) for f in findings["findings"])
    assert [(a, b) for a, b, _ in pairs_of(findings)] == [("model_1", "model_3")]
    assert "nan" not in text.lower()


def test_a_seed_that_diverged_is_left_out_and_the_others_count(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {"model_1": {0: {}, 1: {"status": "diverged"}, 2: {}}, "model_2": {}},
        seeds=(0, 1, 2),
    )
    assert "those of the other 2 runs" in remark(findings, "model_1")
    assert "test accuracy 99.00 %" in remark(findings, "model_1")


def test_a_model_ahead_on_the_seeds_that_both_finished_is_not_called_worse(tmp_path):
    lost = {"status": "diverged"}
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {0: {"accuracy": 0.9}, 1: {"accuracy": 0.999}, 2: {"accuracy": 0.999}},
            "model_2": {0: {"accuracy": 0.96}, 1: lost, 2: lost},
        },
        seeds=(0, 1, 2),
    )
    best = said(findings, "best")
    assert "Model 1 has the highest" in best
    assert "But the network of Model 2 is ahead with the one seed that both finished" in best
    assert "not significantly different" not in best
    assert "No trained network" not in best
    assert findings["headline"].startswith("Open: Model 1 has 96.60 %, but the network of Model 2")
    assert verdicts(findings)["Model 2"] == "ahead on common seeds"
    assert (
        "With the one seed that both finished, its network is significantly ahead of the best's by"
        " 6.00 percentage points"
    ) in remark(findings, "model_2")
    # Which is the best is open: that takes seeds in common.
    assert findings["numbers"]["power"]["needed"] == []
    assert findings["surer"].startswith("To be surer, train Models 1 and 2 with more seeds that")


def test_a_network_that_is_worse_is_not_among_those_too_close_to_call(tmp_path):
    lost = {"status": "diverged"}
    runs = {
        "one": {seed: {"wrong_images": range(20 + seed)} for seed in range(3)},
        "two": {seed: {"wrong_images": range(90 + seed)} for seed in range(3)},
        "three": {0: {"wrong_images": range(200)}, 1: lost, 2: lost},
    }
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2))
    best = said(findings, "best")
    assert best.startswith("One has the highest test accuracy, 97.90 %")
    assert "too close to call:" not in best
    assert "The network of Three is worse than that of One with the one seed that both" in best
    assert "To be surer, give Three a second seed: about" in findings["surer"]


def test_models_without_a_common_seed_are_not_compared(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {0: {"accuracy": 0.9}, 1: {"status": "diverged"}},
            "model_2": {0: {"status": "diverged"}, 1: {"accuracy": 0.99}},
        },
        seeds=(0, 1),
    )
    assert "No two models finished with the same seed" in said(findings, "best")
    assert verdicts(findings)["Model 1"] == "not compared"


def test_where_every_training_diverged_nothing_is_concluded(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": {}, "model_2": {}}, status="diverged")
    assert [finding["key"] for finding in findings["findings"]] == ["best"]
    assert said(findings, "best") == "No run ended well: there is nothing to compare."


# Which still improve, which overfit


def test_falling_flat_and_rising_losses_are_told_apart(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"curves": FALLING},
            "model_2": {"curves": FLAT},
            "model_3": {"curves": RISING},
        },
    )
    text = said(findings, "epochs")
    assert "still falling in Model 1 over the last 5 of 13 epochs: it is worth more" in text
    assert "The curve of Model 2 is too noisy to say whether more epochs would help." in text
    assert "It was rising in Model 3:" in text
    assert "flat" not in text
    assert "Model 1: −0.00200 per epoch [−0.00200, −0.00200], falling." in text
    assert "worth more epochs" in remark(findings, "model_1")
    assert "worth more epochs" not in remark(findings, "model_2")
    assert "Its curve is too noisy to say" in remark(findings, "model_2")


def test_one_wild_epoch_does_not_make_a_trend(tmp_path):
    losses = FLAT["val_loss"].copy()
    losses[-1] = 0.5
    findings, _ = conclude(tmp_path, {"model_1": {"curves": {"val_loss": losses}}})
    assert "The curve of Model 1 is too noisy to say" in said(findings, "epochs")


def test_flat_means_within_a_stated_band(tmp_path):
    # Up and down by 0.1 % of the loss: 5 more epochs are worth less than 5 %.
    calm = {"val_loss": 0.05 + 0.00005 * (-1.0) ** EPOCH}
    # Steadily down, by so little that it does not matter either.
    slow = {"val_loss": 0.05 - 0.0001 * EPOCH}
    faster = {"val_loss": 0.05 - 0.001 * EPOCH}
    findings, _ = conclude(
        tmp_path,
        {"model_1": {"curves": calm}, "model_2": {"curves": slow}, "model_3": {"curves": faster}},
    )
    text = said(findings, "epochs")
    assert (
        "It was flat in Models 1 and 2: 5 more epochs would change it by less than 5 %, though it"
        " is shown to be falling still in Model 2."
    ) in text
    assert "still falling in Model 3 over" in text
    assert "promise little" not in text


@pytest.mark.parametrize(
    ("drift", "title", "still"),
    [
        (0, "still falling over the last 5 of 13 epochs, so none is", "."),
        (
            -0.0001,
            "still falling by 5 % or more over",
            ", though it is shown to be falling still.",
        ),
        (0.0001, "still falling over the last", ", though it is shown to be rising still."),
    ],
)
def test_what_is_flat_may_be_shown_to_move(tmp_path, drift, title, still):
    losses = 0.05 + drift * EPOCH + (0 if drift else 0.00005 * (-1.0) ** EPOCH)
    findings, _ = conclude(tmp_path, {"model_1": {"curves": {"val_loss": losses}}})
    text = said(findings, "epochs")
    assert f"No model's validation loss is shown to be {title}" in text
    assert f"It was flat in Model 1: 5 more epochs would change it by less than 5 %{still}" in text


def test_an_interval_that_all_but_excludes_zero_is_not_called_flat(tmp_path):
    # Three seeds that fall by very different amounts.
    curves = {
        seed: {"curves": {"val_loss": 3 - drop * EPOCH / 13}}
        for seed, drop in enumerate((0.1, 0.2, 2.0))
    }
    findings, _ = conclude(tmp_path, {"model_1": curves}, seeds=(0, 1, 2))
    assert "too noisy to say" in said(findings, "epochs")
    assert "flat" not in said(findings, "epochs")


@pytest.mark.parametrize(("epochs", "told"), [(4, False), (5, True)])
def test_a_trend_needs_five_epochs(tmp_path, epochs, told):
    findings, _ = conclude(tmp_path, {"model_1": {"epochs": epochs}})
    assert ("too few epochs" in said(findings, "epochs")) is not told
    assert ("still falling" in said(findings, "epochs")) is told


def test_two_epochs_are_too_few_for_any_trend_or_fluctuation(tmp_path):
    findings, text = conclude(tmp_path, {"model_1": {}, "model_2": {}}, epochs=2)
    assert "too few epochs to tell: 6 are needed" in said(findings, "last_epochs")
    assert "moved within" not in text


def test_gaps_that_look_alike_are_told_once(tmp_path):
    models = {f"model_{number}": {"wrong_images": range(20)} for number in (1, 2)}
    for number, accuracy in (("1", 0.99901), ("2", 0.99902)):
        clean = {"loss": 0.001, "accuracy": accuracy, "images": 100_000}
        models[f"model_{number}"]["clean_train"] = clean
    text = said(conclude(tmp_path, models)[0], "overfitting")
    assert "is higher than on test images by 1.90 percentage points. " in f"{text} ".replace(
        "\n", " "
    )


def test_overfitting_is_measured_and_its_harm_told(tmp_path):
    clean = {"loss": 0.001, "accuracy": 0.999, "images": 10_000}
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"accuracy": 0.95, "curves": RISING},
            "model_2": {"accuracy": 0.96, "curves": FALLING},
            "model_3": {"accuracy": 0.999, "curves": RISING},
        },
        clean_train=clean,
    )
    text = said(findings, "overfitting")
    assert text.startswith("Models 1 and 2 overfit")
    assert "by 3.90 (Model 2) to 4.90 percentage points (Model 1)." in text
    assert "In Model 1 this does harm to validation loss, which has risen." in text
    assert "Model 3 does not measurably overfit" in text
    assert "Model 1: by 4.90 percentage points" in text
    assert "validation loss 0.0560 against 0.0010 on training images, and up from its" in text
    assert "lowest, 0.0320 in epoch 1" in text


def test_a_loss_that_has_risen_does_harm_although_it_is_flat_by_now(tmp_path):
    risen = np.array([60, 50, 40, 30, 32, 34, 36, 38, 40, 42, 41, 42, 41]) / 1000
    back = np.concatenate(
        [[0.06, 0.03], 0.031 + 0.002 * np.arange(18), 0.06 - 0.001 * np.arange(10)]
    )
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"accuracy": 0.9, "curves": {"val_loss": risen}},
            "model_2": {"accuracy": 0.9, "curves": {"val_loss": back}, "epochs": 30},
        },
        seeds=(0, 1),
        clean_train={"loss": 0.001, "accuracy": 1.0, "images": 10_000},
    )
    assert "rising" not in said(findings, "epochs")
    assert "In Model 1 this does harm" in said(findings, "overfitting")


def test_one_seed_whose_loss_has_wandered_up_does_no_harm_that_is_shown(tmp_path):
    wandered = np.array([60, 50, 40, 30, 32, 34, 36, 38, 40, 42, 41, 42, 41]) / 1000
    findings, _ = conclude(
        tmp_path,
        {"model_1": {"accuracy": 0.9, "curves": {"val_loss": wandered}}},
        clean_train={"loss": 0.001, "accuracy": 1.0, "images": 10_000},
    )
    text = said(findings, "overfitting")
    assert "Validation loss is not shown to have risen in it, so no harm is shown." in text
    assert "one seed alone can show the former only" in text


def test_overfitting_without_harm_says_so(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {"model_1": {"accuracy": 0.9, "curves": FLAT}},
        clean_train={"loss": 0.001, "accuracy": 1.0, "images": 10_000},
    )
    assert "is not shown to have risen in it, so no harm is shown" in said(findings, "overfitting")
    assert "It overfits by 10.00 percentage points" in remark(findings, "model_1")


# Traits and cost


def test_a_trait_that_sets_models_apart_is_reported_with_its_groups(tmp_path):
    runs = {
        f"model_{i}": {
            "accuracy": 0.98 + 0.001 * i if i > 4 else 0.90 + 0.001 * i,
            "layers": convolutions(count=4, kernel=5 if i > 4 else 3),
            "parameters": 1000 * i,
        }
        for i in range(1, 9)
    }
    findings, _ = conclude(tmp_path, runs)
    text = said(findings, "traits")
    assert text.startswith("Kernel size goes with test accuracy, beyond")
    # 2 of the 70 ways to split eight models into fours are as clear as this.
    assert "Kernel size: mean test accuracy 90.25 % (mostly 3x3) and 98.65 % (mostly 5x5)" in text
    assert "p = 0.029." in text
    assert "not what causes what" in text
    assert "Padding" not in text
    assert "Pooling frequency" not in text


def test_a_trait_without_effect_is_reported_without_a_claim(tmp_path):
    runs = {
        f"model_{i}": {"accuracy": 0.99 - 0.001 * i, "layers": convolutions(pads=i % 2 == 0)}
        | {"parameters": 1000 * i}
        for i in range(1, 9)
    }
    text = said(conclude(tmp_path, runs)[0], "traits")
    assert "For none of the traits is the difference" in text
    assert "Padding: mean test accuracy" in text


def test_only_architectures_that_are_in_a_group_are_counted(tmp_path):
    runs = {
        f"model_{i}": {"accuracy": 0.99 - 0.001 * i, "layers": convolutions(pads=i % 2 == 0)}
        | {"parameters": 1000 * i}
        for i in range(1, 11)
    }
    for key in ("model_9", "model_10"):
        runs[key]["layers"] = [layer | {"multiply_adds": None} for layer in runs[key]["layers"]]
        runs[key]["multiply_adds_not_counted"] = ["own"]
    text = said(conclude(tmp_path, runs)[0], "traits")
    assert "beyond what chance would give among 8 architectures." in text


def test_traits_that_all_share_are_not_reported(tmp_path):
    layers = convolutions()
    alike = {f"model_{i}": {"layers": layers, "parameters": 1000 * i} for i in (1, 2)}
    findings, _ = conclude(tmp_path, alike)
    assert "the models do not differ in those looked at" in said(findings, "traits")


def test_one_architecture_under_two_settings_counts_once_in_the_traits(tmp_path):
    def named(prefix, layers):
        call = {layer["name"]: f"{prefix}_{layer['name']}" for layer in layers}
        return [
            layer | {"name": call[layer["name"]], "inputs": [call[n] for n in layer["inputs"]]}
            for layer in layers
        ]

    plain, padded = convolutions(), convolutions(pads=True)
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"accuracy": 0.98, "layers": plain},
            "model_2": {"accuracy": 0.92, "layers": named("again", plain)},
            "model_3": {"accuracy": 0.99, "layers": plain, "parameters": 5000},
            "model_4": {"accuracy": 0.90, "layers": padded},
        },
    )
    text = said(findings, "traits")
    assert "Models 1 and 2 have equal layers" in text
    # (0.98 + 0.92) / 2 = 0.95, and then (0.95 + 0.99) / 2.
    assert "Padding: mean test accuracy 97.00 % (no padding) and 90.00 % (half of" in text
    table = next(f for f in findings["findings"] if f["key"] == "traits")["table"]
    row = dict(zip(table["columns"], table["rows"][0], strict=True))
    assert row["Architectures"] == "2"
    assert row["Range"] == "95.00 % to 99.00 %"
    assert row["Which models"] == "Models 1, 2 and 3"


def test_models_of_one_architecture_only_show_no_trait(tmp_path):
    same = {"layers": convolutions()}
    findings, _ = conclude(tmp_path, {"model_1": same, "model_2": same})
    assert said(findings, "traits") == (
        "Nothing can be said about traits: the models have one architecture."
    )


def test_architectures_that_are_not_known_in_full_are_not_taken_for_one():
    layers = [{"name": "own", "class": "Own", "inputs": [], "multiply_adds": None}]
    card = {"layers": layers, "parameters": {"total": 5}}
    models = [SimpleNamespace(key=key, card=card, traits={"complete": False}) for key in ("a", "b")]
    assert [one.models for one in architectures_of(models)] == [[models[0]], [models[1]]]


def test_few_models_are_grouped_but_not_tested(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"layers": convolutions(4, pooled=False)},
            "model_2": {"layers": convolutions(4)},
            "model_3": {"layers": convolutions(4, branches=2)},
        },
    )
    text = said(findings, "traits")
    assert "Too few models differ in pooling frequency and branching for a test." in text
    assert "(pooling after every 4 convolutions)" in text
    assert "permutation" not in text


def test_permutation_test_by_hand():
    # Of the 20 ways to split six values into threes, only this one and its mirror are as clear:
    # no result could be below the level, so there is no test.
    assert permutation_p([[1, 2, 3], [7, 8, 9]]) is None
    assert permutation_p([[1, 2, 3, 4], [7, 8, 9, 10]]) == pytest.approx(2 / 70)
    assert permutation_p([[5, 5, 5, 5], [5, 5, 5, 5]]) == 1


def test_permutation_test_with_groups_of_one():
    # Each of the 21 values may be the one alone, and the one that is is the farthest from the mean.
    assert permutation_p([[0.5], np.linspace(0.8, 0.9, 20)]) == 1 / 21
    # Of the 7 * 6 ways, those with the two extremes alone, on either side, are as clear.
    assert permutation_p([[1], [9], [4, 5, 5, 5, 6]]) == 2 / 42
    assert permutation_p([[0.9], [0.9] * 20]) == 1
    assert permutation_p([[1], [2], [3]]) is None


def test_permutation_test_counts_ties_that_rounding_parts():
    # Thousandths: sums of the same numbers in another order differ in their last digits.
    values = [[0.981, 0.983, 0.986, 0.982], [0.984, 0.985, 0.981, 0.982]]
    whole = [[round(1000 * value) for value in group] for group in values]
    assert permutation_p(values) == permutation_p(whole)


@pytest.mark.parametrize("sizes", [(4, 4), (2, 3, 4), (2, 2, 2, 3), (9, 9)])
def test_permutation_test_is_scipys(sizes):
    generator = np.random.default_rng(sizes)
    groups = [generator.random(size) for size in sizes]
    centre = np.mean(np.concatenate(groups))

    def between(*samples, axis):
        return sum(s.shape[axis] * (s.mean(axis=axis) - centre) ** 2 for s in samples)

    expected = stats.permutation_test(
        groups, between, n_resamples=9999, alternative="greater", vectorized=True, rng=0
    )
    assert permutation_p(groups) == expected.pvalue


def test_a_study_with_one_model_of_a_trait_keeps_its_report(tmp_path):
    runs = {
        f"model_{i}": {
            "accuracy": 0.5 if i == 1 else 0.98 + 0.0005 * i,
            "layers": convolutions(kernel=5 if i == 1 else 3),
            # Not one architecture under many settings.
            "parameters": 500_000 + i,
        }
        for i in range(1, 22)
    }
    text = said(conclude(tmp_path, runs)[0], "traits")
    assert "50.00 % (mostly 5x5); permutation test over the architectures, p = 0.048." in text


def test_a_dear_model_that_brings_nothing_is_named_with_its_price(tmp_path):
    expensive = {"parameters": 14_000_000, "multiply_adds": 30_000_000, "latency_ms": 2.0}
    cheap = {"parameters": 1_000_000, "multiply_adds": 10_000_000, "latency_ms": 2.1}
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": expensive | {"wrong_images": range(17)},
            "model_2": cheap | {"wrong_images": range(10)},
        },
    )
    text = said(findings, "cost")
    assert "Model 1 has 14 times the parameters and 3.0 times the multiply-adds of Model 2" in text
    assert "is 0.70 percentage points lower [" in text
    assert "Model 2 has" not in text
    assert "It costs more than it brings: 14 times" in remark(findings, "model_1")


def test_a_dear_model_is_set_against_the_most_accurate_of_the_cheaper_and_then_the_smallest(
    tmp_path,
):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"parameters": 10_000, "wrong_images": range(12)},
            "model_2": {"parameters": 50_000, "wrong_images": range(10)},
            "model_3": {"parameters": 20_000, "wrong_images": range(10)},
            "model_4": {"parameters": 900_000, "wrong_images": range(11)},
            # Ahead of all, but no cheaper by far than the one before.
            "model_5": {"parameters": 850_000, "wrong_images": range(9)},
        },
    )
    assert "Model 4 has 45 times the parameters of Model 3 and" in said(findings, "cost")


@pytest.mark.parametrize(
    "cheaper",
    [
        {"accuracy": 0.90},
        {"accuracy": 0.99, "multiply_adds": 11_000_000},
        {"accuracy": 0.99, "latency_ms": 1.2},
        {"accuracy": 0.99, "parameters": 600_000},
    ],
    ids=["less accurate", "more multiply-adds", "slower", "hardly smaller"],
)
def test_a_model_is_not_too_dear_where_the_other_is_no_bargain(tmp_path, cheaper):
    other = {"parameters": 100_000} | cheaper
    findings, _ = conclude(tmp_path, {"model_1": {"accuracy": 0.99}, "model_2": other})
    assert said(findings, "cost").startswith("No model costs clearly more")


def test_what_was_not_compared_is_not_said_to_be_worth_its_costs(tmp_path):
    dear = {"accuracy": 0.9, "parameters": 10_000_000, "multiply_adds": 90_000_000}
    diverged = {"status": "diverged"}
    runs = {"model_1": {0: {}, 1: diverged}, "model_2": {0: diverged, 1: dear}}
    text = said(conclude(tmp_path, runs, seeds=(0, 1))[0], "cost")
    assert "No model is shown to cost clearly more than it brings: none costs 1.5 times" in text
    assert "as much as another that it was compared with by one measure" in text


def test_models_that_each_cost_more_in_one_way_are_not_said_to_cost_the_same(tmp_path):
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"parameters": 1_000, "multiply_adds": 4_000},
            "model_2": {"parameters": 4_000, "multiply_adds": 1_000},
        },
    )
    assert findings["numbers"]["bargains"] == []
    text = said(findings, "cost")
    assert "none costs 1.5 times as much as another by one measure, and no less by any" in text


def test_multiply_adds_that_are_not_known_are_not_compared(tmp_path):
    # A custom layer was not counted, so the total is too low to be a bargain.
    unknown = {"multiply_adds": 5, "multiply_adds_not_counted": ["mine"]}
    findings, _ = conclude(tmp_path, {"model_1": {}, "model_2": unknown})
    text = said(findings, "cost")
    assert "No model costs clearly more" in text
    assert "The multiply-adds of Model 2 are not known in full" in text


def test_latencies_of_a_shared_machine_decide_nothing(tmp_path):
    cheap = {"latency_ms": 0.94, "wrong_images": range(10)}
    expensive = {"latency_ms": 2.76, "wrong_images": range(10)}
    alone, _ = conclude(tmp_path / "alone", {"model_1": expensive, "model_2": cheap})
    assert "Model 1 has 2.9 times the latency of Model 2" in said(alone, "cost")
    assert "not compared" not in said(alone, "cost")
    shared, _ = conclude(
        tmp_path / "shared", {"model_1": expensive, "model_2": cheap | {"concurrent_runs": 3}}
    )
    text = said(shared, "cost")
    why = "Latencies and training times are not compared: up to 3 runs shared the machine."
    assert text.startswith("No model costs clearly more")
    assert why in text
    assert why in shared["cautions"]
    assert "latency" not in remark(shared, "model_1")


def test_latencies_that_are_not_compared_keep_no_model_from_being_a_bargain(tmp_path):
    expensive = {"parameters": 2_000_000, "latency_ms": 1.0, "concurrent_runs": 2}
    cheap = {"parameters": 1_000_000, "latency_ms": 9.0, "concurrent_runs": 2}
    findings, _ = conclude(tmp_path, {"model_1": expensive, "model_2": cheap})
    assert "Model 1 has 2.0 times the parameters of Model 2 and" in said(findings, "cost")
    assert "the latency" not in said(findings, "cost")


@pytest.mark.parametrize(
    "other",
    [
        {"device": "GPU: b"},
        {"threads": 4},
        {"precision": "mixed_float16"},
        {"backend": "jax", "versions": {"python": "3.11.7", "keras": "3.15.1", "jax": "0.9"}},
    ],
)
def test_latencies_of_unlike_circumstances_decide_nothing(tmp_path, other):
    expensive = {"latency_ms": 2.76} | other
    findings, _ = conclude(tmp_path, {"model_1": expensive, "model_2": {"latency_ms": 0.94}})
    text = said(findings, "cost")
    assert "No model costs clearly more" in text
    assert "not compared: the runs differ in" in text


def test_no_model_at_chance_costs_more_than_it_brings(tmp_path):
    dear, cheap = {"accuracy": 0.1, "parameters": 9_000_000}, {"accuracy": 0.1, "parameters": 1000}
    findings, _ = conclude(tmp_path, {"model_1": dear, "model_2": cheap})
    assert said(findings, "cost").startswith("No model is shown to be better than chance")
    assert not [model for model in findings["models"] if "costs more" in model["remark"]]


@pytest.mark.parametrize("cost", ["latency_ms", "parameters", "multiply_adds"])
def test_costs_of_nought_are_no_reason_for_anything(tmp_path, cost):
    findings, _ = conclude(tmp_path, {"model_1": {cost: 0}, "model_2": {cost: 0}})
    assert said(findings, "cost").startswith("No model costs clearly more")


# The last epochs


def test_fluctuation_beyond_the_gap_makes_the_last_epoch_a_poor_judge(tmp_path):
    wild = 0.98 + 0.01 * (EPOCH % 2)
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"accuracy": 0.990, "curves": {"val_accuracy": wild}},
            "model_2": {"accuracy": 0.989, "curves": {"val_accuracy": 1.969 - wild}},
        },
    )
    text = said(findings, "last_epochs")
    # Of five alternating values 0.01 apart, the standard deviation is 0.0055.
    assert "moved by 0.55 percentage points" in text
    assert "Models 1 and 2, moved by 1.10 percentage points, more than the 0.10 percentage" in text
    assert "a poor judge" in text
    assert "By the last epoch and by each model's best alike, Model 1 is ahead" in text


def test_steady_epochs_far_apart_leave_the_winner_alone(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": {"accuracy": 0.99}, "model_2": {"accuracy": 0.9}})
    text = said(findings, "last_epochs")
    assert "hardly matters for which of the two is ahead" in text
    assert (
        "In none of the 2 models had a run a higher validation accuracy in an epoch before" in text
    )


def test_epochs_tell_of_plain_accuracy_where_another_ranks_the_models(tmp_path):
    """The first has most images right, the second most of the small class."""
    labels = np.array([0] * 900 + [1] * 100)
    wrong = {"model_1": range(890, 960), "model_2": [*range(80), *range(990, 1000)]}
    runs = {model: {"wrong_images": images} for model, images in wrong.items()}
    runs["model_1"]["accuracy"], runs["model_2"]["accuracy"] = 0.93, 0.91
    shared = {"classes": 2, "labels": labels, "data": {"labels": labels}}
    findings, _ = conclude(tmp_path, runs, metric="balanced_accuracy", **shared)
    assert findings["headline"].startswith("Model 2 is ahead")
    text = said(findings, "last_epochs")
    assert (
        "The difference in test accuracy (not the balanced one) between the two models with the"
        " highest, Models 1 and 2, moved by"
    ) in text
    assert "winner" not in text


def test_another_winner_by_the_best_epoch_is_named(tmp_path):
    steady, peaked = np.full(13, 0.990), np.full(13, 0.985)
    peaked[9] = 0.995
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"accuracy": 0.990, "curves": {"val_accuracy": steady}},
            "model_2": {"accuracy": 0.985, "curves": {"val_accuracy": peaked}},
        },
    )
    text = said(findings, "last_epochs")
    assert "By the last epoch Model 1 is ahead in validation accuracy, by each model's best" in text
    assert "best Model 2 is; over the last 5 epochs, Models 1 and 2 were ahead" in text
    assert "best epoch: 10." in remark(findings, "model_2")


def test_the_best_epoch_and_the_mean_of_the_last_stand_beside_the_last(tmp_path):
    # Better by 0.8 percentage points in epoch 2; the last five have 98, 98, 98, 98 and 99 %.
    early = np.array([0.95, 0.998, *[0.98] * 10, 0.99])
    late = np.array([0.95, 0.992, *[0.98] * 10, 0.99])
    findings, _ = conclude(
        tmp_path,
        {
            "model_1": {"accuracy": 0.990, "curves": {"val_accuracy": early}},
            "model_2": {"accuracy": 0.989, "curves": {"val_accuracy": late - 0.001}},
        },
    )
    text = said(findings, "last_epochs")
    assert "0.50 percentage points (0.20 in Model 2 to 0.80 in Model 1) more validation" in text
    assert "the gain is optimistic" in text
    assert "minus the last epoch is −0.80 percentage points (the same in each)." in text
    assert "By that mean Model 1 is ahead." in text


def test_with_a_holdout_it_is_said_what_choosing_on_it_brought_on_the_test_set(tmp_path):
    # The holdout is best in epoch 3, which on the test images is worse than the last by a point.
    holdout, test = np.full(13, 0.98), np.full(13, 0.97)
    holdout[2], test[2] = 0.985, 0.96
    findings, _ = conclude(
        tmp_path,
        {"model_1": {"curves": {"val_accuracy": holdout, "test_accuracy": test}}},
        dataset={"validation": "holdout"},
        validation="holdout",
    )
    text = said(findings, "last_epochs")
    assert "a run has 0.50 percentage points more holdout accuracy than after its last." in text
    assert "stopping there would have brought −1.00 percentage points." in text
    assert "optimistic" not in text


def test_a_holdout_that_moves_does_not_make_the_order_on_the_test_images_unsure(tmp_path):
    # After every epoch, the test accuracies are 99 and 97 %, while the holdout has either ahead.
    moves = 0.02 * (-1.0) ** EPOCH
    runs = {
        f"model_{number}": {
            "wrong_images": range(wrong),
            "curves": {
                "val_accuracy": 0.95 + sign * moves,
                "test_accuracy": np.full(13, 1 - wrong / 1000),
                "test_loss": 0.2 / EPOCH,
            },
        }
        for number, (wrong, sign) in enumerate([(10, 1), (30, -1)], 1)
    }
    findings, _ = conclude(
        tmp_path, runs, dataset={"validation": "holdout"}, validation="holdout", seeds=(0, 1)
    )
    found = findings["numbers"]["last_epochs"]
    assert (found["gap"], found["gap_deviation"]) == (pytest.approx(0.02), pytest.approx(0))
    assert found["judge"] == "good"
    text = said(findings, "last_epochs")
    assert "The difference in test accuracy between the two most accurate models" in text
    assert "may depend on the epoch" not in text


def test_what_learned_nothing_does_not_judge_the_last_epoch(tmp_path):
    good, lost = {"wrong_images": range(10)}, {"wrong_images": range(905), "accuracy": 0.095}
    # Were it counted, it would be ahead after the last epoch.
    lost["curves"] = {"val_accuracy": np.full(13, 0.999)}
    findings, _ = conclude(tmp_path, {"model_1": good, "model_2": lost}, seeds=(0, 1, 2))
    found = findings["numbers"]["last_epochs"]
    assert (found["between"], found["gap"], found["judge"]) == ([], None, None)
    assert found["ahead_last"] == found["ahead_best"] == found["ahead_once"] == ["model_1"]
    text = said(findings, "last_epochs")
    assert "two most accurate" not in text
    assert "ahead" not in text


def test_a_run_that_learned_nothing_does_not_judge_the_last_epoch(tmp_path):
    odd = {0: {"wrong_images": range(10)}, 1: {"wrong_images": range(12)}}
    odd[2] = {"wrong_images": range(905)}
    runs = {
        "model_1": odd,
        "model_2": {"wrong_images": range(40)},
        "model_3": {"wrong_images": range(300)},
    }
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2))
    found = findings["numbers"]["last_epochs"]
    assert found["between"] == ["model_1", "model_2"]
    assert found["gap"] == pytest.approx(0.96 * -1 + 0.989)
    text = said(findings, "last_epochs")
    assert "the two most accurate models in the runs that learned, Models 1 and 2, moved" in text


def test_where_the_last_epoch_was_the_best_that_is_said(tmp_path):
    text = said(conclude(tmp_path, {"model_1": {}})[0], "last_epochs")
    assert "No run had an epoch with more validation accuracy than its last." in text
    assert "ahead" not in text


def test_of_one_model_it_is_said_whether_a_run_was_better_before_its_last_epoch(tmp_path):
    curves = {"val_accuracy": np.full(13, 0.99)}
    lost = {"wrong_images": range(905), "accuracy": 0.095}
    runs = {"model_1": {"accuracy": 0.99, "curves": curves}, "model_2": lost}
    text = said(conclude(tmp_path / "equal", runs)[0], "last_epochs")
    assert "No run of Model 1 had a higher validation accuracy in an epoch before its last." in text
    curves["val_accuracy"][3] = 0.992
    text = said(conclude(tmp_path / "better", runs)[0], "last_epochs")
    assert "A run of Model 1 had a higher validation accuracy in an epoch before its last." in text


def test_an_epoch_that_only_equals_the_last_is_not_better(tmp_path):
    # From epoch 8 on, all is right.
    curves = {"val_accuracy": np.minimum(1, 0.9 + 0.0125 * EPOCH)}
    runs = {f"model_{number}": {"accuracy": 1.0, "curves": curves} for number in (1, 2, 3)}
    findings, _ = conclude(tmp_path, runs)
    assert findings["numbers"]["last_epochs"]["early"] == []
    text = said(findings, "last_epochs")
    none = "In none of the 3 models had a run a higher validation accuracy in an epoch before its"
    assert f"{none} last." in text
    # The best epoch is the first of those that are equally good.
    assert "best epoch: 8." in remark(findings, "model_1")
    assert "No run had an epoch with more validation accuracy than its last." in text
    assert "validation accuracy did not move in any of the 3 models." in text
    assert "alike, all 3 models are equal in validation accuracy" in text
    assert "By that mean Models 1, 2 and 3 are equal." in text
    assert "widest" not in text


@pytest.mark.parametrize(
    "right",
    [[[971, 980, 986], [968, 985, 984]], [[968, 985, 976], [973, 978, 978]]],
)
def test_the_same_answers_shared_out_otherwise_over_seeds_are_equal(tmp_path, right):
    # Both have the same number right in all: after the last epoch and the best, over the last
    # five, and without the one image known from training, which each run gets right.
    def run(number):
        last = number + np.array([-20] * 8 + [-1, -3, 2, 1, 0])
        curves = {"val_accuracy": last / 1000}
        return {"wrong_images": range(1000 - number), "curves": curves}

    runs = {
        f"model_{place}": {seed: run(number) for seed, number in enumerate(numbers)}
        for place, numbers in enumerate(right, 1)
    }
    data = {"in_training": [999]}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2), data=data)
    assert said(findings, "best").startswith("Both models have the same test accuracy,")
    both, numbers = ["model_1", "model_2"], findings["numbers"]
    found = numbers["last_epochs"]
    assert found["ahead_last"] == found["ahead_best"] == found["ahead_once"] == both
    [one, other] = found["choice"].values()
    assert one == other
    total = sum(right[0])
    assert one["val_last"] == pytest.approx(total / 3000, abs=1e-12)
    assert one["val_best"] == pytest.approx((total + 6) / 3000, abs=1e-12)
    assert one["val_mean"] == pytest.approx((total - 0.6) / 3000, abs=1e-12)
    text = said(findings, "last_epochs")
    assert "alike, both models are equal in validation accuracy" in text
    assert "By that mean Models 1 and 2 are equal." in text
    assert numbers["known"]["without"] == dict.fromkeys(both, (total - 3) / 2997)
    assert "Without it Models 1 and 2 have the highest test accuracy." in said(findings, "known")


def test_equally_wide_ranges_are_of_all_that_have_them(tmp_path):
    curves = {"val_accuracy": 0.98 + 0.01 * (EPOCH % 2)}
    runs = {f"model_{number}": {"accuracy": 0.99, "curves": curves} for number in (1, 2)}
    text = said(conclude(tmp_path, runs | {"model_3": {"accuracy": 0.98}})[0], "last_epochs")
    assert "the widest range is 1.00 percentage points, that of Models 1 and 2." in text


def test_equally_wide_ranges_at_other_heights_are_of_all_that_have_them(tmp_path):
    # 0.99 - 0.98 and 0.94 - 0.93 differ in their last digits.
    heights = {"model_1": 0.98, "model_2": 0.93}
    runs = {
        model: {"accuracy": 0.99, "curves": {"val_accuracy": height + 0.01 * (EPOCH % 2)}}
        for model, height in heights.items()
    }
    text = said(conclude(tmp_path, runs)[0], "last_epochs")
    assert "the widest range is 1.00 percentage points, that of Models 1 and 2." in text


def test_trends_of_several_models_are_said_to_be_uncorrected(tmp_path):
    findings, _ = conclude(tmp_path / "two", {"model_1": {}, "model_2": {}})
    assert "not corrected for there being 2 models" in said(findings, "epochs")
    findings, _ = conclude(tmp_path / "one", {"model_1": {}, "model_2": {"epochs": 3}})
    assert "not corrected" not in said(findings, "epochs")


@pytest.mark.parametrize("epochs", [3, 5])
def test_few_epochs_are_learning_and_no_fluctuation(tmp_path, epochs):
    findings, text = conclude(tmp_path, {"model_1": {}, "model_2": {}}, epochs=epochs)
    assert said(findings, "last_epochs").startswith("There are too few epochs to tell: 6 are")
    assert "moved within" not in text


def test_models_with_unlike_numbers_of_epochs_fluctuate_over_their_own(tmp_path):
    epochs = {"model_1": {"epochs": 3}, "model_2": {"epochs": 7}, "model_3": {"epochs": 13}}
    findings, _ = conclude(tmp_path, epochs)
    fluctuate = said(findings, "last_epochs")
    assert "Over the last 3 to 5 epochs, validation accuracy moved by" in fluctuate
    assert "pooled over 2 models" in fluctuate
    assert "The mean over the last 3 to 5 epochs minus the last epoch is" in fluctuate
    assert "over the last 3 epochs" in fluctuate


# Models and runs that learned nothing


def test_a_model_at_chance_is_named_and_does_not_speak_for_all(tmp_path):
    good = {"model_1": {"wrong_images": range(10)}, "model_2": {"wrong_images": range(12)}}
    layers = [convolutions(), convolutions(pads=True), convolutions(pads=True, kernel=5)]
    good = {
        model: own | {"layers": made}
        for (model, own), made in zip(good.items(), layers, strict=False)
    }
    bad = {
        "accuracy": 0.1,
        "layers": layers[2],
        "curves": {"val_accuracy": 0.1 + 0.05 * (EPOCH % 2)},
    }
    alone, _ = conclude(tmp_path / "alone", good)
    findings, _ = conclude(tmp_path / "all", good | {"model_3": bad})
    [caution] = [line for line in findings["cautions"] if "chance" in line]
    assert caution.startswith("Model 3 is not shown to be better than chance (10.00 %; always")
    assert [model["above_chance"] for model in findings["numbers"]["models"]] == [True, True, False]

    # What is said of all models is what is said without it.
    for key in ("traits", "calibration"):
        assert said(findings, key) == said(alone, key), key
    for key in ("hardest", "agreement"):
        assert said(findings, key).replace(" that learned", "") == said(alone, key), key
    assert "at least one model that learned gets wrong" in said(findings, "hardest")
    assert findings["numbers"]["errors"]["hardest"] == alone["numbers"]["errors"]["hardest"]
    errors = said(findings, "errors")
    assert errors.replace(" that learned", "") == said(alone, "errors")
    assert "of 22 wrong predictions in all" in errors
    assert "both models that learned get 10 wrong" in errors
    votes = said(findings, "ensemble")
    assert votes.replace(" that learned", "") == said(alone, "ensemble")
    assert "The vote of both models that learned has" in votes
    fluctuation = said(findings, "last_epochs").splitlines()[0]
    assert "pooled over 2 models that learned" in fluctuation
    assert fluctuation.replace(" that learned", "") == said(alone, "last_epochs").splitlines()[0]
    assert "the two most accurate models among those that learned, Models 1 and 2, moved" in said(
        findings, "last_epochs"
    )
    assert "both models that learned are equal in validation accuracy" in (
        said(findings, "last_epochs")
    )
    assert "none of the 2 models that learned had a run a higher validation" in said(
        findings, "last_epochs"
    )

    # Tables by model, and the ranking, have it.
    for key in ("best", "errors", "calibration"):
        table = next(f for f in findings["findings"] if f["key"] == key)["table"]
        assert "Model 3" in [row[0] for row in table["rows"]], key
    assert verdicts(findings)["Model 3"] == "network is worse"


def test_the_first_of_those_that_learned_are_not_called_the_first_of_all(tmp_path):
    # By plain accuracy, Models 3 and 4, which always predict the commonest class, are first.
    labels = (np.arange(200) % 10 == 0).astype(np.uint8)
    both = np.array([*range(0, 200, 20), *range(1, 200, 10)])
    runs = {"model_1": both, "model_2": both[:-5], "model_3": range(0, 200, 10)}
    runs["model_4"] = runs["model_3"]
    runs = {
        model: {"wrong_images": wrong, "accuracy": 1 - len(wrong) / 200}
        for model, wrong in runs.items()
    }
    data = {"labels": labels, "classes": 2}
    findings, _ = conclude(
        tmp_path, runs, metric="balanced_accuracy", images=200, data=data, labels=labels, classes=2
    )
    assert findings["numbers"]["learned"] == ["model_1", "model_2"]
    text = said(findings, "last_epochs")
    assert "the two models with the highest among those that learned, Models 1 and 2, mov" in text
    assert "Model 2 is ahead in validation accuracy among those that learned" in text


def test_of_many_runs_that_guess_none_is_taken_to_have_learned():
    generator, learned, studies = np.random.default_rng(0), 0, 60
    sample = TestSample(np.arange(2000) % 10, None, "accuracy")
    for _ in range(studies):
        models = [
            SimpleNamespace(
                runs=[SimpleNamespace(correct=run) for run in answers],
                correct=dict(enumerate(answers)),
                sample=sample,
            )
            for answers in generator.random((5, 10, 2000)) < 0.1
        ]
        learned += bool(shown_above(models, 0.1))
    # Each by itself, one of the 50 runs would be in 70 % of the studies.
    assert learned <= 6


@pytest.mark.parametrize(("disputed", "these"), [([0], "this one"), ([0, 1], "these")])
def test_more_accuracy_than_labels_in_doubt_allow_is_said(tmp_path, disputed, these):
    models = {"good": {"wrong_images": []}, "bad": {"wrong_images": range(20)}}
    findings, _ = conclude(tmp_path, models, dataset={"disputed": disputed})
    text = said(findings, "disputed")
    limit = f"{100 - len(disputed) / 10:.2f} %"
    assert f"One that got all images right but {these} would have {limit}. Good has more" in text


def test_what_is_said_of_disputed_labels_leaves_a_model_at_chance_out(tmp_path):
    good = {"model_1": {"wrong_images": [0, 5]}, "model_2": {"wrong_images": [0]}}
    bad = {"model_3": {"wrong_images": range(950)}}
    findings, _ = conclude(tmp_path, good | bad, dataset={"disputed": [0, 1]})
    text = said(findings, "disputed")
    assert "On average a model predicts 1 of 2 such images otherwise than labelled; both" in text
    assert "both models that learned do so for 1 of them" in text
    assert "test accuracies of the models that learned change by 0.10 percentage points" in text


def test_two_models_of_which_one_learned(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": {}, "model_2": {"accuracy": 0.1}})
    assert said(findings, "agreement") == "Only Model 1 learned: there is no other to agree with."
    assert said(findings, "ensemble") == (
        "Only Model 1 learned, with one run: one alone cannot vote."
    )
    assert "one model that learned cannot show what a trait does" in said(findings, "traits")
    assert "gets 10 wrong." in said(findings, "errors")
    assert "all models" not in said(findings, "errors")
    assert "No run of Model 1 had a higher validation accuracy in an" in said(
        findings, "last_epochs"
    )


POOLED = ("traits", "last_epochs", "errors", "hardest", "agreement", "ensemble", "calibration")


def test_where_no_model_learned_that_is_said_and_nothing_is_pooled(tmp_path):
    findings, text = conclude(
        tmp_path, {"model_1": {"accuracy": 0.11}, "model_2": {"accuracy": 0.1}}
    )
    sentence = (
        "No model is shown to be better than chance (always predicting the commonest class gives"
        " 10.00 %)"
    )
    assert f"{sentence}: nothing is said of all models together." in findings["cautions"]
    for key in POOLED:
        assert said(findings, key) == f"{sentence}."
    assert findings["numbers"]["errors"] is None
    assert "most frequent mistakes" not in text
    assert "left out of averages" not in text


def test_test_images_of_one_class_show_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "fabricated_study._labels", lambda images, classes: np.full(images, 3, np.uint8)
    )
    findings, text = conclude(tmp_path, {"model_1": {}, "model_2": {"accuracy": 0.8}})
    sentence = (
        "All test images are of one class, so no model can be shown to be better than always"
        " predicting it"
    )
    assert f"{sentence}: nothing is said of all models together." in findings["cautions"]
    assert said(findings, "errors") == f"{sentence}."
    assert "equally hard" not in text


def test_a_training_at_chance_does_not_speak_for_its_model(tmp_path):
    steady = {"wrong_images": range(10)}
    runs = {0: steady, 1: {"accuracy": 0.1}, 2: steady}
    findings, _ = conclude(tmp_path, {"model_1": runs, "model_2": steady}, seeds=(0, 1, 2))
    [caution] = [line for line in findings["cautions"] if "chance" in line]
    assert caution.startswith("With seed 1, Model 1 is not shown to be better than chance (10.00 %")
    assert caution.endswith("that run counts in the model's own numbers and comparisons only.")
    # Five runs with ten errors each.
    assert "of 50 wrong predictions in all" in said(findings, "errors")
    assert "predict the same class for 100.00 % of the test images" in said(findings, "agreement")
    assert "The 5 runs of both models in one vote" in said(findings, "ensemble")
    assert findings["numbers"]["models"][0]["above_chance"] is True
    assert findings["numbers"]["models"][0]["accuracy"]["value"] == pytest.approx(
        (0.99 + 0.1 + 0.99) / 3
    )


def test_a_run_at_chance_counts_in_no_mean_of_a_trait(tmp_path):
    runs = {
        f"model_{i}": {"accuracy": 0.99 - 0.01 * i, "layers": convolutions(pads=i > 1)}
        for i in (1, 2)
    }
    runs["model_2"] = {0: runs["model_2"], 1: runs["model_2"] | {"accuracy": 0.1}}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1))
    # Not (0.97 + 0.1) / 2 for the latter.
    assert "98.00 % (no padding) and 97.00 % (half of" in said(findings, "traits")


def test_what_known_images_change_leaves_out_what_learned_nothing(tmp_path):
    # The one wrong image is one of the ten known ones: 90 of 90 instead of 99 of 100 are right.
    good, bad = {"wrong_images": [0]}, {"wrong_images": range(90)}
    shared = {"images": 100, "data": {"in_training": range(10)}}
    runs = {"model_1": good, "model_2": {0: good, 1: good, 2: bad}, "model_3": bad}
    for one, ending in (
        (runs, "change by 1.00 percentage points on average over the models that learned."),
        ({"model_1": good, "model_3": bad}, "of Model 1 changes by 1.00 percentage points."),
        ({"model_3": bad}, "the accuracies count them."),
    ):
        findings, _ = conclude(tmp_path / str(len(one)), one, seeds=(0, 1, 2), **shared)
        [caution] = [line for line in findings["cautions"] if "training images too" in line]
        assert caution.endswith(ending)


def test_of_few_images_a_weaker_training_is_no_odd_one(tmp_path):
    runs = {0: {"wrong_images": range(6)}, 1: {"wrong_images": range(11)}}
    findings, _ = conclude(tmp_path, {"model_1": runs}, seeds=(0, 1), images=30, classes=2)
    assert not [line for line in findings["cautions"] if "chance" in line]


# What was run, and how it is written


def test_setting_says_what_was_run(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": {}, "model_2": {}})
    setting = " ".join(findings["setting"])
    assert "MNIST, 60,000 training images and 1,000 test images." in setting
    assert "Each of the 2 models was trained once (seed 0) for 13 epochs." in setting
    assert "Validation was done on the test set" in setting
    assert "TensorFlow 2.21.0, Keras 3.15.1, Python 3.11.7; precision float32" in setting
    assert findings["cautions"] == [
        "There is one seed, so the standard deviation between runs is not known."
    ]


def test_a_holdout_is_not_called_optimistic(tmp_path):
    dataset = {"validation": "holdout"}
    findings, _ = conclude(tmp_path, {"model_1": {}}, dataset=dataset, validation="holdout")
    setting = " ".join(findings["setting"])
    assert "1,000 images of a holdout, which are no test images" in setting
    assert "optimistic" not in setting


def test_classes_without_test_images_are_named(tmp_path):
    labels = np.arange(1000) % 8
    data = {"labels": labels, "classes": 10}
    findings, _ = conclude(tmp_path, {"model_1": {}}, data=data, labels=labels, classes=10)
    assert "Classes 8 and 9 have no test image: nothing is known of how often they are" in (
        " ".join(findings["cautions"])
    )


def test_what_readers_must_know_of_the_data_comes_first(tmp_path):
    dataset = {"name": "digits", "title": "Digits", "note": "These are not MNIST's."}
    findings, _ = conclude(tmp_path / "digits", {"model_1": {}}, dataset=dataset)
    assert findings["cautions"][0] == "These are not MNIST's."
    findings, _ = conclude(tmp_path / "own", {"model_1": {}}, dataset=dataset | {"note": None})
    assert "None" not in findings["cautions"]


def test_test_images_that_are_training_images_are_warned_of(tmp_path):
    # Model 1 is wrong on one image of the four known ones and on two others, Model 2 on three
    # others: without the four, 4 of 6 and 3 of 6 are right instead of 7 of 10 each.
    models = {"model_1": {"wrong_images": [0, 4, 5]}, "model_2": {"wrong_images": [4, 5, 6]}}
    shared = {"images": 10, "data": {"in_training": [0, 1, 2, 3]}}
    findings, text = conclude(tmp_path / "two", models, **shared)
    known = next(found for found in findings["findings"] if found["key"] == "known")
    assert known["table"]["rows"] == [
        ["Model 1", "70.00 %", "66.67 %", "−3.33"],
        ["Model 2", "70.00 %", "50.00 %", "−20.00"],
    ]
    assert "Without them Model 1 has the highest test accuracy." in known["text"][0]
    [caution] = [line for line in findings["cautions"] if "training images too" in line]
    assert caution.startswith("4 of the 10 test images are")
    assert "by −11.67 percentage points on average" in caution
    assert caution in text
    shared["data"] = {"in_training": [0]}
    findings, _ = conclude(tmp_path / "of two", models, **shared)
    [text] = next(found["text"] for found in findings["findings"] if found["key"] == "known")
    assert text.startswith(
        "1 of the 10 test images is a training image too, pixel for pixel: whether a model gets it"
        " right says nothing of new images. Without it Model 1 has the highest test accuracy."
    )
    findings, _ = conclude(tmp_path / "one", {"model_1": models["model_1"]}, **shared)
    assert findings["cautions"][0].startswith("1 of the 10 test images is a training image too:")
    assert findings["cautions"][0].endswith("the test accuracy changes by 7.78 percentage points.")
    shared["data"] = {"in_training": range(10)}
    findings, _ = conclude(tmp_path / "all", models, **shared)
    assert findings["cautions"][0].startswith("The test images, all 10, are training images too:")
    shared["data"] = {"in_training": [2]}
    lost = {"model_1": {"status": "diverged"}}
    findings, _ = conclude(tmp_path / "lost", lost, **shared)
    assert findings["cautions"][0].endswith("the accuracies count it.")


def test_unlike_runs_are_warned_about(tmp_path):
    other = {"device": "GPU: b", "precision": "mixed_float16", "epochs": 20}
    findings, _ = conclude(tmp_path, {"model_1": {}, "model_2": other})
    cautions = " ".join(findings["cautions"])
    assert (
        "alike: epochs 13 (Model 1) and 20 (Model 2); precision float32 (Model 1) and" in cautions
    )
    assert "The runs differ in device (CPU: made up and GPU: b): small differences" in cautions
    assert "GPU: b) and precision (float32 and mixed_float16)." in cautions
    assert "differ in software" not in cautions
    assert "for 13 to 20 epochs" in " ".join(findings["setting"])


def trained(optimizer, defaults=None, **settings):
    """Return the card's entries of a run with these settings."""
    training = {"epochs": 13, "batch_size": 128, "loss": "categorical_crossentropy"}
    defaults = {"name": optimizer["name"].lower(), "epsilon": 1e-07} | (defaults or {})
    return {
        "training": training | settings | {"optimizer": optimizer},
        "optimizer": defaults | {k: v for k, v in optimizer.items() if k != "name"},
    }


def test_every_setting_in_which_models_differ_is_named(tmp_path):
    adadelta = {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95}
    adam = {"name": "Adam", "learning_rate": 0.001}
    like = trained(adadelta, {"weight_decay": None})
    runs = {
        "model_1": like,
        "model_2": like,
        "model_3": like,
        "model_4": trained(adam, {"weight_decay": 0.004, "beta_1": 0.9}, batch_size=64),
        "model_5": trained(adadelta, {"weight_decay": None}, loss="mse", label_smoothing=0.1),
    }
    findings, _ = conclude(tmp_path, runs)
    [caution] = [line for line in findings["cautions"] if "trained alike" in line]
    parts = caution.removeprefix("The models were not all trained alike: ").split("; ")
    others = "(Models 1, 2, 3 and 5) and"
    assert parts[:-1] == [
        f"batch size 128 {others} 64 (Model 4)",
        "loss categorical_crossentropy (Models 1 to 4) and mse (Model 5)",
        f"optimizer Adadelta {others} Adam (Model 4)",
        f"weight decay none {others} 0.004 (Model 4)",
        f"learning rate 1 {others} 0.001 (Model 4)",
    ]
    assert parts[-1].startswith("label smoothing 0.1 (Model 5) and not set (Models 1 to 4).")


def test_a_default_given_in_words_is_no_difference(tmp_path):
    # Keras gives float32's 0.001 back as the default that the other model leaves open.
    one = trained({"name": "Adam"}, {"learning_rate": 0.0010000000474974513})
    other = trained({"name": "Adam", "learning_rate": 0.001})
    findings, _ = conclude(tmp_path, {"model_1": one, "model_2": other})
    assert "trained alike" not in " ".join(findings["cautions"])


def test_of_a_setting_with_many_values_their_number_is_told(tmp_path):
    runs = {f"model_{i}": trained({"name": "SGD", "learning_rate": 0.01 * i}) for i in range(1, 8)}
    findings, _ = conclude(tmp_path, runs)
    [caution] = [line for line in findings["cautions"] if "trained alike" in line]
    assert "learning rate in 7 values from 0.01 to 0.07. Differences" in caution


def test_markdown_says_what_the_data_say(tmp_path):
    notation = "(1x28x28) --(3x3 kernel)--> 10"
    findings, text = conclude(tmp_path, {"model_1": {}, "model_2": {}}, notation=notation)
    for finding in findings["findings"]:
        for sentence in (*finding["text"], *finding["items"]):
            assert sentence in text
    for model in findings["models"]:
        assert model["remark"] in text
    assert text.count(f"```text\n{notation}\n```") == 2
    assert text.rstrip().endswith("Batch normalisation, dropout and activations are left out.")


def test_names_cannot_break_the_markdown(tmp_path):
    _, text = conclude(tmp_path, {"model_1": {}, "model_2": {}}, names={"model_1": "*<b>|`\nx"})
    assert "\n| \\*\\<b>\\|\\` x |" in text


@pytest.mark.parametrize(
    ("names", "phrase"),
    [
        (["Model 3"], "Model 3"),
        (["Model 10", "Model 2"], "Models 2 and 10"),
        (["Model 1", "Model 2", "Model 3"], "Models 1, 2 and 3"),
        ([f"Model {i}" for i in (1, 2, 3, 4, 7)], "Models 1 to 4 and 7"),
        (["LeNet", "Model 2"], "LeNet and Model 2"),
        # Names that are no number of ours: they are kept as they are.
        (["Model 01", "Model 1"], "Model 01 and Model 1"),
        (["Model ٢", "Model 1"], "Model ٢ and Model 1"),
        ([f"Model {i}" for i in range(1, 30, 2)], "Models 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21"),
        (list("abcdefghijklmn"), "a, b, c, d, e, f, g, h, i, j, k and 3 more"),
    ],
)
def test_models_are_listed_in_few_words(names, phrase):
    assert w.models(names).startswith(phrase)


def test_long_lists_say_how_many_models_are_left():
    names = [f"Model {i}" for i in range(1, 200) if i % 6]
    # Eleven runs of five models are named, of 34.
    assert w.models(names).endswith(f"61 to 65 and {len(names) - 55} more")


def test_an_interval_that_stops_short_of_zero_says_so():
    assert w.points_interval(-0.0765, -1e-9) == "[−7.65, below 0]"
    assert w.points_interval(0.00003, 0.0765) == "[above 0, 7.65]"
    assert w.points_interval(-0.00003, 0.0765) == "[0.00, 7.65]"
    assert w.points_interval(0.0, 0.0765) == "[0.00, 7.65]"
    assert w.points_interval(-0.0765, 1e-17) == "[−7.65, 0.00]"


def test_numbers_in_words():
    assert w.points(-0.00001) == "0.00 percentage points"
    assert w.points(-0.0012) == "−0.12 percentage points"
    # Both are 99.365 but for their last digit.
    assert w.percent(0.99365) == w.percent(np.nextafter(0.99365, 1)) == "99.36 %"
    # Neither is all, and neither p-value is the level.
    assert w.percent(29_999 / 30_000) == "99.997 %"
    assert (w.percent(1), w.percent(1 - 1e-12)) == ("100.00 %", "100.00 %")
    assert [w.p_value(p) for p in (0.04996, 0.05003)] == ["p = 0.04996", "p = 0.05003"]
    # So of another level, on either side of it.
    assert [w.probability(p, 0.1) for p in (0.0996, 0.1, 0.05)] == ["0.0996", "0.10", "0.050"]
    assert [w.probability(p, 0.01) for p in (0.00996, 0.05)] == ["0.00996", "0.050"]
    assert [w.probability(p, 0.0123) for p in (0.0124, 0.012)] == ["0.0124", "0.012"]
    assert [w.probability(p, 0.0004) for p in (0.0003, 0.0005)] == ["< 0.0004", "0.001"]
    assert w.share_interval(0.9997, 0.999999) == "[99.97, 99.9999]"
    assert w.share_interval(0.9918, 1) == "[99.18, 100.00]"
    assert [w.p_value(p) for p in (0.0001, 0.034, 0.5)] == ["p < 0.001", "p = 0.034", "p = 0.50"]
    assert [w.times(ratio) for ratio in (1.64, 14.2, 1234)] == [
        "1.6 times",
        "14 times",
        "1,234 times",
    ]
    assert w.count(1, "class", "classes") == "1 class"


def test_a_training_that_went_on_elsewhere_is_named(tmp_path):
    piece = {"device": "CPU: a", "threads": 2, "versions": {"keras": "3.15.1"}}
    pieces = [piece | {"seconds": 5.0}, piece | {"threads": 1, "seconds": 5.0}]
    findings, _ = conclude(tmp_path, {"model_1": {"pieces": pieces}, "model_2": {}})
    line = next(line for line in findings["cautions"] if "went on after" in line)
    assert line.startswith("Model 1 went on after an interruption")
    assert (
        "Latencies and training times are not compared: 1 run went on elsewhere after an"
        " interruption." in findings["cautions"]
    )
    pieces[1]["threads"] = 2
    findings, _ = conclude(tmp_path, {"model_1": {"pieces": pieces}, "model_2": {}})
    assert not [line for line in findings["cautions"] if "went on after" in line]


def of(start, *numbers, **fields):
    """Return runs that get so many images wrong, from ``start`` on; None for one that diverged."""
    return {
        seed: {"status": "diverged"}
        if number is None
        else {"wrong_images": range(start, start + number)} | fields
        for seed, number in enumerate(numbers)
    }


def test_a_model_that_is_worse_than_one_of_the_leaders_is_none_of_them(tmp_path):
    runs = {
        "a": of(1000, 18, 19, 18),
        "b": of(0, 34, 35, 34, parameters=8),
        "c": of(0, 20, 21, 20, parameters=9),
    }
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2), images=2000)
    assert verdicts(findings) == {"A": "best", "C": "too close to call", "B": "worse than another"}
    models = {model["model"]: model for model in findings["numbers"]["models"]}
    # Of the pairs, that of B and C alone is shown to differ: both err on the same images.
    assert (models["b"]["worse_than"], models["c"]["worse_than"]) == ("c", None)
    assert models["b"]["against_best"]["p_holm"] > 0.05
    assert findings["headline"].startswith("Too close to call: A and C reach")
    assert findings["pick"] == "Cheapest of these: C by parameters."
    assert [one["model"] for one in findings["numbers"]["power"]["needed"]] == ["c"]
    assert findings["numbers"]["ensemble"]["group"] == ["a", "c"]
    assert "B is worse than C, though not shown to be worse than the best" in said(findings, "best")
    assert "It is worse than C" in remark(findings, "b")


def test_a_difference_on_common_seeds_beside_the_means_of_all_is_said_to_be_so(tmp_path):
    # On seeds 0 and 2, B gets 17 of 1,000 images wrong and A 11: by their means, 111.3 and 11.
    # With seed 2, C gets 14 wrong and A 10: by their means, 14 and 11.
    runs = {
        "a": of(0, 12, None, 10),
        "b": of(0, 18, 300, 16, parameters=2_000_000),
        "c": of(0, None, None, 14, parameters=3_000_000),
    }
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2))
    models = {model["model"]: model for model in findings["numbers"]["models"]}
    assert models["b"]["accuracy"]["value"] == pytest.approx(1 - 0.334 / 3)
    assert models["b"]["against_best"]["difference"] == pytest.approx(0.006)
    assert models["c"]["against_best"]["difference"] == pytest.approx(0.004)
    common, once = "on the seeds that both finished", "with the one seed that both finished"
    cost, best = said(findings, "cost"), said(findings, "best")
    assert f"its test accuracy is 0.60 percentage points lower {common} [" in cost
    assert f"its test accuracy is 0.40 percentage points lower {once} [" in cost
    assert f"its test accuracy is 0.60 percentage points lower {common} [" in remark(findings, "b")
    assert f"call: 0.60 percentage points below {common} [" in remark(findings, "b")
    assert f"call: 0.40 percentage points below {once} [" in remark(findings, "c")
    assert f"C, the next, is 0.40 percentage points behind {once} (95 %" in best
    assert f"not that of the two accuracies, it is {common}." in best
    power = said(findings, "power")
    assert f"B, 0.60 percentage points behind {common}: " in power


def test_of_models_with_the_same_seeds_no_difference_is_said_to_be_on_common_ones(tmp_path):
    runs = {"a": of(0, 10, 12, 11), "b": of(0, 16, 18, 11, parameters=2_000_000)}
    findings, text = conclude(tmp_path, runs, seeds=(0, 1, 2))
    assert "test accuracy is 0.40 percentage points lower [" in said(findings, "cost")
    assert "call: 0.40 percentage points below [" in remark(findings, "b")
    assert "B, the next, is 0.40 percentage points behind (95 %" in said(findings, "best")
    assert "B, 0.40 percentage points behind: " in said(findings, "power")
    assert "not that of the two accuracies" not in text


def test_a_dearer_model_that_is_equal_on_common_seeds_is_not_called_equal_in_all(tmp_path):
    runs = {"a": of(0, 10, 12, None), "b": of(0, 10, 12, 30, parameters=2_000_000)}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2))
    common = "on the seeds that both finished"
    assert f"and the same test accuracy {common} [" in said(findings, "cost")
    assert f"B, as accurate as the best {common}: " in said(findings, "power")
    # B is the more accurate one by as little as chance gives, and less so by the means.
    runs["b"] = of(1, 10, 11, 30, parameters=2_000_000)
    findings, _ = conclude(tmp_path / "more", runs, seeds=(0, 1, 2))
    assert f"for 0.05 percentage points more {common} [" in said(findings, "cost")


def test_a_model_is_worse_that_is_so_than_one_of_several_best(tmp_path):
    # With B, C has one seed in common, with A three.
    runs = {"a": of(0, 10, 11, 12), "b": of(0, None, 11, None), "c": of(0, 500, 500, 500)}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2), images=1000)
    assert verdicts(findings) == {"A": "best", "B": "best", "C": "worse"}
    power = findings["numbers"]["power"]
    assert (power["needed"], power["one_seed"]) == ([], ["b"])


def test_whom_a_model_could_not_be_compared_with_is_named_beside_others(
    tmp_path,
):
    # B shares a seed with C, which is not told from A, the best, but none with A.
    runs = {"a": of(0, 1, 2, None), "b": of(0, None, None, 30), "c": of(0, 2, 3, 4)}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2))
    assert findings["headline"] == (
        "Too close to call: A and C reach 99.70 to 99.85 %; B could not be compared with A."
    )
    # Where all of the sentence are the best, it is clear who is meant.
    runs["c"] = of(0, 1, 2, 3) | {2: {"status": "diverged"}}
    findings, _ = conclude(tmp_path / "both", runs, seeds=(0, 1, 2))
    assert findings["headline"] == (
        "Too close to call: A and C reach about 99.8 %; B could not be compared with them."
    )


def test_the_first_place_is_not_settled_while_one_cannot_be_compared(tmp_path):
    runs = {
        "a": of(0, 1, 2, None, None),
        "b": of(0, None, None, 3, 4),
        "c": of(100, 900, 900, 900, 900),
    }
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2, 3), images=10000)
    assert findings["headline"] == "A is ahead with 99.98 %; B could not be compared with it."
    assert findings["surer"].startswith("To be surer, train A and B with more seeds that each")
    assert "Every two models that have a seed in common were compared" in said(findings, "best")
    # C shares two seeds with each.
    assert "is about 5 %" in said(findings, "best")


def test_no_second_seed_is_asked_of_models_that_have_two(tmp_path):
    runs = {"a": of(0, 1, None, 200), "b": of(0, None, 180, 201)}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1, 2), images=10000)
    assert findings["surer"].startswith("To be surer, train A and B with more seeds that each")
    assert "second seed" not in said(findings, "power")


def test_the_next_that_shares_one_seed_is_ahead_with_that(tmp_path):
    runs = {"a": of(0, 50, 2), "b": of(0, 49, None), "c": of(0, 52, 52)}
    findings, _ = conclude(tmp_path, runs, seeds=(0, 1), images=1000)
    assert verdicts(findings)["B"] == verdicts(findings)["C"] == "too close to call"
    assert (
        "B, the next, is 0.10 percentage points ahead with the one seed that both finished (95 %"
    ) in said(findings, "best")
