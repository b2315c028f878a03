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

seconds["imports"] = time.perf_counter() - entered

PARTS = {
    "load_data": "data",
    "prepare_backend": "backend",
    "build_model": "build",
    "compile_model": "build",
    "describe_model": "build",
    "train_epochs": "epochs",
    "evaluate_clean": "measures",
    "predict": "measures",
    "measure_latency": "measures",
    "write_history": "files",
    "write_model": "files",
    "layer_table": "files",
}
FEW = 1_280
rows = []
running = set()


def timed(name, part):
    """Replace a function of train_model by one that adds its time to a part."""
    function = getattr(train_model, name)

    def replacement(*arguments, **options):
        inside = part != "data" and bool(running - {"data"})
        running.add(part)
        start = time.perf_counter()
        result = function(*arguments, **options)
        # write_model builds a model too.
        if not inside:
            seconds[part] += time.perf_counter() - start
            running.discard(part)
        if name == "load_data":
            for key in ("x_train", "y_train"):
                result[key] = result[key][:FEW]
            result["train_eval_index"] = result["train_eval_index"] % FEW
        if name == "train_epochs":
            rows.extend(result["history"])
        return result

    setattr(train_model, name, replacement)


for name, part in PARTS.items():
    timed(name, part)

entered = time.perf_counter()
whole_job.run_job(data_file, 2, "float32", model_name, folder)
seconds["rest"] = time.perf_counter() - entered
# The data is read while the backend is imported.
seconds["rest"] -= sum(seconds[part] for part in set(PARTS.values()) - {"data"})
first, second = (row["seconds"] for row in rows)
# The first epoch traces the training step; the second does not.
seconds["first step"] = first - second
seconds["epochs"] -= seconds["first step"]
print(json.dumps(seconds))
