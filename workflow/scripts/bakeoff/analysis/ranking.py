"""A study's models, compared with each other."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from bakeoff.analysis.chance import chance_level, looked_at, odd_runs, shown_above, without
from bakeoff.analysis.last_epochs import judge_last_epochs
from bakeoff.analysis.looks import Looked, judged_by
from bakeoff.analysis.models import MeasuredModel, MeasuredRun
from bakeoff.analysis.sampling import TestSample
from bakeoff.analysis.significance import compare_all, typical_spread_of
from bakeoff.analysis.times import LATENCY_NOISE, circumstances, obstacles
from bakeoff.numbers import CLEARLY_CHEAPER, SMALL_LEAD, Bargain, Comparison, LastEpochs, Times
from bakeoff.study.readers import DataSet


class MeasuredStudy:
    """The measured models of a study and every comparison between two of them.

    ``study`` is what :func:`bakeoff.study.config.numbers_study` returns, ``data`` its
    :class:`bakeoff.study.readers.DataSet`, ``models`` its
    :class:`bakeoff.analysis.models.MeasuredModel` and ``sample`` its
    :class:`bakeoff.analysis.sampling.TestSample`; ``pairs`` is what
    :func:`bakeoff.analysis.significance.compare_all` returns, and ``typical`` the
    :class:`bakeoff.analysis.crossed.Spread` that it goes by, unless the study was ``looked`` at:
    then the verdicts are those of its looks; ``finished`` are the models with at
    least one run that did not diverge.
    """

    def __init__(
        self,
        study: Mapping[str, Any],
        data: DataSet,
        models: Sequence[MeasuredModel],
        sample: TestSample,
        looked: Looked | None = None,
    ):
        self.study = study
        self.data = data
        self.sample = sample
        self.models = models
        self.finished = [model for model in models if model.runs]
        by_seed = answers = {model.key: model.correct for model in self.finished}
        if looked:
            # A look compares as many finished runs as both models have, whatever their seeds.
            answers = {key: dict(enumerate(runs.values())) for key, runs in answers.items()}
        self.typical = typical_spread_of(answers, sample.ranking)
        self.pairs = compare_all(answers, sample.ranking, self.typical)
        self.looked = looked
        if looked:
            self.pairs = judged_by(looked, self.pairs, by_seed, sample.ranking)

    @cached_property
    def chance(self) -> float:
        """What always predicting the commonest class reaches by the study's metric."""
        return chance_level(self.data.labels, self.sample.metric)

    @cached_property
    def at_chance(self) -> list[MeasuredModel]:
        """The finished models that are not shown to be better than :attr:`chance`."""
        above = shown_above(self.finished, self.chance)
        return [model for model in self.finished if model not in above]

    @property
    def nothing_learned(self) -> bool:
        """Whether no model is shown to be better than chance, if any finished at all."""
        return len(self.at_chance) == len(self.finished)

    @cached_property
    def learned(self) -> list[MeasuredModel]:
        """The models that count in averages and in what is said of all: those above chance.

        All finished ones where :attr:`nothing_learned`.
        """
        above = [model for model in self.finished if model not in self.at_chance]
        return above or self.finished

    @cached_property
    def odd_runs(self) -> dict[MeasuredModel, list[MeasuredRun]]:
        """The runs that learned nothing by their models, of which others did."""
        number = looked_at(self.finished)
        found = {model: odd_runs(model, self.chance, number) for model in self.learned}
        return {model: runs for model, runs in found.items() if runs}

    @cached_property
    def sound(self) -> list[MeasuredModel]:
        """The :attr:`learned` models without their :attr:`odd_runs`: what is pooled."""
        return [without(model, self.odd_runs.get(model, [])) for model in self.learned]

    @cached_property
    def last_epochs(self) -> LastEpochs | None:
        """The :class:`bakeoff.numbers.LastEpochs`, None where no model learned."""
        return None if self.nothing_learned else judge_last_epochs(self)

    @cached_property
    def times(self) -> Times:
        """The :class:`bakeoff.numbers.Times` of the runs that finished."""
        return obstacles(circumstances(run.card) for model in self.finished for run in model.runs)

    @cached_property
    def latencies(self) -> Times | None:
        """The :class:`bakeoff.numbers.Times` of latencies measured alone; None where none was."""
        alone = [model.latency_alone for model in self.finished if model.latency_alone]
        return obstacles(map(circumstances, alone)) if alone else None

    def costs(self, model: MeasuredModel) -> dict[str, float]:
        """Return what ``model`` costs, by what costs, as far as models can be compared by it."""
        return {
            cost: value
            for cost, value in model.cost.items()
            if cost != "latency" or (self.latencies or self.times).comparable
        }

    @cached_property
    def ranked(self) -> list[MeasuredModel]:
        """The finished models, the best by the study's metric first, those that left last."""
        return sorted(self.finished, key=self._rank)

    def _rank(self, model):
        left = self.looked.left if self.looked else {}
        return model.key in left, -model.score.value

    @cached_property
    def best(self) -> list[MeasuredModel]:
        """The models that share the first place; as a rule, one."""
        return [model for model in self.ranked if self._rank(model) == self._rank(self.ranked[0])]

    @cached_property
    def others(self) -> list[MeasuredModel]:
        return [model for model in self.ranked if model not in self.best]

    @cached_property
    def worse(self) -> list[MeasuredModel]:
        """The models that are shown to be worse than the best, or than one of several."""
        return [model for model in self.others if self.worse_than.get(model) in self.best]

    @cached_property
    def worse_than(self) -> dict[MeasuredModel, MeasuredModel]:
        """The most accurate model that each is shown to be worse than, of those that are.

        It need not be the best, which may err on more images that others get right.
        """
        place = {model.key: place for place, model in enumerate(self.ranked)}
        better = {m: [place[key] for key in self.pairs.better(m.key)] for m in self.finished}
        return {model: self.ranked[min(places)] for model, places in better.items() if places}

    @cached_property
    def worse_than_another(self) -> list[MeasuredModel]:
        """The models that are shown to be worse than another, though not than the best.

        So they are not the best either: the models of which no other is shown to be better hold the
        best of all with the confidence of all comparisons together.
        """
        return [m for m in self.others if self.worse_than.get(m) not in (None, *self.best)]

    @cached_property
    def _compared(self):
        """The models that are shown to be worse than none, and their Comparison with the best."""
        found = ((m, self.against_best(m)) for m in self.others if m not in self.worse_than)
        return [(model, pair) for model, pair in found if pair]

    @cached_property
    def worse_networks(self) -> list[MeasuredModel]:
        """The models of which one trained network is worse than the best's: no model is judged."""
        return [m for m, pair in self._compared if pair.significant and pair.difference > 0]

    @cached_property
    def ahead(self) -> list[MeasuredModel]:
        """The models that are significantly ahead of the best, on the seeds that both finished.

        With the runs of other seeds, they are behind it.
        """
        return [m for m, pair in self._compared if pair.significant and pair.difference < 0]

    @cached_property
    def alike(self) -> list[MeasuredModel]:
        """The models that may be as good as the best, with which they were compared.

        Of those that share one seed only with it, the networks may differ.
        """
        return [model for model, _ in self._compared if model not in self.ahead]

    @cached_property
    def candidates(self) -> list[MeasuredModel]:
        """The best, and those that were compared with it and are not shown to be worse."""
        alike = [model for model in self.alike if model not in self.worse_networks]
        return [*self.best, *self.ahead, *alike]

    def standing(self, model: MeasuredModel) -> str:
        """Return how a model stands against the best: see :class:`bakeoff.numbers.Model`."""
        if not model.runs:
            return "diverged"
        if model in self.best:
            return "best"
        if model in self.worse:
            return "worse"
        if model in self.worse_than_another:
            return "worse than another"
        if model in self.worse_networks:
            return "network is worse"
        if model in self.ahead:
            return "ahead on common seeds"
        return "too close to call" if self.against_best(model) else "not compared"

    def against_best(self, model: MeasuredModel) -> Comparison | None:
        """Return the Comparison with the best, None where no seed finished with both.

        Of several that share the first place, it is that which ``model`` is shown to be worse than,
        and where it is so of none, that which is hardest to tell from it.
        """
        found = [pair for best in self.best if (pair := self.pairs.get((best.key, model.key)))]
        worse = [pair for pair in found if pair.told_apart and pair.difference > 0]
        return max(worse or found, key=lambda pair: pair.p_holm, default=None)

    @cached_property
    def bargains(self) -> list[Bargain]:
        """A :class:`bakeoff.numbers.Bargain` for each model that costs more than it brings.

        The one that costs most of all stands first. There is none where nothing was learned.
        """
        if self.nothing_learned:
            return []
        costs = {model: self.costs(model) for model in self.finished}
        found = filter(None, map(self._bargain, self.finished, _cheaper(costs)))
        return sorted(found, key=lambda bargain: -max(bargain.ratios.values()))

    def _bargain(self, model, cheaper):
        """Set ``model`` against the first of the ``cheaper`` ones that does as well."""
        for other in cheaper:
            pair = self.pairs.get((model.key, other.key))
            if pair and pair.difference <= (0 if pair.significant else SMALL_LEAD):
                return Bargain(model.key, other.key, self._cost_ratios(model, other), pair)
        return None

    def _cost_ratios(self, model, other):
        """Return how many times as much ``model`` costs as ``other``, by what costs."""
        others = self.costs(other)
        return {
            cost: value / others[cost]
            for cost, value in self.costs(model).items()
            if others.get(cost)
        }


def _cheaper(costs):
    """Yield for each model the list of those that cost clearly less, and in no respect more.

    ``costs`` maps each model to what it costs. The most accurate come first, of these the
    smallest.
    """
    ordered = sorted(costs, key=lambda model: (-model.score.value, costs[model]["parameters"]))
    table = pd.DataFrame([costs[model] for model in ordered])
    noise = [LATENCY_NOISE if cost == "latency" else 1 for cost in table]
    # The ratios are those of _cost_ratios, NaN standing for those that it leaves out.
    others = table.replace(0, np.nan).to_numpy(float)
    for own in costs.values():
        ratios = table.columns.map(own).to_numpy(float) / others
        # Where a cost is not known, it speaks neither for nor against.
        dearer_in_none = ((ratios * noise >= 1) | np.isnan(ratios)).all(axis=1)
        clearly = (ratios >= CLEARLY_CHEAPER).any(axis=1)
        yield [ordered[place] for place in np.flatnonzero(dearer_in_none & clearly)]
