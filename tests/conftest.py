"""The tiers of the tests, and the studies that many of them start from."""

import compileall
import gc
import os
import shutil
import signal
import sys

import pytest
from filelock import FileLock

import projects
from bakeoff.study.sources import KEPT, Sources
from projects import PARTS, ROOT, Project, make_tiny_study

TIERS = ("thorough", "workflow", "unit")
WAITS_MOST = "test_slurm.py"


def pytest_sessionstart(session):
    """Prepare copies of the workflow once, not each of them; let Ctrl-C end what tests start."""
    # What a shell starts in the background ignores it, and so does all that this starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    projects.meanings = ROOT / KEPT
    if not hasattr(session.config, "workerinput"):
        compileall.compile_dir(ROOT / "workflow", quiet=2)
        sources = Sources([ROOT], kept=projects.meanings)
        for part in PARTS:
            for file in (ROOT / part).rglob("*.py"):
                sources.checksum(file)
        sources.keep()


def pytest_collection_modifyitems(items):
    """Give each test its tier.

    The files with the slowest tests come first: what begins last decides when all is done. Of these
    the one that waits most is the first, beside others that use several cores.
    """
    first = {}
    for item in items:
        if not any(item.iter_markers("workflow")) and not any(item.iter_markers("thorough")):
            item.add_marker(pytest.mark.unit)
        tier = min(TIERS.index(mark.name) for mark in item.iter_markers() if mark.name in TIERS)
        first[item.path] = min(tier, first.get(item.path, tier))
    items.sort(key=lambda item: (first[item.path], item.path.name != WAITS_MOST))


@pytest.fixture(autouse=True)
def _units_start_no_keras(request):
    """Let a unit test that is the first to import Keras fail: it is no unit test."""
    started = "keras" in sys.modules
    yield
    if request.node.get_closest_marker("unit") and not started and "keras" in sys.modules:
        pytest.fail("a unit test has imported Keras; mark it as workflow")


@pytest.fixture(scope="module", autouse=True)
def _no_garbage_to_look_through():
    """Keep what is loaded from the garbage collector.

    statsmodels calls it in every correction of p-values, which took three fifths of the time of
    the tests of findings.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with architectures of its own, out of reach of this repository's."""
    (tmp_path / "architectures").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    kept = {name: module for name, module in sys.modules.items() if _is_architecture(name)}
    for name in kept:
        del sys.modules[name]
    yield tmp_path
    for name in [name for name in sys.modules if _is_architecture(name)]:
        del sys.modules[name]
    sys.modules.update(kept)


def _is_architecture(name):
    return name.partition(".")[0] == "architectures"


@pytest.fixture
def tiny_study(tmp_path):
    """A tiny study that has not run yet."""
    return make_tiny_study(tmp_path / "study")


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory):
    """A tiny study that has run. Tests must not change it.

    The first of pytest's workers makes it; each has a copy.
    """
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    made, said = shared / "finished_study", shared / "finished_study.txt"
    with FileLock(f"{made}.lock"):
        if not said.exists():
            # What a worker that failed at it has left.
            shutil.rmtree(made, ignore_errors=True)
            said.write_text(make_tiny_study(made).snakemake().stdout)
    project = Project(tmp_path_factory.mktemp("finished") / "study")
    shutil.copytree(made, project.folder)
    project.first_run = said.read_text()
    return project


@pytest.fixture
def copy(finished_study, tmp_path):
    """A copy of the finished tiny study that a test may change."""
    shutil.copytree(finished_study.folder, tmp_path / "study")
    return Project(tmp_path / "study")
