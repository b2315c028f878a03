"""Seeds that are given where they decide: which runs are planned, and one command that goes on."""

import json
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from bakeoff.analysis.looks import Decision
from bakeoff.data.sources import made_from
from bakeoff.errors import StudyError
from bakeoff.study.config import read_config
from bakeoff.study.decisions import read_decision
from bakeoff.study.looks import Looks, budget_seconds, go_on, looks_of
from bakeoff.study.sources import Sources
from collect_results import looked_at
from decide_look import decide_look
from projects import (
    ROOT,
    TINY,
    Project,
    decisions_of,
    give_seeds_where_they_decide,
    make_tiny_study,
)
from warm_python import warm_python

FOLDER = Path("looks")
PLAN = {"looks": [2, 3, 5], "level": 0.05, "equivalent": 0, "budget": None}
OF = json.dumps({"models": {"wide": "1", "good": "2", "poor": "3"}, "plan": PLAN})
LEFT = {"worse_than": "good", "difference": 0.1, "low": 0.05, "high": 0.15, "p": 0.01}
PAIR = {"a": "good", "b": "poor", "difference": 0.1, "low": 0.05, "high": 0.15, "p": 0.01}
FIRST = asdict(Decision(1, 2, 0.01, ["good", "wide"], {"poor": LEFT}, [PAIR | {"differ": True}]))
SECOND = asdict(Decision(2, 3, 0.015, [], ended="equivalent"))


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
    with pytest.raises(StudyError, match=r"look_1\.json: not a decision"):
        looks.as_decided()


def test_after_a_decision_that_ended_the_study_none_stands(tmp_path):
    ended = FIRST | {"goes_on": [], "ended": "budget"}
    write(tmp_path, ended, SECOND)
    assert Looks(PLAN, OF, tmp_path).as_decided().decided == [ended]


def test_a_look_that_is_not_decided_yet_is_no_decision(tmp_path):
    write(tmp_path, FIRST, None)
    looks = Looks(PLAN, OF, tmp_path).as_decided()
    assert (looks.decided, looks.next) == ([FIRST], 2)
    assert read_decision(tmp_path / "look_2.json") is None


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
    [(None, None), ("40 h", 144_000), ("90min", 5400), ("0.5 d", 43_200), ("1.5 h\n", 5400)],
)
def test_a_budget_in_seconds(budget, seconds):
    assert budget_seconds(budget) == seconds


def test_a_decision_is_read(tmp_path):
    write(tmp_path, FIRST, SECOND)
    assert read_decision(tmp_path / "look_1.json") == FIRST
    assert read_decision(tmp_path / "look_2.json", OF) == SECOND
    assert read_decision(tmp_path / "look_2.json", OF + " ") is None


def damaged_decisions():
    """Yield what may stand for the first decision, and what is said of it."""
    for whole in (3, "x", [], {}):
        yield whole, "is missing" if whole == {} else "decision is no"
    for key in FIRST:
        yield {name: FIRST[name] for name in FIRST if name != key}, f"{key} is missing"
    for key, value in {
        "goes_on": 3,
        "left": [],
        "pairs": {},
        "ended": 1,
        "look": "1",
        "level": None,
    }.items():
        yield FIRST | {key: value}, f"{key} is no "
    yield FIRST | {"goes_on": ["good", 3]}, "goes_on.1 is no str"
    yield FIRST | {"left": {"poor": {}}}, "left.poor.worse_than is missing"
    yield FIRST | {"pairs": [PAIR]}, "pairs.0.differ is missing"
    yield FIRST | {"goes_on": ["good", "new"]}, "new is not of the study"
    yield FIRST | {"left": {"new": LEFT}}, "new is not of the study"
    yield FIRST | {"seeds": 5}, "it is of look 1 with 5 seeds"
    yield FIRST | {"look": 2, "seeds": 3}, "it is of look 2 with 3 seeds"
    yield FIRST | {"ended": "budget"}, "goes_on and ended do not belong together"
    yield FIRST | {"goes_on": []}, "goes_on and ended do not belong together"


