"""One GPU for each run on a machine with several.

Snakemake counts GPUs but does not say which one a job may use. Runs on one machine settle
it among themselves with lock files, which the operating system frees when a process ends,
however it ends.
"""

import os
import re
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import filelock

from bakeoff.errors import StudyError

_GPU = re.compile(r"(\d+), (GPU-\S+)")

_held: list[filelock.BaseFileLock] = []
"""Locks that this process keeps until it ends."""


def claim_gpu(folder: str | Path | None = None) -> str | None:
    """Give this process one of the machine's NVIDIA GPUs; return its UUID, or None.

    The GPU is the first with the fewest runs on it, and ``CUDA_VISIBLE_DEVICES`` is set to
    it, so call this before a backend is imported. With more runs than GPUs they are
    shared evenly. Where the user or Slurm has set the variable to one device or to none, it is
    left alone; where it is a list, the choice is among what this names. None where there is no
    choice. Raises :class:`StudyError` for a list that names what is no GPU: a run that got it would
    train on the CPU.

    ``folder`` holds the lock files, by default one of this user's in the folder for temporary
    files.
    """
    gpus = _visible_gpus()
    if not gpus:
        return None
    folder = Path(folder or Path(tempfile.gettempdir(), f"mnist-bakeoff-gpus-{os.getuid()}"))
    folder.mkdir(parents=True, exist_ok=True)
    for place in count():
        for gpu in gpus:
            lock = filelock.FileLock(folder / f"{gpu}-{place}.lock")
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                continue
            _held.append(lock)
            os.environ["CUDA_VISIBLE_DEVICES"] = gpu
            return gpu
    raise AssertionError("there is always one more place")


def _visible_gpus():
    """Return the UUIDs of the GPUs to choose from, in the driver's order; empty for no choice."""
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    if chosen is not None and "," not in chosen:
        return []
    try:
        listed = subprocess.run(
            ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"],
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        return []
    # The driver puts warnings between them.
    uuids = dict(match.groups() for line in listed if (match := _GPU.fullmatch(line.strip())))
    if chosen is None:
        return list(uuids.values()) if len(uuids) > 1 else []
    return _named(chosen, uuids) if uuids else []


def _named(chosen, uuids):
    """Return the GPUs that a list in ``CUDA_VISIBLE_DEVICES`` names; ``uuids`` has them by index.

    As CUDA does, what follows a negative index is left out.
    """
    gpus = []
    for entry in filter(None, map(str.strip, chosen.split(","))):
        if re.fullmatch(r"-\d+", entry):
            break
        # Parts of a GPU (MIG) are named by identifiers of their own.
        if entry not in uuids and not entry.startswith(("GPU-", "MIG-")):
            raise StudyError(
                f"CUDA_VISIBLE_DEVICES: {chosen}: {entry} is no GPU that nvidia-smi lists;"
                f" expected some of {', '.join(uuids)}, or names that begin with GPU- or MIG-:"
                " correct it."
            )
        gpus.append(uuids.get(entry, entry))
    return gpus
