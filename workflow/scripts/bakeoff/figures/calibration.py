"""Draw how often each model is right when it says how sure it is: reliability diagrams."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bakeoff import wording as w
from bakeoff.figures.colours import INK
from bakeoff.figures.style import TITLE, Look, model_looks, small_multiples
from bakeoff.figures.texts import wrapped
from bakeoff.results import Results
from bakeoff.selection import shown_of

_DIAGONAL: Look = {"color": INK, "linewidth": 0.8, "linestyle": "dashed"}


def draw_reliability(results: Results) -> Figure:
    """Return a panel a model: accuracy over mean confidence, a point a bin of confidence.

    A point's size tells how many predictions it stands for, on a logarithmic scale, since nearly
    all predictions are in the last bin. A line leads from each point to the diagonal, where
    accuracy is what confidence promises. ``results`` are :class:`bakeoff.results.Results`; of
    many models, the most accurate are shown.
    """
    study = results.study
    colours = {model: look["color"] for model, look in model_looks(study).items()}
    models, choice = shown_of(results)
    titles = [(model.name, _error(model.calibration)) for model in models]
    figure, panels = small_multiples(titles, 1.6, xlabel="confidence (%)")
    lines = [
        f"Accuracy against confidence, {study['dataset']['title']}",
        "ECE: expected calibration error, in percentage points",
        *choice,
    ]
    figure.suptitle(
        "\n".join(wrapped(line, TITLE) for line in lines), x=0.01, ha="left", fontsize=10
    )
    figure.supylabel("accuracy (%)", fontsize=9)
    panels[0].set(xlim=(0, 104), ylim=(-4, 104), xticks=[0, 50, 100], yticks=[0, 50, 100])
    most = 1
    for axes, model in zip(panels, models, strict=True):
        axes.plot([0, 100], [0, 100], **_DIAGONAL)
        if not model.calibration:
            continue
        bins = [one for one in model.calibration.bins if one.predictions]
        predictions = np.array([one.predictions for one in bins])
        confidence = 100 * np.array([one.confidence for one in bins])
        accuracy = 100 * np.array([one.accuracy for one in bins])
        colour = colours[model.model]
        axes.vlines(confidence, confidence, accuracy, color=colour, linewidth=0.8)
        # Lines without length, since a circle of each size would make the file three times as
        # large; not clipped, so that a point at 100 % is not cut in half.
        dots: Look = {"linewidth": diameter(predictions), "capstyle": "round", "clip_on": False}
        axes.vlines(confidence, accuracy, accuracy, color=colour, zorder=3, **dots)
        most = max(most, predictions.max())
    figure.legend(handles=_legend_entries(most), loc="outside lower left", ncols=2)
    return figure


def diameter(predictions: int | np.ndarray) -> float | np.ndarray:
    """Return the diameter, in points, of a mark that stands for so many predictions, 1 or more."""
    return 2 + 1.5 * np.log10(predictions)


def _error(calibration):
    if not calibration:
        return "diverged"
    within = "" if calibration.beyond_chance else ", within chance"
    return f"ECE {w.number(100 * calibration.ece)}{within}"


def _legend_entries(most):
    handles = [Line2D([], [], **_DIAGONAL, label="accuracy as promised")]
    mark = {"color": INK, "marker": "o", "linestyle": "none", "markeredgewidth": 0}
    for exponent in range(0, len(str(most)), 2):
        label = w.count(10**exponent, "prediction")
        size = diameter(10**exponent)
        handles.append(Line2D([], [], **mark, markersize=size, label=label))
    return handles
