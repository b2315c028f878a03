"""What holds for the files of every finished study."""

import re

from report_readers import (
    inline_texts,
    markdown_tables,
    page_tables,
    shown,
    text_tables,
)

# Columns of the tables: the column of summary.csv, what it is multiplied by, and the decimals.
_COLUMNS = {
    "Train loss": ("train_loss", 1, 4),
    "Validation loss": ("val_loss", 1, 4),
    "Train accuracy": ("train_accuracy", 100, 2),
    "Test accuracy": ("test_accuracy", 100, 2),
    "Mean test accuracy": ("test_accuracy", 100, 2),
    "Seeds": ("n_seeds", 1, 0),
    "Lowest seed": ("test_accuracy_min", 100, 2),
    "Highest seed": ("test_accuracy_max", 100, 2),
    "Without disputed labels": ("test_accuracy_undisputed", 100, 2),
    "Validation accuracy, last epoch": ("val_accuracy", 100, 2),
    "Best epoch": ("best_epoch", 1, 1),
    "Validation accuracy, best epoch": ("best_val_accuracy", 100, 2),
    "Holdout accuracy, best epoch": ("best_val_accuracy", 100, 2),
    "Test accuracy, best epoch": ("best_epoch_test_accuracy", 100, 2),
    "Holdout accuracy, last epoch": ("val_accuracy", 100, 2),
    "Test accuracy, last epoch": ("test_accuracy", 100, 2),
    "Mean validation accuracy": ("val_accuracy_last_mean", 100, 2),
    "Slope of validation loss": ("loss_slope", 1, 5),
    "Train accuracy, dropout on": ("train_accuracy", 100, 2),
    "Train accuracy, dropout off": ("clean_train_accuracy", 100, 2),
    "Gap (percentage points)": ("gap", 100, 2),
    "Parameters": ("parameters", 1, 0),
    "Multiply-adds": ("multiply_adds", 1, 0),
    "Epochs": ("epochs", 1, 0),
    "Seconds per epoch": ("seconds_per_epoch", 1, 1),
    "Seconds in all": ("training_seconds", 1, 0),
    "Latency of one image (ms)": ("latency_ms", 1, 2),
}
_INTERVALS = {
    "Test accuracy over seeds": ("test_accuracy_low", "test_accuracy_high", 100, 2),
    "Test accuracy": ("test_accuracy_low", "test_accuracy_high", 100, 2),
    "The last epochs": ("loss_slope_low", "loss_slope_high", 1, 5),
    "Training and test accuracy": ("gap_low", "gap_high", 100, 2),
}
_NO_NUMBER = {"diverged", "–", "unknown"}

_TAGS = {
    *("html", "head", "meta", "title", "link", "style", "body", "a", "header", "h1", "h2", "h3"),
    *("h4", "p", "section", "ul", "li", "nav", "main", "div", "span", "table", "caption", "thead"),
    *("tbody", "tr", "th", "td", "details", "summary", "article", "figure", "figcaption", "dl"),
    *("dt", "dd", "pre", "img", "strong", "script", "svg", "g", "path", "text", "tspan", "defs"),
    *("clippath", "use", "rect", "image", ""),
}


def check_outputs(found, study):
    """Raise ``AssertionError`` where the files of a study disagree, or say what nobody would.

    ``found`` are the :class:`report_readers.Outputs` of the reported study ``study``.
    """
    _check_names(found, study)
    _check_tables(found, study)
    _check_numbers(found)
    _check_conclusions(found, study)
    _check_page(found, study)
    _check_english(found, study)


def _check_names(found, study):
    expected = [(entry["model"], entry["name"]) for entry in study["models"]]
    assert [(model["model"], model["name"]) for model in found.findings["models"]] == expected
    for models in (found.summary, found.analysis["models"]):
        assert [model["model"] for model in models] == [entry["model"] for entry in study["models"]]
    assert found.findings["title"] == study["title"]
    assert found.page.all("title")[0].text == shown(study["title"])
    assert inline_texts(found.markdown)[0] == ("paragraph", shown(study["title"]))
    assert found.text.split("\n")[0] == shown(study["title"])


