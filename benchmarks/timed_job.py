"""One training job whose parts are timed; prints them as JSON, in seconds.

    python benchmarks/timed_job.py DATA MODEL FOLDER BEGUN

The whole data file is read, but an epoch has few images. ``BEGUN`` is the time, in seconds since
the epoch of `time.time`, at which the process was started.
"""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path

data_file, model_name, folder, begun = sys.argv[1:]
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "scripts")]
seconds = defaultdict(float)
seconds["interpreter"] = time.time() - float(begun)

entered = time.perf_counter()
import train_model  # noqa: E402
import whole_job  # noqa: E402
from bakeoff.training import loop  # noqa: E402

seconds["imports"] = time.perf_counter() - entered

PARTS = {
    "open_data": "data",
    "import_backend": "backend",
    "build_model": "build",
    "compile_checked": "build",
    "prepare_model": "build",
    "batches_of_parts": "build",
    "train_epochs": "epochs",
    "evaluate": "measures",
    "predict": "measures",
    "measure_latency": "measures",
}
FEW = 1_280
rows = []


def counted():
    """The seconds of all parts so far."""
    return sum(seconds.values())


def timed(name, part, owner=train_model):
    """Replace a function, train_model's or ``owner``'s, by one that adds to a part's time."""
    function = getattr(owner, name)

    def replacement(*arguments, **options):
        start, before = time.perf_counter(), counted()
        result = function(*arguments, **options)
        taken = time.perf_counter() - start
        # Of its own: write_model builds a model too, which counts there.
        seconds[part] += taken - (counted() - before)
        if name == "batches_of_parts":
            # All images are handed over, few are trained on.
            result["train"] = result["train"].only(result["train"].chosen[:FEW])
        if name == "train_epochs":
            rows.extend(result["history"])
        return result

    setattr(owner, name, replacement)


for name, part in PARTS.items():
    timed(name, part)
for name in ("write_history", "write_model"):
    timed(name, "files", train_model.outputs)
timed("state_of", "checkpoints", loop)
timed("save", "checkpoints", train_model.Checkpoints)

entered, before = time.perf_counter(), counted()
whole_job.run_job(data_file, 2, "float32", model_name, folder)
seconds["rest"] = time.perf_counter() - entered - (counted() - before)
first, second = (row["seconds"] for row in rows)
# The first epoch traces the training step; the second does not.
seconds["first step"] = first - second
seconds["epochs"] -= seconds["first step"]
print(json.dumps(seconds))
