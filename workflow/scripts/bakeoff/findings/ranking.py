"""Which models are best, and which are too close to the best to call."""

from collections import Counter
from itertools import combinations

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, in_common, names, on_other_runs
from bakeoff.findings.headline import are_ahead
from bakeoff.levels import LEVEL
from bakeoff.results import Model, Results


def best_models(results: Results) -> Finding:
    """Which models are best, and which are too close to the best to call."""
    title = "Which models are best"
    if not results.finished:
        return Finding("best", title, ["No run ended well: there is nothing to compare."])
    if len(results.finished) == 1:
        text = (
            f"{results.best[0].name} is the only model{results.that_finished}: {results.measure}"
            f" {_accuracy(results.best[0])}. There is nothing to compare it with."
        )
        return Finding("best", title, [text])
    headline = " ".join(filter(None, [_answer(results), _certainty(results)]))
    said = " ".join(
        filter(
            None, [method(results), differences_in_common(results), _of_the_last_column(results)]
        )
    )
    return Finding("best", title, [headline, said], table=_standings(results))


def _accuracy(model):
    a = model.score
    return f"{w.percent(a.value)} (95 % interval {w.percent(a.low)} to {w.percent(a.high)})"


def _answer(results):
    """Which model or group is the best, in one sentence."""
    best, alike = results.best, results.standing("too close to call")
    if len(best) == len(results.finished):
        is_better = "none of them is better than another"
        if len(best) == 2:
            is_better = "neither is better than the other"
        who = f"{w.all_of(len(best), 'models').capitalize()}{results.that_finished}"
        accuracy = w.percent(best[0].score.value)
        return f"{who} have the same {results.measure}, {accuracy}: {is_better}."
    if len(best) == 1:
        lead = f"{best[0].name} has {highest(results)}, {_accuracy(best[0])}"
        them = "it"
    else:
        accuracy = w.percent(best[0].score.value)
        lead, them = f"{names(best)} share {highest(results)}, {accuracy}", "them"
    ahead, text = results.standing("ahead on common seeds"), f"{lead}."
    if results.analysis.pairs.all_on_one_seed:
        why = "no two models have two seeds in common"
        if all(len(model.runs) == 1 for model in results.finished):
            why = "each model was trained once"
            if any(model.diverged for model in results.finished):
                why = "one run of each model finished"
        text = (
            f"{lead}, but {why}: trained networks can be compared, models cannot, and another seed"
            " may change their order."
        )
    elif alike:
        group = len(best) + len(alike)
        text = (
            f"{lead}, but {names(alike)} {w.plural(len(alike), 'is', 'are')} not significantly"
            f" different from {them}: {'the two' if group == 2 else f'these {group} models'} are"
            " too close to call."
        )
    if ahead:
        text += f" But {are_ahead(ahead)}, significantly: which is the best is open."
    return text


def highest(results: Results) -> str:
    """Return "the highest test accuracy", said of those that stayed where one that left has it."""
    left_higher = any(m.score.value > results.best[0].score.value for m in results.finished)
    return f"the highest {results.measure}{' of those that stayed' * left_higher}"


def _certainty(results):
    """How sure that is; nothing where all models are the same."""
    if len(results.best) == len(results.finished):
        return ""
    sentences = []
    if worse := results.standing("worse"):
        sentences.append(f"{names(worse)} {w.plural(len(worse), 'is', 'are')} worse.")
    if results.standing("network is worse"):
        sentences.append(_of_networks(results))
    if not sentences and not results.standing("ahead on common seeds"):
        one = f"model{results.that_finished or ' of this study'}"
        if results.analysis.pairs.all_on_one_seed:
            one = "trained network of this study"
        sentence = f"No {one} is shown to be worse than the best"
        if alike := results.standing("too close to call"):
            sentence += f": {_next(alike[0], results)}"
        sentences.append(f"{sentence}.")
    sentences += _worse_than_another(results)
    if left := results.standing("not compared"):
        sentences.append(
            f"{names(left)} {w.plural(len(left), 'was', 'were')} not compared with the best, as"
            f" {why_not_compared(results)}."
        )
    return " ".join([*sentences, _risk(results)]).strip()


def _worse_than_another(results):
    """Yield for each model which are shown to be worse than it, though not than the best."""
    found: dict[str, list] = {}
    for model in results.standing("worse than another"):
        found.setdefault(model.worse_than, []).append(model)
    for better, models in found.items():
        are = w.plural(len(models), "is", "are")
        yield (
            f"{names(models)} {are} worse than {results.by_key[better].name}, though not shown to"
            " be worse than the best: so not the best."
        )


