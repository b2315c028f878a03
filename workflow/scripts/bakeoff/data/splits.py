"""Which images are trained on, validated on and tested on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bakeoff.data.labels import shortened
from bakeoff.errors import ConfigError


class Part(NamedTuple):
    """Images, uint8 (n, 28, 28), their labels, uint8 (n,), and their indices, int64 (n,).

    Indices are those in the data set's own training or test set, from 0.
    """

    images: np.ndarray
    labels: np.ndarray
    indices: np.ndarray

    @classmethod
    def whole(cls, images: np.ndarray, labels: np.ndarray) -> Part:
        """Return all images of a set."""
        return cls(images, labels, np.arange(len(labels), dtype=np.int64))

    def only(self, rows) -> Part:
        """Return the images in the given rows."""
        return Part(*(array[rows] for array in self))

    def without(self, rows) -> Part:
        """Return the images in all rows but the given ones."""
        return Part(*(np.delete(array, rows, axis=0) for array in self))


def split(train: Part, test: Part, settings: Mapping[str, Any]) -> tuple[Part, Part, Part]:
    """Return ``(train, validation, test)``, each a :class:`Part`.

    The subset of the training images is drawn first; the holdout, a sixth of it unless the
    settings say otherwise, is then cut from it. Both are stratified and depend on the labels
    and ``split_seed`` alone. Raises :class:`ConfigError` where a part cannot be drawn.
    """
    test = test.only(_subset_rows(test.labels, "test_images", settings))
    train = train.only(_subset_rows(train.labels, "train_images", settings))
    if settings["validation"] == "test":
        return train, test, test

    size, which = settings["holdout_images"], ""
    if size is None:
        size, which = max(1, len(train.labels) // 6), " (a sixth of the training images)"
    holdout = _draw(train.labels, "holdout_images", size, settings["split_seed"], which)
    rest = train.without(holdout)
    if missing := _classes(train.labels) - _classes(rest.labels):
        raise ConfigError(
            "data.holdout_images",
            f"{size:,}{which}; expected to leave at least one training image of each class, but"
            f" of the {len(train.labels):,} none of the labels {shortened(sorted(missing))} would"
            " be left: lower it, or take more training images.",
        )
    return rest, train.only(holdout), test


def _subset_rows(labels, key, settings):
    """Return the rows, int64, of the subset that the settings ask for under ``key``."""
    if settings[key] is None:
        return np.arange(len(labels), dtype=np.int64)
    return _draw(labels, key, settings[key], settings["split_seed"])


def _draw(labels, key, size, seed, which=""):
    """Return a stratified sample's rows; a :class:`ConfigError` names the config's ``key``.

    ``which`` follows the size in messages.
    """
    if size > len(labels):
        raise ConfigError(
            f"data.{key}",
            f"{size:,}{which}; expected at most {len(labels):,}, as there are no more images to"
            " draw from: lower it or leave it out.",
        )
    rows = stratified_sample(labels, size, seed)
    if missing := _classes(labels) - _classes(labels[rows]):
        raise ConfigError(
            f"data.{key}",
            f"{size:,}{which}; expected at least one image of each class, but the labels"
            f" {shortened(sorted(missing))} get none of so few: raise it.",
        )
    return rows


def stratified_sample(labels: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Return the sorted indices, int64 (size,), of a sample with the class shares of ``labels``.

    No image is drawn twice; each class's count is its exact share rounded up or down.
    """
    from sklearn.utils import resample

    everything = np.arange(len(labels), dtype=np.int64)
    return np.sort(
        resample(everything, replace=False, n_samples=size, stratify=labels, random_state=seed)
    )


def _classes(labels):
    return set(np.unique(labels).tolist())
