"""What the test images that are training images too do to the accuracies."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, names
from bakeoff.results import Results


def known_images(results: Results) -> Finding | None:
    """How the models do without images that they were trained on; None where there are none."""
    found = results.analysis.known
    if found is None:
        return None
    images, known = results.data.test_images, results.data.known
    which = f"test images {w.training_images_too(known)}"
    right = w.plural(known, "whether a model gets it", "how many of them a model gets")
    text = (
        f"{known:,} of the {images:,} {which}, pixel for pixel: {right} right says nothing of new"
        " images."
    )
    without = {results.by_key[key]: accuracy for key, accuracy in found.without.items()}
    leaders = [model for model in results.ranked if without[model] == max(without.values())]
    if len(without) > 1:
        has, them = w.plural(len(leaders), "has", "have"), w.plural(known, "it", "them")
        text += f" Without {them} {names(leaders)} {has} the highest test accuracy."
    text += " The comparisons of models are made on all test images."
    return Finding("known", "What images known from training change", [text], table=_table(results))


def _table(results):
    columns = ["Model", "Test accuracy", "Without known images", "Change (percentage points)"]
    rows = []
    for model in results.ranked:
        accuracy, without = model.accuracy.value, results.analysis.known.without[model.model]
        row = [t.model(model.name), t.percent(accuracy), t.percent(without)]
        rows.append([*row, t.points(without - accuracy)])
    return t.Table(columns, rows)
