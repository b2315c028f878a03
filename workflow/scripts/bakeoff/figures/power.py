"""Draw what it would take to be surer: the smallest difference that so many seeds show."""

from math import inf

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bakeoff import wording as w
from bakeoff.figures.colours import HUES, INK, PAPER
from bakeoff.figures.style import SMALLEST, TITLE, Look, log_ticks, model_looks, new_figure
from bakeoff.figures.texts import WIDE, figure_names, wrapped
from bakeoff.levels import POWER
from bakeoff.limits import MOST_SHOWN
from bakeoff.numbers import POWER_SEEDS, Needed, Power
from bakeoff.results import Results

_BAND: Look = {"facecolor": HUES[0], "alpha": 0.4, "linewidth": 0}
_SHADE: Look = {"facecolor": INK, "alpha": 0.07, "linewidth": 0}
_NOW: Look = {"color": INK, "linewidth": 0.8, "linestyle": "dotted"}
_LIMIT: Look = {"color": INK, "linewidth": 0.8, "linestyle": "dashed"}
_MARK: Look = {"linestyle": "none", "markersize": 6, "markeredgewidth": 1.2, "zorder": 3}
_LEAST_SHOWN = 40
"""The scale has at least so many seeds."""


def draw_power(results: Results) -> Figure | None:
    """Return what a study could show with more seeds, and what each open model would take.

    Above, the smallest difference from the best that is shown, against the seeds of each model;
    below, a row for each model too close to the best to call, from the seeds that it takes if the
    difference is as large as its interval allows to those if it is as seen. ``results`` are
    :class:`bakeoff.results.Results`; None where nothing is known: the study has no two models that
    learned with two seeds in common, or has looks.
    """
    found = results.analysis.power
    if found is None or not found.by_seeds:
        return None
    rows = found.needed[:MOST_SHOWN]
    lines = [line for text in _title(found, results) for line in wrapped(text, TITLE).split("\n")]
    handles = _legend_entries(found, results)
    heights = [2.2, 0.24 * len(rows)] if rows else [2.2]
    height = sum(heights) + 0.8 + 0.2 * (len(lines) + len(handles))
    figure = new_figure(7, height)
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10)
    panels = figure.subplots(len(heights), sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    now = min(found.by_seeds)
    most = 1.3 * max(_LEAST_SHOWN, now, *(one.seeds or 0 for one in rows))
    _draw_curve(panels[0], found, most)
    for axes in panels:
        axes.axvline(now, **_NOW)
    if rows:
        _draw_needed(panels, results, rows, most)
    axes = panels[-1]
    axes.set_xscale("log")
    axes.set_xlim(now / 1.06, most)
    ticks = [now, *(int(tick) for tick in log_ticks(now, most) if 1.25 * now < tick < most)]
    axes.set_xticks(ticks, labels=[f"{tick}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("seeds of each model")
    figure.legend(handles=handles, loc="outside lower left", ncols=1)
    return figure


def _title(found: Power, results):
    best = figure_names(results.study, WIDE)[found.best]
    yield f"What it would take to be surer, {results.study['dataset']['title']}"
    yield f"Differences from {best} that are shown with a probability of {100 * POWER:g} %"
    open_ = found.needed or found.one_seed
    if not open_ and not results.standing("ahead on common seeds", "not compared"):
        yield "No model is too close to call"
    elif len(found.needed) > MOST_SHOWN:
        yield f"Shown: the {MOST_SHOWN} of {len(found.needed)} models that are closest to it"
    if found.one_seed:
        alone = w.models(model.name for model in results.named(found.one_seed))
        yield f"Not shown (one seed in common with it): {alone}"


def _draw_curve(axes, found: Power, most):
    """Draw the smallest difference that is shown, up to ``most`` seeds, and below which none is."""
    seeds = [number for number in found.by_seeds if number < most]
    seeds.append(next((number for number in found.by_seeds if number >= most), seeds[-1]))
    low, high = zip(*([100 * end for end in found.by_seeds[n]] for n in seeds), strict=True)
    axes.fill_between(seeds, low, high, **_BAND)
    for curve in (low, high):
        axes.plot(seeds, curve, color=HUES[0], linewidth=1.2)
    limit = 100 * min(found.limit or [0])
    axes.axhspan(0, limit, **_SHADE)
    axes.axhline(limit, **_LIMIT)
    largest = max((100 * abs(one.difference) for one in found.needed), default=0)
    # Two seeds may show next to nothing of a model, which would squeeze all else.
    usual = max(largest, low[0], *(one for n, one in zip(seeds, high, strict=True) if n > seeds[0]))
    highest = max(*high, largest)
    if highest > 2.5 * usual:
        axes.text(0.01, 0.96, f"▲ {w.number(highest)}", transform=axes.transAxes, va="top")
        highest = 1.3 * usual
    axes.set_ylim(0, 1.08 * highest or 1)
    axes.set_ylabel("percentage points")


def _draw_needed(panels, results, rows, most):
    """Draw what each open model takes, a :class:`bakeoff.numbers.Needed`: a mark and a row."""
    looks = model_looks(results.study)
    curve, axes = panels
    for row, one in enumerate(rows):
        look = looks[one.model]
        face = PAPER if one.seeds is None else look["color"]
        mark = look | _MARK | {"markerfacecolor": face, "clip_on": False}
        seeds = one.seeds or most
        curve.plot(seeds, 100 * abs(one.difference), **mark)
        axes.plot(seeds, row, **mark)
        fewest = max(one.seeds_if_largest or inf, one.present)
        axes.hlines(row, min(fewest, seeds), seeds, color=look["color"], linewidth=1.6)
        axes.annotate(
            _taken(one, results),
            (1.03, row),
            xycoords=axes.get_yaxis_transform(),
            fontsize=SMALLEST,
            va="center",
        )
    names = figure_names(results.study, WIDE)
    axes.set_yticks(range(len(rows)), labels=[names[one.model] for one in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)


def _taken(one: Needed, results):
    if one.seeds is not None:
        least = "" if one.told else "at least "
        return f"{least}{one.seeds} seeds: {w.rough_duration(one.seconds or 0)} more"
    if not one.difference:
        return "no difference seen"
    if one.images is None:
        return f"more than {POWER_SEEDS} seeds"
    of = "groups of test images" if results.data.groups else "test images"
    return f"{w.two_digits(one.images)} {of}"


def _legend_entries(found: Power, results):
    seeds, images = min(found.by_seeds), w.test_sample(results.data)
    low, high = found.by_seeds[seeds]
    by_model = "" if low == high else ", by model"
    now, limit = w.points_range(low, high), w.points_range(*(found.limit or (0, 0)))
    more = "" if found.told else " or more"
    # Where a model has fewer seeds than another, it is not as now.
    as_now = ", as now" if w.points_range(*(found.detectable or (0, 0))) == now else " of each"
    handles = [
        Patch(label=f"the smallest difference that is shown{by_model}", **_BAND),
        Line2D([], [], label=f"with {seeds} seeds{as_now}: {now}", **_NOW),
        Line2D(
            [],
            [],
            label=f"with any number of seeds, and {images}: {limit}{more}",
            **_LIMIT,
        ),
    ]
    mark = _MARK | {"color": INK, "marker": "o"}
    if any(one.seeds for one in found.needed):
        handles.append(
            Line2D([], [], label="a model's difference as seen, and the seeds that show it", **mark)
        )
    if any(one.seeds is None for one in found.needed):
        label = "a difference that seeds do not show; beside it, the test images that would"
        handles.append(Line2D([], [], label=label, markerfacecolor=PAPER, **mark))
    if any(one.seeds_if_largest for one in found.needed):
        label = "from the seeds it takes if the difference is as large as its interval allows"
        handles.append(Line2D([], [], color=INK, linewidth=1.6, label=label))
    return handles
