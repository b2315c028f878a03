"""The prepared data: one file with all that training needs of the images."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.data.bundled import digits_like_mnist
from bakeoff.data.disputed import check_disputed
from bakeoff.data.duplicates import compare_parts
from bakeoff.data.idx import read_images
from bakeoff.data.labels import check_labels
from bakeoff.data.splits import Part, split, stratified_sample
from bakeoff.files import write_atomically
from bakeoff.joblog import say

_TRAIN_EVAL_IMAGES = 10_000
# Which training images are evaluated is the same in every study of a data set.
_TRAIN_EVAL_SEED = 20_000


def prepare_images(
    settings: Mapping[str, Any],
    files: Mapping[str, str | Path],
    output: str | Path,
    disputed: Collection[int] = (),
    checksums: Mapping[str, str] | None = None,
) -> None:
    """Write the arrays that training needs to the uncompressed npz file ``output``.

    ``settings`` holds ``source``, ``classes``, ``train_images``, ``test_images``, ``validation``,
    ``holdout_images`` and ``split_seed``, with the config's meaning. ``files`` maps
    ``train_images``, ``train_labels``, ``test_images`` and ``test_labels`` to IDX files; it is not
    looked at for scikit-learn's digits. ``disputed``, indices in the test set, and ``checksums``,
    a dict from the files' names to what :func:`bakeoff.data.checksums.checksums_of` returns, are
    the config's; they have no influence on what is written.

    The arrays: ``x_train``, ``x_val``, ``x_test`` float32 (n, 28, 28, 1) in [0, 1]; ``y_train``,
    ``y_val``, ``y_test`` uint8 (n,); ``class_names`` str (classes,); ``validation`` str (), as in
    ``settings``; ``train_eval_index`` int64 (m,), the sorted indices of the stratified sample of
    at most 10,000 training images on which accuracy without dropout is measured; ``test_index``
    int64 (n,), each test image's index, from 0, in the data set's own test set, and
    ``whole_test_images`` int64 (), how many images that has; ``test_in_train`` bool (n,), which
    test images stand among the training images too, pixel for pixel. Equal images and settings
    give equal bytes.

    Raises :class:`bakeoff.errors.StudyError` where files or settings are at fault.
    """
    if settings["source"] == "digits":
        files = dict.fromkeys(("train_labels", "test_labels"), "scikit-learn's digits")
        pairs = digits_like_mnist(settings["split_seed"])
    else:
        pairs = [
            read_images(files[f"{part}_images"], files[f"{part}_labels"], checksums)
            for part in ("train", "test")
        ]
    train, test = (Part.whole(*pair) for pair in pairs)
    check_labels(train.labels, test.labels, settings["classes"], files)
    whole = len(test.labels)
    check_disputed(disputed, whole, files["test_labels"])
    arrays = _arrays(*split(train, test, settings), settings, whole)
    with write_atomically(output) as temporary:
        np.savez(temporary, **arrays)
    _report(settings, arrays)


def _arrays(train, validation, test, settings, whole):
    """Return what :func:`prepare_images` writes, in the order of the file, of three parts.

    ``whole`` is how many images the data set's own test set has.
    """
    arrays = {}
    for name, part in (("train", train), ("val", validation), ("test", test)):
        arrays[f"x_{name}"] = scale(part.images)
        arrays[f"y_{name}"] = part.labels
    arrays["class_names"] = np.array(settings["classes"])
    arrays["validation"] = np.array(settings["validation"])
    sample = min(_TRAIN_EVAL_IMAGES, len(train.labels))
    arrays["train_eval_index"] = stratified_sample(train.labels, sample, _TRAIN_EVAL_SEED)
    arrays["test_index"] = test.indices
    arrays["whole_test_images"] = np.array(whole, dtype="<i8")
    arrays["test_in_train"] = compare_parts(train, validation, test)
    return arrays


def scale(images: np.ndarray) -> np.ndarray:
    """Return uint8 images (n, 28, 28) as float32 (n, 28, 28, 1), from 0 to 1."""
    return np.divide(images[..., np.newaxis], 255, dtype=np.float32)


def _report(settings, arrays):
    """Print how many images there are of each class, and in all; the sums reach the console."""
    parts = ("train", "val", "test")
    classes = settings["classes"]
    counts = [np.bincount(arrays[f"y_{part}"], minlength=len(classes)) for part in parts]
    print(f"{'class':<20}" + "".join(f"{part:>10}" for part in parts))
    for name, row in zip(classes, zip(*counts, strict=True), strict=True):
        print(f"{name:<20}" + "".join(f"{count:>10,}" for count in row))
    train, validation, test = (f"{count.sum():,}" for count in counts)
    validated_on = "the test set" if settings["validation"] == "test" else f"{validation} others"
    say(f"{train} images for training, {test} for the test, validation on {validated_on}")
