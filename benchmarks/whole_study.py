"""The flat script over three models against Snakemake over the same three.

Short epochs, so that what the pipeline adds shows; what a full-length study costs is computed
from that and from the epochs of training_steps.
"""

import json
import resource
import shutil
import sys
import time
from itertools import count
from pathlib import Path
from statistics import median

import training_steps
from measuring import describe_ratio, interleaved, run_timed, snakemake, table

TITLE = "A whole study"
ROOT = Path(__file__).parents[1]
MODELS = ("model_01", "model_03", "model_05")
EPOCHS = 2
IMAGES = 6_000
FULL_EPOCHS = 13
MOST = 1.02
MOST_BFLOAT16 = 0.4
MOST_SHORT = 1.2
"""How many times as long as the flat script the short study may take, two jobs at a time."""

CORES = 2
FULL_RATIOS = {
    "float32": ("float32", MOST),
    "mixed_bfloat16": ("bfloat16", MOST),
    "mixed_bfloat16 over float32": ("bfloat16, over the flat script in float32", MOST_BFLOAT16),
    "mixed_bfloat16 over its own": ("bfloat16, over the pipeline in float32", ""),
    "PyTorch": ("for comparison: PyTorch's steps in bfloat16, over its own in float32", ""),
}
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
    steps = json.loads((ROOT / "results/benchmarks/training_steps.json").read_text())
    saving = {model: _seconds_of_a_checkpoint(model, folder) for model in training_steps.STEPS}
    full = {
        kind: _full_length(steps["found"], median(added), saving, of_turns)
        for kind, of_turns in {"medians": median, "fastest": min}.items()
    }
    return {"seconds": seconds, "busy": busy, "added": added, "saving": saving, "full": full}


def _run(command, folder):
    """Run a command; return its seconds, and those that processors worked for it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = run_timed([*map(str, command)], cwd=folder)[0]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _seconds_of_a_checkpoint(model, folder):
    """Return the median time of taking and writing a state of ``model``, of five after one."""
    from bakeoff.study.identity import contender, training_identity
    from bakeoff.study.sources import Sources
    from bakeoff.training.architecture import build_model
    from bakeoff.training.checkpoints import Checkpoints
    from bakeoff.training.compile import compile_model
    from bakeoff.training.loop import restore, state_of
    from whole_job import settings

    identity = training_identity(
        Sources([ROOT]), contender(model), 0, settings(FULL_EPOCHS, "float32")
    )
    built = build_model([ROOT], model, (28, 28, 1), 10)
    compile_model(built, identity, "CPU")
    record, _ = restore(built, None)
    checkpoints = Checkpoints(folder / "checkpoints", identity, "")
    epochs = count(1)

    def save():
        begun = time.perf_counter()
        checkpoints.save(next(epochs), state_of(built), record)
        return time.perf_counter() - begun

    with checkpoints.locked():
        seconds = median(interleaved({"save": save})["save"])
    shutil.rmtree(folder / "checkpoints")
    return seconds


def _full_length(steps, added, saving, of_turns):
    """Return a full study's time over its runs in the flat script, by precision.

    The study trains one model after the other, each in a job that takes ``added`` seconds more
    than its epochs: its share of Snakemake, of the backend's import and of the report included.
    After each epoch it saves a state, which takes the seconds that ``saving`` has by model.
    ``of_turns`` makes one number of the seconds of a run's turns.
    """
    totals = {}
    for row in steps["rows"]:
        for name in training_steps.CONTENDERS:
            epoch = of_turns(row["seconds"][name]) * training_steps.EPOCH / row["images"]
            key = row["precision"], name
            totals[key] = totals.get(key, 0) + FULL_EPOCHS * epoch
    models = len(training_steps.STEPS)
    more = models * added + FULL_EPOCHS * sum(saving.values())
    whole = {p: totals[p, "pipeline"] + more for p in training_steps.PRECISIONS}
    return {
        "float32": whole["float32"] / totals["float32", "flat script"],
        "mixed_bfloat16": whole["mixed_bfloat16"] / totals["mixed_bfloat16", "flat script"],
        "mixed_bfloat16 over float32": whole["mixed_bfloat16"] / totals["float32", "flat script"],
        "mixed_bfloat16 over its own": whole["mixed_bfloat16"] / whole["float32"],
        "PyTorch": totals["mixed_bfloat16", "PyTorch"] / totals["float32", "PyTorch"],
    }


def describe(measured):
    """Return the section of docs/performance.md."""
    seconds, full = measured["seconds"], measured["full"]
    whole = {name: median(values) for name, values in seconds.items()}
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
    two = describe_ratio("With two jobs, the ratio is", whole[TWO] / whole[flat], MOST_SHORT)
    return "\n\n".join(
        [
            f"Three models with {EPOCHS} epochs of {IMAGES:,} images, from the command to the"
            " last file, against the flat script's time. So short a study shows what each job"
            " adds: its own import of TensorFlow, checkpoints, measures; and the report.",
            table(["", "time", "processor time", "cores busy"], rows),
            f"{two} Three runs on two cores leave one idle while the last one trains, and nothing"
            " runs beside the planning. Were both busy throughout, it would be"
            f" {busy[TWO] / CORES / whole[flat]:.2f}.",
            f"At full length, ten models with {FULL_EPOCHS} epochs of {training_steps.EPOCH:,}"
            " images, one job at a time, computed from the epochs above and what a job adds"
            " and its checkpoints take, over the sum of the runs in the flat script. By the"
            " fastest turns, the flat script does not wait at the end of an epoch.",
            table(
                ["", "by medians", "by the fastest turns", "aim"],
                [
                    [what, *(f"{found[key]:.2f}" for found in full.values()), aim]
                    for key, (what, aim) in FULL_RATIOS.items()
                ],
            ),
        ]
    )
