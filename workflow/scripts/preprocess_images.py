"""Check, scale and split the images into one file that is ready to train on."""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bakeoff.data.disputed import check_disputed
from bakeoff.data.idx import read_idx, remedy
from bakeoff.errors import ConfigError, StudyError
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log, say

_SIDE = 28
_TRAIN_EVAL_IMAGES = 10_000
# Which training images are evaluated is the same in every study of a data set.
_TRAIN_EVAL_SEED = 20_000
_DIGITS_TEST_IMAGES = 360
_MOST_LISTED = 8


class Part(NamedTuple):
    """Images, uint8 (n, 28, 28), their labels, uint8 (n,), and their places, int64 (n,).

    A place is that in the data set's own training or test set, from 0.
    """

    images: np.ndarray
    labels: np.ndarray
    places: np.ndarray

    @classmethod
    def whole(cls, images, labels):
        """Return all images of a set."""
        return cls(images, labels, np.arange(len(labels), dtype=np.int64))

    def only(self, rows):
        """Return the images in the given rows."""
        return Part(*(array[rows] for array in self))

    def without(self, rows):
        """Return the images in all rows but the given ones."""
        return Part(*(np.delete(array, rows, axis=0) for array in self))


def preprocess_images(settings, files, output, disputed=(), sha256=None):
    """Write the arrays that training needs to the uncompressed npz file ``output``.

    ``settings`` holds ``dataset``, ``source``, ``classes``, ``train_images``, ``test_images``,
    ``validation``, ``holdout_images`` and ``split_seed``, with the config's meaning. ``files``
    maps ``train_images``, ``train_labels``, ``test_images`` and ``test_labels`` to IDX files;
    it is not looked at for scikit-learn's digits. ``disputed``, places in the test set, and
    ``sha256``, a dict from the files' names to their checksums, are the config's; they have no
    influence on what is written.

    The arrays: ``x_train``, ``x_val``, ``x_test`` float32 (n, 28, 28, 1) in [0, 1]; ``y_train``,
    ``y_val``, ``y_test`` uint8 (n,); ``class_names`` str (classes,); ``validation`` str (), as in
    ``settings``; ``train_eval_index`` int64 (m,), the sorted indices of the stratified sample of
    at most 10,000 training images on which accuracy without dropout is measured; ``test_index``
    int64 (n,), each test image's place, from 0, in the data set's own test set, and
    ``whole_test_images`` int64 (), how many images that has; ``test_in_train`` bool (n,), which
    test images stand among the training images too, pixel for pixel. Equal images and settings
    give equal bytes.

    Raises :class:`StudyError` where files or settings are at fault.
    """
    if settings["source"] == "digits":
        files = dict.fromkeys(("train_labels", "test_labels"), "scikit-learn's digits")
        pairs = digits_like_mnist(settings["split_seed"])
    else:
        pairs = [
            read_images(files[f"{part}_images"], files[f"{part}_labels"], sha256)
            for part in ("train", "test")
        ]
    train, test = (Part.whole(*pair) for pair in pairs)
    check_labels(train.labels, test.labels, settings["classes"], files)
    whole = len(test.labels)
    check_disputed(disputed, whole, files["test_labels"])
    test = test.only(_subset_rows(test.labels, "test_images", settings))
    train, validation, test = split(train, test, settings)

    arrays = {}
    for name, part in (("train", train), ("val", validation), ("test", test)):
        arrays[f"x_{name}"] = scale(part.images)
        arrays[f"y_{name}"] = part.labels
    arrays["class_names"] = np.array(settings["classes"])
    arrays["validation"] = np.array(settings["validation"])
    sample = min(_TRAIN_EVAL_IMAGES, len(train.labels))
    arrays["train_eval_index"] = stratified_sample(train.labels, sample, _TRAIN_EVAL_SEED)
    arrays["test_index"] = test.places
    arrays["whole_test_images"] = np.array(whole, dtype="<i8")
    arrays["test_in_train"] = compare_parts(train, validation, test)
    with write_atomically(output) as temporary:
        np.savez(temporary, **arrays)
    report(settings, arrays)


