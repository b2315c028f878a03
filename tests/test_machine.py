"""What a process says of its memory, and of the runs beside it, against what is known."""

import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

from bakeoff.training.sharing import count_runs, counted_run

REPORT = "from bakeoff.training.machine import peak_memory_mb; print(peak_memory_mb())"


def test_the_peak_is_kept_after_the_memory_is_given_back():
    run = f"import numpy; numpy.ones(300_000_000, dtype=numpy.uint8); {REPORT}"
    assert 300 < float(_output(run)) < 400


def test_the_peak_is_not_that_of_the_program_that_started_this_one():
    large = np.ones(600_000_000, dtype=np.uint8)
    assert float(_output(REPORT)) < 100
    del large


HOLD = """
import sys
from bakeoff.training.sharing import counted_run
with counted_run(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_runs_that_share_the_machine_are_counted_by_their_locks(tmp_path):
    assert count_runs(tmp_path) == 1
    with counted_run(tmp_path):
        assert count_runs(tmp_path) == 1
        with _holding(tmp_path) as one, _holding(tmp_path) as other:
            assert count_runs(tmp_path) == 3
            one.kill()
            one.wait()
            assert count_runs(tmp_path) == 2
            other.communicate("")
            assert other.returncode == 0
        assert count_runs(tmp_path) == 1
        assert len(list(tmp_path.iterdir())) == 1, "what the killed one left is gone"
    assert not list(tmp_path.iterdir())


def test_a_run_is_counted_though_it_looks_itself(tmp_path):
    """Two that look at the same time take neither each other nor a free file for a run."""
    (tmp_path / "left.run").touch()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: count_runs(tmp_path), range(200))) == {1}
    with counted_run(tmp_path), ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: count_runs(tmp_path), range(200))) == {1}


@contextmanager
def _holding(folder):
    """Start a process that counts as a run until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
        text=True,
    )
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()


def _environment():
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _output(code):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=_environment(),
        capture_output=True,
        check=True,
        text=True,
    ).stdout


def test_versions_are_told_by_a_process_that_has_imported_nothing_else():
    """Keras, by then imported elsewhere, hides what is not imported here."""
    code = "from bakeoff.training.backend import software_versions as told; print(told('keras'))"
    assert platform.python_version() in _output(code)
