"""The figure of the race for seeds."""

import pytest

from bakeoff.figures.drawn import OF_NUMBERS
from bakeoff.figures.looks import draw_race
from bakeoff.figures.style import house_style
from bakeoff.limits import MOST_SHOWN
from figure_studies import faults_of_layout, make_open, make_race, make_results, make_study


def drawn(results):
    with house_style():
        return draw_race(results)


def test_a_row_is_a_model_and_a_dot_a_look_for_which_it_had_seeds():
    figure = drawn(make_race([None, None, 2, 1]))
    (axes,) = figure.axes
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows == ["Model 1", "Model 2", "Model 3", "Model 4"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["3", "5", "8"]
    dots = [line for line in axes.lines if len(set(line.get_ydata())) == 1]
    last = {
        row: max(max(x.get_xdata()) for x in dots if x.get_ydata()[0] == row) for row in range(4)
    }
    assert last == {0: 2, 1: 2, 2: 1, 3: 0}
    notes = [text.get_text() for text in axes.texts]
    assert notes == ["stayed", "stayed", "worse than Model 1", "worse than Model 1"]
    assert "24 runs of 32" in figure.get_suptitle()


def test_where_no_model_left_it_says_so():
    assert "No model left; 16 runs of 16" in drawn(make_race([None, None])).get_suptitle()


def test_of_many_models_those_that_lasted_longest_are_shown():
    figure = drawn(make_race([None] * 10 + [1] * MOST_SHOWN))
    assert len(figure.axes[0].get_yticklabels()) == MOST_SHOWN
    assert f"Shown: the {MOST_SHOWN} of {MOST_SHOWN + 10}" in figure.get_suptitle()


def test_a_study_without_looks_has_no_such_figure():
    assert drawn(make_results(make_study())) is None


def test_a_study_has_either_the_race_or_what_more_seeds_would_show():
    with house_style():
        for results, figure in (
            (make_race([None, 1]), "seeds"),
            (make_open(make_results(make_study(seeds=3))), "power"),
        ):
            drawn = {name for name, draw in OF_NUMBERS.items() if draw(results)}
            assert drawn == {"accuracy_forest", "comparisons", "reliability", figure}


@pytest.mark.parametrize("models", [1, 2, 10, 40])
def test_texts_stay_apart(models):
    long = [f"A model with quite a long name, number {i}" for i in range(models)]
    results = make_race([None, *[1 + i % 3 for i in range(models - 1)]], long)
    assert faults_of_layout(drawn(results)) == []


def test_the_note_of_a_model_that_left_names_a_row():
    # None of these can be told apart by words, nor are all of them beside each other.
    names = ["あ" * 20 + "い" * number + "う" * 20 for number in range(4)]
    (axes,) = drawn(make_race([None, 2, 1, 1], names)).axes
    rows = {label.get_text() for label in axes.get_yticklabels()}
    named = {text.get_text().removeprefix("worse than ") for text in axes.texts[1:]}
    assert len(rows) == 4
    assert named <= rows
