"""What a model that is out of the ordinary leaves: its losses, its file, its description."""

import json
import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from bakeoff.data.prepared import PreparedData, scaled
from bakeoff.errors import StudyError
from bakeoff.study.identity import contender
from bakeoff.training.judging import is_finite
from fabricated_study import fabricate_data
from needs import need_backend
from projects import TINY, make_tiny_study
from test_readme import ROOT, block
from training_process import LOAD, SETTINGS, Training

pytestmark = pytest.mark.workflow

RIDGE = TINY.format(units=16).replace(
    'activation="relu")', 'activation="relu", kernel_regularizer="l2")'
)
SUBCLASSED = '''"""A subclassed model without get_config, as ordinary Keras has it."""

import keras
from keras import layers


class Net(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.conv = layers.Conv2D(8, 3, activation="relu")
        self.drop = layers.Dropout(0.1)
        self.flat = layers.Flatten()
        self.dense = layers.Dense(classes, activation="softmax")

    def call(self, x, training=None):
        return self.dense(self.flat(self.drop(self.conv(x), training=training)))


def build(input_shape, num_classes):
    return Net(num_classes)
'''
TRACED = SUBCLASSED.replace(
    "training=None):\n",
    'training=None):\n        print(f"traced: {training}, {x.shape[0]} images")\n',
)
DRAWN = '''"""A constant drawn while it is built, which no weight holds."""

import keras
import numpy as np
from keras import layers


def build(input_shape, num_classes):
    inputs = keras.Input(input_shape)
    x = inputs * np.random.uniform(0.5, 1, input_shape).astype("float32")
    x = layers.Dense(num_classes, activation="softmax")(layers.Flatten()(x))
    return keras.Model(inputs, x)
'''
RESCALED = TINY.format(units=16).replace("conv(inputs", "conv(layers.Rescaling(1 / 255)(inputs)")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A tiny study whose data is ready, and some architectures out of the ordinary."""
    project = make_tiny_study(tmp_path_factory.mktemp("trained") / "study")
    project.snakemake("results/data/digits/data.json")
    sources = {"ridge": RIDGE, "subclassed": SUBCLASSED, "traced": TRACED, "drawn": DRAWN}
    sources |= {"rescaled": RESCALED}
    for name, source in sources.items():
        project.add_architecture(name, source)
    return project


def described(project, model):
    """Return what is said while a model is described, and its description."""
    file = f"results/models/{model}/description.json"
    said = project.snakemake(file).stdout
    return said, json.loads(project.path(file).read_text())


def log_loss(probabilities, labels):
    chosen = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return -np.log(np.clip(chosen, 1e-7, 1)).mean()


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_losses_are_those_of_the_predictions_whatever_penalties_are_trained_on(
    backend, project, tmp_path
):
    need_backend(backend)
    training = Training(project, tmp_path, epochs=4, backend=backend)
    training.run(model="ridge")
    history = pd.read_csv(tmp_path / "output" / "history.csv")
    labels = PreparedData.read(project.path("results/data/digits/data.json")).labels("test")
    expected = log_loss(training.probabilities(), labels)
    last = history.iloc[-1]
    assert last["val_loss"] == pytest.approx(expected, rel=1e-5)
    assert last["test_loss"] == pytest.approx(expected, rel=1e-5)
    # The penalty begins at about 0.25, and clean losses of this model are below a half of that.
    assert history["loss"].is_monotonic_decreasing
    clean = training.card()["clean_train"]
    assert clean["loss"] < last["loss"] < 2 * clean["loss"] + 0.3


@pytest.mark.parametrize(("channels", "dtype"), [(3, "uint16"), (3, "uint8"), (1, "float32")])
def test_images_of_other_kinds_are_trained_on(tmp_path, channels, dtype):
    keras = pytest.importorskip("keras")
    project = make_tiny_study(tmp_path / "study")
    kind = {"size": 20, "channels": channels, "dtype": dtype}
    fabricate_data(project.path("results"), dataset="digits", images=60, train_images=60, **kind)
    training = Training(project, tmp_path, epochs=2)
    training.run()
    card = training.card()
    assert card["dataset"]["train_images"] == 60
    assert card["latency_ms"]["median"] > 0
    images = PreparedData.read(project.path("results/data/digits/data.json")).images("test")
    model = keras.models.load_model(tmp_path / "output" / "model.keras")
    found = model.predict(scaled(images), batch_size=32, verbose=0)
    np.testing.assert_allclose(found, training.probabilities(), atol=1e-5)


def test_a_subclassed_model_trains_and_is_loaded_as_the_docs_say(project, tmp_path):
    said, description = described(project, "subclassed")
    assert "subclassed: its model.keras will load with architectures/subclassed.py only" in said
    assert description["loads_with"] == "its architecture file"
    assert description["notation"] == "(1x28x28) --(Net)--> 10"
    assert 'Model: "net"' in project.path("results/models/subclassed/layers.txt").read_text()
    training = Training(project, tmp_path, epochs=2)
    training.run(model="subclassed")
    assert training.card()["status"] == "ok"
    page = (ROOT / "docs" / "architectures.md").read_text()
    recipe = block("python", "load_weights", page).replace("model_03", "subclassed")
    recipe = recipe.replace('"results/models/subclassed/seed_0/model.keras"', "model_file")
    script = LOAD.replace("model, data", "model_file, data").replace(
        "loaded = keras.models.load_model(model)", recipe + "\nloaded = model"
    )
    assert "load_weights(model_file)" in script
    loaded = training.loaded_probabilities(script, folder=project.folder)
    np.testing.assert_array_equal(loaded, training.probabilities())


def test_tensorflow_traces_each_kind_of_step_once(project, tmp_path):
    # A batch size that divides neither part: 400 images to train on, 200 to test on.
    said = Training(project, tmp_path, epochs=3, batch_size=48).run(model="traced")
    traced = Counter(re.findall("^traced: (.*) images$", said, re.MULTILINE))
    # To be checked and to be saved, it is asked about four.
    assert traced.pop("False, 4") > 0
    # Testing takes any number; predicting one, for the latency, a batch, and the rest.
    assert traced == {"True, None": 1, "False, None": 2, "False, 1": 1, "False, 48": 1}


def test_what_a_file_drew_while_it_built_is_in_the_saved_model(project, tmp_path):
    training = Training(project, tmp_path, epochs=2)
    training.run(model="drawn")
    np.testing.assert_array_equal(training.loaded_probabilities(), training.probabilities())


def test_a_second_rescaling_is_said_and_stands_in_the_description(project):
    said, description = described(project, "rescaled")
    assert "rescaled: its first weights get the images times 0.00392" in said
    assert description["input_scaled_by"] == pytest.approx(1 / 255, rel=1e-5)


def test_a_model_without_fault_has_nothing_said_of_it(root, capsys):
    pytest.importorskip("tensorflow")
    from bakeoff.describe.model import checked_description

    source = RESCALED.replace("(layers.Rescaling(1 / 255)(inputs)", "(inputs")
    source = source.replace("from architectures.blocks import conv, pool\n", "")
    source = source.replace("pool(pool(conv(inputs, 4, 3)))", "layers.Conv2D(4, 3)(inputs)")
    (root / "architectures" / "plain.py").write_text(source)
    identity = contender("plain") | {"seed": 0, "settings": SETTINGS}
    description, table = checked_description([root], identity, (28, 28, 1), 10)
    assert capsys.readouterr().out == ""
    assert description["input_scaled_by"] is None
    assert description["loads_with"] == "keras alone"
    assert description["compute_dtypes"] == ["float32"]
    assert "conv2d" in table


IN_TRAINING = {
    "weights": (
        "            self.add_loss(keras.ops.mean(self.aux(x)))\n",
        "a model that makes net/aux/kernel and net/aux/bias only while it trains; expected all",
    ),
    "raises": (
        "            x = self.missing(x)\n",
        "raised AttributeError: 'Net' object has no attribute 'missing' (in Net.call()) when called"
        " with training=True; expected a model that trains",
    ),
}


def net(inside):
    """Return the source of a model that does more while it trains."""
    return (
        "import keras\nfrom keras import layers\n\n\n"
        "class Net(keras.Model):\n    def __init__(self, n):\n"
        '        super().__init__(name="net")\n'
        "        self.flat, self.drop = layers.Flatten(), layers.Dropout(0.5)\n"
        "        self.norm = layers.BatchNormalization()\n"
        '        self.aux = layers.Dense(4, name="aux")\n'
        '        self.dense = layers.Dense(n, activation="softmax")\n\n'
        "    def call(self, x, training=False):\n"
        "        x = self.norm(self.flat(x), training=training)\n"
        f"        if training:\n{inside}"
        "        return self.dense(self.drop(x, training=training))\n\n\n"
        "def build(input_shape, num_classes):\n    return Net(num_classes)\n"
    )


@pytest.mark.parametrize("fault", IN_TRAINING)
def test_what_only_a_training_step_would_meet_is_met_by_the_description(root, fault):
    pytest.importorskip("tensorflow")
    from bakeoff.describe.model import checked_description

    inside, said = IN_TRAINING[fault]
    (root / "architectures" / "aux.py").write_text(net(inside))
    identity = contender("aux") | {"seed": 0, "settings": SETTINGS}
    with pytest.raises(StudyError) as error:
        checked_description([root], identity, (28, 28, 1), 10)
    assert str(error.value).startswith(f"architectures/aux.py: build: {said}")
    assert len(str(error.value).splitlines()) == 1


def test_a_model_that_was_called_as_in_training_is_as_it_was(root):
    """Its moving averages, seeds and weights, and the process's random numbers."""
    keras = pytest.importorskip("keras")
    from bakeoff.describe.model import _check_called_in_training
    from bakeoff.training.architecture import build_model

    (root / "architectures" / "calm.py").write_text(net("            x = x + 0.5\n"))
    model = build_model([root], "calm", (28, 28, 1), 10)
    convert = keras.ops.convert_to_numpy
    before = [convert(variable) for variable in model.variables]
    drawn = np.random.get_state()[1:3]
    model(np.ones((4, 28, 28, 1)), training=True)
    changed = [np.any(convert(v) != was) for v, was in zip(model.variables, before, strict=True)]
    # Two moving averages, and the generator of the dropout.
    assert sum(changed) == 3
    for variable, value in zip(model.variables, before, strict=True):
        variable.assign(value)
    _check_called_in_training("calm.py", model, (28, 28, 1))
    after = [convert(variable) for variable in model.variables]
    assert all(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    np.testing.assert_array_equal(np.random.get_state()[1], drawn[0])


def described_alone(root, layer, last=""):
    """Return the description of a model with one layer and a last one, to which ``last`` adds."""
    pytest.importorskip("tensorflow")
    from bakeoff.describe.model import checked_description

    (root / "architectures" / "seeded.py").write_text(
        "import keras\nfrom keras import layers\nfrom keras.initializers import HeNormal\n\n\n"
        "def build(input_shape, num_classes):\n"
        f"    a = keras.Input(input_shape)\n    b = {layer}(layers.Flatten()(a))\n"
        f'    c = layers.Dense(num_classes, activation="softmax"{last})(b)\n'
        "    return keras.Model(a, c)\n"
    )
    identity = contender("seeded") | {"seed": 0, "settings": SETTINGS}
    return checked_description([root], identity, (8, 8, 1), 3)[0]


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (
            'layers.Dense(8, kernel_initializer=HeNormal(seed=1), name="own")',
            "own has a kernel_initializer HeNormal(seed=1)",
        ),
        (
            "keras.Sequential([layers.Dense(8, bias_initializer=keras.initializers.RandomNormal("
            'seed=keras.random.SeedGenerator(2)), name="inner")])',
            "inner has a bias_initializer RandomNormal(seed=2)",
        ),
        ("layers.Dense(8, trainable=False, kernel_initializer=HeNormal(1))", None),
        ('layers.Dense(8, kernel_initializer="he_normal")', None),
        ("layers.Dropout(0.1, seed=1)", None),
    ],
)
def test_weights_that_start_alike_with_any_seed_are_refused(root, layer, said):
    if said is None:
        assert described_alone(root, layer)["loads_with"] == "keras alone"
        return
    with pytest.raises(StudyError) as refused:
        described_alone(root, layer)
    message = str(refused.value)
    assert message.startswith(f"architectures/seeded.py: build: {said}; expected initializers")


def test_a_model_without_weights_to_train_is_refused(root):
    with pytest.raises(StudyError, match="build: a model without weights to train; expected some"):
        described_alone(root, "layers.Dropout(0.1)", ", trainable=False")


@pytest.mark.parametrize("key", ["objective", "loss", "val_loss", "test_loss"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_training_has_diverged_where_any_loss_has_also_that_with_penalties(key, value):
    row = {"objective": 1.0, "loss": 1.0, "val_loss": 1.0, "test_loss": 1.0}
    assert is_finite(row)
    assert not is_finite(row | {key: value})
