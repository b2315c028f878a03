"""analysis.json: one definition, its schema, and what reading it refuses."""

import json
from dataclasses import asdict
from pathlib import Path

import jsonschema
import pytest

from bakeoff.errors import StudyError
from bakeoff.results import analysis_schema, read_results, write_analysis
from bakeoff.study.readers import read_findings
from concluded_study import conclude
from figure_studies import make_results, make_study

SCHEMA = Path(__file__).parents[1] / "workflow" / "schemas" / "analysis.schema.json"


def test_the_schema_that_others_read_is_that_of_the_code():
    assert json.loads(SCHEMA.read_text()) == analysis_schema(), "run `make schema`"


def test_what_is_written_keeps_the_schema_and_comes_back(tmp_path):
    models = {"model_1": {}, "model_2": {"accuracy": 0.9}, "model_3": {"status": "diverged"}}
    findings, _ = conclude(tmp_path, models, seeds=(0, 1))
    numbers = findings["numbers"]
    jsonschema.validate(numbers, json.loads(SCHEMA.read_text()))
    models = [{"model": key, "name": key, "description": "", "family": ""} for key in models]
    results = read_results(tmp_path / "analysis.json", {"models": models})
    # JSON's keys are texts, and its tuples are lists.
    assert json.loads(json.dumps(asdict(results.analysis))) == numbers


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "the whole: Invalid JSON"),
        (lambda text: text.replace('"ranked"', '"rank"'), "ranked: Field required"),
        (lambda text: text.replace('"model": "model_01"', '"model": "m"'), "is of other models"),
    ],
)
def test_a_damaged_file_is_named_in_one_line_with_its_remedy(tmp_path, change, said):
    study, file = make_study(), tmp_path / "analysis.json"
    write_analysis(file, make_results(study).analysis)
    read_results(file, study)
    file.write_text(change(file.read_text()))
    with pytest.raises(StudyError, match=said) as error:
        read_results(file, study)
    assert str(error.value).startswith(str(file))
    assert str(error.value).endswith("delete it and run again; it is made anew.")
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The text of a findings.json."""
    folder = tmp_path_factory.mktemp("written")
    conclude(folder, {"model_1": {}, "model_2": {"accuracy": 0.9}}, seeds=(0, 1))
    return (folder / "findings.json").read_text()


def without(key, *inside):
    """Return what leaves a key out of findings, there or in the first of a list."""

    def change(found):
        for name in inside:
            found = found[name][0]
        del found[key]

    return change


def set_in(key, value, *inside):
    def change(found):
        for name in inside:
            found = found[name][0]
        found[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found.clear(), "title is missing"),
        (without("findings"), "findings is missing"),
        (set_in("findings", 1), "findings is no list"),
        (set_in("pick", 1), "pick is no str or None"),
        (without("answer", "findings"), "findings.0.answer is missing"),
        (set_in("text", "so", "findings"), "findings.0.text is no list"),
        (set_in("table", {}, "findings"), "findings.0.table.columns is missing"),
        (without("remark", "models"), "models.0.remark is missing"),
    ],
)
def test_damaged_findings_are_named_in_one_line_with_their_remedy(tmp_path, written, change, said):
    file, found = tmp_path / "findings.json", json.loads(written)
    file.write_text(written)
    assert read_findings(file) == found
    change(found)
    file.write_text(json.dumps(found))
    line = f"^{file}: {said}; expected the findings: delete it and run again; it is made anew.$"
    with pytest.raises(StudyError, match=line):
        read_findings(file)


@pytest.mark.parametrize("text", ["[]", "3", "null", "{"])
def test_findings_that_are_none_are_named(tmp_path, text):
    (tmp_path / "findings.json").write_text(text)
    with pytest.raises(StudyError, match=r"findings.json: .*; expected the findings: delete it"):
        read_findings(tmp_path / "findings.json")
