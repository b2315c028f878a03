"""Layer descriptions and multiply-adds, by hand and against TensorFlow's own count."""

import json

import keras
import pytest
from keras import layers

from architectures import model_01, model_10
from bakeoff.describe.layers import count_multiply_adds, describe_layers

pytestmark = pytest.mark.workflow


def describe(graph, shape=(28, 28, 1)):
    """Return the entries of a functional model by name."""
    inputs = keras.Input(shape, name="image")
    return {layer["name"]: layer for layer in describe_layers(keras.Model(inputs, graph(inputs)))}


def test_every_key_of_a_convolution_and_a_pooling():
    def graph(x):
        x = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")(x)
        return layers.MaxPooling2D(2, name="pool")(x)

    assert list(describe(graph).values()) == [
        {
            "name": "image",
            "class": "InputLayer",
            "output_shape": [28, 28, 1],
            "parameters": 0,
            "trainable_parameters": 0,
            "multiply_adds": 0,
            "inputs": [],
        },
        {
            "name": "conv",
            "class": "Conv2D",
            "output_shape": [28, 28, 8],
            "parameters": 80,
            "trainable_parameters": 80,
            "multiply_adds": 28 * 28 * 3 * 3 * 8,
            "inputs": ["image"],
            "kernel_size": [3, 3],
            "dilation_rate": [1, 1],
            "filters": 8,
            "strides": [1, 1],
            "padding": "same",
            "pads": True,
            "activation": "relu",
        },
        {
            "name": "pool",
            "class": "MaxPooling2D",
            "output_shape": [14, 14, 8],
            "parameters": 0,
            "trainable_parameters": 0,
            "multiply_adds": 0,
            "inputs": ["conv"],
            "pool_size": [2, 2],
            "strides": [2, 2],
            "padding": "valid",
            "pads": False,
        },
    ]


@pytest.mark.parametrize(
    ("size", "strides", "dilation", "pads"),
    [(1, 1, 1, False), (3, 1, 1, True), (2, 2, 1, False), (3, 2, 1, True), (1, 1, 2, False)],
)
def test_padding_is_told_from_its_effect(size, strides, dilation, pads):
    def graph(x):
        return layers.Conv2D(
            1, size, strides=strides, dilation_rate=dilation, padding="same", name="conv"
        )(x)

    assert describe(graph)["conv"]["pads"] is pads


def test_dropout_dense_and_normalisation():
    def graph(x):
        x = layers.Flatten()(layers.Dropout(0.25, name="drop")(x))
        return layers.BatchNormalization(name="norm")(layers.Dense(20, name="dense")(x))

    described = describe(graph)
    assert described["drop"]["rate"] == 0.25
    assert described["dense"]["units"] == 20
    assert described["dense"]["multiply_adds"] == 784 * 20
    norm = described["norm"]
    assert (norm["parameters"], norm["trainable_parameters"], norm["multiply_adds"]) == (80, 40, 0)


def test_multiply_adds_of_model_1_by_hand():
    total, uncounted = count_multiply_adds(describe_layers(model_01.build((28, 28, 1), 10)))
    convolutions = 24 * 24 * 5 * 5 * 1 * 32 + 8 * 8 * 5 * 5 * 32 * 64
    assert total == convolutions + 1024 * 512 + 512 * 128 + 128 * 10
    assert uncounted == []


@pytest.fixture(scope="module")
def inception():
    return model_10.build((28, 28, 1), 10)


def test_multiply_adds_of_model_10_by_hand(inception):
    total, uncounted = count_multiply_adds(describe_layers(inception))
    branches = 28 * 28 * 32 * (1 + 9 + 25 + 1)
    trunk = 22 * 22 * 49 * 128 * 256 + 7 * 7 * 25 * 256 * 512 + 3 * 3 * 25 * 512 * 1024
    last = 9 * 1024 * 2048
    assert total == branches + trunk + last + 2048 * 512 + 512 * 128 + 128 * 10
    assert uncounted == []


