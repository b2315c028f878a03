"""Before the first epoch it is tried whether a model can be saved, and what loads it again."""

import random
import sys

import keras
import numpy as np
import pytest

from bakeoff.describe import ITS_FILE, KERAS_ALONE
from bakeoff.describe.saving import load_with_file, try_saving
from bakeoff.errors import StudyError
from bakeoff.training.architecture import build_model, random_images
from bakeoff.training.saving import save_model

pytestmark = pytest.mark.workflow

SHAPE, CLASSES = (28, 28, 1), 10
HEAD = "import keras\nfrom keras import layers\n\n\n"
END = '    return keras.Model(i, layers.Dense(n, activation="softmax")(layers.Flatten()(x)))\n'
FUNCTION = "def build(s, n):\n    i = keras.Input(s)\n"
NET = (
    "class Net(keras.Model):\n"
    "    def __init__(self, n{more}):\n        super().__init__({pass_on})\n        self.n = n\n"
    "        self.f = layers.Flatten()\n"
    '        self.d = layers.Dense(n, activation="softmax")\n'
    "    def call(self, x):\n        return self.d(self.f(x))\n"
)
PLAIN_NET = NET.format(more="", pass_on="")
CONFIGURED_NET = NET.format(more=", **rest", pass_on="**rest") + (
    "    def get_config(self):\n        return super().get_config() | {'n': self.n}\n"
)
RETURN_NET = "def build(s, n):\n    return Net(n)\n"
WAYS = {
    "functional": (FUNCTION + "    x = layers.Conv2D(2, 3)(i)\n" + END, KERAS_ALONE),
    "sequential": (
        "def build(s, n):\n"
        '    return keras.Sequential([layers.Flatten(), layers.Dense(n, activation="softmax")])\n',
        KERAS_ALONE,
    ),
    "with_dropout": (FUNCTION + "    x = layers.Dropout(0.5)(i)\n" + END, KERAS_ALONE),
    "always_random": (
        FUNCTION + "    x = layers.Dropout(0.5)(i, training=True)\n" + END,
        KERAS_ALONE,
    ),
    "lambda": (FUNCTION + "    x = layers.Lambda(lambda t: t * 2 - 1)(i)\n" + END, ITS_FILE),
    "lambda_let_through": (
        "keras.config.enable_unsafe_deserialization()\n"
        + FUNCTION
        + "    x = layers.Lambda(lambda t: t * 2 - 1)(i)\n"
        + END,
        ITS_FILE,
    ),
    "custom_layer": (
        "class Twice(layers.Layer):\n    def call(self, x):\n        return 2 * x\n"
        + FUNCTION
        + "    x = Twice()(i)\n"
        + END,
        ITS_FILE,
    ),
    "registered_layer": (
        "@keras.saving.register_keras_serializable()\n"
        "class Twice(layers.Layer):\n    def call(self, x):\n        return 2 * x\n"
        + FUNCTION
        + "    x = Twice()(i)\n"
        + END,
        ITS_FILE,
    ),
    "layer_without_config": (
        "class By(layers.Layer):\n"
        "    def __init__(self, f):\n        super().__init__()\n        self.f = f\n"
        "    def call(self, x):\n        return self.f(x)\n"
        + FUNCTION
        + "    x = By(lambda t: 3 * t)(i)\n"
        + END,
        ITS_FILE,
    ),
    "function_of_a_library": (
        "import tensorflow as tf\n"
        + FUNCTION
        + "    x = layers.Lambda(tf.nn.local_response_normalization)(i)\n"
        + END,
        ITS_FILE,
    ),
    "subclassed": (PLAIN_NET + RETURN_NET, ITS_FILE),
    "subclassed_with_training": (
        PLAIN_NET.replace("call(self, x)", "call(self, x, training=None)") + RETURN_NET,
        ITS_FILE,
    ),
    "subclassed_with_config": (CONFIGURED_NET + RETURN_NET, ITS_FILE),
    "subclassed_registered": (
        "@keras.saving.register_keras_serializable()\n" + CONFIGURED_NET + RETURN_NET,
        ITS_FILE,
    ),
    "subclassed_without_arguments": (
        PLAIN_NET.replace("(self, n)", "(self)").replace("(n,", "(10,").replace("= n\n", "= 10\n")
        + RETURN_NET.replace("Net(n)", "Net()"),
        ITS_FILE,
    ),
    "constant_drawn_at_random": (
        "import numpy as np\n"
        + FUNCTION
        + "    x = i * np.random.random(s).astype('float32')\n"
        + END,
        KERAS_ALONE,
    ),
}


