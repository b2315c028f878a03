"""Which models overfit, and by how much."""

from bakeoff import wording as w
from bakeoff.findings.finding import Finding, names, shortened, spread
from bakeoff.results import Model, Results


def overfitting_models(results: Results) -> Finding:
    """Which models overfit, and by how much."""
    by_gap = sorted(results.finished, key=lambda model: -model.overfitting.gap)
    overfit = [model for model in by_gap if model.overfitting.verdict != "none"]
    none = [model for model in by_gap if model.overfitting.verdict == "none"]
    text = []
    if overfit:
        by = spread({model: model.overfitting.gap for model in overfit})
        text.append(
            f"{names(overfit)} {w.plural(len(overfit), 'overfits', 'overfit')}: accuracy on"
            f" training images is higher than on test images by {by}."
        )
        text += _harm(overfit)
    if none:
        text.append(
            f"{names(none)} {w.plural(len(none), 'does', 'do')} not measurably overfit: accuracy"
            " on training images is not shown to be higher than on test images."
        )
    method = (
        f"Accuracy and loss on training images are measured after {results.judged_epoch} with"
        " dropout off; the running averages during training, dropout on, are another measure."
    )
    if any(model.overfitting.verdict in ("harmful", "harmless") for model in overfit):
        method += (
            " A loss has risen where it is rising at the end, or where its mean over the last third"
            " of the epochs is above that over the third before; the seeds are the sample, so that"
            " one seed alone can show the former only."
        )
    if len(by_gap) > 1:
        method += (
            f" The intervals are not corrected for there being {len(by_gap)} models: expect one"
            " false alarm in 40 models that do not overfit."
        )
    text.append(method)
    items = [f"{model.name}: {describe_overfitting(model)}." for model in overfit]
    return Finding("overfitting", "Which models overfit", text, shortened(items))


def _harm(overfit):
    """Return sentences on whether overfitting does harm to the models that do."""
    of = {
        verdict: [model for model in overfit if model.overfitting.verdict == verdict]
        for verdict in ("harmful", "harmless", "untested")
    }
    harmful, harmless, untested = of.values()
    text = []
    if harmful:
        text.append(f"In {names(harmful)} this does harm to validation loss, which has risen.")
    elif harmless:
        which = names(harmless) if untested else w.plural(len(harmless), "it", "any of them")
        text.append(f"Validation loss is not shown to have risen in {which}, so no harm is shown.")
    if untested:
        called = any(run.stopped_by_callback for model in untested for run in model.runs)
        text.append(
            f"Whether it does harm is not tested in {names(untested)}: validation"
            f"{' or a callback' * called} chose the"
            f" {w.plural(len(untested), 'epoch', 'epochs')} at which"
            f" {w.plural(len(untested), 'it was', 'they were')} judged or stopped."
        )
    return text


def describe_overfitting(model: Model) -> str:
    """Return in words by how much a model overfits."""
    o = model.overfitting
    sentence = (
        f"by {w.points(o.gap)} {w.points_interval(o.low, o.high)}, with"
        f" {w.percent(o.train_accuracy)} on training images; validation loss"
        f" {o.val_loss:.4f} against {o.train_loss:.4f} on training images"
    )
    if o.verdict == "harmful":
        sentence += f", and up from its lowest, {o.lowest_loss:.4f} in epoch {o.lowest_epoch}"
    return sentence
