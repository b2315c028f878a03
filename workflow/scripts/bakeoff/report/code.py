"""The few lines of Python that load a model and predict one image."""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.describe import KERAS_ALONE
from bakeoff.study.readers import given_arguments


def code_for(card: Mapping[str, Any], classes: Sequence[str]) -> str:
    """Return the lines of Python that load a run's model and predict an image, beside the page.

    ``card`` is the run's with its model's description; ``classes`` are their names.
    """
    height, width, channels = card["image_shape"]
    mode = "L" if channels == 1 else "RGB"
    path = f"models/{card['model']}/seed_{card['seed']}/model.keras"
    lines = ["import keras", "import numpy as np", "from PIL import Image", ""]
    if card["backend"] != "tensorflow":
        lines = ["import os", f'os.environ["KERAS_BACKEND"] = "{card["backend"]}"', *lines]
    lines += [
        f'image = Image.open("my.png").convert("{mode}")',
        f"image = image.resize(({width}, {height}), Image.Resampling.BICUBIC)",
        "# Values from 0 to 1, black is 0.",
        f"x = np.asarray(image, np.float32).reshape(1, {height}, {width}, {channels}) / 255",
    ]
    if card["loads_with"] == KERAS_ALONE:
        lines.append(f'model = keras.models.load_model("{path}", compile=False)')
    else:
        given = "".join(f", {name}={value!r}" for name, value in given_arguments(card).items())
        shape = f"({height}, {width}, {channels})"
        lines += [
            "# With the folder that holds architectures/ on Python's path.",
            f"from architectures.{card['architecture']} import build",
            f'keras.config.set_dtype_policy("{card["precision"]}")',
            f"model = build({shape}, {len(classes)}{given})",
            "model(x)",
            f'model.load_weights("{path}")',
        ]
    lines += [f"names = {list(classes)!r}", "print(names[model.predict(x).argmax()])"]
    return "\n".join(lines)
