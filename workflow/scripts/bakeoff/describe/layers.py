"""A built Keras model as plain data: its layers, their settings and what they compute."""

from collections.abc import Mapping, Sequence
from math import ceil, prod
from typing import Any

import keras
from keras import layers

from bakeoff.describe.multiply_adds import (
    ANY_CONVOLUTION,
    CONVOLUTIONS,
    DEPTHWISE,
    TRANSPOSED,
    image_axes,
    multiply_adds_of_call,
)

_POOLINGS = (
    layers.MaxPooling1D,
    layers.MaxPooling2D,
    layers.MaxPooling3D,
    layers.AveragePooling1D,
    layers.AveragePooling2D,
    layers.AveragePooling3D,
)


def describe_layers(model: keras.Model) -> list[dict[str, Any]]:
    """Return one JSON-ready dict per layer of a built model, in graph order.

    Graph order is that in which the output asks for its inputs, each layer after those it
    reads; parallel branches come in the order in which they are joined. Sequential, functional
    and nested models work; nested ones are expanded (their layers are named ``outer/inner``)
    unless they are called with other shapes than those they were built for. A layer used again
    comes again, as ``name (2)``; weights met before are not counted twice. Subclassed models
    and layers have no graph to show and are one entry.

    Every entry has

    - ``name``, ``class``, ``inputs`` (names of the entries it reads; none for the input layer),
    - ``output_shape``: list without the batch axis, as Keras gives it (channels last), ``None``
      where a size is not fixed; the first output's if there are several,
    - ``parameters`` and ``trainable_parameters``,
    - ``multiply_adds`` for one image, without biases; 0 for normalisation, activations and layers
      without weights; ``None`` where we cannot count, as in custom layers with weights: see
      :func:`bakeoff.describe.multiply_adds.multiply_adds_of_call`.

    Where they apply: ``kernel_size``, ``pool_size``, ``strides`` and ``dilation_rate`` (one
    number per image axis), ``padding`` ("valid", "same"), ``pads`` (whether that padding adds
    pixels: a 1x1 "same" convolution adds none), ``filters``, ``groups`` (if more than one),
    ``units``, ``rate`` (of dropout), ``activation`` (its name). ``kernel_size`` marks
    convolutions, ``pool_size`` poolings, ``units`` dense layers.

    Raises ``ValueError`` for a model that has not been built.
    """
    inputs, outputs = _graph(model)
    described: list[dict[str, Any]] = []
    weights: set[int] = set()
    _describe_graph(inputs, outputs, {}, "", described, weights)
    return described


