"""The figure of what it would take to be surer."""

from dataclasses import replace

import pytest

from bakeoff.figures.power import draw_power
from bakeoff.figures.style import house_style
from bakeoff.limits import MOST_SHOWN
from bakeoff.numbers import Groups
from bakeoff.results import Results
from figure_studies import faults_of_layout, make_open, make_results, make_study, plotted, texts_in


def drawn(models=4, **fields):
    with house_style():
        return draw_power(make_open(make_results(make_study(models, seeds=3)), **fields))


def marks(axes):
    """Return the places of the marks of an axes, (seeds, height, whether filled) each."""
    lines = [line for line in axes.lines if line.get_marker() not in ("", "None", None)]
    return [
        (
            *(float(values[0]) for values in line.get_data()),
            line.get_markerfacecolor() == line.get_color(),
        )
        for line in lines
    ]


def test_a_mark_is_at_the_seeds_that_show_the_difference_and_a_row_says_what_is_missing():
    needed = {
        "model_03": {"difference": 0.0005, "images": 37_799},
        "model_02": {"difference": -0.002, "seeds": 12, "seconds": 5400.0},
        "model_01": {"difference": 0.0, "seeds_if_largest": None},
        "model_04": {"difference": 0.0012},
    }
    figure = drawn(5, needed=needed)
    curve, rows = figure.axes
    end = rows.get_xlim()[1]
    assert marks(curve) == [
        (end, 0.05, False),
        (12, 0.2, True),
        (end, 0, False),
        (end, 0.12, False),
    ]
    assert marks(rows) == [(end, 0, False), (12, 1, True), (end, 2, False), (end, 3, False)]
    assert [label.get_text() for label in rows.get_yticklabels()] == [
        *("Model 3", "Model 2", "Model 1", "Model 4")
    ]
    assert [text.get_text() for text in rows.texts] == [
        "38,000 test images",
        "12 seeds: 1 h 30 min more",
        "no difference seen",
        "more than 200 seeds",
    ]
    spans = [line.get_segments()[0][:, 0].tolist() for line in rows.collections]
    # From what the end of the interval takes, no fewer seeds than there are.
    assert spans == [[4, end], [4, 12], [end, end], [4, end]]


def test_the_curve_ends_at_what_the_images_allow():
    figure = drawn(needed={})
    (axes,) = figure.axes
    low, high = axes.lines[:2]
    assert low.get_xdata()[0] == 3
    assert low.get_xdata()[-1] >= axes.get_xlim()[1]
    assert low.get_ydata()[0] == pytest.approx(100 * 0.005 / 3**0.5)
    assert (high.get_ydata() > low.get_ydata()).all()
    assert axes.lines[2].get_ydata()[0] == pytest.approx(0.03)
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert labels == [
        "the smallest difference that is shown, by model",
        "with 3 seeds, as now: 0.29 to 0.40 percentage points",
        "with any number of seeds, and 10,000 test images: 0.03 to 0.04 percentage points",
    ]
    assert "No model is too close to call" in " ".join(figure.get_suptitle().split())


def test_who_shares_one_seed_or_none_with_the_best_is_not_told_apart_from_it():
    def title(figure):
        return " ".join(figure.get_suptitle().split())

    assert "No model is too close to call" not in title(drawn(needed={}, one_seed=["model_02"]))


def test_what_two_seeds_hardly_show_does_not_squeeze_the_scale():
    by_seeds = {2: [0.0175, 0.577], 3: [0.0133, 0.0754], 4: [0.011, 0.04], 200: [0.003, 0.008]}
    figure = drawn(by_seeds=by_seeds, needed={"model_01": {"difference": 0.04}})
    curve = figure.axes[0]
    assert 7.6 < curve.get_ylim()[1] < 15
    assert [text.get_text() for text in curve.texts] == ["▲ 57.70"]
    assert not list(drawn().axes[0].texts)
    assert faults_of_layout(figure) == []


def test_seeds_that_not_all_models_have_are_not_called_those_of_now():
    figure = drawn(needed={}, detectable=[0.0182, 0.0399])
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "with 3 seeds of each: 0.29 to 0.40 percentage points" in legend


def test_missing_test_images_are_rounded_up():
    figure = drawn(needed={"model_01": {"images": 2_020}, "model_02": {"images": 95}})
    assert [text.get_text() for text in figure.axes[1].texts] == [
        "2,100 test images",
        "95 test images",
    ]


def test_more_seeds_than_are_usual_fit_on_the_scale():
    figure = drawn(needed={"model_02": {"seeds": 180, "seconds": 1.0}})
    assert figure.axes[1].get_xlim()[1] > 180
    ticks = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert ticks[0] == "3"
    assert "100" in ticks


def test_groups_are_what_is_missing_where_they_are_the_sample():
    results = make_open(make_results(make_study(2, seeds=3)), needed={"model_01": {"images": 41}})
    data = replace(results.data, groups=Groups("patient", 20, 1, 9, 6, 0, 1))
    with house_style():
        figure = draw_power(Results(results.study, replace(results.analysis, data=data)))
    assert [text.get_text() for text in figure.axes[1].texts] == ["41 groups of test images"]
    assert "20 groups of test images" in figure.legends[0].get_texts()[2].get_text()


def test_of_many_models_those_closest_to_the_best_are_shown():
    figure = drawn(MOST_SHOWN + 5)
    assert len(figure.axes[1].get_yticklabels()) == MOST_SHOWN
    assert f"Shown: the {MOST_SHOWN} of {MOST_SHOWN + 4} models" in " ".join(
        figure.get_suptitle().split()
    )


def test_models_with_one_seed_in_common_are_named():
    figure = drawn(needed={}, one_seed=["model_01", "model_02"])
    assert "Not shown (one seed in common with it): Models 1 and 2" in " ".join(
        figure.get_suptitle().split()
    )


@pytest.mark.parametrize("seeds", [1, 3])
def test_where_nothing_is_known_it_says_so_in_a_line(tmp_path, seeds):
    results = make_results(make_study(2, seeds=seeds))
    file = plotted(tmp_path, results)["power"]
    assert texts_in(file) == [
        "Nothing to draw: this takes two models that learned, with two seeds in common."
    ]
    assert draw_power(results) is None
    assert draw_power(make_open(results, by_seeds={})) is None


@pytest.mark.parametrize("models", [1, 2, 10, 40])
def test_texts_stay_apart(models):
    study = make_study(models, seeds=3)
    for number, entry in enumerate(study["models"]):
        entry["name"] = f"A model with quite a long name, number {number}"
    with house_style():
        figure = draw_power(make_open(make_results(study), needed=None))
    assert faults_of_layout(figure) == []
