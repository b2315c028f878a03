"""A study's models, compared with each other."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from bakeoff.comparisons import Comparison, compare_all
from bakeoff.measures import Model

SMALL_LEAD = 0.0005
"""A lead in accuracy, as a share of 1, that is no reason to pay more unless it is proven."""

CLEARLY_CHEAPER = 1.5
"""How many times as much a model must cost for another to count as cheaper."""

LATENCY_NOISE = 1.1
"""Latencies that differ by less than this factor count as the same."""


@dataclass(frozen=True)
class Bargain:
    """A model, a cheaper one that does as well, and how many times as much the first costs."""

    model: Model
    cheaper: Model
    ratios: dict[str, float]
    comparison: Comparison


class Results:
    """The models of a study and every comparison between two of them.

    ``study`` is the reported study and ``data`` its :class:`bakeoff.tables.DataSet`; ``pairs`` is
    what :func:`bakeoff.comparisons.compare_all` returns; ``finished`` are the models with at
    least one training that did not diverge.
    """

    def __init__(self, study, data, models):
        self.study = study
        self.data = data
        self.models = models
        self.keys = [model.key for model in models]
        self.finished = [model for model in models if model.trainings]
        self.pairs = compare_all({model.key: model.answers for model in self.finished})

    @cached_property
    def ranked(self):
        """The finished models, the highest test accuracy first."""
        return sorted(self.finished, key=lambda model: -model.accuracy[0])

    @cached_property
    def best(self):
        """The models that share the highest test accuracy; as a rule, one."""
        return [m for m in self.ranked if m.accuracy[0] == self.ranked[0].accuracy[0]]

    @cached_property
    def others(self):
        return [model for model in self.ranked if model not in self.best]

    @cached_property
    def alike(self):
        """The models that cannot be told from the best."""
        return [m for m in self.others if self.against_best(m) and m not in self.worse]

    @cached_property
    def worse(self):
        """The models that are shown to be worse than the best."""
        return [model for model in self.others if self._behind(model, "told_apart")]

    @cached_property
    def worse_networks(self):
        """The models of which one trained network is worse than the best's: no model is judged."""
        behind = [model for model in self.others if self._behind(model, "significant")]
        return [model for model in behind if model not in self.worse]

    @cached_property
    def not_compared(self):
        """The models that no seed finished with which one of the best finished."""
        return [model for model in self.others if not self.against_best(model)]

    def against_best(self, model):
        """Return the Comparison with that one of the best that is hardest to tell from
        ``model``, or None where no seed finished with both."""
        found = [self.pairs.get((best.key, model.key)) for best in self.best]
        return max(filter(None, found), key=lambda compared: compared.p_holm, default=None)

    def _behind(self, model, shown):
        """Tell whether a ``shown`` difference ("told_apart", "significant") is to the best."""
        compared = self.against_best(model)
        # On the seeds that both finished, a model may even be ahead of the best.
        return compared is not None and getattr(compared, shown) and compared.difference > 0

    @cached_property
    def bargains(self):
        """A :class:`Bargain` for each model that costs more than it brings, the dearest first."""
        found = filter(None, map(self._bargain, self.finished, _cheaper(self.finished)))
        return sorted(found, key=lambda bargain: -max(bargain.ratios.values()))

    def _bargain(self, model, cheaper):
        """Set ``model`` against the first of the ``cheaper`` ones that does as well."""
        for other in cheaper:
            pair = self.pairs.get((model.key, other.key))
            if pair and pair.difference <= (0 if pair.significant else SMALL_LEAD):
                return Bargain(model, other, _cost_ratios(model, other), pair)
        return None

    @cached_property
    def winners_at_last_epoch(self):
        """The models ahead in mean validation accuracy after the last epoch."""
        return _ahead({m: m.curves["val_accuracy"][-1] for m in self.finished})

    @cached_property
    def winners_at_best_epoch(self):
        """The models ahead when each training is judged by its best epoch."""
        return _ahead({m: m.best_val_accuracy for m in self.finished})

    def winners_of_last_epochs(self, epochs):
        """The models ahead after at least one of the last ``epochs`` epochs."""
        return {
            winner
            for back in range(1, epochs + 1)
            for winner in _ahead(
                {
                    model: model.curves["val_accuracy"][-back]
                    for model in self.finished
                    if len(model.curves) >= back
                }
            )
        }


def _cheaper(models):
    """Yield for each model the list of those that cost clearly less, and in no respect more.

    The most accurate come first, of these the smallest.
    """
    ordered = sorted(models, key=lambda model: (-model.accuracy[0], model.cost["parameters"]))
    costs = pd.DataFrame([model.cost for model in ordered])
    noise = [LATENCY_NOISE if cost == "latency" else 1 for cost in costs]
    # The ratios are those of _cost_ratios, NaN standing for those that it leaves out.
    others = costs.replace(0, np.nan).to_numpy(float)
    for model in models:
        ratios = costs.columns.map(model.cost).to_numpy(float) / others
        # Where a cost is not known, it speaks neither for nor against.
        dearer_in_none = ((ratios * noise >= 1) | np.isnan(ratios)).all(axis=1)
        clearly = (ratios >= CLEARLY_CHEAPER).any(axis=1)
        yield [ordered[place] for place in np.flatnonzero(dearer_in_none & clearly)]


def _cost_ratios(model, other):
    """Return how many times as much ``model`` costs as ``other``, by what costs."""
    return {
        cost: value / other.cost[cost] for cost, value in model.cost.items() if other.cost.get(cost)
    }


def _ahead(accuracies):
    """Return the models with the highest accuracy."""
    highest = max(accuracies.values())
    return [model for model, accuracy in accuracies.items() if accuracy == highest]
