"""What a study says of each published conclusion."""

import re

from bakeoff import wording as w
from bakeoff.analysis.epochs import SPREAD_EPOCHS
from bakeoff.claims import KINDS
from bakeoff.findings.curves import heading, slope, why_unknown
from bakeoff.findings.finding import names, spread
from bakeoff.findings.setting import number_of_seeds
from bakeoff.numbers import Claim
from bakeoff.results import Results


def describe_claim(results: Results, judged: Claim) -> str:
    """Return a :class:`bakeoff.numbers.Claim` in words: conclusion, verdict, numbers."""
    published = results.study["published"]
    claim = published["conclusions"][judged.number]
    kind = KINDS[claim["kind"]]
    sentences = [f"{claim['claim']}: {judged.verdict}."]
    if judged.missing:
        has = w.plural(len(judged.missing), "has", "have")
        missing = w.models(published["models"][key]["name"] for key in judged.missing)
        sentences.append(f"{missing} {has} no finished run here.")
    elif not judged.comparisons:
        sentences.append(_why_none(kind))
    if judged.comparisons:
        sentences.append(_NUMBERS[kind.quantity, kind.claimed](results, judged))
    return " ".join(sentences)


def _why_none(kind):
    """Why nothing is compared, where all models that a claim needs have finished."""
    if kind.compares:
        return "There is no other model that it sets them against."
    return (
        f"It takes two models better than chance that are not equally accurate, and"
        f" {2 * SPREAD_EPOCHS} epochs of each."
    )


def _tally(judged, one="The test"):
    """How many of the comparisons that a claim takes bear it out; ``one`` is what a single is."""
    total = judged.comparisons
    if total == 1:
        if judged.borne_out:
            return f"{one} bears it out."
        return f"{one} goes against it." if judged.refuted else f"{one} does not decide."
    if judged.borne_out == total:
        return f"{w.all_of(total, 'comparisons').capitalize()} that it takes bear it out."
    if judged.open == total:
        none = "Neither" if total == 2 else "None"
        return f"{none} of the {total} comparisons that it takes is decided."
    parts = [
        (judged.borne_out, w.plural(judged.borne_out, "bears it out", "bear it out")),
        (judged.refuted, w.plural(judged.refuted, "goes against it", "go against it")),
        (judged.open, w.plural(judged.open, "is not decided", "are not decided")),
    ]
    found = w.listing(f"{number} {what}" for number, what in parts if number)
    return f"Of the {total} comparisons that it takes, {found}."


def _range(models, value, text):
    """Return "99.36 % (Model 1)" or "99.36 % (Model 1) to 99.40 % (Model 2)"."""
    values = {model: value(model) for model in models}
    if len(set(map(text, values.values()))) == 1:
        return f"{text(value(models[0]))} ({names(models)})"
    return spread(values, text)


def _accuracy(model):
    return model.score.value


def _most_accurate(results, judged):
    if "than" in results.study["published"]["conclusions"][judged.number]:
        return _accuracies(results, judged)
    count = len(results.named(judged.about))
    published = results.study["published"]
    figures = published["models"]
    theirs = _first(figures, count, lambda key: figures[key]["test_accuracy"])
    ranked = _first([m for m in results.ranked if m.model in figures], count, _accuracy)
    first = w.plural(len(ranked), "comes", "come")
    called = published["called"]
    return (
        f"{w.started(called)} ranks {_in_order(figures[k]['name'] for k in theirs)}"
        f" first; over {number_of_seeds(results.study)}"
        f" {_in_order(m.name for m in ranked)} {first} first here, with"
        f" {w.listing(w.percent(_accuracy(model)) for model in ranked)}. {_tally(judged)}"
    )


def _first(candidates, count, accuracy):
    """Return the ``count`` most accurate, and those that equal the last of them."""
    ordered = sorted(candidates, key=accuracy, reverse=True)
    return [one for one in ordered if accuracy(one) >= accuracy(ordered[:count][-1])]


