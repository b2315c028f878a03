"""Trying before any run that a model can be saved, and what loads it again.

Importing this imports Keras, which must find its backend prepared.
"""

import gc
import re
import sys
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np

from bakeoff.describe import ITS_FILE, KERAS_ALONE
from bakeoff.errors import StudyError, cause_of
from bakeoff.joblog import say
from bakeoff.study.folders import Folders
from bakeoff.training.architecture import architecture_file, random_images, run_build
from bakeoff.training.saving import save_model
from bakeoff.training.surroundings import kept_random_states


def load_with_file(
    path: str | Path,
    folders: Folders,
    name: str,
    input_shape: tuple[int, int, int],
    num_classes: int,
    arguments: Mapping[str, Any] | None = None,
) -> keras.Model:
    """Return the model of a saved file, built by its architecture file, with the saved weights.

    docs/architectures.md has the same for models that Keras alone does not load.
    """
    model = run_build(folders, name, input_shape, num_classes, arguments)
    # Its first call makes the weights of a subclassed model; Keras's `build` may make none, and
    # then loads none, without a word.
    model(np.zeros((1, *input_shape), np.float32))
    model.load_weights(path)
    return model


def try_saving(
    model: keras.Model,
    folders: Folders,
    name: str,
    input_shape: tuple[int, int, int],
    num_classes: int,
    arguments: Mapping[str, Any] | None = None,
) -> str:
    """Return what loads the saved ``model``: Keras alone, or its architecture file.

    ``model`` is freshly built and not compiled. It is saved in a temporary folder and
    loaded as in a process that has imported Keras and nothing of this study; what does not load
    so, or answers four images otherwise, must load with its architecture file, and a line says
    so. The random generators are left as they were. Raises :class:`StudyError` for a model that
    cannot be saved or that neither way loads.
    """
    loads_with = _what_loads(model, folders, name, input_shape, num_classes, arguments)
    # What was loaded refers to itself, and would be as large as the model for a while.
    gc.collect()
    return loads_with


def _what_loads(model, folders, name, input_shape, num_classes, arguments):
    file = architecture_file(name)
    with kept_random_states(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        try:
            save_model(model, path)
        except OSError:
            # The disk's fault, not the model's.
            raise
        except Exception as error:
            raise StudyError(
                f"{file}: build: cannot be saved: {cause_of(error)}; expected a model that Keras"
                " saves: give its classes a `get_config` that returns the arguments of their"
                " `__init__`, and leave saving to Keras."
            ) from error
        images = random_images(input_shape)
        fault = _fault_of_loading(lambda: _load_alone(path), model, images)
        if fault is None:
            return KERAS_ALONE
        say(
            f"{name}: its model.keras will load with {file} only, see docs/architectures.md:"
            f" Keras alone says {_first_sentence(fault)}"
        )
        fault = _fault_of_loading(
            lambda: load_with_file(path, folders, name, input_shape, num_classes, arguments),
            model,
            images,
        )
    if fault is None:
        return ITS_FILE
    raise StudyError(
        f"{file}: build: is saved, but does not load: {fault}; expected the same predictions from"
        " the loaded model: keep all weights in layers, models and `add_weight`, give classes a"
        " `get_config`, and build the same each time."
    )


def _fault_of_loading(load, model, images):
    """Return in a line why ``load`` does not give ``model`` back, or None where it does."""
    try:
        loaded = load()
        answers = _answers(loaded, images)
    except StudyError as error:
        return str(error)
    except Exception as error:
        return cause_of(error)
    expected = _answers(model, images)
    if _alike(answers, expected) or not _alike(_answers(model, images), expected):
        # Where a model draws random numbers, its answers tell nothing.
        return None
    return f"its predictions differ by up to {np.abs(answers - expected).max():.2g}"


def _first_sentence(text):
    return f"{re.split(r'[.;] ', text)[0].rstrip('.')}."


def _load_alone(path):
    with _nothing_but_keras():
        return keras.models.load_model(path)


def _answers(model, images):
    return keras.ops.convert_to_numpy(model(images, training=False)).astype(np.float64)


def _alike(answers, expected):
    # One rounding of bfloat16, which a GPU may do otherwise the next time; a layer that was
    # loaded with another type, or without its weights, is further off.
    return np.allclose(answers, expected, rtol=0, atol=1e-3)


@contextmanager
def _nothing_but_keras():
    """Hide for the block what this process knows beyond Keras: architectures, custom classes."""
    # Public functions set this one for good only.
    from keras.src.saving.serialization_lib import SafeModeScope

    registered = keras.saving.get_custom_objects()
    kept = dict(registered)
    imported = {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] == "architectures"
    }
    registered.clear()
    # None makes Python refuse to import it.
    sys.modules.update(dict.fromkeys(["architectures", *imported]))
    try:
        with SafeModeScope(True):
            yield
    finally:
        del sys.modules["architectures"]
        sys.modules.update(imported)
        registered.update(kept)
