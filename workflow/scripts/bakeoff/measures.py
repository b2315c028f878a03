"""What each model did, in numbers: the measurements that the findings put into words."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import stats

from bakeoff.calibration import NO_ANSWERS, Reliability, reliability
from bakeoff.comparisons import LEVEL, accuracy_interval, gap_interval
from bakeoff.epochs import FLAT, SLOPES, TREND_EPOCHS, by_epoch, last_epochs, mean_history
from bakeoff.tables import (
    read_predictions,
    read_probabilities,
    read_training,
    trainings_of,
)
from bakeoff.traits import model_traits


@dataclass(frozen=True)
class Training:
    """One training: its card, its history and what it answered to the test images.

    ``predicted`` uint8 (n_test,) holds the most probable class of each image,
    ``label_probability`` float32 (n_test,) the probability of its label, and ``correct`` bool
    (n_test,) whether the two classes are one. A training that diverged has card and history
    only.
    """

    card: dict
    history: np.ndarray
    correct: np.ndarray | None = None
    predicted: np.ndarray | None = None
    label_probability: np.ndarray | None = None
    reliability: Reliability | None = None
    predictions_file: str | Path | None = None

    @property
    def seed(self):
        return self.card["seed"]

    def probabilities(self):
        """Read the class probabilities again, float32 (n_test, classes).

        A study's take up too much memory to be kept.
        """
        return read_predictions(self.predictions_file)[0]


def read_trainings(study, data, cards, histories, predictions):
    """Read a study's trainings from three lists of paths, each in the study's order.

    ``data`` is the study's :class:`bakeoff.tables.DataSet`. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    trainings = []
    paths = zip(trainings_of(study), cards, histories, predictions, strict=True)
    for (model, seed), card_file, history_file, predictions_file in paths:
        history, card = read_training(history_file, card_file, model, seed)
        answers = {}
        if card["status"] == "ok":
            answers = _answers(read_probabilities(predictions_file, data), data.labels)
        trainings.append(Training(card, history, **answers, predictions_file=predictions_file))
    return trainings


def _answers(probabilities, labels):
    """Return what a :class:`Training` keeps of its probabilities (n_test, classes)."""
    predicted = probabilities.argmax(axis=1).astype(np.uint8)
    correct = predicted == labels
    images = np.arange(len(labels))
    return {
        "correct": correct,
        "predicted": predicted,
        "label_probability": probabilities[images, labels],
        "reliability": reliability(probabilities[images, predicted], correct),
    }


@dataclass(frozen=True, eq=False)
class Model:
    """A model of the study with the trainings of it that ended well.

    ``diverged`` holds the cards of the others. Numbers are means over the seeds; accuracies are
    shares of 1.
    """

    key: str
    name: str
    description: str
    family: str
    trainings: list[Training]
    diverged: list[dict]

    @property
    def card(self):
        """The card to read what all trainings of the model share."""
        return self.trainings[0].card if self.trainings else self.diverged[0]

    @cached_property
    def answers(self):
        """Which test images were answered rightly: dict from seed to boolean (n_test,)."""
        return {training.seed: training.correct for training in self.trainings}

    @cached_property
    def predicted(self):
        """The answers, uint8 (n_test,), that the mean of the trainings' probabilities gives."""
        if len(self.trainings) == 1:
            return self.trainings[0].predicted
        total = sum(training.probabilities() for training in self.trainings)
        return total.argmax(axis=1).astype(np.uint8)

    @cached_property
    def reliability(self):
        """How often answers of each confidence are right, over the answers of all trainings."""
        return sum((training.reliability for training in self.trainings), start=NO_ANSWERS)

    @cached_property
    def accuracy(self):
        """Test accuracy after the last epoch: (value, low, high)."""
        return accuracy_interval(np.stack(list(self.answers.values())))

    @cached_property
    def curves(self):
        """The history's mean over the seeds, as :func:`bakeoff.epochs.mean_history` gives it."""
        return mean_history([training.history for training in self.trainings])

    @cached_property
    def cost(self):
        """Parameters, multiply-adds for one image where all are known, and milliseconds."""
        cost = {"parameters": self.card["parameters"]["total"]}
        if not self.card.get("multiply_adds_not_counted"):
            cost["multiply-adds"] = self.card["multiply_adds"]
        latencies = [training.card["latency_ms"]["median"] for training in self.trainings]
        return cost | {"latency": float(np.mean(latencies))}

    @cached_property
    def best_epochs(self):
        """For each seed: (the first epoch with the highest validation accuracy, epochs)."""
        return [
            (int(t.history["val_accuracy"].argmax()) + 1, len(t.history)) for t in self.trainings
        ]

    @cached_property
    def best_val_accuracy(self):
        """The highest validation accuracy of any epoch."""
        return float(np.mean([t.history["val_accuracy"].max() for t in self.trainings]))

    @cached_property
    def trend(self):
        """Where validation loss is heading at the end of the training."""
        return loss_trend(self._losses)

    @cached_property
    def has_risen(self):
        """Whether validation loss is shown to have risen, at the end or since the middle."""
        return self.trend.verdict == "rising" or rose_since_the_middle(self._losses)

    @property
    def _losses(self):
        """Validation losses, float64 (seeds, epochs)."""
        return by_epoch([training.history for training in self.trainings], "val_loss")

    @cached_property
    def overfitting(self):
        """How much better the model is on training images."""
        return overfitting(self)

    @cached_property
    def fluctuation(self):
        """How validation accuracy moves at the end; None with too few epochs."""
        return fluctuation([training.history["val_accuracy"] for training in self.trainings])

    @cached_property
    def traits(self):
        """What :func:`bakeoff.traits.model_traits` says of the layers."""
        return model_traits(self.card["layers"])


