"""Which models are shown where there are too many for all of them."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bakeoff import wording as w
from bakeoff.limits import MOST_SHOWN
from bakeoff.results import Model

Shown = TypeVar("Shown")


def accuracy_of(model: Model) -> float | None:
    """Return what ranks a :class:`bakeoff.results.Model`, None where it diverged."""
    return None if model.score is None else model.score.value


def most_accurate(
    models: Sequence[Shown],
    accuracy_of: Callable[[Any], float | None] = accuracy_of,
    most: int = MOST_SHOWN,
) -> tuple[list[Shown], list[str]]:
    """Return the ``most`` models with the highest test accuracy, and a list of what to say of it.

    ``accuracy_of(model)`` is a model's test accuracy, None standing for unknown: such models come
    last. Those returned keep their order. Up to ``most`` models, all are returned and there is
    nothing to say.
    """
    if len(models) <= most:
        return list(models), []
    accuracies = [accuracy_of(model) for model in models]
    ranks = [-math.inf if accuracy is None else accuracy for accuracy in accuracies]
    highest = sorted(range(len(models)), key=lambda place: -ranks[place])[:most]
    said = f"Shown: the {most} of {len(models):,} models with the highest test accuracy"
    return [models[place] for place in sorted(highest)], [said]


def ranked(models: Sequence[Model]) -> tuple[list[Model], list[str]]:
    """Return the models that finished, the highest test accuracy first, and what to say of it.

    ``models`` are :class:`bakeoff.results.Model`; of many, the :func:`most_accurate` are returned.
    """
    finished = [model for model in models if accuracy_of(model) is not None]
    shown, said = most_accurate(finished)
    if lost := [model.name for model in models if accuracy_of(model) is None]:
        said.append(f"Not shown (diverged): {w.models(lost)}")
    return sorted(shown, key=lambda model: -(accuracy_of(model) or 0)), said
