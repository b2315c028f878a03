"""Two convolutions for each pooling layer, 3x3 early and 5x5 late: model 8 reversed."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = conv(inputs, 32, 3, padding="same")
    x = conv(x, 64, 3)
    x = pool(x)
    x = conv(x, 128, 5)
    x = conv(x, 256, 5)
    x = pool(x, stride=1)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
