"""Say what a study would take on this machine, and what it could find: before the first epoch."""

import math

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.analysis.looks import Plan, plan_of
from bakeoff.analysis.power import DIFFERING, detectable_if, share_differing
from bakeoff.analysis.sampling import Sampling, TestSample, groups_needed
from bakeoff.data.prepared import PreparedData
from bakeoff.joblog import job_log, say
from bakeoff.levels import LEVEL
from bakeoff.study.readers import read_description, read_trial

_SEEDS = (1, 3, 5, 10, 20)
_DEVIATIONS = (0.05, 0.1, 0.2)
"""Assumed standard deviations between a model's runs, in percentage points."""

_MARGIN = 1.5
"""How many times what a trial takes a job should be given, as other machines are slower."""


def plan_study(models, runs, data_file, descriptions, trials, metric="accuracy", looks=None):
    """Print what the study would take, and what it could find.

    ``models`` are those of the reported study, ``runs`` maps their keys to how many runs each has;
    ``descriptions`` and ``trials`` are the paths of their descriptions and of what time_model.py
    wrote, in the same order. Models are ranked by ``metric``, and ``looks`` are the config's
    `study.seeds` where these are looks.
    """
    tried = [read_trial(path, entry["model"]) for entry, path in zip(models, trials, strict=True)]
    described = [
        read_description(path, entry["model"])
        for entry, path in zip(models, descriptions, strict=True)
    ]
    names = {entry["model"]: entry["name"] for entry in models}
    say(costs(names, runs, described, tried))
    say("")
    data = PreparedData.read(data_file)
    sampling = TestSample(data.labels("test"), data.test_groups(), metric).sampling
    say(detectables(len(models), sampling, plan_of(looks) if looks else None))


def costs(names, runs, described, tried):
    """Return the table of what each model takes, the most costly first, and what it comes to."""
    whole = {trial["model"]: trial["run"] * runs[trial["model"]] for trial in tried}
    total = sum(whole.values())
    found = sorted(zip(tried, described, strict=True), key=lambda pair: -whole[pair[0]["model"]])
    rows = []
    for trial, description in found:
        model = trial["model"]
        rows.append(
            [
                t.model(names[model]),
                t.count(description["parameters"]["total"]),
                t.count(description["multiply_adds"]),
                _duration(trial["epoch"]),
                _duration(trial["run"]),
                t.count(runs[model]),
                _duration(whole[model]),
                t.percent(whole[model] / total, 0),
                t.count(trial["memory_mb"]),
            ]
        )
    columns = ["Model", "Parameters", "Multiply-adds", "An epoch", "A run", "Runs", "In all"]
    table = t.Table([*columns, "Share", "Memory (MB)"], rows, align="lrrrrrrrr").as_text()
    threads = w.count(max(trial["threads"] for trial in tried), "thread")
    devices = w.listing(w.distinct(trial["device"] for trial in tried))
    heaviest = found[0][0]["model"]
    without = f"Without {names[heaviest]}: {w.rough_duration(total - whole[heaviest])}." * (
        len(rows) > 1
    )
    return "\n".join(
        [
            f"What the study would take here, told by some seconds of each model on {devices},"
            f" {threads} a run:",
            table,
            f"All runs one after the other: {w.rough_duration(total)}. {without}".rstrip(),
            "Runs at the same time share this; where a job has cores or a GPU of its own, divide"
            " by their number.",
            f"On a cluster, a job is safe with runtime={_minutes(found)} (minutes) and"
            f" mem_mb={_memory(found)}: `--set-resources train_model:runtime={_minutes(found)}"
            f" train_model:mem_mb={_memory(found)}`.",
        ]
    )


def _duration(seconds):
    return t.Cell(f"{seconds:.1f} s" if seconds < 10 else w.rough_duration(seconds), seconds)


def _minutes(found):
    longest = max(trial["run"] for trial, _ in found)
    return 10 * math.ceil(_MARGIN * longest / 600)


