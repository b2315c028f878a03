"""The prepared data as a run takes it."""

import zipfile

import numpy as np

from bakeoff.errors import StudyError


def load_data(file):
    """Return the arrays of a prepared data file by name; see preprocess_images."""
    try:
        with np.load(file) as content:
            data = {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(file, error) from error
    if str(data["validation"]) == "test":
        # The file has the test set twice; memory need not.
        data |= {"x_val": data["x_test"], "y_val": data["y_test"]}
    return data


def read_shape(file):
    """Return what models are built for: an image's shape (height, width, channels), and classes.

    Of a prepared data file, without reading the images. Raises :class:`StudyError` when it is
    damaged.
    """
    try:
        with np.load(file) as content:
            classes = len(content["class_names"])
        with zipfile.ZipFile(file) as members, members.open("x_test.npy") as array:
            np.lib.format.read_magic(array)
            shape, _, _ = np.lib.format.read_array_header_1_0(array)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(file, error) from error
    return shape[1:], classes


def describe_data(data, name, checksum):
    """Return what a card says of the data: its name, checksum, split and sizes."""
    return {
        "name": name,
        "checksum": checksum,
        "validation": str(data["validation"]),
        "train_images": len(data["x_train"]),
        "validation_images": len(data["x_val"]),
        "test_images": len(data["x_test"]),
        "classes": len(data["class_names"]),
    }


def batches_of_parts(data, batch_size):
    """Return a dict of batches of the prepared ``data``: train, clean, val and test.

    clean are images of train, whose accuracy is measured with dropout off. val and test are the
    same where the test set validates. The training images are taken out of ``data``: TensorFlow
    has a copy of its own, and both together would be most of a job's memory.
    """
    # Imports Keras.
    from bakeoff.training.batches import batches_of

    classes = len(data["class_names"])
    train = batches_of(data.pop("x_train"), data["y_train"], classes, batch_size)
    val = test = batches_of(data["x_val"], data["y_val"], classes, batch_size)
    if str(data["validation"]) != "test":
        test = batches_of(data["x_test"], data["y_test"], classes, batch_size)
    clean = train.only(data["train_eval_index"])
    return {"train": train, "clean": clean, "val": val, "test": test}


def _unreadable(file, error):
    return StudyError(
        f"{file}: cannot be read ({error}); expected the prepared data: delete it and run"
        " snakemake again, which prepares it anew."
    )
