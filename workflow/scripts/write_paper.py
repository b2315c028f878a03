"""Make what is passed on: a picture for slides and chats, and what goes into a paper."""

import json
import shutil
from pathlib import Path

from bakeoff.figures.drawn import OF_NUMBERS
from bakeoff.figures.loss_curves import draw_overlay, draw_overview
from bakeoff.figures.style import house_style, save_pdf, save_png
from bakeoff.figures.summary import draw_summary
from bakeoff.figures.tradeoffs import COSTS, draw_tradeoff
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log
from bakeoff.report.paper import bibtex, main_table, methods
from bakeoff.results import read_results
from bakeoff.study.commit import commits
from bakeoff.study.readers import read_findings, read_histories, read_summary


def write_paper(study, tree, analysis, summary, findings, histories, picture, folder):
    """Write ``picture``, 1200 by 630 pixels, and the files of ``folder``.

    These are table.tex, methods.tex, cite.bib and the figures as PDF. ``study`` is the reported
    study, ``tree`` what :func:`bakeoff.study.commit.commits` says of the files in force;
    ``histories`` are paths in the order of :func:`bakeoff.study.readers.runs_in`, all others one
    path each. Raises :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    results, words = read_results(analysis, study), read_findings(findings)
    costs = read_summary(summary, study)
    runs, folder = read_histories(histories, study), Path(folder)
    with house_style():
        save_png(draw_summary(results, words["headline"], words["pick"]), picture)
        figures = {
            **{name: draw(results) for name, draw in OF_NUMBERS.items()},
            "loss_overview": draw_overview(study, runs),
            "loss_overlay": draw_overlay(study, runs),
            **{f"accuracy_{cost}": draw_tradeoff(results, costs, cost) for cost in COSTS},
        }
        for name, figure in figures.items():
            if figure:
                save_pdf(figure, folder / f"{name}.pdf")
    texts = {
        "table.tex": main_table(results),
        "methods.tex": methods(results, tree),
        "cite.bib": bibtex(tree) + "\n",
    }
    for name, text in texts.items():
        with write_atomically(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        shutil.rmtree(snakemake.output.folder, ignore_errors=True)
        write_paper(
            json.loads(snakemake.params.study),
            commits(snakemake.config["folders"]),
            snakemake.input.analysis,
            snakemake.input.summary,
            snakemake.input.findings,
            snakemake.input.histories,
            snakemake.output.picture,
            snakemake.output.folder,
        )