def _check_tables(found, study):
    """The tables are the same in text, in Markdown and on the page, and give the names back."""
    text, markdown = text_tables(found.text), markdown_tables(found.markdown)
    assert markdown == text
    page = page_tables(found.page.by_id["results"])
    assert page == [[[shown(cell) for cell in row] for row in table] for table in text]
    names = [shown(entry["name"]) for entry in study["models"]]
    for table in text:
        assert [row[0] for row in table[1:]] == names
    descriptions = [shown(entry["description"]) for entry in study["models"]]
    assert [row[1] for row in text[0][1:]] == descriptions


def _check_numbers(found):
    """The cells of the tables are the numbers of summary.csv, and findings.json has these too."""
    section = found.page.by_id["results"]
    titles = [heading.text for heading in section.all("h3")]
    tables = dict(zip(titles, page_tables(section), strict=True))
    for title, (columns, *rows) in tables.items():
        for row, source in zip(rows, found.summary, strict=True):
            for column, cell in zip(columns, row, strict=True):
                if column in _COLUMNS and (title, column) != ("The last epochs", "Validation loss"):
                    name, factor, decimals = _COLUMNS[column]
                    assert_rounded(cell, source[name], factor, decimals)
                elif column == "95 % interval" and cell not in _NO_NUMBER:
                    *ends, factor, decimals = _INTERVALS[title]
                    for part, end in zip(re.split(" to |, ", cell.strip("[]")), ends, strict=True):
                        assert_rounded(part, source[end], factor, decimals)
    spread = tables.get("Test accuracy over seeds") or tables["Test accuracy"]
    place = next(i for i, name in enumerate(spread[0]) if name.lower().endswith("test accuracy"))
    shares = {row[0]: row[place] for row in spread[1:]}
    _check_findings(found, shares)


def _check_findings(found, shares):
    """What findings.json says of each model's accuracy is in the tables: ``shares`` by name."""
    models = zip(found.findings["models"], found.analysis["models"], found.summary, strict=True)
    for said, model, source in models:
        accuracy, name = model["accuracy"], shown(said["name"])
        if accuracy is None:
            assert source["test_accuracy"] == ""
            assert model["standing"] == shares[name] == "diverged"
            continue
        for key, column in (("value", ""), ("low", "_low"), ("high", "_high"), ("sd", "_sd")):
            text = source[f"test_accuracy{column}"]
            assert (text == "") == (accuracy[key] is None)
            assert text == "" or abs(float(text) - accuracy[key]) < 1e-12
        assert len(accuracy["by_seed"]) == int(source["n_seeds"])
        assert f"test accuracy {shares[name]}" in shown(said["remark"])
        runs = [run for run in found.runs if run["model"] == model["model"]]
        for run in runs:
            if run["status"] == "ok":
                assert float(run["test_accuracy"]) == accuracy["by_seed"][run["seed"]]
    for finding in found.findings["findings"]:
        table = finding["table"] or {"columns": [], "rows": []}
        columns = table["columns"]
        for row in table["rows"]:
            assert len(row) == len(columns)
            for column, cell in zip(columns, row, strict=True):
                if column in ("Test accuracy", "Accuracy") and columns[0] == "Model":
                    assert cell == shares[shown(row[0])], finding["key"]


def assert_rounded(cell, value, factor, decimals):
    """Check that a table's cell is ``factor`` times a number of a CSV file, rounded."""
    if cell in _NO_NUMBER:
        assert value == ""
        return
    number = float(cell.replace("−", "-").replace(",", "").removesuffix("%"))
    exact = factor * float(value)
    assert abs(number - exact) <= 0.5 * 10**-decimals + 1e-9 * abs(exact), (cell, value)
    assert not re.match(r"[-−]0(\.0*)?( %)?$", cell)


