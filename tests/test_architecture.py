"""What an architecture file builds is checked before the first epoch."""

import os
import random
import sys

import keras
import numpy as np
import pytest

from bakeoff.describe.layers import describe_layers
from bakeoff.describe.notation import arrow_notation
from bakeoff.errors import StudyError, Terminated
from bakeoff.study.identity import check_imported, check_sources, sources_read
from bakeoff.study.sources import Sources
from bakeoff.training.architecture import (
    build_model,
    compute_dtypes,
    effective_arguments,
)

pytestmark = pytest.mark.workflow

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
    "compiled": (
        "    a = keras.Input(input_shape)\n"
        '    y = layers.Dense(num_classes, "softmax")(layers.Flatten()(a))\n'
        "    model = keras.Model(a, y)\n"
        '    model.compile("sgd", "categorical_crossentropy")\n'
        "    return model\n",
        ["a compiled model", "drop `compile`", "`training:`"],
    ),
    "integers": (
        '    a = keras.Input(input_shape, dtype="uint8")\n'
        '    return keras.Model(a, layers.Dense(num_classes, "softmax")(layers.Flatten()(a)))\n',
        ["images of type uint8", "float32", "keras.Input"],
    ),
    "output_in_a_dict": (
        "    a = keras.Input(input_shape)\n"
        '    y = layers.Dense(num_classes, "softmax")(layers.Flatten()(a))\n'
        '    return keras.Model(a, {"y": y})\n',
        ["1 output in a dict", "(n, 10)"],
    ),
    "all_in_another_type": (
        "    a = keras.Input(input_shape)\n"
        '    y = layers.Dense(num_classes, dtype="mixed_bfloat16")(layers.Flatten()(a))\n'
        '    return keras.Model(a, layers.Softmax(dtype="float32")(y))\n',
        ["compute in bfloat16", "float32", "`training: {precision: …}`"],
    ),
    "inside_a_layer": (
        "    class Cut(layers.Layer):\n"
        "        def call(self, x):\n"
        "            return x.crop(3)\n"
        "    a = keras.Input(input_shape)\n"
        "    return keras.Model(a, Cut()(a))\n",
        ["raised AttributeError: ", "no attribute 'crop' (in Cut.call())"],
    ),
    "other_images": (
        "    a = keras.Input((32, 32, 3))\n"
        '    return keras.Model(a, layers.Dense(num_classes, "softmax")(layers.Flatten()(a)))\n',
        ["does not take images of shape (28, 28, 1)"],
    ),
}


def refusal(root, model, source):
    """Return the one line that an architecture file with this ``source`` is refused with."""
    (root / "architectures" / f"{model}.py").write_text(source)
    with pytest.raises(StudyError) as error:
        build_model([root], model, (28, 28, 1), 10)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith(f"architectures/{model}.py: ")
    assert "expected" in line
    return line


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_architecture_gets_one_line(root, fault):
    body, parts = FAULTS[fault]
    line = refusal(root, fault, HEAD + body)
    assert line.startswith(f"architectures/{fault}.py: build")
    assert all(part in line for part in parts), line


IMPORT_FAULTS = {
    "argparse": (
        "import argparse\np = argparse.ArgumentParser()\n"
        'p.add_argument("--width", required=True)\np.parse_args([])\n',
        ["import: left Python (sys.exit, status 2)", "if __name__"],
    ),
    "exit": ("import sys\nsys.exit(0)\n", ["import: left Python (sys.exit, status 0)"]),
    "interrupt": (
        "class Stop(BaseException):\n    pass\nraise Stop('one\\n two\\n\\nthree')\n",
        ["import: raised Stop: one two;"],
    ),
    "missing": ("import no_such_module\n", ["import: raised ModuleNotFoundError: No module"]),
    "syntax": ("def build(:\n", ["import: raised SyntaxError"]),
    "no_build": ("def built(input_shape, num_classes):\n    return 1\n", ["no function build"]),
    "no_parameters": ("def build():\n    return 1\n", ["build: takes ()", "these parameters"]),
    "too_many": ("def build(a, b, c):\n    return 1\n", ["build: takes (a, b, c)"]),
    "leaves_in_build": ("def build(a, b):\n    raise SystemExit\n", ["build: left Python"]),
}


@pytest.mark.parametrize("fault", IMPORT_FAULTS)
def test_a_file_that_python_cannot_use_gets_one_line(root, fault):
    source, parts = IMPORT_FAULTS[fault]
    line = refusal(root, fault, source)
    assert all(part in line for part in parts), line


def test_a_module_beside_the_file_is_imported_by_its_folder(root):
    (root / "architectures" / "helpers_mine.py").write_text("def conv():\n    pass\n")
    line = refusal(root, "neighbour", "from helpers_mine import conv\n")
    assert "import: finds no helpers_mine, though architectures/helpers_mine.py is there" in line
    assert line.endswith("write `from architectures.helpers_mine import …`.")


