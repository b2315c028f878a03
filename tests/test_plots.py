"""The figures: what they show, as text and as curves, and their bytes."""

from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from bakeoff.figures import TRAIN_COLOUR, VALIDATION_COLOUR, house_style, log_ticks
from bakeoff.tables import read_history, read_summary, trainings_of
from collect_results import collect_results
from fabricated_study import fabricate_training
from plot_loss_curves import draw_model, draw_overview, legend_entries, plot_loss_curves
from plot_tradeoffs import draw_tradeoff, plot_tradeoffs

SVG = "{http://www.w3.org/2000/svg}"


def make_study(models=3, seeds=1, validation="test", **names):
    return {
        "title": "A made-up study",
        "dataset": {"name": "mnist", "title": "MNIST", "validation": validation},
        "models": [
            {
                "model": f"model_{number:02d}",
                "name": f"Model {number}",
                "description": f"description {number}",
                "family": "none",
            }
            | names
            for number in range(1, models + 1)
        ],
        "seeds": list(range(seeds)),
        "unfinished": [],
    }


def fabricate(folder, study, diverged=(), **fields):
    """Make all trainings of ``study``; return paths of histories, cards and predictions."""
    folders = []
    for model, seed in trainings_of(study):
        number = int(model[-2:])
        made = {
            "accuracy": 0.98 + 0.001 * number + 0.0005 * seed,
            "parameters": 500_000 * number,
            "multiply_adds": 3_000_000 * number**2,
        } | fields
        if (model, seed) in diverged:
            lost = [*[0.5] * 3, np.nan]
            curves = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), lost)
            made |= {"epochs": 4, "curves": curves, "status": "diverged"}
        folders.append(fabricate_training(folder, model, seed, **made))
    names = ("history.csv", "card.json", "predictions.npz")
    return [[training / name for training in folders] for name in names]


def summarise(folder, study, **fields):
    files = fabricate(folder, study, **fields)
    paths = [folder / name for name in ("runs.csv", "summary.csv", "summary.txt", "summary.md")]
    collect_results(study, *files, *paths)
    return paths[1]


def draw_curves_of(folder, study, **fields):
    histories, *_ = fabricate(folder / "in", study, **fields)
    models = [folder / f"loss_{entry['model']}.svg" for entry in study["models"]]
    overview = folder / "loss_overview.svg"
    plot_loss_curves(study, histories, models, overview)
    return models, overview


def texts_in(path):
    return ["".join(text.itertext()) for text in ElementTree.parse(path).iter(f"{SVG}text")]


def histories_of(folder, study, **fields):
    paths, *_ = fabricate(folder, study, **fields)
    runs = {entry["model"]: [] for entry in study["models"]}
    for (model, seed), path in zip(trainings_of(study), paths, strict=True):
        runs[model].append(read_history(path, model, seed))
    return runs


def test_one_file_a_model_with_its_name(tmp_path):
    study = make_study(models=3)
    models, overview = draw_curves_of(tmp_path, study)
    for number, path in enumerate(models, 1):
        texts = texts_in(path)
        assert f"Model {number}: description {number}" in texts
        assert "Log-loss for train and validation, MNIST" in texts
        assert {"epoch", "log-loss", "train", "validation (test set)", "1", "13"} <= set(texts)
        assert not any(f"Model {other}" in " ".join(texts) for other in {1, 2, 3} - {number})
    assert {"Model 1", "Model 2", "Model 3"} <= set(texts_in(overview))
    assert sorted(tmp_path.glob("*.svg")) == sorted([*models, overview])


def test_curves_are_the_losses(tmp_path):
    study = make_study(models=1)
    [[history]] = histories_of(tmp_path, study).values()
    axes = draw_model(study, study["models"][0], [history]).axes[0]
    drawn = {line.get_color(): line.get_ydata() for line in axes.lines}
    assert drawn[TRAIN_COLOUR].tolist() == history["loss"].tolist()
    assert drawn[VALIDATION_COLOUR].tolist() == history["val_loss"].tolist()


