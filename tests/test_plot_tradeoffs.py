"""Test accuracy against size, computation and time."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bakeoff.figures.colours import model_colours
from bakeoff.figures.style import house_style, new_figure
from bakeoff.figures.tradeoffs import (
    COSTS,
    _apart,
    _faults,
    _rectangles,
    draw_tradeoff,
    front_line,
    pareto_front,
)
from bakeoff.limits import MOST_NAMED
from bakeoff.results import Results, read_results
from bakeoff.study.readers import read_summary, runs_in
from fabricated_study import fabricate_data, fabricate_run
from figure_studies import (
    collect,
    collect_files,
    fabricate,
    faults_of_layout,
    make_race,
    make_study,
    texts_in,
)
from plot_tradeoffs import plot_tradeoffs

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[1]
MOVED = [
    {"device": device, "threads": 2, "versions": {}, "first_epoch": first, "runs": 1}
    | {"seconds": 1.0}
    for device, first in (("CPU: made up", 1), ("CPU: another", 5))
]


def title_of(axes):
    """Return a title on one line."""
    return " ".join(axes.get_title(loc="left").split())


def draw(folder, study, cost, **fields):
    return draw_collected(study, *collect(folder, study, **fields), cost)


def draw_collected(study, analysis, summary, cost):
    with house_style():
        return draw_tradeoff(read_results(analysis, study), read_summary(summary, study), cost)


def texts_of(axes):
    return {text.get_text() for text in axes.texts}


def test_every_figure_names_every_model_and_its_bars(tmp_path):
    study = make_study(models=4)
    figures = [tmp_path / f"{cost}.svg" for cost in COSTS]
    plot_tradeoffs(study, *collect(tmp_path, study, images=2000), *figures)
    names = "parameters", "multiply-adds", "training time", "latency"
    for path, cost in zip(figures, names, strict=True):
        texts = texts_in(path)
        assert {"Model 1", "Model 2", "Model 3", "Model 4"} <= set(texts)
        assert f"Test accuracy against {cost}, MNIST" in texts
        assert "Points: one seed. Bars: 95 % Wilson interval for 2,000 test images" in " ".join(
            texts
        )


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        (1, "Points: one seed. Bars: 95 % Wilson interval for 50 groups of images"),
        (2, "Points: mean over seeds. Bars: 95 % interval, of seeds and groups"),
    ],
)
def test_bars_take_groups_of_images_for_the_sample(tmp_path, seeds, said):
    study = make_study(models=2, seeds=seeds)
    data = fabricate_data(tmp_path, groups=np.arange(1000) % 50)
    collected = collect_files(tmp_path, study, fabricate(tmp_path, study), data)
    [axes] = draw_collected(study, *collected, "parameters").axes
    assert said in title_of(axes)


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("parameters", [5e5, 1e6, 1.5e6]),
        ("multiply_adds", [3e6, 12e6, 27e6]),
        ("training_seconds", [130] * 3),
        ("latency_ms", [1] * 3),
    ],
)
def test_points_stand_where_they_should_in_their_models_colours(tmp_path, cost, expected):
    study = make_study(models=3)
    axes = draw(tmp_path, study, cost, images=10_000).axes[0]
    points = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert [line.get_xdata().item() for line in points] == pytest.approx(expected)
    assert [line.get_ydata().item() for line in points] == pytest.approx([98.01, 98.02, 98.03])
    colours = [to_hex(line.get_color()) for line in points]
    assert colours == list(model_colours(study).values())
    assert axes.get_xscale() == "log"
    low, high = axes.get_ylim()
    assert 95 < low < 98.01 < 98.03 < high <= 100


def test_front_holds_what_no_other_model_beats():
    costs = np.array([1, 2, 3, 3, 4, 5, 5.0])
    values = np.array([5, 4, 7, 6, 7, 9, 9.0])
    assert pareto_front(costs, values).tolist() == [True, False, True, False, False, True, True]
    assert pareto_front(costs[:0], values[:0]).tolist() == []


def summary_with(folder, *accuracies):
    """Return the study of so many models, its results, and its summary with those accuracies."""
    study = make_study(models=len(accuracies))
    analysis, summary = collect(folder, study)
    table = read_summary(summary, study)
    for row, accuracy in zip(table, accuracies, strict=True):
        row["test_accuracy"] = accuracy
    return study, read_results(analysis, study), table


def test_front_is_a_line_of_steps_with_bold_names(tmp_path):
    _, results, table = summary_with(tmp_path, 0.98, 0.97, 0.99, 0.985)
    assert [row["parameters"] for row in table] == [500_000, 1_000_000, 1_500_000, 2_000_000]
    with house_style():
        axes = draw_tradeoff(results, table, "parameters").axes[0]
    [line] = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert line.get_xdata().tolist() == [5e5, 1.5e6, 1.5e6, axes.get_xlim()[1]]
    assert line.get_ydata().tolist() == [98, 98, 99, 99]
    bold = {text.get_text() for text in axes.texts if text.get_fontweight() == "bold"}
    assert bold == {"Model 1", "Model 3"}


def test_models_that_left_are_not_on_the_front(tmp_path):
    study, read, table = summary_with(tmp_path, 0.98, 0.995, 0.99, 0.985)
    race = make_race([None, 1, None, None]).analysis.looks
    results = Results(study, replace(read.analysis, looks=race))
    with house_style():
        axes = draw_tradeoff(results, table, "parameters").axes[0]
    [line] = [line for line in axes.lines if len(line.get_xdata()) == 4]
    assert line.get_ydata().tolist() == [98, 98, 99, 99]
    bold = {text.get_text() for text in axes.texts if text.get_fontweight() == "bold"}
    assert bold == {"Model 1", "Model 3"}
    assert "among models that stayed, no other is both cheaper" in title_of(axes)
    race = make_race([1, 1, 1, 1]).analysis.looks
    results = Results(study, replace(read.analysis, looks=race))
    with house_style():
        axes = draw_tradeoff(results, table, "parameters").axes[0]
    assert not [line for line in axes.lines if line.is_dashed()]
    assert "Dashed line" not in title_of(axes)


def test_points_without_names_at_the_edge_are_said(tmp_path):
    study = make_study(models=MOST_NAMED + 3)
    analysis, summary = collect(tmp_path, study)
    table = read_summary(summary, study)
    for number, row in enumerate(table, 1):
        row["test_accuracy"] = {2: 0.5, 3: 0.6}.get(number, 0.98 - 0.0001 * number)
    with house_style():
        axes = draw_tradeoff(read_results(analysis, study), table, "parameters").axes[0]
    assert axes.get_ylim()[0] > 90
    assert "At the edge: 2 models without names, 50.00 % to 60.00 %" in title_of(axes)


def test_of_many_models_those_on_the_front_are_named(tmp_path):
    study = make_study(models=MOST_NAMED + 1)
    analysis, summary = collect(tmp_path, study)
    table = read_summary(summary, study)
    for number, row in enumerate(table, 1):
        row["test_accuracy"] = {4: 0.985, 8: 0.99}.get(number, 0.98)
    with house_style():
        axes = draw_tradeoff(read_results(analysis, study), table, "parameters").axes[0]
    assert texts_of(axes) == {"Model 1", "Model 4", "Model 8"}


def test_of_a_long_front_the_most_accurate_are_named(tmp_path):
    study = make_study(models=MOST_NAMED + 3)
    analysis, summary = collect(tmp_path, study)
    table = read_summary(summary, study)
    # The dearer, the more accurate: all are on the front.
    for number, row in enumerate(table, 1):
        row["test_accuracy"] = 0.98 + 0.0001 * number
    with house_style():
        axes = draw_tradeoff(read_results(analysis, study), table, "parameters").axes[0]
    assert texts_of(axes) == {f"Model {number}" for number in range(4, MOST_NAMED + 4)}
    points = [line for line in axes.lines if len(line.get_xdata()) == 1]
    assert len(points) == MOST_NAMED + 3, "every model has its point"
    assert len(axes.collections) == MOST_NAMED, "named models alone have bars"
    assert "for models with names" in title_of(axes)
    said = f"Named: the {MOST_NAMED} with the highest test accuracy on that line"
    assert said in title_of(axes)


def test_names_keep_off_what_can_be_seen_of_a_front_of_hundreds_of_models():
    axes = new_figure(4, 4).subplots()
    models = np.linspace(0, 1, 1000)
    steps = front_line(models, models, 1.0)
    corners, kept = (axes.transData.transform(part.T) for part in (steps, _apart(axes, steps)))
    assert len(kept) < len(corners) / 2
    gaps = np.hypot(*(corners[:, None] - kept).transpose(2, 0, 1)).min(axis=1)
    assert gaps.max() < 1, "each corner is within a pixel of one that names keep off"
    # Of corners that can be told apart, all are kept.
    steps = front_line(models[::100], models[::100], 1.0)
    assert _apart(axes, steps).tolist() == steps.tolist()


def test_a_single_model_has_no_front(tmp_path):
    axes = draw(tmp_path, make_study(models=1), "parameters").axes[0]
    assert "no other model" not in title_of(axes)
    assert [len(line.get_xdata()) for line in axes.lines if line.get_marker() != "None"] == [1]


def lines_of(axes):
    """Return the dashed lines: the front, but not what leads from names to points."""
    return [line for line in axes.lines if line.get_linestyle() == "--"]


def test_times_of_a_shared_machine_have_no_front(tmp_path):
    study = make_study(models=2)
    why = "are not compared: up to 3 runs shared the machine, so there is no line of the best"
    times = {"training_seconds": f"Training times {why}", "latency_ms": f"Latencies {why}"}
    for cost in COSTS:
        axes = draw(tmp_path, study, cost, concurrent_runs=3).axes[0]
        is_time = cost in times
        title = title_of(axes)
        assert (times.get(cost, why) in title) == is_time
        assert (lines_of(axes) == []) == is_time
        bold = {text.get_text() for text in axes.texts if text.get_fontweight() == "bold"}
        assert (bold == set()) == is_time
        assert ("no other model is both" in title) == (not is_time)
        axes = draw(tmp_path, study, cost).axes[0]
        assert "not compared" not in title_of(axes)
        assert len(lines_of(axes)) == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"device": "CPU: another"},
            "the runs differ in device (CPU: made up and CPU: another)",
        ),
        ({"threads": 4}, "the runs differ in threads (2 and 4)"),
        (
            {"precision": "mixed_float16"},
            "the runs differ in precision (float32 and mixed",
        ),
        (
            {"versions": {"python": "3.11.7", "keras": "4.0", "tensorflow": "2.21.0"}},
            "the runs differ in software (TensorFlow 2.21.0, Keras 3.15.1",
        ),
        ({"pieces": MOVED}, "1 run went on elsewhere after an interruption"),
    ],
)
def test_unlike_circumstances_of_times_leave_no_front(tmp_path, changed, reason):
    study = make_study(models=2)
    files = fabricate(tmp_path, study)
    fabricate_run(tmp_path, "model_02", **changed)
    analysis, summary = collect_files(tmp_path, study, files, fabricate_data(tmp_path))
    figure = draw_collected(study, analysis, summary, "latency_ms")
    title = title_of(figure.axes[0])
    assert f"Latencies are not compared: {reason}" in title
    assert lines_of(figure.axes[0]) == []
    assert faults_of_layout(figure) == []


def test_a_diverged_training_does_not_make_times_unlike(tmp_path):
    study = make_study(models=3)
    files = fabricate(tmp_path, study, diverged={("model_03", 0)})
    card = json.loads(files[1][2].read_text())
    files[1][2].write_text(json.dumps(card | {"device": "CPU: another"}))
    analysis, summary = collect_files(tmp_path, study, files, fabricate_data(tmp_path))
    figure = draw_collected(study, analysis, summary, "latency_ms")
    assert "not compared" not in title_of(figure.axes[0])


def test_of_many_models_whose_times_do_not_compare_the_most_accurate_are_named(tmp_path):
    study = make_study(models=MOST_NAMED + 3)
    axes = draw(tmp_path, study, "latency_ms", concurrent_runs=2, accuracy=0.98).axes[0]
    assert texts_of(axes) == {f"Model {number}" for number in range(1, MOST_NAMED + 1)}
    title = title_of(axes)
    assert f"Named: the {MOST_NAMED} with the highest test accuracy Latencies are" in title


def test_costs_of_nought_are_not_shown_on_a_logarithmic_scale(tmp_path):
    study = make_study(models=2)
    for cost, field in (("latency_ms", "latency_ms"), ("multiply_adds", "multiply_adds")):
        axes = draw(tmp_path, study, cost, **{field: 0}).axes[0]
        name = {"latency_ms": "latency", "multiply_adds": "multiply-adds"}[cost]
        assert f"Not shown (diverged or without {name}): Models 1 and 2" in title_of(axes)


def test_models_no_better_than_chance_are_named_and_do_not_squeeze_the_scale(tmp_path):
    study = make_study(models=3)
    folders = fabricate(tmp_path, study)
    fabricate_run(tmp_path, "model_02", accuracy=0.1)
    data = fabricate_data(tmp_path)
    analysis, summary = collect_files(tmp_path, study, folders, data)
    assert [row["above_chance"] for row in read_summary(summary, study)] == [1, 0, 1]
    axes = draw_collected(study, analysis, summary, "parameters").axes[0]
    assert texts_of(axes) == {"Model 1", "Model 3"}
    assert axes.get_ylim()[0] > 90
    assert "Not shown (not better than chance): Model 2" in title_of(axes)


def test_models_at_chance_have_no_line_of_the_best(tmp_path):
    axes = draw(tmp_path, make_study(models=2), "parameters", accuracy=0.1).axes[0]
    assert texts_of(axes) == {"Model 1", "Model 2"}
    assert "No model is shown to beat chance, so there is no line of the best" in title_of(axes)
    assert lines_of(axes) == []


def test_one_odd_model_stands_at_the_edge_with_its_value(tmp_path):
    study = make_study(models=5)
    folders = fabricate(tmp_path, study)
    fabricate_run(tmp_path, "model_02", accuracy=0.5)
    analysis, summary = collect_files(tmp_path, study, folders, fabricate_data(tmp_path))
    axes = draw_collected(study, analysis, summary, "parameters").axes[0]
    assert axes.get_ylim()[0] > 90
    assert "Model 2: 50.00 %" in texts_of(axes)


def test_models_without_a_point_are_named(tmp_path):
    study = make_study(models=3)
    analysis, summary = collect(tmp_path, study, diverged={("model_02", 0)})
    table = read_summary(summary, study)
    table[2]["multiply_adds"] = None
    with house_style():
        figure = draw_tradeoff(read_results(analysis, study), table, "multiply_adds")
    title = title_of(figure.axes[0])
    assert "Not shown (diverged or without multiply-adds): Models 2 and 3" in title

    tables = collect(tmp_path, study, diverged=set(runs_in(study)))
    figures = [tmp_path / f"{cost}.svg" for cost in COSTS]
    plot_tradeoffs(study, *tables, *figures)
    assert any("Models 1, 2 and 3" in text for text in texts_in(figures[0]))


@pytest.mark.parametrize("seeds", [1, 3])
def test_bars_are_the_summarys_intervals(tmp_path, seeds):
    study = make_study(models=3, seeds=seeds)
    analysis, summary_file = collect(tmp_path, study)
    summary = read_summary(summary_file, study)
    axes = draw_tradeoff(read_results(analysis, study), summary, "parameters").axes[0]
    bars = [segment for bar in axes.collections for segment in bar.get_segments()]
    low, high = np.array([bar[:, 1] for bar in bars]).T
    assert low == pytest.approx([100 * row["test_accuracy_low"] for row in summary])
    assert high == pytest.approx([100 * row["test_accuracy_high"] for row in summary])
    assert (low < [100 * row["test_accuracy"] for row in summary]).all()


def kept_figure(folder, cost):
    """Return the figure of ten models that stand where the kept reference has its models."""
    study = make_study(models=10)
    analysis, summary = collect(folder, study)
    table = read_summary(summary, study)
    with (ROOT / "docs" / "reference" / "summary.csv").open(newline="") as file:
        for row, kept in zip(table, csv.DictReader(file), strict=True):
            for column in (*COSTS, "test_accuracy", "test_accuracy_low", "test_accuracy_high"):
                row[column] = float(kept[column])
    with house_style():
        return draw_tradeoff(read_results(analysis, study), table, cost)


def places_of(axes):
    """Return where each model's point is, in pixels, by its id."""
    points = [line for line in axes.lines if len(line.get_xdata()) == 1]
    return {line.get_gid(): axes.transData.transform(line.get_xydata())[0] for line in points}


