"""Files are written whole or not at all."""

import json
import resource
import stat
from contextlib import contextmanager

import pytest

from bakeoff.data.prepared import PreparedData
from bakeoff.files import canonical_json, sha256_of, write_atomically
from bakeoff.report.svg import inline_svg
from bakeoff.study.readers import read_predictions


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "new" / "table.csv"
    with write_atomically(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.suffix == ".csv"
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) & 0o400


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("old")

    def fail():
        with write_atomically(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_sha256_of_a_known_text(tmp_path):
    # FIPS 180-2's example, "abc".
    (tmp_path / "abc").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of(tmp_path / "abc") == expected


def test_canonical_json_knows_order_and_values():
    assert canonical_json({"b": 1, "a": [1.0]}) == canonical_json(json.loads('{"a":[1.0],"b":1}'))
    assert canonical_json({"rho": 1, "lr": 2}) != canonical_json({"rho": 2, "lr": 1})
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))


@contextmanager
def no_more_files():
    """Let this process open no file, as where too many are open."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def prepared(file):
    return PreparedData(
        file, (2, 2, 1), "uint8", ["a"], "test", {"test": 1}, 1, {file.name: ""}, "", {}
    )


@pytest.mark.parametrize(
    "read",
    [
        PreparedData.read,
        lambda file: prepared(file).check(),
        lambda file: prepared(file).images("test"),
        lambda file: prepared(file).per_image("test_index"),
        lambda file: inline_svg(file, "A curve."),
        read_predictions,
    ],
)
def test_what_cannot_be_read_by_now_is_not_called_damaged(tmp_path, read):
    file = tmp_path / "data.json"
    for name in ("data.json", "test_images.npy", "per_image.npz"):
        file.with_name(name).write_bytes(b"{}")
    with no_more_files(), pytest.raises(OSError, match=r"^.Errno 24. Too many open files"):
        read(file)
