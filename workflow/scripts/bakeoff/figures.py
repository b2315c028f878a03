"""One look for all figures, and files that are equal when what they show is equal."""

import math
import textwrap

import matplotlib as mpl
from matplotlib.figure import Figure

from bakeoff.files import write_atomically

# Okabe and Ito's palette, which colour-blind readers can tell apart.
BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#6E6E6E"
TRAIN_COLOUR, VALIDATION_COLOUR = BLUE, VERMILLION

_STYLE = {
    # Matplotlib brings DejaVu Sans, so layouts are the same everywhere; viewers without it take
    # the next, which are no wider.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9,
    "text.parse_math": False,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "lines.linewidth": 1.6,
    "lines.markersize": 3.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "none",
}


def house_style():
    """Return a context in which figures are drawn and saved in the project's style."""
    return mpl.rc_context(_STYLE)


def new_figure(width, height):
    """Return an empty figure of ``width`` by ``height`` inches that keeps its texts apart."""
    return Figure(figsize=(width, height), layout="constrained")


def save_svg(figure, path):
    """Write ``figure`` as SVG with its texts as text; equal figures make equal bytes."""
    with write_atomically(path) as temporary, mpl.rc_context({"svg.hashsalt": "mnist-bakeoff"}):
        figure.savefig(temporary, format="svg", metadata={"Date": None, "Creator": None})


def wrapped(text, width):
    """Return ``text`` on lines of at most ``width`` characters."""
    return textwrap.fill(text, width)


def log_ticks(low, high, most=8):
    """Return ticks for a log scale from below ``low`` to above ``high``, both positive.

    They are 1, 2 and 5 times powers of ten, or powers of ten alone where those would be more
    than ``most``.
    """
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    for factors in ((1, 2, 5), (1,)):
        values = [float(f"{factor}e{exponent}") for exponent in exponents for factor in factors]
        below = max(value for value in values if value < low)
        above = min(value for value in values if value > high)
        ticks = [value for value in values if below <= value <= above]
        if len(ticks) <= most:
            break
    return ticks
