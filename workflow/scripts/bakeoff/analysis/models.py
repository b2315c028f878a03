"""What each model did: its runs as they were read, and the measurements on them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial, reduce
from operator import add
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bakeoff.analysis.calibration import NO_ANSWERS, Reliability, calibration, reliability
from bakeoff.analysis.crossed import evened
from bakeoff.analysis.curves import loss_trend, rose_since_the_middle
from bakeoff.analysis.epochs import by_epoch, up_to_the_last
from bakeoff.analysis.intervals import accuracy_interval, mean_interval, share_interval
from bakeoff.analysis.last_epochs import fluctuation
from bakeoff.analysis.overfitting import overfitting
from bakeoff.analysis.sampling import TestSample
from bakeoff.analysis.traits import model_traits
from bakeoff.numbers import (
    Accuracy,
    Calibration,
    EarlyStopping,
    Estimate,
    Fluctuation,
    Overfitting,
    Trend,
)
from bakeoff.study.readers import (
    DataSet,
    read_descriptions,
    read_probabilities,
    read_training,
    runs_in,
)

# Predictions are asked for only of runs that did not diverge.
_NOT_THERE: Any = None


@dataclass(frozen=True, eq=False)
class MeasuredRun:
    """One run: its card, its history and what it predicts for the test images.

    ``predicted`` int (n_test,) holds the most probable class of each image, ``label_probability``
    float32 (n_test,) the probability of its label, and ``correct`` bool (n_test,) whether the two
    are one. ``probabilities()`` reads those of all classes anew, float32 (n_test, classes): held,
    those of all runs would be nine tenths of the memory. A run that diverged has card and history
    only.
    """

    card: dict
    history: np.ndarray
    probabilities: Callable[[], np.ndarray] = _NOT_THERE
    correct: np.ndarray = _NOT_THERE
    predicted: np.ndarray = _NOT_THERE
    label_probability: np.ndarray = _NOT_THERE
    reliability: Reliability = _NOT_THERE

    @property
    def seed(self) -> int:
        return self.card["seed"]

    @property
    def judged(self) -> np.void:
        """The history's row of the epoch whose weights count: see bakeoff.training.judging."""
        return self.history[self.card["judged_epoch"] - 1]


