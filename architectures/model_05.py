"""3x3 kernels with padding: model 2's layers, but the image shrinks by pooling alone."""

import keras

from architectures.blocks import classify, conv, pool


def build(input_shape, num_classes, filters: int = 32):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out.

    The first convolution has so many ``filters``, each later one twice as many as that before.
    """
    inputs = keras.Input(input_shape)
    x = conv(inputs, filters, 3, padding="same")
    x = pool(x)
    x = conv(x, 2 * filters, 3, padding="same")
    x = pool(x)
    x = conv(x, 4 * filters, 3)
    x = pool(x, stride=1)
    outputs = classify(x, units=(512, 128), num_classes=num_classes)
    return keras.Model(inputs, outputs)
