"""Draw the models' test accuracies with their intervals, as a forest plot."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bakeoff import wording as w
from bakeoff.figures.colours import INK, PAPER
from bakeoff.figures.style import SMALLEST, Look, model_looks, new_figure
from bakeoff.figures.texts import WIDE, figure_names, shortened, wrapped
from bakeoff.ranges import said_beyond, seeds_beyond, share_range
from bakeoff.results import Model, Results
from bakeoff.selection import ranked

_SHADE: Look = {"color": INK, "alpha": 0.07, "linewidth": 0}
_SEED: Look = {"color": INK, "marker": "|", "linestyle": "none", "markersize": 4, "alpha": 0.7}
_PUBLISHED: Look = {
    **{"color": INK, "marker": "D", "linestyle": "none", "markersize": 4},
    **{"markerfacecolor": "none", "markeredgewidth": 0.8},
}


def draw_forest(results: Results) -> Figure:
    """Return the models' test accuracies, in percent, the best on top.

    ``results`` are :class:`bakeoff.results.Results`. Models without a test accuracy are named in
    the title; of many, the most accurate are shown.
    """
    study = results.study
    looks = model_looks(study)
    shown, said = ranked(results)
    several_seeds = len(study["seeds"]) > 1
    what = (
        f"Mean {results.measure} over the seeds" if several_seeds else results.measure.capitalize()
    )
    ends, published = share_range(shown, results.published), results.published
    said += said_beyond(shown, ends, published)
    lines = [f"{what} with its 95 % interval, {study['dataset']['title']}", *said]
    figure = new_figure(7, 1.6 + 0.2 * len(lines) + 0.22 * len(shown))
    axes = figure.subplots()
    axes.set_title("\n".join(wrapped(line, 76) for line in lines))
    axes.set_xlabel(f"{results.measure} (%)")
    if not shown:
        axes.set(xticks=[], yticks=[])
        return figure

    if not results.nothing_learned:
        axes.axvline(
            100 * results.best[0].score.value, color=INK, linewidth=0.8, linestyle="dashed"
        )
    _draw_rows(axes, shown, (looks, ends), several_seeds)
    places = [(published.get(model.model, -1), row) for row, model in enumerate(shown)]
    places = [(share, row) for share, row in places if ends[0] <= share <= ends[1]]
    for share, row in places:
        axes.plot(100 * share, row, **_PUBLISHED, zorder=4)
    axes.set_xlim(*(100 * end for end in ends))
    names = figure_names(study, WIDE)
    axes.set_yticks(range(len(shown)), labels=[names[model.model] for model in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    handles = _legend_entries(study, shown, several_seeds, bool(places))
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def draw_seeds(
    axes: Axes, height: float, model: Model, ends: tuple[float, float], look: Look
) -> None:
    """Draw a model's seeds at a ``height``, and arrows at the edges beyond which there are more.

    The axis is in percent; its ``ends`` are shares of 1. ``look`` is that of a seed's mark.
    """
    seeds = 100 * np.array(list(model.score.by_seed.values()))
    axes.plot(seeds, np.full(len(seeds), height), **look)
    for end, shape, beyond in zip(ends, "<>", seeds_beyond(model, ends), strict=True):
        if beyond:
            axes.plot(100 * end, height, **look | {"marker": shape, "clip_on": False})


def _draw_rows(axes, shown, drawn, several_seeds):
    """Draw a row a model: its accuracy, its interval, and its seeds where there are several.

    ``drawn`` are the looks of all models and the ends of the axis, shares of 1.
    """
    looks, (left, right) = drawn
    for row, model in enumerate(shown):
        look, accuracy = looks[model.model], model.score
        low, value, high = (100 * end for end in (accuracy.low, accuracy.value, accuracy.high))
        alike = model.in_the_lead
        if alike and len(shown) > 1:
            axes.axhspan(row - 0.5, row + 0.5, **_SHADE)
        if left <= accuracy.value <= right:
            axes.hlines(row, low, high, color=look["color"], linewidth=1.6)
        else:
            # Its interval would strike the words through.
            _mark_beyond(axes, row, value, accuracy.value < left)
        if several_seeds:
            draw_seeds(axes, row + 0.28, model, (left, right), _SEED)
        face = look["color"] if alike else PAPER
        mark = {"markersize": 6, "markerfacecolor": face, "markeredgewidth": 1.2}
        axes.plot(value, row, **(look | {"linestyle": "none", "zorder": 3}), **mark)
        note = " not compared" if model.standing == "not compared" else ""
        interval = w.share_interval(accuracy.low, accuracy.high)
        axes.annotate(
            f"{w.percent_digits(accuracy.value)} {interval}{note}",
            (1.02, row),
            xycoords=axes.get_yaxis_transform(),
            fontsize=SMALLEST,
            va="center",
        )


def _mark_beyond(axes, row, value, left):
    """Say at the edge how accurate a model is that lies beyond it."""
    axes.annotate(
        f"◄ {w.number(value)} %" if left else f"{w.number(value)} % ►",
        # Higher than its row by so much that seeds do not touch it.
        (0.01 if left else 0.99, row - 0.1),
        xycoords=axes.get_yaxis_transform(),
        fontsize=SMALLEST,
        ha="left" if left else "right",
        va="center",
    )


def _legend_entries(study, shown, several_seeds, published):
    mark = {"color": INK, "marker": "o", "markersize": 6, "linestyle": "none"}
    handles = []
    if len(shown) > 1 and any(model.in_the_lead for model in shown):
        handles.append(Line2D([], [], **mark, label="may be the best"))
    if not all(model.in_the_lead for model in shown):
        # Of models at chance, "the others" would be others than none.
        learned = any(model.above_chance is not False for model in shown)
        label = "the others" if learned else "not shown to beat chance"
        handles.append(Line2D([], [], **mark, markerfacecolor=PAPER, label=label))
    if several_seeds:
        handles.append(Line2D([], [], **_SEED, label="each seed"))
    if published:
        label = f"published: {shortened(study['published']['called'], 40)}"
        handles.append(Line2D([], [], **_PUBLISHED, label=label))
    return handles
