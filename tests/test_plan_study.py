"""What a study would take, and what it could find, before it is trained."""

import json
import math
import re

import pytest

from bakeoff.analysis.power import DIFFERING, detectable_if
from bakeoff.errors import StudyError
from bakeoff.study.readers import read_trial
from plan_study import costs, detectables, plan_study
from time_model import Trial

NAMES = {"small": "Small", "large": "Large"}
RUNS = {"small": 3, "large": 3}
DESCRIBED = [
    {"parameters": {"total": 1000}, "multiply_adds": 10_000},
    {"parameters": {"total": 900_000}, "multiply_adds": 5_000_000},
]


def trial(model, epoch, run, memory_mb=1000):
    return {
        "model": model,
        "epoch": epoch,
        "run": run,
        "memory_mb": memory_mb,
        "threads": 2,
        "device": "CPU: made up",
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: {}, "not a trial \\('model'\\)"),
        (lambda found: [], "not a trial"),
        (lambda found: found | {"model": "large"}, "is of large"),
        (lambda found: found | {"run": "long"}, "run is no int or float"),
        (lambda found: {key: found[key] for key in found if key != "epoch"}, "epoch is missing"),
    ],
)
def test_a_damaged_trial_is_one_line(tmp_path, change, said):
    file, whole = tmp_path / "small.json", trial("small", 2.5, 60) | {"start": 3.5}
    file.write_text(json.dumps(whole))
    assert read_trial(file, "small") == whole
    file.write_text(json.dumps(change(whole)))
    line = f"^{file}: {said}.*; expected .*: delete it and run again; it is made anew.$"
    with pytest.raises(StudyError, match=line):
        plan_study([{"model": "small", "name": "Small"}], RUNS, None, [None], [file])


TRIED = [trial("small", 2.5, 60), trial("large", 1820, 24_000, 3000)]


def test_the_most_costly_model_stands_first_and_what_it_costs_is_said():
    said = costs(NAMES, RUNS, DESCRIBED, TRIED)
    rows = [line.split("|")[1:-1] for line in said.splitlines() if line.startswith("|")]
    large, small = ([cell.strip() for cell in row] for row in rows[1:])
    assert large == [
        *("Large", "900,000", "5,000,000", "30 min", "6 h 40 min", "3", "20 h 00 min", "100 %"),
        "3,000",
    ]
    assert small[:5] == ["Small", "1,000", "10,000", "2.5 s", "1 min"]
    assert "All runs one after the other: 20 h 03 min. Without Large: 3 min." in said


def test_what_a_cluster_is_asked_for_has_a_margin():
    said = costs(NAMES, RUNS, DESCRIBED, TRIED)
    # 24,000 s are 400 minutes.
    assert "runtime=600" in said
    assert "mem_mb=4500" in said


def test_of_one_model_nothing_is_left_out_and_nothing_is_compared():
    said = costs({"small": "Small"}, RUNS, DESCRIBED[:1], TRIED[:1])
    assert "Without" not in said
    assert detectables(1, 10_000) == "With one model there is nothing to compare."


def test_more_seeds_find_less_down_to_what_the_images_allow():
    found = [detectable_if(seeds, 0.001, 10_000, 45) for seeds in (2, 3, 5, 10, 20, 10**6)]
    assert found == sorted(found, reverse=True)
    limit = detectable_if(math.inf, 0.001, 10_000, 45)
    # 4.10: the quantiles of the normal distribution for 0.05 / 45, two-sided, and for 0.8.
    assert limit == pytest.approx(4.10 * math.sqrt(DIFFERING / 10_000), rel=0.01)
    assert found[-1] == pytest.approx(limit, rel=0.01)
    assert detectable_if(math.inf, 0, 40_000, 45) == pytest.approx(limit / 2)


def test_two_models_differ_on_one_image_at_least():
    # On 45 images a difference of less than 1 / 45 cannot be seen.
    assert detectable_if(math.inf, 0, 45, 1) > 1 / 45
    assert "on one image in 45." in detectables(3, 45)


def test_one_seed_finds_nothing_between_models():
    said = detectables(10, 10_000)
    assert re.search(r"\| +1 \| +none \| +none \| +none \|", said)
    assert "One seed judges trained networks, not models." in said


@pytest.mark.workflow
def test_a_study_is_planned_without_training_it(tiny_study):
    said = tiny_study.snakemake("plan_study").stdout
    assert re.search(r"\| Tiny +\| +2,530 \|", said)
    assert "All runs one after the other: " in said
    assert not [*tiny_study.path("results/models").glob("*/seed_*")]
    for model in ("tiny", "wide"):
        found = json.loads(tiny_study.path(f"results/plan/{model}.json").read_text())
        assert found["epochs"] == 2
        assert 0 < found["epoch"] < found["run"]
        assert found["run"] >= found["start"] + 2 * found["epoch"]
        assert found["memory_mb"] > 200
    # Printed again, of the trials that are there.
    assert tiny_study.planned("plan_study") == {"plan_study"}


class Batches:
    """Stands for batches of one image each."""

    batch_size = 1

    def __init__(self, chosen):
        self.chosen = chosen

    def only(self, chosen, augmentation=None):
        return Batches(chosen)


def test_what_is_compiled_for_a_number_of_batches_is_not_a_batchs_time(monkeypatch):
    clock, compiled = [0.0], set()
    monkeypatch.setattr("time_model.time.perf_counter", lambda: clock[0])

    def run(batches):
        number = len(batches.chosen)
        clock[0] += 0.001 * number + 10 * (number not in compiled)
        compiled.add(number)

    trial = Trial()
    assert trial.seconds_a_batch(run, Batches(range(100_000)), 6) == pytest.approx(0.001)
    compiled.clear()
    assert trial.seconds_a_batch(run, Batches(range(3)), 6) == pytest.approx(0.001)
