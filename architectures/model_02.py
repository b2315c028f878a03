"""3x3 kernels, no padding: deeper than model 1, the second pooling with stride 1."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = conv(inputs, 32, 3)
    x = pool(x)
    x = conv(x, 64, 3)
    x = pool(x, stride=1)
    x = conv(x, 128, 3)
    x = pool(x)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
