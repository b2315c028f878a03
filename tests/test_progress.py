"""How far a study is, told by its files, and what the lines of epochs say of it."""

import json
import time

import pytest

from bakeoff import epochs
from bakeoff import wording as w
from bakeoff.epochs import after_epoch, clock, epoch_line, follow_study, study_line
from bakeoff.progress import Outlook, Run, Study
from bakeoff.study.identity import training_identity
from bakeoff.study.sources import Sources
from followed_study import FollowedStudy
from projects import ROOT

FIRST, SECOND = ("model_01", 0), ("model_01", 1)
THIRD, FOURTH = ("model_02", 0), ("model_02", 1)


@pytest.fixture
def followed(tmp_path):
    return FollowedStudy(tmp_path)


@pytest.fixture(autouse=True)
def _follow_no_study_afterwards():
    yield
    epochs._config = epochs._study = None


def outlook(followed):
    return followed.study.outlook(followed.study.look())


# What state a run is in


def test_a_run_with_nothing_waits(followed):
    assert set(followed.states().values()) == {"waiting"}
    assert list(followed.states()) == [FIRST, SECOND, THIRD, FOURTH]


def test_a_card_of_what_the_config_describes_is_a_finished_run(followed):
    followed.finish(*FIRST)
    followed.finish(*SECOND, status="diverged")
    followed.finish(*THIRD, identity="of other code")
    followed.finish(*FOURTH, dataset={"checksum": "of other data"})
    expected = {FIRST: "done", SECOND: "diverged", THIRD: "waiting", FOURTH: "waiting"}
    assert followed.states() == expected
    assert [row["epoch"] for row in followed.study.look()[0].history] == list(range(1, 11))


def test_a_run_that_is_made_anew_is_no_longer_finished(followed):
    followed.finish(*FIRST)
    assert followed.states()[FIRST] == "done"
    (followed.results / "models/model_01/seed_0/card.json").unlink()
    assert followed.states()[FIRST] == "waiting"


def test_a_held_lock_is_a_running_run_however_old_its_files(followed):
    followed.train(*FIRST, epochs=3)
    with followed.checkpoints(*FIRST).locked():
        followed.grow_old()
        assert followed.states()[FIRST] == "running"
        assert len(followed.study.look()[0].history) == 3
    assert followed.states()[FIRST] == "stopped"
    # To look takes no lock from the run.
    with followed.checkpoints(*FIRST).locked():
        pass


def test_elsewhere_a_young_log_or_checkpoint_is_a_running_run(followed):
    followed.log(*FIRST, "No GPU found.\n")
    followed.train(*SECOND, epochs=1)
    assert followed.states()[FIRST] == followed.states()[SECOND] == "running"
    followed.grow_old()
    assert followed.states()[FIRST] == "waiting"
    assert followed.states()[SECOND] == "stopped"


def test_a_failed_run_has_its_line(followed):
    followed.log(*FIRST, "Traceback …\nError: the disk is full\n")
    run = followed.study.look()[0]
    assert (run.state, run.error) == ("failed", "the disk is full")
    with followed.checkpoints(*FIRST).locked():
        assert followed.states()[FIRST] == "running", "it was started again"


def test_damaged_files_are_of_no_run(followed):
    followed.finish(*FIRST)
    (followed.results / "models/model_01/seed_0/history.csv").write_text("x\ny\n\0")
    followed.finish(*SECOND)
    (followed.results / "models/model_01/seed_1/card.json").write_text("{")
    followed.train(*THIRD, epochs=2)
    checkpoint = next(followed.checkpoints(*THIRD).folder.glob("*.npz"))
    checkpoint.write_bytes(checkpoint.read_bytes()[:99])
    followed.grow_old()
    assert {followed.states()[key] for key in (SECOND, THIRD)} == {"waiting"}


def test_a_checkpoint_of_more_epochs_than_planned_does_not_count(followed):
    followed.train(*FIRST, epochs=8, finished=True)
    followed.train(*FIRST, epochs=12)
    assert len(followed.study.look()[0].history) == 8


