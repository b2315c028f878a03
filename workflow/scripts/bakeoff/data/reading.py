"""Reading a data set from where the config says: one function for each kind of source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.data.bundled import digits_like_mnist
from bakeoff.data.idx import read_images
from bakeoff.data.labels import check_labels
from bakeoff.data.source import ImageSet, Source


def read_source(
    settings: Mapping[str, Any],
    files: Mapping[str, str | Path],
    checksums: Mapping[str, str] | None = None,
) -> Source:
    """Return the data set that the settings name.

    ``settings`` holds ``source``, ``classes`` and ``split_seed``, with the config's meaning.
    ``files`` are the rule's inputs: for IDX, ``train_images``, ``train_labels``, ``test_images``
    and ``test_labels``. ``checksums`` are what :func:`bakeoff.data.checksums.checksums_of`
    returns. Raises :class:`bakeoff.errors.StudyError` where files or settings are at fault. What
    may be meant, such as a class without test images, is said.
    """
    if settings["source"] == "digits":
        files = dict.fromkeys(("train_labels", "test_labels"), "scikit-learn's digits")
        pairs = digits_like_mnist(settings["split_seed"])
    else:
        pairs = [
            read_images(files[f"{part}_images"], files[f"{part}_labels"], checksums)
            for part in ("train", "test")
        ]
    check_labels(*(labels for _, labels in pairs), settings["classes"], files)
    train, test = (
        ImageSet(images, labels, str(files[f"{part}_labels"]))
        for part, (images, labels) in zip(("train", "test"), pairs, strict=True)
    )
    return Source(settings["classes"], train, test)
