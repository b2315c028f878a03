"""Say what a study would take on this machine, and what it could find: before the first epoch."""

import math

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.analysis.power import DIFFERING, detectable_if
from bakeoff.data.prepared import PreparedData
from bakeoff.joblog import job_log, say
from bakeoff.study.readers import read_description, read_trial

_SEEDS = (1, 3, 5, 10, 20)
_DEVIATIONS = (0.05, 0.1, 0.2)
"""Assumed standard deviations between a model's runs, in percentage points."""

_MARGIN = 1.5
"""How many times what a trial takes a job should be given, as other machines are slower."""


def plan_study(models, runs, data_file, descriptions, trials):
    """Print what the study would take, and what it could find.

    ``models`` are those of the reported study, ``runs`` maps their keys to how many runs each has;
    ``descriptions`` and ``trials`` are the paths of their descriptions and of what time_model.py
    wrote, in the same order.
    """
    tried = [read_trial(path, entry["model"]) for entry, path in zip(models, trials, strict=True)]
    described = [
        read_description(path, entry["model"])
        for entry, path in zip(models, descriptions, strict=True)
    ]
    names = {entry["model"]: entry["name"] for entry in models}
    say(costs(names, runs, described, tried))
    say("")
    say(detectables(len(models), PreparedData.read(data_file).counts["test"]))


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


def detectables(models, images):
    """Return the table of the smallest differences that so many seeds can find."""
    number = models * (models - 1) // 2
    if not number:
        return "With one model there is nothing to compare."
    rows = []
    for seeds in _SEEDS:
        sizes = [t.absent("none")] * len(_DEVIATIONS)
        if seeds > 1:
            sizes = [
                t.points(detectable_if(seeds, deviation / 100, images, number))
                for deviation in _DEVIATIONS
            ]
        rows.append([t.count(seeds), *sizes])
    columns = ["Seeds", *(f"SD {deviation:g}" for deviation in _DEVIATIONS)]
    least = detectable_if(math.inf, 0, images, number)
    return "\n".join(
        [
            "The smallest difference between two models, in percentage points, that would be found"
            f" in four of five studies of {w.count(models, 'model')} and {images:,} test images,"
            " by the standard deviation between a model's runs:",
            t.Table(columns, rows, align="rrrr").as_text(),
            "One seed judges trained networks, not models. However many seeds: differences below"
            f" {w.number(100 * least, 2)} percentage points need more test images, if two models"
            " differ, beyond the chance of their seeds, on one image in"
            f" {min(round(1 / DIFFERING), images):,}.",
            "These standard deviations and that share are those of the notebook's models on MNIST."
            " On other images, they may be many times as large: the report of a study says what it"
            " could have found.",
        ]
    )


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        plan_study(
            snakemake.params.models,
            snakemake.params.runs,
            snakemake.input.data,
            snakemake.input.descriptions,
            snakemake.input.trials,
        )
