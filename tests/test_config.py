"""A wrong config is refused before anything is planned, in one line that says what to do."""

import inspect
import json
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from snakemake.utils import update_config

from bakeoff.errors import StudyError
from bakeoff.files import canonical_json
from bakeoff.study import settings as of_settings
from bakeoff.study.config import (
    check_config_file,
    read_config,
    read_published,
    reported_study,
)
from bakeoff.study.folders import path_from_here
from bakeoff.study.looks import Looks
from bakeoff.study.settings import has_curves, training_settings
from projects import Project

pytestmark = pytest.mark.workflow

ROOT = Path(__file__).parents[1]
FILES = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
]
FILE = FILES[-1]
BUILD = "def build(input_shape, num_classes):\n    return None\n"


class Study(dict):
    """A config, and the folder that its file and its architectures are in."""

    def __init__(self, root, config):
        super().__init__(config)
        self.root = root

    def read(self):
        """Write the config to its file, and read it."""
        file = self.root / "config.yaml"
        file.write_text(yaml.safe_dump(dict(self)))
        return read_config(self, [file], [self.root])


@pytest.fixture
def study(tmp_path):
    """A small valid config on MNIST, which a file beside it describes."""
    (tmp_path / "architectures").mkdir()
    (tmp_path / "datasets").mkdir()
    shutil.copy(ROOT / "config" / "datasets" / "mnist.yaml", tmp_path / "datasets")
    for name in ("small", "large"):
        (tmp_path / "architectures" / f"{name}.py").write_text(BUILD)
    config = {
        "study": {"models": ["small", "large"]},
        "data": {"dataset": "mnist"},
        "training": {
            "epochs": 3,
            "batch_size": 32,
            "loss": "categorical_crossentropy",
            "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
        },
        "models": {
            "small": {"name": "Small", "description": "few layers"},
            "large": {"name": "Large", "description": "many layers"},
        },
    }
    return Study(tmp_path, config)


def refusal(study):
    """Return the one line that a config is refused with."""
    with pytest.raises(StudyError) as error:
        study.read()
    line = str(error.value)
    assert "\n" not in line
    assert "config.yaml: " in line
    return line


def test_defaults_are_filled_in(study):
    config = study.read()
    assert config["study"]["seeds"] == [0]
    assert config["data"]["validation"] == "test"
    assert config["data"]["source"] == "idx"
    assert config["study"]["show_images"] is True
    assert config["models"]["small"]["family"] == "other"
    assert "seeds" not in study["study"], "the given config must not be changed"


@pytest.mark.parametrize(
    ("section", "key", "value", "parts"),
    [
        ("training", "epochs", 0, ["training.epochs", "0", "at least 1"]),
        ("training", "epochs", 2.5, ["training.epochs", "2.5", "whole number: change"]),
        ("training", "epochs", 13.0, ["training.epochs", "13.0", "whole number: write 13."]),
        ("training", "epochs", True, ["training.epochs", "true", "whole number"]),
        ("training", "epochs", None, ["training.epochs", "no value", "whole number: write"]),
        ("training", "epoch", 3, ["training.epoch", "unknown key", "did you mean epochs?"]),
        ("training", "batch_size", "128", ["'128' (line", "in quotes", "without quotes, 128."]),
        ("training", "loss", "mse", ["training.loss: mse (line", "categorical_crossentropy"]),
        ("data", "validation", "tset", ["data.validation: tset (line", "test, holdout"]),
        ("data", "sha256", {"a.gz": "0" * 64}, ["data.sha256.a.gz: is no IDX file by its name"]),
        ("data", "sha256", {"../a": "0" * 64}, ["data.sha256.../a", "a file without folders"]),
        ("data", "source", "digits", ["data.source: digits", "expected one of idx, npz, folder"]),
        ("data", "image", {"height": 0}, ["data.image.height", "at least 1"]),
        ("data", "image", {"fit": "best"}, ["data.image.fit: best", "stretch, crop, pad"]),
        (
            "data",
            "image",
            {"channels": 2},
            ["data.image.channels: 2", "expected one of 1, 3, null:"],
        ),
        ("data", "image", {"depth": 8}, ["data.image.depth: unknown key", "height"]),
        ("data", "unreadable", "ignore", ["data.unreadable: ignore", "refuse, skip"]),
        ("data", "test_share", 1, ["data.test_share: 1", "at most 0.9"]),
        ("data", "columns", {"file": "x"}, ["data.columns.file: unknown key", "path"]),
        ("data", "group", "p", ["data.group: p has no effect with `source: idx`; expected null"]),
        ("data", "sha256", {FILE: "0" * 63}, [f"data.sha256.{FILE}", "64 hexadecimal digits: cha"]),
        ("data", "classes", ["a"], ["data.classes: 1 given", "at least 2"]),
        ("data", "classes", ["a", ""], ["data.classes.1: ''", "is empty", "expected a text"]),
        ("data", "title", "", ["data.title: ''", "is empty"]),
        ("data", "timeout", float("inf"), ["data.timeout: .inf", "expected a number"]),
        ("data", "mirrors", "/data", ["data.mirrors: /data", "a list: write [/data]."]),
        ("data", "train_images", 0, ["data.train_images", "0", "at least 2"]),
        ("data", "mirrors", [], ["data.mirrors", "empty"]),
        ("data", "holdout_images", 100, ["data.holdout_images", "100", "validation: holdout"]),
        ("data", "disputed", [3, -1], ["data.disputed.1", "-1", "at least 0"]),
        ("data", "disputed", [3, 3], ["data.disputed", "3 stands twice"]),
        ("data", "disputed", "all", ["data.disputed: all", "a list"]),
        ("study", "show_images", "no", ["'no'", "true or false: write it without quotes, false."]),
        ("study", "title", 2024, ["study.title: 2024", 'put it in quotes, "2024".']),
        ("study", "models", [1], ["study.models.0: 1", "begins with a letter: change it."]),
        ("study", "models", ["größe"], ["größe", "letters from a to z or A to Z, digits and un"]),
        (
            "data",
            "dataset",
            "größe",
            ["data.dataset: 'größe'", "of letters from a to z, digits"],
        ),
        ("pathvars", "results", "<out>", ["pathvars.results: <out>", "a path without"]),
        ("pathvars", "results", "a\0b", ["pathvars.results: 'a\\x00b'", "a path without"]),
        ("data", "path", "a\0b", ["data.path: 'a\\x00b'", "a path without the character NUL"]),
        ("data", "mirrors", ["a\0b"], ["data.mirrors.0: 'a\\x00b'", "an address or a path wi"]),
        ("study", "seeds", [0, 1, 0], ["study.seeds", "0 stands twice"]),
        ("study", "seeds", [-1], ["study.seeds.0", "-1", "at least 0"]),
        ("study", "seeds", 3, ["study.seeds", "3", "a list or keys with values", "write [3]"]),
        ("study", "seeds", {"level": 0.05}, ["study.seeds.looks", "missing"]),
        ("study", "seeds", {"looks": [5, 3]}, ["study.seeds.looks", "[5, 3]", "put them in order"]),
        ("study", "seeds", {"looks": [1, 3]}, ["study.seeds.looks.0", "1", "at least 2"]),
        (
            "study",
            "seeds",
            {"looks": [3], "equivalnt": 0.1},
            ["study.seeds.equivalnt", "did you mean equivalent?"],
        ),
        (
            "study",
            "seeds",
            {"looks": [3], "budget": "40 hours"},
            ["study.seeds.budget", "40 hours", "such as 40 h"],
        ),
        (
            "study",
            "seeds",
            {"looks": [3], "level": 5},
            ["study.seeds.level", "5", "at most 0.5"],
        ),
        ("study", "models", ["smal"], ["study.models", "'smal'", "did you mean small?"]),
        ("study", "models", [], ["study.models", "empty"]),
    ],
)
def test_a_wrong_value_is_named(study, section, key, value, parts):
    study.setdefault(section, {})[key] = value
    line = refusal(study)
    assert all(part in line for part in parts), line


