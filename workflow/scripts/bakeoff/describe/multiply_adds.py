"""How many multiply-adds one call of a layer makes for one image.

Counted are sums of products: of weights with values, and of values with values as in attention.
Biases, scalings and activations are not. What is not known is None, never a guess.
"""

from collections.abc import Iterable, Sequence
from math import prod
from types import SimpleNamespace
from typing import Any

from keras import layers

CONVOLUTIONS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)
TRANSPOSED = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
ANY_CONVOLUTION = CONVOLUTIONS + DEPTHWISE + SEPARABLE + TRANSPOSED
_CELLS = (layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell)
_IMAGE_CELLS = (layers.ConvLSTM1D, layers.ConvLSTM2D, layers.ConvLSTM3D)
# Their weights scale single values or are looked up: no sums of products.
_ELEMENTWISE = (
    layers.BatchNormalization,
    layers.Embedding,
    layers.GroupNormalization,
    layers.LayerNormalization,
    layers.RMSNormalization,
    layers.Normalization,
    layers.PReLU,
)
# Without weights, yet full of products: what keras.ops calls make.
_PRODUCTS = {"Einsum", "Tensordot", "Conv", "DepthwiseConv", "SeparableConv", "ConvTranspose"}


def multiply_adds_of_call(operation: Any, reads: Sequence[Any], makes: Sequence[Any]) -> int | None:
    """Return the multiply-adds that one call makes per image, or None where they are not known.

    ``reads`` and ``makes`` are the call's inputs and outputs, symbolic tensors whose first axis is
    that of the batch. Convolutions of all kinds (transposed ones before cropping), dense layers,
    recurrent layers, attention, and products of two tensors are counted. Layers without weights
    that are none of these make none.
    """
    shape: Sequence[int | None] = reads[0].shape if reads else ()
    made = makes[0].shape
    if isinstance(operation, ANY_CONVOLUTION):
        return _of_convolution(operation, shape, made)
    if isinstance(operation, (layers.Dense, layers.EinsumDense)):
        return product([*made[1:], _terms_per_value(operation)])
    if isinstance(operation, _IMAGE_CELLS):
        return _of_recurrent_convolution(operation, shape, made)
    if isinstance(operation, layers.RNN):
        weights = _weights_per_step(operation.cell)
        return None if weights is None else product([shape[1], weights])
    if isinstance(operation, layers.Bidirectional):
        both = operation.forward_layer, operation.backward_layer
        return _sum(multiply_adds_of_call(layer, reads, makes) for layer in both)
    if isinstance(operation, layers.TimeDistributed):
        inner = [[_without_steps(each)] for each in (shape, made)]
        return product([shape[1], multiply_adds_of_call(operation.layer, *inner)])
    if isinstance(operation, (layers.MultiHeadAttention, layers.GroupQueryAttention)):
        return _of_attention_with_heads(operation, reads)
    if isinstance(operation, (layers.Attention, layers.AdditiveAttention)):
        return _of_attention(operation, reads)
    if isinstance(operation, _ELEMENTWISE):
        return 0
    name = type(operation).__name__
    if name in ("Dot", "Matmul", "DotProductAttention"):
        return _of_products(operation, name, reads, made)
    return None if getattr(operation, "weights", None) or name in _PRODUCTS else 0


def product(sizes: Iterable[int | None]) -> int | None:
    """Return the product of sizes, None where one of them is."""
    sizes = list(sizes)
    known = [size for size in sizes if size is not None]
    return prod(known) if len(known) == len(sizes) else None


def image_axes(layer: Any, shape: Sequence[int | None]) -> Sequence[int | None]:
    """Return the sizes of a tensor's axes that are those of an image, without its channels."""
    return shape[2:] if layer.data_format == "channels_first" else shape[1:-1]


def _sum(counts):
    counts = list(counts)
    return None if None in counts else sum(counts)


def _of_convolution(layer, shape, made):
    """Each weight of a kernel is used once per pixel of the result (transposed: of the input)."""
    pixels = image_axes(layer, shape if isinstance(layer, TRANSPOSED) else made)
    if isinstance(layer, SEPARABLE):
        kernels = layer.depthwise_kernel, layer.pointwise_kernel
    else:
        kernels = (layer.kernel,)
    return product([*pixels, sum(prod(kernel.shape) for kernel in kernels)])


def _of_recurrent_convolution(layer, shape, made):
    """Both kernels are used once per step and pixel of the result."""
    made = made[2:] if layer.return_sequences else made[1:]
    pixels = made[1:] if layer.data_format == "channels_first" else made[:-1]
    weights = prod(layer.cell.kernel.shape) + prod(layer.cell.recurrent_kernel.shape)
    return product([shape[1], *pixels, weights])


def _weights_per_step(cell):
    """Return how many weights a recurrent cell multiplies with in a step, or None."""
    if isinstance(cell, layers.StackedRNNCells):
        return _sum(_weights_per_step(each) for each in cell.cells)
    if isinstance(cell, _CELLS):
        return prod(cell.kernel.shape) + prod(cell.recurrent_kernel.shape)
    return None


def _without_steps(shape):
    return SimpleNamespace(shape=(shape[0], *shape[2:]))


def _of_attention_with_heads(layer, reads):
    """Projections to and from the heads, and scores and weighted sums in each of them."""
    query, value, key = _query_value_key(reads)
    of_query, of_value, of_key = (product(each[1:-1]) for each in (query, value, key))
    projections = [
        (of_query, layer._query_dense),
        (of_query, getattr(layer, "_gate_dense", None)),
        (of_query, layer._output_dense),
        (of_key, layer._key_dense),
        (of_value, layer._value_dense),
    ]
    counts = [product([n, prod(dense.kernel.shape)]) for n, dense in projections if dense]
    if isinstance(layer, layers.MultiHeadAttention):
        heads, dim, axes = layer.num_heads, layer.key_dim + layer.value_dim, layer._attention_axes
    else:
        heads, dim, axes = layer.num_query_heads, 2 * layer.head_dim, (1,)
    # Along the other axes, each place attends to its own.
    attended = product([value[axis] for axis in axes])
    return _sum([*counts, product([of_query, attended, heads, dim])])


def _of_attention(layer, reads):
    query, value, key = _query_value_key(reads)
    # Other scores than these are sums without products.
    additive = isinstance(layer, layers.AdditiveAttention)
    has_products = layer.use_scale if additive else layer.score_mode == "dot"
    return product([query[1], value[1], key[-1] * has_products + value[-1]])


def _query_value_key(reads):
    """Return the shapes of query, value and key, which is the value where it is not given."""
    shapes = [read.shape for read in reads if "float" in read.dtype]
    return (*shapes, shapes[-1])[:3] if len(shapes) > 1 else shapes * 3


def _of_products(operation, name, reads, made):
    if name == "DotProductAttention":
        query, key, value = (read.shape for read in reads[:3])
        return product([*query[1:3], key[1], query[3] + value[3]])
    # With a constant for one of the two, it is not known which.
    if len(reads) != 2:
        return None
    axis = operation.axes if name == "Dot" else -1
    if isinstance(axis, (list, tuple)):
        axis = axis[0]
    return product([*made[1:], reads[0].shape[axis]])


def _terms_per_value(layer):
    """Return how many products a dense layer sums up for each value of its result."""
    if isinstance(layer, layers.Dense):
        return layer.kernel.shape[0]
    operands, result = layer.equation.split("->")
    kernel = operands.split(",")[1]
    summed = [n for axis, n in zip(kernel, layer.kernel.shape, strict=True) if axis not in result]
    return prod(summed)