def _finding_blocks(found):
    """Yield (kind, text) of the findings in their order, as Markdown and page should have them."""
    for finding in found.findings["findings"]:
        yield "heading", finding["title"]
        yield from (("paragraph", text) for text in finding["text"])
        yield from (("item", text) for text in finding["items"])
        if finding["table"]:
            yield from (("th", cell) for cell in finding["table"]["columns"])
            for row in finding["table"]["rows"]:
                yield from (("td", cell) for cell in row)


def _check_conclusions(found, study):
    """conclusions.md says what findings.json does, word for word."""
    findings = found.findings
    expected = [("heading", f"{findings['title']}: conclusions")]
    expected += [("paragraph", text) for text in findings["setting"]]
    if findings["cautions"]:
        texts = ["Bear in mind", *findings["cautions"]]
        expected += [("paragraph", text) for text in texts]
    expected += [
        ("paragraph" if kind == "item" else kind, text) for kind, text in _finding_blocks(found)
    ]
    expected.append(("heading", "Model by model"))
    for entry, model in zip(study["models"], findings["models"], strict=True):
        expected.append(("heading", f"{entry['name']}: {entry['description']}"))
        expected.append(("paragraph", model["remark"]))
    expected.append(("heading", "Architectures"))
    for entry, model in zip(study["models"], found.analysis["models"], strict=True):
        expected.append(("paragraph", f"{entry['name']}:"))
        expected.append(("fence", f"{model['notation']}\n"))
    expected.append(("paragraph", findings["closing"]))
    written = inline_texts(found.conclusions)
    assert [(kind, shown(text)) for kind, text in written] == [
        (kind, shown(text)) for kind, text in expected
    ]
    markdown_tables(found.conclusions)