MEANINGS = {
    "yes": "the truth value true",
    "off": "the truth value false",
    "012": "the number 10",
    "1_000": "the number 1000",
    "0x1F": "the number 31",
    "1.0e+3": "the number 1000.0",
    "12:30": "the number 750",
    "2026-01-02": "the date 2026-01-02",
    "~": "no value",
}


@pytest.mark.parametrize("overlaid", [True, False], ids=["overlay", "config.yaml"])
@pytest.mark.parametrize("text", MEANINGS)
@pytest.mark.parametrize("key", ["data.title", "data.classes.1", "models.small.name"])
def test_a_text_that_yaml_reads_as_something_else_is_to_be_put_in_quotes(
    study, key, text, overlaid
):
    line = refusal_of(study, key, text, overlaid)
    assert re.fullmatch(
        rf".*/{'overlay' if overlaid else 'config'}.yaml: {key}: {re.escape(text)} \(line \d+, to"
        rf" YAML {re.escape(MEANINGS[text])}\) is of the wrong type; expected a text: put it in"
        rf' quotes, "{re.escape(text)}"\.',
        line,
    )


def refusal_of(study, key, text, overlaid=True):
    """Return the one line said of a study in which ``text``, raw YAML, stands at ``key``."""
    file, overlay = study.root / "config.yaml", study.root / "overlay.yaml"
    change = "MARK"
    for part in reversed(key.split(".")):
        change = ["a"] * int(part) + [change] if part.isdigit() else {part: change}
    if overlaid:
        file.write_text(yaml.safe_dump(dict(study)))
        overlay.write_text(yaml.safe_dump(change).replace("MARK", text))
    else:
        update_config(study, change)
        file.write_text(yaml.safe_dump(dict(study)).replace("MARK", text))
    with pytest.raises(StudyError) as error:
        read_files(study.root, [file, overlay][: 1 + overlaid])
    assert "\n" not in str(error.value)
    return str(error.value)


def read_files(root, files):
    """Read config files as Snakemake merges them."""
    merged = {}
    for file in files:
        update_config(merged, yaml.load(file.read_text(), yaml.FullLoader))
    return read_config(merged, files, [root])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "012",
            "012 (line 3, to YAML the number 10) is not what it looks like; expected plain"
            " decimal digits: write 10 or 12, whichever is meant.",
        ),
        (
            "12:30",
            "12:30 (line 3, to YAML the number 750) is not what it looks like; expected plain"
            " decimal digits: write 750, if that is meant.",
        ),
        (
            "1e3",
            "1e3 (line 3, to YAML the number 1000.0) is of the wrong type; expected a whole"
            " number: write 1000.",
        ),
        (
            "2026-01-02",
            "2026-01-02 (line 3, to YAML the date 2026-01-02) is of the wrong type;"
            " expected a whole number: change the value.",
        ),
        (
            "~",
            "~ (line 3, to YAML no value) is of the wrong type; expected a whole number: write a"
            " value.",
        ),
        (
            "'3'",
            "'3' (line 3, in quotes) is of the wrong type; expected a whole number: write it"
            " without quotes, 3.",
        ),
    ],
)
def test_a_number_that_is_not_what_it_looks_like_is_refused(study, text, said):
    line = refusal_of(study, "study.seeds.0", text)
    assert line.endswith(f"overlay.yaml: study.seeds.0: {said}")


@pytest.mark.parametrize(
    ("text", "value"), [("0x1F", 31), ("1_000", 1000), ("0o17", 15), ("08", 8), ("+5", 5)]
)
def test_numbers_that_can_be_read_in_one_way_only_are_taken(study, tmp_path, text, value):
    study.read()
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(f"study: {{seeds: [{text}]}}\n")
    config = read_files(tmp_path, [tmp_path / "config.yaml", overlay])
    assert config["study"]["seeds"] == [value]


def test_a_text_stays_one_though_it_looks_like_a_number_to_others(study, tmp_path):
    study.read()
    checksum = "1" * 40 + "e" + "1" * 23
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(f"data: {{title: 1e3, sha256: {{{FILE}: {checksum}}}}}\n")
    data = read_files(tmp_path, [tmp_path / "config.yaml", overlay])["data"]
    assert data["title"] == "1e3"
    assert data["sha256"][FILE] == checksum


def test_keys_that_are_no_texts_are_named_as_written(study, tmp_path):
    study.read()
    files = [tmp_path / "config.yaml", tmp_path / "overlay.yaml"]
    files[1].write_text("models: {yes: {name: A, description: a}}\n")
    with pytest.raises(StudyError) as error:
        read_files(tmp_path, files)
    line = str(error.value)
    assert "overlay.yaml: models.yes: yes (line 1, to YAML the truth value true)" in line
    assert line.endswith('begins with a letter: put it in quotes, "yes".')

    files[1].write_text("training: {on: 1, epoch: 3}\n")
    with pytest.raises(StudyError) as error:
        read_files(tmp_path, files)
    unknown = str(error.value).splitlines()
    assert "overlay.yaml: training.on: unknown key; expected one of" in unknown[0]
    assert "overlay.yaml: training.epoch: unknown key; expected one of" in unknown[1]


def test_a_checksum_may_be_in_upper_case(study):
    study["data"]["sha256"] = {FILE: "AB" * 32}
    assert study.read()["data"]["sha256"][FILE] == "ab" * 32


def test_a_missing_section_is_named(study):
    del study["training"]["optimizer"]
    assert "training.optimizer: missing" in refusal(study)


def test_a_quoted_number_gets_its_remedy(study):
    study["training"]["optimizer"]["learning_rate"] = "0.001"
    assert "without quotes" in refusal(study)


def test_1e_3_is_a_number(study, tmp_path):
    # YAML 1.1, which Snakemake reads, takes it for a text.
    file = tmp_path / "overlay.yaml"
    file.write_text("training: {optimizer: {learning_rate: 1e-3}}\n")
    study.read()
    study["training"]["optimizer"]["learning_rate"] = "1e-3"
    config = read_config(study, [tmp_path / "config.yaml", file], [tmp_path])
    assert config["training"]["optimizer"]["learning_rate"] == 0.001


def test_an_unknown_optimizer_setting_is_named(study):
    study["training"]["optimizer"]["lr"] = 0.1
    assert "training.optimizer.lr: unknown key" in refusal(study)


