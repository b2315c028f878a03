"""The tables of numbers: a row a run, and a row a model."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from bakeoff.analysis.epochs import last_epochs
from bakeoff.analysis.last_epochs import history_figures
from bakeoff.analysis.models import MeasuredRun
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.analysis.times import circumstances

_JUDGED_EPOCH = ["loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"]
_MEASURED = [
    *_JUDGED_EPOCH,
    *("test_accuracy_undisputed", "best_epoch", "best_val_accuracy", "best_epoch_test_accuracy"),
    *("last_val_accuracy", "last_test_accuracy"),
    *("val_accuracy_last_mean", "val_accuracy_last_sd"),
    *("clean_train_loss", "clean_train_accuracy", "gap"),
    *("seconds_per_epoch", "training_seconds", "latency_ms"),
]
_SIZES = ["parameters", "trainable_parameters", "multiply_adds", "test_images", "disputed_images"]
_SUMMARY_COLUMNS = [
    *("model", "n_seeds", "n_diverged"),
    *("train_loss", "val_loss", "train_accuracy", "test_accuracy", "test_accuracy_sd"),
    *("test_accuracy_low", "test_accuracy_high", "test_accuracy_min", "test_accuracy_max"),
    *("balanced_accuracy", "balanced_accuracy_sd", "balanced_accuracy_low"),
    "balanced_accuracy_high",
    *("test_accuracy_undisputed", "test_loss", "above_chance"),
    *("clean_train_loss", "clean_train_accuracy", "gap", "gap_low", "gap_high"),
    *("val_accuracy", "best_epoch", "best_val_accuracy", "best_epoch_test_accuracy"),
    *("last_val_accuracy", "last_test_accuracy"),
    *("last_epochs", "val_accuracy_last_mean", "val_accuracy_last_sd"),
    *("loss_slope_epochs", "loss_slope", "loss_slope_low", "loss_slope_high"),
    "loss_trend",
    *("epochs", "seconds_per_epoch", "training_seconds", "latency_ms"),
    "concurrent_runs",
    *_SIZES,
]


def table_of_runs(runs: Iterable[MeasuredRun], disputed: np.ndarray) -> pd.DataFrame:
    """Return runs.csv, a DataFrame with a row a run, in their order.

    ``runs`` are :class:`bakeoff.analysis.models.MeasuredRun`; ``disputed``, boolean (n_test,),
    tells the test images whose labels are in doubt.
    """
    table = pd.DataFrame([_run(run, disputed) for run in runs])
    return table.astype({"best_epoch": "Int64", "multiply_adds": "Int64"})


def _run(run, disputed):
    """Return one row of runs.csv as a dict.

    Losses and accuracies (shares of one) are those of the ``judged_epoch``;
    :func:`bakeoff.analysis.last_epochs.history_figures` says what is read of the others, and
    ``gap`` is the accuracy on training images, dropout off, minus that on test images.
    ``test_accuracy_undisputed`` is None where no label is in doubt. ``seconds_per_epoch`` is the
    median, which the start-up in the first epoch does not move; ``moved`` is 1 where the run went
    on elsewhere after an interruption. A diverged run's measurements are None.
    """
    history, card = run.history, run.card
    row = {"model": card["model"], "seed": card["seed"], "status": card["status"]}
    row |= {"epochs": len(history), "judged_epoch": card["judged_epoch"]}
    if card["status"] == "ok":
        row |= {field: run.judged[field] for field in _JUDGED_EPOCH} | history_figures(history)
        sure = run.correct[~disputed]
        row |= {
            "test_accuracy_undisputed": sure.mean() if 0 < len(sure) < len(disputed) else None,
            "clean_train_loss": card["clean_train"]["loss"],
            "clean_train_accuracy": card["clean_train"]["accuracy"],
            "gap": card["clean_train"]["accuracy"] - row["test_accuracy"],
            "seconds_per_epoch": np.median(history["seconds"]),
            "training_seconds": card["seconds"]["training"],
            "latency_ms": card["latency_ms"]["median"],
        }
    columns = ("model", "seed", "status", "epochs", "judged_epoch", *_MEASURED)
    row = {key: row.get(key) for key in columns}
    under = circumstances(card)
    return row | {
        "parameters": card["parameters"]["total"],
        "trainable_parameters": card["parameters"]["trainable"],
        # A count that leaves layers out would compare unfairly.
        "multiply_adds": None if card.get("multiply_adds_not_counted") else card["multiply_adds"],
        "test_images": card["dataset"]["test_images"],
        "disputed_images": int(disputed.sum()),
        "device": under.device,
        "threads": under.threads,
        "concurrent_runs": under.concurrent,
        "moved": int(under.moved),
        "backend": under.backend,
        "precision": under.precision,
        "python": under.python,
        "keras": under.keras,
        "backend_version": under.backend_version,
    }


def table_of_models(runs: pd.DataFrame, results: MeasuredStudy) -> pd.DataFrame:
    """Return summary.csv, a DataFrame with a row a model, in the study's order.

    ``runs`` is what :func:`table_of_runs` returns and ``results`` the
    :class:`bakeoff.analysis.ranking.MeasuredStudy`.

    ``above_chance`` is 1 for the models that are shown to be better than chance, otherwise 0.
    Measurements are means over the seeds that finished (``n_seeds``), the best epoch a median,
    ``val_accuracy_last_sd`` pooled over as many of the last epochs as all runs have, and
    ``latency_ms`` that of one run where it was measured alone;
    ``test_accuracy_sd`` is the sample standard deviation, missing with one seed, and
    ``test_accuracy_min`` and ``_max`` the lowest and the highest seed; ``balanced_accuracy`` is the
    mean of the classes' recalls. ``_low`` and ``_high`` are 95 % intervals: of these two, of the
    ``gap`` as in :class:`bakeoff.numbers.Overfitting`, and of ``loss_slope``, the slope of
    validation loss per epoch over the last ``loss_slope_epochs``, missing where these are too few;
    ``loss_trend`` is the verdict on it, as in :class:`bakeoff.numbers.Trend`. A model that diverged
    with every seed has none of them.
    """
    rows = [
        {"model": model.key} | _summarise(runs[runs["model"] == model.key], model, results)
        for model in results.models
    ]
    return pd.DataFrame(rows).reindex(columns=_SUMMARY_COLUMNS)


def _summarise(runs, model, results):
    finished = runs[runs["status"] == "ok"]
    measured = finished[_MEASURED].astype(float)
    accuracies = measured["test_accuracy"]
    return {
        **measured.mean(),
        **runs[_SIZES].iloc[0],
        "concurrent_runs": runs["concurrent_runs"].max(),
        **(_judged(model) | {"latency_ms": model.latency} if model.runs else {}),
        "above_chance": int(bool(model.runs) and model not in results.at_chance),
        "n_seeds": len(finished),
        "n_diverged": len(runs) - len(finished),
        "train_loss": measured["loss"].mean(),
        "train_accuracy": measured["accuracy"].mean(),
        "test_accuracy_sd": accuracies.std(),
        "test_accuracy_min": accuracies.min(),
        "test_accuracy_max": accuracies.max(),
        "best_epoch": measured["best_epoch"].median(),
        # A diverged run stops early.
        "epochs": runs["epochs"].max(),
    }


def _judged(model):
    """Return what the summary takes from a model's measures: intervals and the trend."""
    trend = model.trend
    return {
        "test_accuracy_low": model.accuracy.low,
        "test_accuracy_high": model.accuracy.high,
        "balanced_accuracy": model.balanced_accuracy.value,
        "balanced_accuracy_sd": model.balanced_accuracy.sd,
        "balanced_accuracy_low": model.balanced_accuracy.low,
        "balanced_accuracy_high": model.balanced_accuracy.high,
        "gap": model.overfitting.gap,
        "gap_low": model.overfitting.low,
        "gap_high": model.overfitting.high,
        "last_epochs": last_epochs(model.shortest),
        "val_accuracy_last_sd": model.fluctuation.deviation if model.fluctuation else None,
        "loss_slope_epochs": trend.epochs,
        "loss_slope": trend.slope,
        "loss_slope_low": trend.low,
        "loss_slope_high": trend.high,
        "loss_trend": trend.verdict,
    }
