"""A job's log holds everything; the console gets the lines that people look for."""

import subprocess
import sys

import pytest

from bakeoff.joblog import error_in
from projects import ROOT

HEAD = (
    "import os, sys\n"
    "from bakeoff.errors import StudyError\n"
    "from bakeoff.joblog import job_log, say\n"
    "with job_log(sys.argv[1]):\n"
)


SCRIPTS = {"PYTHONPATH": str(ROOT / "workflow" / "scripts")}
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def run(log, body, **environment):
    return subprocess.run(
        [sys.executable, "-c", HEAD + body, log],
        env=SCRIPTS | environment,
        capture_output=True,
        text=True,
    )


def test_output_goes_to_the_log_and_said_lines_to_both(tmp_path):
    log = tmp_path / "logs" / "job.log"
    body = "    print('detail')\n    os.system('echo from elsewhere')\n    say('epoch 1/2')\n"
    done = run(log, body)
    assert done.returncode == 0
    assert done.stdout + done.stderr == "epoch 1/2\n"
    assert sorted(log.read_text().splitlines()) == ["detail", "epoch 1/2", "from elsewhere"]


def test_a_process_left_behind_writes_no_more_to_the_log_of_the_next(tmp_path):
    """Its error would be taken for that of the run under way."""
    log = tmp_path / "job.log"
    log.touch()
    with log.open("w") as left_behind:
        assert run(log, "    say('epoch 1/2')\n").returncode == 0
        left_behind.write("Error: another has begun\n")
    assert log.read_text() == "epoch 1/2\n"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("    raise StudyError('a.csv: 3 rows; delete it.')\n", "Error: a.csv: 3 rows; delete it."),
        (
            "    raise StudyError('a.csv: im/\\n3\\0.png\\n; delete it.')\n",
            "Error: a.csv: im/ 3\\x00.png ; delete it.",
        ),
        ("    raise ValueError('no\\n such')\n", "Error: ValueError: no such (traceback in {log})"),
        (
            "    raise OSError(28, 'No space')\n",
            (
                "Error: the disk is full; expected room for the results: free some and run"
                " snakemake again, which goes on from what is finished."
            ),
        ),
    ],
)
def test_an_error_is_one_line_with_its_traceback_in_the_log(tmp_path, body, line):
    log = tmp_path / "job.log"
    done = run(log, body)
    assert done.returncode == 1
    assert done.stdout + done.stderr == line.format(log=log) + "\n"
    assert log.read_text().startswith("Traceback (most recent call last)")


@pytest.mark.parametrize("kind", ["StudyError", "OSError"])
def test_a_fault_that_quotes_a_whole_file_is_found_in_the_log(tmp_path, kind):
    log = tmp_path / "job.log"
    done = run(log, f"    raise {kind}('a.csv: ' + 9000 * '\u00e4\\n' + '; expected less.')\n")
    line = (done.stdout + done.stderr).removesuffix("\n")
    assert "\n" not in line
    assert len(line) < 2_200
    assert "a.csv: \u00e4" in line
    assert " \u00e4 ; expected less." in line
    assert error_in(log) == line.removeprefix("Error: ")


def test_what_the_locale_cannot_write_ends_no_job(tmp_path):
    log = tmp_path / "job.log"
    done = run(log, "    print('M\\xe4rz')\n    say('28 \\u2192 10')\n", **ASCII)
    assert done.returncode == 0
    assert done.stderr == "28 \\u2192 10\n"
    assert log.read_text(encoding="utf-8") == "März\n28 → 10\n"


def test_a_command_prints_what_the_locale_cannot_write_as_escapes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "bakeoff.study.scaffold", tmp_path / "M\xe4rz"],
        env=SCRIPTS | ASCII | {"PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert "M\\udcc3\\udca4rz: go there" in done.stdout


def test_a_fault_of_the_config_names_the_file_that_holds_it(tmp_path):
    body = (
        "    from bakeoff.errors import ConfigError\n"
        "    raise ConfigError('data.sha256.a.gz', 'missing; expected it: add it.')\n"
    )
    said = "data.sha256.a.gz: missing; expected it: add it.\n"
    done = run(tmp_path / "job.log", body)
    assert done.stderr == f"Error: config: {said}"
    origins = "job_log(sys.argv[1], {'data.sha256': 'config/own.yaml'})"
    command = [sys.executable, "-c", HEAD.replace("job_log(sys.argv[1])", origins) + body]
    done = subprocess.run(
        [*command, tmp_path / "job.log"],
        env={"PYTHONPATH": str(ROOT / "workflow" / "scripts")},
        capture_output=True,
        text=True,
    )
    assert done.stderr == f"Error: config/own.yaml: {said}"


def test_a_log_on_a_full_disk_does_not_hide_the_error():
    done = run("/dev/full", "    print('lost' * 10000)\n    raise StudyError('the line')\n")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert "lost" not in done.stdout + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_a_log_that_cannot_be_opened_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    done = run(tmp_path / "file" / "job.log", "    pass\n")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1


def test_a_signal_ends_the_process_before_libraries_can_crash(tmp_path):
    """Cleaning up what is open, and then at once: what is called on leaving Python is not."""
    log = tmp_path / "job.log"
    body = (
        "    import atexit\n"
        "    from bakeoff.errors import Terminated\n"
        "    atexit.register(os.abort)\n"
        "    try:\n"
        "        say('Terminated: kept.')\n"
        "        raise Terminated(143)\n"
        "    finally:\n"
        "        print('closed')\n"
    )
    done = run(log, body)
    assert done.returncode == 143
    assert done.stdout + done.stderr == "Terminated: kept.\n"
    assert log.read_text() == "Terminated: kept.\nclosed\n"


def test_an_interrupt_is_one_line_with_the_traceback_in_the_log(tmp_path):
    log = tmp_path / "job.log"
    done = run(log, "    import signal\n    signal.raise_signal(signal.SIGINT)\n")
    said = "Interrupted: what is finished is kept, of a run its last whole epoch.\n"
    assert done.returncode == 130
    assert done.stdout + done.stderr == said
    text = log.read_text()
    assert text.startswith("Traceback (most recent call last)")
    assert text.endswith(f"KeyboardInterrupt\n{said}")
