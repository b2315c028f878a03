"""Which mistakes the models make."""

from bakeoff import wording as w
from bakeoff.answers import confusion_of, confusions, recalls, wrong_models
from bakeoff.findings.finding import Finding, names

_MOST_FREQUENT = 5


def mistakes(results):
    """Which classes are hardest, which are taken for each other, and how many images are hard."""
    title = "Which mistakes the models make"
    classes = results.data.class_names
    by_model = {model: confusion_of(model, results.data) for model in results.finished}
    total = sum(by_model.values())
    if not confusions(total):
        return Finding("errors", title, ["None: every test image was answered rightly each time."])
    text = [_hardest_class(by_model, total, classes), _frequent(total, classes), _shared(results)]
    return Finding("errors", title, text, table=_by_model(by_model, classes))


def _hardest_class(by_model, total, classes):
    hard, lowest = _extreme(total, min)
    easy, highest = _extreme(total, max)
    if lowest == highest:
        return (
            f"All classes are equally hard: {w.percent(lowest)} of the test images of each are"
            " answered rightly."
        )
    sentence = (
        f"{_named(hard, classes, 'Class', 'Classes')} {w.plural(len(hard), 'is', 'are')} the"
        f" hardest: {w.percent(lowest)} of {w.plural(len(hard), 'its', 'their')} test images are"
        f" answered rightly, against {w.percent(highest)} of those of"
        f" {_named(easy, classes, 'class', 'classes')}"
    )
    if len(by_model) == 1:
        return f"{sentence}."
    sentence += ", all models taken together."
    if len(hard) > 1:
        return sentence
    same = [model for model, own in by_model.items() if hard[0] in _extreme(own, min)[0]]
    if len(same) == len(by_model):
        return f"{sentence} It is the hardest for each of them."
    if not same:
        return f"{sentence} It is the hardest for none of them alone."
    return f"{sentence} It is the hardest for {len(same)} of the {len(by_model)}: {names(same)}."


def _extreme(confusion, choose):
    """Return the labels with the lowest (or highest) recall, and that recall."""
    shares = {label: share for label, share in enumerate(recalls(confusion)) if share is not None}
    extreme = choose(shares.values())
    return [label for label, share in shares.items() if share == extreme], extreme


def _named(labels, classes, one, several):
    return f"{w.plural(len(labels), one, several)} {w.listing(classes[label] for label in labels)}"


def _frequent(total, classes):
    found = confusions(total)
    wrong = sum(times for *_, times in found)
    # Those that are as frequent as the last one belong to the most frequent too.
    least = found[:_MOST_FREQUENT][-1][2]
    shown = [mistake for mistake in found if mistake[2] >= least]
    listed = w.listing(
        f"{_confusion(mistake, classes)} ({w.count(mistake[2], 'time')})" for mistake in shown
    )
    if len(found) == 1:
        return f"There is but one kind of mistake: {listed}."
    which = "The mistakes are" if len(shown) == len(found) else "The most frequent mistakes are"
    return f"{which} {listed}, of {w.count(wrong, 'wrong answer')} in all."


def _confusion(mistake, classes):
    label, answer, _ = mistake
    return f"{classes[label]} taken for {classes[answer]}"


def _shared(results):
    models = len(results.finished)
    counts = wrong_models(results)

    def images(least):
        number = int((counts >= least).sum())
        return f"{number:,}" if number else "none"

    total = w.count(len(counts), "test image")
    if models == 1:
        sentence = f"Of the {total}, {results.finished[0].name} gets {images(1)} wrong"
    elif models == 2:
        sentence = f"Of the {total}, both models get {images(2)} wrong, at least one {images(1)}"
    else:
        sentence = (
            f"Of the {total}, all {models} models get {images(models)} wrong, more than half of"
            f" the models {images(models // 2 + 1)}, at least one {images(1)}"
        )
    if any(len(model.trainings) > 1 for model in results.finished):
        sentence += "; a model's answer is that of the mean of its seeds' probabilities"
    return f"{sentence}."


def _by_model(by_model, classes):
    columns = ["Model", "Wrong answers", "Of how many", "Hardest class", "Answered rightly"]
    columns += ["Most frequent mistake", "Times"]
    rows = []
    for model, confusion in by_model.items():
        found = confusions(confusion)
        row = [model.name, f"{sum(times for *_, times in found):,}", f"{confusion.sum():,}"]
        if found:
            hard, recall = _extreme(confusion, min)
            row += [w.listing(classes[label] for label in hard), w.percent(recall)]
            row += [_confusion(found[0], classes), f"{found[0][2]:,}"]
        else:
            row += [""] * 4
        rows.append(row)
    return {"columns": columns, "rows": rows}
