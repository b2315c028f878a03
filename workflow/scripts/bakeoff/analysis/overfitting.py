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
    losses = model.curves["val_loss"]
    lowest = int(losses.argmin())
    rising = model.has_risen and model.trend.verdict != "falling"
    return Overfitting(
        verdict=("harmful" if rising else "harmless") if low > 0 else "none",
        train_accuracy=train_accuracy,
        gap=gap,
        low=low,
        high=high,
        train_loss=float(np.mean([c["loss"] for c in clean])),
        val_loss=float(losses[-1]),
        lowest_loss=float(losses[lowest]),
        lowest_epoch=lowest + 1,
    )
