"""Check, scale and split the images into one file that is ready to train on."""

import json

import numpy as np

from bakeoff.errors import StudyError
from bakeoff.files import write_atomically
from bakeoff.idx import read_idx
from bakeoff.joblog import job_log, say

_SIDE = 28
_TRAIN_EVAL_IMAGES = 10_000
# Which training images are evaluated is the same in every study of a data set.
_TRAIN_EVAL_SEED = 20_000
_DIGITS_TEST_IMAGES = 360


def preprocess_images(settings, files, output):
    """Write the arrays that training needs to the uncompressed npz file ``output``.

    ``settings`` holds ``dataset``, ``source``, ``classes``, ``train_images``, ``test_images``,
    ``validation``, ``holdout_images`` and ``split_seed``, with the config's meaning. ``files``
    maps ``train_images``, ``train_labels``, ``test_images`` and ``test_labels`` to IDX files;
    it is not looked at for scikit-learn's digits.

    The arrays: ``x_train``, ``x_val``, ``x_test`` float32 (n, 28, 28, 1) in [0, 1]; ``y_train``,
    ``y_val``, ``y_test`` uint8 (n,); ``class_names`` str (classes,); ``validation`` str (), as in
    ``settings``; ``train_eval_index`` int64 (m,), the sorted indices of the stratified sample of
    at most 10,000 training images on which accuracy without dropout is measured; ``test_index``
    int64 (n,), each test image's place, from 0, in the data set's own test set. Equal images and
    settings give equal bytes.

    Raises :class:`StudyError` where files or settings are at fault.
    """
    if settings["source"] == "digits":
        train, test = digits_like_mnist(settings["split_seed"])
    else:
        train = read_images(files["train_images"], files["train_labels"])
        test = read_images(files["test_images"], files["test_labels"])
    for key, (_, labels) in (("train_labels", train), ("test_labels", test)):
        check_labels(labels, settings["classes"], files.get(key, "scikit-learn's digits"))
    test_index = _subset_index(test[1], "test_images", settings)
    test = _only(test, test_index)
    train, validation, test = split(train, test, settings)

    arrays = {}
    for name, (images, labels) in (("train", train), ("val", validation), ("test", test)):
        arrays[f"x_{name}"] = scale(images)
        arrays[f"y_{name}"] = labels
    arrays["class_names"] = np.array(settings["classes"])
    arrays["validation"] = np.array(settings["validation"])
    sample = min(_TRAIN_EVAL_IMAGES, len(train[1]))
    arrays["train_eval_index"] = stratified_sample(train[1], sample, _TRAIN_EVAL_SEED)
    arrays["test_index"] = test_index
    with write_atomically(output) as temporary:
        np.savez(temporary, **arrays)
    report(settings, arrays)


def read_images(images_file, labels_file):
    """Return the images, uint8 (n, 28, 28) from 0 to 255, and labels, uint8 (n,), of two files.

    Raises :class:`StudyError` where a file is damaged, the two do not belong together, or the
    pixels use none of their range.
    """
    images = read_idx(images_file, (_SIDE, _SIDE))
    labels = read_idx(labels_file, ())
    if len(images) != len(labels):
        raise StudyError(
            f"{labels_file}: {len(labels):,} labels; expected {len(images):,}, as many as there"
            f" are images in {images_file}: delete both files and run again, so that they are"
            " downloaded anew."
        )
    if images.max() <= 1:
        raise StudyError(
            f"{images_file}: no pixel is above {images.max()}; expected grey values from 0 to"
            " 255: scale the images to that range."
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
    return _without((images, labels), test), _only((images, labels), test)


def check_labels(labels, classes, origin):
    """Raise :class:`StudyError` where one of the labels in ``origin`` has no class."""
    highest = int(labels.max())
    if highest >= len(classes):
        raise StudyError(
            f"config: data.classes: {len(classes)} names; expected at least {highest + 1}, as"
            f" there is a label {highest} in {origin}: name every class."
        )


def split(train, test, settings):
    """Return ``(train, validation, test)``, each a pair of images and labels.

    The subset of the training images is drawn first; the holdout, a sixth of it unless the
    settings say otherwise, is then cut from it. Both are stratified and depend on the labels
    and ``split_seed`` alone.
    """
    train = _only(train, _subset_index(train[1], "train_images", settings))
    if settings["validation"] == "test":
        return train, test, test

    size = settings["holdout_images"] or max(1, len(train[1]) // 6)
    holdout = _draw(train[1], "holdout_images", size, settings["split_seed"])
    rest = _without(train, holdout)
    if missing := _classes(train[1]) - _classes(rest[1]):
        raise StudyError(
            f"config: data.holdout_images: {size:,}; expected to leave at least one training image"
            f" of each class, but of the {len(train[1]):,} none of the labels {sorted(missing)}"
            " would be left: lower it."
        )
    return rest, _only(train, holdout), test


def _subset_index(labels, key, settings):
    """Return the indices, int64, of the subset that the settings ask for under ``key``."""
    if settings[key] is None:
        return np.arange(len(labels), dtype=np.int64)
    return _draw(labels, key, settings[key], settings["split_seed"])


def _draw(labels, key, size, seed):
    """Return a stratified sample's indices; a :class:`StudyError` names the config's ``key``."""
    if size > len(labels):
        raise StudyError(
            f"config: data.{key}: {size:,}; expected at most {len(labels):,}, as there are no"
            " more images to draw from: lower it or leave it out."
        )
    index = stratified_sample(labels, size, seed)
    if missing := _classes(labels) - _classes(labels[index]):
        raise StudyError(
            f"config: data.{key}: {size:,}; expected at least one image of each class, but the"
            f" labels {sorted(missing)} get none of so few: raise it."
        )
    return index


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


def _only(pair, index):
    images, labels = pair
    return images[index], labels[index]


def _without(pair, index):
    images, labels = pair
    return np.delete(images, index, axis=0), np.delete(labels, index)


def _classes(labels):
    return set(np.unique(labels).tolist())


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        preprocess_images(
            settings=json.loads(snakemake.params.data),
            files=dict(snakemake.input.items()),
            output=snakemake.output.data,
        )
