"""Four 3x3 convolutions, no padding, a pooling after each two: 0.3 million parameters."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes, filters: int = 32):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out.

    The first two convolutions have so many ``filters``, the others twice as many.
    """
    inputs = keras.Input(input_shape)
    x = conv(conv(inputs, filters, 3), filters, 3)
    x = pool(x)
    x = conv(conv(x, 2 * filters, 3), 2 * filters, 3)
    x = pool(x)
    return keras.Model(inputs, classify(x, units=(256,), num_classes=num_classes))
