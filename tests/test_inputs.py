"""Images that reach the first weights a second time divided by 255 are told by the effect."""

import keras
import numpy as np
import pytest
from keras import layers

from bakeoff.describe.inputs import input_scaled_by

pytestmark = pytest.mark.workflow

SHAPE = (28, 28, 1)


def functional(*front):
    inputs = keras.Input(SHAPE)
    x = inputs
    for layer in front:
        x = layer(x)
    x = layers.Conv2D(2, 3)(x) if len(x.shape) == 4 else x
    return keras.Model(inputs, layers.Dense(10, "softmax")(layers.Flatten()(x)))


class Inside(keras.Model):
    """A subclassed model that divides where no layer shows it."""

    def __init__(self):
        super().__init__()
        self.conv = layers.Conv2D(2, 3)
        self.dense = layers.Dense(10, "softmax")

    def call(self, x):
        return self.dense(layers.Flatten()(self.conv(x / 255)))


def normalization():
    return layers.Normalization(mean=0.0, variance=255.0**2)


@pytest.mark.parametrize(
    ("make", "factor"),
    [
        (lambda: functional(layers.Rescaling(1 / 255)), 1 / 255),
        (lambda: functional(layers.Rescaling(1 / 127.5, offset=-1)), 1 / 127.5),
        (lambda: functional(layers.Lambda(lambda x: x / 255)), 1 / 255),
        (lambda: functional(normalization()), 1 / 255),
        (lambda: functional(layers.MaxPooling2D(), layers.Rescaling(1 / 255)), 1 / 255),
        (lambda: functional(layers.Rescaling(1 / 255), layers.BatchNormalization()), 1 / 255),
        (Inside, 1 / 255),
        (
            lambda: keras.Sequential([keras.Input(SHAPE), functional(layers.Rescaling(1 / 255))]),
            1 / 255,
        ),
        (lambda: functional(), None),
        (lambda: functional(layers.Rescaling(2, offset=-1)), None),
        (lambda: functional(layers.Rescaling(255)), None),
        (lambda: functional(layers.GlobalAveragePooling2D()), None),
        (lambda: functional(layers.BatchNormalization(), layers.Rescaling(1 / 255)), None),
        (lambda: functional(layers.LayerNormalization(center=False, scale=False)), None),
    ],
)
def test_the_factor_is_found_wherever_it_stands(make, factor):
    model = make()
    model(np.zeros((1, *SHAPE), np.float32))
    found = input_scaled_by(model, SHAPE)
    assert found == (factor if factor is None else pytest.approx(factor, rel=1e-5))


def test_the_model_is_left_as_it_was():
    model = functional(layers.Rescaling(1 / 255))
    images = np.random.default_rng(0).random((2, *SHAPE), np.float32)
    before = keras.ops.convert_to_numpy(model(images))
    input_scaled_by(model, SHAPE)
    assert not any("call" in vars(layer) for layer in model.layers)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(images)), before)


def test_a_model_without_weights_has_no_factor():
    inputs = keras.Input((1, 10, 1))
    model = keras.Model(inputs, layers.Softmax()(layers.Flatten()(inputs)))
    assert input_scaled_by(model, (1, 10, 1)) is None
