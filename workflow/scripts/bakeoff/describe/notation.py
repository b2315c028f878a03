"""The notebook's arrow notation of an architecture, derived from the built model.

A model without branches is one line::

    (1x28x28) --(5x5 kernel)--> (32x24x24) --(2x2 pooling s-2)--> (32x12x12) --(Flatten)--> …

Shapes are channels x height x width. Arrows name what is done: the size of kernels and pooling
windows, ``s-2`` a stride (always told for pooling, for kernels if it is not 1), ``d-2`` a
dilation, ``pad`` that padding adds pixels. Dense layers are bare arrows to their number of
units. Any layer without a notation of its own is shown by its class: ``--(Permute)-->``. What
the notebook leaves out is left out: dropout and noise, normalisation, activations.

In a model with branches every unbranched run of layers is a line, named at its end::

    (1x28x28 input) --(3x3 kernel pad)--> (32x28x28) - layer1
    layer1 --(3x3 kernel pad)--> (32x28x28) --(3x3 kernel pad)--> (32x28x28) - layer2
    layer1 + layer2 added --> (32x28x28) --(global average pooling)--> 32 --> 10 (Softmax)

A run ends where its result is read more than once, read by a layer that joins several, or is
the model's result. A line starts with the name of what it reads or with what it joins: ``added``
or ``merged`` (concatenated), or the class of another joining layer, as in
``layer1, layer2 --(Multiply)-->``. Where a line merges all lines that nothing has read yet it
says just ``4 layers merged``. Dense layers are labelled, the last one with its activation.
"""

import re
from collections import Counter

import keras

from bakeoff.describe.layers import describe_layers

_ACTIVATIONS = {name.replace("_", "") for name in dir(keras.activations)} - {"linear"}
_ACTIVATIONS |= {"activation", "prelu"}
_LEFT_OUT = {
    "ActivityRegularization",
    "AlphaDropout",
    "BatchNormalization",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "Identity",
    "LayerNormalization",
    "RMSNormalization",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "UnitNormalization",
}
_JOINED = {"Add": "added", "Concatenate": "merged"}


def arrow_notation(model: keras.Model) -> str:
    """Return a built Keras model's arrow notation, its lines joined with newlines.

    See the module's description. Of a model without a graph (a subclassed one) only what goes
    in and comes out is known: ``(1x28x28) --(MyModel)--> 10``. Raises ``ValueError`` for a model
    that has not been built.
    """
    described = describe_layers(model)
    shown = _shown_layers(described)
    times_read = Counter(read for layer in shown for read in layer["inputs"])
    runs = _unbranched_runs(shown, times_read)
    if len(runs) == 1:
        return " ".join([f"({_shape(shown[0])})", *map(_step, shown[1:])])

    shown[-1]["label"] = _final_label(described[-1])
    called: dict[str, str] = {}
    lines: list[str] = []
    unread: list[str] = []
    for first, *others in runs:
        reads = [called[name] for name in first["inputs"]]
        line = " ".join([_start(first, reads, reads == unread), *map(_labelled_step, others)])
        unread = [name for name in unread if name not in reads]
        end = [first, *others][-1]["name"]
        if not reads and not others:
            called[end] = line
        elif not times_read[end]:
            lines.append(line)
        else:
            called[end] = f"layer{len(lines) + 1}"
            unread.append(called[end])
            lines.append(f"{line} - {called[end]}")
    return "\n".join(lines)


def _shown_layers(described):
    """Return copies of the layers that the notation shows, connected past those left out."""
    shown, stands_for = [], {}
    for layer in described:
        reads = [stands_for[name] for name in layer["inputs"]]
        if len(reads) == 1 and (layer["class"] in _LEFT_OUT or _is_activation(layer["class"])):
            stands_for[layer["name"]] = reads[0]
        else:
            stands_for[layer["name"]] = layer["name"]
            shown.append(layer | {"inputs": reads})
    return shown


def _is_activation(name):
    return name.replace("_", "").lower() in _ACTIVATIONS


def _unbranched_runs(shown, times_read):
    """Return the layers as lists, each as long as one layer reads the one before and no other."""
    runs, run_ending_with = [], {}
    for layer in shown:
        reads = layer["inputs"]
        if len(reads) == 1 and times_read[reads[0]] == 1:
            run = run_ending_with.pop(reads[0])
        else:
            run = []
            runs.append(run)
        run.append(layer)
        run_ending_with[layer["name"]] = run
    return runs


def _start(layer, reads, everything):
    """Return how a line begins with ``layer``, which reads the lines named ``reads``.

    ``everything`` tells that these are all the lines that nothing has read yet.
    """
    if not reads:
        return f"({_shape(layer)} input)"
    word = _JOINED.get(layer["class"])
    if len(reads) == 1 or word is None:
        return f"{', '.join(reads)} {_labelled_step(layer)}"
    count_alone = everything and layer["class"] == "Concatenate"
    what = f"{len(reads)} layers" if count_alone else " + ".join(reads)
    return f"{what} {word} --> {_value(layer)}"


def _step(layer):
    """Return the arrow of a layer and the shape it leads to."""
    return f"{_arrow(layer)} {_value(layer)}"


def _labelled_step(layer):
    if not _is_dense(layer):
        return _step(layer)
    return f"{_step(layer)} ({layer.get('label', 'Dense')})"


def _arrow(layer):
    if _is_dense(layer):
        return "-->"
    if "kernel_size" in layer:
        stride = _numbers("s", layer["strides"], unless=1)
        dilation = _numbers("d", layer["dilation_rate"], unless=1)
        what = f"{_times(layer['kernel_size'])} {_kind_of_kernel(layer)}{stride}{dilation}"
    elif "pool_size" in layer:
        kind = "average pooling" if layer["class"].startswith("Average") else "pooling"
        what = f"{_times(layer['pool_size'])} {kind}{_numbers('s', layer['strides'])}"
    elif found := re.fullmatch(r"Global(Average|Max)Pooling\dD", layer["class"]):
        what = f"global {found[1].lower()} pooling"
    else:
        what = layer["class"]
    return f"--({what}{' pad' if layer.get('pads') else ''})-->"


def _is_dense(layer):
    """Tell whether a layer is a dense one on a vector, as at the end of a network."""
    return "units" in layer and len(layer["output_shape"]) == 1


def _kind_of_kernel(layer):
    for part in ("Depthwise", "Separable", "Transpose"):
        if part in layer["class"]:
            return f"{part.lower()} kernel"
    return "grouped kernel" if "groups" in layer else "kernel"


def _numbers(letter, sizes, unless=None):
    """Return `` s-2`` for strides [2, 2], `` s-2x1`` for [2, 1]; nothing if all are ``unless``."""
    if set(sizes) == {unless}:
        return ""
    return f" {letter}-{sizes[0] if len(set(sizes)) == 1 else _times(sizes)}"


def _value(layer):
    shape = _shape(layer)
    return shape if len(layer["output_shape"]) == 1 else f"({shape})"


def _shape(layer):
    """Return a layer's output shape with the channels first."""
    *image, channels = layer["output_shape"] or [1]
    return _times([channels, *image])


def _times(sizes):
    return "x".join("?" if size is None else str(size) for size in sizes)


def _final_label(layer):
    """Return what a last dense layer is called, given the layer that the model ends with."""
    name = layer.get("activation", layer["class"])
    return name.capitalize() if _is_activation(name) else "Dense"