def test_a_file_that_is_no_checkpoint_is_none(followed):
    followed.train(*FIRST, epochs=8, finished=True)
    for name in ("epoch_best.npz", "epoch_00009 (copy).npz", "epoch_.npz"):
        (followed.checkpoints(*FIRST).folder / name).write_bytes(b"not ours")
    assert len(followed.study.look()[0].history) == 8


# When it will be done


def test_where_nothing_is_known_no_time_is_told(followed):
    assert outlook(followed) == Outlook()
    followed.log(*FIRST, "")
    assert outlook(followed) == Outlook(), "it has begun, and no epoch has ended"


def test_an_epoch_takes_as_long_as_those_before(followed):
    followed.finish(*FIRST, seconds=10.0)
    followed.train(*SECOND, epochs=4, seconds=20.0)
    followed.describe("model_01", 1_000_000)
    assert outlook(followed).of_runs == {SECOND: pytest.approx(6 * 20)}
    followed.describe("model_02", 3_000_000)
    # 10 and 20 s of an epoch of model 1; 12 s beside the epochs.
    assert outlook(followed).of_runs[THIRD] == pytest.approx(10 * 3 * 15 + 12)


def test_another_seed_takes_as_long_as_the_first(followed):
    followed.finish(*THIRD, seconds=5.0)
    assert outlook(followed).of_runs == {FOURTH: pytest.approx(10 * 5 + 12)}


def test_uncounted_multiply_adds_tell_no_time(followed):
    followed.finish(*FIRST)
    followed.train(*SECOND, epochs=4)
    followed.describe("model_01", 1_000_000)
    followed.describe("model_02", 3_000_000, not_counted=["a layer of its own"])
    found = outlook(followed)
    assert set(found.of_runs) == {SECOND}
    assert found.study is None


@pytest.mark.parametrize("running", [[FIRST], [FIRST, THIRD]], ids=len)
def test_the_study_ends_as_its_runs_take_turns(followed, running):
    for key in running:
        followed.train(*key, epochs=4, seconds=20.0)
    followed.describe("model_01", 1)
    followed.describe("model_02", 1)
    # 120 s are left of what runs, 200 s of each other run.
    expected = {1: 120 + 200 + 200 + 200, 2: 120 + 200}[len(running)]
    assert outlook(followed).study == pytest.approx(expected)


def test_a_study_that_is_not_running_has_no_end(followed):
    followed.train(*FIRST, epochs=4)
    followed.describe("model_01", 1)
    followed.describe("model_02", 1)
    followed.grow_old()
    assert len(outlook(followed).of_runs) == 4
    assert outlook(followed).study is None


def test_with_early_stopping_times_are_the_longest(tmp_path):
    followed = FollowedStudy(tmp_path, early_stopping={"patience": 3})
    followed.train(*FIRST, epochs=1)
    assert outlook(followed).at_most


# The lines


def run(state, model="m", seed=0):
    return Run(model, seed, state, 10)


def test_the_line_of_a_study():
    now = time.mktime((2026, 11, 28, 16, 0, 0, 0, 0, -1))
    runs = [run("done"), run("diverged"), run("running"), run("waiting")]
    assert study_line(runs, Outlook()) == "2 of 4 runs done"
    known = Outlook(study=2400.0)
    assert study_line(runs, known, now) == "2 of 4 runs done, study done at about 16:40"
    failed = [*runs, run("failed")]
    at_most = Outlook(study=2400.0, at_most=True)
    assert study_line(failed, at_most, now) == "2 of 5 runs done, 1 failed, study done by 16:40"
    assert study_line(runs, known, now, "look").endswith(", look done at about 16:40")
    assert clock(5 * 24 * 3600, now) == "3 Dec 16:00"


