"""Draw what the numbers say: accuracies, comparisons, calibration, and what seeds decide.

One step draws them all, as to start Python and Matplotlib takes longer than any one of them.
"""

import json

from bakeoff.figures.accuracies import draw_forest
from bakeoff.figures.calibration import draw_reliability
from bakeoff.figures.comparisons import draw_matrix
from bakeoff.figures.looks import draw_race
from bakeoff.figures.power import draw_power
from bakeoff.figures.style import house_style, save_svg, text_alone
from bakeoff.joblog import job_log
from bakeoff.results import read_results

DRAWN = {
    "forest": draw_forest,
    "matrix": draw_matrix,
    "reliability": draw_reliability,
    "looks": draw_race,
    "power": draw_power,
}
NOTHING = "Nothing to draw: this takes two models that learned, with two seeds in common."
"""What stands in the place of a figure that there is not."""


def plot_findings(study, analysis_file, **figures):
    """Write figures as SVG from analysis.json: to paths, by the names of :data:`DRAWN`.

    Raises :class:`bakeoff.errors.StudyError` when that is damaged.
    """
    results = read_results(analysis_file, study)
    with house_style():
        for name, file in figures.items():
            save_svg(DRAWN[name](results) or text_alone(NOTHING), file)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        plot_findings(
            json.loads(snakemake.params.study),
            snakemake.input.analysis,
            **dict(snakemake.output.items()),
        )
