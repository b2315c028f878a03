"""Tests of the report: it is one file, it is whole, and nothing in it loads."""

import base64
import csv
import io
import json
import math
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bakeoff import numbers
from bakeoff.data.prepared import PreparedData
from bakeoff.errors import StudyError
from bakeoff.figures.colours import GRID, INK, PAPER, model_colours
from bakeoff.limits import MOST_PAIRS, MOST_SHOWN
from bakeoff.report.data_set import describe_data_set
from bakeoff.report.gallery import hardest_images, png_uri, read_test_images
from bakeoff.report.provenance import origin
from bakeoff.report.svg import inline_svg
from bakeoff.report.tables import (
    HEAT_LEVELS,
    confusion_matrix,
    layer_table,
    most_confused,
    pair_table,
)
from bakeoff.results import Results
from fabricated_study import fabricate_data, fabricate_run
from figure_studies import make_results, make_study
from render_report import arrows_whole, describe_figures, in_order, unbroken
from report_readers import read_page
from steps_after_training import COMMAND, TREE, describe_study, run_steps

pytestmark = pytest.mark.workflow

CAPTIONS = Path(__file__).parents[1] / "workflow" / "report"
HOSTILE = '<script>alert("1")</script> & <b> {{ 7 * 7 }}'
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


def render(folder, models, seeds=(0,), data=None, study=None, **shared):
    """Make a report through the real steps; ``models`` maps name to training settings."""
    study = describe_study(models, seeds, **(study or {}))
    for entry, settings in zip(study["models"], models.values(), strict=True):
        for seed in seeds:
            settings = {"layers": LAYERS} | shared | settings
            fabricate_run(folder, entry["model"], seed, **settings)
    sizes = {key: shared[key] for key in ("images", "classes") if key in shared}
    fabricate_data(folder, **sizes | (data or {}))
    return run_steps(folder, study, paper=False).read_text(encoding="utf-8")


