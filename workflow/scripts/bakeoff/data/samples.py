"""Drawing some of the images: of each class its share, of groups all of their images or none."""

import warnings

import numpy as np

from bakeoff import wording as w
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
    ``StratifiedGroupKFold`` comes. Where that part has all images of a class, another is taken, or
    one without the only groups of classes, if that leaves images of every class. Raises
    :class:`ConfigError` where there are too few groups or images.
    """
    if groups is None:
        return stratified_sample(labels, size, seed)
    folds, distinct = max(2, round(len(labels) / size)), len(np.unique(groups))
    if distinct < folds:
        raise ConfigError(
            "data.group",
            f"{w.count(distinct, 'group')}; expected at least {folds}, to draw one part of"
            f" {folds} without dividing a group: take a larger part, or correct what tells the"
            " groups.",
        )
    if (most := int(np.unique(labels, return_counts=True)[1].max())) < folds:
        raise ConfigError(
            "data.group",
            f"given, and no class has more than {w.count(most, 'image')} to draw from; expected at"
            f" least {folds} of one, to draw one part of {folds} without dividing a group: take a"
            " larger part, or add images.",
        )
    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class with fewer images than parts is in some of them alone: that is said by its name.
        warnings.filterwarnings("ignore", "The least populated class in y", UserWarning)
        parts = [rows for _, rows in splitter.split(np.zeros(len(labels)), labels, groups)]
    return np.sort(_nearest(parts, labels, groups, size)).astype(np.int64)


def _nearest(parts, labels, groups, size):
    """Return the part that is nearest in size, of those that leave images of every class if any."""

    def distance(rows):
        # Folds differ in size as groups do.
        return abs(len(rows) - size)

    nearest = min(parts, key=distance)
    if not _used_up(labels, nearest).size:
        return nearest
    spared = [rows[~_of_only_groups(labels, groups)[rows]] for rows in parts]
    others = [rows for rows in spared if len(rows) and not _used_up(labels, rows).size]
    return min(others, key=distance, default=nearest)


def _of_only_groups(labels, groups):
    """Tell of each image, bool (n,), whether its group is the only one with images of a class."""
    pairs = np.unique(np.stack([labels, groups]), axis=1)
    classes, counts = np.unique(pairs[0], return_counts=True)
    return np.isin(groups, pairs[1][np.isin(pairs[0], classes[counts == 1])])


def _used_up(labels, rows):
    """Return the labels all of whose images are in ``rows``: none is left to train on."""
    return np.setdiff1d(labels[rows], np.delete(labels, rows))


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