def test_branches_come_in_the_order_in_which_they_are_joined(inception):
    described = describe_layers(inception)
    [merge] = [layer for layer in described if layer["class"] == "Concatenate"]
    names = [layer["name"] for layer in described]
    positions = [names.index(name) for name in merge["inputs"]]
    assert len(positions) == 4
    assert positions == sorted(positions)
    assert all(
        names.index(read) < names.index(layer["name"])
        for layer in described
        for read in layer["inputs"]
    )


def tensorflow_multiply_adds(model):
    """Return half the float operations that TensorFlow counts in products of tensors."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("needs Keras on TensorFlow")
    image = tf.TensorSpec((1, *model.input_shape[1:]))
    graph = tf.function(lambda x: model(x, training=False)).get_concrete_function(image).graph
    builder = tf.compat.v1.profiler.ProfileOptionBuilder
    options = builder(builder.float_operation()).with_empty_output().build()
    node = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    operations = 0
    while node.children:
        # Each kind of operation is the first child of the kind before.
        [node] = node.children
        if node.name in ("Conv2D", "DepthwiseConv2dNative", "MatMul"):
            operations += node.float_ops
    assert operations % 2 == 0
    return operations // 2


def test_multiply_adds_agree_with_tensorflow_for_model_10(inception):
    total, _ = count_multiply_adds(describe_layers(inception))
    assert total == tensorflow_multiply_adds(inception)


def test_multiply_adds_agree_with_tensorflow_for_other_kinds_of_layers():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 2)),
            layers.Conv2D(8, 3, strides=2, padding="same"),
            layers.DepthwiseConv2D(3, depth_multiplier=2),
            layers.SeparableConv2D(6, 3, strides=2),
            layers.Dense(7),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    total, uncounted = count_multiply_adds(describe_layers(model))
    assert uncounted == []
    assert total == tensorflow_multiply_adds(model)


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.Conv1D(4, 3), (10, 2), 8 * 3 * 2 * 4),
        (layers.Conv3D(4, 2), (3, 3, 3, 1), 8 * 8 * 4),
        (layers.Conv2D(8, 3, groups=4), (5, 5, 4), 9 * 9 * 8),
        (layers.Conv2D(4, 3, dilation_rate=2), (5, 5, 6), 9 * 6 * 4),
        (layers.Conv2DTranspose(4, 2, strides=2), (5, 5, 3), 25 * 4 * 3 * 4),
        (layers.EinsumDense("abc,cd->abd", (5, 6)), (5, 4), 5 * 4 * 6),
        (layers.EinsumDense("abc,bcd->ad", 6), (5, 4), 5 * 4 * 6),
        (layers.EinsumDense("...x,xy->...y", 6), (5, 4), 5 * 4 * 6),
        (layers.PReLU(), (5,), 0),
        (layers.LayerNormalization(), (5,), 0),
        (layers.SeparableConv1D(4, 3), (10, 2), 8 * (3 * 2 + 2 * 4)),
        (layers.DepthwiseConv1D(3, depth_multiplier=2), (10, 2), 8 * 3 * 4),
        (layers.Conv3DTranspose(4, 2), (3, 3, 3, 2), 27 * 8 * 2 * 4),
        (layers.Embedding(10, 4), (5,), 0),
        (layers.SimpleRNN(3), (5, 2), 5 * (2 * 3 + 3 * 3)),
        # Three and four gates, each with both kernels.
        (layers.GRU(3), (5, 2), 5 * 3 * (2 * 3 + 3 * 3)),
        (layers.LSTM(3, return_sequences=True), (5, 2), 5 * 4 * (2 * 3 + 3 * 3)),
        (layers.LSTM(3), (None, 2), None),
        (
            layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)]),
            (5, 2),
            5 * (4 * (2 * 3 + 3 * 3) + 3 * (3 * 4 + 4 * 4)),
        ),
        (layers.Bidirectional(layers.GRU(3)), (5, 2), 2 * 5 * 3 * (2 * 3 + 3 * 3)),
        (layers.TimeDistributed(layers.Dense(4)), (5, 2), 5 * 2 * 4),
        (layers.TimeDistributed(layers.Conv2D(4, 3)), (5, 6, 6, 1), 5 * 16 * 9 * 4),
        # From 6 x 6 to 4 x 4 pixels; four gates that read 1 and 2 channels.
        (layers.ConvLSTM2D(2, 3), (5, 6, 6, 1), 5 * 16 * 9 * (1 + 2) * 4 * 2),
        (
            layers.ConvLSTM1D(2, 3, return_sequences=True),
            (5, 6, 1),
            5 * 4 * 3 * (1 + 2) * 4 * 2,
        ),
        (layers.Conv2D(4, 3), (None, None, 1), None),
    ],
)
def test_multiply_adds_of_one_layer(layer, shape, expected):
    described = describe_layers(keras.Sequential([keras.Input(shape), layer]))
    assert described[-1]["multiply_adds"] == expected


ATTENTIONS = {
    # 5 queries and 7 values of 6 numbers, 2 heads of 3: projections, scores, sums, and back to 6.
    "heads": (
        lambda q, v: layers.MultiHeadAttention(2, 3)(q, v),
        5 * 6 * 6 + 7 * 6 * 6 + 7 * 6 * 6 + 5 * 7 * 2 * 3 + 5 * 7 * 2 * 3 + 5 * 6 * 6,
    ),
    "heads with values of another size": (
        lambda q, v: layers.MultiHeadAttention(2, 3, value_dim=4, output_shape=8)(q, v, v),
        5 * 6 * 6 + 7 * 6 * 6 + 7 * 6 * 8 + 5 * 7 * 2 * 3 + 5 * 7 * 2 * 4 + 5 * 8 * 8,
    ),
    "the same twice": (
        lambda q, v: layers.MultiHeadAttention(2, 3)(q, q),
        5 * 6 * 6 * 4 + 5 * 5 * 2 * 3 * 2,
    ),
    # 4 heads of queries and 2 of keys and values, of 3 numbers each.
    "groups": (
        lambda q, v: layers.GroupQueryAttention(3, 4, 2)(q, v),
        5 * 6 * 12 + 7 * 6 * 6 + 7 * 6 * 6 + 5 * 7 * 4 * 3 * 2 + 5 * 12 * 6,
    ),
    "dot": (lambda q, v: layers.Attention()([q, v]), 5 * 7 * 6 + 5 * 7 * 6),
    "additive": (lambda q, v: layers.AdditiveAttention()([q, v]), 5 * 7 * 6 + 5 * 7 * 6),
    "additive without a scale": (
        lambda q, v: layers.AdditiveAttention(use_scale=False)([q, v]),
        5 * 7 * 6,
    ),
    "a product of layers": (lambda q, v: layers.Dot(axes=2)([q, v]), 5 * 7 * 6),
    "a product": (
        lambda q, v: keras.ops.matmul(q, keras.ops.transpose(v, (0, 2, 1))),
        5 * 7 * 6,
    ),
}


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_multiply_adds_of_products_of_values(kind):
    attend, expected = ATTENTIONS[kind]
    query, value = keras.Input((5, 6)), keras.Input((7, 6))
    described = describe_layers(keras.Model([query, value], attend(query, value)))
    assert count_multiply_adds(described) == (expected, [])


def test_multiply_adds_of_attention_along_one_axis():
    """Each of 4 rows attends within its 5 places."""
    inputs = keras.Input((4, 5, 6))
    made = layers.MultiHeadAttention(2, 3, attention_axes=2)(inputs, inputs)
    described = describe_layers(keras.Model(inputs, made))
    assert described[-1]["multiply_adds"] == 4 * (5 * 6 * 6 * 4 + 5 * 5 * 2 * 3 * 2)


def test_multiply_adds_of_attention_between_heads():
    inputs = keras.Input((5, 2, 3))
    made = keras.ops.dot_product_attention(inputs, inputs, inputs)
    described = describe_layers(keras.Model(inputs, made))
    assert described[-1]["multiply_adds"] == 5 * 5 * 2 * 3 * 2


class Scaling(layers.Layer):
    """A custom layer with a weight."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],))

    def call(self, x):
        return x * self.scale


