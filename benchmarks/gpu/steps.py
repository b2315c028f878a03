"""Steps per second of each model in the pipeline and in PyTorch itself, on one GPU.

    python3 benchmarks/gpu/steps.py DATA FILE [--backend jax]

run.py calls it. DATA is MNIST as the workflow prepares it; what is found goes to FILE as JSON after
each model. All contenders compile at the same time and then wait; of each model, the pipeline's and
PyTorch's, with the same layers and torch.compile, take turns. A turn trains STEPS batches and
validates on a sixth as many images. What share of the card's own speed that is tells the rate of
a large matrix product, measured before.
"""

import argparse
import json
import os
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "scripts"), str(ROOT / "benchmarks")]

from bakeoff.files import write_atomically  # noqa: E402
from contenders import BATCH, Job, standing_by  # noqa: E402
from measuring import interleaved  # noqa: E402
from rates import matrix_rate, operations_of  # noqa: E402

MODELS = [f"model_{number:02}" for number in range(1, 11)]
STEPS = 150
ROUNDS = 5
CONTENDERS = ("pipeline", "PyTorch")
SIDE = 8192
"""Of the square matrices whose product tells the card's rate."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--backend", default="jax", help="Keras's, for the pipeline (jax)")
    parser.add_argument("--precision", default="float32", help="Keras's name of it (float32)")
    parser.add_argument("--rehearsal", action="store_true", help="one model and a few steps")
    chosen = parser.parse_args()
    if not chosen.data.is_file():
        sys.exit(f"{chosen.data}: missing; expected MNIST as the study's data step prepares it")
    measure(chosen)


def measure(chosen):
    """Measure all models and write what is found to ``chosen.file`` after each."""
    # All models compile at once, and PyTorch would take a worker a core for each of them.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "2")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    models, steps, side, compiler = MODELS, STEPS, SIDE, "inductor"
    if chosen.rehearsal:
        # Without a GPU, inductor would write C++, which takes a compiler a minute.
        models, steps, side, compiler = MODELS[:1], 2, 256, "aot_eager"
    found = {
        "backend": chosen.backend,
        "precision": chosen.precision,
        "batch": BATCH,
        "steps": steps,
        "matrix": {name: matrix_rate(name, side) for name in ("float32", "bfloat16")},
        "models": {},
    }
    write(chosen.file, found)
    with ExitStack() as stack:
        turns = {}
        for model in models:
            job = Job(
                str(chosen.data.resolve()),
                model,
                chosen.precision,
                threads=2,
                images=steps * BATCH,
                backend=chosen.backend,
                compiler=compiler,
            )
            turns[model] = {n: stack.enter_context(standing_by(n, job)) for n in CONTENDERS}
        ready = {model: [] for model in models}
        # None is timed while another still compiles.
        for model in models:
            for name, turn in turns[model].items():
                try:
                    turn.ready()
                    ready[model].append(name)
                except RuntimeError as error:
                    print(error, flush=True)
        for model in models:
            seconds = interleaved({n: turns[model][n] for n in ready[model]}, ROUNDS)
            found["models"][model] = {
                "flops": BATCH * operations_of(model)[1],
                "steps_per_second": {
                    name: steps / statistics.median(each) for name, each in seconds.items()
                },
                "seconds": seconds,
            }
            write(chosen.file, found)
            print(model, found["models"][model]["steps_per_second"], flush=True)


def write(file, found):
    with write_atomically(file) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