def tried(root, name, source):
    """Return a freshly built model and what its trial of saving says."""
    (root / "architectures" / f"{name}.py").write_text(HEAD + source)
    model = build_model([root], name, SHAPE, CLASSES)
    return model, try_saving(model, [root], name, SHAPE, CLASSES)


@pytest.mark.parametrize("way", WAYS)
def test_what_loads_a_model_is_found_out_and_loads_it(root, tmp_path, capsys, way):
    source, expected = WAYS[way]
    model, loads_with = tried(root, way, source)
    said = capsys.readouterr().out
    assert loads_with == expected
    line = f"{way}: its model.keras will load with architectures/{way}.py only, see docs/"
    assert (line in said) == (expected == ITS_FILE)
    # Again, as after the training.
    model.set_weights([weight + 0.01 for weight in model.get_weights()])
    file = tmp_path / "model.keras"
    save_model(model, file)
    if expected == KERAS_ALONE:
        loaded = keras.models.load_model(file)
    else:
        loaded = load_with_file(file, [root], way, SHAPE, CLASSES)
    images = random_images(SHAPE)
    if way != "always_random":
        np.testing.assert_array_equal(
            loaded.predict(images, verbose=0), model.predict(images, verbose=0)
        )


REFUSED = {
    "weights_that_cannot_be_saved": (
        "class Odd(layers.Layer):\n    def call(self, x):\n        return x\n"
        "    def save_own_variables(self, store):\n        raise ValueError('not mine')\n"
        + FUNCTION
        + "    x = Odd()(i)\n"
        + END,
        ["cannot be saved: ValueError: not mine", "`get_config`"],
    ),
    "weights_out_of_keras_sight": (
        "import numpy as np\n"
        "class Hidden(layers.Layer):\n"
        "    def build(self, shape):\n"
        "        self.hidden = np.random.random(shape[1:]).astype('float32')\n"
        "    def call(self, x):\n        return x * self.hidden\n"
        + FUNCTION
        + "    x = Hidden()(i)\n"
        + END,
        ["is saved, but does not load: its predictions differ by up to", "`add_weight`"],
    ),
    "other_each_time": (
        "import itertools\nCOUNT = itertools.count(3)\n"
        "class Net(keras.Model):\n"
        "    def __init__(self, units):\n        super().__init__()\n"
        "        self.f = layers.Flatten()\n        self.h = layers.Dense(units)\n"
        '        self.d = layers.Dense(10, activation="softmax")\n'
        "    def call(self, x):\n        return self.d(self.h(self.f(x)))\n"
        "def build(s, n):\n    return Net(next(COUNT))\n",
        ["is saved, but does not load: ", "build the same each time"],
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_would_be_lost_after_the_training_is_refused_before_it(root, fault):
    source, parts = REFUSED[fault]
    with pytest.raises(StudyError) as error:
        tried(root, fault, source)
    line = str(error.value)
    assert line.startswith(f"architectures/{fault}.py: build: ")
    assert "\n" not in line
    assert "expected" in line
    assert all(part in line for part in parts), line


@pytest.mark.parametrize("way", ["with_dropout", "registered_layer", "subclassed"])
def test_the_trial_leaves_everything_as_it_was(root, way):
    (root / "architectures" / f"{way}.py").write_text(HEAD + WAYS[way][0])
    keras.utils.set_random_seed(3)
    model = build_model([root], way, SHAPE, CLASSES)
    before = {
        "weights": [weight.tobytes() for weight in model.get_weights()],
        "python": random.getstate(),
        "numpy": np.random.get_state()[1].tobytes(),
        "registered": dict(keras.saving.get_custom_objects()),
        "modules": {n for n in sys.modules if n.startswith("architectures")},
        "attributes": set(vars(model)),
    }
    assert way != "registered_layer" or before["registered"]
    try_saving(model, [root], way, SHAPE, CLASSES)
    assert [weight.tobytes() for weight in model.get_weights()] == before["weights"]
    assert random.getstate() == before["python"]
    assert np.random.get_state()[1].tobytes() == before["numpy"]
    registered = keras.saving.get_custom_objects()
    assert registered.keys() >= before["registered"].keys()
    assert all(sys.modules[name] is not None for name in before["modules"])
    assert set(vars(model)) == before["attributes"]
