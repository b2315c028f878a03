"""Training epochs of the pipeline, of a flat Keras script and of PyTorch itself, side by side.

For each architecture and precision the three stand ready in processes of their own and take
turns; a turn is an epoch over as many images as take some seconds, with its validation.
"""

from contextlib import ExitStack

from contenders import BATCH, Job, standing_by
from measuring import DATA, describe_ratio, interleaved, ratio_of_medians, table, title_of

TITLE = "Training"
CONTENDERS = ("pipeline", "flat script", "PyTorch")
PRECISIONS = ("float32", "mixed_bfloat16")
EPOCH = 60_000
THREADS = 2
MOST = 1.02
"""How many times as long as the flat script's an epoch of the pipeline may take."""

STEPS = {
    "model_01": 64,
    "model_02": 56,
    "model_03": 64,
    "model_04": 12,
    "model_05": 64,
    "model_06": 6,
    "model_07": 24,
    "model_08": 12,
    "model_09": 12,
    "model_10": 1,
}
"""Steps in a turn: fewer for models whose steps take longer."""


def measure(folder):
    """Return for each model and precision the seconds of every turn of each contender."""
    rows = []
    for model, steps in STEPS.items():
        for precision in PRECISIONS:
            job = Job(str(DATA), model, precision, THREADS, steps * BATCH)
            with ExitStack() as stack:
                turns = {name: stack.enter_context(standing_by(name, job)) for name in CONTENDERS}
                for turn in turns.values():
                    turn.ready()
                seconds = interleaved(turns)
            rows.append(
                {"model": model, "precision": precision, "images": job.images, "seconds": seconds}
            )
            ratios = [ratio_of_medians(seconds, "pipeline", name) for name in CONTENDERS[1:]]
            print(f"{model} {precision}: {ratios[0]:.3f} flat script, {ratios[1]:.3f} PyTorch")
    return {"rows": rows}


def describe(measured):
    cells, flat, native = [], {}, {}
    for row in measured["rows"]:
        key = row["model"], row["precision"]
        flat[key] = ratio_of_medians(row["seconds"], "pipeline", "flat script")
        native[key] = ratio_of_medians(row["seconds"], "pipeline", "PyTorch")
    for model in dict.fromkeys(model for model, _ in flat):
        cells.append(
            [title_of(model)]
            + [f"{part[model, p]:.2f}" for p in PRECISIONS for part in (flat, native)]
        )
    slower = {key: ratio for key, ratio in flat.items() if ratio > MOST}
    turns = [row["seconds"] for row in measured["rows"]]
    fastest = [min(each["pipeline"]) / min(each["flat script"]) for each in turns]
    unrest = max(max(some) / min(some) for each in turns for some in each.values())
    return "\n\n".join(
        [
            "An epoch of `train_model`, its validation included, as a multiple of the same epoch"
            " of the flat script and of PyTorch: below 1, the pipeline is faster. Two threads"
            f" each. {describe_ratio('Against the flat script', max(flat.values()), MOST)}"
            + (f" ({len(slower)} of {len(flat)} are above.)" if slower else ""),
            f"The slowest turn of a training took up to {unrest:.1f} times as long as its fastest,"
            " so unquiet was the machine. Between the fastest turns, which that touches least, the"
            f" ratio to the flat script is {min(fastest):.2f} to {max(fastest):.2f}.",
            table(
                [
                    "",
                    "float32 / flat script",
                    "float32 / PyTorch",
                    "bfloat16 / flat script",
                    "bfloat16 / PyTorch",
                ],
                cells,
            ),
        ]
    )
