"""How much better a model is on training images than on others."""

from typing import TYPE_CHECKING

import numpy as np

from bakeoff.analysis.intervals import gap_interval
from bakeoff.numbers import Overfitting

if TYPE_CHECKING:
    # Which imports this module.
    from bakeoff.analysis.models import MeasuredModel


def overfitting(model: "MeasuredModel") -> Overfitting:
    """Return the :class:`bakeoff.numbers.Overfitting` of a model with a run that finished."""
    clean = [run.card["clean_train"] for run in model.runs]
    train_accuracy = float(np.mean([c["accuracy"] for c in clean]))
    correct = np.stack(list(model.correct.values()))
    images = clean[0]["images"]
    gap, low, high = gap_interval(correct, train_accuracy, images, model.sample.accuracy)
    losses = model.mean_val_losses
    lowest = int(losses.argmin())
    return Overfitting(
        verdict=_harm(model) if low > 0 else "none",
        train_accuracy=train_accuracy,
        gap=gap,
        low=low,
        high=high,
        train_loss=float(np.mean([c["loss"] for c in clean])),
        val_loss=model.val_loss,
        lowest_loss=float(losses[lowest]),
        lowest_epoch=lowest + 1,
    )


def _harm(model):
    """Return the verdict on a model that overfits."""
    if model.has_risen is None:
        return "untested"
    return "harmful" if model.has_risen and model.trend.verdict != "falling" else "harmless"
