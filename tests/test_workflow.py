"""The whole workflow on a tiny study: what it makes, and what it reruns."""

import html
import json
import re
import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from snakemake.cli import get_argument_parser

from patience import PATIENCE
from projects import TINY, Project, study_only
from training_process import Training

pytestmark = pytest.mark.workflow

DESCRIBED = ("description.json", "layers.txt")
TRAINED = ("history.csv", "model.keras", "predictions.npz", "card.json")


def test_every_output_is_there(finished_study):
    results = finished_study.path("results")
    for model in ("tiny", "wide"):
        for name in TRAINED:
            assert (results / "models" / model / "seed_0" / name).stat().st_size > 0
        for name in DESCRIBED:
            assert (results / "models" / model / name).stat().st_size > 0
        assert (results / "figures" / "loss" / f"{model}.svg").is_file()
    for name in ("runs.csv", "summary.csv", "summary.txt", "summary.md", "conclusions.md"):
        assert (results / name).stat().st_size > 0
    page = (results / "report.html").read_text()
    assert "Tiny" in page
    assert "Wide" in page
    assert "scikit-learn" in page


def test_the_console_has_a_line_an_epoch(finished_study):
    lines = re.findall(
        r"^tiny seed 0  epoch (\d)/2  loss \d\.\d{4}  accuracy +\d+\.\d+%"
        r"  val_loss \d\.\d{4}  val_accuracy +\d+\.\d+%  [\d.]+ s, .* left"
        r"; \d of 2 runs done(?:, study done at about \d\d:\d\d)?$",
        finished_study.first_run,
        flags=re.MULTILINE,
    )
    assert lines == ["1", "2"]
    log = finished_study.path("results/logs/train_model/tiny/seed_0.log").read_text()
    assert "epoch 2/2" in log


def test_the_console_ends_with_what_came_out(finished_study):
    ending = finished_study.first_run.partition("Finished jobid: 0 (Rule: all)")[2]
    findings = json.loads(finished_study.path("results/findings.json").read_text())
    assert findings["headline"] in ending
    assert "The page: results/report.html" in ending


def test_by_default_the_console_has_what_people_read(copy):
    """By the profile, which other tests override to see each job."""
    copy.path("results/report.html").unlink()
    plan = copy.snakemake("--dry-run", quiet=None).stdout
    assert re.search(r"^render_report +1$", plan, re.MULTILINE), plan
    assert "rule render_report:" not in plan
    page = copy.snakemake(quiet=None).stdout
    assert "The page: results/report.html" in page
    for noise in ("rule render_report:", "Select jobs", "Execute 1", "Finished jobid", " steps ("):
        assert noise not in page, page

    copy.path("results/findings.json").write_text("{")
    copy.path("results/report.html").unlink()
    failed = copy.snakemake(quiet=None, check=False).stdout
    assert re.search(r"^Error: results/findings.json: ", failed, re.MULTILINE), failed
    assert "render_report failed: results/findings.json: " in failed
    assert "To go on, run the same command again" in failed


def test_history_card_and_predictions_agree(finished_study):
    folder = finished_study.path("results/models/tiny/seed_0")
    history = pd.read_csv(folder / "history.csv")
    card = json.loads((folder / "card.json").read_text())
    predictions = np.load(folder / "predictions.npz")
    assert list(history.columns) == [
        "model",
        "seed",
        "epoch",
        "loss",
        "accuracy",
        "val_loss",
        "val_accuracy",
        "test_loss",
        "test_accuracy",
        "seconds",
        "judged",
    ]
    assert list(history["epoch"]) == [1, 2]
    assert predictions["probabilities"].shape == (200, 10)
    assert np.allclose(predictions["probabilities"].sum(axis=1), 1, atol=1e-5)
    right = (predictions["probabilities"].argmax(axis=1) == predictions["labels"]).mean()
    assert right == pytest.approx(history["test_accuracy"].iloc[-1], abs=1e-6)
    assert card["status"] == "ok"
    assert card["backend"] == "tensorflow"
    assert {"tensorflow", "jax", "torch"} & set(card["versions"]) == {"tensorflow"}
    assert card["dataset"]["validation"] == "test"
    assert (card["dataset"]["train_images"], card["dataset"]["test_images"]) == (400, 200)
    assert card["training"]["optimizer"]["learning_rate"] == 1.0
    assert card["optimizer"]["rho"] == 0.95
    assert card["clean_train"]["images"] == 400
    assert card["latency_ms"]["median"] > 0
    assert card["seconds"]["training"] == pytest.approx(history["seconds"].sum())
    assert card["seconds"]["job"] > card["seconds"]["training"]
    assert card["threads"] == 2
    assert "architectures/blocks.py" in card["sources"]
    assert "workflow/scripts/train_model.py" in card["sources"]
    assert card["concurrent_runs"] >= 1
    assert card["commit"] is None, "the copy of the workflow is no repository"


