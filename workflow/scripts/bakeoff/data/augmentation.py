"""Training images, changed a little each time that they are shown: `training.augmentation`.

NumPy and OpenCV do it on the CPU, with the same bits on all of Keras's backends; TensorFlow's input
pipeline does it while the step before runs. Keras's own layers were tried first. They follow one
state from batch to batch, where a run that goes on after a kill needs each batch to follow from
seed, epoch and batch alone. And each interpolates the images anew: to shift and turn 128 of MNIST's
took RandomTranslation and RandomRotation 3.9 ms of one core, a tenth of what a step of model 3
takes of two, and OpenCV's `warpAffine`, with one matrix for all an image goes through, 0.5 ms
(SciPy's `affine_transform` 3.7 ms).

Keras is not imported: the page shows examples, and starts no backend.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_STREAM = 0xA06
"""What tells these random numbers from those of dropout, which are of seed and epoch too."""

_FLIPPED = {"horizontal": (True, False), "vertical": (False, True), "both": (True, True)}


def augmented(
    images: np.ndarray, targets: np.ndarray, settings: Mapping[str, Any], key: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return a batch of images and targets changed as ``settings`` say; the given ones stay.

    ``images`` are float32 (n, height, width, channels) from 0 to 1, ``targets`` float32 (n,
    classes), which `mixup` alone changes. ``settings`` are those of the config's
    `training.augmentation`. Equal ``key``, (seed, epoch, batch), gives equal bits.
    """
    draw = np.random.default_rng([*key, _STREAM])
    if any(name in settings for name in ("shift", "rotation", "zoom", "flip")):
        images = _moved(images, settings, draw)
    if contrast := settings.get("contrast"):
        images = _with_contrast(
            images, _each(draw.uniform(1 - contrast, 1 + contrast, len(images)))
        )
    if noise := settings.get("noise"):
        images = images + np.float32(noise) * draw.standard_normal(images.shape, np.float32)
    if cutout := settings.get("cutout"):
        images = _with_holes(images, cutout, draw)
    if mixup := settings.get("mixup"):
        shares = draw.beta(mixup, mixup, len(images))
        # More than half of an image is its own, so that accuracy counts its own class.
        shares = np.maximum(shares, 1 - shares).astype(np.float32)
        others = draw.permutation(len(images))
        images = _mixed(images, others, _each(shares))
        targets = _mixed(targets, others, shares[:, None])
    return images, targets


def _each(values):
    """Return a value an image, (n,), as float32 that multiplies images."""
    return values.astype(np.float32)[:, None, None, None]


def _moved(images, settings, draw):
    """Return images flipped, enlarged and turned about their middle, and shifted, in one go.

    What comes in from outside repeats the pixels of the edge.
    """
    import cv2

    # A run has so many threads as its job was given, and Keras has them.
    cv2.setNumThreads(1)
    number, height, width, _ = images.shape
    matrices = _matrices(number, np.array([width, height]), settings, draw)
    moved = np.empty_like(images)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for image, matrix, place in zip(images, matrices, moved, strict=True):
        cv2.warpAffine(image, matrix, (width, height), place, how, cv2.BORDER_REPLICATE)
    return moved


def _matrices(number, size, settings, draw):
    """Return for each image the matrix (2, 3) that leads from a new pixel's (x, y) to an old one's.

    ``size`` is (width, height). All is drawn, whatever is set, so that one more setting leaves the
    others as they were.
    """
    turn, zoom, shift = (settings.get(name, 0) for name in ("rotation", "zoom", "shift"))
    angles = 2 * math.pi * draw.uniform(-turn, turn, number)
    scales = draw.uniform(1 - zoom, 1 + zoom, number)
    shifts = draw.uniform(-shift, shift, (number, 2)) * size
    flips = draw.integers(0, 2, (number, 2)) & _FLIPPED.get(settings.get("flip"), (False, False))
    cos, sin = np.cos(angles) / scales, np.sin(angles) / scales
    linear = np.stack([cos, sin, -sin, cos], axis=1).reshape(number, 2, 2)
    linear *= 1 - 2 * flips[:, :, None]
    middle = (size - 1) / 2
    start = middle - (linear @ (middle + shifts)[:, :, None])[:, :, 0]
    return np.concatenate([linear, start[:, :, None]], axis=2)


def _with_contrast(images, factors):
    """Return images whose distances from their mean, a channel's own, are so many times as large.

    They stay from 0 to 1.
    """
    means = images.mean(axis=(1, 2), keepdims=True)
    return np.clip(means + factors * (images - means), 0, 1)


def _with_holes(images, cutout, draw):
    """Return images with a rectangle each, somewhere, that has the image's mean.

    Its sides are so large a part of the image's; what reaches beyond the edge is lost.
    """
    number = len(images)
    inside = []
    for length in images.shape[1:3]:
        side = max(1, round(cutout * length))
        first = draw.integers(0, length, number) - side // 2
        place = np.arange(length) - first[:, None]
        inside.append((place >= 0) & (place < side))
    holes = inside[0][:, :, None, None] & inside[1][:, None, :, None]
    return np.where(holes, images.mean(axis=(1, 2), keepdims=True), images)


def _mixed(values, others, shares):
    """Return for each of the values its share of it, and of another's the rest."""
    return shares * values + (1 - shares) * values[others]
