"""A model is described without images, a GPU, or a run; a faulty one is refused there."""

import json
import os

import pytest

import describe
from fabricated_study import descriptions_of, fabricate_run
from projects import study_only
from steps_after_training import describe_study


def test_the_table_has_sizes_and_outputs(tmp_path, capsys):
    fabricate_run(tmp_path, "model_0", parameters=646_410, multiply_adds=10_000_000)
    fabricate_run(tmp_path, "model_1", classes=3, multiply_adds_not_counted=["mine"])
    study = describe_study(["First", "Second"])
    describe.describe(study["models"], descriptions_of(tmp_path, study))
    rows = [line for line in capsys.readouterr().out.splitlines() if "model_" in line]
    assert [[cell.strip() for cell in row.strip("|").split("|")] for row in rows] == [
        ["First", "model_0", "646,410", "10,000,000", "n, 10"],
        ["Second", "model_1", "646,410", "unknown", "n, 3"],
    ]
    study["models"][1]["made_of"] = "model_0 with filters = 64"
    describe.describe(study["models"], descriptions_of(tmp_path, study))
    said = capsys.readouterr().out
    assert "| Architecture" in said
    assert "model_0 with filters = 64" in said


@pytest.mark.workflow
def test_a_model_that_cannot_be_kept_is_refused_before_its_run(tiny_study):
    source = (
        "import keras\nfrom keras import layers\n\n\n"
        "class Forgetful(layers.Dense):\n"
        "    def save_own_variables(self, store):\n        raise ValueError('no store')\n\n\n"
        "def build(input_shape, num_classes):\n"
        "    inputs = keras.Input(input_shape)\n"
        "    x = layers.Flatten()(inputs)\n"
        '    return keras.Model(inputs, Forgetful(num_classes, activation="softmax")(x))\n'
    )
    tiny_study.add_architecture("forgetful", source)
    study_only(tiny_study, "tiny", "forgetful")
    run = tiny_study.snakemake("--keep-going", "describe", check=False)
    assert run.returncode != 0
    assert "architectures/forgetful.py: build: cannot be saved: ValueError: no store" in run.stdout
    models = tiny_study.path("results/models")
    assert [file.parent.name for file in models.glob("*/description.json")] == ["tiny"]


# Whichever of the two comes first.
@pytest.mark.workflow
@pytest.mark.parametrize("model", ["tiny", "wide"])
def test_a_wrong_optimizer_is_refused_before_any_run(model, tiny_study):
    wrong = {"optimizer": {"name": "SGD", "rho": 0.9}}
    tiny_study.change_config(lambda c: c["models"][model].update(training=wrong))
    run = tiny_study.snakemake(cores=1, check=False)
    assert f"config: training.optimizer of {model}" in run.stdout
    assert "rule train_model:" not in run.stdout


@pytest.mark.workflow
def test_a_description_takes_no_gpu(tiny_study):
    """Though the environment shows some, the process that describes sees none."""
    source = (
        "import os\nimport keras\nfrom keras import layers\n\n\n"
        "def build(input_shape, num_classes):\n"
        "    shown = os.environ['CUDA_VISIBLE_DEVICES']\n"
        "    inputs = keras.Input(input_shape)\n"
        "    x = layers.Flatten(name=f'shown_{shown.strip(chr(45))}')(inputs)\n"
        '    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(x))\n'
    )
    tiny_study.add_architecture("shown", source)
    file = "results/models/shown/description.json"
    tiny_study.snakemake(file, env=os.environ | {"CUDA_VISIBLE_DEVICES": "0,7"})
    layers = json.loads(tiny_study.path(file).read_text())["layers"]
    assert [layer["name"] for layer in layers if layer["class"] == "Flatten"] == ["shown_1"]
