"""How to split two cores: two one-thread trainings against one with two threads.

    python benchmarks/cpu_split.py results/data/mnist.npz model_01 model_02

For each model and precision all three processes stand ready, and the two ways take turns, so that
both see the same machine. Printed is the median, over the turns, of how many times as many images
the two trainings got through together. Nothing else may run meanwhile.
"""

import statistics
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from bakeoff.architecture import build_model  # noqa: E402
from bakeoff.backend import prepare_backend  # noqa: E402
from train_model import compile_model  # noqa: E402

IMAGES, BATCH, TURNS = 6_000, 128, 7


def train_on_demand(pipe, data_file, model_name, precision, threads):
    """Train an epoch of :data:`IMAGES` images each time that ``pipe`` asks for one."""
    device = prepare_backend(threads, precision=precision)
    import keras

    with np.load(data_file) as data:
        x = data["x_train"][:IMAGES]
        y = keras.utils.to_categorical(data["y_train"][:IMAGES], len(data["class_names"]))
    model = build_model(ROOT, model_name, x.shape[1:], y.shape[1])
    settings = {"backend": "tensorflow", "loss": "categorical_crossentropy"}
    settings["optimizer"] = {"name": "Adadelta", "learning_rate": 1.0}
    compile_model(model, {"model": model_name, "settings": settings}, device)
    model.fit(x, y, batch_size=BATCH, verbose=0)
    pipe.send("ready")
    while pipe.recv() == "train":
        model.fit(x, y, batch_size=BATCH, verbose=0)
        pipe.send("done")


def compare_splits(data_file, model_name, precision):
    """Return the throughput of two one-thread trainings over that of one with two threads."""
    context = get_context("spawn")
    pipes = []
    for threads in (2, 1, 1):
        here, there = context.Pipe()
        arguments = (there, data_file, model_name, precision, threads)
        context.Process(target=train_on_demand, args=arguments, daemon=True).start()
        pipes.append(here)
    for pipe in pipes:
        pipe.recv()

    def seconds(group):
        begun = time.perf_counter()
        for pipe in group:
            pipe.send("train")
        for pipe in group:
            pipe.recv()
        return time.perf_counter() - begun

    # The two train twice the images.
    ratios = [2 * seconds(pipes[:1]) / seconds(pipes[1:]) for _ in range(TURNS)]
    for pipe in pipes:
        pipe.send("end")
    return statistics.median(ratios)


if __name__ == "__main__":
    data_file, *models = sys.argv[1:]
    for precision in ("float32", "mixed_bfloat16"):
        for model in models:
            print(f"{model} {precision}: {compare_splits(data_file, model, precision):.2f}")
