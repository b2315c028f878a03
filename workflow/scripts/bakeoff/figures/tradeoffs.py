"""What accuracy costs: test accuracy against size, computation and time."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import textalloc
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from bakeoff import wording as w
from bakeoff.figures.colours import INK, part_ids
from bakeoff.figures.style import (
    NARROW,
    SMALLEST,
    Look,
    log_limits,
    log_ticks,
    model_looks,
    new_figure,
)
from bakeoff.figures.texts import SLIM, figure_names, wrapped
from bakeoff.limits import MOST_NAMED
from bakeoff.ranges import robust_range
from bakeoff.results import Results

COSTS: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "parameters": ("parameters", "parameters", EngFormatter(sep="")),
    "multiply_adds": ("multiply-adds", "multiply-adds for one image", EngFormatter(sep="")),
    "training_seconds": ("training time", "training time, all epochs (seconds)", "{:,.10g}".format),
    "latency_ms": ("latency", "latency of one image (milliseconds)", "{:,.10g}".format),
}
"""For each cost, a column of summary.csv: what it is called, its axis' label and its numbers."""

_TRIES = 10
"""How often names are placed anew where some mislead, and half as often where some hide."""

_GROWTH = 1.35
"""By how much a figure is taller where names mislead in all of them."""

Rows = Sequence[Mapping[str, Any]]
"""summary.csv as :func:`bakeoff.study.readers.read_summary` returns it, a dict a model."""


def why_not_compared(results: Results, cost: str) -> str | None:
    """Return why models are not compared by a ``cost``, None where they are: times not always."""
    if results.nothing_learned:
        return "No model is shown to beat chance"
    if cost == "training_seconds":
        return w.why_not_compared("Training times", results.analysis.times)
    if cost == "latency_ms":
        return w.why_not_compared("Latencies", results.analysis.times_of_latencies)
    return None


def draw_tradeoff(results: Results, summary: Rows, cost: str) -> Figure:
    """Return test accuracy, in percent, over a cost on a logarithmic scale, with its front.

    ``results`` are :class:`bakeoff.results.Results`, ``summary`` the rows of summary.csv, and
    ``cost`` is one of ``COSTS``. Models without a test accuracy or a known cost are named under the
    title, and so are those no better than chance, which would squeeze the scale. Times that cannot
    be compared have no front. Of more than ``MOST_NAMED`` models, the most accurate on the front
    have names and bars; without a front, the most accurate of all.
    """
    _, label, number = COSTS[cost]
    why = why_not_compared(results, cost)
    shown, left_out = shown_rows(summary, cost)
    costs = np.array([row[cost] for row in shown], float)
    accuracy = 100 * np.array([row[results.column] for row in shown])
    front = np.zeros(len(shown), bool) if why else _front(results, shown, costs, accuracy)
    named = _named(accuracy, np.ones(len(shown), bool) if why else front)
    limits = _limits(results, shown)
    lines = _explained(results, summary, cost, why, named, front)
    lines += [*left_out, *_said_beyond(accuracy[~named], limits)]
    title = "\n".join(wrapped(line, 46) for line in lines)

    figure = new_figure(NARROW, max(3, 0.3 * named.sum()) + 0.17 * (1 + title.count("\n")))
    axes = figure.subplots()
    axes.set_title(title, fontsize=SMALLEST)
    axes.set_xlabel(label)
    axes.set_ylabel(f"{results.measure} (%)")
    if not shown:
        axes.set(xticks=[], yticks=[])
        return figure

    ticks = log_ticks(costs.min(), costs.max(), most=6)
    ends = log_limits(ticks, costs.min(), costs.max())
    drawn = np.clip(accuracy, *limits)
    bars = _draw_points(axes, results, shown, (costs, limits), named)
    axes.set_ylim(*limits)
    steps = np.array([])
    if len(shown) > 1 and front.any():
        steps = front_line(costs[front], accuracy[front], ends[1])
        axes.plot(*steps, color=INK, linewidth=0.8, linestyle="dashed")
    axes.set_xscale("log")
    axes.set_xlim(*ends)
    axes.set_xticks(ticks, labels=map(number, ticks))
    axes.minorticks_off()
    called = figure_names(results.study, SLIM)
    names = {
        part: called[row["model"]] + ("" if y == value else f": {w.number(value)} %")
        for part, row, y, value in zip(_ids(results, shown), shown, drawn, accuracy, strict=True)
    }
    _write_names(axes, names, (costs, drawn), (named, front), (bars, steps))
    return figure


