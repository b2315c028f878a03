"""What every benchmark needs: taking turns, and the time and memory of a command."""

import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

DATA = Path(__file__).parents[1] / "results" / "data" / "mnist" / "data.json"
"""The whole of MNIST as the workflow prepares it, which `make bench` sees to first."""

ON_AMX = "On a processor with AMX"
"""The section that holds what `make bench` has shown on such a machine, as long as the others are
of another kind."""

ON_GPU = "On a GPU"
"""The section of docs/performance.md that benchmarks/gpu writes."""


def interleaved(contenders, rounds=5, warm_up=1):
    """Measure contenders in turn, so that all of them see the same machine.

    ``contenders`` maps names to functions without arguments that return what they measured, a
    number or a tuple of numbers. Returns the list of the ``rounds`` measurements of each; those
    of the first ``warm_up`` rounds are dropped.
    """
    measured = {name: [] for name in contenders}
    for turn in range(warm_up + rounds):
        for name, measure in contenders.items():
            found = measure()
            if turn >= warm_up:
                measured[name].append(found)
    return measured


def ratio_of_medians(measured, name, reference):
    """Return how many times as large the median of ``name`` is as that of ``reference``."""
    return statistics.median(measured[name]) / statistics.median(measured[reference])


def run_timed(command, cwd, **options):
    """Run a command; return its wall time in seconds and its peak memory in mebibytes.

    Memory is the resident sets of the process and its children, summed and sampled every 50 ms.
    ``options`` go to :class:`subprocess.Popen`. Raises :class:`RuntimeError`, with the end of
    what the command printed, if it fails.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
    peak, done = [0], threading.Event()
    sampler = threading.Thread(target=_sample, args=(process.pid, peak, done))
    sampler.start()
    output = process.communicate()[0]
    seconds = time.perf_counter() - begun
    done.set()
    sampler.join()
    if process.returncode:
        tail = "\n".join(output.splitlines()[-20:])
        line = " ".join(map(str, command))
        raise RuntimeError(f"{line} ended with {process.returncode}:\n{tail}")
    return seconds, peak[0] / 2**20


def _sample(pid, peak, done):
    try:
        root = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return
    while not done.wait(0.05):
        total = 0
        try:
            for process in [root, *root.children(recursive=True)]:
                total += process.memory_info().rss
        except psutil.NoSuchProcess:
            # It has ended since it was listed; the next sample leaves it out.
            continue
        peak[0] = max(peak[0], total)


def snakemake(*arguments):
    """Return the command line of this Python's Snakemake."""
    return [sys.executable, "-m", "snakemake", *map(str, arguments)]


def title_of(model):
    """Return the name of one of the repository's ten models: Model 1 for model_01."""
    return f"Model {int(model.removeprefix('model_'))}"


def table(header, rows):
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def describe_ratio(what, ratio, most):
    """Say the largest ratio found and whether it keeps to the ``most`` that is aimed at.

    ``what`` is the sentence's beginning, with its verb.
    """
    return f"{what} at most {ratio:.2f} (aim: {most:g}, {verdict(ratio, most)})."


def verdict(value, most):
    """Say whether ``value`` keeps to the ``most`` that is aimed at, and by how much it misses."""
    over = value / most - 1
    if over <= 0:
        return "kept"
    return f"missed by {over:.0%}" if over >= 0.005 else "missed by less than 1%"


def replace_section(document, title, text):
    """Return a Markdown document whose section ``## title`` is ``text``: in its place, or last."""
    head, found, after = document.partition(f"## {title}\n")
    rest = after[after.find("\n## ") + 1 :] if "\n## " in after else ""
    if not found:
        head = f"{document.rstrip()}\n\n"
    return f"{head}## {title}\n\n{text.strip()}\n{chr(10) * bool(rest)}{rest}"


def section_of(document, title):
    """Return the text of the section ``## title`` of a Markdown document, or None."""
    _, found, after = document.partition(f"## {title}\n")
    return after.partition("\n## ")[0].strip() if found else None
