"""The figures of what the numbers say, by their names in figures/ and in a paper."""

from collections.abc import Callable

from matplotlib.figure import Figure

from bakeoff.figures.accuracies import draw_forest
from bakeoff.figures.calibration import draw_reliability
from bakeoff.figures.comparisons import draw_matrix
from bakeoff.figures.looks import draw_race
from bakeoff.figures.power import draw_power
from bakeoff.results import Results

OF_NUMBERS: dict[str, Callable[[Results], Figure | None]] = {
    "accuracy_forest": draw_forest,
    "comparisons": draw_matrix,
    "reliability": draw_reliability,
    "seeds": draw_race,
    "power": draw_power,
}
"""What draws each of a study's :class:`bakeoff.results.Results`; None where it shows nothing."""
