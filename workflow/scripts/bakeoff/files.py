"""Writing files whole or not at all, and telling files apart by content."""

import errno
import hashlib
import json
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bakeoff.errors import StudyError

_UNFINISHED = ".unfinished-"
# A number is missing where NumPy raises OSError for what a file holds; zipfile raises EINVAL for a
# place before the file's beginning.
_OF_CONTENT = (None, errno.ENOENT, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.ELOOP)


DAMAGED = (
    *(OSError, ValueError, KeyError, EOFError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    # Of a zip that seems to be encrypted, or packed as Python cannot unpack it.
    RuntimeError,
)
"""What NumPy raises where an npz file does not hold what was written, one bit wrong or many."""


@contextmanager
def write_atomically(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` when the block succeeds.

    The temporary file keeps the suffix of ``path``, as several writers choose their format by
    it. Missing folders are made. When the block raises, the temporary file is removed and
    whatever stood at ``path`` before stays. A killed process leaves its temporary file behind:
    see :func:`remove_unfinished`.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    prefix = f"{_UNFINISHED}{path.stem}-"
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        # mkstemp makes files private; what the workflow writes is as readable as any other file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_unfinished(folder: str | Path) -> None:
    """Remove what killed processes have left behind in ``folder``.

    Only for a folder that no other process writes to at this moment.
    """
    for leftover in Path(folder).glob(f"{_UNFINISHED}*"):
        leftover.unlink()


def pass_on(error: Exception) -> None:
    """Raise ``error`` again unless it tells that a file is missing or holds the wrong thing.

    Too many open files, a lost network file system or missing rights say nothing of what the file
    holds. A folder in its place does, or a link to itself.
    """
    if isinstance(error, OSError) and error.errno not in _OF_CONTENT:
        raise error


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    return digest_of(path, "sha256")


def digest_of(path: str | Path, kind: str) -> str:
    """Return the hexadecimal digest of a file's bytes; ``kind`` is hashlib's name of the hash."""
    with Path(path).open("rb") as content:
        return hashlib.file_digest(content, kind).hexdigest()


def canonical_json(value: Any) -> str:
    """Return ``value`` as the one JSON text that equal values share: keys sorted, no spaces.

    Raises ``ValueError`` for NaN and infinities, which JSON does not know.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def files_below(folder: str | Path) -> list[Path]:
    """Return all files in a folder and in those that it holds, links to folders not followed.

    Without what is hidden or a system has left. Raises :class:`StudyError` as :func:`walk` does.
    """
    found = []
    for place, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = [name for name in folders if not unseen(name)]
        found += [Path(place, name) for name in names if not unseen(name)]
    return sorted(file for file in found if file.is_file())


def unseen(name: str) -> bool:
    """Tell whether a file or folder of this name is hidden, or a system has left it."""
    return name.startswith(".") or left_by_system(name)


def left_by_system(name: str) -> bool:
    """Tell whether a system leaves files or folders of this name where images are."""
    return name.lower() in ("thumbs.db", "desktop.ini", "__macosx")


def _refuse(error):
    """Raise what ``os.walk`` would pass over: a folder that cannot be listed."""
    # Each disk has one at its top, for its system alone.
    if os.path.basename(error.filename) != "lost+found":
        raise StudyError(
            f"{error.filename}: cannot be listed ({error.strerror}); expected a folder whose files"
            " can be read: allow that, or move the folder elsewhere."
        ) from error


def walk(path: str | Path) -> Iterator[tuple[str, list[str], list[str], list[str]]]:
    """Yield as ``os.walk`` does, into links too, and fourth the links that are not followed.

    These are links to folders that hold them, which would bring each file again and again. Raises
    :class:`StudyError` where a folder cannot be listed, as its files would be missing in silence.
    """
    # Of each folder to come, the real folders that links above it lie in.
    held: dict[str, list[str]] = {os.fspath(path): []}
    for place, folders, names in os.walk(path, onerror=_refuse, followlinks=True):
        above, loops = held.pop(place), []
        for name in list(folders):
            inner = os.path.join(place, name)
            holders = above
            if os.path.islink(inner):
                holders = [*above, os.path.realpath(place)]
                target = os.path.realpath(inner)
                if any(os.path.commonpath([target, holder]) == target for holder in holders):
                    folders.remove(name)
                    loops.append(name)
            held[inner] = holders
        yield place, folders, names, loops
