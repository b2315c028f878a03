"""Whether published results of the same models are found again."""

from statistics import median

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.claims import KINDS
from bakeoff.findings.claims import describe_claim
from bakeoff.findings.finding import Finding, names
from bakeoff.findings.setting import number_of_seeds
from bakeoff.results import Results

# The figures besides test accuracy: one of them, and several.
_OTHERS = {
    "val_loss": ("validation loss", "validation losses"),
    "train_loss": ("train loss", "train losses"),
    "train_accuracy": ("train accuracy", "train accuracies"),
}


def reproduction(results: Results) -> Finding | None:
    """Whether published results of the same models are found again; None without any."""
    published = results.study.get("published")
    if published is None:
        return None
    title = f"Does {published['called']} hold up?"
    ours, theirs = results.study["dataset"], published["setting"]["dataset"]
    if ours["name"] != theirs:
        why_not = (
            f"{_source(published)} is about the data set {theirs}, this study about"
            f" {ours['title']}: the two are not compared."
        )
        return Finding("reproduction", title, [why_not])
    found = results.analysis.published
    if found is None:
        why_not = f"No model of {_source(published, start=False)} finished in this study."
        return Finding("reproduction", title, [why_not])
    compared = {results.by_key[key]: figures for key, figures in found.figures.items()}
    within = _within(compared)
    text = [
        _setting(results, list(compared), published),
        *within,
        *_parameters(list(compared), published),
        *_method(compared),
        *_conclusions(results, found.claims),
    ]
    items = [describe_claim(results, claim) for claim in found.claims]
    answer = within[0] if within else None
    return Finding("reproduction", title, text, items, _table(compared), answer)


def _source(published, start=True):
    called = published["called"]
    if start:
        called = w.started(called)
    return f"{called} (“{published['title']}”)"


def _setting(results, models, published):
    """How the published models were trained, and what this study does otherwise."""
    theirs = published["setting"]
    data = results.data
    images = {"train": data.train_images, "test": data.test_images}
    trained = "once" if theirs["runs"] == 1 else f"{theirs['runs']} times"
    validated = {"test": "the test set", "holdout": "a holdout"}
    sentences = [
        f"{_source(published)} trained each model {trained} for"
        f" {w.count(theirs['epochs'], 'epoch')} on {w.count(theirs['train_images'], 'image')} and"
        f" validated on {validated[theirs['validation']]}."
    ]
    seeds = number_of_seeds(results.study)
    epochs = sorted({run.planned for model in models for run in model.runs})
    unlike = []
    if epochs != [theirs["epochs"]]:
        unlike.append(f"{w.listing(map(str, epochs))} {w.plural(epochs[-1], 'epoch')}")
    for kind in ("train", "test"):
        if images[kind] != theirs[f"{kind}_images"]:
            there = "" if kind == "train" else f" instead of {theirs['test_images']:,}"
            noun = "training image" if kind == "train" else "test image"
            unlike.append(f"{w.count(images[kind], noun)}{there}")
    if data.validation != theirs["validation"]:
        unlike.append(f"validation on {validated[data.validation]}")
    if any(model.early_stopping or any(r.stopped_early for r in model.runs) for model in models):
        unlike.append("training that may stop early")
    if any(model.judged_by != "last" for model in models):
        unlike.append(f"figures of {results.judged_epoch}")
    if unlike:
        sentences.append(
            f"This study, with {seeds}, differs in its setting ({w.listing(unlike)}): differences"
            " in the results may come from that."
        )
    else:
        sentences.append(f"This study does the same in epochs, images and validation with {seeds}.")
    if data.test_images != theirs["test_images"]:
        sentences.append(
            "As the test images are not the same, it is not judged whether the figures on them"
            " agree."
        )
    return " ".join(sentences)


def _within(compared):
    """How many published figures lie where another run would."""
    counts = {name: _count(compared, name) for name in ("test_accuracy", *_OTHERS)}
    inside, total = counts["test_accuracy"]
    if not total:
        return []
    outside = [
        f"{model.name} ({_lower_or_higher(figures['test_accuracy'].difference)} here)"
        for model, figures in compared.items()
        if figures["test_accuracy"].within is False
    ]
    if total == 1:
        sentence = f"The published test accuracy {'does not lie' if outside else 'lies'}"
    else:
        lie = w.plural(inside, "lies", "lie")
        sentence = f"Of {total} published test accuracies, {inside or 'none'} {lie}"
    bases = {figures["test_accuracy"].basis for figures in compared.values()}
    sentence += (
        " where another run of the model would"
        if bases == {"seeds"}
        else " within what the test images alone explain"
        if bases == {"images"}
        else " within what the seeds or, with one, the test images alone explain"
    )
    if outside:
        does = w.plural(len(outside), "that of {} does not", "those of {} do not")
        sentence += f"; {does.format(w.listing(outside))}"
    sentence += "."
    others = [
        f"{counts[name][0]} of {counts[name][1]} {w.plural(counts[name][1], *nouns)}"
        for name, nouns in _OTHERS.items()
        if counts[name][1]
    ]
    if others:
        sentence += f" The same holds for {w.listing(others)}."
        # Without a standard deviation between seeds there are no others.
        sentence += " Expect one in 20 figures that agree to lie outside."
    return [sentence]