def test_mean_over_the_seeds_that_finished(tmp_path):
    study = make_study(models=1, seeds=3)
    [histories] = histories_of(tmp_path, study, diverged={("model_01", 1)}).values()
    histories[2]["loss"] *= 3
    axes = draw_model(study, study["models"][0], histories).axes[0]
    train = [line for line in axes.lines if line.get_color() == TRAIN_COLOUR]
    assert len(train) == 4
    thick = max(train, key=lambda line: line.get_linewidth())
    expected = (histories[0]["loss"] + histories[2]["loss"]) / 2
    assert thick.get_ydata() == pytest.approx(expected.to_numpy())
    [cross] = [line for line in axes.lines if line.get_marker() == "x"]
    assert cross.get_xdata() == [4]
    labels = [handle.get_label() for handle in legend_entries(study, histories)]
    assert "diverged (1 of 3)" in labels
    assert "thin: each seed; thick: their mean" in labels


def test_holdout_is_called_so(tmp_path):
    study = make_study(models=1, validation="holdout")
    [path], overview = draw_curves_of(tmp_path, study, validation="holdout")
    for texts in (texts_in(path), texts_in(overview)):
        assert "validation (holdout)" in texts
        assert "validation (test set)" not in texts


def test_one_epoch_is_visible(tmp_path):
    study = make_study(models=2, seeds=2)
    runs = histories_of(tmp_path, study, epochs=1)
    for figure in (
        draw_model(study, study["models"][0], runs["model_01"]),
        draw_overview(study, runs),
    ):
        axes = figure.axes[0]
        assert all(line.get_marker() not in ("", "None", None) for line in axes.lines)
        assert axes.get_xticks().tolist() == [1]
        low, high = axes.get_xlim()
        assert low < 1 < high


