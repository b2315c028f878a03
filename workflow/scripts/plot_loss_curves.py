"""Draw how the log-loss of each model falls: one figure per model, and all models in one."""

import json
import math

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from bakeoff.figures import (
    GREY,
    TRAIN_COLOUR,
    VALIDATION_COLOUR,
    house_style,
    log_ticks,
    new_figure,
    save_svg,
    wrapped,
)
from bakeoff.joblog import job_log
from bakeoff.tables import read_history, trainings_of

_CURVES = {
    "loss": {"color": TRAIN_COLOUR, "marker": "o"},
    "val_loss": {"color": VALIDATION_COLOUR, "marker": "s"},
}
_ONE_OF_SEVERAL = {"linewidth": 0.7, "alpha": 0.5, "markersize": 1.5}
_DIVERGED = {"color": "black", "marker": "x", "linestyle": "none", "markersize": 6}


def plot_loss_curves(study, histories, model_files, overview_file):
    """Write one SVG per model, in the study's order, and one of all models on one scale.

    ``histories`` are paths, in the order of :func:`bakeoff.tables.trainings_of`.
    """
    runs = {entry["model"]: [] for entry in study["models"]}
    for (model, seed), path in zip(trainings_of(study), histories, strict=True):
        runs[model].append(read_history(path, model, seed))
    with house_style():
        for entry, path in zip(study["models"], model_files, strict=True):
            save_svg(draw_model(study, entry, runs[entry["model"]]), path)
        save_svg(draw_overview(study, runs), overview_file)


def draw_model(study, entry, histories):
    """Return the notebook's plot of one model: train and validation log-loss over epochs.

    ``histories`` has one history per seed.
    """
    figure = new_figure(5.6, 3.6)
    axes = figure.subplots()
    draw_curves(axes, histories)
    title = f"{entry['name']}: {entry['description']}"
    axes.set_title(f"{wrapped(title, 56)}\n{wrapped(_subject(study), 56)}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("log-loss")
    axes.set_ylim(0, 1.05 * _losses_to_show(histories).max())
    show_epochs(axes, max(map(len, histories)), most=10)
    axes.legend(handles=legend_entries(study, histories))
    return figure


def draw_overview(study, runs):
    """Return all models' curves as small multiples on one logarithmic scale.

    ``runs`` maps each model to its histories, one per seed.
    """
    entries = study["models"]
    everything = [history for histories in runs.values() for history in histories]
    rows = math.ceil(len(entries) / 5)
    columns = math.ceil(len(entries) / rows)
    width = min(9, 1.2 + 3.2 * columns)
    letters = int(13 * (width - 0.8) / columns)
    titles = [f"{entry['name']}\n{wrapped(entry['description'], letters)}" for entry in entries]
    lines = max(title.count("\n") + 1 for title in titles)

    figure = new_figure(width, 1 + rows * (1.6 + 0.14 * lines))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    losses = _losses_to_show(everything)
    ticks = log_ticks(losses.min(), losses.max())
    # One call sets the scale of all panels, which share their axes.
    grid[0, 0].set_yscale("log")
    grid[0, 0].set_ylim(ticks[0], ticks[-1])
    grid[0, 0].set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    show_epochs(grid[0, 0], max(map(len, everything)), most=6)
    for position, axes in enumerate(grid.flat):
        axes.minorticks_off()
        if position >= len(entries):
            axes.set_visible(False)
            continue
        draw_curves(axes, runs[entries[position]["model"]])
        axes.set_title(titles[position], fontsize=8)
        # The lowest panel of a column may stand above an empty place.
        if position + columns >= len(entries):
            axes.set_xlabel("epoch")
            axes.tick_params(labelbottom=True)
    figure.suptitle(wrapped(_subject(study), int(12 * width)), x=0.01, ha="left", fontsize=10)
    figure.supylabel("log-loss (logarithmic scale)", fontsize=9)
    figure.legend(handles=legend_entries(study, everything), loc="outside lower left", ncols=4)
    return figure


def draw_curves(axes, histories):
    """Draw one model's train and validation losses into ``axes``.

    Several seeds are thin lines under the mean of those that finished. A cross at the upper
    edge marks the epoch in which a training diverged.
    """
    several = len(histories) > 1
    averaged = _finished(histories) if several else histories
    # At most thirty markers on a line: more would hide it.
    spacing = {"markevery": math.ceil(max(map(len, histories)) / 30)}
    for column, look in _CURVES.items():
        for history in histories if several else []:
            axes.plot(history["epoch"], history[column], **(look | _ONE_OF_SEVERAL), **spacing)
        if averaged:
            mean = pd.concat(averaged).groupby("epoch")[column].mean()
            axes.plot(mean.index, mean, **look, **spacing)
    for history in histories:
        if not _has_finished(history):
            axes.plot(
                len(history), 0.98, transform=axes.get_xaxis_transform(), **_DIVERGED, zorder=3
            )


def show_epochs(axes, epochs, most):
    """Let the horizontal axis run from epoch 1 to ``epochs`` with at most ``most`` ticks."""
    steps = (factor * 10**exponent for exponent in range(6) for factor in (1, 2, 5))
    step = next(step for step in steps if epochs / step <= most - 1)
    # Odd numbers in steps of two, but round ones in larger steps.
    ticks = range(1, epochs + 1, step) if step < 5 else [1, *range(step, epochs + 1, step)]
    margin = max(0.3, 0.04 * (epochs - 1))
    axes.set_xticks(ticks)
    axes.set_xlim(1 - margin, epochs + margin)


def legend_entries(study, histories):
    """Return the legend's handles: what the colours, the thin lines and a cross mean."""
    seeds = len(study["seeds"])
    validation = {"test": "validation (test set)", "holdout": "validation (holdout)"}
    names = {"loss": "train", "val_loss": validation[study["dataset"]["validation"]]}
    handles = [Line2D([], [], **look, label=names[column]) for column, look in _CURVES.items()]
    if seeds > 1:
        label = "thin: each seed; thick: their mean"
        handles.append(Line2D([], [], color=GREY, linewidth=0.7, label=label))
    diverged = len(histories) - len(_finished(histories))
    if diverged:
        count = f" ({diverged} of {len(histories)})" if len(histories) > 1 else ""
        handles.append(Line2D([], [], **_DIVERGED, label=f"diverged{count}"))
    return handles


def _subject(study):
    return f"Log-loss for train and validation, {study['dataset']['title']}"


def _has_finished(history):
    return bool(np.isfinite(history[list(_CURVES)].iloc[-1]).all())


def _finished(histories):
    return [history for history in histories if _has_finished(history)]


def _losses_to_show(histories):
    """Return the positive losses that the scale must hold.

    A diverging training's may be huge: they count where no training finished.
    """
    shown = pd.concat(_finished(histories) or histories)[list(_CURVES)].to_numpy().ravel()
    shown = shown[np.isfinite(shown) & (shown > 0)]
    return shown if shown.size else np.ones(1)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        plot_loss_curves(
            json.loads(snakemake.params.study),
            snakemake.input.histories,
            snakemake.output.models,
            snakemake.output.overview,
        )
