"""All runs of a study, live: ``python workflow/scripts/watch.py``, or ``make watch``.

It reads their files and writes none, so it can start, and be left, at any time.
"""

import argparse
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from snakemake.utils import update_config

from bakeoff import wording as w
from bakeoff.data.sources import made_from
from bakeoff.epochs import study_line
from bakeoff.errors import StudyError
from bakeoff.joblog import print_escaped
from bakeoff.limits import MOST_FAILURES, MOST_TICKS
from bakeoff.progress import Outlook, Run, Study
from bakeoff.study.config import read_config
from bakeoff.study.config_files import config_file
from bakeoff.study.folders import find, study_folders
from bakeoff.study.looks import is_of_looks

_TOOL = Path(__file__).parents[3]
_STYLES = {
    "running": "bold cyan",
    "failed": "bold red",
    "stopped": "yellow",
    "waiting": "dim",
    "done": "green",
    "diverged": "magenta",
}
"""The states, those first that are shown first where not all runs fit."""

_ANEW = 15
"""After so many looks, the config and the sources are read again."""

_NARROW = 110
"""A console of fewer columns shows no losses and accuracies of training."""

_WIDE_ENOUGH = 140
_LINES_AROUND = 8
"""Of the picture, besides the runs and what failed."""
_WIDTH_AROUND = 45
"""Of the table, besides the columns of numbers: names, times and what is between columns."""
_FEWEST_TICKS = 5
_LONGEST_WAIT = 3600
"""Seconds between two looks, at most."""


def study_config(overlays: Sequence[Path], settings: Sequence[str]) -> dict[str, Any]:
    """Return the checked config of the study in the working directory, as Snakemake has it.

    ``overlays`` are what follows ``--configfile``, ``settings`` what follows ``--config``:
    ``key=value``, with a value in YAML. What a profile may add is left out. Raises
    :class:`StudyError`.
    """
    folders = study_folders(Path.cwd(), _TOOL)
    files = [find(folders, "config/config.yaml"), *overlays]
    config: dict[str, Any] = {}
    for file in files:
        try:
            update_config(config, config_file(file).value)
        except OSError as error:
            fault = f"--configfile: {file}: {error.strerror}; expected a config file: correct it."
            raise StudyError(fault) from None
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise StudyError(f"--config: {setting!r}; expected key=value: write it as one.")
        try:
            update_config(config, {key: yaml.safe_load(value)})
        except yaml.YAMLError:
            raise StudyError(f"--config: {key}: {value!r} is no YAML; expected a value.") from None
    config = read_config(config, files, folders)
    if is_of_looks(config["study"]["seeds"]):
        config["made_from"] = made_from(config["data"])
    return config


def view(
    config: Mapping[str, Any],
    study: Study,
    width: int = _WIDE_ENOUGH,
    height: int | None = None,
    now: float | None = None,
) -> tuple[RenderableType, bool]:
    """Return a picture of a study as it is, for a console of that size, and whether all has ended.

    Without a ``height``, in lines, all runs are in it; ``now`` is the time in seconds.
    """
    runs = study.look()
    outlook = study.outlook(runs)
    failures = _failures(config, study, [run for run in runs if run.state == "failed"])
    shown = runs
    if height is not None:
        shown = _most_telling(runs, height - _LINES_AROUND - len(failures))
    left_out = Counter(str(run.state) for run in runs) - Counter(str(run.state) for run in shown)
    more = ", ".join(f"{left_out[state]} {state}" for state in _STYLES if left_out[state])
    line = study_line(runs, outlook, now, study.part)
    if outlook.study is not None:
        line += f" (in {'at most ' * outlook.at_most}{w.duration(outlook.study)})"
    whole = sum(run.epochs for run in runs)
    done = sum(run.epochs if run.ended else len(run.history) for run in runs)
    parts = [
        Text(config["study"]["title"], style="bold"),
        Text(line),
        Columns([ProgressBar(total=whole, completed=done, width=min(60, width))]),
        _table(config, shown, outlook, width),
        *([Text(f"and {more}", style="dim")] if more else []),
        *failures,
    ]
    return Group(*parts), all(run.ended for run in runs)


def _most_telling(runs, number):
    """Return at most ``number`` runs, at least one, in their order: those that go on first."""
    order = list(_STYLES)
    ranked = sorted(range(len(runs)), key=lambda place: order.index(runs[place].state))
    return [runs[place] for place in sorted(ranked[: max(1, number)])]


def _failures(config, study, failed):
    lines = [
        Text.assemble(
            (f"{config['models'][run.model]['name']}, seed {run.seed} failed: ", "bold red"),
            f"{run.error} (log: {study.log_of(run)})",
        )
        for run in failed[:MOST_FAILURES]
    ]
    if len(failed) > MOST_FAILURES:
        lines.append(Text(f"And {len(failed) - MOST_FAILURES} more have failed.", style="red"))
    return lines


