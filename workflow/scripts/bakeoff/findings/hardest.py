"""Which test images most models get wrong."""

from bakeoff import wording as w
from bakeoff.analysis.confusion import hardest_images, wrong_models
from bakeoff.findings.finding import Finding
from bakeoff.findings.setting import no_better_than_chance

_MOST_IMAGES = 12


def hardest(results):
    """Which test images most models get wrong."""
    title = "Which images are hardest"
    if results.nothing_learned:
        return Finding("hardest", title, [f"{no_better_than_chance(results)}."])
    wrong = int((wrong_models(results) > 0).sum())
    models, trainings = len(results.answering), sum(len(m.trainings) for m in results.answering)
    who = "at least one model gets" if models > 1 else f"{results.answering[0].name} gets"
    if not wrong:
        return Finding("hardest", title, [f"There is no test image that {who} wrong."])
    images = hardest_images(results)[:_MOST_IMAGES]
    lead = (
        f"These are the {len(images)} hardest of the {wrong:,} test images that {who} wrong."
        if len(images) < wrong
        else f"There {w.plural(wrong, 'is', 'are')} {w.count(wrong, 'test image')} that {who}"
        " wrong."
    )
    order = ["those whose label is given the lowest probability"]
    if trainings > models:
        order.insert(0, "those that most trainings get wrong")
    if models > 1:
        order.insert(0, "those that most models get wrong")
    text = (
        f"{lead} First come {', then among equals '.join(order)}. The place is that in the data"
        " set's own test set, counted from 0."
    )
    return Finding("hardest", title, [text], table=_table(images, results.data))


def _table(images, data):
    columns = ["Place", "Label", "Commonest wrong answer", "Models wrong"]
    rows = [
        [
            str(image["place"]),
            data.class_names[image["label"]],
            data.class_names[_commonest_wrong_answer(image)],
            f"{image['wrong_models']} of {len(image['answers'])}",
        ]
        for image in images
    ]
    if data.disputed.any():
        columns.append("Label disputed")
        for row, image in zip(rows, images, strict=True):
            row.append("yes" if image["disputed"] else "no")
    return {"columns": columns, "rows": rows}


def _commonest_wrong_answer(image):
    wrong = [answer for answer in image["answers"].values() if answer != image["label"]]
    return min(set(wrong), key=lambda answer: (-wrong.count(answer), answer))
