"""The insides of Snakemake that the workflow uses are there, and mean what they meant."""

import logging
import re
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from bakeoff.errors import StudyError
from bakeoff.study.snakemake_internals import (
    USED,
    find_each_script_once,
    given_config,
    look_for_jobs_once_a_second,
    note_failures,
    threads_given,
)
from bakeoff.study.variants import _fault_of_key
from projects import ROOT, copy_workflow


def made_up(configfiles, overlays, settings=(), replace=False, snakefile="Snakefile"):
    """A stand-in for Snakemake's ``workflow``."""
    source = SimpleNamespace(get_path_or_uri=lambda secret_free: snakefile)
    return SimpleNamespace(
        included=[source],
        configfiles=[Path(file) for file in configfiles],
        overwrite_configfiles=[Path(file) for file in overlays],
        config_settings=SimpleNamespace(config=dict(settings), replace_workflow_config=replace),
    )


def names(files):
    return [file.name for file in files]


def test_files_come_in_the_order_of_merging():
    workflow = made_up(["one.yaml", "two.yaml", "config.yaml"], ["one.yaml", "two.yaml"])
    given = given_config(workflow, ["snakemake"])
    assert names(given.files) == ["config.yaml", "one.yaml", "two.yaml"]
    assert names(given.overlays) == ["one.yaml", "two.yaml"]
    workflow.config_settings.replace_workflow_config = True
    assert names(given_config(workflow, []).files) == ["one.yaml", "two.yaml"]


def test_a_snakefile_is_named_where_snakemake_would_not_find_it(tmp_path, monkeypatch):
    def named(file):
        return given_config(made_up([], [], snakefile=str(file)), []).snakefile

    study = tmp_path / "study"
    (study / "workflow").mkdir(parents=True)
    monkeypatch.chdir(study)
    (tmp_path / "Snakefile").write_text("")
    (study / "workflow" / "Snakefile").write_text("")
    assert named(study / "workflow" / "Snakefile") is None
    assert named(tmp_path / "Snakefile") == "../Snakefile"
    (study / "Snakefile").write_text("")
    assert named(study / "Snakefile") is None
    # Another one is found first.
    assert named(study / "workflow" / "Snakefile") == "workflow/Snakefile"
    assert named("https://example.org/Snakefile") == "https://example.org/Snakefile"


@pytest.mark.parametrize(
    ("settings", "arguments", "place"),
    [
        ({"study": {}}, ["--config", "study={}"], "--config on the command line"),
        ({"study": {}}, ["--config=study={}"], "--config on the command line"),
        ({"study": {}}, ["-Cstudy={}"], "--config on the command line"),
        ({"study": {}}, ["--configfile", "a.yaml"], "config in a profile"),
        (
            {},
            ["--configfile", "a.yaml"],
            "what a template (__use_yte__) or the Snakefile made of the config files",
        ),
    ],
)
def test_what_stands_in_no_file_has_a_place_too(settings, arguments, place):
    assert given_config(made_up([], [], settings), arguments).elsewhere == place


@pytest.mark.parametrize("name", USED)
def test_a_part_that_is_gone_is_one_clear_line(name):
    workflow = made_up([], [])
    holder = workflow.config_settings if "." in name else workflow
    delattr(holder, name.rpartition(".")[2])
    with pytest.raises(StudyError, match=rf"no workflow\.{name}; expected the insides of Snake"):
        given_config(workflow, [])


def test_the_threads_of_a_rule_are_those_that_were_given():
    parse = import_module("snakemake.cli").parse_set_threads
    given = parse(["one=1", "two=input.size_mb"])
    settings = SimpleNamespace(overwrite_threads=given)
    workflow = SimpleNamespace(resource_settings=settings)
    assert threads_given(workflow, "one", 2) == (given["one"], 1)
    assert threads_given(workflow, "two", 2) == (given["two"], "input.size_mb")
    assert threads_given(workflow, "three", 2) == (2, 2)
    with pytest.raises(StudyError, match=r"no workflow\.resource_settings\.overwrite_threads; exp"):
        threads_given(SimpleNamespace(resource_settings=None), "one", 2)


