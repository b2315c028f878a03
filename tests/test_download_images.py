import gzip
import os
import time
from pathlib import Path

import pytest

from bakeoff import joblog
from bakeoff.data.checksums import checksum_of_file
from bakeoff.data.download import download_files
from bakeoff.errors import StudyError
from bakeoff.files import sha256_of
from loopback_mirror import busy_at_first, change, loopback_mirror, stall, truncate

NAMES = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
]
REAL_MNIST = Path(__file__).parents[2] / "shared" / "mnist"
NOBODY_LISTENS = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def originals(tmp_path):
    folder = tmp_path / "originals"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        noise = os.urandom(50_000 + number)
        (folder / name).write_bytes(gzip.compress(noise))
    return folder


@pytest.fixture
def sums(originals):
    return {name: sha256_of(originals / name) for name in NAMES}


@pytest.fixture
def target(tmp_path):
    return tmp_path / "resources" / "mnist"


def fetch(sums, mirrors, target, attempts=1, timeout=5.0):
    checksums = {name: f"sha256:{checksum}" for name, checksum in sums.items()}
    download_files(checksums, [str(mirror) for mirror in mirrors], target, attempts, timeout)


def failure(sums, mirrors, target, **settings):
    with pytest.raises(StudyError) as caught:
        fetch(sums, mirrors, target, **settings)
    message = str(caught.value)
    assert "\n" not in message
    return message


