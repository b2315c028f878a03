"""The tables: their numbers, their captions, and what they refuse."""

import csv
import json
import re
from statistics import mean, median, stdev

import numpy as np
import pandas as pd
import pytest

from bakeoff.errors import StudyError
from bakeoff.findings.summary import all_tables
from bakeoff.markdown import escaped
from bakeoff.results import read_results
from bakeoff.study.readers import read_history, read_runs, read_summary
from concluded_study import collect_and_conclude
from fabricated_study import fabricate_data, fabricate_run

NOTEBOOK_HEADER = [
    "Model number",
    "Model Description",
    "Train loss",
    "Validation loss",
    "Train accuracy",
    "Test accuracy",
]


BALANCED = ["Balanced accuracy", "Its 95 % interval"]


class Study:
    """A made-up study in a folder: add runs, then collect."""

    def __init__(self, folder, models=("model_01",), seeds=(0,), validation="test"):
        self.folder = folder
        self.images, self.test_index = 1000, None
        self.study = {
            "title": "A made-up study",
            "dataset": {"name": "mnist", "title": "MNIST", "validation": validation}
            | {"disputed": []},
            "models": [
                {
                    "model": model,
                    "name": f"Model {number}",
                    "description": f"description {number}",
                    "family": "none",
                }
                for number, model in enumerate(models, 1)
            ],
            "seeds": list(seeds),
            "unfinished": [],
            "metric": "accuracy",
            "published": None,
        }
        self.runs = [(model, seed) for model in models for seed in seeds]

    def path(self, model, seed, file):
        return self.folder / "models" / model / f"seed_{seed}" / file

    def collect(self):
        data = fabricate_data(self.folder, images=self.images, test_index=self.test_index)
        runs = [self.path(model, seed, "card.json").parent for model, seed in self.runs]
        collect_and_conclude(self.folder, self.study, data, runs)
        return self

    def text(self, name="summary.txt"):
        return (self.folder / name).read_text()

    def rows(self, name):
        with (self.folder / name).open(newline="") as file:
            return list(csv.DictReader(file))


def fabricate_diverged(folder, model, seed, epochs=4):
    """Make a run whose every number is gone in its last epoch."""
    metrics = ("loss", "accuracy", "val_loss", "val_accuracy")
    curves = {metric: [*[0.5] * (epochs - 1), np.nan] for metric in metrics}
    options = {"epochs": epochs, "planned": 13, "curves": curves, "status": "diverged"}
    fabricate_run(folder, model, seed, **options)


def tables_in(text):
    """Return the PrettyTables in ``text``, as text or Markdown: lists of rows of cells."""
    blocks = [block for block in text.split("\n\n") if block.startswith(("+", "| "))]
    return [
        [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in block.splitlines()
            if line.startswith("| ") and not line.startswith("| ---")
        ]
        for block in blocks
    ]


def test_last_epoch_goes_into_the_notebooks_table(tmp_path):
    study = Study(tmp_path)
    curves = {
        "loss": [0.3, 0.0196],
        "val_loss": [0.1, 0.0249],
        "accuracy": [0.9, 0.99414],
        "val_accuracy": [0.97, 0.9936],
    }
    fabricate_run(tmp_path, epochs=2, curves=curves)
    first = tables_in(study.collect().text())[0]
    assert first == [
        NOTEBOOK_HEADER,
        ["Model 1", "description 1", "0.0196", "0.0249", "99.41 %", "99.36 %"],
    ]


