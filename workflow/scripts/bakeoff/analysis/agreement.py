"""How alike models answer: the same class, and the same images wrong."""

from dataclasses import dataclass

import numpy as np

_BLOCK = 2_000_000


@dataclass(frozen=True, eq=False)
class Agreement:
    """How alike the trainings of each two of ``m`` models answer, float64 (m, m).

    ``same`` is the share of the test images to which two trainings give the same answer;
    ``common`` the share of the images that at least one of the two gets wrong which both get
    wrong (Jaccard's index of their errors), NaN where neither makes an error; ``by_chance`` what
    ``common`` would be if the errors of one had nothing to do with those of the other. All are
    over every pair of trainings of the two models. On the diagonal are the pairs of different
    trainings of one model, NaN where it has but one.
    """

    same: np.ndarray
    common: np.ndarray
    by_chance: np.ndarray


def agreement(predicted, labels, classes):
    """Return the :class:`Agreement` of models.

    ``predicted`` holds one array of answers, uint8 (trainings, n_test), for each model;
    ``labels`` are uint8 (n_test,). The work grows with the number of models squared, not with
    that of the trainings.
    """
    images = len(labels)
    trainings = np.array([len(answers) for answers in predicted], float)
    pairs = np.outer(trainings, trainings) - np.diag(trainings)
    same = np.zeros_like(pairs)
    block = max(1, _BLOCK // (len(predicted) * classes))
    for start in range(0, images, block):
        votes = np.stack([_votes(a[:, start : start + block], classes) for a in predicted])
        same += votes @ votes.T
    wrong = np.stack([(answers != labels).sum(axis=0) for answers in predicted]).astype(float)
    both = wrong @ wrong.T
    # A training always agrees with itself, and shares all its errors with itself.
    same -= np.diag(trainings * images)
    both -= np.diag(wrong.sum(axis=1))
    errors = wrong.sum(axis=1) / trainings
    either = errors[:, None] + errors
    with np.errstate(invalid="ignore", divide="ignore"):
        same, both = same / (pairs * images), both / pairs
        chance = np.outer(errors, errors) / images
        common, by_chance = both / (either - both), chance / (either - chance)
    return Agreement(same, common, by_chance)


def _votes(predicted, classes):
    """Return how many trainings gave each answer to each image, float64 (n * classes,)."""
    images = predicted.shape[1]
    cells = np.arange(images) * classes + predicted
    return np.bincount(cells.ravel(), minlength=images * classes).astype(float)
