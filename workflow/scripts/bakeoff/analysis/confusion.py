"""What the models answered to the test images, and which answers are wrong."""

import numpy as np

MOST_IMAGES = 24
"""How many of the hardest images are described."""


def confusion_matrix(labels, predicted, classes):
    """Return how often each label got each answer, int64 (classes, classes).

    Rows are labels uint8 (n_test,), columns answers uint8 (trainings, n_test), summed over the
    trainings.
    """
    pairs = labels.astype(np.int64) * classes + predicted
    return np.bincount(pairs.ravel(), minlength=classes**2).reshape(classes, classes)


def confusion_of(model, data):
    """Return the :func:`confusion_matrix` of a model's trainings."""
    predicted = np.stack([training.predicted for training in model.trainings])
    return confusion_matrix(data.labels, predicted, len(data.class_names))


def recalls(confusion):
    """Return the share of each class's images answered rightly, None for a class without any."""
    return [
        float(right / images) if images else None
        for right, images in zip(confusion.diagonal(), confusion.sum(axis=1), strict=True)
    ]


def confusions(confusion):
    """Return the wrong answers as (label, answer, times), the most frequent first.

    Those that are equally frequent follow in the order of labels and answers.
    """
    mistakes = confusion * ~np.eye(len(confusion), dtype=bool)
    labels, answers = np.nonzero(mistakes)
    times = mistakes[labels, answers]
    order = np.argsort(-times, kind="stable")
    return [(int(labels[i]), int(answers[i]), int(times[i])) for i in order]


def wrong_models(results):
    """Return how many of the models that learned get each test image wrong, int (n_test,).

    A model's answer is that of the mean of its trainings' probabilities.
    """
    return sum((model.predicted != results.data.labels).astype(int) for model in results.answering)


def hardest_images(results):
    """Return the test images that most models get wrong, the hardest first, at most MOST_IMAGES.

    Only models that learned count; where none did, there are no such images. Those that equally
    many models get wrong are ordered by the number of trainings that do, then by the mean
    probability of the label, the least probable first. Each is a JSON-ready dict: ``image``, its
    row in x_test; ``place``, its test_index; ``label``; ``disputed``; ``wrong_models``; and
    ``answers``, the answer of each model that counts.
    """
    if results.nothing_learned:
        return []
    data, models = results.data, results.answering
    by_models = wrong_models(results)
    by_trainings = sum((~t.correct).astype(int) for m in models for t in m.trainings)
    probability = sum(
        sum(t.label_probability.astype(float) for t in m.trainings) / len(m.trainings)
        for m in models
    )
    order = np.lexsort((probability, -by_trainings, -by_models))[:MOST_IMAGES]
    return [
        {
            "image": int(image),
            "place": int(data.test_index[image]),
            "label": int(data.labels[image]),
            "disputed": bool(data.disputed[image]),
            "wrong_models": int(by_models[image]),
            "answers": {model.key: int(model.predicted[image]) for model in models},
        }
        for image in order
        if by_models[image]
    ]
