"""Draw what accuracy costs: test accuracy against size, computation and time."""

import json

import numpy as np
import textalloc
from matplotlib.ticker import EngFormatter

from bakeoff import wording as w
from bakeoff.colours import INK
from bakeoff.figures import (
    MOST_NAMED,
    house_style,
    log_ticks,
    model_looks,
    new_figure,
    save_svg,
    shortened,
    wrapped,
)
from bakeoff.joblog import job_log
from bakeoff.tables import read_runs, read_summary

COSTS = {
    "parameters": ("parameters", "parameters", EngFormatter(sep="")),
    "multiply_adds": ("multiply-adds", "multiply-adds for one image", EngFormatter(sep="")),
    "training_seconds": ("training time", "training time, all epochs (seconds)", "{:,.10g}".format),
    "latency_ms": ("latency", "latency of one image (milliseconds)", "{:,.10g}".format),
}
"""For each cost, a column of summary.csv: what it is called, its axis' label and its numbers."""


def plot_tradeoffs(study, summary_file, runs_file, *figure_files):
    """Write the figures as SVG from summary.csv and runs.csv.

    ``figure_files`` are paths, one for each of ``COSTS``, in their order.
    """
    summary, runs = read_summary(summary_file, study), read_runs(runs_file, study)
    with house_style():
        for cost, path in zip(COSTS, figure_files, strict=True):
            save_svg(draw_tradeoff(study, summary, runs, cost), path)


def draw_tradeoff(study, summary, runs, cost):
    """Return test accuracy, in percent, over a cost on a logarithmic scale, with its front.

    ``summary`` and ``runs`` are the rows of the tables of these names, ``cost`` is one of
    ``COSTS``. Models without a test accuracy or a known cost are named under the title. Of more
    than ``MOST_NAMED`` models, the most accurate on the front have names and bars.
    """
    name, label, number = COSTS[cost]
    shown = [row for row in summary if row["test_accuracy"] is not None and row[cost]]
    left_out = [row["name"] for row in summary if row not in shown]
    costs = np.array([row[cost] for row in shown], float)
    accuracy = 100 * np.array([row["test_accuracy"] for row in shown])
    front = pareto_front(costs, accuracy)
    named = np.ones(len(shown), bool)
    if len(shown) > MOST_NAMED:
        named = front & (accuracy >= np.sort(accuracy[front])[-MOST_NAMED:].min())
    lines = [
        f"Test accuracy against {name}, {study['dataset']['title']}",
        explain_bars(summary, several_seeds=len(study["seeds"]) > 1)
        + ("" if named.all() else ", for models with names"),
    ]
    if len(shown) > 1:
        lines.append("Dashed line, bold names: no other model is both cheaper and more accurate")
    if named.sum() < front.sum():
        lines.append(f"Named: the {named.sum()} with the highest test accuracy on that line")
    if cost in ("training_seconds", "latency_ms"):
        lines += explain_times(runs)
    if len(left_out):
        lines.append(f"Not shown (diverged or without {name}): {w.models(left_out)}")

    figure = new_figure(7, max(4.4, 0.2 * named.sum()) + 0.17 * len(lines))
    axes = figure.subplots()
    axes.set_title("\n".join(wrapped(line, 76) for line in lines))
    axes.set_xlabel(f"{label}, logarithmic scale")
    axes.set_ylabel("test accuracy (%)")
    if not shown:
        axes.set(xticks=[], yticks=[])
        return figure

    ticks = log_ticks(costs.min(), costs.max())
    low, high = (
        100 * np.array([row[f"test_accuracy_{end}"] for row in shown]) for end in ("low", "high")
    )
    all_looks = model_looks(study)
    looks = [all_looks[row["model"]] for row in shown]
    # Bars of all would hide the points of many.
    bars = costs[named], low[named], high[named]
    colours = [look["color"] for look, kept in zip(looks, named, strict=True) if kept]
    axes.vlines(*bars, color=colours, linewidth=1)
    for look, x, y in zip(looks, costs, accuracy, strict=True):
        axes.plot(x, y, **(look | {"linestyle": "none", "markersize": 6, "zorder": 3}))
    steps = np.array([])
    if len(shown) > 1:
        steps = front_line(costs[front], accuracy[front], ticks[-1])
        axes.plot(*steps, color=INK, linewidth=0.8, linestyle="dashed")
    axes.set_xscale("log")
    axes.set_xlim(ticks[0], ticks[-1])
    axes.set_xticks(ticks, labels=map(number, ticks))
    axes.minorticks_off()
    # Labels are placed on the finished layout.
    figure.draw_without_rendering()
    textalloc.allocate(
        axes,
        costs[named],
        accuracy[named],
        [shortened(row["name"], 24) for row, kept in zip(shown, named, strict=True) if kept],
        x_scatter=costs,
        y_scatter=accuracy,
        x_lines=[*np.column_stack([bars[0], bars[0]]), *steps[:1]],
        y_lines=[*np.column_stack(bars[1:]), *steps[1:]],
        textsize=8,
        fontweight=["bold" if best else "normal" for best in front[named]],
        textcolor=INK,
        linecolor=INK,
        linewidth=0.4,
        max_distance=0.4,
        nbr_candidates=800,
    )
    return figure


def front_line(costs, values, end):
    """Return the corners (2, 2 n) of the steps from front model to front model, up to ``end``."""
    order = np.argsort(costs, kind="stable")
    x, y = np.repeat(costs[order], 2), np.repeat(values[order], 2)
    return np.array([[*x[1:], end], y])


def pareto_front(costs, values):
    """Return which of (n,) ``costs`` and ``values`` no other one beats, as boolean (n,).

    One beats another that costs no less and is worth no more, unless they are equal in both.
    """
    no_dearer = costs[:, None] <= costs
    no_worse = values[:, None] >= values
    better = (costs[:, None] < costs) | (values[:, None] > values)
    return ~(no_dearer & no_worse & better).any(axis=0)


def explain_bars(summary, several_seeds):
    """Return the line that says what points and bars are."""
    if several_seeds:
        return "Points: mean over seeds. Bars: 95 % interval, of seeds and test images"
    images = summary[0]["test_images"]
    return f"Points: one seed. Bars: 95 % Wilson interval for {images:,} test images"


def explain_times(runs):
    """Return the lines that say why times may not be compared: none where they may."""
    lines = []
    shared = max(run["concurrent_trainings"] for run in runs)
    if shared > 1:
        lines.append(f"Up to {shared} trainings shared the machine: their times are not comparable")
    devices = len({run["device"] for run in runs})
    if devices > 1:
        lines.append(f"The times come from {devices} different devices: they are not comparable")
    return lines


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_tradeoffs(
            json.loads(snakemake.params.study),
            snakemake.input.summary,
            snakemake.input.runs,
            *snakemake.output,
        )
