"""Everything after training: from the runs' files to the report, through Snakemake.

The study is as large as the repository's own with three seeds: its ten models, 10,000 test images
and 13 epochs. The runs' files are made up, with the layers of the real architectures; their
contents are no results. Each round starts without any output of the steps and ends with the
report; Snakemake's own start is part of it. What counts is the wall time with two cores. How long
a step runs, its Python's start included, is what Snakemake records of it.

Larger studies, of made-up models, are collected once each.
"""

import json
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from measuring import interleaved, run_timed, snakemake, table, verdict

ROOT = Path(__file__).parents[1]
sys.path.extend(str(ROOT / part) for part in (".", "tests/builders", "workflow/scripts"))

TITLE = "From finished runs to the report"

ALLOWED = 15
"""Seconds that all steps may take together."""

MODELS = [f"model_{number:02}" for number in range(1, 11)]
SEEDS = [0, 1, 2]
IMAGES = 10_000
STUDY = ["--config", f"study={{seeds: {SEEDS}}}"]
LARGE = {100: 5, 1_000: 5, 5_454: 5}
"""The numbers of models and seeds of larger studies."""
STARTING, ENDING = "Snakemake, before the first step", "Snakemake, after the last step"


def measure(folder):
    """Return what :func:`collect_once` does: of each round, and of each larger study."""
    project = fabricate(folder / "study")

    def collect(project=project, arguments=STUDY):
        found = collect_once(project, arguments)
        print(f"{found['seconds']:.1f} s, {found['mebibytes']:,.0f} MiB", flush=True)
        return found

    rounds = interleaved({"steps": collect})["steps"]
    large = {}
    for models, seeds in LARGE.items():
        project = fabricate_large(folder / f"study_{models}", models, seeds)
        large[str(models)] = collect(project, [])
        shutil.rmtree(project)
    return {"rounds": rounds, "large": large}


def fabricate(folder):
    """Make a copy of the workflow in ``folder`` whose study has only to be collected."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from bakeoff.describe.model import describe_model
    from bakeoff.training.architecture import build_model
    from projects import copy_workflow

    project = copy_workflow(folder)
    described = {}
    for model in MODELS:
        described[model] = describe_model(build_model([folder], model, (28, 28, 1), 10))
        described[model]["parameters"] = described[model]["parameters"]["total"]
    fabricate_results(folder, described, SEEDS)
    # As after real runs, Snakemake has a record of each file.
    project.snakemake("--touch", "--forcerun", "download_images", "--until", "train_model", *STUDY)
    return folder


def fabricate_large(folder, models, seeds):
    """Make such a copy with a study of so many made-up models, the larger the more accurate.

    Snakemake has no records of its files, for which it would take longer than for all steps.
    """
    from made_up_models import made_up_study

    made_up_study(folder, models, range(seeds))
    described = {
        f"size_{number:04}": {"parameters": 10_000 * number, "multiply_adds": 9_000 * number}
        for number in range(1, models + 1)
    }
    fabricate_results(folder, described, range(seeds))
    return folder


def fabricate_results(folder, described, seeds):
    """Make up the runs of a study in ``folder``; ``described`` is by model."""
    from fabricated_study import (
        fabricate_data,
        fabricate_downloads,
        fabricate_run,
        mark_as_planned,
    )

    fabricate_downloads(folder / "resources")
    fabricate_data(folder / "results", images=IMAGES)
    for place, (model, description) in enumerate(described.items(), 1):
        for seed in seeds:
            accuracy = 0.9915 + 0.003 * place / len(described) + 0.0005 * seed
            settings = {"images": IMAGES, "accuracy": accuracy, **description}
            training = fabricate_run(folder / "results", model, seed, **settings)
            (training / "model.keras").touch()
    mark_as_planned(folder)


def collect_once(project, arguments):
    """Remove what the steps after training made, and run them; return what that took.

    That is ``seconds`` and ``mebibytes`` in all, and the seconds of each of the ``steps`` in the
    order of their starts, two at a time.
    """
    for made in (project / "results").iterdir():
        if made.is_file():
            made.unlink()
    shutil.rmtree(project / "results" / "figures", ignore_errors=True)
    begun = time.time()
    seconds, mebibytes = run_timed(snakemake("--cores", 2, *arguments), project)
    metadata = project / ".snakemake" / "metadata"
    records = [json.loads(file.read_text()) for file in metadata.rglob("*") if file.is_file()]
    spans = sorted(
        {
            (record["starttime"], record["endtime"], record["rule"])
            for record in records
            if record["starttime"] >= begun
        }
    )
    steps = {rule: end - start for start, end, rule in spans}
    if "train_model" in steps:
        raise RuntimeError("the made-up runs were repeated; expected the later steps alone")
    starting = min(start for start, _, _ in spans) - begun
    ending = begun + seconds - max(end for _, end, _ in spans)
    steps = {STARTING: starting, **steps, ENDING: ending}
    return {"seconds": seconds, "mebibytes": mebibytes, "steps": steps}


def describe(measured):
    """Return the section of docs/performance.md."""
    rounds = measured["rounds"]
    whole = statistics.median(found["seconds"] for found in rounds)
    memory = statistics.median(found["mebibytes"] for found in rounds)
    part = whole / ALLOWED
    steps = [
        [step, f"{statistics.median(f['steps'][step] / f['seconds'] for f in rounds):.2f}"]
        for step in rounds[0]["steps"]
    ]
    return "\n\n".join(
        [
            f"Tables, conclusions, figures and the report of {len(MODELS)} models with {len(SEEDS)}"
            f" seeds each take {part:.2f} of the {ALLOWED} seconds allowed on two cores (target: at"
            f" most 1, {verdict(part, 1)}) and {memory / 1024:.1f} GB of memory, Snakemake itself"
            " included.",
            "Two steps run at a time, so their shares add up to more than one.",
            table(["step", "share of the whole time"], steps),
            "Larger studies of made-up models, once each, as multiples of that one's time. Every"
            " two models are compared.",
            table(
                ["models", "runs", "times as long", "memory, GB", "the longest step"],
                [
                    [
                        f"{int(models):,}",
                        f"{int(models) * LARGE[int(models)]:,}",
                        f"{found['seconds'] / whole:.1f}",
                        f"{found['mebibytes'] / 1024:.1f}",
                        max(found["steps"], key=found["steps"].get),
                    ]
                    for models, found in measured["large"].items()
                ],
            ),
        ]
    )
