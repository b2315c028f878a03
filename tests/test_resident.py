"""Images that lie in a GPU's memory: the same training, in fewer calls, and the same bits again.

There is no GPU here: the device that a run finds is called one.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from bakeoff.training.order import even_batch
from bakeoff.training.resident import MOST_BYTES, MOST_STEPS, calls_of, lies_there
from needs import need_backend
from projects import TINY
from training_process import SETTINGS, bits_of

pytestmark = pytest.mark.workflow

# Each run is one of train_once.py's; a folder's name says what it is.
RUNS = """
import json
import sys

import train_once

project, folder, settings = sys.argv[1:]
train_once.main(project, "tiny", f"{folder}/file", f"{folder}/checkpoints_file", settings)
settings = json.loads(settings)

import train_model
from bakeoff.training import resident

# Prepared it is, by the run before.
train_model.import_backend = lambda *_: "GPU: pretended"
# Several calls of several steps, and one of a batch that is smaller.
resident.MOST_STEPS = 4
for name, epochs in (("whole", 3), ("resumed", 1), ("resumed", 3)):
    content = json.dumps(settings | {"epochs": epochs})
    train_once.main(project, "tiny", f"{folder}/{name}", f"{folder}/checkpoints_{name}", content)
# A run's own process has imported nothing else.
del sys.modules["architectures.tiny"]
train_once.main(project, "heard", f"{folder}/heard", f"{folder}/checkpoints_heard", content)
assert "tensorflow" not in sys.modules
"""
HEARD = """

class Heard(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.batches = self.of_validation = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1

    def on_test_batch_end(self, batch, logs=None):
        self.of_validation += 1

    def on_train_end(self, logs=None):
        print("HEARD", self.batches, self.of_validation, self.params["steps"])

def callbacks(settings):
    return [Heard()]
"""


@pytest.mark.thorough
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_training_there_is_the_same_and_resumes_with_the_same_bits(backend, tiny_study, tmp_path):
    need_backend(backend)
    tiny_study.snakemake("results/data/digits/data.json")
    folder = tmp_path / "runs"
    tiny_study.add_architecture("heard", TINY.format(units=16) + HEARD)
    for name in ("file", "whole", "resumed", "heard"):
        (folder / name).mkdir(parents=True)
    settings = SETTINGS | {"backend": backend, "epochs": 3}
    tests = str(Path(__file__).parent)
    run = subprocess.run(
        [sys.executable, "-c", RUNS, tiny_study.folder, folder, json.dumps(settings)],
        env=os.environ | {"PYTHONPATH": tests},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "going on after epoch 1" in run.stdout
    assert bits_of(folder / "resumed") == bits_of(folder / "whole")
    of_file, there, heard = (
        pd.read_csv(folder / name / "history.csv").drop(columns="seconds").select_dtypes("number")
        for name in ("file", "whole", "heard")
    )
    np.testing.assert_allclose(of_file, there, rtol=1e-3, atol=0.01)
    np.testing.assert_allclose(of_file, heard, rtol=1e-3, atol=0.01)
    # Every batch, also where a call else takes several.
    card = json.loads((folder / "heard" / "card.json").read_text())
    steps = -(-card["dataset"]["train_images"] // 32)
    (said,) = re.findall(r"HEARD (\d+) (\d+) (\d+)", run.stdout)
    assert (int(said[0]), int(said[2])) == (3 * steps, steps)
    batch_size = even_batch(card["dataset"]["test_images"], 32) if backend == "jax" else 32
    assert int(said[1]) == 3 * -(-card["dataset"]["test_images"] // batch_size)


def test_an_epochs_calls_are_of_as_few_kinds_as_can_be():
    for images, batch_size in ((60_000, 128), (10_000, 128), (59 * 32, 32), (5, 8), (8, 8)):
        calls = calls_of(images, batch_size)
        firsts = np.cumsum([0, *(steps * size for _, steps, size in calls)])
        assert [first for first, *_ in calls] == firsts[:-1].tolist()
        assert firsts[-1] == images
        assert all(steps <= MOST_STEPS for _, steps, _ in calls)
        assert len({call[1:] for call in calls}) <= 3
    # Mnist's: 18 calls of 26 batches, and one of 96 images.
    assert calls_of(60_000, 128)[-2:] == [(17 * 26 * 128, 26, 128), (59_904, 1, 96)]
    assert len(calls_of(60_000, 128)) == 19
    assert calls_of(70, 32, most=1) == [(0, 1, 32), (32, 1, 32), (64, 1, 6)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"backend": "torch"}, True),
        ({"backend": "tensorflow"}, False),
        ({"augmentation": {"shift": 0.1}}, False),
        ({"class_weight": "balanced"}, False),
    ],
)
def test_where_images_lie(change, expected):
    data = SimpleNamespace(
        counts={"train": 60_000, "test": 10_000}, shape=(28, 28, 1), dtype="uint8"
    )
    settings = {"backend": "jax", "augmentation": None, "class_weight": None} | change
    assert lies_there(data, settings, "GPU: any") == expected
    assert not lies_there(data, settings, "CPU: any")
    assert not lies_there(data, settings, "GPU: Apple, Metal")
    data.counts["train"] = MOST_BYTES // 28**2 + 1
    assert not lies_there(data, settings, "GPU: any")
