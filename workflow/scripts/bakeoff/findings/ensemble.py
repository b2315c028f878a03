"""What the models reach when they answer together."""

import numpy as np

from bakeoff import wording as w
from bakeoff.analysis.ensemble import soft_vote
from bakeoff.analysis.intervals import accuracy_interval
from bakeoff.analysis.significance import compare_each
from bakeoff.findings.finding import Finding, every, names
from bakeoff.findings.setting import no_better_than_chance


def answers_together(results):
    """What the mean of the probabilities reaches: of all models, and of the best group."""
    title = "What the models reach together"
    if results.nothing_learned:
        return Finding("ensemble", title, [f"{no_better_than_chance(results)}."])
    members = {model.key: model for model in results.answering}
    if _trainings(members.values()) == 1:
        return Finding("ensemble", title, [_alone(results)])
    best = results.best[0]
    alike = [model for model in results.alike if model not in results.worse_networks]
    group = [members[m.key] for m in (*results.best, *alike) if m.key in members]
    voters = {}
    if len(members) > 1:
        voters[every(results)] = list(members.values())
    if 1 < len(group) < len(members):
        voters["the best group"] = group
    if len(best.trainings) > 1:
        voters[best.name] = [best]
    seeds, labels = results.study["seeds"], results.data.labels
    votes = {who: soft_vote(members, seeds, labels) for who, members in voters.items()}

    compared = _against(best, votes)
    text = [
        "A vote is the mean of its members' probabilities (soft vote), which answers with the"
        " most probable class."
    ]
    text += [_by_seed(who, vote, best, compared) for who, vote in votes.items() if vote.by_seed]
    if len(compared) > 1:
        text.append("Intervals and p-values are corrected for there being two votes (Holm).")
    text.append(_group(results, group, votes))
    text += [_together(votes), _cost(votes, best)]
    return Finding("ensemble", title, [t for t in text if t], table=_table(best, votes, compared))


def _trainings(models):
    return sum(len(model.trainings) for model in models)


def _alone(results):
    if len(results.finished) == 1:
        return "One training alone cannot vote."
    return f"Only {names(results.learned)} learned, with one training: one alone cannot vote."


def _against(best, votes):
    """Return the Comparison of each vote a seed with the best single model."""
    answers = {}
    for who, vote in votes.items():
        seeds = [seed for seed in vote.by_seed if seed in best.answers]
        if seeds:
            answers[who] = (
                np.stack([vote.by_seed[seed] for seed in seeds]),
                np.stack([best.answers[seed] for seed in seeds]),
            )
    return dict(zip(answers, compare_each(answers.values()), strict=True))


def _by_seed(who, vote, best, compared):
    value, low, high = accuracy_interval(np.stack(list(vote.by_seed.values())))
    seeds = f", mean over {len(vote.by_seed)} seeds" if len(vote.by_seed) > 1 else ""
    sentence = (
        f"The vote of {who} has a test accuracy of {w.percent(value)} (95 % interval"
        f" {w.percent(low)} to {w.percent(high)}{seeds})"
    )
    if who not in compared:
        return f"{sentence}."
    comparison = compared[who]
    verdict = "cannot be told from"
    if comparison.significant:
        verdict = f"is {'better' if comparison.difference > 0 else 'worse'} than"
    network = "the network of " if comparison.one_seed else ""
    return (
        f"{sentence}. It {verdict} {network}{best.name}, the best single model: the difference is"
        f" {w.points(comparison.difference)}"
        f" {w.points_interval(comparison.low, comparison.high)}, {w.p_value(comparison.p_holm)}."
    )


def _group(results, group, votes):
    if "the best group" in votes:
        return (
            f"The best group is {names(group)}: the best and all that are not shown to be worse. It"
            " was picked on these same test images, so what it reaches is optimistic."
        )
    if len(results.learned) == 1 or not group:
        return None
    if len(group) == 1:
        return f"The best group is {names(group)} alone, so it has no vote of its own."
    left_out = len(results.learned) < len(results.finished)
    return f"The best group is all of the models{' that learned' if left_out else ''}."


def _together(votes):
    """What all trainings of the members reach in one vote."""
    sentences = []
    for who, vote in votes.items():
        if _has_more_than_a_seed(vote):
            value, low, high = accuracy_interval(vote.together[None])
            sentences.append(
                f"The {_trainings(vote.members):,} trainings of {who} in one vote reach"
                f" {w.percent(value)} (95 % interval {w.percent(low)} to {w.percent(high)})."
            )
    return " ".join(sentences)


def _has_more_than_a_seed(vote):
    """Tell whether the vote of all trainings is another than those of the seeds."""
    return not vote.by_seed or _trainings(vote.members) > len(vote.members)


def _cost(votes, best):
    sentence = "A vote costs as much as its members together"
    totals = [
        f"{sum(model.cost['parameters'] for model in vote.members):,} for {who}"
        for who, vote in votes.items()
        if len(vote.members) > 1
    ]
    if not totals:
        return f"{sentence}."
    own = f"{best.cost['parameters']:,} of {best.name}"
    return f"{sentence}: in parameters {w.listing(totals)}, against {own}."


def _table(best, votes, compared):
    columns = ["Vote of", "Trainings in it", "Test accuracy", "95 % interval"]
    if compared:
        columns += [f"Above {best.name} (points)", "95 % interval", "p"]
    rows = [[f"{best.name}, one training", "1", *_accuracy(best.accuracy)]]
    for who, vote in votes.items():
        if vote.by_seed:
            correct = np.stack(list(vote.by_seed.values()))
            rows.append([who, f"{len(vote.members):,}", *_accuracy(accuracy_interval(correct))])
            if who in compared:
                comparison = compared[who]
                rows[-1] += [
                    w.number(100 * comparison.difference),
                    w.points_interval(comparison.low, comparison.high),
                    w.probability(comparison.p_holm),
                ]
        if _has_more_than_a_seed(vote):
            own = _accuracy(accuracy_interval(vote.together[None]))
            rows.append([f"{who}, all trainings", f"{_trainings(vote.members):,}", *own])
    filled = [
        # A model's name stays as it is.
        [
            who if who.startswith(best.name) else who[:1].upper() + who[1:],
            *rest,
            *[""] * (len(columns) - 1 - len(rest)),
        ]
        for who, *rest in rows
    ]
    return {"columns": columns, "rows": filled}


def _accuracy(accuracy):
    value, low, high = accuracy
    return [w.percent(value), f"{w.percent(low)} to {w.percent(high)}"]
