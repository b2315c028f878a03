"""Reading what was decided after a look, checked: see :class:`bakeoff.analysis.looks.Decision`.

It has a module of its own since a run's process reads it too, for the line of an epoch: nothing
that it imports is in ``data/`` or ``training/``, where an edit would train every run anew.
"""

import json
from pathlib import Path
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.study.shapes import NUMBER, NUMBER_OR_NONE, TEXT_OR_NONE, misfit

_DECISION = {
    **{"look": int, "seeds": int, "level": NUMBER, "ended": TEXT_OR_NONE, "goes_on": [str]},
    "left": {
        str: {"worse_than": TEXT_OR_NONE}
        | dict.fromkeys(("difference", "low", "high", "p"), NUMBER_OR_NONE)
    },
    "pairs": [
        {"a": str, "b": str, "differ": bool}
        | dict.fromkeys(("difference", "low", "high", "p"), NUMBER)
    ],
}


def read_decision(path: str | Path, of: str | None = None) -> dict[str, Any] | None:
    """Return what a decision's file says, apart from what it was made of; None where it has none.

    It has none where a look before was decided anew, otherwise than planned. Where ``of`` is given,
    a decision that was made of anything else is None too. Raises :class:`StudyError` when the file
    is damaged.
    """
    try:
        held = json.loads(Path(path).read_bytes())
        if fault := misfit(held, {"of": str, "decision": dict | None}):
            raise ValueError(fault)
        if held["decision"] is None or of not in (None, held["of"]):
            return None
        if fault := _fault(held["decision"], json.loads(held["of"]), Path(path).stem):
            raise ValueError(fault)
    except (ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"{path}: not a decision ({error}); expected JSON with `of` and `decision`, whole:"
            " delete it and run again; it is made anew."
        ) from error
    return held["decision"]


def _fault(decision, made_of, name):
    """Return why it is no decision of a study, or not of the look of that ``name``, or None."""
    if fault := misfit(decision, _DECISION):
        return fault
    looks, look = made_of["plan"]["looks"], decision["look"]
    if name != f"look_{look}" or decision["seeds"] not in looks[look - 1 : look]:
        return f"it is of look {look} with {decision['seeds']} seeds"
    if strangers := sorted({*decision["goes_on"], *decision["left"]} - {*made_of["models"]}):
        return f"{', '.join(strangers)} is not of the study"
    # Nobody goes on just where the study has ended, as it does after the last look.
    if bool(decision["goes_on"]) != (decision["ended"] is None and look < len(looks)):
        return "goes_on and ended do not belong together"
    return None
