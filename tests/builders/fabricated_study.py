"""A finished study's training outputs, made up: for tests of the steps after training."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from snakemake.utils import update_config

from bakeoff.data.labelled import LabelledPart
from bakeoff.data.prepared import PreparedData
from bakeoff.data.preparing import write_arrays
from bakeoff.data.splits import Part
from bakeoff.study.config import read_config
from bakeoff.study.identity import fingerprint
from bakeoff.study.settings import identity_of_description, identity_of_run
from bakeoff.study.sources import Sources


def fabricate_run(
    folder,
    model="model_01",
    seed=0,
    *,
    accuracy=0.99,
    epochs=13,
    planned=None,
    judged=None,
    images=1000,
    classes=10,
    parameters=646_410,
    multiply_adds=10_000_000,
    latency_ms=1.0,
    curves=None,
    status="ok",
    layers=(),
    notation="(1x28x28) --(5x5 kernel)--> (32x24x24) --(Flatten)--> 10",
    validation="test",
    wrong_images=None,
    probabilities=None,
    labels=None,
    **card_fields,
):
    """Write one run's history, predictions and card, and its model's description.

    ``accuracy`` is the share of the ``images`` test images answered rightly; which ones are
    wrong is drawn from ``seed`` and the model's name unless ``wrong_images`` lists them, or
    ``probabilities`` (images, classes) say what is answered. ``labels`` (images,) are by default
    0, 1, 2 and so on, over and over.
    ``planned`` are the epochs of the config, where a run ended before, and ``judged`` is the epoch
    whose weights count, by default the last.
    ``curves`` maps history columns to lists that replace the default decaying curves. Other
    fields replace or join those of the card, or of the description if that has them.
    """
    folder = Path(folder) / "models" / model / f"seed_{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng([seed, *model.encode()])
    epoch = np.arange(1, epochs + 1)
    history = {
        "model": model,
        "seed": seed,
        "epoch": epoch,
        "loss": 0.3 / epoch,
        "accuracy": 1 - 0.1 / epoch,
        "val_loss": 0.2 / epoch + 0.02,
        "val_accuracy": accuracy - 0.05 * (1 / epoch - 1 / epochs),
    }
    history |= curves or {}
    history.setdefault("test_loss", history["val_loss"])
    history.setdefault("test_accuracy", history["val_accuracy"])
    history["seconds"] = 10.0
    history["judged"] = (epoch == (judged or epochs)).astype(int)
    pd.DataFrame(history).to_csv(folder / "history.csv", index=False)

    labels = _labels(images, classes) if labels is None else np.asarray(labels)
    if probabilities is None:
        answers = labels.copy()
        if wrong_images is None:
            wrong_images = generator.choice(images, round(images * (1 - accuracy)), replace=False)
        answers[wrong_images] = (answers[wrong_images].astype(int) + 1) % classes
        probabilities = np.full((images, classes), 0.02 / (classes - 1))
        probabilities[np.arange(images), answers] = 0.98
    probabilities = np.asarray(probabilities, np.float32)
    if status == "diverged":
        probabilities[:] = np.nan
    np.savez(folder / "predictions.npz", probabilities=probabilities, labels=labels)

    clean = {"loss": 0.005, "accuracy": min(1.0, accuracy + 0.005), "images": 1000}
    if status == "diverged":
        clean = {"loss": None, "accuracy": None, "images": 1000}
    card = {
        "model": model,
        "architecture": model,
        "arguments": {},
        "given_arguments": {},
        "seed": seed,
        "status": status,
        "epochs": planned or epochs,
        "epochs_trained": epochs,
        "judged_epoch": judged or epochs,
        "dataset": {
            "name": "mnist",
            "title": "MNIST",
            "checksum": "0" * 64,
            "validation": validation,
            "train_images": 60_000,
            "validation_images": images,
            "test_images": images,
            "classes": classes,
        },
        "training": {
            "epochs": planned or epochs,
            "batch_size": 128,
            "loss": "categorical_crossentropy",
            "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
        },
        "optimizer": {"name": "adadelta", "learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-07},
        "backend": "tensorflow",
        "precision": "float32",
        "device": "CPU: made up",
        "threads": 2,
        "concurrent_runs": 1,
        "versions": {"python": "3.11.7", "keras": "3.15.1", "tensorflow": "2.21.0"},
        "platform": "Linux",
        "sources": {f"architectures/{model}.py": "0" * 64},
        "commit": {"id": "c0ffee" + "0" * 34, "clean": True},
        "clean_train": clean,
        "latency_ms": {"median": latency_ms, "p95": 1.2 * latency_ms, "repeats": 50},
        "seconds": {"training": 10.0 * epochs, "job": 10.0 * epochs + 12},
        "peak_memory_mb": 1500.0,
        "finished": "2026-01-01T00:00:00+00:00",
        "resumed": False,
    }
    piece = {key: card[key] for key in ("device", "threads", "versions")}
    card["pieces"] = [piece | {"first_epoch": 1, "runs": 1, "seconds": 10.0 * epochs}]
    description = {
        "model": model,
        "image_shape": [28, 28, 1],
        "classes": classes,
        "output_shape": [classes],
        "parameters": {"total": parameters, "trainable": parameters - 1_280},
        "multiply_adds": multiply_adds,
        "multiply_adds_not_counted": [],
        "compute_dtypes": ["float32"],
        "notation": notation,
        "layers": list(layers),
        "input_scaled_by": None,
        "loads_with": "keras alone",
    }
    for key, value in card_fields.items():
        (description if key in description else card)[key] = value
    (folder / "card.json").write_text(json.dumps(card, indent=2, allow_nan=False))
    described = folder.parent / "description.json"
    text = json.dumps(description, indent=2, allow_nan=False)
    # A run is younger than its model's description.
    if not described.is_file() or described.read_text() != text:
        described.write_text(text)
        (folder.parent / "layers.txt").write_text("Layer (type)  Output Shape  Param #\n")
        for run in folder.parent.glob("seed_*/*"):
            run.touch()
    return folder


def mark_as_planned(folder, *overlays, tool=None):
    """Let made-up runs and descriptions say that they are what the study in ``folder`` plans.

    ``overlays`` are paths of config files over that of the folder; ``tool`` is the folder of the
    pipeline where the study is not in it. Otherwise Snakemake would describe and train these
    models, or not collect them. No file becomes newer.
    """
    files = [folder / "config" / "config.yaml", *overlays]
    merged = {}
    for file in files:
        update_config(merged, yaml.safe_load(file.read_text()))
    folders = [folder, *filter(None, [tool])]
    config = read_config(merged, files, folders)
    sources = Sources(folders)
    results = folder / config["pathvars"]["results"]
    [data] = (results / "data").glob("*/data.json")
    checksum = PreparedData.read(data).checksum
    for described in (results / "models").glob("*/description.json"):
        model = described.parent.name
        identity = identity_of_description(config, sources, model)
        _amend(described, {"fingerprint": fingerprint(identity)})
        for card in described.parent.glob("seed_*/card.json"):
            seed = int(card.parent.name.removeprefix("seed_"))
            identity = fingerprint(identity_of_run(config, sources, model, seed))
            dataset = json.loads(card.read_text())["dataset"] | {"checksum": checksum}
            _amend(card, {"identity": identity, "dataset": dataset})


def _amend(file, fields):
    """Add ``fields`` to the JSON of a file that keeps its date."""
    made = file.stat()
    file.write_text(json.dumps(json.loads(file.read_text()) | fields, indent=2, allow_nan=False))
    os.utime(file, ns=(made.st_atime_ns, made.st_mtime_ns))


def fabricate_latency(folder, model, latency_ms, **circumstances):
    """Write what measure_latency would say of a model, and return the path."""
    file = Path(folder) / "models" / model / "latency.json"
    found = {
        **{"model": model, "seed": 0, "backend": "tensorflow", "precision": "float32"},
        "latency_ms": {"median": latency_ms, "p95": 1.2 * latency_ms, "repeats": 300},
        **{"device": "CPU: made up", "threads": 2, "concurrent_runs": 1},
        "versions": {"python": "3.11.7", "keras": "3.15.1", "tensorflow": "2.21.0"},
    }
    file.write_text(json.dumps(found | circumstances))
    return file


def descriptions_of(folder, study):
    """Return the paths of the descriptions of a study's models, in its order."""
    models = Path(folder) / "models"
    return [models / entry["model"] / "description.json" for entry in study["models"]]