def test_two_models_with_one_name_are_refused(study):
    study["models"]["large"]["name"] = "Small"
    line = refusal(study)
    assert "models.large.name: 'Small' is also the name of small" in line


def test_a_model_without_a_file_is_refused(study):
    study["models"]["huge"] = {"name": "Huge", "description": "none"}
    file = study.root / "architectures" / "huge.py"
    assert f"models.huge: {file} does not exist" in refusal(study)


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("x = 1\n", "has no `build`"),
        ("class A:\n    def build(self):\n        pass\n", "has no `build`"),
        ("def build(:\n", "line 1"),
        ("raise SystemExit('imported')\n", "has no `build`"),
    ],
)
def test_a_file_without_build_is_refused_unimported(study, tmp_path, source, part):
    (tmp_path / "architectures" / "small.py").write_text(source)
    assert part in refusal(study)


def test_a_build_that_is_imported_counts(study, tmp_path):
    (tmp_path / "architectures" / "small.py").write_text("from elsewhere import build\n")
    study.read()


def test_a_doubled_key_is_refused_with_its_line(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("training:\n  epochs: 3\n  epochs: 4\n")
    with pytest.raises(StudyError, match=r"config.yaml: training.epochs: given twice .*line 3"):
        read_config({}, [file], [tmp_path])


def test_a_fault_names_the_overlay_that_made_it(study, tmp_path):
    study.read()
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("training: {epochs: 0}\n")
    study["training"]["epochs"] = 0
    with pytest.raises(StudyError, match=r"overlay.yaml: training.epochs: 0"):
        read_config(study, [tmp_path / "config.yaml", overlay], [tmp_path])


def test_texts_from_the_command_line_are_read_as_numbers(study, tmp_path):
    study.read()
    study["study"]["seeds"] = ["0", "3"]
    study["training"]["optimizer"]["learning_rate"] = "1e-3"
    config = read_config(study, [tmp_path / "config.yaml"], [tmp_path])
    assert config["study"]["seeds"] == [0, 3]
    assert config["training"]["optimizer"]["learning_rate"] == 0.001


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("training", "epochs", 0), ("study", "models", ["smal"]), ("study", "seeds", [])],
)
def test_a_fault_on_the_command_line_is_named_so(study, tmp_path, section, key, value):
    study.read()
    study[section][key] = value
    with pytest.raises(StudyError, match=rf"^--config .*: {section}.{key}: "):
        read_config(study, [tmp_path / "config.yaml"], [tmp_path])


def test_every_fault_has_a_line(study):
    study["training"]["epochs"] = 0
    study["data"]["validation"] = "none"
    with pytest.raises(StudyError) as error:
        study.read()
    assert len(str(error.value).splitlines()) == 2


def test_a_models_own_settings_win(study):
    study["models"]["small"]["training"] = {
        "epochs": 9,
        "optimizer": {"name": "Adam", "learning_rate": 0.001, "rho": None},
    }
    config = study.read()
    assert training_settings(config, "small") == {
        "epochs": 9,
        "batch_size": 32,
        "loss": "categorical_crossentropy",
        "optimizer": {"name": "Adam", "learning_rate": 0.001},
        "backend": "tensorflow",
        "precision": "float32",
        "deterministic": False,
        "class_weight": None,
        "label_smoothing": 0,
        "schedule": None,
        "augmentation": None,
        "early_stopping": None,
        "evaluate": "last",
    }
    assert training_settings(config, "large")["optimizer"]["rho"] == 0.95


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        (
            "optimizer",
            {"name": "SGD", "learning_rate": 1.0, "momentum": 0.0, "clipnorm": 1.0},
            {"name": "SGD", "learning_rate": 1, "momentum": 0, "clipnorm": 1, "use_ema": False},
        ),
        ("optimizer", {"name": "SGD"}, {"name": "SGD", "momentum": 0.0, "nesterov": False}),
        (
            "optimizer",
            {"name": "AdamW"},
            {"name": "AdamW", "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
            | {"weight_decay": 0.004, "ema_momentum": 0.5},
        ),
        (
            "optimizer",
            {"name": "Muon", "use_ema": True},
            {"name": "Muon", "momentum": 0.95, "nesterov": True, "use_ema": True}
            | {"ema_momentum": 0.99},
        ),
        (
            "schedule",
            {"name": "cosine", "warmup": 1},
            {"name": "cosine", "warmup": 1.0, "final": 0.0},
        ),
        ("schedule", {"name": "cosine"}, {"name": "cosine", "warmup": 0, "final": 0}),
        ("schedule", {"name": "constant", "warmup": 0}, None),
        ("schedule", {"name": "step", "every": 1}, {"name": "step", "every": 1, "factor": 0.1}),
        (
            "schedule",
            {"name": "exponential", "factor": 1},
            {"name": "exponential", "factor": 1.0, "warmup": 0.0},
        ),
        (
            "schedule",
            {"name": "one_cycle", "warmup": 1},
            {"name": "one_cycle", "warmup": 1.0, "start": 0.04, "final": 1e-4},
        ),
        ("schedule", {"name": "one_cycle"}, {"name": "one_cycle", "warmup": 0.9}),
        ("augmentation", {"shift": 1, "mixup": 1}, {"shift": 1.0, "mixup": 1.0, "zoom": 0.0}),
    ],
)
def test_equal_settings_are_one_identity_however_they_are_written(study, key, one, other):
    texts = []
    for value in (one, other):
        study["training"][key] = value
        texts.append(canonical_json(training_settings(study.read(), "large")))
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "Adadelta", "learning_rate": 0.001, "rho": 0.95},
        {"name": "RMSprop", "learning_rate": 0.001, "rho": 0.9},
        {"name": "SGD", "momentum": 0.95, "nesterov": True},
        {"name": "Adam", "weight_decay": 0.004, "beta_1": 0.99},
        {"name": "Adam", "momentum": 0.0},
        {"name": "Adam", "use_ema": True, "ema_momentum": 0.9},
    ],
)
def test_an_optimizer_keeps_what_runs_are_told_by(study, optimizer):
    """Also what is a default of another one; learning rates and rho were always told."""
    study["training"]["optimizer"] = optimizer
    assert training_settings(study.read(), "large")["optimizer"] == optimizer


def test_what_is_left_out_of_an_optimizer_is_what_keras_does_without_it():
    import keras

    for name, defaults in of_settings._OPTIMIZER_DEFAULTS.items():
        known = inspect.signature(getattr(keras.optimizers, name)).parameters
        told = defaults | of_settings._OF_ALL_OPTIMIZERS
        assert {key: known[key].default for key in told} == told


def test_the_rise_of_a_cycle_that_is_left_out_is_that_of_its_default():
    from bakeoff.training.schedule import scheduled

    steps, epochs = 100, 13
    given = {"name": "one_cycle", "warmup": of_settings._RISE * epochs}
    made = [
        scheduled(1.0, {"schedule": schedule, "epochs": epochs}, steps).get_config()
        for schedule in (given, {"name": "one_cycle"})
    ]
    assert made[0] == made[1]


def test_no_setting_of_our_own_recipes_and_studies_is_left_out():
    """Or else an update would train their runs anew."""
    files = [ROOT / "config" / "config.yaml", *(ROOT / "config" / "recipes").glob("*.yaml")]
    optimizers = [yaml.safe_load(file.read_text())["training"].get("optimizer") for file in files]
    for optimizer in filter(None, optimizers):
        assert of_settings._optimizer(optimizer) == optimizer