def read_images(images_file, labels_file, sha256=None):
    """Return the images, uint8 (n, 28, 28) from 0 to 255, and labels, uint8 (n,), of two files.

    ``sha256`` maps the files' names to the config's checksums. Raises :class:`StudyError` where a
    file is damaged, the two do not belong together, or the pixels use none of their range.
    """
    checksums = {file: (sha256 or {}).get(Path(file).name) for file in (images_file, labels_file)}
    images = read_idx(images_file, (_SIDE, _SIDE), checksums[images_file])
    labels = read_idx(labels_file, (), checksums[labels_file])
    if len(images) != len(labels):
        raise StudyError(
            f"{labels_file}: {len(labels):,} labels; expected {len(images):,}, as many as there"
            f" are images in {images_file}: {remedy(checksums)}"
        )
    if images.max() <= 1:
        raise StudyError(
            f"{images_file}: no pixel is above {images.max()}; expected grey values from 0 to"
            " 255: scale the images to that range where data.mirrors has them, and give the new"
            " checksum in data.sha256."
        )
    return images, labels


def digits_like_mnist(seed):
    """Return scikit-learn's digits in MNIST's format, as ``(train, test)``.

    Each is a pair of images, uint8 (n, 28, 28), and labels, uint8 (n,); 360 of the 1,797 images
    are the test set. The digits (8x8, grey values 0 to 16) are brought to MNIST's 20x20 box by
    cubic splines and centred; doubled contrast makes the strokes as crisp as MNIST's.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, https://doi.org/10.24432/C50P49.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    digits = load_digits()
    box = zoom(digits.images / 16, (1, 20 / 8, 20 / 8), mode="grid-constant", grid_mode=True)
    crisp = np.clip(2 * box - 0.5, 0, 1)
    images = np.pad(np.rint(255 * crisp).astype(np.uint8), ((0, 0), (4, 4), (4, 4)))
    labels = digits.target.astype(np.uint8)

    test = stratified_sample(labels, _DIGITS_TEST_IMAGES, seed)
    return tuple(
        (part.images, part.labels)
        for whole in [Part.whole(images, labels)]
        for part in (whole.without(test), whole.only(test))
    )


def check_labels(train, test, classes, files):
    """Raise :class:`StudyError` where labels and the names of classes do not belong together.

    ``train`` and ``test`` are all labels of the two sets, which come from ``train_labels`` and
    ``test_labels`` of ``files``. What may be meant, such as a class without test images, is said.
    """
    named = len(classes)
    highest = max(int(train.max()), int(test.max()))
    origin = files["train_labels" if train.max() == highest else "test_labels"]
    if highest == named and min(train.min(), test.min()) == 1:
        raise StudyError(
            f"{origin}: labels from 1 to {highest}; expected 0 to {highest - 1} for the {named}"
            " names of data.classes: lower each label by one and give the new checksums, or put a"
            " name for label 0 before the others."
        )
    if highest >= named:
        raise ConfigError(
            "data.classes",
            f"{named} names; expected at least {highest + 1}, as there is a label {highest} in"
            f" {origin}: name every class.",
        )
    if highest < named - 1:
        raise ConfigError(
            "data.classes",
            f"{named} names; expected {highest + 1}, as no label is above {highest} in"
            f" {origin}: name the classes that there are, in the order of their labels.",
        )
    trained, tested = (np.bincount(part, minlength=named) > 0 for part in (train, test))
    if untrained := _labels(tested & ~trained):
        raise StudyError(
            f"{files['train_labels']}: no image with the {untrained}; expected training images of"
            " each class that has test images: add some, or leave those test images out."
        )
    if absent := _labels(~tested & ~trained):
        say(
            f"No image has the {absent}, though data.classes has a name for it: nothing of it can"
            " be learned. Mend data.classes if the names belong to other labels."
        )
    if untested := _labels(trained & ~tested):
        say(f"No test image has the {untested}: how well it is told is not measured.")


def _labels(chosen):
    """Return "label 3" or "labels 3, 4, 7" of boolean (classes,), empty where none is chosen."""
    labels = np.flatnonzero(chosen)
    return f"label{'s' * (len(labels) > 1)} {_shortened(labels)}" if len(labels) else ""


def _shortened(values):
    """Return the first few of ``values`` as a text."""
    listed = ", ".join(map(str, list(values)[:_MOST_LISTED]))
    return listed + (f" and {len(values) - _MOST_LISTED} more" * (len(values) > _MOST_LISTED))


def split(train, test, settings):
    """Return ``(train, validation, test)``, each a :class:`Part`.

    The subset of the training images is drawn first; the holdout, a sixth of it unless the
    settings say otherwise, is then cut from it. Both are stratified and depend on the labels
    and ``split_seed`` alone.
    """
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
            f" of the {len(train.labels):,} none of the labels {_shortened(sorted(missing))} would"
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
            f" {_shortened(sorted(missing))} get none of so few: raise it.",
        )
    return rows


def stratified_sample(labels, size, seed):
    """Return the sorted indices, int64 (size,), of a sample with the class shares of ``labels``.

    No image is drawn twice; each class's count is its exact share rounded up or down.
    """
    from sklearn.utils import resample

    everything = np.arange(len(labels), dtype=np.int64)
    return np.sort(
        resample(everything, replace=False, n_samples=size, stratify=labels, random_state=seed)
    )


def scale(images):
    """Return uint8 images (n, 28, 28) as float32 (n, 28, 28, 1), from 0 to 1."""
    return np.divide(images[..., np.newaxis], 255, dtype=np.float32)


def compare_parts(train, validation, test):
    """Return which test images are training images too, bool (n_test,), and say how many are.

    Equal are images with the same pixels. They are told by a hash, so that no image is compared
    with another. How many there are within each part goes to the log.
    """
    known = _hashes("training", train)
    # The first of equal ones: what comes last into a dict stays.
    first = dict(zip(reversed(known), reversed(train.places.tolist()), strict=True))
    if validation is not test:
        _find_in_training("validation", validation, first)
    return _find_in_training("test", test, first)


def _find_in_training(name, part, first):
    """Return which images of a part are training images, bool (n,), and say how many are.

    ``first`` maps the hash of a training image to its place.
    """
    hashes = _hashes(name, part)
    found = np.array([image in first for image in hashes])
    if found.any():
        pairs = [
            f"{name} {part.places[row]} = training {first[hashes[row]]}"
            for row in np.flatnonzero(found)[: _MOST_LISTED + 1]
        ]
        more = ", …" * (len(pairs) > _MOST_LISTED)
        say(
            f"Training images among the {len(found):,} {name} images: {found.sum():,}"
            f" ({', '.join(pairs[:_MOST_LISTED])}{more}). What they add to an accuracy says nothing"
            " of new images."
        )
    return found


def _hashes(name, part):
    """Return a hash of each image's pixels, and print how many images a part has twice."""
    hashes = [hashlib.blake2b(image, digest_size=16).digest() for image in part.images]
    again = len(hashes) - len(set(hashes))
    print(f"Equal to an earlier one of the {len(hashes):,} {name} images: {again:,}")
    return hashes


def report(settings, arrays):
    """Print how many images there are of each class, and in all; the sums reach the console."""
    parts = ("train", "val", "test")
    classes = settings["classes"]
    counts = [np.bincount(arrays[f"y_{part}"], minlength=len(classes)) for part in parts]
    print(f"{'class':<20}" + "".join(f"{part:>10}" for part in parts))
    for name, row in zip(classes, zip(*counts, strict=True), strict=True):
        print(f"{name:<20}" + "".join(f"{count:>10,}" for count in row))
    train, validation, test = (f"{count.sum():,}" for count in counts)
    validated_on = "the test set" if settings["validation"] == "test" else f"{validation} others"
    say(
        f"{settings['dataset']}: {train} images for training, {test} for the test, validation on"
        f" {validated_on}"
    )


def _classes(labels):
    return set(np.unique(labels).tolist())


if __name__ == "__main__":
    with job_log(snakemake.log[0], snakemake.config["origins"]):
        # Read from the config and not from params: what is prepared does not depend on them.
        source = snakemake.config["data"]
        preprocess_images(
            settings=json.loads(snakemake.params.data),
            files=dict(snakemake.input.items()),
            output=snakemake.output.data,
            disputed=source["disputed"],
            sha256=source["sha256"],
        )
