"""How much the last epochs fluctuate, and what judging by the last one is worth."""

from bakeoff import wording as w
from bakeoff.analysis.epochs import FLUCTUATION_EPOCHS
from bakeoff.findings.finding import Finding, every, names
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.results import Results


def last_epochs(results: Results) -> Finding:
    """How much the last epochs fluctuate, and what judging by the last one is worth."""
    title = "How much the last epochs fluctuate"
    if results.nothing_learned:
        return Finding("last_epochs", title, [f"{no_better_than_chance(results)}."])
    found = results.analysis.last_epochs
    measured = found.fluctuation
    if not measured or found.deviation is None:
        few = (
            f"There are too few epochs to tell: {FLUCTUATION_EPOCHS} are needed, as accuracy rises"
            " in the first half of them."
        )
        return Finding("last_epochs", title, [few])
    fewest, most = (pick(one.epochs for one in measured.values()) for pick in (min, max))
    span = f"{most}" if fewest == most else f"{fewest} to {most}"
    text = [f"Over the last {span} epochs, validation accuracy {_movement(results)}."]
    if len(results.finished) > 1:
        if found.judge:
            text.append(_gap_against(results))
        text.append(_winners(results, fewest))
    text.append(_choosing(results, span))
    return Finding("last_epochs", title, text)


def _movement(results):
    """By how much validation accuracy moved, and where most, if it did at all."""
    found = results.analysis.last_epochs
    ranges = {key: one.range for key, one in found.fluctuation.items()}
    several, widest = len(ranges) > 1, max(ranges.values())
    of = ""
    if not several and len(results.finished) > 1:
        of = f"of {names(results.named(ranges))} "
    if not widest:
        which = f"{w.count(len(ranges), 'model')}{results.that_learned}"
        return f"{of}did not move{f' in any of the {which}' if several else ''}"
    deviation = "standard deviation between epochs"
    if several:
        deviation += f", pooled over {w.count(len(ranges), 'model')}{results.that_learned}"
    text = f"{of}moved by {w.points(found.deviation)} ({deviation}); the widest range is"
    text += f" {w.points(widest)}"
    if not several:
        return text
    return f"{text}, that of {names(results.named(k for k in ranges if ranges[k] == widest))}"


def _gap_against(results):
    last = results.analysis.last_epochs
    two = results.named(last.between)
    which = f"{' that differ' * last.tied}{_where(two, results)}"
    measure, first = "test accuracy", "most accurate models"
    if results.balanced:
        measure, first = "test accuracy (not the balanced one)", "models with the highest"
    race = results.analysis.looks
    stayed = " of those that stayed" if race and any(one.left for one in race.racers) else ""
    pair = f"the two {first}{stayed}{which}, {names(two)},"
    moved = f"The difference in {measure} between {pair} moved by {w.points(last.gap_deviation)}"
    match last.judge:
        case "poor":
            return (
                f"{moved}, more than the {w.points(last.gap)} between them: which is ahead may"
                " depend on the epoch at which one stops, and the last epoch alone is a poor judge."
            )
        case "unsure":
            return (
                f"{moved}, which is of the same order as the {w.points(last.gap)} between them: the"
                " last epoch alone is an unsure judge."
            )
    return (
        f"{moved}, which is little against the {w.points(last.gap)} between them: the epoch at"
        " which one stops hardly matters for which of the two is ahead."
    )


def _where(models, results):
    """Where the ``models`` are first, if some, or some of their runs, learned nothing."""
    if any(model.odd_seeds for model in models):
        return " in the runs that learned"
    return " among those that learned" if results.that_learned else ""


def _choosing(results, span):
    """What stopping each run at its best epoch, or averaging the last ones, would change.

    That average is over ``span`` epochs, of the models that have enough of them.
    """
    found = results.analysis.last_epochs
    choices = {results.by_key[key].name: choice for key, choice in found.choice.items()}
    holdout = results.study["dataset"]["validation"] == "holdout"
    kind = "holdout" if holdout else "validation"
    gains = {name: choice.val_best - choice.val_last for name, choice in choices.items()}
    if not any(gains.values()):
        sentences = [f"No run had an epoch with more {kind} accuracy than its last."]
    else:
        sentences = [
            f"After its best epoch a run has {_span(gains)} more {kind} accuracy than after"
            " its last."
        ]
        if holdout:
            brought = {name: c.test_best - c.test_last for name, c in choices.items()}
            sentences.append(
                "On the test images, which had no part in the choice, stopping there would have"
                f" brought {_span(brought)}."
            )
        else:
            sentences.append("That epoch is chosen on the test images, so the gain is optimistic.")
    measured = results.named(found.fluctuation)
    last = {model.name: choices[model.name].val_mean for model in measured}
    means = {name: mean - choices[name].val_last for name, mean in last.items()}
    sentences.append(
        f"The mean over the last {span} epochs minus the last epoch is {_span(means)}."
    )
    if len(last) > 1:
        ahead = [name for name, mean in last.items() if mean == max(last.values())]
        are = (
            f"{w.plural(len(ahead), 'is', 'are')} {'ahead' if len(ahead) < len(last) else 'equal'}"
        )
        sentences.append(f"By that mean {w.models(ahead)} {are}.")
    return " ".join(sentences)


def _span(differences):
    """Return the mean of differences, shares of 1 by model name, and between what they lie."""
    mean = w.points(sum(differences.values()) / len(differences))
    least, most = (pick(differences, key=differences.get) for pick in (min, max))
    low, high = (w.number(100 * differences[name]) for name in (least, most))
    if low == high:
        return mean if len(differences) == 1 else f"{mean} (the same in each)"
    return f"{mean} ({low} in {least} to {high} in {most})"


def _winners(results, epochs):
    found = results.analysis.last_epochs
    if len(found.choice) == 1:
        return f"{_early(results)}."
    last, best, led = map(results.named, (found.ahead_last, found.ahead_best, found.ahead_once))
    is_ahead = f"{w.plural(len(last), 'is', 'are')} ahead in validation accuracy"
    is_ahead += _where(results.learned, results)
    sentence = f"{_early(results)}. "
    if len(last) == len(best) == len(found.choice):
        sentence += (
            f"By the last epoch and by each model's best alike, {every(results)} are equal in"
            " validation accuracy"
        )
    elif set(last) == set(best):
        sentence += f"By the last epoch and by each model's best alike, {names(last)} {is_ahead}"
    else:
        sentence += (
            f"By the last epoch {names(last)} {is_ahead}, by each model's best {names(best)}"
            f" {w.plural(len(best), 'is', 'are')}"
        )
    sentence += (
        f"; over the last {epochs} epochs, {names(led)} {w.plural(len(led), 'was', 'were')} ahead"
        f" in at least one."
        if len(led) > 1
        else f"; {names(led)} was ahead in each of the last {epochs} epochs."
    )
    return sentence


def _early(results):
    """In how many models some run was better before its last epoch, not just as good."""
    found = results.analysis.last_epochs
    models, early = len(found.choice), found.early
    more = "a higher validation accuracy in an epoch before its last"
    if models == 1:
        whose = f"of {names(results.named(found.choice))}"
        return f"{'A' if early else 'No'} run {whose} had {more}"
    which = f"{models} models{results.that_count}"
    if not early:
        return f"In none of the {which} had a run {more}"
    return f"In {len(early)} of {which}, a run had {more}"
