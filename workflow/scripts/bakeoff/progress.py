"""How far the runs of a study are, told by their files: on a cluster too, and while they train.

Nothing is written, and no lock is held, so it can be told while Snakemake has the folder. Of a run
in progress, the checkpoint holds the history; of one that failed, the log's last line says why.
"""

import csv
import fcntl
import heapq
import json
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from typing import Any, Literal

import numpy as np

from bakeoff.files import DAMAGED
from bakeoff.joblog import error_in
from bakeoff.study.identity import fingerprint
from bakeoff.study.looks import looks_of
from bakeoff.study.settings import identity_of_run
from bakeoff.study.sources import KEPT, Sources
from bakeoff.training.checkpoints import Checkpoints

Key = tuple[str, int]
"""A run: its model's key and its seed."""

_UNREADABLE = (*DAMAGED, TypeError)
_SIGN_OF_LIFE = 120
"""A run whose files are younger, in seconds, is taken for running wherever it may be."""


@dataclass(frozen=True)
class Run:
    """What can be told of a run: its rows of history so far, and how it is.

    ``state`` is "done", "diverged" (done too), "failed", "running", "stopped" (with a checkpoint
    to go on from) or "waiting". ``epochs`` are those planned, fewer where it stops early.
    ``overhead`` are the seconds of a finished run beside its epochs, ``error`` the line of a failed
    one.
    """

    model: str
    seed: int
    state: Literal["done", "diverged", "failed", "running", "stopped", "waiting"]
    epochs: int
    history: Sequence[Mapping[str, float]] = ()
    stops_early: bool = False
    overhead: float | None = None
    error: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more is to come of it."""
        return self.state in ("done", "diverged", "failed")

    @property
    def seconds_an_epoch(self) -> float | None:
        """The mean duration of its epochs so far, or None before the first."""
        return mean(row["seconds"] for row in self.history) if self.history else None

    @property
    def seconds_of_the_next(self) -> float | None:
        """The same without the first, where there are more: it is longer, as it compiles."""
        later = self.history[1:] or self.history
        return mean(row["seconds"] for row in later) if later else None


@dataclass(frozen=True)
class Outlook:
    """The seconds until each run of a study, and the whole of it, has ended; None where unknown.

    ``at_most`` says that a run may stop early. What follows the runs, seconds, is left out.
    """

    of_runs: Mapping[Key, float] = field(default_factory=dict)
    study: float | None = None
    at_most: bool = False


class Study:
    """The runs of a study, by the files under its folder of results.

    ``config`` is what :func:`bakeoff.study.config.read_config` returns. Sources are read once: a
    run of what is edited later is another's. ``identities`` maps each run to what it depends on.
    """

    def __init__(self, config: Mapping[str, Any]):
        self.results = Path(config["pathvars"]["results"])
        self._data = self.results / "data" / config["data"]["dataset"] / "data.json"
        self._config, self._sources = config, Sources(config["folders"], kept=KEPT)
        self._looks = looks_of(config, self._sources)
        self.identities: dict[Key, dict[str, Any]] = self._identities()
        # Of finished runs, which do not change any more: (date of the card, run).
        self._finished: dict[Key, tuple[int, Run]] = {}
        self._multiply_adds: dict[str, int] = {}

    def _identities(self):
        config, identities = self._config, {}
        for model in config["study"]["models"]:
            for seed in self._looks.seeds_of(model) if self._looks else config["study"]["seeds"]:
                identities[model, seed] = identity_of_run(config, self._sources, model, seed)
        return identities

    @property
    def part(self) -> str:
        """What the runs are all of: the study, or the look that comes next."""
        return "look" if self._looks else "study"

    def log_of(self, run: Run) -> Path:
        """Return the path of a run's log."""
        return self.results / "logs" / "train_model" / run.model / f"seed_{run.seed}.log"

    def look(self) -> list[Run]:
        """Return how each run is at this moment, in the config's order.

        In a study of looks, those are the runs that are asked for at this moment.
        """
        if self._looks and (now := self._looks.as_decided()) != self._looks:
            self._looks, self.identities = now, self._identities()
        checksum = None
        with suppress(*_UNREADABLE):
            checksum = json.loads(self._data.read_bytes())["checksum"]
        return [self._look_at(key, checksum) for key in self.identities]

    def _look_at(self, key, checksum):
        identity = self.identities[key]
        settings = identity["settings"]
        run = Run(*key, "waiting", settings["epochs"], stops_early="early_stopping" in settings)
        with suppress(*_UNREADABLE):
            if finished := self._finished_run(run, checksum):
                return finished
        folder = Checkpoints(self.results / "checkpoints", identity, checksum or "").folder
        history = _rows_of_checkpoint(folder, run.epochs)
        error = error_in(self.log_of(run))
        state = "stopped" if history else "waiting"
        if _is_locked(folder / "lock"):
            state = "running"
        elif error:
            state = "failed"
        elif _age(self.log_of(run)) < _SIGN_OF_LIFE or _age(folder) < _SIGN_OF_LIFE:
            state = "running"
        return replace(
            run, state=state, history=history, error=error if state == "failed" else None
        )

    def _finished_run(self, run, checksum):
        """Return a run that has left the card of what the config describes, or None."""
        key = run.model, run.seed
        folder = self.results / "models" / run.model / f"seed_{run.seed}"
        date = (folder / "card.json").stat().st_mtime_ns
        known = self._finished.get(key)
        if known and known[0] == date:
            return known[1]
        card = json.loads((folder / "card.json").read_bytes())
        if card["identity"] != fingerprint(self.identities[key]):
            return None
        if checksum and card["dataset"]["checksum"] != checksum:
            return None
        with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
            rows = [
                {name: float(text or "nan") for name, text in row.items() if name != "model"}
                for row in csv.DictReader(file)
            ]
        seconds = card["seconds"]
        state = "diverged" if card["status"] == "diverged" else "done"
        overhead = seconds["job"] - seconds["training"]
        finished = replace(run, state=state, history=rows, overhead=overhead)
        self._finished[key] = date, finished
        return finished

    def outlook(self, runs: Sequence[Run]) -> Outlook:
        """Return when ``runs``, as :meth:`look` returned them, will have ended.

        An epoch of a run takes as long as those before it, otherwise as those of other runs of its
        model, otherwise as those of other models by their multiply-adds. As many runs go on at once
        as do now. Without any running, or with one of which nothing is known, the study's end is
        unknown.
        """
        epochs = self._seconds_an_epoch(runs)
        overheads = [run.overhead for run in runs if run.overhead is not None]
        overhead = max(0.0, median(overheads)) if overheads else 0.0
        going_on = [run for run in runs if not run.ended]
        left = {}
        for run in going_on:
            if (seconds := epochs.get((run.model, run.seed))) is not None:
                rest = (run.epochs - len(run.history)) * seconds
                left[run.model, run.seed] = rest + overhead * (not run.history)
        running = [run for run in going_on if run.state == "running"]
        at_most = any(run.stops_early for run in going_on)
        if not running or len(left) < len(going_on):
            return Outlook(left, None, at_most)
        free = [left[run.model, run.seed] for run in running]
        end = max(free)
        heapq.heapify(free)
        for run in going_on:
            if run.state != "running":
                begins = heapq.heappop(free)
                heapq.heappush(free, begins + left[run.model, run.seed])
                end = max(end, begins + left[run.model, run.seed])
        return Outlook(left, end, at_most)

    def _seconds_an_epoch(self, runs):
        """Map the runs of which it can be told to the seconds of an epoch."""
        known = [(run, run.seconds_an_epoch) for run in runs if run.history]
        by_model: dict[str, list[float]] = {}
        for run, seconds in known:
            by_model.setdefault(run.model, []).append(seconds)
        sizes = {model: self._size(model) for model in {run.model for run in runs}}
        rates = [(mean(by_model[model]), sizes[model]) for model in by_model if sizes[model]]
        rate = sum(s for s, _ in rates) / sum(size for _, size in rates) if rates else None
        found = {(run.model, run.seed): run.seconds_of_the_next for run, _ in known}
        for run in runs:
            if run.model in by_model:
                found.setdefault((run.model, run.seed), mean(by_model[run.model]))
            elif rate and sizes[run.model]:
                found[run.model, run.seed] = rate * sizes[run.model]
        return found

    def _size(self, model):
        """Return a model's multiply-adds, or None where they are not known, or not all of them."""
        with suppress(*_UNREADABLE):
            if model not in self._multiply_adds:
                file = self.results / "models" / model / "description.json"
                described = json.loads(file.read_bytes())
                if not described["multiply_adds_not_counted"]:
                    self._multiply_adds[model] = described["multiply_adds"]
        return self._multiply_adds.get(model)


def _rows_of_checkpoint(folder, epochs):
    """Return the rows of history in a run's newest checkpoint of up to ``epochs`` epochs."""
    numbered = {
        int(name[1]): file
        for file in folder.glob("epoch_*")
        if (name := re.fullmatch(r"epoch_(\d+)(_finished)?\.npz", file.name))
    }
    for epoch in sorted((epoch for epoch in numbered if epoch <= epochs), reverse=True):
        # It may have been replaced by the next in this moment, or be damaged.
        with suppress(*_UNREADABLE), np.load(numbered[epoch]) as state:
            return json.loads(str(state["record"]))["history"]
    return []


def _is_locked(file):
    """Tell whether a process holds the lock of a run's checkpoints, without waiting for it."""
    with suppress(OSError), file.open() as opened:
        try:
            # Shared, and for this moment alone.
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _age(path):
    """Return the seconds since a file, or the content of a folder, was written."""
    with suppress(OSError):
        return time.time() - path.stat().st_mtime
    return float("inf")