def why_not_compared(results: Results) -> str:
    """Return why a model was not compared with the best."""
    if results.analysis.looks:
        return "they were never in one look with two runs each"
    return "no seed finished with both"


def _of_networks(results):
    """What is said of the networks of models that were trained once."""
    worse = results.standing("network is worse")
    best = names(results.best)
    text = (
        f"The {w.plural(len(worse), 'network', 'networks')} of {names(worse)}"
        f" {w.plural(len(worse), 'is', 'are')} worse than"
        f" {w.plural(len(results.best), 'that', 'those')} of {best}"
    )
    alike = results.standing("too close to call")
    if alike and results.analysis.pairs.all_on_one_seed:
        those = w.plural(len(alike), "that", "those")
        it = w.plural(len(results.best), "it", "them")
        are = w.plural(len(alike), "is", "are")
        text += f"; {those} of {names(alike)} {are} not significantly different from {it}"
    if not results.analysis.pairs.all_on_one_seed:
        text += " with the one seed that both finished, which is no verdict on models"
    return f"{text}."


def how_well_held(results: Results) -> str:
    """Return whether tests hold their level "at most" or, with two seeds, "about"."""
    return "at most" if _fewest_seeds(results) > 2 else "about"


UNLIKE = 5
"""How many times another's standard deviation one is worth a warning of what it does to tests."""


def _risk(results):
    """How often such a study says "worse" of a model that is no worse, and on what that rests.

    docs/statistics.md has the simulated studies.
    """
    pairs = results.corrected_for
    among = f" among the {pairs:,} pairs" if pairs > 1 else ""
    level = f"{100 * results.level:g}"
    if results.analysis.pairs.all_on_one_seed:
        if not results.standing("network is worse"):
            return ""
        return f"The chance of even one false “worse”{among} of networks is at most {level} %."
    # Rounded, as what is left of equal numbers would be many times nothing.
    spreads = {m: round(m.score.sd, 9) for m in results.finished if m.score.sd is not None}
    if not results.standing("worse", "worse than another") or not spreads:
        return ""
    least, most = (w.number(100 * pick(spreads.values())) for pick in (min, max))
    span = f" ({least} to {most})" if least != most else ""
    text = (
        f"The chance of even one false “worse”{among} is {how_well_held(results)} {level} %, if the"
        " seeds move all models about as much: here by a standard deviation of"
        f" {w.points(results.analysis.sd_between_seeds)}{span}."
    )
    # The simulated studies have the usual level.
    if results.level != LEVEL or max(spreads.values()) <= UNLIKE * min(spreads.values()):
        return text
    far = "12 to 34 % with 2 seeds, 6 to 22 % with 3 and 4 to 14 % with 5"
    if results.analysis.looks:
        far = "14 to 37 % with a first look at 2 seeds, 8 to 28 % at 3 and 4 to 15 % at 5"
    return (
        f"{text} In simulated studies with one model's ten times the others', it was {far}, the"
        " more the larger these are."
    )


def _fewest_seeds(results):
    """Return how many seeds any two models have in common that are compared as models.

    In a study of looks, as many as both had at a look.
    """
    if race := results.analysis.looks:
        had = (
            sum(run.seed < look.seeds for run in model.runs)
            for look in race.looks
            for model in results.finished
        )
        return min((runs for runs in had if runs > 1), default=race.looks[0].seeds)
    numbers = Counter(frozenset(run.seed for run in model.runs) for model in results.finished)
    pairs = [*combinations(numbers, 2), *((own, own) for own, n in numbers.items() if n > 1)]
    return min(common for a, b in pairs if (common := len(a & b)) > 1)


def from_the_best(model: Model, results: Results) -> str:
    """Return on which runs a model's difference from the best is, where not on all of both's."""
    comparison, best = model.against_best, results.best[0]
    if comparison is None:
        return ""
    return in_common(best, model, comparison.difference, comparison.one_seed, results)


def differences_in_common(results: Results) -> str:
    """Return the sentence on differences from the best that are on other runs; none without."""
    best = results.best[:1]
    compared = [(m, m.against_best.difference) for m in results.ranked if m.against_best]
    if not any(on_other_runs(best[0], model, difference) for model, difference in compared):
        return ""
    return (
        "Where a difference from the best is not that of the two accuracies, it is on"
        f" {results.in_common}."
    )


