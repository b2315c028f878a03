"""A run's checkpoints: the right one is picked up, a damaged one is skipped."""

import errno
import multiprocessing
import os
import time

import numpy as np
import pytest

from bakeoff.training.checkpoints import Checkpoints
from patience import PATIENCE

IDENTITY = {
    "model": "small",
    "architecture": "small",
    "seed": 0,
    "settings": {"epochs": 3, "batch_size": 32},
    "sources": {"architectures/small.py": "0" * 64},
}


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path, IDENTITY, "data")


def state(epoch):
    return [np.full((2, 3), epoch, np.float32), np.arange(epoch)], {"history": [float("nan")]}


def epochs_on_disk(checkpoints):
    return sorted(path.name for path in checkpoints.folder.glob("*.npz"))


def test_what_was_saved_is_loaded_to_the_bit(checkpoints):
    arrays = [np.random.default_rng(0).random((5, 4), np.float32), np.array(7, np.int64)]
    checkpoints.save(2, arrays, {"history": [0.1, 0.2]})
    epoch, loaded, record = checkpoints.load(epochs=3)
    assert epoch == 2
    assert record == {"history": [0.1, 0.2]}
    for array, copy in zip(arrays, loaded, strict=True):
        assert array.dtype == copy.dtype
        assert array.tobytes() == copy.tobytes()


def test_nothing_saved(checkpoints):
    assert checkpoints.load(epochs=3) is None


def test_only_the_last_unfinished_state_is_kept(checkpoints):
    for epoch in (1, 2):
        checkpoints.save(epoch, *state(epoch))
    assert epochs_on_disk(checkpoints) == ["epoch_00002.npz"]


def test_finished_states_stay_and_answer_fewer_epochs(checkpoints):
    checkpoints.save(2, *state(2), finished=True)
    checkpoints.save(3, *state(3))
    checkpoints.save(4, *state(4), finished=True)
    assert epochs_on_disk(checkpoints) == ["epoch_00002_finished.npz", "epoch_00004_finished.npz"]
    assert checkpoints.load(epochs=9)[0] == 4
    assert checkpoints.load(epochs=3)[0] == 2
    assert checkpoints.load(epochs=1) is None


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_a_damaged_checkpoint_is_said_and_skipped(checkpoints, capsys, damage):
    checkpoints.save(1, *state(1), finished=True)
    checkpoints.save(2, *state(2))
    path = checkpoints.folder / "epoch_00002.npz"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        content[content.index(b"NUMPY") + 130] ^= 0xFF
    else:
        content = b""
    path.write_bytes(content)
    assert checkpoints.load(epochs=3)[0] == 1
    assert "epoch_00002.npz is damaged" in capsys.readouterr().out
    assert not path.exists()


def test_no_wrong_bit_of_the_list_of_contents_stops_a_run_or_mixes_arrays_up(checkpoints):
    arrays = [np.full((2, 3), 1, np.float32), np.float32(3), np.arange(4, dtype=np.uint32)]
    checkpoints.save(1, arrays, {"history": [0.5]})
    (path,) = checkpoints.folder.glob("epoch_*.npz")
    whole, damaged = path.read_bytes(), 0
    # Behind the arrays, whose bytes have checksums.
    for place in range(whole.index(b"PK\x01\x02"), len(whole)):
        for bit in range(8):
            content = bytearray(whole)
            content[place] ^= 1 << bit
            path.write_bytes(content)
            if (found := checkpoints.load(epochs=3)) is None:
                damaged += 1
                continue
            assert found[2] == {"history": [0.5]}
            for array, copy in zip(arrays, found[1], strict=True):
                assert array.tobytes() == copy.tobytes()
    assert damaged > 1000


def test_a_checkpoint_that_cannot_be_read_by_now_stays(checkpoints, monkeypatch):
    checkpoints.save(2, *state(2))

    def lost(path):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), path)

    with monkeypatch.context() as patched:
        patched.setattr(np, "load", lost)
        with pytest.raises(OSError, match="Stale file handle"):
            checkpoints.load(epochs=3)
    assert checkpoints.load(epochs=3)[0] == 2


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"settings": {"epochs": 20, "batch_size": 32}}, True),
        ({"settings": {"epochs": 3, "batch_size": 64}}, False),
        ({"seed": 1}, False),
        ({"model": "large"}, True),
        ({"architecture": "large"}, False),
        ({"arguments": {"filters": 64}}, False),
        ({"sources": {"architectures/small.py": "1" * 64}}, False),
    ],
)
def test_the_fingerprint_leaves_out_the_number_of_epochs_and_the_key(
    tmp_path, checkpoints, change, same
):
    other = Checkpoints(tmp_path, IDENTITY | change, "data")
    assert (other.folder == checkpoints.folder) is same
    assert Checkpoints(tmp_path, IDENTITY, "other data").folder != checkpoints.folder


def hold(folder, seconds, held):
    with Checkpoints(folder, IDENTITY, "data").locked():
        held.set()
        time.sleep(seconds)


def test_a_second_process_waits_and_says_so(tmp_path, checkpoints, capsys):
    held = multiprocessing.get_context("spawn").Event()
    first = multiprocessing.get_context("spawn").Process(target=hold, args=(tmp_path, 2, held))
    first.start()
    assert held.wait(PATIENCE)
    begun = time.monotonic()
    with checkpoints.locked():
        waited = time.monotonic() - begun
    first.join()
    assert waited > 0.5
    assert "Waiting for another process" in capsys.readouterr().out


def test_a_killed_process_frees_its_lock(tmp_path, checkpoints):
    held = multiprocessing.get_context("spawn").Event()
    first = multiprocessing.get_context("spawn").Process(
        target=hold, args=(tmp_path, 10 * PATIENCE, held)
    )
    first.start()
    assert held.wait(PATIENCE)
    first.kill()
    first.join()
    # Did its holder still have it, this would wait until the test is stopped.
    with checkpoints.locked():
        pass
