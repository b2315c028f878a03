"""Which models are best, and which cannot be told from the best."""

from bakeoff import wording as w
from bakeoff.comparisons import LEVEL
from bakeoff.findings.finding import Finding, names


def best_models(results):
    """Which models are best, and which cannot be told from the best."""
    title = "Which models are best"
    if not results.finished:
        return Finding("best", title, ["No training ended well: there is nothing to compare."])
    value, low, high = results.best[0].accuracy
    span = f"{w.percent(low)} to {w.percent(high)}"
    if len(results.finished) == 1:
        only = "the only model" if len(results.models) == 1 else "the only model that finished"
        text = (
            f"{results.best[0].name} is {only}: test accuracy {w.percent(value)}"
            f" (95 % interval {span}). There is nothing to compare it with."
        )
        return Finding("best", title, [text])

    best, alike, worse = results.best, results.alike, results.worse
    if len(best) == 1:
        headline = (
            f"{best[0].name} has the highest test accuracy, {w.percent(value)}"
            f" (95 % interval {span})."
        )
        them = "it"
    elif not results.others:
        every = "Both" if len(best) == 2 else f"All {len(best)}"
        headline = (
            f"{every} models have the same test accuracy, {w.percent(value)}: none of"
            " them is better than another."
        )
        them = "them"
    else:
        headline = f"{names(best)} share the highest test accuracy, {w.percent(value)}."
        them = "them"
    if alike and not worse:
        headline += (
            f" {names(alike)} cannot be told from {them}: no model of this study is shown to be"
            " worse than the best."
        )
    elif alike:
        headline += (
            f" {names(alike)} cannot be told from {them}."
            f" {names(worse)} {w.plural(len(worse), 'is', 'are')} worse."
        )
    elif worse:
        than = "it" if len(best) == 1 else "these"
        headline += f" {names(worse)} {w.plural(len(worse), 'is', 'are')} worse than {than}."
    return Finding("best", title, [headline, _method(results)], table=_standings(results))


def _method(results):
    """How the models were compared."""
    images = w.count(len(results.finished[0].trainings[0].correct), "test image")
    pairs = len(results.pairs) // 2
    if not pairs:
        return "No two models finished with the same seed, so they are not compared."
    corrected = f"the level is {100 * LEVEL:g} %"
    if pairs > 1:
        corrected = (
            f"the p-values are corrected for {pairs:,} pairs of models (Holm), since the best was"
            f" picked from the same data; {corrected}"
        )
    order = "Among models that cannot be told apart, the order is no ranking."
    if all(len(model.trainings) == 1 for model in results.finished):
        return (
            f"Every pair was compared on the same {images} (exact McNemar test);"
            f" {corrected}. {order} With one training of each, it is the trained networks that"
            " are compared: how far another seed would have moved them is not known."
        )
    return (
        f"Every pair was compared on the same {images} and on the seeds that both models"
        " finished, images and seeds both taken as random samples (t-test on the crossed"
        f" variance); {corrected}. {order}"
    )


def _standings(results):
    columns = ["Model", "Test accuracy", "95 % interval", "Below the best (points)"]
    columns += ["95 % interval", "Only the best is right", "Only it is right", "p", "p corrected"]
    columns += ["Verdict"]
    rows = []
    for model in results.ranked:
        value, low, high = model.accuracy
        row = [model.name, w.percent(value), f"{w.percent(low)} to {w.percent(high)}"]
        pair = None if model in results.best else results.against_best(model)
        if pair:
            comparison, p_holm = pair
            row += [
                w.number(100 * comparison.difference),
                w.points_interval(comparison.low, comparison.high),
                f"{comparison.only_a:,}",
                f"{comparison.only_b:,}",
                w.probability(comparison.p),
                w.probability(p_holm),
            ]
        else:
            row += [""] * 6
        if model in results.best:
            row.append("best")
        elif model in results.worse:
            row.append("worse")
        else:
            row.append("cannot be told from the best" if pair else "not compared")
        rows.append(row)
    return {"columns": columns, "rows": rows}