def read_runs(
    study: Mapping[str, Any],
    data: DataSet,
    cards: Iterable[Path],
    histories: Iterable[Path],
    predictions: Iterable[Path],
    descriptions: Iterable[Path],
) -> list[MeasuredRun]:
    """Read a study's runs from three lists of paths, each in the study's order.

    ``descriptions`` are the paths of its models' descriptions.
    ``data`` is the study's :class:`bakeoff.study.readers.DataSet`. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    runs, described = [], read_descriptions(descriptions, study)
    paths = zip(runs_in(study), cards, histories, predictions, strict=True)
    for (model, seed), card_file, history_file, predictions_file in paths:
        history, card = read_training(history_file, card_file, model, seed, described[model])
        predicted = {}
        if card["status"] == "ok":
            predicted = _predicted(partial(read_probabilities, predictions_file, data), data)
        runs.append(MeasuredRun(card, history, **predicted))
    return runs


def _predicted(read, data):
    """Return what a :class:`MeasuredRun` says of the probabilities (n_test, classes) it reads."""
    probabilities = read()
    predicted = _most_probable(probabilities)
    correct = predicted == data.labels
    images = np.arange(len(data.labels))
    return {
        "probabilities": read,
        "correct": correct,
        "predicted": predicted,
        "label_probability": probabilities[images, data.labels],
        "reliability": reliability(probabilities[images, predicted], correct, data.groups),
    }


def _most_probable(probabilities):
    """Return the most probable class of each image, in as few bytes as hold each class."""
    # Those of all runs are held at once: numbers of eight bytes would be the most of them.
    kept = np.min_scalar_type(probabilities.shape[1] - 1)
    return probabilities.argmax(axis=1).astype(kept)


@dataclass(frozen=True, eq=False)
class MeasuredModel:
    """A model of the study with the runs of it that ended well.

    ``diverged`` holds the others; ``sample`` says what the test images are a sample of.
    ``latency_alone`` is what :func:`bakeoff.study.readers.read_latency` returns, if it was measured
    so. Numbers are means over the seeds; accuracies are shares of 1.
    """

    key: str
    runs: list[MeasuredRun]
    diverged: list[MeasuredRun]
    sample: TestSample
    latency_alone: Mapping[str, Any] | None = None

    @property
    def card(self) -> dict[str, Any]:
        """The card to read what all runs of the model share."""
        return [*self.runs, *self.diverged][0].card

    @cached_property
    def correct(self) -> dict[int, np.ndarray]:
        """Which test images were predicted rightly: dict from seed to boolean (n_test,)."""
        return {run.seed: run.correct for run in self.runs}

    @cached_property
    def predicted(self) -> np.ndarray:
        """The predictions, int (n_test,), of the mean of the runs' probabilities."""
        if len(self.runs) == 1:
            return self.runs[0].predicted
        total = reduce(add, (run.probabilities() for run in self.runs))
        return _most_probable(total)

    @cached_property
    def reliability(self) -> Reliability:
        """How often predictions of each confidence are right, over those of all runs."""
        return sum((run.reliability for run in self.runs), start=NO_ANSWERS)

    @cached_property
    def calibration(self) -> Calibration:
        """The model's :class:`bakeoff.numbers.Calibration`."""
        return calibration([run.reliability for run in self.runs], self.reliability)

    @cached_property
    def accuracy(self) -> Accuracy:
        """Test accuracy after the judged epoch, a :class:`bakeoff.numbers.Accuracy`."""
        return self._accuracy(self.sample.accuracy)

    @cached_property
    def balanced_accuracy(self) -> Accuracy:
        """The same of the mean of the classes' recalls."""
        return self._accuracy(self.sample.balanced)

    @property
    def score(self) -> Accuracy:
        """The one of the two that the study's models are ranked by."""
        balanced = self.sample.metric == "balanced_accuracy"
        return self.balanced_accuracy if balanced else self.accuracy

    def _accuracy(self, of):
        interval = accuracy_interval(np.stack(list(self.correct.values())), of)
        by_seed = {
            seed: of(correct[None, None]).value.item() for seed, correct in self.correct.items()
        }
        sd = float(np.std(list(by_seed.values()), ddof=1)) if len(by_seed) > 1 else None
        return Accuracy(*interval, sd, by_seed)

    @cached_property
    def train_accuracy(self) -> Estimate:
        """The running train accuracy over the judged epoch, a :class:`bakeoff.numbers.Estimate`.

        Over several seeds, Student's interval of the mean; with one, Wilson's for the images.
        """
        values = [float(run.judged["accuracy"]) for run in self.runs]
        images = self.card["dataset"]["train_images"]
        if len(values) == 1:
            return Estimate(values[0], *share_interval(values[0], images))
        return Estimate(*mean_interval(values, 1 / images))

    @property
    def epochs(self) -> int:
        """How many epochs the longest run has."""
        return max(len(run.history) for run in self.runs)

    @property
    def judged_by(self) -> Literal["last", "val_loss", "val_accuracy"]:
        """What chose the judged epochs: "last", or the validation measure that they are best by."""
        settings = self.card["training"]
        if settings.get("evaluate", "last") == "last":
            return "last"
        stopping = self.early_stopping
        return stopping.monitor if stopping else "val_loss"

    @property
    def early_stopping(self) -> EarlyStopping | None:
        """When its runs end early, a :class:`bakeoff.numbers.EarlyStopping`, or None."""
        given = self.card["training"].get("early_stopping")
        return EarlyStopping(**given) if given else None

    @property
    def was_stopped(self) -> bool:
        """Whether early stopping, or a callback of the architecture, ended a run."""
        return any(len(run.history) < run.card["epochs"] for run in self.runs)

    @property
    def val_loss(self) -> float:
        """Validation loss after the judged epoch."""
        return float(np.mean([run.judged["val_loss"] for run in self.runs]))

    def before_the_end(self, field: str, epochs: int) -> float:
        """Return the accuracy ``field`` so many ``epochs`` before the last; 0 is the last."""
        return float(evened(np.mean([run.history[field][-1 - epochs] for run in self.runs])))

    @property
    def shortest(self) -> int:
        """How many epochs the shortest run has."""
        return min(len(run.history) for run in self.runs)

    @cached_property
    def cost(self) -> dict[str, float]:
        """Parameters, multiply-adds for one image where all are known, and milliseconds."""
        cost = {"parameters": self.card["parameters"]["total"]}
        if not self.card.get("multiply_adds_not_counted"):
            cost["multiply-adds"] = self.card["multiply_adds"]
        return cost | ({"latency": self.latency} if self.runs else {})

    @property
    def latency(self) -> float:
        """Milliseconds for one image: measured alone, or the mean of what its runs measured."""
        if self.latency_alone:
            return self.latency_alone["latency_ms"]["median"]
        return float(np.mean([run.card["latency_ms"]["median"] for run in self.runs]))

    @cached_property
    def trend(self) -> Trend:
        """Where validation loss is heading at the end of the training."""
        if self.was_stopped:
            return Trend("stopped early", self.shortest)
        return loss_trend(up_to_the_last(self._histories, "val_loss"))

    @cached_property
    def has_risen(self) -> bool | None:
        """Whether validation loss is shown to have risen, at the end or since the middle.

        None where the last or the judged epoch was chosen by it, which a rise cannot be told from.
        """
        if self.was_stopped or self.judged_by != "last":
            return None
        losses = up_to_the_last(self._histories, "val_loss")
        return self.trend.verdict == "rising" or rose_since_the_middle(losses)

    @property
    def mean_val_losses(self) -> np.ndarray:
        """Validation losses, float64 (epochs,), up to the last epoch that all runs have."""
        return by_epoch(self._histories, "val_loss").mean(axis=0)

    @property
    def _histories(self):
        return [run.history for run in self.runs]

    @cached_property
    def overfitting(self) -> Overfitting:
        """How much better the model is on training images."""
        return overfitting(self)

    @cached_property
    def fluctuation(self) -> Fluctuation | None:
        """How validation accuracy moves at the end; None with too few epochs."""
        return fluctuation([run.history["val_accuracy"] for run in self.runs])

    @cached_property
    def traits(self) -> dict[str, Any]:
        """What :func:`bakeoff.analysis.traits.model_traits` says of the layers."""
        return model_traits(self.card["layers"])


def models_of_study(
    study: Mapping[str, Any],
    runs: Iterable[MeasuredRun],
    sample: TestSample,
    latencies: Mapping[str, Mapping[str, Any]],
) -> list[MeasuredModel]:
    """Group ``runs`` by the models of ``study``, in the study's order.

    ``sample`` is the :class:`bakeoff.analysis.sampling.TestSample`, ``latencies`` maps models to
    what :func:`bakeoff.study.readers.read_latency` returns.
    """
    by_model: dict[str, tuple[list[MeasuredRun], list[MeasuredRun]]] = {
        entry["model"]: ([], []) for entry in study["models"]
    }
    for run in runs:
        finished, diverged = by_model[run.card["model"]]
        (finished if run.card["status"] == "ok" else diverged).append(run)
    return [
        MeasuredModel(key, *of_model, sample, latencies.get(key))
        for key, of_model in by_model.items()
    ]
