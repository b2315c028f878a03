"""What each model did, in numbers: the measurements that the findings put into words."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from bakeoff.analysis.calibration import NO_ANSWERS, Reliability, reliability
from bakeoff.analysis.curves import loss_trend, rose_since_the_middle
from bakeoff.analysis.epochs import by_epoch, mean_history
from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.last_epochs import fluctuation
from bakeoff.analysis.overfitting import overfitting
from bakeoff.analysis.traits import model_traits
from bakeoff.study.readers import (
    read_descriptions,
    read_predictions,
    read_probabilities,
    read_training,
    trainings_of,
)


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


def read_trainings(study, data, cards, histories, predictions, descriptions):
    """Read a study's trainings from three lists of paths, each in the study's order.

    ``descriptions`` are the paths of its models' descriptions.
    ``data`` is the study's :class:`bakeoff.study.readers.DataSet`. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    trainings, described = [], read_descriptions(descriptions, study)
    paths = zip(trainings_of(study), cards, histories, predictions, strict=True)
    for (model, seed), card_file, history_file, predictions_file in paths:
        history, card = read_training(history_file, card_file, model, seed, described[model])
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
        """The history's mean over the seeds: see :func:`bakeoff.analysis.epochs.mean_history`."""
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
        """What :func:`bakeoff.analysis.traits.model_traits` says of the layers."""
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
