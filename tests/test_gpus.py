"""Runs on one machine share its GPUs: pretended devices, real processes, real locks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.errors import StudyError
from bakeoff.training.gpus import claim_gpu

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"
CLAIM = """
import os, sys, time
from bakeoff.training.gpus import (claim_gpu)
claimed = claim_gpu(sys.argv[1])
print(claimed, os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
sys.stdin.read()
"""


class Machine:
    """A machine with pretended GPUs, told of by an `nvidia-smi` of its own."""

    def __init__(self, folder, gpus):
        self.locks = folder / "locks"
        self.programs = folder / "bin"
        self.programs.mkdir()
        lines = "".join(f"echo '{index}, GPU-{letter}'\n" for index, letter in enumerate(gpus))
        (self.programs / "nvidia-smi").write_text(f"#!/bin/sh\n{lines}")
        (self.programs / "nvidia-smi").chmod(0o755)
        self.processes = []

    def start(self, **environment):
        """Start a process that claims a GPU and keeps it until :meth:`end` or a kill."""
        inherited = {k: v for k, v in os.environ.items() if k != "CUDA_VISIBLE_DEVICES"}
        inherited["PATH"] = f"{self.programs}:{inherited['PATH']}"
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM, self.locks],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=inherited | {"PYTHONPATH": str(SCRIPTS)} | environment,
        )
        self.processes.append(process)
        return process

    def claims(self, number, **environment):
        """Start ``number`` processes at once; return what each claimed and sees."""
        started = [self.start(**environment) for _ in range(number)]
        return [tuple(process.stdout.readline().split()) for process in started]

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path, "abcd")
    yield machine
    machine.end()


def claimed(claims):
    assert all(gpu == seen for gpu, seen in claims)
    return sorted(gpu for gpu, _ in claims)


def test_no_gpu_is_held_twice(machine):
    assert claimed(machine.claims(4)) == ["GPU-a", "GPU-b", "GPU-c", "GPU-d"]


def test_more_runs_than_gpus_share_them_evenly(machine):
    assert claimed(machine.claims(8)) == sorted(2 * ["GPU-a", "GPU-b", "GPU-c", "GPU-d"])


def test_a_killed_runs_gpu_is_free_again(machine):
    held = [gpu for gpu, _ in machine.claims(4)]
    killed = machine.processes[2]
    killed.kill()
    killed.wait()
    assert machine.claims(1) == [(held[2], held[2])]
    assert machine.claims(1) == [("GPU-a", "GPU-a")], "all are taken: the first is shared"


@pytest.mark.parametrize("chosen", ["1", "GPU-c", ""])
def test_a_choice_of_slurm_or_the_user_is_left_alone(machine, chosen):
    ((gpu, *seen),) = machine.claims(1, CUDA_VISIBLE_DEVICES=chosen)
    assert gpu == "None"
    assert seen == ([chosen] if chosen else [])


def test_a_choice_among_several_is_kept_to(machine):
    assert claimed(machine.claims(2, CUDA_VISIBLE_DEVICES="1, GPU-d")) == ["GPU-b", "GPU-d"]


@pytest.mark.parametrize(
    ("chosen", "among"),
    [
        ("0,", ["GPU-a"]),
        (",0", ["GPU-a"]),
        ("3,,1", ["GPU-b", "GPU-d"]),
        ("0,2,-1,1", ["GPU-a", "GPU-c"]),
        ("MIG-1,GPU-c", ["GPU-c", "MIG-1"]),
    ],
)
def test_of_a_list_no_run_gets_what_is_no_gpu(machine, chosen, among):
    claims = machine.claims(2 * len(among), CUDA_VISIBLE_DEVICES=chosen)
    assert claimed(claims) == sorted(2 * among)


@pytest.mark.parametrize("chosen", ["-1,0", ","])
def test_a_list_of_none_is_left_alone(machine, chosen):
    assert machine.claims(1, CUDA_VISIBLE_DEVICES=chosen) == [("None", chosen)]


@pytest.mark.parametrize(("chosen", "fault"), [("0,7", "7"), ("x,1", "x"), ("1.0,2", "1.0")])
def test_a_list_with_what_is_no_gpu_is_refused(machine, monkeypatch, chosen, fault):
    monkeypatch.setenv("PATH", f"{machine.programs}:{os.environ['PATH']}")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    said = (
        f"^CUDA_VISIBLE_DEVICES: {chosen}: {fault} is no GPU that nvidia-smi lists; expected some"
        " of 0, 1, 2, 3, or names that begin with GPU- or MIG-: correct it.$"
    )
    with pytest.raises(StudyError, match=said):
        claim_gpu(machine.locks)
    assert not machine.locks.exists()


def test_a_list_stays_where_there_is_no_gpu(machine):
    (machine.programs / "nvidia-smi").write_text("#!/bin/sh\necho No devices were found\n")
    assert machine.claims(1, CUDA_VISIBLE_DEVICES="0,1") == [("None", "0,1")]


def test_one_gpu_or_none_leaves_nothing_to_choose(tmp_path):
    for gpus in ("", "a"):
        folder = tmp_path / (gpus or "none")
        folder.mkdir()
        machine = Machine(folder, gpus)
        assert machine.claims(1) == [("None", "None")]
        machine.end()


@pytest.mark.parametrize(
    "line",
    ["WARNING: infoROM is corrupted at gpu 0000:3B:00.0", "No devices were found", ""],
)
def test_what_the_driver_says_beside_its_gpus_is_none(machine, line):
    program = machine.programs / "nvidia-smi"
    program.write_text(f"{program.read_text()}echo '{line}'\n")
    assert claimed(machine.claims(4)) == ["GPU-a", "GPU-b", "GPU-c", "GPU-d"]


def test_no_driver(machine):
    (machine.programs / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    assert machine.claims(1) == [("None", "None")]
