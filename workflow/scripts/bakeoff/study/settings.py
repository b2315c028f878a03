"""What a model is trained with: the study's settings under its own; what a run depends on."""

import math
from collections.abc import Mapping
from typing import Any

from bakeoff.study.identity import (
    NEUTRAL,
    contender,
    description_identity,
    training_identity,
)
from bakeoff.study.sources import Sources

# Not in the schema: filled in there, a model's entry would override the study's choice.
_TRAINING_DEFAULTS = {"backend": "tensorflow", "precision": "float32"} | NEUTRAL
_STOPPING_DEFAULTS = {"min_delta": 0, "monitor": "val_loss"}
# What a schedule does without these settings: see bakeoff.training.schedule.
_SCHEDULE_DEFAULTS = {
    "cosine": {"warmup": 0, "final": 0},
    "step": {"warmup": 0, "factor": 0.1},
    "exponential": {"warmup": 0},
    "one_cycle": {"start": 0.04, "final": 0.0001},
}
# The share of the epochs in which one_cycle rises, unless it has a warmup.
_RISE = 0.3
_OF_ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
_OF_ALL_OPTIMIZERS = {"use_ema": False, "ema_momentum": 0.99}
# Keras's defaults. Those of learning_rate and rho are in identities where they are given, as they
# were before others were left out: runs by our own recipes would be trained anew.
_OPTIMIZER_DEFAULTS: Mapping[str, dict[str, Any]] = {
    "Adadelta": {"epsilon": 1e-7},
    "Adagrad": {"epsilon": 1e-7},
    "Adam": _OF_ADAM,
    "AdamW": _OF_ADAM | {"weight_decay": 0.004},
    "Adamax": _OF_ADAM,
    "Lion": {"beta_1": 0.9, "beta_2": 0.99},
    "Muon": {"momentum": 0.95, "nesterov": True, "epsilon": 1e-7, "weight_decay": 0.004},
    "Nadam": _OF_ADAM,
    "RMSprop": {"momentum": 0.0, "epsilon": 1e-7},
    "SGD": {"momentum": 0.0, "nesterov": False},
}
# What no number depends on: a recipe's name, and whether curves are written.
_OF_NO_RUN = ("recipe", "tensorboard")


def training_settings(config: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return the settings that ``model`` is trained with: the study's under its own.

    Optimizer, schedule, augmentation and early stopping are replaced as a whole, since one's
    settings mean nothing to another. A schedule or an augmentation that changes nothing is None.
    What is equal is written alike, as a run's identity is told by it: defaults of schedules and
    optimizers are left out, but for a learning rate and `rho`; of 1 and 1.0, optimizers have the
    latter, others the former.
    """
    settings = _TRAINING_DEFAULTS | config["training"] | config["models"][model]["training"]
    for key in _OF_NO_RUN:
        settings.pop(key, None)
    settings["optimizer"] = _optimizer(settings["optimizer"] or {})
    settings["schedule"] = _schedule(settings["schedule"], settings["epochs"])
    given = _whole_as_int(settings["augmentation"]).items()
    settings["augmentation"] = {part: value for part, value in given if value} or None
    if settings["early_stopping"]:
        settings["early_stopping"] = _STOPPING_DEFAULTS | _whole_as_int(settings["early_stopping"])
    return settings


def _optimizer(given):
    defaults = _OF_ALL_OPTIMIZERS | _OPTIMIZER_DEFAULTS.get(given.get("name"), {})
    settings = _without({key: _as_float(value) for key, value in given.items()}, defaults)
    # Without averages, it is how none are made.
    if settings and "use_ema" not in settings:
        settings.pop("ema_momentum", None)
    return settings


def _schedule(given, epochs):
    schedule = _whole_as_int(given)
    name, warmup = schedule.get("name"), schedule.get("warmup")
    # Of 13 epochs, 3.9 is meant, and 0.3 * 13 is no 3.9 to a computer.
    if name == "one_cycle" and warmup is not None and math.isclose(warmup, _RISE * epochs):
        del schedule["warmup"]
    settings = _without(schedule, _SCHEDULE_DEFAULTS.get(name, {}))
    changes_nothing = settings in ({"name": "constant"}, {"name": "constant", "warmup": 0})
    return None if changes_nothing else settings


def _without(settings, defaults):
    """Return ``settings`` but for what is null or as in ``defaults``; None where none is left."""
    absent = object()
    return {
        key: value
        for key, value in settings.items()
        if value is not None and value != defaults.get(key, absent)
    } or None


def _as_float(value):
    return float(value) if type(value) is int else value


def _whole_as_int(settings):
    return {
        key: int(value) if type(value) is float and value.is_integer() else value
        for key, value in (settings or {}).items()
    }


def has_curves(config: Mapping[str, Any], model: str) -> bool:
    """Tell whether the curves of a model's runs are written for TensorBoard."""
    settings = config["training"] | config["models"][model]["training"]
    return settings.get("tensorboard", False)


def identity_of_run(
    config: Mapping[str, Any], sources: Sources, model: str, seed: int
) -> dict[str, Any]:
    """Return what one run of a study depends on apart from the data, ready for JSON.

    ``config`` is a checked one, ``sources`` are those of its folders: see
    :func:`bakeoff.study.identity.training_identity`.
    """
    settings = training_settings(config, model)
    return training_identity(sources, _built_for(config, model), seed, settings)


def identity_of_description(
    config: Mapping[str, Any], sources: Sources, model: str
) -> dict[str, Any]:
    """Return what a model's description depends on: see :func:`identity_of_run`."""
    settings = training_settings(config, model)
    return description_identity(sources, _built_for(config, model), settings)


def _built_for(config, model):
    entry = config["models"][model]
    return contender(model, entry["architecture"], entry["arguments"])
