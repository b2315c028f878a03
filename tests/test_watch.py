"""All runs of a study on one screen: what it shows of their files, once and live."""

import errno
import io
import itertools
import math
import os
import pty
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from bakeoff.watch import _ANEW, main, sparkline, view, watch
from followed_study import FollowedStudy
from projects import ROOT

SCRIPT = ROOT / "workflow" / "scripts" / "watch.py"


@pytest.fixture
def followed(tmp_path):
    return FollowedStudy(tmp_path)


def drawn(followed, width=140, height=None, now=None):
    """Return the lines of the picture of a study, and whether all has ended."""
    picture, ended = view(followed.config, followed.study, width, height, now)
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(picture)
    return [line.rstrip() for line in capture.get().splitlines()], ended


def test_each_run_has_a_line(followed):
    followed.finish("model_01", 0, seconds=6.0)
    followed.train("model_01", 1, epochs=4, seconds=20.0, val_loss=0.5)
    followed.describe("model_01", 1_000_000)
    followed.describe("model_02", 2_000_000)
    followed.log("model_02", 0, "Traceback …\nError: Model 2: [red] is no colour\n")
    now = time.mktime((2026, 11, 28, 16, 0, 0, 0, 0, -1))
    (title, line, bar, head, *runs), ended = drawn(followed, width=400, now=now)
    assert not ended
    assert title == followed.config["study"]["title"]
    # 6 epochs of 20 s; then 10 of the other model, each of twice 13 s, and what a job takes.
    assert line == "1 of 4 runs done, 1 failed, study done at about 16:06 (in 6 min 32 s)"
    # 10 epochs done, 10 given up, 4 in progress.
    assert bar.startswith("━")
    assert head.split()[:4] == ["Model", "Seed", "State", "Epoch"]
    done, running, failed, waiting, failure = (row.split() for row in runs)
    assert done[:5] == ["Model", "1", "0", "done", "10/10"]
    assert " ".join(done).endswith("took 1 min 12 s")
    assert running[:5] == ["Model", "1", "1", "running", "4/10"]
    assert running[5:10] == ["0.4000", "90.00%", "0.5000", "80.00%", "▁▁▁▁"]
    assert " ".join(running).endswith("▁▁▁▁ 2 min 00 s left")
    assert failed[:5] == ["Model", "2", "0", "failed", "0/10"]
    assert waiting[:5] == ["Model", "2", "1", "waiting", "0/10"]
    log = followed.results / "logs/train_model/model_02/seed_0.log"
    said = f"Model 2, seed 0 failed: Model 2: [red] is no colour (log: {log})"
    assert " ".join(failure) == said


def test_a_study_that_has_ended_says_so(followed):
    for model in ("model_01", "model_02"):
        for seed in (0, 1):
            followed.finish(model, seed)
    (_, line, *_), ended = drawn(followed)
    assert line == "4 of 4 runs done"
    assert ended


def test_on_a_narrow_console_the_numbers_of_training_are_left_out(followed):
    followed.train("model_01", 0, epochs=4)
    assert "Accuracy" in drawn(followed, 140)[0][3].split()
    lines, _ = drawn(followed, 80)
    assert "Accuracy" not in lines[3].split()
    assert all(len(line) <= 80 for line in lines)
    assert "4/10" in lines[4]


def test_where_not_all_fit_those_that_go_on_are_shown(followed):
    followed.finish("model_01", 0)
    followed.train("model_02", 1, epochs=2)
    lines, _ = drawn(followed, height=10)
    shown = [line.split()[1:4] for line in lines[4:-1]]
    assert shown == [["1", "1", "waiting"], ["2", "1", "running"]]
    assert lines[-1] == "and 1 waiting, 1 done"


def test_a_sparkline_is_as_high_as_its_values():
    assert sparkline([8, 4, 1]) == "█▄▁"
    assert sparkline([2, 2]) == "▁▁"
    assert sparkline([1, math.nan, 8]) == "▁×█"
    assert sparkline([math.nan]) == "×"
    assert sparkline([]) == ""


def test_the_study_is_that_of_the_folder_the_files_and_the_settings(followed, tmp_path, capsys):
    """As Snakemake takes it: an overlay over the folder's config, settings over both."""
    before = os.getcwd()
    overlay = tmp_path / "over.yaml"
    overlay.write_text(yaml.safe_dump({"study": {"title": "Laid over", "seeds": [7]}}))
    try:
        main(["--once", "--directory", str(tmp_path)])
        assert "0 of 4 runs done" in capsys.readouterr().out
        os.chdir(before)
        main(["--once", "--directory", str(tmp_path), "--configfile", str(overlay)])
        output = capsys.readouterr().out
        assert "Laid over" in output
        assert "0 of 2 runs done" in output
        settings = ["study={models: [model_01]}", "training={epochs: 3}"]
        main(["--once", "--configfile", str(overlay), "--config", *settings])
        output = capsys.readouterr().out
        assert "0 of 1 runs done" in output
        assert "0/3" in output
    finally:
        os.chdir(before)


