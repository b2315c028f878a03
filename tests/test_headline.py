"""The answer in one short line."""

import pytest

from bakeoff.findings.finding import parted
from concluded_study import conclude
from figure_studies import make_results, make_study

SEEDS = (0, 1, 2)


def said(folder, wrong, **options):
    """Return headline and pick of a study whose models get so many of 1,000 images wrong."""
    runs = {model: made if isinstance(made, dict) else of(made) for model, made in wrong.items()}
    findings, _ = conclude(folder, runs, images=1000, **{"seeds": SEEDS} | options)
    return findings["headline"], findings["pick"]


def of(number, **cost):
    return {"wrong_images": range(number)} | cost


def test_models_that_are_too_close_to_call_are_named_with_the_cheapest(tmp_path):
    small = {"parameters": 100, "multiply_adds": 900}
    wrong = {"model_1": of(10), "model_2": of(11, **small), "model_3": of(300)}
    headline, pick = said(tmp_path, wrong)
    assert headline == "Too close to call: Models 1 and 2 reach 98.90 to 99.00 %."
    assert pick == "Cheapest of these: Model 2 by parameters and multiply-adds."


def test_accuracies_that_are_all_but_one_are_rounded(tmp_path):
    headline, _ = said(tmp_path, {"model_1": 12, "model_2": 13, "model_3": 14})
    assert headline == "Too close to call: all 3 models reach 98.60 to 98.80 %."
    headline, pick = said(tmp_path / "same", {"model_1": 12, "model_2": 12})
    assert headline == "Too close to call: Models 1 and 2 reach about 98.8 %."
    assert pick is None


def test_of_equally_cheap_models_all_are_named(tmp_path):
    wrong = {"model_1": of(10, parameters=9), "model_2": of(11, parameters=9), "model_3": of(12)}
    assert said(tmp_path, wrong)[1] == "Cheapest of these: Models 1 and 2 by parameters."
    wrong["model_1"] = of(10, parameters=8)
    assert said(tmp_path / "one", wrong)[1] == "Cheapest of these: Model 1 by parameters."
    # Of two that are cheapest by one cost, it is the one that is cheaper by the other.
    wrong["model_1"] |= {"multiply_adds": 5}
    wrong["model_2"] |= {"multiply_adds": 5}
    assert said(tmp_path / "both", wrong)[1] == (
        "Cheapest of these: Model 1 by parameters and multiply-adds."
    )


def test_each_may_be_cheapest_in_its_way(tmp_path):
    wrong = {"model_1": of(10, parameters=9), "model_2": of(11, multiply_adds=9)}
    assert said(tmp_path, wrong)[1] == (
        "Cheapest of these: Model 1 by parameters, Model 2 by multiply-adds."
    )


def test_the_best_of_all_is_named(tmp_path):
    headline, pick = said(tmp_path, {"model_1": 300, "model_2": 10, "model_3": 310})
    assert headline == "Model 2 is best: 99.00 %, better than both others."
    assert pick is None
    assert said(tmp_path / "two", {"model_1": 300, "model_2": 10})[0] == (
        "Model 2 is best: 99.00 %, better than the other."
    )


def test_one_seed_is_no_verdict_on_models(tmp_path):
    headline, _ = said(tmp_path, {"model_1": 10, "model_2": 300}, seeds=(0,))
    assert headline == "Model 1 is ahead with 99.00 %, but one seed is no verdict on models."


def test_nobody_is_told_to_pick_a_network_that_is_worse(tmp_path):
    wrong = {"model_1": of(10), "model_2": of(11, parameters=99), "model_3": of(300, parameters=9)}
    _, pick = said(tmp_path, wrong, seeds=(0,))
    assert pick == ("Cheapest of the networks that are too close to call: Model 2 by parameters.")
    _, pick = said(tmp_path / "two", {"model_1": of(10), "model_3": wrong["model_3"]}, seeds=(0,))
    assert pick is None


