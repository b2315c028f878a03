"""Draw the answer and the accuracies as one picture, for slides and chats."""

from unicodedata import bidirectional

from matplotlib.figure import Figure

from bakeoff import wording as w
from bakeoff.figures.accuracies import draw_seeds
from bakeoff.figures.colours import INK
from bakeoff.figures.style import Look, model_looks
from bakeoff.figures.texts import WIDE, figure_names, shortened, wrapped
from bakeoff.limits import MOST_IN_PICTURE
from bakeoff.ranges import said_beyond, share_range
from bakeoff.results import Results

_INCHES, _DPI = (12, 6.3), 100
_LEFT, _RIGHT, _BOTTOM = 0.04, 0.96, 0.15
_SEED: Look = {"color": INK, "marker": "|", "linestyle": "none", "markersize": 7, "alpha": 0.6}


def draw_summary(results: Results, headline: str, pick: str | None) -> Figure:
    """Return a picture of 1200 by 630 pixels: ``headline``, ``pick``, and the best accuracies.

    Models that did not learn, and of many all but the most accurate, are counted below.
    """
    study = results.study
    figure = Figure(figsize=_INCHES, dpi=_DPI)
    _write(figure, 0.945, shortened(study["title"], 90), 14, va="top", alpha=0.75)
    size, lines = _headline(headline)
    said = _write(figure, 0.885, lines, size, va="top", fontweight="bold")
    top = said.get_window_extent().y0 / _INCHES[1] / _DPI - 0.03
    if pick:
        said = _write(figure, top, wrapped(shortened(pick, 290), 100), 15, va="top")
        top = said.get_window_extent().y0 / _INCHES[1] / _DPI - 0.015
    shown = [model for model in results.ranked if model in results.learned][:MOST_IN_PICTURE]
    ends = share_range(shown)
    if shown:
        _draw_accuracies(figure, (0.27, _BOTTOM, 0.57, top - 0.02 - _BOTTOM), results, shown, ends)
    _write(figure, 0.025, _below(results, shown, ends), 12, va="bottom", alpha=0.75)
    return figure


def _headline(headline):
    """Return the size and the lines of the headline: the longer, the smaller.

    It ends in its verdict, so that of one that is longer still the middle is left out.
    """
    for size, columns, most in ((28, 52, 3), (22, 66, 4), (17, 86, 5)):
        lines = wrapped(headline, columns)
        if lines.count("\n") < most:
            return size, lines
    return size, wrapped(shortened(headline, columns * most - 60), columns)


def _write(figure, height, text, size, **look):
    """Write a text at the left edge, smaller than ``size`` where it would leave the picture."""
    # A line runs from left to right also where it begins with an Arabic or Hebrew name.
    lines = [
        "\u200e" * (bidirectional(line[:1]) in ("R", "AL")) + line for line in text.split("\n")
    ]
    written = figure.text(_LEFT, height, "\n".join(lines), fontsize=size, **look)
    _shrink(written, lambda extent: extent.x1 > _RIGHT * _INCHES[0] * _DPI)
    return written


def _shrink(text, is_too_large):
    while is_too_large(text.get_window_extent()) and text.get_fontsize() > 5:
        text.set_fontsize(text.get_fontsize() - 1)


def _below(results, shown, ends):
    """Return what stands below: what the picture is of, and what it leaves out."""
    seeds = max((len(model.runs) for model in shown), default=0)
    same = all(len(model.runs) == seeds for model in shown)
    left_out = len(results.models) - len(shown)
    parts = [
        f"{results.measure.capitalize()} (%) on {w.count(results.data.test_images, 'image')}",
        f"mean of {'' if same else 'up to '}{seeds} seeds" if seeds > 1 else "one seed",
        "95 % intervals",
    ]
    if left_out:
        parts.append(f"{left_out} of {len(results.models)} models not shown")
    parts += (said[0].lower() + said[1:] for said in said_beyond(shown, ends, most=1))
    return shortened("; ".join(parts), 160)


def _draw_accuracies(figure, place, results, shown, ends):
    axes = figure.add_axes(place)
    looks = model_looks(results.study)
    low, high = (100 * end for end in ends)
    for row, model in enumerate(shown):
        accuracy, look = model.score, looks[model.model]
        group = model.in_the_lead
        if group and len(shown) > 1:
            axes.axhspan(row - 0.5, row + 0.5, color=INK, alpha=0.07, linewidth=0)
        value = 100 * accuracy.value
        axes.hlines(row, 100 * accuracy.low, 100 * accuracy.high, color=look["color"], linewidth=3)
        mark = {"color": look["color"], "markersize": 11, "zorder": 3, "clip_on": False}
        shape = "<" if value < low else ">" if value > high else "o"
        axes.plot(min(max(value, low), high), row, marker=shape, **mark)
        if len(accuracy.by_seed) > 1:
            draw_seeds(axes, row + 0.3, model, ends, _SEED)
        axes.text(
            1.02,
            row,
            w.percent(accuracy.value),
            transform=axes.get_yaxis_transform(),
            fontsize=14,
            fontweight="bold" if group else "normal",
            va="center",
        )
    axes.set_xlim(low, high)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    names = figure_names(results.study, WIDE)
    axes.set_yticks(range(len(shown)), [names[model.model] for model in shown], fontsize=14)
    axes.tick_params(axis="y", length=0, pad=10)
    for label in axes.get_yticklabels():
        _shrink(label, lambda extent: extent.x0 < _LEFT * _INCHES[0] * _DPI)
    axes.tick_params(axis="x", labelsize=12)
    axes.grid(axis="y", visible=False)
    axes.spines["left"].set_visible(False)
