"""benchmarks/gpu from end to end, on CPUs: pack here, run without network or TensorFlow, unpack."""

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bakeoff.files import sha256_of
from idx_files import write_idx_set
from measuring import ON_GPU
from needs import need_backend
from projects import ROOT, copy_workflow

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
DEAD_PROXY = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A copy of the repository, with a data set of its own in MNIST's files."""
    home = tmp_path_factory.mktemp("home") / "repository"
    copy_workflow(home)
    for part in ("benchmarks", "docs"):
        shutil.copytree(ROOT / part, home / part, ignore=shutil.ignore_patterns("packed", "*.pyc"))
    for file in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / file, home)
    images = home / "images"
    generator = np.random.default_rng(0)
    parts = []
    for count in (400, 200):
        labels = (np.arange(count) % 10).astype(np.uint8)
        parts.append((generator.integers(0, 256, (count, 28, 28), np.uint8), labels))
    write_idx_set(images, *parts)
    data = {"disputed": [], "sha256": {file.name: sha256_of(file) for file in images.iterdir()}}
    (home / "noise.yaml").write_text(yaml.safe_dump({"data": data}))
    return home


@pytest.fixture(scope="module")
def packed(home):
    """The same, after `pack`."""
    run(
        [sys.executable, "benchmarks/gpu/pack.py", "--python", PYTHON]
        + ["--mirror", "images", "--configfile", "noise.yaml"],
        home,
    )
    return home


