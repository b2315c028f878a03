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
import time
from collections import Counter
from pathlib import Path

from contenders import BATCH, Job, _pipeline
from measuring import DATA, table, title_of

TITLE = "Where a step's time goes"
THREADS = 2
STEPS = {"model_01": 100, "model_03": 100, "model_04": 24, "model_06": 12}
PRECISIONS = {"float32": "float32", "mixed_bfloat16": "bfloat16"}
KINDS = {
    "convolution, forward": r"Conv2D(?!Backprop)",
    "convolution, gradient of inputs": r"Conv2DBackpropInput",
    "convolution, gradient of weights": r"Conv2DBackpropFilter",
    "dense layers": r"MatMul",
    "pooling": r"Pool",
    "bias and ReLU": r"Bias|Relu",
    "casts": r"^Cast$",
    "dropout": r"Random|Stateless",
    "optimizer and all else": r"",
}
"""What an operation is, by the first pattern that is found in the name of its type."""
CHILD = "TF_CPP_MIN_LOG_LEVEL"


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
    cells = [
        [kind, *(f"{by_run[c].get(kind, 0) / totals[c[0]]:.2f}" for c in columns)] for kind in KINDS
    ]
    cells.append(["all", *(f"{sum(by_run[c].values()) / totals[c[0]]:.2f}" for c in columns)])
    return "\n\n".join(
        [
            "The operations of an epoch's steps under TensorFlow's profiler, as shares of the time"
            " that they take together in float32; two threads. What the profiler adds itself, and"
            " what waits between operations, is not in it.",
            table(["", *(f"{title_of(m)}, {PRECISIONS[p]}" for m, p in columns)], cells),
        ]
    )


class _Over(Exception):  # noqa: N818
    """The turn is over."""


class _ProfiledTurn:
    """Stands where a contender's turns do: the second of two is profiled."""

    def __init__(self, folder):
        self.folder, self.turns = folder, 0

    def next(self):
        import tensorflow as tf

        self.turns += 1
        if self.turns == 3:
            tf.profiler.experimental.start(self.folder)
            self.begun = time.perf_counter()
        if self.turns == 4:
            self.seconds = time.perf_counter() - self.begun
            tf.profiler.experimental.stop()
            raise _Over


def main(data, model, precision, steps):
    """Print the seconds of each kind of operation in a turn, and of the whole turn."""
    job = Job(data, model, precision, THREADS, int(steps) * BATCH)
    with tempfile.TemporaryDirectory(prefix="profile-") as folder:
        turn = _ProfiledTurn(folder)
        with contextlib.suppress(_Over):
            _pipeline(job, turn)
        seconds = _seconds_by_type(folder)
    kinds = Counter()
    for name, value in seconds.items():
        kinds[next(kind for kind, pattern in KINDS.items() if re.search(pattern, name))] += value
    print(json.dumps(seconds), file=sys.stderr)
    print(json.dumps(kinds | {"turn": turn.seconds}))


def _seconds_by_type(folder):
    """Return the seconds of all operations by type, as the profiler has written them."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    space = xplane_pb2.XSpace()
    [file] = Path(folder).rglob("*.xplane.pb")
    space.ParseFromString(file.read_bytes())
    seconds = Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                # name:type, for operations alone.
                name = plane.event_metadata[event.metadata_id].name
                if found := re.fullmatch(r"[^:]+:(\w+)", name):
                    seconds[found[1]] += event.duration_ps / 1e12
    return seconds


if __name__ == "__main__":
    main(*sys.argv[1:])
