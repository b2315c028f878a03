"""Which test images most models get wrong."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.limits import MOST_IMAGES_IN_WORDS
from bakeoff.results import Results


def hardest(results: Results) -> Finding:
    """Which test images most models get wrong."""
    title = "Which images are hardest"
    if results.nothing_learned:
        return Finding("hardest", title, [f"{no_better_than_chance(results)}."])
    found = results.analysis.errors
    wrong, models = sum(found.wrong[1:]), len(results.learned)
    runs = sum(len(model.runs) - len(model.odd_seeds) for model in results.learned)
    who = f"at least one model{results.that_learned} gets"
    if models == 1:
        who = f"{results.learned[0].name} gets"
    if not wrong:
        # Single runs may be wrong where the mean of all is not.
        told = f"{who} wrong" + (
            " by the mean of its seeds' probabilities" if runs > models else ""
        )
        return Finding("hardest", title, [f"There is no test image that {told}."])
    images = found.hardest[:MOST_IMAGES_IN_WORDS]
    lead = (
        f"These are the {len(images)} hardest of the {wrong:,} test images that {who} wrong."
        if len(images) < wrong
        else f"There {w.plural(wrong, 'is', 'are')} {w.count(wrong, 'test image')} that {who}"
        " wrong."
    )
    order = ["those whose label is given the lowest probability"]
    if runs > models:
        order.insert(0, "those that most runs get wrong")
    if models > 1:
        order.insert(0, "those that most models get wrong")
    text = (
        f"{lead} First come {', then among equals '.join(order)}. The index is that in the data"
        " set's own test set, from 0."
    )
    return Finding("hardest", title, [text], table=_table(images, results.data))


def _table(images, data):
    columns = ["Index", "Label", "Commonest wrong prediction", "Models wrong"]
    columns += ["Label disputed"] if data.disputed else []
    rows = [
        [
            t.Cell(str(image.index), image.index),
            t.text(data.class_names[image.label]),
            t.text(data.class_names[_commonest_wrong(image)]),
            t.Cell(f"{image.wrong_models} of {len(image.predictions)}", image.wrong_models),
            *([t.text("yes" if image.disputed else "no")] if data.disputed else []),
        ]
        for image in images
    ]
    return t.Table(columns, rows)


def _commonest_wrong(image):
    wrong = [predicted for predicted in image.predictions.values() if predicted != image.label]
    return min(set(wrong), key=lambda predicted: (-wrong.count(predicted), predicted))
