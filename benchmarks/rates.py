"""How many operations a second a machine can do, and how many a training step asks for."""

import math
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def matrix_rate(precision, side, repeats=20, threads=None):
    """Return the operations per second of a product of two ``(side, side)`` matrices.

    float32 ones may use the TF32 units of a card, as in the studies. Without a card, as many
    ``threads`` as PyTorch would take, or so many. A multiply-add is two operations.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high" if device == "cuda" else "highest")
    if threads is not None:
        torch.set_num_threads(threads)
    a, b = (torch.randn(side, side, device=device).to(getattr(torch, precision)) for _ in "ab")
    wait = torch.cuda.synchronize if device == "cuda" else None
    return _rate(lambda: a @ b, side, repeats, wait)


def rate_of_processor(precision, side, threads):
    """Return the same for a processor, of the library that is the faster there.

    For float32, PyTorch has MKL, whose kernels for processors that are not Intel's are slower than
    those of oneDNN, which TensorFlow has. Starts TensorFlow.
    """
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    with tf.device("CPU"):
        a, b = (tf.cast(tf.random.normal((side, side)), precision) for _ in "ab")
        # A number of the product, which is waited for.
        product = tf.function(lambda: tf.matmul(a, b)[0, 0])
    of_tensorflow = _rate(lambda: product().numpy(), side, 5)
    return max(of_tensorflow, matrix_rate(precision, side, 5, threads))


def _rate(multiply, side, repeats, wait=None):
    """Return the rate of ``multiply``, which is done when it returns, or else after ``wait``."""
    wait = wait or (lambda: None)
    for _ in range(3):
        multiply()
    wait()
    begun = time.perf_counter()
    for _ in range(repeats):
        multiply()
    wait()
    return repeats * 2 * side**3 / (time.perf_counter() - begun)


def operations_of(model):
    """Return the floating-point operations of an image of 28 by 28: forward, and all of training.

    Of convolutions and dense layers, a multiply-add is two. Backward takes as many for the
    gradient of the weights, and for that of the inputs, which what sees the image itself needs not.
    What is multiplied with the zeros of a padding does not count, as kernels leave that out: in
    Model 6, it would be a quarter of all. Imports Keras.
    """
    from keras import layers

    from bakeoff.training.architecture import build_model

    built = build_model([ROOT], model, (28, 28, 1), 10)
    image, forward, training = built.inputs[0], 0, 0
    for layer in built._flatten_layers(include_self=False):
        if isinstance(layer, layers.Conv2D):
            taken = _products_of_convolution(layer)
        elif isinstance(layer, layers.Dense):
            taken = math.prod(layer.kernel.shape)
        else:
            continue
        forward += 2 * taken
        training += 2 * taken * (2 if layer.input is image else 3)
    return forward, training


def _products_of_convolution(layer):
    """Return how many products of a weight and a value of its input a convolution is made of."""
    *window, channels, filters = layer.kernel.shape
    sides = zip(layer.input.shape[1:3], layer.output.shape[1:3], window, layer.strides, strict=True)
    return channels * filters * math.prod(_inside(*side, layer.padding) for side in sides)


def _inside(size, places, window, stride, padding):
    """Return how many values a window sees in all places along one axis, without a padding's."""
    before = ((places - 1) * stride + window - size) // 2 if padding == "same" else 0
    starts = (place * stride - before for place in range(places))
    return sum(min(start + window, size) - max(start, 0) for start in starts)
