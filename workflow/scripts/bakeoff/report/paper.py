"""What goes into a paper: the main table and a paragraph on the methods; and how to cite."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from bakeoff import latex
from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.ranking import differences_in_common, method
from bakeoff.findings.setting import setting, what_is_missing
from bakeoff.results import Results

_CITATION = Path(__file__).parents[4] / "CITATION.cff"
_COMPUTED_BY = ("numpy", "scipy", "statsmodels")


def main_table(results: Results) -> str:
    """Return the finished models, the best first, as a table in LaTeX (booktabs)."""
    several = any(len(model.runs) > 1 for model in results.finished)
    counted = several or any(model.diverged for model in results.models)
    compared = any(model.against_best for model in results.ranked)
    columns = ["Model", "Parameters", f"{results.measure.capitalize()}", "95 % interval"]
    columns += ["SD (pp)"] if several else []
    columns += ["Seeds"] if counted else []
    columns += ["Below the best (pp)", results.difference_interval, "p"] if compared else []
    columns.append("Verdict")
    rows = [
        [*_cells(model, several, counted, compared), t.text(model.standing)]
        for model in results.ranked
    ]
    table = t.Table(columns, rows)
    caption = f"{results.study['title']}: {results.measure} on"
    caption += f" {w.count(results.data.test_images, 'test image')}."
    if lost := [model.name for model in results.models if not model.runs]:
        caption += f" Every run of {w.models(lost)} diverged."
    if unfinished := results.study["unfinished"]:
        caption += (
            f" {w.models(unfinished)} {w.plural(len(unfinished), 'has', 'have')} not finished."
        )
    if compared:
        caption += (
            " pp: percentage points. Differences are the best model's minus this one's; their"
            " intervals and p-values are corrected for all pairs of models."
        )
        caption = " ".join(filter(None, [caption, differences_in_common(results)]))
    shown = [[cell.text for cell in row] for row in rows]
    written = latex.table(columns, shown, table.numeric, caption, "tab:accuracy")
    return latex.what_it_takes(written) + written


def _cells(model, several, counted, compared):
    accuracy = model.score
    cells = [
        t.text(model.name),
        t.count(model.cost["parameters"]),
        t.percent(accuracy.value),
        t.percent_interval(accuracy.low, accuracy.high),
    ]
    if several:
        cells.append(t.absent() if accuracy.sd is None else t.points(accuracy.sd))
    if counted:
        cells.append(t.count(len(model.runs)))
    if compared:
        against = model.against_best
        cells += (
            [t.absent()] * 3
            if against is None
            else [
                t.points(against.difference),
                t.points_interval(against.low, against.high),
                t.p_value(against.p_holm, against.level),
            ]
        )
    return cells


def methods(results: Results, tree: Mapping[str, Any]) -> str:
    """Return a paragraph in LaTeX on data, runs, tests, corrections and versions.

    ``tree`` is what :func:`bakeoff.study.commit.commits` says of the files that compute it.
    """
    libraries = w.listing(f"{name} {version(name)}" for name in _COMPUTED_BY)
    sentences = [
        *setting(results),
        *what_is_missing(results),
        *([method(results)] if len(results.finished) > 1 else []),
        f"Computed by mnist-bakeoff {citation()['version']}{_commit(tree)} with {libraries}.",
    ]
    return f"\\paragraph{{Methods.}} {' '.join(map(latex.escaped, sentences))}\n"


def bibtex(tree: Mapping[str, Any]) -> str:
    """Return the entry in BibTeX by which the tool is cited, with its commit where it is known."""
    cited = citation()
    authors = " and ".join(f"{{{latex.escaped(author['name'])}}}" for author in cited["authors"])
    fields = {
        "author": authors,
        "title": f"{{{latex.escaped(cited['title'])}}}",
        "version": latex.escaped(str(cited["version"])),
        "note": latex.escaped(f"{cited['license']} license{_commit(tree)}"),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["@software{mnist_bakeoff,", *lines, "}"])


def citation() -> dict[str, Any]:
    """Return what CITATION.cff holds."""
    return yaml.safe_load(_CITATION.read_text(encoding="utf-8"))


def _commit(tree: Mapping[str, Any]) -> str:
    commit = tree["commit"]
    if commit is None:
        return ""
    changed = "" if commit["clean"] else " with changes"
    return f", commit {commit['id'][:12]}{changed}"
