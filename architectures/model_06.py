"""7x7 kernels with padding, and many channels."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = conv(inputs, 64, 7, padding="same")
    x = pool(x)
    x = conv(x, 256, 7, padding="same")
    x = pool(x)
    x = conv(x, 512, 7)
    outputs = classify(x, units=(256, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
