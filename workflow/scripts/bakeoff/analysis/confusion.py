"""What the models predict for the test images, and which predictions are wrong."""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add

import numpy as np

from bakeoff.analysis.hard_classes import stands_out
from bakeoff.analysis.models import MeasuredModel
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.limits import MOST_IMAGES
from bakeoff.numbers import Errors, HardestClass, HardImage
from bakeoff.study.readers import DataSet


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return how often each label was predicted as each class, int64 (classes, classes).

    Rows are labels int (n_test,), columns predictions int (runs, n_test), summed over the
    runs.
    """
    pairs = labels.astype(np.int64) * classes + predicted
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)


def confusion_of(model: MeasuredModel, data: DataSet) -> np.ndarray:
    """Return the :func:`confusion_matrix` of a model's runs."""
    predicted = np.stack([run.predicted for run in model.runs])
    return confusion_matrix(data.labels, predicted, len(data.class_names))


def recalls(confusion: np.ndarray) -> list[float | None]:
    """Return the share of each class's images predicted rightly, None for a class without any."""
    return [
        float(right / images) if images else None
        for right, images in zip(confusion.diagonal(), confusion.sum(axis=1), strict=True)
    ]


def errors(results: MeasuredStudy) -> Errors:
    """Return the :class:`bakeoff.numbers.Errors` of the models that learned."""
    data, models = results.data, results.sound
    confusions_of = {model.key: confusion_of(model, data) for model in models}
    total = reduce(add, confusions_of.values())
    lowest, lowest_share = extreme(total, min)
    highest, highest_share = extreme(total, max)
    wrong = wrong_models(results)
    return Errors(
        confusion=total.tolist(),
        hardest_class=HardestClass(
            lowest=lowest,
            lowest_share=lowest_share,
            highest=highest,
            highest_share=highest_share,
            stands_out=len(lowest) == 1 and stands_out(models, data.labels, lowest[0], data.groups),
            last_for=[key for key, of_it in confusions_of.items() if _is_last(lowest[0], of_it)],
        ),
        wrong=np.bincount(wrong, minlength=len(models) + 1).tolist(),
        hardest=hardest_images(results, wrong),
    )


def _is_last(label, confusion):
    """Tell whether no class is predicted worse than ``label``, and some better."""
    lowest, share = extreme(confusion, min)
    return label in lowest and share < extreme(confusion, max)[1]


def extreme(
    confusion: np.ndarray, choose: Callable[[Iterable[float]], float]
) -> tuple[list[int], float]:
    """Return the labels with the lowest (``min``) or highest (``max``) recall, and that recall."""
    shares = {label: share for label, share in enumerate(recalls(confusion)) if share is not None}
    found = choose(shares.values())
    return [label for label, share in shares.items() if share == found], found


def wrong_models(results: MeasuredStudy) -> np.ndarray:
    """Return how many of the models that learned get each test image wrong, int (n_test,).

    A model's prediction is that of the mean of its runs' probabilities.
    """
    labels = results.data.labels
    return reduce(add, ((model.predicted != labels).astype(int) for model in results.sound))


def hardest_images(results: MeasuredStudy, wrong: np.ndarray) -> list[HardImage]:
    """Return the test images that most models get wrong, the hardest first, at most MOST_IMAGES.

    ``wrong`` is what :func:`wrong_models` returns. Those that equally many models get wrong are
    ordered by the number of runs that do, then by the mean probability of the label, the least
    probable first.
    """
    data, models = results.data, results.sound
    by_runs = reduce(add, ((~run.correct).astype(int) for model in models for run in model.runs))
    probability = reduce(
        add,
        (
            reduce(add, (run.label_probability.astype(float) for run in model.runs))
            / len(model.runs)
            for model in models
        ),
    )
    order = np.lexsort((probability, -by_runs, -wrong))[:MOST_IMAGES]
    return [
        HardImage(
            row=int(image),
            index=int(data.test_index[image]),
            label=int(data.labels[image]),
            disputed=bool(data.disputed[image]),
            known=bool(data.in_training[image]),
            wrong_models=int(wrong[image]),
            predictions={model.key: int(model.predicted[image]) for model in models},
        )
        for image in order
        if wrong[image]
    ]
