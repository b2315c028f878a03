"""Which commit of the repository a result was made from."""

import subprocess


def describe_commit(root):
    """Return the commit checked out in ``root`` and whether its files are as committed.

    A dict of ``id`` (40 hexadecimal digits) and ``clean`` (bool; untracked files count, ignored
    ones do not), or None where ``root`` is no git repository or git is missing.
    """
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
