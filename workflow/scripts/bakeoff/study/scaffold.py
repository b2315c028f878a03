"""A folder for a study of one's own: ``make study DIR=../my-study``."""

import json
import os
import shlex
import shutil
import sys
from pathlib import Path

from bakeoff.errors import StudyError
from bakeoff.joblog import print_escaped

_TOOL = Path(__file__).parents[4]
_NAMED = "mnist-bakeoff/workflow"
"""Stands in the template where the tool's folder of that name is to be."""
_KEPT = ("README.md", ".gitignore")


def write_study(folder: str | Path) -> None:
    """Write a study of one's own into ``folder``, which uses this clone of the tool.

    The folder may be that of a repository: its README.md and .gitignore stay as they are. Raises
    :class:`StudyError`, and writes nothing, where it holds a study already.
    """
    folder = Path(folder)
    parts = ["Snakefile", "architectures", "config", "profiles"]
    if found := [name for name in parts if (folder / name).exists()]:
        raise StudyError(
            f"DIR: {folder} holds {', '.join(found)} already; expected a folder without: choose"
            " another, or move these away."
        )
    kept = [name for name in _KEPT if (folder / name).exists()]
    ignore = shutil.ignore_patterns("__pycache__", *kept)
    shutil.copytree(_TOOL / "template", folder, dirs_exist_ok=True, ignore=ignore)
    shutil.copytree(_TOOL / "profiles" / "default", folder / "profiles" / "default")
    snakefile = folder / "Snakefile"
    workflow = _path_from(folder.resolve())
    named = json.dumps(f"{workflow}/Snakefile", ensure_ascii=False)
    _fill_in(snakefile, f'"{_NAMED}/Snakefile"', named)
    if "README.md" not in kept:
        script = shlex.quote(f"{workflow}/scripts/watch.py")
        _fill_in(folder / "README.md", f"{_NAMED}/scripts/watch.py", script)


def _fill_in(file, placeholder, text):
    content = file.read_text(encoding="utf-8").replace(placeholder, text)
    file.write_text(content, encoding="utf-8")


def _path_from(folder):
    """Return how files in ``folder`` name the tool's workflow: a path that moves with both."""
    workflow = _TOOL / "workflow"
    near = _TOOL.is_relative_to(folder) or _TOOL.parent == folder.parent
    return Path(os.path.relpath(workflow, folder)).as_posix() if near else str(workflow)


def main(arguments: list[str]) -> None:
    """Write the study into the one folder that ``arguments`` name, and say what to do next."""
    # Of `make study DIR=~/my-study`, not every shell has replaced the tilde.
    folder = Path(os.path.expanduser(arguments[0] if arguments else ""))
    try:
        if len(arguments) != 1 or not arguments[0]:
            raise StudyError("DIR: missing; expected a folder: make study DIR=../my-study.")
        write_study(folder)
    except StudyError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"DIR: {error.filename}: {error.strerror}; expected a folder that can be written.")
    print_escaped()
    print(f"{folder.resolve()}: go there, change config/config.yaml, and run: snakemake --cores 4")


if __name__ == "__main__":
    main(sys.argv[1:])
