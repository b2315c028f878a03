"""What an architecture file builds is checked before the first epoch."""

import sys

import pytest

from bakeoff.architecture import build_model, check_sources, sources_read
from bakeoff.errors import StudyError

HEAD = "import keras\nfrom keras import layers\n\n\ndef build(input_shape, num_classes):\n"
FAULTS = {
    "raises": ("    return layers.Flatten()(missing)\n", ["raised NameError", "missing"]),
    "nothing": ("    keras.Input(input_shape)\n", ["returned NoneType", "return keras.Model"]),
    "two_inputs": (
        "    a, b = keras.Input(input_shape), keras.Input(input_shape)\n"
        "    x = layers.Flatten()(layers.Add()([a, b]))\n"
        '    return keras.Model([a, b], layers.Dense(num_classes, "softmax")(x))\n',
        ["2 inputs", "expected one"],
    ),
    "two_outputs": (
        "    a = keras.Input(input_shape)\n"
        '    y = layers.Dense(num_classes, "softmax")(layers.Flatten()(a))\n'
        "    return keras.Model(a, [y, y])\n",
        ["2 outputs", "(n, 10)"],
    ),
    "wrong_width": (
        "    a = keras.Input(input_shape)\n"
        '    return keras.Model(a, layers.Dense(7, "softmax")(layers.Flatten()(a)))\n',
        ["output of shape (n, 7)", "(n, 10)", "softmax"],
    ),
    "not_flat": (
        "    a = keras.Input(input_shape)\n"
        '    return keras.Model(a, layers.Dense(num_classes, "softmax")(a))\n',
        ["output of shape (n, 28, 28, 10)"],
    ),
    "logits": (
        "    a = keras.Input(input_shape)\n"
        "    return keras.Model(a, layers.Dense(num_classes)(layers.Flatten()(a)))\n",
        ["sum to", "softmax"],
    ),
    "not_a_number": (
        "    a = keras.Input(input_shape)\n"
        '    y = layers.Dense(num_classes, "softmax")(layers.Flatten()(a))\n'
        "    return keras.Model(a, layers.Lambda(lambda t: t / 0.0 * 0.0)(y))\n",
        ["NaN or infinity"],
    ),
    "other_images": (
        "    a = keras.Input((32, 32, 3))\n"
        '    return keras.Model(a, layers.Dense(num_classes, "softmax")(layers.Flatten()(a)))\n',
        ["does not take images of shape (28, 28, 1)"],
    ),
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with architectures of its own, out of reach of this repository's."""
    (tmp_path / "architectures").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    kept = {name: module for name, module in sys.modules.items() if _is_architecture(name)}
    for name in kept:
        del sys.modules[name]
    yield tmp_path
    for name in [name for name in sys.modules if _is_architecture(name)]:
        del sys.modules[name]
    sys.modules.update(kept)


def _is_architecture(name):
    return name.partition(".")[0] == "architectures"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_architecture_gets_one_line(root, fault):
    body, parts = FAULTS[fault]
    (root / "architectures" / f"{fault}.py").write_text(HEAD + body)
    with pytest.raises(StudyError) as error:
        build_model(root, fault, (28, 28, 1), 10)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(f"architectures/{fault}.py: build")
    assert "expected" in line
    assert all(part in line for part in parts), line


@pytest.mark.parametrize("style", ["functional", "sequential", "subclassed"])
def test_any_keras_model_will_do(root, style):
    body = {
        "functional": (
            "    a = keras.Input(input_shape)\n"
            '    return keras.Model(a, layers.Dense(num_classes, "softmax")(layers.Flatten()(a)))\n'
        ),
        "sequential": (
            "    return keras.Sequential(\n"
            '        [layers.Flatten(), layers.Dense(num_classes, activation="softmax")]\n'
            "    )\n"
        ),
        "subclassed": (
            "    class Net(keras.Model):\n"
            "        def __init__(self):\n"
            "            super().__init__()\n"
            "            self.flatten = layers.Flatten()\n"
            '            self.dense = layers.Dense(num_classes, activation="softmax")\n'
            "        def call(self, x):\n"
            "            return self.dense(self.flatten(x))\n"
            "    return Net()\n"
        ),
    }[style]
    (root / "architectures" / f"{style}.py").write_text(HEAD + body)
    model = build_model(root, style, (28, 28, 1), 10)
    assert model.count_params() == 7850


def test_a_source_that_changed_after_planning_is_refused(root):
    (root / "architectures" / "a.py").write_text("x = 1\n")
    with pytest.raises(StudyError, match=r"architectures/a.py: changed .* run snakemake again"):
        check_sources(root, {"architectures/a.py": "0" * 64})


def test_sources_read_are_those_really_imported(root):
    (root / "architectures" / "used.py").write_text("from architectures.helper import build\n")
    (root / "architectures" / "helper.py").write_text(HEAD + FAULTS["nothing"][0])
    (root / "architectures" / "unused.py").write_text("")
    with pytest.raises(StudyError):
        build_model(root, "used", (28, 28, 1), 10)
    assert set(sources_read(root)) == {"architectures/used.py", "architectures/helper.py"}
