"""What the console says last: what came out, or what failed and how to go on."""

import json
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from bakeoff import wording as w
from bakeoff.joblog import error_in
from bakeoff.limits import MOST_FAILURES

_STARTED = time.time()


def say_what_came_out(results: str) -> None:
    """Print the headline, where the page is, and the time taken, if a page has been made.

    ``results`` is the folder of the study's results.
    """
    page = Path(results, "report.html")
    # What went well stays so, whatever has become of the files since: nothing fails here.
    with suppress(OSError, ValueError, KeyError, TypeError):
        if _is_new(page):
            _say_answer(results, page)


def _say_answer(results, page):
    findings = json.loads(Path(results, "findings.json").read_text(encoding="utf-8"))
    _say(
        " ".join(filter(None, [findings["headline"], findings["pick"]])),
        f"The page: {page}; in words: {Path(results, 'conclusions.md')}",
        f"It took {w.duration(time.time() - _STARTED)}.",
    )


def say_what_failed(
    results: str, noted: Mapping[int, tuple[str, int | None]] = MappingProxyType({})
) -> None:
    """Print the line of each job that failed, where its log is, and how to go on.

    ``noted`` are those that Snakemake has named: see
    :func:`bakeoff.study.snakemake_internals.note_failures`.
    """
    logs = Path(results, "logs")
    killed = {Path(log): _how_it_ended(number) for log, number in noted.values() if number}
    new = [log for log in logs.rglob("*.log") if _is_new(log)]
    said = killed | {log: f"failed: {line}" for log in new if (line := error_in(log))}
    # A study may have rules of its own.
    failed = sorted((log, line) for log, line in said.items() if log.is_relative_to(logs))
    named = [
        f"{log.relative_to(logs).with_suffix('')} {line} (log: {log})"
        for log, line in failed[:MOST_FAILURES]
    ]
    if len(failed) > len(named):
        named.append(f"And {len(failed) - len(named)} more, whose logs lie under {logs}.")
    _say(
        *named,
        "To go on, run the same command again: what is finished stays, and a run that was cut short"
        " goes on after its last whole epoch. With --keep-going, one failure does not stop the"
        " others.",
    )


def _how_it_ended(number):
    often = dict.fromkeys((signal.SIGINT, signal.SIGTERM), "it was told to end")
    often |= {signal.SIGKILL: "often: out of memory"}
    return f"was killed by signal {number} ({often.get(number, 'it crashed')})"


def _is_new(file):
    return file.is_file() and file.stat().st_mtime >= _STARTED


def _say(*lines):
    print("", *lines, sep="\n", file=sys.stderr, flush=True)
