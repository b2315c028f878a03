"""The arrow notation: the notebook's ten architectures, then what a user may add."""

from importlib import import_module
from pathlib import Path

import keras
import pytest
from keras import layers

from bakeoff.describe.notation import arrow_notation

pytestmark = pytest.mark.workflow


def read_notebook():
    text = (Path(__file__).parent / "data" / "notebook_architectures.txt").read_text()
    _, *blocks = text.strip().split("\n\n")
    return dict(block.split("\n", 1) for block in blocks)


NOTEBOOK = read_notebook()


@pytest.mark.parametrize("name", NOTEBOOK)
def test_the_notebook_architectures_read_as_in_the_notebook(name):
    model = import_module(f"architectures.{name}").build((28, 28, 1), 10)
    assert arrow_notation(model) == NOTEBOOK[name]


def notation_of(*stack, shape=(28, 28, 1)):
    """Return the notation of a chain of layers."""
    return arrow_notation(keras.Sequential([keras.Input(shape), *stack]))


@pytest.mark.parametrize(
    ("layer", "arrow"),
    [
        (layers.Conv2D(8, 3, strides=2), "--(3x3 kernel s-2)--> (8x13x13)"),
        (layers.Conv2D(8, 3, strides=(2, 1)), "--(3x3 kernel s-2x1)--> (8x13x26)"),
        (layers.Conv2D(8, (1, 7), padding="same"), "--(1x7 kernel pad)--> (8x28x28)"),
        (layers.Conv2D(8, 2, strides=2, padding="same"), "--(2x2 kernel s-2)--> (8x14x14)"),
        (layers.Conv2D(8, 3, dilation_rate=2), "--(3x3 kernel d-2)--> (8x24x24)"),
        (layers.DepthwiseConv2D(3), "--(3x3 depthwise kernel)--> (1x26x26)"),
        (layers.SeparableConv2D(4, 5), "--(5x5 separable kernel)--> (4x24x24)"),
        (layers.Conv2DTranspose(4, 2, strides=2), "--(2x2 transpose kernel s-2)--> (4x56x56)"),
        (layers.AveragePooling2D(2), "--(2x2 average pooling s-2)--> (1x14x14)"),
        (layers.GlobalAveragePooling2D(), "--(global average pooling)--> 1"),
        (layers.GlobalMaxPooling2D(), "--(global max pooling)--> 1"),
        (layers.Reshape((14, 14, 4)), "--(Reshape)--> (4x14x14)"),
        (layers.Dense(5), "--(Dense)--> (5x28x28)"),
        (layers.UpSampling2D(), "--(UpSampling2D)--> (1x56x56)"),
    ],
)
def test_one_layer(layer, arrow):
    assert notation_of(layer) == f"(1x28x28) {arrow}"


def test_grouped_convolution():
    grouped = layers.Conv2D(8, 3, groups=2)
    assert notation_of(grouped, shape=(9, 9, 4)) == "(4x9x9) --(3x3 grouped kernel)--> (8x7x7)"


