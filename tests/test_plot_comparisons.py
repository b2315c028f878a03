"""The matrix of differences between models."""

from dataclasses import replace
from itertools import product
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from bakeoff.figures.colours import DARK_PAPER, INK, PAPER, contrast
from bakeoff.figures.comparisons import (
    AHEAD,
    BEHIND,
    OF_ONE_SEED,
    TINT,
    colours_of,
    draw_matrix,
    matrices,
)
from bakeoff.figures.style import house_style
from bakeoff.limits import MOST_DRAWN, MOST_WITH_TEXT
from bakeoff.results import Results
from figure_studies import SVG, make_early_leaver, make_results, make_study, plotted, texts_in

# What the page's text is in dark mode.
LIGHT_INK = "#e6e9ed"


def matrix(results):
    with house_style():
        return draw_matrix(results)


def labels_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_a_cell_is_the_row_minus_the_column():
    study = make_study(models=3)
    figure = matrix(make_results(study, [0.991, 0.995, 0.994]))
    axes = figure.axes[0]
    names = ["Model 2", "Model 3", "Model 1"]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == names
    assert [tick.get_text() for tick in axes.get_xticklabels()] == names
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells == {
        **{(1, 0): "+0.10", (2, 0): "+0.40", (2, 1): "+0.30"},
        **{(0, 1): "−0.10", (0, 2): "−0.40", (1, 2): "−0.30"},
    }


def test_only_differences_that_hold_have_a_colour():
    study = make_study(models=3)
    results = make_results(study, [0.995, 0.994, 0.991])
    order, listed = ["model_01", "model_02", "model_03"], results.analysis.pairs.listed
    # On one seed, networks differ; in a study of models, that says nothing of these.
    assert not matrices(order, listed)[1].any()
    points, told, alone = matrices(order, listed, networks=True)
    assert not alone.any()
    colours = colours_of(points, told, alone)
    assert told.tolist() == [[False, False, True], [False, False, True], [True, True, False]]
    assert colours[0, 1, 3] == colours[1, 0, 3] == 0
    assert colours[0, 2] == pytest.approx([*to_rgb(AHEAD), TINT])
    assert colours[2, 0] == pytest.approx([*to_rgb(BEHIND), TINT])
    # However large a difference is, the tint is the same.
    assert colours[1, 2] == pytest.approx(colours[0, 2])
    assert labels_of(matrix(results)) == [
        "the row's network is more accurate",
        "the column's network is more accurate",
        "not significantly different",
    ]


def test_equal_models_have_no_colour_and_no_sign():
    study = make_study(models=2)
    figure = matrix(make_results(study, [0.99, 0.99]))
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.00", "0.00"]
    assert labels_of(figure) == ["not significantly different"]


def test_a_pair_without_a_common_seed_is_said_to_be_so():
    study = make_study(models=3)
    results = make_results(study)
    del results.analysis.pairs.listed[1]
    figure = matrix(results)
    assert len(figure.axes[0].texts) == 4
    assert "not compared: no seed in common" in labels_of(figure)


def test_a_pair_that_was_in_no_look_is_said_to_be_so():
    results = make_early_leaver()
    del results.analysis.pairs.listed[1]
    labels = labels_of(matrix(results))
    assert "not compared: never in one look with two runs each" in labels


def test_networks_of_one_seed_that_differ_are_not_called_alike():
    study = make_study(models=3, seeds=2)
    results = make_results(study, [0.995, 0.994, 0.991])
    pairs = results.analysis.pairs
    last = pairs.listed[1]
    assert (last.a, last.b) == ("model_01", "model_03")
    pairs.listed[1] = replace(last, comparison=replace(last.comparison, ahead=None))
    points, told, alone = matrices(["model_01", "model_02", "model_03"], pairs.listed)
    assert not told[0, 2]
    assert alone.tolist() == [[False, False, True], [False] * 3, [True, False, False]]
    colours = colours_of(points, told, alone)
    assert colours[0, 2] == pytest.approx([*to_rgb(AHEAD), OF_ONE_SEED])
    assert "the row's network is more accurate, with the one seed in common" in labels_of(
        matrix(results)
    )


def test_text_reads_well_on_the_tints_in_both_modes():
    for colour, (paper, ink) in product((AHEAD, BEHIND), ((PAPER, INK), (DARK_PAPER, LIGHT_INK))):
        mixed = TINT * np.array(to_rgb(colour)) + (1 - TINT) * np.array(to_rgb(paper))
        shown = "#" + "".join(f"{round(255 * part):02x}" for part in mixed)
        assert contrast(shown, ink) >= 4.5


@pytest.mark.parametrize("models", [MOST_WITH_TEXT, MOST_WITH_TEXT + 1, MOST_DRAWN + 1])
def test_many_cells_have_no_text_and_then_are_one_image(tmp_path, models):
    study = make_study(models)
    file = plotted(tmp_path, make_results(study))["comparisons"]
    texts = texts_in(file)
    assert any(text.startswith("+") for text in texts) == (models <= MOST_WITH_TEXT)
    assert texts.count("Model 1") == 2
    images = list(ElementTree.parse(file).iter(f"{SVG}image"))
    assert len(images) == (models > MOST_DRAWN)


def test_where_nothing_is_learned_no_model_is_the_most_accurate():
    study = make_study(models=2)
    results = make_results(study, [0.10, 0.101])
    assert "the most accurate model first" in matrix(results).get_suptitle()
    lost = [replace(model, above_chance=False) for model in results.analysis.models]
    title = matrix(Results(study, replace(results.analysis, models=lost))).get_suptitle()
    assert "most accurate" not in title
    assert "no model is shown to beat chance" in title.replace("\n", " ")


@pytest.mark.parametrize("diverged", [(), ("model_01",), ("model_01", "model_02")])
def test_nothing_to_compare_is_said(tmp_path, diverged):
    study = make_study(models=2 if diverged else 1)
    file = plotted(tmp_path, make_results(study, diverged=diverged))["comparisons"]
    texts = texts_in(file)
    assert "Nothing to compare: fewer than two models finished." in texts
    assert ("Not shown (diverged): Model 1" in texts) == (len(diverged) == 1)


def test_a_model_that_left_stands_last_and_the_title_says_so():
    figure = matrix(make_early_leaver())
    rows = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert rows == ["Model 2", "Model 1", "Model 3"]
    title = " ".join(figure.get_suptitle().split())
    assert title.endswith("the most accurate model first, those that left at a look last")
