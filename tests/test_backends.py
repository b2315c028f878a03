"""Keras's other backends and precisions: the same files, the same contract, resume included."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bakeoff.errors import StudyError
from bakeoff.training.backend import compiles_steps, prepare_backend
from needs import need_backend
from projects import TINY, make_tiny_study, study_only
from training_process import Training

pytestmark = pytest.mark.thorough

BACKENDS = ("tensorflow", "jax", "torch")
FIRST_STEPS = """
import gc
import sys
from pathlib import Path
import numpy as np
from bakeoff.training.backend import (prepare_backend)
backend, data_file, weights_file = sys.argv[1:]
prepare_backend(1, backend)
# What was imported is out of the collector's sight, which works on.
assert gc.isenabled() and gc.get_freeze_count() > 10_000
import keras
sys.path.insert(0, sys.argv[0].rsplit("/", 1)[0])
from without_dropout import build
from bakeoff.training.compile import (compile_model)
from bakeoff.data.prepared import (PreparedData, scaled)
data = PreparedData.read(data_file)
keras.utils.set_random_seed(0)
model = build(data.shape, 10)
settings = {"loss": "categorical_crossentropy", "backend": backend}
settings["optimizer"] = {"name": "Adadelta", "learning_rate": 1.0}
compile_model(model, {"model": "tiny", "settings": settings}, "CPU")
if not Path(weights_file).exists():
    np.savez(weights_file, *model.get_weights())
saved = np.load(weights_file)
model.set_weights([saved[name] for name in saved.files])
x = scaled(data.images("train"))
y = keras.utils.to_categorical(data.labels("train"), 10)
for _ in range(5):
    # The same images, so that the loss falls.
    print("loss", float(model.train_on_batch(x[:64], y[:64])[0]))
"""


@pytest.fixture(params=BACKENDS[1:])
def backend(request):
    """Each of those that the other tests do not use."""
    need_backend(request.param)
    return request.param


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A tiny study whose data is ready, and an architecture fit for mixed precision."""
    project = make_tiny_study(tmp_path_factory.mktemp("backends") / "study")
    project.snakemake("results/data/digits/data.json")
    source = TINY.format(units=16).replace('"softmax"', '"softmax", dtype="float32"')
    project.add_architecture("mixed", source)
    return project


def test_a_study_on_another_backend(backend, tiny_study):
    tiny_study.change_config(lambda config: config["training"].update(backend=backend))
    study_only(tiny_study, "tiny")
    # Jobs of a new Python each: the one that others are forked from has TensorFlow.
    output = tiny_study.snakemake(env=os.environ | {"KERAS_BACKEND": backend}).stdout
    assert "training on the CPU with 2 threads" in output
    card = json.loads(tiny_study.path("results/models/tiny/seed_0/card.json").read_text())
    assert card["backend"] == backend
    assert set(card["versions"]) >= {"python", "keras", "numpy", backend}
    assert set(BACKENDS) & set(card["versions"]) == {backend}
    assert card["device"].startswith("CPU: ")
    name = {"jax": "JAX", "torch": "PyTorch"}[backend]
    assert (
        f"{name} {card['versions'][backend]}" in tiny_study.path("results/report.html").read_text()
    )
    assert tiny_study.planned() == set()
    compiled = list(tiny_study.path("results").glob("compiled/*/*"))
    assert bool(compiled) == (backend == "jax")


def test_a_resumed_training_has_the_same_bits(backend, project, tmp_path):
    augmentation = {"shift": 0.1, "rotation": 0.05, "mixup": 0.4}
    recipe = {"backend": backend, "epochs": 4, "augmentation": augmentation}
    whole = Training(project, tmp_path / "whole", **recipe)
    whole.run()
    np.testing.assert_array_equal(whole.loaded_probabilities(), whole.probabilities())
    resumed = Training(project, tmp_path / "resumed", **recipe)
    resumed.run(epochs=2)
    # As a kill while they are written would leave them.
    for compiled in project.path("results/compiled").glob("*/*-cache"):
        compiled.write_bytes(compiled.read_bytes()[:100])
    assert "going on after epoch 2" in resumed.run()
    assert resumed.bits() == whole.bits()


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_learns_and_resumes(precision, project, tmp_path):
    whole = Training(project, tmp_path / "whole", precision=precision, epochs=12)
    whole.run(model="mixed")
    card = whole.card()
    assert card["precision"] == precision
    assert card["optimizer"]["rho"] == 0.95
    assert card["clean_train"]["accuracy"] > 0.8
    np.testing.assert_array_equal(whole.loaded_probabilities(), whole.probabilities())
    resumed = Training(project, tmp_path / "resumed", precision=precision, epochs=12)
    resumed.run(model="mixed", epochs=3)
    assert "going on after epoch 3" in resumed.run(model="mixed")
    assert resumed.bits() == whole.bits()


