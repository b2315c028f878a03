"""3x3 kernels, no padding: deeper than model 1, the second pooling with stride 1."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes, filters: int = 32):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out.

    The first convolution has so many ``filters``, each later one twice as many as that before.
    """
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters, 3)
    x = pool(x)
    x = conv(x, 2 * filters, 3)
    x = pool(x, stride=1)
    x = conv(x, 4 * filters, 3)
    x = pool(x)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
