"""What a training job costs beyond its epochs, by part, and how much memory it holds."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from contenders import BATCH
from measuring import DATA, interleaved, ratio_of_medians, run_timed, table, title_of

TITLE = "A job's start, end and memory"
HERE = Path(__file__).parent
MODEL = "model_03"
MODELS_OF_MEMORY = ("model_01", "model_03", "model_05")
MOST_SECONDS = 1.5
MOST_SECONDS_OF_DATA = 0.5

PARTS = {
    "interpreter": "starting Python",
    "imports": "importing what is ours, NumPy and pandas",
    "data": "reading the data file and its checksum",
    "backend": "importing TensorFlow and Keras",
    "build": "building and compiling the model, handing over the images",
    "first step": "tracing the first training and validation step",
    "epochs": "two epochs of ten batches, validated on 10,000 images",
    "measures": "train accuracy without dropout, the test images' probabilities, latency",
    "files": "history and model",
    "checkpoints": "the checkpoints of two epochs",
    "rest": "predictions, card",
    "exit": "leaving Python",
}
NOT_OVERHEAD = ("backend", "epochs", "first step", "measures")
"""Importing the backend, training, and passes over images for the report."""

ROUNDS_OF_MEMORY = 3


def measure(folder):
    """Return the seconds of each part in five jobs, and the mebibytes of jobs and scripts."""

    def job():
        outputs = folder / "job"
        begun = time.time()
        found = subprocess.run(
            [sys.executable, HERE / "timed_job.py", DATA, MODEL, outputs, str(begun)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            check=True,
        )
        seconds = json.loads(found.stdout.splitlines()[-1])
        seconds["exit"] = time.time() - begun - sum(seconds.values())
        shutil.rmtree(outputs)
        return seconds

    jobs = interleaved({"job": job})["job"]
    seconds = {part: [job[part] for job in jobs] for part in PARTS}
    print(f"overhead {_overhead(seconds):.2f} s")
    return {"seconds": seconds, "mebibytes": _memory(folder)}


def _memory(folder):
    """Return the peak memories of a run of one epoch, as a job and in the flat script."""
    found = {}
    for model in MODELS_OF_MEMORY:
        script = [sys.executable, HERE / "flat_script.py", DATA, "1", "float32", model]
        job = [sys.executable, HERE / "whole_job.py", DATA, "1", "float32", model]

        def job_memory(job=job):
            mebibytes = run_timed([*job, folder / "job"], cwd=folder)[1]
            shutil.rmtree(folder / "job")
            return mebibytes

        found[model] = interleaved(
            {
                "flat script": lambda script=script: run_timed(script, cwd=folder)[1],
                "pipeline": job_memory,
            },
            ROUNDS_OF_MEMORY,
            warm_up=0,
        )
        print(f"{model}: {found[model]} MiB")
    return found


def _overhead(seconds):
    return sum(median(seconds[part]) for part in PARTS if part not in NOT_OVERHEAD)


def describe(measured):
    seconds, memory = measured["seconds"], measured["mebibytes"]
    whole = sum(median(seconds[part]) for part in PARTS)
    parts = [[what, f"{median(seconds[part]) / whole:.0%}"] for part, what in PARTS.items()]
    overhead, reading = _overhead(seconds), median(seconds["data"])
    return "\n\n".join(
        [
            f"Where the time of a job of {title_of(MODEL)} goes that trains"
            f" {2 * 10} batches of {BATCH}. What is neither importing the backend, training nor"
            f" a pass over images takes"
            f" {'under' if overhead < MOST_SECONDS else 'more than'} {MOST_SECONDS} s,"
            f" reading the data file"
            f" {'under' if reading < MOST_SECONDS_OF_DATA else 'more than'}"
            f" {MOST_SECONDS_OF_DATA} s.",
            table(["", "share"], parts),
            "The most memory that a run holds, against the flat script's (one epoch of"
            f" 60,000 images, medians of {ROUNDS_OF_MEMORY} without one to warm up):",
            table(
                ["", "pipeline, MiB", "flat script, MiB", "ratio"],
                [
                    [
                        title_of(model),
                        f"{median(found['pipeline']):,.0f}",
                        f"{median(found['flat script']):,.0f}",
                        f"{ratio_of_medians(found, 'pipeline', 'flat script'):.2f}",
                    ]
                    for model, found in memory.items()
                ],
            ),
        ]
    )
