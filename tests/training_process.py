"""One run as a process of its own, without Snakemake: for tests that kill it or compare it."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import psutil

from bakeoff.training.order import even_batch
from patience import PATIENCE
from warm_python import warm_python

EPOCHS = 40
# What someone does with the files, in a folder of their own: Keras, and nothing of this study.
LOAD = """
import sys
import keras
import numpy as np
model, data, output, batch_size = sys.argv[1:]
images = np.load(data).astype("float32") / np.float32(255)
loaded = keras.models.load_model(model)
np.save(output, loaded.predict(images, batch_size=int(batch_size), verbose=0))
"""
SETTINGS = {
    "epochs": EPOCHS,
    "batch_size": 32,
    "loss": "categorical_crossentropy",
    "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
    "backend": "tensorflow",
    "precision": "float32",
    "deterministic": False,
}
PROGRAM = Path(__file__).with_name("train_once.py")


class Training:
    """Starts, kills and reads the runs of one tiny model, in a folder of its own."""

    def __init__(self, project, folder, **settings):
        self.project = project
        self.folder = folder
        self.settings = SETTINGS | settings
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log.txt"

    def start(self, model="tiny", **settings):
        """Start a run and return its process."""
        folders = [self.folder / name for name in ("output", "checkpoints")]
        tensorflow = self.settings["backend"] == "tensorflow"
        python = warm_python() if tensorflow else sys.executable
        command = [python, PROGRAM, self.project.folder, model, *folders]
        with self.log.open("w") as log:
            return subprocess.Popen(
                [*command, json.dumps(self.settings | settings)],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def run(self, **settings):
        """Make a whole run and return what it printed."""
        process = self.start(**settings)
        assert process.wait(PATIENCE) == 0, self.log.read_text()
        return self.log.read_text()

    def wait_for(self, text, process):
        end = time.monotonic() + PATIENCE
        while text not in self.log.read_text() and process.poll() is None:
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.01)

    def epochs_done(self):
        states = self.folder.glob("checkpoints/*/epoch_*.npz")
        return max((int(state.stem.split("_")[1]) for state in states), default=0)

    def card(self):
        return json.loads((self.folder / "output" / "card.json").read_text())

    def history(self):
        return pd.read_csv(self.folder / "output" / "history.csv")

    def bits(self):
        return bits_of(self.folder / "output")

    def probabilities(self):
        """Return the stored probabilities of the test images."""
        return np.load(self.folder / "output" / "predictions.npz")["probabilities"]

    def loaded_probabilities(self, script=LOAD, folder=None):
        """Return those of the saved model, loaded by ``script`` in a new process in ``folder``."""
        output = self.folder / "loaded.npy"
        data = self.project.path("results/data/digits/test_images.npy")
        backend, batch_size = self.settings["backend"], self.settings["batch_size"]
        if backend == "jax":
            batch_size = even_batch(len(np.load(data)), batch_size)
        # The same number of threads and the same kernels as in training: both change the last bits.
        alike = {"NPROC": "1", "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
        alike["TF_ENABLE_ONEDNN_OPTS"] = "1"
        model = self.folder / "output" / "model.keras"
        tensorflow = backend == "tensorflow"
        python = warm_python() if tensorflow else sys.executable
        program = (folder or self.folder) / "load_alone.py"
        program.write_text(script)
        run = subprocess.run(
            [python, program, model, data, output, f"{batch_size}"],
            cwd=program.parent,
            # Else of the one that is forked.
            env=os.environ | alike | ({} if tensorflow else {"KERAS_BACKEND": backend}),
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        return np.load(output)


@contextmanager
def standing_still(checkpoints):
    """Stop the run whose states lie under ``checkpoints`` until the end of the block.

    It is not the process that was started, which has it forked elsewhere: it holds the lock.
    """
    (lock,) = Path(checkpoints).glob("*/lock")
    (run,) = [
        process
        for process in psutil.process_iter(["open_files"])
        if any(file.path == str(lock.resolve()) for file in process.info["open_files"] or ())
    ]
    run.suspend()
    try:
        yield
    finally:
        run.resume()


def bits_of(folder):
    """Return everything that must be the same of a run: weights, probabilities, history."""
    history = pd.read_csv(folder / "history.csv", dtype=str).drop(columns="seconds")
    with zipfile.ZipFile(folder / "model.keras") as model:
        weights = model.read("model.weights.h5")
    return {
        "history": history.to_csv(),
        "probabilities": np.load(folder / "predictions.npz")["probabilities"].tobytes(),
        "weights": arrays_of(weights),
    }


def arrays_of(h5):
    """Return the arrays of a weights file by path; the file itself holds dates."""
    arrays = {}

    def keep(name, item):
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()].tobytes()

    with h5py.File(io.BytesIO(h5)) as file:
        file.visititems(keep)
    assert arrays
    return arrays
