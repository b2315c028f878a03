"""Curves for TensorBoard, read back by its own reader: each epoch once, whatever was killed."""

import os

import numpy as np
import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from bakeoff import epochs
from bakeoff.epochs import after_epoch, follow_study
from bakeoff.tensorboard import TAGS
from followed_study import followed_config
from projects import RUNS_ALONE, study_only

# Its reader imports TensorFlow.
pytestmark = pytest.mark.workflow

IDENTITY = {"model": "model_01", "seed": 1, "settings": {"epochs": 9}}


@pytest.fixture(autouse=True)
def _follow_no_study_afterwards():
    yield
    epochs._config = epochs._study = None


def curves_in(folder):
    """Return what TensorBoard finds in a run's folder: steps, values and times by tag."""
    read = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, event.value, event.wall_time) for event in read.Scalars(tag)]
        for tag in read.Tags()["scalars"]
    }


def assert_shows(folder, history):
    """Check that each epoch of ``history``, a table, stands once in the curves of ``folder``."""
    curves = curves_in(folder)
    assert set(curves) == set(TAGS)
    for tag, column in TAGS.items():
        steps, values, _ = zip(*curves[tag], strict=True)
        assert list(steps) == list(history["epoch"])
        np.testing.assert_array_equal(values, history[column].astype("float32"))


def rows(count, start=0.0):
    """Return a history of so many epochs of ten seconds."""
    names = [f"{part}{name}" for part in ("", "val_", "test_") for name in ("loss", "accuracy")]
    return [
        dict.fromkeys(["objective", *names], start + number / 8)
        | {"epoch": number, "seconds": 10.0}
        for number in range(1, count + 1)
    ]


def train(history, first, until=None):
    """Let a process train from its ``first`` epoch on."""
    for epoch in range(first, (until or len(history)) + 1):
        after_epoch(IDENTITY, history[:epoch], first, stopped=False)


def test_each_epoch_stands_once_whatever_was_killed(tmp_path):
    follow_study(followed_config(tmp_path, tensorboard=True))
    folder = tmp_path / "results" / "tensorboard" / "model_01" / "seed_1"
    history = rows(9)
    train(history, first=1, until=4)
    assert_shows(folder, pd.DataFrame(history[:4]))
    # Killed while it wrote the fourth.
    (file,) = folder.iterdir()
    os.truncate(file, file.stat().st_size - 5)
    train(history, first=5, until=6)
    assert_shows(folder, pd.DataFrame(history[:6]))
    # Killed when the checkpoint of the seventh was on disk, and its curves were not.
    train(history, first=8)
    assert_shows(folder, pd.DataFrame(history))
    times = [time for _, _, time in curves_in(folder)["train/loss"]]
    assert times[6] - times[0] == pytest.approx(60)
    # Another run of the same model and seed.
    other = rows(2, start=0.5)
    train(other, first=1)
    assert_shows(folder, pd.DataFrame(other))


def test_a_diverged_run_ends_with_a_loss_that_is_no_number(tmp_path):
    follow_study(followed_config(tmp_path, tensorboard=True))
    history = rows(2)
    history[-1] |= {"loss": float("nan"), "val_loss": float("nan")}
    train(history, first=1)
    assert_shows(tmp_path / "results/tensorboard/model_01/seed_1", pd.DataFrame(history))


@pytest.mark.parametrize("asked", [False, None])
def test_unless_asked_for_there_are_none(tmp_path, asked):
    settings = {} if asked is None else {"tensorboard": asked}
    follow_study(followed_config(tmp_path, **settings))
    train(rows(1), first=1)
    assert not (tmp_path / "results" / "tensorboard").exists()


def test_no_run_ends_for_its_curves(tmp_path, capsys):
    follow_study(followed_config(tmp_path, tensorboard=True))
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "tensorboard").write_text("a file where a folder should be")
    train(rows(2), first=1)
    assert "The epoch is missing in TensorBoard (NotADirectoryError: " in capsys.readouterr().out


def test_runs_write_their_curves_while_they_train(tiny_study):
    def follow(**training):
        tiny_study.change_config(lambda config: config["training"].update(training))

    def trained():
        return pd.read_csv(tiny_study.path("results/models/tiny/seed_0/history.csv"))

    folder = tiny_study.path("results/tensorboard/tiny/seed_0")
    study_only(tiny_study, "tiny")
    follow(tensorboard=True, epochs=40)
    with tiny_study.start_snakemake(*RUNS_ALONE) as running:
        running.wait_for("epoch  5/40")
        assert len(curves_in(folder)["train/loss"]) >= 4
    tiny_study.snakemake("--unlock")
    assert "going on after epoch" in tiny_study.snakemake(*RUNS_ALONE).stdout
    assert_shows(folder, trained())

    follow(epochs=2, batch_size=50)
    tiny_study.snakemake(*RUNS_ALONE)
    assert_shows(folder, trained())

    # From the histories, of what had finished before they were asked for, and of nothing else.
    (folder.parent / "seed_1").mkdir()
    tiny_study.snakemake("--forcerun", "write_curves", "--until", "write_curves")
    assert_shows(folder, trained())
    assert [path.name for path in folder.parent.iterdir()] == ["seed_0"]