def _lower_or_higher(difference):
    return f"{w.points(abs(difference))} {'lower' if difference < 0 else 'higher'}"


def _count(compared, name):
    """Return (how many published figures lie within, how many can be judged)."""
    judged = [figures[name].within for figures in compared.values()]
    judged = [within for within in judged if within is not None]
    return sum(judged), len(judged)


def _parameters(models, published):
    """Whether the models have as many parameters as published."""
    counted = {
        model: published["models"][model.model]["parameters"]
        for model in models
        if "parameters" in published["models"][model.model]
    }
    if not counted:
        return []
    unlike = [model for model, number in counted.items() if model.cost["parameters"] != number]
    if not unlike:
        has = w.plural(len(counted), "has", "have")
        return [f"{names(counted)} {has} exactly as many parameters as published."]
    listed = [
        f"{model.name} has {model.cost['parameters']:,} (published: {counted[model]:,})"
        for model in unlike
    ]
    return [f"Not all have exactly as many parameters as published: {w.listing(listed)}."]


def _method(compared):
    """Where the intervals come from."""
    bases = {figures["test_accuracy"].basis for figures in compared.values()}
    sentences = []
    if "seeds" in bases:
        sentences.append(
            "Where another run would lie is a 95 % prediction interval from the standard"
            " deviation between the model's own seeds, which is at least that of rounding to whole"
            " images; the test images are the same, so they add nothing to it. With few seeds it is"
            f" wide and excludes little: {w.points(_usual_width(compared))} from end to end"
            " (median) for test accuracy."
        )
    if "images" in bases:
        of = " of a model with one seed" if "seeds" in bases else ""
        sentences.append(
            f"The standard deviation between runs{of} is not known with one seed. The interval is"
            " then what the test images alone explain, for two networks whose errors have nothing"
            " in common: a figure outside it is another network's, a figure inside it proves"
            " nothing."
        )
    return [" ".join(sentences)] if sentences else []


def _usual_width(compared):
    """Return the median width of the intervals of test accuracy that come from seeds."""
    accuracies = [figures["test_accuracy"] for figures in compared.values()]
    return median(a.high - a.low for a in accuracies if a.basis == "seeds")


def _conclusions(results, judged):
    """How many of the conclusions hold."""
    if not judged:
        return []
    count = {
        verdict: sum(claim.verdict == verdict for claim in judged)
        for verdict in ("holds", "does not hold", "not decided", "not tested")
    }
    phrases = [
        f"{count['holds']} {w.plural(count['holds'], 'holds', 'hold')}",
        f"{count['does not hold']} {w.plural(count['does not hold'], 'does', 'do')} not hold",
        f"{count['not decided']} {w.plural(count['not decided'], 'is', 'are')} not decided",
        f"{count['not tested']} {w.plural(count['not tested'], 'was', 'were')} not tested",
    ]
    said = [phrase for phrase, number in zip(phrases, count.values(), strict=True) if number]
    total = w.count(len(judged), "conclusion")
    called = results.study["published"]["called"]
    sentences = [
        f"Of {total} of {called}, {w.listing(said)}. A conclusion holds when every"
        " comparison that it takes bears it out, and does not hold as soon as one goes against it;"
        " otherwise the data do not decide."
    ]
    conclusions = results.study["published"]["conclusions"]
    kinds = [KINDS[conclusions[claim.number]["kind"]] for claim in judged if claim.comparisons]
    quantities = {kind.quantity for kind in kinds}
    if "overfitting" in quantities:
        sentences.append(
            "To overfit slightly is taken to mean that validation loss has not clearly risen, to"
            " overfit strongly that it has."
        )
    if quantities & {"gap", "train accuracy"}:
        sentences.append(
            "Two models are significantly different in overfitting and in train accuracy where"
            " their 95 % intervals do not overlap, in test accuracy by the corrected test."
        )
    if results.balanced and "test accuracy" in quantities:
        sentences.append(
            f"More accurate means by {results.measure} here, which ranks the models of this study."
        )
    if results.analysis.pairs.all_on_one_seed and any(kind.needs_seeds for kind in kinds):
        sentences.append(
            "Models that were trained once are not judged against each other: conclusions that do"
            " so are not decided."
        )
    return [" ".join(sentences)]


def _table(compared):
    columns = [
        "Model",
        "Test accuracy",
        "Published test accuracy",
        "Difference (percentage points)",
    ]
    columns += ["Another run (95 %)", "Published lies there"]
    for noun, _ in _OTHERS.values():
        columns += [noun.capitalize(), f"Published {noun}"]
    rows = []
    for model, figures in compared.items():
        accuracy = figures["test_accuracy"]
        row = [t.model(model.name), t.percent(accuracy.ours), t.percent(accuracy.published)]
        row.append(t.points(accuracy.difference))
        if accuracy.basis:
            row.append(t.percent_interval(accuracy.low, accuracy.high))
            row.append(t.text("yes" if accuracy.within else "no"))
        else:
            row += [t.BLANK, t.text("not judged")]
        for name in _OTHERS:
            cell = t.percent if name.endswith("accuracy") else _loss
            row += [cell(figures[name].ours), cell(figures[name].published)]
        rows.append(row)
    return t.Table(columns, rows)


def _loss(value):
    return t.number(value, 4)
