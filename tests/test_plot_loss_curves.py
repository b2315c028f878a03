"""The loss curves: a figure a model, all side by side, all in one."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bakeoff.figures.colours import INK, model_colours
from bakeoff.figures.loss_curves import (
    HIGHLIGHTED,
    draw_model,
    draw_overlay,
    draw_overview,
    legend_entries,
    spread,
)
from bakeoff.figures.style import house_style
from bakeoff.limits import MOST_NAMED
from figure_studies import fabricate, faults_of_layout, histories_of, make_study, texts_in
from plot_loss_curves import plot_loss_curves


def draw_curves_of(folder, study, **fields):
    histories, *_ = fabricate(folder / "in", study, **fields)
    overview, overlay = folder / "loss_overview.svg", folder / "loss_overlay.svg"
    plot_loss_curves(study, histories, folder / "loss", overview, overlay)
    models = [folder / "loss" / f"{entry['model']}.svg" for entry in study["models"]]
    return models, overview, overlay


def lines_of(axes, colour):
    return [line for line in axes.lines if to_hex(line.get_color()) == colour]


def test_one_file_a_model_with_its_name(tmp_path):
    study = make_study(models=3)
    models, overview, overlay = draw_curves_of(tmp_path, study)
    for number, path in enumerate(models, 1):
        texts = texts_in(path)
        assert f"Model {number}: description {number}" in texts
        assert "Log-loss for train and validation, MNIST" in texts
        assert {"epoch", "log-loss", "train", "validation (test set)", "1", "13"} <= set(texts)
        assert not any(f"Model {other}" in " ".join(texts) for other in {1, 2, 3} - {number})
    for path in (overview, overlay):
        assert {"Model 1", "Model 2", "Model 3"} <= set(texts_in(path))
    assert sorted(tmp_path.rglob("*.svg")) == sorted([*models, overview, overlay])


def test_curves_are_the_losses(tmp_path):
    study = make_study(models=2)
    runs = histories_of(tmp_path, study)
    [history] = runs["model_02"]
    axes = draw_model(study, study["models"][1], [history]).axes[0]
    [train] = lines_of(axes, INK)
    [validation] = lines_of(axes, model_colours(study)["model_02"])
    assert train.get_ydata().tolist() == history["loss"].tolist()
    assert validation.get_ydata().tolist() == history["val_loss"].tolist()
    assert not axes.collections, "one seed has no band"


def test_mean_and_band_are_of_the_seeds_that_finished(tmp_path):
    study = make_study(models=1, seeds=3)
    [histories] = histories_of(tmp_path, study, diverged={("model_01", 1)}).values()
    histories[2]["loss"] *= 3
    axes = draw_model(study, study["models"][0], histories).axes[0]
    mean, lost = (line for line in lines_of(axes, INK) if line.get_marker() == ".")
    assert mean.get_linewidth() > lost.get_linewidth()
    first, third = histories[0]["loss"], histories[2]["loss"]
    assert mean.get_ydata() == pytest.approx((first + third) / 2)
    assert lost.get_ydata().tolist()[:3] == [0.5, 0.5, 0.5]
    band = axes.collections[0].get_paths()[0].vertices
    assert {*first} | {*third} <= {*band[:, 1]}
    [cross] = [line for line in axes.lines if line.get_marker() == "x"]
    assert cross.get_xdata() == [4]
    labels = [handle.get_label() for handle in legend_entries(study, histories, INK)]
    assert "diverged (1 of 3)" in labels
    assert "line: mean over the seeds; band: their range" in labels


def test_many_seeds_and_epochs_make_a_small_file(tmp_path):
    study = make_study(models=1, seeds=10)
    [path], *_ = draw_curves_of(tmp_path, study, epochs=40)
    assert path.stat().st_size < 30_000


def test_holdout_is_called_so(tmp_path):
    study = make_study(models=1, validation="holdout")
    [path], overview, _ = draw_curves_of(tmp_path, study, validation="holdout")
    for texts in (texts_in(path), texts_in(overview)):
        assert "validation (holdout)" in texts
        assert "validation (test set)" not in texts


def test_one_epoch_is_visible(tmp_path):
    study = make_study(models=2, seeds=2)
    runs = histories_of(tmp_path, study, epochs=1)
    many = make_study(models=MOST_NAMED + 1)
    for figure in (
        draw_model(study, study["models"][0], runs["model_01"]),
        draw_overview(study, runs),
        draw_overlay(study, runs),
        draw_overlay(many, histories_of(tmp_path, many, epochs=1)),
    ):
        axes = figure.axes[0]
        points = [line for line in axes.lines if line.get_transform() == axes.transData]
        assert points
        assert all(line.get_marker() not in ("", "None", "none", None) for line in points)
        assert axes.get_xticks().tolist() == [1]
        low, high = axes.get_xlim()
        assert low < 1 < high


@pytest.mark.parametrize(
    ("epochs", "ticks"),
    [(2, [1, 2]), (13, [1, 3, 5, 7, 9, 11, 13]), (40, [1, 10, 20, 30, 40])],
)
def test_epoch_ticks_are_whole_and_start_at_one(tmp_path, epochs, ticks):
    study = make_study(models=1)
    [histories] = histories_of(tmp_path, study, epochs=epochs).values()
    axes = draw_model(study, study["models"][0], histories).axes[0]
    assert axes.get_xticks().tolist() == ticks


def test_overview_has_one_scale_that_holds_every_loss(tmp_path):
    study = make_study(models=7)
    runs = histories_of(tmp_path, study)
    runs["model_03"][0]["loss"] *= 100
    with house_style():
        panels = [axes for axes in draw_overview(study, runs).axes if axes.get_visible()]
    assert len(panels) == 7
    assert len({(panel.get_ylim(), panel.get_xlim()) for panel in panels}) == 1
    low, high = panels[0].get_ylim()
    losses = [history[column] for [history] in runs.values() for column in ("loss", "val_loss")]
    assert low < np.min(losses)
    assert np.max(losses) < high
    assert panels[0].get_yscale() == "log"


def test_overlay_shows_each_models_mean_validation_loss(tmp_path):
    study = make_study(models=4, seeds=2)
    runs = histories_of(tmp_path, study, diverged={("model_04", 0), ("model_04", 1)})
    runs["model_02"][1]["val_loss"] *= 3
    with house_style():
        axes = draw_overlay(study, runs).axes[0]
    assert axes.get_yscale() == "log"
    for model, colour in model_colours(study).items():
        drawn = [line for line in lines_of(axes, colour) if len(line.get_xdata()) == 13]
        if model == "model_04":
            assert not drawn
            continue
        expected = (runs[model][0]["val_loss"] + runs[model][1]["val_loss"]) / 2
        assert drawn[0].get_ydata() == pytest.approx(expected)
    assert [text.get_text() for text in axes.texts] == ["Model 1", "Model 3", "Model 2"]
    assert "Not shown (diverged): Model 4" in axes.get_title(loc="left")


def test_of_many_models_the_overlay_names_the_most_accurate(tmp_path):
    study = make_study(models=MOST_NAMED + 5)
    runs = histories_of(tmp_path, study)
    for number, [history] in enumerate(runs.values(), 1):
        history["test_accuracy"] = 0.9 + 0.001 * (number * 7 % 25)
    with house_style():
        axes = draw_overlay(study, runs).axes[0]
    ranked = sorted(range(1, 26), key=lambda number: -(number * 7 % 25))
    expected = {f"Model {number}" for number in ranked[:HIGHLIGHTED]}
    assert {text.get_text() for text in axes.texts} == expected
    curves = [line for line in axes.lines if line.get_transform() == axes.transData]
    assert len(curves) == 25
    assert sum(to_hex(line.get_color()) == INK for line in curves) == 25 - HIGHLIGHTED
    assert f"Named: the {HIGHLIGHTED} with the highest test accuracy" in " ".join(
        axes.get_title(loc="left").split()
    )


def test_curves_without_names_that_lie_above_the_scale_are_said(tmp_path):
    study = make_study(models=MOST_NAMED + 5)
    runs = histories_of(tmp_path, study)
    for number, [history] in enumerate(runs.values()):
        history["test_accuracy"] = 0.9 + 0.001 * number
    with house_style():
        usual = draw_overlay(study, runs).axes[0].get_title(loc="left")
        for model in ("model_01", "model_02"):
            runs[model][0]["val_loss"] += 1000
        title = draw_overlay(study, runs).axes[0].get_title(loc="left")
    assert "Above the scale" not in usual
    assert "Above the scale: 2 models without names" in " ".join(title.split())


def test_everything_diverged_still_draws(tmp_path):
    study = make_study(models=2)
    lost = {metric: [np.nan] for metric in ("loss", "accuracy", "val_loss", "val_accuracy")}
    models, overview, overlay = draw_curves_of(
        tmp_path, study, epochs=1, curves=lost, status="diverged"
    )
    for path in (*models, overview):
        assert any(text.startswith("diverged") for text in texts_in(path))
    assert "Not shown (diverged): Models 1 and 2" in texts_in(overlay)


def test_names_are_shown_as_they_are_written(tmp_path):
    study = make_study(models=1, name="$A_1$ <b> & co", description="x^2 $y$")
    [path], overview, overlay = draw_curves_of(tmp_path, study)
    assert "$A_1$ <b> & co: x^2 $y$" in texts_in(path)
    assert "$A_1$ <b> & co" in texts_in(overview)
    assert "$A_1$ <b> & co" in texts_in(overlay)


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([0.2, 0.5, 0.9], [0.2, 0.5, 0.9]),
        ([0.5, 0.5, 0.5], [0.4, 0.5, 0.6]),
        ([0.0, 0.0, 0.95], [0.0, 0.1, 0.95]),
        ([0.95, 1.0, 1.0], [0.8, 0.9, 1.0]),
    ],
)
def test_labels_are_spread_no_more_than_needed(heights, expected):
    assert spread(heights, 0.1) == pytest.approx(expected)


def test_a_loss_of_zero_is_named_at_the_edge_of_a_logarithmic_scale(tmp_path):
    study = make_study(models=3)
    runs = histories_of(tmp_path, study)
    runs["model_01"][0]["val_loss"] = 0
    with house_style():
        figure = draw_overlay(study, runs)
    [named] = [text for text in figure.axes[0].texts if text.get_text() == "Model 1"]
    assert 0 <= named.get_position()[1] <= 1
    assert not faults_of_layout(figure)


def test_curves_that_end_early_have_their_names_beside_the_others_and_dotted_lines(tmp_path):
    study = make_study(models=6)
    runs = histories_of(tmp_path, study, epochs=12)
    for number in range(1, 6):
        runs[f"model_{number:02d}"] = [h[: 4 + number] for h in runs[f"model_{number:02d}"]]
    with house_style():
        figure = draw_overlay(study, runs)
    assert faults_of_layout(figure) == []
    [axes] = figure.axes
    assert {text.get_position()[0] for text in axes.texts} == {1.04}
    # A whole one would look like a loss.
    leaders = [line for line in axes.lines if line.get_transform() == axes.transAxes]
    dotted = [line for line in leaders if line.is_dashed()]
    assert len(dotted) == 5
    ends = axes.transLimits.transform([(5, axes.get_ylim()[0])])[:, 0]
    assert min(line.get_xdata()[0] for line in dotted) == pytest.approx(ends[0])


def test_no_legend_lies_on_a_curve_and_no_label_in_the_legend(tmp_path):
    study = make_study(models=4, seeds=2)
    runs = histories_of(tmp_path, study, diverged={("model_01", 1)})
    with house_style():
        model = draw_model(study, study["models"][0], runs["model_01"])
        overview = draw_overview(study, runs)
    for figure in (model, overview):
        assert faults_of_layout(figure) == []
        [legend] = figure.legends
        top = legend.get_window_extent().y1
        assert all(axes.get_window_extent().y0 >= top for axes in figure.axes)
    panels = [axes.get_window_extent() for axes in overview.axes]
    label = overview._supylabel.get_window_extent()
    assert label.y0 > overview.legends[0].get_window_extent().y1
    assert label.y1 < max(panel.y1 for panel in panels) + 10


def test_one_odd_loss_does_not_stretch_the_scale(tmp_path):
    study = make_study(models=5)
    runs = histories_of(tmp_path, study, epochs=12)
    for history in runs["model_02"]:
        history["val_loss"] += 1000
    with house_style():
        overlay, overview = draw_overlay(study, runs).axes[0], draw_overview(study, runs)
    assert overlay.get_ylim()[1] < 100
    assert [text for text in overlay.texts if text.get_text().startswith("Model 2: 1e+03 ▲")]
    assert [t.get_text() for t in overview.axes[1].texts] == ["▲ 1e+03"]
    assert not overview.axes[0].texts
