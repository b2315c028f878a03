"""The tables that the page alone has."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.limits import MOST_CLASSES, MOST_CONFUSIONS, MOST_PAIRS, MOST_SHOWN
from bakeoff.numbers import Pair, mistakes
from bakeoff.results import Model, Results

HEAT_LEVELS = 6
"""How many shades a confusion matrix has."""


def layer_table(layers: Iterable[Mapping[str, Any]]) -> t.Table:
    """Return a model's layer table, from its card's ``layers``."""
    rows = [
        [
            t.text(layer["name"]),
            t.text(layer["class"]),
            t.text("x".join("?" if size is None else str(size) for size in layer["output_shape"])),
            t.count(layer["parameters"]),
            t.absent("unknown")
            if layer["multiply_adds"] is None
            else t.count(layer["multiply_adds"]),
        ]
        for layer in layers
    ]
    return t.Table(["Layer", "Kind", "Output shape", "Parameters", "Multiply-adds"], rows)


def runs_table(runs: Iterable[Mapping[str, Any]]) -> t.Table:
    """Return one model's table of runs, a row a seed, from its rows of runs.csv.

    ``runs`` are dicts, as :func:`bakeoff.study.readers.read_runs` returns them.
    """

    def known(value, cell):
        return t.absent("diverged") if value is None else cell(value)

    runs = list(runs)
    chosen = any(run["judged_epoch"] != run["epochs"] for run in runs)
    rows = [
        [
            t.text(f"seed {run['seed']}"),
            known(run["test_accuracy"], t.percent),
            known(run["test_loss"], lambda loss: t.number(loss, 4)),
            known(run["best_val_accuracy"], t.percent),
            known(run["best_epoch"], t.count),
            t.count(run["epochs"]),
            *([t.count(run["judged_epoch"])] * chosen),
            known(run["training_seconds"], t.count),
        ]
        for run in runs
    ]
    columns = ["Run", "Test accuracy", "Test loss", "Best validation accuracy"]
    columns += ["Best epoch", "Epochs", *["Judged epoch"] * chosen, "Seconds"]
    return t.Table(columns, rows)


def pair_table(results: Results) -> tuple[t.Table | None, str | None]:
    """Return the table of the pairs of models, and a note on what it leaves out.

    All pairs, each once, where they are at most ``MOST_PAIRS``; otherwise those with a best
    model. The table is None where no pair was compared.
    """
    pairs, compared = results.analysis.pairs.listed, results.analysis.pairs.number
    note = None
    if compared > MOST_PAIRS:
        best, whole = set(results.analysis.best), len(pairs) == compared
        pairs = [
            pair if pair.a in best else Pair(pair.b, pair.a, pair.comparison.reversed())
            for pair in pairs
            if best & {pair.a, pair.b}
        ]
        kept = "them all" if whole else f"also those among the {MOST_SHOWN} most accurate models"
        note = (
            f"Of the {w.count(compared, 'pair')}, the table lists"
            f" {w.plural(len(pairs), 'the one', f'the {len(pairs):,}')} with a best model;"
            f" analysis.json has {kept}."
        )
    if not pairs:
        return None, None
    columns = ["First model", "Second model", "Difference (percentage points)"]
    columns += [results.difference_interval]
    columns += ["Only the first is right", "Only the second is right", "p", "p corrected"]
    columns += ["Probability that the first is ahead"]
    return t.Table(columns, [_pair(pair, results) for pair in pairs]), note


def _pair(pair, results):
    found = pair.comparison
    return [
        *(t.model(results.by_key[key].name) for key in (pair.a, pair.b)),
        t.points(found.difference),
        t.points_interval(found.low, found.high),
        t.count(found.only_a),
        t.count(found.only_b),
        t.p_value(found.p, found.level),
        t.p_value(found.p_holm, found.level),
        t.BLANK if found.ahead is None else t.percent(found.ahead, 0),
    ]


def confusion_matrix(model: Model, classes: Sequence[str]) -> list[dict[str, Any]] | None:
    """Return a confusion matrix for the template, or None for more than ``MOST_CLASSES``.

    ``model`` is a :class:`bakeoff.results.Model` with a run that finished, ``classes`` the names.
    Each row has ``label``, ``cells`` and ``recall``; a cell has ``count`` and ``heat``: None on the
    diagonal, 0 where there is no such answer, otherwise 1 to ``HEAT_LEVELS``, in steps of equal
    ratio.
    """
    if len(classes) > MOST_CLASSES:
        return None
    counts, recalls = model.confusion or [], model.recall or []
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
            "recall": _recall(recalls[label]).text,
        }
        for label, row in enumerate(counts)
    ]


def _heat(count, most):
    if not count:
        return 0
    return 1 + int((HEAT_LEVELS - 1) * math.log(count) / math.log(max(most, 2)))


def most_confused(model: Model, classes: Sequence[str]) -> tuple[t.Table, t.Table]:
    """Return two tables for many classes: the most frequent confusions, the lowest recalls.

    The first has no rows where every image was predicted correctly.
    """
    confusion, shares = model.confusion or [], model.recall or []
    rows = [
        [
            t.text(classes[label]),
            t.text(classes[answer]),
            t.count(times),
            t.percent(times / sum(confusion[label])),
        ]
        for label, answer, times in mistakes(confusion)[:MOST_CONFUSIONS]
    ]
    columns = ["Label", "Prediction", "Times", "Share of the label's images"]
    known = {label: share for label, share in enumerate(shares) if share is not None}
    lowest = sorted(known, key=known.__getitem__)[:MOST_CONFUSIONS]
    recalls = [[t.text(classes[label]), _recall(known[label])] for label in lowest]
    return t.Table(columns, rows), t.Table(["Label", "Recall"], recalls)


def _recall(share):
    return t.absent() if share is None else t.percent(share)