def test_layers_that_cannot_be_counted_are_named():
    def graph(x):
        x = Scaling(name="scaling")(layers.Dense(4, name="dense")(x))
        return keras.ops.einsum("bij,bkj->bik", x, x)

    described = describe(graph, shape=(3, 5))
    total, uncounted = count_multiply_adds(described.values())
    assert total == 3 * 5 * 4
    assert uncounted[0] == "scaling"
    assert [described[name]["class"] for name in uncounted] == ["Scaling", "Einsum"]
    assert described["scaling"]["parameters"] == 4


def test_shared_layer_comes_at_each_use_and_its_weights_once():
    shared = layers.Conv2D(1, 3, padding="same", name="conv")
    described = describe(lambda x: shared(shared(x)))
    assert described["conv (2)"]["inputs"] == ["conv"]
    assert [layer["parameters"] for layer in described.values()] == [0, 10, 0]
    assert described["conv (2)"]["multiply_adds"] == described["conv"]["multiply_adds"] > 0


def test_nested_models_are_expanded_at_each_use():
    inner_input = keras.Input((28, 28, 1))
    inner_output = layers.Conv2D(1, 3, padding="same", name="conv")(inner_input)
    block = keras.Model(inner_input, inner_output, name="block")
    outer = keras.Sequential([block, layers.Flatten(name="flat")], name="outer")

    described = describe(lambda x: outer(block(x)))

    assert {name: layer["inputs"] for name, layer in described.items()} == {
        "image": [],
        "block/conv": ["image"],
        "outer/block/conv": ["block/conv"],
        "outer/flat": ["outer/block/conv"],
    }
    assert sum(layer["parameters"] for layer in described.values()) == 10


