"""7x7 kernels, no padding: shallow, as two of them use up the image."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes, filters: int = 32):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out.

    The first convolution has so many ``filters``, each later one twice as many as that before.
    """
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters, 7)
    x = pool(x)
    x = conv(x, 2 * filters, 7)
    x = pool(x, stride=1)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
