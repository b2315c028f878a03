"""How much better a model is on training images than on others."""

from dataclasses import dataclass

import numpy as np

from bakeoff.analysis.intervals import gap_interval


@dataclass(frozen=True)
class Overfitting:
    """How much better a model is on training images than on others.

    ``gap`` with its interval is the accuracy on training images (dropout off) minus that on
    test images. ``verdict`` is "none" when the interval reaches down to zero, "harmful" when
    validation loss is shown to have risen besides and is not falling again, otherwise "harmless".
    """

    verdict: str
    train_accuracy: float
    gap: float
    low: float
    high: float
    train_loss: float
    val_loss: float
    lowest_loss: float
    lowest_epoch: int


def overfitting(model):
    """Measure the :class:`Overfitting` of a :class:`bakeoff.analysis.models.Model`."""
    clean = [training.card["clean_train"] for training in model.trainings]
    train_accuracy = float(np.mean([c["accuracy"] for c in clean]))
    gap, low, high = gap_interval(
        np.stack(list(model.answers.values())), train_accuracy, clean[0]["images"]
    )
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
