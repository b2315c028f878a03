"""Training epochs of the pipeline, of a flat Keras script and of PyTorch itself, side by side.

For each architecture and precision the three stand ready in processes of their own and take
turns; a turn is an epoch over as many images as take some seconds, with its validation.
"""

import statistics
from contextlib import ExitStack

from bakeoff import wording as w
from contenders import BATCH, Job, standing_by
from measuring import DATA, describe_ratio, interleaved, ratio_of_medians, table, title_of
from rates import operations_of, rate_of_processor

TITLE = "Training"
CONTENDERS = ("pipeline", "flat script", "PyTorch")
NAMES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}
PRECISIONS = tuple(NAMES)
EPOCH = 60_000
THREADS = 2
MOST = 1.02
"""How many times as long as the flat script's an epoch of the pipeline may take."""

UNREST = 1.5
AUTOTUNER = (
    " In the slow turns of the flat script both cores idle: the end of its epoch waits for the"
    " autotuner of TensorFlow's input pipelines, which can sleep through the request to stop, for"
    " up to as long as the epoch took. Keras makes such an input pipeline of arrays; the"
    " pipeline's own (`workflow/scripts/bakeoff/training/batches.py`) has none. The fastest turns"
    " are those without a wait."
)
"""Why turns of the flat script differ, where the slowest takes ``UNREST`` times the fastest."""

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
    # Of one step, the flat script waits for its input pipeline in every turn.
    "model_10": 3,
}
"""Steps in a turn: fewer for models whose steps take longer."""


SIDE = 4096
"""Of the square matrices whose product tells the machine's rate."""
VALIDATED = 1 / 6
"""So many images go forward for each that is trained on."""


def measure(folder):
    """Return for each model and precision the seconds of every turn of each contender.

    And the operations a second of a large matrix product in each precision, the most of before and
    after, and of an image of each model, forward and in training.
    """
    before = _matrix_rates()
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
    after = _matrix_rates()
    rates = {precision: max(before[precision], after[precision]) for precision in PRECISIONS}
    operations = {model: operations_of(model) for model in STEPS}
    return {"rows": rows, "rates": rates, "operations": operations}


def describe(measured):
    rows = measured["rows"]
    ratios = {(row["model"], row["precision"]): _ratios(row["seconds"]) for row in rows}
    models = dict.fromkeys(row["model"] for row in rows)
    cells = [
        [title_of(model), *(f"{ratio:.2f}" for p in PRECISIONS for ratio in ratios[model, p])]
        for model in models
    ]
    medians, fastest, native = zip(*ratios.values(), strict=True)
    kinds = "flat script", "its fastest", "PyTorch"
    return "\n\n".join(
        [
            "An epoch of `train_model`, its validation included but not its checkpoint, as a"
            " multiple of the same epoch of the flat script and of PyTorch: below 1, the pipeline"
            " is faster. Two threads each. *Its fastest* compares the fastest turns of the two"
            " instead of their medians.",
            table(["", *(f"{NAMES[p]} / {kind}" for p in PRECISIONS for kind in kinds)], cells),
            f"{describe_ratio('Against the flat script, the medians are', max(medians), MOST)}"
            f" {describe_ratio('Between the fastest turns, the ratio is', max(fastest), MOST)}"
            f" Against PyTorch, the medians are {min(native):.2f} to {max(native):.2f}."
            + _explain_native(ratios),
            f"The slowest turn of the flat script took up to {_unrest(rows, 'flat script'):.1f}"
            f" times as long as its fastest, of the pipeline {_unrest(rows, 'pipeline'):.1f}, of"
            f" PyTorch {_unrest(rows, 'PyTorch'):.1f}."
            + (AUTOTUNER if _unrest(rows, "flat script") > UNREST else ""),
            _describe_rates(measured),
            "![Times of an epoch over the flat script's, by model and precision](performance.svg)",
        ]
    )


def _matrix_rates():
    """Return the operations a second of a large matrix product, by precision."""
    return {p: rate_of_processor(NAMES[p], SIDE, THREADS) for p in PRECISIONS}


def _describe_rates(measured):
    """Return how near each model comes to what the machine can do."""
    columns = [(p, name) for p in PRECISIONS for name in ("pipeline", "PyTorch")]
    shares = {}
    for row in measured["rows"]:
        model, precision = row["model"], row["precision"]
        forward, training = measured["operations"][model]
        asked = row["images"] * (training + VALIDATED * forward)
        least = asked / measured["rates"][precision]
        for name, seconds in row["seconds"].items():
            shares[model, precision, name] = least / statistics.median(seconds)
    cells = [
        [title_of(model), *(f"{shares[model, *column]:.0%}" for column in columns)]
        for model in dict.fromkeys(row["model"] for row in measured["rows"])
    ]
    ratio = measured["rates"]["mixed_bfloat16"] / measured["rates"]["float32"]
    return "\n\n".join(
        [
            "**Of the machine's peak**: operations a second in such an epoch (convolutions and"
            " dense layers, forward and backward, without products with a padding's zeros), as a"
            f" share of those in the product of two matrices of {SIDE:,} by {SIDE:,} with the same"
            " type and threads, in TensorFlow or PyTorch, whichever is faster. That product is"
            f" {ratio:.1f} times as fast in bfloat16 as in float32 here.",
            table(["", *(f"{NAMES[p]} / {name}" for p, name in columns)], cells),
        ]
    )


def _explain_native(ratios):
    """Say why PyTorch is faster where it is: its kernels are, if the flat script is no faster."""
    slower = {key: found for key, found in ratios.items() if found[2] > 1}
    if not slower:
        return ""
    names = w.listing(f"{title_of(model)} in {NAMES[p]}" for model, p in slower)
    most = max(fastest for _, fastest, _ in slower.values())
    why = ", and also than the flat script: the kernels differ" if most <= MOST else ""
    return f" PyTorch is faster than the pipeline for {names}{why}."


def _ratios(seconds):
    """Return how many times as long as the others an epoch of the pipeline takes.

    Medians against the flat script's, the fastest turns of the two, medians against PyTorch's.
    """
    return (
        ratio_of_medians(seconds, "pipeline", "flat script"),
        min(seconds["pipeline"]) / min(seconds["flat script"]),
        ratio_of_medians(seconds, "pipeline", "PyTorch"),
    )


def _unrest(rows, contender):
    """Return how many times as long as its fastest turn a contender's slowest took, at most."""
    turns = [row["seconds"][contender] for row in rows]
    return max(max(seconds) / min(seconds) for seconds in turns)