class Page(HTMLParser):
    """Collects a page's elements, its text, and what stands in its styles and scripts."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.styles, self.scripts, self._open = [], [], [], None
        self.text = ""
        self.feed(html)
        self.text = " ".join(self.text.replace("\u00a0", " ").replace("\u2011", "-").split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        # Data that the script reads is no script.
        self._open = tag if "type" not in dict(attributes) else None

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open in ("style", "script"):
            getattr(self, f"{self._open}s").append(data)
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
    assert [r for r in references if not r.startswith(("#", "data:"))] == []
    (style,), (script,) = page.styles, page.scripts
    assert "@import" not in style
    assert "url(" not in style
    assert not re.search("fetch|XMLHttpRequest|import|http", script)
    urls = re.findall(r"url\(\s*([^)]*)\)", made[0])
    assert urls
    assert all(url.startswith("#") for url in urls)
    assert not {"iframe", "object", "embed", "base", "form"} & {tag for tag, _ in page.elements}


def test_the_policy_allows_the_pages_own_script_and_style_alone(made):
    page = Page(made[0])
    policy = page.all("meta")[1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert "default-src 'none'" in policy["content"]
    assert "unsafe" not in policy["content"]
    # Style attributes would need an exception.
    assert page.attributes("style") == []
    assert [name for _, a in page.elements for name in a if name.startswith("on")] == []


def test_the_page_holds_the_mean_losses_of_the_models_that_finished(tmp_path):
    models = {"Model 1": {"accuracy": 0.9}, "Model 2": {"status": "diverged"}}
    models["Model 2"]["curves"] = {"val_loss": [*[0.5] * 12, math.nan]}
    html = render(tmp_path, models, seeds=[0, 1])
    (model,) = json.loads(re.search(r'id="curves">(.*?)</script>', html)[1])
    assert (model["name"], model["number"]) == ("Model 1", 1)
    histories = []
    for file in sorted(tmp_path.glob("models/model_0/seed_*/history.csv")):
        with file.open(newline="") as rows:
            histories.append(list(csv.DictReader(rows)))
    assert len(histories) == 2
    for field in ("loss", "val_loss"):
        means = np.mean([[float(row[field]) for row in rows] for rows in histories], axis=0)
        assert model[field] == pytest.approx(means, rel=1e-3)


def test_every_id_is_its_own_and_every_reference_finds_its_target(made):
    page = Page(made[0])
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    targets = re.findall(r"url\(#([^)]*)\)", made[0])
    targets += [r[1:] for r in page.attributes("href", "xlink:href") if r.startswith("#")]
    targets += page.attributes("aria-labelledby")
    assert set(targets) <= set(ids)


def test_the_page_is_readable_without_looking(made):
    page = Page(made[0])
    assert page.all("html")[0]["lang"] == "en"
    assert all(header["scope"] in ("col", "row") for header in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    # Overview, overlay, four trade-offs, matrix, reliability, two models.
    drawings = [drawing for drawing in page.all("svg") if drawing.get("role") == "img"]
    assert len(drawings) == 10
    labels = [drawing["aria-label"] for drawing in drawings]
    assert len(set(labels)) == 10
    assert all(label.endswith(".") for label in labels)
    assert {"header", "nav", "main", "section", "article"} <= {tag for tag, _ in page.elements}
    assert page.all("meta")[2]["content"] == "width=device-width, initial-scale=1"


def test_the_parts_come_in_the_order_in_which_they_are_read(made):
    html, folder = made
    text = Page(html).text
    findings = json.loads((folder / "findings.json").read_text())
    parts = [
        *(findings["line"], findings["setting"][0], findings["headline"], findings["cautions"][0]),
        *("95 % interval", "All in one table", "Losses and accuracies", "Which models overfit"),
        *("Which mistakes the models make", "Which models are best", "Which trait does what"),
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    ids = Page(html).attributes("id")
    sections = [
        *("accuracy", "results", "losses", "costs", "errors", "comparisons", "recipes"),
        *("models", "model-1", "model-2", "data", "origin"),
    ]
    assert [name for name in ids if name in sections] == sections


def test_the_page_holds_the_tables_and_says_what_the_findings_say(made):
    html, folder = made
    text = Page(html).text
    findings = json.loads((folder / "findings.json").read_text())
    sentences = [*findings["setting"], *findings["cautions"]]
    for finding in findings["findings"]:
        sentences += [finding["title"], *finding["text"], *finding["items"]]
    for model in findings["models"]:
        sentences.append(model["remark"])
    analysis = json.loads((folder / "analysis.json").read_text())
    sentences += [model["notation"] for model in analysis["models"]]
    assert [sentence for sentence in sentences if sentence not in text] == []
    for line in (folder / "summary.txt").read_text().splitlines():
        if line.startswith("|"):
            assert " ".join(" ".join(line.split("|")).split()) in text


def test_the_page_says_how_it_was_made(made):
    text = Page(made[0]).text
    for fact in (
        "sha256 of the prepared data: " + "0" * 64,
        "optimizer (name Adadelta, learning_rate 1.0, rho 0.95)",
        "CPU: made up",
        "python 3.11.7, keras 3.15.1, tensorflow 2.21.0",
        "2 runs, 4 min 20 s in all; the last finished 2026-01-01T00:00:00+00:00",
        "2 runs: c0ffee" + "0" * 34 + ", files as committed",
        f"Commit of this page {TREE['id']}, files as committed",
        COMMAND,
    ):
        assert fact in text


def test_commits_are_counted(tmp_path):
    study = describe_study(["Model 1"], [0, 1, 2, 3])
    cards = []
    for seed, commit in enumerate((TREE, TREE | {"clean": False}, None, TREE)):
        folder = fabricate_run(tmp_path, "model_0", seed, commit=commit)
        cards.append(json.loads((folder / "card.json").read_text()))
    facts = dict(origin(study, COMMAND, cards, {"commit": None}))
    assert facts["Commit of the runs"] == [
        f"2 runs: {TREE['id']}, files as committed",
        f"1 run: {TREE['id']}, with changes that were not committed",
        "1 run: not known: no git repository",
    ]
    assert facts["Commit of this page"] == ["not known: no git repository"]


def test_what_a_user_types_is_text(tmp_path):
    classes = [HOSTILE, *"123456789"]
    html = render(
        tmp_path,
        {HOSTILE: {}, "Model 2": {"device": HOSTILE}},
        data={"class_names": classes},
        study={"title": HOSTILE},
    )
    page = Page(html)
    assert len(page.all("script")) == 2, "the losses, and what runs"
    assert page.all("b") == []
    assert "&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; &amp; &lt;b&gt; {{ 7 * 7 }}" in html
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
    assert text.count("Confusion matrix of Model") == 2


def test_a_drawing_of_the_most_accurate_says_so(tmp_path):
    figures = {}
    for name in ("loss_overview", "loss_overlay", "comparisons", "reliability"):
        figures[name] = tmp_path / f"{name}.svg"
        figures[name].write_text('<svg xmlns="http://www.w3.org/2000/svg" width="72pt"/>')
    accuracies = [None, *(0.9 + 0.001 * number for number in range(MOST_SHOWN + 1))]
    summary = [{"test_accuracy": accuracy} for accuracy in accuracies]
    results = SimpleNamespace(column="test_accuracy", measure="test accuracy")
    results.analysis = SimpleNamespace(looks=None, power=None)
    described = describe_figures(results, summary, figures | {"tradeoffs": []})
    of_finished = f"the {MOST_SHOWN} most accurate of {MOST_SHOWN + 1} models"
    assert of_finished in described["comparisons"]["label"]
    of_all = f"the {MOST_SHOWN} most accurate of {MOST_SHOWN + 2} models"
    assert of_all in described["loss_overview"]["label"]
    # One has no result, so no line.
    assert f"of {MOST_SHOWN + 1} models" in described["loss_overlay"]["label"]
    assert "comparisons" not in describe_figures(results, summary[:2], figures | {"tradeoffs": []})


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_what_more_seeds_would_show_is_drawn_where_it_is_known(tmp_path, seeds):
    page = Page(render(tmp_path, {"Model 1": {}, "Model 2": {"wrong_images": range(40)}}, seeds))
    labels = [drawing.get("aria-label", "") for drawing in page.all("svg")]
    drawn = any(label.startswith("The smallest difference that is shown") for label in labels)
    assert drawn == (len(seeds) > 1)
    assert ("no number of them shows less than the test images allow" in page.text) == drawn
    assert "What it would take to be surer" in page.text


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("<svg")])
def test_a_missing_or_damaged_curve_is_named_with_the_folder_to_delete(tmp_path, damage):
    curve = tmp_path / "loss" / "model_1.svg"
    curve.parent.mkdir()
    curve.write_text("<svg/>")
    damage(curve)
    with pytest.raises(StudyError, match=r"model_1\.svg: cannot be read.*delete .*/loss and run"):
        inline_svg(curve, "A curve.", curve.parent)


def test_the_page_says_how_many_of_the_pairs_it_lists(tmp_path):
    models = {f"Model {n}": {"accuracy": 0.9 + 0.003 * n, "images": 100} for n in range(16)}
    assert "15 of the 120 pairs in numbers" in Page(render(tmp_path, models, images=100)).text


def test_of_many_models_the_most_accurate_have_a_section(tmp_path, monkeypatch):
    monkeypatch.setattr("render_report.MOST_DESCRIBED", 2)
    accuracies = {"Model 1": 0.99, "Model 2": 0.97, "Model 3": 0.98}
    html = render(tmp_path, {name: {"accuracy": a} for name, a in accuracies.items()})
    page = Page(html)
    assert "Shown: the 2 of 3 models with the highest test accuracy" in page.text
    assert [i for i in page.attributes("id") if re.fullmatch(r"model-\d", i)] == [
        "model-1",
        "model-3",
    ]
    assert {r for r in page.attributes("href") if re.fullmatch(r"#model-\d", r)} == {
        "#model-1",
        "#model-3",
    }


def test_a_study_without_a_result_still_makes_a_page(tmp_path):
    text = Page(render(tmp_path, {"Model 1": {"status": "diverged"}})).text
    assert "No run ended well" in text
    assert "Nothing to compare: fewer than two models finished." in text
    assert "nan" not in text.lower()


def test_ten_models_and_three_seeds_fit_in_five_megabytes(tmp_path):
    models = {f"Model {number}": {"accuracy": 0.9 + number / 200} for number in range(10)}
    assert len(render(tmp_path, models, seeds=(0, 1, 2)).encode()) < 5e6


def test_the_hardest_images_are_shown_with_every_models_answer(tmp_path):
    folder = tmp_path
    wrong = {"Model 1": [3, 14], "Model 2": [3], "Model 3": [3]}
    html = render(
        folder,
        {name: {"wrong_images": images} for name, images in wrong.items()},
        data={"test_index": np.arange(1000) * 2},
        study={
            "dataset": {"name": "mnist", "title": "MNIST", "validation": "test", "disputed": [28]}
        },
    )
    page = Page(html)
    pictures = [image for image in page.all("img") if image["alt"]]
    assert [picture["alt"] for picture in pictures] == ["Image labelled 3", "Image labelled 4"]
    images = PreparedData.read(folder / "data" / "mnist" / "data.json").images("test")
    np.testing.assert_array_equal(decoded(pictures[1]["src"]), images[14, ..., 0])
    assert (
        "Labelled 3 Test image 6. All 3 models are wrong. ✗ 4 , wrongly : Models 1, 2 and 3"
        " Labelled 4 disputed label Test image 28. 1 of 3 models is wrong."
        " ✓ 4 , correctly : Models 2 and 3 ✗ 5 , wrongly : Model 1"
    ) in page.text


def test_a_model_at_chance_is_not_counted_among_those_that_are_wrong(tmp_path):
    models = {"Model 1": {"wrong_images": [3, 14]}, "Model 2": {"wrong_images": [3]}}
    lost = {"Model 3": {"wrong_images": range(950)}, "Model 4": {"status": "diverged"}}
    page = Page(render(tmp_path, models | lost))
    assert len([image for image in page.all("img") if image["alt"]]) == 2
    assert "Both models that learned are wrong. ✗ 4 , wrongly : Models 1 and 2" in page.text
    assert "1 of 2 models that learned is wrong." in page.text
    page = Page(render(tmp_path / "two", models | {"Model 4": {"status": "diverged"}}))
    assert "that learned" not in page.text
    assert "Both models that finished are wrong." in page.text


def test_every_caption_says_something():
    """Of Snakemake's report, and of figures of the page."""
    captions = [file.read_text() for file in CAPTIONS.glob("*.rst")]
    assert captions
    assert all(caption.endswith(".\n") for caption in captions)


