"""The folder that holds the tool's files, also where a module names a version in a git repository."""

import contextlib
import shutil
import tempfile
from pathlib import Path


def tool_folder(here):
    """Return the folder that holds ``workflow/``; ``here`` is where Snakemake found this file.

    Of a git repository, Snakemake serves single files, but Python imports from folders. So all
    files of that commit are unpacked once into the study's ``.snakemake``.
    """
    if hasattr(here, "hosted_repo"):
        repository = here.hosted_repo.repo
    elif hasattr(here, "repo_path"):
        # Refuses to be imported where git is missing.
        import git

        repository = git.Repo(here.repo_path)
    else:
        return Path(here).parents[1]
    commit = repository.commit(here.ref).hexsha
    folder = Path.cwd() / ".snakemake" / "bakeoff" / commit
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished_") as unfinished:
            archive, files = f"{unfinished}/files.tar", f"{unfinished}/files"
            repository.git.archive(commit, output=archive)
            shutil.unpack_archive(archive, files, filter="data")
            # Another process may have been faster.
            with contextlib.suppress(OSError):
                Path(files).rename(folder)
    return folder


TOOL = tool_folder(workflow.current_basedir)
