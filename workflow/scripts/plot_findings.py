"""Draw what the numbers say: accuracies, comparisons and calibration.

One step draws them all, as to start Python and Matplotlib takes longer than any one of them.
"""

import json

from bakeoff.figures.accuracies import draw_forest
from bakeoff.figures.calibration import draw_reliability
from bakeoff.figures.comparisons import draw_matrix
from bakeoff.figures.style import house_style, save_svg
from bakeoff.joblog import job_log
from bakeoff.results import read_results


def plot_findings(study, analysis_file, forest_file, matrix_file, reliability_file):
    """Write the three figures as SVG from analysis.json.

    Raises :class:`bakeoff.errors.StudyError` when that is damaged.
    """
    results = read_results(analysis_file, study)
    with house_style():
        save_svg(draw_forest(results), forest_file)
        save_svg(draw_matrix(results), matrix_file)
        save_svg(draw_reliability(results), reliability_file)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        plot_findings(
            json.loads(snakemake.params.study),
            snakemake.input.analysis,
            snakemake.output.forest,
            snakemake.output.matrix,
            snakemake.output.reliability,
        )
