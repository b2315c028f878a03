"""What was run, in words, and what to bear in mind when reading the results."""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff import wording as w
from bakeoff.limits import MOST_VALUES
from bakeoff.numbers import Run
from bakeoff.results import Results


def in_one_line(results: Results) -> str:
    """Return data, models, seeds, epochs and device, in a line."""
    study, runs = results.study, list(results.analysis.runs())
    epochs = sorted({run.planned for run in runs})
    span = str(epochs[0]) if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
    devices = w.distinct(run.circumstances.device for run in runs)
    return " · ".join(
        [
            study["dataset"]["title"],
            f"{w.count(len(results.models), 'model')} × {number_of_seeds(study)}",
            f"{span} {w.plural(epochs[-1], 'epoch')}",
            *(devices if len(devices) == 1 else [w.count(len(devices), "device")]),
        ]
    )


def number_of_seeds(study: Mapping[str, Any]) -> str:
    """Return "3 seeds", or "3 to 12 seeds" where models have unlike numbers of them."""
    most = len(study["seeds"])
    fewest = _fewest_seeds(study)
    return w.count(most, "seed") if fewest == most else f"{fewest} to {most} seeds"


def _fewest_seeds(study):
    return min(len(entry.get("seeds", study["seeds"])) for entry in study["models"])


def setting(results: Results) -> list[str]:
    """Return sentences that say on what, how often and how long the models were trained."""
    study, data, models = results.study, results.data, results.models
    runs = list(results.analysis.runs())
    title = study["dataset"]["title"]
    epochs = sorted({run.planned for run in runs})
    span = str(epochs[0]) if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
    span += f" {w.plural(epochs[-1], 'epoch')}"
    if any(model.early_stopping for model in models) or any(run.stopped_early for run in runs):
        span = f"at most {span}"
    sentences = [
        f"Data: {title}, {w.count(data.train_images, 'training image')} and"
        f" {w.count(data.test_images, 'test image')}.",
        f"{_how_often(study)} for {span}.",
    ]
    if data.validation == "test":
        sentences.append(
            "Validation was done on the test set: a best epoch is chosen on the test images, so"
            f" its accuracy is optimistic. Test accuracies are those of {results.judged_epoch}."
        )
    else:
        sentences.append(
            f"Validation was done on {w.count(data.validation_images, 'image')} of a holdout, which"
            f" are no test images. Test accuracies are those of {results.judged_epoch}."
        )
    sentences += _stopping(results) + _called(results)
    if groups := data.groups:
        sizes = f"{groups.smallest:,} to {groups.largest:,} images"
        if groups.smallest == groups.largest:
            sizes = w.count(groups.largest, "image")
        named = f" ({groups.name})" if groups.name else ""
        sentences.append(
            f"The test images come in {w.count(groups.number, 'group')}{named} of {sizes}:"
            " intervals and tests take the groups, not the images, as the sample."
        )
    if results.balanced:
        sentences.append(
            "Models are ranked and compared by balanced test accuracy, the mean of the recalls of"
            " the classes."
        )
    under = [run.circumstances for run in runs]
    versions = w.listing(w.distinct(run.software for run in under), "or")
    sentences.append(
        f"Trained on {w.listing(w.distinct(run.device for run in under))}; {versions};"
        f" precision {w.listing(w.distinct(run.precision for run in under))}."
    )
    return sentences


def _how_often(study):
    """Return "Each of the 2 models was trained 3 times (seeds 0, 1 and 2)"."""
    models, seeds = study["models"], study["seeds"]
    listed = w.listing(map(str, seeds))
    times = f"once (seed {listed})" if len(seeds) == 1 else f"{len(seeds)} times (seeds {listed})"
    fewest = _fewest_seeds(study)
    if fewest < len(seeds):
        times = f"{fewest} to {len(seeds)} times (seeds {seeds[0]} to {seeds[-1]} at most)"
        return f"The {len(models)} models were trained {times}"
    each = "The model was" if len(models) == 1 else f"Each of the {len(models)} models was"
    return f"{each} trained {times}"


