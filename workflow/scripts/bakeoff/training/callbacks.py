"""The Keras callbacks of an architecture's own, over a training that is one `fit` an epoch.

Importing this imports Keras, which must find its backend prepared.
"""

import inspect
import sys
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import keras
import numpy as np

from bakeoff.joblog import say

# Keras calls these once a `fit`, so here they are once a run. The end of an epoch comes after all
# of its scores are known, of which `fit` lacks those of averaged weights.
_NOT_OF_FIT = ("on_train_begin", "on_train_end", "on_epoch_end")
_OF_FIT = [
    name
    for name in dir(keras.callbacks.Callback)
    if name.startswith("on_") and name not in _NOT_OF_FIT
]
_OF_BATCHES = [name for name in _OF_FIT if "batch" in name and "predict" not in name]

# Given to a callback anew in each process.
_OF_KERAS = ("_model", "params")

State = dict[str, Any]
"""What a callback remembers, by the names of its attributes: a value, or a function's name."""


class OwnCallbacks:
    """The ``callbacks`` that train ``model`` for up to ``epochs`` epochs of ``steps`` batches."""

    def __init__(self, callbacks: Sequence[Any], model: keras.Model, epochs: int, steps: int):
        self.callbacks = callbacks
        self.model = model
        for callback in callbacks:
            callback.set_params({"verbose": 0, "epochs": epochs, "steps": steps})
            callback.set_model(model)
        self.of_fit = [_OfFit(callback) for callback in callbacks]
        self._logs: dict[str, Any] = {}
        self._first: list[dict[str, Any]] = []

    @property
    def hear_batches(self) -> bool:
        """Whether one of them does something before or after a batch."""
        return any(
            _overrides(callback, name) for callback in self.callbacks for name in _OF_BATCHES
        )

    def begin(self, remembered: Sequence[State] = ()) -> None:
        """Begin the training, or go on with what the callbacks ``remembered``."""
        for callback in self.callbacks:
            callback.on_train_begin()
        self._first = [dict(vars(callback)) for callback in self.callbacks]
        for callback, state in zip(self.callbacks, remembered, strict=False):
            functions = {name: _function(*of) for name, of in state["functions"].items()}
            vars(callback).update(state["values"] | functions)

    def end_epoch(self, epoch: int, logs: Mapping[str, Any]) -> bool:
        """End an ``epoch``, from 1, of Keras's ``logs``; tell whether that changed the weights."""
        self._logs = dict(logs)
        heard = [c for c in self.callbacks if _overrides(c, "on_epoch_end")]
        before = self.model.get_weights() if heard else []
        for callback in heard:
            callback.on_epoch_end(epoch - 1, self._logs)
        return bool(heard) and not _same(before, self.model.get_weights())

    def end(self) -> None:
        """End the training, if it began; what that does to the weights, now scored, is undone."""
        if not self._first:
            return
        before = self.model.get_weights()
        for callback in self.callbacks:
            callback.on_train_end(self._logs)
        if not _same(before, self.model.get_weights()):
            self.model.set_weights(before)
            say(
                "The architecture's callbacks change the weights when the training ends: undone, as"
                " the run is judged by those of an epoch (`evaluate: best` keeps the best ones)."
            )

    def remembered(self) -> list[State] | None:
        """Return what each callback remembers, ready for JSON, or None where JSON cannot hold it.

        What it began with and cannot change is no memory: the architecture's file makes it again.
        """
        kept = []
        for callback, first in zip(self.callbacks, self._first, strict=True):
            values, functions = {}, {}
            for name, value in vars(callback).items():
                if name in _OF_KERAS or (_is_constant(value) and value is first.get(name)):
                    continue
                if _is_json(value):
                    values[name] = value
                elif (of := _place(value)) is not None:
                    functions[name] = of
                else:
                    return None
            kept.append({"values": values, "functions": functions})
        return kept


class _OfFit(keras.callbacks.Callback):
    """What one of them hears of a `fit`: its epoch's beginning and its batches."""

    def __init__(self, own: Any):
        super().__init__()
        # So that Keras may tell whether it has to be called at all.
        for name in _OF_FIT:
            setattr(self, name, getattr(own, name))
        self.async_safe = getattr(own, "async_safe", False)


def _overrides(callback, name):
    """Tell whether a callback has a method of its own, as Keras tells it."""
    return not getattr(getattr(callback, name), "_is_default", False)


def _is_json(value):
    """Tell whether a value comes back from JSON as it was, types included."""
    if isinstance(value, dict):
        return all(type(key) is str and _is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or type(value) in (bool, int, float, str)


def _is_constant(value):
    """Tell whether a value cannot change: a function, or a number, a text, a tuple of such."""
    if isinstance(value, tuple):
        return all(map(_is_constant, value))
    return inspect.isroutine(value) or value is None or type(value) in (bool, int, float, str)


def _place(value):
    """Return the module and the name in it by which a function is found, or None."""
    place = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    try:
        return place if inspect.isroutine(value) and _function(*place) is value else None
    except (AttributeError, KeyError, TypeError):
        return None


def _function(module, name):
    """Return the function of that name; what can be one has been imported with its callback."""
    return attrgetter(name)(sys.modules[module])


def _same(before, after):
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))