@pytest.mark.parametrize(("decision", "said"), [*damaged_decisions()])
def test_a_damaged_decision_is_told(tmp_path, decision, said):
    write(tmp_path, decision)
    file = tmp_path / "look_1.json"
    for read in (Looks(PLAN, OF, tmp_path).as_decided, lambda: read_decision(file)):
        with pytest.raises(StudyError) as error:
            read()
        line = str(error.value)
        assert line.startswith(f"{file}: not a decision (")
        assert said in line
        assert line.endswith("delete it and run again; it is made anew.")
        assert "\n" not in line


def test_no_study_goes_on_after_its_last_look(tmp_path):
    last = asdict(Decision(3, 5, 0.025, ["good", "wide"]))
    write(tmp_path, FIRST, FIRST | {"look": 2, "seeds": 3}, last)
    with pytest.raises(StudyError, match=r"look_3\.json: .* ended do not belong together"):
        Looks(PLAN, OF, tmp_path).as_decided()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"decision": 3}', '{"of": 1, "decision": {}}'])
def test_a_file_that_holds_no_decision_is_told(tmp_path, text):
    (tmp_path / "look_1.json").write_text(text)
    for of in (None, OF):
        with pytest.raises(
            StudyError, match=r"look_1\.json: not a decision .* delete it and run again"
        ):
            read_decision(tmp_path / "look_1.json", of)


NUMBERS = "results/analysis.json"
ALL_GO_ON = FIRST | {"goes_on": ["good", "poor", "wide"], "left": {}}
ENDED = FIRST | {"goes_on": [], "ended": "budget"}


@pytest.mark.parametrize(
    ("planned", "decided", "goes_on"),
    [
        ([], [], None),
        ([], [FIRST], "next"),
        ([], [ENDED], None),
        ([FIRST], [FIRST], None),
        ([FIRST], [FIRST, SECOND], None),
        ([FIRST], [FIRST | {"level": 0.02}], None),
        # Decided anew, otherwise than before.
        ([ENDED], [FIRST], "next"),
        ([FIRST], [ALL_GO_ON, None], "next"),
        ([FIRST, SECOND], [ENDED, None], "report"),
    ],
)
def test_a_command_goes_on_where_the_study_asks_for_what_it_has_not_planned(
    tmp_path, monkeypatch, capsys, planned, decided, goes_on
):
    started = []
    monkeypatch.setattr("atexit.register", started.append)
    monkeypatch.setattr("sys.orig_argv", sys.argv)
    write(tmp_path, *decided)
    go_on(Looks(PLAN, OF, tmp_path, planned))
    assert bool(started) == bool(goes_on)
    said = f"Look 1 of 3 is decided; on to the {goes_on}.\n" if goes_on else ""
    assert capsys.readouterr().err == said


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


@pytest.mark.parametrize("before", [ALL_GO_ON, ENDED])
def test_a_look_whose_runs_are_not_those_of_the_looks_before_is_left_open(tmp_path, before):
    write(tmp_path, before)
    planned = Looks(PLAN, OF, tmp_path, [FIRST]).runs_at(2)
    files = [tmp_path / f"look_{look}.json" for look in (1, 2)]
    decide_look(OF, 2, planned, None, [], [], files[:1], files[1])
    assert json.loads(files[1].read_text()) == {"of": OF, "decision": None}
    looked = looked_at(PLAN, files)
    assert looked.decisions == [Decision(**before)]


@pytest.fixture(scope="module")
def first_command(tmp_path_factory):
    """A study of two looks, one model in the first alone; what was planned, and the command."""
    study = make_tiny_study(tmp_path_factory.mktemp("looks") / "study")
    give_seeds_where_they_decide(study)
    study.change_config(lambda config: config["study"]["seeds"].update(budget="1 d"))
    planned = study.planned()
    assert not study.path("results/looks").exists(), "a dry run decides nothing"
    return study, planned, run(study)


@pytest.fixture
def study_of_looks(first_command, tmp_path):
    """A copy of that study, which has ended."""
    shutil.copytree(first_command[0].folder, tmp_path / "study")
    return Project(tmp_path / "study")


def rewrite(study, look, **changes):
    """Let a look have been decided otherwise: by other code, say."""
    file = study.path(f"results/looks/look_{look}.json")
    held = json.loads(file.read_text())
    held["decision"] |= changes
    file.write_text(json.dumps(held))


