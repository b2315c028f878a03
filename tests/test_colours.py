"""Colours: one a model, readable on both backgrounds, apart for colour-blind readers."""

import subprocess
import sys
from itertools import combinations, product

import numpy as np
import pytest

from bakeoff.figures.colours import (
    DARK_PAPER,
    HUES,
    INK,
    LEAST_CONTRAST,
    PAPER,
    contrast,
    model_colours,
    shade,
)

# What a reader without the cones for long or for medium waves sees, in linear RGB: Machado,
# Oliveira and Fernandes (2009), "A physiologically-based model for simulation of color vision
# deficiency", IEEE Transactions on Visualization and Computer Graphics 15, severity 1.0.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def lab(colour, sight):
    """Return how a reader sees ``colour``, in CIELAB, whose distances are roughly those seen."""
    parts = np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SIGHT[sight]) @ linear, 0, 1)
    x, y, z = np.cbrt(np.array(TO_XYZ) @ seen / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def study_of(*families):
    """Return a study with that many models in each family."""
    return {
        "models": [
            {"model": f"model_{family}_{number}", "family": f"family {family}"}
            for family, size in enumerate(families)
            for number in range(size)
        ]
    }


@pytest.mark.parametrize("families", [(1,), (10,), (3, 3, 3, 1), (1,) * 8, (9,) * 12, (100,)])
def test_every_colour_shows_up_on_both_backgrounds(families):
    colours = model_colours(study_of(*families))
    assert len(colours) == sum(families)
    for colour, background in product(colours.values(), (PAPER, DARK_PAPER)):
        assert contrast(colour, background) >= LEAST_CONTRAST


@pytest.mark.parametrize("families", [(1,), (10,), (3, 3, 3, 1), (2,) * 12])
def test_models_have_colours_of_their_own(families):
    colours = model_colours(study_of(*families))
    assert len(set(colours.values())) == len(colours)


@pytest.mark.parametrize("sight", SIGHT)
def test_families_are_apart_for_every_reader(sight):
    colours = model_colours(study_of(1, 1, 1, 1))
    for one, other in combinations(colours.values(), 2):
        assert np.linalg.norm(lab(one, sight) - lab(other, sight)) > 15
    # The models of the notebook's families too, whatever their lightness.
    colours = model_colours(study_of(3, 3, 3, 1))
    for (one, a), (other, b) in combinations(colours.items(), 2):
        if one[:7] != other[:7]:
            assert np.linalg.norm(lab(a, sight) - lab(b, sight)) > 8


@pytest.mark.parametrize("sight", SIGHT)
def test_models_of_a_family_differ_in_lightness(sight):
    first, second, third, _ = model_colours(study_of(3, 1)).values()
    lightness = [lab(colour, sight)[0] for colour in (first, second, third)]
    assert (np.diff(lightness) > 5).all()


def test_a_family_keeps_its_hue():
    colours = model_colours(study_of(3, 3))
    hues = [np.arctan2(*lab(colour, "normal")[:0:-1]) for colour in colours.values()]
    assert np.ptp(hues[:3]) < 0.2
    assert np.ptp(hues[3:]) < 0.2
    assert abs(hues[0] - hues[3]) > 1


def test_the_order_of_models_and_nothing_else_decides():
    study = study_of(2, 2)
    described = {"models": [entry | {"name": "A", "description": "b"} for entry in study["models"]]}
    assert model_colours(study) == model_colours(described)
    with_another = {"models": study["models"] + [{"model": "new", "family": "family 2"}]}
    assert model_colours(study).items() < model_colours(with_another).items()


@pytest.mark.parametrize("colour", HUES)
def test_shade_reaches_its_luminance(colour):
    for luminance in (0.15, 0.25):
        assert contrast(shade(colour, luminance), "#000000") == pytest.approx(
            (luminance + 0.05) / 0.05, rel=0.02
        )


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")
    assert contrast(INK, PAPER) >= 7


def test_the_page_needs_no_plotting_library_for_them():
    code = "import sys, bakeoff.figures.colours; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd="workflow/scripts", check=True)