def fabricate_data(
    folder,
    *,
    dataset="mnist",
    images=1000,
    classes=10,
    class_names=None,
    test_index=None,
    in_training=(),
    labels=None,
    train_images=None,
    groups=None,
    divided=0,
    size=28,
    channels=1,
    dtype="uint8",
):
    """Write the prepared data that :func:`fabricate_run`'s test images come from.

    The images are noise, ``size`` pixels wide and high, of ``dtype`` and with ``channels``.
    ``class_names`` are by default "0", "1" and so on; ``test_index`` is by default that of a whole
    test set, otherwise of one of at least 10,000 images; ``labels`` are by default those of
    :func:`fabricate_run`; ``in_training`` lists the test images that are said to be training images
    too; the first ``train_images`` of them, by default one a class, are all that there are;
    ``groups`` (images,) numbers the groups of the test images, of patients, and so many images of
    the test are ``divided`` from training images of their group. Returns the path of
    ``folder/data/<dataset>/data.json``.
    """
    file = Path(folder) / "data" / dataset / "data.json"
    class_names = class_names or [str(label) for label in range(classes)]
    noise = np.random.default_rng(0).random((images, size, size, channels), np.float32)
    if dtype != "float32":
        noise = (noise * np.iinfo(dtype).max).astype(dtype)
    labels = _labels(images, classes) if labels is None else np.asarray(labels)
    train_images = train_images or min(classes, images)
    test = Part.whole(LabelledPart(noise, labels, "made up"))
    whole = images if test_index is None else max(10_000, int(max(test_index)) + 1)
    test_index = np.arange(images) if test_index is None else np.asarray(test_index)
    write_arrays(
        file,
        {"train": test.only(slice(train_images)), "validation": test, "test": test},
        {
            "train_eval_index": np.arange(train_images),
            "test_index": test_index,
            "test_in_train": np.isin(np.arange(images), in_training),
            **({} if groups is None else {"test_groups": np.asarray(groups)}),
        },
        {"class_names": class_names, "validation": "test", "whole_test_images": whole},
        {} if groups is None else {"groups": _audited_groups(groups, train_images, divided)},
    )
    return file


def _audited_groups(groups, train_images, divided):
    """Return what the audit of a prepared data set says of its groups (bakeoff.data.reading)."""
    numbers = {"train": len(np.unique(groups[:train_images])), "test": len(np.unique(groups))}
    return {"groups": numbers, "name": "patient", "test_images_of_training_groups": divided}


def fabricate_downloads(folder, *, dataset="mnist"):
    """Write empty files in place of the downloads, which Snakemake wants to be the oldest."""
    folder = Path(folder) / dataset
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (folder / f"{part}-ubyte.gz").touch()


def _labels(images, classes):
    return (np.arange(images) % classes).astype(np.min_scalar_type(classes - 1))