def test_a_tilde_that_the_shell_left_is_the_home_folder(followed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    main(["--once", "--directory", f"~/{tmp_path.name}"])
    assert "0 of 4 runs done" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--directory", "nowhere"], "--directory: nowhere is no folder; expected that of a study"),
        (["--configfile", "no.yaml"], "no.yaml: No such file or directory; expected a config file"),
        (["--config", "training"], "--config: 'training'; expected key=value"),
        (["--config", "training={"], "--config: training: '{' is no YAML; expected a value"),
        (["--config", "training={epochs: 0}"], "training.epochs: 0 is"),
        (["--every", "-1"], "--every: -1; expected seconds, above 0 and up to 3,600"),
        (["--every", "0"], "--every: 0; expected seconds"),
        (["--every", "nan"], "--every: nan; expected seconds"),
        (["--every", "inf"], "--every: inf; expected seconds"),
    ],
)
def test_what_is_wrong_is_one_line(followed, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as raised:
        main(["--once", *arguments])
    assert said in raised.value.code
    assert "\n" not in raised.value.code


def test_results_that_may_not_be_read_are_one_line(followed, tmp_path, monkeypatch):
    def refuse(folder, _):
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "glob", refuse)
    said = r"^.*/checkpoints/\S+: Permission denied; expected the files of a study, which can"
    with pytest.raises(SystemExit, match=said):
        main(["--once"])


def test_a_study_of_looks_is_seen_by_what_stands(followed, tmp_path, monkeypatch, capsys):
    file = tmp_path / "config" / "config.yaml"
    config = yaml.safe_load(file.read_text())
    config["study"]["seeds"] = {"looks": [3, 5]}
    file.write_text(yaml.safe_dump(config))
    monkeypatch.chdir(tmp_path)
    main(["--once"])
    assert "0 of 6 runs done" in capsys.readouterr().out


def in_a_terminal(*arguments):
    """Start the script in a terminal of its own; return the process and the terminal's end."""
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), "--every", "0.05", *arguments],
        stdin=there,
        stdout=there,
        stderr=there,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "30"},
    )
    os.close(there)
    return process, here


def read_until(terminal, text):
    """Read what is written to a terminal until ``text`` is, or nothing more comes."""
    read = b""
    while text not in read.decode(errors="replace"):
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        read += more
    return read.decode(errors="replace")


@pytest.mark.parametrize("text", ["[1, 2]", "half", "study: {title: 2026-13-45}", "a: !!bool b"])
def test_a_file_that_is_no_config_is_one_line(followed, tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    overlay = tmp_path / "over.yaml"
    overlay.write_text(text)
    with pytest.raises(SystemExit) as raised:
        main(["--once", "--configfile", str(overlay)])
    assert "over.yaml: " in raised.value.code
    assert "; expected " in raised.value.code
    assert "\n" not in raised.value.code


def test_in_the_middle_of_an_edit_the_last_config_counts(followed, tmp_path, monkeypatch):
    """Wherever a file that is being written ends."""
    monkeypatch.chdir(tmp_path)
    overlay = tmp_path / "over.yaml"
    whole = "study: {title: As it was}\n"
    overlay.write_text(whole)
    halves = ("- half", "half", "study", "study: {title: 2026-13-45}", whole[:20])
    texts = iter([*halves, whole.replace("was", "is")])
    looks = itertools.count(1)

    def edit(_):
        if next(looks) % _ANEW == 0:
            text = next(texts, None)
            if text is None:
                raise KeyboardInterrupt
            overlay.write_text(text)

    monkeypatch.setattr("bakeoff.watch.time.sleep", edit)
    options = Namespace(configfile=[overlay], config=[], directory=tmp_path, once=False, every=1)
    console = Console(force_terminal=True, file=io.StringIO(), width=140, height=40)
    with pytest.raises(KeyboardInterrupt):
        watch(options, console)
    assert console.file.getvalue().rpartition("As it ")[2].startswith("is")


def test_it_is_live_and_ends_with_the_runs(followed, tmp_path):
    followed.train("model_01", 0, epochs=4)
    process, terminal = in_a_terminal("--directory", str(tmp_path))
    try:
        assert "4/10" in read_until(terminal, "4/10")
        followed.train("model_01", 0, epochs=5)
        assert "5/10" in read_until(terminal, "5/10")
        for model in ("model_01", "model_02"):
            for seed in (0, 1):
                followed.finish(model, seed)
        assert "4 of 4 runs done" in read_until(terminal, "nothing that is written")
        assert process.wait() == 0
    finally:
        process.kill()
        os.close(terminal)


def test_ctrl_c_leaves_without_a_traceback(followed, tmp_path):
    process, terminal = in_a_terminal("--directory", str(tmp_path))
    try:
        read_until(terminal, "0 of 4 runs done")
        process.send_signal(2)
        rest = read_until(terminal, "nothing that is written")
        assert process.wait() == 0
        assert "Traceback" not in rest
    finally:
        process.kill()
        os.close(terminal)


@pytest.mark.workflow
def test_a_real_study_is_seen_while_snakemake_holds_its_lock(tiny_study):
    tiny_study.change_config(lambda config: config["training"].update(epochs=40))
    script = tiny_study.path("workflow/scripts/watch.py")

    def seen():
        command = [sys.executable, script, "--once", "--directory", tiny_study.folder]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    with tiny_study.start_snakemake("results/models/tiny/seed_0/card.json") as running:
        running.wait_for("tiny seed 0  epoch  3/40")
        rows = [row.split() for row in seen().splitlines() if row.startswith("Tiny")]
        assert rows[0][2] in ("running", "done"), rows
        assert int(rows[0][3].partition("/")[0]) >= 3
        assert running.process.wait() == 0
    assert "1 of 2 runs done" in seen()
