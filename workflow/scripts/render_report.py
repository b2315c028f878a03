"""Put tables, figures, findings and architectures on one page that opens offline."""

import base64
import hashlib
import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from bakeoff import wording as w
from bakeoff.data.prepared import PreparedData
from bakeoff.figures.colours import DARK_PAPER, GRID, INK, PAPER, model_colours
from bakeoff.files import write_atomically
from bakeoff.findings.ranking import differences_in_common
from bakeoff.findings.summary import all_tables, ranked_table
from bakeoff.joblog import job_log
from bakeoff.limits import MOST_DESCRIBED, MOST_SHOWN, MOST_UNFOLDED
from bakeoff.report.augmentation import augmentations
from bakeoff.report.chart import AXIS_WIDTHS, accuracy_chart
from bakeoff.report.code import code_for
from bakeoff.report.curves import mean_losses
from bakeoff.report.data_set import describe_data_set
from bakeoff.report.gallery import hardest_images
from bakeoff.report.paper import bibtex
from bakeoff.report.provenance import origin
from bakeoff.report.svg import inline_svg
from bakeoff.report.tables import (
    HEAT_LEVELS,
    confusion_matrix,
    layer_table,
    most_confused,
    pair_table,
    runs_table,
)
from bakeoff.results import read_results
from bakeoff.selection import shown_of
from bakeoff.study.commit import commits
from bakeoff.study.readers import read_cards, read_findings, read_runs, read_summary

# The letters of Hebrew, Arabic and other scripts that are written from right to left.
_RIGHT_TO_LEFT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"


