"""The traits by which findings group architectures."""

from importlib import import_module

import pytest

from bakeoff.analysis.traits import model_traits
from bakeoff.describe.layers import describe_layers


@pytest.fixture(scope="module")
def notebook():
    """The traits of the notebook's models, by number."""
    modules = {number: import_module(f"architectures.model_{number:02}") for number in range(1, 11)}
    return {
        number: model_traits(describe_layers(module.build((28, 28, 1), 10)))
        for number, module in modules.items()
    }


def groups(traits, key):
    found = {}
    for number, values in traits.items():
        found.setdefault(values[key], set()).add(number)
    return found


def test_groups_of_the_notebook_by_padding(notebook):
    assert groups(notebook, "padding") == {
        "none": {1, 2, 3, 7},
        "some": {8, 9, 10},
        "half or more": {4, 5, 6},
    }


def test_groups_of_the_notebook_by_pooling(notebook):
    assert groups(notebook, "pooling_every") == {1: {1, 2, 3, 5}, 2: {7, 8, 9}, None: {4, 6, 10}}


def test_groups_of_the_notebook_by_kernel(notebook):
    assert groups(notebook, "kernel") == {
        "5x5": {1, 4},
        "3x3": {2, 5},
        "7x7": {3, 6},
        "mixed": {7, 8, 9, 10},
    }


def test_groups_of_the_notebook_by_branches(notebook):
    assert groups(notebook, "branches") == {1: set(range(1, 10)), 4: {10}}


def test_all_traits_of_model_10(notebook):
    traits = notebook[10]
    assert traits.pop("kernel_size") == pytest.approx((3 + 5 + 7 + 5 + 5 + 3) / 6)
    assert traits.pop("padded_share") == pytest.approx(2 / 6)
    assert traits == {
        "convolutions": 6,
        "padded_convolutions": 2,
        "padding": "some",
        "poolings": 2,
        "depth": 5,
        "convolutions_per_pooling": 5.0,
        "pooling_every": None,
        "kernel_sizes": [3, 5, 7],
        "kernel": "mixed",
        "branches": 4,
        "dense_units": [512, 128],
        "complete": True,
    }


def chain(*settings):
    """Return the descriptions of layers that each read the one before."""
    described = [{"name": "0", "class": "InputLayer", "inputs": [], "multiply_adds": 0}]
    for number, setting in enumerate(settings, start=1):
        fields = {"name": str(number), "class": "Layer", "inputs": [str(number - 1)]}
        described.append(fields | {"multiply_adds": 0} | setting)
    return described


CONV = {"class": "Conv2D", "kernel_size": [3, 3], "pads": False}
POINTWISE = {"class": "Conv2D", "kernel_size": [1, 1], "pads": False}
POOL = {"class": "MaxPooling2D", "pool_size": [2, 2]}
DENSE = {"class": "Dense", "units": 10}


@pytest.mark.parametrize(
    ("layers", "per_pooling", "every"),
    [
        ([CONV, CONV, CONV, POOL], 3.0, 3),
        ([CONV, POOL, CONV, CONV, POOL], 1.5, None),
        ([CONV, POOL, CONV], 2.0, None),
        ([CONV, CONV], None, None),
        ([CONV, POINTWISE, POOL], 1.0, 1),
        ([POOL, POOL], 0.0, None),
    ],
)
def test_pooling_frequency(layers, per_pooling, every):
    traits = model_traits(chain(*layers, DENSE))
    assert traits["convolutions_per_pooling"] == per_pooling
    assert traits["pooling_every"] == every


def test_without_convolutions():
    traits = model_traits(chain({"class": "Dense", "units": 64}, DENSE))
    assert traits["convolutions"] == traits["depth"] == 0
    assert traits["kernel_sizes"] == []
    nothing = ("padding", "padded_share", "kernel_size", "kernel")
    assert [traits[key] for key in nothing] == [None] * 4
    assert traits["dense_units"] == [64]


def test_convolution_after_zero_padding_is_padded():
    traits = model_traits(chain({"class": "ZeroPadding2D"}, CONV, CONV, DENSE))
    assert traits["padded_convolutions"] == 1
    assert traits["padding"] == "half or more"


def test_shortcut_makes_two_branches_and_leaves_the_depth():
    described = chain(CONV, CONV, CONV, {"class": "Add", "inputs": ["3", "1"]}, DENSE)
    traits = model_traits(described)
    assert traits["branches"] == 2
    assert traits["depth"] == 3


def test_of_ways_equally_deep_the_one_with_fewest_poolings_counts():
    branches = [CONV | {"inputs": ["0"]}, CONV | {"inputs": ["0"]}, POOL]
    join = {"class": "Concatenate", "inputs": ["1", "3"]}
    traits = model_traits(chain(*branches, join, CONV, POOL, DENSE))
    assert traits["poolings"] == 2
    assert traits["convolutions_per_pooling"] == 2.0


def test_layers_of_unknown_inside_are_told():
    assert not model_traits(chain({"multiply_adds": None}, DENSE))["complete"]


def test_no_layers_at_all():
    assert model_traits([])["convolutions"] == 0
