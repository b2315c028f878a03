"""How to split two cores: two runs of one thread each against one with two threads.

All three stand ready and take turns: the one alone, then the two together.
"""

import time
from contextlib import ExitStack
from statistics import median

from bakeoff import wording as w
from contenders import BATCH, Job, standing_by
from measuring import DATA, interleaved, table, title_of
from training_steps import NAMES, PRECISIONS

TITLE = "Splitting two cores"

STEPS = {"model_01": 80, "model_02": 64, "model_04": 16, "model_06": 6, "model_07": 24}
"""Steps in a turn, for a model of each kind."""


def measure(folder):
    """Return for each model and precision the seconds of every turn, alone and together."""
    rows = []
    for model, steps in STEPS.items():
        for precision in PRECISIONS:
            images = steps * BATCH
            jobs = [Job(str(DATA), model, precision, n, images) for n in (2, 1, 1)]
            with ExitStack() as stack:
                turns = [stack.enter_context(standing_by("pipeline", job)) for job in jobs]
                for turn in turns:
                    turn.ready()
                seconds = interleaved(
                    {
                        "one of two threads": lambda alone=turns[:1]: _together(alone),
                        "two of one thread": lambda two=turns[1:]: _together(two),
                    }
                )
            rows.append({"model": model, "precision": precision, "seconds": seconds})
            print(f"{model} {precision}: {_gain(seconds):.2f} times the images")
    return {"rows": rows}


def _together(turns):
    begun = time.perf_counter()
    for turn in turns:
        turn.start()
    for turn in turns:
        turn.finish()
    return time.perf_counter() - begun


def _gain(seconds):
    """How many times as many images two runs get through: they train twice as many."""
    alone, two = (median(seconds[way]) for way in ("one of two threads", "two of one thread"))
    return 2 * alone / two


def describe(measured):
    gains = {(row["model"], row["precision"]): _gain(row["seconds"]) for row in measured["rows"]}
    models = dict.fromkeys(model for model, _ in gains)
    cells = [[title_of(model), *(f"{gains[model, p]:.2f}" for p in PRECISIONS)] for model in models]
    low, high = min(gains.values()), max(gains.values())
    fewer = [f"{title_of(model)} in {NAMES[p]}" for (model, p), gain in gains.items() if gain < 1]
    return "\n\n".join(
        [
            "Images that two runs of one thread each get through in a given time, as a"
            f" multiple of one run's with two threads: {low:.2f} to {high:.2f}. As long as"
            " there are as many runs as cores, `--set-threads train_model=1` is best"
            f"{f' for all but {w.listing(fewer)}' if fewer else ''}.",
            table(["", "float32", "bfloat16"], cells),
        ]
    )
