"""Draw what accuracy costs: test accuracy against size, computation and time."""

import json

from bakeoff.figures.style import house_style, save_svg
from bakeoff.figures.tradeoffs import COSTS, draw_tradeoff
from bakeoff.joblog import job_log
from bakeoff.results import read_results
from bakeoff.study.readers import read_summary


def plot_tradeoffs(study, analysis_file, summary_file, *figure_files):
    """Write the figures as SVG from analysis.json and summary.csv.

    ``figure_files`` are paths, one for each of ``COSTS``, in their order.
    """
    results, summary = read_results(analysis_file, study), read_summary(summary_file, study)
    with house_style():
        for cost, path in zip(COSTS, figure_files, strict=True):
            save_svg(draw_tradeoff(results, summary, cost), path)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        plot_tradeoffs(
            json.loads(snakemake.params.study),
            snakemake.input.analysis,
            snakemake.input.summary,
            *snakemake.output,
        )
