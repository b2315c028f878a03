"""How far the models' probabilities can be taken at their word."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, names, spread
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.results import Results

_TITLE = "Whether the probabilities can be taken at their word"


def trust_in_probabilities(results: Results) -> Finding:
    """How well calibrated the models are, and which are too sure of themselves."""
    table = _table(results.finished)
    if results.nothing_learned:
        return Finding("calibration", _TITLE, [f"{no_better_than_chance(results)}."], table=table)
    models = results.learned
    text = [*_errors(models, results.data), *_confidence(models)]
    bins = len(models[0].calibration.bins)
    several = any(len(model.runs) > 1 for model in models)
    text.append(
        "Confidence is the probability of the predicted class. The expected calibration error is"
        " the distance between confidence and accuracy, averaged over the predictions in"
        f" {bins} equally wide bins of confidence (Guo and others 2017)"
        f"{'; with several seeds, the mean over the runs' if several else ''}."
        " “By chance alone” is what a calibrated network with the same confidences shows on"
        " average, as a bin's accuracy is that of few predictions."
    )
    return Finding("calibration", _TITLE, text, table=table)


def _errors(models, data):
    """Whose expected calibration error is beyond chance, and from what to what these go."""
    images = w.count(data.test_images, "test image")
    if data.groups:
        images += f" in {w.count(data.groups.number, 'group')}"
    beyond = [model for model in models if model.calibration.beyond_chance]
    within = [model for model in models if model not in beyond]
    text = []
    if beyond:
        text.append(_range({model: model.calibration.ece for model in beyond}, len(models)))
    if within:
        what = "That" if beyond else "The expected calibration error"
        text.append(
            f"{what} of {names(within)} is within what chance alone gives a calibrated model with"
            f" the same confidences on {images}"
            f"{', so these are not ranked' if len(within) > 1 else ''}."
        )
    if beyond and len(models) > 1:
        text.append(
            f"The limit of chance is the 95th percentile, not corrected for there being"
            f" {len(models)} models: expect"
            f" {'at least ' * bool(data.groups)}one false alarm in 20 calibrated models"
            f"{', and more the fewer the groups' * bool(data.groups)}."
        )
    return text


def _range(values, models):
    """From what to what the errors beyond chance go; ``values`` are shares of 1 by model."""
    whose = f" of {names(values)}" if models > 1 else ""
    return (
        f"The expected calibration error{whose} is {spread(values)}, more than chance alone gives."
    )


def _confidence(models):
    """Which models are over-confident, which under-confident and which neither is shown of."""
    groups = {"over-confident": [], "under-confident": [], "neither": []}
    for model in models:
        groups[_verdict(model)].append(model)
    over, under, neither = groups.values()
    text = []
    if over:
        text.append(
            f"{names(over)} {w.plural(len(over), 'is', 'are')} over-confident: mean confidence lies"
            f" above the 95 % interval of the accuracy."
        )
    if under:
        text.append(
            f"{names(under)} {w.plural(len(under), 'is', 'are')} under-confident: mean confidence"
            f" lies below the 95 % interval of the accuracy."
        )
    if neither:
        text.append(
            f"{names(neither)} {w.plural(len(neither), 'is', 'are')} not shown to be over- or"
            " under-confident on average: mean confidence lies within the 95 % interval of the"
            " accuracy."
        )
    return text


def _verdict(model):
    """Return "over-confident", "under-confident" or, where neither is shown, "neither"."""
    confidence = model.calibration.mean_confidence
    if confidence > model.accuracy.high:
        return "over-confident"
    return "under-confident" if confidence < model.accuracy.low else "neither"


def _table(models):
    columns = [
        "Model",
        "Expected calibration error (percentage points)",
        "By chance alone (percentage points)",
    ]
    columns += ["Beyond chance", "Mean confidence", "Accuracy"]
    columns += ["Confidence minus accuracy (percentage points)", "Verdict"]
    rows = []
    for model in models:
        error, accuracy = model.calibration, model.accuracy.value
        row = [t.model(model.name), t.points(error.ece), t.points(error.by_chance)]
        row += [t.text("yes" if error.beyond_chance else "no"), t.percent(error.mean_confidence)]
        row += [t.percent(accuracy), t.points(error.mean_confidence - accuracy)]
        rows.append([*row, t.text(_verdict(model))])
    return t.Table(columns, rows)
