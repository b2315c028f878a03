"""Which models are shown where there are too many for all of them."""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bakeoff import wording as w
from bakeoff.limits import MOST_SHOWN
from bakeoff.results import Model, Results

Shown = TypeVar("Shown")


def accuracy_of(model: Model) -> float | None:
    """Return what ranks a :class:`bakeoff.results.Model`, None where it diverged."""
    return None if model.score is None else model.score.value


def most_accurate(
    models: Sequence[Shown],
    accuracy_of: Callable[[Any], float | None] = accuracy_of,
    most: int = MOST_SHOWN,
    measure: str = "test accuracy",
) -> tuple[list[Shown], list[str]]:
    """Return the ``most`` models with the highest accuracy, and a list of what to say of it.

    ``accuracy_of(model)`` is a model's accuracy, None standing for unknown: such models come last.
    ``measure`` is what it is called. Those returned keep their order. Up to ``most`` models, all
    are returned and there is nothing to say.
    """
    if len(models) <= most:
        return list(models), []
    accuracies = [accuracy_of(model) for model in models]
    ranks = [-math.inf if accuracy is None else accuracy for accuracy in accuracies]
    highest = sorted(range(len(models)), key=lambda place: -ranks[place])[:most]
    said = f"Shown: the {most} of {len(models):,} models with the highest {measure}"
    return [models[place] for place in sorted(highest)], [said]


def shown_of(results: Results, most: int = MOST_SHOWN) -> tuple[list[Model], list[str]]:
    """Return the :func:`most_accurate` models of a study, by what ranks them, in its order."""
    return most_accurate(results.models, most=most, measure=results.measure)


def ranked(results: Results) -> tuple[list[Model], list[str]]:
    """Return the models that finished, as they are ranked, and what to say of it.

    Of many, the :func:`most_accurate` are returned.
    """
    shown, said = most_accurate(results.ranked, measure=results.measure)
    if lost := [model.name for model in results.models if model.score is None]:
        said.append(f"Not shown (diverged): {w.models(lost)}")
    return shown, said
