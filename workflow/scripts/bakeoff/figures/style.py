"""One look for all figures, and files that are equal when what they show is equal."""

import io
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bakeoff.figures.colours import GRID, INK, PAPER, model_colours, place_in_hue
from bakeoff.figures.texts import wrapped
from bakeoff.files import write_atomically

Look = dict[str, Any]
"""How something is drawn: arguments for Matplotlib."""

_MARKERS = "os^DvPX<>p"
_DASHES = ["solid", (0, (4, 1.2)), (0, (1.2, 0.8)), (0, (5, 1, 1, 1))]

NARROW = 3.75
"""Width in inches of a figure that fits a phone: 360 pixels of a page."""

SMALLEST = 8.5
"""Size in points of the smallest text: more than 11 pixels of a page."""

TITLE = 51
"""Letters in a line of the title of a figure that a phone scrolls: no more are in sight there."""

_STYLE: Any = {
    # Matplotlib brings DejaVu Sans, so layouts are the same everywhere; viewers without it take
    # the next, which are no wider.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    # Right above the axes: to look for a place takes Matplotlib a tenth of its time.
    "axes.titley": 1.0,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SMALLEST,
    "ytick.labelsize": SMALLEST,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "legend.fontsize": SMALLEST,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save figures in the project's style, for the duration of a ``with`` block."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Texts are saved as texts, so a viewer's fonts show what DejaVu Sans lacks, such as
        # Chinese; Matplotlib's font of last resort keeps room for it.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)
        yield


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of ``width`` by ``height`` inches that keeps its texts apart."""
    return Figure(figsize=(width, height), layout="constrained")


def text_alone(text: str) -> Figure:
    """Return a figure that says in a line why there is nothing to draw."""
    figure = new_figure(7, 0.4)
    figure.text(0.01, 0.5, text, va="center")
    return figure


def small_multiples(
    titles: Sequence[tuple[str, str]], height: float, xlabel: str
) -> tuple[Figure, list[Axes]]:
    """Return a figure of panels on shared axes, five at most beside each other, and the panels.

    ``titles`` are a pair of texts a panel, a name and a line that is wrapped; ``height`` is that
    of a panel without its title, in inches.
    """
    rows = math.ceil(len(titles) / 5)
    columns = math.ceil(len(titles) / rows)
    width = min(9, 1.2 + 3.2 * columns)
    letters = int(12 * (width - 0.8) / columns)
    texts = ["\n".join(wrapped(line, letters) for line in title) for title in titles]
    lines = max(text.count("\n") + 1 for text in texts)
    figure = new_figure(width, 1 + rows * (height + 0.14 * lines))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for axes in grid[len(titles) :]:
        axes.set_visible(False)
    for position, text in enumerate(texts):
        grid[position].set_title(text, fontsize=SMALLEST)
        # The lowest panel of a column may stand above an empty place.
        if position + columns >= len(titles):
            grid[position].set_xlabel(xlabel)
            grid[position].tick_params(labelbottom=True)
    return figure, list(grid[: len(titles)])


def save_svg(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as SVG with its texts as text; equal figures make equal bytes."""
    with write_atomically(path) as temporary, mpl.rc_context({"svg.hashsalt": "mnist-bakeoff"}):
        figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})


def save_png(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as PNG in its own size and resolution; equal figures make equal bytes."""
    with write_atomically(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


def save_pdf(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as PDF with its texts as text; equal figures make equal bytes."""
    # In memory first: where the disk is full, Matplotlib fails in another way while it gives up.
    written = io.BytesIO()
    # TrueType, as journals want it.
    with mpl.rc_context({"pdf.fonttype": 42}), _fonts_without_layout():
        figure.savefig(written, format="pdf", metadata={"CreationDate": None})
    with write_atomically(path) as temporary:
        temporary.write_bytes(written.getvalue())


@contextmanager
def _fonts_without_layout():
    """Embed fonts without the tables that lay texts out: a PDF says where each letter stands.

    What of these belongs to a few letters took a third of the time of a PDF to find out.
    """
    from fontTools.subset import Options

    # Matplotlib hands over no setting, so it is the default that changes.
    name = "_drop_tables_default"
    dropped = getattr(Options, name, ())
    setattr(Options, name, [*dropped, "GDEF", "GPOS", "GSUB", "MATH"])
    try:
        yield
    finally:
        setattr(Options, name, dropped)


def model_looks(study: Mapping[str, Any]) -> dict[str, Look]:
    """Return how each model's line is drawn: a dict from its key to Matplotlib's arguments.

    Besides in colour (:func:`bakeoff.figures.colours.model_colours`), models differ in their
    markers, and models of one hue in their dashes.
    """
    colours, places = model_colours(study), place_in_hue(study)
    return {
        model: {
            "color": colours[model],
            "marker": _MARKERS[position % len(_MARKERS)],
            "linestyle": _DASHES[places[model] % len(_DASHES)],
        }
        for position, model in enumerate(colours)
    }


def log_ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Return ticks, ``most`` of them, for a log scale of ``low`` to ``high``, both positive.

    They are 1, 1.5, 2, 3, 5 and 7 times powers of ten, from below ``low`` to above ``high``; 1, 2
    and 5 times where those would be more than ``most``; where even these would be, powers of ten,
    from the one that is not above ``low`` on: each, or every second, third and so on.
    """
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    for factors in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5)):
        values = [float(f"{factor}e{exponent}") for exponent in exponents for factor in factors]
        below = max(value for value in values if value < low)
        above = min(value for value in values if value > high)
        ticks = [value for value in values if below <= value <= above]
        if len(ticks) <= most:
            return ticks
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = math.ceil((last - first) / (most - 1))
    return [float(f"1e{exponent}") for exponent in range(first, last + 1, step)]


def log_limits(ticks: Sequence[float], low: float, high: float) -> tuple[float, float]:
    """Return the ends of a log scale with ``ticks``, a little beyond ``low`` and ``high``."""
    room = (max(high, ticks[-1]) / ticks[0]) ** 0.03
    return (
        ticks[0] if ticks[0] < low else low / room,
        ticks[-1] if ticks[-1] > high else high * room,
    )
