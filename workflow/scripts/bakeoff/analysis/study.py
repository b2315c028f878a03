"""All the numbers of a study, from its runs."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from bakeoff.analysis.agreement import agreement
from bakeoff.analysis.confusion import confusion_of, errors, recalls
from bakeoff.analysis.disputed import disputed
from bakeoff.analysis.ensemble import ensemble
from bakeoff.analysis.factors import factors
from bakeoff.analysis.intervals import pooled
from bakeoff.analysis.known import known
from bakeoff.analysis.looks import Looked, summary
from bakeoff.analysis.models import MeasuredRun, models_of_study
from bakeoff.analysis.power import power
from bakeoff.analysis.published import reproduction
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.analysis.recipes import unlike_settings
from bakeoff.analysis.sampling import TestSample, groups_needed
from bakeoff.analysis.times import circumstances
from bakeoff.analysis.trait_groups import traits
from bakeoff.describe import ITS_FILE
from bakeoff.levels import LEVEL
from bakeoff.limits import MOST_SHOWN
from bakeoff.numbers import Analysis, Data, Groups, Model, Pair, Pairs, Run
from bakeoff.selection import most_accurate
from bakeoff.study.readers import DataSet


def compare_models(
    study: Mapping[str, Any],
    data: DataSet,
    runs: Iterable[MeasuredRun],
    looked: Looked | None = None,
    latencies: Mapping[str, Mapping[str, Any]] | None = None,
) -> MeasuredStudy:
    """Return the :class:`bakeoff.analysis.ranking.MeasuredStudy` of a study's runs.

    ``study`` is what :func:`bakeoff.study.config.numbers_study` returns, ``data`` its
    :class:`bakeoff.study.readers.DataSet` and ``runs`` what
    :func:`bakeoff.analysis.models.read_runs` returns. ``looked`` are the looks at a study whose
    seeds were given where they decide. ``latencies`` is what
    :func:`bakeoff.study.readers.read_latencies` returns, None where none was measured alone.
    """
    sample = TestSample(data.labels, data.groups, study["metric"])
    models = models_of_study(study, runs, sample, latencies or {})
    return MeasuredStudy(study, data, models, sample, looked)


def analyse(results: MeasuredStudy) -> Analysis:
    """Return the :class:`bakeoff.numbers.Analysis` of measured models."""
    learned = not results.nothing_learned
    return Analysis(
        metric=results.sample.metric,
        data=_data(results),
        models=[_model(model, results) for model in results.models],
        ranked=[model.key for model in results.ranked],
        best=[model.key for model in results.best],
        learned=[model.key for model in results.learned],
        sd_between_seeds=_sd_between_seeds(results.finished),
        pairs=_pairs(results),
        bargains=results.bargains,
        times=results.times,
        latencies=results.latencies,
        settings=unlike_settings(results.models),
        factors=factors(results) if learned else [],
        last_epochs=results.last_epochs,
        traits=traits(results.sound) if learned else None,
        errors=errors(results) if learned else None,
        disputed=disputed(results) if results.finished else None,
        known=known(results) if results.finished else None,
        agreement=agreement(results) if learned else None,
        power=power(results) if learned and not results.looked else None,
        ensemble=ensemble(results) if learned else None,
        published=reproduction(results),
        looks=_race(results),
    )


def _race(results):
    if not results.looked:
        return None
    correct = {model.key: list(model.correct.values()) for model in results.models}
    return summary(results.looked, correct, results.sample.ranking)


def _sd_between_seeds(models):
    known = [model.score.sd for model in models if model.score.sd is not None]
    return pooled(known) if known else None


def _data(results):
    data, images = results.data, results.models[0].card["dataset"]
    seen = data.in_training
    changes = [
        np.mean([run.correct[~seen].mean() - run.correct.mean() for run in model.runs])
        for model in results.sound
        if seen.any() and not seen.all() and not results.nothing_learned
    ]
    return Data(
        class_names=data.class_names,
        train_images=images["train_images"],
        validation_images=images["validation_images"],
        test_images=len(data.labels),
        validation=images["validation"],
        disputed=int(data.disputed.sum()),
        known=int(seen.sum()),
        known_change=float(np.mean(changes)) if changes else None,
        chance=results.chance,
        by_class=np.bincount(data.labels, minlength=len(data.class_names)).tolist(),
        groups=_groups(results),
    )


def _groups(results):
    data = results.data
    if data.groups is None:
        return None
    images = np.unique(data.groups, return_counts=True)[1]
    pairs, level = len(results.pairs) // 2, LEVEL
    if results.looked:
        # A look corrects for all pairs of the study, and none spends more than the last one.
        pairs, level = comb(len(results.models), 2), max(results.looked.plan.levels)
    return Groups(
        name=data.group_name,
        number=len(images),
        smallest=int(images.min()),
        largest=int(images.max()),
        needed=groups_needed(pairs, level),
        divided=data.divided,
        pairs=pairs,
    )


def _model(model, results):
    """Return the :class:`bakeoff.numbers.Model` of a measured one."""
    cards = [run.card for run in (*model.runs, *model.diverged)]
    scaled = {card.get("input_scaled_by") for card in cards} - {None}
    described = Model(
        model=model.key,
        runs=[_run(run) for run in model.runs],
        diverged=[_run(run) for run in model.diverged],
        notation=model.card["notation"],
        input_scaled_by=sorted(scaled),
        needs_file_to_load=any(card.get("loads_with") == ITS_FILE for card in cards),
        judged_by=model.judged_by,
        early_stopping=model.early_stopping,
        cost=model.cost,
        standing=results.standing(model),
    )
    return _with_measurements(described, model, results) if model.runs else described


def _with_measurements(described, model, results):
    confusion = confusion_of(model, results.data)
    return replace(
        described,
        above_chance=model not in results.at_chance,
        odd_seeds=[run.seed for run in results.odd_runs.get(model, [])],
        against_best=None if model in results.best else results.against_best(model),
        worse_than=None if (better := results.worse_than.get(model)) is None else better.key,
        accuracy=model.accuracy,
        balanced_accuracy=model.balanced_accuracy,
        train_accuracy=model.train_accuracy,
        epochs=model.epochs,
        val_loss=model.val_loss,
        trend=model.trend,
        overfitting=model.overfitting,
        fluctuation=model.fluctuation,
        calibration=model.calibration,
        confusion=confusion.tolist(),
        recall=recalls(confusion),
    )


def _run(run):
    diverged = run.card["status"] != "ok"
    return Run(
        seed=run.seed,
        diverged=diverged,
        planned=run.card["epochs"],
        epochs=len(run.history),
        judged_epoch=run.card["judged_epoch"],
        best_epoch=None if diverged else int(run.history["val_accuracy"].argmax()) + 1,
        circumstances=circumstances(run.card),
        stopped_by_callback=run.card.get("stopped_by_callback", False),
    )


def _pairs(results):
    pairs = results.pairs
    # Where models left, not those that stand first.
    most, _ = most_accurate(results.ranked, lambda model: model.score.value, MOST_SHOWN)
    shown = {model.key for model in most}
    best = {model.key for model in results.best}
    listed = [
        Pair(a, b, found)
        for a, b in combinations([model.key for model in results.finished], 2)
        if a in best or b in best or (a in shown and b in shown)
        if (found := pairs.get((a, b)))
    ]
    return Pairs(len(pairs) // 2, pairs.all_on_one_seed, pairs.any_on_one_seed, listed)
