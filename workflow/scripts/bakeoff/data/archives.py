"""Archives of images, unpacked without anything of them outside their folder."""

import errno
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from bakeoff.errors import ConfigError, StudyError
from bakeoff.files import DAMAGED, unseen

# A file and a folder of one name in it. A number is missing where zipfile raises OSError itself.
_OF_CONTENT = (None, errno.EISDIR, errno.ENOTDIR, errno.EEXIST)
_WHOLE = "delete it, and put or download a whole one there"


def is_archive(path: str | Path) -> bool:
    """Tell whether a path is that of a zip or tar archive, by its content."""
    return Path(path).is_file() and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


@contextmanager
def unpacked(
    path: str | Path, scratch: str | Path, counts: Callable[[str], bool] = lambda _: True
) -> Iterator[Path]:
    """Yield the folder that an archive was unpacked to, or ``path`` itself if it is no archive.

    What is unpacked lies in ``scratch`` while the block lasts. Where all of the archive lies in one
    folder, it is that, whatever files lie beside it that are hidden or do not count by their names.
    A :class:`StudyError` from within the block names the archive in place of the folder. Raises one
    where a file of the archive would lie outside its folder, or the archive is damaged.
    """
    if not is_archive(path) or _is_npz(path):
        yield Path(path)
        return
    with TemporaryDirectory(prefix=".unpacked-", dir=scratch) as folder:
        try:
            if zipfile.is_zipfile(path):
                _unpack_zip(path, folder)
            else:
                _unpack_tar(path, folder)
        except (tarfile.FilterError, _OutsideError) as error:
            raise StudyError(
                f"{path}: {error}; expected an archive whose files all lie in its own folder, and"
                " nothing was unpacked to any other place: get the archive from a source that you"
                " trust, or pack the images anew."
            ) from error
        except (tarfile.TarError, *DAMAGED) as error:
            if isinstance(error, OSError) and error.errno not in _OF_CONTENT:
                # The disk, not the archive.
                raise
            reason = str(error).replace(folder, str(path))
            raise StudyError(
                f"{path}: cannot be unpacked ({reason}); expected a whole zip or tar archive:"
                f" {_WHOLE}."
            ) from error
        try:
            yield _only_folder(Path(folder), counts)
        except ConfigError as error:
            raise ConfigError(error.key, error.fault.replace(folder, str(path))) from error
        except StudyError as error:
            raise StudyError(str(error).replace(folder, str(path))) from error


class _OutsideError(Exception):
    pass


def _is_npz(path):
    return Path(path).suffix.lower() == ".npz"


def _unpack_tar(path, folder):
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        _check_names(member.name for member in members)
        # Raises where a file, or what a link points at, is outside.
        archive.extractall(folder, members, filter="data")


def _unpack_zip(path, folder):
    with zipfile.ZipFile(path) as archive:
        _check_names(archive.namelist())
        for member in archive.infolist():
            if member.is_dir():
                continue
            target = Path(folder) / member.filename.replace("\\", "/")
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as content, target.open("wb") as file:
                shutil.copyfileobj(content, file)


def _check_names(names):
    """Raise where a name leads out of its folder: unpacked, it would be put elsewhere."""
    for name in names:
        path = PurePosixPath(name.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts:
            raise _OutsideError(f"{name!r} would be put outside of the folder")


def _only_folder(folder, counts):
    """Return the folder that all of an archive lies in, as many archives have one."""
    while True:
        inside = [entry for entry in os.scandir(folder) if entry.name != "__MACOSX"]
        seen = [entry for entry in inside if not unseen(entry.name)]
        held = [entry for entry in seen if entry.is_dir() or counts(entry.name)]
        if len(held) != 1 or not held[0].is_dir():
            return folder
        # The one part of a split, with files beside it, is read as it is where nothing is packed.
        if len(inside) > 1 and held[0].name.lower() in ("train", "training"):
            return folder
        folder = Path(held[0].path)