def test_no_line_leads_from_a_name_through_another_models_point(tmp_path):
    figure = kept_figure(tmp_path, "parameters")
    [axes] = figure.axes
    places = places_of(axes)
    for line in axes.lines:
        part = (line.get_gid() or "").removesuffix("-line")
        if part == line.get_gid() or part not in places:
            continue
        along = axes.transData.transform(line.get_xydata())
        steps = along[0] + np.linspace(0, 1, 200)[:, None] * (along[1] - along[0])
        for other, place in places.items():
            gap = np.hypot(*(steps - place).T).min()
            assert other == part or gap > 3 / 72 * figure.dpi, (part, other)
    assert faults_of_layout(figure) == []


def hidden_by_names(axes):
    """Return the (name, id) of points that names lie over, but for those in the same place."""
    places = places_of(axes)
    boxes = {text.get_gid().removesuffix("-name"): text.get_window_extent() for text in axes.texts}
    return [
        (part, other)
        for part, box in boxes.items()
        for other, place in places.items()
        if box.padded(1).contains(*place) and np.hypot(*(place - places[part])) > 5
    ]


@pytest.mark.parametrize("cost", COSTS)
def test_no_name_lies_over_another_models_point(tmp_path, cost):
    figure = kept_figure(tmp_path, cost)
    assert hidden_by_names(figure.axes[0]) == []
    assert faults_of_layout(figure) == []