def count_multiply_adds(described: Sequence[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Return the multiply-adds of one image and the names of layers that were not countable.

    ``described`` is what :func:`describe_layers` returns; the total is that of the others.
    """
    counted = [layer["multiply_adds"] for layer in described]
    uncounted = [layer["name"] for layer in described if layer["multiply_adds"] is None]
    return sum(count for count in counted if count is not None), uncounted


def _graph(model):
    """Return the model's symbolic inputs and outputs as lists."""
    if getattr(model, "outputs", None):
        return model.inputs, model.outputs
    shape = (model.get_build_config() or {}).get("input_shape")
    if not model.built or shape is None:
        raise ValueError(f"model {model.name!r} is not built: call it on a keras.Input first")
    inputs = keras.Input(shape[1:])
    return [inputs], keras.tree.flatten(model(inputs))


def _call_that_made(tensor):
    """Return the operation whose call made a symbolic tensor, the call's inputs and outputs.

    No public function tells which call of a shared layer made a tensor. Of the private ways
    this is the oldest: Keras's own saving and the converters to other formats read it.
    ``get_config()`` would do without, but holds no output shapes and fails for custom layers
    that cannot be serialised.
    """
    operation, call, _ = tensor._keras_history
    node = operation._inbound_nodes[call]
    return operation, node.input_tensors, node.output_tensors


def _describe_graph(inputs, outputs, names, prefix, described, weights):
    """Append the entries of all calls between ``inputs`` and ``outputs``.

    ``names`` maps the ids of tensors already made to the names of the entries that made them;
    ``weights`` holds the ids of weights already counted. Both are added to.
    """
    pending = list(reversed(outputs))
    while pending:
        operation, reads, makes = _call_that_made(pending[-1])
        missing = [tensor for tensor in reads if id(tensor) not in names]
        if id(pending[-1]) in names:
            pending.pop()
        elif missing:
            pending.extend(reversed(missing))
        elif _expandable(operation, reads):
            given = {
                id(x): names[id(read)] for x, read in zip(operation.inputs, reads, strict=True)
            }
            inner = f"{prefix}{operation.name}/"
            _describe_graph(operation.inputs, operation.outputs, given, inner, described, weights)
            names |= {id(x): given[id(y)] for x, y in zip(makes, operation.outputs, strict=True)}
        else:
            name = _free_name(prefix + operation.name, described)
            entry = {
                "name": name,
                "class": type(operation).__name__,
                "output_shape": list(makes[0].shape[1:]),
                **_count_parameters(operation, weights),
                "multiply_adds": multiply_adds_of_call(operation, reads, makes),
                "inputs": [names[id(tensor)] for tensor in reads],
            }
            described.append(entry | _settings(operation, reads))
            names |= {id(tensor): name for tensor in makes}


def _expandable(operation, reads):
    """Tell whether an operation is a model whose own graph is valid for these inputs."""
    if not isinstance(operation, keras.Model) or not getattr(operation, "outputs", None):
        return False
    return [x.shape for x in operation.inputs] == [read.shape for read in reads]


def _free_name(name, described):
    taken = {layer["name"] for layer in described}
    number = 2
    free = name
    while free in taken:
        free = f"{name} ({number})"
        number += 1
    return free


def _count_parameters(operation, counted):
    new = [weight for weight in getattr(operation, "weights", []) if id(weight) not in counted]
    counted.update(id(weight) for weight in new)
    trainable = {id(weight) for weight in getattr(operation, "trainable_weights", [])}
    return {
        "parameters": sum(prod(weight.shape) for weight in new),
        "trainable_parameters": sum(prod(w.shape) for w in new if id(w) in trainable),
    }


def _settings(operation, reads):
    """Return those settings of a layer that say what it does to an image."""
    settings = {}
    if isinstance(operation, ANY_CONVOLUTION):
        settings["kernel_size"] = list(operation.kernel_size)
        settings["dilation_rate"] = list(operation.dilation_rate)
        # Separable and depthwise layers have other filters or none.
        if isinstance(operation, CONVOLUTIONS) and operation.groups > 1:
            settings["groups"] = operation.groups
        if not isinstance(operation, DEPTHWISE):
            settings["filters"] = operation.filters
    elif isinstance(operation, _POOLINGS):
        settings["pool_size"] = list(operation.pool_size)
    elif isinstance(operation, layers.Dense):
        settings["units"] = operation.units
    if isinstance(operation, (*ANY_CONVOLUTION, *_POOLINGS)):
        settings["strides"] = list(operation.strides)
        settings["padding"] = operation.padding
        settings["pads"] = _pads(operation, reads[0].shape, settings)
    if isinstance(getattr(operation, "rate", None), (int, float)):
        settings["rate"] = operation.rate
    activation = getattr(operation, "activation", None)
    if activation is not None:
        settings["activation"] = getattr(activation, "__name__", type(activation).__name__)
    return settings


def _pads(layer, shape, settings):
    """Tell whether the layer's padding adds pixels to an input of ``shape``."""
    # What padding does to a transposed convolution is to crop its result.
    if layer.padding == "valid" or isinstance(layer, TRANSPOSED):
        return False
    size = settings.get("kernel_size") or settings["pool_size"]
    dilation = settings.get("dilation_rate") or [1] * len(size)
    for pixels, extent, step, spread in zip(
        image_axes(layer, shape), size, layer.strides, dilation, strict=True
    ):
        window = (extent - 1) * spread + 1
        if pixels is None:
            if window > 1:
                return True
        elif (ceil(pixels / step) - 1) * step + window > pixels:
            return True
    return False
