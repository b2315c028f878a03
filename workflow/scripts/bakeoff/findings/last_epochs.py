"""How much the last epochs fluctuate, and what judging by the last one is worth."""

from bakeoff import wording as w
from bakeoff.findings.finding import Finding, names
from bakeoff.measures import pooled


def last_epochs(results):
    """How much the last epochs fluctuate, and what judging by the last one is worth."""
    title = "How much the last epochs fluctuate"
    measured = [model for model in results.finished if model.fluctuation]
    if not measured:
        return Finding("last_epochs", title, ["There are too few epochs to tell: 3 are needed."])
    deviation = pooled(model.fluctuation.deviation for model in measured)
    widest = max(measured, key=lambda model: model.fluctuation.range)
    epochs = max(model.fluctuation.epochs for model in measured)
    text = [
        f"Over the last {epochs} epochs, validation accuracy went up and down by"
        f" {w.points(deviation)} (standard deviation between epochs"
        + (f", pooled over {w.count(len(measured), 'model')}" if len(measured) > 1 else "")
        + f"); the widest range is {w.points(widest.fluctuation.range)}"
        + (f", that of {widest.name}." if len(measured) > 1 else ".")
    ]
    if len(results.finished) > 1:
        if deviation:
            text.append(_gap_against(results, deviation))
        text.append(_winners(results, epochs))
    return Finding("last_epochs", title, text)


def _gap_against(results, deviation):
    first, second = results.ranked[:2]
    gap = first.accuracy[0] - second.accuracy[0]
    pair = f"the two most accurate models, {first.name} and {second.name},"
    if gap < deviation:
        return (
            f"That is more than the {w.points(gap)} between {pair} so which of the two is ahead"
            " depends on the epoch at which one stops: the last epoch alone is a poor judge."
        )
    if gap < 3 * deviation:
        return (
            f"It is of the same order as the {w.points(gap)} between {pair} so the last epoch"
            " alone is an unsure judge."
        )
    return (
        f"That is little against the {w.points(gap)} between {pair} so the epoch at which one"
        " stops hardly matters for the winner."
    )


def _winners(results, epochs):
    last, best = results.winners_at_last_epoch, results.winners_at_best_epoch
    early = [m for m in results.finished if any(e < n for e, n in m.best_epochs)]
    total = w.count(len(results.finished), "model")
    some = f"{len(early)} of" if early else "none of the"
    is_ahead = f"{w.plural(len(last), 'is', 'are')} ahead in validation accuracy"
    sentence = f"In {some} {total} an epoch before the last was the best. "
    if set(last) == set(best):
        sentence += f"By the last epoch and by each model's best alike, {names(last)} {is_ahead}"
    else:
        sentence += (
            f"By the last epoch {names(last)} {is_ahead}, by each model's best {names(best)}"
            f" {w.plural(len(best), 'is', 'are')}"
        )
    winners = results.winners_of_last_epochs(epochs)
    led = [model for model in results.finished if model in winners]
    sentence += (
        f"; over the last {epochs} epochs, {names(led)} {w.plural(len(led), 'was', 'were')} ahead"
        f" in at least one."
        if len(led) > 1
        else f"; {names(led)} was ahead in each of the last {epochs} epochs."
    )
    return sentence
