"""A study's figures beside published ones of the same models: is each found again?

The published figures are those of one run of each model, or a mean of a few, on the same test
images as ours. How far another run would land from ours is thus a matter of the spread between
runs alone: the images are the same for both, and what each run makes of them is part of
that spread.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from scipy import stats

from bakeoff.analysis.claims import judge_claims
from bakeoff.analysis.intervals import standard_deviation
from bakeoff.analysis.models import MeasuredModel
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.levels import LEVEL
from bakeoff.numbers import Published, Reproduced

ROUNDING = 0.00005
"""Published losses and accuracies (shares of 1) are rounded to four decimals."""

FIGURES = ("test_accuracy", "val_loss", "train_loss", "train_accuracy")
"""What is published of each model; a validation loss on the test set is our test loss."""


Expected = tuple[float | None, float | None, Literal["seeds", "images"] | None]


def reproduction(results: MeasuredStudy) -> Published | None:
    """Return the :class:`bakeoff.numbers.Published`.

    None without published figures, or where they are of other data or of no model that finished.
    """
    published = results.study["published"]
    if published is None or published["setting"]["dataset"] != results.study["dataset"]["name"]:
        return None
    models = [model for model in results.finished if model.key in published["models"]]
    if not models:
        return None
    return Published(
        {model.key: reproduce(model, published) for model in models},
        judge_claims(results),
    )


def reproduce(model: MeasuredModel, published: Mapping[str, Any]) -> dict[str, Reproduced]:
    """Return a :class:`bakeoff.numbers.Reproduced` of a model for each of ``FIGURES``, as a dict.

    ``published`` is the checked content of a file of published figures.
    """
    setting, figures = published["setting"], published["models"][model.key]
    compared = {}
    for name in FIGURES:
        values = _values(model, name, setting)
        low, high, basis = _expected(model, name, values, setting)
        within = None
        if low is not None and high is not None:
            within = low - ROUNDING <= figures[name] <= high + ROUNDING
        compared[name] = Reproduced(float(values.mean()), figures[name], low, high, basis, within)
    return compared


def _expected(
    model: MeasuredModel, name: str, values: np.ndarray, setting: Mapping[str, Any]
) -> Expected:
    """Return between what a published figure is expected, and by the spread of what."""
    on_test_images = name == "test_accuracy" or (
        name == "val_loss" and setting["validation"] == "test"
    )
    if on_test_images and model.card["dataset"]["test_images"] != setting["test_images"]:
        return None, None, None
    if len(values) > 1:
        low, high = prediction_interval(values, setting["runs"], _grain(model, name))
        return low, min(1.0, high) if name.endswith("accuracy") else high, "seeds"
    if name == "test_accuracy" and model.sample.groups is None:
        return *image_interval(float(values[0]), setting["test_images"]), "images"
    return None, None, None


def _grain(model, name):
    """Return what one image is of an accuracy, 0 of a loss."""
    images = {"test_accuracy": "test_images", "train_accuracy": "train_images"}.get(name)
    return 1 / model.card["dataset"][images] if images else 0


def _values(model, name, setting):
    """Return one of ``FIGURES`` of each run of ``model``, float64 (seeds,)."""
    if name == "test_accuracy":
        return np.array([run.correct.mean() for run in model.runs])
    column = {
        "val_loss": "test_loss" if setting["validation"] == "test" else "val_loss",
        "train_loss": "loss",
        "train_accuracy": "accuracy",
    }[name]
    return np.array([run.judged[column] for run in model.runs])


def prediction_interval(
    values: Sequence[float] | np.ndarray, runs: int = 1, grain: float = 0
) -> tuple[float, float]:
    """Return (low, high) between which the mean of ``runs`` more runs would lie.

    ``values``, float (seeds,), at least two, are those of runs that differ in nothing but
    the seed: mean ± t s sqrt(1/seeds + 1/runs), the prediction interval of a normal sample
    (Hahn and Meeker 1991, "Statistical Intervals", chapter 4) at the level 1 - LEVEL. Neither
    accuracies nor losses are negative. ``grain`` is as for
    :func:`bakeoff.analysis.intervals.standard_deviation`.
    """
    values = np.asarray(values, float)
    seeds = len(values)
    error = standard_deviation(values, grain) * np.sqrt(1 / seeds + 1 / runs)
    margin = stats.t.isf(LEVEL / 2, seeds - 1) * error
    return max(0.0, float(values.mean() - margin)), float(values.mean() + margin)


def image_interval(accuracy: float, images: int) -> tuple[float, float]:
    """Return (low, high) between which an equally good network's accuracy would lie.

    Both networks answer the same ``images``, but of the other one only the accuracy is known, not
    which of them it gets wrong. So the bounds are those for networks whose errors have nothing to
    do with each other: the accuracies that the score test of two proportions does not tell from
    ``accuracy`` at LEVEL. Networks that share errors, as real ones do, differ less: the interval is
    rather too wide. It says nothing of the spread between runs.
    """
    # With p = (accuracy + other) / 2 and d = other - accuracy, the bounds solve
    # d^2 = c p (1 - p), a quadratic in d.
    c = 2 * stats.norm.isf(LEVEL / 2) ** 2 / images
    a, b = 1 + c / 4, -c * (1 - 2 * accuracy) / 2
    root = np.sqrt(b**2 + 4 * a * c * accuracy * (1 - accuracy))
    low, high = ((-b + sign * root) / (2 * a) for sign in (-1, 1))
    return max(0.0, float(accuracy + low)), min(1.0, float(accuracy + high))
