"""Which mistakes the models make."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, every, names
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.limits import MOST_FREQUENT
from bakeoff.numbers import mistakes
from bakeoff.results import Results

_NO_MISTAKE = "every test image was predicted correctly each time"


def common_mistakes(results: Results) -> Finding:
    """Which classes are hardest, which are taken for each other, and how many images are hard."""
    title = "Which mistakes the models make"
    classes = results.data.class_names
    table = _by_model(results)
    if results.nothing_learned:
        return Finding("errors", title, [f"{no_better_than_chance(results)}."], table=table)
    found = mistakes(results.analysis.errors.confusion)
    if found:
        text = [_hardest_class(results), _frequent(found, classes), _shared(results)]
        return Finding("errors", title, text, table=table)
    if len(results.learned) == len(results.finished):
        return Finding("errors", title, [f"No model makes any: {_NO_MISTAKE}."])
    none = f"{names(results.learned)} made none: {_NO_MISTAKE}."
    return Finding("errors", title, [none], table=table)


def _hardest_class(results):
    """Which class has the lowest share of correct predictions, and whether chance may give that."""
    classes, several = results.data.class_names, len(results.learned) > 1
    found = results.analysis.errors.hardest_class
    lowest, highest = w.percent(found.lowest_share), w.percent(found.highest_share)
    together = ", all models taken together" if several else ""
    if found.lowest_share == found.highest_share:
        return (
            f"Of the test images of each class, {lowest} are predicted correctly{together}:"
            " no class stands out."
        )
    listed = _named(found.lowest, classes, "Class", "Classes")
    of_the_highest = _named(found.highest, classes, "class", "classes")
    against = f"{highest} of those of {of_the_highest}{together}"
    if len(found.lowest) > 1:
        return (
            f"{listed} have the lowest share of correct predictions, {lowest}, against {against}."
        )
    if found.stands_out:
        sentence = (
            f"{listed} is the hardest: {lowest} of its test images are predicted correctly, against"
            f" {against}."
        )
    else:
        sentence = (
            f"{listed} has the lowest share of correct predictions, {lowest}, against {against}."
            " With other test images another class might be last."
        )
    return f"{sentence}{_last_for(found, results)}" if several else sentence


def _last_for(found, results):
    """For how many of the models a class has the lowest share of correct predictions."""
    models, same = len(results.learned), results.named(found.last_for)
    if len(same) == models:
        return " It is last for each of them."
    if not same:
        return " It is last for none of them alone."
    return f" It is last for {len(same)} of the {models}: {names(same)}."


def _named(labels, classes, one, several):
    return f"{w.plural(len(labels), one, several)} {w.listing(classes[label] for label in labels)}"


def _frequent(found, classes):
    wrong = sum(times for *_, times in found)
    # Those that are as frequent as the last one belong to the most frequent too.
    least = found[:MOST_FREQUENT][-1][2]
    shown = [mistake for mistake in found if mistake[2] >= least]
    listed = w.listing(
        f"{_confusion(mistake, classes)} ({w.count(mistake[2], 'time')})" for mistake in shown
    )
    if len(found) == 1:
        return f"There is only one kind of mistake: {listed}."
    which = "The mistakes are" if len(shown) == len(found) else "The most frequent mistakes are"
    return f"{which} {listed}, of {w.count(wrong, 'wrong prediction')} in all."


def _confusion(mistake, classes):
    label, predicted, _ = mistake
    return f"{classes[label]} taken for {classes[predicted]}"


def _shared(results):
    models = len(results.learned)
    wrong = results.analysis.errors.wrong

    def images(least):
        number = sum(wrong[least:])
        return f"{number:,}" if number else "none"

    total = w.count(results.data.test_images, "test image")
    if models == 1:
        sentence = f"Of the {total}, {results.learned[0].name} gets {images(1)} wrong"
    elif models == 2:
        sentence = (
            f"Of the {total}, {every(results)} get {images(2)} wrong, at least one {images(1)}"
        )
    else:
        sentence = (
            f"Of the {total}, {images(models)} fooled every model{results.that_count},"
            f" {images(models // 2 + 1)} more than half of them, {images(1)} at least one"
        )
    if any(len(m.runs) - len(m.odd_seeds) > 1 for m in results.learned):
        sentence += "; a model's prediction is that of the mean of its seeds' probabilities"
    return f"{sentence}."


def _by_model(results):
    classes = results.data.class_names
    columns = ["Model", "Wrong predictions", "Of how many", "Class with lowest share right"]
    columns += ["Share right", "Most frequent mistake", "Times"]
    rows = []
    for model in results.finished:
        found = mistakes(model.confusion)
        row = [t.model(model.name), t.count(sum(times for *_, times in found))]
        row.append(t.count(sum(map(sum, model.confusion))))
        if found:
            lowest = min(share for share in model.recall if share is not None)
            hard = [label for label, share in enumerate(model.recall) if share == lowest]
            row += [t.text(w.listing(classes[label] for label in hard)), t.percent(lowest)]
            row += [t.text(_confusion(found[0], classes)), t.count(found[0][2])]
        rows.append(t.filled(row, len(columns)))
    return t.Table(columns, rows)