def test_dropout_normalisation_and_activations_are_left_out():
    stack = [
        layers.Conv2D(8, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.SpatialDropout2D(0.1),
        layers.Flatten(),
        layers.Activation("relu"),
        layers.Dense(10),
        layers.Softmax(),
    ]
    expected = "(1x28x28) --(3x3 kernel)--> (8x26x26) --(Flatten)--> 5408 --> 10"
    assert notation_of(*stack) == expected


def test_unknown_image_size():
    chain = notation_of(layers.Conv2D(8, 3, padding="same"), shape=(None, None, 1))
    assert chain == "(1x?x?) --(3x3 kernel pad)--> (8x?x?)"


def functional(graph, shape=(28, 28, 1)):
    inputs = keras.Input(shape)
    return arrow_notation(keras.Model(inputs, graph(inputs))).split("\n")


def test_residual_connection():
    def graph(x):
        x = layers.Conv2D(8, 3)(x)
        y = layers.Conv2D(8, 3, padding="same")(x)
        y = layers.BatchNormalization()(y)
        x = layers.Activation("relu")(layers.Add()([x, y]))
        x = layers.GlobalAveragePooling2D()(x)
        return layers.Softmax()(layers.Dense(10)(layers.Dense(20)(x)))

    assert functional(graph) == [
        "(1x28x28 input) --(3x3 kernel)--> (8x26x26) - layer1",
        "layer1 --(3x3 kernel pad)--> (8x26x26) - layer2",
        "layer1 + layer2 added --> (8x26x26) --(global average pooling)--> 8"
        " --> 20 (Dense) --> 10 (Softmax)",
    ]


def test_residual_connection_past_the_first_layer():
    def graph(x):
        return layers.Flatten()(layers.Conv2D(1, 3, padding="same")(x) + x)

    assert functional(graph) == [
        "(1x28x28 input) --(3x3 kernel pad)--> (1x28x28) - layer1",
        "layer1 + (1x28x28 input) added --> (1x28x28) --(Flatten)--> 784",
    ]


def test_forks_within_forks_are_merged_by_name_while_other_lines_are_open():
    def graph(x):
        a = layers.Conv2D(2, 1)(x)
        b = layers.Conv2D(3, 1)(x)
        inner = layers.Concatenate()([layers.Conv2D(4, 1)(b), layers.Conv2D(5, 1)(b)])
        return layers.Concatenate()([a, inner])

    assert functional(graph) == [
        "(1x28x28 input) --(1x1 kernel)--> (2x28x28) - layer1",
        "(1x28x28 input) --(1x1 kernel)--> (3x28x28) - layer2",
        "layer2 --(1x1 kernel)--> (4x28x28) - layer3",
        "layer2 --(1x1 kernel)--> (5x28x28) - layer4",
        "layer3 + layer4 merged --> (9x28x28) - layer5",
        "2 layers merged --> (11x28x28)",
    ]


def test_a_line_that_is_merged_and_read_again_is_merged_by_name():
    def graph(x):
        a = layers.Conv2D(2, 1)(x)
        b = layers.Conv2D(2, 1)(a)
        return layers.Concatenate()([a, b])

    assert functional(graph)[-1] == "layer1 + layer2 merged --> (4x28x28)"


def test_other_joining_layers_are_named_by_class():
    def graph(x):
        x = layers.Conv2D(8, 3)(x)
        weights = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D()(x))
        return layers.Multiply()([x, layers.Reshape((1, 1, 8))(weights)])

    assert functional(graph) == [
        "(1x28x28 input) --(3x3 kernel)--> (8x26x26) - layer1",
        "layer1 --(global average pooling)--> 8 --> 8 (Dense) --(Reshape)--> (8x1x1) - layer2",
        "layer1, layer2 --(Multiply)--> (8x26x26)",
    ]


def test_shared_layer_is_shown_at_each_use():
    shared = layers.Conv2D(1, 3, padding="same")
    chain = "(1x28x28) --(3x3 kernel pad)--> (1x28x28) --(3x3 kernel pad)--> (1x28x28)"
    assert functional(lambda x: shared(shared(x))) == [chain]


def test_nested_models_are_shown_by_their_layers():
    block = keras.Sequential([layers.Conv2D(4, 3), layers.MaxPooling2D(2)])
    assert functional(lambda x: layers.Flatten()(block(x))) == [
        "(1x28x28) --(3x3 kernel)--> (4x26x26) --(2x2 pooling s-2)--> (4x13x13) --(Flatten)--> 676"
    ]


class Doubling(layers.Layer):
    """A custom layer."""

    def call(self, x):
        return 2 * x


class Subclassed(keras.Model):
    """A model without a graph."""

    def __init__(self):
        super().__init__()
        self.flatten = layers.Flatten()
        self.dense = layers.Dense(10)

    def call(self, x):
        return self.dense(self.flatten(x))


def test_custom_layer_is_shown_by_its_class():
    assert notation_of(Doubling()) == "(1x28x28) --(Doubling)--> (1x28x28)"


def test_subclassed_model_is_shown_by_its_class():
    model = Subclassed()
    model(keras.Input((28, 28, 1)))
    assert arrow_notation(model) == "(1x28x28) --(Subclassed)--> 10"
