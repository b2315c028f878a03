"""Studies to draw, and what the tests of all figures ask of a drawing."""

import json
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from bakeoff.study.readers import read_history, trainings_of
from collect_results import collect_results
from fabricated_study import descriptions_of, fabricate_data, fabricate_training
from plot_findings import plot_findings
from steps_after_training import describe_study

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
    """Make all trainings of ``study``; return paths of histories, cards and predictions."""
    folders = []
    for model, seed in trainings_of(study):
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
        folders.append(fabricate_training(folder, model, seed, **made))
    names = ("history.csv", "card.json", "predictions.npz")
    return [[training / name for training in folders] for name in names]


def histories_of(folder, study, **fields):
    """Return each model's histories, one a seed, as plot_loss_curves reads them."""
    paths, *_ = fabricate(folder, study, **fields)
    runs = {entry["model"]: [] for entry in study["models"]}
    for (model, seed), path in zip(trainings_of(study), paths, strict=True):
        runs[model].append(read_history(path, model, seed))
    return runs


def summarise(folder, study, images=1000, **fields):
    """Return the paths of summary.csv and runs.csv, made from fabricated trainings."""
    files = fabricate(folder, study, images=images, **fields)
    data = fabricate_data(folder, images=images)
    paths = [folder / name for name in ("runs.csv", "summary.csv", "summary.txt", "summary.md")]
    collect_results(study, data, *files, descriptions_of(folder, study), *paths)
    return paths[1], paths[0]


def make_findings(study, accuracies=None, diverged=()):
    """Return what the figures read of findings.json, made up.

    ``accuracies`` are one a model, by default rising. Two models can be told apart when they
    differ by more than 0.2 points.
    """
    if accuracies is None:
        accuracies = 0.99 + 0.0005 * np.arange(len(study["models"]))
    accuracies = {
        entry["model"]: float(accuracy)
        for entry, accuracy in zip(study["models"], accuracies, strict=True)
        if entry["model"] not in diverged
    }
    best = max(accuracies, key=accuracies.get, default=None)
    return {
        "models": [_describe(study, entry, accuracies, best) for entry in study["models"]],
        "comparisons": [
            {
                "a": a,
                "b": b,
                "difference": accuracies[a] - accuracies[b],
                "significant": abs(accuracies[a] - accuracies[b]) > 0.002,
                "ahead": 0.5 if len(study["seeds"]) > 1 else None,
            }
            for a, b in combinations(accuracies, 2)
        ],
    }


def _describe(study, entry, accuracies, best):
    value = accuracies.get(entry["model"])
    if value is None:
        return entry | {"verdict": "diverged", "accuracy": None, "calibration": None}
    behind = accuracies[best] - value
    worse = "worse" if behind > 0.002 else "cannot be told from the best"
    by_seed = {str(seed): value + 0.0002 * seed - 0.0001 for seed in study["seeds"]}
    edges = np.linspace(0, 1, 16)
    bins = [
        {"low": low, "high": high, "answers": 0, "confidence": None, "accuracy": None}
        for low, high in pairwise(edges)
    ]
    bins[8] |= {"answers": 3, "confidence": 0.55, "accuracy": 2 / 3}
    bins[14] |= {"answers": 9997, "confidence": 0.998, "accuracy": 0.993}
    return entry | {
        "verdict": "best" if entry["model"] == best else worse,
        "accuracy": {"value": value, "low": value - 0.001, "high": value + 0.0009}
        | {"sd": 0.0002 if len(study["seeds"]) > 1 else None, "by_seed": by_seed},
        "calibration": {"ece": 0.0123, "by_chance": 0.001, "beyond_chance": True, "bins": bins},
    }


def plotted_findings(folder, study, findings):
    """Write the figures of ``findings``; return the paths of forest, matrix and reliability."""
    file = folder / "findings.json"
    file.write_text(json.dumps(findings))
    paths = [folder / f"{name}.svg" for name in ("forest", "matrix", "reliability")]
    plot_findings(study, file, *paths)
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
