"""The few lines of Python that load a model and predict one image."""

from collections.abc import Mapping, Sequence
from typing import Any

from PIL import ImageColor

from bakeoff.describe import KERAS_ALONE
from bakeoff.study.readers import given_arguments


def code_for(
    card: Mapping[str, Any],
    classes: Sequence[str],
    dtype: str = "uint8",
    audit: Mapping[str, Any] | None = None,
) -> str:
    """Return the lines of Python that load a run's model and predict an image, beside the page.

    ``card`` is the run's with its model's description; ``classes`` are their names. The image is
    read as those of the data were, whose ``dtype`` and ``audit`` are those of
    :class:`bakeoff.data.prepared.PreparedData`.
    """
    shape = height, width, channels = card["image_shape"]
    reading = reading_lines(shape, dtype, audit or {})
    needed = "Image, ImageOps" if any("ImageOps" in line for line in reading) else "Image"
    path = f"models/{card['model']}/seed_{card['seed']}/model.keras"
    lines = ["import keras", "import numpy as np", f"from PIL import {needed}", ""]
    if card["backend"] != "tensorflow":
        lines = ["import os", f'os.environ["KERAS_BACKEND"] = "{card["backend"]}"', *lines]
    lines += reading
    if card["loads_with"] == KERAS_ALONE:
        lines.append(f'model = keras.models.load_model("{path}", compile=False)')
    else:
        given = "".join(f", {name}={value!r}" for name, value in given_arguments(card).items())
        lines += [
            "# With the folder on Python's path that holds architectures/ as this was trained.",
            f"from architectures.{card['architecture']} import build",
            f'keras.config.set_dtype_policy("{card["precision"]}")',
            f"model = build(({height}, {width}, {channels}), {len(classes)}{given})",
            "model(x)",
            f'model.load_weights("{path}")',
        ]
    lines += [f"names = {list(classes)!r}", "print(names[model.predict(x).argmax()])"]
    return "\n".join(lines)


_WITH_ALPHA = {"LA", "La", "PA", "RGBA", "RGBa"}


def reading_lines(shape: Sequence[int], dtype: str, audit: Mapping[str, Any]) -> list[str]:
    """Return the lines that make ``x`` of an image file, float32 (1, height, width, channels).

    They do as :mod:`bakeoff.data.decode` does, of its steps those alone which an image of the data
    needed: ``dtype`` and ``audit`` are as :func:`code_for` has them.
    """
    height, width, channels = shape
    mode, modes = "L" if channels == 1 else "RGB", set(audit.get("modes", ()))
    background = audit.get("background", "#ffffff")
    whole_depth = dtype == "uint16" and channels == 1
    steps = []
    if audit.get("turned_upright"):
        steps.append("image = ImageOps.exif_transpose(image)")
    if whole_depth or any(found.startswith("I") for found in modes):
        steps += _sixteen_bits(whole_depth)
    if audit.get("flattened") or modes & _WITH_ALPHA:
        steps += [
            'image = image.convert("RGBA")',
            f'ground = Image.new("RGBA", image.size, "{background}")',
            "image = Image.alpha_composite(ground, image)",
        ]
    if not whole_depth:
        steps.append(f'image = image.convert("{mode}")')
    opened, first = 'image = Image.open("my.png")', steps[0] if steps else ""
    if first.startswith("image = image."):
        steps[0] = opened + first.removeprefix("image = image")
    else:
        steps.insert(0, opened)
    ground = ImageColor.getcolor(background, mode)
    numbers = f"{height}, {width}, {channels}"
    size, method = f"({width}, {height})", "Image.Resampling.BICUBIC"
    fitted = {
        "stretch": f"image.resize({size}, {method})",
        "crop": f"ImageOps.fit(image, {size}, {method})",
        "pad": f"ImageOps.pad(image, {size}, {method}, color={ground})",
    }[audit.get("fit", "stretch")]
    # Resized in floating point, edges overshoot.
    within = ".clip(0, 255)" * whole_depth
    return [
        *steps,
        f"image = {fitted}",
        "# Values from 0 to 1, black is 0.",
        f"x = np.asarray(image, np.float32){within}.reshape(1, {numbers}) / 255",
    ]


def _sixteen_bits(whole_depth):
    """Return the lines that scale a grey image of 16 bits to 255, all of its depth or rounded."""
    values = "np.asarray(image, np.float32) / 257"
    if not whole_depth:
        values = f"np.rint({values}).astype(np.uint8)"
    return ['if image.mode.startswith("I"):  # 16 bits', f"    image = Image.fromarray({values})"]
