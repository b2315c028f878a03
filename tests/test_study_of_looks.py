"""Seeds that are given where they decide: which runs are planned, and one command that goes on."""

import json
import subprocess
from pathlib import Path

import pytest

from bakeoff.data.sources import made_from
from bakeoff.errors import StudyError
from bakeoff.study.config import read_config
from bakeoff.study.looks import Looks, budget_seconds, looks_of
from bakeoff.study.readers import read_decision
from bakeoff.study.sources import Sources
from projects import ROOT, TINY, decisions_of, give_seeds_where_they_decide
from warm_python import warm_python

OF = json.dumps({"models": {"wide": "1", "good": "2", "poor": "3"}})
FOLDER = Path("looks")
PLAN = {"looks": [2, 3, 5], "level": 0.05, "equivalent": 0, "budget": None}
FIRST = {"goes_on": ["good", "wide"], "ended": None}
SECOND = {"goes_on": [], "ended": "equivalent"}


def write(folder, *decisions, of=OF):
    folder.mkdir(exist_ok=True)
    for number, decision in enumerate(decisions, 1):
        text = json.dumps({"of": of, "decision": decision})
        (folder / f"look_{number}.json").write_text(text)


def test_every_model_has_the_seeds_of_the_first_look():
    looks = Looks(PLAN, OF, FOLDER)
    assert looks.next == 1
    assert {model: looks.seeds_of(model) for model in looks.models} == {
        "good": [0, 1],
        "poor": [0, 1],
        "wide": [0, 1],
    }
    assert looks.told() == "Look 1 of 3: 3 models with 2 seeds each; more may follow."


def test_a_model_that_left_gets_no_more():
    looks = Looks(PLAN, OF, FOLDER, [FIRST])
    assert looks.next == 2
    assert looks.seeds_of("poor") == [0, 1]
    assert looks.seeds_of("good") == looks.seeds_of("wide") == [0, 1, 2]
    assert looks.runs_at(1) == [(model, seed) for model in looks.models for seed in (0, 1)]
    assert len(looks.runs_at(2)) == 8


def test_a_study_that_has_ended_asks_for_no_more():
    looks = Looks(PLAN, OF, FOLDER, [FIRST, SECOND])
    assert looks.next is None
    assert [len(looks.seeds_of(model)) for model in ("good", "wide", "poor")] == [3, 3, 2]
    assert looks.told() == "Look 2 has ended the study: equivalent."


def test_decisions_stand_as_long_as_they_are_of_this_study(tmp_path):
    looks = Looks(PLAN, OF, tmp_path)
    assert looks.as_decided() == Looks(PLAN, OF, tmp_path, [])
    write(tmp_path, FIRST, SECOND)
    assert looks.as_decided().decided == [FIRST, SECOND]
    assert looks.as_decided(1).decided == [FIRST]
    assert Looks(PLAN, OF + " ", tmp_path).as_decided().decided == []
    (tmp_path / "look_1.json").write_text("{")
    assert looks.as_decided().decided == []


@pytest.fixture
def of(tmp_path):
    """What decisions of a study on images in a folder, or downloaded, are made of."""
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "a" / "1.png").write_bytes(b"1")
    (tmp_path / "architectures").mkdir()
    (tmp_path / "architectures" / "small.py").write_text("def build(shape, classes): ...\n")
    named = {"classes": ["a", "b"], "dataset": "own"}
    origins = {
        "path": {"source": "folder", "path": str(tmp_path / "images")},
        "mirrors": {"source": "folder", "mirrors": ["/x"], "sha256": {"a.zip": "0" * 64}},
    }

    def of(origin, **data):
        config = {
            "study": {"models": ["small"], "seeds": PLAN},
            "data": named | origins[origin] | data,
            "training": {"epochs": 1, "batch_size": 8, "loss": "categorical_crossentropy"}
            | {"optimizer": {"name": "Adam", "learning_rate": 0.1}},
            "models": {"small": {"name": "Small", "description": "so"}},
        }
        file = tmp_path / "config.yaml"
        file.write_text(json.dumps(config))
        read = read_config(config, [file], [tmp_path])
        read["pathvars"] = {"results": "results"}
        read["made_from"] = made_from(read["data"])
        return looks_of(read, Sources([tmp_path, ROOT])).of

    return of


