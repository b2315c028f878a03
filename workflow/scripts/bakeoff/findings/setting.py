"""What was run, in words, and what to bear in mind when reading the results."""

import numpy as np

from bakeoff import wording as w
from bakeoff.analysis.recipes import unlike_settings
from bakeoff.analysis.times import circumstances, distinct, software, was_moved


def setting(study, models):
    """Return sentences that say on what, how often and how long the models were trained.

    ``models`` are :class:`bakeoff.analysis.models.Model`, at least one, with their diverged
    trainings.
    """
    cards = _cards(models)
    data, title = cards[0]["dataset"], study["dataset"]["title"]
    seeds = study["seeds"]
    epochs = sorted({card["epochs"] for card in cards})
    span = str(epochs[0]) if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
    span += f" {w.plural(epochs[-1], 'epoch')}"
    listed = w.listing(map(str, seeds))
    times = f"once (seed {listed})" if len(seeds) == 1 else f"{len(seeds)} times (seeds {listed})"
    each = "The model was" if len(models) == 1 else f"Each of the {len(models)} models was"
    sentences = [
        f"Data: {title}, {w.count(data['train_images'], 'training image')} and"
        f" {w.count(data['test_images'], 'test image')}.",
        f"{each} trained {times} for {span}.",
    ]
    if data["validation"] == "test":
        sentences.append(
            "Validation was done on the test set: a best epoch is chosen on the test images, so"
            " its accuracy is optimistic. Test accuracies are those of the last epoch."
        )
    else:
        sentences.append(
            f"Validation was done on {w.count(data['validation_images'], 'image')} held out from"
            " the training images. Test accuracies are those of the last epoch."
        )
    versions = w.listing(distinct(map(_software, cards)), "or")
    sentences.append(
        f"Trained on {w.listing(distinct(card['device'] for card in cards))}; {versions};"
        f" precision {w.listing(distinct(card['precision'] for card in cards))}."
    )
    return sentences


def cautions(results):
    """Return sentences that warn: other data, what is missing, one seed, unlike trainings.

    ``results`` are the :class:`bakeoff.analysis.ranking.Results` of at least one model.
    """
    study, models, data = results.study, results.models, results.data
    cards = _cards(models)
    sentences = []
    if study["dataset"].get("source") == "digits":
        sentences.append(
            "The images are scikit-learn's handwritten digits, not MNIST: the numbers say nothing"
            " about MNIST."
        )
    if data.in_training.any():
        sentences.append(_known_images(models, data))
    if study["unfinished"]:
        missing = w.models(study["unfinished"])
        number = len(study["unfinished"])
        sentences.append(
            f"{missing} {w.plural(number, 'has', 'have')} not finished and"
            f" {w.plural(number, 'is', 'are')} left out."
        )
    if len(study["seeds"]) == 1:
        sentences.append("There is one seed, so the spread between trainings is not known.")
    for model in models:
        if model.diverged:
            seeds = [str(card["seed"]) for card in model.diverged]
            left = (
                "The model is left out of all comparisons."
                if not model.trainings
                else f"Its numbers are those of {others(model.trainings)}."
            )
            sentences.append(
                f"{model.name} diverged with {w.plural(len(seeds), 'seed')} {w.listing(seeds)}:"
                f" its loss stopped being a number. {left}"
            )
    sentences += _without_learning(results)
    mixed = [m.name for m in models if any(was_moved(card["pieces"]) for card in _cards([m]))]
    if mixed:
        sentences.append(
            f"{w.models(mixed)} went on after an interruption on another device, with another"
            " number of threads or with other software: an uninterrupted training may differ in"
            " its last digits."
        )
    sentences += _of_the_files(models)
    if unlike := unlike_settings(models):
        sentences.append(
            f"The models were not all trained alike: {'; '.join(unlike)}. Differences between them"
            " may come from that."
        )
    for noun, read in _CIRCUMSTANCES.items():
        values = distinct(read(card) for card in cards)
        if len(values) > 1:
            sentences.append(
                f"The trainings differ in {noun} ({w.listing(values)}): small differences in"
                " accuracy may come from that."
            )
    if len(results.finished) > 1 and results.times_not_compared:
        sentences.append(results.times_not_compared)
    return sentences