def _stopping(results):
    """Return a sentence on early stopping, where there is any."""
    stopping = [model for model in results.models if model.early_stopping]
    if not stopping:
        return []
    rules = w.distinct(_rule(model.early_stopping) for model in stopping)
    rule = rules[0] if len(rules) == 1 else "by each model's own rule"
    runs = [run for model in stopping for run in model.runs]
    ends = [run.epochs for run in runs if run.stopped_by_rule]
    did = f"{_so_many(ends, runs)} did, {_after(ends)}" if ends else "no run did"
    some = (
        "" if len(stopping) == len(results.models) else f" of {w.models(m.name for m in stopping)}"
    )
    return [f"Training{some} stops early {rule}: {did}."]


def _called(results):
    """Return a sentence on runs that callbacks ended, where there are any."""
    called = [m for m in results.models if any(run.stopped_by_callback for run in m.runs)]
    if not called:
        return []
    runs = [run for model in called for run in model.runs]
    ends = [run.epochs for run in runs if run.stopped_by_callback]
    which = w.models(model.name for model in called)
    return [
        f"Callbacks of the architecture ended {_so_many(ends, runs)} of {which} {_after(ends)}."
    ]


def _so_many(ends, runs):
    """Return "2 of 3 runs", those that came to these ``ends``, or "the run" where there is one."""
    return f"{len(ends)} of {w.count(len(runs), 'run')}" if len(runs) > 1 else "the run"


def _after(ends):
    """Return "after 5 to 7 epochs"."""
    first, last = min(ends), max(ends)
    span = str(first) if first == last else f"{first} to {last}"
    return f"after {span} {w.plural(last, 'epoch')}"


def _rule(stopping):
    """Return "where validation loss has not fallen for 5 epochs"."""
    gets, verb = {
        "val_loss": ("validation loss", "fallen"),
        "val_accuracy": ("validation accuracy", "risen"),
    }[stopping.monitor]
    by = f" by more than {stopping.min_delta:g}" if stopping.min_delta else ""
    return f"where {gets} has not {verb}{by} for {w.count(stopping.patience, 'epoch')}"


def cautions(results: Results) -> list[str]:
    """Return sentences that warn: other data, what is missing, one seed, unlike runs."""
    study = results.study
    sentences = []
    if note := study["dataset"].get("note"):
        sentences.append(note)
    if results.data.known:
        sentences.append(_known_images(results))
    sentences += _of_the_sample(results)
    if len(study["seeds"]) == 1:
        sentences.append("There is one seed, so the standard deviation between runs is not known.")
    sentences += what_is_missing(results)
    sentences += _without_learning(results)
    sentences += _unlike_runs(results)
    if len(results.finished) > 1 and (why := w.uncompared_times(results.analysis)):
        sentences.append(why)
    return sentences


IMBALANCE = 3
"""How many times as many images of one class as of another are worth a warning."""


