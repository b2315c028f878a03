"""Draw how the log-loss of each model falls: a figure a model, all side by side, all in one."""

import json
from pathlib import Path

from bakeoff.figures.loss_curves import draw_model, draw_overlay, draw_overview
from bakeoff.figures.style import house_style, save_svg
from bakeoff.joblog import job_log
from bakeoff.study.readers import read_histories


def plot_loss_curves(study, histories, folder, overview_file, overlay_file):
    """Write one SVG a model into ``folder``, one of all side by side, one of all in one.

    ``histories`` are paths, in the order of :func:`bakeoff.study.readers.runs_in`. A model's
    figure has its key as name.
    """
    runs = read_histories(histories, study)
    with house_style():
        for entry in study["models"]:
            figure = draw_model(study, entry, runs[entry["model"]])
            save_svg(figure, Path(folder) / f"{entry['model']}.svg")
        save_svg(draw_overview(study, runs), overview_file)
        save_svg(draw_overlay(study, runs), overlay_file)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        plot_loss_curves(
            json.loads(snakemake.params.study),
            snakemake.input.histories,
            snakemake.output.folder,
            snakemake.output.loss_overview,
            snakemake.output.loss_overlay,
        )
