"""Tests of models that answer together."""

import numpy as np
import pytest

from concluded_study import conclude, said

LABELS = np.arange(400) % 2


def torn(wrong, sure=0.6, images=400):
    """Return answers of two classes: sure ones, but for ``wrong`` images with ``sure``."""
    probabilities = np.full((images, 2), 0.1)
    probabilities[np.arange(images), LABELS] = 0.9
    wrong = list(wrong)
    probabilities[wrong, LABELS[wrong]] = 1 - sure
    probabilities[wrong, 1 - LABELS[wrong]] = sure
    return {"probabilities": probabilities}


def ensembles(findings):
    """Return the ensemble's table as a dict from vote to row."""
    table = next(f for f in findings["findings"] if f["key"] == "ensemble")["table"]
    return {row[0]: dict(zip(table["columns"][1:], row[1:], strict=True)) for row in table["rows"]}


def study(folder, models, **options):
    return conclude(folder, models, images=400, classes=2, **options)[0]


def test_a_vote_outvotes_the_unsure(tmp_path):
    # Each is wrong, and unsure, on 40 images of its own: together they are right on all.
    models = {f"model_{i + 1}": torn(range(40 * i, 40 * i + 40)) for i in range(3)}
    findings = study(tmp_path, models)
    text = said(findings, "ensemble")
    assert (
        "The vote of all 3 models has a test accuracy of 100.00 % (95 % interval 99.05 % to"
        " 100.00 %). It is better than the network of Model 1, the best single model: the"
        " difference is 10.00 percentage points [" in text
    )
    assert "in parameters 1,939,230 for all 3 models, against 646,410 of Model 1." in text
    rows = ensembles(findings)
    assert rows["Model 1, one run"]["Test accuracy"] == "90.00 %"
    assert rows["All 3 models"]["Above Model 1 (percentage points)"] == "10.00"
    assert rows["All 3 models"]["Runs in it"] == "3"
    assert "are corrected for there being 3 (Holm)" in text
    # McNemar: 40 images that only the vote gets right, none the other way; one of three tests.
    assert float(findings["numbers"]["ensemble"]["votes"][0]["comparison"]["p_holm"]) == (
        pytest.approx(3 * 2 / 2**40)
    )


def test_a_vote_may_be_worse_than_the_best(tmp_path):
    models = {"model_1": torn([]), "model_2": torn(range(100), 0.99)}
    findings = study(tmp_path, models)
    text = said(findings, "ensemble")
    assert "The vote of both models has a test accuracy of 75.00 %" in text
    assert "It is worse than the network of Model 1, the best single model: the difference" in text
    assert "The best group is Model 1 alone, so it has no vote of its own." in text


def test_the_best_group_votes_and_is_said_to_be_picked_on_the_test_images(tmp_path):
    models = {
        "model_1": torn(range(10)),
        "model_2": torn(range(8, 20)),
        "model_3": torn(range(150), 0.99),
        "model_4": torn(range(150), 0.99),
    }
    findings = study(tmp_path, models)
    text = said(findings, "ensemble")
    assert "The best group is Models 1 and 2: the best and all that are not shown to be" in text
    assert "picked on these same test images, so what it reaches is optimistic" in text
    # Images 8 and 9 are wrong in both.
    assert "The vote of the best group has a test accuracy of 99.50 %" in text
    assert "optimistic, and is not tested" in text
    rows = ensembles(findings)
    assert rows["The best group"]["p"] == ""
    assert rows["The best group"]["Runs in it"] == "2"
    assert rows["All 4 models"]["p"] != ""


def test_several_seeds_vote_a_seed_and_all_together(tmp_path):
    # In each seed, both models are wrong on the same ten images, and these differ by seed.
    seeds = {seed: torn(range(10 * seed, 10 * seed + 10)) for seed in (0, 1, 2)}
    findings = study(tmp_path, {"model_1": seeds, "model_2": seeds}, seeds=(0, 1, 2))
    text = said(findings, "ensemble")
    assert "The vote of both models has a test accuracy of 97.50 %" in text
    assert "mean over 3 seeds). It is not significantly different from Model 1" in text
    assert "The 6 runs of both models in one vote reach 100.00 %" in text
    assert "The 3 runs of Model 1 in one vote reach 100.00 %" in text
    rows = ensembles(findings)
    assert rows["Both models, all runs"]["Runs in it"] == "6"
    assert rows["Both models, all runs"]["p"] == ""


