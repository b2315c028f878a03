"""Images and labels in one npz file of NumPy, as Keras and MedMNIST have them."""

from pathlib import Path

import numpy as np

from bakeoff.data.raw import RawPart, RawSet, check_images
from bakeoff.errors import StudyError
from bakeoff.files import DAMAGED
from bakeoff.wording import listing

# The names of images and labels in Keras's files and in MedMNIST's, with a % for the part.
_FORMS = (("x_%", "y_%"), ("%_images", "%_labels"))
_VALIDATION = ("val", "valid", "validation")
_EXPECTED = (
    "x_train, y_train, x_test and y_test, or train_images, train_labels, test_images and"
    " test_labels, with or without those of val"
)


def read_npz(path: str | Path) -> RawSet:
    """Return the images and labels of an npz file, whose validation part is optional.

    Nothing in the file is run: arrays of Python objects, which would be, are refused. Raises
    :class:`StudyError` where the file holds no images with one label each.
    """
    try:
        content = np.load(path, allow_pickle=False)
        if not isinstance(content, np.lib.npyio.NpzFile):
            raise ValueError("one array without a name")
        with content:
            parts = _parts(content, path)
    except DAMAGED as error:
        reason = " ".join(str(error).split())
        raise StudyError(
            f"{path}: cannot be read as npz ({reason}); expected a file that np.savez wrote,"
            f" without arrays of Python objects, with {_EXPECTED}: save the arrays so."
        ) from error
    return RawSet(parts["train"], parts["test"], parts["val"])


def _parts(content, path):
    """Return a dict of train, test and val, the last of which may be None."""
    images, labels = next((form for form in _FORMS if _named(form[0], "train") in content), (0, 0))
    if not images or any(
        _named(name, part) not in content for name in (images, labels) for part in ("train", "test")
    ):
        raise StudyError(
            f"{path}: holds {listing(content.files) or 'nothing'}; expected {_EXPECTED}: save the"
            " arrays under these names."
        )
    validation = [name for name in _VALIDATION if _named(images, name) in content]
    if len(validation) > 1:
        listed = listing(_named(images, name) for name in validation)
        raise StudyError(
            f"{path}: holds {listed}; expected validation images once: leave out all but one of"
            " these."
        )
    names = {"train": "train", "test": "test", "val": validation[0] if validation else None}
    return {
        part: _part(content, path, _named(images, name), _named(labels, name)) if name else None
        for part, name in names.items()
    }


def _named(name, part):
    return name.replace("%", part)


def _part(content, path, images_name, labels_name):
    if labels_name not in content:
        raise StudyError(
            f"{path}: {images_name} without {labels_name}; expected both: add the labels."
        )
    images = check_images(content[images_name], f"{path}, {images_name}")
    labels, where = content[labels_name], f"{path}, {labels_name}"
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2:
        raise StudyError(
            f"{where}: shape {labels.shape}, {labels.shape[1]} labels an image; expected one label"
            " an image: give the number of the class, not one column a class."
        )
    if labels.shape != images.shape[:1]:
        raise StudyError(
            f"{where}: shape {labels.shape}; expected ({len(images)},), a label for each image of"
            f" {images_name}: save labels that belong to the images."
        )
    if labels.dtype.kind == "b":
        labels = labels.astype(np.uint8)
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels == np.rint(labels)).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iuU":
        raise StudyError(
            f"{where}: labels of type {labels.dtype.name}; expected whole numbers or texts: save"
            " them as one of these."
        )
    return RawPart(images, labels, where, of_images=f"{path}, {images_name}")
