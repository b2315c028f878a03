"""The reliability diagrams."""

from dataclasses import replace

import pytest
from matplotlib.colors import to_hex

from bakeoff.figures.calibration import diameter, draw_reliability
from bakeoff.figures.colours import model_colours
from bakeoff.figures.style import house_style
from figure_studies import make_results, make_study, plotted, texts_in


def dots_of(axes):
    """Return the collection of a panel's points: lines without length."""
    [dots] = [
        collection
        for collection in axes.collections
        if all((segment[0] == segment[1]).all() for segment in collection.get_segments())
    ]
    return dots


def test_points_are_the_bins_that_hold_answers():
    study = make_study(models=2)
    with house_style():
        panels = draw_reliability(make_results(study)).axes
    for axes, colour in zip(panels, model_colours(study).values(), strict=True):
        dots = dots_of(axes)
        places = [tuple(segment[0]) for segment in dots.get_segments()]
        assert places == [pytest.approx((55, 200 / 3)), pytest.approx((99.8, 99.3))]
        assert list(dots.get_linewidth()) == pytest.approx([diameter(3), diameter(9997)])
        assert {to_hex(shown) for shown in dots.get_color()} == {colour}
        gaps = axes.collections[0].get_segments()
        assert gaps[0][:, 1] == pytest.approx([55, 200 / 3]), "from promise to accuracy"
        low, high = axes.get_ylim()
        assert low < 0
        assert high > 100


def test_a_point_grows_with_its_answers_and_one_answer_is_seen():
    assert diameter(1) >= 1
    assert diameter(1) < diameter(100) < diameter(10_000) < 12


def test_every_model_has_a_panel_with_its_error(tmp_path):
    study = make_study(models=7)
    file = plotted(tmp_path, make_results(study, diverged={"model_03"}))["reliability"]
    texts = texts_in(file)
    assert {f"Model {number}" for number in range(1, 8)} <= set(texts)
    assert texts.count("ECE 1.23") == 6
    assert texts.count("diverged") == 1
    assert {"1 prediction", "100 predictions", "accuracy as promised"} <= set(texts)
    assert "10,000 predictions" not in texts, "no bin holds as many"


def test_an_error_within_chance_is_said_to_be(tmp_path):
    study = make_study(models=2)
    results = make_results(study)
    within = replace(results.analysis.models[0].calibration, limit=0.02)
    results.analysis.models[0] = replace(results.analysis.models[0], calibration=within)
    file = plotted(tmp_path, results)["reliability"]
    texts = texts_in(file)
    assert texts.count("ECE 1.23, within chance") == 1
    assert texts.count("ECE 1.23") == 1


def test_everything_diverged_still_draws(tmp_path):
    study = make_study(models=2)
    results = make_results(study, diverged={"model_01", "model_02"})
    file = plotted(tmp_path, results)["reliability"]
    assert texts_in(file).count("diverged") == 2
