"""What the benchmarks compare: the same layers, on the same images."""

import importlib
import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bakeoff.files import sha256_of
from fabricated_study import fabricate_data
from idx_files import write_idx_set
from needs import need_backend
from run import PARTS, renewed

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[1]
MODELS = [f"model_{number:02}" for number in range(1, 11)]


@pytest.fixture(scope="module", autouse=True)
def torch():
    need_backend("torch")


@pytest.mark.parametrize("name", MODELS)
def test_pytorch_has_the_same_layers(name):
    import torch

    from bakeoff.training.architecture import build_model
    from native_torch import Translated

    model = build_model([ROOT], name, (28, 28, 1), 10)
    translated = Translated(model)
    expected = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert sum(part.numel() for part in translated.parameters()) == expected
    assert translated.eval()(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize("part", PARTS)
def test_every_part_measures_and_describes(part):
    module = importlib.import_module(part)
    assert module.TITLE
    assert callable(module.measure)
    assert callable(module.describe)


PAGE = """# Performance

An introduction.

A processor \\
Python 3.11

- What is compared.

## Splitting two cores

Old.

## Preparing the data

Kept.

## Planning, and a run with nothing to do

Kept too.

Measured on another machine: Another processor; Python 3.12.

## On a processor with AMX

Another kind.

## On a GPU

Borrowed.
"""


def test_what_is_not_measured_anew_stays_on_the_page_with_its_machine():
    seconds = {"one of two threads": [4.0], "two of one thread": [5.0]}
    rows = [
        {"model": "model_01", "precision": p, "seconds": seconds}
        for p in ("float32", "mixed_bfloat16")
    ]
    found = {"machine": ["Another processor", "Python 3.12"], "found": {"rows": rows}}
    page = renewed(PAGE, {"cpu_split": found})
    # Two of three sections are of that machine now, which is named once.
    assert "Another processor \\\nPython 3.12" in page
    assert page.count("Measured on another machine") == 1
    assert "Kept.\n\nMeasured on another machine: A processor; Python 3.11.\n" in page
    assert "Old." not in page
    of_others = "## On a processor with AMX\n\nAnother kind.\n\n## On a GPU\n\nBorrowed.\n"
    assert page.endswith(of_others)
    assert renewed(page, {}) == page
    # On such a processor, that is what the other sections say.
    with_amx = found | {"machine": ["Another processor with AMX, 2 cores", "Python 3.12"]}
    page = renewed(
        PAGE.replace("A processor", "Another processor with AMX, 2 cores"), {"cpu_split": with_amx}
    )
    assert "Another kind" not in page
    assert page.endswith("## On a GPU\n\nBorrowed.\n")


@pytest.mark.parametrize(
    ("ratio", "product", "said"), [(0.58, 0.57, True), (0.39, 0.57, False), (0.58, 0.2, False)]
)
def test_what_a_study_in_bfloat16_would_take_is_said_where_the_product_does(ratio, product, said):
    import whole_study

    full = dict.fromkeys(whole_study.FULL_RATIOS, 1.0) | {"mixed_bfloat16 over float32": ratio}
    found = {"full": {"medians": full, "fastest": full}, "product": product}
    text = whole_study.describe(found)
    assert ("0.4 would take steps that come 1.4 times as near the machine's peak" in text) == said
    assert f"| {ratio:.2f} | {ratio:.2f} | 0.4 |" in text


def test_what_gets_through_fewer_images_in_two_is_named():
    import cpu_split

    def row(model, precision, alone):
        seconds = {"one of two threads": [alone], "two of one thread": [5.0]}
        return {"model": model, "precision": precision, "seconds": seconds}

    rows = [row("model_01", p, 4.0) for p in ("float32", "mixed_bfloat16")]
    assert "`--set-threads train_model=1` is best.\n" in cpu_split.describe({"rows": rows})
    rows += [row("model_04", "float32", 2.6), row("model_04", "mixed_bfloat16", 2.4)]
    said = cpu_split.describe({"rows": rows})
    assert "`--set-threads train_model=1` is best for all but Model 4 in bfloat16.\n" in said


def test_a_checkpoint_of_a_model_is_taken_and_timed(tmp_path):
    import whole_study

    assert 0 < whole_study._seconds_of_a_checkpoint("model_03", tmp_path) < 60
    assert not [*tmp_path.iterdir()]


def test_a_part_that_another_needs_is_named_where_it_is_missing(tmp_path, monkeypatch):
    import whole_study

    monkeypatch.setattr(whole_study, "ROOT", tmp_path)
    said = r"training_steps\.json: missing; expected what training_steps finds on this machine"
    with pytest.raises(SystemExit, match=said):
        whole_study.measure(tmp_path)


def test_the_data_are_prepared_with_the_settings_of_the_config(tmp_path):
    import data_step

    labels = (np.arange(40) % 10).astype(np.uint8)
    parts = [(np.zeros((40, 28, 28), np.uint8) + labels[:, None, None], labels)] * 2
    write_idx_set(tmp_path / "images", *parts)
    files = sorted((tmp_path / "images").iterdir())
    its_own = {"sha256": {file.name: sha256_of(file) for file in files}, "disputed": []}
    its_own |= {"train_images": None, "test_images": None, "holdout_images": 10}
    data_step.prepare(data_step.settings() | its_own, files, tmp_path)
    assert (tmp_path / "mnist" / "data.json").exists()


def test_the_operations_of_a_step_are_told_apart(data_file):
    script = ROOT / "benchmarks" / "operations.py"
    command = [sys.executable, script, data_file, "model_03", "float32", "2"]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds = json.loads(printed.splitlines()[-1])
    kinds = {"optimizer", "dense layers", "pooling", "dropout", "all else"}
    kinds |= {f"convolution, {name}" for name in ("forward", "gradient of weights")}
    assert seconds.keys() >= kinds
    assert seconds["convolution, gradient of weights"] > seconds["dropout"]


def test_a_layer_without_translation_is_named():
    import keras

    from native_torch import Translated

    images = keras.Input((28, 28, 1))
    model = keras.Model(images, keras.layers.GlobalMaxPooling2D(name="g")(images))
    with pytest.raises(TypeError, match="g is a GlobalMaxPooling2D"):
        Translated(model)


@pytest.fixture
def data_file(tmp_path):
    """Prepared data of 300 images of noise, all of them to train and to test on."""
    return fabricate_data(tmp_path, images=300, train_images=300)


@pytest.mark.parametrize("contender", ["pipeline", "flat script", "PyTorch"])
def test_contenders_train_when_it_is_their_turn(contender, data_file):
    from contenders import Job, standing_by

    with standing_by(contender, Job(str(data_file), "model_03", "mixed_bfloat16", 1, 256)) as turn:
        turn.ready()
        assert turn() > 0
        assert turn() > 0


def test_every_part_of_a_timed_job_takes_time(data_file, tmp_path):
    from job_startup import PARTS

    command = [sys.executable, ROOT / "benchmarks" / "timed_job.py"]
    run = subprocess.run(
        [*command, data_file, "model_03", tmp_path / "job", str(time.time())],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = json.loads(run.stdout.splitlines()[-1])
    # Leaving Python is timed from outside.
    assert {part for part, taken in seconds.items() if taken > 0} == PARTS.keys() - {"exit"}


def test_a_contender_that_dies_is_reported(tmp_path):
    from contenders import Job, standing_by

    job = Job(str(tmp_path / "none" / "data.json"), "model_03", "float32", 1, 256)
    with standing_by("pipeline", job) as turn, pytest.raises(RuntimeError, match="ended early"):
        turn.ready()


def test_a_run_of_the_flat_script_says_what_it_gets_right(data_file, tmp_path):
    file = tmp_path / "right.npy"
    script = ROOT / "benchmarks" / "same_training.py"
    subprocess.run([sys.executable, script, data_file, "model_03", "1", file], check=True)
    right = np.load(file)
    assert right.dtype == bool
    assert right.shape == (300,)
    assert [path.name for path in tmp_path.glob("right*")] == ["right.npy"]


def test_both_ways_of_training_are_compared():
    import same_training

    row = {"model": "model_01", "pipeline": 0.9935, "script": 0.994, "sd": [0.0005, 0.0006]}
    row |= {"difference": -0.0005, "low": -0.001, "high": 0.0, "p_holm": 0.06}
    said = same_training.describe({"seeds": 20, "precision": "float32", "rows": [row]})
    assert "| Model 1 | 99.35 % | 0.050 | 99.40 % | 0.060 | −0.050 |" in said
    assert "No difference is significant." in said
    said = same_training.describe(
        {"seeds": 20, "precision": "float32", "rows": [row | {"p_holm": 0.04}]}
    )
    assert "Model 1 differs." in said


def test_precisions_are_compared_by_their_difference_with_its_interval():
    row = {"model": "model_01", "bfloat16": 0.994, "float32": 0.9937}
    row |= {"low": -0.0013, "high": 0.0019, "p": 0.6, "p_holm": 1.0}
    text = importlib.import_module("precision_accuracy").describe({"rows": [row]})
    assert "| Model 1 | 99.40 % | 99.37 % | 0.03 | [−0.13, 0.19] | 1.00 |" in text


def test_what_share_of_the_peak_a_model_reaches_is_told_by_its_operations():
    import training_steps

    seconds = {"pipeline": [2.0, 2.0], "PyTorch": [4.0, 4.0], "flat script": [2.0, 2.0]}
    rows = [
        {"model": "model_03", "precision": precision, "images": 180, "seconds": seconds}
        for precision in training_steps.PRECISIONS
    ]
    said = training_steps._describe_rates(
        {
            "rows": rows,
            # 180 images, and the validation's 30 that go forward alone.
            "operations": {"model_03": (400, 1000)},
            "rates": {"float32": 192_000.0, "mixed_bfloat16": 384_000.0},
        }
    )
    assert "| Model 3 | 50% | 25% | 25% | 12% |" in said
    assert "2.0 times as fast in bfloat16" in said


def test_operations_are_those_of_weights_with_what_is_there():
    import keras

    from rates import _products_of_convolution

    counted = {}
    for padding in ("same", "valid"):
        for size, window, stride in [(5, 3, 1), (6, 3, 2), (6, 4, 1), (7, 2, 3)]:
            image = keras.Input((size, size, 2))
            layer = keras.layers.Conv2D(3, window, stride, padding=padding, use_bias=False)
            layer(image)
            # With ones everywhere, a convolution counts itself.
            layer.set_weights([np.ones(layer.kernel.shape)])
            counts = float(np.sum(layer(np.ones((1, size, size, 2)))))
            counted[padding, size] = _products_of_convolution(layer), counts
    assert all(found == counts for found, counts in counted.values()), counted


def test_the_first_layer_has_no_gradient_of_inputs():
    from rates import operations_of

    forward, training = operations_of("model_03")
    first = 2 * 22 * 22 * 7 * 7 * 32
    assert training == 3 * forward - first
