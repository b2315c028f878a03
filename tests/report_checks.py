"""What holds for the files of every finished study."""

import re
from math import isclose
from statistics import fmean, median

from bakeoff.levels import LEVEL
from bakeoff.limits import MOST_CLASSES, MOST_IMAGES_IN_WORDS, MOST_ITEMS, MOST_PAIRS, MOST_SHOWN
from bakeoff.numbers import mistakes
from report_readers import (
    Element,
    inline_texts,
    markdown_tables,
    page_tables,
    shown,
    text_tables,
)

# Columns of the tables: the column of summary.csv, what it is multiplied by, and the decimals.
_COLUMNS = {
    "Balanced accuracy": ("balanced_accuracy", 100, 2),
    "Train loss": ("train_loss", 1, 4),
    "Validation loss": ("val_loss", 1, 4),
    "Train accuracy": ("train_accuracy", 100, 2),
    "Test accuracy": ("test_accuracy", 100, 2),
    "Mean test accuracy": ("test_accuracy", 100, 2),
    "Seeds": ("n_seeds", 1, 0),
    "Lowest seed": ("test_accuracy_min", 100, 2),
    "Highest seed": ("test_accuracy_max", 100, 2),
    "Without disputed labels": ("test_accuracy_undisputed", 100, 2),
    "Validation accuracy, last epoch": ("last_val_accuracy", 100, 2),
    "Best epoch": ("best_epoch", 1, 1),
    "Validation accuracy, best epoch": ("best_val_accuracy", 100, 2),
    "Holdout accuracy, best epoch": ("best_val_accuracy", 100, 2),
    "Test accuracy, best epoch": ("best_epoch_test_accuracy", 100, 2),
    "Holdout accuracy, last epoch": ("last_val_accuracy", 100, 2),
    "Test accuracy, last epoch": ("last_test_accuracy", 100, 2),
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
_ALWAYS = [
    *("Train loss", "Validation loss", "Train accuracy", "Test accuracy", "Best epoch"),
    *("Slope of validation loss", "Gap (percentage points)", "Parameters", "Multiply-adds"),
    *("Epochs", "Seconds per epoch", "Seconds in all", "Latency of one image (ms)"),
]
_INTERVALS = {
    "Test accuracy over seeds": ("test_accuracy_low", "test_accuracy_high", 100, 2),
    "Test accuracy": ("test_accuracy_low", "test_accuracy_high", 100, 2),
    "The last epochs": ("loss_slope_low", "loss_slope_high", 1, 5),
    "Training and test accuracy": ("gap_low", "gap_high", 100, 2),
}
_NO_NUMBER = {"diverged", "–", "unknown"}
_NUMBER = r"[−-]?[\d,]+(?:\.\d+)?(?: %)?"
_END = rf"(?:{_NUMBER}|above 0|below 0)"
_SHOWN_NUMBER = re.compile(rf"(?:< )?{_NUMBER}|\[{_END}, {_END}\]|{_NUMBER} to {_NUMBER}")
# Columns of names of classes and models, which may be digits.
_OF_NAMES = {
    *("Model", "Model number", "Model Description", "Architectures", "Most like", "Class"),
    *("Label", "Commonest wrong prediction", "Class with lowest share right"),
    *("Most frequent mistake", "First model", "Second model", "Vote of", "Group"),
}

# Columns of summary.csv that are means over the rows of runs.csv, or what else they are of them.
_OF_RUNS = {
    **dict.fromkeys(["train_loss", "train_accuracy", "test_loss", "test_accuracy"], fmean),
    **dict.fromkeys(["val_loss", "val_accuracy"], fmean),
    **dict.fromkeys(["best_val_accuracy", "best_epoch_test_accuracy"], fmean),
    **dict.fromkeys(["last_val_accuracy", "last_test_accuracy"], fmean),
    **dict.fromkeys(["test_accuracy_undisputed", "val_accuracy_last_mean"], fmean),
    **dict.fromkeys(["clean_train_loss", "clean_train_accuracy", "gap"], fmean),
    **dict.fromkeys(["seconds_per_epoch", "training_seconds", "latency_ms"], fmean),
    "best_epoch": median,
    "test_accuracy_min": min,
    "test_accuracy_max": max,
    "n_seeds": len,
}
_NAMES_IN_RUNS = {
    "train_loss": "loss",
    "train_accuracy": "accuracy",
    "test_accuracy_min": "test_accuracy",
    "test_accuracy_max": "test_accuracy",
    "n_seeds": "seed",
}
_OF_ANY_RUN = ["parameters", "trainable_parameters", "multiply_adds", "test_images"]

# Columns of summary.csv, and where a model of analysis.json has the same number.
_IN_ANALYSIS = {
    "test_accuracy": ("accuracy", "value"),
    "test_accuracy_low": ("accuracy", "low"),
    "test_accuracy_high": ("accuracy", "high"),
    "test_accuracy_sd": ("accuracy", "sd"),
    "train_accuracy": ("train_accuracy", "value"),
    "clean_train_accuracy": ("overfitting", "train_accuracy"),
    "clean_train_loss": ("overfitting", "train_loss"),
    "val_loss": ("val_loss",),
    "gap": ("overfitting", "gap"),
    "gap_low": ("overfitting", "low"),
    "gap_high": ("overfitting", "high"),
    "loss_slope": ("trend", "slope"),
    "loss_slope_low": ("trend", "low"),
    "loss_slope_high": ("trend", "high"),
    "val_accuracy_last_sd": ("fluctuation", "deviation"),
    "parameters": ("cost", "parameters"),
    "multiply_adds": ("cost", "multiply-adds"),
}

_TAGS = {
    *("html", "head", "meta", "title", "link", "style", "body", "a", "header", "h1", "h2", "h3"),
    *("h4", "p", "section", "ul", "li", "nav", "main", "div", "span", "table", "caption", "thead"),
    *("tbody", "tr", "th", "td", "details", "summary", "article", "figure", "figcaption", "dl"),
    *(
        "ol",
        "b",
        "circle",
        "line",
        "dt",
        "dd",
        "pre",
        "code",
        "img",
        "strong",
        "script",
        "svg",
        "g",
    ),
    *("path", "text", "tspan", "defs"),
    *("clippath", "use", "rect", "image", ""),
}


def check_outputs(found, study):
    """Raise ``AssertionError`` where the files of a study disagree, or say what nobody would.

    ``found`` are the :class:`report_readers.Outputs` of the reported study ``study``.
    """
    _check_names(found, study)
    _check_tables(found, study)
    _check_numbers(found)
    _check_sorting(found)
    _check_files_agree(found)
    check_pairs(found.analysis)
    _check_factors(found)
    _check_last_epochs(found)
    _check_leaders(found)
    _check_whole(found, study)
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
    page = page_tables(_more_tables(found))
    assert page == [[[shown(cell) for cell in row] for row in table] for table in text]
    assert set(_ALWAYS) <= {column for table in text for column in table[0]}
    names = [shown(entry["name"]) for entry in study["models"]]
    for table in text:
        assert [row[0] for row in table[1:]] == names
    descriptions = [shown(entry["description"]) for entry in study["models"]]
    assert [row[1] for row in text[0][1:]] == descriptions


def _more_tables(found):
    """Return the part of the page with the tables that are folded away."""
    results = found.page.by_id["results"]
    (folded,) = [e for e in results.all("details") if e.attributes.get("class") == "tables"]
    return folded


def _check_numbers(found):
    """The cells of the tables are the numbers of summary.csv, and findings.json has these too."""
    section = _more_tables(found)
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
                        if part in ("above 0", "below 0"):
                            assert float(source[end]) * (1 if part == "above 0" else -1) > 0
                            part = "0"
                        assert_rounded(part, source[end], factor, decimals)
    spread = tables.get("Test accuracy over seeds") or tables["Test accuracy"]
    place = next(i for i, name in enumerate(spread[0]) if name.lower().endswith("test accuracy"))
    shares = {row[0]: row[place] for row in spread[1:]}
    _check_findings(found, shares)


def _check_sorting(found):
    """A column that shows numbers is sorted by them: each cell has its number, or shows none."""
    for table in found.page.all("table"):
        if "sortable" not in table.attributes["class"].split():
            continue
        heads, *rows = [row.all("th", "td") for row in table.all("tr")]
        for head, *cells in zip(heads, *rows, strict=True):
            numbers = [cell for cell in cells if _SHOWN_NUMBER.fullmatch(cell.text)]
            others = {cell.text for cell in cells if cell not in numbers}
            names = head.text in _OF_NAMES or any(cell.all("a") for cell in cells)
            if names or not numbers or others - _NO_NUMBER - {""}:
                continue
            assert "number" in head.attributes.get("class", "").split(), head.text
            assert all("data-value" in cell.attributes for cell in numbers), head.text


def _interval(estimate):
    return f"[{_percent(estimate['low'])}, {_percent(estimate['high'])}]"


def _percent(share):
    """Return a share in percent with two decimals, or more where two would make it all."""
    texts = [f"{100 * share:.{decimals}f}" for decimals in (2, 3, 4)]
    below = [text for text in texts if float(text) < 100]
    return below[0] if below and share < 1 else texts[0]


def _check_findings(found, shares):
    """What findings.json says of each model's accuracy is in the tables: ``shares`` by name."""
    models = zip(found.findings["models"], found.analysis["models"], found.summary, strict=True)
    for said, model, source in models:
        accuracy, name = model["accuracy"], shown(said["name"])
        if accuracy is None:
            assert source["test_accuracy"] == ""
            assert model["standing"] == shares[name] == "diverged"
            continue
        assert len(accuracy["by_seed"]) == int(source["n_seeds"])
        plain = f"test accuracy {shares[name]}"
        if found.analysis["metric"] == "accuracy":
            expected = f", {plain} {_interval(accuracy)}."
        else:
            balanced = model["balanced_accuracy"]
            share = f"{_percent(balanced['value'])} %"
            expected = f", balanced test accuracy {share} {_interval(balanced)}, {plain}."
        assert expected in shown(said["remark"])
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


def _check_files_agree(found):
    """runs.csv, summary.csv and analysis.json have the same numbers."""
    for source, model in zip(found.summary, found.analysis["models"], strict=True):
        of_model = [run for run in found.runs if run["model"] == source["model"]]
        ended_well = [run for run in of_model if run["status"] == "ok"]
        for column, of in _OF_RUNS.items():
            name = _NAMES_IN_RUNS.get(column, column)
            values = [float(run[name]) for run in ended_well if run[name] != ""]
            known = of(values) if values or of is len else None
            _assert_equal(source[column], known, column)
        for column in _OF_ANY_RUN:
            assert {run[column] for run in of_model} == {source[column]}, column
        for column, keys in _IN_ANALYSIS.items():
            value = model
            for key in keys:
                value = None if value is None else value.get(key)
            _assert_equal(source[column], value, column)
        assert int(source["n_diverged"]) == len(of_model) - len(ended_well)
        assert source["above_chance"] == str(int(model["above_chance"] or False))
        if model["trend"]:
            assert source["loss_trend"] == model["trend"]["verdict"]
    accuracies = {
        model["model"]: model["accuracy"]["value"]
        for model in found.analysis["models"]
        if model["accuracy"]
    }
    best = {key for key in accuracies if accuracies[key] == max(accuracies.values())}
    assert set(found.analysis["best"]) == best
    names = {model["model"]: shown(model["name"]) for model in found.findings["models"]}
    if len(best) == 1:
        assert shown(found.findings["findings"][0]["text"][0]).startswith(names[best.pop()])


def _assert_equal(cell, value, column):
    """Check that a cell of a CSV file is a number of a JSON file, or that there is none."""
    assert (cell == "") == (value is None), (column, cell, value)
    assert cell == "" or isclose(float(cell), value, rel_tol=1e-9, abs_tol=1e-12), (column, cell)


def check_pairs(analysis):
    """Check that an interval leaves zero out just where the corrected p-value is below the level.

    It always holds the difference. ``analysis`` is what analysis.json holds, of looks as well.
    """
    level = analysis["looks"]["level"] if analysis["looks"] else LEVEL
    for pair in analysis["pairs"]["listed"]:
        compared = pair["comparison"]
        without_zero = compared["low"] > 0 or compared["high"] < 0
        assert without_zero == (compared["p_holm"] < level), compared
        assert compared["low"] <= compared["difference"] <= compared["high"], compared


def _check_factors(found):
    """What one difference does is what its test says, and says why where all pairs say another."""
    analysis = found.analysis
    models = {model["model"]: model for model in analysis["models"]}
    verdicts = {
        frozenset((pair["a"], pair["b"])): pair["comparison"]["p_holm"] < LEVEL
        for pair in analysis["pairs"]["listed"]
    }
    said = [one["text"] for one in found.findings["findings"] if one["key"] == "factors"]
    for factor in analysis["factors"]:
        without_zero = factor["low"] > 0 or factor["high"] < 0
        assert without_zero == (factor["p_holm"] < LEVEL), factor
        assert factor["low"] <= factor["difference"] <= factor["high"], factor
        assert isclose(factor["difference"], fmean(factor["differences"]), abs_tol=1e-12), factor
        (*others, pair) = map(frozenset, factor["pairs"])
        if others or verdicts.get(pair, without_zero) == without_zero:
            continue
        counts = f"one of {len(analysis['factors'])} here, and one of {analysis['pairs']['number']}"
        why = [counts] if len(analysis["factors"]) < analysis["pairs"]["number"] else []
        if any(models[key]["odd_seeds"] for key in pair):
            why.append("Runs that learned nothing are left out here")
        assert why, factor
        assert all(reason in " ".join(said[0]) for reason in why), factor


def _check_last_epochs(found):
    """An epoch is better than the last in the models of which that is said, and in no other."""
    last = found.analysis["last_epochs"]
    if not last:
        return
    better = {key for key, one in last["choice"].items() if one["val_best"] > one["val_last"]}
    assert better == set(last["early"])
    (text,) = [one["text"] for one in found.findings["findings"] if one["key"] == "last_epochs"]
    ranges = [one["range"] for one in last["fluctuation"].values()]
    moved = any(ranges)
    assert ("widest range" in text[0]) == moved, text
    assert ("did not move" in text[0]) == (bool(ranges) and not moved), text
    if ranges:
        assert ("No run had an epoch with more" in text[-1]) == (not better), text
        assert len(last["choice"]) == 1 or ("In none of the" in " ".join(text)) == (not better)


def _check_leaders(found):
    """What is said of the first place goes by who is shown to be worse than whom."""
    finished = [model for model in found.analysis["models"] if model["accuracy"]]
    leading = [m for m in finished if m["standing"] in ("best", "too close to call")]
    worse = [m["model"] for m in finished if m["standing"] in ("worse", "worse than another")]
    for pair in found.analysis["pairs"]["listed"]:
        compared = pair["comparison"]
        if compared["p_holm"] < LEVEL and compared["ahead"] is not None:
            loser = pair["b"] if compared["difference"] > 0 else pair["a"]
            assert loser in worse or loser in found.analysis["best"], pair
    surer, pick = found.findings["surer"] or "", found.findings["pick"]
    assert "about 0 s" not in surer
    if surer.startswith("More seeds are not needed"):
        assert len(worse) == len(finished) - 1, found.findings["headline"]
    assert not pick or len(leading) > 1 or found.findings["headline"].startswith("Open")


def _check_whole(found, study):
    """Nothing is left out: a finding for each question, a row or an item for all that is found."""
    analysis = found.analysis
    findings = {finding["key"]: finding for finding in found.findings["findings"]}
    finished = [model for model in analysis["models"] if model["accuracy"]]
    if not finished:
        assert list(findings) == ["best"]
        return
    expected = ["best", "epochs", "overfitting", "traits", "cost", "last_epochs", "errors"]
    expected += ["hardest", "agreement", "ensemble", "calibration"]
    expected += ["disputed"] if study["dataset"]["disputed"] else []
    expected += ["reproduction"] if study["published"] else []
    expected += [key for key in ("factors", "known", "power", "looks") if analysis[key]]
    assert set(findings) == set(expected)
    traits = analysis["traits"]["compared"] if analysis["traits"] else []
    claims = analysis["published"]["claims"] if analysis["published"] else []
    items = {
        "epochs": sum(model["trend"]["verdict"] in ("falling", "rising") for model in finished),
        "overfitting": sum(model["overfitting"]["verdict"] != "none" for model in finished),
        "cost": len(analysis["bargains"]),
        "power": len(analysis["power"]["needed"]) if analysis["power"] else 0,
        "factors": sum(one["low"] > 0 or one["high"] < 0 for one in analysis["factors"] or []),
    }
    items = {key: min(number, MOST_ITEMS) for key, number in items.items()}
    items |= {"traits": len(traits), "reproduction": len(claims)}
    for key, finding in findings.items():
        assert len(finding["items"]) == items.get(key, 0), key
    rows = _rows_of_findings(analysis, finished)
    for key, finding in findings.items():
        if finding["table"]:
            assert len(finding["table"]["rows"]) == rows[key], key
        assert rows.get(key) in (None, 0) or finding["table"] or _says_why(finding, rows[key]), key
    _check_whole_page(found)


def _says_why(finding, rows):
    """Tell whether a finding of so many rows may do without its table: nothing was compared."""
    return len(finding["text"]) == 1 or rows == 1


def _rows_of_findings(analysis, finished):
    """Return how many rows the table of each finding has."""
    errors, disputed = analysis["errors"], analysis["disputed"]
    votes = analysis["ensemble"]["votes"] if analysis["ensemble"] else []
    voted = sum(bool(vote["by_seed"]) + bool(vote["together"]) for vote in votes)
    return {
        "best": len(finished),
        "traits": sum(len(t["groups"]) for t in (analysis["traits"] or {}).get("compared", [])),
        "errors": len(finished),
        "hardest": min(len(errors["hardest"]), MOST_IMAGES_IN_WORDS) if errors else 0,
        "disputed": len(disputed["without"]) if disputed else 0,
        "agreement": len(analysis["agreement"]["each"]) if analysis["agreement"] else 0,
        "ensemble": 1 + voted if votes else 0,
        "calibration": len(finished),
        "factors": len(analysis["factors"] or []),
        "known": len(analysis["known"]["without"]) if analysis["known"] else 0,
        "reproduction": len(analysis["published"]["figures"]) if analysis["published"] else 0,
        "looks": min(len(analysis["looks"]["racers"]), MOST_SHOWN) if analysis["looks"] else 0,
    }


_MATRIX = ": a row for each label, a column for each prediction"


def _check_whole_page(found):
    """The page has every run, layer, pair, wrong prediction and hard image that it should."""
    analysis, page = found.analysis, found.page
    tables = {}
    for table in page.all("table"):
        title = table.all("caption")[0].text.removesuffix(_MATRIX)
        tables[title] = page_tables(Element("", {}, [table]))[0]
    for said, model in zip(found.findings["models"], analysis["models"], strict=True):
        name = shown(said["name"])
        runs = [run for run in found.runs if run["model"] == model["model"]]
        layers = found.descriptions[model["model"]]["layers"]
        if len(runs) > 1:
            rows = tables[f"Runs of {name}"][1:]
            assert [row[0] for row in rows] == [f"seed {run['seed']}" for run in runs]
        if layers:
            rows = tables[f"Layers of {name}"][1:]
            assert [row[0] for row in rows] == [shown(layer["name"]) for layer in layers]
        if not model["confusion"]:
            continue
        if len(model["confusion"]) <= MOST_CLASSES:
            cells = [row[1:-1] for row in tables[f"Confusion matrix of {name}"][1:]]
            counts = [[int(cell.replace(",", "") or 0) for cell in row] for row in cells]
            assert counts == model["confusion"]
        elif mistakes(model["confusion"]):
            assert len(tables[f"Most frequent confusions of {name}"]) > 1
    pairs = analysis["pairs"]
    assert ("Pairs of models" in tables) == (pairs["number"] > 0)
    if 0 < pairs["number"] <= MOST_PAIRS:
        assert len(tables["Pairs of models"][1:]) == pairs["number"]
    hardest = analysis["errors"]["hardest"] if analysis["errors"] else []
    assert len(page.by_id["errors"].all("strong")) == len(hardest)


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
    """Yield (kind, text) of the findings in their order, as Markdown should have them."""
    for finding in found.findings["findings"]:
        yield "heading", finding["title"]
        yield from _blocks_of(finding)


def _blocks_of(finding):
    """Yield (kind, text) of what a finding says."""
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
    short = [line for line in (findings["headline"], findings["pick"]) if line]
    expected += [("paragraph", text) for text in (" ".join(short), *findings["setting"])]
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
        made_of = f" ({entry['made_of']})" if "made_of" in entry else ""
        expected.append(("paragraph", f"{entry['name']}{made_of}:"))
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
    assert len(page.all("style")) == 1
    kinds = [script.attributes.get("type") for script in page.all("script")]
    assert kinds in ([None], ["application/json", None])
    attributes = [item for element in elements for item in element.attributes.items()]
    assert not [name for name, _ in attributes if name.startswith("on")]
    targets = [value for name, value in attributes if name in ("href", "src", "xlink:href")]
    assert all(target.startswith(("#", "data:")) for target in targets)
    ids = [value for name, value in attributes if name == "id"]
    assert len(set(ids)) == len(ids)
    links = {a.attributes["href"][1:] for a in page.all("a")}
    assert links <= set(ids)

    (said,) = [e for e in page.all("ul") if e.attributes.get("class") == "setting"]
    assert [li.text for li in said.all("li")] == [shown(text) for text in findings["setting"]]
    cautions = [e for e in page.all("section") if e.attributes.get("class") == "cautions"]
    cautions = [li.text for section in cautions for li in section.all("li")]
    assert cautions == [shown(text) for text in findings["cautions"]]

    for finding in findings["findings"]:
        _check_finding(page.by_id[f"finding-{finding['key']}"], finding)
    _check_chart(found)
    headings = [heading.text for heading in page.by_id["models"].all("h3")]
    for entry in study["models"]:
        if len(study["models"]) <= 200:
            assert shown(f"{entry['name']}: {entry['description']}") in headings
    models = zip(findings["models"], found.analysis["models"], strict=True)
    for number, (said, model) in enumerate(models, 1):
        section = page.by_id[f"model-{number}"]
        texts = [shown(said["remark"])]
        made_of = study["models"][number - 1].get("made_of")
        texts += [f"Architecture: {shown(made_of)}."] if made_of else []
        assert [p.text for p in section.all("p")][: len(texts)] == texts
        assert section.all("pre")[0].text == shown(model["notation"])
    _check_links(found)


def _check_finding(element, finding):
    """A finding's part of the page says what it should, and its answer begins what it says."""
    tags = {"paragraph": "p", "item": "li"}
    expected = [(tags.get(kind, kind), shown(text)) for kind, text in _blocks_of(finding)]
    summary, *written = element.blocks()
    title, answer = shown(finding["title"]), shown(finding["answer"])
    assert [text for _, text in [summary]] == [title] or summary[1] == f"{title} {answer}"
    assert any(answer.rstrip(".") in shown(text) for text in _said(finding)), answer
    # A row's first cell is a header as well.
    first = {i for i, (tag, _) in enumerate(expected) if tag == "td"} & {
        i for i, (tag, _) in enumerate(written) if tag == "th"
    }
    assert written == [
        ("th" if i in first else tag, text) for i, (tag, text) in enumerate(expected)
    ]


def _said(finding):
    # What it would take is said anew in one sentence.
    return [*finding["text"], finding["answer"]] if finding["key"] == "power" else finding["text"]


def _check_chart(found):
    """The chart has a row for each model, which leads to its section, the most accurate first."""
    links = found.page.by_id["accuracy"].all("a")
    names = [shown(model["name"]) for model in found.findings["models"]]
    places = [int(link.attributes["href"].removeprefix("#model-")) - 1 for link in links]
    assert [link.text for link in links] == [names[place] for place in places]
    if len(names) <= MOST_SHOWN:
        assert sorted(places) == list(range(len(names)))
    (everything, *_) = page_tables(found.page.by_id["results"])
    assert sorted(row[0] for row in everything[1:]) == sorted(names)


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
        given |= {entry["name"], entry["description"], entry["family"], entry.get("made_of", "")}
    marked = {shown(text) for text in given if re.search(r"[^\w\s]", text)}
    longest_first = sorted(marked, key=len, reverse=True)
    # Without any, what matches nowhere.
    # White space is as the author wrote it, or as it is shown.
    words = [r"\s+".join(map(re.escape, text.split())) for text in longest_first]
    return re.compile("|".join(words) or "(?!)")


def _check_english(found, study):
    findings = found.findings
    sentences = [*findings["setting"], *findings["cautions"], findings["closing"]]
    sentences += filter(None, [findings["headline"], findings["pick"], findings["surer"]])
    for finding in findings["findings"]:
        sentences += [finding["answer"], *finding["text"], *finding["items"]]
    sentences += [model["remark"] for model in findings["models"]]
    names = sorted({shown(e["name"]) for e in study["models"]}, key=len, reverse=True)
    given = _with_marks(found, study)
    for sentence in sentences:
        assert shown(sentence).endswith("."), sentence
        # A page shows two spaces as one; text does not.
        assert "  " not in given.sub("X", sentence), sentence
    # Not what is Python or BibTeX.
    texts = sentences + [text for tag, text in found.page.blocks() if tag != "pre"]
    texts += [
        element.attributes[name]
        for element in found.page.walk()
        for name in ("aria-label", "alt", "title")
        if name in element.attributes
    ]
    texts += [row for row in found.text.split("\n\n") if not row.startswith("+")]
    # One model is, two models are. What ends a sentence within a name ends none.
    ending = [name for name in names if re.search("[.;] ", name)]
    whole = re.compile("|".join(map(re.escape, ending)) or "(?!)")
    name = "|".join(["X", *map(re.escape, [name for name in names if name not in ending])])
    one = re.compile(rf"(?:^|[.;] )(?:{name}) (are|have|do|were|share)\b")
    two = re.compile(rf"(?:^|[.;] )(?:{name}) and (?:{name}) (is|has|does|was)\b")
    for text in set(map(shown, texts)):
        ours = given.sub("X", text)
        assert not slips(ours), (slips(ours), text)
        assert not one.search(whole.sub("X", text)), text
        assert not two.search(whole.sub("X", text)), text
