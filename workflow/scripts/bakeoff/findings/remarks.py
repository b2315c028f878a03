"""What there is to say about one model."""

from bakeoff import wording as w
from bakeoff.findings.cost import describe_bargain
from bakeoff.findings.curves import slope
from bakeoff.findings.overfitting import describe_overfitting
from bakeoff.findings.ranking import from_the_best, highest, why_not_compared
from bakeoff.findings.setting import others
from bakeoff.results import Model, Results


def remark(model: Model, results: Results) -> str:
    """Return what there is to say about one model, in the manner of the notebook's remarks."""
    if not model.runs:
        ends = w.listing(f"{run.epochs} (seed {run.seed})" for run in model.diverged)
        return f"Diverged: its loss stopped being a number in epoch {ends}."
    accuracy, plain = model.score, ""
    if results.balanced:
        plain = f", test accuracy {w.percent(model.accuracy.value)}"
    sentences = [
        f"Validation loss {model.val_loss:.4f}, {results.measure} {w.percent(accuracy.value)}"
        f" {w.share_interval(accuracy.low, accuracy.high)}{plain}.",
        _standing(model, results),
        _heading(model),
        _closeness(model),
        _movement(model),
    ]
    sentences += [
        f"It costs more than it brings: {describe_bargain(bargain, results)}."
        for bargain in results.analysis.bargains
        if bargain.model == model.model
    ]
    if model.diverged:
        seeds = w.listing(str(run.seed) for run in model.diverged)
        sentences.append(
            f"With {w.plural(len(model.diverged), 'seed')} {seeds} it diverged; the numbers are"
            f" those of {others(model.runs)}."
        )
    return " ".join(filter(None, sentences))


def _standing(model, results):
    if len(results.finished) == 1:
        return ""
    if model in results.best:
        if len(results.best) == len(results.finished):
            return f"None has a higher {results.measure}."
        return f"It {'has' if len(results.best) == 1 else 'shares'} {highest(results)}."
    comparison = model.against_best
    if model.standing == "worse than another":
        better = results.by_key[model.worse_than].name
        return f"It is worse than {better}, though not shown to be worse than the best."
    if comparison is None:
        return f"It was not compared with the best, as {why_not_compared(results)}."
    corrected = f"{w.p_value(comparison.p_holm, comparison.level)} corrected"
    if comparison.difference < 0:
        ahead = "significantly ahead" if comparison.significant else "ahead"
        where, whose = f"On {results.in_common} it is", ""
        if comparison.one_seed:
            where, whose = "With the one seed that both finished, its network is", "'s"
        by = w.points(-comparison.difference)
        return f"{where} {ahead} of the best{whose} by {by}, {corrected}."
    by = (
        f"{w.points(comparison.difference)} below{from_the_best(model, results)}"
        f" {w.points_interval(comparison.low, comparison.high)}, {corrected}"
    )
    if model.standing == "worse":
        return f"It is worse than the best: {by}."
    if model.standing == "network is worse":
        return f"Its network is worse than the best's: {by}; another seed may give another order."
    return f"It is too close to the best to call: {by}."


def _heading(model):
    trend = model.trend
    match trend.verdict:
        case "falling":
            return f"Validation loss was still falling ({slope(trend)}): worth more epochs."
        case "noisy":
            return f"Its curve is too noisy to say whether more epochs would help ({slope(trend)})."
        case "flat":
            return f"Validation loss was flat at the end ({slope(trend)})."
        case "rising":
            return (
                f"Validation loss was rising at the end ({slope(trend)}): by that, train it no"
                " further."
            )
        case "stopped early":
            return _stopped(model)
    epochs = w.count(trend.epochs, "epoch")
    return (
        f"{epochs} {w.plural(trend.epochs, 'is', 'are')} too few to tell where its loss is heading."
    )


def _stopped(model):
    """Say what ended runs of a model before their last epoch, and after which."""
    text = []
    for by, stopped in (
        ("Early stopping", [run for run in model.runs if run.stopped_by_rule]),
        ("A callback of its architecture", [run for run in model.runs if run.stopped_by_callback]),
    ):
        ends = [run.epochs for run in stopped]
        if ends:
            text.append(
                f"{by} ended {len(ends)} of {w.count(len(model.runs), 'run')}, after"
                f" {w.plural(len(ends), 'epoch')} {w.listing(map(str, ends))}."
            )
    return " ".join(text)


def _closeness(model):
    o = model.overfitting
    if o.verdict == "none":
        return (
            "It does not measurably overfit: accuracy on training images minus that on test images"
            f" is {w.points(o.gap)} {w.points_interval(o.low, o.high)}."
        )
    return f"It overfits {describe_overfitting(model)}."


def _movement(model):
    if not model.fluctuation:
        return ""
    f = model.fluctuation
    epochs = [run.best_epoch for run in model.runs]
    return (
        f"Over the last {f.epochs} epochs validation accuracy moved within {w.points(f.range)};"
        f" best {w.plural(len(epochs), 'epoch')}: {w.listing(map(str, epochs))}."
    )
