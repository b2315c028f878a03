"""The rerun contract of docs/reruns.md, line by line: a change, and what a dry run plans."""

import os
import re
import shutil
import time

import pytest
import yaml

from patience import PATIENCE
from projects import RUNS_ALONE, TINY, Project, make_tiny_study

pytestmark = pytest.mark.workflow

COLLECTING = {
    "collect_results",
    "plot_loss_curves",
    "plot_tradeoffs",
    "plot_findings",
    "write_conclusions",
    "write_paper",
    "render_report",
}
# What shows names, descriptions and titles, of numbers that stay.
WORDS_AND_PICTURES = COLLECTING - {"collect_results"}
DESCRIPTIONS = {"tiny", "wide"}
Runs = {"tiny/0", "wide/0"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A finished tiny study in which one model has settings, arguments and a module of its own."""
    project = make_tiny_study(tmp_path_factory.mktemp("contract") / "study")
    project.path("architectures/own.py").write_text("UNITS = 32\n")
    source = TINY.format(units="units").replace("conv(inputs, 4, 3)", "conv(inputs, filters, 3)")
    source = source.replace("num_classes):", "num_classes, units=own.UNITS, filters=2):")
    source = source.replace(
        "from architectures.blocks import",
        "from architectures import own\nfrom architectures.blocks import",
    )
    project.path("architectures/wide.py").write_text(source)
    own = {"training": {"epochs": 2, "batch_size": 40}, "arguments": {"units": 32, "filters": 4}}
    project.change_config(lambda c: c["models"]["wide"].update(own))
    project.snakemake()
    return project


@pytest.fixture
def copy(study, tmp_path):
    """A copy of the finished study that a test may change, with the dates it had."""
    shutil.copytree(study.folder, tmp_path / "study")
    return Project(tmp_path / "study")


def append(project, *files, old=False):
    """Edit files; with ``old``, give them a date long before any result."""
    for file in files:
        path = project.path(file)
        edit = "EDITED = True\n" if path.suffix == ".py" else "# edited\n"
        path.write_text(path.read_text() + edit)
        if old:
            os.utime(path, (0, 0))


def touch_sources(project, when):
    """Give every source a new date, as a fresh checkout does."""
    for part in ("Snakefile", "architectures", "config", "profiles", "workflow", "envs"):
        for path in [project.path(part), *project.path(part).rglob("*")]:
            os.utime(path, (when, when))


def reverse_everything(config):
    """Turn round the order of models and of keys everywhere."""
    config["study"]["models"].reverse()

    def turned(value):
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return value

    for key in list(config):
        config[key] = turned(config.pop(key))


def set_in(*keys, value):
    def change(config):
        for key in keys[:-1]:
            config = config.setdefault(key, {})
        config[keys[-1]] = value

    return lambda project: project.change_config(change)


def describe_data(**data):
    """Return a change of the file that describes the data set."""

    def change(project):
        file = project.path("config/datasets/digits.yaml")
        described = yaml.safe_load(file.read_text())
        described["data"] |= data
        file.write_text(yaml.safe_dump(described))

    return change


def describe_data_in_the_config(project):
    """Move all that describes the data set into the study's config."""
    file = project.path("config/datasets/digits.yaml")
    described = yaml.safe_load(file.read_text())["data"]
    file.unlink()
    project.change_config(lambda config: config["data"].update(described))


def add_model(project):
    project.add_architecture("third", TINY.format(units=8), name="Third")


def remove_model(project):
    project.change_config(lambda config: config["study"]["models"].remove("tiny"))


def add_variant(project):
    variant = {"key": "third", "name": "Third", "description": "a variant"}
    set_in("models", "wide", "vary", value=[variant | {"arguments": {"units": 8}}])(project)


def rename_key(project):
    """Give a model another key, under which its architecture is named."""

    def change(config):
        config["models"]["renamed"] = config["models"].pop("wide") | {"architecture": "wide"}
        config["study"]["models"][-1] = "renamed"

    project.change_config(change)


def swap_values(project):
    project.change_config(
        lambda c: c["models"]["wide"].update(training={"epochs": 40, "batch_size": 2})
    )


def reword_sources(project):
    """Change comments, docstrings and blank lines of every Python source."""
    for folder in ("architectures", "workflow"):
        for path in project.path(folder).rglob("*.py"):
            text = path.read_text().replace('"""', '"""Other words. ', 1)
            path.write_text(f"# A comment.\n\n{text}\n\n# The end.\n")


CONTRACT = {
    "nothing": (lambda project: None, set()),
    "comments, docstrings and blank lines of every source": (reword_sources, set()),
    "an architecture edited": (
        lambda project: append(project, "architectures/tiny.py"),
        {"tiny", "tiny/0"} | COLLECTING,
    ),
    "every source touched": (lambda project: touch_sources(project, time.time()), set()),
    "the prepared arrays touched": (lambda project: touch_arrays(project), set()),
    "the prepared arrays deleted": (lambda project: delete_arrays(project), set()),
    "every source checked out with an old date": (lambda p: touch_sources(p, 0), set()),
    "an architecture edited and given an old date": (
        lambda project: append(project, "architectures/tiny.py", old=True),
        {"tiny", "tiny/0"} | COLLECTING,
    ),
    "the shared blocks edited": (
        lambda project: append(project, "architectures/blocks.py"),
        DESCRIPTIONS | Runs | COLLECTING,
    ),
    "training code edited": (
        lambda project: append(project, "workflow/scripts/train_model.py"),
        Runs | COLLECTING,
    ),
    "a module that training imports edited, with an old date": (
        lambda project: append(
            project, "workflow/scripts/bakeoff/training/checkpoints.py", old=True
        ),
        Runs | COLLECTING,
    ),
    "what builds a model edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/training/architecture.py"),
        DESCRIPTIONS | Runs | COLLECTING,
    ),
    "describing code edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/describe/notation.py"),
        DESCRIPTIONS | COLLECTING - {"plot_loss_curves"},
    ),
    "describing code and the epochs of one model": (
        lambda project: (
            append(project, "workflow/scripts/bakeoff/describe/layers.py"),
            set_in("models", "tiny", "training", value={"epochs": 3})(project),
        ),
        DESCRIPTIONS | {"tiny/0"} | COLLECTING,
    ),
    "code that a run uses and no number comes from": (
        lambda project: append(
            project,
            "workflow/scripts/bakeoff/study/commit.py",
            "workflow/scripts/bakeoff/study/identity.py",
        ),
        {"render_report", "write_paper"},
    ),
    "a module of a model's own edited": (
        lambda project: append(project, "architectures/own.py"),
        {"wide", "wide/0"} | COLLECTING,
    ),
    "a setting of one model": (
        set_in("models", "tiny", "training", value={"batch_size": 16}),
        {"tiny/0"} | COLLECTING,
    ),
    "a setting that says what is so without it": (
        set_in("models", "tiny", "training", value={"deterministic": False}),
        set(),
    ),
    "a default of the optimizer written out": (
        set_in("training", "optimizer", "epsilon", value=1e-7),
        set(),
    ),
    "two values of one model swapped": (swap_values, {"wide/0"} | COLLECTING),
    "an argument of one model": (
        set_in("models", "wide", "arguments", "units", value=16),
        {"wide", "wide/0"} | COLLECTING,
    ),
    "a schedule of one model": (
        set_in("models", "wide", "training", "schedule", value={"name": "step", "every": 1}),
        {"wide/0"} | COLLECTING,
    ),
    "a schedule that changes nothing": (
        set_in("training", "schedule", value={"name": "constant", "warmup": 0}),
        set(),
    ),
    "augmentation of one model": (
        set_in("models", "wide", "training", "augmentation", value={"shift": 0.1}),
        {"wide/0"} | COLLECTING,
    ),
    "augmentation that changes nothing": (
        set_in("training", "augmentation", value={"shift": 0, "flip": None}),
        set(),
    ),
    "how training images are augmented edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/data/augmentation.py"),
        Runs | COLLECTING,
    ),
    "the judged epoch, which is the last without it": (
        set_in("models", "tiny", "training", value={"evaluate": "last", "early_stopping": None}),
        set(),
    ),
    "curves for TensorBoard": (
        set_in("training", "tensorboard", value=True),
        {"write_curves"},
    ),
    "two arguments of one model swapped": (
        set_in("models", "wide", "arguments", value={"units": 4, "filters": 32}),
        {"wide", "wide/0"} | COLLECTING,
    ),
    "the file of a model named, which its key is": (
        set_in("models", "wide", "architecture", value="wide"),
        set(),
    ),
    "a variant added": (add_variant, {"third", "third/0"} | COLLECTING),
    "a study-wide setting that one model overrides": (
        set_in("training", "batch_size", value=16),
        {"tiny/0"} | COLLECTING,
    ),
    "a study-wide setting that none overrides": (
        set_in("training", "optimizer", "rho", value=0.9),
        DESCRIPTIONS | Runs | COLLECTING,
    ),
    "mirrors": (set_in("data", "mirrors", value=["/elsewhere"]), set()),
    "the title of the data": (set_in("data", "title", value="Digits"), WORDS_AND_PICTURES),
    "retries": (set_in("data", "attempts", value=7), set()),
    "mirrors and retries in the data set's own file": (
        describe_data(mirrors=["/elsewhere"], attempts=7, timeout=1),
        set(),
    ),
    "checksums in the data set's own file, where nothing is downloaded": (
        describe_data(md5={"t10k-labels-idx1-ubyte.gz": "0" * 32}),
        set(),
    ),
    "the title in the data set's own file": (describe_data(title="Numerals"), WORDS_AND_PICTURES),
    "disputed labels in the data set's own file": (describe_data(disputed=[3]), COLLECTING),
    "the names of the classes in the data set's own file": (
        describe_data(classes=list("abcdefghij")),
        {"prepare_data"} | DESCRIPTIONS | Runs | COLLECTING,
    ),
    "the data set described in the config": (describe_data_in_the_config, set()),
    "a subset": (
        set_in("data", "train_images", value=300),
        {"prepare_data"} | DESCRIPTIONS | Runs | COLLECTING,
    ),
    "a holdout": (
        set_in("data", "validation", value="holdout"),
        {"prepare_data"} | DESCRIPTIONS | Runs | COLLECTING,
    ),
    "disputed labels": (set_in("data", "disputed", value=[3]), COLLECTING),
    "a description": (set_in("models", "tiny", "description", value="other"), WORDS_AND_PICTURES),
    "a family": (set_in("models", "tiny", "family", value="second"), WORDS_AND_PICTURES),
    "a display name": (set_in("models", "tiny", "name", value="Other"), WORDS_AND_PICTURES),
    "the order of models and keys": (
        lambda project: project.change_config(reverse_everything),
        COLLECTING,
    ),
    "a model added": (add_model, {"third", "third/0"} | COLLECTING),
    "a seed added": (
        set_in("study", "seeds", value=[0, 1]),
        {"tiny/1", "wide/1"} | COLLECTING,
    ),
    "a model removed": (remove_model, COLLECTING),
    "how numbers are computed edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/analysis/ranking.py"),
        COLLECTING - {"plot_loss_curves"},
    ),
    "a sentence edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/findings/ranking.py"),
        {"write_conclusions", "write_paper", "render_report"},
    ),
    "a picture edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/figures/comparisons.py"),
        {"plot_findings", "write_paper", "render_report"},
    ),
    "the look of all pictures edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/figures/style.py"),
        WORDS_AND_PICTURES - {"write_conclusions"},
    ),
    "the page edited": (
        lambda project: append(project, "workflow/scripts/bakeoff/report/tables.py"),
        {"render_report"},
    ),
    "the page's template edited": (
        lambda project: append(project, "workflow/report/report.html.j2"),
        {"render_report"},
    ),
    "epochs raised": (set_in("training", "epochs", value=3), {"tiny/0"} | COLLECTING),
    "an environment file edited": (
        lambda project: append(project, "envs/training.yaml", "envs/reporting.yaml"),
        set(),
    ),
}


