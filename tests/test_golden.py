"""How findings are worded: one study's conclusions, whole."""

from golden_study import GOLDEN, golden_conclusions


def test_conclusions_are_worded_as_they_were():
    kept = GOLDEN.read_text(encoding="utf-8")
    assert golden_conclusions().splitlines() == kept.splitlines(), "if that is meant: make golden"
