"""The curves of runs as TensorBoard's event files, a folder a run: with ``training.tensorboard``.

In no run's identity, as ``epochs.py`` is in none.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.study.settings import has_curves

TAGS = {
    "train/loss": "loss",
    "train/accuracy": "accuracy",
    "validation/loss": "val_loss",
    "validation/accuracy": "val_accuracy",
}
"""What a history's columns are called, in TensorBoard's sections."""


def folder_of(curves: str | Path, model: str, seed: int) -> Path:
    """Return the folder of a run's event file within that of all ``curves``."""
    return Path(curves, model, f"seed_{seed}")


def add_epoch(
    config: Mapping[str, Any],
    identity: Mapping[str, Any],
    history: Sequence[Mapping[str, float]],
    first: int,
) -> None:
    """Add the last row of ``history`` to a run's event file, if ``config`` asks for one.

    With this process's ``first`` epoch, the whole history goes to a new file in place of what
    stands there: of a process that was killed, or of another run of model and seed.
    """
    model = identity["model"]
    if not has_curves(config, model):
        return
    curves = Path(config["pathvars"]["results"], "tensorboard")
    folder = folder_of(curves, model, identity["seed"])
    files = sorted(folder.glob("*.tfevents.*"))
    if len(history) == first or not files:
        write_curves(folder, history, time.time())
    else:
        _append(files[-1], _events(history[-1:], time.time()))


def write_curves(folder: Path, history: Iterable[Mapping[str, float]], ended: float) -> None:
    """Write a run's event file in place of what stands in ``folder``.

    ``history`` are rows with epoch, losses, accuracies and seconds; ``ended`` is when the last one
    did, in seconds since 1970.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for older in folder.glob("*.tfevents.*"):
        older.unlink()
    # A name of its own: TensorBoard goes on reading a file where it was.
    file = folder / f"events.out.tfevents.{time.time_ns()}"
    _append(file, [{"wall_time": ended, "file_version": "brain.Event:2"}, *_events(history, ended)])


def _events(history, ended):
    """Return what each row becomes, as fields of TensorBoard's `Event`."""
    rows = list(history)
    events = []
    for row in reversed(rows):
        values = [{"tag": tag, "simple_value": row[column]} for tag, column in TAGS.items()]
        step = int(row["epoch"])
        events.append({"wall_time": ended, "step": step, "summary": {"value": values}})
        ended -= row["seconds"]
    return events[::-1]


def _append(file, events):
    # Only where somebody asks for it; it comes without TensorFlow.
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.summary.writer.record_writer import RecordWriter

    with file.open("ab") as opened:
        writer = RecordWriter(opened)
        for event in events:
            writer.write(Event(**event).SerializeToString())