@pytest.mark.parametrize(
    ("origin", "change", "stand"),
    [
        ("path", {"title": "My images", "note": "n", "disputed_note": "d"}, True),
        ("path", {"disputed": [0]}, True),
        ("mirrors", {"mirrors": ["/y"], "attempts": 7, "timeout": 1}, True),
        ("mirrors", {"sha256": {"a.zip": "1" * 64}}, False),
        *[(origin, {"validation": "holdout"}, False) for origin in ("path", "mirrors")],
        ("path", {"classes": ["a", "c"]}, False),
    ],
)
def test_decisions_stand_where_no_answer_depends_on_what_changed(of, origin, change, stand):
    assert (of(origin) == of(origin, **change)) == stand


def test_decisions_on_other_images_stand_no_more(of, tmp_path):
    before = of("path")
    (tmp_path / "images" / "a" / "2.png").write_bytes(b"2")
    assert of("path") != before


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [(None, None), ("40 h", 144_000), ("90min", 5400), ("0.5 d", 43_200), ("1.5 h", 5400)],
)
def test_a_budget_in_seconds(budget, seconds):
    assert budget_seconds(budget) == seconds


def test_a_damaged_decision_is_told(tmp_path):
    write(tmp_path, FIRST)
    assert read_decision(tmp_path / "look_1.json") == FIRST
    (tmp_path / "look_1.json").write_text('{"decision": 3}')
    with pytest.raises(
        StudyError, match=r"look_1\.json: not a decision .* delete it and run again"
    ):
        read_decision(tmp_path / "look_1.json")


@pytest.fixture
def study_of_looks(tiny_study):
    """A study of two looks, of which one model is in the first alone."""
    give_seeds_where_they_decide(tiny_study)
    return tiny_study


def run(project, *arguments):
    """Run Snakemake as people do: a process of its own, which may start itself again."""
    return subprocess.run(
        [warm_python(), "-m", "snakemake", "--cores", "2", *arguments],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.workflow
def test_one_command_goes_from_look_to_look(study_of_looks):
    planned = study_of_looks.planned()
    assert {"tiny/0", "tiny/1", "poor/1", "decide_look"} <= planned
    assert "tiny/2" not in planned
    assert not study_of_looks.path("results/looks").exists(), "a dry run decides nothing"

    done = run(study_of_looks)
    assert done.returncode == 0, done.stdout
    first, last = decisions_of(study_of_looks)
    assert list(first["left"]) == ["poor"]
    assert last["ended"]
    assert "Look 1 of 2: 3 models with 2 seeds each; more may follow." in done.stdout
    assert "Look 1 of 2 is decided; on to the next." in done.stdout
    assert "Look 2 of 2: 2 models with 3 seeds each; the last." in done.stdout
    runs = {path.parent.name for path in study_of_looks.path("results/models").glob("poor/*/card*")}
    assert runs == {"seed_0", "seed_1"}
    conclusions = study_of_looks.path("results/conclusions.md").read_text()
    assert "The 3 models were trained 2 to 3 times" in conclusions
    drawn = {file.stem for file in study_of_looks.path("results/paper").glob("*.pdf")}
    assert {"seeds", "power"} & drawn == {"seeds"}
    page = study_of_looks.path("results/report.html").read_text()
    assert "and after which look models left." in page
    assert study_of_looks.planned() == set()

    # What the data is called and which labels are in doubt decide nothing.
    study_of_looks.change_config(lambda config: config["data"].update(title="T", disputed=[3]))
    planned = study_of_looks.planned()
    assert "collect_results" in planned
    assert not {"decide_look", "tiny/0"} & planned

    # Another level decides anew, and trains nothing that is there.
    files = [*study_of_looks.path("results/models").glob("*/*/card.json")]
    trained = {file: file.stat().st_mtime_ns for file in files}
    study_of_looks.change_config(lambda config: config["study"]["seeds"].update(level=0.1))
    assert "decide_look" in study_of_looks.planned()
    done = run(study_of_looks)
    assert done.returncode == 0, done.stdout
    assert {file: file.stat().st_mtime_ns for file in files} == trained

    # A model that is added later enters at the first look.
    study_of_looks.add_architecture("late", TINY.format(units=12))
    planned = study_of_looks.planned()
    assert {"late/0", "late/1", "decide_look"} <= planned
    assert not {name for name in planned if name.startswith(("tiny/", "wide/", "poor/"))}