@pytest.mark.parametrize("end", [KeyboardInterrupt, Terminated])
def test_an_end_from_outside_is_no_fault_of_the_file(root, end):
    where = "builtins" if end is KeyboardInterrupt else "bakeoff.errors"
    source = f"from {where} import {end.__name__}\nraise {end.__name__}\n"
    (root / "architectures" / "ended.py").write_text(source)
    with pytest.raises(end):
        build_model([root], "ended", (28, 28, 1), 10)


GOOD = (
    "    a = keras.Input(input_shape)\n"
    '    return keras.Model(a, layers.Dense(num_classes, "softmax")(layers.Flatten()(a)))\n'
)
GLOBALS = {
    "keras.config.set_dtype_policy('mixed_bfloat16')": [
        "sets Keras's dtype policy to mixed_bfloat16; expected float32",
        "`training: {precision: mixed_bfloat16}`",
    ],
    "keras.config.set_dtype_policy('float64')": ["dtype policy to float64; expected float32"],
    "keras.config.set_floatx('float64')": ["keras.config.floatx from float32 to float64"],
    "keras.config.set_epsilon(1e-3)": ["keras.config.epsilon from 1e-07 to 0.001"],
    "keras.config.set_image_data_format('channels_first')": [
        "image_data_format from channels_last to channels_first"
    ],
    "keras.config.set_max_epochs(1)": ["keras.config.max_epochs from None to 1"],
    "import tensorflow as tf; tf.config.run_functions_eagerly(True)": ["functions_run_eagerly"],
    "import tensorflow as tf; tf.config.optimizer.set_jit('autoclustering')": ["get_jit"],
    "import os; os.environ['KERAS_BACKEND'] = 'other'": ["KERAS_BACKEND", "to other; expected"],
    "import os; os.chdir('/')": ["working directory", "to /"],
    "import random; random.seed(1)": ["seeds Python's random numbers", "drop the line"],
    "import numpy as np; np.random.seed(1337)": ["seeds NumPy's random numbers"],
    "import tensorflow as tf; tf.random.set_seed(3)": ["seeds TensorFlow's random numbers"],
    "keras.utils.set_random_seed(42)": ["seeds Python's random numbers", "set_random_seed"],
}


@pytest.fixture
def put_back(monkeypatch):
    """Put back what the files of the tests change."""
    tf = pytest.importorskip("tensorflow")
    folder, epsilon = os.getcwd(), keras.config.epsilon()
    # Noted, so that it is put back.
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    yield
    os.chdir(folder)
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(epsilon)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_dtype_policy("float32")
    keras.config.set_max_epochs(None)
    tf.config.run_functions_eagerly(False)
    tf.config.optimizer.set_jit("")


@pytest.mark.parametrize("moment", ["import", "build"])
@pytest.mark.parametrize("line", GLOBALS)
def test_a_file_that_changes_what_holds_for_the_process_is_refused(root, put_back, line, moment):
    source = HEAD.replace("\n\n\ndef", f"\n{line}\n\ndef") if moment == "import" else HEAD
    body = GOOD if moment == "import" else f"    {line}\n{GOOD}"
    keras.utils.set_random_seed(0)
    said = refusal(root, "sets", source + body)
    assert all(part in said for part in GLOBALS[line]), said


def test_numbers_may_be_drawn_as_many_as_a_file_needs(root):
    draws = (
        "    import random\n    import numpy as np\n"
        "    [random.random() for _ in range(5_000)]\n"
        "    np.random.normal(size=(300, 300))\n"
    )
    (root / "architectures" / "draws.py").write_text(HEAD + draws + GOOD)
    # At any place of the generators' blocks.
    for drawn in (0, 1, 311):
        keras.utils.set_random_seed(drawn)
        for _ in range(drawn):
            random.random()
            np.random.random()
        assert build_model([root], "draws", (28, 28, 1), 10).count_params() == 7850


def test_layers_may_have_a_type_of_their_own(root):
    body = (
        "    a = keras.Input(input_shape)\n"
        '    x = layers.Dense(8, dtype="mixed_bfloat16")(layers.Flatten()(a))\n'
        '    return keras.Model(a, layers.Dense(num_classes, "softmax")(x))\n'
    )
    (root / "architectures" / "own.py").write_text(HEAD + body)
    model = build_model([root], "own", (28, 28, 1), 10)
    assert compute_dtypes(model) == ["bfloat16", "float32"]


@pytest.mark.parametrize("style", ["functional", "sequential", "subclassed", "built"])
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
    }
    # A subclassed model that was called already is built, but has no `inputs`.
    body["built"] = body["subclassed"].replace(
        "    return Net()\n",
        "    net = Net()\n    net(keras.Input(input_shape))\n    return net\n",
    )
    body = body[style]
    (root / "architectures" / f"{style}.py").write_text(HEAD + body)
    model = build_model([root], style, (28, 28, 1), 10)
    assert model.count_params() == 7850
    assert arrow_notation(model).startswith("(1x28x28) --(")
    assert describe_layers(model)[-1]["output_shape"] == [10]


