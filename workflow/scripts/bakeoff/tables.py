"""Reading the tables that the workflow's steps hand on, checked."""

import json
import zipfile
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from bakeoff.errors import StudyError

_HISTORY_COLUMNS = {
    "model": str,
    "seed": int,
    "epoch": int,
    "loss": float,
    "accuracy": float,
    "val_loss": float,
    "val_accuracy": float,
    "test_loss": float,
    "test_accuracy": float,
    "seconds": float,
}
_METRICS = [column for column, kind in _HISTORY_COLUMNS.items() if kind is float]


def trainings_of(study):
    """Return the (model, seed) pairs of a study in its order: models outside, seeds inside.

    The workflow lists histories and cards in the same order.
    """
    return list(product((entry["model"] for entry in study["models"]), study["seeds"]))


def read_history(path, model, seed):
    """Return one training's history: a row an epoch, columns as in the file.

    Losses, accuracies and seconds are float64. They are finite, but for the last row of a
    training that diverged. Raises :class:`StudyError` when the file is not the whole history
    of ``model`` with ``seed``.
    """
    try:
        history = pd.read_csv(
            path,
            # A model may be called "NA" or "inf"; only numbers may be missing.
            dtype={"model": str},
            keep_default_na=False,
            na_values={metric: ["", "nan", "NaN"] for metric in _METRICS},
        )[list(_HISTORY_COLUMNS)]
        history = history.astype(_HISTORY_COLUMNS)
    except (KeyError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise _broken(path, f"not a history ({reason})", ", ".join(_HISTORY_COLUMNS)) from error
    if history.empty:
        raise _broken(path, "holds no epoch", "one row an epoch")
    _check_owner(path, history[["model", "seed"]].drop_duplicates().to_numpy(), model, seed)
    epochs = history["epoch"].tolist()
    if epochs != list(range(1, len(epochs) + 1)):
        raise _broken(path, f"epochs {_shortened(epochs)}", "1, 2, 3 and so on, each once")
    for column in _METRICS:
        faulty = history.loc[~np.isfinite(history[column]), "epoch"]
        if (faulty < len(epochs)).any():
            raise _broken(
                path,
                f"no number for {column} in epoch {faulty.iloc[0]}",
                "numbers in all epochs but the last of a diverged training",
            )
    return history


def read_training(history_file, card_file, model, seed):
    """Return the history and the card of one training that came to its end.

    Raises :class:`StudyError` for what :func:`read_history` and :func:`read_card` refuse, and
    when the two do not belong together: another number of epochs, or a history without its
    last numbers though the training did not diverge.
    """
    history, card = read_history(history_file, model, seed), read_card(card_file, model, seed)
    trained = card_value(card, card_file, "epochs_trained")
    if len(history) != trained:
        raise _broken(
            history_file, f"{len(history)} epochs", f"{trained}, the epochs_trained of {card_file}"
        )
    if card_value(card, card_file, "status") == "ok" and not _complete(history):
        raise _broken(history_file, "numbers missing in the last epoch", "all numbers")
    return history, card


def read_card(path, model, seed):
    """Return the card of one training as a dict.

    Raises :class:`StudyError` when it is not JSON, or not the card of ``model`` with ``seed``.
    """
    try:
        card = json.loads(Path(path).read_text(encoding="utf-8"))
        owner = card["model"], card["seed"]
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, f"not a card ({error})", "JSON with model and seed") from error
    _check_owner(path, [owner], model, seed)
    return card


def read_correct(path):
    """Return which test images a training got right, boolean (n_test,), from its predictions.

    Raises :class:`StudyError` when the file is damaged.
    """
    try:
        with np.load(path) as test:
            return test["probabilities"].argmax(axis=1) == test["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _broken(path, f"not predictions ({error})", "probabilities and labels") from error


def card_value(card, path, *keys):
    """Return the value under ``keys`` in the card read from ``path``.

    Raises :class:`StudyError` when the card lacks it.
    """
    value = card
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise _broken(path, f"{'.'.join(keys)} is missing", "a complete card")
        value = value[key]
    return value


def read_summary(path, study):
    """Return summary.csv: a row a model of ``study``, texts as str, numbers as float or int.

    Raises :class:`StudyError` when the file is not the whole table.
    """
    texts = ["model", "name", "description", "family"]
    models = [entry["model"] for entry in study["models"]]
    try:
        summary = pd.read_csv(
            path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=[""]
        )
        whole = summary["model"].tolist() == models and summary["test_images"].notna().all()
    except (KeyError, ValueError) as error:
        raise _broken(path, "not a summary", "a row a model", _TABLE) from error
    if not whole:
        raise _broken(path, f"{len(summary)} rows", f"all of {', '.join(models)}", _TABLE)
    return summary


def read_findings(path):
    """Return what write_conclusions left in findings.json.

    Raises :class:`StudyError` when the file is damaged.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise _broken(path, f"not JSON ({error})", "the findings", _TABLE) from error


def _complete(history):
    return np.isfinite(history[_METRICS]).all(axis=None)


def _check_owner(path, owners, model, seed):
    if [tuple(owner) for owner in owners] != [(model, seed)]:
        found = ", ".join(f"{other} with seed {number}" for other, number in owners)
        raise _broken(path, f"is of {found}", f"{model} with seed {seed}")


def _shortened(values, count=8):
    return ", ".join(map(str, values[:count])) + (", …" if len(values) > count else "")


_TRAINING = "that training is repeated"
_TABLE = "it is made anew"


def _broken(path, found, expected, then=_TRAINING):
    return StudyError(f"{path}: {found}; expected {expected}: delete it and run again; {then}.")