def _memory(found):
    return 500 * math.ceil(_MARGIN * max(trial["memory_mb"] for trial, _ in found) / 500)


def detectables(models: int, sampling: Sampling, looks: Plan | None = None) -> str:
    """Return the table of the smallest differences that so many seeds can find.

    Where no number of seeds can find any, for want of groups, that is said instead. With ``looks``,
    the seeds are theirs, each at the level of its look.
    """
    number = models * (models - 1) // 2
    if not number:
        return "With one model there is nothing to compare."
    levels = dict(zip(looks.looks, looks.levels, strict=True)) if looks else {}
    level = max(levels.values(), default=LEVEL)
    groups, needed = len(sampling.weights), groups_needed(number, level)
    if sampling.grouped and groups < needed:
        return w.too_few_groups(groups, needed, number)
    rows = []
    for seeds in levels or _SEEDS:
        corrected = _comparisons(number, levels.get(seeds, LEVEL))
        sizes = [
            detectable_if(seeds, deviation / 100, sampling, corrected) if seeds > 1 else math.inf
            for deviation in _DEVIATIONS
        ]
        found = [t.points(size) if size <= 1 else t.absent("none") for size in sizes]
        rows.append([t.count(seeds), *found])
    columns = ["Seeds", *(f"SD {deviation:g}" for deviation in _DEVIATIONS)]
    metric = " of balanced accuracy" if sampling.by_class else ""
    return "\n".join(
        [
            f"The smallest difference between two models, in percentage points{metric}, that would"
            f" be found in four of five studies of {w.count(models, 'model')} and"
            f" {_sample(sampling)}, by the standard deviation between a model's runs:",
            t.Table(columns, rows, align="rrrr").as_text(),
            "One seed judges trained networks, not models. However many seeds:"
            f" {_limits(sampling, _comparisons(number, level))}",
            f"{_what_is_of_mnist(sampling)} those of the notebook's models on MNIST."
            " On other images, they may be many times as large: the report of a study says what it"
            " could have found.",
        ]
    )


def _comparisons(number, level):
    """Return for how many comparisons the usual level is corrected where it is ``level``."""
    return math.ceil(round(number * LEVEL / level, 9))


def _sample(sampling):
    """Return "1,000 test images in 40 groups"."""
    images = w.count(int(sampling.class_size.sum()), "test image")
    if not sampling.grouped:
        return images
    return f"{images} in {w.count(len(sampling.weights), 'group')}"


def _what_is_of_mnist(sampling):
    # Of few images, it is the least that there can be.
    of_mnist = share_differing(sampling.independent) == DIFFERING
    return "These standard deviations" + (" and that share are" if of_mnist else " are")


def _limits(sampling, number):
    """Return what no number of seeds finds, and what is assumed of images, groups and classes."""
    least = detectable_if(math.inf, 0, sampling, number)
    unit = "group" if sampling.grouped else "image"
    one_in = round(1 / share_differing(sampling.independent))
    each = " of each class" if sampling.by_class else ""
    if least > 1:
        text = "no difference, however large, is found so often with these test images"
    else:
        text = f"differences below {w.number(100 * least, 2)} percentage points need more "
        text += "groups of test images" if sampling.grouped else "test images"
    text += (
        f", if two models differ, beyond the chance of their seeds, on one {unit} in"
        f" {one_in:,}{each}."
    )
    if not sampling.grouped:
        return text
    apart = detectable_if(math.inf, 0, sampling, number, alike=False)
    return (
        f"{text} That takes all images of a group to be answered alike, as if each group were one"
        " image. If they are no more alike than others, it is differences below"
        f" {w.number(100 * apart, 2)} percentage points: which of the two is nearer shows only when"
        " models are trained."
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        plan_study(
            snakemake.params.models,
            snakemake.params.runs,
            snakemake.input.data,
            snakemake.input.descriptions,
            snakemake.input.trials,
            snakemake.params.metric,
            snakemake.params.looks,
        )