ROW = {
    "epoch": 3,
    "loss": 0.25,
    "accuracy": 0.9,
    "val_loss": 0.125,
    "val_accuracy": 0.95,
    "test_loss": 0.125,
    "objective": 0.25,
    "seconds": 7.0,
}
IDENTITY = {"model": "model_01", "seed": 0, "settings": {"epochs": 10}}
LINE = (
    "model_01 seed 0  epoch  3/10  loss 0.2500  accuracy  90.00%"
    "  val_loss 0.1250  val_accuracy  95.00%  7.0 s, "
)


def test_the_line_of_an_epoch():
    # The first epoch was another process's, the second is the one in which this one compiles.
    history = [ROW | {"epoch": 1, "seconds": 9.0}, ROW | {"epoch": 2, "seconds": 99.0}, ROW]
    assert epoch_line(IDENTITY, history, 2, False) == f"{LINE}49 s left"
    assert epoch_line(IDENTITY, history, 3, False) == f"{LINE}49 s left"
    assert epoch_line(IDENTITY, history, 2, True) == f"{LINE}stopped early"
    nan = [*history[:2], ROW | {"loss": float("nan")}]
    assert epoch_line(IDENTITY, nan, 2, False).endswith("7.0 s, 0 s left")
    early = IDENTITY | {"settings": {"epochs": 10, "early_stopping": {"patience": 2}}}
    assert epoch_line(early, history, 2, False) == f"{LINE}at most 49 s left"


def test_durations():
    said = [w.duration(seconds) for seconds in (0.4, 59.7, 65, 599.6, 3570, 3720)]
    assert said == ["0 s", "1 min 00 s", "1 min 05 s", "10 min", "1 h 00 min", "1 h 02 min"]
    said = [w.rough_duration(seconds) for seconds in (0.4, 59.7, 65, 599.6, 3570, 3720)]
    assert said == ["0 s", "1 min", "1 min", "10 min", "1 h 00 min", "1 h 02 min"]


def test_an_epoch_says_how_far_the_study_is(followed, capsys):
    followed.finish(*FIRST)
    followed.train(*SECOND, epochs=3, seconds=7.0)
    follow_study(followed.config)
    with followed.checkpoints(*SECOND).locked():
        after_epoch(IDENTITY, [ROW] * 3, 1, False)
    assert capsys.readouterr().out == f"{LINE}49 s left; 1 of 4 runs done\n"


def test_without_a_study_or_with_one_run_the_line_is_of_the_run_alone(tmp_path, capsys):
    after_epoch(IDENTITY, [ROW] * 3, 1, False)
    follow_study(FollowedStudy(tmp_path, models=("model_01",), seeds=(0,)).config)
    after_epoch(IDENTITY, [ROW] * 3, 1, False)
    assert capsys.readouterr().out.splitlines() == [f"{LINE}49 s left"] * 2


def test_of_a_very_large_study_the_line_says_nothing(followed, capsys, monkeypatch):
    monkeypatch.setattr(epochs, "MOST_FOLLOWED", 3)
    follow_study(followed.config)
    after_epoch(IDENTITY, [ROW] * 3, 1, False)
    assert capsys.readouterr().out == f"{LINE}49 s left\n"


def test_no_run_ends_for_a_line(followed, capsys):
    follow_study(followed.config | {"folders": None})
    after_epoch(IDENTITY, [ROW] * 3, 1, False)
    assert "; the study's progress cannot be told (TypeError: " in capsys.readouterr().out


def test_what_is_said_is_in_no_runs_identity():
    sources = training_identity(Sources([ROOT]), {"architecture": "model_01"}, 0, {})["sources"]
    rooms = {file.split("/")[3] for file in sources if file.startswith("workflow/scripts/bakeoff")}
    assert rooms == {"training", "data"}
    of_data = {file.rpartition("/")[2] for file in sources if "/bakeoff/data/" in file}
    assert of_data == {"__init__.py", "augmentation.py", "prepared.py"}


def test_the_data_decides_which_checkpoint_is_a_runs(followed):
    followed.train(*FIRST, epochs=3)
    (followed.results / "data/digits/data.json").write_text(json.dumps({"checksum": "other"}))
    followed.grow_old()
    assert Study(followed.config).look()[0].state == "waiting"