def arrays_of(project):
    return sorted(project.path("results/data/digits").glob("*.np[yz]"))


def touch_arrays(project):
    for file in arrays_of(project):
        file.touch()


def delete_arrays(project):
    for file in arrays_of(project):
        file.unlink()


@pytest.mark.parametrize("line", CONTRACT)
def test_contract(copy, line):
    change, expected = CONTRACT[line]
    change(copy)
    assert copy.planned() == expected


UNRECORDED = (
    *("nothing", "every source touched", "an architecture edited", "a setting of one model"),
    *("an argument of one model", "a study-wide setting that none overrides", "epochs raised"),
    *("a holdout", "the names of the classes in the data set's own file", "mirrors"),
    *("a seed added", "a model added", "a setting that says what is so without it"),
)


@pytest.mark.parametrize("line", UNRECORDED)
def test_contract_without_snakemakes_records(copy, line):
    """As in a copy of the results: what was trained says itself of what, the rest is made anew."""
    shutil.rmtree(copy.path(".snakemake"))
    change, expected = CONTRACT[line]
    change(copy)
    assert copy.planned() == expected | COLLECTING


def test_results_called_by_another_path_are_the_same_results(copy):
    results = f"pathvars={{results: {copy.path('results')}}}"
    assert copy.planned("--config", results) == COLLECTING
    append(copy, "architectures/tiny.py")
    assert copy.planned("--config", results) == {"tiny", "tiny/0"} | COLLECTING