def decoded(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))))


def test_images_that_may_not_be_shown_are_listed_without_pictures(tmp_path):
    models = {"Model 1": {"wrong_images": [3]}, "Model 2": {"wrong_images": [3]}}
    html = render(tmp_path, models, study={"show_images": False})
    page = Page(html)
    assert page.all("img") == []
    assert "base64" not in html
    assert "Labelled 3 Test image 3. Both models are wrong." in page.text


def test_the_page_says_what_the_images_are(tmp_path):
    file = fabricate_data(tmp_path, images=30, classes=3, size=200, channels=3, train_images=10)
    content = json.loads(file.read_text())
    content["audit"] = {
        "split": "drawn, 20 % of the images",
        "skipped": {"hidden": {"files": 2, "such_as": ["a/._x.png", ".git/"]}},
        "duplicates": {
            "equal_to_an_earlier_one": {"train": 0, "test": 3},
            "in_training": {"test": {"images": 2, "first": [[0, 1]]}},
        },
        "groups": {"groups": {"train": 4, "test": 3}, "test_images_of_training_groups": 5},
    }
    file.write_text(json.dumps(content))
    said = describe_data_set(file, show_images=True)
    assert said["facts"] == [
        "The images are 200 x 200 pixels (height first), colour, 8 bits a value.",
        "The data has no test set: it was drawn, 20 % of the images, no group divided.",
        "Skipped: 2 hidden (a/._x.png, .git/).",
        "Pixel for pixel, 3 test images equal an earlier one and 2 test images are training images"
        " too.",
        "Groups: 4 of training and 3 of test. The given split divides groups: 5 test images are of"
        " groups that have training images too.",
    ]
    assert said["counts"]["columns"] == ["Class", "Train images", "Test images"]
    assert said["counts"]["rows"] == [["0", "4", "10"], ["1", "3", "10"], ["2", "3", "10"]]
    assert [example["name"] for example in said["examples"]] == ["0", "1", "2"]
    assert decoded(said["examples"][0]["image"]).shape == (168, 168, 3), "not larger than shown"
    assert describe_data_set(file, show_images=False)["examples"] == []