def _of_the_sample(results):
    """Return sentences on groups divided or too few, and on classes of unlike sizes."""
    data, sentences = results.data, []
    if data.groups and (images := data.groups.divided):
        sentences.append(
            f"{images:,} of the {w.count(data.test_images, 'test image')}"
            f" {w.of_training_groups(images)}: accuracies on {w.plural(images, 'it', 'these')} say"
            " little of groups that are new."
        )
    if data.groups and (pairs := data.groups.pairs) and data.groups.too_few:
        what = "networks" if results.analysis.pairs.all_on_one_seed else "models"
        sentences.append(w.too_few_groups(data.groups.number, data.groups.needed, pairs, what))
    empty = [n for n, images in zip(data.class_names, data.by_class, strict=True) if not images]
    if empty:
        has = w.plural(len(empty), "has", "have")
        sentences.append(
            f"{w.plural(len(empty), 'Class', 'Classes')} {w.listing(empty)} {has} no test image:"
            f" nothing is known of how often {w.plural(len(empty), 'it is', 'they are')} predicted"
            " correctly."
        )
    if data.imbalance > IMBALANCE and not results.balanced:
        most, least = (
            data.by_class.index(pick(filter(None, data.by_class))) for pick in (max, min)
        )
        sentences.append(
            f"There are {w.times(data.imbalance)} as many test images of class"
            f" {data.class_names[most]} ({data.by_class[most]:,}) as of class"
            f" {data.class_names[least]} ({data.by_class[least]:,}): accuracy says little of the"
            " small classes. Balanced accuracy stands beside it, and ranks the models with"
            " `study: {metric: balanced_accuracy}`."
        )
    return sentences


def what_is_missing(results: Results) -> list[str]:
    """Return sentences on the models that have not finished, and on runs that diverged."""
    sentences = _diverged(results.models)
    if unfinished := results.study["unfinished"]:
        has, is_ = (w.plural(len(unfinished), *two) for two in (("has", "have"), ("is", "are")))
        sentences.insert(0, f"{w.models(unfinished)} {has} not finished and {is_} left out.")
    if results.study.get("looks_left_out"):
        sentences.append(
            "Seeds were given after looks at the results, which this report of finished models"
            " leaves out: its verdicts are not corrected for that, and err more often than it says."
        )
    return sentences


def _diverged(models):
    """Return a sentence on each model of which a run diverged."""
    sentences = []
    for model in models:
        if model.diverged:
            seeds = [str(run.seed) for run in model.diverged]
            left = (
                "The model is left out of all comparisons."
                if not model.runs
                else f"Its numbers are those of {others(model.runs)}."
            )
            sentences.append(
                f"{model.name} diverged with {w.plural(len(seeds), 'seed')} {w.listing(seeds)}:"
                f" its loss stopped being a number. {left}"
            )
    return sentences


def _unlike_runs(results):
    """Return sentences on what differs between models or runs besides the architecture."""
    sentences = []
    models = results.models
    moved = [
        model.name
        for model in models
        if any(run.circumstances.moved for run in (*model.runs, *model.diverged))
    ]
    if moved:
        sentences.append(
            f"{w.models(moved)} went on after an interruption on another device, with another"
            " number of threads or with other software: an uninterrupted run may differ in"
            " its last digits."
        )
    sentences += _of_the_files(models)
    if unlike := results.analysis.settings:
        listed = "; ".join(_unlike(setting, results) for setting in unlike)
        sentences.append(
            f"The models were not all trained alike: {listed}. Differences between them may come"
            " from that."
        )
    for noun, read in _CIRCUMSTANCES.items():
        values = w.distinct(read(run.circumstances) for run in results.analysis.runs())
        if len(values) > 1:
            sentences.append(
                f"The runs differ in {noun} ({w.listing(values)}): small differences in"
                " accuracy may come from that."
            )
    return sentences


def _unlike(setting, results):
    """Return "batch size 128 (Models 1 to 3) and 64 (Model 4)"."""
    values = setting.values
    if len(values) <= MOST_VALUES:
        listed = w.listing(
            f"{value} ({w.models(model.name for model in results.named(keys))})"
            for value, keys in values.items()
        )
        return f"{setting.name} {listed}"
    try:
        numbers = sorted(values, key=float)
    except ValueError:
        return f"{setting.name} in {len(values)} ways"
    return f"{setting.name} in {len(values)} values from {numbers[0]} to {numbers[-1]}"


