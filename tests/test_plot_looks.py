"""The figure of the race for seeds."""

from dataclasses import replace

import pytest

from bakeoff import numbers
from bakeoff.figures.looks import draw_race
from bakeoff.figures.style import house_style
from bakeoff.limits import MOST_SHOWN
from bakeoff.results import Results
from figure_studies import faults_of_layout, make_results, make_study

LOOKS = (3, 5, 8)


def racing(last, names=None):
    """Return the Results of a race; ``last`` are the looks after which models left, or None."""
    study = make_study(models=len(last), seeds=3)
    for entry, name in zip(study["models"], names or [], strict=False):
        entry["name"] = name
    results = make_results(study)
    keys = [entry["model"] for entry in study["models"]]
    estimate = numbers.Estimate(0.01, 0.005, 0.02)
    racers = [
        numbers.Racer(key, look or 3, LOOKS[(look or 3) - 1], look is not None, *told)
        for key, look in zip(keys, last, strict=True)
        for told in [(keys[0] if look else None, estimate if look else None, None, estimate)]
    ]
    looks = [
        numbers.Look(i + 1, seeds, 0.01, len(keys), [r.model for r in racers if r.look == i + 1])
        for i, seeds in enumerate(LOOKS)
    ]
    spent = sum(racer.runs for racer in racers)
    race = numbers.Race(0.05, None, looks, racers, "last look", 0.01, spent, 8 * len(keys))
    return Results(study, replace(results.analysis, looks=race))


def drawn(results):
    with house_style():
        return draw_race(results)


def test_a_row_is_a_model_and_a_dot_a_look_for_which_it_had_seeds():
    figure = drawn(racing([None, None, 2, 1]))
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
    assert "No model left; 16 runs of 16" in drawn(racing([None, None])).get_suptitle()


def test_of_many_models_those_that_lasted_longest_are_shown():
    figure = drawn(racing([None] * 10 + [1] * MOST_SHOWN))
    assert len(figure.axes[0].get_yticklabels()) == MOST_SHOWN
    assert f"Shown: the {MOST_SHOWN} of {MOST_SHOWN + 10}" in figure.get_suptitle()


def test_a_study_without_looks_has_no_such_figure():
    assert drawn(make_results(make_study())) is None


@pytest.mark.parametrize("models", [1, 2, 10, 40])
def test_texts_stay_apart(models):
    long = [f"A model with quite a long name, number {i}" for i in range(models)]
    results = racing([None, *[1 + i % 3 for i in range(models - 1)]], long)
    assert faults_of_layout(drawn(results)) == []
