"""A copy of the workflow with a study that may be changed, and a way to run Snakemake there."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

from bakeoff.study.sources import KEPT
from patience import PATIENCE
from warm_python import warm_python
from warm_snakemake import run_snakemake

ROOT = Path(__file__).parents[2]
PARTS = (
    *("Snakefile", "architectures", "config", "profiles", "slurm", "workflow", "envs"),
    *("template", "CITATION.cff", ".gitignore"),
)

meanings: Path | None = None
"""What the sources mean, where that is known before: to find it out takes a copy a second."""

# As far as an epoch could be repeated, which the collecting steps are not needed for.
RUNS_ALONE = ("--until", "train_model")

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

POOR = '''"""One unit cannot tell ten digits apart."""

import keras
from keras import layers


def build(input_shape, num_classes):
    """Return the uncompiled model, images ``input_shape`` in, class probabilities out."""
    inputs = keras.Input(input_shape)
    x = layers.Dense(1, activation="relu")(layers.Flatten()(inputs))
    return keras.Model(inputs, layers.Dense(num_classes, activation="softmax")(x))
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

    def snakemake(self, *arguments, cores=2, check=True, env=None, quiet="host"):
        """Run Snakemake here; return the completed process, all output in ``stdout``.

        It says of each job what it does, unless ``quiet`` is None: then, as the profile has it.
        """
        arguments = [*_quiet(quiet), "--cores", cores, *arguments]
        run = run_snakemake(self.folder, arguments, env or os.environ)
        assert not check or run.returncode == 0, run.stdout
        return run

    def start_snakemake(self, *arguments, cores=2, **options):
        """Start Snakemake here and return it as a :class:`Running`."""
        return Running(self, [*_quiet("host"), "--cores", str(cores), *arguments], options)

    def planned(self, *arguments, **options):
        """Return what a dry run plans: rules, "model/seed" for runs, "model" described."""
        output = self.snakemake("--dry-run", *arguments, **options).stdout
        rules = set(re.findall(r"^(?:local)?rule (\w+):", output, flags=re.MULTILINE))
        runs = re.findall(r"wildcards: model=(\w+), seed=(\d+)", output)
        described = set(re.findall(r"wildcards: model=(\w+)$", output, flags=re.MULTILINE))
        # The latter where there is something to do beyond what --until names.
        nothing = "Nothing to be done" in output or re.search(r"^total +0$", output, re.MULTILINE)
        assert rules or nothing, output
        rules -= {"all", "train_model", "describe_model"}
        return rules | described | {f"{model}/{seed}" for model, seed in runs}

    def histories(self):
        """Return every history without its seconds, as text by path."""
        return {
            file.relative_to(self.folder): pd.read_csv(file).drop(columns="seconds").to_csv()
            for file in sorted(self.folder.glob("results/models/*/*/history.csv"))
        }

    def path(self, *parts):
        return self.folder.joinpath(*parts)


def _quiet(kind):
    return ["--quiet", kind] if kind else []


class Running:
    """A Snakemake that runs while the test goes on; killed, all its jobs too, at the end."""

    def __init__(self, project, arguments, options):
        # Each its own: what a killed Snakemake leaves behind still writes to the first one's.
        descriptor, name = tempfile.mkstemp(".log", "running_", project.folder)
        self.log = Path(name)
        with open(descriptor, "w") as log:
            self.process = subprocess.Popen(
                [warm_python(), "-m", "snakemake", *arguments],
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
    """Copy this repository's workflow to ``folder``, with what is compiled and known of it."""
    folder.mkdir(parents=True)
    # Files that are still being written have a name of their own.
    unfinished = shutil.ignore_patterns("*.pyc.*")
    for part in PARTS:
        source, target = ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=unfinished)
        else:
            shutil.copy(source, target)
    if meanings:
        (folder / KEPT).parent.mkdir()
        shutil.copy(meanings, folder / KEPT)
    return Project(folder)


def make_tiny_study(folder):
    """Make a project whose study is two tiny models on scikit-learn's digits."""
    project = copy_workflow(folder)
    config = project.read_config()
    config["study"]["models"] = []
    config["models"] = {}
    config["data"] = {"dataset": "digits", "train_images": 400, "test_images": 200}
    config["training"]["epochs"] = 2
    config["training"]["batch_size"] = 32
    project.write_config(config)
    for model, units in (("tiny", 16), ("wide", 32)):
        project.add_architecture(model, TINY.format(units=units), name=model.title())
    return project


def study_only(project, *models):
    """Leave all other models out of a project's study."""
    project.change_config(lambda config: config["study"].update(models=list(models)))


def give_seeds_where_they_decide(project):
    """Let a tiny study have two looks, and a third model that leaves after the first."""
    project.add_architecture("poor", POOR)

    def change(config):
        config["study"]["seeds"] = {"looks": [2, 3], "level": 0.2}
        config["training"] |= {"epochs": 4, "optimizer": {"name": "Adam", "learning_rate": 0.01}}

    project.change_config(change)


def decisions_of(project):
    """Return what was decided after each look of a study."""
    return [
        json.loads(file.read_text())["decision"]
        for file in sorted(project.path("results/looks").glob("look_*.json"))
    ]
