"""What goes wrong outside our control: one clear line, nothing lost, repaired by the next run."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager

import psutil
import pytest

from patience import PATIENCE
from projects import TINY, Project, study_only

pytestmark = pytest.mark.thorough

SUDO = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]


def errors_in(run):
    return [line for line in run.stdout.splitlines() if line.startswith("Error: ")]


@contextmanager
def mounted(folder, *options):
    """Mount a file system of its own, in memory, on ``folder``."""
    subprocess.run([*SUDO, "mount", "-t", "tmpfs", *options, "tmpfs", folder], check=True)
    subprocess.run([*SUDO, "chown", f"{os.getuid()}", folder], check=True)
    try:
        yield
    finally:
        subprocess.run([*SUDO, "umount", "--lazy", folder], check=True)


# The last first: what a step needs is then as it should be, and it alone meets the fault.
STEPS = {
    "render_report": "results/report.html",
    "write_paper": "results/summary.png",
    "plot_findings": "results/figures/accuracy_forest.svg",
    "write_conclusions": "results/conclusions.md",
    "plot_tradeoffs": "results/figures/accuracy_parameters.svg",
    "plot_loss_curves": "results/figures/loss_overview.svg",
    "collect_results": "results/analysis.json",
    "train_model": "results/models/tiny/seed_0/card.json",
    "describe_model": "results/models/tiny/description.json",
    "prepare_data": "results/data/digits/data.json",
}


@pytest.fixture(scope="module")
def small_disk(finished_study, tmp_path_factory):
    """A copy of the finished study whose results lie on a file system of 64 MB."""
    project = Project(tmp_path_factory.mktemp("disk") / "study")
    shutil.copytree(finished_study.folder, project.folder)
    results, kept = project.path("results"), project.path("kept")
    results.rename(kept)
    results.mkdir()
    with mounted(results, "-o", "size=64m"):
        shutil.copytree(kept, results, dirs_exist_ok=True)
        yield project


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_is_said_and_the_next_run_repairs_it(small_disk, step):
    results, target = small_disk.path("results"), small_disk.path(STEPS[step])
    if step == "train_model":
        shutil.rmtree(next(results.glob("checkpoints/tiny_*")))
    target.unlink()
    filler = results / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(results).free))
    run = small_disk.snakemake(STEPS[step], check=False)
    assert run.returncode != 0
    assert f"Error in rule {step}:" in run.stdout
    assert len(errors_in(run)) == 1, run.stdout
    assert "the disk is full" in errors_in(run)[0], run.stdout
    assert not target.exists()
    assert (results / "models/wide/seed_0/card.json").is_file()
    filler.unlink()
    small_disk.snakemake(STEPS[step])
    assert target.is_file()
    assert small_disk.planned(STEPS[step]) == set()
    assert not list(results.rglob(".unfinished-*"))


def test_read_only_results_are_said_and_what_faults_left_behind_is_made(small_disk):
    results = small_disk.path("results")
    (results / "summary.txt").unlink()
    subprocess.run([*SUDO, "mount", "-o", "remount,ro", results], check=True)
    run = small_disk.snakemake(check=False)
    assert run.returncode != 0
    assert "Write-protected output files" in run.stdout
    subprocess.run([*SUDO, "mount", "-o", "remount,rw", results], check=True)
    small_disk.snakemake()
    assert small_disk.planned() == set()
    assert not list(results.rglob(".unfinished-*"))


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.fixture(scope="module")
def damaged(finished_study, tmp_path_factory):
    """A copy of the finished study of which one file after the other is damaged and repaired."""
    project = Project(tmp_path_factory.mktemp("damaged") / "study")
    shutil.copytree(finished_study.folder, project.folder)
    return project


# The last first, as above.
@pytest.mark.parametrize(
    "file",
    [
        "results/findings.json",
        "results/analysis.json",
        "results/summary.csv",
        "results/models/tiny/seed_0/card.json",
        "results/models/tiny/seed_0/predictions.npz",
        "results/models/tiny/seed_0/history.csv",
        "results/data/digits/data.json",
    ],
)
def test_a_damaged_file_is_named_with_its_remedy(damaged, file):
    before = damaged.histories()
    cut(damaged.path(file))
    run = damaged.snakemake("--keep-going", check=False)
    assert run.returncode != 0
    assert any(
        f"{file}: " in line and re.search("delete (it|the folder)", line) for line in errors_in(run)
    ), run.stdout
    damaged.path(file).unlink()
    output = damaged.snakemake(file).stdout
    # What was trained is still there: no epoch is repeated.
    assert " seed 0  epoch " not in output
    assert damaged.histories() == before
    assert damaged.planned(file) == set()


def test_after_all_repairs_the_study_is_whole_without_an_epoch(damaged, finished_study):
    assert " seed 0  epoch " not in damaged.snakemake().stdout
    assert damaged.histories() == finished_study.histories()
    assert damaged.planned() == set()


def test_a_job_killed_for_memory_goes_on_with_the_next_run(tiny_study):
    tiny_study.change_config(lambda config: config["training"].update(epochs=40))
    target = "results/models/tiny/seed_0/card.json"
    with tiny_study.start_snakemake(target) as running:
        running.wait_for("tiny seed 0  epoch  3/40")
        for process in psutil.Process(running.process.pid).children(recursive=True):
            if process.name().startswith("python"):
                process.send_signal(signal.SIGKILL)
        assert running.process.wait(PATIENCE) != 0
    assert "Error in rule train_model" in running.output()
    killed = "train_model/tiny/seed_0 was killed by signal 9 (often: out of memory) (log: "
    assert killed in running.output()
    assert "going on after epoch" in tiny_study.snakemake(target).stdout


DATA = "results/data/digits/data.json"
DISPUTED = "data.disputed: 360; expected indices from 0 to 359, as there are 360 test images in "


def dispute(project, *places):
    project.change_config(lambda config: config["data"].update(disputed=list(places)))


def test_a_disputed_index_beyond_the_test_set_is_refused_before_preparing_is_done(tiny_study):
    dispute(tiny_study, 359, 360)
    run = tiny_study.snakemake(check=False)
    said = f"Error: config/config.yaml: {DISPUTED}scikit-learn's digits: "
    assert [line[: len(said)] for line in errors_in(run)] == [said]
    assert " epoch " not in run.stdout
    assert not tiny_study.path(DATA).exists()


def test_a_disputed_index_beyond_the_test_set_is_refused_while_planning(copy):
    """Though the study takes 200 of the 360 images, and nothing is prepared anew."""
    dispute(copy, 360)
    run = copy.snakemake("--dry-run", check=False)
    assert run.returncode != 0
    assert f"config/config.yaml: {DISPUTED}{DATA}: correct the index" in run.stdout
    assert "Traceback" not in run.stdout
    copy.path("config/over.yaml").write_text("data: {disputed: [400]}\n")
    run = copy.snakemake("--dry-run", "--configfile", "config/over.yaml", check=False)
    assert "config/over.yaml: data.disputed: 400; expected indices from 0 to 359" in run.stdout
    dispute(copy, 359)
    assert "prepare_data" not in copy.planned()


def test_a_disputed_index_beyond_the_test_set_is_refused_before_training(tiny_study):
    """Where the data was prepared after planning, by something that knew of no such list."""
    cache = os.environ | {"SNAKEMAKE_OUTPUT_CACHE": str(tiny_study.path("cache"))}
    tiny_study.path("cache").mkdir()
    tiny_study.snakemake(DATA, "--cache", "prepare_data", env=cache)
    shutil.rmtree(tiny_study.path(DATA).parent)
    dispute(tiny_study, 360)
    run = tiny_study.snakemake("--cache", "prepare_data", check=False, env=cache)
    assert errors_in(run), run.stdout
    for line in errors_in(run):
        assert line.startswith(f"Error: config/config.yaml: {DISPUTED}{DATA}: ")
    assert " epoch " not in run.stdout


def test_two_snakemakes_at_once(tiny_study):
    target = "results/models/tiny/seed_0/card.json"
    go = tiny_study.path("go")
    waiting = f"    while not __import__('os').path.exists({str(go)!r}):\n"
    waiting += "        __import__('time').sleep(0.05)\n"
    source = TINY.format(units=16).replace("    inputs =", f"{waiting}    inputs =", 1)
    tiny_study.path("architectures/tiny.py").write_text(source)
    with tiny_study.start_snakemake(target) as running:
        running.wait_for("rule describe_model:")
        second = tiny_study.snakemake(target, check=False)
        go.touch()
        assert second.returncode != 0
        assert "cannot be locked" in second.stdout
        assert running.process.wait(PATIENCE) == 0
    assert tiny_study.planned(target) == set()


def test_a_report_in_spite_of_a_model_that_fails(tiny_study):
    broken = "def build(input_shape, num_classes):\n    raise RuntimeError('no such layer')\n"
    tiny_study.add_architecture("broken", broken, name="Broken")
    study_only(tiny_study, "tiny", "broken")
    run = tiny_study.snakemake("--keep-going", check=False)
    assert run.returncode != 0
    errors = errors_in(run)
    assert len(errors) == 1
    assert "architectures/broken.py: build: raised RuntimeError: no such layer" in errors[0]
    log = tiny_study.path("results/logs/describe_model/broken.log").read_text()
    assert "Traceback (most recent call last)" in log
    assert not tiny_study.path("results/models/broken/seed_0/card.json").exists()
    assert "wildcards: model=broken, seed=0" not in run.stdout, "refused before a GPU is taken"
    assert "tiny seed 0  epoch 2/2" in run.stdout

    finished = ["--config", "study={finished_only: true}"]
    assert not any("/" in job for job in tiny_study.planned(*finished))
    tiny_study.snakemake(*finished)
    for name in ("summary.txt", "conclusions.md", "report.html"):
        text = tiny_study.path("results", name).read_text()
        assert "Tiny" in text
        assert re.search(r"Not finished, and left out: Broken|Broken has not finished", text)

    # Mended, the whole study is made, and only the missing model is trained.
    tiny_study.path("architectures/broken.py").write_text(TINY.format(units=8))
    output = tiny_study.snakemake().stdout
    assert "broken seed 0  epoch 2/2" in output
    assert "tiny seed 0  epoch" not in output
    assert "left out" not in tiny_study.path("results/summary.txt").read_text()


def test_a_report_on_nothing_is_refused(tiny_study):
    run = tiny_study.snakemake("--config", "study={finished_only: true}", check=False)
    assert run.returncode != 0
    assert (
        "--config on the command line: study.finished_only: no model has finished; expected one:"
        " train first."
    ) in run.stdout


def test_checkpoints_are_listed_and_cleared(copy):
    listed = copy.snakemake("list_checkpoints").stdout
    assert re.search(r"\d MB  tiny_seed_0_[0-9a-f]{16}", listed)
    assert re.search(r"[1-9][\d.]* MB  in all in results/checkpoints", listed)
    cleared = copy.snakemake("clear_checkpoints").stdout
    assert " 0.0 MB  left in results/checkpoints" in cleared
    assert not list(copy.path("results/checkpoints").iterdir())
    assert copy.planned() == set()
