"""What the console says last: what came out, or what failed and how to go on."""

import json
import sys
import time
from contextlib import suppress
from pathlib import Path

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


def say_what_failed(results: str) -> None:
    """Print the line of each job that failed, where its log is, and how to go on."""
    logs = Path(results, "logs")
    new = [log for log in sorted(logs.rglob("*.log")) if _is_new(log)]
    failed = [(log, line) for log in new if (line := error_in(log))]
    named = [
        f"{log.relative_to(logs).with_suffix('')} failed: {line} (log: {log})"
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


def _is_new(file):
    return file.is_file() and file.stat().st_mtime >= _STARTED


def _say(*lines):
    print("", *lines, sep="\n", file=sys.stderr, flush=True)
