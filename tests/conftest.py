"""A copy of the workflow with a tiny study in it, and a way to run Snakemake there."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pytest
import yaml

from patience import PATIENCE

ROOT = Path(__file__).parents[1]
PARTS = ("Snakefile", "architectures", "config", "profiles", "slurm", "workflow", "envs")

TINY = '''"""A few {units} units: enough to learn a little."""

import keras
from keras import layers

from architectures.blocks import conv, pool


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = pool(pool(conv(inputs, 4, 3)))
    x = layers.Dropout(0.1)(x)
    x = layers.Flatten()(x)
    x = layers.Dense({units}, activation="relu")(x)
    outputs = layers.Dense(num_classes, activation="softmax")(x)
    return keras.Model(inputs, outputs)
'''


class Project:
    """A folder that holds the workflow, and a study that may be changed."""

    def __init__(self, folder):
        self.folder = folder

    def add_architecture(self, model, source, **entry):
        """Write an architecture file and describe it in the config."""
        (self.folder / "architectures" / f"{model}.py").write_text(source)
        config = self.read_config()
        config["models"][model] = {"name": model, "description": "made for a test"} | entry
        config["study"]["models"].append(model)
        self.write_config(config)

    def read_config(self):
        return yaml.safe_load((self.folder / "config" / "config.yaml").read_text())

    def write_config(self, config):
        text = yaml.safe_dump(config, sort_keys=False)
        (self.folder / "config" / "config.yaml").write_text(text)

    def change_config(self, change):
        """Let ``change`` alter the config's mapping in place, and write it."""
        config = self.read_config()
        change(config)
        self.write_config(config)

    def snakemake(self, *arguments, cores=2, check=True, **options):
        """Run Snakemake here; return the completed process, all output in ``stdout``."""
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
        run = subprocess.run(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )
        assert not check or run.returncode == 0, run.stdout
        return run

    def start_snakemake(self, *arguments, cores=2, **options):
        """Start Snakemake here and return it as a :class:`Running`."""
        return Running(self, ["--cores", str(cores), *arguments], options)

    def planned(self, *arguments, **options):
        """Return what a dry run plans: rules, "model/seed" for trainings, "model" described."""
        output = self.snakemake("--dry-run", *arguments, **options).stdout
        rules = set(re.findall(r"^(?:local)?rule (\w+):", output, flags=re.MULTILINE))
        trainings = re.findall(r"wildcards: model=(\w+), seed=(\d+)", output)
        described = set(re.findall(r"wildcards: model=(\w+)$", output, flags=re.MULTILINE))
        assert rules or "Nothing to be done" in output, output
        rules -= {"all", "train_model", "describe_model"}
        return rules | described | {f"{model}/{seed}" for model, seed in trainings}

    def histories(self):
        """Return every history without its seconds, as text by path."""
        return {
            file.relative_to(self.folder): pd.read_csv(file).drop(columns="seconds").to_csv()
            for file in sorted(self.folder.glob("results/models/*/*/history.csv"))
        }

    def path(self, *parts):
        return self.folder.joinpath(*parts)


class Running:
    """A Snakemake that runs while the test goes on; killed, all its jobs too, at the end."""

    def __init__(self, project, arguments, options):
        # Each its own: what a killed Snakemake leaves behind still writes to the first one's.
        descriptor, name = tempfile.mkstemp(".log", "running_", project.folder)
        self.log = Path(name)
        with open(descriptor, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *arguments],
                cwd=project.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def output(self):
        return self.log.read_text()

    def wait_for(self, text):
        """Wait until ``text`` has been printed."""
        end = time.monotonic() + PATIENCE
        while text not in self.output():
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < end, self.output()
            time.sleep(0.05)

    def kill(self):
        """Kill Snakemake and all its jobs with SIGKILL."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def copy_workflow(folder):
    """Copy this repository's workflow to ``folder``."""
    folder.mkdir(parents=True)
    for part in PARTS:
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return Project(folder)


def make_tiny_study(folder):
    """Make a project whose study is two tiny models on scikit-learn's digits."""
    project = copy_workflow(folder)
    config = project.read_config()
    config["study"]["models"] = []
    config["models"] = {}
    config["data"] = {
        "dataset": "digits",
        "title": "scikit-learn's digits",
        "source": "digits",
        "train_images": 400,
        "test_images": 200,
    }
    config["training"]["epochs"] = 2
    config["training"]["batch_size"] = 32
    project.write_config(config)
    for model, units in (("tiny", 16), ("wide", 32)):
        project.add_architecture(model, TINY.format(units=units), name=model.title())
    return project


def pytest_collection_modifyitems(items):
    """Give each test its tier.

    The thorough ones come first: what begins last decides when all is done.
    """
    items.sort(key=lambda item: item.get_closest_marker("thorough") is None)
    for item in items:
        if not any(item.iter_markers("workflow")) and not any(item.iter_markers("thorough")):
            item.add_marker(pytest.mark.unit)


@pytest.fixture(autouse=True)
def _units_start_no_keras(request):
    """Let a unit test that is the first to import Keras fail: it is no unit test."""
    started = "keras" in sys.modules
    yield
    if request.node.get_closest_marker("unit") and not started and "keras" in sys.modules:
        pytest.fail("a unit test has imported Keras; mark it as workflow")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder with architectures of its own, out of reach of this repository's."""
    (tmp_path / "architectures").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    kept = {name: module for name, module in sys.modules.items() if _is_architecture(name)}
    for name in kept:
        del sys.modules[name]
    yield tmp_path
    for name in [name for name in sys.modules if _is_architecture(name)]:
        del sys.modules[name]
    sys.modules.update(kept)


def _is_architecture(name):
    return name.partition(".")[0] == "architectures"


@pytest.fixture
def tiny_study(tmp_path):
    """A tiny study that has not run yet."""
    return make_tiny_study(tmp_path / "study")


@pytest.fixture(scope="session")
def finished_study(tmp_path_factory):
    """A tiny study that has run. Tests must not change it."""
    project = make_tiny_study(tmp_path_factory.mktemp("finished") / "study")
    project.first_run = project.snakemake()
    return project


@pytest.fixture
def copy(finished_study, tmp_path):
    """A copy of the finished tiny study that a test may change."""
    shutil.copytree(finished_study.folder, tmp_path / "study")
    return Project(tmp_path / "study")
