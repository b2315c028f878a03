"""Loading an architecture file and checking what it builds."""

import copy
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from bakeoff.errors import StudyError, Terminated, cause_of
from bakeoff.study.folders import ARCHITECTURES, Folders, with_architectures

if TYPE_CHECKING:
    # Not before its backend is prepared.
    import keras

Shape = tuple[int, int, int]
"""The shape of an image: height, width, channels."""


def build_model(
    folders: Folders,
    name: str,
    input_shape: Shape,
    num_classes: int,
    arguments: Mapping[str, Any] | None = None,
) -> "keras.Model":
    """Return the Keras model that ``architectures/{name}.py`` builds, checked.

    ``folders`` are :data:`bakeoff.study.folders.Folders`; ``input_shape`` is that of one image,
    ``(height, width, channels)``; ``arguments`` is a dict of what ``build`` gets beside. Raises
    :class:`StudyError` when the file cannot be imported, when ``build`` raises or returns
    anything but an uncompiled classifier with one input ``(n, *input_shape)`` and one output
    ``(n, num_classes)`` of probabilities, and when either changes what holds for the whole
    process: settings of Keras and its backend, or seeds.
    """
    import keras

    file = architecture_file(name)
    built = run_build(folders, name, input_shape, num_classes, arguments)
    if not isinstance(built, keras.Model):
        raise StudyError(
            f"{file}: build: returned {type(built).__name__}; expected a keras.Model: end the"
            " function with `return keras.Model(inputs, outputs)`."
        )
    _check_input(file, built)
    _check_answer(file, built, input_shape, num_classes)
    _check_precision(file, built)
    return built


def run_build(
    folders: Folders,
    name: str,
    input_shape: Shape,
    num_classes: int,
    arguments: Mapping[str, Any] | None = None,
) -> Any:
    """Return what the ``build`` of ``architectures/{name}.py`` returns, unchecked.

    A list among the ``arguments`` is as it was whatever ``build`` does with it. Raises
    :class:`StudyError` as :func:`build_model` does, except for what is returned.
    """
    # Imports Keras.
    from bakeoff.training.surroundings import unchanged_surroundings

    # Built again to be saved and loaded, the model would else be another, and its card wrong.
    file, arguments = architecture_file(name), copy.deepcopy(dict(arguments or {}))
    places = with_architectures(folders)
    sys.path[:0] = [str(place) for place in places if str(place) not in sys.path]
    with unchanged_surroundings(file):
        build = _import_build(file, places, name, arguments)
        return _run(
            file, "build", lambda: build(input_shape, num_classes, **arguments), "a keras.Model"
        )


