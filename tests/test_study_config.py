"""A wrong config is refused before anything is planned, in one line that says what to do."""

from pathlib import Path

import pytest
import yaml

from bakeoff.errors import StudyError
from bakeoff.study_config import (
    read_config,
    read_published,
    reported_study,
    training_settings,
)

ROOT = Path(__file__).parents[1]
BUILD = "def build(input_shape, num_classes):\n    return None\n"


@pytest.fixture
def study(tmp_path):
    """A small valid config, and a function that writes and reads it."""
    (tmp_path / "architectures").mkdir()
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

    def read():
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump(config))
        return read_config(config, [file], tmp_path)

    config["read"] = read
    yield config
    config.pop("read", None)


def refusal(study):
    """Return the one line that a config is refused with."""
    read = study.pop("read")
    with pytest.raises(StudyError) as error:
        read()
    line = str(error.value)
    assert "\n" not in line
    assert "config.yaml: " in line
    return line


def test_defaults_are_filled_in(study):
    read = study.pop("read")
    config = read()
    assert config["study"]["seeds"] == [0]
    assert config["data"]["validation"] == "test"
    assert config["data"]["disputed"] == []
    assert config["study"]["show_images"] is True
    assert config["data"]["sha256"]["t10k-labels-idx1-ubyte.gz"].startswith("f7ae60f9")
    assert config["models"]["small"]["family"] == "other"
    assert "seeds" not in study["study"], "the given config must not be changed"


@pytest.mark.parametrize(
    ("section", "key", "value", "parts"),
    [
        ("training", "epochs", 0, ["training.epochs", "0", "at least 1"]),
        ("training", "epochs", 2.5, ["training.epochs", "2.5", "integer"]),
        ("training", "epochs", True, ["training.epochs", "True", "integer"]),
        ("training", "epoch", 3, ["training.epoch", "unknown key", "did you mean epochs?"]),
        ("training", "batch_size", "128", ["training.batch_size", "'128'", "integer"]),
        ("training", "loss", "mse", ["training.loss", "'mse'", "categorical_crossentropy"]),
        ("data", "validation", "tset", ["data.validation", "'tset'", "test, holdout"]),
        ("data", "sha256", {"a.gz": "0"}, ["data.sha256.a.gz", "unknown key"]),
        ("data", "train_images", 0, ["data.train_images", "0", "at least 2"]),
        ("data", "mirrors", [], ["data.mirrors", "empty"]),
        ("data", "holdout_images", 100, ["data.holdout_images", "100", "validation: holdout"]),
        ("data", "disputed", [3, -1], ["data.disputed.1", "-1", "at least 0"]),
        ("data", "disputed", [3, 3], ["data.disputed", "3 stands twice"]),
        ("data", "disputed", "all", ["data.disputed", "'all'", "array"]),
        ("study", "show_images", "no", ["study.show_images", "'no'", "boolean"]),
        ("study", "seeds", [0, 1, 0], ["study.seeds", "0 stands twice"]),
        ("study", "seeds", [-1], ["study.seeds.0", "-1", "at least 0"]),
        ("study", "models", ["smal"], ["study.models", "'smal'", "did you mean small?"]),
        ("study", "models", [], ["study.models", "empty"]),
    ],
)
def test_a_wrong_value_is_named(study, section, key, value, parts):
    study[section][key] = value
    line = refusal(study)
    assert all(part in line for part in parts), line


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
    study.pop("read")()
    study["training"]["optimizer"]["learning_rate"] = "1e-3"
    config = read_config(study, [tmp_path / "config.yaml", file], tmp_path)
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
    assert "models.huge: architectures/huge.py does not exist" in refusal(study)


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
    study.pop("read")()


def test_a_doubled_key_is_refused_with_its_line(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("training:\n  epochs: 3\n  epochs: 4\n")
    with pytest.raises(StudyError, match=r"config.yaml: epochs: given twice .*line 3"):
        read_config({}, [file], tmp_path)


def test_a_fault_names_the_overlay_that_made_it(study, tmp_path):
    read = study.pop("read")
    read()
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("training: {epochs: 0}\n")
    study["training"]["epochs"] = 0
    with pytest.raises(StudyError, match=r"overlay.yaml: training.epochs: 0"):
        read_config(study, [tmp_path / "config.yaml", overlay], tmp_path)


def test_texts_from_the_command_line_are_read_as_numbers(study, tmp_path):
    study.pop("read")()
    study["study"]["seeds"] = ["0", "3"]
    study["training"]["optimizer"]["learning_rate"] = "1e-3"
    config = read_config(study, [tmp_path / "config.yaml"], tmp_path)
    assert config["study"]["seeds"] == [0, 3]
    assert config["training"]["optimizer"]["learning_rate"] == 0.001


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [("training", "epochs", 0), ("study", "models", ["smal"]), ("study", "seeds", [])],
)
def test_a_fault_on_the_command_line_is_named_so(study, tmp_path, section, key, value):
    study.pop("read")()
    study[section][key] = value
    with pytest.raises(StudyError, match=rf"^--config .*: {section}.{key}: "):
        read_config(study, [tmp_path / "config.yaml"], tmp_path)


