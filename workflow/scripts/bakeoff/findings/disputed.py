"""What the test images whose labels are in doubt do to the accuracies."""

from statistics import fmean

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, every, names, spread
from bakeoff.findings.setting import no_better_than_chance
from bakeoff.results import Results


def disputed_labels(results: Results) -> Finding | None:
    """How the models do on disputed labels and without them; None where the study names none."""
    listed, data = len(results.study["dataset"]["disputed"]), results.data
    if not listed:
        return None
    title = "What the disputed labels change"
    images, disputed = data.test_images, data.disputed
    if disputed in (0, images):
        share = "none" if not disputed else "each"
        all_alike = (
            f"{w.count(listed, 'test label')} {w.plural(listed, 'is', 'are')} listed as in doubt;"
            f" {share} of the {w.count(images, 'test image')} of this study has such a label."
        )
        return Finding("disputed", title, [all_alike])

    text = [_which(results), _predicted_otherwise(results), _leaders(results)]
    limit = (images - disputed) / images
    above = [model for model in results.finished if model.accuracy.value > limit]
    if above:
        these = w.plural(disputed, "this one", "these")
        text.append(
            f"One that got all images right but {these} would have {w.percent(limit)}."
            f" {names(above)} {w.plural(len(above), 'has', 'have')} more: beyond that, more"
            " accuracy is agreement with labels that may be wrong."
        )
    return Finding("disputed", title, text, table=_table(results))


def _which(results):
    disputed, images = results.data.disputed, w.count(results.data.test_images, "test image")
    sentence = (
        f"The {w.plural(disputed, 'label', 'labels')} of {disputed} of the {images}"
        f" {w.plural(disputed, 'is', 'are')} in doubt."
    )
    note = results.study["dataset"].get("disputed_note")
    return f"{sentence} {note}" if note else sentence


def _predicted_otherwise(results):
    if results.nothing_learned:
        return f"{no_better_than_chance(results)}."
    found = results.analysis.disputed
    of_them = f"of {w.count(results.data.disputed, 'such image')} otherwise than labelled"
    by_model = {results.by_key[key]: mean for key, mean in found.sound.items()}
    mean = _times(fmean(by_model.values()))
    if len(by_model) == 1:
        return f"{names(by_model)} predicts {mean} {of_them}."
    sentence = f"On average a model predicts {mean} {of_them}"
    if len(set(map(_times, by_model.values()))) > 1:
        sentence += f", from {spread(by_model, _times)}"
    return f"{sentence}; {every(results)} do so for {found.by_all or 'none'} of them."


def _leaders(results):
    found = results.analysis.disputed
    without = {results.by_key[key]: share for key, share in found.without.items()}
    changes = {model: without[model] - model.accuracy.value for model in results.learned}
    if len(without) == 1:
        return f"Without such labels its test accuracy is {w.percent(*without.values())}."
    whose = f"the test accuracy of {names(changes)} changes"
    if len(changes) > 1:
        learned = results.that_learned
        whose = f"test accuracies{learned and f' of the models{learned}'} change"
    sentence = f"Without such labels {whose} by {spread(changes)}. "
    most = max(model.accuracy.value for model in results.finished)
    best = [model for model in results.ranked if model.accuracy.value == most]
    leaders = [model for model in results.ranked if without[model] == max(without.values())]
    has = w.plural(len(leaders), "has", "have")
    if set(leaders) == set(best):
        sentence += f"{names(leaders)} {has} the highest test accuracy with and without them."
    else:
        sentence += (
            f"With them {names(best)} {w.plural(len(best), 'has', 'have')} the"
            f" highest test accuracy, without them {names(leaders)}."
        )
    return f"{sentence} The comparisons of models are made on all test images."


def _table(results):
    columns = ["Model", "Test accuracy", "Without disputed labels", "Change (percentage points)"]
    columns += [f"Predicted otherwise, of {results.data.disputed}"]
    found = results.analysis.disputed
    rows = []
    for model in results.ranked:
        accuracy, without = model.accuracy.value, found.without[model.model]
        otherwise = found.otherwise[model.model]
        row = [t.model(model.name), t.percent(accuracy), t.percent(without)]
        row += [t.points(without - accuracy), t.Cell(_times(otherwise), otherwise)]
        rows.append(row)
    return t.Table(columns, rows)


def _times(mean):
    return f"{mean:.1f}".removesuffix(".0")
