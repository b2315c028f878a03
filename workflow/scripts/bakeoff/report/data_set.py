"""The images that the models were trained on and tested on: what was found, counts, examples."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.data.audit import sentences
from bakeoff.data.prepared import PreparedData, scaled
from bakeoff.limits import MOST_EXAMPLES
from bakeoff.report.gallery import png_uri


def describe_data_set(data_file: str | Path, show_images: bool) -> dict[str, Any]:
    """Return what the page says of the prepared data.

    That is ``facts``, sentences; ``counts``, a table ready for the page; ``examples``, a dict of
    ``name`` and ``image``, a PNG as a data URI, for each of the first classes, none where images
    may not be shown. Raises :class:`bakeoff.errors.StudyError` where the data cannot be read.
    """
    data = PreparedData.read(data_file)
    names = [w.one_line(name) for name in data.class_names]
    labels = {part: data.labels(part) for part in ("train", "validation", "test")}
    if data.validation == "test":
        del labels["validation"]
    return {
        "facts": [_form(data), *sentences(data.audit, names)],
        "counts": _counts(labels, names).as_data(),
        "examples": _examples(data, labels["train"], names) if show_images else [],
    }


def _form(data):
    height, width, channels = data.shape
    colour = "grey" if channels == 1 else "colour"
    bits = {"uint8": "8 bits", "uint16": "16 bits", "float32": "floating point"}[data.dtype]
    return f"The images are {height} x {width} pixels (height first), {colour}, {bits} a value."


def _counts(labels: Mapping[str, np.ndarray], names: list[str]) -> t.Table:
    """Return a table with a row a class, and the number of its images in each part."""
    counts = [np.bincount(part, minlength=len(names)) for part in labels.values()]
    rows = [
        [t.text(name), *map(t.count, row)]
        for name, row in zip(names, zip(*counts, strict=True), strict=True)
    ]
    return t.Table(["Class", *(f"{part.capitalize()} images" for part in labels)], rows)


def _examples(data, labels, names):
    """Return the first training image of each of the first classes."""
    present, rows = np.unique(labels, return_index=True)
    chosen = list(zip(present, rows, strict=True))[:MOST_EXAMPLES]
    images = data.images("train")
    return [{"name": names[label], "image": png_uri(scaled(images[row]))} for label, row in chosen]
