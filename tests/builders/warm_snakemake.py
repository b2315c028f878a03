"""Snakemake, forked from a process that has imported it: a second less of processor time each.

So are the jobs of it that import TensorFlow: see warm_python.py.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from warm_python import warm_python

_FORKING = multiprocessing.get_context("forkserver")
# Nothing of this repository: a project has its own copy. `pytest` is what a child has as its main
# module.
_FORKING.set_forkserver_preload(
    [
        *("pytest", "snakemake.cli", "snakemake.script", "snakemake.report.html_reporter"),
        # What Snakemake imports when it needs it, which is always: a third of a dry run's time.
        *("snakemake.profiles", "snakemake.storage", "smart_open", "jsonschema", "nbformat"),
        *("argparse_dataclass", "platformdirs"),
    ]
)


def run_snakemake(folder, arguments, environment):
    """Run Snakemake as ``python -m snakemake`` does in ``folder``, until it ends.

    ``environment`` is the mapping of all its variables. Returns the completed process, all output
    in ``stdout``.
    """
    arguments = [str(argument) for argument in arguments]
    with tempfile.NamedTemporaryFile("r") as log:
        python = warm_python()
        process = _FORKING.Process(
            target=_main, args=(str(folder), arguments, dict(environment), log.name, python)
        )
        process.start()
        try:
            process.join()
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, process.exitcode, log.read())


def _main(folder, arguments, environment, log, python):
    with open(log, "w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # Without the folders that pytest adds, in which an import would find this repository.
    installed = [sys.prefix, sys.base_prefix]
    kept = [place for place in sys.path if any(map(Path(place).is_relative_to, installed))]
    sys.path[:] = [folder, *kept]
    sys.argv = ["snakemake", *arguments]
    # What Snakemake calls its scripts with.
    sys.executable = python
    from snakemake.cli import main

    main()
