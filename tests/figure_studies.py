"""Studies to draw, and what the tests of all figures ask of a drawing."""

from dataclasses import replace
from itertools import combinations, cycle, pairwise
from xml.etree import ElementTree

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from bakeoff import numbers
from bakeoff.figures.drawn import OF_NUMBERS
from bakeoff.results import Results, write_analysis
from bakeoff.study.config import numbers_study
from bakeoff.study.readers import read_histories, runs_in
from collect_results import collect_results
from fabricated_study import descriptions_of, fabricate_data, fabricate_run
from plot_findings import plot_findings
from steps_after_training import NUMBERS, describe_study

SVG = "{http://www.w3.org/2000/svg}"


def make_study(models=3, seeds=1, validation="test", **fields):
    """Return a study of "Model 1" and so on; ``fields`` go into each model's entry."""
    entries = [
        {"model": f"model_{i:02d}", "name": f"Model {i}", "description": f"description {i}"}
        | fields
        for i in range(1, models + 1)
    ]
    dataset = {"name": "mnist", "title": "MNIST", "validation": validation, "disputed": []}
    return describe_study(entries, range(seeds), dataset=dataset)


def fabricate(folder, study, diverged=(), **fields):
    """Make all runs of ``study``; return paths of histories, cards and predictions."""
    folders = []
    for model, seed in runs_in(study):
        number = int(model.split("_")[1])
        made = {
            "accuracy": 0.98 + 0.0001 * number + 0.0005 * seed,
            "parameters": 500_000 * number,
            "multiply_adds": 3_000_000 * number**2,
        } | fields
        if (model, seed) in diverged:
            lost = [*[0.5] * 3, np.nan]
            curves = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), lost)
            made |= {"epochs": 4, "curves": curves, "status": "diverged"}
        folders.append(fabricate_run(folder, model, seed, **made))
    names = ("history.csv", "card.json", "predictions.npz")
    return [[training / name for training in folders] for name in names]


def histories_of(folder, study, **fields):
    """Return each model's histories, one a seed, as plot_loss_curves reads them."""
    paths, *_ = fabricate(folder, study, **fields)
    return read_histories(paths, study)


def collect(folder, study, images=1000, **fields):
    """Return the paths of analysis.json and summary.csv, made from fabricated runs."""
    files = fabricate(folder, study, images=images, **fields)
    return collect_files(folder, study, files, fabricate_data(folder, images=images))


def collect_files(folder, study, files, data):
    """Return the paths of analysis.json and summary.csv of what :func:`fabricate` returned."""
    runs, summary, analysis = (folder / name for name in NUMBERS)
    described = descriptions_of(folder, study)
    collect_results(numbers_study(study), data, *files, described, runs, summary, analysis)
    return analysis, summary


def make_results(study, accuracies=None, diverged=()):
    """Return the Results of a study, as far as figures read them, made up.

    ``accuracies`` are one a model, by default rising. Two models are significantly different when
    they differ by more than 0.2 percentage points.
    """
    if accuracies is None:
        accuracies = 0.99 + 0.0005 * np.arange(len(study["models"]))
    accuracies = {
        entry["model"]: float(accuracy)
        for entry, accuracy in zip(study["models"], accuracies, strict=True)
        if entry["model"] not in diverged
    }
    ranked = sorted(accuracies, key=lambda model: -accuracies[model])
    once = len(study["seeds"]) == 1
    pairs = [
        numbers.Pair(a, b, _compared(accuracies[a] - accuracies[b], once))
        for a, b in combinations(accuracies, 2)
    ]
    analysis = numbers.Analysis(
        metric="accuracy",
        data=numbers.Data(["0"], 60_000, 10_000, 10_000, "test", 0, 0, None, 0.1, [10_000], None),
        models=[_describe(study, entry, accuracies, ranked) for entry in study["models"]],
        ranked=ranked,
        best=ranked[:1],
        learned=ranked,
        sd_between_seeds=None,
        pairs=numbers.Pairs(len(pairs), once and bool(pairs), once and bool(pairs), pairs),
        bargains=[],
        times=numbers.Times(1, 0, {}),
        settings=[],
        factors=[],
        **dict.fromkeys(("last_epochs", "traits", "errors", "disputed", "agreement", "power")),
        ensemble=None,
        published=None,
    )
    return Results(study, analysis)


def make_race(last, names=None, **fields):
    """Return the Results of a race; ``last`` are the looks after which models left, or None.

    ``fields`` are those of the :class:`bakeoff.numbers.Race`.
    """
    seeds_at = (3, 5, 8)
    study = make_study(models=len(last), seeds=3)
    for entry, name in zip(study["models"], names or [], strict=False):
        entry["name"] = name
    results = make_results(study)
    keys = [entry["model"] for entry in study["models"]]
    estimate = numbers.Estimate(0.01, 0.005, 0.02)
    racers = [
        numbers.Racer(key, look or 3, seeds_at[(look or 3) - 1], look is not None, *told)
        for key, look in zip(keys, last, strict=True)
        for told in [(keys[0], estimate, 0.01, estimate) if look else (None, None, None, estimate)]
    ]
    looks = [
        numbers.Look(i + 1, seeds, 0.01, len(keys), [r.model for r in racers if r.look == i + 1])
        for i, seeds in enumerate(seeds_at)
    ]
    spent = sum(racer.runs for racer in racers)
    race = numbers.Race(0.05, None, looks, racers, "last look", 0.01, spent, 8 * len(keys))
    return Results(study, replace(results.analysis, looks=replace(race, **fields)))


