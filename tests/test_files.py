"""Files are written whole or not at all."""

import json
import stat

import pytest

from bakeoff.files import canonical_json, sha256_of, write_atomically


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
