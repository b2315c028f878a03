"""Where the time of a training step goes, by kind of operation.

    python benchmarks/operations.py DATA MODEL PRECISION STEPS

trains a turn of so many steps as the pipeline does, under TensorFlow's profiler, and prints the
seconds of each kind as JSON.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from contenders import BATCH, Job, pipeline
from measuring import DATA, table, title_of
from training_steps import NAMES, PRECISIONS, THREADS

TITLE = "Where a step's time goes"
STEPS = {"model_01": 100, "model_03": 100, "model_04": 24, "model_06": 12}
KINDS = {
    "optimizer": r"/adadelta/",
    "convolution, forward": r"Conv2D$",
    "convolution, gradient of inputs": r"BackpropInput$",
    "convolution, gradient of weights": r"BackpropFilter\w*$",
    "dense layers": r"MatMul$",
    "pooling": r"Pool\w*$",
    "bias and ReLU": r"(Bias|Relu)\w*$",
    "casts": r":Cast$",
    "dropout": r"dropout",
    "all else": r"",
}
"""What an operation is, by the first pattern that is found in its name, which ends in its type."""

TRIED = (
    "Tried on an Intel Xeon with AMX, as multiples of a step in bfloat16 (Models 1, 3 and 4,"
    " medians of seven turns of single processes, which differ by some percent):\n\n"
    "- TensorFlow's own rewriting of float32 graphs instead of Keras's casts: 1.05 for Model 1 and"
    " 0.96 for Model 4. It rounds the softmax too, and Model 3 is refused for that. No gain.\n"
    "- TensorFlow's kernel of Adadelta, which goes through memory once where Keras's goes through"
    " it ten times: 0.83 for Model 1, 0.90 for Model 3; in float32 1.03 for Model 3. Compiling"
    " Keras's own update with XLA: 0.95 to 1.06. Not taken: it is one optimizer of many, and its"
    " last bits are not those of Keras's on other backends.\n"
    "- Batches of 512 instead of 128: 0.81, 0.83 and 0.85 an image. That is another training, and"
    " up to who studies it (`batch_size`).\n"
    "- Channels padded to whole vectors: they are, but for the single one of the images."
)


def measure(folder):
    """Return for each model and precision the seconds of each kind of operation in a turn."""
    rows = []
    for model, steps in STEPS.items():
        for precision in PRECISIONS:
            found = subprocess.run(
                [sys.executable, __file__, DATA, model, precision, str(steps)],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            )
            seconds = json.loads(found.stdout.splitlines()[-1])
            rows.append({"model": model, "precision": precision, "seconds": seconds})
            print(f"{model} {precision}: {seconds}", flush=True)
    return {"rows": rows}


def describe(measured):
    """Return the section of docs/performance.md."""
    by_run = {(row["model"], row["precision"]): row["seconds"] for row in measured["rows"]}
    models = list(dict.fromkeys(row["model"] for row in measured["rows"]))
    columns = [(model, precision) for model in models for precision in PRECISIONS]
    totals = {model: sum(by_run[model, "float32"].values()) for model in models}

    def row(name, kinds):
        shares = {c: sum(by_run[c].get(kind, 0) for kind in kinds) / totals[c[0]] for c in columns}
        whole, half = (sum(shares[model, p] for model in models) for p in PRECISIONS)
        # Of what there is next to nothing of in float32, there is no such ratio.
        ratio = f"{half / whole:.2f}" if whole > 0.01 * len(models) else ""
        return [name, *(f"{share:.2f}" for share in shares.values()), ratio]

    in_bfloat16 = [by_run[model, "mixed_bfloat16"] for model in models]
    casts = [seconds.get("casts", 0) / sum(seconds.values()) for seconds in in_bfloat16]
    cells = [*(row(kind, [kind]) for kind in KINDS), row("all", KINDS)]
    return "\n\n".join(
        [
            "The operations of an epoch's steps under TensorFlow's profiler, as shares of the time"
            " that they take together in float32; two threads. Up to two operations run at a time"
            " and share the threads, and the whole time of each counts. Casts are"
            f" {100 * min(casts):.0f} to {100 * max(casts):.0f} % of the operations in bfloat16."
            " *Left* is what bfloat16 leaves of float32's time, over these models. The optimizer"
            " stays in float32; pooling, ReLU and dropout wait for memory rather than for the"
            " multipliers.",
            table(["", *(f"{title_of(m)}, {NAMES[p]}" for m, p in columns), "left"], cells),
            TRIED,
        ]
    )


class _Over(Exception):  # noqa: N818
    """The turn is over."""


class _ProfiledTurns:
    """Stands where a contender's turns do: the third is profiled, and the last."""

    def __init__(self, folder):
        self.folder, self.turns = folder, 0

    def next(self):
        import tensorflow as tf

        self.turns += 1
        if self.turns == 3:
            tf.profiler.experimental.start(self.folder)
        if self.turns == 4:
            tf.profiler.experimental.stop()
            raise _Over


def main(data, model, precision, steps):
    """Print the seconds of each kind of operation in a turn."""
    job = Job(data, model, precision, THREADS, int(steps) * BATCH)
    with tempfile.TemporaryDirectory(prefix="profile-") as folder:
        with contextlib.suppress(_Over):
            pipeline(job, _ProfiledTurns(folder))
        print(json.dumps(_seconds_by_kind(folder)))


def _seconds_by_kind(folder):
    """Return the seconds of all operations by kind, as the profiler has written them."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    [file] = Path(folder).rglob("*.xplane.pb")
    space.ParseFromString(file.read_bytes())
    seconds = Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                # name:type, for operations alone; those that others are part of have no such name.
                if re.fullmatch(r"[^:]+:\w+", name):
                    kind = next(kind for kind, known in KINDS.items() if re.search(known, name))
                    seconds[kind] += event.duration_ps / 1e12
    return seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