def test_folders_are_called_by_their_shortest_path(study):
    study["pathvars"] = {"results": "./results//t/", "resources": "/data/./images/"}
    folders = study.read()["pathvars"]
    assert folders == {"results": "results/t", "resources": "/data/images"}


def test_a_link_before_two_dots_leads_where_it_leads(study, tmp_path, monkeypatch):
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/deep")
    monkeypatch.chdir(tmp_path)
    study["pathvars"] = {"results": "link/../results", "resources": "far/../link/./images/"}
    folders = study.read()["pathvars"]
    assert folders == {"results": "link/../results", "resources": "link/images"}


def test_images_behind_a_link_and_two_dots_are_those_that_the_system_finds(
    study, tmp_path, monkeypatch
):
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "leaves").mkdir()
    (tmp_path / "leaves").mkdir()
    (tmp_path / "link").symlink_to("far/deep")
    monkeypatch.chdir(tmp_path)
    for path, there in (("link/../leaves", "far/leaves"), ("far/../leaves", "leaves")):
        study["data"] = {"dataset": "mine", "source": "folder", "path": path}
        found = study.read()["data"]["path"]
        assert os.path.samefile(found, there)
    assert found == "leaves"
    (tmp_path / "far" / "over.yaml").touch()
    (tmp_path / "over.yaml").touch()
    assert path_from_here("link/../over.yaml") == "link/../over.yaml"
    assert path_from_here(tmp_path / "far" / ".." / "over.yaml") == "over.yaml"


@pytest.mark.parametrize(
    ("path", "results", "said"),
    [
        (".", "results", "'.' holds this study's results, whose files would count as"),
        ("images", "images", "'images' holds"),
        ("images", "link", "'images' holds"),
        ("images/out/data", "images/out", "'images/out/data' holds"),
        ("images", "images/.out", None),
        ("images", "images_of_results", None),
        ("images/oak", "images/out", None),
        ("images/link", "images/link/../out", None),
    ],
)
def test_results_do_not_lie_among_the_images(study, tmp_path, monkeypatch, path, results, said):
    """Each run would change the data, and so plan everything again."""
    (tmp_path / "images" / "out").mkdir(parents=True)
    (tmp_path / "link").symlink_to("images/out")
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "images" / "link").symlink_to("../far/deep")
    monkeypatch.chdir(tmp_path)
    study["data"] = {"dataset": "mine", "source": "folder", "path": path}
    study["pathvars"] = {"results": results}
    if said:
        assert f"config.yaml: data.path: {said}" in refusal(study)
    else:
        study.read()


LONG = "a" * 300


@pytest.mark.parametrize(
    ("section", "key", "value", "said"),
    [
        ("data", "path", LONG, "cannot be read (File name too long); expected a path that can"),
        ("study", "published", LONG, "cannot be read (File name too long)"),
        ("pathvars", "results", LONG, "cannot be read (File name too long)"),
        ("data", "path", "a\0/../b", "expected a path without the character NUL"),
        ("study", "published", "a\0/../b", "cannot be read (embedded null byte)"),
        ("pathvars", "results", "a\0/../b", "without the characters < > { } and NUL"),
        ("data", "dataset", LONG, "has 300 characters; expected at most 225: shorten it."),
        ("data", "sha256", {LONG: "0" * 64}, "has 300 characters; expected at most 225: shorten"),
        ("models", "small", {"architecture": LONG}, "has 300 characters; expected at most 225"),
        ("training", "recipe", LONG, "is no name of a recipe; expected one of"),
    ],
)
def test_a_name_that_no_file_can_have_is_one_line(study, section, key, value, said):
    study["data"] |= {"source": "folder"} if (section, key) == ("data", "path") else {}
    study.setdefault(section, {})[key] = value
    line = refusal(study)
    assert f"config.yaml: {section}.{key}" in line
    assert said in line


@pytest.mark.parametrize("key", ["data.path", "study.published", "architecture", "recipe"])
def test_what_may_not_be_read_is_one_line(study, tmp_path, monkeypatch, key):
    """Not by changing modes, which do not hold for root."""
    private = tmp_path / "private"
    private.mkdir()
    study["data"] |= {"source": "folder", "path": str(tmp_path), "dataset": "mine"}
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "private.yaml").write_text("training: {epochs: 3}")
    if key in ("data.path", "study.published"):
        section, _, name = key.partition(".")
        study[section][name] = str(private / "leaves")
    elif key == "architecture":
        study["models"]["small"]["architecture"] = "private"
    else:
        study["training"]["recipe"] = "private"
    said = "(Permission denied); expected a"
    deny(monkeypatch, "private")
    line = refusal(study)
    assert "private" in line
    assert f"cannot be read {said}" in line


def deny(monkeypatch, part):
    """Let the system refuse each path with ``part`` in it, as another user's."""
    for holder, name in ((os, "stat"), (Path, "read_text"), (Path, "read_bytes")):
        allowed = getattr(holder, name)

        def refuse(path, *args, allowed=allowed, **options):
            if part in str(path):
                raise PermissionError(13, "Permission denied", str(path))
            return allowed(path, *args, **options)

        monkeypatch.setattr(holder, name, refuse)


NO_VALUES = {
    "2026-13-45": "date, though YAML takes it for one (month must be in 1..12)",
    "2026-02-30": "date",
    "0x_": "number",
    "!!timestamp x": "date",
    "!!bool x": "truth value",
}


@pytest.mark.parametrize("text", NO_VALUES)
def test_what_yaml_takes_for_a_value_that_it_is_not_is_one_line(study, tmp_path, text):
    shown = text.split()[-1]
    said = f"study.title: {shown} (line 2) is no {NO_VALUES[text]}"
    file = tmp_path / "config.yaml"
    file.write_text(f"study:\n  title: {text}\n")
    with pytest.raises(StudyError) as error:
        read_config(study, [file], [tmp_path])
    assert f"config.yaml: {said}" in str(error.value)
    assert str(error.value).endswith(f"or put a text in quotes, {json.dumps(shown)}.")
    (tmp_path / "recipes").mkdir()
    recipe = tmp_path / "recipes" / "late.yaml"
    recipe.write_text(f"training:\n  epochs: {text}\n")
    study["training"]["recipe"] = "late"
    with pytest.raises(StudyError, match=r"late.yaml: training.epochs: .* \(line 2\) is no "):
        study.read()
    recipe.write_text(f"{text}: 1\n")
    with pytest.raises(StudyError, match=r"late.yaml: .*; expected YAML in UTF-8: mend the file."):
        study.read()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pathvars: {results: null}", "pathvars.results: null (line 1, to YAML no value) is of"),
        ("pathvars: {results: 2026-01-02}", "pathvars.results: 2026-01-02 (line 1, to YAML the"),
        ("pathvars: [results]", 'pathvars: ["results"] is of the wrong type; expected keys with'),
        ("[1, 2]", "the whole file: a list is of the wrong type; expected keys with values"),
        ("results", "the whole file: 'results' is of the wrong type; expected keys with values"),
    ],
)
def test_what_snakemake_would_refuse_without_a_name_is_refused_before(tmp_path, text, said):
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(StudyError) as error:
        check_config_file(file, {})
    assert f"config.yaml: {said}" in str(error.value)
    assert "\n" not in str(error.value)
    if text.startswith("pathvars: {"):
        # What goes over it counts.
        check_config_file(file, {"pathvars": {"results": "elsewhere"}})


