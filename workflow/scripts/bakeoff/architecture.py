"""Loading an architecture file and checking what it builds."""

import importlib
import sys
from pathlib import Path

import numpy as np

from bakeoff.errors import StudyError
from bakeoff.files import sha256_of


def build_model(root, model, input_shape, num_classes):
    """Return the Keras model that ``architectures/{model}.py`` builds, checked.

    ``input_shape`` is that of one image, ``(height, width, channels)``. Raises
    :class:`StudyError` when ``build`` raises or returns anything but an uncompiled classifier
    with one input ``(n, *input_shape)`` and one output ``(n, num_classes)`` of probabilities.
    """
    import keras

    file = f"architectures/{model}.py"
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        built = importlib.import_module(f"architectures.{model}").build(input_shape, num_classes)
    except Exception as error:
        raise StudyError(
            f"{file}: build: raised {type(error).__name__}: {_first_line(error)}; expected a"
            " keras.Model: mend the file (the job's log holds the traceback)."
        ) from error
    if not isinstance(built, keras.Model):
        raise StudyError(
            f"{file}: build: returned {type(built).__name__}; expected a keras.Model: end the"
            " function with `return keras.Model(inputs, outputs)`."
        )
    _check_answer(file, built, input_shape, num_classes)
    return built


def check_sources(root, planned):
    """Raise :class:`StudyError` if a source file differs from what was planned.

    ``planned`` maps paths relative to ``root`` to SHA-256. A file edited between the planning
    and the start of a job would otherwise be recorded as the version that was planned.
    """
    for file, checksum in planned.items():
        path = Path(root) / file
        if not path.is_file() or sha256_of(path) != checksum:
            raise StudyError(
                f"{file}: changed since this run was planned; expected the version of the plan:"
                " run snakemake again."
            )


def sources_read(root):
    """Map every file under ``root`` that this process has imported to its SHA-256."""
    root = Path(root)
    # A virtual environment may lie inside the repository; its packages are not our sources.
    places = (root / "architectures", root / "workflow")
    files = {Path(m.__file__) for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
    own = sorted(file for file in files if any(file.is_relative_to(place) for place in places))
    return {file.relative_to(root).as_posix(): sha256_of(file) for file in own}


def _check_answer(file, built, input_shape, num_classes):
    """Ask ``built`` about four random images and check what it answers."""
    inputs = built.inputs if built.built else [None]
    if len(inputs) != 1:
        raise StudyError(
            f"{file}: build: a model with {len(inputs)} inputs; expected one, the images: drop"
            " the others."
        )
    images = np.random.default_rng(0).random((4, *input_shape), np.float32)
    try:
        answer = built.predict_on_batch(images)
    except Exception as error:
        raise StudyError(
            f"{file}: build: does not take images of shape {tuple(input_shape)}"
            f" ({_first_line(error)}); expected that it does: start with"
            " `keras.Input(input_shape)`."
        ) from error
    if isinstance(answer, (list, tuple, dict)):
        raise StudyError(
            f"{file}: build: a model with {len(answer)} outputs; expected one of shape"
            f" (n, {num_classes}): return the class probabilities alone."
        )
    if answer.shape != (len(images), num_classes):
        shape = ", ".join(map(str, answer.shape[1:]))
        raise StudyError(
            f"{file}: build: output of shape (n, {shape}); expected (n, {num_classes}): end with"
            ' `Dense(num_classes, activation="softmax")`.'
        )
    if answer.dtype != np.float32:
        raise StudyError(
            f"{file}: build: probabilities of type {answer.dtype}; expected float32, as"
            ' fewer digits would blur the loss: give the last layer `dtype="float32"`.'
        )
    answer = answer.astype(np.float64)
    if not np.isfinite(answer).all():
        raise StudyError(
            f"{file}: build: answers NaN or infinity before any training; expected probabilities:"
            " look for a division by zero, a logarithm of zero or an extreme initialiser."
        )
    sums = answer.sum(axis=1)
    if answer.min() < 0 or not np.allclose(sums, 1, atol=1e-3):
        raise StudyError(
            f"{file}: build: rows of the output sum to {sums[0]:.4g}; expected class probabilities"
            ' that sum to 1: end with `Dense(num_classes, activation="softmax")`.'
        )


def _first_line(error):
    return str(error).strip().split("\n")[0]
