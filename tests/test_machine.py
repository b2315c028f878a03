"""The memory that a process says it has held, against what it is known to hold."""

import os
import subprocess
import sys

import numpy as np

REPORT = "from bakeoff.training.machine import peak_memory_mb; print(peak_memory_mb())"


def test_the_peak_is_kept_after_the_memory_is_given_back():
    run = f"import numpy; numpy.ones(300_000_000, dtype=numpy.uint8); {REPORT}"
    assert 300 < float(_output(run)) < 400


def test_the_peak_is_not_that_of_the_program_that_started_this_one():
    large = np.ones(600_000_000, dtype=np.uint8)
    assert float(_output(REPORT)) < 100
    del large


def _output(code):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