def test_where_a_config_lies_and_what_it_repeats_plan_nothing(copy, tmp_path):
    for place in ("near", "far/away"):
        overlay = tmp_path / place / "overlay.yaml"
        overlay.parent.mkdir(parents=True)
        overlay.write_text("training: {deterministic: false}\n")
        assert copy.planned("--configfile", overlay) == set()
    assert copy.planned("--config", "training={deterministic: false}") == set()


@pytest.mark.parametrize("results", ["results/", "./results", "results/.", "results//"])
def test_one_folder_is_one_however_it_is_written(copy, results):
    set_in("pathvars", "results", value=results)(copy)
    assert copy.planned() == set()
    assert copy.planned("results/report.html") == set()


def test_records_that_were_wiped_hide_no_edit(copy):
    """As Snakemake advises, for each job that a changed param has planned."""
    set_in("models", "tiny", "training", value={"batch_size": 16})(copy)
    run = copy.path("results/models/tiny/seed_0")
    # The outputs, as a shell's star has them.
    files = [str(file.relative_to(copy.folder)) for file in run.glob("[!.]*")]
    assert len(files) == 4
    copy.snakemake("--cleanup-metadata", *files)
    assert copy.planned() == {"tiny/0"} | COLLECTING


def test_runs_put_in_the_place_of_others_are_not_taken_for_them(copy):
    """Snakemake has a record of that path, of the run that was there before."""
    card = copy.path("results/models/tiny/seed_0/card.json")
    made = card.stat().st_mtime
    card.write_text(card.read_text().replace('"identity": "', '"identity": "0'))
    os.utime(card, (made, made))
    assert copy.planned() == {"tiny/0"} | COLLECTING


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("models/tiny/seed_0/card.json", "identity"),
        ("models/tiny/seed_0/card.json", "checksum"),
        ("models/tiny/description.json", "fingerprint"),
    ],
)
def test_what_is_written_over_after_the_planning_is_not_collected(copy, file, key):
    """As a process does that outlived its command; here, that nothing else may be made stands."""
    written = copy.path("results", file)
    made = written.stat().st_mtime
    written.write_text(written.read_text().replace(f'"{key}": "', f'"{key}": "0'))
    os.utime(written, (made, made))
    numbers = copy.path("results/analysis.json")
    numbers.unlink()
    collect = ["--allowed-rules", "collect_results", "--", "results/analysis.json"]
    refused = copy.snakemake(*collect, check=False)
    assert refused.returncode != 0
    said = f"results/{file}: made of other settings, sources or data than this command was planned"
    assert [line for line in refused.stdout.splitlines() if said in line], refused.stdout
    assert not numbers.exists()
    # As it says.
    copy.snakemake("results/analysis.json")
    assert numbers.is_file()


