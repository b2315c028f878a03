"""The findings of made-up studies, for the tests of the findings."""

import json

from fabricated_study import descriptions_of, fabricate_data, fabricate_training
from write_conclusions import write_conclusions


def conclude(folder, trainings, seeds=(0,), names=None, dataset=None, data=None, **shared):
    """Return (findings, Markdown) of a made-up study.

    ``trainings`` maps a model to the settings of its trainings, or to a dict from seed to the
    settings of that one; ``shared`` are the settings of all. ``data`` are the settings of the
    prepared data, ``dataset`` what the config says of it.
    """
    files = []
    for model, settings in trainings.items():
        for seed in seeds:
            own = settings.get(seed, {}) if set(settings) & set(seeds) else settings
            files.append(fabricate_training(folder, model, seed, **shared | own))
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
            for model in trainings
        ],
        "seeds": list(seeds),
        "unfinished": [],
        "show_images": True,
        "published": None,
    }
    conclusions, findings = folder / "conclusions.md", folder / "findings.json"
    write_conclusions(
        study,
        data_file,
        [file / "card.json" for file in files],
        [file / "history.csv" for file in files],
        [file / "predictions.npz" for file in files],
        descriptions_of(folder, study),
        conclusions,
        findings,
    )
    return json.loads(findings.read_text()), conclusions.read_text()


def said(findings, key):
    """Return everything that the finding ``key`` says, as one text."""
    finding = next(finding for finding in findings["findings"] if finding["key"] == key)
    return "\n".join([*finding["text"], *finding["items"]])
