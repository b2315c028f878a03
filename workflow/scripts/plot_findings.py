"""Draw what the numbers say: accuracies, comparisons, calibration, and what seeds decide.

One step draws them all, as to start Python and Matplotlib takes longer than any one of them.
"""

import json

from bakeoff.figures.drawn import OF_NUMBERS
from bakeoff.figures.style import house_style, save_svg, text_alone
from bakeoff.joblog import job_log
from bakeoff.results import read_results

NOTHING = "Nothing to draw: this takes two models that learned, with two seeds in common."
"""What stands in the place of a figure that there is not."""


def plot_findings(study, analysis_file, **figures):
    """Write figures as SVG from analysis.json: to paths, by the names in ``OF_NUMBERS``.

    Raises :class:`bakeoff.errors.StudyError` when that is damaged.
    """
    results = read_results(analysis_file, study)
    with house_style():
        for name, file in figures.items():
            save_svg(OF_NUMBERS[name](results) or text_alone(NOTHING), file)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        plot_findings(
            json.loads(snakemake.params.study),
            snakemake.input.analysis,
            **dict(snakemake.output.items()),
        )