def test_several_seeds_are_means(tmp_path):
    seeds = (3, 5, 8)
    losses, accuracies = (0.021, 0.024, 0.033), (0.991, 0.992, 0.996)
    # The best epochs are 1, 2 and 3, as the earliest of equals counts.
    courses = ([0.999, 0.999], [0.5, 0.998], [0.5, 0.6])
    study = Study(tmp_path, seeds=seeds)
    for seed, loss, accuracy, course in zip(seeds, losses, accuracies, courses, strict=True):
        curves = {"val_loss": [0.1, 0.1, loss], "val_accuracy": [*course, accuracy]}
        fabricate_run(tmp_path, seed=seed, epochs=3, curves=curves)
    [row] = study.collect().rows("summary.csv")
    assert float(row["val_loss"]) == pytest.approx(mean(losses))
    assert float(row["test_accuracy"]) == pytest.approx(mean(accuracies))
    assert float(row["test_accuracy_sd"]) == pytest.approx(stdev(accuracies))
    assert float(row["best_epoch"]) == median([1, 2, 3])
    assert float(row["best_val_accuracy"]) == pytest.approx(mean([0.999, 0.998, 0.996]))
    assert (row["n_seeds"], row["n_diverged"]) == ("3", "0")
    first, _, best, *_ = tables_in(study.text())
    assert first[1][3] == f"{mean(losses):.4f}"
    assert first[1][5] == f"{100 * mean(accuracies):.2f} %"
    assert best[1][2] == "2"
    assert "It is the median over the seeds" in " ".join(study.text().split())
    assert "The model was trained 3 times (seeds 3, 5 and 8)" in study.text()


def test_with_a_holdout_the_epoch_is_chosen_there_and_both_accuracies_are_shown(tmp_path):
    study = Study(tmp_path, validation="holdout")
    curves = {
        "val_accuracy": [0.9, 0.96, 0.95],
        "test_accuracy": [0.8, 0.84, 0.85],
        "test_loss": [0.4, 0.3, 0.3],
    }
    fabricate_run(tmp_path, epochs=3, curves=curves, validation="holdout")
    first, _, best, *_ = tables_in(study.collect().text())
    assert first[1][5] == "85.00 %"
    assert dict(zip(*best, strict=True)) == {
        "Model": "Model 1",
        "Best epoch": "2",
        "Holdout accuracy, best epoch": "96.00 %",
        "Test accuracy, best epoch": "84.00 %",
        "Holdout accuracy, last epoch": "95.00 %",
        "Test accuracy, last epoch": "85.00 %",
    }
    text = " ".join(study.text().split())
    assert "Validation was done on 1,000 images of a holdout, which are no test images." in text
    assert "the holdout accuracy there is optimistic; the test accuracy there is not" in text
    assert "chosen on the test images" not in text


def test_validated_on_the_test_set_the_best_epoch_is_called_optimistic(tmp_path):
    study = Study(tmp_path)
    fabricate_run(tmp_path, epochs=3, curves={"val_accuracy": [0.9, 0.96, 0.95]})
    _, _, best, *_ = tables_in(study.collect().text())
    assert best[1] == ["Model 1", "95.00 %", "2", "96.00 %"]
    text = " ".join(study.text().split())
    assert "It was chosen on the test images, so its accuracy is optimistic." in text


