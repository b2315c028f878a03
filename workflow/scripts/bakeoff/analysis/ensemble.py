"""Several models that answer together: the soft vote, the mean of their probabilities."""

from dataclasses import dataclass

import numpy as np

from bakeoff.analysis.models import Model


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Which test images the soft vote of ``members`` gets right, boolean arrays (n_test,).

    ``by_seed`` maps a seed to the vote of the members' trainings with that seed, for each seed
    that at least two of them finished; ``together`` is the vote of all their trainings.
    """

    members: list[Model]
    by_seed: dict[int, np.ndarray]
    together: np.ndarray


def soft_vote(members, seeds, labels):
    """Return the :class:`Ensemble` of ``members``, models with at least one training.

    ``labels`` are uint8 (n_test,). No more than two trainings' probabilities are held at once.
    """
    by_seed, total = {}, 0.0
    for seed in seeds:
        trainings = [t for model in members for t in model.trainings if t.seed == seed]
        if not trainings:
            continue
        votes = sum(training.probabilities() for training in trainings)
        total = total + votes
        if len(trainings) > 1:
            by_seed[seed] = votes.argmax(axis=1) == labels
    return Ensemble(members, by_seed, total.argmax(axis=1) == labels)
