"""The notebook's way: the same models, one after the other, in one script of plain Keras.

    python benchmarks/flat_script.py results/data/mnist/data.json 13 float32 model_01 model_02

As a careful person would write it: images in memory as float32, Keras's own shuffling, a
validation after each epoch, the history and the model saved. XLA is switched off, as it makes
convolutions on a CPU slower; Keras's default would have it on.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "scripts")]


def read_data(file):
    """Return training and validation arrays, images float32 and labels one-hot."""
    import keras

    from bakeoff.data.prepared import PreparedData, scaled

    data = PreparedData.read(file)
    return tuple(
        (
            scaled(data.images(part)),
            keras.utils.to_categorical(data.labels(part), len(data.class_names)),
        )
        for part in ("train", "validation")
    )


def train(name, train, validation, epochs, callbacks=()):
    """Return the trained model; ``train`` and ``validation`` are pairs of arrays."""
    import importlib

    import keras

    architecture = importlib.import_module(f"architectures.{name}")
    x, y = train
    model = architecture.build(x.shape[1:], y.shape[1])
    model.compile(
        optimizer=keras.optimizers.Adadelta(learning_rate=1.0, rho=0.95),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,
    )
    model.fit(
        x,
        y,
        batch_size=128,
        epochs=epochs,
        validation_data=validation,
        verbose=0,
        callbacks=list(callbacks),
    )
    return model


def main(data_file, epochs, precision, *names):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import pandas as pd

    keras.config.set_dtype_policy(precision)
    training, validation = read_data(data_file)
    for name in names:
        keras.utils.set_random_seed(0)
        model = train(name, training, validation, int(epochs))
        pd.DataFrame(model.history.history).to_csv(f"{name}.csv", index=False)
        model.save(f"{name}.keras")


if __name__ == "__main__":
    main(*sys.argv[1:])