def test_nobody_is_told_to_pick_a_model_at_chance(tmp_path):
    others = {"wrong_images": range(110, 1000), "parameters": 9}
    headline, pick = said(tmp_path, {"model_1": of(870), "model_2": others})
    assert headline == "Too close to call: Models 1 and 2 reach 11.00 to 13.00 %."
    assert pick is None


def test_one_model_stands_alone(tmp_path):
    assert said(tmp_path, {"model_1": 10})[0] == (
        "Model 1 is the only model: 99.00 % test accuracy."
    )


def test_one_model_that_finished_is_not_the_only_one_of_the_study(tmp_path):
    """Whether the other has not finished, or diverged."""
    findings, _ = conclude(tmp_path, {"model_1": of(10)}, images=1000, unfinished=["Model 2"])
    said_of_it = "Model 1 is the only model that finished: "
    assert findings["headline"] == f"{said_of_it}99.00 % test accuracy."
    best = next(finding for finding in findings["findings"] if finding["key"] == "best")
    assert best["text"][0].startswith(f"{said_of_it}test accuracy 99.00 %")
    lost = {"model_1": of(10), "model_2": of(900) | {"status": "diverged"}}
    assert said(tmp_path / "lost", lost)[0].startswith(said_of_it)


def test_models_that_did_not_finish_are_not_among_all(tmp_path):
    lost = {"model_4": of(900) | {"status": "diverged"}}
    headline, _ = said(tmp_path, {"model_1": 300, "model_2": 10, "model_3": 310} | lost)
    assert headline == "Model 2 is best: 99.00 %, better than both others that finished."
    headline, _ = said(tmp_path / "close", {"model_1": 12, "model_2": 13, "model_3": 14} | lost)
    assert headline == "Too close to call: all 3 models that finished reach 98.60 to 98.80 %."
    headline, _ = said(tmp_path / "one", {"model_1": 10, "model_2": 10} | lost, seeds=(0,))
    assert headline.startswith("Both models that finished reach 99.00 %, but one seed")
    findings, _ = conclude(tmp_path / "same", {"model_1": of(10), "model_2": of(10)} | lost)
    texts = {finding["key"]: " ".join(finding["text"]) for finding in findings["findings"]}
    assert texts["best"].startswith("Both models that finished have the same test accuracy")
    assert "both models that finished get 10 wrong" in texts["errors"]
    findings, _ = conclude(tmp_path / "three", {f"model_{n}": of(10) for n in (1, 2, 3)} | lost)
    texts = {finding["key"]: " ".join(finding["text"]) for finding in findings["findings"]}
    assert "10 fooled every model that finished," in texts["errors"]


@pytest.mark.parametrize("status", ["ok", "diverged"])
def test_where_nothing_was_learned_nobody_is_best(tmp_path, status):
    lost = of(900) | {"status": status}
    headline, pick = said(tmp_path, {"model_1": lost, "model_2": lost})
    expected = {"ok": "No model is shown to be better than chance.", "diverged": "No run ended"}
    assert headline.startswith(expected[status])
    assert pick is None


def test_what_stands_first_is_parted_from_the_rest_but_no_name_is():
    results = make_results(make_study(models=1, name="v1. 0: new"))
    assert parted("v1. 0: new is lost: 3 images. So.", results) == (
        "v1. 0: new is lost:",
        "3 images. So.",
    )
    assert parted("One. Two.", results) == ("One.", "Two.")
    assert parted("One (a; b): two.", results) == ("One (a; b):", "two.")
    assert parted("No more", results) == ("No more", "")
    assert parted("A, b; C; and D, e lead; so", results) == ("A, b; C; and D, e lead;", "so")


def test_every_finding_has_its_answer_and_long_cautions_are_parted(tmp_path):
    findings, _ = conclude(tmp_path, {"model_1": of(10), "model_2": of(900)}, seeds=SEEDS)
    assert all(len(finding["answer"].split()) > 2 for finding in findings["findings"])
    cautions = findings["short_cautions"]
    assert [" ".join(filter(None, parts)) for parts in cautions] == findings["cautions"]
    assert all(len(first) <= 120 for first, _ in cautions)
    assert findings["line"].startswith("MNIST · 2 models × 3 seeds · ")
