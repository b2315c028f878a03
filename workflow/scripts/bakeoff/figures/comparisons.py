"""Draw the difference in test accuracy between every two models, as a matrix."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bakeoff import wording as w
from bakeoff.figures.colours import GRID, HUES, INK
from bakeoff.figures.style import SMALLEST, TITLE, new_figure
from bakeoff.figures.texts import WIDE, columns_of, figure_names, wrapped
from bakeoff.limits import MOST_DRAWN, MOST_WITH_TEXT
from bakeoff.numbers import Pair
from bakeoff.results import Results
from bakeoff.selection import ranked

AHEAD, BEHIND = HUES[0], HUES[1]
TINT = 0.4
"""Opacity of a difference that holds: text in ink reads well on it, in light and dark mode."""

OF_ONE_SEED = 0.15
"""Opacity of a difference that holds for the networks of one seed, among models with more."""

# Opacity of a cell without a comparison.
_NOTHING = 0.12


def draw_matrix(results: Results) -> Figure:
    """Return the matrix: a row and a column a model, the best first.

    A cell is the accuracy of its row's model minus that of its column's, in percentage points. It
    has a colour where the two are significantly different, a weak one where that is known of the
    networks of one seed alone. ``results`` are :class:`bakeoff.results.Results`; models without a
    test accuracy are named in the title, and of many, the most accurate are shown.
    """
    shown, said = ranked(results)
    pairs = results.analysis.pairs
    order, networks = [model.model for model in shown], pairs.all_on_one_seed
    points, differ, alone = matrices(order, pairs.listed, networks)
    lines = [
        f"{results.measure.capitalize()}, row minus column, {results.study['dataset']['title']}"
    ]
    if len(shown) > 1:
        lines.append(f"In percentage points; {_order(results, shown)}")
    lines += said

    side = min(0.52 * len(shown), 7.5)
    called = figure_names(results.study, WIDE)
    names = [called[model] for model in order]
    # Names take a fifteenth of an inch a letter, beside the matrix and above it.
    margin = max(map(columns_of, names), default=0) / 15
    width, height = side + margin + 0.5, side + margin + 1 + 0.2 * len(lines)
    figure = new_figure(max(5, width), height)
    axes = figure.subplots()
    figure.suptitle(
        "\n".join(wrapped(line, TITLE) for line in lines), x=0.01, ha="left", fontsize=10
    )
    axes.set_aspect("equal", anchor="NW")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    if len(shown) < 2:
        figure.set_figheight(0.6 + 0.2 * len(lines))
        axes.set(xticks=[], yticks=[])
        axes.text(0, 1, "Nothing to compare: fewer than two models finished.", va="top")
        return figure

    _draw_cells(axes, names, points, colours_of(points, differ, alone))
    figure.legend(
        handles=_legend_entries(results, points, differ, alone),
        loc="outside lower left",
        ncols=1,
    )
    return figure


def _order(results, shown):
    """Return the words for the order of the models ``shown``."""
    if results.nothing_learned:
        return "no model is shown to beat chance"
    last = ", those that left at a look last" if set(results.left) & set(shown) else ""
    return f"the most accurate model first{last}"


def _draw_cells(axes, names, points, colours):
    """Draw the cells with their ``points`` and ``colours``, and ``names`` at rows and columns."""
    edges = np.arange(len(names) + 1) - 0.5
    axes.pcolormesh(edges, edges, colours, linewidth=0, rasterized=len(names) > MOST_DRAWN)
    axes.hlines(edges, edges[0], edges[-1], color=GRID, linewidth=0.6)
    axes.vlines(edges, edges[0], edges[-1], color=GRID, linewidth=0.6)
    if len(names) <= MOST_WITH_TEXT:
        for row, column in zip(*np.nonzero(np.isfinite(points)), strict=True):
            text = w.number(points[row, column])
            text = f"+{text}" if points[row, column] > 0 and text != "0.00" else text
            axes.text(column, row, text, ha="center", va="center", fontsize=SMALLEST)
    axes.set_xticks(range(len(names)), labels=names, rotation=90, fontsize=SMALLEST)
    axes.set_yticks(range(len(names)), labels=names, fontsize=SMALLEST)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)


def matrices(
    order: Sequence[str], pairs: Iterable[Pair], networks: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (points, differ, alone), each (models, models), of :class:`bakeoff.numbers.Pair`.

    ``points`` float64: the accuracy of the row's model minus the column's, in percentage points,
    NaN where two were not compared. ``differ`` bool: whether the two models, or their ``networks``
    where all were trained once, are significantly different. ``alone`` bool: whether only their
    networks are, of the one seed that both have. ``order`` are the keys of the models to show.
    """
    place = {model: row for row, model in enumerate(order)}
    points = np.full((len(order), len(order)), np.nan)
    differ, alone = np.zeros((2, *points.shape), bool)
    for pair in pairs:
        if not place.keys() >= {pair.a, pair.b}:
            continue
        a, b = place[pair.a], place[pair.b]
        points[a, b] = 100 * pair.comparison.difference
        points[b, a] = -points[a, b]
        found = pair.comparison
        differ[a, b] = differ[b, a] = found.significant if networks else found.told_apart
        alone[a, b] = alone[b, a] = found.significant and not differ[a, b]
    return points, differ, alone


def colours_of(points: np.ndarray, differ: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """Return the cells' colours, RGBA float64 (models, models, 4), of what :func:`matrices` gives.

    One tint for all differences that hold, either way: their sizes stand in the cells, and a scale
    would be stretched by one model that is far off.
    """
    colours = np.zeros((*points.shape, 4))
    for which, opacity in ((differ, TINT), (alone, OF_ONE_SEED)):
        colours[which & (points > 0)] = to_rgba(AHEAD, opacity)
        colours[which & (points < 0)] = to_rgba(BEHIND, opacity)
    colours[np.isnan(points)] = to_rgba(INK, _NOTHING)
    return colours


def _legend_entries(results, points, differ, alone):
    what = "network" if results.analysis.pairs.all_on_one_seed else "model"
    handles = []
    for which, opacity, more in (
        (differ, TINT, f"{what} is more accurate"),
        (alone, OF_ONE_SEED, "network is more accurate, with the one seed in common"),
    ):
        if which.any():
            handles.append(Patch(facecolor=AHEAD, alpha=opacity, label=f"the row's {more}"))
            handles.append(Patch(facecolor=BEHIND, alpha=opacity, label=f"the column's {more}"))
    if (np.isfinite(points) & ~differ & ~alone).any():
        label = "not significantly different"
        handles.append(Patch(facecolor="none", edgecolor=GRID, label=label))
    if np.isnan(points).sum() > len(points):
        looks = results.analysis.looks
        why = "never in one look with two runs each" if looks else "no seed in common"
        handles.append(Patch(facecolor=INK, alpha=_NOTHING, label=f"not compared: {why}"))
    return handles
