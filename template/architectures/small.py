"""Two small convolutions and global average pooling."""

import keras
from keras import layers


def build(input_shape, num_classes):
    """Return the uncompiled model, images in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(32, 3, activation="relu", kernel_initializer="he_normal")(inputs)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(64, 3, activation="relu", kernel_initializer="he_normal")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(x))