def make_early_leaver():
    """Return the Results of a race whose last model left with the highest accuracy of three."""
    race = make_race([None, None, 1])
    keys = [entry["model"] for entry in race.study["models"]]
    ranks = [keys[1], keys[0], keys[2]]
    analysis = replace(race.analysis, ranked=ranks, best=ranks[:1])
    analysis.models[1] = replace(analysis.models[1], standing="best")
    analysis.models[2] = replace(analysis.models[2], standing="worse")
    return Results(race.study, analysis)


def make_open(results, *, needed=None, one_seed=(), **fields):
    """Return ``results`` with what it would take to tell their models from the best.

    ``needed`` are fields of the :class:`bakeoff.numbers.Needed` of each, by its model, by default
    of all models but the best, in turn settled by seeds, by test images and by neither; ``fields``
    are those of the :class:`bakeoff.numbers.Power`.
    """
    ends = {"settled": {"seeds": 25, "seconds": 900.0}, "images": {"images": 37_799}, "open": {}}
    if needed is None:
        needed = dict(zip(results.analysis.ranked[1:], cycle(ends.values()), strict=False))
    usual = {"present": 3, "difference": 0.001, "largest": 0.004, "detectable": 0.003}
    usual |= {"limit": 0.0008, "told": True, "seeds_if_largest": 4} | dict.fromkeys(
        ("seeds", "images", "seconds")
    )
    by_seeds = {seeds: [0.005 / seeds**0.5, 0.007 / seeds**0.5] for seeds in (3, 10, 40, 200)}
    power = numbers.Power(
        **{"best": results.analysis.ranked[0], "comparisons": len(results.analysis.pairs.listed)},
        **{"detectable": by_seeds[3], "limit": [0.0003, 0.0004], "told": True},
        needed=[numbers.Needed(model, **usual | own) for model, own in needed.items()],
        **{"seeds": None, "seconds": None, "one_seed": list(one_seed), "second_seed": None},
        by_seeds=by_seeds,
    )
    analysis = replace(results.analysis, power=replace(power, **fields))
    return Results(results.study, analysis)


def _compared(difference, once):
    p = 0.001 if abs(difference) > 0.002 else 0.5
    ahead = None if once else 0.5
    return numbers.Comparison(difference, difference - 0.1, difference + 0.1, 1, 1, p, p, ahead)


def _describe(study, entry, accuracies, ranked):
    value = accuracies.get(entry["model"])
    shared = {"model": entry["model"], "diverged": [], "notation": "", "input_scaled_by": []}
    shared |= {"needs_file_to_load": False, "cost": {"parameters": 1}}
    shared |= {"judged_by": "last", "early_stopping": None}
    if value is None:
        return numbers.Model(**shared, runs=[], standing="diverged")
    worse = "worse" if accuracies[ranked[0]] - value > 0.002 else "too close to call"
    under = numbers.Circumstances("CPU", 1, 1, "jax", "float32", "3.12", "3", "0", False)
    runs = [numbers.Run(seed, False, 13, 13, 13, 1, under) for seed in study["seeds"]]
    by_seed = {seed: value + 0.0002 * seed - 0.0001 for seed in study["seeds"]}
    sd = 0.0002 if len(by_seed) > 1 else None
    bins = [numbers.Bin(low, high, 0, None, None) for low, high in pairwise(np.linspace(0, 1, 16))]
    bins[8] = replace(bins[8], predictions=3, confidence=0.55, accuracy=2 / 3)
    bins[14] = replace(bins[14], predictions=9997, confidence=0.998, accuracy=0.993)
    return numbers.Model(
        **shared,
        runs=runs,
        above_chance=True,
        standing="best" if entry["model"] == ranked[0] else worse,
        accuracy=numbers.Accuracy(value, value - 0.001, value + 0.0009, sd, by_seed),
        calibration=numbers.Calibration(0.0123, 0.001, 0.002, 0.99, bins),
    )


def plotted(folder, results):
    """Write the figures of ``results``; return their paths, as `plot_findings` calls them."""
    file = folder / "analysis.json"
    write_analysis(file, results.analysis)
    paths = {name: folder / f"{name}.svg" for name in OF_NUMBERS if name != "seeds"}
    plot_findings(results.study, file, **paths)
    return paths


def texts_in(path):
    """Return the texts of an SVG file."""
    return ["".join(text.itertext()) for text in ElementTree.parse(path).iter(f"{SVG}text")]


def faults_of_layout(figure):
    """Return the pairs of texts that overlap, and the texts that the figure's edge cuts."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    visible = [axes for axes in figure.axes if axes.get_visible()]
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in visible:
        texts += axes.findobj(Text)
    # Ticks beyond the limits have labels that are never drawn.
    undrawn = [
        tick.label1
        for axes in visible
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]
    boxes = {
        text: text.get_window_extent(renderer)
        for text in dict.fromkeys(texts)
        if text.get_text() and text.get_visible() and text not in undrawn
    }
    overlapping = [
        (one.get_text(), other.get_text())
        for one, other in combinations(boxes, 2)
        if boxes[one].overlaps(boxes[other])
    ]
    width, height = canvas.get_width_height()
    cut = [
        text.get_text()
        for text, box in boxes.items()
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
    return overlapping + cut
