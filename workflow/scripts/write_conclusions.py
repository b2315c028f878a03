"""Put the numbers of a study into words."""

import json
import textwrap

from bakeoff import wording as w
from bakeoff.files import write_atomically
from bakeoff.findings import write_findings
from bakeoff.findings.summary import all_tables
from bakeoff.joblog import job_log
from bakeoff.markdown import bullets, escaped, preformatted, table
from bakeoff.results import read_results
from bakeoff.study.readers import read_summary


def write_conclusions(
    study, analysis_file, summary_file, text_file, markdown_file, conclusions_file, findings_file
):
    """Write the tables as text and as Markdown, conclusions.md, and that as data, findings.json.

    ``study`` is the reported study; analysis.json and summary.csv have its numbers. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    results = read_results(analysis_file, study)
    tables = all_tables(read_summary(summary_file, study), results)
    findings = write_findings(results)
    for path, content in (
        (text_file, summary_as_text(findings, tables)),
        (markdown_file, summary_as_markdown(findings, tables)),
        (conclusions_file, conclusions(findings, results)),
        (findings_file, json.dumps(findings, indent=1, ensure_ascii=False, allow_nan=False) + "\n"),
    ):
        with write_atomically(path) as temporary:
            temporary.write_text(content, encoding="utf-8")


def summary_as_text(findings, tables):
    """Return summary.txt; ``tables`` are (title, note, table)."""
    lines = [*findings["setting"], *findings["cautions"]]
    blocks = [w.one_line(findings["title"]), "\n".join(textwrap.fill(line, 100) for line in lines)]
    for name, note, content in tables:
        blocks += [f"{name}\n{textwrap.fill(note, 100)}", content.as_text()]
    return "\n\n".join(blocks) + "\n"


def summary_as_markdown(findings, tables):
    """Return summary.md; ``tables`` are (title, note, table)."""
    blocks = [
        f"**{escaped(findings['title'])}**",
        bullets([*findings["setting"], *findings["cautions"]]),
    ]
    for name, note, content in tables:
        blocks += [f"**{name}**", escaped(note), content.as_markdown()]
    return "\n\n".join(blocks) + "\n"


def conclusions(findings, results):
    """Return conclusions.md; ``findings`` are :func:`bakeoff.findings.write_findings`'."""
    short = [line for line in (findings["headline"], findings["pick"]) if line]
    blocks = [
        f"# {escaped(findings['title'])}: conclusions",
        f"**{escaped(' '.join(short))}**",
        bullets(findings["setting"]),
    ]
    if findings["cautions"]:
        blocks += ["**Bear in mind**", bullets(findings["cautions"])]
    for finding in findings["findings"]:
        blocks += [f"## {escaped(finding['title'])}", *map(escaped, finding["text"])]
        if finding["items"]:
            blocks.append(bullets(finding["items"]))
        if finding["table"]:
            blocks.append(table(finding["table"]["columns"], finding["table"]["rows"]))
    blocks.append("## Model by model")
    for model, said in zip(results.models, findings["models"], strict=True):
        blocks += [f"### {escaped(f'{model.name}: {model.description}')}", escaped(said["remark"])]
    blocks.append("## Architectures")
    for model in results.models:
        of = f" ({model.made_of})" if model.made_of else ""
        blocks += [escaped(f"{model.name}{of}:"), preformatted(model.notation)]
    blocks.append(findings["closing"])
    return "\n\n".join(blocks) + "\n"


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        write_conclusions(
            json.loads(snakemake.params.study),
            snakemake.input.analysis,
            snakemake.input.summary,
            snakemake.output.text,
            snakemake.output.markdown,
            snakemake.output.conclusions,
            snakemake.output.findings,
        )
