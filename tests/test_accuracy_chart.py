"""The page's accuracy chart: where its rows stand, and what lies outside of it."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from bakeoff.ranges import robust_range, said_beyond, share_range
from bakeoff.report.chart import AXIS_WIDTHS, accuracy_chart, thinned
from bakeoff.results import Results
from figure_studies import make_early_leaver, make_results, make_study

ROOT = Path(__file__).parents[1]


def chart_of(accuracies, seeds=1, changes=(), **options):
    results = make_results(make_study(len(accuracies), seeds=seeds), accuracies, **options)
    analysis = results.analysis
    for place, change in changes:
        analysis.models[place] = replace(analysis.models[place], **change)
    return accuracy_chart(Results(results.study, analysis))


def names(rows):
    return [row["name"] for row in rows]


def test_the_most_accurate_stands_first_and_the_tied_are_marked():
    chart = chart_of([0.990, 0.995, 0.994])
    assert names(chart["rows"]) == ["Model 2", "Model 3", "Model 1"]
    assert [row["tied"] for row in chart["rows"]] == [True, True, False]
    values = [row["value"] for row in chart["rows"]]
    assert values == sorted(values, reverse=True)
    assert chart["best"] == values[0]
    first = chart["rows"][0]
    assert 0 < first["low"] < first["value"] < first["high"] < 100
    assert (first["accuracy"], first["interval"]) == ("99.50 %", "[99.40, 99.59]")
    # A tick stands where its number lies.
    scale = {float(text): place for place, text in chart["ticks"]}
    (one, other) = sorted(scale)[:2]
    per_point = (scale[other] - scale[one]) / (other - one)
    assert scale[one] + per_point * (99.5 - one) == pytest.approx(values[0], abs=0.1)
    assert 3 <= len(scale) <= 7


def test_the_axis_sticks_out_at_no_end():
    files = FileSystemLoader(ROOT / "workflow" / "report")
    pages = Environment(loader=files, autoescape=True)
    pages.filters |= {"unbroken": str}
    macros = pages.get_template("macros.html.j2").module
    ticks = [(0, "90"), (4.9, "92"), (50, "94"), (95.1, "98")]
    drawn = str(
        macros.axis({"ticks": ticks, "thinned": thinned(ticks), "measure": "test accuracy"})
    )
    assert re.findall('text-anchor="([a-z]+)"', drawn) == ["start", "start", "middle", "end"]


def test_one_odd_model_is_named_at_the_edge_and_stretches_nothing():
    usual = [0.990, 0.992, 0.993, 0.994, 0.995]
    chart, without = chart_of([*usual, 0.12]), chart_of(usual)
    assert [text for _, text in chart["ticks"]] == [text for _, text in without["ticks"]]
    odd = chart["rows"][-1]
    assert odd["name"] == "Model 6"
    assert odd["beyond"] == ("left", "◄ 12.0 %")
    assert odd["value"] is None
    assert all(row["beyond"] is None for row in chart["rows"][:-1])


def test_where_nothing_is_learned_no_model_is_marked_as_best():
    lost = [(place, {"above_chance": False}) for place in (0, 1)]
    chart = chart_of([0.10, 0.101], changes=lost)
    assert [row["tied"] for row in chart["rows"]] == [False, False]
    assert chart["best"] is None
    assert [mark for mark, _ in chart["marks"]] == ["line"]


def test_the_legend_names_the_verdicts_that_there_are():
    def hollow(*standings):
        changes = [(place, {"standing": one}) for place, one in enumerate(standings)]
        marks = chart_of([0.99, 0.98, 0.97][: len(standings)], changes=changes)["marks"]
        return dict(marks).get("hollow")

    assert hollow("best", "network is worse") == "network is worse"
    assert hollow("best", "worse", "worse than another") == "worse"
    assert hollow("best", "worse", "not compared") == "worse or not compared"
    assert hollow("best", "too close to call") is None


def test_models_at_chance_and_failed_ones_stand_apart():
    chart = chart_of(
        [0.990, 0.992, 0.993, 0.10],
        changes=[(3, {"above_chance": False})],
        diverged={"model_01"},
    )
    assert names(chart["rows"]) == ["Model 3", "Model 2"]
    assert names(chart["apart"]) == ["Model 4", "Model 1"]
    assert [row["verdict"] for row in chart["apart"]] == ["not shown to beat chance", "diverged"]
    assert chart["apart"][0]["beyond"] == ("left", "◄ 10.0 %")


def test_seeds_are_points_and_published_accuracies_diamonds():
    results = make_results(make_study(models=2, seeds=3))
    results.study["published"] = {
        "called": "the notebook",
        "models": {"model_02": {"test_accuracy": 0.9907}},
    }
    chart = accuracy_chart(results)
    assert all(len(row["seeds"]) == 3 for row in chart["rows"])
    assert [row["published"] is None for row in chart["rows"]] == [False, True]
    assert ("published", "published: the notebook") in chart["marks"]


def test_a_study_without_a_result_has_no_rows():
    chart = chart_of([0.9], diverged={"model_01"})
    assert (chart["rows"], names(chart["apart"])) == ([], ["Model 1"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.9], (0.9, 0.9)),
        ([0.9, 0.8], (0.8, 0.9)),
        ([0.99, 0.99, 0.99, 0.1], (0.1, 0.99)),
        ([0.99, 0.98, 0.985, 0.1], (0.98, 0.99)),
        ([0.9 + number / 200 for number in range(10)], (0.9, 0.945)),
    ],
)
def test_the_range_is_where_most_values_are(values, expected):
    assert robust_range(values) == pytest.approx(expected)


def test_the_part_of_an_interval_that_is_far_out_is_not_in_the_range():
    low, high = robust_range([0.98, 0.981, 0.982], [0.97, 0.971, 0.2], [0.99, 0.991, 1])
    assert 0.94 < low < 0.97
    assert 0.99 < high < 1.02


def with_seeds(*changes, models=2, seeds=20, published=None):
    """Return Results whose seeds differ by up to 0.3 points, with ``changes`` (model, seed, share).

    ``published`` are test accuracies, shares of 1, by the models' keys.
    """
    results = make_results(make_study(models, seeds))
    results.study["published"] = published and {
        "called": "the notebook",
        "models": {model: {"test_accuracy": share} for model, share in published.items()},
    }
    for place, model in enumerate(results.analysis.models):
        by_seed = {seed: 0.99 - 0.0015 + 0.003 * seed / (seeds - 1) for seed in range(seeds)}
        by_seed |= {seed: share for number, seed, share in changes if number == place}
        mean = sum(by_seed.values()) / seeds
        accuracy = replace(
            model.accuracy, value=mean, low=mean - 0.001, high=mean + 0.001, by_seed=by_seed
        )
        results.analysis.models[place] = replace(model, accuracy=accuracy)
    return Results(results.study, results.analysis)


@pytest.mark.parametrize(("models", "seeds"), [(2, 20), (3, 5)])
def test_every_ordinary_seed_has_its_place_on_the_axis(models, seeds):
    results = with_seeds(models=models, seeds=seeds)
    low, high = share_range(results.models)
    assert low < 0.9885
    assert 0.9915 < high < 0.992
    chart = accuracy_chart(results)
    assert [len(row["seeds"]) for row in chart["rows"]] == [seeds] * models
    assert [row["seeds_beyond"] for row in chart["rows"]] == [[]] * models
    assert chart["said"] == []


def test_a_seed_far_off_stretches_nothing_and_is_marked_and_said():
    results = with_seeds((0, 7, 0.9705))
    assert share_range(results.models)[0] > 0.985
    chart = accuracy_chart(results)
    rows = {row["name"]: row for row in chart["rows"]}
    assert len(rows["Model 1"]["seeds"]) == 19
    assert rows["Model 1"]["beyond"] is None
    assert rows["Model 1"]["seeds_beyond"] == ["left"]
    assert rows["Model 2"]["seeds_beyond"] == []
    assert chart["said"] == ["Beyond the scale (◄): 1 seed of Model 1 (97.05 %)"]


def test_a_model_far_off_stands_for_all_its_seeds_but_not_for_some():
    away = [(4, seed, 0.95) for seed in range(5)]
    results = with_seeds(*away, (1, 2, 0.1), models=5, seeds=5)
    chart = accuracy_chart(results)
    rows = {row["name"]: row for row in chart["rows"]}
    assert rows["Model 5"]["beyond"] == ("left", "◄ 95.0 %")
    assert rows["Model 5"]["seeds_beyond"] == []
    # One run failed: the mean is far off, and the four others are where they are.
    assert rows["Model 2"]["beyond"][0] == "left"
    assert len(rows["Model 2"]["seeds"]) == 4
    assert rows["Model 2"]["seeds_beyond"] == ["left"]
    assert chart["said"] == ["Beyond the scale (◄): 1 seed of Model 2 (10.00 %)"]


def test_what_lies_beyond_the_scale_is_told_by_its_side_and_counted_where_it_is_much():
    changes = [(place, seed, 0.95 + 0.001 * place) for place in range(4) for seed in (0, 1)]
    results = with_seeds(*changes, (9, 0, 0.9995), models=10, published={"model_02": 0.5})
    ends = 0.985, 0.995
    [said] = said_beyond(results.models, ends, results.published)
    assert said == (
        "Beyond the scale (◄ ►): 8 seeds of 4 models (95.00 % to 95.30 %), "
        "1 seed of Model 10 (99.95 %) and 1 published accuracy of Model 2 (50.00 %)"
    )
    [said] = said_beyond(results.models[:1], ends)
    assert said == "Beyond the scale (◄): 2 seeds of Model 1 (95.00 %)"
    assert said_beyond(results.models[4:9], ends) == []


def test_a_published_accuracy_is_on_the_axis_or_said_to_be_beyond_it():
    near = accuracy_chart(with_seeds(published={"model_01": 0.9875}))
    assert next(row["published"] for row in near["rows"] if row["name"] == "Model 1") > 0
    assert near["said"] == []
    far = accuracy_chart(with_seeds(published={"model_01": 0.5}))
    assert {row["published"] for row in far["rows"]} == {None}
    assert far["said"] == ["Beyond the scale: 1 published accuracy of Model 1 (50.00 %)"]


def test_the_page_draws_an_arrow_beside_the_axis_for_seeds_beyond_it():
    files = FileSystemLoader(ROOT / "workflow" / "report")
    pages = Environment(loader=files, autoescape=True)
    pages.filters |= {"unbroken": str}
    chart = accuracy_chart(with_seeds((0, 7, 0.9705), (1, 3, 0.9999)))
    models = {row["name"]: {"described": True} for row in chart["rows"]}
    drawn = str(pages.get_template("macros.html.j2").module.accuracy_chart(chart, models))
    for arrow in ('<svg x="0%" y="8"><path class="seed"', '<svg x="100%" y="8"><path class="seed"'):
        assert drawn.count(arrow) == 1
    assert drawn.count('<circle class="seed" cx="') == 38 + 1, "of the rows and of the legend"
    assert "Beyond the scale (◄ ►): 1 seed of Model 1 (97.05 %)" in drawn


def test_a_model_that_left_stands_last_whatever_its_accuracy_was():
    chart = accuracy_chart(make_early_leaver())
    assert names(chart["rows"]) == ["Model 2", "Model 1", "Model 3"]
    best, _, left = (row["value"] for row in chart["rows"])
    assert left > best
    assert chart["best"] == best


def test_where_an_axis_is_narrow_some_ticks_have_no_words():
    def shown(ticks):
        axes = thinned(ticks)
        return {
            name: [
                text for (_, text), without in zip(ticks, axes, strict=True) if name not in without
            ]
            for name in AXIS_WIDTHS
        }

    ticks = [(2.4 + 19.9 * number, f"99.{number}") for number in range(1, 6)]
    every = [text for _, text in ticks]
    assert shown(ticks) == {"narrow": every[::2], "middle": every, "wide": every}
    ticks = [(3 + 15.5 * number, f"99.{5 * number:02}") for number in range(7)]
    every = [text for _, text in ticks]
    assert shown(ticks) == {"narrow": every[::3], "middle": every[::2], "wide": every[::2]}
    # However little room there is, one label would be no scale.
    ticks = [(45, "99.2500"), (55, "99.2505")]
    assert shown(ticks) == {axis: ["99.2500", "99.2505"] for axis in AXIS_WIDTHS}
    assert thinned([(50, "1")]) == [[]]
