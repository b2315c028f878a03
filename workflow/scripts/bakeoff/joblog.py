"""A job's log file, and the few lines that reach the console too."""

import os
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

from bakeoff.errors import StudyError

_console = None


@contextmanager
def job_log(path):
    """Send all output of this process to the log file ``path`` for the length of the block.

    File descriptors 1 and 2 are redirected, so that what native libraries print is kept as
    well. An exception ends the process with status 1: its traceback goes to the log, one line
    to the console.
    """
    global _console
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    _console = os.fdopen(os.dup(saved[1]), "w", buffering=1)
    with path.open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        if isinstance(error, StudyError):
            say(f"Error: {error}")
        else:
            say(f"Error: {type(error).__name__}: {error} (traceback in {path})")
        sys.exit(1)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)
        _console.close()
        _console = None


def say(line):
    """Print one line to the log and, inside :func:`job_log`, to the console as well."""
    print(line, flush=True)
    if _console is not None:
        _console.write(line + "\n")


def console():
    """Return the stream that reaches the user: for progress bars that redraw their line."""
    return _console or sys.stderr