@pytest.mark.workflow
def test_snakemake_still_has_the_parts_that_are_used():
    # Before its parts, which import one another.
    import_module("snakemake.api")
    ConfigSettings = import_module("snakemake.settings.types").ConfigSettings
    Workflow = import_module("snakemake.workflow").Workflow

    types = import_module("snakemake.settings.types")
    assert dict(types.ResourceSettings().overwrite_threads) == {}
    settings = ConfigSettings()
    for name in ("config", "replace_workflow_config"):
        assert hasattr(settings, name), f"Snakemake's ConfigSettings has no {name} any more"
    for name in ("overwrite_configfiles", "included"):
        assert isinstance(getattr(Workflow, name, None), property), (
            f"Snakemake's Workflow has no {name} any more"
        )
    assert isinstance(getattr(Workflow, "is_main_process", None), property)
    Records = import_module("snakemake.persistence").PersistenceBase
    for name in ("has_metadata", "params_changed"):
        assert hasattr(Records, name), f"Snakemake's PersistenceBase has no {name} any more"


@pytest.mark.workflow
def test_snakemake_fills_them_as_it_did(tmp_path):
    """A Snakefile that prints what it is given, in the place of the workflow's."""
    project = copy_workflow(tmp_path / "study")
    project.path("Snakefile").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT / 'workflow' / 'scripts')!r})\n"
        "from bakeoff.study.snakemake_internals import given_config\n"
        'configfile: "config/config.yaml"\n'
        "given = given_config(workflow, sys.argv)\n"
        "print('GIVEN', [file.name for file in given.files], given.settings['data'],"
        " given.snakefile)\n"
        "rule all:\n    output: touch('done')\n"
    )
    overlays = ["--configfile", "config/quick.yaml", "config/demo.yaml"]
    arguments = ["--dry-run", *overlays, "--config", "data={mirrors: [/mine]}"]
    output = project.snakemake(*arguments).stdout
    (files,) = re.findall(r"^GIVEN (.*)$", output, flags=re.MULTILINE)
    assert files == "['config.yaml', 'quick.yaml', 'demo.yaml'] {'mirrors': ['/mine']} None"


@pytest.mark.parametrize(
    "key", ["a" * 19, "a" * 20, "x" + "_16" * 20, "_16" * 19, "a" * 20 + "b", "m" + "abc" * 25]
)
def test_keys_that_snakemake_refuses_are_those_that_we_do(key):
    from snakemake.io import PeriodicityDetector

    assert bool(_fault_of_key(key)) == bool(PeriodicityDetector().is_periodic(key))


def test_no_other_file_looks_into_snakemake():
    in_rules = re.compile(r"\bworkflow\.(?!(basedir|current_basedir|cores)\b)")
    anywhere = re.compile(r"\bsnakemake\._|\bfrom snakemake\.(?!utils\b)|config_settings")
    allowed = ROOT / "workflow" / "scripts" / "bakeoff" / "study" / "snakemake_internals.py"
    rules = [ROOT / "Snakefile", ROOT / "workflow" / "Snakefile"]
    rules += (ROOT / "workflow").rglob("*.smk")
    scripts = [file for file in (ROOT / "workflow").rglob("*.py") if file != allowed]
    for file in [*rules, *scripts]:
        text = file.read_text()
        assert not anywhere.search(text), f"{file}: move what it needs to {allowed.name}"
        assert file in scripts or not in_rules.search(text), f"{file}: as above"


def test_where_a_script_lies_is_worked_out_once(tmp_path):
    from snakemake.sourcecache import LocalSourceFile, SourceCache

    copies = SourceCache(tmp_path / "copies")
    plain, asked = copies._cache_entry, []
    copies._cache_entry = lambda file: asked.append(str(file)) or plain(file)
    find_each_script_once(SimpleNamespace(sourcecache=copies))
    files = [tmp_path / name for name in ("one.py", "two.py")]
    for file in files:
        file.write_text(file.name)
    for _ in range(3):
        for file in files:
            with copies.open(LocalSourceFile(str(file))) as copy:
                assert copy.read() == file.name
    assert asked == [str(file) for file in files]
    assert not copies.exists(LocalSourceFile(str(tmp_path / "three.py")))


def test_a_file_of_a_host_is_looked_for_each_time():
    asked = []
    copies = SimpleNamespace(_cache_entry=asked.append)
    find_each_script_once(SimpleNamespace(sourcecache=copies))
    file = SimpleNamespace(is_local=False)
    copies._cache_entry(file)
    copies._cache_entry(file)
    assert asked == [file, file]