@pytest.mark.parametrize("way", ["overlay", "command line", "first file"])
def test_what_is_missing_in_a_list_is_missed_where_the_list_is(study, tmp_path, way):
    """Lists are replaced as wholes, so what another file has at that place does not count."""
    nan = float("nan")
    lacking = {"models": {"small": {"vary": [{"product": {"filters": [1]}}]}}}
    whole = [{"product": {"filters": [1, nan]}, "name": "{filters}"}]
    study["models"]["small"]["vary"] = whole
    files = [tmp_path / "config.yaml", tmp_path / "overlay.yaml"]
    files[0].write_text(yaml.safe_dump(dict(study)))
    expected = {"overlay": "overlay.yaml", "command line": "--config", "first file": "config.yaml"}
    files[1].write_text(yaml.safe_dump(lacking if way == "overlay" else {"study": {"seeds": [1]}}))
    merged = {}
    for file in files:
        update_config(merged, yaml.safe_load(file.read_text()))
    if way == "command line":
        update_config(merged, lacking)
    with pytest.raises(StudyError) as error:
        read_config(merged, files, [tmp_path])
    line = str(error.value)
    fault = "product.filters.1: NaN is" if way == "first file" else "name: missing; expected"
    assert f"{expected[way]}" in line.partition(": ")[0]
    assert f": models.small.vary.0.{fault}" in line


def test_early_stopping_is_one_identity_however_it_is_written(study):
    study["data"]["validation"] = "holdout"
    texts = set()
    for delta in ({}, {"min_delta": 0}, {"min_delta": 0.0, "monitor": "val_loss"}):
        study["training"]["early_stopping"] = {"patience": 1} | delta
        texts.add(canonical_json(training_settings(study.read(), "large")))
    assert len(texts) == 1


@pytest.mark.parametrize(
    "schedule",
    [{"name": "one_cycle", "warmup": 0}, {"name": "cosine", "final": 0.1}],
)
def test_a_schedule_keeps_what_is_no_default(study, schedule):
    study["training"]["schedule"] = schedule
    assert training_settings(study.read(), "large")["schedule"] == schedule


def test_a_studys_backend_and_precision_hold_for_its_models(study):
    study["training"] |= {"backend": "jax", "precision": "mixed_bfloat16"}
    study["models"]["small"]["training"] = {"precision": "float32"}
    config = study.read()
    chosen = {
        model: [training_settings(config, model)[key] for key in ("backend", "precision")]
        for model in ("small", "large")
    }
    assert chosen == {"small": ["jax", "float32"], "large": ["jax", "mixed_bfloat16"]}


def test_curves_need_the_package_that_writes_them(study, monkeypatch):
    study["training"]["tensorboard"] = True
    assert has_curves(study.read(), "small")
    assert "tensorboard" not in training_settings(study.read(), "small")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    line = refusal(study)
    assert "config.yaml: training.tensorboard: true needs the package tensorboard" in line
    assert "pip install tensorboard" in line
    study["training"]["tensorboard"] = False
    study["models"]["large"]["training"] = {"tensorboard": True}
    assert "models.large.training.tensorboard: true needs" in refusal(study)


OWN = {
    "dataset": "letters",
    "title": "Letters",
    "classes": ["a", "b"],
    "disputed": [3],
    "disputed_note": "They were found by two readers.",
    "mirrors": ["/data/letters"],
    "sha256": dict.fromkeys(FILES, "0" * 64),
}
OF_MNIST = {
    "title": "'MNIST', the title of mnist; expected what belongs to letters",
    "classes": "2 names, those of mnist; expected what belongs to letters",
    "disputed": "2 indices, those of mnist; expected what belongs to letters",
    "disputed_note": "See a paper., that of mnist; expected what belongs to letters",
    "mirrors": "those of mnist; expected addresses or folders that hold the four files of letters",
    "sha256": "those of mnist for test labels; expected the checksums of all four files of letters",
}


def overlaid(study, overlay):
    """Read the study with an overlay."""
    files = [study.root / "config.yaml", study.root / "overlay.yaml"]
    files[0].write_text(yaml.safe_dump(dict(study)))
    files[1].write_text(yaml.safe_dump(overlay))
    return read_files(study.root, files)


@pytest.mark.parametrize("key", OF_MNIST)
def test_what_belongs_to_one_data_set_is_not_taken_for_another(study, key):
    study["data"] |= {
        "title": "MNIST",
        "classes": ["0", "1"],
        "disputed": [3, 5],
        "disputed_note": "See a paper.",
        "mirrors": ["/data/mnist"],
        "sha256": {FILE: "1" * 64},
    }
    own = {name: value for name, value in OWN.items() if name != key}
    if key == "sha256":
        own[key] = {file: checksum for file, checksum in OWN[key].items() if file != FILE}
    with pytest.raises(StudyError) as error:
        overlaid(study, {"data": own})
    # Files and sums are missed where the data set is named; the rest is too much where it stands.
    file = "overlay" if key in ("mirrors", "sha256") else "config"
    assert f"{file}.yaml: data.{key}: {OF_MNIST[key]}: give " in str(error.value)
    assert len(str(error.value).splitlines()) == 1

    assert overlaid(study, {"data": OWN})["data"][key] == OWN[key]
    study["data"]["disputed"] = own["disputed"] = []
    if key == "disputed":
        assert overlaid(study, {"data": own})["data"]["disputed"] == []


def test_a_data_set_without_a_file_gives_classes_mirrors_and_checksums(study):
    study["data"] = {"dataset": "letters"} | OWN
    assert study.read()["data"]["title"] == "Letters"
    without = {key: value for key, value in OWN.items() if key != "title"}
    study["data"] = without
    assert study.read()["data"]["title"] == "letters"

    study["data"] = without | {"sha256": {FILE: "0" * 64}}
    line = refusal(study)
    assert "config.yaml: data.sha256: missing for train images, train labels, test images" in line
    assert "expected the checksums of all four files of letters: give what `sha256sum *.gz`" in line
    assert line.endswith("prints where the data set is named.")
    study["data"]["md5"] = dict.fromkeys(FILES[:3], "0" * 32)
    study.read()

    study["data"] = {key: value for key, value in without.items() if key != "mirrors"}
    assert "data.mirrors: missing; expected addresses or folders that hold" in refusal(study)
    study["data"] = {key: value for key, value in without.items() if key != "classes"}
    assert "data.classes: missing; expected the names of its classes, in the" in refusal(study)


@pytest.fixture
def with_recipe(study):
    """The study, trained by a recipe that has a file."""
    shutil.copytree(ROOT / "config" / "recipes", study.root / "recipes")
    study["training"]["recipe"] = "notebook"
    return study


