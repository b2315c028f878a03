"""What an architecture file may do while its model trains: `callbacks(settings)`."""

import copy
import sys
from collections.abc import Mapping
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.study.folders import Folders
from bakeoff.training.architecture import architecture_file, blamed_on


def callbacks_of(folders: Folders, name: str, settings: Mapping[str, Any]) -> list[Any]:
    """Return the Keras callbacks that the architecture file ``name`` adds to a run's training.

    ``settings`` are the run's; the file's function gets a copy. The file has been imported, as its
    model is built. Without such a function there are none. Raises :class:`StudyError` where it
    raises, or returns anything but a list of callbacks.
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
    return made
