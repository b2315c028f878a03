"""How the log-loss of each model falls: a figure a model, all side by side, all in one."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy.optimize import isotonic_regression

from bakeoff import wording as w
from bakeoff.analysis.epochs import by_epoch, has_finished
from bakeoff.figures.colours import INK, part_ids
from bakeoff.figures.style import (
    NARROW,
    SMALLEST,
    TITLE,
    Look,
    log_limits,
    log_ticks,
    model_looks,
    new_figure,
    small_multiples,
)
from bakeoff.figures.texts import SLIM, figure_names, wrapped
from bakeoff.limits import HIGHLIGHTED, MOST_NAMED
from bakeoff.ranges import robust_range
from bakeoff.selection import most_accurate

Histories = Sequence[np.ndarray]
"""What :func:`bakeoff.study.readers.read_history` returns for each run of a model."""

# Training is ink and dashed; validation has the model's colour.
_LOOKS: dict[str, Look] = {
    "loss": {"color": INK, "linestyle": (0, (3, 1)), "linewidth": 1, "marker": ".", "zorder": 2.1},
    "val_loss": {"color": INK, "marker": "s", "zorder": 2.2},
}
# The edge shows a band of one epoch.
_BAND: Look = {"alpha": 0.2, "linewidth": 1.5}
_LOST: Look = {"linewidth": 0.7, "alpha": 0.6, "markersize": 1.5}
_JUDGED: Look = {"color": INK, "marker": "^", "linestyle": "none", "markersize": 5}
_CROSS: Look = {"color": INK, "marker": "x", "linestyle": "none", "markersize": 6}
_BEHIND: Look = {"color": INK, "alpha": 0.25, "linewidth": 0.7}


def draw_model(study: Mapping[str, Any], entry: Mapping[str, str], histories: Histories) -> Figure:
    """Return the notebook's plot of one model: train and validation log-loss over epochs.

    ``histories`` has one history per seed.
    """
    colour = model_looks(study)[entry["model"]]["color"]
    handles = legend_entries(study, histories, colour)
    columns = 2 if len(handles) == 2 else 1
    figure = new_figure(NARROW, 3.1 + 0.19 * len(handles) / columns)
    axes = figure.subplots()
    draw_curves(axes, histories, colour, markers=30)
    title = f"{entry['name']}: {entry['description']}"
    axes.set_title(f"{wrapped(title, 40)}\n{wrapped(_subject(study), 40)}")
    axes.set_xlabel("epoch")
    axes.set_ylabel("log-loss")
    axes.set_ylim(0, 1.05 * _losses_to_show(histories).max())
    show_epochs(axes, max(map(len, histories)), most=8)
    # Below: there is no place in the axes that curves leave free.
    figure.legend(handles=handles, loc="outside lower left", ncols=columns)
    return figure


def draw_overview(study: Mapping[str, Any], runs: Mapping[str, Histories]) -> Figure:
    """Return all models' curves as small multiples on one logarithmic scale.

    ``runs`` maps each model to its histories, one per seed. Of many models, the most
    accurate are shown.
    """
    looks = model_looks(study)
    entries, choice = most_accurate(
        study["models"], lambda entry: _test_accuracy(_finished(runs[entry["model"]]))
    )
    chosen = {entry["model"]: runs[entry["model"]] for entry in entries}
    everything = [history for kept in chosen.values() for history in kept]
    titles = [(entry["name"], entry["description"]) for entry in entries]
    figure, panels = small_multiples(titles, 1.6, xlabel="epoch")
    # One call sets the scale of all panels, which share their axes.
    show_losses(panels[0], _losses_to_show(_usual(chosen)))
    show_epochs(panels[0], max(map(len, everything)), most=6)
    for axes, entry in zip(panels, entries, strict=True):
        axes.minorticks_off()
        draw_curves(axes, runs[entry["model"]], looks[entry["model"]]["color"], markers=5)
        _mark_beyond(axes, _finished(runs[entry["model"]]))
    title = "\n".join(wrapped(line, TITLE) for line in (_subject(study), *choice))
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    # Of several models' colours, the legend shows none.
    colour = INK if len(panels) > 1 else looks[entries[0]["model"]]["color"]
    handles = legend_entries(study, everything, colour)
    figure.set_figheight(figure.get_figheight() + 0.19 * (len(handles) - 2))
    # In the middle of the panels, between the lines of the title and those of the legend.
    middle = 0.5 + 0.1 * (len(handles) - title.count("\n")) / figure.get_figheight()
    label = "log-loss\n(logarithmic scale)"
    figure.supylabel(label, y=middle, multialignment="center", fontsize=9)
    figure.legend(handles=handles, loc="outside lower left")
    return figure


def draw_overlay(study: Mapping[str, Any], runs: Mapping[str, Histories]) -> Figure:
    """Return the mean validation losses of all models in one, on a logarithmic scale.

    With more than ``MOST_NAMED`` models, the ``HIGHLIGHTED`` with the highest test accuracy
    have their colours and names; the others are thin lines behind them.
    """
    names = {entry["model"]: entry["name"] for entry in study["models"]}
    looks, parts = model_looks(study), part_ids(study)
    finished = {model: kept for model in runs if (kept := _finished(runs[model]))}
    curves = {model: by_epoch(kept, "val_loss").mean(axis=0) for model, kept in finished.items()}
    named = _named(finished)
    lines = [f"Validation log-loss of {w.count(len(runs), 'model')}, {study['dataset']['title']}"]
    if len(study["seeds"]) > 1:
        lines.append("Lines: mean over the seeds")
    if len(named) < len(finished):
        lines.append(f"Named: the {len(named)} with the highest test accuracy")
    if lost := [names[model] for model in runs if model not in finished]:
        lines.append(f"Not shown (diverged): {w.models(lost)}")

    figure = new_figure(NARROW, max(3.4, 1.5 + 0.17 * len(named)))
    axes = figure.subplots()
    axes.set_xlabel("epoch")
    axes.set_ylabel("log-loss (logarithmic scale)")
    histories = [history for kept in runs.values() for history in kept]
    show_losses(axes, _losses_to_show(_usual(runs), ["val_loss"]))
    top = axes.get_ylim()[1]
    if above := sum(curves[model].min() > top for model in curves if model not in named):
        lines.append(f"Above the scale: {w.count(above, 'model')} without names")
    axes.set_title("\n".join(wrapped(line, 40) for line in lines))
    show_epochs(axes, max(map(len, histories)), most=6)
    for model, curve in curves.items():
        # A line of one epoch is seen by its marker only.
        marker = {"marker": looks[model]["marker"] if len(curve) == 1 else "none"}
        look = {"zorder": 3} | looks[model] if model in named else _BEHIND | marker
        spacing = math.ceil(len(curve) / 15)
        axes.plot(_epochs(curve), curve, **look, markevery=spacing, gid=parts[model])
    short = figure_names(study, SLIM)
    label_ends(figure, axes, {short[m]: (curves[m], looks[m]["color"]) for m in named})
    return figure


def _mark_beyond(axes, histories):
    """Say at the upper edge how high a validation loss ends that lies beyond it."""
    if histories:
        end = by_epoch(histories, "val_loss").mean(axis=0)[-1]
        if end > axes.get_ylim()[1]:
            axes.text(0.97, 0.95, f"▲ {end:.2g}", transform=axes.transAxes, ha="right", va="top")


def _usual(runs):
    """Return the histories of the models whose losses end where most models' do.

    A model that learned nothing, or whose loss exploded, would squeeze the scale.
    """
    ends = {}
    for model, histories in runs.items():
        if kept := _finished(histories):
            end = np.mean([history["val_loss"][-1] for history in kept])
            ends[model] = math.log10(max(end, 1e-9))
    if not ends:
        return [history for histories in runs.values() for history in histories]
    _, high = robust_range(list(ends.values()), near=math.log10(3))
    return [history for model, end in ends.items() if end <= high for history in runs[model]]


def label_ends(figure: Figure, axes: Axes, curves: Mapping[str, tuple[np.ndarray, str]]) -> None:
    """Write each curve's name right of ``axes``, at the height of its end or close to it.

    ``curves`` maps a name to a curve, with a value an epoch, and its colour. A dotted line leads to
    the name of one that ends before the last epoch; one that ends beyond the upper edge has its
    value.
    """
    if not curves:
        return
    last = max(len(curve) for curve, _ in curves.values())
    top = axes.get_ylim()[1]
    texts = {
        name: name + (f": {curve[-1]:.2g} ▲" if curve[-1] > top else "")
        for name, (curve, _) in curves.items()
    }
    figure.draw_without_rendering()
    spacing = 11 / 72 * figure.dpi / axes.get_window_extent().height
    to_axes = axes.transData - axes.transAxes
    # A loss of zero has no place on a logarithmic scale: its end is at the edge.
    ends = {
        name: np.clip(to_axes.transform((len(curve), curve[-1])), 0, 1)
        for name, (curve, _) in curves.items()
    }
    order = sorted(ends, key=lambda name: ends[name][1])
    heights = spread([ends[name][1] for name in order], spacing)
    for name, height in zip(order, heights, strict=True):
        curve, colour = curves[name]
        leader: Look = {"transform": axes.transAxes, "color": colour, "clip_on": False}
        x, y = ends[name]
        axes.plot([max(x, 0.985), 1.015, 1.03], [y, height, height], linewidth=0.5, **leader)
        if len(curve) < last:
            axes.plot([x, 0.985], [y, y], linewidth=0.8, linestyle=(0, (1, 2)), **leader)
            axes.plot(x, y, marker="o", markersize=3, **leader)
        axes.text(
            1.04, height, texts[name], transform=axes.transAxes, fontsize=SMALLEST, va="center"
        )


def spread(heights: Sequence[float], spacing: float) -> np.ndarray:
    """Return places as near to ``heights``, ascending, as a distance of ``spacing`` allows.

    They stay within 0 and 1 where there is room. Nearest in the sense of least squares.
    """
    shifts = spacing * np.arange(len(heights))
    highest = max(0, 1 - shifts[-1])
    return np.clip(isotonic_regression(np.asarray(heights) - shifts).x, 0, highest) + shifts


def draw_curves(axes: Axes, histories: Histories, colour: str, markers: int) -> None:
    """Draw one model's train and validation losses into ``axes``, the latter in ``colour``.

    Each line has at most ``markers`` markers: more would hide it.

    Several seeds are the mean of those that finished in a band of their range, up to the last epoch
    that all have; thin lines show those that went on. A thin line and a cross at the upper edge
    show a run that diverged, and when; a triangle at the lower edge, the epoch by which a run is
    judged where that is not its last.
    """
    averaged = _finished(histories)
    spacing: Look = {"markevery": math.ceil(max(map(len, histories)) / markers)}
    for column, look in _looks(colour).items():
        if averaged:
            losses = by_epoch(averaged, column)
            mean = losses.mean(axis=0)
            axes.plot(_epochs(mean), mean, **look, **spacing)
        if len(averaged) > 1:
            band = _BAND | {"color": look["color"]}
            axes.fill_between(_epochs(mean), losses.min(axis=0), losses.max(axis=0), **band)
        for history in histories:
            rest = history[len(mean) - 1 :] if has_finished(history) else history
            if len(rest) > 1 or not has_finished(history):
                axes.plot(rest["epoch"], rest[column], **(look | _LOST), **spacing)
    for history in histories:
        place: Look = {"transform": axes.get_xaxis_transform(), "zorder": 3}
        if not has_finished(history):
            axes.plot(len(history), 0.98, **_CROSS, **place)
        elif not history["judged"][-1]:
            axes.plot(history["epoch"][history["judged"]], 0.02, **_JUDGED, **place)


def show_losses(axes: Axes, losses: np.ndarray) -> None:
    """Give ``axes`` a logarithmic scale that encloses ``losses``."""
    ticks = log_ticks(losses.min(), losses.max())
    axes.set_yscale("log")
    axes.set_ylim(*log_limits(ticks, losses.min(), losses.max()))
    axes.set_yticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axes.minorticks_off()


def show_epochs(axes: Axes, epochs: int, most: int) -> None:
    """Let the horizontal axis run from epoch 1 to ``epochs`` with at most ``most`` ticks."""
    steps = (factor * 10**exponent for exponent in range(6) for factor in (1, 2, 5))
    step = next(step for step in steps if epochs / step <= most - 1)
    # Odd numbers in steps of two, but round ones in larger steps.
    ticks = range(1, epochs + 1, step) if step < 5 else [1, *range(step, epochs + 1, step)]
    margin = max(0.3, 0.04 * (epochs - 1))
    axes.set_xticks(ticks)
    axes.set_xlim(1 - margin, epochs + margin)


def legend_entries(study: Mapping[str, Any], histories: Histories, colour: str) -> list[Artist]:
    """Return the legend's handles: what the lines, the bands and a cross mean."""
    validation = {"test": "validation (test set)", "holdout": "validation (holdout)"}
    names = {"loss": "train", "val_loss": validation[study["dataset"]["validation"]]}
    handles: list[Artist] = [
        Line2D([], [], **look, label=names[key]) for key, look in _looks(colour).items()
    ]
    if len(study["seeds"]) > 1:
        label = "line: mean over the seeds; band: their range"
        handles.append(Patch(color=INK, **_BAND, label=label))
    if any(not history["judged"][-1] for history in _finished(histories)):
        handles.append(Line2D([], [], **_JUDGED, label="judged epoch"))
    diverged = len(histories) - len(_finished(histories))
    if diverged:
        count = f" ({diverged} of {len(histories)})" if len(histories) > 1 else ""
        handles.append(Line2D([], [], **_CROSS, label=f"diverged{count}"))
    return handles


def _looks(colour):
    return _LOOKS | {"val_loss": _LOOKS["val_loss"] | {"color": colour}}


def _named(finished):
    """Return the models that the overlay names: all, or those with the highest accuracy."""
    if len(finished) <= MOST_NAMED:
        return list(finished)
    accuracy = {model: _test_accuracy(histories) for model, histories in finished.items()}
    return sorted(accuracy, key=accuracy.get, reverse=True)[:HIGHLIGHTED]


def _test_accuracy(finished):
    """Return the mean test accuracy after the judged epochs, or None where no run finished."""
    judged = [history["test_accuracy"][history["judged"]] for history in finished]
    return np.mean(judged) if judged else None


def _epochs(curve):
    return np.arange(1, len(curve) + 1)


def _subject(study):
    return f"Log-loss for train and validation, {study['dataset']['title']}"


def _finished(histories):
    return [history for history in histories if has_finished(history)]


def _losses_to_show(histories, columns=tuple(_LOOKS)):
    """Return the positive losses that the scale must hold.

    A diverging run's may be huge: they count where no run finished.
    """
    kept = _finished(histories) or histories
    shown = np.concatenate([history[column] for history in kept for column in columns])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    return shown if shown.size else np.ones(1)