def test_the_lines_that_predict_an_image_read_it_as_the_data_was(tmp_path, monkeypatch):
    read = PreparedData.read
    audit = {"turned_upright": 2, "flattened": 1, "background": "#2080c0", "fit": "crop"}
    monkeypatch.setattr(PreparedData, "read", lambda file: replace(read(file), audit=audit))
    page = Page(render(tmp_path, {"Model 1": {}}))
    assert "image = ImageOps.exif_transpose(image)" in page.text
    assert 'Image.new("RGBA", image.size, "#2080c0")' in page.text
    assert "image = ImageOps.fit(image, (28, 28), Image.Resampling.BICUBIC)" in page.text


def augmented_by(training):
    return {"training": {"epochs": 13, "optimizer": {"name": "Adam"}, "augmentation": training}}


def test_the_page_shows_how_training_images_were_changed(tmp_path):
    moved = augmented_by({"rotation": 0.05, "shift": 0.1})
    noisy = augmented_by({"noise": 1.0})
    models = {"Model 1": augmented_by(None), "Model 2": moved, "Model 3": noisy, "Model 4": moved}
    html = render(tmp_path, models, data={"size": 8, "channels": 3})
    page = Page(html)
    section = page.text.partition("How training images were changed")[2]
    assert section.startswith(" Models 2 and 4: rotation 0.05, shift 0.1. 0 1 2 3 4")
    assert "Model 3: noise 1. 0 1" in section
    shown = re.findall(r'<img src="([^"]+)" alt=""> \w+</li>', html)
    # A training image of each class, and that twice as it is changed.
    as_they_are, *changed = np.reshape(shown, (3, 10))
    assert len({*as_they_are, *changed[0], *changed[1]}) == 30
    # What noise takes beyond black and white is cut off there.
    values = np.stack([decoded(uri) for uri in changed[1]])
    assert np.mean((values == 0) | (values == 255)) > 0.4


