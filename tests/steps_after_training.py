"""Every step after training, on a study whose runs are made up.

As a program: runs the steps for a folder with study.json and the runs, and prints the
processor seconds and the megabytes of memory that they took.
"""

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
NUMBERS = ("runs.csv", "summary.csv", "analysis.json")
WORDS = ("summary.txt", "summary.md", "conclusions.md", "findings.json")
COMMAND = "snakemake --cores 4 --configfile config/quick.yaml"
TREE = {"id": "feed" * 10, "clean": True}


def describe_study(models, seeds=(0,), **changes):
    """Return a reported study; ``models`` are names, or dicts that replace what is made up."""
    entries = [model if isinstance(model, dict) else {"name": model} for model in models]
    study = {
        "title": "A study",
        "dataset": {"name": "mnist", "title": "MNIST", "validation": "test", "disputed": []},
        "models": [
            {
                "model": f"model_{number}",
                "description": f"about {entry['name']}",
                "family": f"family {number % 4}",
            }
            | entry
            for number, entry in enumerate(entries)
        ],
        "seeds": list(seeds),
        "unfinished": [],
        "metric": "accuracy",
        "show_images": True,
        "published": None,
    }
    return study | changes


def run_steps(folder, study, paper=True):
    """Run the steps as their rules do and return the page's path.

    The runs are those of :func:`fabricated_study.fabricate_run` in ``folder``, and so is the data,
    of :func:`fabricated_study.fabricate_data`. Drawing the figures of a ``paper``, which no page
    needs, takes longer than all else.
    """
    from bakeoff.study.config import numbers_study
    from bakeoff.study.readers import runs_in
    from collect_results import collect_results
    from fabricated_study import descriptions_of
    from plot_findings import plot_findings
    from plot_loss_curves import plot_loss_curves
    from plot_tradeoffs import plot_tradeoffs
    from render_report import render_report
    from write_conclusions import write_conclusions
    from write_paper import write_paper

    folder = Path(folder)
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    data = folder / "data" / study["dataset"]["name"] / "data.json"
    trained = [folder / "models" / model / f"seed_{seed}" for model, seed in runs_in(study)]
    histories, cards, predictions = (
        [training / name for training in trained]
        for name in ("history.csv", "card.json", "predictions.npz")
    )
    descriptions = descriptions_of(folder, study)
    numbers = [folder / name for name in NUMBERS]
    runs, summary, analysis = numbers
    findings, page = folder / "findings.json", folder / "report.html"
    curves = figures / "loss"
    drawn = {
        "loss_overview": figures / "loss_overview.svg",
        "loss_overlay": figures / "loss_overlay.svg",
        "accuracy_forest": figures / "accuracy_forest.svg",
        "comparisons": figures / "comparisons.svg",
        "reliability": figures / "reliability.svg",
        "power": figures / "power.svg",
        "tradeoffs": [
            figures / f"accuracy_{cost}.svg"
            for cost in ("parameters", "multiply_adds", "training_time", "latency")
        ],
    }
    collect_results(
        numbers_study(study), data, histories, cards, predictions, descriptions, *numbers
    )
    write_conclusions(study, analysis, summary, *(folder / name for name in WORDS))
    plot_loss_curves(study, histories, curves, drawn["loss_overview"], drawn["loss_overlay"])
    findings_drawn = ("accuracy_forest", "comparisons", "reliability", "power")
    plot_findings(study, analysis, **{key: drawn[key] for key in findings_drawn})
    plot_tradeoffs(study, analysis, summary, *drawn["tradeoffs"])
    if paper:
        write_paper(
            study,
            {"commit": TREE},
            analysis,
            summary,
            findings,
            histories,
            folder / "summary.png",
            folder / "paper",
        )
    render_report(
        study=study,
        command=COMMAND,
        tree={"commit": TREE},
        runs_file=runs,
        summary_file=summary,
        analysis_file=analysis,
        findings_file=findings,
        data_file=data,
        cards=cards,
        descriptions=descriptions,
        histories=histories,
        curves=curves,
        figures=drawn,
        template_folder=ROOT / "workflow" / "report",
        page_file=page,
    )
    return page


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "scripts"), str(ROOT / "tests" / "builders")]
    from bakeoff.training.machine import peak_memory_mb

    folder = Path(sys.argv[1])
    run_steps(folder, json.loads((folder / "study.json").read_text()))
    print(json.dumps({"seconds": time.process_time(), "megabytes": peak_memory_mb()}))
