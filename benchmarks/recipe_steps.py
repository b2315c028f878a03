"""Epochs with a schedule and with augmentation beside plain ones of the same pipeline.

As in training_steps.py, they stand ready in processes of their own and take turns. Two processes
that do the same differ by some percent as long as they live, so there are several of each.
"""

from contextlib import ExitStack
from statistics import median

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
    "plain again": {},
}
PROCESSES = 5
ROUNDS = 5


def measure(folder):
    """Return for each model, by process, the seconds of every turn with each recipe."""
    rows = []
    for model, steps in STEPS.items():
        processes = [_turns(model, steps) for _ in range(PROCESSES)]
        rows.append({"model": model, "seconds": processes})
        ratios = _ratios(processes)
        print(f"{model}: {', '.join(f'{name} {ratio:.3f}' for name, ratio in ratios.items())}")
    return {"rows": rows}


def _turns(model, steps):
    with ExitStack() as stack:
        turns = {}
        for name, recipe in RECIPES.items():
            job = Job(str(DATA), model, "float32", THREADS, steps * BATCH, recipe=recipe)
            turns[name] = stack.enter_context(standing_by("pipeline", job))
        for turn in turns.values():
            turn.ready()
        return interleaved(turns, rounds=ROUNDS)


def describe(measured):
    """Return the section of docs/performance.md."""
    ratios = {row["model"]: _ratios(row["seconds"]) for row in measured["rows"]}
    most = max(found[name] for found in ratios.values() for name in _CHANGED)
    single = [
        ratio_of_medians(process, "plain again", "plain")
        for row in measured["rows"]
        for process in row["seconds"]
    ]
    cells = [
        [title_of(model), *(f"{ratio:.3f}" for ratio in found.values())]
        for model, found in ratios.items()
    ]
    return "\n\n".join(
        [
            "An epoch of `train_model` with a cosine schedule and its warm-up, or with training"
            " images that are shifted and rotated, as a multiple of a plain one's; two threads,"
            f" float32, batches of {BATCH}. Each number is the median of {PROCESSES} ratios, each"
            f" of two processes that took {ROUNDS} turns. *Plain again* is another process that"
            f" does the same as the plain one: single ratios of theirs were {min(single):.3f} to"
            f" {max(single):.3f}.",
            table(["", *list(RECIPES)[1:]], cells),
            describe_ratio("With a recipe, the ratio is", most, MOST),
        ]
    )


_CHANGED = [name for name, recipe in RECIPES.items() if recipe]


def _ratios(processes):
    return {
        name: median(ratio_of_medians(process, name, "plain") for process in processes)
        for name in list(RECIPES)[1:]
    }
