"""The last whole epoch of a run on disk, so that a killed run goes on from there."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.files import DAMAGED, pass_on, remove_unfinished, write_atomically
from bakeoff.in_force import locked
from bakeoff.joblog import say
from bakeoff.study.identity import fingerprint, outlasts_epochs


class Checkpoints:
    """The checkpoints of one run, in a folder of their own.

    A checkpoint holds the arrays of model and optimizer and the history up to an epoch. The
    folder's name carries a fingerprint of all that the training depends on except the number of
    epochs (unless the learning rate's schedule depends on that), so a checkpoint of anything else
    is never picked up, and one of a model that was called otherwise is. ``check`` raises where the
    run is to end; it is asked once the folder is held, and after each state.
    """

    def __init__(
        self,
        parent: str | Path,
        identity: Mapping[str, Any],
        data_checksum: str,
        check: Callable[[], None] = lambda: None,
    ):
        settings = dict(identity["settings"])
        if outlasts_epochs(settings):
            del settings["epochs"]
        digits = fingerprint({**identity, "settings": settings, "data": data_checksum})[:16]
        name = f"{identity['architecture']}_seed_{identity['seed']}_{digits}"
        self.folder = Path(parent) / name
        self._check = check

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for this process alone: see :func:`bakeoff.in_force.locked`."""
        with locked(self.folder / "lock", "trains this model"):
            self._check()
            remove_unfinished(self.folder)
            yield

    def save(
        self,
        epoch: int,
        arrays: Sequence[np.ndarray],
        record: Mapping[str, Any],
        finished: bool = False,
    ) -> None:
        """Write the state after ``epoch`` and drop the unfinished state before it.

        ``arrays`` is a list of NumPy arrays; ``record`` is anything that Python's
        JSON can hold, NaN included.
        ``finished`` states stay, as a study may be asked for that many epochs again.
        """
        named: dict[str, Any] = dict(zip(_names(len(arrays)), arrays, strict=True))
        named |= {"record": np.array(json.dumps(record)), "count": np.array(len(arrays))}
        path = self.folder / f"epoch_{epoch:05d}{'_finished' * finished}.npz"
        with write_atomically(path) as temporary:
            np.savez(temporary, **named)
        for older in self.folder.glob("epoch_*.npz"):
            if _epoch_of(older) <= epoch and not _is_finished(older) and older != path:
                older.unlink()
        self._check()

    def load(self, epochs: int) -> tuple[int, list[np.ndarray], dict[str, Any]] | None:
        """Return (epoch, arrays, record) of the last state up to ``epochs``, or None.

        A damaged file is said, deleted, and an earlier one taken. One that cannot be read by now
        stays: ``OSError`` is raised.
        """
        states = sorted(self.folder.glob("epoch_*.npz"), key=_epoch_of, reverse=True)
        for path in states:
            if _epoch_of(path) > epochs:
                continue
            try:
                # Reading an array checks its CRC-32, but not its name, nor whether one is missing.
                with np.load(path) as state:
                    names = _names(int(state["count"]))
                    if sorted(state.files) != [*names, "count", "record"]:
                        raise ValueError("its arrays have other names")
                    arrays = [state[name] for name in names]
                    return _epoch_of(path), arrays, json.loads(str(state["record"]))
            except DAMAGED as error:
                pass_on(error)
                say(f"Checkpoint {path} is damaged ({error}): deleted.")
                path.unlink()
        return None


def _names(arrays):
    """Return the names of so many arrays in a file, which are in their order."""
    return [f"array_{number:05d}" for number in range(arrays)]


def _epoch_of(path):
    return int(path.stem.split("_")[1])


def _is_finished(path):
    return path.stem.endswith("_finished")
