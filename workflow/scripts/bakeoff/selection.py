"""Which models are shown where there are too many for all of them."""

import math

MOST_SHOWN = 50
"""With more models, a figure with a row, a cell or a panel a model shows the most accurate."""


def most_accurate(models, accuracy_of, most=MOST_SHOWN):
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
