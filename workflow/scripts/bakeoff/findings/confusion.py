"""Which mistakes the models make."""

from bakeoff import wording as w
from bakeoff.analysis.confusion import confusion_of, confusions, recalls, wrong_models
from bakeoff.analysis.hard_classes import stands_out
from bakeoff.findings.finding import Finding, every, names
from bakeoff.findings.setting import no_better_than_chance

_MOST_FREQUENT = 5


def mistakes(results):
    """Which classes are hardest, which are taken for each other, and how many images are hard."""
    title = "Which mistakes the models make"
    classes = results.data.class_names
    table = _by_model(results.finished, results.data)
    if results.nothing_learned:
        return Finding("errors", title, [f"{no_better_than_chance(results)}."], table=table)
    total = sum(confusion_of(model, results.data) for model in results.answering)
    if confusions(total):
        text = [_hardest_class(results, total), _frequent(total, classes), _shared(results)]
        return Finding("errors", title, text, table=table)
    if len(results.learned) == len(results.finished):
        text = "None: every test image was answered rightly each time."
        return Finding("errors", title, [text])
    text = f"{names(results.learned)} made none: every test image was answered rightly each time."
    return Finding("errors", title, [text], table=table)


def _hardest_class(results, total):
    """Which class has the lowest share of right answers, and whether chance may give that."""
    classes, models = results.data.class_names, results.answering
    hard, lowest = _extreme(total, min)
    easy, highest = _extreme(total, max)
    together = ", all models taken together" if len(models) > 1 else ""
    if lowest == highest:
        return (
            f"Of the test images of each class, {w.percent(lowest)} are answered rightly{together}:"
            " no class stands out."
        )
    listed = _named(hard, classes, "Class", "Classes")
    against = (
        f"{w.percent(highest)} of those of {_named(easy, classes, 'class', 'classes')}{together}"
    )
    if len(hard) > 1:
        return (
            f"{listed} have the lowest share of right answers, {w.percent(lowest)}, against"
            f" {against}."
        )
    if stands_out(models, results.data.labels, hard[0]):
        sentence = (
            f"{listed} is the hardest: {w.percent(lowest)} of its test images are answered rightly,"
            f" against {against}."
        )
    else:
        sentence = (
            f"{listed} has the lowest share of right answers, {w.percent(lowest)}, against"
            f" {against}. With other test images another class might be last."
        )
    return f"{sentence}{_last_for(hard[0], results)}" if len(models) > 1 else sentence


def _last_for(label, results):
    """For how many of the models a class is the one with the lowest share of right answers."""
    models = results.answering
    same = [m for m in models if label in _extreme(confusion_of(m, results.data), min)[0]]
    if len(same) == len(models):
        return " It is last for each of them."
    if not same:
        return " It is last for none of them alone."
    return f" It is last for {len(same)} of the {len(models)}: {names(same)}."


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
    models = len(results.answering)
    counts = wrong_models(results)

    def images(least):
        number = int((counts >= least).sum())
        return f"{number:,}" if number else "none"

    total = w.count(len(counts), "test image")
    if models == 1:
        sentence = f"Of the {total}, {results.answering[0].name} gets {images(1)} wrong"
    elif models == 2:
        sentence = (
            f"Of the {total}, {every(results)} get {images(2)} wrong, at least one {images(1)}"
        )
    else:
        sentence = (
            f"Of the {total}, {every(results)} get {images(models)} wrong, more than half of"
            f" the models {images(models // 2 + 1)}, at least one {images(1)}"
        )
    if any(len(model.trainings) > 1 for model in results.answering):
        sentence += "; a model's answer is that of the mean of its seeds' probabilities"
    return f"{sentence}."


def _by_model(models, data):
    classes = data.class_names
    columns = ["Model", "Wrong answers", "Of how many", "Class with lowest share right"]
    columns += ["Share right", "Most frequent mistake", "Times"]
    rows = []
    for model in models:
        confusion = confusion_of(model, data)
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