def _front(results, shown, costs, accuracy):
    """Return which of the rows ``shown`` are on the front, bool (n,).

    Models that left at a look are not: they are worse than another, and have fewer seeds.
    """
    left = {model.model for model in results.left}
    front = np.array([row["model"] not in left for row in shown], bool)
    front[front] = pareto_front(costs[front], accuracy[front])
    return front


def _ids(results, shown):
    """Return the id of each model's point."""
    parts = part_ids(results.study)
    return [parts[row["model"]] for row in shown]


def _limits(results, shown):
    """Return the ends of the axis of accuracies, in percent, which one odd model does not stretch.

    All bars are within them but for those that are far out.
    """
    if not shown:
        return 0.0, 100.0
    columns = [results.column, f"{results.column}_low", f"{results.column}_high"]
    low, high = robust_range(*([100 * row[column] for row in shown] for column in columns))
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _said_beyond(accuracy, limits):
    """Return what to say of models without names whose points, in percent, are at an edge."""
    beyond = sorted(value for value in accuracy if not limits[0] <= value <= limits[1])
    if not beyond:
        return []
    ends = w.distinct(f"{w.number(end)} %" for end in (beyond[0], beyond[-1]))
    return [f"At the edge: {w.count(len(beyond), 'model')} without names, {' to '.join(ends)}"]


