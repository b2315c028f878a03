"""Where a study's own files are looked for: its own folders first, the tool's last.

The tool is the folder that holds ``workflow/``. A study may lie in another: then the tool's code
is used with the study's config and architectures, and with the tool's own where it has none.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from bakeoff.errors import StudyError

Folders = Sequence[str | Path]
"""The folders to look in, the first in force. The last is the tool's."""

ARCHITECTURES = "architectures"
_OF_THE_TOOL = "workflow/"


def study_folders(snakefile_folder: str | Path, tool: str | Path) -> list[Path]:
    """Return the working directory, the folder of the Snakefile that was started, and ``tool``.

    ``snakefile_folder`` holds that Snakefile; where it is called ``workflow``, as in Snakemake's
    standard layout, the study is the folder above.
    """
    snakefile_folder = Path(snakefile_folder)
    if snakefile_folder.name == "workflow":
        snakefile_folder = snakefile_folder.parent
    folders = [Path.cwd(), snakefile_folder.resolve(), Path(tool).resolve()]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def find(folders: Folders, relative: str | Path) -> Path:
    """Return the first file or folder of that path in ``folders``.

    Without one, it is the path that it would have in the first folder. The tool's code is found
    in the tool, whatever a study has of that path; a study's own `workflow/` may hold modules too.
    """
    if str(relative).startswith(_OF_THE_TOOL):
        folders = [folders[-1], *folders[:-1]]
    paths = [Path(folder) / relative for folder in folders]
    return next((path for path in paths if _may_exist(path)), paths[0])


def _may_exist(path):
    try:
        return path.exists()
    except OSError as error:
        # What may not be seen is not looked for elsewhere, where it would be another.
        return error.errno in (errno.EACCES, errno.EPERM)


def why_unreadable(path: str | Path) -> str | None:
    """Return why the system does not tell whether ``path`` is there; None where it does."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return error.strerror
    except ValueError as error:
        return str(error)
    return None


def refused(name: str | Path, error: PermissionError) -> StudyError:
    """Return what to raise for a file, called ``name``, that may not be read."""
    return StudyError(
        f"{name}: cannot be read ({error.strerror}); expected a file that you may read: allow that."
    )


def shortest(path: str) -> str:
    """Return a path as it is written shortest: to Snakemake, one written otherwise is another.

    Where a link stands before `..`, that would lead elsewhere, and it stays as it is.
    """
    short = os.path.normpath(path)
    return short if _is_same(short, path) else path


def _is_same(one, other):
    try:
        return os.path.realpath(one) == os.path.realpath(other)
    except ValueError:
        # No path can hold a NUL: whoever opens it is told so.
        return False


def relative_to(folders: Folders, file: Path) -> str:
    """Return the path of ``file`` in that one of ``folders`` that it lies in, with slashes."""
    holding = [folder for folder in folders if file.is_relative_to(folder)]
    # One may lie in another: the study in the tool's, or the tool, as a submodule, in the study.
    return file.relative_to(max(holding, key=lambda folder: len(Path(folder).parts))).as_posix()


def with_architectures(folders: Folders) -> list[Path]:
    """Return those of ``folders`` that Python looks in for what an architecture file imports."""
    return [Path(folder) for folder in folders if (Path(folder) / ARCHITECTURES).is_dir()]


def absolute(path: str | Path) -> str:
    """Return a path from the root of the disk, as :func:`shortest` writes it."""
    return shortest(os.path.join(os.getcwd(), path))


def shown_path(file: str | Path) -> str:
    """Return a path as it is written here: relative within the working directory."""
    path = Path(absolute(file))
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def path_from_here(file: str | Path) -> str:
    """Return a path relative to the working directory, wherever it leads."""
    relative = os.path.relpath(file)
    return relative if _is_same(relative, file) else str(file)


def is_walked(folder: str | Path, file: str | Path) -> bool:
    """Tell whether ``file`` is ``folder``, or is found where that is looked through.

    That is also through a link in it, but not in what is hidden.
    """
    sought = os.path.realpath(folder)
    for path in {Path(absolute(file)), Path(os.path.realpath(file))}:
        for place in [path, *path.parents]:
            if os.path.realpath(place) == sought:
                return True
            if place.name.startswith("."):
                break
    return False