def _in_order(listed):
    """Return models' names in the order given: "Models 9, 8 and 7"."""
    listed = list(listed)
    if len(listed) > 1 and all(re.fullmatch(r"Model \d+", name) for name in listed):
        return f"Models {w.listing(name.removeprefix('Model ') for name in listed)}"
    return w.listing(listed)


def _accuracies(results, judged):
    return (
        f"{results.measure.capitalize()} is"
        f" {_range(results.named(judged.about), _accuracy, w.percent)} against"
        f" {_range(results.named(judged.against), _accuracy, w.percent)}. {_tally(judged)}"
    )


def _overfits(results, judged):
    gaps = [
        f"{w.points(model.overfitting.gap)}"
        f" {w.points_interval(model.overfitting.low, model.overfitting.high)} ({model.name})"
        for model in results.named(judged.about)
    ]
    sentences = [f"Accuracy on training images minus that on test images is {w.listing(gaps)}."]
    for verdict, said in (
        ("none", "In {} chance alone may give that."),
        ("harmful", "Validation loss has risen in {}."),
        ("harmless", "Validation loss has not clearly risen in {}."),
        ("untested", "Whether validation loss has risen is not tested in {}."),
    ):
        of = [m for m in results.named(judged.about) if m.overfitting.verdict == verdict]
        if of:
            sentences.append(said.format(names(of)))
    return " ".join(sentences)


def _overfits_less(results, judged):
    def gap(model):
        return model.overfitting.gap

    return (
        "Accuracy on training images minus that on test images is"
        f" {_range(results.named(judged.about), gap, w.points)}, in the others"
        f" {_range(results.named(judged.against), gap, w.points)}. {_tally(judged)}"
    )


def _train_accuracy(results, judged):
    def middle(model):
        return model.train_accuracy.value

    def described(model):
        low, high = model.train_accuracy.low, min(1, model.train_accuracy.high)
        return f"{w.percent(middle(model))} {w.share_interval(low, high)} ({model.name})"

    highest = max(results.named(judged.against), key=middle)
    return (
        f"Train accuracy, the running average over {results.judged_epoch}, is"
        f" {w.listing(map(described, results.named(judged.about)))}; the highest of the others is"
        f" {described(highest)}. {_tally(judged)}"
    )


def _trends(results, judged):
    described = [
        f"{slope(model.trend)} in {model.name} ({heading(model.trend)})"
        if model.trend.slope is not None
        else f"not known in {model.name}, {why_unknown(model.trend)}"
        for model in results.named(judged.about)
    ]
    return f"The slope of validation loss at the end is {w.listing(described)}."


def _parameter_counts(results, judged):
    figures = results.study["published"]["models"]
    described = [
        f"{model.name} has {model.cost['parameters']:,} here and"
        f" {figures[model.model]['parameters']:,} there"
        for model in results.named(judged.about)
    ]
    return f"{w.listing(described)}."


def _latency(results, judged):
    def latency(model):
        return model.cost["latency"]

    def milliseconds(value):
        return f"{w.number(value)} ms"

    why = w.why_not_compared("Latencies", results.analysis.times_of_latencies)

    return (
        f"One image takes {_range(results.named(judged.about), latency, milliseconds)} against"
        f" {_range(results.named(judged.against), latency, milliseconds)}."
        f" {why or _tally(judged, 'That')}"
    )


def _fluctuation(results, judged):
    last = results.analysis.last_epochs
    return (
        f"The difference in test accuracy between {names(results.named(last.between))} is"
        f" {w.points(last.gap)}; between the last epochs, it moves by"
        f" {w.points(last.gap_deviation)} (standard deviation)."
    )


_NUMBERS = {
    ("test accuracy", True): _most_accurate,
    ("test accuracy", False): _accuracies,
    ("train accuracy", True): _train_accuracy,
    ("gap", False): _overfits_less,
    ("overfitting", True): _overfits,
    ("overfitting", False): _overfits,
    ("trend", True): _trends,
    ("trend", False): _trends,
    ("parameters", True): _parameter_counts,
    ("latency", True): _latency,
    ("last epochs", True): _fluctuation,
}
"""The sentence on what a claim was judged by, for each quantity and what is claimed of it."""