@pytest.mark.parametrize(("misleading", "taller"), [(0, False), (1, True)])
def test_where_names_mislead_whatever_is_tried_the_figure_is_taller(
    tmp_path, monkeypatch, misleading, taller
):
    found = []
    monkeypatch.setattr(
        "bakeoff.figures.tradeoffs._faults", lambda *_: found.append(_) or (misleading, 1)
    )
    figure = draw(tmp_path, make_study(models=3), "parameters")
    lines = 1 + figure.axes[0].get_title(loc="left").count("\n")
    assert (figure.get_figheight() > 3.1 + 0.17 * lines) == taller
    # What hides something alone is not worth as many tries.
    assert len(found) == (15 if taller else 6)
    assert texts_of(figure.axes[0]) == {"Model 1", "Model 2", "Model 3"}
    assert faults_of_layout(figure) == []


def faults_of(texts, leaders=None, bar=(0.9, 0.9)):
    """Return the faults of names at these places, of points that stand at 0.2, 0.5 and 0.8."""
    figure = new_figure(4, 4)
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    figure.draw_without_rendering()
    written = [axes.text(*place, "name", va="center") for place in texts]
    drawn = [line and axes.plot(*np.transpose(line))[0] for line in leaders or [None] * len(texts)]
    points = np.array([0.2, 0.5, 0.8])
    places = axes.transData.transform(np.column_stack([points, points]))
    bars = np.array([[0.9], [bar[0]], [bar[1]]])
    obstacles = _rectangles(axes, bars, np.array([]))
    return _faults(axes, written, drawn, places, np.arange(len(texts)), obstacles)