def test_nested_model_called_with_another_shape_stays_whole():
    inner_input = keras.Input((None, None, 1))
    inner_output = layers.Conv2D(4, 3, name="conv")(inner_input)
    block = keras.Model(inner_input, inner_output, name="block")

    described = describe(block)

    assert list(described) == ["image", "block"]
    assert described["block"]["output_shape"] == [26, 26, 4]
    assert described["block"]["multiply_adds"] is None


class Subclassed(keras.Model):
    """A model without a graph."""

    def __init__(self):
        super().__init__(name="whole")
        self.dense = layers.Dense(10)

    def call(self, x):
        return self.dense(x)


def test_subclassed_model_is_one_entry():
    model = Subclassed()
    model(keras.Input((784,)))
    image, whole = describe_layers(model)
    assert image["output_shape"] == [784]
    assert whole["inputs"] == [image["name"]]
    assert whole["output_shape"] == [10]
    assert whole["parameters"] == 7850
    assert whole["multiply_adds"] is None


def test_unbuilt_model_is_refused():
    with pytest.raises(ValueError, match="'whole' is not built"):
        describe_layers(Subclassed())


def test_trainable_parameters_follow_frozen_layers():
    frozen = layers.Dense(3, name="frozen", trainable=False)
    described = describe(frozen, shape=(4,))
    assert described["frozen"]["parameters"] == 15
    assert described["frozen"]["trainable_parameters"] == 0


def test_descriptions_are_plain_json(inception):
    described = describe_layers(inception)
    assert json.loads(json.dumps(described)) == described
    assert sum(layer["parameters"] for layer in described) == inception.count_params()