@pytest.mark.parametrize("key", ["classes", "mirrors", "sha256"])
def test_what_a_data_set_lacks_is_missed_in_no_recipe(with_recipe, key):
    study = with_recipe
    study["data"] = {"dataset": "letters"} | {name: OWN[name] for name in OWN if name != key}
    line = refusal(study)
    assert f"{study.root.name}/config.yaml: data.{key}: missing" in line
    assert line.endswith("where the data set is named.")
    # In its own file, where it has one.
    describe(study, "letters", **{name: OWN[name] for name in OWN if name not in (key, "dataset")})
    study["data"] = {"dataset": "letters"}
    with pytest.raises(StudyError, match=f"/datasets/letters.yaml: data.{key}: missing.*described"):
        study.read()


def test_a_setting_that_is_missing_is_missed_in_no_recipe(with_recipe):
    study = with_recipe
    loss = study["training"].pop("loss")
    del study["training"]["optimizer"]
    assert "/config.yaml: training.loss: missing" in refusal(study)
    # Nor where the recipe has one of its own, which the study's replaces.
    study["training"] |= {"loss": loss, "recipe": "sgd_one_cycle", "schedule": {"name": "step"}}
    assert "/config.yaml: training.schedule" in refusal(study)


def test_digits_need_neither_mirrors_nor_checksums(study):
    study["data"] |= {"mirrors": ["/data/mnist"], "sha256": {FILE: "1" * 64}}
    overlay = {"dataset": "digits", "source": "bundled", "path": "digits"}
    assert overlaid(study, {"data": overlay})["data"]["title"] == "digits"


def test_a_data_set_named_on_the_command_line_needs_its_own_too(study):
    study["data"]["disputed"] = [3]
    study.read()
    study["data"] |= {"dataset": "letters", "mirrors": ["/data/letters"], "classes": ["a", "b"]}
    with pytest.raises(StudyError) as error:
        read_config(study, [study.root / "config.yaml"], [study.root])
    lines = str(error.value).splitlines()
    assert re.search("/config.yaml: data.disputed: 1 index, those of mnist", lines[0])
    assert lines[1].startswith("--config on the command line: data.sha256: missing")


OF_FILES = {"dataset": "mine", "source": "folder", "path": "pictures"}


def test_images_in_a_folder_need_but_its_path(study):
    study["data"] = OF_FILES
    data = study.read()["data"]
    assert data["classes"] is None
    assert data["title"] == "mine"
    study["data"] = OF_FILES | {"group": "p([0-9]+)", "image": {"height": 8, "width": 8}}
    study.read()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": None}, "data.path: missing; expected the folder or file that holds the images"),
        ({"group": "p([0-9]+"}, "data.group: p([0-9]+: missing ), unterminated subpattern at"),
        ({"image": {"height": 8}}, "data.image: without width; expected height and width, or"),
        ({"columns": {"path": "x"}}, "data.columns: {'path': 'x'} has no effect with `source: f"),
        ({"source": "npz", "unreadable": "skip"}, "data.unreadable: skip has no effect with"),
        (
            {"transposed": True},
            "data.transposed: true has no effect with `source: folder`; expected",
        ),
        ({"source": "npz", "test_share": 0.5}, "data.test_share: 0.5 has no effect with `source"),
        (
            {"source": "bundled", "path": "digits", "test_share": 0.5},
            "data.test_share: 0.5 has no effect with `source: bundled` and `path: digits`;",
        ),
        ({"source": "bundled"}, "data.path: pictures, with `source: bundled`; expected one of m"),
        ({"source": "idx"}, "data.classes: missing; expected the names of its classes, in the"),
    ],
)
def test_what_a_source_lacks_or_does_not_know_is_refused(study, change, said):
    study["data"] = OF_FILES | change
    assert f"config.yaml: {said}" in refusal(study)


@pytest.mark.parametrize("source", ["npz", "cifar", "table", "folder"])
def test_a_file_to_download_is_one_with_its_checksum(study, source):
    own = {"dataset": "mine", "source": source, "mirrors": ["/data"]}
    study["data"] = own | {"md5": {"set.zip": "0" * 32}}
    study.read()
    study["data"] = own | {"md5": {"set.zip": "0" * 32, "more.zip": "0" * 32}}
    assert "data.sha256: more.zip, set.zip; expected one file with `source: " in refusal(study)
    study["data"] = own | {"path": None}
    assert "data.sha256: missing; expected the checksum of the file of mine" in refusal(study)


def test_another_data_sets_files_are_left_aside(study):
    study["data"] |= {"sha256": {FILE: "1" * 64}, "mirrors": ["/data/mnist"]}
    overlay = {"dataset": "mine", "source": "cifar", "mirrors": ["/a"], "md5": {"c.gz": "0" * 32}}
    data = overlaid(study, {"data": overlay})["data"]
    assert data["sha256"] == {}
    assert data["md5"] == {"c.gz": "0" * 32}


def test_another_data_sets_path_is_not_taken(study):
    study["data"] = OF_FILES | {"image": {"height": 8, "width": 8}}
    with pytest.raises(StudyError) as error:
        overlaid(study, {"data": {"dataset": "mnist"}})
    lines = "\n".join(str(error.value).splitlines())
    assert "config.yaml: data.source: folder, that of mine; expected what belongs to mnist" in lines
    assert "config.yaml: data.path: pictures, that of mine; expected what belongs to mnist" in lines


# What describes a data set


def describe(study, name, **data):
    """Write a file beside the config that describes a data set; return its path."""
    file = study.root / "datasets" / f"{name}.yaml"
    file.write_text(yaml.safe_dump({"data": data}))
    return file


def test_a_file_of_its_name_describes_a_data_set(study):
    described = yaml.safe_load((ROOT / "config" / "datasets" / "mnist.yaml").read_text())["data"]
    config = study.read()
    assert {key: config["data"][key] for key in described} == described
    assert config["origins"]["data.mirrors"].endswith("/datasets/mnist.yaml")
    # What is not given is to be added where the data set is named.
    assert config["origins"]["data.train_images"].endswith("/config.yaml")
    assert study["data"] == {"dataset": "mnist"}, "the given config must not be changed"


def test_what_the_study_gives_goes_over_what_describes_its_data_set(study):
    study["data"] |= {"mirrors": ["/data/mnist"], "sha256": {FILE: "0" * 64}}
    config = study.read()
    assert config["data"]["mirrors"] == ["/data/mnist"]
    assert config["data"]["sha256"][FILE] == "0" * 64
    assert config["data"]["sha256"][FILES[0]].startswith("440fcabf")
    assert config["origins"]["data.mirrors"].endswith("/config.yaml")
    assert config["origins"]["data.title"].endswith("/datasets/mnist.yaml")

    # As `--config 'data={mirrors: [/mine]}'` does.
    study["data"]["mirrors"] = ["/mine"]
    config = read_config(study, [study.root / "config.yaml"], [study.root])
    assert config["data"]["mirrors"] == ["/mine"]
    assert config["origins"]["data.mirrors"] == "--config on the command line"


def test_an_overlay_needs_but_the_name_of_a_data_set_that_a_file_describes(study):
    describe(study, "letters", **OWN)
    data = overlaid(study, {"data": {"dataset": "letters"}})["data"]
    assert {key: data[key] for key in OWN} == OWN


