"""One or two convolutions, as wide as its arguments say, and a linear classifier."""

import keras
from keras import layers

from architectures.blocks import conv, pool


def build(input_shape, num_classes, filters=16, kernel=3, deep=True):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out.

    Without ``filters`` it is linear; if ``deep``, a second convolution has twice as many.
    """
    inputs = x = keras.Input(input_shape)
    if filters:
        x = pool(conv(x, filters, kernel))
        if deep:
            x = pool(conv(x, 2 * filters, kernel))
    outputs = layers.Dense(num_classes, activation="softmax")(layers.Flatten()(x))
    return keras.Model(inputs, outputs)
