"""Epochs with a schedule and with augmentation beside plain ones of the same pipeline.

As in training_steps.py, they stand ready in processes of their own and take turns.
"""

from contextlib import ExitStack

from contenders import BATCH, Job, standing_by
from measuring import DATA, describe_ratio, interleaved, ratio_of_medians, table, title_of

TITLE = "Schedules and augmentation"
THREADS = 2
MOST = 1.05
"""How many times as long as a plain epoch one with a schedule and augmentation may take."""
STEPS = {"model_01": 64, "model_03": 64}
SCHEDULE = {"schedule": {"name": "cosine", "warmup": 1}}
SHIFTED = {"augmentation": {"shift": 0.1, "rotation": 0.05}}
RECIPES = {
    "plain": {},
    "schedule": SCHEDULE,
    "shift and rotation": SHIFTED,
    "both": SCHEDULE | SHIFTED,
}


def measure(folder):
    """Return for each model the seconds of every turn with each recipe."""
    rows = []
    for model, steps in STEPS.items():
        with ExitStack() as stack:
            turns = {}
            for name, recipe in RECIPES.items():
                job = Job(str(DATA), model, "float32", THREADS, steps * BATCH, recipe=recipe)
                turns[name] = stack.enter_context(standing_by("pipeline", job))
            for turn in turns.values():
                turn.ready()
            rows.append({"model": model, "seconds": interleaved(turns, rounds=9)})
        ratios = _ratios(rows[-1]["seconds"])
        print(f"{model}: {', '.join(f'{name} {ratio:.3f}' for name, ratio in ratios.items())}")
    return {"rows": rows}


def describe(measured):
    """Return the section of docs/performance.md."""
    ratios = {row["model"]: _ratios(row["seconds"]) for row in measured["rows"]}
    most = max(ratio for found in ratios.values() for ratio in found.values())
    cells = [
        [title_of(model), *(f"{ratio:.3f}" for ratio in found.values())]
        for model, found in ratios.items()
    ]
    return "\n\n".join(
        [
            "An epoch of `train_model` with a cosine schedule and its warm-up, or with training"
            " images that are shifted and rotated, as a multiple of a plain one's; two threads,"
            " float32, batches of 128, medians of nine turns.",
            table(["", *list(RECIPES)[1:]], cells),
            describe_ratio("The ratio is", most, MOST),
        ]
    )


def _ratios(seconds):
    return {name: ratio_of_medians(seconds, name, "plain") for name in list(RECIPES)[1:]}
