"""Which commits of the tool and of the study a result was made from."""

import subprocess
from pathlib import Path
from typing import Any

from bakeoff.study.folders import Folders

CHECKOUTS = Path(".snakemake") / "bakeoff"
"""Where a study keeps the tool's files of a commit: see workflow/rules/tool.smk."""


def commits(folders: Folders) -> dict:
    """Return the commits of a study's ``folders``, ready for a card.

    ``commit`` is the tool's; ``study_commit``, that of a study in a folder of its own, is left out
    where the tool's folder is the study's too. Each is what :func:`describe_commit` returns.
    """
    study, tool = folders[0], folders[-1]
    own = {} if study == tool else {"study_commit": describe_commit(study)}
    return {"commit": describe_commit(tool), **own}


def describe_commit(root: str | Path) -> dict[str, Any] | None:
    """Return the commit checked out in ``root`` and whether its files are as committed.

    A dict of ``id`` (40 hexadecimal digits) and ``clean`` (bool; untracked files count, ignored
    ones do not), or None where ``root`` is no git repository or git is missing.
    """
    if Path(root).match(str(CHECKOUTS / "*")):
        # Within the study's repository, which knows nothing of it.
        return {"id": Path(root).name, "clean": True}
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain")
    except (OSError, subprocess.SubprocessError):
        return None
    return {"id": commit, "clean": not changes}


def _git(root, *arguments):
    command = ["git", "-C", str(root), *arguments]
    # A network drive that hangs must not hold up a result.
    run = subprocess.run(command, capture_output=True, check=True, text=True, timeout=20)
    return run.stdout.strip()
