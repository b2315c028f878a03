"""What the test images whose labels are in doubt do to the accuracies."""

import numpy as np

from bakeoff import wording as w
from bakeoff.analysis.confusion import wrong_models
from bakeoff.findings.finding import Finding, every, names
from bakeoff.findings.setting import no_better_than_chance


def disputed_labels(results):
    """How the models do on disputed labels and without them; None where the study names none."""
    listed, data = len(results.study["dataset"]["disputed"]), results.data
    if not listed:
        return None
    title = "What the disputed labels change"
    images, disputed = len(data.labels), int(data.disputed.sum())
    if disputed in (0, images):
        share = "none" if not disputed else "each"
        text = (
            f"{w.count(listed, 'test label')} {w.plural(listed, 'is', 'are')} listed as in doubt;"
            f" {share} of the {w.count(images, 'test image')} of this study has such a label."
        )
        return Finding("disputed", title, [text])

    text = [_which(results, disputed), _answered_otherwise(results, disputed), _leaders(results)]
    limit = (images - disputed) / images
    above = [model for model in results.finished if model.accuracy[0] > limit]
    if above:
        text.append(
            f"One that got all images right but these would have {w.percent(limit)}. {names(above)}"
            f" {w.plural(len(above), 'has', 'have')} more: beyond that, more accuracy is agreement"
            " with labels that may be wrong."
        )
    return Finding("disputed", title, text, table=_table(results, disputed))


def _which(results, disputed):
    images = w.count(len(results.data.labels), "test image")
    sentence = (
        f"The {w.plural(disputed, 'label', 'labels')} of {disputed} of the {images}"
        f" {w.plural(disputed, 'is', 'are')} in doubt."
    )
    if results.study["dataset"]["name"] == "mnist":
        sentence += (
            " On MNIST's, see Northcutt, Athalye and Mueller (2021), Pervasive Label Errors in"
            " Test Sets, who showed suspect images to five people each (cleanlab/label-errors)."
        )
    return sentence


def _answered_otherwise(results, disputed):
    if results.nothing_learned:
        return f"{no_better_than_chance(results)}."
    of_them = f"of {w.count(disputed, 'such image')} otherwise than labelled"
    by_model = {model: _otherwise(model, results.data) for model in results.answering}
    least, most = (choose(by_model, key=by_model.get) for choose in (min, max))
    mean = _times(float(np.mean(list(by_model.values()))))
    if len(by_model) == 1:
        return f"{most.name} answers {mean} {of_them}."
    sentence = f"On average a model answers {mean} {of_them}"
    if by_model[least] < by_model[most]:
        sentence += (
            f", from {_times(by_model[least])} ({least.name}) to {_times(by_model[most])}"
            f" ({most.name})"
        )
    by_all = int((wrong_models(results)[results.data.disputed] == len(by_model)).sum())
    return f"{sentence}; {every(results)} do so for {by_all or 'none'} of them."


def _leaders(results):
    without = {model: _without(model, results.data) for model in results.finished}
    changes = {model: without[model] - model.accuracy[0] for model in results.learned}
    least, most = (choose(changes, key=changes.get) for choose in (min, max))
    if len(without) == 1:
        return f"Without such labels its test accuracy is {w.percent(without[least])}."
    low, high = w.points(changes[least]), w.points(changes[most])
    by = high if low == high else f"{low} ({least.name}) to {high} ({most.name})"
    whose = "test accuracies change" if len(changes) > 1 else f"that of {most.name} changes"
    sentence = f"Without such labels {whose} by {by}. "
    leaders = [model for model in results.ranked if without[model] == max(without.values())]
    has = w.plural(len(leaders), "has", "have")
    if set(leaders) == set(results.best):
        sentence += f"{names(leaders)} {has} the highest with and without them."
    else:
        sentence += (
            f"With them {names(results.best)} {w.plural(len(results.best), 'has', 'have')} the"
            f" highest, without them {names(leaders)}."
        )
    return f"{sentence} The comparisons of models are made on all test images."


def _table(results, disputed):
    columns = ["Model", "Test accuracy", "Without disputed labels", "Change (points)"]
    columns += [f"Answered otherwise, of {disputed}"]
    rows = []
    for model in results.ranked:
        accuracy, without = model.accuracy[0], _without(model, results.data)
        row = [model.name, w.percent(accuracy), w.percent(without)]
        row += [w.number(100 * (without - accuracy)), _times(_otherwise(model, results.data))]
        rows.append(row)
    return {"columns": columns, "rows": rows}


def _without(model, data):
    """Return the accuracy on the images whose labels are not in doubt, a share of 1."""
    return float(np.mean([training.correct[~data.disputed] for training in model.trainings]))


def _otherwise(model, data):
    """Return to how many disputed images a training of the model gives another answer."""
    return float(np.mean([(~t.correct[data.disputed]).sum() for t in model.trainings]))


def _times(mean):
    return f"{mean:.1f}".removesuffix(".0")
