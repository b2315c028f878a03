"""Importing a backend without the packages that it takes along where they are installed.

Keras imports scikit-learn for its wrappers and matplotlib for its galleries, TensorFlow imports JAX
for its converter to other formats, and none of them is used in a run. All three were 1.7 of 4.4 s
of the import of TensorFlow (Intel Xeon, keras 3.15, tensorflow 2.21). On another backend, Keras
imports TensorFlow itself, to seed it: half of the memory of a small run and, of its time, a sixth
on JAX and a third on PyTorch.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.training.backend import prepare_backend

_UNNEEDED = ("sklearn", "matplotlib", "jax", "tensorflow")
"""Packages that Keras and its backends do without, as they do where these are not installed."""


def import_backend(settings: Mapping[str, Any], threads: int, gpu: bool = True) -> str:
    """Prepare the backend as ``settings`` of a training say, and return the device's name.

    ``settings`` have backend, precision and deterministic; see :func:`prepare_backend`. Raises
    :class:`StudyError` where Keras was imported before, by whatever, and so runs on another one.
    """
    backend = settings["backend"]
    with unneeded_left_out(backend):
        device = prepare_backend(
            threads, backend, settings["precision"], settings["deterministic"], gpu
        )
        import keras

        if backend != "tensorflow":
            # Looks for TensorFlow; Keras never does again.
            keras.utils.set_random_seed(0)
    if (found := keras.config.backend()) != backend:
        raise StudyError(
            f"config: training.backend: {backend}; but Keras runs on {found}, as something has"
            " imported it before the run did: look for a sitecustomize or a .pth file of this"
            " Python."
        )
    return device


@contextmanager
def unneeded_left_out(backend: str) -> Iterator[None]:
    """Let what the block imports find no package that a run on ``backend`` needs none of.

    After the block they can be imported as ever, by an architecture for instance; only Keras's own
    wrappers and galleries stay without them. What was imported before stays.
    """
    left_out = [name for name in _UNNEEDED if name != backend and name not in sys.modules]
    for name in left_out:
        # Python's own way to say that there is no such module.
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in left_out:
            del sys.modules[name]
