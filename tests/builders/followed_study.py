"""A study whose runs are made up as far as a test says: for how far it is."""

import json
import os
import time

import yaml

from bakeoff.progress import Study
from bakeoff.study.config import read_config
from bakeoff.study.identity import fingerprint
from bakeoff.training.checkpoints import Checkpoints
from fabricated_study import fabricate_run
from projects import ROOT

MODELS = ("model_01", "model_02")
CHECKSUM = "0" * 64


def followed_config(folder, models=MODELS, seeds=(0, 1), **training):
    """Return the checked config of a study of ten epochs whose results are in ``folder``."""
    file = folder / "config" / "config.yaml"
    file.parent.mkdir(exist_ok=True)
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config["study"] |= {"models": list(models), "seeds": list(seeds)}
    config["training"] |= {"epochs": 10} | training
    config["data"] |= {"dataset": "digits", "validation": "holdout"}
    config["pathvars"] = {"results": str(folder / "results")}
    file.write_text(yaml.safe_dump(config))
    return read_config(config, [file], [ROOT])


class FollowedStudy:
    """A :class:`Study` and what puts its runs into a state."""

    def __init__(self, folder, **settings):
        self.config = followed_config(folder, **settings)
        self.results = folder / "results"
        data = self.results / "data" / "digits" / "data.json"
        data.parent.mkdir(parents=True)
        data.write_text(json.dumps({"checksum": CHECKSUM}))
        self.study = Study(self.config)

    def identity(self, model, seed):
        return self.study.identities[model, seed]

    def finish(self, model, seed, seconds=10.0, **card):
        """Let a run have finished with epochs of so many seconds; a job takes 12 more."""
        identity = fingerprint(self.identity(model, seed))
        done = fabricate_run(
            self.results, model, seed, epochs=10, **{"identity": identity, "images": 50} | card
        )
        history = done / "history.csv"
        history.write_text(history.read_text().replace(",10.0,", f",{seconds},"))
        written = json.loads((done / "card.json").read_text())
        times = {"training": 10 * seconds, "job": 10 * seconds + 12}
        (done / "card.json").write_text(json.dumps(written | {"seconds": times}))

    def describe(self, model, multiply_adds, not_counted=()):
        file = self.results / "models" / model / "description.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        text = {"multiply_adds": multiply_adds, "multiply_adds_not_counted": list(not_counted)}
        file.write_text(json.dumps(text))

    def checkpoints(self, model, seed):
        return Checkpoints(self.results / "checkpoints", self.identity(model, seed), CHECKSUM)

    def train(self, model, seed, epochs, seconds=20.0, val_loss=0.5, finished=False):
        """Let a run have trained so many epochs, of so many seconds each."""
        row = {"loss": 0.4, "accuracy": 0.9, "val_loss": val_loss, "val_accuracy": 0.8}
        rows = [row | {"epoch": number + 1, "seconds": seconds} for number in range(epochs)]
        self.checkpoints(model, seed).save(epochs, [], {"history": rows}, finished)

    def log(self, model, seed, text):
        file = self.results / "logs" / "train_model" / model / f"seed_{seed}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def grow_old(self):
        """Let all that there is have been written an hour ago."""
        hour_ago = time.time() - 3600
        for path in self.results.rglob("*"):
            os.utime(path, (hour_ago, hour_ago))

    def states(self):
        return {(run.model, run.seed): run.state for run in self.study.look()}
