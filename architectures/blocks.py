"""Building blocks that the notebook's architectures share.

Every block takes and returns symbolic Keras tensors. Hidden layers start from He-normal
weights (He et al. 2015, https://arxiv.org/abs/1502.01852), as in the notebook; the softmax
layer keeps Keras's default, Glorot-uniform.
"""

from keras import layers


def conv(x, filters, size, padding="valid"):
    """Apply ``filters`` ReLU convolutions of ``size`` x ``size``, stride 1.

    ``x`` is ``(n, height, width, channels)``; so is the result, with ``filters`` channels.
    """
    return layers.Conv2D(
        filters, size, padding=padding, activation="relu", kernel_initializer="he_normal"
    )(x)


def pool(x, stride=2):
    """Take the maximum over 2 x 2 windows, ``stride`` pixels apart."""
    return layers.MaxPooling2D(2, strides=stride)(x)


def classify(x, units, num_classes):
    """Flatten ``x`` and end in class probabilities ``(n, num_classes)``.

    ``units`` are the widths of the hidden dense layers; each is followed by batch
    normalisation and dropout 0.5, and the whole begins with dropout 0.25.
    """
    x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    for width in units:
        x = layers.Dense(width, activation="relu", kernel_initializer="he_normal")(x)
        x = layers.BatchNormalization()(x)
        x = layers.Dropout(0.5)(x)
    # Probabilities stay float32 under mixed precision: half of the mantissa is too few digits.
    return layers.Dense(num_classes, activation="softmax", dtype="float32")(x)
