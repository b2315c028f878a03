"""7x7 kernels, no padding: shallow, as two of them use up the image."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = conv(inputs, 32, 7)
    x = pool(x)
    x = conv(x, 64, 7)
    x = pool(x, stride=1)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
