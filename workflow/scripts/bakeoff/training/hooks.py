"""What an architecture file may do while its model trains: `callbacks(settings)`."""

import copy
import sys
from collections.abc import Mapping
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.study.folders import Folders
from bakeoff.training.architecture import architecture_file, blamed_on


def callbacks_of(
    folders: Folders, name: str, settings: Mapping[str, Any], validation: str
) -> list[Any]:
    """Return the Keras callbacks that the architecture file ``name`` adds to a run's training.

    ``settings`` are the run's; the file's function gets a copy. The file has been imported, as its
    model is built. Without such a function there are none. ``validation`` is that of the data.
    Raises :class:`StudyError` where it raises, or returns anything but a list of callbacks, or one
    that would let a run be judged otherwise than the report says.
    """
    import keras

    hook = getattr(sys.modules[f"architectures.{name}"], "callbacks", None)
    if hook is None:
        return []
    with blamed_on(folders, name, "callbacks"):
        made = hook(copy.deepcopy(settings))
    if not isinstance(made, list) or not all(isinstance(c, keras.callbacks.Callback) for c in made):
        raise StudyError(
            f"{architecture_file(name)}: callbacks: returned {made!r}; expected a list of"
            " keras.callbacks.Callback: end it with `return [...]`."
        )
    for callback in made:
        _check(callback, architecture_file(name), validation)
    return made


def _check(callback, file, validation):
    """Raise :class:`StudyError` for what the config has settings of its own for."""
    import keras

    kind = type(callback).__name__
    if getattr(callback, "restore_best_weights", False):
        raise StudyError(
            f"{file}: callbacks: {kind} with restore_best_weights; expected one without, as the"
            " config says which epoch's weights are judged: leave it out, and write `training:"
            " {evaluate: best}`."
        )
    choosing = keras.callbacks.EarlyStopping, keras.callbacks.ReduceLROnPlateau
    if validation == "test" and isinstance(callback, choosing) and "val_" in callback.monitor:
        raise StudyError(
            f"{file}: callbacks: {kind} with monitor={callback.monitor!r}; expected validation on a"
            " holdout, as the test images would choose how the run goes that they judge: write"
            " `data: {validation: holdout}`, or monitor 'loss'."
        )
