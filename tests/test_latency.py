"""Latencies that are measured on demand, one model after the other."""

import csv
import json

import pytest

from bakeoff.errors import StudyError
from bakeoff.study.readers import read_latency
from concluded_study import conclude, said
from fabricated_study import fabricate_latency, fabricate_run
from measure_latency import tell_latencies

MODELS = [{"model": "model_1", "name": "Model 1"}, {"model": "model_2", "name": "Model 2"}]
SHARED = {"concurrent_runs": 3, "wrong_images": range(10)}
RUNS = {"model_1": SHARED | {"latency_ms": 1.0}, "model_2": SHARED | {"latency_ms": 1.0}}
ALONE = {"model_1": {"latency_ms": 2.76}, "model_2": {"latency_ms": 0.94}}


def latency_of(folder, model):
    with (folder / "summary.csv").open() as file:
        return next(float(r["latency_ms"]) for r in csv.DictReader(file) if r["model"] == model)


def test_a_latency_measured_alone_decides_where_those_of_the_runs_do_not(tmp_path):
    findings, _ = conclude(tmp_path, RUNS, latencies=ALONE)
    text = said(findings, "cost")
    assert "Model 1 has 2.9 times the latency of Model 2" in text
    assert "Training times are not compared: up to 3 runs shared the machine." in text
    assert "Latencies were measured one model after the other" in text
    assert "Latencies are not compared" not in text
    assert latency_of(tmp_path, "model_1") == 2.76
    assert latency_of(tmp_path, "model_2") == 0.94


def test_a_page_whose_latencies_do_not_compare_says_what_would_measure_them(tmp_path):
    findings, _ = conclude(tmp_path / "shared", RUNS)
    # A command without this study's config files would train another study.
    text = said(findings, "cost")
    assert "the command that makes this study, with measure_latency right after the word" in text
    assert "--cores" not in text
    findings, _ = conclude(tmp_path / "own", {"model_1": {}, "model_2": {}})
    assert "measure_latency" not in said(findings, "cost")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"concurrent_runs": 2}, "up to 2 runs shared the machine"),
        ({"device": "GPU: b"}, "the runs differ in device (CPU: made up and GPU: b)"),
    ],
)
def test_latencies_measured_elsewhere_or_beside_runs_are_not_compared(tmp_path, other, why):
    latencies = ALONE | {"model_2": ALONE["model_2"] | other}
    findings, _ = conclude(tmp_path, RUNS, latencies=latencies)
    text = said(findings, "cost")
    assert f"Latencies are not compared: {why}." in text
    assert "the latency of" not in text


def test_the_shortest_stands_first_and_how_it_was_measured_is_said(tmp_path):
    for model in ALONE:
        (tmp_path / "models" / model).mkdir(parents=True)
    files = [fabricate_latency(tmp_path, model, **ALONE[model]) for model in ALONE]
    lines = tell_latencies(MODELS, files).splitlines()
    assert lines[0].endswith("one model after the other, on CPU: made up, 2 threads:")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line[0] == "|"]
    assert rows[1:] == [["Model 2", "0.94", "1.13"], ["Model 1", "2.76", "3.31"]]
    fabricate_latency(tmp_path, "model_2", 0.94, threads=4)
    assert "They are not compared: the runs differ in threads (2 and 4)." in tell_latencies(
        MODELS, files
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda found: "{", "not a latency"),
        (lambda found: "[]", "not a latency"),
        (lambda found: json.dumps(found | {"model": "model_2"}), "is of model_2"),
        (lambda found: json.dumps(found | {"latency_ms": {}}), "latency_ms.median is missing"),
        (lambda found: json.dumps(found | {"backend": "jax"}), "versions.jax is missing"),
    ],
)
def test_a_faulty_file_is_one_line(tmp_path, change, told):
    fabricate_run(tmp_path, "model_1")
    file = fabricate_latency(tmp_path, "model_1", 1.0)
    file.write_text(change(json.loads(file.read_text())))
    with pytest.raises(StudyError) as caught:
        read_latency(file, "model_1")
    assert str(caught.value).startswith(f"{file}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.workflow
def test_latencies_are_measured_on_demand_and_go_on_the_page(copy):
    said = copy.snakemake("measure_latency", "--resources", "gpu=2").stdout
    assert "| Tiny" in said
    assert "The next run of the study puts them into tables" in said
    for model in ("tiny", "wide"):
        found = read_latency(copy.path(f"results/models/{model}/latency.json"), model)
        assert 0 < found["latency_ms"]["median"] <= found["latency_ms"]["p95"]
        assert found["latency_ms"]["repeats"] == 300
        card = json.loads(copy.path(f"results/models/{model}/seed_0/card.json").read_text())
        assert (found["device"], found["threads"]) == (card["device"], card["threads"])

    planned = copy.planned()
    assert {"collect_results", "render_report"} <= planned
    assert not planned & {"tiny", "wide", "tiny/0", "wide/0", "time_predictions"}
    copy.snakemake()
    assert copy.planned() == set()
    with copy.path("results/summary.csv").open() as file:
        rows = {row["model"]: float(row["latency_ms"]) for row in csv.DictReader(file)}
    assert rows["wide"] == found["latency_ms"]["median"]

    # A model that is trained anew is measured anew, and no other.
    copy.change_config(lambda config: config["models"]["tiny"].update(training={"epochs": 1}))
    planned = copy.snakemake("--dry-run", "--quiet", "host").stdout
    assert planned.count("rule time_predictions:") == 1
    assert "wildcards: model=wide" not in planned