@pytest.mark.parametrize(
    ("epochs", "ticks"),
    [(2, [1, 2]), (13, [1, 3, 5, 7, 9, 11, 13]), (40, [1, 5, 10, 15, 20, 25, 30, 35, 40])],
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
    losses = pd.concat([h for [h] in runs.values()])[["loss", "val_loss"]]
    assert low < losses.min(axis=None)
    assert losses.max(axis=None) < high
    assert panels[0].get_yscale() == "log"


def test_everything_diverged_still_draws(tmp_path):
    study = make_study(models=2)
    lost = {metric: [np.nan] for metric in ("loss", "accuracy", "val_loss", "val_accuracy")}
    models, overview = draw_curves_of(tmp_path, study, epochs=1, curves=lost, status="diverged")
    for path in (*models, overview):
        assert any(text.startswith("diverged") for text in texts_in(path))


def faults_of_layout(figure):
    """Return the pairs of texts that overlap, and the texts that the figure's edge cuts."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    visible = [axes for axes in figure.axes if axes.get_visible()]
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in visible:
        texts += axes.findobj(Text)
    # Ticks beyond the limits have labels that are never drawn.
    undrawn = [
        tick.label1
        for axes in visible
        for axis in (axes.xaxis, axes.yaxis)
        for tick in axis.get_major_ticks()
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    ]
    boxes = {
        text: text.get_window_extent(renderer)
        for text in dict.fromkeys(texts)
        if text.get_text() and text.get_visible() and text not in undrawn
    }
    overlapping = [
        (one.get_text(), other.get_text())
        for one, other in combinations(boxes, 2)
        if boxes[one].overlaps(boxes[other])
    ]
    width, height = canvas.get_width_height()
    cut = [
        text.get_text()
        for text, box in boxes.items()
        if box.x0 < 0 or box.y0 < 0 or box.x1 > width or box.y1 > height
    ]
    return overlapping + cut


@pytest.mark.parametrize(("models", "seeds"), [(1, 1), (3, 5), (10, 1), (12, 2)])
def test_no_text_overlaps_or_is_cut(tmp_path, models, seeds):
    wordy = "a rather long description that says at length what this architecture tries"
    study = make_study(models, seeds, description=wordy)
    summary = read_summary(summarise(tmp_path, study, epochs=13), study)
    runs = histories_of(tmp_path, study, diverged={("model_01", 1)})
    with house_style():
        figures = [
            draw_model(study, study["models"][0], runs["model_01"]),
            draw_overview(study, runs),
            draw_tradeoff(study, summary, "parameters"),
            draw_tradeoff(study, summary, "multiply_adds"),
        ]
        assert [faults_of_layout(figure) for figure in figures] == [[], [], [], []]


def test_labels_of_equal_models_do_not_overlap(tmp_path):
    study = make_study(models=8)
    summary = read_summary(summarise(tmp_path, study, parameters=1_000_000, accuracy=0.99), study)
    with house_style():
        assert faults_of_layout(draw_tradeoff(study, summary, "parameters")) == []


def test_tradeoffs_name_every_model_and_their_bars(tmp_path):
    study = make_study(models=4)
    summary = summarise(tmp_path, study, images=2000)
    figures = tmp_path / "parameters.svg", tmp_path / "multiply_adds.svg"
    plot_tradeoffs(study, summary, *figures)
    for path, cost in zip(figures, ("parameters", "multiply-adds"), strict=True):
        texts = texts_in(path)
        assert {"Model 1", "Model 2", "Model 3", "Model 4"} <= set(texts)
        assert f"Test accuracy against {cost}, MNIST" in texts
        assert "Points: one seed. Bars: 95 % Wilson interval for 2,000 test images" in texts


def test_tradeoff_points_stand_where_they_should(tmp_path):
    study = make_study(models=3)
    summary = read_summary(summarise(tmp_path, study), study)
    axes = draw_tradeoff(study, summary, "multiply_adds").axes[0]
    points = next(line for line in axes.lines if line.get_marker() == "o")
    assert points.get_xdata().tolist() == [3e6, 12e6, 27e6]
    assert points.get_ydata() == pytest.approx([98.1, 98.2, 98.3])
    assert axes.get_xscale() == "log"
    low, high = axes.get_ylim()
    assert 95 < low < 98.1 < 98.3 < high <= 100


def test_models_without_a_point_are_named(tmp_path):
    study = make_study(models=3)
    not_counted = summarise(tmp_path, study, diverged={("model_02", 0)})
    table = pd.read_csv(not_counted)
    table.loc[2, "multiply_adds"] = np.nan
    table.to_csv(not_counted, index=False)
    figure = draw_tradeoff(study, read_summary(not_counted, study), "multiply_adds")
    title = figure.axes[0].get_title(loc="left") + figure.axes[0].get_title()
    assert "Not shown (diverged or without multiply-adds): Model 2, Model 3" in title
    plot_tradeoffs(
        study,
        summarise(tmp_path, study, diverged=set(trainings_of(study))),
        tmp_path / "a.svg",
        tmp_path / "b.svg",
    )
    assert any("Model 1, Model 2, Model 3" in text for text in texts_in(tmp_path / "a.svg"))


@pytest.mark.parametrize("seeds", [1, 3])
def test_tradeoff_bars_are_the_summarys_intervals(tmp_path, seeds):
    study = make_study(models=3, seeds=seeds)
    summary = read_summary(summarise(tmp_path, study), study)
    axes = draw_tradeoff(study, summary, "parameters").axes[0]
    (bars,) = (c for c in axes.collections if len(c.get_segments()) == 3)
    low, high = np.array([segment[:, 1] for segment in bars.get_segments()]).T
    assert low == pytest.approx(100 * summary["test_accuracy_low"].to_numpy())
    assert high == pytest.approx(100 * summary["test_accuracy_high"].to_numpy())
    assert (low < 100 * summary["test_accuracy"]).all()


def test_equal_input_makes_equal_bytes(tmp_path):
    study = make_study(models=3, seeds=2)
    once, again = (draw_curves_of(tmp_path / part, study) for part in ("once", "again"))
    for one, other in zip([*once[0], once[1]], [*again[0], again[1]], strict=True):
        assert one.read_bytes() == other.read_bytes()
    summary = summarise(tmp_path, study)
    paths = [tmp_path / f"{number}.svg" for number in range(4)]
    plot_tradeoffs(study, summary, *paths[:2])
    plot_tradeoffs(study, summary, *paths[2:])
    assert paths[0].read_bytes() == paths[2].read_bytes()
    assert paths[1].read_bytes() == paths[3].read_bytes()


def test_names_are_shown_as_they_are_written(tmp_path):
    study = make_study(models=1, name="$A_1$ <b> & co", description="x^2 $y$")
    [path], overview = draw_curves_of(tmp_path, study)
    assert "$A_1$ <b> & co: x^2 $y$" in texts_in(path)
    assert "$A_1$ <b> & co" in texts_in(overview)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (6.4e5, 3.8e7, [5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7]),
        (0.1, 0.1, [0.05, 0.1, 0.2]),
        (0.011, 0.019, [0.01, 0.02]),
        (3e-5, 2.0, [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10]),
    ],
)
def test_log_ticks_enclose_the_range(low, high, ticks):
    assert log_ticks(low, high) == ticks
