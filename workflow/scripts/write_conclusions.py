"""Compute the findings of a study and write them in words."""

import json

from bakeoff.analysis.models import read_trainings
from bakeoff.files import write_atomically
from bakeoff.findings import compute_findings
from bakeoff.joblog import job_log
from bakeoff.markdown import bullets, escaped, preformatted, table
from bakeoff.study.readers import read_data_set


def write_conclusions(
    study, data_file, cards, histories, predictions, descriptions, conclusions_file, findings_file
):
    """Write conclusions.md, and the same findings as data in findings.json.

    ``study`` is the reported study and ``data_file`` its prepared data; the lists of paths are
    in the order of :func:`bakeoff.study.readers.trainings_of`, ``descriptions`` in that of the
    models. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    data = read_data_set(data_file, study["dataset"]["disputed"])
    trainings = read_trainings(study, data, cards, histories, predictions, descriptions)
    findings = compute_findings(study, data, trainings)
    with write_atomically(findings_file) as temporary:
        text = json.dumps(findings, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    with write_atomically(conclusions_file) as temporary:
        temporary.write_text(as_markdown(findings), encoding="utf-8")


def as_markdown(findings):
    """Return the findings, as made by :func:`compute_findings`, as a Markdown text."""
    blocks = [f"# {escaped(findings['title'])}: conclusions", bullets(findings["setting"])]
    if findings["cautions"]:
        blocks += ["**Bear in mind**", bullets(findings["cautions"])]
    for finding in findings["findings"]:
        blocks += [f"## {escaped(finding['title'])}", *map(escaped, finding["text"])]
        if finding["items"]:
            blocks.append(bullets(finding["items"]))
        if finding["table"]:
            blocks.append(table(**finding["table"]))
    blocks.append("## Model by model")
    for model in findings["models"]:
        heading = f"{model['name']}: {model['description']}"
        blocks += [f"### {escaped(heading)}", escaped(model["remark"])]
    blocks.append("## Architectures")
    for model in findings["models"]:
        blocks += [escaped(f"{model['name']}:"), preformatted(model["notation"])]
    blocks.append(findings["closing"])
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        write_conclusions(
            study=json.loads(snakemake.params.study),
            data_file=snakemake.input.data,
            cards=snakemake.input.cards,
            histories=snakemake.input.histories,
            predictions=snakemake.input.predictions,
            descriptions=snakemake.input.descriptions,
            conclusions_file=snakemake.output.conclusions,
            findings_file=snakemake.output.findings,
        )
