"""What sets architectures apart, computed from their layers: the groups that findings compare."""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any


def model_traits(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the traits of one architecture as a dict of plain values.

    ``layers`` is the list that ``layers.describe_layers`` makes, from JSON. A convolution counts
    if its kernel covers more than one pixel, a pooling layer if it has a window (global pooling
    has none), a layer used twice counts twice.

    - ``convolutions``, ``padded_convolutions``, ``poolings``: how many in the whole network; a
      convolution right after zero padding is padded.
    - ``padded_share``: of the convolutions, 0 to 1; ``padding``: "none", "some" or "half or
      more" of them. Both None without convolutions.
    - ``depth``: convolutions on the way through the network that has most of them; of several
      such ways the one with fewest poolings. The next two follow this way.
    - ``convolutions_per_pooling``: convolutions divided by poolings; None without poolings.
    - ``pooling_every``: n if every pooling follows n convolutions and none are left over after
      the last; None where there is no such order.
    - ``kernel_sizes``: the sizes that occur, ascending, by a kernel's longer side in pixels;
      ``kernel_size``: their mean over the convolutions; ``kernel``: the size that more than half
      of them have, as "3x3", else "mixed". The last two are None without convolutions.
    - ``branches``: the most different layers that one layer joins, 1 for a chain. A shortcut
      past a block makes two.
    - ``dense_units``: the widths of the hidden dense layers.
    - ``complete``: False if some layer's inside is unknown (custom layers with weights), so that
      counts may be too low.
    """
    spatial = [layer for layer in layers if _is_spatial(layer)]
    sizes = [max(layer["kernel_size"]) for layer in spatial]
    padded = sum(_is_padded(layer, layers) for layer in spatial)
    share = padded / len(spatial) if spatial else None
    runs = _runs_of_convolutions(layers)
    depth, poolings_passed = sum(runs), len(runs) - 1
    return {
        "convolutions": len(spatial),
        "padded_convolutions": padded,
        "padded_share": share,
        "padding": _padding_level(share),
        "poolings": sum("pool_size" in layer for layer in layers),
        "depth": depth,
        "convolutions_per_pooling": depth / poolings_passed if poolings_passed else None,
        "pooling_every": _common_run(runs),
        "kernel_sizes": sorted(set(sizes)),
        "kernel_size": fmean(sizes) if sizes else None,
        "kernel": _usual_kernel(spatial),
        "branches": max((len(set(layer["inputs"])) for layer in layers), default=1),
        "dense_units": [layer["units"] for layer in layers[:-1] if "units" in layer],
        "complete": all(layer["multiply_adds"] is not None for layer in layers),
    }


def _is_spatial(layer):
    return max(layer.get("kernel_size", [1])) > 1


def _is_padded(convolution, layers):
    read = [layer["class"] for layer in layers if layer["name"] in convolution["inputs"]]
    return convolution["pads"] or any(name.startswith("ZeroPadding") for name in read)


def _padding_level(share):
    if share is None:
        return None
    return "half or more" if share >= 0.5 else "some" if share > 0 else "none"


def _runs_of_convolutions(layers):
    """Return how many convolutions precede each pooling on the deepest way, then those left.

    [2, 2, 0] stands for two convolutions, pooling, two convolutions, pooling, no more.
    """
    runs = {}
    for layer in layers:
        ways = [runs[name] for name in layer["inputs"]] or [[0]]
        way = max(ways, key=lambda way: (sum(way), -len(way)))
        if "pool_size" in layer:
            way = [*way, 0]
        elif _is_spatial(layer):
            way = [*way[:-1], way[-1] + 1]
        runs[layer["name"]] = way
    return way if layers else [0]


def _common_run(runs):
    *before_poolings, left = runs
    if left or len(set(before_poolings)) != 1 or not before_poolings[0]:
        return None
    return before_poolings[0]


def _usual_kernel(convolutions):
    if not convolutions:
        return None
    kernels = Counter("x".join(map(str, layer["kernel_size"])) for layer in convolutions)
    kernel, count = kernels.most_common(1)[0]
    return kernel if count > len(convolutions) / 2 else "mixed"
