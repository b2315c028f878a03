"""The forest plot of test accuracies."""

from dataclasses import replace

import pytest
from matplotlib.colors import to_hex

from bakeoff.figures.accuracies import draw_forest
from bakeoff.figures.colours import INK, PAPER, model_colours
from bakeoff.figures.style import house_style
from bakeoff.results import Results
from figure_studies import (
    faults_of_layout,
    make_early_leaver,
    make_results,
    make_study,
    plotted,
    texts_in,
)


def forest(study, accuracies=None, **changes):
    with house_style():
        figure = draw_forest(make_results(study, accuracies, **changes))
    return figure, figure.axes[0]


def marks_of(axes, study):
    """Return the mark of each model, by its colour."""
    colours = model_colours(study)
    marks = {to_hex(line.get_color()): line for line in axes.lines if len(line.get_xdata()) == 1}
    return {model: marks[colour] for model, colour in colours.items() if colour in marks}


def labels_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_models_stand_in_the_order_of_their_accuracy():
    study = make_study(models=3)
    _, axes = forest(study, [0.991, 0.995, 0.993])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Model 2", "Model 3", "Model 1"]
    assert axes.yaxis_inverted()
    rows = {model: mark.get_ydata().item() for model, mark in marks_of(axes, study).items()}
    assert rows == {"model_01": 2, "model_02": 0, "model_03": 1}
    values = [mark.get_xdata().item() for mark in marks_of(axes, study).values()]
    assert values == pytest.approx([99.1, 99.5, 99.3])
    ends = [collection.get_segments()[0][:, 0] for collection in axes.collections]
    assert ends[0] == pytest.approx([99.4, 99.59])
    assert [text.get_text() for text in axes.texts] == [
        "99.50 [99.40, 99.59]",
        "99.30 [99.20, 99.39]",
        "99.10 [99.00, 99.19]",
    ]
    [best] = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert best.get_xdata() == pytest.approx([99.5, 99.5])


def test_the_best_group_is_filled_and_the_others_are_hollow():
    study = make_study(models=3)
    figure, axes = forest(study, [0.990, 0.995, 0.994])
    filled = {
        model: mark.get_markerfacecolor() != PAPER for model, mark in marks_of(axes, study).items()
    }
    assert filled == {"model_01": False, "model_02": True, "model_03": True}
    assert "may be the best" in labels_of(figure)
    assert "the others" in labels_of(figure)
    assert len(axes.patches) == 2, "a shade behind each of the best group"


def test_where_nothing_is_learned_no_model_is_the_best_nor_another():
    study = make_study(models=2)
    results = make_results(study, [0.10, 0.101])
    lost = [replace(model, above_chance=False) for model in results.analysis.models]
    with house_style():
        figure = draw_forest(Results(study, replace(results.analysis, models=lost)))
    assert not [line for line in figure.axes[0].lines if list(line.get_ydata()) == [0, 1]]
    assert labels_of(figure) == ["not shown to beat chance"]


def test_one_model_has_no_group():
    figure, axes = forest(make_study(models=1))
    assert labels_of(figure) == []
    assert not axes.patches


def test_every_seed_has_its_mark():
    study = make_study(models=2, seeds=3)
    figure, axes = forest(study)
    seeds = [line for line in axes.lines if line.get_marker() == "|"]
    assert seeds[0].get_xdata() == pytest.approx([99.04, 99.06, 99.08])
    assert "each seed" in labels_of(figure)
    assert axes.get_title(loc="left").startswith("Mean test accuracy over the seeds")
    figure, axes = forest(make_study(models=2))
    assert "each seed" not in labels_of(figure)
    assert axes.get_title(loc="left") == "Test accuracy with its 95 % interval, MNIST"


def test_published_accuracies_are_shown_beside():
    study = make_study(models=3)
    study["published"] = {
        "called": "the notebook",
        "models": {"model_02": {"test_accuracy": 0.9936}, "elsewhere": {"test_accuracy": 0.5}},
    }
    figure, axes = forest(study, [0.991, 0.992, 0.993])
    drawn = [line for line in axes.lines if line.get_color() == INK and line.get_marker() == "D"]
    assert [(line.get_xdata().item(), line.get_ydata().item()) for line in drawn] == [(99.36, 1)]
    assert "published: the notebook" in labels_of(figure)


