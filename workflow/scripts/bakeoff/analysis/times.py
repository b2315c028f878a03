"""Under what circumstances runs took place, and whether their times can be compared.

Times say something of the models only where nothing else differs: each run had the machine to
itself, and all ran on one kind of machine with the same software.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bakeoff.numbers import Circumstances, Times

LATENCY_NOISE = 1.1
"""Latencies that differ by less than this factor count as the same."""

SAME = {
    "device": lambda run: run.device,
    "threads": lambda run: str(run.threads),
    "software": lambda run: run.software,
    "precision": lambda run: run.precision,
}
"""What should be the same for times to be compared, and how it is read."""

_OF_A_PIECE = ("device", "threads", "versions")


def circumstances(card: Mapping[str, Any]) -> Circumstances:
    """Return the :class:`bakeoff.numbers.Circumstances` of a run, from its card.

    What :func:`bakeoff.study.readers.read_latency` returns has them as well.
    """
    versions = card["versions"]
    return Circumstances(
        device=card["device"],
        threads=card["threads"],
        concurrent=card["concurrent_runs"],
        backend=card["backend"],
        precision=card["precision"],
        python=versions["python"],
        keras=versions["keras"],
        backend_version=versions[card["backend"]],
        moved=_was_moved(card.get("pieces", [])),
    )


def _was_moved(pieces):
    """Tell whether the ``pieces`` of a resumed run were made under unlike circumstances."""
    return any(piece[key] != pieces[0][key] for piece in pieces[1:] for key in _OF_A_PIECE)


def obstacles(runs: Iterable[Circumstances]) -> Times:
    """Return the :class:`bakeoff.numbers.Times` of the :class:`Circumstances` of runs."""
    runs = list(runs)
    values = {noun: list(dict.fromkeys(map(read, runs))) for noun, read in SAME.items()}
    return Times(
        shared=max((run.concurrent for run in runs), default=1),
        moved=sum(run.moved for run in runs),
        unlike={noun: found for noun, found in values.items() if len(found) > 1},
    )
