"""5x5 kernels, no padding, a pooling layer after each."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes, filters: int = 32):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out.

    The first convolution has so many ``filters``, each later one twice as many as that before.
    """
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters, 5)
    x = pool(x)
    x = conv(x, 2 * filters, 5)
    x = pool(x)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