def models_of_study(study, trainings):
    """Group ``trainings`` by the models of ``study``, in the study's order."""
    by_model = {entry["model"]: [] for entry in study["models"]}
    for training in trainings:
        by_model[training.card["model"]].append(training)
    return [
        Model(
            key=entry["model"],
            name=entry["name"],
            description=entry["description"],
            family=entry["family"],
            trainings=[t for t in by_model[entry["model"]] if t.card["status"] == "ok"],
            diverged=[t.card for t in by_model[entry["model"]] if t.card["status"] != "ok"],
        )
        for entry in study["models"]
    ]


@dataclass(frozen=True)
class Trend:
    """Slope of a loss per epoch with its 95 % interval, over ``epochs`` epochs up to the last.

    ``verdict`` is "flat" when the whole interval is so near to zero that as many epochs again
    would change the loss by less than ``FLAT``, "falling" or "rising" when it lies on one side of
    zero, otherwise "noisy": the losses wander too much to tell. It is "unknown", without numbers,
    when there are too few epochs.
    """

    verdict: Literal["falling", "rising", "flat", "noisy", "unknown"]
    epochs: int
    slope: float | None = None
    low: float | None = None
    high: float | None = None


def loss_trend(losses):
    """Return the :class:`Trend` of ``losses``, float (seeds, epochs), over the last third.

    The losses of one training wander: each depends on those before. So epochs are no sample, but
    trainings are, and so are stretches of one training that follow each other: their slopes are
    all but independent, even where the loss is a random walk. Each training gives one slope, or,
    with fewer than ``SLOPES`` trainings, those of so many equal stretches that there are at least
    that many; the interval is Student's for their mean (Ibragimov and Mueller 2010, "t-Statistic
    Based Correlation and Heterogeneity Robust Inference", Journal of Business & Economic
    Statistics 28). docs/statistics.md has what it holds on simulated losses.
    """
    seeds, epochs = losses.shape
    stretches = ceil(SLOPES / seeds)
    window = max(TREND_EPOCHS, ceil(epochs / 3))
    if epochs < window:
        return Trend("unknown", epochs)
    # Stretches share the epoch between them: a step up and down again is then no trend.
    steps = (window - 1) // stretches
    ends = range(epochs - steps * stretches, epochs, steps)
    pieces = np.concatenate([losses[:, end - 1 : end + steps] for end in ends])
    place = np.arange(steps + 1) - steps / 2
    slope, low, high = mean_interval(pieces @ place / (place @ place))
    band = FLAT * losses[:, -window:].mean() / window
    if -band <= low and high <= band:
        verdict = "flat"
    else:
        verdict = "falling" if high < 0 else "rising" if low > 0 else "noisy"
    return Trend(verdict, window, slope, low, high)


def rose_since_the_middle(losses):
    """Tell whether ``losses``, float (seeds, epochs), are higher at the end than in the middle.

    That is, whether the mean over the last third of the epochs is shown to lie above that over
    the third before, the trainings being the sample; one training cannot show it. The epoch of
    the lowest loss is no yardstick: it was picked for being low, so from it all is a rise.
    """
    seeds, epochs = losses.shape
    third = epochs // 3
    if seeds < 2 or not third:
        return False
    last, before = losses[:, -third:], losses[:, -2 * third : -third]
    _, low, _ = mean_interval(last.mean(axis=1) - before.mean(axis=1))
    return low > 0


def mean_interval(values):
    """Return (mean, low, high): Student's 95 % interval for the mean of at least two values."""
    mean = float(np.mean(values))
    margin = stats.t.isf(LEVEL / 2, len(values) - 1) * stats.sem(values)
    return mean, float(mean - margin), float(mean + margin)


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
    """Measure the :class:`Overfitting` of a :class:`Model`."""
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


@dataclass(frozen=True)
class Fluctuation:
    """How validation accuracy moves over the last ``epochs`` epochs, as shares of 1.

    ``deviation`` is the standard deviation between epochs, pooled over the seeds; ``range`` the
    widest of the seeds' ranges.
    """

    epochs: int
    deviation: float
    range: float


def fluctuation(accuracies):
    """Return the :class:`Fluctuation` of one validation accuracy curve for each seed.

    It is measured over the last of them (:func:`bakeoff.epochs.last_epochs`); ``None`` where these
    are too few.
    """
    epochs = last_epochs(min(map(len, accuracies)))
    if not epochs:
        return None
    last = [np.asarray(curve, float)[-epochs:] for curve in accuracies]
    return Fluctuation(
        epochs=epochs,
        deviation=pooled(curve.std(ddof=1) for curve in last),
        range=float(max(np.ptp(curve) for curve in last)),
    )


def pooled(deviations):
    """Return the root mean square of standard deviations."""
    return float(np.sqrt(np.mean(np.square(list(deviations)))))
