"""Draw what accuracy costs: test accuracy against parameters and against multiply-adds."""

import json

import numpy as np
import textalloc
from matplotlib.ticker import EngFormatter

from bakeoff.figures import BLUE, GREY, house_style, log_ticks, new_figure, save_svg, wrapped
from bakeoff.joblog import job_log
from bakeoff.tables import read_summary


def plot_tradeoffs(study, summary_file, parameters_file, multiply_adds_file):
    """Write the two figures as SVG from summary.csv."""
    summary = read_summary(summary_file, study)
    with house_style():
        save_svg(draw_tradeoff(study, summary, "parameters"), parameters_file)
        save_svg(draw_tradeoff(study, summary, "multiply_adds"), multiply_adds_file)


def draw_tradeoff(study, summary, cost):
    """Return test accuracy, in percent, over a cost on a logarithmic scale, as a figure.

    ``summary`` is summary.csv, ``cost`` one of its columns. Models without a test accuracy or a
    known cost are named under the title.
    """
    label = cost.replace("_", "-")
    several_seeds = len(study["seeds"]) > 1
    shown = summary[summary["test_accuracy"].notna() & (summary[cost] > 0)]
    left_out = summary.loc[~summary.index.isin(shown.index), "name"]
    lines = [
        f"Test accuracy against {label}, {study['dataset']['title']}",
        explain_bars(summary, several_seeds),
    ]
    if len(left_out):
        lines.append(f"Not shown (diverged or without {label}): {', '.join(left_out)}")

    figure = new_figure(7, max(4.6, 0.2 * len(shown)))
    axes = figure.subplots()
    axes.set_title("\n".join(wrapped(line, 76) for line in lines))
    axes.set_xlabel(f"{label}{' for one image' * (cost == 'multiply_adds')} (logarithmic scale)")
    axes.set_ylabel("test accuracy (%)")
    if shown.empty:
        axes.set(xticks=[], yticks=[])
        return figure

    costs = shown[cost].to_numpy(float)
    accuracy = 100 * shown["test_accuracy"].to_numpy()
    low, high = 100 * shown[["test_accuracy_low", "test_accuracy_high"]].to_numpy().T
    axes.vlines(costs, low, high, color=BLUE, alpha=0.5, linewidth=1.2)
    axes.plot(costs, accuracy, "o", color=BLUE, markersize=5)
    ticks = log_ticks(costs.min(), costs.max())
    axes.set_xscale("log")
    axes.set_xlim(ticks[0], ticks[-1])
    axes.set_xticks(ticks, labels=map(EngFormatter(sep=""), ticks))
    axes.minorticks_off()
    # Labels are placed on the finished layout.
    figure.draw_without_rendering()
    textalloc.allocate(
        axes,
        costs,
        accuracy,
        [wrapped(name, 20) for name in shown["name"]],
        x_scatter=costs,
        y_scatter=accuracy,
        x_lines=list(np.column_stack([costs, costs])),
        y_lines=list(np.column_stack([low, high])),
        textsize=8,
        linecolor=GREY,
        linewidth=0.6,
    )
    return figure


def explain_bars(summary, several_seeds):
    """Return the line that says what points and bars are."""
    if several_seeds:
        return "Points: mean over seeds. Bars: 95 % interval, of seeds and test images"
    images = summary["test_images"].iloc[0]
    return f"Points: one seed. Bars: 95 % Wilson interval for {images:,} test images"


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_tradeoffs(
            json.loads(snakemake.params.study),
            snakemake.input.summary,
            snakemake.output.parameters,
            snakemake.output.multiply_adds,
        )