def test_a_source_that_changed_after_planning_is_refused(root):
    (root / "architectures" / "a.py").write_text("x = 1\n")
    with pytest.raises(StudyError, match=r"architectures/a.py: changed .* run snakemake again"):
        check_sources([root], {"architectures/a.py": "0" * 64})


def test_sources_read_are_those_really_imported(root):
    (root / "architectures" / "used.py").write_text("from architectures.helper import build\n")
    (root / "architectures" / "helper.py").write_text(HEAD + FAULTS["nothing"][0])
    (root / "architectures" / "unused.py").write_text("")
    with pytest.raises(StudyError):
        build_model([root], "used", (28, 28, 1), 10)
    assert set(sources_read([root])) == {"architectures/used.py", "architectures/helper.py"}


BUILDS = HEAD + (
    "    a = keras.Input(input_shape)\n"
    '    return keras.Model(a, layers.Dense(num_classes, "softmax")(layers.Flatten()(a)))\n'
)


def test_what_was_imported_is_what_was_planned(root):
    """Asked once more after the build, as the import of a backend takes seconds."""
    (root / "architectures" / "late.py").write_text("import architectures.part\n" + BUILDS)
    (root / "architectures" / "part.py").write_text("x = 1\n")
    planned = Sources([root]).of("architectures/late.py")
    build_model([root], "late", (28, 28, 1), 10)
    check_imported([root], planned)
    (root / "architectures" / "part.py").write_text("x = 2\n")
    with pytest.raises(StudyError, match=r"^architectures/part.py: changed .* run snakemake again"):
        check_imported([root], planned)


@pytest.mark.parametrize("name", ["architectures.hidden", "computed.hidden"])
def test_an_import_by_a_computed_name_is_refused(root, name, monkeypatch):
    """An edit of that file would train nothing again."""
    monkeypatch.delitem(sys.modules, name, raising=False)
    file = f"{name.replace('.', '/')}.py"
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text("x = 1\n")
    (root / "architectures" / "by_name.py").write_text(
        f"import importlib\n\nimportlib.import_module('{name}')\n{BUILDS}"
    )
    planned = Sources([root]).of("architectures/by_name.py")
    try:
        build_model([root], "by_name", (28, 28, 1), 10)
        assert file in sources_read([root])
        with pytest.raises(StudyError, match=f"^{file}: imported, but by no `import` statement"):
            check_imported([root], planned)
        check_imported([root], planned | Sources([root]).of(file))
    finally:
        for imported in (name, name.partition(".")[0]):
            sys.modules.pop(imported, None)


def test_a_list_that_build_empties_is_whole_when_it_is_built_again(root):
    source = HEAD.replace("num_classes)", "num_classes, widths)") + (
        "    x = a = keras.Input(input_shape)\n    while widths:\n"
        "        x = layers.Dense(widths.pop(0))(x)\n"
        '    return keras.Model(a, layers.Dense(num_classes, "softmax")(layers.Flatten()(x)))\n'
    )
    (root / "architectures" / "own.py").write_text(source)
    arguments = {"widths": [2, 3]}
    models = [build_model([root], "own", (4, 4, 1), 10, arguments) for _ in range(2)]
    assert [len(model.weights) for model in models] == [6, 6]
    assert effective_arguments("own", arguments) == {"widths": [2, 3]}


def test_defaults_are_told_alike_by_every_process(root):
    """Runs of one model, each trained in a process of its own, have the same in their cards."""
    (root / "architectures" / "odd.py").write_text(
        "import functools\n\nimport keras\nfrom keras import layers\n\n\n"
        "def build(shape, classes, activation=keras.activations.relu, layer=layers.Dense,\n"
        "          kinds=frozenset('abc'), depths=(1, {'b', 'a'}), last=lambda x: x,\n"
        "          start=keras.initializers.Zeros(), part=functools.partial(max, 1), units=8):\n"
        "    inputs = keras.Input(shape)\n"
        "    x = layer(units, activation)(layers.Flatten()(inputs))\n"
        "    return keras.Model(inputs, layers.Dense(classes, 'softmax')(x))\n"
    )
    build_model([root], "odd", (8, 8, 1), 3)
    assert effective_arguments("odd", {"units": 4}) == {
        "activation": "relu",
        "layer": "Dense",
        "kinds": ["a", "b", "c"],
        "depths": [1, ["a", "b"]],
        "last": "<lambda>",
        "start": "<keras.src.initializers.constant_initializers.Zeros object>",
        "part": "functools.partial(<built-in function max>, 1)",
        "units": 4,
    }