def _without_learning(results):
    """Which models, and which runs of others, are not shown to be better than chance."""
    always = _always(results)
    if results.nothing_learned:
        return [f"{no_better_than_chance(results)}: nothing is said of all models together."]
    sentences = []
    if lost := results.at_chance:
        accuracies = sorted(model.score.value for model in lost)
        low, high = w.percent(accuracies[0]), w.percent(accuracies[-1])
        reached = low if low == high else f"{low} to {high}"
        sentences.append(
            f"{w.models(m.name for m in lost)} {w.plural(len(lost), 'is', 'are')} not shown to be"
            f" better than chance ({reached}; {always}):"
            f" {w.plural(len(lost), 'it is', 'they are')} left out of averages and of what is said"
            " of all models."
        )
    for model in results.finished:
        if seeds := model.odd_seeds:
            reached = w.listing(w.percent(model.score.by_seed[seed]) for seed in seeds)
            sentences.append(
                f"With {w.plural(len(seeds), 'seed')} {w.listing(map(str, seeds))},"
                f" {model.name} is not shown to be better than chance ({reached}; {always}):"
                f" {w.plural(len(seeds), 'that run counts', 'those runs count')} in the"
                " model's own numbers and comparisons only."
            )
    return sentences


def no_better_than_chance(results: Results) -> str:
    """Return that no model is shown to be better than chance, without a full stop."""
    if results.data.chance == 1:
        return (
            "All test images are of one class, so no model can be shown to be better than always"
            " predicting it"
        )
    if results.data.groups and results.data.groups.number == 1:
        return (
            "All test images are of one group, so no model can be shown to be better than chance on"
            f" others ({_always(results)})"
        )
    return f"No model is shown to be better than chance ({_always(results)})"


def _always(results):
    which = "one class" if results.balanced else "the commonest class"
    return f"always predicting {which} gives {w.percent(results.data.chance)}"


def _known_images(results):
    """Return the sentence on test images that are training images too, of which there are some."""
    images, known = results.data.test_images, results.data.known
    if known == images:
        return (
            f"The test images, all {images:,}, are training images too: the accuracies say nothing"
            " of images that the models do not know."
        )
    sentence = (
        f"{known:,} of the {images:,} test images {w.training_images_too(known)}: the accuracies"
        f" count {w.plural(known, 'it', 'them')}."
    )
    if results.data.known_change is None:
        return sentence
    change = w.points(results.data.known_change)
    without = f"Without {w.plural(known, 'it', 'them')}"
    if len(results.finished) == 1:
        return f"{sentence} {without} the test accuracy changes by {change}."
    if len(results.learned) == 1:
        who = results.learned[0].name
        return f"{sentence} {without} the test accuracy of {who} changes by {change}."
    over = "on average over the models"
    if results.at_chance:
        over += " that learned"
    return f"{sentence} {without} test accuracies change by {change} {over}."


def _of_the_files(models):
    """Return sentences on what a model's own file does with its images and its saving."""
    scaled = {}
    for model in models:
        for factor in (f"{factor:.3g}" for factor in model.input_scaled_by):
            scaled.setdefault(factor, []).append(model.name)
    sentences = [
        f"{w.models(names)} {w.plural(len(names), 'multiplies', 'multiply')} the images by {factor}"
        f" before {w.plural(len(names), 'its', 'their')} first weights, though these are from 0 to"
        " 1 already: that alone may explain a worse result."
        for factor, names in scaled.items()
    ]
    bound = [model.name for model in models if model.needs_file_to_load]
    if bound:
        sentences.append(
            f"{w.models(bound)} {w.plural(len(bound), 'needs its', 'need their')} architecture"
            f" {w.plural(len(bound), 'file', 'files')} to load model.keras:"
            " docs/architectures.md says how."
        )
    return sentences


def others(runs: Sequence[Run]) -> str:
    """Return "the other run" or "the other 2 runs"."""
    return "the other run" if len(runs) == 1 else f"the other {len(runs)} runs"


_CIRCUMSTANCES = {
    "device": lambda run: run.device,
    "threads": lambda run: str(run.threads),
    "software": lambda run: run.software,
}
