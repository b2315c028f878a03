"""What every architecture must do, and the exact sizes of the notebook's ten."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import keras
import numpy as np
import pytest

pytestmark = pytest.mark.workflow

FOLDER = Path(__file__).parents[1] / "architectures"
INPUT_SHAPE, CLASSES = (28, 28, 1), 10

# Total and trainable parameters, from the model summaries in the notebook.
NOTEBOOK = {
    "model_01": (646_410, 645_130),
    "model_02": (1_211_274, 1_209_994),
    "model_03": (696_330, 695_050),
    "model_04": (3_842_890, 3_842_122),
    "model_05": (1_211_274, 1_209_994),
    "model_06": (7_396_362, 7_395_594),
    "model_07": (2_686_602, 2_685_322),
    "model_08": (2_588_298, 2_587_018),
    "model_09": (3_210_378, 3_209_098),
    "model_10": (37_987_722, 37_986_442),
}


def has_build(path):
    body = ast.parse(path.read_text()).body
    return any(isinstance(node, ast.FunctionDef) and node.name == "build" for node in body)


ARCHITECTURES = sorted(path.stem for path in FOLDER.glob("*.py") if has_build(path))


# Pytest groups tests by a session fixture's parameter: each model is built once, and only one
# is held at a time.
@pytest.fixture(scope="session", params=ARCHITECTURES)
def architecture(request):
    """The architecture's file stem, its module and its model."""
    module = import_module(f"architectures.{request.param}")
    keras.utils.set_random_seed(0)
    return request.param, module, module.build(INPUT_SHAPE, CLASSES)


@pytest.fixture
def images():
    return np.random.default_rng(0).random((2, *INPUT_SHAPE), dtype=np.float32)


def test_all_of_the_notebook_architectures_are_there():
    assert NOTEBOOK.keys() <= set(ARCHITECTURES)


def test_docstring_is_one_line(architecture):
    name, module, _ = architecture
    assert module.__doc__, f"architectures/{name}.py: a line should say what is tried"
    assert "\n" not in module.__doc__.strip()


def test_build_takes_input_shape_and_number_of_classes(architecture):
    _, module, _ = architecture
    parameters = list(inspect.signature(module.build).parameters.values())
    assert [one.name for one in parameters[:2]] == ["input_shape", "num_classes"]
    # Other arguments make variants: without them, a file is its model.
    assert all(one.default is not one.empty for one in parameters[2:])


def test_model_is_left_uncompiled(architecture):
    assert not architecture[-1].compiled


def test_output_is_one_row_of_probabilities_per_image(architecture, images):
    probabilities = keras.ops.convert_to_numpy(architecture[-1](images, training=False))
    assert probabilities.shape == (len(images), CLASSES)
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_parameters_are_those_of_the_notebook(architecture):
    name, _, model = architecture
    if name not in NOTEBOOK:
        pytest.skip("not of the notebook")
    trainable = sum(np.prod(weight.shape) for weight in model.trainable_weights)
    assert (model.count_params(), trainable) == NOTEBOOK[name]


def test_saved_and_loaded_model_gives_the_same_outputs(architecture, images, tmp_path):
    model = architecture[-1]
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    # Pytest keeps its folders, and these files are large.
    path.unlink()
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(images, training=False)),
        keras.ops.convert_to_numpy(model(images, training=False)),
    )


def test_every_trainable_weight_gets_a_gradient(architecture, images):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("needs Keras on TensorFlow")
    model = architecture[-1]
    # Some layers start from zeros on purpose and then pass no gradient on: move off them.
    for weight in model.trainable_weights:
        weight.assign_add(keras.random.normal(weight.shape, stddev=0.01, seed=0))
    with tf.GradientTape() as tape:
        loss = -tf.reduce_sum(tf.math.log(model(images, training=False)[:, 0]))
    gradients = tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None, f"{weight.path} gets no gradient"
        values = tf.convert_to_tensor(gradient).numpy()
        assert np.isfinite(values).all(), f"{weight.path} gets a gradient that is not finite"
        assert values.any(), f"{weight.path} gets a gradient of zeros"
