"""The answer in one short line, and which model to pick where it is open."""

from collections.abc import Sequence

from bakeoff import wording as w
from bakeoff.findings.finding import names
from bakeoff.results import Model, Results


def headline(results: Results) -> str:
    """Return the answer to which model is best, in a line to be read at a glance."""
    finished, best = results.finished, results.best
    if not finished:
        return "No run ended well: there is nothing to compare."
    highest = w.percent(best[0].score.value)
    if len(finished) == 1:
        only = f"the only model{results.that_finished}"
        return f"{best[0].name} is {only}: {highest} {results.measure}."
    if results.nothing_learned:
        return "No model is shown to be better than chance."
    if ahead := results.standing("ahead on common seeds"):
        verb = w.plural(len(best), "has", "have")
        return f"Open: {names(best)} {verb} {highest}, but {are_ahead(ahead)}."
    if results.analysis.pairs.all_on_one_seed:
        if len(best) == len(finished):
            who = f"{w.all_of(len(best), 'models').capitalize()}{results.that_finished}"
            return f"{who} reach {highest}, but one seed is no verdict on models."
        verb = w.plural(len(best), "is", "are")
        return f"{names(best)} {verb} ahead with {highest}, but one seed is no verdict on models."
    group = _too_close(results)
    them = w.plural(len(best), "it", "them") if len(group) <= len(best) else names(best)
    not_judged = _not_judged(results, them)
    if len(group) > 1:
        number = len(finished)
        every = f"{w.all_of(number, 'models')}{results.that_finished}"
        who = every if len(group) == number > 2 else names(group)
        return f"Too close to call: {who} reach {_span(group)}{not_judged}."
    if not_judged:
        return f"{best[0].name} is ahead with {highest}{not_judged}."
    # All others are shown to be worse than it, or than another that is.
    number = len(finished) - 1
    others = "the other" if number == 1 else w.all_of(number, "others")
    return f"{best[0].name} is best: {highest}, better than {others}{results.that_finished}."


def are_ahead(models: Sequence[Model]) -> str:
    """Return where ``models`` are ahead of the best: on common seeds, or as networks of one."""
    verb = w.plural(len(models), "is", "are")
    if all(model.against_best and not model.against_best.one_seed for model in models):
        return f"{names(models)} {verb} ahead on the seeds that both finished"
    whose = f"the {w.plural(len(models), 'network', 'networks')} of {names(models)}"
    return f"{whose} {verb} ahead with the one seed that both finished"


def pick(results: Results) -> str | None:
    """Return which of the models that are too close to call is cheapest; None where there are none.

    By each cost that can be compared. Models that learned nothing, or not with every seed, are not
    for anybody to pick.
    """
    close = _too_close(results)
    group = [m for m in close if m not in results.at_chance and not m.odd_seeds]
    if len(group) < 2:
        return None
    cheapest: dict[str, list[str]] = {}
    costs = [
        cost
        for cost in ("parameters", "multiply-adds")
        if all(cost in model.cost for model in group)
    ]
    for cost in costs:
        # Of equals by one cost, the cheapest by the other.
        cost_of = {m: (m.cost[cost], *(m.cost[other] for other in costs)) for m in group}
        least = [model for model in group if cost_of[model] == min(cost_of.values())]
        if len({model.cost[cost] for model in group}) > 1:
            cheapest.setdefault(names(least), []).append(cost)
    if not cheapest:
        return None
    said = [f"{name} by {w.listing(costs)}" for name, costs in cheapest.items()]
    these = "these"
    if results.analysis.pairs.all_on_one_seed:
        these = "the networks that are too close to call"
    elif results.standing("ahead on common seeds"):
        these = "the models that may be best"
    elif len(group) < len(close):
        these = "those that learned with every seed"
    mark = "; " if any(" and " in name for name in cheapest) else ", "
    return f"Cheapest of {these}: {mark.join(said)}."


def _not_judged(results, them):
    """Return which models are neither too close to the best nor worse, to end a sentence with.

    ``them`` is what the sentence can call the best ones: by their names where it has others too.
    """
    said = []
    if alone := results.standing("not compared"):
        said.append(f"; {names(alone)} could not be compared with {them}")
    if networks := results.standing("network is worse"):
        said.append(f"; of {names(networks)}, one seed is no verdict")
    return "".join(said)


def _too_close(results):
    return [model for model in results.ranked if model.may_be_best]


def _span(group):
    """Return "about 99.3 %" or "99.27 to 99.47 %"."""
    shares = [model.score.value for model in group]
    low, high = min(shares), max(shares)
    about = w.number(100 * high, 1)
    # What is less than all is not said to be about all.
    if w.number(100 * low, 1) == about != "100.0":
        return f"about {about} %"
    first, last = w.percent(low), w.percent(high)
    if first == last:
        return last if low == high else f"about {last}"
    return f"{first.removesuffix(' %')} to {last}"
