"""Which epoch a run is judged by, and when it stops early."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.training.judging import is_stopped, judged_epoch
from projects import make_tiny_study
from training_process import Training

STOPPING = {"patience": 2, "min_delta": 0, "monitor": "val_loss"}


def rows(losses, accuracies=None):
    """Return a history with these validation losses."""
    accuracies = accuracies or [0.5] * len(losses)
    sound = {"objective": 1.0, "loss": 1.0, "test_loss": 1.0}
    return [
        sound | {"val_loss": loss, "val_accuracy": accuracy}
        for loss, accuracy in zip(losses, accuracies, strict=True)
    ]


def chosen(losses, accuracies=None, stopping=None, evaluate="best"):
    given = {"early_stopping": stopping, "evaluate": evaluate}
    return judged_epoch(rows(losses, accuracies), given)


def test_the_judged_epoch_is_the_last_or_the_first_of_the_best():
    losses = [0.5, 0.2, 0.3, 0.2, 0.4]
    assert chosen(losses, evaluate="last") == 5
    assert chosen(losses) == 2
    assert chosen([3.0]) == 1


def test_the_best_epoch_is_by_what_is_monitored_however_small_the_gain():
    losses, accuracies = [0.5, 0.4, 0.6], [0.7, 0.8, 0.9]
    assert chosen(losses, accuracies, STOPPING | {"monitor": "val_accuracy"}) == 3
    assert chosen(losses, accuracies, STOPPING | {"min_delta": 1}) == 2


def test_a_run_that_diverged_is_judged_by_its_last_epoch():
    assert chosen([0.5, 0.2, 0.3, math.nan]) == 4
    history = rows([0.5, 0.2, 0.3])
    history[-1]["objective"] = math.inf
    assert judged_epoch(history, {"early_stopping": None, "evaluate": "best"}) == 3


@pytest.mark.workflow
@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.25, 0.3, 0.5, 0.9]), min_size=1, max_size=12),
    st.integers(1, 4),
    st.sampled_from([0, 0.1]),
    st.sampled_from(["val_loss", "val_accuracy"]),
)
def test_it_stops_where_keras_does(values, patience, min_delta, monitor):
    keras = pytest.importorskip("keras")
    stopping = {"patience": patience, "min_delta": min_delta, "monitor": monitor}
    callback = keras.callbacks.EarlyStopping(
        monitor, min_delta, patience, mode="min" if monitor == "val_loss" else "max"
    )
    # All that the callback asks of a model.
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    history = rows(values, values)
    for epoch, row in enumerate(history):
        callback.on_epoch_end(epoch, {monitor: np.float64(row[monitor])})
        chosen = {"early_stopping": stopping, "evaluate": "last"}
        assert is_stopped(history[: epoch + 1], chosen) == model.stop_training
        if model.stop_training:
            break


@pytest.mark.workflow
@pytest.mark.parametrize(("min_delta", "of_keras"), [(0, 3), (0.1, 1)])
def test_the_best_epoch_is_that_of_keras_where_every_gain_counts(min_delta, of_keras):
    keras = pytest.importorskip("keras")
    losses = [1.0, 0.95, 0.94, 0.96]
    callback = keras.callbacks.EarlyStopping(
        "val_loss", min_delta, 3, mode="min", restore_best_weights=True
    )
    kept = []
    model = SimpleNamespace(stop_training=False, get_weights=lambda: epoch, set_weights=kept.append)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, loss in enumerate(losses, start=1):
        callback.on_epoch_end(epoch - 1, {"val_loss": loss})
    callback.on_train_end()
    assert kept == [of_keras]
    assert chosen(losses, stopping=STOPPING | {"patience": 3, "min_delta": min_delta}) == 3


def test_without_early_stopping_no_run_stops():
    assert not is_stopped(rows([0.1] * 50), {"early_stopping": None, "evaluate": "last"})


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = make_tiny_study(tmp_path_factory.mktemp("judging") / "project")
    held_out = {"validation": "holdout", "holdout_images": 300}
    project.change_config(lambda config: config["data"].update(held_out))
    project.snakemake("--until", "prepare_data")
    return project


OVERFITTING = {
    "optimizer": {"name": "Adam", "learning_rate": 0.05},
    "early_stopping": STOPPING | {"patience": 3},
    "evaluate": "best",
}


@pytest.mark.workflow
@pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param({}, id="weights"),
        pytest.param(
            {"use_ema": True, "ema_momentum": 0.8}, id="averages", marks=pytest.mark.thorough
        ),
    ],
)
def test_a_stopped_run_is_judged_by_its_best_epoch_and_goes_on_so(project, tmp_path, optimizer):
    recipe = OVERFITTING | {"optimizer": OVERFITTING["optimizer"] | optimizer}
    whole = Training(project, tmp_path / "whole", **recipe)
    log = whole.run(epochs=40)
    card, history = whole.card(), whole.history()
    best = int(history["val_loss"].argmin()) + 1
    assert len(history) == card["epochs_trained"] == best + 3 < 40
    assert f"epoch {best + 3}/40" in log
    assert "stopped early" in log
    assert card["judged_epoch"] == best
    assert history["epoch"][history["judged"] == 1].tolist() == [best]
    judged = history.iloc[best - 1]
    predictions = np.load(whole.folder / "output" / "predictions.npz")
    right = predictions["probabilities"].argmax(axis=1) == predictions["labels"]
    assert right.mean() == pytest.approx(judged["test_accuracy"], abs=1e-6)
    assert judged["test_loss"] != history.iloc[-1]["test_loss"]
    np.testing.assert_allclose(whole.loaded_probabilities(), whole.probabilities(), atol=1e-6)

    # Planned shorter, one of them up to an epoch between the best and the stop.
    parts = Training(project, tmp_path / "parts", **recipe)
    parts.run(epochs=2)
    assert parts.card()["judged_epoch"] == 1 + int(history["val_loss"][:2].argmin())
    parts.run(epochs=best + 1)
    assert parts.card()["judged_epoch"] == best
    assert f"going on after epoch {best + 1}" in parts.run(epochs=40)
    assert parts.bits() == whole.bits()

    # With more epochs, it has stopped all the same.
    log = parts.run(epochs=60)
    assert "epoch" not in log.split("going on after epoch")[1].removeprefix(f" {best + 3}.")
    assert pd.read_csv(parts.folder / "output" / "history.csv")["epoch"].max() == best + 3
