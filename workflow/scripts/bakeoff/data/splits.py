"""Which images are trained on, validated on and tested on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bakeoff import wording as w
from bakeoff.data.labelled import LabelledPart, LabelledSet
from bakeoff.data.labels import shortened
from bakeoff.data.samples import draw, without_only_ones
from bakeoff.errors import ConfigError
from bakeoff.joblog import say

_PIECE = 2**24
"""Bytes of images that are read at a time."""


Rows = np.ndarray | slice
"""Which of some images, by their places among these or as bool (n,)."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some images of a set: those with the indices, int64 (n,), in their order."""

    of: LabelledPart
    indices: np.ndarray

    @classmethod
    def whole(cls, images: LabelledPart) -> Part:
        """Return all images of a set."""
        return cls(images, np.arange(len(images.labels), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def labels(self) -> np.ndarray:
        """The labels, integers (n,)."""
        return self.of.labels[self.indices]

    @property
    def groups(self) -> np.ndarray | None:
        """Whom or what each image is of, integers (n,), None where nothing tells."""
        return None if self.of.groups is None else self.of.groups[self.indices]

    def pieces(self) -> Iterator[np.ndarray]:
        """Yield the images in their order, some (m, height, width, channels) at a time."""
        images = self.of.images
        at_once = max(1, _PIECE // max(1, images[:1].nbytes))
        for start in range(0, len(self), at_once):
            yield np.asarray(images[self.indices[start : start + at_once]])

    def only(self, rows: Rows) -> Part:
        """Return the images in the given rows."""
        return Part(self.of, self.indices[rows])

    def without(self, rows: Rows) -> Part:
        """Return the images in all rows but the given ones."""
        return Part(self.of, np.delete(self.indices, rows))


def split(source: LabelledSet, settings: Mapping[str, Any]) -> dict[str, Part]:
    """Return the parts ``train``, ``validation`` and ``test`` of a data set.

    The subset of the training images is drawn first; the holdout is the data set's own validation
    part, or a part cut from that subset where there is none or the settings give its size. What is
    drawn is stratified and depends on labels, groups and ``split_seed`` alone; a holdout divides no
    group. Where the test set validates, validation is the same object as test. Raises
    :class:`ConfigError` where a part cannot be drawn.
    """
    train, test = Part.whole(source.train), Part.whole(source.test)
    names = source.class_names
    test = test.only(_subset_rows(test.labels, "test_images", settings, names))
    train = train.only(_subset_rows(train.labels, "train_images", settings, names))
    validation = test
    own = source.validation
    if settings["validation"] == "holdout" and own and settings["holdout_images"] is None:
        validation = Part.whole(own)
    elif settings["validation"] == "holdout":
        train, validation = _hold_out(train, settings, names)
    elif own:
        say(
            f"The data's own validation part, {w.count(len(own.labels), 'image')}, is not used: set"
            " data.validation to holdout to validate on it and not on the test set."
        )
    return {"train": train, "validation": validation, "test": test}


def _hold_out(train, settings, names):
    """Return what is left of the training images, and what is held out.

    A rare class may be in the former alone: the only image of a class is never held out, nor is its
    only group where that can be avoided.
    """
    size, which = settings["holdout_images"], ""
    if size is None:
        size, which = max(1, len(train) // 6), " (a sixth of the training images)"
    key, seed = "holdout_images", settings["split_seed"]
    _check_size(train.labels, key, size, which)
    classes = _classes(train.labels)
    if size < len(classes):
        raise ConfigError(
            f"data.{key}",
            f"{size:,}{which}; expected at least one image of each class, which are"
            f" {len(classes)}: raise it.",
        )
    holdout = draw(train.labels, train.groups, size, seed)
    if train.groups is None:
        holdout = without_only_ones(train.labels, holdout)
    rest = train.without(holdout)
    if missing := classes - _classes(rest.labels):
        raise ConfigError(
            f"data.{key}",
            f"{size:,}{which}; expected to leave at least one training image of each class, but"
            f" of the {len(train):,} none of {_named(missing, names)} would be left: lower it, take"
            " more training images, or try another data.split_seed.",
        )
    return rest, train.only(holdout)


def _subset_rows(labels, key, settings, names):
    """Return the rows, int64, of the subset that the settings ask for under ``key``."""
    size = settings[key]
    if size is None:
        return np.arange(len(labels), dtype=np.int64)
    _check_size(labels, key, size)
    rows = draw(labels, None, size, settings["split_seed"])
    if missing := _classes(labels) - _classes(labels[rows]):
        raise ConfigError(
            f"data.{key}",
            f"{size:,}; expected at least one image of each class, but"
            f" {_named(missing, names)} would get none of so few: raise it.",
        )
    return rows


def _check_size(labels, key, size, which=""):
    if size > len(labels):
        raise ConfigError(
            f"data.{key}",
            f"{size:,}{which}; expected at most {len(labels):,}, as there are no more images to"
            " draw from: lower it or leave it out.",
        )


def _named(labels, names):
    """Return "class oak" or "classes oak, elm" of a set of labels."""
    listed = shortened(names[label] for label in sorted(labels))
    return f"{w.plural(len(labels), 'class', 'classes')} {listed}"


def _classes(labels):
    return set(np.unique(labels).tolist())
