"""What a training asks of Python, and of the way to a GPU, by where its images lie.

    python benchmarks/resident.py DATA BACKEND WHERE IMAGES

trains the smallest model there is on so many images, which are "in the file" or "on the card", and
prints what was counted as JSON. No GPU is used: what is counted is the same with one.
"""

import json
import subprocess
import sys
import time
from collections import Counter

from contenders import BATCH, ROOT
from measuring import DATA, ratio_of_medians, table

TITLE = "Where the images lie"
BACKENDS = {"jax": "JAX", "torch": "PyTorch"}
FILE, CARD = "in the file", "on the card"
IMAGES = 60_000
ROUNDS = 5


def measure(folder):
    """Return for each backend and place what an epoch's steps took and what was compiled."""
    rows = []
    for backend in BACKENDS:
        for where in (FILE, CARD):
            command = [sys.executable, __file__, DATA, backend, where, str(IMAGES)]
            found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            rows.append(
                {"backend": backend, "where": where} | json.loads(found.stdout.splitlines()[-1])
            )
            print(rows[-1], flush=True)
    return {"rows": rows}


def describe(measured):
    """Return the section of docs/performance.md."""
    cells = []
    for row in measured["rows"]:
        seconds = {
            other["where"]: other["seconds"]
            for other in measured["rows"]
            if other["backend"] == row["backend"]
        }
        cells.append(
            [
                f"{BACKENDS[row['backend']]}, {row['where']}",
                f"{row['calls'] / row['steps']:.2f}",
                f"{row['bytes'] / row['steps']:,.0f}",
                str(row["compiled"]) if row["backend"] == "jax" else "none",
                f"{ratio_of_medians(seconds, row['where'], FILE):.2f}",
            ]
        )
    return "\n\n".join(
        [
            "On a GPU, JAX and PyTorch have a part's images in its memory, as bytes, where each"
            " batch is picked and scaled; what goes there is the order of an epoch. JAX takes up"
            " to 32 steps a call. Counted without a GPU, for batches of 128 images of MNIST and a"
            " model of one dense layer, whose steps are next to nothing but what Python does: calls"
            " and bytes a step of training, functions compiled in an epoch with its validation (an"
            " epoch's last batch is smaller; validation's are all of one size, where they can be),"
            " and the time of a step over that with the images in the file.",
            table(["", "calls a step", "bytes a step", "compiled", "time"], cells),
        ]
    )


def main(data_file, backend, where, images):
    """Print what the steps of an epoch on so many images took, in medians and numbers."""
    sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "scripts")]
    import numpy as np

    from bakeoff.importing import import_backend
    from bakeoff.study.identity import all_settings, contender, training_identity
    from bakeoff.study.sources import Sources
    from bakeoff.training.compile import compile_model
    from bakeoff.training.data import batches_of_parts, open_data
    from whole_job import settings

    data = open_data(data_file)
    trained = settings(1, "float32") | {"backend": backend}
    identity = training_identity(Sources([ROOT]), contender("model_01"), 0, trained)
    import_backend(all_settings(identity), threads=1, gpu=False)
    import keras

    layers = [keras.layers.Flatten(), keras.layers.Dense(len(data.class_names), "softmax")]
    model = keras.Sequential([keras.Input(data.shape), *layers])
    compile_model(model, identity, "CPU")
    device = "GPU: pretended" if where == CARD else "CPU"
    batches = batches_of_parts(data, all_settings(identity), device, model)
    train = batches["train"].only(np.arange(int(images)))
    compiled = _compilations(backend)

    def epoch(number):
        train.shuffle(0, number)
        begun = time.perf_counter()
        model.fit(train.source, shuffle=False, verbose=0)
        return time.perf_counter() - begun

    epoch(0)
    model.evaluate(batches["val"].source, verbose=0)
    found = {"steps": -(-int(images) // BATCH), "compiled": compiled["steps"]}
    found["seconds"] = [epoch(number) for number in range(1, 1 + ROUNDS)]
    counted = _counted(type(train))
    epoch(ROUNDS + 1)
    if where == CARD and backend == "torch":
        # The order, once.
        counted["bytes"] += train.order.element_size() * len(train.order)
    print(json.dumps(found | counted))


def _counted(kind):
    """Count what is asked of a class of batches from now on, and the bytes of NumPy's arrays."""
    import keras
    import numpy as np

    counted, of_class = Counter(), kind.__getitem__

    def counting(batches, index):
        found = of_class(batches, index)
        arrays = [leaf for leaf in keras.tree.flatten(found) if isinstance(leaf, np.ndarray)]
        counted.update(calls=1, bytes=sum(array.nbytes for array in arrays))
        return found

    kind.__getitem__ = counting
    return counted


def _compilations(backend):
    """Count from now on what JAX compiles that takes it longer than a twentieth of a second."""
    counted = Counter()
    if backend == "jax":
        import jax

        def listen(event, seconds, **_):
            if event.endswith("backend_compile_duration") and seconds > 0.05:
                counted["steps"] += 1

        jax.monitoring.register_event_duration_secs_listener(listen)
    return counted


if __name__ == "__main__":
    main(*sys.argv[1:])