@pytest.fixture(scope="module")
def borrowed_python(tmp_path_factory):
    """A Python that holds what provided.txt names, with its needs, and pip: nothing else."""
    for name in ("jax", "torch"):
        need_backend(name)
    folder = tmp_path_factory.mktemp("borrowed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    site = folder / "lib" / f"python{PYTHON}" / "site-packages"
    names = (ROOT / "benchmarks" / "gpu" / "provided.txt").read_text().splitlines()
    for distribution in with_needs(["pip", *(n for n in names if n and not n.startswith("#"))]):
        for file in distribution.files:
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (site / top).exists():
                (site / top).symlink_to(distribution.locate_file(top))
    return folder / "bin" / "python"


def is_installed(name):
    try:
        return bool(importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return False


def with_needs(names):
    """Return the installed distributions of ``names`` and of all that they need."""
    found = {}
    while names:
        name = canonicalize_name(names.pop())
        if name in found or not is_installed(name):
            continue
        found[name] = importlib.metadata.distribution(name)
        needs = map(Requirement, found[name].requires or [])
        names += [need.name for need in needs if not need.marker or need.marker.evaluate()]
    return found.values()


def run(command, folder, check=True, env=None):
    """Run a command; return the completed process, all output in ``stdout``."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | (env or {}),
    )
    assert not check or done.returncode == 0, done.stdout
    return done


def offline(command):
    """Return a command as it runs in a network namespace of its own, where that is allowed."""
    alone = ["unshare", "--net", "--map-root-user"]
    allowed = shutil.which("unshare") and not subprocess.run([*alone, "true"]).returncode
    return [*alone, *command] if allowed else command


@pytest.fixture(scope="module")
def there(packed, borrowed_python, tmp_path_factory):
    """The other machine's copy of the repository, after `run`."""
    there = tmp_path_factory.mktemp("there") / "repository"
    shutil.copytree(packed, there)
    without = run([borrowed_python, "-c", "import tensorflow, keras"], there, check=False)
    assert "No module named 'tensorflow'" in without.stdout
    command = [borrowed_python, "benchmarks/gpu/run.py", "findings", "--rehearsal"]
    env = DEAD_PROXY | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = run(offline([*command, "--seconds", "3000"]), there, check=False, env=env)
    log = (there / "findings" / "log.txt").read_text()
    assert done.returncode == 0, f"{done.stdout}\n{log[-4000:]}"
    return there


@pytest.mark.thorough
def test_what_is_packed_is_what_the_lock_pins_and_small_enough(packed):
    folder = packed / "benchmarks" / "gpu" / "packed"
    files = json.loads((folder / "packed.json").read_text())["files"]
    assert sum(entry["bytes"] for entry in files) < 60 * 2**20
    names = {entry["file"].partition("/")[2].split("-")[0] for entry in files}
    assert {"keras", "snakemake", "prettytable", "h5py"} <= names
    assert not {"tensorflow", "numpy", "torch", "jax", "ruff", "pytest"} & names
    lock = (ROOT / "requirements.lock").read_text()
    for entry in files:
        assert sha256_of(folder / entry["file"]) == entry["sha256"]
        if entry["file"].endswith(".whl") and "connection_pool" not in entry["file"]:
            assert entry["sha256"] in lock, entry["file"]


@pytest.mark.thorough
def test_every_step_goes_through_without_network_and_without_tensorflow(there):
    found = json.loads((there / "findings" / "run.json").read_text())
    assert {step["step"]: step["status"] for step in found["steps"]} == dict.fromkeys(
        ("install", "gpu", "smoke", "study", "bfloat16", "sharing", "steps"), "ok"
    )
    assert found["backend"] == "jax"
    assert found["machine"]["versions"]["jax"] == importlib.metadata.version("jax")
    files = list((there / "findings").iterdir())
    assert len(files) <= 8
    assert sum(file.stat().st_size for file in files) < 16 * 2**20
    steps = json.loads((there / "findings" / "steps.json").read_text())
    assert all(speed > 0 for speed in steps["models"]["model_01"]["steps_per_second"].values())
    assert steps["models"]["model_01"]["steps_per_second"].keys() == {"pipeline", "PyTorch"}
    sharing = json.loads((there / "findings" / "sharing.json").read_text())
    assert [entry["runs"] for entry in sharing] == [1, 1]
    # No job compiles anew what another has imported.
    assert list((there / "results" / "gpu" / "site" / "keras").glob("__pycache__/*.pyc"))


@pytest.mark.thorough
def test_unpacked_runs_make_the_report_that_was_made_there(there, packed):
    shutil.copytree(there / "findings", packed / "findings")
    before = (packed / "docs" / "performance.md").read_text()
    run([sys.executable, "benchmarks/gpu/unpack.py", "findings"], packed)
    here, away = (folder / "results" / "gpu" / "study" for folder in (packed, there))
    pd.testing.assert_frame_equal(pd.read_csv(here / "runs.csv"), pd.read_csv(away / "runs.csv"))
    assert (here / "report.html").is_file()
    cards = sorted(file.relative_to(here) for file in here.glob("models/*/*/card.json"))
    assert [str(card.parent) for card in cards] == ["models/model_01/seed_0"]
    for card in cards:
        assert (here / card).read_text() == (away / card).read_text()
    assert (packed / "docs" / "performance.md").read_text() == before
    section = (packed / "results" / "gpu" / "performance.md").read_text()
    assert "A rehearsal: few images" in section
    # The rest of the document is as it was, with or without a section of a real GPU.
    assert section.startswith(before.split(f"\n## {ON_GPU}\n")[0].rstrip())


@pytest.mark.thorough
def test_without_a_gpu_it_ends_in_a_line_that_says_so(packed, borrowed_python, tmp_path):
    command = [borrowed_python, "benchmarks/gpu/run.py", tmp_path / "findings"]
    done = run(command, packed, check=False, env={"PATH": "/nowhere"})
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("gpu: failed")]
    assert line.endswith("expected one NVIDIA GPU")
    assert "smoke" not in done.stdout


@pytest.mark.thorough
def test_a_damaged_pack_is_named_before_anything_is_installed(packed, tmp_path):
    there = tmp_path / "there"
    shutil.copytree(packed, there, ignore=shutil.ignore_patterns("results"))
    wheel = next((there / "benchmarks" / "gpu" / "packed" / "wheels").glob("keras-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-1])
    done = run([sys.executable, "benchmarks/gpu/run.py", "findings"], there, check=False)
    assert done.returncode == 1
    assert f"{wheel}: missing or damaged" in done.stdout
    assert not (there / "results").exists()


class StubStep:
    """Steps for :class:`run.Session`, which notes how each went."""

    def __init__(self, gpu_run):
        self.failed = gpu_run.Step("failing", 60, self.fail)
        self.slow = gpu_run.Step("slow", 0.5, self.sleep)
        self.good = gpu_run.Step("good", 60, lambda *_: None)
        self.gpu_run = gpu_run

    def fail(self, session, seconds):
        session.command([sys.executable, "-c", "print('x'); raise SystemExit('no luck')"], seconds)

    def sleep(self, session, seconds):
        command = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(600)"]
        session.command(command, seconds)


@pytest.fixture
def gpu_run(monkeypatch):
    """The module benchmarks/gpu/run.py, with limits of a moment."""
    import importlib.util

    file = ROOT / "benchmarks" / "gpu" / "run.py"
    spec = importlib.util.spec_from_file_location("gpu_run", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "gpu_run", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "LEAST", 0.1)
    monkeypatch.setattr(module, "GRACE", 0.2)
    monkeypatch.setattr(module, "LOOK", 0.1)
    return module


def test_a_failed_step_says_so_and_the_next_goes_on(gpu_run, tmp_path, capsys):
    steps = StubStep(gpu_run)
    session = gpu_run.Session(tmp_path / "findings", 100, rehearsal=False)
    assert session.work_through([steps.failed, steps.slow, steps.good]) == 1
    printed = capsys.readouterr().out
    assert "failing: failed" in printed
    assert "it said last: no luck" in printed
    assert "slow: failed" in printed
    assert "stopped at its limit of 0 s" in printed
    kept = json.loads((tmp_path / "findings" / "run.json").read_text())
    assert [step["status"] for step in kept["steps"]] == ["failed", "failed", "ok"]


def test_what_does_not_fit_is_left_out_from_the_end(gpu_run, tmp_path, capsys):
    steps = StubStep(gpu_run)
    session = gpu_run.Session(tmp_path / "findings", 0.8, rehearsal=False)
    assert session.work_through([steps.slow, steps.slow, steps.good]) == 1
    kept = json.loads((tmp_path / "findings" / "run.json").read_text())
    assert kept["steps"][-1]["said"].startswith("left out: ")


def test_a_stopped_study_keeps_what_has_finished(gpu_run, tmp_path, monkeypatch):
    """A study of which one run finishes; then nothing more until the limit."""
    monkeypatch.setattr(gpu_run, "WORK", tmp_path)
    monkeypatch.setattr(gpu_run, "models", lambda session, study: [])
    made = tmp_path / "study" / "models" / "m" / "seed_0"
    writing = (
        f"import pathlib, time; f = pathlib.Path({str(made)!r}); f.mkdir(parents=True);"
        "[(f / n).write_text('{}') for n in ('model.keras', 'history.csv', 'card.json')];"
        "(f.parent / 'seed_1').mkdir(); (f.parent / 'seed_1' / 'history.csv').touch();"
        "time.sleep(600)"
    )
    monkeypatch.setattr(gpu_run, "snakemake", lambda *_: [sys.executable, "-c", writing])
    # The limit is reached when all of that is there, however long it takes.
    begun = made.with_name("seed_1") / "history.csv"
    clock = SimpleNamespace(monotonic=lambda: 1000 if begun.exists() else 0)
    monkeypatch.setattr(gpu_run, "time", clock)
    session = gpu_run.Session(tmp_path / "findings", 100, rehearsal=False)
    with pytest.raises(gpu_run.OutOfTimeError):
        gpu_run.run_study(session, "study", 60)
    with gpu_run.zipfile.ZipFile(tmp_path / "findings" / "study.zip") as archive:
        assert sorted(map(Path, archive.namelist())) == [
            Path("models/m/seed_0/card.json"),
            Path("models/m/seed_0/history.csv"),
        ]


@pytest.mark.parametrize(
    ("study", "rehearsal", "models"),
    [
        ("smoke", False, ["model_01", "model_03"]),
        ("study", False, [f"model_{number:02}" for number in range(1, 11)]),
        ("study", True, ["model_01"]),
    ],
)
def test_no_other_models_are_asked_for_than_the_studys_own(
    gpu_run, tmp_path, study, rehearsal, models
):
    session = gpu_run.Session(tmp_path / "findings", 100, rehearsal)
    assert gpu_run.models(session, study) == models


def test_what_was_left_out_at_first_is_taken_from_a_later_folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "gpu")
    import unpack

    folders = [tmp_path / "first", tmp_path / "later"]
    steps = {"first": {"study": "ok", "steps": "failed"}, "later": {"steps": "ok"}}
    for folder in folders:
        folder.mkdir()
        (folder / "steps.json").touch()
        done = [{"step": step, "status": how} for step, how in steps[folder.name].items()]
        run = {"machine": {"gpu": ["one"]}, "rehearsal": False, "steps": done}
        (folder / "run.json").write_text(json.dumps(run))
    (folders[0] / "study.zip").touch()
    found = unpack.what_was_run(folders)["steps"]
    assert {step["step"]: step["status"] for step in found} == {"study": "ok", "steps": "ok"}
    assert unpack.newest(folders, "study.zip") == folders[0] / "study.zip"
    assert unpack.newest(folders, "steps.json") == folders[1] / "steps.json"
    run["machine"] = {"gpu": ["another"]}
    (folders[1] / "run.json").write_text(json.dumps(run))
    with pytest.raises(SystemExit, match="unpack them one by one"):
        unpack.what_was_run(folders)


def test_the_section_of_a_document_is_replaced_and_nothing_else():
    from measuring import replace_section, section_of

    document = "# Title\n\nText.\n\n## One\n\nFirst.\n\n## Two\n\nSecond.\n"
    changed = replace_section(document, "One", "New.")
    assert changed == document.replace("First.", "New.")
    assert section_of(changed, "One") == "New."
    longer = replace_section(document, "Three", "Third.")
    assert longer == f"{document}\n## Three\n\nThird.\n"
    assert section_of(document, "Three") is None
    assert replace_section(longer, "Three", "Third.") == longer


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        ("{", "expected the folder that run.py filled"),
        (json.dumps({"steps": [], "machine": {}}), "no GPU was found there"),
    ],
)
def test_a_folder_without_findings_is_named_by_unpack(tmp_path, content, said):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    done = run([sys.executable, "benchmarks/gpu/unpack.py", tmp_path], ROOT, check=False)
    assert done.returncode == 1
    assert said in done.stdout.splitlines()[-1]
    assert str(tmp_path) in done.stdout
