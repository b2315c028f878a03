"""Several models that predict together: the soft vote, the mean of their probabilities."""

import numpy as np

from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.analysis.significance import compare_each
from bakeoff.numbers import Ensemble, Estimate, Vote
from bakeoff.study.readers import runs_in


def ensemble(results: MeasuredStudy) -> Ensemble:
    """Return the :class:`bakeoff.numbers.Ensemble`: all that learned, the best group, the best.

    A vote of one model is that of its seeds. There are none where there is but one run.
    """
    sound = {model.key: model for model in results.sound}
    best = results.best[0]
    group = [model.key for model in results.candidates if model.key in sound]
    runs = sum(len(model.runs) for model in sound.values())
    if runs == 1:
        return Ensemble(runs, group, [])
    voters = {}
    if len(sound) > 1:
        voters["all"] = list(sound.values())
    if 1 < len(group) < len(sound):
        voters["group"] = [sound[key] for key in group]
    if len(best.runs) > 1:
        voters["best"] = [best]
    planned, labels = dict.fromkeys(runs_in(results.study)), results.data.labels
    votes = {who: _soft_vote(members, planned, labels) for who, members in voters.items()}
    of = results.sample.ranking
    described = []
    for who, (by_seed, together) in votes.items():
        # Who is in the group was seen on these images: a test on them would not hold its level.
        against = _against(best, by_seed, voters["all"], of) if who == "all" else None
        described.append(_vote(who, voters[who], by_seed, together, against, of))
    return Ensemble(runs, group, described)


def _vote(who, members, by_seed, together, against, of):
    comparison, best_on_seeds = against or (None, None)
    runs = sum(len(model.runs) for model in members)
    interval = together_interval = None
    if by_seed:
        interval = Estimate(*accuracy_interval(np.stack(list(by_seed.values())), of))
    # Where each member has one run, the vote of all is that of the seed.
    if not by_seed or runs > len(members):
        together_interval = Estimate(*accuracy_interval(together[None], of))
    return Vote(
        who=who,
        members=[model.key for model in members],
        runs=runs,
        parameters=sum(model.cost["parameters"] for model in members),
        seeds=len(by_seed),
        by_seed=interval,
        comparison=comparison,
        best_on_seeds=best_on_seeds,
        together=together_interval,
    )


def _against(best, votes, models, of):
    """Return (Comparison of the votes, one a seed, with the best single model; what that has).

    The latter is the mean over its runs with the votes' seeds, which may not be all of its runs.
    None where none of them learned. The comparison is one of those with each of ``models``: which
    of them is best was seen on the same images, so that all are compared and corrected for.
    """
    answers = {}
    for model in models:
        if seeds := [seed for seed in votes if seed in model.correct]:
            answers[model.key] = (
                np.stack([votes[seed] for seed in seeds]),
                np.stack([model.correct[seed] for seed in seeds]),
            )
    if best.key not in answers:
        return None
    compared = dict(zip(answers, compare_each(answers.values(), of), strict=True))
    return compared[best.key], of(answers[best.key][1][None]).value.item()


def _soft_vote(members, planned, labels):
    """Return which test images the soft vote of ``members`` gets right, boolean (n_test,).

    First a dict of the votes of the members' runs with one seed, for each that all of them have
    sound ones with; then the vote of all their runs. ``labels`` are int (n_test,).
    """
    by_seed, total = {}, 0.0
    for seed in dict.fromkeys(seed for _, seed in planned):
        runs = [run for model in members for run in model.runs if run.seed == seed]
        if not runs:
            continue
        votes = sum(run.probabilities() for run in runs)
        total = total + votes
        if len(runs) == len(members) > 1:
            by_seed[seed] = votes.argmax(axis=1) == labels
    return by_seed, total.argmax(axis=1) == labels
