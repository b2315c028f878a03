"""5x5 kernels with padding, then two convolutions without that end at 1x1."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = conv(inputs, 32, 5, padding="same")
    x = pool(x)
    x = conv(x, 128, 5, padding="same")
    x = pool(x)
    x = conv(x, 256, 3)
    x = conv(x, 512, 5)
    outputs = classify(x, units=(256, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
