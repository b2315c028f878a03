"""A study of the notebook's length against the flat script, computed from other parts.

That is the epochs of training_steps and what Snakemake adds to each run of short_study, both on the
same machine; what is measured here is a checkpoint of each model.
"""

import json
import shutil
import sys
import time
from itertools import count
from pathlib import Path
from statistics import median

import training_steps
from measuring import interleaved, table

TITLE = "A whole study"
ROOT = Path(__file__).parents[1]
FULL_EPOCHS = 13
MOST = 1.02
MOST_BFLOAT16 = 0.4
FULL_RATIOS = {
    "float32": ("float32", MOST),
    "mixed_bfloat16": ("bfloat16", MOST),
    "mixed_bfloat16 over float32": ("bfloat16, over the flat script in float32", MOST_BFLOAT16),
    "mixed_bfloat16 over its own": ("bfloat16, over the pipeline in float32", ""),
    "PyTorch": ("for comparison: PyTorch's steps in bfloat16, over its own in float32", ""),
}


def measure(folder):
    """Return a whole study's time over its runs in the flat script: see :func:`_full_length`."""
    steps, short = (_found(part) for part in ("training_steps", "short_study"))
    saving = {model: _seconds_of_a_checkpoint(model, folder) for model in training_steps.STEPS}
    full = {
        kind: _full_length(steps, median(short["added"]), saving, of_turns)
        for kind, of_turns in {"medians": median, "fastest": min}.items()
    }
    rates = steps["rates"]
    return {"saving": saving, "full": full, "product": rates["float32"] / rates["mixed_bfloat16"]}


def _found(part):
    """Return what another part has measured."""
    file = ROOT / "results" / "benchmarks" / f"{part}.json"
    if not file.is_file():
        sys.exit(f"{file}: missing; expected what {part} finds on this machine: name that part too")
    return json.loads(file.read_text())["found"]


def _seconds_of_a_checkpoint(model, folder):
    """Return the median time of taking and writing a state of ``model``, of five after one."""
    from bakeoff.study.identity import contender, training_identity
    from bakeoff.study.sources import Sources
    from bakeoff.training.architecture import build_model
    from bakeoff.training.callbacks import OwnCallbacks
    from bakeoff.training.checkpoints import Checkpoints
    from bakeoff.training.compile import compile_model
    from bakeoff.training.loop import restore, state_of
    from whole_job import settings

    identity = training_identity(
        Sources([ROOT]), contender(model), 0, settings(FULL_EPOCHS, "float32")
    )
    built = build_model([ROOT], model, (28, 28, 1), 10)
    compile_model(built, identity, "CPU")
    trained = identity["settings"]
    record, _ = restore(built, None, trained, OwnCallbacks((), built, FULL_EPOCHS, 1))
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
    reason, product = "", measured["product"]
    unmet = measured["full"]["fastest"]["mixed_bfloat16 over float32"] > MOST_BFLOAT16
    if unmet and product > MOST_BFLOAT16:
        reason = (
            f" Where it does not wait, {MOST_BFLOAT16} would take steps that come"
            f" {product / MOST_BFLOAT16:.1f} times as near the machine's peak in bfloat16 as the"
            " flat script's do in float32: the product of two large matrices itself takes"
            f" {product:.2f} of its time in float32."
        )
    return "\n\n".join(
        [
            f"Ten models with {FULL_EPOCHS} epochs of {training_steps.EPOCH:,}"
            " images, one job at a time, computed from the epochs above and what a job adds"
            " and its checkpoints take, over the sum of the runs in the flat script. By the"
            " fastest turns, the flat script does not wait at the end of an epoch." + reason,
            table(
                ["", "by medians", "by the fastest turns", "aim"],
                [
                    [what, *(f"{found[key]:.2f}" for found in measured["full"].values()), aim]
                    for key, (what, aim) in FULL_RATIOS.items()
                ],
            ),
        ]
    )