def test_the_seeds_of_one_model_vote(tmp_path):
    seeds = {seed: torn(range(10 * seed, 10 * seed + 10)) for seed in (0, 1, 2)}
    findings = study(tmp_path, {"model_1": seeds}, seeds=(0, 1, 2))
    text = said(findings, "ensemble")
    assert "The 3 runs of Model 1 in one vote reach 100.00 %" in text
    assert "best group" not in text
    assert set(ensembles(findings)) == {"Model 1, one run", "Model 1, all runs"}


def test_one_training_does_not_vote(tmp_path):
    assert said(study(tmp_path, {"model_1": torn([1])}), "ensemble") == (
        "One run alone cannot vote."
    )


def test_a_diverged_training_does_not_vote(tmp_path):
    lost = {"status": "diverged"}
    models = {
        "model_1": {0: torn(range(10)), 1: lost},
        "model_2": {0: lost, 1: torn(range(10, 20))},
        "model_3": {0: torn(range(20, 30)), 1: lost},
    }
    findings = study(tmp_path, models, seeds=(0, 1))
    rows = ensembles(findings)
    # No seed has all three voters; in one vote there are three.
    assert "All 3 models" not in rows
    assert rows["All 3 models, all runs"]["Test accuracy"] == "100.00 %"
    assert "nan" not in str(findings).lower()


def test_models_without_a_common_seed_vote_in_one_only(tmp_path):
    lost = {"status": "diverged"}
    models = {
        "model_1": {0: torn(range(10)), 1: lost},
        "model_2": {0: lost, 1: torn(range(10, 20))},
    }
    findings = study(tmp_path, models, seeds=(0, 1))
    text = said(findings, "ensemble")
    assert "The 2 runs of both models in one vote reach 100.00 %" in text
    assert "best single model" not in text
    assert set(ensembles(findings)) == {"Model 1, one run", "Both models, all runs"}


def test_the_best_is_compared_on_the_seeds_of_the_vote(tmp_path):
    # In the seeds that both have, model 1 has 97.50 %; in the other two 99.50 %, so 98.50 %.
    first = {seed: torn(range(20 * seed, 20 * seed + 10)) for seed in (0, 1)}
    first |= {seed: torn(range(200, 202)) for seed in (2, 3)}
    second = {seed: torn(range(100 + 10 * seed, 108 + 10 * seed)) for seed in (0, 1)}
    findings = study(
        tmp_path,
        {"model_1": first, "model_2": second},
        seeds=(0, 1, 2, 3),
        own_seeds={"model_2": [0, 1]},
    )
    vote = findings["numbers"]["ensemble"]["votes"][0]
    assert (vote["who"], vote["seeds"]) == ("all", 2)
    assert vote["best_on_seeds"] == pytest.approx(0.975)
    assert vote["comparison"]["difference"] == pytest.approx(
        vote["by_seed"]["value"] - vote["best_on_seeds"]
    )
    text = said(findings, "ensemble")
    assert "mean over the 2 seeds for which each model has a run" in text
    assert "On these 2 seeds it is" in text
    assert "Model 1, the best single model, which has 97.50 % there: the difference is 2.50" in text
    rows = ensembles(findings)
    assert rows["Both models"]["Above Model 1, same seeds (percentage points)"] == "2.50"


def test_one_seed_of_the_best_is_named_where_the_vote_has_no_more(tmp_path):
    first = {0: torn(range(10)), 1: torn(range(2))}
    findings = study(
        tmp_path,
        {"model_1": first, "model_2": {0: torn(range(20, 40))}},
        seeds=(0, 1),
        own_seeds={"model_2": [0]},
    )
    text = said(findings, "ensemble")
    assert "the one seed for which each model has a run" in text
    assert "On this seed it is" in text
    assert "the network of Model 1, the best single model, which has 97.50 % there:" in text
