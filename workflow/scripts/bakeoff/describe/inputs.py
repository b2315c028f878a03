"""What reaches a model's first weights, told by its effect.

Importing this imports Keras, which must find its backend prepared.
"""

from collections.abc import Sequence
from contextlib import contextmanager

import keras
import numpy as np

from bakeoff.training.architecture import layers_with_weights

# 1/255 and 1/127.5 are far below; what networks do to images on purpose is far above.
_SMALL = 0.05


def input_scaled_by(model: keras.Model, input_shape: Sequence[int]) -> float | None:
    """Return the factor by which ``model`` makes images small before their first weights, or None.

    None where it leaves them at more than a twentieth of their range, which is 0 to 1 already.
    The factor is the largest difference that a white image makes instead of a black one where
    the first layer with weights (other than ``Normalization``, whose weights are statistics) is
    called; ``input_shape`` is ``(height, width, channels)``.
    """
    black_and_white = np.stack([np.zeros(input_shape), np.ones(input_shape)]).astype(np.float32)
    first = [layer for layer in layers_with_weights(model) if not _is_normalization(layer)]
    with _first_input(first) as seen:
        model(black_and_white, training=False)
    if not seen or len(seen[0]) != 2:
        return None
    black, white = seen[0].astype(np.float64)
    factor = float(np.abs(white - black).max(initial=0))
    # Zero is what standardising each image makes of one without any contrast.
    return factor if 0 < factor < _SMALL else None


def _is_normalization(layer):
    return isinstance(layer, keras.layers.Normalization)


@contextmanager
def _first_input(layers):
    """Yield a list to which the first input of the first of ``layers`` to be called is added."""
    seen = []

    def watched(call):
        def watching(*args, **kwargs):
            if not seen:
                given = keras.tree.flatten((args, kwargs))
                seen.append(keras.ops.convert_to_numpy(given[0]))
            return call(*args, **kwargs)

        return watching

    for layer in layers:
        layer.call = watched(layer.call)
    try:
        yield seen
    finally:
        for layer in layers:
            del layer.call