def effective_arguments(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return all that ``build`` gets beside its first two parameters, defaults too, for JSON.

    The model of the architecture ``name`` has been built.
    """
    bound = inspect.signature(sys.modules[f"architectures.{name}"].build).bind(
        None, None, **arguments
    )
    bound.apply_defaults()
    return {key: _plain(bound.arguments[key]) for key in list(bound.arguments)[2:]}


def _plain(value):
    """Return a value that JSON holds for one of an argument, which every process tells alike.

    Of a function or class, that is its name; of others that are no values of JSON, their text.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        # Their order is another in each process.
        return sorted(map(_plain, value), key=repr)
    if callable(value) and hasattr(value, "__qualname__"):
        return value.__qualname__
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


@contextmanager
def blamed_on(folders: Folders, name: str, what: str) -> Iterator[None]:
    """Raise as :class:`StudyError` what the block raises out of the architecture's own code.

    Other exceptions pass. ``what`` was done is said: "training".
    """
    try:
        yield
    except StudyError:
        raise
    except Exception as error:
        frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        own = [str(place / ARCHITECTURES) for place in with_architectures(folders)]
        # TensorFlow runs functions of the file as ones of its own, but names the file.
        if not any(folder in text for folder in own for text in [*frames, str(error)]):
            raise
        raise StudyError(
            f"{architecture_file(name)}: {what}: raised {cause_of(error)}; expected a model that"
            " trains: mend the file (the job's log holds the traceback)."
        ) from error


def architecture_file(name: str) -> str:
    """Return the path of an architecture's file within the folder that it is found in."""
    return f"architectures/{name}.py"


def layers_with_weights(model: "keras.Model") -> list[Any]:
    """Return the layers of a built model, at any depth, that hold weights of their own."""
    # No public way leads to the layers inside of layers.
    found = [model, *model._flatten_layers(include_self=False)]
    return [layer for layer in found if _own_weights(layer)]


def compute_dtypes(model: "keras.Model") -> list[str]:
    """Return the types in which layers with weights compute, sorted: such as ["float32"]."""
    return sorted({layer.compute_dtype for layer in layers_with_weights(model)})


def random_images(input_shape: Shape) -> np.ndarray:
    """Return four images of noise like the data's, float32 ``(4, *input_shape)`` in [0, 1]."""
    return np.random.default_rng(0).random((4, *input_shape), np.float32)


def _import_build(file, places, name, arguments):
    """Return the function ``build`` of an architecture file, which takes ``arguments``."""

    def import_module():
        package = importlib.import_module(ARCHITECTURES)
        # Of all places: with an `__init__.py` in one, Python would look in that one alone.
        package.__path__ = [str(place / ARCHITECTURES) for place in places]
        try:
            return importlib.import_module(f"{ARCHITECTURES}.{name}")
        except ModuleNotFoundError as error:
            beside = f"{error.name}.py"
            if not any((place / ARCHITECTURES / beside).is_file() for place in places):
                raise
            raise StudyError(
                f"{file}: import: finds no {error.name}, though {ARCHITECTURES}/{beside} is there;"
                f" expected it by its folder: write `from {ARCHITECTURES}.{error.name} import …`."
            ) from error

    expected = "a module that only defines `build(input_shape, num_classes)`"
    module = _run(file, "import", import_module, expected)
    build = getattr(module, "build", None)
    if not callable(build):
        raise StudyError(
            f"{file}: has no function build; expected `def build(input_shape, num_classes):`"
            " that returns a keras.Model: write it."
        )
    try:
        signature = inspect.signature(build)
        signature.bind(None, None, **arguments)
    except TypeError:
        wanted = ", ".join(["input_shape", "num_classes", *arguments])
        raise StudyError(
            f"{file}: build: takes {signature}; expected `build({wanted})`: give it these"
            " parameters, and no other without a default."
        ) from None
    return build


def _run(file, what, call, expected):
    """Return what ``call`` returns; whatever it raises, or its leaving Python, is one line."""
    try:
        return call()
    except (KeyboardInterrupt, Terminated, StudyError):
        raise
    except SystemExit as leaving:
        raise StudyError(
            f"{file}: {what}: left Python (sys.exit, status {leaving.code}); expected {expected}:"
            ' move what reads the command line or exits under `if __name__ == "__main__":` (the'
            " job's log holds what it printed)."
        ) from leaving
    except BaseException as error:
        raise StudyError(
            f"{file}: {what}: raised {cause_of(error)}; expected {expected}: mend the file (the"
            " job's log holds the traceback)."
        ) from error


def _check_input(file, built):
    """Check what can be told of a model before it is asked: one input, of numbers, uncompiled."""
    if built.compiled:
        raise StudyError(
            f"{file}: build: a compiled model; expected an uncompiled one, as loss and optimizer"
            " stand in the config: drop `compile`, and write what it said under `training:` in the"
            " model's entry."
        )
    # A subclassed model has none, or not yet: what it takes is found out by asking it.
    inputs = getattr(built, "inputs", None) or []
    if len(inputs) > 1:
        raise StudyError(
            f"{file}: build: a model with {len(inputs)} inputs; expected one, the images: drop"
            " the others."
        )
    for tensor in inputs:
        if "float" not in tensor.dtype:
            raise StudyError(
                f"{file}: build: takes images of type {tensor.dtype}; expected float32, as they"
                " are numbers from 0 to 1: drop `dtype` from `keras.Input`."
            )


def _check_answer(file, built, input_shape, num_classes):
    """Ask ``built`` about four random images and check what it answers."""
    images = random_images(input_shape)
    try:
        answer = built.predict_on_batch(images)
    except Exception as error:
        raise StudyError(
            f"{file}: build: does not take images of shape {tuple(input_shape)}"
            f" ({cause_of(error)}); expected that it does: start with"
            " `keras.Input(input_shape)`."
        ) from error
    if isinstance(answer, (list, tuple, dict)):
        count = "1 output in a" if len(answer) == 1 else f"{len(answer)} outputs in a"
        raise StudyError(
            f"{file}: build: a model with {count} {type(answer).__name__}; expected one of shape"
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
            f"{file}: build: predicts NaN or infinity before any training; expected probabilities:"
            " look for a division by zero, a logarithm of zero or an extreme initialiser."
        )
    sums = answer.sum(axis=1)
    if answer.min() < 0 or not np.allclose(sums, 1, atol=1e-3):
        raise StudyError(
            f"{file}: build: rows of the output sum to {sums[0]:.4g}; expected class probabilities"
            ' that sum to 1: end with `Dense(num_classes, activation="softmax")`.'
        )


def _check_precision(file, built):
    """Check that some layer with weights computes in the type that the precision says."""
    import keras

    policy = keras.config.dtype_policy()
    found = compute_dtypes(built)
    if found and policy.compute_dtype not in found:
        raise StudyError(
            f"{file}: build: all layers with weights compute in {' and '.join(found)}; expected"
            f" {policy.compute_dtype}, as the config says precision {policy.name}: drop their"
            " `dtype` (the last layer's may stay), or change `training: {precision: …}` in the"
            " model's entry."
        )


def _own_weights(layer):
    parts = layer._flatten_layers(include_self=False)
    inner = {id(weight) for part in parts for weight in part.weights}
    return [weight for weight in layer.weights if id(weight) not in inner]
