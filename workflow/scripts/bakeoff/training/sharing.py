"""Which runs share this machine at this moment, told by lock files.

Each run of this user holds a lock on a file of its own, which the operating system frees when its
process ends, however it ends.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def counted_run(folder: str | Path | None = None) -> Iterator[None]:
    """Count this process among the runs of this machine for the length of the block.

    ``folder`` holds the lock files, by default one of this user's in the folder for temporary
    files.
    """
    files = _folder(folder)
    files.mkdir(parents=True, exist_ok=True)
    # Locked before it gets the name under which others look for it.
    descriptor, name = tempfile.mkstemp(dir=files)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    file = Path(name).rename(f"{name}.run")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
        os.close(descriptor)


def count_runs(folder: str | Path | None = None) -> int:
    """Return how many runs this user has on this machine at this moment, this one included.

    What killed runs have left in ``folder`` is removed. See :func:`counted_run`.
    """
    files = _folder(folder).glob("*.run")
    return max(1, sum(_is_held(file) for file in list(files)))


def _folder(folder):
    return Path(folder or Path(tempfile.gettempdir(), f"mnist-bakeoff-runs-{os.getuid()}"))


def _is_held(file):
    """Tell whether a process holds a lock on ``file``; remove the file where none does."""
    with suppress(FileNotFoundError):
        with file.open() as opened:
            try:
                # Shared: two that look at the same time do not take each other for the holder.
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        file.unlink(missing_ok=True)
    return False
