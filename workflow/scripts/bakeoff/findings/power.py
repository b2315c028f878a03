"""What the study could have shown, and what it would take to be surer."""

from bakeoff import wording as w
from bakeoff.findings.finding import Finding, in_common, names, shortened
from bakeoff.levels import POWER
from bakeoff.numbers import POWER_SEEDS, Needed, Power
from bakeoff.results import Results


def what_it_would_take(results: Results) -> Finding | None:
    """What it would take to tell models apart that are too close to call; None without pairs."""
    found = results.analysis.power
    if found is None:
        return None
    best = results.by_key[found.best].name
    text = []
    if found.detectable:
        text.append(_detectable(found, best, results))
    elif _too_few_groups(results):
        text.append(_too_few_groups(results))
    uncommon = _more_in_common(found, results)
    if not found.needed and not found.one_seed and not uncommon:
        text.append(
            f"No model is too close to {best} to call, so nothing more is needed for the first"
            " place."
        )
    if found.seeds:
        text.append(_cost(found, results))
    if found.one_seed:
        text.append(_second_seed(found, best, results))
    if uncommon:
        text.append(uncommon)
    if found.needed:
        text.append(
            "All this rests on differences as they were seen, which chance has moved: the true ones"
            " may lie anywhere in their intervals."
        )
    items = [_item(one, results) for one in found.needed]
    title, items = "What it would take to be surer", shortened(items, "analysis.json has them")
    return Finding("power", title, text, items, answer=in_one_sentence(results))


def in_one_sentence(results: Results) -> str | None:
    """Return what it would take to be surer of the first place; None without pairs."""
    found = results.analysis.power
    if found is None:
        return None
    if few := _too_few_groups(results):
        return few
    number = len(found.needed)
    if lacking := _lacking(found, results):
        who = "each model" if len(lacking) == len(results.finished) else names(lacking)
        return (
            f"To be surer, give {who} a second seed: about"
            f" {w.rough_duration(found.second_seed or 0)} more of training in all."
        )
    if not found.needed:
        return _more_in_common(found, results) or (
            "More seeds are not needed for the first place: no model is too close to it to call."
        )
    if not found.seeds:
        one_of = "either" if number == 2 else "any"
        which = w.plural(number, "the model", f"{one_of} of the {number} models")
        return (
            f"Up to {POWER_SEEDS} seeds would not settle the place of {which} too close to the best"
            " to call, if differences are as seen."
        )
    settled = sum(one.seeds is not None for one in found.needed)
    every = "the model" if number == 1 else w.all_of(number, "models")
    which = every if settled == number else f"{settled} of the {number} models"
    span, more = _span(found)
    would = "may" if more else "would"
    return (
        f"To be surer, train {span} seeds of each, about"
        f" {w.rough_duration(found.seconds or 0)} more: that {would} settle {which} too close to"
        " the best to call, if differences are as seen."
    )


def _too_few_groups(results):
    """Return that no difference can be shown, with any number of seeds; nothing where one can."""
    groups = results.data.groups
    if not (groups and groups.too_few):
        return ""
    return (
        f"More seeds settle nothing with {w.count(groups.number, 'group')} of test images: it takes"
        f" at least {groups.needed} for a difference between two models to be shown."
    )


def _detectable(found, best, results):
    images = w.test_sample(results.data)
    corrected = f"after the correction for {w.count(found.comparisons, 'pair')}"
    shown = f"shown with a probability of {100 * POWER:g} %"
    between = f"from {best}"
    if 0 < len(found.needed) < len(results.finished) - 1:
        between = f"between {best} and a model that is too close to it"
    if found.detectable[0] > 1:
        return (
            f"With these seeds and {images}, no difference {between}, however large, is {shown},"
            f" {corrected}."
        )
    text = (
        f"With these seeds and {images}, a difference {between} is {shown} if it is"
        f" {_at_least(found.detectable)}, {corrected}."
    )
    if found.limit[0] > 1:
        return text
    share = "that is the test images' share, which seeds do not change."
    if not found.told:
        share = (
            "that is the test images' share, which seeds do not change, or the least that it can"
            " be where these seeds are too few to tell it."
        )
    return (
        f"{text} With any number of seeds, it would still have to be {_at_least(found.limit)}:"
        f" {share}"
    )