def render_report(
    study,
    command,
    tree,
    runs_file,
    summary_file,
    analysis_file,
    findings_file,
    data_file,
    cards,
    descriptions,
    histories,
    curves,
    figures,
    template_folder,
    page_file,
):
    """Write the report, one HTML file that loads nothing from elsewhere.

    ``study`` is the reported study, ``command`` what makes it, and ``tree`` what
    :func:`bakeoff.study.commit.commits` says of the files that make the page. ``cards`` and
    ``histories`` are paths in the order of :func:`bakeoff.study.readers.runs_in`,
    ``descriptions`` those of its models' descriptions, ``curves`` a folder with an SVG a model,
    called by its key. ``figures`` maps names of figures to an SVG each, and ``tradeoffs`` to
    several. Raises :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    findings = read_findings(findings_file)
    summary = read_summary(summary_file, study)
    cards = read_cards(cards, descriptions, study)
    results = read_results(analysis_file, study)
    content = {
        "findings": findings,
        "found": {finding["key"]: finding for finding in findings["findings"]},
        "chart": accuracy_chart(results),
        "classes": results.data.class_names,
        "several_seeds": len(study["seeds"]) > 1,
        "figures": describe_figures(results, summary, figures),
        "losses": mean_losses(study, results.models, histories),
        "gallery": hardest_images(results, data_file if study["show_images"] else None),
        "data_set": describe_data_set(data_file, study["show_images"]),
        "augmentations": augmentations(data_file, cards, study),
        "origin": origin(study, command, cards, tree),
        "bibtex": bibtex(tree),
    }
    content |= describe_tables(results, summary)
    runs = read_runs(runs_file, study)
    content |= describe_models(results, findings, runs, cards, curves, data_file)
    with write_atomically(page_file) as temporary:
        temporary.write_text(fill_template(template_folder, study, content), encoding="utf-8")


def fill_template(template_folder, study, content):
    """Return the page, with its style and its script, made of a dict of what it shows."""
    environment, colours = _environment(template_folder), model_colours(study)
    style = environment.get_template("report.css.j2").render(
        axis_widths=AXIS_WIDTHS,
        paper=PAPER,
        ink=INK,
        grid=GRID,
        dark_paper=DARK_PAPER,
        colours=[colours[entry["model"]] for entry in study["models"]],
        heat_levels=range(1, HEAT_LEVELS + 1),
    )
    script = (Path(template_folder) / "report.js").read_text(encoding="utf-8")
    page = environment.get_template("report.html.j2")
    return page.render(content, style=Markup(style), script=Markup(script))


def describe_tables(results, summary):
    """Return the tables of the results, and that of the pairs of models, with notes on them."""
    pairs, note = pair_table(results)
    number, listed = results.analysis.pairs.number, len(pairs.rows) if pairs else 0
    which = "the pair" if number == 1 else f"the {number:,} pairs"
    return {
        "everything": ranked_table(summary, results).as_data(),
        "differences": differences_in_common(results),
        "tables": [
            {"title": title, "note": note} | table.as_data()
            for title, note, table in all_tables(summary, results)
        ],
        "pairs": pairs and pairs.as_data(),
        "pairs_note": note,
        "which_pairs": which if listed == number else f"{listed:,} of {which}",
    }


def describe_models(results, findings, runs, cards, curves, data_file):
    """Return what the page says of each model: names, a remark, tables and a figure.

    Keys: ``models``, of many the most accurate; ``choice``, a list of what to say of these;
    ``by_name``, of all models the ``place``, the ``family`` and whether they are ``described``; and
    whether the sections are ``folded``.
    """
    classes, data = results.data.class_names, PreparedData.read(data_file)
    first_cards = {card["model"]: card for card in reversed(cards)}
    runs_of = defaultdict(list)
    for run in runs:
        runs_of[run["model"]].append(run)
    places = {model: place for place, model in enumerate(results.models)}
    remarks = {said["model"]: said["remark"] for said in findings["models"]}
    shown, choice = shown_of(results, MOST_DESCRIBED)
    models, described = [], {model.model for model in shown}
    for model in shown:
        label = f"Training and validation loss of {model.name} over the epochs."
        said = {
            "name": model.name,
            "family": model.family,
            "description": model.description,
            "made_of": model.made_of,
            "notation": model.notation,
            "remark": remarks[model.model],
            "place": places[model],
            "facts": facts_of(model),
            "figure": {
                "label": label,
                "svg": inline_svg(Path(curves) / f"{model.model}.svg", label, curves),
            },
            "layers": layer_table(first_cards[model.model]["layers"]).as_data(),
            "code": code_for(first_cards[model.model], classes, data.dtype, data.audit),
            "runs": runs_table(runs_of[model.model]).as_data(),
        }
        models.append(said | error_tables(model, classes))
    return {
        "models": models,
        "choice": choice,
        "by_name": {
            model.name: {
                "place": place,
                "family": model.family,
                "described": model.model in described,
            }
            for place, model in enumerate(results.models)
        },
        "folded": len(models) > MOST_UNFOLDED,
    }


def error_tables(model, classes):
    """Return a model's confusion matrix, or of many classes two tables instead."""
    tables = {"matrix": None, "confusions": None, "recalls": None}
    if model.confusion is None:
        return tables
    if matrix := confusion_matrix(model, classes):
        return tables | {"matrix": matrix}
    confusions, recalls = most_confused(model, classes)
    return tables | {"confusions": confusions.as_data(), "recalls": recalls.as_data()}


def facts_of(model):
    """Return a model's accuracy and standing in a few words."""
    if model.score is None:
        return model.standing
    return f"{w.percent(model.score.value)}, {model.standing}"


