"""Four parallel branches, as in Inception, then large kernels and many channels."""

import keras
from keras import layers

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    branches = [
        conv(inputs, 32, 1, padding="same"),
        conv(inputs, 32, 3, padding="same"),
        conv(inputs, 32, 5, padding="same"),
        layers.MaxPooling2D(3, strides=1, padding="same")(conv(inputs, 32, 1, padding="same")),
    ]
    x = layers.Concatenate()(branches)
    x = conv(x, 256, 7)
    x = pool(x)
    x = conv(x, 512, 5)
    x = conv(x, 1024, 5)
    x = conv(x, 2048, 3)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
