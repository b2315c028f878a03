"""Saving a model as Keras's file."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Not before its backend is prepared.
    import keras


def save_model(model: "keras.Model", path: str | Path) -> None:
    """Save a built, uncompiled ``model`` as Keras's file ``path``, which ends in ``.keras``.

    A class without a ``get_config`` that names its arguments cannot be told in the file's
    configuration. Its weights are saved all the same:
    :func:`bakeoff.describe.saving.load_with_file` reads those alone.
    """
    try:
        model.save(path)
    except NotImplementedError:
        model.get_config = lambda: {"name": model.name}
        try:
            model.save(path)
        finally:
            del model.get_config