def _check_page(found, study):
    """The page says what findings.json does, and no name has become a part of it."""
    page, findings = found.page, found.findings
    elements = list(page.walk())
    assert {element.tag for element in elements} <= _TAGS
    assert len(page.all("script")) == len(page.all("style")) == 1
    attributes = [item for element in elements for item in element.attributes.items()]
    assert not [name for name, _ in attributes if name.startswith("on")]
    targets = [value for name, value in attributes if name in ("href", "src", "xlink:href")]
    assert all(target.startswith(("#", "data:")) for target in targets)
    ids = [value for name, value in attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    links = {a.attributes["href"][1:] for a in page.all("a")}
    assert links <= set(ids)

    tags = {"heading": "h3", "paragraph": "p", "item": "li"}
    expected = [(tags.get(kind, kind), shown(text)) for kind, text in _finding_blocks(found)]
    written = found.page.by_id["findings"].blocks()[1:]
    # A row's first cell is a header as well.
    first = {i for i, (tag, _) in enumerate(expected) if tag == "td"} & {
        i for i, (tag, _) in enumerate(written) if tag == "th"
    }
    expected = [("th" if i in first else tag, text) for i, (tag, text) in enumerate(expected)]
    assert written == expected
    headings = [heading.text for heading in page.by_id["models"].all("h3")]
    for entry in study["models"]:
        if len(study["models"]) <= 200:
            assert shown(f"{entry['name']}: {entry['description']}") in headings
    models = zip(findings["models"], found.analysis["models"], strict=True)
    for number, (said, model) in enumerate(models, 1):
        section = page.by_id[f"model-{number}"]
        assert section.all("p")[0].text == shown(said["remark"])
        assert section.all("pre")[0].text == shown(model["notation"])
    _check_links(found)


def _check_links(found):
    """What is a link to a model's section is that model's name, and where models are named."""
    names = [shown(model["name"]) for model in found.findings["models"]]
    for table in found.page.all("table"):
        header = [cell.text for cell in table.all("tr")[0].all("th", "td")]
        for row in table.all("tr")[1:]:
            for column, cell in zip(header, row.all("th", "td"), strict=True):
                for link in cell.all("a"):
                    assert link.text == names[int(link.attributes["href"][len("#model-") :]) - 1]
                    assert "odel" in column or column in ("Most like", "Vote of"), column


# English


_COUNTED = (
    *("model", "seed", "epoch", "run", "image", "test image", "training image", "class"),
    *(
        "validation image",
        "pair",
        "prediction",
        "wrong prediction",
        "time",
        "trait",
        "comparison",
        "conclusion",
    ),
    *("thread", "layer", "vote", "test label", "figure", "mistake"),
)
_PLURALS = {noun: noun + ("es" if noun.endswith("s") else "s") for noun in _COUNTED}
_SLIPS = [
    re.compile(pattern)
    for pattern in (
        r"\b(nan|NaN|inf|Infinity|null|undefined|True|False)\b",
        # Python's None, not "None of them".
        r"(?<![.:;] )(?<!^)\bNone\b(?! of\b)|^None$",
        r"  ",
        r" [.,;:!?)]",
        r"[,;:(][.,;:]|[(] ",
        r"\.\.(?!\.)",
        r"\b(and|or|of|the|a|in|to|is|are|with|by|than|but) ([.,;:]|$)",
        r"\b(and|or|of|the|a|in|to|is|are|with|by|than|but) \1\b",
        r"\(\)|“”",
        r"(?<![\d.,])[−-]0(\.0+)?(?![\d.,]*\d)",
        r"\d e[+-]?\d|\de[+-]\d",
        rf"(?<![\w.,−-])1 ({'|'.join(_PLURALS.values())})\b",
        rf"(?<![\w.,])(0|[2-9]|\d[\d,.]*\d) ({'|'.join(_COUNTED)})\b(?! (image|label|loss|acc))",
        r"\bare the only|\bAll 1\b|\ball 1\b|\bBoth 2\b|\bthe 1 (?!most)",
        r"<class|object at 0x",
    )
]


def slips(text):
    """Return what in a text no careful writer would leave there."""
    return [pattern.pattern for pattern in _SLIPS if pattern.search(text)]


def _with_marks(found, study):
    """Return the pattern of all that a study's author wrote with punctuation in it."""
    given = {study["title"], study["dataset"]["title"], *found.analysis["data"]["class_names"]}
    for entry in study["models"]:
        given |= {entry["name"], entry["description"], entry["family"]}
    marked = {shown(text) for text in given if re.search(r"[^\w\s]", text)}
    longest_first = sorted(marked, key=len, reverse=True)
    # Without any, what matches nowhere.
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def _check_english(found, study):
    findings = found.findings
    sentences = [*findings["setting"], *findings["cautions"], findings["closing"]]
    for finding in findings["findings"]:
        sentences += [*finding["text"], *finding["items"]]
    sentences += [model["remark"] for model in findings["models"]]
    names = sorted({shown(e["name"]) for e in study["models"]}, key=len, reverse=True)
    for sentence in sentences:
        assert shown(sentence).endswith("."), sentence
    texts = sentences + [text for _, text in found.page.blocks()]
    texts += [
        element.attributes[name]
        for element in found.page.walk()
        for name in ("aria-label", "alt", "title")
        if name in element.attributes
    ]
    texts += [row for row in found.text.split("\n\n") if not row.startswith("+")]
    # One model is, two models are.
    name = "|".join(map(re.escape, names))
    one = re.compile(rf"(?:^|[.;] )(?:{name}) (are|have|do|were|share)\b")
    two = re.compile(rf"(?:^|[.;] )(?:{name}) and (?:{name}) (is|has|does|was)\b")
    given = _with_marks(found, study)
    for text in set(map(shown, texts)):
        ours = given.sub("X", text)
        assert not slips(ours), (slips(ours), text)
        assert not one.search(text), text
        assert not two.search(text), text
