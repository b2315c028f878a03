"""docs/reference/ and the README's first table agree with the runs that are kept there."""

import io
import json
import re
import zipfile
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml

import reference
from fabricated_study import fabricate_data

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
SCHEMA = ROOT / "workflow" / "schemas" / "analysis.schema.json"


@pytest.fixture(scope="module")
def kept():
    """Return the kept runs: model, seed, card, history and probabilities ``(images, classes)``."""
    runs = []
    with zipfile.ZipFile(REFERENCE / "runs.zip") as archive:
        for name in archive.namelist():
            if name.endswith("card.json"):
                folder = name.removesuffix("card.json")
                described = f"{folder.rpartition('/seed_')[0]}/description.json"
                runs.append(
                    {
                        "card": json.loads(archive.read(name)),
                        "description": json.loads(archive.read(described)),
                        "history": pd.read_csv(io.BytesIO(archive.read(f"{folder}history.csv"))),
                        "probabilities": np.load(
                            io.BytesIO(archive.read(f"{folder}probabilities.npy"))
                        ),
                    }
                )
    return runs


def test_tables_are_those_of_the_kept_runs(kept):
    runs = pd.read_csv(REFERENCE / "runs.csv").set_index(["model", "seed"])
    assert sorted((run["card"]["model"], run["card"]["seed"]) for run in kept) == sorted(runs.index)
    for run in kept:
        row = runs.loc[(run["card"]["model"], run["card"]["seed"])]
        last = run["history"].iloc[-1]
        for column in ("loss", "accuracy", "val_loss", "val_accuracy", "test_accuracy"):
            assert row[column] == pytest.approx(last[column], rel=1e-6)
        assert row["parameters"] == run["description"]["parameters"]["total"]
    means = runs.groupby("model")[["loss", "val_loss", "accuracy", "test_accuracy"]].mean()
    means = means.rename(columns={"loss": "train_loss", "accuracy": "train_accuracy"})
    summary = pd.read_csv(REFERENCE / "summary.csv").set_index("model")
    for column in means:
        assert summary[column].to_numpy() == pytest.approx(means[column].to_numpy(), rel=1e-6)


def test_kept_predictions_are_probabilities_of_every_test_image(kept):
    for run in kept:
        assert run["probabilities"].shape == (10_000, 10)
        assert run["probabilities"].dtype == np.float32
        assert run["probabilities"].sum(axis=1) == pytest.approx(1, abs=1e-4)
    # The ten models answer alike on nearly every image, whichever they are.
    answers = np.stack([run["probabilities"].argmax(axis=1) for run in kept])
    assert (answers == answers[0]).mean() > 0.98


@pytest.mark.parametrize("page", ["README.md", "docs/reference/README.md"])
def test_the_written_tables_are_the_summarys(page):
    summary = pd.read_csv(REFERENCE / "summary.csv").set_index("model")
    models = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["models"]
    summary.index = [models[model]["name"] for model in summary.index]
    rows = {}
    for line in (ROOT / page).read_text().splitlines():
        if named := re.match(r"\| (Model \d+) \|", line):
            rows[named[1]] = line
    assert list(rows) == list(summary.index)
    for name, row in summary.iterrows():
        interval = f"{100 * row.test_accuracy_low:.2f} to {100 * row.test_accuracy_high:.2f} %"
        assert f"| {100 * row.test_accuracy:.2f} % | {interval} |" in rows[name]


def test_the_numbers_that_others_may_read_are_those_of_the_tables():
    numbers = json.loads((REFERENCE / "analysis.json").read_text())
    jsonschema.validate(numbers, json.loads(SCHEMA.read_text()))
    summary = pd.read_csv(REFERENCE / "summary.csv")
    assert [model["model"] for model in numbers["models"]] == list(summary["model"])
    accuracies = [model["accuracy"]["value"] for model in numbers["models"]]
    assert accuracies == pytest.approx(summary["test_accuracy"].to_list(), rel=1e-9)


def test_the_page_shows_no_images_of_mnist():
    assert "data:image/png" not in (REFERENCE / "report.html").read_text()
    assert (REFERENCE / "runs.zip").stat().st_size < 8e6


@pytest.mark.parametrize(
    "folder", [file.parent for file in (ROOT / "docs" / "examples").glob("*/runs.zip")], ids=str
)
def test_examples_are_what_their_tables_say(folder):
    summary = pd.read_csv(folder / "summary.csv")
    runs = pd.read_csv(folder / "runs.csv")
    written = (folder / "README.md").read_text()
    looked_at = json.loads((folder / "analysis.json").read_text())["looks"] is not None
    for _, row in summary.iterrows():
        own = runs[runs["model"] == row["model"]]["test_accuracy"]
        assert row["test_accuracy"] == pytest.approx(own.mean())
        each = " | ".join(f"{100 * accuracy:.2f} %" for accuracy in own)
        if looked_at:
            each = str(len(own))
        interval = f"{100 * row.test_accuracy_low:.2f} to {100 * row.test_accuracy_high:.2f} %"
        assert f"| {each} | **{100 * row.test_accuracy:.2f} %** | {interval} |" in written
    with zipfile.ZipFile(folder / "runs.zip") as archive:
        cards = [name for name in archive.namelist() if name.endswith("card.json")]
    assert len(cards) == len(runs)
    assert "data:image/png" not in (folder / "report.html").read_text()
    assert (folder / "runs.zip").stat().st_size < 8e6


def test_a_kept_run_comes_back(tmp_path):
    folder = tmp_path / "reference"
    results = tmp_path / "results"
    run = results / "models" / "m" / "seed_0"
    run.mkdir(parents=True)
    probabilities = np.random.default_rng(0).dirichlet(np.full(3, 0.1), 50).astype(np.float32)
    labels = np.arange(50, dtype=np.uint8) % 3
    np.savez(run / "predictions.npz", probabilities=probabilities, labels=labels)
    (run / "card.json").write_text("{}")
    (run.parent / "description.json").write_text('{"model": "m"}')
    (run / "history.csv").write_text("epoch\n1\n")
    for name in (*reference.TEXTS, *(f"figures/{name}.svg" for name in reference.FIGURES)):
        (results / name).parent.mkdir(exist_ok=True)
        (results / name).write_text("made")
    reference.keep(results, folder)
    with pytest.raises(SystemExit, match="no prepared images; expected those of the study"):
        reference.restore(tmp_path / "empty", folder)
    back = tmp_path / "back"
    fabricate_data(back, images=50, classes=3, labels=labels)
    reference.restore(back, folder)
    with np.load(back / "models" / "m" / "seed_0" / "predictions.npz") as restored:
        assert (restored["labels"] == labels).all()
        assert restored["probabilities"] == pytest.approx(probabilities, rel=2**-16, abs=0)
        same = restored["probabilities"].argmax(axis=1) == probabilities.argmax(axis=1)
        assert same.all()
    assert (back / "models" / "m" / "seed_0" / "history.csv").read_text() == "epoch\n1\n"
    assert (back / "models" / "m" / "description.json").read_text() == '{"model": "m"}'
    (results / "report.html").write_text('<img src="data:image/png;base64,x">')
    with pytest.raises(SystemExit, match="expected a page made with show_images: false"):
        reference.keep(results, folder)
