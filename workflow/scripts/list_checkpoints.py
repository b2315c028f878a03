"""Print how much room each run's checkpoints take, and clear them if asked to."""

import shutil
from pathlib import Path

import filelock

from bakeoff.joblog import job_log, say


def list_checkpoints(folder, clear=False):
    """Print the size of each run's checkpoints under ``folder`` and of all together.

    ``clear`` removes them, except those of a run in progress.
    """
    folder = Path(folder)
    runs = sorted(path for path in folder.glob("*") if path.is_dir())
    kept = 0
    for run in runs:
        size = size_of(run)
        running = clear and not remove_unless_locked(run)
        kept += size if running or not clear else 0
        say(f"{megabytes(size):>12}  {run.name}{'  (running: kept)' * running}")
    say(f"{megabytes(kept):>12}  {'left' if clear else 'in all'} in {folder}")


def size_of(folder):
    """Return the size of all files in a folder, in bytes."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def remove_unless_locked(folder):
    """Remove a run's checkpoints unless a process trains on them; tell if it was done."""
    lock = filelock.FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return False
    try:
        shutil.rmtree(folder)
    finally:
        lock.release()
    return True


def megabytes(size):
    """Return a size in bytes as text."""
    return f"{size / 1e6:,.1f} MB"


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        list_checkpoints(snakemake.params.folder, snakemake.params.clearing)
