"""Tables for the page's template: columns, rows of cells, and which columns hold numbers."""

import math
import re

import numpy as np

from bakeoff import wording as w
from bakeoff.analysis.confusion import confusions
from bakeoff.limits import MOST_SHOWN

MOST_CLASSES = 20
"""Up to so many classes a confusion matrix is shown whole."""

MOST_PAIRS = 105
"""Up to so many pairs of models (those of 15) all are listed."""

HEAT_LEVELS = 6
"""How many shades a confusion matrix has."""

_MOST_CONFUSIONS = 12
_MODEL_COLUMNS = {"Model", "Model number", "First model", "Second model", "Most like"}
_MODEL_COLUMNS |= {"Which models"}
_NUMBER = re.compile(
    r"[\[<]? ?[+−]?\d[\d−.,%:±\] ]*(points|(to|of) [\d.,]+( %)?)?|diverged|unknown|not compared|–|"
)


def aligned(columns, rows):
    """Return a table for the template, with two lists that tell of each column what it holds.

    ``numeric``: only numbers, which no column does without rows; ``models``: models' names, which
    become links, where elsewhere a number or a verdict may read like one.
    """
    columns_of_cells = list(zip(*rows, strict=True)) or [[]] * len(columns)
    return {
        "columns": columns,
        "rows": rows,
        "numeric": [
            bool(cells) and all(_NUMBER.fullmatch(str(cell)) for cell in cells)
            for cells in columns_of_cells
        ],
        "models": [column in _MODEL_COLUMNS for column in columns],
    }


def layer_table(layers):
    """Return a model's layer table, from its card's ``layers``."""
    rows = [
        [
            layer["name"],
            layer["class"],
            "x".join("?" if size is None else str(size) for size in layer["output_shape"]),
            f"{layer['parameters']:,}",
            "unknown" if layer["multiply_adds"] is None else f"{layer['multiply_adds']:,}",
        ]
        for layer in layers
    ]
    return aligned(["Layer", "Kind", "Output shape", "Parameters", "Multiply-adds"], rows)


def training_table(runs):
    """Return one model's table of trainings, a row a seed, from its rows of runs.csv.

    ``runs`` are dicts, as :func:`bakeoff.study.readers.read_runs` returns them.
    """

    def share(value):
        return "diverged" if value is None else w.percent(value)

    rows = [
        [
            f"seed {run['seed']}",
            share(run["test_accuracy"]),
            "diverged" if run["test_loss"] is None else f"{run['test_loss']:.4f}",
            share(run["best_val_accuracy"]),
            "diverged" if run["best_epoch"] is None else f"{run['best_epoch']:g}",
            f"{run['epochs']}",
            "diverged" if run["training_seconds"] is None else f"{run['training_seconds']:,.0f}",
        ]
        for run in runs
    ]
    columns = ["Training", "Test accuracy", "Test loss", "Best validation accuracy"]
    return aligned([*columns, "Best epoch", "Epochs", "Seconds"], rows)


def pair_table(findings):
    """Return the table of the pairs of models in ``findings``, and a note on what it leaves out.

    All pairs, each once, where they are at most ``MOST_PAIRS``; otherwise those with a best
    model. The table is None where no pair was compared.
    """
    names = {model["model"]: model["name"] for model in findings["models"]}
    pairs, compared = findings["comparisons"], findings["pairs_compared"]
    note = None
    if compared > MOST_PAIRS:
        best = {model["model"] for model in findings["models"] if model["verdict"] == "best"}
        pairs = [
            pair if pair["a"] in best else _turned(pair)
            for pair in pairs
            if best & {pair["a"], pair["b"]}
        ]
        kept = (
            "them all"
            if compared == len(findings["comparisons"])
            else f"also those among the {MOST_SHOWN} most accurate models"
        )
        note = (
            f"Of the {w.count(compared, 'pair')}, the table lists"
            f" {w.plural(len(pairs), 'the one', f'the {len(pairs):,}')} with a best model;"
            f" findings.json has {kept}."
        )
    if not pairs:
        return None, None
    rows = [
        [
            names[pair["a"]],
            names[pair["b"]],
            w.number(100 * pair["difference"]),
            w.points_interval(pair["low"], pair["high"]),
            f"{pair['only_a']:,}",
            f"{pair['only_b']:,}",
            w.probability(pair["p"]),
            w.probability(pair["p_holm"]),
            "" if pair["ahead"] is None else f"{100 * pair['ahead']:.0f} %",
        ]
        for pair in pairs
    ]
    columns = ["First model", "Second model", "Difference (points)", "95 % interval"]
    columns += ["Only the first is right", "Only the second is right", "p", "p corrected"]
    columns += ["Probability that the first is ahead"]
    return aligned(columns, rows), note


def _turned(pair):
    """Return the same comparison seen from the other model."""
    return pair | {
        "a": pair["b"],
        "b": pair["a"],
        "difference": -pair["difference"],
        "low": -pair["high"],
        "high": -pair["low"],
        "only_a": pair["only_b"],
        "only_b": pair["only_a"],
        "ahead": None if pair["ahead"] is None else 1 - pair["ahead"],
    }


def confusion_matrix(errors, classes):
    """Return a confusion matrix for the template, or None for more than ``MOST_CLASSES``.

    ``errors`` is a model's entry of findings.json, ``classes`` the names. Each row has ``label``,
    ``cells`` and ``recall``; a cell has ``count`` and ``heat``: None on the diagonal, 0 where
    there is no such answer, otherwise 1 to ``HEAT_LEVELS``, in steps of equal ratio.
    """
    if len(classes) > MOST_CLASSES:
        return None
    counts = errors["confusion"]
    most = max(
        (count for i, row in enumerate(counts) for j, count in enumerate(row) if i != j), default=0
    )
    return [
        {
            "label": classes[label],
            "cells": [
                {"count": count, "heat": None if answer == label else _heat(count, most)}
                for answer, count in enumerate(row)
            ],
            "recall": _recall(errors["recall"][label]),
        }
        for label, row in enumerate(counts)
    ]


def _heat(count, most):
    if not count:
        return 0
    return 1 + int((HEAT_LEVELS - 1) * math.log(count) / math.log(max(most, 2)))


def most_confused(errors, classes):
    """Return two tables for many classes: the most frequent confusions, the lowest recalls.

    The first has no rows where every image was answered rightly.
    """
    counts = np.array(errors["confusion"])
    rows = [
        [classes[label], classes[answer], f"{times:,}", w.percent(times / counts[label].sum())]
        for label, answer, times in confusions(counts)[:_MOST_CONFUSIONS]
    ]
    columns = ["Label", "Answer", "Times", "Share of the label's images"]
    known = [label for label, recall in enumerate(errors["recall"]) if recall is not None]
    lowest = sorted(known, key=lambda label: errors["recall"][label])[:_MOST_CONFUSIONS]
    recalls = [[classes[label], _recall(errors["recall"][label])] for label in lowest]
    return aligned(columns, rows), aligned(["Label", "Recall"], recalls)


def _recall(share):
    return "–" if share is None else w.percent(share)
