"""Tables: typed cells, and one content in text, in Markdown and as data."""

import pytest

from bakeoff import tables as t

TABLE = t.Table(
    ["Model", "Accuracy", "Interval", "Verdict"],
    [
        [t.model("Model | 1"), t.percent(0.99361), t.percent_interval(0.9918, 0.9948), t.text("a")],
        [t.model("Model 2"), t.absent("diverged"), t.BLANK, t.text("")],
    ],
)


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        (t.number(-0.0004), "0.00", -0.0004),
        (t.number(-1.5, 1), "−1.5", -1.5),
        (t.count(37987722), "37,987,722", 37987722),
        (t.percent(0.67, 0), "67 %", 67),
        (t.points(-0.0005), "−0.05", -0.05),
        (t.signed_interval(-0.00116, 0.00193, 5), "[−0.00116, 0.00193]", -0.00116),
        (t.points_interval(-0.0038, 0.0049), "[−0.38, 0.49]", -0.38),
        (t.percent_interval(0.9918, 0.9948), "99.18 to 99.48 %", 99.18),
        (t.percent_interval(0.99998, 0.999999), "99.998 to 99.9999 %", 99.998),
        (t.p_value(0.0004), "< 0.001", 0.0004),
        (t.p_value(0.0996, 0.1), "0.0996", 0.0996),
        (t.text("best"), "best", None),
        (t.absent(), "–", None),
    ],
)
def test_a_cell_shows_its_number_and_knows_it(cell, text, value):
    assert cell.text == text
    assert cell.value == (None if value is None else pytest.approx(value))


def test_a_column_is_of_numbers_or_of_models_by_its_cells():
    assert TABLE.numeric == [False, True, True, False]
    assert TABLE.models == [True, False, False, False]
    # Words that read like numbers, or like a model's name, are words.
    assert t.Table(["a", "b"], [[t.text("1"), t.text("Model 1")]]).numeric == [False, False]
    assert t.Table(["a"], []).numeric == [False]
    assert t.Table(["a", "b"], []).models == [False, False]


def test_text_markdown_and_data_have_the_same_cells():
    data = TABLE.as_data()
    assert data["columns"] == ["Model", "Accuracy", "Interval", "Verdict"]
    assert data["rows"][0] == ["Model | 1", "99.36 %", "99.18 to 99.48 %", "a"]
    assert data["values"][0] == [None, pytest.approx(99.361), pytest.approx(99.18), None]
    assert data["values"][1] == [None] * 4
    assert r"| Model \| 1 | 99.36 % | 99.18 to 99.48 % | a |" in TABLE.as_markdown()
    assert "| Model | 1 |  99.36 % | 99.18 to 99.48 % |       a |" in TABLE.as_text()


def test_what_is_no_number_is_no_value_in_json():
    assert t.Table(["a"], [[t.number(float("nan"))]]).as_data()["values"] == [[None]]


def test_rows_are_filled_up():
    assert t.filled([t.text("a")], 3) == [t.text("a"), t.BLANK, t.BLANK]
