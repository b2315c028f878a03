"""Compute the findings of a study and write them in words."""

import json
import re

from bakeoff.files import write_atomically
from bakeoff.findings import compute_findings
from bakeoff.joblog import job_log
from bakeoff.measures import read_trainings
from bakeoff.tables import read_data_set


def write_conclusions(
    study, data_file, cards, histories, predictions, conclusions_file, findings_file
):
    """Write conclusions.md, and the same findings as data in findings.json.

    ``study`` is the reported study and ``data_file`` its prepared data; the three lists of paths
    are in the order of :func:`bakeoff.tables.trainings_of`. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    data = read_data_set(data_file, study["dataset"]["disputed"])
    trainings = read_trainings(study, data, cards, histories, predictions)
    findings = compute_findings(study, data, trainings)
    with write_atomically(findings_file) as temporary:
        text = json.dumps(findings, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    with write_atomically(conclusions_file) as temporary:
        temporary.write_text(as_markdown(findings), encoding="utf-8")


def as_markdown(findings):
    """Return the findings, as made by :func:`compute_findings`, as a Markdown text."""
    blocks = [f"# {_plain(findings['title'])}: conclusions", _bullets(findings["setting"])]
    if findings["cautions"]:
        blocks += ["**Bear in mind**", _bullets(findings["cautions"])]
    for finding in findings["findings"]:
        blocks += [f"## {finding['title']}", *map(_plain, finding["text"])]
        if finding["items"]:
            blocks.append(_bullets(finding["items"]))
        if finding["table"]:
            blocks.append(_table(**finding["table"]))
    blocks.append("## Model by model")
    for model in findings["models"]:
        heading = f"{model['name']}: {model['description']}"
        blocks += [f"### {_plain(heading)}", _plain(model["remark"])]
    blocks.append("## Architectures")
    for model in findings["models"]:
        blocks += [f"{_plain(model['name'])}:", f"```text\n{model['notation']}\n```"]
    blocks.append(findings["closing"])
    return "\n\n".join(blocks) + "\n"


def _plain(text):
    """Keep Markdown from reading marks into a text, such as the stars in a model's name."""
    return re.sub(r"([\\`*_|]|<(?=[a-zA-Z/!?]))", r"\\\1", " ".join(text.split()))


def _bullets(sentences):
    return "\n".join(f"- {_plain(sentence)}" for sentence in sentences)


def _table(columns, rows):
    header, *body = [[_plain(cell) for cell in row] for row in (columns, *rows)]
    lines = [header, ["---"] * len(columns), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        write_conclusions(
            study=json.loads(snakemake.params.study),
            data_file=snakemake.input.data,
            cards=snakemake.input.cards,
            histories=snakemake.input.histories,
            predictions=snakemake.input.predictions,
            conclusions_file=snakemake.output.conclusions,
            findings_file=snakemake.output.findings,
        )