# Each backend and each precision once.
@pytest.mark.parametrize(
    ("other", "precision"), [("jax", "mixed_float16"), ("torch", "mixed_bfloat16")]
)
def test_a_saved_model_keeps_its_precision_on_other_backends(other, precision, project, tmp_path):
    need_backend(other)
    training = Training(project, tmp_path, backend=other, precision=precision, epochs=1)
    training.run(model="mixed")
    np.testing.assert_array_equal(training.loaded_probabilities(), training.probabilities())


@pytest.mark.parametrize(
    ("other", "line", "said"),
    [
        ("jax", "import jax; jax.config.update('jax_enable_x64', True)", "JAX's jax_enable_x64"),
        ("torch", "import torch; torch.set_num_threads(2)", "torch.get_num_threads from 1 to 2"),
        ("torch", "import torch; torch.manual_seed(7)", "seeds PyTorch's random numbers"),
    ],
)
def test_a_file_that_changes_another_backend_is_refused(other, line, said, project, tmp_path):
    need_backend(other)
    source = TINY.format(units=16).replace("import keras\n", f"import keras\n{line}\n", 1)
    project.path("architectures/sets.py").write_text(source)
    training = Training(project, tmp_path, backend=other, epochs=1)
    assert training.start(model="sets").wait(300) != 0
    log = training.log.read_text()
    assert "StudyError: architectures/sets.py: " in log
    assert said in log
    assert "epoch 1/1" not in log


def test_probabilities_in_sixteen_bits_are_refused(project, tmp_path):
    training = Training(project, tmp_path / "training", precision="mixed_bfloat16", epochs=1)
    assert training.start(model="tiny").wait(300) != 0
    assert (
        "architectures/tiny.py: build: probabilities of type bfloat16" in training.log.read_text()
    )


def test_first_losses_from_equal_weights_agree(project, tmp_path):
    """No dropout, whose random numbers are each backend's own."""
    source = TINY.format(units=16).replace("    x = layers.Dropout(0.1)(x)\n", "")
    (tmp_path / "without_dropout.py").write_text(source)
    (tmp_path / "first_steps.py").write_text(FIRST_STEPS)
    paths = [str(project.path("workflow/scripts")), str(project.folder)]
    losses = {}
    for name in BACKENDS:
        need_backend(name)
        run = subprocess.run(
            [
                *(sys.executable, tmp_path / "first_steps.py", name),
                *(project.path("results/data/digits/data.json"), tmp_path / "weights.npz"),
            ],
            capture_output=True,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        )
        assert run.returncode == 0, run.stdout + run.stderr
        losses[name] = [
            float(line.split()[1]) for line in run.stdout.splitlines() if line.startswith("loss ")
        ]
        assert len(losses[name]) == 5
    for found in losses.values():
        np.testing.assert_allclose(found, losses["tensorflow"], rtol=1e-4)
    assert losses["tensorflow"][-1] < losses["tensorflow"][0]


def test_a_missing_backend_is_one_line(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StudyError) as raised:
        prepare_backend(1, "jax")
    assert str(raised.value).startswith("config: training.backend: jax; expected")
    assert 'python -m pip install ".[jax]"' in str(raised.value)
    extras = (Path(__file__).parents[1] / "pyproject.toml").read_text()
    assert "\njax = [" in extras
    assert "\ntorch = [" in extras


@pytest.mark.parametrize(
    ("name", "device", "expected"),
    [
        ("tensorflow", "CPU: x", False),
        ("tensorflow", "GPU: x", "auto"),
        ("jax", "CPU: x", "auto"),
        ("torch", "CPU: x", "auto"),
    ],
)
def test_which_steps_are_compiled(name, device, expected):
    assert compiles_steps(name, device) == expected
