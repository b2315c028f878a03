"""Of runs that write to one folder, that of the newest plan does."""

import errno
import fcntl
import multiprocessing
import os
import time

import pytest

from bakeoff.errors import StudyError
from bakeoff.in_force import InForce
from bakeoff.training.checkpoints import Checkpoints
from patience import PATIENCE
from test_checkpoints import IDENTITY, state

OTHER = IDENTITY | {"settings": {"epochs": 1, "batch_size": 32}}


@pytest.fixture
def older(tmp_path):
    """The plan of a run that has begun."""
    plan = InForce(tmp_path / "run", IDENTITY, "data")
    plan.take()
    return plan


@pytest.mark.parametrize(
    ("identity", "data"),
    [(OTHER, "data"), (IDENTITY, "other data"), (IDENTITY | {"sources": {}}, "data")],
    ids=["settings", "data", "sources"],
)
def test_a_run_of_another_plan_ends_what_began_before(older, identity, data):
    older.check()
    newer = InForce(older.folder, identity, data)
    newer.take()
    with pytest.raises(StudyError, match=r"/run: a run of other settings, sources or data has beg"):
        older.check()
    with pytest.raises(StudyError), older.writing():
        pytest.fail("wrote outputs")
    with newer.writing():
        (newer.folder / "card.json").write_text("{}")
    # One that goes back to the first plan is the newest again.
    InForce(older.folder, IDENTITY, "data").take()
    older.check()
    with pytest.raises(StudyError):
        newer.check()


def test_runs_of_one_plan_do_not_end_each_other_whatever_the_model_is_called(older):
    InForce(older.folder, IDENTITY | {"model": "renamed"}, "data").take()
    older.check()


def test_a_run_whose_outputs_were_deleted_goes_on(older):
    (older.folder / ".plan").unlink()
    older.check()


def write_slowly(folder, writing, leftover):
    plan = InForce(folder, IDENTITY, "data")
    plan.take()
    with plan.writing():
        leftover.write_text("half")
        writing.set()
        time.sleep(1)
        assert leftover.read_text() == "half"
        leftover.rename(folder / "card.json")


def test_no_run_begins_while_another_writes(tmp_path):
    """It would remove what that one has half written."""
    spawn = multiprocessing.get_context("spawn")
    writing, leftover = spawn.Event(), tmp_path / ".unfinished-card-a.json"
    first = spawn.Process(target=write_slowly, args=(tmp_path, writing, leftover))
    first.start()
    assert writing.wait(PATIENCE)
    InForce(tmp_path, OTHER, "data").take()
    assert (tmp_path / "card.json").read_text() == "half"
    first.join()
    assert first.exitcode == 0


def test_what_a_killed_process_left_half_written_is_removed(older):
    (older.folder / ".unfinished-model-a.keras").write_text("half")
    older.take()
    assert [file.name for file in older.folder.glob(".unfinished-*")] == []


def test_a_state_is_kept_before_its_run_ends(tmp_path, older):
    """It may be that of more epochs than are asked for by now, which a later run goes on from."""
    checkpoints = Checkpoints(tmp_path / "checkpoints", IDENTITY, "data", older.check)
    checkpoints.save(1, *state(1))
    InForce(older.folder, OTHER, "data").take()
    with pytest.raises(StudyError, match="has begun here since"):
        checkpoints.save(2, *state(2))
    assert checkpoints.load(epochs=3)[0] == 2
    with pytest.raises(StudyError, match="has begun here since"), checkpoints.locked():
        pytest.fail("trained on")


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch, number):
    """As Lustre is where it is mounted without `flock`: a lock file would outlive its process."""

    def flock(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(StudyError, match=r"with `flock`.*put the results on another"):
        InForce(tmp_path / "run", IDENTITY, "data").take()
    assert not (tmp_path / "run" / ".plan").exists()
