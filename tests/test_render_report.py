"""Tests of the report: it is one file, it is whole, and nothing in it runs or loads."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from collect_results import collect_results
from fabricated_study import fabricate_training
from plot_loss_curves import plot_loss_curves
from plot_tradeoffs import plot_tradeoffs
from render_report import inline_svg, layer_table, render_report, unbroken
from write_conclusions import write_conclusions

COMMAND = "snakemake --cores 4 --configfile config/quick.yaml"
COMMAND = "snakemake --cores 4 --configfile config/quick.yaml"
TEMPLATE = Path(__file__).parents[1] / "workflow" / "report" / "report.html.j2"
HOSTILE = '<script>alert("1")</script> & <b>'
LAYERS = [
    {
        "name": name,
        "class": kind,
        "inputs": inputs,
        "output_shape": [28, None, 1],
        "parameters": 1234,
        "multiply_adds": None,
    }
    for name, kind, inputs in (("input", "InputLayer", []), ("mine", "MyLayer", ["input"]))
]


def render(folder, models, seeds=(0,), title="A study", **shared):
    """Make a report through the real steps; ``models`` maps name to training settings."""
    study = {
        "title": title,
        "dataset": {"name": "mnist", "title": "MNIST", "validation": "test"},
        "models": [
            {"model": f"model_{i}", "name": name, "description": f"about {name}", "family": name}
            for i, name in enumerate(models)
        ],
        "seeds": list(seeds),
        "unfinished": [],
    }
    files = [
        fabricate_training(folder, f"model_{i}", seed, **({"layers": LAYERS} | shared | settings))
        for i, settings in enumerate(models.values())
        for seed in seeds
    ]
    histories, cards, predictions = (
        [file / name for file in files] for name in ("history.csv", "card.json", "predictions.npz")
    )
    summary, findings, page = (folder / name for name in ("summary.csv", "findings.json", "page"))
    curves = [folder / f"loss_{entry['model']}.svg" for entry in study["models"]]
    overview = folder / "loss_overview.svg"
    tradeoffs = [folder / "accuracy_parameters.svg", folder / "accuracy_multiply_adds.svg"]
    tables = [folder / name for name in ("runs.csv", "summary.csv", "summary.txt", "summary.md")]
    collect_results(study, histories, cards, predictions, *tables)
    plot_loss_curves(study, histories, curves, overview)
    plot_tradeoffs(study, summary, *tradeoffs)
    write_conclusions(study, cards, histories, predictions, folder / "conclusions.md", findings)
    figures = curves, overview, tradeoffs
    render_report(study, COMMAND, summary, findings, cards, *figures, TEMPLATE, page)
    return page.read_text(encoding="utf-8")


class Page(HTMLParser):
    """Collects a page's elements, its text and its style sheets."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.styles, self._open = [], [], None
        self.text = ""
        self.feed(html)
        self.text = " ".join(self.text.replace("\u00a0", " ").replace("\u2011", "-").split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._open = tag

    handle_startendtag = handle_starttag

    def handle_data(self, data):
        if self._open == "style":
            self.styles.append(data)
        else:
            self.text += f" {data}"

    def attributes(self, *names):
        return [a[name] for _, a in self.elements for name in names if a.get(name) is not None]

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A page of two models, and the folder of the files that it was made from."""
    folder = tmp_path_factory.mktemp("study")
    models = {"Model 1": {"accuracy": 0.99}, "Model 2": {"accuracy": 0.90}}
    return render(folder, models), folder


def test_the_page_loads_nothing(made):
    page = Page(made[0])
    references = page.attributes("src", "href", "xlink:href", "data", "action", "poster", "srcset")
    assert references
    assert [r for r in references if not r.startswith("#") and r != "data:,"] == []
    styles = "\n".join([*page.styles, *page.attributes("style")])
    assert "@import" not in styles
    urls = re.findall(r"url\(\s*([^)]*)\)", made[0])
    assert urls
    assert all(url.startswith("#") for url in urls)
    assert not {"script", "iframe", "object", "embed", "link"} & {
        tag for tag, attributes in page.elements if attributes.get("rel") != "icon"
    }


def test_every_id_is_its_own_and_every_reference_finds_its_target(made):
    page = Page(made[0])
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    targets = re.findall(r"url\(#([^)]*)\)", made[0])
    targets += [r[1:] for r in page.attributes("href", "xlink:href") if r.startswith("#")]
    assert set(targets) <= set(ids)


def test_the_page_is_readable_without_looking(made):
    page = Page(made[0])
    assert page.all("html")[0]["lang"] == "en"
    assert all(header["scope"] in ("col", "row") for header in page.all("th"))
    drawings = page.all("svg")
    # Two models, the overview, two comparisons.
    assert len(drawings) == 5
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)
    assert len({drawing["aria-label"] for drawing in drawings}) == 5
    assert {"header", "nav", "main", "section", "article"} <= {tag for tag, _ in page.elements}
    assert page.all("meta")[1]["content"] == "width=device-width, initial-scale=1"


def test_the_page_holds_the_tables_and_says_what_the_findings_say(made):
    html, folder = made
    text = Page(html).text
    findings = json.loads((folder / "findings.json").read_text())
    sentences = [*findings["setting"], *findings["cautions"]]
    for finding in findings["findings"]:
        sentences += [finding["title"], *finding["text"], *finding["items"]]
    for model in findings["models"]:
        sentences += [model["remark"], model["notation"]]
    assert [sentence for sentence in sentences if sentence not in text] == []
    for line in (folder / "summary.txt").read_text().splitlines():
        if line.startswith("|"):
            assert " ".join(cell.strip() for cell in line.strip("|").split("|")) in text


def test_the_page_says_how_it_was_made(made):
    text = Page(made[0]).text
    for fact in (
        "sha256 of the prepared data: " + "0" * 64,
        "optimizer (name Adadelta, learning_rate 1.0, rho 0.95)",
        "CPU: made up",
        "python 3.11.7, keras 3.15.1, tensorflow 2.21.0",
        "2 trainings, 4 min in all; the last finished 2026-01-01T00:00:00+00:00",
        COMMAND,
    ):
        assert fact in text


def test_what_a_user_types_is_text(tmp_path):
    html = render(tmp_path, {HOSTILE: {}, "Model 2": {"device": HOSTILE}}, title=HOSTILE)
    page = Page(html)
    assert page.all("script") == page.all("b") == []
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &lt;b&gt;" in html
    assert page.text.count(HOSTILE) > 5


def test_settings_that_differ_are_told_by_model(tmp_path):
    longer = {"epochs": 20, "optimizer": {"name": "SGD", "learning_rate": 0.1}}
    html = render(
        tmp_path, {"Model 1": {}, "Model 2": {"training": longer}, "Model 3": {}}, seeds=(0, 1)
    )
    text = Page(html).text
    assert "Models 1 and 3: epochs 13, batch_size 128" in text
    assert "Model 2: epochs 20, optimizer (name SGD, learning_rate 0.1)" in text
    assert "Seeds 0 and 1" in text


def test_a_diverged_model_has_its_place(tmp_path):
    html = render(tmp_path, {"Model 1": {}, "Model 2": {"status": "diverged"}})
    text = Page(html).text
    assert "Model 2 diverged with seed 0" in text
    assert "Diverged: its loss stopped being a number" in text
    assert "nan" not in text.lower()


def test_layers_with_unknown_sizes_are_shown_as_unknown():
    assert layer_table(LAYERS)["rows"][1] == ["mine", "MyLayer", "28x?x1", "1,234", "unknown"]


def test_drawings_keep_no_size_and_no_id_in_common(tmp_path):
    drawing = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" width="9pt"'
        ' xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"><metadata>x</metadata>'
        '<defs><path id="a"/></defs><use xlink:href="#a" style="clip-path: url(#a)"/></svg>'
    )
    for name in ("one.svg", "two.svg"):
        (tmp_path / name).write_text(drawing)
    one = inline_svg(tmp_path / "one.svg", 'a "<label>"')
    assert one.startswith("<svg")
    assert 'id="one-a"' in one
    assert 'href="#one-a"' in one
    assert "url(#one-a)" in one
    assert 'aria-label="a &quot;&lt;label&gt;&quot;"' in one
    assert "width" not in one
    assert "metadata" not in one
    assert 'id="two-a"' in inline_svg(tmp_path / "two.svg", "a label")


def test_numbers_stay_with_their_units():
    assert unbroken("99.36 % of p-values, p = 0.21 and 2 points") == (
        "99.36\u00a0% of p\u2011values, p\u00a0=\u00a00.21 and 2\u00a0points"
    )