def _without_learning(results):
    """Which models, and which trainings of others, are not shown to be better than chance."""
    always = f"always answering the commonest class gives {w.percent(results.chance)}"
    if results.nothing_learned:
        return [f"{no_better_than_chance(results)}: nothing is said of all models together."]
    sentences = []
    if lost := results.at_chance:
        accuracies = sorted(model.accuracy[0] for model in lost)
        low, high = w.percent(accuracies[0]), w.percent(accuracies[-1])
        reached = low if low == high else f"{low} to {high}"
        sentences.append(
            f"{w.models(m.name for m in lost)} {w.plural(len(lost), 'is', 'are')} not shown to be"
            f" better than chance ({reached}; {always}):"
            f" {w.plural(len(lost), 'it is', 'they are')} left out of averages and of what is said"
            " of all models."
        )
    for model, runs in results.odd_runs.items():
        reached = w.listing(w.percent(run.correct.mean()) for run in runs)
        sentences.append(
            f"With {w.plural(len(runs), 'seed')} {w.listing(str(run.seed) for run in runs)},"
            f" {model.name} is not shown to be better than chance ({reached}; {always}):"
            f" {w.plural(len(runs), 'that training counts', 'those trainings count')} in the"
            " model's own numbers only."
        )
    return sentences


def no_better_than_chance(results):
    """Return that no model is shown to be better than chance, without a full stop."""
    if results.chance == 1:
        return (
            "All test images are of one class, so no model can be shown to be better than always"
            " answering with it"
        )
    return (
        "No model is shown to be better than chance (always answering the commonest class gives"
        f" {w.percent(results.chance)})"
    )


def _known_images(models, data):
    """Return the sentence on test images that are training images too, of which there are some."""
    images, known = len(data.labels), int(data.in_training.sum())
    if known == images:
        return (
            f"The test images, all {images:,}, are training images too: the accuracies say nothing"
            " of images that the models do not know."
        )
    which = w.plural(known, "is a training image too", "are training images too")
    sentence = (
        f"{known:,} of the {images:,} test images {which}: the accuracies count"
        f" {w.plural(known, 'it', 'them')}."
    )
    changes = [
        np.mean([t.correct[~data.in_training].mean() - t.correct.mean() for t in model.trainings])
        for model in models
        if model.trainings
    ]
    if not changes:
        return sentence
    change = w.points(float(np.mean(changes)))
    without = f"Without {w.plural(known, 'it', 'them')}"
    if len(changes) == 1:
        return f"{sentence} {without} the test accuracy changes by {change}."
    return f"{sentence} {without} test accuracies change by {change} on average over the models."


def _of_the_files(models):
    """Return sentences on what a model's own file does with its images and its saving.

    Cards of earlier versions do not tell.
    """
    scaled = {}
    for model in models:
        factors = {card.get("input_scaled_by") for card in _cards([model])} - {None}
        for factor in sorted(f"{factor:.3g}" for factor in factors):
            scaled.setdefault(factor, []).append(model.name)
    sentences = [
        f"{w.models(names)} {w.plural(len(names), 'multiplies', 'multiply')} the images by {factor}"
        f" before {w.plural(len(names), 'its', 'their')} first weights, though these are from 0 to"
        " 1 already: that alone may explain a worse result."
        for factor, names in scaled.items()
    ]
    bound = [
        model.name
        for model in models
        if any(card.get("loads_with") == "its architecture file" for card in _cards([model]))
    ]
    if bound:
        sentences.append(
            f"{w.models(bound)} {w.plural(len(bound), 'needs its', 'need their')} architecture"
            f" {w.plural(len(bound), 'file', 'files')} to load model.keras: the README says"
            " how."
        )
    return sentences


def others(trainings):
    """Return "the other training" or "the other 2 trainings"."""
    return "the other training" if len(trainings) == 1 else f"the other {len(trainings)} trainings"


def _software(card):
    return software(circumstances(card))


_CIRCUMSTANCES = {
    "device": lambda card: card["device"],
    "threads": lambda card: str(card["threads"]),
    "software": _software,
}


def _cards(models):
    return [c for m in models for c in [*(t.card for t in m.trainings), *m.diverged]]