def test_augmented_images_that_may_not_be_shown_are_told_in_words(tmp_path):
    models = {"Model 1": augmented_by({"shift": 0.1}), "Model 2": augmented_by({"shift": 0.1})}
    html = render(tmp_path, models, study={"show_images": False})
    assert "Models 1 and 2: shift 0.1." in Page(html).text
    assert "base64" not in html
    assert "How training images were changed" not in render(tmp_path / "plain", {"Model 1": {}})


def test_images_of_another_data_set_are_refused(tmp_path):
    file = fabricate_data(tmp_path, images=10)
    with pytest.raises(StudyError, match=r"data\.json: 10 test images, and none in row 10"):
        read_test_images(file, [3, 10])


def test_grey_values_are_kept():
    image = np.linspace(0, 1, 28 * 28, dtype=np.float32).reshape(28, 28, 1)
    np.testing.assert_array_equal(decoded(png_uri(image)), np.rint(255 * image[..., 0]))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_images_of_any_kind_are_shown_in_eight_bits(tmp_path, channels, dtype):
    file = fabricate_data(tmp_path, images=6, size=9, channels=channels, dtype=dtype)
    images = PreparedData.read(file).images("test")
    whole = 1 if dtype == "float32" else np.iinfo(dtype).max
    for row, image in zip([4, 1], read_test_images(file, [4, 1]), strict=True):
        shown = decoded(png_uri(image)).reshape(9, 9, channels)
        np.testing.assert_array_equal(shown, np.rint(images[row] / whole * 255))


