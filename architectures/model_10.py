"""Four parallel branches, as in Inception, then large kernels and many channels."""

import keras
from keras import layers

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes, filters: int = 32):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out.

    Each branch has so many ``filters``; the convolutions that follow have 8, 16, 32 and 64 times
    as many.
    """
    inputs = keras.Input(input_shape)
    branches = [
        conv(inputs, filters, 1, padding="same"),
        conv(inputs, filters, 3, padding="same"),
        conv(inputs, filters, 5, padding="same"),
        layers.MaxPooling2D(3, strides=1, padding="same")(conv(inputs, filters, 1, padding="same")),
    ]
    x = layers.Concatenate()(branches)
    x = conv(x, 8 * filters, 7)
    x = pool(x)
    x = conv(x, 16 * filters, 5)
    x = conv(x, 32 * filters, 5)
    x = conv(x, 64 * filters, 3)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