def _next(model, results):
    """How far the next model is behind the best."""
    comparison, where = model.against_best, "behind"
    common = from_the_best(model, results)
    if comparison.difference < 0:
        comparison, where = comparison.reversed(), "ahead"
    low, high = w.number(100 * comparison.low), w.number(100 * comparison.high)
    by = w.points(comparison.difference)
    interval = results.difference_interval
    return f"{model.name}, the next, is {by} {where}{common} ({interval} {low} to {high})"


def method(results: Results) -> str:
    """Return how the models were compared: the test, its sample and its corrections."""
    images, groups = w.count(results.data.test_images, "test image"), results.data.groups
    unit, units = ("group", "groups") if groups else ("image", "images")
    if groups:
        images += f" in {w.count(groups.number, 'group')}"
    pairs = results.analysis.pairs.number
    if not pairs:
        what = "finished two runs" if results.analysis.looks else "finished with the same seed"
        return f"No two models {what}, so they are not compared."
    corrected = f"the level is {100 * results.level:g} %"
    looks = " and for all planned looks" if results.analysis.looks else ""
    if results.corrected_for > 1 or looks:
        corrected = (
            f"p-values (Holm) and the intervals of differences (Bonferroni) are corrected for"
            f" {w.count(results.corrected_for, 'pair')} of models{looks}, since the best was picked"
            f" from the same data; {corrected}"
        )
    every = "Every pair was compared"
    if not results.all_compared:
        common = (
            "were in one look with two runs each"
            if results.analysis.looks
            else "have a seed in common"
        )
        every = f"Every two models that {common} were compared"
    order = "Among models that are too close to call, the order is no ranking."
    networks = "it is the trained networks that are compared, not the models"
    of_each = "run of each" if all(len(m.runs) == 1 for m in results.finished) else "seed in common"
    test = "exact McNemar test"
    if groups or results.balanced:
        test = f"exact randomization test, which is McNemar's with {units} that do not count alike"
    if results.analysis.pairs.all_on_one_seed:
        return (
            f"{every} on the same {images} ({test});"
            f" {corrected}. {order} With one {of_each}, {networks}: how far another seed"
            " would have moved them is not known."
        )
    text = (
        f"{every} on the same {images} and on {results.in_common}, {units} and seeds both"
        " taken as random samples (t-test; the variance between"
        " seeds is pooled over the two models, and never less than what is typical of the study;"
        f" that between {units} is taken from the differences {unit} by {unit}); {corrected}."
        f" {order}"
    )
    if results.analysis.pairs.any_on_one_seed:
        text += f" Where two models share one seed only ({test}), {networks}."
    return text


def _of_the_last_column(results):
    """What “Best ahead in” means, where the table has it."""
    if not results.analysis.pairs.number or results.analysis.pairs.all_on_one_seed:
        return ""
    return (
        "“Best ahead in” is the share, among all pairs of a run of the best and one of the other"
        " model, of those with the best's more accurate (ties count half): an estimate of the"
        " probability that the best is ahead when both are trained once."
    )


def _standings(results):
    several = any(len(model.runs) > 1 for model in results.finished)
    columns = ["Model", results.measure.capitalize(), "95 % interval"]
    columns += ["SD between seeds (percentage points)", "Seeds"] if several else []
    columns += ["Below the best (percentage points)", results.difference_interval]
    columns += ["Only the best is right", "Only it is right"]
    columns += ["Best ahead in"] if several else []
    columns += ["p", "p corrected", "Verdict"]
    rows = []
    for model in results.ranked:
        accuracy = model.score
        row = [t.model(model.name), t.percent(accuracy.value)]
        row.append(t.percent_interval(accuracy.low, accuracy.high))
        if several:
            row.append(t.BLANK if accuracy.sd is None else t.points(accuracy.sd, 3))
            row.append(t.count(len(model.runs)))
        if model.against_best:
            row += _against(model.against_best, several)
        rows.append([*t.filled(row, len(columns) - 1), t.text(model.standing)])
    return t.Table(columns, rows)


def _against(comparison, several):
    """The cells on one model's comparison with the best."""
    cells = [
        t.points(comparison.difference),
        t.points_interval(comparison.low, comparison.high),
        t.count(comparison.only_a),
        t.count(comparison.only_b),
    ]
    if several:
        ahead = comparison.ahead
        cells.append(t.BLANK if ahead is None else t.percent(ahead, 0))
    level = comparison.level
    return [*cells, t.p_value(comparison.p, level), t.p_value(comparison.p_holm, level)]
