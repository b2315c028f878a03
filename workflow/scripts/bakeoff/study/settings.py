"""What a model is trained with: the study's settings under its own; what a run depends on."""

from collections.abc import Mapping
from typing import Any

from bakeoff.study.identity import NEUTRAL, contender, training_identity
from bakeoff.study.sources import Sources

# Not in the schema: filled in there, a model's entry would override the study's choice.
_TRAINING_DEFAULTS = {"backend": "tensorflow", "precision": "float32"} | NEUTRAL
_STOPPING_DEFAULTS = {"min_delta": 0, "monitor": "val_loss"}
# What no number depends on: a recipe's name, and whether curves are written.
_OF_NO_RUN = ("recipe", "tensorboard")


def training_settings(config: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return the settings that ``model`` is trained with: the study's under its own.

    Optimizer, schedule, augmentation and early stopping are replaced as a whole, since one's
    settings mean nothing to another. A schedule or an augmentation that changes nothing is None.
    """
    settings = _TRAINING_DEFAULTS | config["training"] | config["models"][model]["training"]
    for key in _OF_NO_RUN:
        settings.pop(key, None)
    for key in ("optimizer", "schedule"):
        given = (settings[key] or {}).items()
        settings[key] = {part: value for part, value in given if value is not None} or None
    if settings["schedule"] in ({"name": "constant"}, {"name": "constant", "warmup": 0}):
        settings["schedule"] = None
    given = (settings["augmentation"] or {}).items()
    settings["augmentation"] = {part: value for part, value in given if value} or None
    if settings["early_stopping"]:
        settings["early_stopping"] = _STOPPING_DEFAULTS | settings["early_stopping"]
    return settings


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
    entry = config["models"][model]
    built = contender(model, entry["architecture"], entry["arguments"])
    return training_identity(sources, built, seed, training_settings(config, model))
