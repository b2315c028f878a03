"""What the models reach when they answer together."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, every, names
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.results import Results


def ensemble_of_best(results: Results) -> Finding:
    """What the mean of the probabilities reaches: of all models, and of the best group."""
    title = "What the models reach together"
    if results.nothing_learned:
        return Finding("ensemble", title, [f"{no_better_than_chance(results)}."])
    found = results.analysis.ensemble
    if not found.votes:
        return Finding("ensemble", title, [_alone(results)])
    best, votes = results.best[0], found.votes
    text = [
        "A vote is the mean of its members' probabilities (soft vote), which predicts the most"
        " probable class."
    ]
    by_seed = [_by_seed(vote, results) for vote in votes if vote.by_seed]
    text += by_seed
    if any(vote.comparison for vote in votes):
        text.append(
            "Which single model is best was seen on these same test images, so p-value and interval"
            f" are corrected for there being {len(results.learned)} (Holm)."
        )
    text.append(_group(results))
    text += [_together(results), _cost(results, best)]
    answer = by_seed[0] if by_seed else None
    text = [sentence for sentence in text if sentence]
    return Finding("ensemble", title, text, table=_table(results), answer=answer)


def _who(vote, results):
    """Whose vote it is, in words."""
    if vote.who == "all":
        return every(results)
    return "the best group" if vote.who == "group" else results.best[0].name


def _alone(results):
    if len(results.finished) == 1:
        return "One run alone cannot vote."
    return f"Only {names(results.learned)} learned, with one run: one alone cannot vote."


def _by_seed(vote, results):
    reached = vote.by_seed
    seeds = f", mean over {vote.seeds} seeds" if vote.seeds > 1 else ""
    if vote.seeds < max(len(model.runs) for model in results.named(vote.members)):
        which = "the one seed" if vote.seeds == 1 else f"the {vote.seeds} seeds"
        which += " for which each model has a run that learned"
        seeds = f", {'mean over ' * (vote.seeds > 1)}{which}"
    sentence = (
        f"The vote of {_who(vote, results)} has a {results.measure} of"
        f" {w.percent(reached.value)} (95 % interval {w.percent(reached.low)} to"
        f" {w.percent(reached.high)}{seeds})"
    )
    if vote.comparison is None:
        return f"{sentence}."
    comparison = vote.comparison
    verdict = "is not significantly different from"
    if comparison.significant:
        verdict = f"is {'better' if comparison.difference > 0 else 'worse'} than"
    best = results.best[0]
    network = "the network of " if comparison.one_seed else ""
    it, there = "It", ""
    if _on_fewer_seeds(vote, best):
        it = "On this seed it" if vote.seeds == 1 else f"On these {vote.seeds} seeds it"
        there = f", which has {w.percent(vote.best_on_seeds)} there"
    return (
        f"{sentence}. {it} {verdict} {network}{best.name}, the best single model{there}: the"
        f" difference is {w.points(comparison.difference)}"
        f" {w.points_interval(comparison.low, comparison.high)},"
        f" {w.p_value(comparison.p_holm, comparison.level)}."
    )


def _on_fewer_seeds(vote, best):
    """Whether the vote was compared with the best model on some of the latter's seeds only."""
    return vote.comparison is not None and vote.seeds < len(best.runs)


def _group(results):
    found = results.analysis.ensemble
    group = results.named(found.group)
    if any(vote.who == "group" for vote in found.votes):
        return (
            f"The best group is {names(group)}: the best and all that are not shown to be worse. It"
            " was picked on these same test images, so what it reaches is optimistic, and is not"
            " tested."
        )
    if len(results.learned) == 1 or not group:
        return None
    if len(group) == 1:
        return f"The best group is {names(group)} alone, so it has no vote of its own."
    return f"The best group is all of the models{results.that_count}."


def _together(results):
    """What all runs of the members reach in one vote."""
    return " ".join(
        f"The {vote.runs:,} runs of {_who(vote, results)} in one vote reach"
        f" {w.percent(vote.together.value)} (95 % interval {w.percent(vote.together.low)} to"
        f" {w.percent(vote.together.high)})."
        for vote in results.analysis.ensemble.votes
        if vote.together
    )


def _cost(results, best):
    sentence = "A vote costs as much as its members together"
    totals = [
        f"{vote.parameters:,} for {_who(vote, results)}"
        for vote in results.analysis.ensemble.votes
        if len(vote.members) > 1
    ]
    if not totals:
        return f"{sentence}."
    own = f"{best.cost['parameters']:,} of {best.name}"
    return f"{sentence}: in parameters {w.listing(totals)}, against {own}."


def _table(results):
    best, votes = results.best[0], results.analysis.ensemble.votes
    columns = ["Vote of", "Runs in it", results.measure.capitalize(), "95 % interval"]
    if any(vote.comparison for vote in votes):
        same = ", same seeds" if any(_on_fewer_seeds(vote, best) for vote in votes) else ""
        columns += [f"Above {best.name}{same} (percentage points)", "95 % interval", "p"]
    rows = [[t.text(f"{best.name}, one run"), t.count(1), *_accuracy(best.score)]]
    for vote in votes:
        who = _who(vote, results)
        # A model's name stays as it is.
        who = who if vote.who == "best" else w.started(who)
        if vote.by_seed:
            row = [t.text(who), t.count(len(vote.members)), *_accuracy(vote.by_seed)]
            if comparison := vote.comparison:
                row.append(t.points(comparison.difference))
                row.append(t.points_interval(comparison.low, comparison.high))
                row.append(t.p_value(comparison.p_holm, comparison.level))
            rows.append(row)
        if vote.together:
            row = [t.text(f"{who}, all runs"), t.count(vote.runs), *_accuracy(vote.together)]
            rows.append(row)
    return t.Table(columns, [t.filled(row, len(columns)) for row in rows])


def _accuracy(accuracy):
    return [t.percent(accuracy.value), t.percent_interval(accuracy.low, accuracy.high)]