def test_a_gallery_names_classes_that_are_no_digits():
    results = make_results(make_study(models=1))
    hardest = numbers.HardImage(0, 7, 1, False, 1, {"model_01": 0})
    errors = numbers.Errors([], None, [], [hardest])
    data = replace(results.data, class_names=["bag", "coat"])
    analysis = replace(results.analysis, data=data, errors=errors)
    (found,) = hardest_images(Results(results.study, analysis))
    assert found["alt"] == "Image labelled coat"
    assert found["wrong"] == "The model is wrong"
    assert found["predictions"] == [{"predicted": "bag", "correct": False, "models": "Model 1"}]


def test_confusions_are_shaded_by_their_number():
    model = SimpleNamespace(
        confusion=[[90, 10, 0], [1, 99, 0], [0, 3, 0]], recall=[0.9, 0.99, None]
    )
    first, second, third = confusion_matrix(model, ["a", "b", "c"])
    assert [cell["heat"] for cell in first["cells"]] == [None, HEAT_LEVELS, 0]
    assert [cell["heat"] for cell in second["cells"]] == [1, None, 0]
    assert 1 < third["cells"][1]["heat"] < HEAT_LEVELS
    assert [row["recall"] for row in (first, second, third)] == ["90.00 %", "99.00 %", "–"]


def test_many_classes_are_told_by_their_most_frequent_confusions():
    classes = [f"class {number}" for number in range(30)]
    confusion = 100 * np.eye(30, dtype=int)
    confusion[4, 7], confusion[7, 4] = 25, 3
    recall = [float(row[i] / row.sum()) for i, row in enumerate(confusion)]
    model = SimpleNamespace(confusion=confusion.tolist(), recall=recall)
    assert confusion_matrix(model, classes) is None
    confusions, recalls = (table.as_data() for table in most_confused(model, classes))
    assert confusions["rows"] == [
        ["class 4", "class 7", "25", "20.00 %"],
        ["class 7", "class 4", "3", "2.91 %"],
    ]
    assert recalls["rows"][0] == ["class 4", "80.00 %"]
    assert len(recalls["rows"]) == 12


def test_of_many_classes_a_model_without_a_mistake_has_a_section(tmp_path):
    page = Page(render(tmp_path, {"Model 1": {"accuracy": 1.0}}, images=260, classes=26))
    assert (
        "Most frequent confusions of Model 1 None: every test image was predicted correctly. Lowest"
        " recalls of Model 1"
    ) in page.text
    assert "Recall 0 100.00 % 1 100.00 %" in page.text


def test_only_names_are_links_not_what_reads_like_one(tmp_path):
    html = render(tmp_path, {"1": {"accuracy": 0.99}, "best": {"accuracy": 0.9}})
    linked = set()
    for table in read_page(html).all("table"):
        header, *rows = (row.all("th", "td") for row in table.all("tr"))
        for row in rows:
            named = zip(header, row, strict=True)
            linked |= {column.text for column, cell in named if cell.all("a")}
    assert linked == {"Model number", "Model", "First model", "Second model", "Most like"}


def compared(models, best=0):
    """Results of ``models`` models, each pair compared, the first of a pair ahead."""
    results = make_results(make_study(models, seeds=2))
    keys = [model.model for model in results.models]
    comparison = numbers.Comparison(0.01, -0.002, 0.022, 1200, 2, 0.0004, 0.04, 0.9)
    pairs = [numbers.Pair(a, b, comparison) for i, a in enumerate(keys) for b in keys[i + 1 :]]
    analysis = replace(
        results.analysis,
        best=[keys[best]],
        pairs=numbers.Pairs(len(pairs), False, False, pairs),
    )
    return Results(results.study, analysis)


