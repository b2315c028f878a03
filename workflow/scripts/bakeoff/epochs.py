"""What is done after each epoch of a run that no number depends on: a line, and its curves.

In no run's identity: what is changed here trains nothing again. So nothing that it imports is in
``data/``, or in ``training/`` unless training imports it anyway.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bakeoff import wording as w
from bakeoff.joblog import say
from bakeoff.limits import MOST_FOLLOWED
from bakeoff.progress import Outlook, Run, Study
from bakeoff.study.identity import all_settings
from bakeoff.study.looks import is_of_looks
from bakeoff.tensorboard import add_epoch
from bakeoff.training.judging import is_finite

_config: Mapping[str, Any] | None = None
_study: Study | None = None


def follow_study(config: Mapping[str, Any]) -> None:
    """Let the lines of this process's epochs say how far the study of ``config`` is.

    And let their curves be written where it asks for that. ``config`` is what
    :func:`bakeoff.study.config.read_config` returns.
    """
    global _config, _study
    _config, _study = config, None


def after_epoch(
    identity: Mapping[str, Any], history: Sequence[dict[str, Any]], first: int, stopped: bool
) -> None:
    """Say the line of the last epoch of ``history``, which is on disk, and add to its curves.

    ``identity`` is the run's, ``first`` this process's first epoch, ``stopped`` whether early
    stopping ends the run here.
    """
    line = epoch_line(identity, history, first, stopped)
    try:
        study = _study_line()
    except Exception as error:
        # Others may write, move or delete what it is read from; no run ends for a line.
        study = f"the study's progress cannot be told ({type(error).__name__}: {error})"
    say(f"{line}; {study}" if study else line)
    try:
        if _config is not None:
            add_epoch(_config, identity, history, first)
    except Exception as error:
        # Nor for a curve.
        say(f"The epoch is missing in TensorBoard ({type(error).__name__}: {error}).")


def epoch_line(
    identity: Mapping[str, Any], history: Sequence[dict[str, Any]], first: int, stopped: bool
) -> str:
    """Return what an epoch's line says of its run: losses, accuracies, time taken and left."""
    settings, row = all_settings(identity), history[-1]
    # Of this process; its first epoch is longer, as it compiles.
    epochs, timed = settings["epochs"], history[first:] or history[first - 1 :]
    seconds = sum(r["seconds"] for r in timed) / len(timed)
    goes_on = is_finite(row) and not stopped
    left = w.duration((epochs - row["epoch"]) * seconds if goes_on else 0)
    at_most = "at most " * (settings["early_stopping"] is not None and not stopped)
    return (
        f"{identity['model']} seed {identity['seed']}"
        f"  epoch {row['epoch']:>{len(str(epochs))}}/{epochs}"
        f"  loss {row['loss']:.4f}  accuracy {row['accuracy']:7.2%}"
        f"  val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:7.2%}"
        f"  {row['seconds']:.1f} s, " + ("stopped early" if stopped else f"{at_most}{left} left")
    )


def _study_line():
    global _study
    if _config is None:
        return None
    seeds = _config["study"]["seeds"]
    each = max(seeds["looks"]) if is_of_looks(seeds) else len(seeds)
    runs = len(_config["study"]["models"]) * each
    if runs == 1 or runs > MOST_FOLLOWED:
        return None
    _study = _study or Study(_config)
    found = _study.look()
    return study_line(found, _study.outlook(found), part=_study.part)


def study_line(
    runs: Sequence[Run], outlook: Outlook, now: float | None = None, part: str = "study"
) -> str:
    """Return how far a study is, and when it will be done, where that is known.

    Such as "6 of 30 runs done, 1 failed, study done at about 16:40"; ``now`` is the time in
    seconds, ``part`` what the runs are all of.
    """
    done = sum(run.state in ("done", "diverged") for run in runs)
    failed = sum(run.state == "failed" for run in runs)
    parts = [f"{done} of {len(runs)} runs done"]
    if failed:
        parts.append(f"{failed} failed")
    if outlook.study is not None:
        at = clock(outlook.study, now)
        parts.append(f"{part} done {'by' if outlook.at_most else 'at about'} {at}")
    return ", ".join(parts)


def clock(seconds: float, now: float | None = None) -> str:
    """Return the local time in so many ``seconds``: "16:40", or on another day "3 Dec 16:40"."""
    begun = datetime.fromtimestamp(time.time() if now is None else now)
    end = datetime.fromtimestamp(begun.timestamp() + seconds)
    day = "" if end.date() == begun.date() else f"{end.day} {end:%b} "
    return f"{day}{end:%H:%M}"
