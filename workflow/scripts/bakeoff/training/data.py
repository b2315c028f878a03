"""The prepared data as a run takes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bakeoff.data.prepared import PreparedData
from bakeoff.training.order import even_batch

if TYPE_CHECKING:
    # Not before its backend is prepared.
    import keras


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
    data: PreparedData, settings: Mapping[str, Any], device: str, model: "keras.Model"
) -> dict[str, Any]:
    """Return a dict of batches of the prepared ``data``: train, clean, val and test.

    They are for the compiled ``model``, which is made ready for them. ``settings`` are all of its
    training, ``device`` what it runs on, as for :func:`bakeoff.training.resident.lies_there`. train
    alone is augmented. clean are images of train, whose accuracy is measured with dropout off. val
    and test are the same where the test set validates.
    """
    # Both import Keras.
    from bakeoff.training.batches import batches_of
    from bakeoff.training.resident import lies_there, resident_batches, take_resident

    if resident := lies_there(data, settings, device):
        take_resident(model, data.shape, len(data.class_names))
    most = settings["batch_size"]

    def measured(images):
        return even_batch(images, most) if settings["backend"] == "jax" else most

    def of(part, batch_size, augmentation=None):
        given = data.images(part), data.labels(part), len(data.class_names), batch_size
        return resident_batches(*given) if resident else batches_of(*given, augmentation)

    train = of("train", most, settings["augmentation"])
    test = of("test", measured(data.counts["test"]))
    val = test
    if data.validation != "test":
        val = of("validation", measured(data.counts["validation"]))
    chosen = data.per_image("train_eval_index")
    clean = train.only(chosen, batch_size=measured(len(chosen)))
    return {"train": train, "clean": clean, "val": val, "test": test}
