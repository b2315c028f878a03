"""The findings of made-up studies, for the tests of the findings."""

import json

from bakeoff.numbers import Comparison
from bakeoff.study.config import numbers_study
from collect_results import collect_results
from fabricated_study import descriptions_of, fabricate_data, fabricate_latency, fabricate_run
from steps_after_training import NUMBERS, WORDS
from write_conclusions import write_conclusions


def conclude(
    folder,
    runs,
    seeds=(0,),
    names=None,
    dataset=None,
    data=None,
    metric="accuracy",
    looked=None,
    own_seeds=None,
    latencies=None,
    unfinished=(),
    **shared,
):
    """Return (findings, Markdown) of a made-up study; ``findings["numbers"]`` is analysis.json.

    ``runs`` maps a model to the settings of its runs, or to a dict from seed to the
    settings of that one; ``shared`` are the settings of all. ``data`` are the settings of the
    prepared data, ``dataset`` what the config says of it, and ``metric`` what ranks the models;
    ``looked`` are the looks at it, and ``own_seeds`` maps models with fewer seeds to these;
    ``latencies`` maps each model to the arguments of :func:`fabricated_study.fabricate_latency`;
    ``unfinished`` are the names of models that are left out.
    """
    files, own_seeds = [], own_seeds or {}
    for model, settings in runs.items():
        for seed in own_seeds.get(model, seeds):
            own = settings.get(seed, {}) if set(settings) & set(seeds) else settings
            files.append(fabricate_run(folder, model, seed, **shared | own))
    sizes = {key: shared[key] for key in ("images", "classes") if key in shared}
    data_file = fabricate_data(folder, **sizes | (data or {}))
    dataset = {"name": "mnist", "title": "MNIST", "validation": "test", "disputed": []} | (
        dataset or {}
    )
    study = {
        "title": "A study",
        "dataset": dataset,
        "models": [
            {"model": model, "name": (names or {}).get(model, model.title().replace("_", " "))}
            | {"description": f"about {model}", "family": "some"}
            | ({"seeds": own_seeds[model]} if model in own_seeds else {})
            for model in runs
        ],
        "seeds": list(seeds),
        "unfinished": list(unfinished),
        "metric": metric,
        "show_images": True,
        "published": None,
    }
    alone = [fabricate_latency(folder, model, **how) for model, how in (latencies or {}).items()]
    collect_and_conclude(folder, study, data_file, files, looked, alone)
    findings = json.loads((folder / "findings.json").read_text())
    numbers = json.loads((folder / "analysis.json").read_text())
    return findings | {"numbers": numbers}, (folder / "conclusions.md").read_text()


def collect_and_conclude(folder, study, data_file, runs, looked=None, latencies=()):
    """Write numbers and words of a study into ``folder``; ``runs`` are its runs' folders."""
    files = [[run / n for run in runs] for n in ("history.csv", "card.json", "predictions.npz")]
    numbers = [folder / name for name in NUMBERS]
    described = descriptions_of(folder, study)
    collect_results(numbers_study(study), data_file, *files, described, *numbers, looked, latencies)
    _, summary, analysis = numbers
    write_conclusions(study, analysis, summary, *(folder / name for name in WORDS))


def pairs_of(findings):
    """Return (model, model, :class:`bakeoff.numbers.Comparison`) of each pair that is listed."""
    return [
        (pair["a"], pair["b"], Comparison(**pair["comparison"]))
        for pair in findings["numbers"]["pairs"]["listed"]
    ]


def said(findings, key):
    """Return everything that the finding ``key`` says, as one text."""
    finding = next(finding for finding in findings["findings"] if finding["key"] == key)
    return "\n".join([*finding["text"], *finding["items"]])