def test_all_pairs_of_a_few_models_are_listed():
    table, note = pair_table(compared(15))
    found = table.as_data()
    assert len(found["rows"]) == 105 == MOST_PAIRS
    assert note is None
    assert found["rows"][0] == [
        *("Model 1", "Model 2", "1.00", "[−0.20, 2.20]", "1,200", "2", "< 0.001", "0.040", "90 %")
    ]
    assert found["values"][0] == [None, None, 1.0, -0.2, 1200, 2, 0.0004, 0.04, 90]
    assert found["numeric"] == [False, False] + [True] * 7
    assert found["models"] == [True, True] + [False] * 7
    assert pair_table(compared(1)) == (None, None)


def test_of_many_models_the_pairs_with_the_best_are_listed_from_its_side():
    table, note = pair_table(compared(16, best=3))
    rows = table.as_data()["rows"]
    assert len(rows) == 15
    assert note == (
        "Of the 120 pairs, the table lists the 15 with a best model; analysis.json has them all."
    )
    assert {row[0] for row in rows} == {"Model 4"}
    assert rows[0] == [
        *("Model 4", "Model 1", "−1.00", "[−2.20, 0.20]", "2", "1,200", "< 0.001", "0.040", "10 %")
    ]


def test_of_very_many_models_the_numbers_do_not_hold_all_pairs_either():
    results = compared(16, best=3)
    results.analysis.pairs.listed.pop()
    note = pair_table(results)[1]
    assert note.startswith("Of the 120 pairs, the table lists the 15 with a best model;")
    assert note.endswith(" analysis.json has also those among the 50 most accurate models.")


def test_layers_with_unknown_sizes_are_shown_as_unknown():
    assert layer_table(LAYERS).as_data()["rows"][1] == [
        "mine",
        "MyLayer",
        "28x?x1",
        "1,234",
        "unknown",
    ]


def test_drawings_suit_a_page(tmp_path):
    drawing = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" width="9pt"'
        ' height="9pt" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
        "<metadata>x</metadata><defs><style>* {stroke: red}</style>"
        '<path id="a" d="M 0.123456 1\nz"/></defs><g id="unused">'
        f'<use xlink:href="#a" style="clip-path: url(#a); stroke: {GRID.upper()}"/>'
        f'<path fill="{PAPER}"/><text fill="{INK}">{INK.replace("#", "")}</text></g></svg>'
    )
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "loss.svg").write_text(drawing)
    one = inline_svg(tmp_path / "one" / "loss.svg", 'a "<label>"')
    assert one.startswith("<svg")
    assert 'id="one-loss-a"' in one
    assert 'href="#one-loss-a"' in one
    assert 'clip-path="url(#one-loss-a)"' in one
    assert 'aria-label="a &quot;&lt;label&gt;&quot;"' in one
    # The page's colours, attributes in place of styles, and no more digits than can be seen.
    assert 'stroke="var(--grid)"' in one
    assert 'fill="var(--paper)"' in one
    assert f'<text fill="var(--ink)">{INK.replace("#", "")}</text>' in one
    assert 'width="12"' in one
    assert 'd="M 0.12 1 z"' in one
    for left_out in ("height", "metadata", "style", "unused"):
        assert left_out not in one
    assert 'id="two-loss-a"' in inline_svg(tmp_path / "two" / "loss.svg", "a label")


def test_an_axis_is_pinned_without_what_stands_above_and_below_it(tmp_path):
    file = tmp_path / "wide.svg"
    file.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="600pt" viewBox="0 0 600 300">'
        '<g id="figure_1"><g id="patch_1"><path d="M 0 300 L 600 0 z"/></g>'
        '<g id="axes_1"><g id="patch_2"><path d="M 60 200 L 290 200 L 290 100 z"/></g></g>'
        '<g id="axes_2"><g id="patch_3"><path d="M 310 250 L 590 250 L 590 150 z"/></g></g></g>'
        "</svg>"
    )
    figure = f"{tmp_path.name}-wide-figure_1"
    drawing, axis = inline_svg(file, "A drawing.", pinned=True).split("</svg><svg", 1)
    assert f'id="{figure}"' in drawing
    assert 'class="pinned" aria-hidden="true" viewBox="0 0 60.00 300" width="80.00"' in axis
    # Six points more at both ends.
    assert 'y="94.00" viewBox="0 94.00 60.00 162.00"' in axis
    assert f'<use href="#{figure}"' in axis
    assert "pinned" not in inline_svg(file, "A drawing.")
    file.write_text(file.read_text().replace("axes_", "other_"))
    assert "pinned" not in inline_svg(file, "Without axes.", pinned=True)


