"""Which models cost more than they bring."""

from bakeoff import wording as w
from bakeoff.findings.finding import Finding, in_common, names, shortened
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.numbers import CLEARLY_CHEAPER, SMALL_LEAD, Bargain
from bakeoff.results import Results


def expensive_models(results: Results) -> Finding:
    """Which models cost more than they bring."""
    bargains = results.analysis.bargains
    title = "Which models cost more than they bring"
    if results.nothing_learned:
        return Finding("cost", title, [f"{no_better_than_chance(results)}."])
    if len(results.finished) < 2:
        return Finding("cost", title, ["One model alone has nothing to be measured against."])
    if not bargains:
        costs, of_those = "costs", ""
        if not results.all_compared:
            costs, of_those = "is shown to cost", " that it was compared with"
        text = [
            f"No model {costs} clearly more than it brings: none costs {CLEARLY_CHEAPER:g} times as"
            f" much as another{of_those} by one measure, and no less by any other, without being"
            " more accurate."
        ]
    else:
        text = [
            f"{names(results.named(bargain.model for bargain in bargains))}"
            f" {w.plural(len(bargains), 'costs', 'cost')} more than"
            f" {w.plural(len(bargains), 'it brings', 'they bring')}: another model costs less in"
            " some respect, no more in any, and is at least about as accurate (we ignore leads of"
            f" up to {w.points(SMALL_LEAD)} that chance may give). Each is set against the most"
            " accurate of such models."
        ]
    if results.analysis.latencies:
        text.append("Latencies were measured one model after the other, on the first seed's runs.")
    if why := w.uncompared_times(results.analysis):
        text.append(why)
    if not results.analysis.times_of_latencies.comparable:
        text.append(
            "What measures latencies one model after the other: the command that makes this study,"
            " with measure_latency right after the word snakemake."
        )
    unknown = [model for model in results.finished if "multiply-adds" not in model.cost]
    if unknown:
        text.append(
            f"The multiply-adds of {names(unknown)} are not known in full, so they are not"
            " compared."
        )
    items = [
        f"{results.by_key[bargain.model].name} has {describe_bargain(bargain, results)}."
        for bargain in bargains
    ]
    return Finding("cost", title, text, shortened(items))


def describe_bargain(bargain: Bargain, results: Results) -> str:
    """Return in words what the more expensive of two models costs and what it brings."""
    costs = [
        f"{w.times(ratio)} the {cost}" for cost, ratio in bargain.ratios.items() if ratio >= 1.05
    ]
    c = bargain.comparison
    model, cheaper = results.named([bargain.model, bargain.cheaper])
    common = in_common(model, cheaper, c.difference, c.one_seed, results)
    interval = f"{common} {w.points_interval(c.low, c.high)}"
    if c.difference > 0:
        verdict = f"for {w.points(c.difference)} more{interval}, which chance alone may give"
    elif c.difference == 0:
        verdict = f"and the same {results.measure}{interval}"
    else:
        is_it = "is worse" if c.told_apart else "is not shown to be better"
        verdict = (
            f"and {is_it}: its {results.measure} is"
            f" {w.points(-c.difference)} lower{common} {w.points_interval(-c.high, -c.low)}"
        )
    return f"{w.listing(costs)} of {cheaper.name} {verdict}"