def test_a_model_that_is_not_compared_is_said_to_be_so():
    study = make_study(models=2)
    analysis = make_results(study).analysis
    analysis.models[0] = replace(analysis.models[0], standing="not compared")
    with house_style():
        axes = draw_forest(Results(study, analysis)).axes[0]
    assert axes.texts[1].get_text() == "99.00 [98.90, 99.09] not compared"


@pytest.mark.parametrize("diverged", [{"model_01"}, {"model_01", "model_02"}])
def test_diverged_models_are_named(tmp_path, diverged):
    study = make_study(models=2)
    file = plotted(tmp_path, make_results(study, diverged=diverged))["accuracy_forest"]
    texts = texts_in(file)
    expected = "Model 1" if len(diverged) == 1 else "Models 1 and 2"
    assert f"Not shown (diverged): {expected}" in texts
    assert ("Model 2" in texts) == (len(diverged) == 1)


def test_one_odd_model_is_named_at_the_edge_and_does_not_stretch_the_axis():
    study = make_study(models=5)
    _, axes = forest(study, [0.12, 0.991, 0.992, 0.993, 0.994])
    assert axes.get_xlim()[0] > 98
    assert "◄ 12.00 %" in [text.get_text() for text in axes.texts]


def test_seeds_beyond_the_axis_have_an_arrow_at_its_edge_and_are_said():
    study = make_study(models=2, seeds=3)
    analysis = make_results(study, [0.99, 0.991]).analysis
    first = analysis.models[0]
    odd = replace(first.accuracy, by_seed=first.accuracy.by_seed | {1: 0.95})
    analysis.models[0] = replace(first, accuracy=odd)
    with house_style():
        figure = draw_forest(Results(study, analysis))
        assert faults_of_layout(figure) == []
    axes = figure.axes[0]
    [arrow] = [line for line in axes.lines if line.get_marker() in ("<", ">")]
    left = axes.get_xlim()[0]
    assert left > 98
    assert (arrow.get_marker(), arrow.get_xdata().item()) == ("<", pytest.approx(left))
    # The second row: it is beside the marks of that model's seeds.
    assert arrow.get_ydata().item() == pytest.approx(1.28)
    title = " ".join(axes.get_title(loc="left").split())
    assert title.endswith("Beyond the scale (◄): 1 seed of Model 1 (95.00 %)")


def test_no_line_strikes_the_words_of_a_model_beyond_the_axis_through():
    study = make_study(models=5)
    analysis = make_results(study, [0.985, 0.991, 0.992, 0.993, 0.994]).analysis
    far = analysis.models[0].accuracy
    analysis.models[0] = replace(analysis.models[0], accuracy=replace(far, value=0.96, high=0.9925))
    with house_style():
        axes = draw_forest(Results(study, analysis)).axes[0]
    assert "◄ 96.00 %" in [text.get_text() for text in axes.texts]
    rows = [lines.get_segments()[0][0, 1] for lines in axes.collections]
    assert rows == [0, 1, 2, 3]


def test_a_published_accuracy_beyond_the_axis_is_said():
    study = make_study(models=2)
    study["published"] = {"called": "a book", "models": {"model_01": {"test_accuracy": 0.5}}}
    figure, axes = forest(study)
    assert not [line for line in axes.lines if line.get_marker() == "D"]
    assert labels_of(figure) == ["may be the best"]
    title = " ".join(axes.get_title(loc="left").split())
    assert title.endswith("Beyond the scale: 1 published accuracy of Model 1 (50.00 %)")


def test_a_model_that_left_stands_last_whatever_its_accuracy_was():
    results = make_early_leaver()
    with house_style():
        axes = draw_forest(results).axes[0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["Model 2", "Model 1", "Model 3"]
    [best] = [line for line in axes.lines if list(line.get_ydata()) == [0, 1]]
    assert best.get_xdata() == pytest.approx([99.05, 99.05])