def _table(config, runs, outlook, width):
    table = Table(box=None, header_style="bold", padding=(0, 1), pad_edge=False)
    training = {} if width < _NARROW else {"Loss": 7, "Accuracy": 8}
    widths = {"Seed": 4, "State": 8, "Epoch": 7} | training | {"Val. loss": 9, "Val. acc.": 9}
    ticks = min(MOST_TICKS, width - sum(widths.values()) - _WIDTH_AROUND)
    table.add_column("Model", overflow="ellipsis", no_wrap=True, min_width=8)
    for name, wide in widths.items():
        side = "left" if name == "State" else "right"
        table.add_column(name, justify=side, no_wrap=True, min_width=wide)
    if ticks >= _FEWEST_TICKS:
        name = "Val. loss by epoch"
        table.add_column(name if ticks >= len(name) else "Trend", no_wrap=True, min_width=ticks)
    table.add_column("Time", justify="right", no_wrap=True, min_width=17)
    for run in runs:
        row = run.history[-1] if run.history else {}
        cells = [
            config["models"][run.model]["name"],
            str(run.seed),
            Text(run.state, style=_STYLES[run.state]),
            f"{len(run.history)}/{run.epochs}",
            *([_loss(row, "loss"), _share(row, "accuracy")] if training else []),
            _loss(row, "val_loss"),
            _share(row, "val_accuracy"),
        ]
        if ticks >= _FEWEST_TICKS:
            cells.append(sparkline([each["val_loss"] for each in run.history][-ticks:]))
        cells.append(_time(run, outlook))
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in cells))
    return table


def _loss(row, name):
    return f"{row[name]:.4f}" if name in row else ""


def _share(row, name):
    return f"{row[name]:.2%}" if name in row else ""


def _time(run: Run, outlook: Outlook) -> str:
    if run.overhead is not None:
        return f"took {w.duration(run.overhead + sum(row['seconds'] for row in run.history))}"
    left = outlook.of_runs.get((run.model, run.seed))
    if left is None:
        return ""
    at_most = "at most " * run.stops_early
    return f"{at_most}{w.duration(left)}{' left' * (run.state == 'running')}"


def sparkline(values: Sequence[float]) -> str:
    """Return a line of blocks as high as ``values``, × for what is no number."""
    known = [value for value in values if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0, 0)
    blocks = "▁▂▃▄▅▆▇█"
    step = (high - low) / (len(blocks) - 1) or 1.0
    return "".join(
        blocks[round((value - low) / step)] if math.isfinite(value) else "×" for value in values
    )


def watch(options: argparse.Namespace, console: Console) -> None:
    """Show the study that ``options`` name until all its runs have ended, or once.

    Where the output is no terminal, that is once.
    """
    overlays = [file.resolve() for file in options.configfile]
    if not 0 < options.every <= _LONGEST_WAIT:
        raise StudyError(
            f"--every: {options.every:g}; expected seconds, above 0 and up to {_LONGEST_WAIT:,}:"
            " correct it."
        )
    if not options.directory.is_dir():
        raise StudyError(
            f"--directory: {options.directory} is no folder; expected that of a study: correct it."
        )
    os.chdir(options.directory)
    config = study_config(overlays, options.config)
    study = Study(config)
    if options.once or not console.is_terminal:
        console.print(view(config, study, console.width)[0])
        return
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        looks, ended = 0, False
        while not ended:
            looks += 1
            if looks % _ANEW == 0:
                # In the middle of an edit, the last one counts.
                with suppress(StudyError, OSError):
                    config = study_config(overlays, options.config)
                    study = Study(config)
            picture, ended = view(config, study, console.width, console.height)
            live.update(picture, refresh=True)
            if not ended:
                time.sleep(options.every)


def _folder(text):
    """Return the folder that ``text`` names; no shell may have replaced a tilde in front."""
    return Path(os.path.expanduser(text))


def main(arguments: Sequence[str]) -> None:
    """Show the study that the command line's ``arguments`` name."""
    parser = argparse.ArgumentParser(
        prog="watch.py", description="All runs of a study, live. Ctrl-C leaves; the runs go on."
    )
    parser.add_argument("--configfile", nargs="+", type=Path, default=[], metavar="FILE")
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE")
    parser.add_argument("--directory", type=_folder, default=Path(), help="the study's folder")
    parser.add_argument("--once", action="store_true", help="print it once, with all runs")
    parser.add_argument("--every", type=float, default=2, metavar="SECONDS", help="by default, 2")
    options = parser.parse_args(arguments)
    print_escaped()
    # In a file or a pipe, lines are not cut to 80 columns.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDE_ENOUGH
    try:
        with suppress(KeyboardInterrupt):
            watch(options, Console(width=width, highlight=False))
    except StudyError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"{error.filename or 'standard output'}: {error.strerror or error}; expected the files"
            " of a study, which can be read: make them readable, or correct the path."
        )