def test_numbers_stay_with_their_units():
    assert unbroken("Latency: 1.01 ms, 1 h 02 min, 95 %") == (
        "Latency: 1.01\u00a0ms, 1\u00a0h\u00a002\u00a0min, 95\u00a0%"
    )
    assert unbroken("99.36 % of p-values, p = 0.21 and 2 percentage points") == (
        "99.36\u00a0% of p\u2011values, p\u00a0=\u00a00.21 and 2\u00a0percentage points"
    )


def test_what_follows_an_arabic_or_hebrew_name_stands_to_the_right_of_it():
    assert in_order("نموذج: −0.002 (שלום 12), אב 12 גד, B and נ.") == (
        "نموذج\u200e: −0.002 (שלום 12\u200e), אב 12 גד\u200e, B and נ\u200e."
    )
    for told in ("Model 1: −0.002 (B), 漢字: 1.5", "שלום 12.5 and B"):
        assert in_order(told) == told


def test_arrows_are_not_broken():
    assert arrows_whole("1 --(<b>)--> 2 --> 3\n4") == (
        '<span class="step">1</span> <span class="step">--(&lt;b&gt;)--&gt; 2</span>'
        ' <span class="step">--&gt; 3</span>\n<span class="step">4</span>'
    )


@pytest.fixture
def large_study(tmp_path):
    """A hundred models with ten seeds each, 10,000 test images; removed afterwards."""
    folder = tmp_path / "large"
    models = [f"Model {number}" for number in range(1, 101)]
    study = describe_study(models, list(range(10)))
    for number, entry in enumerate(study["models"]):
        for seed in study["seeds"]:
            accuracy = 0.985 + 0.0001 * number
            fabricate_run(
                folder, entry["model"], seed, images=10_000, accuracy=accuracy, layers=LAYERS
            )
    fabricate_data(folder, images=10_000)
    (folder / "study.json").write_text(json.dumps(study))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.thorough
def test_a_hundred_models_with_ten_seeds_take_a_minute_and_under_a_gigabyte(large_study):
    run = subprocess.run(
        [sys.executable, Path(__file__).with_name("steps_after_training.py"), large_study],
        capture_output=True,
        check=True,
        text=True,
    )
    used = json.loads(run.stdout.splitlines()[-1])
    # Of the processor, in one process; twice the minute, as machines differ.
    assert used["seconds"] < 120
    # Half as much again as there was, and less than with the probabilities of all runs.
    assert used["megabytes"] < 600
    html = (large_study / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert len([model for model in page.all("details") if model.get("class") == "model"]) == 100
    # Of 4,950 pairs the page lists those with the best, and lists in sentences stay short.
    assert "Of the 4,950 pairs, the table lists the 99 with a best model" in page.text
    assert max(map(len, re.findall(r"<(?:p|li)[^>]*>(.*?)</(?:p|li)>", html))) < 1500


def test_a_model_has_one_colour_on_the_page(tmp_path):
    # Two of one family, with others between them.
    names = ["One", "Two", "Three", "Four", "Five"]
    page = render(tmp_path, {name: {} for name in names})
    colours = list(model_colours(describe_study(names)).items())
    assert [model for model, _ in colours] != sorted(model for model, _ in colours)
    swatches = dict(re.findall(r"\.swatch-(\d) \{ background: (#\w+); \}", page))
    assert {f"model_{place}": colour for place, colour in swatches.items()} == dict(colours)
