"""What was run, in words, and what to bear in mind when reading the results."""

from bakeoff import wording as w

_BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def setting(study, models):
    """Return sentences that say on what, how often and how long the models were trained.

    ``models`` are :class:`bakeoff.measures.Model`, at least one, with their diverged trainings.
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
    software = w.listing(_distinct(_software(card) for card in cards), "or")
    sentences.append(
        f"Trained on {w.listing(_distinct(card['device'] for card in cards))}; {software};"
        f" precision {w.listing(_distinct(card['precision'] for card in cards))}."
    )
    return sentences


def cautions(study, models):
    """Return sentences that warn: other data, what is missing, one seed, unlike trainings."""
    cards = _cards(models)
    sentences = []
    if study["dataset"]["name"] == "digits":
        sentences.append(
            "The images are scikit-learn's handwritten digits, not MNIST: the numbers say nothing"
            " about MNIST."
        )
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
    mixed = [m.name for m in models if any(_was_moved(card) for card in _cards([m]))]
    if mixed:
        sentences.append(
            f"{w.models(mixed)} went on after an interruption on another device, with another"
            " number of threads or with other software: an uninterrupted training may differ in"
            " its last digits."
        )
    for noun, read, consequence in _CIRCUMSTANCES:
        values = _distinct(read(card) for card in cards)
        if len(values) > 1:
            sentences.append(
                f"The trainings differ in {noun} ({w.listing(values)}): {consequence}."
            )
    return sentences


def _was_moved(card):
    """Tell whether the pieces of a resumed training were made under unlike circumstances."""
    first, *later = card["pieces"]
    return any(piece[key] != first[key] for piece in later for key in _OF_A_PIECE)


def others(trainings):
    """Return "the other training" or "the other 2 trainings"."""
    return "the other training" if len(trainings) == 1 else f"the other {len(trainings)} trainings"


def _software(card):
    backend = card["backend"]
    versions = card["versions"]
    return (
        f"{_BACKENDS.get(backend, backend)} {versions[backend]}, Keras {versions['keras']},"
        f" Python {versions['python']}"
    )


_OF_A_PIECE = ("device", "threads", "versions")
_TIMES = "their times and latencies do not compare"
_NUMBERS = "small differences in accuracy may come from that"
_CIRCUMSTANCES = [
    ("epochs", lambda card: str(card["epochs"]), "more epochs may explain a better result"),
    ("device", lambda card: card["device"], f"{_TIMES}, and {_NUMBERS}"),
    ("threads", lambda card: str(card["threads"]), _TIMES),
    ("software", _software, _NUMBERS),
    ("precision", lambda card: card["precision"], _NUMBERS),
]


def _cards(models):
    return [c for m in models for c in [*(t.card for t in m.trainings), *m.diverged]]


def _distinct(values):
    return list(dict.fromkeys(values))
