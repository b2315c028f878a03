"""Which trait of an architecture goes with which accuracy."""

from bakeoff import wording as w
from bakeoff.analysis import LEVEL
from bakeoff.analysis.trait_groups import TRAITS, architectures_of, compare_groups
from bakeoff.findings.finding import Finding, names
from bakeoff.findings.setting import no_better_than_chance


def traits_that_matter(results):
    """Which trait goes with which accuracy."""
    title = "Which trait does what"
    if results.nothing_learned:
        return Finding("traits", title, [f"{no_better_than_chance(results)}."])
    architectures = architectures_of(results.learned)
    compared = compare_groups(architectures)
    looked_at = w.listing(trait.name for trait in TRAITS)
    if not compared:
        reason = f"the models do not differ in those looked at ({looked_at})"
        if len(results.learned) < 2:
            alone = len(results.finished) < 2
            which = "one model alone" if alone else "one model that learned"
            reason = f"{which} cannot show what a trait does"
        elif len(architectures) < 2:
            reason = "the models have one architecture"
        return Finding("traits", title, [f"Nothing can be said about traits: {reason}."])
    shown = [trait for trait in compared if trait.p_holm is not None and trait.p_holm < LEVEL]
    untested = [trait for trait in compared if trait.p is None]
    tested = [trait for trait in compared if trait.p is not None]
    text = []
    if shown:
        text.append(
            f"{w.listing(trait.name for trait in shown).capitalize()}"
            f" {w.plural(len(shown), 'goes', 'go')} with test accuracy, beyond what chance would"
            " give among these models."
        )
    elif tested:
        text.append(
            "For none of the traits is the difference between its groups beyond what chance would"
            f" give among {w.count(len(architectures), 'architecture')}."
        )
    if untested:
        text.append(
            f"Too few models differ in {w.listing(trait.name for trait in untested)} for a test."
        )
    text += [
        f"{names(one.models)} have equal layers, so they count as one architecture, with the mean"
        " of their accuracies."
        for one in architectures
        if len(one.models) > 1
    ]
    text.append(
        "The models of a group differ in other things too (depth, channels, parameters), so this"
        " shows what goes together, not what causes what."
    )
    items = [_trait(trait, len(tested)) for trait in compared]
    return Finding("traits", title, text, items, _trait_groups(compared))


def _trait(trait, tests):
    means = w.listing(f"{w.percent(group.mean)} ({label})" for label, _, group in trait.groups)
    sentence = f"{trait.name.capitalize()}: mean test accuracy {means}"
    if trait.p is not None:
        sentence += f"; permutation test over the architectures, {w.p_value(trait.p)}"
        if tests > 1:
            sentence += f" ({w.p_value(trait.p_holm)} corrected for {tests} traits)"
    return f"{sentence}."


def _trait_groups(compared):
    columns = [
        "Trait",
        "Group",
        "Architectures",
        "Mean test accuracy",
        "Range",
        "Overfit by (points)",
    ]
    columns += ["Which models"]
    rows = [
        [
            trait.name.capitalize(),
            label,
            f"{len(group):,}",
            w.percent(found.mean),
            f"{w.percent(found.low)} to {w.percent(found.high)}" if len(group) > 1 else "",
            w.number(100 * found.gap),
            names(model for one in group for model in one.models),
        ]
        for trait in compared
        for label, group, found in trait.groups
    ]
    return {"columns": columns, "rows": rows}
