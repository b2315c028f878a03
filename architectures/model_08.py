"""Two convolutions for each pooling layer, 5x5 early and 3x3 late."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = conv(inputs, 32, 5, padding="same")
    x = conv(x, 64, 5)
    x = pool(x)
    x = conv(x, 128, 3)
    x = conv(x, 256, 3)
    x = pool(x)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