def assert_whole(target, originals):
    assert sorted(file.name for file in target.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert (target / name).read_bytes() == (originals / name).read_bytes()


def leftovers(target):
    return list(target.iterdir()) if target.exists() else []


def test_fetches_the_four_files_over_http(originals, sums, target, capsys):
    with loopback_mirror(originals) as mirror:
        fetch(sums, [mirror.address], target)
    assert_whole(target, originals)
    assert mirror.requested == NAMES
    size = (originals / NAMES[0]).stat().st_size
    output = capsys.readouterr()
    assert f"{NAMES[0]}: {size:,} bytes from {mirror.address}" in output.out.splitlines()
    assert len(output.out.splitlines()) == len(NAMES)
    assert output.err == "", "no bar where no terminal is"


def test_address_may_lack_the_final_slash_and_have_a_path(originals, sums, target):
    with loopback_mirror(originals.parent) as mirror:
        fetch(sums, [mirror.address + originals.name], target)
    assert_whole(target, originals)


def test_files_are_as_readable_as_others(originals, sums, target):
    fetch(sums, [originals], target)
    plain = target / "plain"
    plain.touch()
    assert (target / NAMES[0]).stat().st_mode == plain.stat().st_mode


def test_draws_a_bar_on_a_terminal(originals, sums, target, monkeypatch):
    pty = pytest.importorskip("pty", reason="needs a pseudo-terminal")
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, loopback_mirror(originals) as mirror:
        monkeypatch.setattr(joblog, "_console", terminal)
        fetch({NAMES[0]: sums[NAMES[0]]}, [mirror.address], target)
        drawn = os.read(ours, 100_000).decode()
    os.close(ours)
    assert f"\r{NAMES[0]}:   0%|" in drawn
    assert "/50.0k [" in drawn, "the size that the mirror announced"


@pytest.mark.parametrize("write", [str, lambda folder: folder.as_uri()], ids=["path", "file://"])
def test_a_local_folder_is_a_mirror(originals, sums, target, write):
    fetch(sums, [write(originals)], target)
    assert_whole(target, originals)


def test_a_local_folder_may_begin_at_home(originals, sums, target, monkeypatch):
    monkeypatch.setenv("HOME", str(originals.parent))
    monkeypatch.setenv("USERPROFILE", str(originals.parent))
    fetch(sums, [f"~/{originals.name}"], target)
    assert_whole(target, originals)


def test_a_good_file_is_not_fetched_again_and_a_bad_one_is(originals, sums, target):
    target.mkdir(parents=True)
    (target / NAMES[0]).write_bytes((originals / NAMES[0]).read_bytes())
    (target / NAMES[1]).write_bytes(b"half")
    with loopback_mirror(originals) as mirror:
        fetch(sums, [mirror.address], target)
    assert mirror.requested == NAMES[1:]
    assert_whole(target, originals)


def test_goes_on_with_the_next_mirror_and_stays_there(originals, sums, target, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    with loopback_mirror(tmp_path / "empty") as broken, loopback_mirror(originals) as good:
        fetch(sums, [broken.address, good.address], target, attempts=3)
    assert_whole(target, originals)
    assert broken.requested == NAMES[:1], "a 404 is asked for once, and the next file elsewhere"
    assert good.requested == NAMES
    assert f"{NAMES[0]}: {broken.address}: HTTP status 404" in capsys.readouterr().out


def test_a_file_may_come_from_an_earlier_mirror_again(originals, sums, target, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, names in ((first, NAMES[1:]), (second, NAMES[:1])):
        folder.mkdir()
        for name in names:
            (folder / name).write_bytes((originals / name).read_bytes())
    fetch(sums, [first, second], target)
    assert_whole(target, originals)


def test_tries_again_where_a_failure_may_pass(originals, sums, target):
    one = {NAMES[0]: sums[NAMES[0]]}
    with loopback_mirror(originals, busy_at_first) as mirror:
        fetch(one, [mirror.address], target, attempts=2)
    assert mirror.requested == [NAMES[0]] * 2
    assert sha256_of(target / NAMES[0]) == sums[NAMES[0]]


@pytest.mark.parametrize("fault", [truncate, change])
def test_makes_as_many_attempts_as_asked(originals, sums, target, fault):
    with loopback_mirror(originals, fault) as mirror:
        failure(sums, [mirror.address], target, attempts=2)
    assert mirror.requested == [NAMES[0]] * 2


def test_says_what_each_mirror_sent_and_the_ways_out(originals, sums, target, tmp_path):
    size = (originals / NAMES[0]).stat().st_size
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / NAMES[0]).write_bytes(b"<html>Please log in</html>")
    with (
        loopback_mirror(tmp_path) as without,
        loopback_mirror(originals, truncate) as truncated,
        loopback_mirror(originals, stall) as stalled,
        loopback_mirror(originals, change) as changed,
    ):
        message = failure(
            sums,
            [
                *(mirror.address for mirror in (without, truncated, stalled, changed)),
                NOBODY_LISTENS,
                tmp_path / "nowhere",
                tmp_path,
                wrong,
            ],
            target,
            timeout=0.5,
        )
    assert message.startswith(f"config: data.mirrors: no mirror gave {NAMES[0]}")
    assert f"{without.address}: HTTP status 404" in message
    assert f"{truncated.address}: truncated, {size // 2:,} of {size:,} bytes" in message
    assert f"{stalled.address}: timed out after 0.5 s" in message
    assert f"{changed.address}: wrong sha256, expected {sums[NAMES[0]]}, got " in message
    assert f"{NOBODY_LISTENS}: Connection refused" in message
    assert f"{tmp_path / 'nowhere'}: no such folder" in message
    assert f"{tmp_path}: the folder does not hold this file" in message
    assert f"got {sha256_of(wrong / NAMES[0])} (26 bytes)" in message
    for way_out in ("another mirror in data.mirrors", "local folder", "make demo"):
        assert way_out in message
    assert leftovers(target) == []


def test_where_all_mirrors_give_another_file_its_checksum_may_be_the_right_one(
    originals, sums, target
):
    other = sums | {NAMES[0]: "0" * 64}
    message = failure(other, [originals, originals.as_uri()], target)
    assert message.startswith(f"config: data.sha256.{NAMES[0]}: no mirror gave a file with this")
    assert message.count(f"got {sums[NAMES[0]]} ") == 2
    assert (
        "if the file they gave is the one that is meant, give its checksum here; other" in message
    )
    assert "name another mirror in data.mirrors" in message


def test_an_md5_will_do(originals, target, tmp_path):
    checksums = {name: checksum_of_file(originals / name, "md5") for name in NAMES}
    download_files(checksums, [str(originals)], target, attempts=1, timeout=5)
    assert_whole(target, originals)
    download_files(checksums, [str(tmp_path / "none")], target, attempts=1, timeout=5)

    given = checksums[NAMES[0]].removeprefix("md5:")
    with pytest.raises(StudyError) as caught:
        download_files(checksums | {NAMES[0]: "md5:" + "0" * 32}, [str(originals)], target, 1, 5)
    message = str(caught.value)
    assert message.startswith(f"config: data.md5.{NAMES[0]}: no mirror gave a file with this")
    assert f"wrong md5, expected {'0' * 32}, got {given} (" in message


def test_a_stalled_transfer_is_given_up_in_time(originals, sums, target):
    start = time.monotonic()
    with loopback_mirror(originals, stall) as mirror:
        failure(sums, [mirror.address], target, timeout=0.5)
    assert 0.5 <= time.monotonic() - start < 10


@pytest.mark.parametrize("fault", [truncate, stall, change])
def test_a_failure_leaves_no_half_file_and_keeps_what_stood_there(originals, sums, target, fault):
    target.mkdir(parents=True)
    (target / NAMES[0]).write_bytes(b"before")
    with loopback_mirror(originals, fault) as mirror:
        failure(sums, [mirror.address], target, timeout=0.5)
    assert leftovers(target) == [target / NAMES[0]]
    assert (target / NAMES[0]).read_bytes() == b"before"


def test_an_address_without_a_host_is_one_line(sums, target):
    assert "http://: Invalid URL" in failure(sums, ["http://"], target)


@pytest.mark.skipif(not REAL_MNIST.is_dir(), reason="needs the real MNIST beside the repository")
def test_fetches_the_real_files_over_http(target):
    sums = {name: sha256_of(REAL_MNIST / name) for name in NAMES}
    with loopback_mirror(REAL_MNIST) as mirror:
        fetch(sums, [mirror.address], target)
    assert {name: sha256_of(target / name) for name in NAMES} == sums