def test_accuracy_over_seeds(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"), seeds=(0, 1, 2))
    for model, seed in study.runs:
        fabricate_run(tmp_path, model, seed, accuracy=(0.98, 0.985, 0.993)[seed])
    _, spread, *_ = tables_in(study.collect().text())
    row = dict(zip(*spread[:2], strict=True))
    # The mean is 98.6 %; the deviations from it are 0.6, 0.1 and 0.7: sqrt(0.86 / 2).
    assert row["Mean test accuracy"] == "98.60 %"
    assert row["Standard deviation (percentage points)"] == "0.66"
    assert (row["Seeds"], row["Lowest seed"], row["Highest seed"]) == ("3", "98.00 %", "99.30 %")
    low, high = (float(part) for part in row["95 % interval"].removesuffix(" %").split(" to "))
    [first, _] = study.rows("summary.csv")
    assert (low, high) == pytest.approx(
        (100 * float(first["test_accuracy_low"]), 100 * float(first["test_accuracy_high"])),
        abs=0.005,
    )
    assert low < 98.6 < high
    assert "Without disputed labels" not in row
    assert "standard deviation between runs is not known" not in study.text()


def test_one_seed_says_that_the_spread_is_not_known(tmp_path):
    study = Study(tmp_path)
    fabricate_run(tmp_path, accuracy=0.99, images=1000)
    _, spread, *_ = tables_in(study.collect().text())
    # Wilson (1927) by hand: (0.99 + z²/2n ± z sqrt(0.99 * 0.01 / n + z²/4n²)) / (1 + z²/n).
    assert spread == [
        ["Model", "Test accuracy", "95 % interval", *BALANCED],
        ["Model 1", "99.00 %", "98.17 to 99.46 %", "99.00 %", "98.16 to 99.46 %"],
    ]
    text = " ".join(study.text().split())
    assert (
        "One seed: the standard deviation between runs is not known. The interval is Wilson's"
        in text
    )


def test_accuracy_without_the_disputed_labels_is_a_column_of_its_own(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"))
    study.study["dataset"]["disputed"] = [947, 1621, 9729]
    # The subset holds two of the three, as its first and fourth image.
    study.images, study.test_index = 100, [947, 1000, 1500, 1621, *range(2000, 2096)]
    fabricate_run(tmp_path, "model_01", wrong_images=[0, 3, 50], images=100)
    fabricate_run(tmp_path, "model_02", wrong_images=[1], images=100)
    _, spread, *_ = tables_in(study.collect().text())
    assert spread[0][-1] == "Without disputed labels"
    # 3 of 100 are wrong, of which 1 of 98 is left; then 1 of 100 and of 98.
    assert [row[-1] for row in spread[1:]] == ["98.98 %", "98.98 %"]
    text = " ".join(study.text().split())
    assert "2 of the 100 test images have disputed labels: the accuracy without them stands" in text
    runs = study.rows("runs.csv")
    assert float(runs[0]["test_accuracy_undisputed"]) == pytest.approx(97 / 98)
    assert runs[0]["disputed_images"] == "2"


def test_a_subset_without_disputed_labels_says_so(tmp_path):
    study = Study(tmp_path)
    study.study["dataset"]["disputed"] = [947]
    study.test_index = np.arange(5000, 6000)
    fabricate_run(tmp_path)
    _, spread, *_ = tables_in(study.collect().text())
    assert "Without disputed labels" not in spread[0]
    assert "None of the 1,000 test images has a disputed label." in study.text()
    assert study.rows("summary.csv")[0]["test_accuracy_undisputed"] == ""


def test_the_last_epochs_are_averaged_and_their_slope_told(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"), seeds=(0, 1))
    falling = {"val_loss": 0.05 - 0.002 * np.arange(1, 14)}
    uneven = {"val_loss": 0.05 + 0.002 * (-1.0) ** np.arange(13)}
    # Five last epochs: 98, 99, 98, 99, 98 %, and the same but a point lower.
    up_and_down = np.array([0.9] * 8 + [0.98, 0.99, 0.98, 0.99, 0.98])
    for model, curves in (("model_01", falling), ("model_02", uneven)):
        for seed in (0, 1):
            own = curves | {"val_accuracy": up_and_down - 0.01 * seed}
            fabricate_run(tmp_path, model, seed, curves=own)
    table = tables_in(study.collect().text())[3]
    row = dict(zip(*table[:2], strict=True))
    assert row["Mean validation accuracy"] == "97.90 %"
    # The squares around 98.4 are 3 * 0.16 and 2 * 0.36, over four: sqrt(0.3) in either seed.
    assert row["Standard deviation (percentage points)"] == "0.55"
    assert row["Slope of validation loss"] == "−0.00200"
    assert row["95 % interval"] == "[−0.00200, −0.00200]"
    assert [line[-1] for line in table[1:]] == ["falling", "flat"]
    text = " ".join(study.text().split())
    assert "not corrected for there being 2 models" in text
    assert "too few epochs" not in text
    summary = study.rows("summary.csv")[0]
    assert (summary["last_epochs"], summary["loss_slope_epochs"]) == ("5", "5")
    assert float(summary["loss_slope"]) == pytest.approx(-0.002)
    assert float(study.rows("runs.csv")[1]["val_accuracy_last_mean"]) == pytest.approx(0.974)


@pytest.mark.parametrize(("epochs", "known"), [(2, 0), (4, 0), (5, 2)])
def test_too_few_epochs_leave_cells_empty_with_a_reason(tmp_path, epochs, known):
    study = Study(tmp_path)
    steady = {"val_accuracy": [0.99] * epochs}
    fabricate_run(tmp_path, epochs=epochs, curves=steady)
    table = tables_in(study.collect().text())[3]
    assert table[1][1:3] == ["–", "–"]
    assert ("–" in table[1][3:]) is (known == 0)
    text = " ".join(study.text().split())
    assert "–: too few epochs; mean and standard deviation need 6, a slope 5." in text
    assert "not corrected" not in text


@pytest.mark.parametrize(("epochs", "last"), [(5, 0), (6, 3), (9, 4), (10, 5), (40, 5)])
def test_fluctuation_is_that_of_no_more_than_the_last_half_of_the_epochs(tmp_path, epochs, last):
    # Half of the epochs are learning, from 10 % on: they are no fluctuation.
    learning = np.linspace(0.1, 0.97, epochs - epochs // 2)
    course = [*learning, *np.resize([0.98, 0.99], epochs // 2)]
    study = Study(tmp_path)
    fabricate_run(tmp_path, epochs=epochs, curves={"val_accuracy": course})
    [row] = study.collect().rows("summary.csv")
    assert row["last_epochs"] == str(last)
    if last:
        assert float(row["val_accuracy_last_sd"]) == pytest.approx(stdev(course[-last:]))
        assert float(row["val_accuracy_last_mean"]) == pytest.approx(mean(course[-last:]))
    else:
        assert row["val_accuracy_last_sd"] == row["val_accuracy_last_mean"] == ""


def test_both_train_accuracies_stand_beside_the_test_accuracy(tmp_path):
    study = Study(tmp_path)
    curves = {"accuracy": [0.95] * 13}
    clean = {"loss": 0.001, "accuracy": 0.999, "images": 10_000}
    fabricate_run(tmp_path, accuracy=0.97, curves=curves, clean_train=clean)
    table = tables_in(study.collect().text())[4]
    assert table[1][1:5] == ["95.00 %", "99.90 %", "97.00 %", "2.90"]
    low, high = (float(part) for part in table[1][5].strip("[]").split(", "))
    assert low < 2.9 < high
    assert float(study.rows("runs.csv")[0]["gap"]) == pytest.approx(0.029)


def test_every_table_has_a_title_and_one_row_a_model(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"))
    for model, _ in study.runs:
        fabricate_run(tmp_path, model)
    study.collect()
    summary = read_summary(tmp_path / "summary.csv", study.study)
    tables = all_tables(summary, read_results(tmp_path / "analysis.json", study.study))
    shown = [table.as_data() for _, _, table in tables]
    assert [[table["columns"], *table["rows"]] for table in shown] == tables_in(study.text())
    assert shown[0]["columns"] == NOTEBOOK_HEADER
    for table in shown:
        assert table["models"] == [True] + [False] * (len(table["columns"]) - 1)
    assert shown[0]["numeric"] == [False, False, True, True, True, True]
    # What a column is sorted by is the number, not its text.
    row = next(row for row in summary if row["model"] == "model_02")
    assert shown[0]["values"][1][2:] == [
        *(row["train_loss"], row["val_loss"]),
        *(100 * row["train_accuracy"], 100 * row["test_accuracy"]),
    ]
    for title, note, table in tables:
        assert f"**{title}**\n\n{note}\n\n| " in study.text("summary.md")
        assert [row[0].text for row in table.rows] == ["Model 1", "Model 2"]
        assert len(set(table.columns)) == len(table.columns)


def test_summary_columns_and_order_of_models(tmp_path):
    study = Study(tmp_path, models=("model_b", "model_a"))
    for model in ("model_a", "model_b"):
        fabricate_run(tmp_path, model)
    rows = study.collect().rows("summary.csv")
    assert [row["model"] for row in rows] == ["model_b", "model_a"]
    assert list(rows[0])[:7] == [
        *("model", "n_seeds", "n_diverged"),
        *("train_loss", "val_loss", "train_accuracy", "test_accuracy"),
    ]
    assert rows[0]["test_accuracy_sd"] == ""


def test_costs(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"))
    fabricate_run(tmp_path, "model_01", epochs=130, latency_ms=1.234)
    card = {"multiply_adds_not_counted": ["my_layer"]}
    fabricate_run(tmp_path, "model_02", epochs=4, accuracy=0.98, **card)
    costs = tables_in(study.collect().text())[-1]
    assert costs == [
        [
            *("Model", "Parameters", "Multiply-adds", "Epochs", "Seconds per epoch"),
            *("Seconds in all", "Latency of one image (ms)"),
        ],
        ["Model 1", "646,410", "10,000,000", "130", "10.0", "1,300", "1.23"],
        ["Model 2", "646,410", "unknown", "4", "10.0", "40", "1.00"],
    ]
    assert "Each of the 2 models was trained once (seed 0) for 4 to 130 epochs." in study.text()


def test_seconds_per_epoch_do_not_count_the_start_up(tmp_path):
    study = Study(tmp_path)
    history = fabricate_run(tmp_path, epochs=5) / "history.csv"
    pd.read_csv(history).assign(seconds=[60, 7, 8, 9, 7]).to_csv(history, index=False)
    [row] = study.collect().rows("runs.csv")
    assert float(row["seconds_per_epoch"]) == 8


def test_markdown_holds_the_same_cells(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"), seeds=(0, 1))
    for model, seed in study.runs:
        fabricate_run(tmp_path, model, seed, accuracy=0.99 + seed / 500)
    study.collect()
    assert tables_in(study.text("summary.md")) == tables_in(study.text())


def test_markdown_escapes_bars(tmp_path):
    study = Study(tmp_path)
    study.study["models"][0]["description"] = "3x3 | 5x5"
    fabricate_run(tmp_path)
    assert r"| 3x3 \| 5x5 |" in " ".join(study.collect().text("summary.md").split())


def test_names_and_titles_are_kept_as_they_are(tmp_path):
    study = Study(tmp_path)
    study.study["title"] = "A *title*\nof <two> lines"
    study.study["models"][0] |= {"name": "a\\|b", "description": "`3x3`\n\n| 5x5 |"}
    fabricate_run(tmp_path, device="CPU: *fast*")
    study.collect()
    markdown = " ".join(study.text("summary.md").split())
    assert markdown.startswith(r"**A \*title\* of \<two> lines**")
    assert r"Trained on CPU: \*fast\*;" in markdown
    assert r"| a\\\|b | \`3x3\` \| 5x5 \| |" in markdown
    text = " ".join(study.text().split())
    assert text.startswith("A *title* of <two> lines Data: MNIST, ")
    assert r"| a\|b | `3x3` | 5x5 | |" in text


def test_diverged_runs_are_in_no_mean(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"), seeds=(0, 1))
    fabricate_run(tmp_path, "model_01", 0, accuracy=0.98)
    fabricate_diverged(tmp_path, "model_01", 1)
    fabricate_diverged(tmp_path, "model_02", 0)
    fabricate_diverged(tmp_path, "model_02", 1)
    first, spread, *others, costs = tables_in(study.collect().text())
    assert first[1][5] == "98.00 %"
    assert first[2] == ["Model 2", "description 2", *["diverged"] * 4]
    assert spread[0][-1] == "Diverged seeds"
    assert [row[-1] for row in spread[1:]] == ["1 of 2", "2 of 2"]
    assert [row[3] for row in spread[1:]] == ["1", "0"]
    assert (spread[1][2], spread[2][2]) == ("–", "diverged")
    assert "–: one seed has no standard deviation" in " ".join(study.text().split())
    assert all(set(table[2][1:]) == {"diverged"} for table in others)
    assert costs[2][1] == "646,410"
    text = " ".join(study.text().split())
    assert "Model 1 diverged with seed 1: its loss stopped being a number." in text
    assert "Model 2 diverged with seeds 0 and 1: its loss stopped being a number." in text
    rows = study.rows("summary.csv")
    assert [(row["n_seeds"], row["n_diverged"]) for row in rows] == [("1", "1"), ("0", "2")]
    assert float(rows[0]["test_accuracy"]) == 0.98
    assert rows[1]["test_accuracy"] == ""
    runs = study.rows("runs.csv")
    assert [row["status"] for row in runs] == ["ok", *["diverged"] * 3]
    assert runs[1]["loss"] == ""
    assert runs[1]["best_epoch"] == ""
    assert runs[1]["epochs"] == "4"


def test_captions_of_the_default_study(tmp_path):
    study = Study(tmp_path)
    study.images = 10_000
    fabricate_run(tmp_path, images=10_000)
    text = study.collect().text()
    assert "Data: MNIST, 60,000 training images and 10,000 test images.\n" in text
    assert "The model was trained once (seed 0) for 13 epochs.\n" in text
    assert "Validation was done on the test set: a best epoch is chosen on the test images" in text
    assert "Trained on CPU: made up; TensorFlow 2.21.0, Keras 3.15.1" in text
    assert "notebook" not in text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("device", "GPU: other", "The runs differ in device (CPU: made up and GPU: other)"),
        ("precision", "mixed_float16", "precision float32 (Model 1) and mixed_float16 (Model 2)"),
        (
            "versions",
            {"python": "3.11.7", "keras": "4.0.0", "tensorflow": "2.21.0"},
            "The runs differ in software (TensorFlow 2.21.0, Keras 3.15.1, Python 3.11.7 and",
        ),
        ("backend", "jax", "backend tensorflow (Model 1) and jax (Model 2)"),
    ],
)
def test_different_circumstances_warn(tmp_path, field, value, said):
    study = Study(tmp_path, models=("model_01", "model_02"))
    versions = {"python": "3.11.7", "keras": "3.15.1", "tensorflow": "2.21.0", "jax": "0.8"}
    fabricate_run(tmp_path, "model_01")
    fabricate_run(tmp_path, "model_02", **({"versions": versions} | {field: value}))
    text = " ".join(study.collect().text().split())
    assert said in text
    findings = json.loads(study.text("findings.json"))
    [warning] = [line for line in findings["cautions"] if said in line]
    assert f"\n- {escaped(warning)}\n" in study.text("summary.md")


def test_shared_machine_warns(tmp_path):
    study = Study(tmp_path, models=("model_01", "model_02"))
    fabricate_run(tmp_path, "model_01")
    fabricate_run(tmp_path, "model_02", concurrent_runs=2)
    assert "not compared: up to 2 runs shared the machine." in " ".join(
        study.collect().text().split()
    )


def test_equal_input_makes_equal_bytes(tmp_path):
    study = Study(tmp_path, seeds=(0, 1))
    for model, seed in study.runs:
        fabricate_run(tmp_path, model, seed)
    names = ("runs.csv", "summary.csv", "summary.txt", "summary.md")
    first = [study.collect().text(name) for name in names]
    assert [study.collect().text(name) for name in names] == first


def test_summary_is_read_back_as_written(tmp_path):
    study = Study(tmp_path)
    study.study["models"][0]["name"] = "NA"
    fabricate_run(tmp_path, accuracy=0.993)
    study.collect()
    [row] = read_summary(tmp_path / "summary.csv", study.study)
    assert row["name"] == "NA"
    assert row["test_accuracy"] == 0.993
    assert (row["n_seeds"], row["best_epoch"], row["test_accuracy_sd"]) == (1, 13, None)


def drop_last_numbers(history):
    history.loc[history.index[-1], "val_loss"] = np.nan
    return history


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda h: h.iloc[:0], "holds no epoch"),
        (lambda h: h.drop(columns="val_loss"), "not a history"),
        (lambda h: h.assign(model="model_02"), "is of model_02 with seed 0"),
        (lambda h: h.assign(seed=7), "is of model_01 with seed 7"),
        (lambda h: h.assign(epoch=h["epoch"] + 1), "epochs 2, 3, 4"),
        (lambda h: h.iloc[[0, 1, 1, 2]], "epochs 1, 2, 2, 3"),
        (lambda h: h.assign(loss=["x", 1.0, 1.0]), "not a history"),
        (lambda h: h.assign(loss=[1.0, np.nan, 1.0]), "no number for loss in epoch 2"),
        (lambda h: h.assign(val_loss=[np.inf, 1.0, 1.0]), "no number for val_loss in epoch 1"),
        (lambda h: h.iloc[:2].assign(judged=[0, 1]), "2 epochs; expected 3"),
        (lambda h: h.assign(judged=0), "0 judged epochs; expected one"),
        (lambda h: h.assign(judged=[0, 1, 0]), "judged epoch 2; expected 3"),
        (lambda h: h.drop(columns="judged"), "not a history"),
        (drop_last_numbers, "numbers missing in the last epoch"),
    ],
)
def test_faulty_histories_are_refused(tmp_path, change, said):
    study = Study(tmp_path)
    history = fabricate_run(tmp_path, epochs=3) / "history.csv"
    change(pd.read_csv(history)).to_csv(history, index=False)
    with pytest.raises(StudyError) as caught:
        study.collect()
    message = str(caught.value)
    assert said in message
    assert message.startswith(str(history))
    assert message.endswith("delete it and run again; that run is repeated.")
    assert "\n" not in message
    assert not list(tmp_path.glob("*.csv"))


TRAINING = {"epochs": 13, "batch_size": 128, "optimizer": {"learning_rate": 0.5}}


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"planned": 20, "epochs": 13}, "training.epochs"),
        ({"training": TRAINING | {"loss": "categorical_crossentropy"}}, "training.optimizer"),
        ({"architecture": "model_02"}, "architecture"),
        ({"given_arguments": {"filters": 8}}, "given_arguments"),
        ({"sources": {"architectures/model_01.py": "1" * 64}}, "architectures/model_01.py"),
    ],
)
def test_runs_of_two_settings_are_never_one_model(tmp_path, fields, what):
    study = Study(tmp_path, seeds=(0, 1, 2))
    for seed in (0, 1, 2):
        own = fields if seed == 2 else {}
        cards = [fabricate_run(tmp_path, "model_01", seed, **own) / "card.json"]
    first = tmp_path / "models/model_01/seed_0/card.json"
    said = f"{cards[-1]}: {what} is another than in {first}; expected runs of one model that differ"
    with pytest.raises(StudyError, match=re.escape(said)) as raised:
        study.collect()
    assert f"that of its architecture and seed in {tmp_path}/checkpoints" in str(raised.value)
    assert not list(tmp_path.glob("*.csv"))


def test_defaults_that_each_process_tells_otherwise_are_no_difference(tmp_path):
    study = Study(tmp_path, seeds=(0, 1, 2))
    for seed in (0, 1):
        arguments = {"activation": f"<function relu at 0x7f0{seed}>"}
        fabricate_run(tmp_path, "model_01", seed, arguments=arguments)
    card = fabricate_run(tmp_path, "model_01", 2, arguments={"filters": 8}) / "card.json"
    # As earlier versions wrote it.
    found = json.loads(card.read_text())
    del found["given_arguments"]
    card.write_text(json.dumps(found))
    assert len(study.collect().rows("runs.csv")) == 3


def test_what_no_number_depends_on_may_differ_between_seeds(tmp_path):
    study = Study(tmp_path, seeds=(0, 1))
    trained = {"architectures/model_01.py": "0" * 64}
    joblog, added = "workflow/scripts/bakeoff/joblog.py", "architectures/other.py"
    fabricate_run(tmp_path, "model_01", 0, sources=trained | {joblog: "0" * 64})
    # By a later version, which knows one more setting that changes nothing.
    settings = {"epochs": 13, "batch_size": 128.0, "deterministic": False}
    settings |= {"loss": "categorical_crossentropy"}
    settings |= {"optimizer": {"name": "Adadelta", "learning_rate": 1, "rho": 0.95}}
    sources = trained | {joblog: "1" * 64, added: "1" * 64}
    fabricate_run(tmp_path, "model_01", 1, sources=sources, training=settings)
    assert len(study.collect().rows("runs.csv")) == 2


def test_accuracies_are_whole_numbers_of_images(tmp_path):
    # As Keras gives them: 0.9936 and 0.9937, of which the mean lies between two decimals.
    shares = {0: 0.9936000108718872, 1: 0.9937000274658203}
    study = Study(tmp_path, seeds=(0, 1))
    study.images = 10_000
    for seed, share in shares.items():
        curves = {"val_accuracy": [0.5, share], "val_loss": [1.0, 1.0]}
        wrong = range(10_000 - round(10_000 * share))
        options = {"images": 10_000, "epochs": 2, "curves": curves, "wrong_images": wrong}
        fabricate_run(tmp_path, "model_01", seed, **options)
    runs = study.collect().rows("runs.csv")
    assert [run["test_accuracy"] for run in runs] == ["0.9936", "0.9937"]
    assert [run["val_accuracy"] for run in runs] == ["0.9936", "0.9937"]
    # As 19,873 of 20,000 answers are shown.
    notebooks, spread = tables_in(study.text())[:2]
    assert notebooks[1][5] == spread[1][1] == "99.36 %"


@pytest.mark.parametrize("model", ["NA", "nan", "inf", "True"])
def test_models_may_have_names_that_look_like_values(tmp_path, model):
    history = fabricate_run(tmp_path, model) / "history.csv"
    assert read_history(history, model, 0)["epoch"].tolist() == [*range(1, 14)]


@pytest.mark.parametrize("change", [lambda text: "", lambda text: text[: text.rindex(",")]])
def test_a_history_that_breaks_off_is_refused(tmp_path, change):
    history = fabricate_run(tmp_path) / "history.csv"
    history.write_text(change(history.read_text()))
    with pytest.raises(StudyError, match="not a history"):
        read_history(history, "model_01", 0)


@pytest.mark.parametrize(("name", "read"), [("runs", read_runs), ("summary", read_summary)])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: text[: text.rindex(",")],
        lambda text: text.replace("model_01", "model_02"),
        lambda text: text.replace("10000000", "ten million"),
        lambda text: text.replace("model,", "mode,", 1),
    ],
)
def test_faulty_tables_are_refused(tmp_path, name, read, change):
    study = Study(tmp_path)
    fabricate_run(tmp_path)
    study.collect()
    table = tmp_path / f"{name}.csv"
    read(table, study.study)
    table.write_text(change(table.read_text()))
    with pytest.raises(StudyError) as caught:
        read(table, study.study)
    assert str(caught.value).startswith(f"{table}: ")
    assert "delete it and run again; it is made anew" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda card: "{", "not a card"),
        (lambda card: "[]", "not a card"),
        (lambda card: json.dumps(card | {"seed": 3}), "is of model_01 with seed 3"),
        (lambda card: json.dumps(card | {"latency_ms": {}}), "latency_ms.median is missing"),
        (lambda card: json.dumps(card | {"latency_ms": 1}), "latency_ms.median is missing"),
    ],
)
def test_faulty_cards_are_refused(tmp_path, change, said):
    study = Study(tmp_path)
    card = fabricate_run(tmp_path) / "card.json"
    card.write_text(change(json.loads(card.read_text())))
    with pytest.raises(StudyError) as caught:
        study.collect()
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(card))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda description: "{", "not a description"),
        (lambda description: "[]", "not a description"),
        (lambda description: json.dumps(description | {"model": "other"}), "is of other"),
        (lambda description: '{"model": "model_01", "layers": []}', "without parameters, multiply"),
    ],
)
def test_faulty_descriptions_are_refused(tmp_path, change, said):
    study = Study(tmp_path)
    description = fabricate_run(tmp_path).parent / "description.json"
    description.write_text(change(json.loads(description.read_text())))
    with pytest.raises(StudyError) as caught:
        study.collect()
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{description}: ")
    assert "delete it and run again; it is made anew" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_interval_of_one_training_is_wilsons(tmp_path):
    """Newcombe (1998), table I, method 3: 81 of 263."""
    study = Study(tmp_path)
    study.images = 263
    fabricate_run(tmp_path, accuracy=81 / 263, images=263)
    study.collect()
    [row] = read_summary(tmp_path / "summary.csv", study.study)
    assert row["test_accuracy_low"] == pytest.approx(0.2553, abs=5e-5)
    assert row["test_accuracy_high"] == pytest.approx(0.3662, abs=5e-5)


def test_damaged_predictions_are_refused(tmp_path):
    study = Study(tmp_path)
    predictions = fabricate_run(tmp_path) / "predictions.npz"
    predictions.write_bytes(predictions.read_bytes()[:1000])
    with pytest.raises(StudyError, match=r"predictions.npz: not predictions .* delete it"):
        study.collect()
