"""Colours of the figures and the page: the same for a model wherever it is shown.

Figures stand on white in files and, inside the page, also on its dark background. So they use
three neutral colours only, which the page can replace, and colours that show up on both.
"""

from collections.abc import Mapping
from typing import Any

INK, GRID, PAPER = "#1c2128", "#e3e3e3", "#ffffff"
"""Text and lines; what lies behind them; the background. No figure has another neutral colour."""

OF_MODEL = "of-model-"
"""What the id of a part that is of one model begins with; the model's number, from 1, follows."""

DARK_PAPER = "#14181d"
"""The page's background in dark mode."""

LEAST_CONTRAST = 3.0
"""What WCAG 2.2, criterion 1.4.11, asks of lines and marks."""

HUES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442")
"""Blue, vermillion, bluish green, reddish purple and yellow of Okabe and Ito's palette (2008).

Colour-blind readers can tell the first four apart in any lightness that two backgrounds allow;
yellow comes close to vermillion for some, so figures also differ in shapes. The palette's sky blue
and orange would be too close to others.
"""


def model_colours(study: Mapping[str, Any]) -> dict[str, str]:
    """Return a dict from each model's key to its colour, ``"#rrggbb"``.

    ``study`` is the reported study. A family has a hue, and its models differ in lightness, the
    first being the darkest; with a single family, each model has a hue. Where the hues run out,
    they come round again and families share them. Every colour reaches ``LEAST_CONTRAST`` on
    both backgrounds.
    """
    return {
        model: shade(HUES[hue], luminance)
        for hue, models in enumerate(_by_hue(study))
        for model, luminance in zip(models, _luminances(len(models)), strict=True)
    }


def part_ids(study: Mapping[str, Any]) -> dict[str, str]:
    """Return a dict from each model's key to the id of its part of a drawing.

    The page lights and hides what is of one model together. What else is of it has that id, a
    hyphen and a word.
    """
    return {entry["model"]: f"{OF_MODEL}{n}" for n, entry in enumerate(study["models"], 1)}


def place_in_hue(study: Mapping[str, Any]) -> dict[str, int]:
    """Return a dict from each model's key to how many models before it have its hue.

    Lines of one hue can differ in their dashes by it.
    """
    return {model: place for models in _by_hue(study) for place, model in enumerate(models)}


def shade(colour: str, luminance: float) -> str:
    """Return ``colour`` with a relative luminance of ``luminance``: mixed with black or white."""
    linear = _linear(colour)
    own = _luminance(linear)
    if luminance <= own:
        mixed = [luminance / own * part for part in linear]
    else:
        white = (luminance - own) / (1 - own)
        mixed = [part + white * (1 - part) for part in linear]
    return "#" + "".join(f"{round(255 * _encoded(part)):02x}" for part in mixed)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted(_luminance(_linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def _by_hue(study):
    """Return a list of the models' keys for each of ``HUES``, in the study's order."""
    entries = study["models"]
    families = list(dict.fromkeys(entry["family"] for entry in entries))
    by_hue = [[] for _ in HUES]
    for position, entry in enumerate(entries):
        place = families.index(entry["family"]) if len(families) > 1 else position
        by_hue[place % len(HUES)].append(entry["model"])
    return by_hue


def _luminances(count):
    """Return ``count`` luminances in steps of equal contrast, each readable on both papers."""
    # Colours are rounded to 256 steps: a little more than the least, so that none falls short.
    least = 1.02 * LEAST_CONTRAST
    low = least * (_luminance(_linear(DARK_PAPER)) + 0.05)
    high = (_luminance(_linear(PAPER)) + 0.05) / least
    places = [0.5] if count == 1 else [place / (count - 1) for place in range(count)]
    return [low * (high / low) ** place - 0.05 for place in places]


def _linear(colour):
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]


def _encoded(part):
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _luminance(linear):
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
