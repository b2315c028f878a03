"""Which process may write where: locks, and the plan in force for the outputs of a run.

A process may outlive the command that started it, and end when the next command has trained
something else for the same model and seed. Checkpoints of the two lie apart; history, model,
predictions and card do not. So each run puts its plan in force as it begins, and what began before
with another plan finds that at the end of an epoch, or before it writes outputs, and ends.

In no run's identity: who writes changes no number.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock

from bakeoff.errors import StudyError
from bakeoff.files import remove_unfinished, write_atomically
from bakeoff.joblog import say
from bakeoff.study.identity import fingerprint

_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)


@contextmanager
def locked(file: str | Path, doing: str) -> Iterator[None]:
    """Hold the lock ``file`` for this process alone; wait, and say so, while another has it.

    ``doing`` is what that one does. The operating system frees the lock of a killed process. Raises
    :class:`StudyError` where the file system has no such locks.
    """
    file = Path(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    # What filelock has instead stays behind where its process is killed: all others would wait.
    lock = filelock.FileLock(file, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        say(f"Waiting for another process that {doing} ({file.parent}).")
        lock.acquire()
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise StudyError(
            f"{file.parent}: no lock is to be had on its file system ({error.strerror}); expected"
            " one with `flock`, so that no two jobs write the same run: put the results on"
            " another, with --config 'pathvars={results: /another/place}'."
        ) from error
    try:
        yield
    finally:
        lock.release()


class InForce:
    """The plan of this process's run, which is in force until one of another plan begins.

    It is told in the ``folder`` of the outputs, so that it stays as long as they do, but in none of
    them, as Snakemake deletes these before a run starts. ``identity`` and ``data_checksum`` are
    what the run is of. Runs of one plan write the same, and none ends for another.
    """

    def __init__(self, folder: str | Path, identity: Mapping[str, Any], data_checksum: str):
        self.folder = Path(folder)
        self._told = self.folder / ".plan"
        self._plan = fingerprint({**identity, "data": data_checksum})

    def take(self) -> None:
        """Put this plan in force, and remove what killed processes have left half written."""
        with self._alone():
            remove_unfinished(self.folder)
            with write_atomically(self._told) as temporary:
                temporary.write_text(self._plan)

    def check(self) -> None:
        """Raise :class:`StudyError` if a run of another plan has begun since."""
        try:
            told = self._told.read_text()
        except FileNotFoundError:
            # Deleted with the outputs: nobody has begun anything else.
            return
        if told != self._plan:
            raise StudyError(
                f"{self.folder}: a run of other settings, sources or data has begun here since;"
                " expected that of the last command alone: this one ends and writes nothing more."
            )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let the block write outputs, if this plan is still in force; none begins meanwhile."""
        with self._alone():
            self.check()
            yield

    def _alone(self):
        return locked(self.folder / ".plan.lock", "writes here")