def test_seeds_added_to_runs_of_other_settings_are_not_averaged_with_them(copy):
    shutil.rmtree(copy.path(".snakemake"))
    set_in("study", "seeds", value=[0, 1])(copy)
    set_in("training", "optimizer", "learning_rate", value=0.01)(copy)
    assert copy.planned() == DESCRIPTIONS | Runs | {"tiny/1", "wide/1"} | COLLECTING


def test_finished_only_takes_no_run_of_other_settings_and_trains_nothing(copy):
    finished = ["--config", "study={finished_only: true}"]
    append(copy, "architectures/tiny.py")
    assert copy.planned(*finished) == COLLECTING
    copy.path("results/models/wide/description.json").unlink()
    refused = copy.snakemake("--dry-run", *finished, check=False)
    assert refused.returncode != 0
    assert "study.finished_only: no model has finished; expected one" in refused.stdout


def test_finished_only_trains_nothing_on_other_data(copy):
    set_in("data", "train_images", value=300)(copy)
    refused = copy.snakemake("--dry-run", "--config", "study={finished_only: true}", check=False)
    assert "study.finished_only: no model has finished; expected one" in refused.stdout


def test_a_copy_without_records_is_completed_without_an_epoch(copy):
    shutil.rmtree(copy.path(".snakemake"))
    run = copy.snakemake()
    assert "rule train_model:" not in run.stdout
    assert "rule describe_model:" not in run.stdout
    assert copy.planned() == set()