def test_a_name_misleads_or_hides_by_what_it_lies_over():
    assert faults_of([(0.23, 0.2)]) == (0, 0)
    leader = [(0.2, 0.2), (0.3, 0.4)]
    assert faults_of([(0.3, 0.42)], [leader]) == (0, 0)
    # Its leader is its own, but it lies over another's point.
    assert faults_of([(0.45, 0.5)], [leader]) == (1, 1)
    # Without one, it stands at another's.
    assert faults_of([(0.53, 0.5)]) == (1, 0)
    # A leader through another's point, and one of no length.
    assert faults_of([(0.7, 0.6)], [[(0.2, 0.2), (0.65, 0.65)]]) == (1, 0)
    assert faults_of([(0.23, 0.2)], [[(0.2, 0.2), (0.2, 0.2)]]) == (0, 0)
    # A bar, its own point, and another name.
    leader = [(0.2, 0.2), (0.85, 0.2)]
    assert faults_of([(0.85, 0.2)], [leader], bar=(0.1, 0.4)) == (0, 1)
    assert faults_of([(0.15, 0.2)]) == (0, 1)
    leaders = [[(0.2, 0.2), (0.3, 0.3)], [(0.5, 0.5), (0.34, 0.3)]]
    assert faults_of([(0.3, 0.3), (0.34, 0.3)], leaders) == (0, 1)


def test_labels_of_equal_models_do_not_overlap(tmp_path):
    study = make_study(models=8)
    figure = draw(tmp_path, study, "parameters", parameters=1_000_000, accuracy=0.99)
    assert faults_of_layout(figure) == []
