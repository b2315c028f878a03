"""What a run leaves: history, model and card."""

import json
import math
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bakeoff.data.prepared import PreparedData
from bakeoff.files import write_atomically
from bakeoff.study.commit import commits
from bakeoff.study.folders import Folders
from bakeoff.study.identity import all_settings, arguments_of, fingerprint, sources_read
from bakeoff.training.architecture import effective_arguments, random_images, run_build
from bakeoff.training.compile import plain_optimizer
from bakeoff.training.judging import has_diverged, is_stopped, judged_epoch
from bakeoff.training.machine import describe_platform, peak_memory_mb
from bakeoff.training.saving import save_model

if TYPE_CHECKING:
    # Not before its backend is prepared.
    import keras


def write_history(
    path: str | Path, rows: Sequence[Mapping[str, Any]], identity: Mapping[str, Any], judged: int
) -> None:
    """Write one row an epoch, with its model and seed, and whether it is the ``judged`` one."""
    # Keras imports it too, and by then has.
    import pandas as pd

    table = pd.DataFrame(rows)
    table.insert(0, "model", identity["model"])
    table.insert(1, "seed", identity["seed"])
    table["judged"] = (table["epoch"] == judged).astype(int)
    measures = ("loss", "accuracy")
    sets = ("", "val_", "test_")
    columns = [f"{prefix}{measure}" for prefix in sets for measure in measures]
    with write_atomically(path) as temporary:
        table[["model", "seed", "epoch", *columns, "seconds", "judged"]].to_csv(
            temporary, index=False
        )


def write_predictions(path: str | Path, probabilities: np.ndarray, labels: np.ndarray) -> None:
    """Write what is predicted for the test images, (images, classes), and their labels."""
    with write_atomically(path) as temporary:
        np.savez(temporary, probabilities=probabilities, labels=labels)


def write_model(
    path: str | Path,
    model: "keras.Model",
    folders: Folders,
    identity: Mapping[str, Any],
    data: PreparedData,
) -> None:
    """Save the trained weights in a freshly built model, as it was tried before the training.

    ``data`` is what the model was built for.
    The optimizer's state would make the file three times as large; the checkpoint holds it.
    """
    import keras

    weights = model.get_weights()
    # So that layers get the names of the first build. It forgets the precision too.
    keras.utils.clear_session()
    keras.config.set_dtype_policy(identity["settings"]["precision"])
    # What a file draws while it builds, such as a fixed mask, is to be what was trained with.
    keras.utils.set_random_seed(identity["seed"])
    name, arguments = identity["architecture"], arguments_of(identity)
    plain = run_build(folders, name, data.shape, len(data.class_names), arguments)
    if len(plain.weights) < len(weights):
        # Not told the images' shape, it makes its weights when it is asked.
        plain.predict_on_batch(random_images(data.shape))
    plain.set_weights(weights)
    with write_atomically(path) as temporary:
        save_model(plain, temporary)


def plan_of_card(identity: Mapping[str, Any], model: "keras.Model") -> dict[str, Any]:
    """Return what a card says of a run that was so before it began; ``model`` is compiled.

    ``arguments`` are those given and the defaults of the others, some as texts;
    ``given_arguments`` are what ``build`` is called with.
    """
    settings, given = all_settings(identity), arguments_of(identity)
    return {
        "model": identity["model"],
        "architecture": identity["architecture"],
        "arguments": effective_arguments(identity["architecture"], given),
        "given_arguments": given,
        "seed": identity["seed"],
        "epochs": settings["epochs"],
        "training": settings,
        "optimizer": _config_of(plain_optimizer(model)),
        "backend": settings["backend"],
        "precision": settings["precision"],
        "identity": fingerprint(identity),
    }


def outcome_of(record: Mapping[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return what a card says of how a run ended: its status, its last and its judged epoch.

    And whether a callback of its architecture ended it, where early stopping would not have.
    """
    history = record["history"]
    status = "diverged" if has_diverged(history) else "ok"
    early = len(history) < settings["epochs"] and status == "ok"
    return {
        "status": status,
        "epochs_trained": len(history),
        "stopped_by_callback": early and not is_stopped(history, settings),
        "judged_epoch": judged_epoch(history, settings),
    }


def _config_of(optimizer):
    """Return an optimizer's settings; of a scheduled learning rate, the highest."""
    config = optimizer.get_config()
    if isinstance(config["learning_rate"], dict):
        inner = config["learning_rate"]["config"]
        config["learning_rate"] = inner.get("peak", inner.get("initial_learning_rate"))
    return config


def piece_of_card(record: Mapping[str, Any], piece: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a card says of the processes that trained, of which the last is ``piece``."""
    return {
        "device": piece["device"],
        "threads": piece["threads"],
        "concurrent_runs": max(each["runs"] for each in record["pieces"]),
        "versions": piece["versions"],
        "platform": describe_platform(),
        "pieces": record["pieces"],
        "resumed": len(record["pieces"]) > 1,
    }


def code_of_card(folders: Folders) -> dict[str, Any]:
    """Return what a card says of the code in ``folders``: sources that were read, and commits."""
    return {"sources": sources_read(folders), **commits(folders)}


def costs(record: Mapping[str, Any], piece: Mapping[str, Any], started: float) -> dict[str, Any]:
    """Return what a card says of time and memory, up to now and of all pieces."""
    earlier = sum(other["seconds"] for other in record["pieces"] if other is not piece)
    return {
        "peak_memory_mb": peak_memory_mb(),
        "seconds": {
            "training": sum(row["seconds"] for row in record["history"]),
            "job": earlier + time.perf_counter() - started,
        },
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_card(path: str | Path, card: Mapping[str, Any]) -> None:
    """Write a card as JSON."""
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(as_json(card), indent=2, allow_nan=False) + "\n")


def as_json(value: Any) -> Any:
    """Return ``value`` with NumPy numbers as Python's, and NaN and infinities as None."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