def test_a_run_that_lacks_an_array_says_what_to_delete(copy):
    delete_arrays(copy)
    card = copy.path("results/models/tiny/seed_0/card.json")
    card.unlink()
    run = copy.snakemake(check=False)
    assert run.returncode != 0
    assert "per_image.npz: cannot be read (" in run.stdout
    assert "delete the folder results/data/digits and run snakemake again" in run.stdout
    shutil.rmtree(copy.path("results/data/digits"))
    assert not re.search(r"epoch +\d+/", copy.snakemake(*RUNS_ALONE).stdout)
    assert card.is_file()
    assert copy.planned(*RUNS_ALONE) == set()


def test_whatever_is_missing_is_made_again(copy):
    """Snakemake does not miss a file that is only there for others, while these still stand."""
    results = copy.path("results")
    made = [file for file in results.glob("*.*") if file.is_file()]
    made += [file for file in results.glob("figures/*") if file.name != "loss"]
    assert len(made) == 19
    for file in made:
        content = file.read_bytes(), file.stat().st_mtime
        file.unlink()
        assert copy.planned() != set(), file
        file.write_bytes(content[0])
        os.utime(file, (content[1], content[1]))
    assert copy.planned() == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--set-threads", "train_model=1"],
        ["--resources", "gpu=4"],
        ["--set-resources", "train_model:mem_mb=1", "train_model:runtime=1"],
        ["--default-resources", "mem_mb=1"],
        ["--profile", "slurm", "--set-resources", "train_model:runtime=7 * attempt"],
    ],
)
def test_machines_are_no_part_of_a_result(study, arguments):
    assert study.planned(*arguments) == set()
    assert study.planned(*arguments, cores=1) == set()