def test_data_sets_are_looked_for_beside_the_last_file_first_and_in_the_repository_last(study):
    elsewhere, repository = study.root / "elsewhere", study.root / "config"
    for folder, title in ((elsewhere, "Elsewhere"), (repository, "The repository's")):
        (folder / "datasets").mkdir(parents=True)
        text = yaml.safe_dump({"data": OWN | {"title": title}})
        (folder / "datasets" / "letters.yaml").write_text(text)
    overlay = elsewhere / "overlay.yaml"
    overlay.write_text("data: {dataset: letters}\n")
    (study.root / "config.yaml").write_text(yaml.safe_dump(dict(study)))
    files = [study.root / "config.yaml", overlay]
    assert read_files(study.root, files)["data"]["title"] == "Elsewhere"
    (elsewhere / "datasets" / "letters.yaml").unlink()
    assert read_files(study.root, files)["data"]["title"] == "The repository's"
    describe(study, "letters", **OWN)
    assert read_files(study.root, files)["data"]["title"] == "Letters"


def test_other_sections_of_the_file_count_only_where_it_is_an_overlay(study):
    file = describe(study, "letters", **OWN)
    with file.open("a") as text:
        text.write("study: {title: Letters of ours}\npathvars: {results: results/letters}\n")
    config = overlaid(study, {"data": {"dataset": "letters"}})
    assert config["study"]["title"] == "Comparison of architectures"
    config = read_files(study.root, [study.root / "config.yaml", file])
    assert config["data"]["title"] == "Letters"
    assert config["study"]["title"] == "Letters of ours"
    assert config["pathvars"]["results"] == "results/letters"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: Letters\n", "data: missing; expected what describes the data set letters: add a"),
        ("data: [a]\n", "data: missing; expected what describes the data set letters: add a"),
        ("data:\n  dataset: mnist\n", "data.dataset: 'mnist'; expected letters, as the file is"),
        ("data:\n  titel: Letters\n", "data.titel: unknown key; expected one of"),
        ("data:\n  classes: [a, yes]\n", "data.classes.1: yes (line 2, to YAML the truth value"),
        ("data:\n  split_seed: 012\n", "data.split_seed: 012 (line 2, to YAML the number 10)"),
        ("data:\n  title: a\n  title: b\n", "data.title: given twice (the second time in line 3"),
        ("data:\n  classes: [a, b]\n", "data.path: missing; expected the folder or file that"),
    ],
)
def test_a_fault_in_what_describes_a_data_set_names_its_file(study, text, said):
    file = study.root / "datasets" / "letters.yaml"
    file.write_text(text)
    study["data"] = {"dataset": "letters"}
    with pytest.raises(StudyError) as error:
        study.read()
    assert str(error.value).startswith(f"{file}: {said}")


@pytest.mark.parametrize(
    ("name", "remedy"),
    [("mnits", "did you mean mnist?"), ("letters", "describe it in {}/datasets/letters.yaml.")],
)
def test_a_data_set_that_nothing_describes_is_named(study, name, remedy):
    study["data"] = {"dataset": name}
    line = refusal(study)
    assert (
        f"config.yaml: data.dataset: {name!r} is described nowhere; expected one of mnist" in line
    )
    assert line.endswith(remedy.format(study.root))


@pytest.mark.parametrize("name", ["../mnist", "a/b", 3, None, "MNIST"])
def test_a_name_that_is_no_word_is_no_path_either(study, name):
    study["data"]["dataset"] = name
    assert "config.yaml: data.dataset: " in refusal(study)


@pytest.mark.parametrize("file", sorted((ROOT / "config" / "datasets").iterdir()), ids=str)
def test_a_data_set_of_the_repository_is_whole_named_and_as_an_overlay(file):
    base = ROOT / "config" / "config.yaml"
    overlaying = read_files(ROOT, [base, file])
    assert overlaying["data"]["dataset"] == file.stem
    assert len(overlaying["data"]["classes"]) == 10
    config = yaml.safe_load(base.read_text())
    config["data"] = {"dataset": file.stem}
    named = read_config(config, [base], [ROOT])
    assert named["data"] == overlaying["data"]
    if file.stem not in ("mnist", "mnist_5k", "digits"):
        assert overlaying["study"]["published"] is None
        assert overlaying["pathvars"]["results"] == f"results/{file.stem}"


def test_no_default_belongs_to_a_data_set():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    data = schema["properties"]["data"]["properties"]
    defaults = {key: part["default"] for key, part in data.items() if "default" in part}
    assert defaults == {
        "source": "idx",
        "path": None,
        "image": None,
        "unreadable": "refuse",
        "columns": None,
        "group": None,
        "transposed": False,
        "test_share": 0.2,
        "note": None,
        "disputed": [],
        "disputed_note": None,
        "attempts": 3,
        "timeout": 30,
        "sha256": {},
        "md5": {},
        "train_images": None,
        "test_images": None,
        "validation": "test",
        "holdout_images": None,
        "split_seed": 0,
    }


def test_what_is_missing_is_missed_in_the_first_file(study):
    del study["training"]["loss"]
    with pytest.raises(StudyError, match=r"/config.yaml: training.loss: missing"):
        overlaid(study, {"training": {"epochs": 5}})


def test_the_origin_of_the_data_settings_is_handed_on(study):
    study["data"]["train_images"] = 100
    origins = overlaid(study, {"data": {"test_images": 50}})["origins"]
    names = {key: Path(file).name for key, file in origins.items()}
    assert names["data.train_images"] == names["study.models"] == "config.yaml"
    assert names["data.test_images"] == "overlay.yaml"
    # What is not given is to be added where the data set is named.
    assert names["data.split_seed"] == "config.yaml"
    overlay = {"dataset": "digits", "source": "bundled", "path": "digits"}
    origins = overlaid(study, {"data": overlay})["origins"]
    assert origins["data.split_seed"].endswith("/overlay.yaml")


# As Snakemake hands it over


def refused(project, *arguments, **options):
    """Return the lines, but Snakemake's own, that a dry run ends with."""
    run = project.snakemake("--dry-run", *arguments, check=False, **options)
    assert run.returncode != 0, run.stdout
    return [line for line in run.stdout.splitlines() if "; expected " in line]


CLASSES = "data.classes.0: yes (line 2, to YAML the truth value true) is of the wrong type;"
IN_QUOTES = 'expected a text: put it in quotes, "yes".'