def _at_least(ends):
    """Return how large a difference must be, by the lowest and the highest of some models."""
    low, high = ends
    if high > 1:
        return f"at least {w.points(low)} (of some models, none is)"
    by_model = "" if w.number(100 * low) == w.number(100 * high) else " (by model)"
    return f"at least {w.points_range(low, high)}{by_model}"


def _span(found: Power):
    """Return how many seeds it takes to settle what seeds can, and whether more might be needed."""
    few, many = found.seeds or [0, 0]
    span = f"{few}" if few == many else f"{few} to {many}"
    told = all(one.told for one in found.needed if one.seeds is not None)
    return (span, False) if told else (f"at least {span}", True)


def _cost(found: Power, results):
    settled = [results.by_key[one.model] for one in found.needed if one.seeds is not None]
    span, more = _span(found)
    settle = f"it takes {span} seeds to settle" if more else f"{span} seeds would settle"
    return (
        f"If differences are as seen, {settle} the place of {names(settled)}:"
        f" about {w.rough_duration(found.seconds or 0)} more of training, the best model's counted,"
        " at the speed of these runs."
    )


def _second_seed(found, best, results):
    models, lacking = results.named(found.one_seed), _lacking(found, results)
    one = w.plural(len(models), "it has", "they have")
    text = (
        f"Of {names(models)} nothing can be said, as {one} one seed in common with {best}: how much"
        " runs of one model differ is not known."
    )
    if not lacking:
        return text
    of = "of each" if len(lacking) == 1 + len(models) else f"of {names(lacking)}"
    return (
        f"{text} A second seed {of}, about {w.rough_duration(found.second_seed)} of training in"
        " all, would tell."
    )


def _lacking(found, results):
    """Return the models of which a second seed is asked: of the best and some others."""
    if not found.one_seed:
        return []
    compared = results.named([found.best, *found.one_seed])
    return [model for model in compared if len(model.runs) < 2]


def _more_in_common(found, results):
    """Return of which models the places need seeds that both have; nothing where of none."""
    best = results.by_key[found.best]
    # Where one of the two has a single run, a second one is asked for.
    several = [m for m in results.named(found.one_seed) if min(len(m.runs), len(best.runs)) > 1]
    known = {found.best, *found.one_seed, *(one.model for one in found.needed)}
    apart = [model for model in results.best if model.model not in known]
    apart += [*results.standing("ahead on common seeds", "not compared"), *several]
    if not apart:
        return ""
    return (
        f"To be surer, train {names([best, *apart])} with more seeds that each of them finishes:"
        " they have too few in common."
    )


def _item(one: Needed, results):
    best, model = results.named([results.analysis.power.best, one.model])
    seen = "as accurate as the best"
    if one.difference:
        where = "behind" if one.difference > 0 else "ahead"
        seen = f"{w.points(abs(one.difference))} {where}"
    # Those of one seed in common are not among the needed.
    seen += in_common(best, model, one.difference, False, results)
    return f"{model.name}, {seen}: {_as_seen(one, results)}{_if_largest(one)}."


def _as_seen(one, results):
    if one.seeds is not None:
        return (
            f"{_least(one)}{one.seeds} seeds of each instead of {one.present}, about"
            f" {w.rough_duration(one.seconds)} more of training"
        )
    if not one.difference:
        return "no number of seeds shows a difference that is not there"
    if one.images is None:
        return f"more than {POWER_SEEDS} seeds of each"
    of = "groups of test images" if results.data.groups else "test images"
    return (
        f"no number of seeds is enough with these {of}: it takes {w.two_digits(one.images)} or more"
    )


def _least(one):
    return "" if one.told else "at least "


def _if_largest(one):
    large = f"if the difference is as large as its interval allows ({w.points(one.largest)})"
    if one.seeds_if_largest is None:
        return f"; {large}, not even {POWER_SEEDS} seeds"
    if one.seeds_if_largest <= one.present:
        return f"; {large}, as many as now would show it more often than not"
    return f"; {large}, {_least(one)}{one.seeds_if_largest} seeds"
