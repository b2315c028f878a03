"""A job's log file, and the few lines that reach the console too."""

import errno
import io
import os
import re
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import TextIO

from bakeoff.errors import ConfigError, StudyError, Terminated
from bakeoff.garbage import keep_for_good

_console = None
_FAILED = "Error: "
_LONGEST_LINE = 10_000  # bytes
# Of which each has four at most.
_LONGEST_FAULT, _ITS_END = 2_000, 500  # characters
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# A console of another encoding than UTF-8 has no → and not each letter of a class's name.
_ESCAPED = "backslashreplace"


@contextmanager
def job_log(path: str | Path, origins: Mapping[str, str] | None = None) -> Iterator[None]:
    """Send all output of this process to the log file ``path`` for the length of the block.

    File descriptors 1 and 2 are redirected, so that what native libraries print is kept as
    well. An exception ends the process with status 1: its traceback goes to the log, one line
    to the console. A :class:`Terminated` or an interrupt ends it at once. ``origins`` are those of
    :func:`bakeoff.study.config.read_config`. For a script that is all of its process: what it has
    imported is kept from garbage collection, here and when Python is left.
    """
    global _console
    keep_for_good()
    path = Path(path)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    saved = os.dup(1), os.dup(2)
    _console = os.fdopen(os.dup(saved[1]), "w", buffering=1, errors=_ESCAPED)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A process that outlived its command still writes to the log that it began.
        path.unlink(missing_ok=True)
        log = path.open("w", buffering=1, encoding="utf-8")
    except OSError as error:
        sys.exit(f"{_FAILED}{_in_one_line(error, path)}")
    for descriptor in (1, 2):
        os.dup2(log.fileno(), descriptor)
    status = None
    try:
        # A stream of its own, so that what a full disk did not take is not printed later.
        with redirect_stdout(log), redirect_stderr(log):
            yield
    except Terminated as ended:
        status = ended.code
    except KeyboardInterrupt:
        _leave(log, "Interrupted: what is finished is kept, of a run its last whole epoch.")
        status = 128 + signal.SIGINT
    except Exception as error:
        _leave(log, f"{_FAILED}{_in_one_line(error, path, origins)}")
        sys.exit(1)
    finally:
        for descriptor, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)
        with suppress(OSError):
            log.close()
        _console.close()
        _console = None
    if status is not None:
        # In the midst of a step, a library's own threads may crash while Python is left, and the
        # status would be theirs.
        os._exit(status)


def _leave(log, line):
    """Say why a job ends; the traceback of what has been raised goes to the log alone."""
    # The disk that is full may be the one that the log is on.
    with suppress(OSError):
        traceback.print_exc(file=log)
    with redirect_stdout(log):
        say(line)


def say(line: str) -> None:
    """Print one line to the log and, inside :func:`job_log`, to the console as well."""
    if _console is not None:
        _console.write(line + "\n")
    with suppress(OSError):
        print(line, flush=True)


def print_escaped() -> None:
    """Let this process print what the console's encoding lacks as escapes, as errors are.

    For a command that is no job.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=_ESCAPED)


def console() -> TextIO:
    """Return the stream that reaches the user: for progress bars that redraw their line."""
    return _console or sys.stderr


def error_in(log: str | Path) -> str | None:
    """Return the line with which a job has failed, as :func:`job_log` left it in its ``log``.

    None where it has not failed, or left no log.
    """
    with suppress(OSError), Path(log).open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST_LINE))
        lines = file.read().decode("utf-8", errors="replace").splitlines()
        if lines and lines[-1].startswith(_FAILED):
            return lines[-1].removeprefix(_FAILED)
    return None


def _in_one_line(error, log, origins=None):
    if isinstance(error, ConfigError) and origins:
        key = ".".join(error.key.split(".")[:2])
        return _brief(str(ConfigError(error.key, error.fault, origins[key])))
    if isinstance(error, StudyError):
        return _brief(str(error))
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            "the disk is full; expected room for the results: free some and run snakemake again,"
            " which goes on from what is finished."
        )
    text = _brief(" ".join(str(error).split()))
    return f"{type(error).__name__}: {text} (traceback in {log})"


def _brief(text):
    """Return a text as one line that :func:`error_in` finds, whatever a file has put into it."""
    line = " ".join(text.splitlines())
    line = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], line)
    if len(line) <= _LONGEST_FAULT:
        return line
    # What is expected, and what to do, comes last.
    return f"{line[: _LONGEST_FAULT - _ITS_END]} … {line[-_ITS_END:]}"