def test_each_fault_names_the_place_that_it_is_mended_in(tiny_study):
    file = tiny_study.path("config/config.yaml")
    good = file.read_text()
    file.write_text(good.replace("data:\n", "data:\n  classes: [yes, nay]\n"))
    place = file.read_text().splitlines().index("  classes: [yes, nay]") + 1
    said = CLASSES.replace("line 2", f"line {place}")
    assert refused(tiny_study) == [f"config/config.yaml: {said} {IN_QUOTES}"]

    file.write_text(good)
    tiny_study.path("config/over.yaml").write_text("data:\n  classes: [yes, nay]\n")
    overlay = ["--configfile", "config/over.yaml"]
    assert refused(tiny_study, *overlay) == [f"config/over.yaml: {CLASSES} {IN_QUOTES}"]
    # Of the command line, Snakemake makes texts.
    assert tiny_study.planned("--config", "data={classes: [yes, nay]}")

    wrong = "training.epochs: 'many' is of the wrong type; expected a whole number: change the"
    given = ["--config", "training={epochs: many}"]
    assert refused(tiny_study, *given) == [f"--config on the command line: {wrong} value."]
    tiny_study.path("profile").mkdir()
    profile = tiny_study.path("profile/config.yaml")
    profile.write_text("config: ['training={epochs: many}']\n")
    assert refused(tiny_study, "--profile", "profile") == [f"config in a profile: {wrong} value."]
    profile.write_text("configfile: config/over.yaml\n")
    lines = refused(tiny_study, "--profile", "profile")
    assert lines == [f"config/over.yaml: {CLASSES} {IN_QUOTES}"]

    tiny_study.path("config/over.yaml").write_text("__use_yte__: true\nstudy:\n  title: ?2 + 3\n")
    wrong = "study.title: 5 is of the wrong type; expected a text: change it."
    template = "what a template (__use_yte__) or the Snakefile made of the config files"
    assert refused(tiny_study, *overlay) == [f"{template}: {wrong}"]

    tiny_study.path("config/over.yaml").write_text("study: {title: Alone}\n")
    lines = refused(tiny_study, *overlay, "--replace-workflow-config")
    assert "config/over.yaml: training: missing; expected a value: add the key." in lines


@pytest.mark.parametrize("way", ["--snakefile", "--directory"])
def test_called_from_elsewhere_the_study_is_the_one_there_or_the_repositorys(
    tiny_study, tmp_path, way
):
    elsewhere = Project(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    caller, call = elsewhere, ["--snakefile", tiny_study.path("Snakefile")]
    if way == "--directory":
        caller, call = tiny_study, ["--directory", elsewhere.folder]
    tiny_study.path("config/over.yaml").write_text("training: {epochs: 0}\n")
    overlay = ["--configfile", tiny_study.path("config/over.yaml")]
    assert {"tiny/0", "wide/0"} < caller.planned(*call)
    wrong = "training.epochs: 0 (line 1) is out of range; expected at least 1: change the value."
    assert refused(caller, *call, *overlay) == [f"{tiny_study.path('config/over.yaml')}: {wrong}"]

    elsewhere.path("config").mkdir()
    config = tiny_study.read_config()
    config["models"]["tiny"]["name"] = 3
    elsewhere.write_config(config)
    assert refused(caller, *call)[0].startswith("config/config.yaml: models.tiny.name: 3 (line ")
    config["models"]["tiny"]["name"] = "Tiny"
    config["models"]["there"] = {"name": "There", "description": "in no file"}
    elsewhere.write_config(config)
    missing = f"models.there: architectures/there.py does not exist, nor in {tiny_study.folder};"
    assert refused(caller, *call)[0].startswith(f"config/config.yaml: {missing}")


def test_images_lie_in_the_studys_folder_wherever_snakemake_works(study, tmp_path, monkeypatch):
    """Beside the Snakefile where the working directory has none of that name."""
    study["data"] = {"dataset": "mine", "source": "folder", "path": "images"}
    (tmp_path / "images").mkdir()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(dict(study)))
    for folder in (tmp_path / "images", here / "images"):
        folder.mkdir(exist_ok=True)
        found = read_config(study, [tmp_path / "config.yaml"], [here, tmp_path])["data"]["path"]
        assert Path(found).absolute() == folder


def test_the_report_is_told_of_disputed_labels_and_of_images_to_keep_back(study):
    study["data"]["disputed"] = [7]
    study["study"]["show_images"] = False
    reported = reported_study(study.read(), ["small"])
    assert reported["dataset"]["disputed"] == [7]
    assert reported["show_images"] is False


def test_published_figures_are_none_unless_named_and_must_exist(study, tmp_path):
    study["study"]["published"] = "config/figures.yaml"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "figures.yaml").write_text("")
    assert study.read()["study"]["published"] == "config/figures.yaml"
    (tmp_path / "config" / "figures.yaml").unlink()
    with pytest.raises(StudyError, match=r"config.yaml: study.published: 'config/figures.yaml' "):
        study.read()
    del study["study"]["published"]
    assert study.read()["study"]["published"] is None


@pytest.mark.parametrize("overlay", [None, "quick.yaml", "demo.yaml"])
def test_the_studies_of_the_repository_are_valid(overlay):
    from snakemake.utils import update_config

    files = [ROOT / "config" / name for name in ("config.yaml", overlay) if name]
    config = {}
    for file in files:
        update_config(config, yaml.safe_load(file.read_text()))
    config = read_config(config, files, [ROOT])
    assert len(config["study"]["models"]) == 10
    models = config["study"]["models"]
    names = [entry["name"] for entry in reported_study(config, models)["models"]]
    assert names == [f"Model {number}" for number in range(1, 11)]
    published = read_published(config, [ROOT])
    assert list(published["models"]) == models if overlay is None else published is None


def test_the_notebooks_settings():
    """The study's settings are the notebook's, Keras 2.2's learning rate of 1.0 included."""
    file = ROOT / "config" / "config.yaml"
    config = read_config(yaml.safe_load(file.read_text()), [file], [ROOT])
    settings = training_settings(config, "model_01")
    assert {key: settings[key] for key in ("epochs", "batch_size", "loss", "optimizer")} == {
        "epochs": 13,
        "batch_size": 128,
        "loss": "categorical_crossentropy",
        "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
    }
    assert config["data"]["validation"] == "test"
    assert config["study"]["seeds"] == [0]


@pytest.mark.parametrize("name", ["  ", "\n", "a\0b", "bell\a", "escape\x1b[0m", "\uffff"])
def test_texts_that_nobody_can_see_are_refused(study, name):
    study["models"]["small"]["name"] = name
    line = refusal(study)
    assert "models.small.name: " in line
    assert "expected text that can be seen, without control characters: change it." in line


def test_texts_are_reported_on_one_line(study):
    study["models"]["small"] |= {"name": " a\u00a0name ", "description": "two\n  lines\n"}
    study["study"]["title"] = "漢字 😀\tשלום"
    published = {"title": "A\ntitle", "conclusions": [{"claim": "so\n"}]}
    reported = reported_study(study.read(), ["small"], ["large"], published)
    assert reported["title"] == "漢字 😀 שלום"
    assert reported["models"][0]["name"] == "a name"
    assert reported["models"][0]["description"] == "two lines"
    assert reported["published"] == {"title": "A title", "conclusions": [{"claim": "so"}]}


@pytest.mark.parametrize("finished_only", [True, False])
def test_a_report_that_leaves_decided_looks_out_is_known_to(study, finished_only):
    config = study.read()
    config["study"] |= {"finished_only": finished_only, "seeds": {"looks": [2, 3]}}
    decided = [{"goes_on": ["small"], "left": {}, "ended": None}]
    for decisions, left_out in (([], False), (decided, finished_only)):
        looks = Looks(config["study"]["seeds"], '{"models": {"small": 1}}', Path(), decisions)
        assert ("looks_left_out" in reported_study(config, ["small"], looks=looks)) == left_out


def test_names_that_differ_in_spaces_only_are_one_name(study):
    study["models"]["small"]["name"] = "Large\n"
    assert "is also the name of small" in refusal(study)
