"""A data set with numbered labels, as it is prepared: see :mod:`bakeoff.data.preparing`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bakeoff.errors import StudyError

IMAGE_TYPES = (np.uint8, np.uint16, np.float32)
CHANNELS = (1, 3)


@dataclass(frozen=True, eq=False)
class LabelledPart:
    """Images of one part of a data set with their labels, in the data set's own order.

    ``images`` is uint8 or uint16 over their whole range, or float32 from 0 to 1; of shape
    (n, height, width) or (n, height, width, channels) with 1 or 3 channels, and (n, height, width,
    channels) once it is here. They are read piece by piece, and may be a memory-map of more than
    memory holds. ``labels`` are integers (n,) from 0; ``groups``, where images belong together
    (those of one patient), integers (n,). ``origin`` is what a message names: a file, a folder, a
    table. Raises :class:`StudyError` for what is not so.
    """

    images: np.ndarray
    labels: np.ndarray
    origin: str
    groups: np.ndarray | None = None

    def __post_init__(self):
        if self.images.ndim == 3:
            object.__setattr__(self, "images", self.images[..., np.newaxis])
        images = self.images
        if images.dtype not in IMAGE_TYPES:
            raise StudyError(
                f"{self.origin}: images of type {images.dtype}; expected uint8, uint16 or float32."
            )
        if images.ndim != 4 or images.shape[-1] not in CHANNELS:
            raise StudyError(
                f"{self.origin}: images of shape {images.shape}; expected (images, height, width)"
                " of grey ones or (images, height, width, channels) with 1 or 3 channels."
            )
        for name, values in (("labels", self.labels), ("groups", self.groups)):
            if values is not None and values.shape != images.shape[:1]:
                raise StudyError(
                    f"{self.origin}: {name} of shape {values.shape}; expected"
                    f" {images.shape[:1]}, one for each image."
                )


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """A data set: its own training and test images, and validation images where it has some.

    ``class_names`` are in the order of the labels. ``audit`` is what was found while the images
    were read, ready for JSON, by topic; it goes into ``data.json`` and decides nothing. Raises
    :class:`StudyError` where parts do not belong together or a label has no name.
    """

    class_names: Sequence[str]
    train: LabelledPart
    test: LabelledPart
    validation: LabelledPart | None = None
    audit: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        first = self.train.images
        for part in filter(None, (self.train, self.validation, self.test)):
            images, named = part.images, len(self.class_names)
            if images.shape[1:] != first.shape[1:] or images.dtype != first.dtype:
                raise StudyError(
                    f"{part.origin}: images of shape {images.shape[1:]} and type {images.dtype};"
                    f" expected {first.shape[1:]} and {first.dtype}, as in {self.train.origin}."
                )
            if len(images) and not 0 <= part.labels.min() <= part.labels.max() < named:
                raise StudyError(
                    f"{part.origin}: labels from {part.labels.min()} to {part.labels.max()};"
                    f" expected 0 to {named - 1}, as there are {named} names of classes."
                )
