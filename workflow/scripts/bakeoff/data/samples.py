"""Drawing some of the images: of each class its share, of groups all of their images or none."""

import numpy as np

from bakeoff.errors import ConfigError


def stratified_sample(labels: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Return the sorted indices, int64 (size,), of a sample with the class shares of ``labels``.

    No image is drawn twice; each class's count is its exact share rounded up or down.
    """
    from sklearn.utils import resample

    everything = np.arange(len(labels), dtype=np.int64)
    return np.sort(
        resample(everything, replace=False, n_samples=size, stratify=labels, random_state=seed)
    )


def draw(labels: np.ndarray, groups: np.ndarray | None, size: int, seed: int) -> np.ndarray:
    """Return the sorted rows, int64, of a part of about ``size`` images, of each class its share.

    Without ``groups`` (n,) these are ``size`` images. With groups, each is drawn whole or not at
    all, and the part is as near to that size and those shares as scikit-learn's
    ``StratifiedGroupKFold`` comes. Raises :class:`ConfigError` where there are too few groups.
    """
    if groups is None:
        return stratified_sample(labels, size, seed)
    folds, distinct = max(2, round(len(labels) / size)), len(np.unique(groups))
    if distinct < folds:
        raise ConfigError(
            "data.group",
            f"{distinct} {'group' if distinct == 1 else 'groups'}; expected at least {folds}, to"
            f" draw one part of {folds} without dividing a group: take a larger part, or correct"
            " what tells the groups.",
        )
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    parts = [rows for _, rows in splitter.split(np.zeros(len(labels)), labels, groups)]
    # Folds differ in size as groups do.
    return np.sort(min(parts, key=lambda rows: abs(len(rows) - size))).astype(np.int64)


def without_only_ones(labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return ``rows`` without the images that are the only ones of their class: to train on.

    ``labels`` are those of all images. Where no other would be left, nothing is left out.
    """
    _, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    left = rows[counts[numbers[rows]] > 1]
    return left if len(left) else rows


def divided(train: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the groups, sorted, that have images in both of two parts, given each image's."""
    return np.intersect1d(train, other)
