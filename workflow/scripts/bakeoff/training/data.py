"""The prepared data as a run takes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.data.prepared import PreparedData


def open_data(file: str | Path) -> PreparedData:
    """Return the :class:`PreparedData` that ``file`` describes, its arrays checked.

    Raises :class:`bakeoff.errors.StudyError` where a file is missing or damaged.
    """
    data = PreparedData.read(file)
    data.check()
    return data


def describe_data(data: PreparedData) -> dict[str, Any]:
    """Return what a card says of the data: its name, checksum, split and sizes."""
    return {
        "name": data.name,
        "checksum": data.checksum,
        "validation": data.validation,
        **{f"{part}_images": count for part, count in data.counts.items()},
        "classes": len(data.class_names),
    }


def batches_of_parts(
    data: PreparedData, batch_size: int, augmentation: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a dict of batches of the prepared ``data``: train, clean, val and test.

    train alone gets ``augmentation``, as the config has it. clean are images of train, whose
    accuracy is measured with dropout off. val and test are the same where the test set validates.
    """
    # Imports Keras.
    from bakeoff.training.batches import batches_of

    classes = len(data.class_names)
    train, test = (
        batches_of(data.images(part), data.labels(part), classes, batch_size, changed)
        for part, changed in (("train", augmentation), ("test", None))
    )
    val = test
    if data.validation != "test":
        images, labels = data.images("validation"), data.labels("validation")
        val = batches_of(images, labels, classes, batch_size)
    clean = train.only(data.per_image("train_eval_index"))
    return {"train": train, "clean": clean, "val": val, "test": test}
