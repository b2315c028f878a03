"""What a study would take, and what it could find, before it is trained."""

import json
import math
import re
from types import SimpleNamespace

import numpy as np
import pytest

from bakeoff.analysis.looks import Plan
from bakeoff.analysis.power import DIFFERING, detectable_if
from bakeoff.analysis.sampling import Sampling, TestSample
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
    assert detectables(1, Sampling(10_000)) == "With one model there is nothing to compare."


def test_more_seeds_find_less_down_to_what_the_images_allow():
    images = Sampling(10_000)
    found = [detectable_if(seeds, 0.001, images, 45) for seeds in (2, 3, 5, 10, 20, 10**6)]
    assert found == sorted(found, reverse=True)
    limit = detectable_if(math.inf, 0.001, images, 45)
    # 4.10: the quantiles of the normal distribution for 0.05 / 45, two-sided, and for 0.8. The test
    # adds two images to those on which the models differ.
    assert limit == pytest.approx(4.10 * math.sqrt(DIFFERING / 10_000 + 2 / 10_002**2), rel=0.001)
    assert found[-1] == pytest.approx(limit, rel=0.01)
    many = detectable_if(math.inf, 0, Sampling(40_000), 45)
    assert many == pytest.approx(4.10 * math.sqrt(DIFFERING / 40_000 + 2 / 40_002**2), rel=0.001)


def test_of_few_images_no_less_is_promised_than_the_test_can_show():
    shown = detectable_if(math.inf, 0, Sampling(32), 10)
    # The normal quantiles for 0.05 / 10, two-sided, and for 0.8; one image, and two that are added.
    assert shown == pytest.approx(3.649 * math.sqrt(1 / 32**2 + 2 / 34**2), rel=0.001)


def in_groups(number, images, metric="accuracy", labels=None):
    groups = np.repeat(np.arange(number), images)
    labels = groups % 2 if labels is None else labels
    return TestSample(labels, groups, metric).sampling


def test_groups_are_planned_with_as_what_they_are_worth():
    sampling = in_groups(40, 25)
    alike = detectable_if(math.inf, 0, sampling, 1)
    # Student's quantiles with 39 degrees of freedom, for 0.05 two-sided and for 0.8: one group of
    # 40 is answered otherwise, and two images are added.
    quantiles = 2.023 + 0.851
    assert alike == pytest.approx(quantiles * math.sqrt(1 / 40**2 + 2 / 1002**2), rel=0.001)
    apart = detectable_if(math.inf, 0, sampling, 1, alike=False)
    assert apart == pytest.approx(quantiles * math.sqrt(0.001 / 1000 + 2 / 1002**2), rel=0.001)
    said = detectables(2, sampling)
    assert "of 2 models and 1,000 test images in 40 groups, by the" in said
    assert f"differences below {100 * alike:.2f} percentage points need more groups of" in said
    assert "on one group in 40. That takes all images of a group to be answered alike" in said
    assert f"it is differences below {100 * apart:.2f} percentage points" in said
    assert "These standard deviations are those" in said


def test_the_plan_is_of_the_studys_groups_classes_and_looks(monkeypatch):
    groups, labels = np.repeat(np.arange(9), 4), np.arange(36) % 3
    data = SimpleNamespace(labels=lambda part: labels, test_groups=lambda: groups)
    told = []
    monkeypatch.setattr("plan_study.PreparedData.read", lambda file: data)
    monkeypatch.setattr("plan_study.read_description", lambda *_: None)
    monkeypatch.setattr("plan_study.read_trial", lambda *_: None)
    monkeypatch.setattr("plan_study.costs", lambda *_: "")
    monkeypatch.setattr("plan_study.say", told.append)
    models = [{"model": key, "name": key} for key in "abcde"]
    looks = {"looks": [5, 20], "level": 0.02, "equivalent": 0}
    plan_study(models, {}, "data.json", "abcde", "abcde", "balanced_accuracy")
    plan_study(models, {}, "data.json", "abcde", "abcde", "accuracy", looks)
    assert "in percentage points of balanced accuracy, that would be" in told[2]
    assert "and 36 test images in 9 groups" in told[2]
    assert told[5].startswith("The test images come in 9 groups: no two models can be shown to")


def test_groups_of_unlike_sizes_are_worth_fewer_of_one_size():
    groups = np.repeat(np.arange(40), np.r_[np.full(39, 10), 610])
    unlike = detectable_if(math.inf, 0, Sampling(1000, groups), 1)
    assert unlike > 5 * detectable_if(math.inf, 0, in_groups(40, 25), 1)


def test_with_too_few_groups_the_plan_says_what_the_report_will():
    assert detectables(5, in_groups(8, 4)) == (
        "The test images come in 8 groups: no two models can be shown to differ with fewer than"
        " 9 groups and 10 pairs to compare."
    )
    assert "| Seeds |" in detectables(5, in_groups(9, 4))
    looks = Plan((5, 8, 12, 20))
    # The last look has 20 / 45 of the level.
    assert "fewer than 10 groups and 10 pairs" in detectables(5, in_groups(9, 4), looks)
    assert "| Seeds |" in detectables(5, in_groups(10, 4), looks)


def test_with_no_groups_to_spare_no_difference_is_promised():
    groups = np.repeat(np.arange(12), np.r_[np.ones(11, int), 189])
    said = detectables(10, Sampling(200, groups))
    assert re.search(r"\| +20 \| +none \| +none \| +none \|", said)
    assert "no difference, however large, is found so often with these test images, if" in said


def test_for_balanced_accuracy_an_image_counts_as_one_over_its_class():
    labels = np.repeat([0, 1], [9500, 500])
    sampling = TestSample(labels, None, "balanced_accuracy").sampling
    # 4 / (1 / 9,500 + 1 / 500): as many images of classes that are alike in size.
    worth = 1900
    variance = 0.001 / worth + (2 / 9502**2 + 2 / 502**2) / 4
    found = detectable_if(math.inf, 0, sampling, 1)
    assert found == pytest.approx(2.803 * math.sqrt(variance), rel=0.002)
    assert found > 2 * detectable_if(math.inf, 0, Sampling(10_000), 1)
    said = detectables(2, sampling)
    assert "in percentage points of balanced accuracy, that would be found in four" in said
    assert "on one image in 1,000 of each class." in said


def test_a_study_of_looks_is_planned_at_the_levels_of_its_looks():
    said = detectables(10, Sampling(10_000), Plan((5, 20)))
    [five, twenty] = [line.split("|")[1:-1] for line in said.splitlines() if line[:1] == "|"][1:]
    assert [row[0].strip() for row in (five, twenty)] == ["5", "20"]
    # A fifth of the level is five times as many pairs.
    expected = detectable_if(5, 0.001, Sampling(10_000), 225)
    assert five[2].strip() == f"{100 * expected:.2f}"


def test_two_models_differ_on_one_image_at_least():
    # On 45 images a difference of less than 1 / 45 cannot be seen.
    assert detectable_if(math.inf, 0, Sampling(45), 1) > 1 / 45
    assert "on one image in 45." in detectables(3, Sampling(45))


def test_one_seed_finds_nothing_between_models():
    said = detectables(10, Sampling(10_000))
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
        assert found["threads"] == 2
    # Printed again, of the trials that are there.
    assert tiny_study.planned("plan_study") == {"plan_study"}
    # A run would have one thread, and so has its trial.
    one = ("plan_study", "--set-threads", "train_model=1")
    assert " 1 thread a run:" in tiny_study.snakemake(*one).stdout
    assert tiny_study.planned(*one) == {"plan_study"}


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
