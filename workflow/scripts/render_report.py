"""Put tables, figures, findings and architectures on one page that opens offline."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jinja2
from markupsafe import Markup

from bakeoff import wording as w
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log
from bakeoff.summary_tables import accuracy_table, cost_table
from bakeoff.tables import read_card, read_findings, read_summary, trainings_of

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"


def render_report(
    study,
    command,
    summary_file,
    findings_file,
    cards,
    curves,
    overview,
    tradeoffs,
    template_file,
    page_file,
):
    """Write the report, one HTML file that loads nothing from elsewhere.

    ``study`` is the reported study and ``command`` what makes it; ``cards`` are the paths of its
    trainings' cards in the order of :func:`bakeoff.tables.trainings_of`, ``curves`` one SVG a
    model in the study's order, ``overview`` one SVG, ``tradeoffs`` a list of them. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    findings = read_findings(findings_file)
    summary = read_summary(summary_file, study)
    cards = [
        read_card(card, model, seed)
        for (model, seed), card in zip(trainings_of(study), cards, strict=True)
    ]
    first_cards = {card["model"]: card for card in reversed(cards)}
    models = [
        model
        | {
            "layers": layer_table(first_cards[model["model"]]["layers"]),
            "figure": inline_svg(curve, f"{model['name']}: training and validation loss"),
        }
        for model, curve in zip(findings["models"], curves, strict=True)
    ]
    for finding in findings["findings"]:
        finding["table"] = finding["table"] and aligned(**finding["table"])
    page = _environment().from_string(Path(template_file).read_text(encoding="utf-8"))
    html = page.render(
        findings=findings,
        models=models,
        tables=[
            {"name": name} | aligned(table.field_names, table.rows)
            for name, table in (
                ("Losses and accuracies", accuracy_table(summary)),
                ("Size, cost and best epoch", cost_table(summary)),
            )
        ],
        overview=inline_svg(overview, "Training and validation loss of all models on one scale"),
        tradeoffs=[
            inline_svg(figure, Path(figure).stem.replace("_", " ").capitalize())
            for figure in tradeoffs
        ],
        origin=origin(study, command, cards),
    )
    with write_atomically(page_file) as temporary:
        temporary.write_text(html, encoding="utf-8")


def _environment():
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["unbroken"] = unbroken
    return environment


def unbroken(text):
    """Keep numbers and their units on one line: "99.36 %", "p = 0.21", "13 points"."""
    text = re.sub(r"(?<=\d) (?=%|points)", "\u00a0", str(text))
    text = text.replace("p-values", "p\u2011values")
    return re.sub(r"(?<=p) ([=<]) (?=\d)", "\u00a0\\1\u00a0", text)


def aligned(columns, rows):
    """Return a table for the template, with a tuple of its columns that hold only numbers."""
    number = re.compile(r"[\[<]? ?−?\d[\d−.,%\] ]*(to [\d.]+ %)?|diverged|unknown|")
    return {
        "columns": columns,
        "rows": rows,
        "numeric": [
            all(number.fullmatch(str(cell)) for cell in cells) for cells in zip(*rows, strict=True)
        ],
    }


def inline_svg(file, label):
    """Return an SVG file's drawing as markup to stand inside a page, labelled ``label``.

    Its ids are made its own, since ids of several drawings on one page would clash; its size
    follows the page.
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _XLINK)
    root = ElementTree.parse(file).getroot()
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": label}
    prefix = f"{Path(file).stem}-"
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                value = prefix + value
            elif name in ("href", f"{{{_XLINK}}}href"):
                value = re.sub(r"^#", f"#{prefix}", value)
            else:
                value = value.replace("url(#", f"url(#{prefix}")
            element.set(name, value)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def layer_table(layers):
    """Return a model's layer table, from its card's ``layers``."""
    rows = [
        [
            layer["name"],
            layer["class"],
            "x".join("?" if size is None else str(size) for size in layer["output_shape"]),
            f"{layer['parameters']:,}",
            "unknown" if layer["multiply_adds"] is None else f"{layer['multiply_adds']:,}",
        ]
        for layer in layers
    ]
    return aligned(["Layer", "Kind", "Output shape", "Parameters", "Multiply-adds"], rows)


def origin(study, command, cards):
    """Return how the study was made: a list of (term, [facts])."""
    data = cards[0]["dataset"]
    validation = "the test set" if data["validation"] == "test" else "held out from training"
    seconds = sum(card["seconds"]["training"] for card in cards)
    finished = sorted(card["finished"] for card in cards)
    versions = [
        ", ".join(f"{name} {version}" for name, version in card["versions"].items())
        for card in cards
    ]
    return [
        (
            "Data",
            [
                f"{study['dataset']['title']}: {w.count(data['train_images'], 'training image')},"
                f" {w.count(data['validation_images'], 'validation image')} ({validation}),"
                f" {w.count(data['test_images'], 'test image')},"
                f" {w.count(data['classes'], 'class', 'classes')}",
                f"sha256 of the prepared data: {data['checksum']}",
            ],
        ),
        ("Seeds", [w.listing(map(str, study["seeds"]))]),
        ("Training", _by_model(study, cards, lambda card: _settings(card["training"]))),
        ("Device", _distinct(card["device"] for card in cards)),
        ("Platform", _distinct(card["platform"] for card in cards)),
        ("Versions", _distinct(versions)),
        ("Precision", _distinct(card["precision"] for card in cards)),
        (
            "Threads",
            _distinct(
                f"{w.count(card['threads'], 'thread')},"
                f" {w.count(card['concurrent_trainings'], 'training')} at a time"
                for card in cards
            ),
        ),
        (
            "Time",
            [
                f"{w.count(len(cards), 'training')}, {_duration(seconds)} in all; the last"
                f" finished {finished[-1]}"
            ],
        ),
        ("Command", [command]),
    ]


def _settings(settings):
    """Return nested settings as one line: "epochs 13, optimizer (name Adadelta, …)"."""
    return ", ".join(
        f"{key} ({_settings(value)})" if isinstance(value, dict) else f"{key} {value}"
        for key, value in settings.items()
    )


def _by_model(study, cards, fact):
    """Return each different fact once, with the models it holds for where they differ."""
    names = {entry["model"]: entry["name"] for entry in study["models"]}
    models = {}
    for card in cards:
        models.setdefault(fact(card), {})[names[card["model"]]] = None
    if len(models) == 1:
        return list(models)
    return [f"{w.models(those)}: {text}" for text, those in models.items()]


def _distinct(facts):
    return list(dict.fromkeys(facts))


def _duration(seconds):
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        render_report(
            study=json.loads(snakemake.params.study),
            command=snakemake.params.command,
            summary_file=snakemake.input.summary,
            findings_file=snakemake.input.findings,
            cards=snakemake.input.cards,
            curves=snakemake.input.curves,
            overview=snakemake.input.overview,
            tradeoffs=snakemake.input.tradeoffs,
            template_file=Path(__file__).parents[1] / "report" / "report.html.j2",
            page_file=snakemake.output.page,
        )