def _write_names(axes, names, points, chosen, lines):
    """Write the names of models beside their points, bold for those on the front.

    ``names`` are by the ids of the points, ``points`` (x, y) and ``chosen`` (has a name, is on the
    front) of each model, ``lines`` the (bars, steps) of the front. The figure grows where some name
    would be missing or misleading otherwise.
    """
    figure, named = axes.figure, chosen[0]
    written = [part for part, kept in zip(names, named, strict=True) if kept]
    for growth, tries in ((1, _TRIES), (_GROWTH, _TRIES // 2)):
        figure.set_figheight(growth * figure.get_figheight())
        # Names are placed on the finished layout, which stays.
        figure.set_layout_engine("constrained")
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        faults, texts, leaders = _best_places(axes, names, points, chosen, lines, tries)
        if not faults[0] or growth > 1:
            break
        _remove(texts, leaders)
    for part, text, leader in zip(written, texts, leaders, strict=True):
        # Either may be missing: where there is no room, and where none is needed.
        for artist, what in ((text, "name"), (leader, "line")):
            if artist is not None:
                artist.set_gid(f"{part}-{what}")


def _best_places(axes, names, points, chosen, lines, tries):
    """Return what :func:`_faults` finds in the best of ``tries``, its texts and its leaders."""
    (x, y), (named, front), (bars, steps) = points, chosen, lines
    places = axes.transData.transform(np.column_stack([x, y]))
    steps = _apart(axes, steps)
    obstacles = _rectangles(axes, bars, steps)
    allocate = partial(
        textalloc.allocate,
        axes,
        x[named],
        y[named],
        [name for name, kept in zip(names.values(), named, strict=True) if kept],
        x_scatter=x,
        y_scatter=y,
        x_lines=[*np.column_stack([bars[0], bars[0]]), *steps[:1]],
        y_lines=[*np.column_stack(bars[1:]), *steps[1:]],
        textsize=SMALLEST,
        fontweight=["bold" if best else "normal" for best in front[named]],
        textcolor=INK,
        linecolor=INK,
        linewidth=0.4,
        max_distance=0.6,
        nbr_candidates=800,
        avoid_label_lines_overlap=True,
        avoid_crossing_label_lines=True,
    )
    # textalloc draws the figure each time, to have the axes in their place, where they are.
    axes.set_visible(False)
    best: tuple[tuple[int, int], list, list] = ((len(x) + 1, 0), [], [])
    # In the order of the names as they come, then in others; in turn with room around all points,
    # which keeps names off them, and without, which is easier to meet.
    room = {"scatter_sizes": np.full(len(x), 36), "min_distance": 0.03}
    for number in range(tries):
        order = number // 2 - 1 if number > 1 else None
        *_, texts, leaders = allocate(priority_strategy=order, **({} if number % 2 else room))
        faults = _faults(axes, texts, leaders, places, np.flatnonzero(named), obstacles)
        found = (faults, texts, leaders)
        best, worse = (found, best) if faults < best[0] else (best, found)
        _remove(*worse[1:])
        if not any(best[0]) or (not best[0][0] and number >= _TRIES // 2):
            break
    axes.set_visible(True)
    return best


def _remove(texts, leaders):
    for artist in filter(None, [*texts, *leaders]):
        artist.remove()


def _apart(axes, steps):
    """Return the corners of the front's line, each a pixel or more away from the one before.

    Of a thousand models on the front, most are within a pixel of others, and textalloc asks of
    every candidate whether it meets any of their steps.
    """
    if not steps.size:
        return steps
    pixels = axes.transData.transform(steps.T)
    kept = [0]
    for place, pixel in enumerate(pixels):
        if np.hypot(*(pixel - pixels[kept[-1]])) >= 1:
            kept.append(place)
    return steps[:, kept]


def _rectangles(axes, bars, steps):
    """Return the bars and the front's line as rectangles of no area, (n, 2, 2), in pixels."""
    x, low, high = bars
    segments = [*np.stack([[x, low], [x, high]]).transpose(2, 0, 1)]
    corners = np.asarray(steps).reshape(2, -1).T
    segments += [*np.stack([corners[:-1], corners[1:]], axis=1)] if len(corners) else []
    ends = axes.transData.transform(np.reshape(segments, (-1, 2))).reshape(-1, 2, 2)
    return np.sort(ends, axis=1)


def _faults(axes, texts, leaders, places, own, obstacles):
    """Return how many names mislead, missing ones among them, and how many hide something.

    A name misleads that stands at another model's point, or whose leader passes one. It hides what
    it lies over: a point, another name, or one of the ``obstacles``, :func:`_rectangles`.
    ``places`` are all points, in pixels; ``own`` the row of each name's in these.
    """
    dot = axes.figure.dpi / 72
    boxes = [None if text is None else text.get_window_extent() for text in texts]
    misleading = hiding = 0
    for place, (box, leader, row) in enumerate(zip(boxes, leaders, own, strict=True)):
        if box is None:
            misleading += 1
            continue
        # Points in the same place as the model's own mislead nobody.
        others = places[np.hypot(*(places - places[row]).T) > 5 * dot]
        gaps = _gaps(box, others)
        if leader is None:
            misleads = (gaps < _gaps(box, places[[row]])).any()
        else:
            misleads = (gaps < 3 * dot).any() or _passes(axes, leader, others, 5 * dot)
        misleading += bool(misleads)
        # The letters are lower than their box.
        inside = np.array([box.min + dot, box.max - dot])
        names = [np.array([one.min, one.max]) for one in boxes[:place] if one is not None]
        everything = [places[:, None] + [[-2 * dot] * 2, [2 * dot] * 2], obstacles, names]
        others = np.concatenate([np.reshape(part, (-1, 2, 2)) for part in everything])
        over = (others[:, 0] < inside[1]) & (others[:, 1] > inside[0])
        hiding += bool(over.all(axis=1).any())
    return misleading, hiding


def _gaps(box, places):
    """Return how far each of some places, in pixels, is from a box."""
    return np.hypot(*(np.clip(places, box.min, box.max) - places).T)


def _passes(axes, leader, places, near):
    """Return whether a leader comes so ``near`` to any of some places, in pixels."""
    start, end = axes.transData.transform(leader.get_xydata())
    length = max((end - start) @ (end - start), 1e-9)
    along = np.clip((places - start) @ (end - start) / length, 0, 1)
    return (np.hypot(*(start + along[:, None] * (end - start) - places).T) < near).any()


def _named(accuracy, eligible):
    """Return which models have names, bool (n,): all, or the best of the ``eligible`` of many."""
    if len(accuracy) <= MOST_NAMED:
        return np.ones(len(accuracy), bool)
    ranks = np.argsort(np.where(eligible, -accuracy, np.inf), kind="stable")
    named = np.zeros(len(accuracy), bool)
    named[ranks[:MOST_NAMED]] = True
    return named & eligible


def _explained(results, summary, cost, why, named, front):
    """Return the lines of the title that say what is shown."""
    study = results.study
    lines = [
        f"{results.measure.capitalize()} against {COSTS[cost][0]}, {study['dataset']['title']}",
        explain_bars(results, summary) + ("" if named.all() else ", for models with names"),
    ]
    which = f"the highest {results.measure}"
    if why:
        if not named.all():
            lines.append(f"Named: the {named.sum()} with {which}")
        return [*lines, f"{why.removesuffix('.')}, so there is no line of the best"]
    if len(named) > 1 and front.any():
        other = "among models that stayed, no other" if results.left else "no other model"
        lines.append(f"Dashed line, bold names: {other} is both cheaper and more accurate")
    if named.sum() < front.sum():
        lines.append(f"Named: the {named.sum()} with {which} on that line")
    return lines


def _draw_points(axes, results, shown, places, named):
    """Draw a point a model, and bars for those with names; return the bars' (x, low, high).

    ``places`` are (costs, limits of the axis): what lies beyond these is at their edge.
    """
    costs, limits = places
    low, value, high = (
        100 * np.array([row[f"{results.column}{end}"] for row in shown])
        for end in ("_low", "", "_high")
    )
    all_looks = model_looks(results.study)
    looks = [all_looks[row["model"]] for row in shown]
    # Bars of all would hide the points of many.
    bars = costs[named], np.clip(low, *limits)[named], np.clip(high, *limits)[named]
    ids = _ids(results, shown)
    for place, bar in zip(np.flatnonzero(named), zip(*bars, strict=True), strict=True):
        axes.vlines(*bar, color=looks[place]["color"], linewidth=1, gid=f"{ids[place]}-bar")
    mark: Look = {"linestyle": "none", "markersize": 6, "zorder": 3, "clip_on": False}
    for part, look, x, y in zip(ids, looks, costs, value, strict=True):
        axes.plot(x, np.clip(y, *limits), **(look | mark), gid=part)
    return bars


def front_line(costs: np.ndarray, values: np.ndarray, end: float) -> np.ndarray:
    """Return the corners (2, 2 n) of the steps from front model to front model, up to ``end``."""
    order = np.argsort(costs, kind="stable")
    x, y = np.repeat(costs[order], 2), np.repeat(values[order], 2)
    return np.array([[*x[1:], end], y])


def pareto_front(costs: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return which of (n,) ``costs`` and ``values`` no other one beats, as boolean (n,).

    One beats another that costs no less and is worth no more, unless they are equal in both.
    """
    no_dearer = costs[:, None] <= costs
    no_worse = values[:, None] >= values
    better = (costs[:, None] < costs) | (values[:, None] > values)
    return np.logical_not((no_dearer & no_worse & better).any(axis=0))


def explain_bars(results: Results, summary: Rows) -> str:
    """Return the line that says what points and bars are."""
    groups = results.data.groups
    if len(results.study["seeds"]) > 1:
        images = "groups" if groups else "test images"
        return f"Points: mean over seeds. Bars: 95 % interval, of seeds and {images}"
    images = w.count(summary[0]["test_images"], "test image")
    if groups:
        images = f"{w.count(groups.number, 'group')} of images"
    return f"Points: one seed. Bars: 95 % Wilson interval for {images}"


def shown_rows(summary: Rows, cost: str) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the rows of ``summary`` that a figure shows, and lines that name the others.

    Models no better than chance are left out where others are better.
    """
    known = [row for row in summary if row["test_accuracy"] is not None and row[cost]]
    shown = [row for row in known if row["above_chance"]] or known
    without = [row["name"] for row in summary if row not in known]
    at_chance = [row["name"] for row in known if row not in shown]
    lines = []
    if without:
        lines.append(f"Not shown (diverged or without {COSTS[cost][0]}): {w.models(without)}")
    if at_chance:
        lines.append(f"Not shown (not better than chance): {w.models(at_chance)}")
    return shown, lines
