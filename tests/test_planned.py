"""What a command was planned with, as the processes of its jobs find it."""

import json
import os
import time
from pathlib import Path

import pytest
import yaml

from bakeoff.errors import StudyError
from bakeoff.study.config import read_config
from bakeoff.study.planned import (
    PLANNED,
    forget_planned,
    keep_planned,
    read_planned,
    read_sources,
)
from bakeoff.study.settings import identity_of_description, identity_of_run
from bakeoff.study.sources import Sources

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to start commands in, of which none has been started."""
    monkeypatch.chdir(tmp_path)
    # Also what a test sets itself is undone.
    monkeypatch.setenv(PLANNED, "none")
    monkeypatch.delenv(PLANNED)
    return tmp_path


@pytest.fixture(scope="module")
def config():
    file = ROOT / "config" / "config.yaml"
    return read_config(yaml.safe_load(file.read_text()), [file], [ROOT])


def test_a_job_has_config_and_sources_of_the_plan(folder, config):
    sources = Sources([ROOT])
    read_sources(config, sources)
    keep_planned(config, sources.found)
    planned = read_planned()
    # As they are read from JSON, by which identities are told.
    assert planned.config == json.loads(json.dumps(config)) == config
    of_job = Sources([folder / "nothing to be read"], found=planned.sources)
    for model in config["study"]["models"]:
        for args in ((identity_of_run, 7), (identity_of_description,)):
            identity, *seed = args
            assert identity(planned.config, of_job, model, *seed) == identity(
                config, Sources([ROOT]), model, *seed
            )


def test_without_a_plan_a_job_goes_by_what_it_finds(folder, config):
    assert read_planned() is None
    keep_planned(config, [])
    forget_planned()
    assert PLANNED not in os.environ
    assert list((folder / ".snakemake").iterdir()) == []
    # As where a command has ended before its job began.
    os.environ[PLANNED] = str(folder / "gone.json")
    assert read_planned() is None


def test_a_damaged_plan_stops_the_job(folder, config):
    keep_planned(config, [])
    Path(os.environ[PLANNED]).write_text("{}")
    with pytest.raises(StudyError, match=r"-\w+\.json: cannot be read .*: run snakemake again"):
        read_planned()


def test_only_plans_that_are_long_out_of_date_are_removed(folder, config):
    plans = []
    for note in ("old", "recent", "new"):
        keep_planned(config | {"note": note}, [])
        plans.append(Path(os.environ[PLANNED]))
        if note == "old":
            long_ago = time.time() - 100 * 24 * 3600
            os.utime(plans[0], (long_ago, long_ago))
    assert [plan.exists() for plan in plans] == [False, True, True]


def test_a_folder_that_cannot_be_written_to_stops_nothing(folder, config):
    (folder / ".snakemake").write_text("no folder")
    keep_planned(config, [])
    assert read_planned() is None