def describe_figures(results, summary, figures):
    """Return each figure with what it shows in a sentence, for those who cannot see it."""
    most, measure = _some(len(summary)), results.measure.capitalize()
    finished = sum(row[results.column] is not None for row in summary)
    labels = {
        "loss_overview": f"Training and validation loss of {most} over the epochs, a panel each.",
        "loss_overlay": (
            f"Validation loss of {w.count(finished, 'model')} over the epochs, in one panel."
        ),
        "reliability": f"Share of correct predictions against how confident they are, for {most}.",
    }
    if finished > 1:
        labels["comparisons"] = (
            f"Difference in {results.measure} for each pair of {_some(finished)}, a cell each."
        )
    if results.analysis.looks:
        labels["seeds"] = f"Seeds of {most} at each look, and after which look models left."
    if results.analysis.power and results.analysis.power.by_seeds:
        labels["power"] = (
            "The smallest difference that is shown, against the seeds of each model, and the seeds"
            " that it takes to tell models from the best."
        )
    described = {
        # All but the overlay are wider than a phone.
        key: {"label": label, "svg": inline_svg(figures[key], label, pinned=key != "loss_overlay")}
        for key, label in labels.items()
    }
    tradeoffs = [
        {"label": label, "svg": inline_svg(figure, label)}
        for figure in figures["tradeoffs"]
        for label in [
            f"{measure} against"
            f" {Path(figure).stem.removeprefix('accuracy_').replace('_', ' ')}, a point a model."
        ]
    ]
    return described | {"tradeoffs": tradeoffs}


def _some(count):
    """Return how many of ``count`` models a figure shows that has a place for each, in words."""
    models = w.count(count, "model")
    return models if count <= MOST_SHOWN else f"the {MOST_SHOWN} most accurate of {models}"


@cache
def _environment(template_folder):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "unbroken": lambda text: in_order(unbroken(text)),
        "without_stop": lambda sentence: sentence.removesuffix("."),
        "arrows_whole": arrows_whole,
        "sha256": content_hash,
    }
    # The captions of Snakemake's own report say what a figure shows; so the page has the same.
    environment.globals["caption"] = lambda name: " ".join(
        (Path(template_folder) / f"{name}.rst").read_text(encoding="utf-8").split()
    )
    return environment


def content_hash(text):
    """Return the hash by which a content security policy allows an inline script or style."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def unbroken(text):
    """Keep numbers and their units on one line: "99.36 %", "p = 0.21", "1 h 02 min", "1.01 ms"."""
    text = re.sub(r"(?<=\d) (?=%|percentage|(ms|s|min|h|GB|GHz)\b)", "\u00a0", str(text))
    text = re.sub(r"(?<=\d\u00a0h) (?=\d\d\u00a0min)", "\u00a0", text)
    text = text.replace("p-values", "p\u2011values")
    return re.sub(r"(?<=p) ([=<]) (?=\d)", "\u00a0\\1\u00a0", text)


def in_order(text):
    """Return ``text`` with what follows an Arabic or Hebrew name to the right of it.

    Otherwise browsers put a colon, a minus sign and a number to the left of the name, and of two
    such names the second first.
    """
    return re.sub(rf"([{_RIGHT_TO_LEFT}](?:[\s\d.]*\d)?)(?=[,:;.)\]](?!\d))", "\\1\u200e", text)


def arrows_whole(notation):
    """Return arrow notation as markup whose lines are broken before arrows, not within them."""
    step = Markup('<span class="step">{}</span>')
    lines = (re.split(" (?=--)", line) for line in notation.splitlines())
    return Markup("\n").join(Markup(" ").join(map(step.format, line)) for line in lines)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        workflow = Path(__file__).parents[1]
        render_report(
            study=json.loads(snakemake.params.study),
            command=snakemake.config["command"],
            # Read here and not in params, so that a commit alone remakes no page.
            tree=commits(snakemake.config["folders"]),
            runs_file=snakemake.input.runs,
            summary_file=snakemake.input.summary,
            analysis_file=snakemake.input.analysis,
            findings_file=snakemake.input.findings,
            data_file=snakemake.input.data,
            cards=snakemake.input.cards,
            descriptions=snakemake.input.descriptions,
            histories=snakemake.input.histories,
            curves=snakemake.input.curves,
            figures=dict(snakemake.input.items()),
            template_folder=workflow / "report",
            page_file=snakemake.output.page,
        )
