"""The flat script over three models against Snakemake over the same three.

Short epochs, so that what the pipeline adds shows; see whole_study.py for a study of full length.
"""

import json
import resource
import shutil
import sys
from pathlib import Path
from statistics import median

from measuring import describe_ratio, interleaved, run_timed, snakemake, table

TITLE = "A short study"
ROOT = Path(__file__).parents[1]
MODELS = ("model_01", "model_03", "model_05")
EPOCHS = 2
IMAGES = 6_000
MOST = 1.2
"""How many times as long as the flat script it may take, two jobs at a time."""

CORES = 2
ONE, TWO = "snakemake, one job at a time", "snakemake, two jobs of one thread"
SNAKEMAKE = {
    ONE: ["--cores", CORES],
    TWO: ["--cores", CORES, "--set-threads", "train_model=1"],
}


def measure(folder):
    """Return the seconds of each way, those of processor time, and what Snakemake adds to a run."""
    project = folder / "project"
    shutil.copytree(
        ROOT, project, ignore=shutil.ignore_patterns("results", ".*", "resources", "benchmarks")
    )
    (project / "resources").symlink_to(ROOT / "resources")
    overlay = folder / "overlay.json"
    study = {"models": list(MODELS), "published": None}
    data = {"train_images": IMAGES, "test_images": 1_000}
    overlay.write_text(json.dumps({"study": study, "data": data, "training": {"epochs": EPOCHS}}))
    prepared = project / "results" / "data" / "mnist" / "data.json"
    command = [*snakemake("--configfile", overlay)]
    _run([*command, "--cores", CORES, prepared.relative_to(project)], project)
    flat = [sys.executable, ROOT / "benchmarks/flat_script.py", prepared, EPOCHS, "float32"]

    def script():
        return *_run([*flat, *MODELS], folder), None

    def study_by(options):
        for output in (project / "results").iterdir():
            if output.name != "data":
                shutil.rmtree(output) if output.is_dir() else output.unlink()
        seconds, busy = _run([*command, *options], project)
        cards = (project / "results" / "models").glob("*/*/card.json")
        trained = [json.loads(card.read_text())["seconds"]["training"] for card in cards]
        return seconds, busy, (seconds - sum(trained)) / len(MODELS)

    ways = {name: lambda options=options: study_by(options) for name, options in SNAKEMAKE.items()}
    found = interleaved({"flat script": script} | ways)
    seconds = {name: [whole for whole, _, _ in turns] for name, turns in found.items()}
    busy = {name: [each for _, each, _ in turns] for name, turns in found.items()}
    added = [each for _, _, each in found[ONE]]
    for name, values in seconds.items():
        print(f"{name}: {median(values) / median(seconds['flat script']):.2f}")
    return {"seconds": seconds, "busy": busy, "added": added}


def _run(command, folder):
    """Run a command; return its seconds, and those that processors worked for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = run_timed([*map(str, command)], cwd=folder)[0]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def describe(measured):
    """Return the section of docs/performance.md."""
    whole = {name: median(values) for name, values in measured["seconds"].items()}
    busy = {name: median(values) for name, values in measured["busy"].items()}
    flat = next(iter(whole))
    rows = [
        [
            name,
            f"{whole[name] / whole[flat]:.2f}",
            f"{busy[name] / busy[flat]:.2f}",
            f"{busy[name] / whole[name] / CORES:.0%}",
        ]
        for name in whole
    ]
    two = describe_ratio("With two jobs, the ratio is", whole[TWO] / whole[flat], MOST)
    return "\n\n".join(
        [
            f"Three models with {EPOCHS} epochs of {IMAGES:,} images, from the command to the"
            " last file, against the flat script's time. So short a study shows what each job"
            " adds: its own import of TensorFlow, checkpoints, measures; and the report.",
            table(["", "time", "processor time", "cores busy"], rows),
            f"{two} Three runs on two cores leave one idle while the last one trains, and nothing"
            " runs beside the planning. Were both busy throughout, it would be"
            f" {busy[TWO] / CORES / whole[flat]:.2f}.",
        ]
    )
