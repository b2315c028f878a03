"""What the console says when a command ends."""

import json
import os

import pytest

from bakeoff.ending import say_what_came_out, say_what_failed


@pytest.fixture
def results(tmp_path):
    findings = {"headline": "Model 1 is best.", "pick": None}
    (tmp_path / "findings.json").write_text(json.dumps(findings))
    (tmp_path / "report.html").write_text("page")
    (tmp_path / "logs" / "train_model").mkdir(parents=True)
    return tmp_path


def make_old(file):
    os.utime(file, (1, 1))


def test_a_page_that_was_made_is_told_with_its_headline(results, capsys):
    say_what_came_out(str(results))
    headline, page, took = capsys.readouterr().err.strip().splitlines()
    assert headline == "Model 1 is best."
    assert f"{results}/report.html" in page
    assert took.startswith("It took ")


def test_other_commands_say_nothing_of_an_old_page(results, capsys):
    make_old(results / "report.html")
    say_what_came_out(str(results))
    say_what_came_out(str(results / "none"))
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("content", ["", "[]", "{}"])
def test_a_damaged_file_fails_no_command_that_went_well(results, capsys, content):
    (results / "findings.json").write_text(content)
    say_what_came_out(str(results))
    assert capsys.readouterr().err == ""


def test_each_failure_is_named_with_its_log_and_how_to_go_on(results, capsys):
    logs = results / "logs" / "train_model"
    (logs / "sound.log").write_text("epoch 1\ndone.\n")
    (logs / "old.log").write_text("Error: long ago\n")
    make_old(logs / "old.log")
    (logs / "failed.log").write_text("Traceback …\nError: the disk is full\n")
    say_what_failed(str(results))
    failed, remedy = capsys.readouterr().err.strip().splitlines()
    log = logs / "failed.log"
    assert failed == f"train_model/failed failed: the disk is full (log: {log})"
    assert "run the same command again" in remedy


@pytest.mark.parametrize(
    ("number", "why"), [(9, "often: out of memory"), (15, "it was told to end"), (11, "it crashed")]
)
def test_a_job_that_was_killed_is_named_though_its_log_says_nothing(results, capsys, number, why):
    logs = results / "logs" / "train_model"
    (logs / "killed.log").write_text("epoch 1\n")
    (logs / "failed.log").write_text("Error: the disk is full\n")
    noted = {
        1: (str(logs / "killed.log"), number),
        # By its own log; on a cluster, where no more is known; and a rule of a study's own.
        2: (str(logs / "failed.log"), 9),
        3: (str(logs / "far.log"), None),
        4: ("elsewhere/own.log", 9),
    }
    say_what_failed(str(results), noted)
    failed, killed, _ = capsys.readouterr().err.strip().splitlines()
    assert failed.startswith("train_model/failed failed: the disk is full")
    said = f"train_model/killed was killed by signal {number} ({why})"
    assert killed == f"{said} (log: {logs}/killed.log)"


def test_of_many_failures_some_are_named(results, capsys):
    for number in range(8):
        (results / "logs" / f"{number}.log").write_text(f"Error: {number}\n")
    say_what_failed(str(results))
    *named, more, _ = capsys.readouterr().err.strip().splitlines()
    assert [line.split()[0] for line in named] == list("01234")
    assert more.startswith("And 3 more, ")
