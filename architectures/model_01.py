"""5x5 kernels, no padding, a pooling layer after each."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = conv(inputs, 32, 5)
    x = pool(x)
    x = conv(x, 64, 5)
    x = pool(x)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
