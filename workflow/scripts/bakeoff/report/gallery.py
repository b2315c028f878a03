"""The test images that most models get wrong."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff import wording as w
from bakeoff.data.prepared import PreparedData, scaled
from bakeoff.errors import StudyError
from bakeoff.results import Results

_LARGEST = 168  # pixels, twice as many as are shown


def hardest_images(results: Results, data_file: str | Path | None = None) -> list[dict[str, Any]]:
    """Return the gallery's entries, the hardest image first.

    ``results`` are :class:`bakeoff.results.Results`; ``data_file`` describes the prepared data, or
    is None where the images may not be shown. Each entry is a dict of ``index``, ``label``,
    ``disputed``, ``known``, ``wrong`` (how many models are), ``predictions`` (a dict of
    ``predicted``, ``correct`` and ``models``, one phrase, for each predicted class, the most
    frequent first), ``alt`` and ``image``, a PNG as a data URI or None.

    Raises :class:`StudyError` where the data file has no such images.
    """
    classes, errors = results.data.class_names, results.analysis.errors
    hardest = errors.hardest if errors else []
    images: list[str | None] = [None] * len(hardest)
    if hardest and data_file is not None:
        found = read_test_images(data_file, [entry.row for entry in hardest])
        images = [png_uri(image) for image in found]
    return [
        {
            "index": entry.index,
            "label": classes[entry.label],
            "disputed": entry.disputed,
            "known": entry.known,
            "wrong": _wrong(entry, results),
            "predictions": _predictions(entry, results),
            "alt": f"Image labelled {classes[entry.label]}",
            "image": image,
        }
        for entry, image in zip(hardest, images, strict=True)
    ]


def _wrong(entry, results):
    models, wrong = len(entry.predictions), entry.wrong_models
    learned = results.that_count
    if models == 1:
        return f"The model{learned} is wrong"
    if wrong == models:
        return f"{w.all_of(models, 'models').capitalize()}{learned} are wrong"
    return f"{wrong} of {models} models{learned} {w.plural(wrong, 'is', 'are')} wrong"


def _predictions(entry, results):
    by_class = {}
    for model, predicted in entry.predictions.items():
        by_class.setdefault(predicted, []).append(results.by_key[model].name)
    return [
        {
            "predicted": results.data.class_names[predicted],
            "correct": predicted == entry.label,
            "models": w.models(models),
        }
        for predicted, models in sorted(by_class.items(), key=lambda item: -len(item[1]))
    ]


def read_test_images(data_file: str | Path, rows: Sequence[int]) -> np.ndarray:
    """Return test images of the prepared data by row, float32 (n, height, width, channels).

    Their values are from 0 to 1, their channels 1 or 3.
    """
    data = PreparedData.read(data_file)
    if beyond := [row for row in rows if row >= data.counts["test"]]:
        raise StudyError(
            f"{data_file}: {data.counts['test']:,} test images, and none in row {beyond[0]}, which"
            " analysis.json names; expected the data that the models were trained on: delete"
            " analysis.json and run again; it is made anew."
        )
    return scaled(data.images("test")[rows])


def png_uri(image: np.ndarray) -> str:
    """Return an image, float (height, width, channels) from 0 to 1, as a PNG in a data URI.

    A large one is made smaller, as the page shows it no larger than that.
    """
    from PIL import Image

    pixels = np.rint(255 * image).astype(np.uint8)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    picture.thumbnail((_LARGEST, _LARGEST))
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