def test_a_description_says_what_a_card_does_not(finished_study):
    folder = finished_study.path("results/models/tiny")
    description = json.loads((folder / "description.json").read_text())
    assert description["model"] == "tiny"
    assert (description["image_shape"], description["classes"]) == ([28, 28, 1], 10)
    assert description["output_shape"] == [10]
    assert description["parameters"]["total"] == 40 + 144 * 16 + 16 + 170 - 0 + 0
    assert description["multiply_adds_not_counted"] == []
    assert description["loads_with"] == "keras alone"
    assert description["compute_dtypes"] == ["float32"]
    card = json.loads((folder / "seed_0" / "card.json").read_text())
    assert set(card) & set(description) == {"model"}
    assert "Total params" in (folder / "layers.txt").read_text()


def test_models_are_described_without_training(tiny_study):
    run = tiny_study.snakemake("describe")
    assert "rule train_model:" not in run.stdout
    row = re.search(r"^\| Tiny +\| tiny +\| +2,530 \| +([\d,]+) \| +n, 10 \|$", run.stdout, re.M)
    convolution, dense = 26 * 26 * 3 * 3 * 4, 6 * 6 * 4 * 16 + 16 * 10
    assert row, run.stdout
    assert int(row[1].replace(",", "")) == convolution + dense
    assert tiny_study.planned("describe") == {"describe"}


# What a run imports though no number comes from it.
WITHOUT_NUMBERS = {
    "workflow/scripts/bakeoff/__init__.py",
    *(
        f"workflow/scripts/bakeoff/{name}.py"
        for name in ("compiled", "errors", "files", "garbage", "importing", "in_force", "joblog")
    ),
    # The console's line of an epoch, what it reads of the study, and curves.
    *(
        f"workflow/scripts/bakeoff/{name}.py"
        for name in ("epochs", "levels", "limits", "progress", "tensorboard", "wording")
    ),
    *(
        f"workflow/scripts/bakeoff/study/{name}.py"
        for name in (
            *("__init__", "commit", "decisions", "folders", "identity", "looks", "settings"),
            *("shapes", "sources"),
        )
    ),
}


def test_the_sources_that_were_planned_are_those_really_read(finished_study):
    """What the static search for imports finds is what Python then imports."""
    from bakeoff.study.identity import contender, training_identity
    from bakeoff.study.sources import Sources

    sources = Sources([finished_study.folder])
    card = json.loads(finished_study.path("results/models/tiny/seed_0/card.json").read_text())
    planned = training_identity(sources, contender("tiny"), 0, {})["sources"]
    assert set(card["sources"]) - set(planned) == WITHOUT_NUMBERS
    assert card["sources"] | planned == card["sources"]


def test_an_architecture_edited_while_the_backend_is_imported_is_not_trained(tiny_study, tmp_path):
    """It would be filed under the version before the edit. Here it is edited by its own import."""
    edit = (
        "from pathlib import Path\n\n"
        "file = Path(__file__)\n"
        "file.write_text(file.read_text().replace('relu', 'tanh'))\n"
    )
    tiny_study.add_architecture("edited", TINY.format(units=8) + edit)
    source = tiny_study.path("architectures/edited.py")
    before, said = source.read_text(), "architectures/edited.py: changed since this run was planned"
    described = "results/models/edited/description.json"
    assert said in tiny_study.snakemake(described, check=False).stdout
    assert not tiny_study.path(described).exists()
    source.write_text(before)
    training = Training(tiny_study, tmp_path / "training")
    assert training.start("edited").wait(PATIENCE) == 1
    assert said in training.log.read_text().splitlines()[-1]
    assert not (training.folder / "checkpoints").exists()
    assert source.read_text() != before


