"""What holds for every figure: its colours, its bytes, room for its texts, its size."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from bakeoff.figures.accuracies import draw_forest
from bakeoff.figures.calibration import draw_reliability
from bakeoff.figures.colours import GRID, HUES, INK, PAPER, model_colours
from bakeoff.figures.comparisons import draw_matrix
from bakeoff.figures.loss_curves import draw_model, draw_overlay, draw_overview
from bakeoff.figures.power import draw_power
from bakeoff.figures.style import house_style, log_limits, log_ticks
from bakeoff.figures.texts import SLIM, WIDE, figure_names, short_names, shortened, wrapped
from bakeoff.figures.tradeoffs import COSTS, draw_tradeoff
from bakeoff.limits import MOST_SHOWN
from bakeoff.report.chart import accuracy_chart
from bakeoff.results import Results, read_results
from bakeoff.study.readers import read_summary
from figure_studies import (
    SVG,
    collect,
    fabricate,
    faults_of_layout,
    histories_of,
    make_open,
    make_results,
    make_study,
    plotted,
    texts_in,
)
from plot_loss_curves import plot_loss_curves
from plot_tradeoffs import plot_tradeoffs

pytestmark = pytest.mark.workflow

WORDY = {
    "name": "A rather long name",
    "description": "a rather long description that says at length what this architecture tries",
}
WIDE_LETTERS = {
    "name": "漢字のとても長い名前のモデル 😀😀😀😀😀",
    "description": "空白のない、とても長い説明で、何を試みるかを詳しく述べるもの" * 2,
}
CAPITALS = {
    "name": "CONVOLUTIONAL NETWORK WITH BATCHNORM",
    "description": "WIDE LETTERS ALL ALONG: <WHAT> THIS ARCHITECTURE TRIES, @ GREAT LENGTH",
}


def draw_all(folder, study, diverged=()):
    """Write every figure of a study; return their paths."""
    runs = {(model, seed) for model in diverged for seed in study["seeds"]}
    histories, *_ = fabricate(folder, study, runs)
    tables = collect(folder, study, diverged=runs)
    names = [entry["model"] for entry in study["models"]]
    paths = {name: folder / f"{name}.svg" for name in ("overview", "overlay", *COSTS, *names)}
    plot_loss_curves(study, histories, folder, paths["overview"], paths["overlay"])
    plot_tradeoffs(study, *tables, *(paths[cost] for cost in COSTS))
    return paths | plotted(folder, make_open(make_results(study, diverged=diverged)))


@pytest.mark.parametrize(("models", "seeds"), [(1, 1), (4, 2)])
def test_every_colour_is_a_models_or_can_be_replaced(tmp_path, models, seeds):
    study = make_study(models, seeds)
    study["published"] = {"called": "a book", "models": {"model_01": {"test_accuracy": 0.99}}}
    study["published"] |= {"setting": {"dataset": "other"}, "conclusions": []}
    known = {INK, GRID, PAPER, *model_colours(study).values()} | {hue.lower() for hue in HUES[:2]}
    for path in draw_all(tmp_path, study, diverged=["model_02"][: models - 1]).values():
        svg = path.read_text()
        found = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", re.sub(r'"#[^"]*"|url\(#[^)]*\)', "", svg)))
        assert found <= known, path.name
        assert "rgb" not in svg
        # What names no colour is black.
        for text in ElementTree.parse(path).iter(f"{SVG}text"):
            assert f"fill: {INK}" in text.get("style"), path.name
        root = ElementTree.parse(path)
        defined = {shape for defs in root.iter(f"{SVG}defs") for shape in defs.iter()}
        for shape in {*root.iter(f"{SVG}path"), *root.iter(f"{SVG}use")} - defined:
            assert re.search("(fill|stroke): (#|none)", shape.get("style")), path.name


def test_equal_input_makes_equal_bytes(tmp_path):
    study = make_study(models=3, seeds=2)
    once, again = (draw_all(tmp_path / part, study) for part in ("once", "again"))
    for name in once:
        assert once[name].read_bytes() == again[name].read_bytes(), name


def test_of_many_models_figures_with_a_place_for_each_show_the_most_accurate(tmp_path, monkeypatch):
    study = make_study(MOST_SHOWN + 2)
    said = f"Shown: the {MOST_SHOWN} of {MOST_SHOWN + 2} models with the highest test accuracy"
    # Each model has its own as well, of which one is like the other.
    monkeypatch.setattr("plot_loss_curves.draw_model", lambda *_: Figure())
    histories, *_ = fabricate(tmp_path, study)
    paths = {"overview": tmp_path / "overview.svg"}
    plot_loss_curves(study, histories, tmp_path, paths["overview"], tmp_path / "overlay.svg")
    paths |= plotted(tmp_path, make_results(study))
    del paths["power"]
    # Accuracy rises with the number.
    shown = {f"Model {number}" for number in range(3, MOST_SHOWN + 3)}
    for name, path in paths.items():
        texts = [" ".join(text.split()) for text in texts_in(path)]
        assert said in " ".join(texts), name
        assert {text for text in texts if re.fullmatch(r"Model \d+", text)} == shown, name
    assert all((tmp_path / f"{entry['model']}.svg").exists() for entry in study["models"])


def test_many_models_ranked_by_balanced_accuracy_are_chosen_by_it(tmp_path):
    study = make_study(MOST_SHOWN + 2)
    results = make_results(study)
    # By this, the first are the best.
    for place, model in enumerate(results.analysis.models):
        other = results.analysis.models[-1 - place].accuracy
        results.analysis.models[place] = replace(model, balanced_accuracy=other)
    ranks = results.analysis.ranked[::-1]
    analysis = replace(results.analysis, metric="balanced_accuracy", ranked=ranks, best=ranks[:1])
    paths = plotted(tmp_path, Results(study, analysis))
    del paths["power"]
    which = f"the {MOST_SHOWN} of {MOST_SHOWN + 2} models with the highest balanced test accuracy"
    shown = {f"Model {number}" for number in range(1, MOST_SHOWN + 1)}
    for name, path in paths.items():
        texts = [" ".join(text.split()) for text in texts_in(path)]
        assert f"Shown: {which}" in " ".join(texts), name
        assert {text for text in texts if re.fullmatch(r"Model \d+", text)} == shown, name
    assert f"Shown: {which}" in accuracy_chart(Results(study, analysis))["said"]


@pytest.mark.parametrize(
    ("models", "seeds", "words"),
    [
        (1, 1, WORDY),
        (3, 5, WORDY),
        (10, 1, WORDY),
        (12, 2, WORDY),
        (3, 2, WIDE_LETTERS),
        (2, 1, CAPITALS),
    ],
)
def test_no_text_overlaps_or_is_cut(tmp_path, models, seeds, words):
    study = make_study(models, seeds, **words)
    for number, entry in enumerate(study["models"]):
        entry["name"] += f" {number}"
    analysis, summary = collect(tmp_path, study)
    tables = read_results(analysis, study), read_summary(summary, study)
    histories = histories_of(tmp_path, study, diverged={("model_01", 1)})
    results = make_results(study)
    with house_style():
        figures = [
            draw_model(study, study["models"][0], histories["model_01"]),
            draw_overview(study, histories),
            draw_overlay(study, histories),
            *(draw_tradeoff(*tables, cost) for cost in COSTS),
            draw_forest(results),
            draw_matrix(results),
            draw_reliability(results),
            draw_power(make_open(results)),
        ]
        assert [faults_of_layout(figure) for figure in figures] == [[]] * len(figures)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (6.4e5, 3.8e7, [5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7]),
        (0.1, 0.1, [0.07, 0.1, 0.15]),
        (0.011, 0.019, [0.01, 0.015, 0.02]),
        (3e-5, 2.0, [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10]),
        (1e-4, 1e3, [1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000]),
        (10, 1e11, [10, 1e3, 1e5, 1e7, 1e9, 1e11]),
        (20, 3e12, [10, 1e3, 1e5, 1e7, 1e9, 1e11, 1e13]),
    ],
)
def test_log_ticks_enclose_the_range(low, high, ticks):
    assert log_ticks(low, high) == ticks
    start, end = log_limits(ticks, low, high)
    assert start < low <= high < end
    assert end / start <= (max(high, ticks[-1]) / ticks[0]) ** 1.061


@pytest.mark.parametrize("most", [4, 6, 8])
@pytest.mark.parametrize("high", [1.1, 30, 1e5, 9e9, 1e17])
def test_log_ticks_are_not_too_many(high, most):
    assert 2 <= len(log_ticks(1, high, most)) <= most


def test_a_long_name_keeps_its_ends():
    assert shortened("Model 1", 7) == "Model 1"
    assert shortened("A long name of model 12", 11) == "A lon…el 12"
    assert len(shortened("x" * 100, 24)) == 24


@pytest.mark.parametrize(
    ("name", "most", "short"),
    [
        ("Model 12 batch_size=128 width=2", 20, "Model 12 b…width=2"),
        ("Model 1200, learning rate 0.001", 16, "Model…rate 0.001"),
        ("Model of size 64, learning rate 1e-3", 10, "Model…1e-3"),
        ("1234567890123", 8, "1234…123"),
    ],
)
def test_a_name_is_never_cut_within_a_number_that_can_stay_whole(name, most, short):
    assert shortened(name, most) == short


def test_wide_letters_count_twice_and_stay_whole():
    assert shortened("漢字漢字", 8) == "漢字漢字"
    assert shortened("漢字漢字漢字", 8) == "漢字…字"
    assert wrapped("漢字漢字 漢字漢字漢字", 8) == "漢字漢字\n漢字漢字\n漢字"
    family, accented = "\U0001f469\u200d\U0001f469\u200d\U0001f467", "e\u0301"
    assert shortened(family * 10, 6) == f"{family}…{family}"
    assert shortened(accented * 10, 5) == f"{accented * 2}…{accented * 2}"
    assert shortened("two\n lines", 20) == "two lines"


def test_a_line_has_room_for_fewer_capitals():
    assert wrapped("wide wide wide", 10) == "wide wide\nwide"
    assert wrapped("WIDE WIDE WIDE", 10) == "WIDE\nWIDE\nWIDE"


def test_a_number_and_its_unit_stay_on_one_line():
    assert wrapped("it reaches 99.07 % in all", 16) == "it reaches\n99.07 % in all"
    assert wrapped("it reaches 99.07\u00a0% in all", 16) == "it reaches\n99.07 % in all"


NETS = [f"{kind} net, 16 / {width} filters, Adam" for kind in ("Plain", "Res") for width in (8, 64)]

DEPTHS = [f"A residual network with layers, depth {n} and quite some width" for n in range(3)]
CHINESE, CUT = "卷积神经网络与批量归一化的模型一", "卷积神经网络…化的模型一"
RATES = [f"ResNet-18, lr {rate}, batch {size}" for rate in ("0.1", "0.001") for size in (64, 128)]
SHORT_RATES = ["Res…0.1…64", "Res…0.1…128", "Res…0.001…64", "Res…0.001…128"]


@pytest.mark.parametrize(
    ("names", "most", "short"),
    [
        (["Model 1", "Model 2"], 7, ["Model 1", "Model 2"]),
        (["A long name of model 1", "A long name of model 2"], 11, ["A lon…del 1", "A lon…del 2"]),
        (NETS, 14, ["Plain net…8…", "Plain net…64…", "Res net…8…", "Res net…64…"]),
        (NETS[:2], 20, ["Plain net, 16 / 8…", "Plain net, 16 / 64…"]),
        ([*NETS[:2], "Tiny net"], 8, ["…net…8…", "…net…64…", "Tiny net"]),
        (["Plain 1 of x", "Plain 2 of x", "Res 1 of x"], 6, ["Pla 1…", "Pla 2…", "Res…x"]),
        (["あ" * 9 + "い" * n + "う" * 9 for n in (0, 1)], 9, ["あああ… 1", "あああ… 2"]),
        # A name that is like no other leaves the others what they have in common.
        ([*DEPTHS, CHINESE], 24, [*(f"A residual net…depth {n}…" for n in range(3)), CUT]),
        ([*RATES, "EfficientNet B0 with usual settings"], 14, [*SHORT_RATES, "Efficie…ttings"]),
        # A name that fits whole stays whole, and a number is the place in the study.
        (["x", "ああ…ああ", "あ" * 7, "あ" * 8], 9, ["x", "ああ…ああ", "あああ… 3", "あああ… 4"]),
        (["wide", "10", " 10"], 14, ["wide", "10… 2", "10… 3"]),
        (["one two three", "one three two three"], 6, ["one… 1", "one… 2"]),
    ],
)
def test_names_stay_apart_where_they_are_shortened(names, most, short):
    assert list(short_names(names, most).values()) == short
    assert short_names(names[:1], most).keys() == {names[0]}


def test_long_names_that_differ_in_their_middle_stay_apart_in_every_figure(tmp_path):
    study = make_study(4, seeds=2)
    for number, entry in enumerate(study["models"]):
        entry["name"] = f"Plain net with {2**number} filters in each of its layers, and with Adam"
    paths = draw_all(tmp_path, study)
    assert len({entry["name"] for entry in study["models"]}) == 4
    for name in ("overlay", "parameters", "accuracy_forest", "comparisons", "power"):
        found = {text for text in texts_in(paths[name]) if re.search(r"\b[1248]\b.*…$", text)}
        assert len({re.search(r"[1248]\b", text)[0] for text in found}) >= 3, (name, found)


def test_a_model_has_one_name_however_many_others_a_figure_shows(tmp_path):
    study = make_study(5, seeds=2)
    for number, entry in enumerate(study["models"]):
        entry["name"] = "あ" * 20 + "い" * number + "う" * 20
    names = figure_names(study, WIDE)
    assert names["model_05"] == f"{'あ' * 12}… 5"
    # Of the first of these, nothing is drawn.
    paths = draw_all(tmp_path, study, diverged=["model_01"])
    for figure in ("accuracy_forest", "comparisons", "power"):
        texts = set(texts_in(paths[figure]))
        assert {names[f"model_0{number}"] for number in (2, 3, 4)} <= texts, figure
    for figure in ("overlay", *COSTS):
        slim = {figure_names(study, SLIM)[f"model_0{number}"] for number in (2, 3, 4, 5)}
        assert slim <= set(texts_in(paths[figure])), figure


def test_letters_that_the_font_lacks_are_kept_as_text_without_a_warning(tmp_path, recwarn):
    study = make_study(2, **WIDE_LETTERS)
    study["models"][1]["name"] = "नमूना"
    paths = draw_all(tmp_path, study)
    assert "नमूना" in texts_in(paths["accuracy_forest"])
    assert [str(warning.message) for warning in recwarn] == []