@pytest.mark.workflow
def test_one_command_goes_from_look_to_look(first_command, study_of_looks):
    _, planned, done = first_command
    assert {"tiny/0", "tiny/1", "poor/1", "decide_look"} <= planned
    assert "tiny/2" not in planned
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


@pytest.mark.workflow
def test_no_look_is_decided_by_a_run_of_another_plan(study_of_looks):
    """Written over since the planning, by a process that outlived its command."""
    card = study_of_looks.path("results/models/poor/seed_1/card.json")
    card.write_text(card.read_text().replace('"identity": "', '"identity": "0'))
    decided = "results/looks/look_1.json"
    study_of_looks.path(decided).unlink()
    refused = run(study_of_looks, "--allowed-rules", "decide_look", "--", decided)
    assert refused.returncode != 0
    assert "models/poor/seed_1/card.json: made of other settings" in refused.stdout
    assert not study_of_looks.path(decided).exists()


@pytest.mark.workflow
@pytest.mark.parametrize(
    ("before", "said"),
    [
        ({"goes_on": [], "ended": "budget"}, "Look 1 has ended the study: budget."),
        (
            {"goes_on": ["poor", "tiny", "wide"], "left": {}},
            "Look 2 is not decided: the looks before ask for other runs than planned.",
        ),
    ],
    ids=["it had ended", "others went on"],
)
def test_where_a_look_is_decided_otherwise_one_command_comes_to_the_end(
    study_of_looks, before, said
):
    right = decisions_of(study_of_looks)
    rewrite(study_of_looks, 1, **before)
    study_of_looks.path("results/looks/look_2.json").unlink()
    done = run(study_of_looks, NUMBERS, "--forcerun", "decide_look")
    assert done.returncode == 0, done.stdout
    assert said in done.stdout
    assert "Look 1 of 2 is decided; on to the next." in done.stdout
    assert decisions_of(study_of_looks) == right
    assert study_of_looks.planned(NUMBERS) == set()


@pytest.mark.workflow
def test_a_study_that_ends_earlier_than_before_comes_to_its_end(study_of_looks):
    # As if the runs had been shorter when that was decided.
    for card in study_of_looks.path("results/models").glob("*/seed_*/card.json"):
        held = json.loads(card.read_text())
        held["seconds"]["job"] = 36_000.0
        card.write_text(json.dumps(held))
    done = run(study_of_looks, NUMBERS)
    assert done.returncode == 0, done.stdout
    assert "Look 1 of 2 is decided; on to the report." in done.stdout
    first, last = decisions_of(study_of_looks)
    assert (first["ended"], first["goes_on"], last) == ("budget spent", [], None)
    assert study_of_looks.planned(NUMBERS) == set()
    race = json.loads(study_of_looks.path(NUMBERS).read_text())["looks"]
    assert (race["ended"], [racer["runs"] for racer in race["racers"]]) == (
        "budget spent",
        [2, 2, 2],
    )


@pytest.mark.workflow
def test_a_damaged_decision_is_one_line_of_every_command(study_of_looks):
    rewrite(study_of_looks, 1, goes_on=3)
    file = "results/looks/look_1.json"
    watch = [sys.executable, "workflow/scripts/watch.py", "--once"]
    folder = study_of_looks.folder
    said = subprocess.run(watch, cwd=folder, capture_output=True, text=True, check=False)
    for done, text in ((run(study_of_looks), "stdout"), (said, "stderr")):
        assert done.returncode == 1
        # Snakemake says before which profile it has taken.
        *before, line = getattr(done, text).splitlines()
        assert len(before) <= 1
        assert line.startswith(f"{file}: not a decision (goes_on is no list); expected JSON")
        assert line.endswith("delete it and run again; it is made anew.")
    study_of_looks.path(file).unlink()
    assert "decide_look" in study_of_looks.planned()


@pytest.mark.workflow
def test_a_look_that_the_study_does_not_have_is_one_line(tiny_study):
    give_seeds_where_they_decide(tiny_study)
    refused = tiny_study.snakemake("--dry-run", "results/looks/look_3.json", check=False)
    assert refused.returncode != 0
    said = "look_3.json: look 3; expected one from 1 to 2, as `study.seeds` has them: correct it."
    assert refused.stdout.splitlines()[-1] == f"results/looks/{said}"
    assert "decide_look" in tiny_study.planned("results/looks/look_2.json")
