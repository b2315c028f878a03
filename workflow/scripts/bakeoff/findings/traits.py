"""Which trait of an architecture goes with which accuracy."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, names
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.levels import LEVEL
from bakeoff.results import Results


def traits_that_matter(results: Results) -> Finding:
    """Which trait goes with which accuracy."""
    title = "Which trait does what"
    if results.nothing_learned:
        return Finding("traits", title, [f"{no_better_than_chance(results)}."])
    architectures = results.analysis.traits.architectures
    compared = results.analysis.traits.compared
    looked_at = w.listing(results.analysis.traits.looked_at)
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
            f"{w.started(w.listing(trait.name for trait in shown))}"
            f" {w.plural(len(shown), 'goes', 'go')} with {results.measure}, beyond what chance"
            " would give among these models."
        )
    elif tested:
        text.append(
            "For none of the traits is the difference between its groups beyond what chance would"
            f" give among {w.count(_number_in_groups(tested), 'architecture')}."
        )
    if untested:
        text.append(
            f"Too few models differ in {w.listing(trait.name for trait in untested)} for a test."
        )
    text += [
        f"{names(results.named(one))} have equal layers, so they count as one architecture, with"
        " the mean of their accuracies."
        for one in architectures
        if len(one) > 1
    ]
    text.append(
        "The models of a group differ in other things too (depth, channels, parameters), so this"
        " shows what goes together, not what causes what."
    )
    items = [_trait(trait, len(tested), results.measure) for trait in compared]
    return Finding("traits", title, text, items, _trait_groups(compared, results))


def _number_in_groups(traits):
    """Return how many architectures are in a group of any of ``traits``.

    One whose layers are not all known is in none, nor one to which no trait applies.
    """
    groups = [group for trait in traits for group in trait.groups]
    return len({tuple(models) for group in groups for models in group.architectures})


def _trait(trait, tests, measure):
    means = w.listing(f"{w.percent(group.mean)} ({group.label})" for group in trait.groups)
    sentence = f"{w.started(trait.name)}: mean {measure} {means}"
    if trait.p is not None:
        sentence += f"; permutation test over the architectures, {w.p_value(trait.p)}"
        if tests > 1:
            sentence += f" ({w.p_value(trait.p_holm)} corrected for {tests} traits)"
    return f"{sentence}."


def _trait_groups(compared, results):
    columns = ["Trait", "Group", "Architectures", f"Mean {results.measure}", "Range"]
    columns += ["Overfit by (percentage points)", "Which models"]
    rows = [
        [
            t.text(w.started(trait.name)),
            t.text(group.label),
            t.count(len(group.architectures)),
            t.percent(group.mean),
            _range(group),
            t.points(group.gap),
            _models(names(results.named(key for one in group.architectures for key in one)), group),
        ]
        for trait in compared
        for group in trait.groups
    ]
    return t.Table(columns, rows)


def _range(group):
    if len(group.architectures) == 1:
        return t.BLANK
    return t.Cell(f"{w.percent(group.low)} to {w.percent(group.high)}", 100 * group.low)


def _models(named, group):
    """The cell that names the models of a group: one alone is a link to it."""
    models = [key for one in group.architectures for key in one]
    return t.model(named) if len(models) == 1 else t.text(named)