def test_without_the_profile_edits_are_found_all_the_same(copy):
    assert copy.planned("--workflow-profile", "none") == set()
    append(copy, "architectures/own.py", old=True)
    plan = copy.planned("--workflow-profile", "none")
    assert "wide/0" in plan
    assert "tiny/0" not in plan


def test_preparing_code_costs_no_epoch(copy):
    """Runs may be planned, but each returns from its finished checkpoint."""
    append(copy, "workflow/scripts/prepare_data.py")
    before = copy.histories()
    run = copy.snakemake(*RUNS_ALONE)
    assert "prepare_data" in run.stdout
    assert not re.search(r"epoch +\d+/", run.stdout)
    assert copy.histories() == before
    assert copy.planned(*RUNS_ALONE) == set()


def test_another_name_of_the_data_costs_no_epoch(copy):
    """Its file has that name: runs are planned, and return from finished checkpoints."""
    described = yaml.safe_load(copy.path("config/datasets/digits.yaml").read_text())
    described["data"]["dataset"] = "numerals"
    copy.path("config/datasets/numerals.yaml").write_text(yaml.safe_dump(described))
    set_in("data", "dataset", value="numerals")(copy)
    before = copy.histories()
    run = copy.snakemake(*RUNS_ALONE)
    assert not re.search(r"epoch +\d+/", run.stdout)
    assert copy.histories() == before
    assert copy.planned(*RUNS_ALONE) == set()


def test_another_key_of_a_model_costs_no_epoch(copy):
    """It is described and planned, and returns from the finished checkpoint of the old key."""
    history = copy.path("results/models/wide/seed_0/history.csv")
    trained = history.read_text()
    rename_key(copy)
    assert copy.planned() == {"renamed", "renamed/0"} | COLLECTING
    output = copy.snakemake(*RUNS_ALONE).stdout
    assert "epoch 1/2" not in output
    renamed = copy.path("results/models/renamed/seed_0/history.csv").read_text()
    assert renamed == trained.replace("wide,", "renamed,")


def test_a_description_made_anew_costs_no_epoch_now_or_later(copy):
    append(copy, "workflow/scripts/bakeoff/describe/notation.py")
    before = copy.histories()
    run = copy.snakemake(*RUNS_ALONE)
    assert "rule describe_model:" in run.stdout
    assert "rule train_model:" not in run.stdout
    assert copy.histories() == before
    assert copy.planned(*RUNS_ALONE) == set()
    # What is asked for next is planned as if the description had always been so.
    append(copy, "architectures/tiny.py")
    assert copy.planned() == {"tiny", "tiny/0"} | COLLECTING


def test_a_description_alone_is_made_before_what_an_edit_retrains(copy):
    append(copy, "architectures/tiny.py")
    assert copy.planned("describe") == {"describe", "tiny"}
    copy.snakemake("describe")
    assert copy.planned() == {"tiny/0"} | COLLECTING


def test_a_source_edited_while_its_training_runs_is_trained_on_the_next_run(tiny_study):
    tiny_study.change_config(lambda config: config["training"].update(epochs=60))
    with tiny_study.start_snakemake("results/models/tiny/seed_0/card.json") as running:
        running.wait_for("tiny seed 0  epoch  2/60")
        append(tiny_study, "architectures/tiny.py", old=True)
        assert running.process.wait(PATIENCE) == 0
    assert tiny_study.planned("results/models/tiny/seed_0/card.json") == {"tiny", "tiny/0"}


def test_a_source_edited_before_its_training_starts_stops_it(tiny_study):
    with tiny_study.start_snakemake("results/models/tiny/seed_0/card.json") as running:
        running.wait_for("rule prepare_data:")
        append(tiny_study, "architectures/tiny.py")
        assert running.process.wait(PATIENCE) != 0
    assert "architectures/tiny.py: changed since this run was planned" in running.output()
    tiny_study.snakemake("results/models/tiny/seed_0/card.json")