def test_the_model_loads_in_plain_keras_and_answers_the_same(finished_study, tmp_path):
    folder = finished_study.path("results/models/tiny/seed_0")
    code = (
        "import sys, keras, numpy as np\n"
        "model = keras.models.load_model(sys.argv[1])\n"
        "x = np.load(sys.argv[2]).astype('float32') / 255\n"
        "kept = np.load(sys.argv[3])['probabilities']\n"
        "assert np.allclose(model.predict(x, batch_size=32, verbose=0), kept, atol=1e-6)\n"
    )
    images = finished_study.path("results/data/digits/test_images.npy")
    files = [folder / "model.keras", images, folder / "predictions.npz"]
    # Elsewhere, so that nothing of this repository can be imported.
    subprocess.run([sys.executable, "-c", code, *files], cwd=tmp_path, check=True)


def test_a_description_reaches_the_report_without_training(copy):
    config = copy.read_config()
    config["models"]["wide"]["description"] = "as wide as <b>ever</b>"
    copy.write_config(config)
    copy.snakemake()
    page = copy.path("results/report.html").read_text()
    assert "as wide as &lt;b&gt;ever&lt;/b&gt;" in page
    assert "<b>ever</b>" not in page


def test_a_diverging_model_is_reported_beside_the_others(tiny_study):
    tiny_study.add_architecture("wild", TINY.format(units=8), name="Wild")
    study_only(tiny_study, "tiny", "wild")
    config = tiny_study.read_config()
    config["models"]["wild"]["training"] = {"optimizer": {"name": "SGD", "learning_rate": 1e30}}
    tiny_study.write_config(config)
    tiny_study.snakemake()
    card = json.loads(tiny_study.path("results/models/wild/seed_0/card.json").read_text())
    assert card["status"] == "diverged"
    assert card["clean_train"]["accuracy"] is None or card["clean_train"]["loss"] is None
    table = tiny_study.path("results/summary.txt").read_text()
    row = next(line for line in table.splitlines() if re.search(r"\| +Wild +\|", line))
    assert "diverged" in row
    conclusions = tiny_study.path("results/conclusions.md").read_text()
    assert "Wild" in conclusions
    assert "diverged" in conclusions
    assert "Tiny" in conclusions


def test_a_holdout_is_validated_on_and_the_test_set_is_apart(tiny_study):
    config = tiny_study.read_config()
    config["data"] |= {"validation": "holdout", "holdout_images": 100}
    config["training"]["deterministic"] = True
    tiny_study.write_config(config)
    tiny_study.snakemake("results/models/tiny/seed_0/card.json")
    folder = tiny_study.path("results/models/tiny/seed_0")
    card = json.loads((folder / "card.json").read_text())
    assert card["training"]["deterministic"] is True
    assert card["dataset"]["validation"] == "holdout"
    assert card["dataset"]["train_images"] == 300
    assert card["dataset"]["validation_images"] == 100
    history = pd.read_csv(folder / "history.csv")
    assert (history["val_loss"] != history["test_loss"]).all()


def test_a_wrong_config_is_one_line_before_anything_is_planned(tiny_study):
    run = tiny_study.snakemake("--config", "training={epochs: 0}", check=False)
    assert run.returncode != 0
    assert "training.epochs: 0 is out of range" in run.stdout
    assert "Traceback" not in run.stdout
    assert not tiny_study.path("results").exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("study: {title: [}", r"config/config.yaml: line \d+: .*; expected YAML: mend that line."),
        ("study:\n  title: a: b", r"config/config.yaml: line \d+: mapping values are not allowed"),
        ("study: {}", r"config/config.yaml: study: given twice \(the second time in line \d+\)"),
    ],
)
def test_a_mistake_in_the_yaml_is_one_line_with_its_place(tiny_study, line, said):
    file = tiny_study.path("config/config.yaml")
    file.write_text(f"{file.read_text()}{line}\n")
    run = tiny_study.snakemake("--dry-run", check=False)
    assert run.returncode != 0
    profile, told = run.stdout.splitlines()
    assert profile.startswith("Using workflow specific profile")
    assert re.match(said, told)


