"""What stands in a source of images, as it stands there: labels as written, no split drawn.

Each form of files has a module of its own, which makes a :class:`RawSet` of them.
:mod:`bakeoff.data.reading` makes a :class:`bakeoff.data.labelled.LabelledSet` of any of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.errors import StudyError


class Rows:
    """Some rows of an array that may be larger than memory; each is read when it is asked for.

    ``base`` is the array (n, …) and ``rows`` int64 (m,) are indices in it.
    """

    def __init__(self, base: np.ndarray, rows: np.ndarray):
        self.base, self.rows = base, rows
        self.dtype, self.ndim = base.dtype, base.ndim
        self.shape = (len(rows), *base.shape[1:])

    @classmethod
    def of(cls, images: np.ndarray | Rows, rows: np.ndarray) -> Rows:
        """Return some rows of an array, or of such rows, without copying any."""
        if isinstance(images, Rows):
            return cls(images.base, images.rows[rows])
        return cls(images, rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, key: Any) -> np.ndarray:
        """Return an image, or the array of a slice's images."""
        return self.base[self.rows[key]]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self.base[row] for row in self.rows)


@dataclass(frozen=True)
class RawPart:
    """Some images of a source, which belong to one part of it.

    ``images`` are uint8, uint16 or float32 in [0, 1], (n, height, width, channels) with 1 or 3
    channels, an array or :class:`Rows`. ``labels`` (n,) are integers, or texts. ``groups`` (n,) are
    the texts that tell whom or what each image is of, None where the source has none. ``origin`` is
    what messages call the place of the labels, and ``of_images`` that of the images, where it is
    another.
    """

    images: np.ndarray | Rows
    labels: np.ndarray
    origin: str
    groups: np.ndarray | None = None
    of_images: str | None = None

    def only(self, rows: np.ndarray) -> RawPart:
        """Return the images in the given rows, int64 (m,), without copying them."""
        groups = None if self.groups is None else self.groups[rows]
        images = Rows.of(self.images, rows)
        return replace(self, images=images, labels=self.labels[rows], groups=groups)


@dataclass(frozen=True)
class RawSet:
    """All images of a source.

    ``test`` is None where the source knows no test part, so that one has to be drawn;
    ``validation`` where it has no such part. ``class_names`` are the names that the source has for
    the labels 0, 1, …, None where the labels themselves are all that it has. ``audit`` says what
    was found, ready for JSON.
    """

    train: RawPart
    test: RawPart | None = None
    validation: RawPart | None = None
    class_names: list[str] | None = None
    audit: Mapping[str, Any] = field(default_factory=dict)


def check_images(images: np.ndarray, where: str | Path) -> np.ndarray:
    """Return images of an array file, with or without channels, as (n, height, width, channels).

    Float64 becomes float32, and all bytes come to lie in the order in which they are written: NumPy
    keeps arrays in that of another language (Fortran, MATLAB) or processor.
    ``where`` is what messages call the place of ``images``. Raises :class:`StudyError` where these
    are no images.
    """
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim == 4 and images.shape[1] in (1, 3) and images.shape[-1] not in (1, 3):
        raise StudyError(
            f"{where}: shape {images.shape}, with the channels first; expected (images, height,"
            " width, channels): save np.moveaxis(images, 1, -1)."
        )
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise StudyError(
            f"{where}: shape {images.shape}; expected (images, height, width), or (images, height,"
            " width, channels) with 1 or 3 channels: save the images so."
        )
    if not images.size:
        raise StudyError(
            f"{where}: shape {images.shape}, no image; expected at least one: add images."
        )
    if images.dtype.kind not in "fiu":
        raise StudyError(
            f"{where}: values of type {images.dtype.name}; expected uint8, uint16, or float from 0"
            " to 1: save the images as one of these."
        )
    images = np.ascontiguousarray(images, images.dtype.newbyteorder("="))
    if images.dtype.kind == "f" and images.min() >= 0 and images.max() <= 1:
        return images.astype(np.float32, copy=False)
    if images.dtype.kind == "f" or images.dtype.name not in ("uint8", "uint16"):
        raise StudyError(
            f"{where}: {images.dtype.name} from {images.min():g} to {images.max():g}; expected"
            " uint8, uint16, or float from 0 to 1: save the images as one of these."
        )
    if images.max() <= 1:
        raise StudyError(
            f"{where}: no pixel is above {images.max()}; expected values from 0 to"
            f" {np.iinfo(images.dtype).max}: scale the images to that range, or save them as float."
        )
    return images