def test_every_fault_has_a_line(study):
    read = study.pop("read")
    study["training"]["epochs"] = 0
    study["data"]["validation"] = "none"
    with pytest.raises(StudyError) as error:
        read()
    assert len(str(error.value).splitlines()) == 2


def test_a_models_own_settings_win(study):
    study["models"]["small"]["training"] = {
        "epochs": 9,
        "optimizer": {"name": "Adam", "learning_rate": 0.001, "rho": None},
    }
    config = study.pop("read")()
    assert training_settings(config, "small") == {
        "epochs": 9,
        "batch_size": 32,
        "loss": "categorical_crossentropy",
        "optimizer": {"name": "Adam", "learning_rate": 0.001},
        "backend": "tensorflow",
        "precision": "float32",
        "deterministic": False,
    }
    assert training_settings(config, "large")["optimizer"]["rho"] == 0.95


def test_a_studys_backend_and_precision_hold_for_its_models(study):
    study["training"] |= {"backend": "jax", "precision": "mixed_bfloat16"}
    study["models"]["small"]["training"] = {"precision": "float32"}
    config = study.pop("read")()
    chosen = {
        model: [training_settings(config, model)[key] for key in ("backend", "precision")]
        for model in ("small", "large")
    }
    assert chosen == {"small": ["jax", "float32"], "large": ["jax", "mixed_bfloat16"]}


def test_disputed_labels_are_not_taken_for_those_of_another_data_set(study, tmp_path):
    study["data"] |= {"disputed": [3, 5]}
    study.pop("read")()
    overlay = tmp_path / "overlay.yaml"
    files = [tmp_path / "config.yaml", overlay]
    study["data"]["dataset"] = "letters"
    overlay.write_text("data: {dataset: letters}\n")
    fault = r"config.yaml: data.disputed: 2 places in the test set of mnist; expected .* of letters"
    with pytest.raises(StudyError, match=fault):
        read_config(study, files, tmp_path)

    overlay.write_text("data: {dataset: letters, disputed: [3, 5]}\n")
    assert read_config(study, files, tmp_path)["data"]["disputed"] == [3, 5]
    study["data"]["disputed"] = []
    overlay.write_text("data: {dataset: letters, disputed: []}\n")
    assert read_config(study, files, tmp_path)["data"]["disputed"] == []


def test_the_report_is_told_of_disputed_labels_and_of_images_to_keep_back(study):
    study["data"]["disputed"] = [7]
    study["study"]["show_images"] = False
    reported = reported_study(study.pop("read")(), ["small"])
    assert reported["dataset"]["disputed"] == [7]
    assert reported["show_images"] is False


def test_published_figures_are_none_unless_named_and_must_exist(study, tmp_path):
    study["study"]["published"] = "config/figures.yaml"
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "figures.yaml").write_text("")
    read = study["read"]
    assert study.pop("read")()["study"]["published"] == "config/figures.yaml"
    (tmp_path / "config" / "figures.yaml").unlink()
    with pytest.raises(StudyError, match=r"config.yaml: study.published: 'config/figures.yaml' "):
        read()
    del study["study"]["published"]
    assert read()["study"]["published"] is None


@pytest.mark.parametrize("overlay", [None, "quick.yaml", "demo.yaml"])
def test_the_studies_of_the_repository_are_valid(overlay):
    from snakemake.utils import update_config

    files = [ROOT / "config" / name for name in ("config.yaml", overlay) if name]
    config = {}
    for file in files:
        update_config(config, yaml.safe_load(file.read_text()))
    config = read_config(config, files, ROOT)
    assert len(config["study"]["models"]) == 10
    models = config["study"]["models"]
    names = [entry["name"] for entry in reported_study(config, models)["models"]]
    assert names == [f"Model {number}" for number in range(1, 11)]
    published = read_published(config, ROOT)
    assert list(published["models"]) == models if overlay is None else published is None


def test_the_notebooks_settings():
    """The study's settings are the notebook's, Keras 2.2's learning rate of 1.0 included."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    assert config["training"] == {
        "epochs": 13,
        "batch_size": 128,
        "loss": "categorical_crossentropy",
        "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
    }
    assert config["data"]["validation"] == "test"
    assert config["study"]["seeds"] == [0]
