"""Seeds that are given where they decide: which runs a study asks for by now.

`study.seeds` is a list, or looks: after each, a file says which models go on, and who left. The
workflow is planned from the files that stand when Snakemake starts; so it always ends, and no part
of it waits for what another part will find out. Where a look has been decided and the study has
not ended, the same command is started again, which plans the next look: see :func:`go_on`.

A look may be decided anew, by other code or of runs that were repeated. The looks after it, which
were planned by what stood, are then decided by the same command if they still ask for the runs that
it has planned, and left open if not, for the command that is started again.

A decision holds what it was made of, apart from the numbers of the runs. One of another plan, or of
another model, stands no more, nor do those after it. They are made anew, of the runs that are
there: a decision looks at the seeds of its own look alone.
"""

import atexit
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bakeoff import wording as w
from bakeoff.errors import StudyError
from bakeoff.files import canonical_json
from bakeoff.study.decisions import read_decision
from bakeoff.study.identity import fingerprint
from bakeoff.study.settings import identity_of_run
from bakeoff.study.sources import Sources

DECIDED = "BAKEOFF_LOOKS_DECIDED"
"""Tells the processes of a command's jobs how many looks were decided when it was planned."""

_SECONDS = {"min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Looks:
    """A study of looks as it stands.

    ``plan`` is `study.seeds` of the checked config, ``of`` a text of all that decisions are made of
    besides runs, ``folder`` where they are kept, and ``decided`` what those that stand say, the
    first look's first: see :class:`bakeoff.analysis.looks.Decision`.
    """

    plan: Mapping[str, Any]
    of: str
    folder: Path
    decided: Sequence[Mapping[str, Any]] = ()

    def as_decided(self, at_most: str | int | None = None) -> "Looks":
        """Return the looks with the decisions, ``at_most`` so many, that stand by now.

        Raises :class:`bakeoff.errors.StudyError` where a decision's file is damaged.
        """
        decided: list[Mapping[str, Any]] = []
        with suppress(OSError):
            while at_most is None or len(decided) < int(at_most):
                decision = read_decision(self.folder / f"look_{len(decided) + 1}.json", self.of)
                if decision is None:
                    break
                decided.append(decision)
                # What an earlier study decided after that look is of no more use.
                if decision["ended"]:
                    break
        return replace(self, decided=decided)

    @property
    def next(self) -> int | None:
        """The number, from 1, of the look that is to be decided; None where the study has ended."""
        ended = self.decided and self.decided[-1]["ended"]
        return None if ended else len(self.decided) + 1

    @property
    def models(self) -> list[str]:
        """The models of the study, in the order of their keys."""
        return sorted(json.loads(self.of)["models"])

    def runs_at(self, look: int) -> list[tuple[str, int]]:
        """Return the (model, seed) pairs by which that look, from 1, is decided."""
        return [(model, seed) for model in self.models for seed in self.seeds_at(look, model)]

    def told(self) -> str:
        """Return a line on how the study stands."""
        if self.next is None:
            return f"Look {len(self.decided)} has ended the study: {self.decided[-1]['ended']}."
        models = self.decided[-1]["goes_on"] if self.decided else self.models
        seeds = self.plan["looks"][len(self.decided)]
        more = "more may follow" if self.next < len(self.plan["looks"]) else "the last"
        return (
            f"Look {self.next} of {len(self.plan['looks'])}: {w.count(len(models), 'model')} with"
            f" {seeds} seeds each; {more}."
        )

    @property
    def asked(self) -> tuple[int, dict[str, list[int]]]:
        """What the study asks for by now: how many decisions, and which seeds of each model."""
        seeds = {model: self.seeds_of(model) for model in self.models}
        return self.next or len(self.decided), seeds

    def seeds_of(self, model: str) -> list[int]:
        """Return the seeds that ``model`` has by now."""
        return self.seeds_at(len(self.decided) + 1, model)

    def seeds_at(self, look: int, model: str) -> list[int]:
        """Return the seeds that ``model`` has when that look, from 1, is decided."""
        gone_on = sum(model in decision["goes_on"] for decision in self.decided[: look - 1])
        return list(range(self.plan["looks"][gone_on]))


def is_of_looks(seeds: Any) -> bool:
    """Tell whether a config's `study.seeds` are looks, not a list of seeds."""
    return isinstance(seeds, Mapping)


def looks_of(
    config: Mapping[str, Any], sources: Sources, at_most: str | int | None = None
) -> Looks | None:
    """Return how the study of a checked config stands, or None where its seeds are a list.

    In one of looks, the config has ``made_from`` too, what :func:`bakeoff.data.sources.made_from`
    returns: it is not asked for here, as what a run imports may read no data, where an edit would
    train it anew. ``sources`` are the :class:`bakeoff.study.sources.Sources` of its folders. Of the
    decisions, ``at_most`` so many are read. Raises :class:`StudyError` where one is damaged.
    """
    plan = config["study"]["seeds"]
    if not is_of_looks(plan):
        return None
    of = {
        "data": config["made_from"],
        "metric": config["study"]["metric"],
        "models": {
            model: fingerprint(identity_of_run(config, sources, model, 0))
            for model in config["study"]["models"]
        },
        "plan": plan,
    }
    looks = Looks(plan, canonical_json(of), Path(config["pathvars"]["results"], "looks"))
    return looks.as_decided(at_most)


def budget_seconds(budget: str | None) -> float | None:
    """Return the seconds of a text such as "40 h", None for None."""
    if budget is None:
        return None
    unit = budget.lstrip("0123456789.").strip()
    return float(budget.strip().removesuffix(unit)) * _SECONDS[unit]


def go_on(looks: Looks | None) -> None:
    """Start this command again if, by what it has decided, the study asks for something else.

    That is for the next look; or for other runs and looks, where a look had been decided and was
    decided otherwise now. Says so. It replaces this process when that ends, which by then has let
    go of Snakemake's lock, and has the exit status of the last. ``looks`` are those that were
    planned.
    """
    if looks is None:
        return
    try:
        now = looks.as_decided()
    except StudyError as error:
        # Damaged since it was written: no command may end in a traceback for that.
        print(error, file=sys.stderr)
        return
    if now.asked == looks.asked:
        return
    told = f"Look {len(now.decided)} of {len(now.plan['looks'])} is decided"
    follows = "the next" if now.next else "the report"
    given = sys.argv[1:]
    by_hand = sys.orig_argv[len(sys.orig_argv) - len(given) :] != given
    print(f"{told}; {'run it again for' if by_hand else 'on to'} {follows}.", file=sys.stderr)
    if not by_hand:
        atexit.register(_start_again)


def _start_again():
    del os.environ[DECIDED]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, sys.orig_argv)