def test_another_snakemake_works_out_what_it_likes():
    find_each_script_once(SimpleNamespace())
    find_each_script_once(SimpleNamespace(sourcecache=SimpleNamespace()))


def test_the_signal_that_killed_a_job_is_noted_with_its_log(monkeypatch):
    logger = logging.getLogger("snakemake.logging")
    monkeypatch.setattr(logger, "filters", [])
    monkeypatch.setattr(logger, "disabled", False)
    failed = note_failures()

    def fail(number, said):
        logger.error(said)
        event = SimpleNamespace(name="JOB_ERROR")
        logger.error("Error", extra={"event": event, "jobid": number, "log": [f"{number}.log"]})

    fail(1, "Command 'python x' died with <Signals.SIGKILL: 9>.")
    fail(2, "Command 'python x' returned non-zero exit status 1.")
    fail(3, "Command 'conda activate; python x' returned non-zero exit status 139.")
    fail(4, "Command 'python x' died with <Signals.SIGKILL: 9>.")
    # At the next attempt.
    logger.error("", extra={"event": SimpleNamespace(name="JOB_FINISHED"), "job_id": 4})
    assert failed == {1: ("1.log", 9), 2: ("2.log", None), 3: ("3.log", 11)}


@pytest.fixture
def scheduler(monkeypatch):
    """Snakemake's own scheduler, which looks for jobs as often as its semaphore was released."""
    import_module("snakemake.api")
    JobScheduler = import_module("snakemake.scheduling.job_scheduler").JobScheduler
    # Put back after the test.
    monkeypatch.setattr(
        JobScheduler, "_schedule_reevalutation", JobScheduler._schedule_reevalutation
    )
    look_for_jobs_once_a_second()
    scheduler = object.__new__(JobScheduler)
    scheduler._open_jobs = threading.Semaphore(0)
    return scheduler


@pytest.mark.workflow
def test_one_timer_at_a_time_lets_the_scheduler_look_for_jobs(scheduler, monkeypatch):
    started = []

    class Timer(threading.Timer):
        """One that fires when the test says so: a busy machine may take any time between."""

        def start(self):
            started.append(self)

    monkeypatch.setattr(threading, "Timer", Timer)
    for _ in range(5):
        scheduler._schedule_reevalutation(1)
    (timer,) = started
    # Else Snakemake would wait for it at its end.
    assert timer.daemon
    assert timer.interval == 1
    timer.function()
    assert scheduler._open_jobs.acquire(blocking=False)
    assert not scheduler._open_jobs.acquire(blocking=False)
    # Then there is a next one; one of another length goes beside it.
    started.clear()
    for _ in range(2):
        scheduler._schedule_reevalutation(1)
        scheduler._schedule_reevalutation(10)
    assert [timer.interval for timer in started] == [1, 10]
    for timer in started:
        timer.function()
    assert scheduler._open_jobs._value == 2


@pytest.mark.workflow
def test_a_timer_asked_for_while_the_last_one_fires_is_started(scheduler):
    """As the scheduler's own thread may ask before the timer's has ended."""
    again = threading.Event()

    class Semaphore(threading.Semaphore):
        def release(self):
            super().release()
            if not again.is_set():
                again.set()
                scheduler._schedule_reevalutation(0.01)

    scheduler._open_jobs = Semaphore(0)
    scheduler._schedule_reevalutation(0.01)
    for _ in range(2):
        assert scheduler._open_jobs.acquire(timeout=60)


def test_a_scheduler_of_another_kind_looks_as_it_does(monkeypatch):
    class JobScheduler:
        asked = ()

        def _schedule_reevalutation(self, delay):
            self.asked = (*self.asked, delay)

    module = SimpleNamespace()
    scheduling = SimpleNamespace(job_scheduler=module)
    monkeypatch.setitem(sys.modules, "snakemake.scheduling", scheduling)
    look_for_jobs_once_a_second()
    module.JobScheduler = JobScheduler
    look_for_jobs_once_a_second()
    scheduler = JobScheduler()
    for _ in range(2):
        scheduler._schedule_reevalutation(1)
    assert scheduler.asked == (1, 1)