def test_what_stands_in_the_place_of_the_data_is_one_line_and_stays(copy):
    data = copy.path("results/data")
    data.rename(copy.path("data"))
    data.touch()
    run = copy.snakemake("--dry-run", check=False)
    assert run.returncode != 0
    _, told = run.stdout.splitlines()
    assert told.startswith("results/data/digits/data.json: cannot be opened (Not a directory); exp")
    assert data.is_file()


def test_what_users_of_snakemake_expect(finished_study):
    assert "train_model" in finished_study.snakemake("--list-rules").stdout
    assert "train_model" in finished_study.snakemake("--rulegraph").stdout


def test_braces_in_texts_are_the_users_own(copy):
    """In a param, Snakemake takes them for a wildcard unless it is told not to."""

    def change(config):
        config["study"]["title"] = "Networks {A}"
        config["data"] |= {"title": "Digits {B}", "note": "Of {C}."}
        config["models"]["tiny"] |= {"name": "T {D}", "description": "of {E}", "family": "F {F}"}

    copy.change_config(change)
    copy.snakemake("--config", "data={disputed: [1], disputed_note: 'by {G}'}")
    page = html.unescape(copy.path("results/report.html").read_text())
    assert all(f"{{{letter}}}" in page for letter in "ABCDEFG")
    copy.snakemake("--dry-run", "describe", "plan_study", "measure_latency", "write_curves")
    own = {"source": "folder", "path": "config", "group": "p([0-9]{2})_", "classes": ["a {b}", "c"]}
    copy.change_config(lambda config: config.update(data={"dataset": "leaves"} | own))
    assert "prepare_data" in copy.planned()


def command_on_the_page(project):
    """Return the arguments of the command that a study's page names."""
    page = html.unescape(project.path("results/report.html").read_text())
    (command,) = re.findall(r"snakemake (--cores 4 --resources gpu=1[^<\n]*)", page)
    return shlex.split(command)


def test_the_report_names_the_command_that_makes_it(copy):
    copy.snakemake("--config", "study={title: It's mine 🙂}", "data={mirrors: [/elsewhere]}")
    arguments = command_on_the_page(copy)
    assert arguments[-2:] == ["--config", 'study={"title": "It\'s mine 🙂"}']
    assert copy.planned(*arguments, "data={mirrors: [/another]}") == set()


def test_the_command_has_every_overlay_and_the_snakefile(copy, tmp_path):
    """Where the study has no Snakefile, and its overlays are called as people call files."""
    folder = tmp_path / "no snakefile"
    folder.mkdir()
    for part in ("results", ".snakemake"):
        copy.path(part).rename(folder / part)
    elsewhere = Project(folder)
    overlays = {"one's own.yaml": {"show_images": False}, "two.yaml": {"title": "Two"}}
    for name, study in overlays.items():
        elsewhere.path(name).write_text(json.dumps({"study": study}))
    given = ["--snakefile", "../study/Snakefile", "--configfile", *overlays]
    settings = ["--config", "study={seeds: [0]}", "training={backend: tensorflow}"]
    elsewhere.snakemake(*given, *settings)

    arguments = command_on_the_page(elsewhere)
    read, others = get_argument_parser().parse_known_args(arguments)
    assert (read.snakefile, others, read.targets) == ("../study/Snakefile", [], set())
    assert [str(file) for file in read.configfile] == list(overlays)
    assert len(read.config) == 2
    assert elsewhere.planned(*arguments) == set()
    # Of the last overlay alone, the page would be another.
    assert elsewhere.planned(*given[:3], "two.yaml", *settings) != set()
