"""How far the models' probabilities can be taken at their word."""

from bakeoff import wording as w
from bakeoff.calibration import BINS
from bakeoff.findings.finding import Finding, names

_TITLE = "Whether the probabilities can be taken at their word"


def trust_in_probabilities(results):
    """How well calibrated the models are, and which are too sure of themselves."""
    models = results.finished
    groups = {"over-confident": [], "under-confident": [], "neither": []}
    for model in models:
        groups[_verdict(model)].append(model)
    over, under, neither = groups.values()
    text = [_errors(models)]
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
            f"{names(neither)} {w.plural(len(neither), 'is', 'are')} neither over- nor"
            " under-confident on average: mean confidence lies within the 95 % interval of the"
            " accuracy."
        )
    pooled = any(len(model.trainings) > 1 for model in models)
    text.append(
        "Confidence is the probability of the class answered. The expected calibration error is"
        " the distance between confidence and accuracy, averaged over the answers"
        f"{' of all seeds' if pooled else ''} in {BINS} equally wide bins of confidence (Guo and"
        " others 2017); chance alone keeps it above nought."
    )
    return Finding("calibration", _TITLE, text, table=_table(models))


def _errors(models):
    errors = {model: model.reliability.expected_calibration_error for model in models}
    least, most = (choose(errors, key=errors.get) for choose in (min, max))
    if len(models) == 1:
        return f"The expected calibration error is {w.points(errors[least])}."
    low, high = w.points(errors[least]), w.points(errors[most])
    if low == high:
        return f"The expected calibration error of every model is {low}."
    return f"The expected calibration error goes from {low} ({least.name}) to {high} ({most.name})."


def _verdict(model):
    """Return "over-confident", "under-confident" or, where neither is shown, "neither"."""
    _, low, high = model.accuracy
    confidence = model.reliability.mean_confidence
    if confidence > high:
        return "over-confident"
    return "under-confident" if confidence < low else "neither"


def _table(models):
    columns = ["Model", "Expected calibration error (points)", "Mean confidence", "Accuracy"]
    columns += ["Confidence minus accuracy (points)", "Verdict"]
    rows = [
        [
            model.name,
            w.number(100 * model.reliability.expected_calibration_error),
            w.percent(model.reliability.mean_confidence),
            w.percent(model.accuracy[0]),
            w.number(100 * (model.reliability.mean_confidence - model.accuracy[0])),
            _verdict(model),
        ]
        for model in models
    ]
    return {"columns": columns, "rows": rows}
