"""Training images as augmentation changes them: examples for the page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff import wording as w
from bakeoff.data.augmentation import augmented
from bakeoff.data.prepared import PreparedData, scaled
from bakeoff.limits import AUGMENTED_IMAGES, MOST_AUGMENTED
from bakeoff.report.gallery import png_uri

_KEY = (0, 1, 0)
"""Seed, epoch and batch by which the examples are drawn."""


def augmentations(
    data_file: str | Path, cards: Sequence[Mapping[str, Any]], study: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return what the page says of each augmentation that some of the models were trained with.

    ``cards`` are those of all runs of ``study``. Each is a dict of ``said``, a sentence, and
    ``images``, a dict of ``name`` and ``image``, a PNG as a data URI, for each of the first
    classes: one training image, changed. There are none where images may not be shown.
    """
    names = {entry["model"]: entry["name"] for entry in study["models"]}
    found: dict[str, tuple[Any, dict[str, None]]] = {}
    for card in cards:
        if settings := card["training"].get("augmentation"):
            found.setdefault(w.setting(settings), (settings, {}))[1][names[card["model"]]] = None
    shown = dict(list(found.items())[:MOST_AUGMENTED])
    batch = _first_images(PreparedData.read(data_file)) if study["show_images"] and shown else None
    return [
        {
            "said": f"{w.models(models)}: {text}.",
            "images": _examples(batch, settings) if batch else [],
        }
        for text, (settings, models) in shown.items()
    ]


def _first_images(data):
    """Return names, images and targets of the first training image of each of the first classes."""
    labels, rows = np.unique(data.labels("train"), return_index=True)
    labels, rows = labels[:AUGMENTED_IMAGES], rows[:AUGMENTED_IMAGES]
    names = [w.one_line(data.class_names[label]) for label in labels]
    return names, scaled(data.images("train")[rows]), np.eye(len(labels), dtype=np.float32)


def _examples(batch, settings):
    names, images, targets = batch
    changed = np.clip(augmented(images, targets, settings, _KEY)[0], 0, 1)
    return [
        {"name": name, "image": png_uri(image)} for name, image in zip(names, changed, strict=True)
    ]
