"""Which images a part of the data has, and in which order they come in an epoch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bakeoff.data.augmentation import augmented

Augmentation = Mapping[str, Any] | None
"""The config's, None without any."""


def epoch_order(images: int, seed: int, epoch: int) -> np.ndarray:
    """Return the order of an epoch, a permutation int64 ``(images,)``, whatever went before."""
    return np.random.default_rng([seed, epoch]).permutation(images)


def even_batch(images: int, most: int) -> int:
    """Return a batch size of ``most`` at most in which so many images leave no smaller last batch.

    That is ``most`` where none above half of it does. JAX compiles each size that it meets, and
    what is measured of an image does not depend on the others of its batch.
    """
    return next((size for size in range(most, most // 2, -1) if images % size == 0), most)


class Selection:
    """Images and labels, of which those with the indices ``chosen``, int64 ``(m,)``, count."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        batch_size: int,
        chosen: np.ndarray | None = None,
        augmentation: Augmentation = None,
    ):
        super().__init__()
        self.images, self.labels = images, labels
        self.classes, self.batch_size = classes, batch_size
        self.chosen = np.arange(len(images)) if chosen is None else chosen
        self.augmentation, self.seed_and_epoch = augmentation, (0, 0)

    def only(
        self,
        chosen: np.ndarray,
        augmentation: Augmentation = None,
        batch_size: int | None = None,
    ) -> "Selection":
        """Return batches of the images with the indices ``chosen``, int64 ``(m,)``, not copied.

        They are as they are, unless there is another ``augmentation``.
        """
        own = self.images, self.labels, self.classes, batch_size or self.batch_size
        return type(self)(*own, chosen, augmentation)

    def take_single_steps(self) -> None:
        """Let each element of the source be one batch, as it is but for JAX's on a GPU."""

    def in_order(self, seed: int, epoch: int) -> np.ndarray:
        """Return the chosen indices in the order of that epoch, which batches are augmented for."""
        self.seed_and_epoch = seed, epoch
        return self.chosen[epoch_order(len(self.chosen), seed, epoch)]

    def augment(
        self, batch: int, images: np.ndarray, targets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the images and targets of a batch, as the epoch of the order augments them."""
        if self.augmentation is None:
            return images, targets
        return augmented(images, targets, self.augmentation, (*self.seed_and_epoch, int(batch)))
