"""One architecture under other arguments and settings: what a config's variants stand for."""

import datetime
import json
from pathlib import Path

import pytest
import yaml

from bakeoff.errors import StudyError
from bakeoff.study.config import read_config, reported_study
from bakeoff.study.identity import contender, fingerprint, training_identity
from bakeoff.study.settings import training_settings
from bakeoff.study.sources import Sources
from bakeoff.study.variants import shown, written_out

RECIPES = Path(__file__).parents[1] / "config" / "recipes"
SCHEMAS = Path(__file__).parents[1] / "workflow" / "schemas"
BUILD = """
def build(input_shape, num_classes, filters=32, *, kernel=3, rate: float = 0, act="relu",
          bias=True):
    return None
"""
BASE = {"name": "Base", "description": "as it is"}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "architectures").mkdir()
    (tmp_path / "architectures" / "base.py").write_text(BUILD)
    return tmp_path


def read(root, models, taking_part=("base",), training=None, validation="test"):
    """Return the checked config of a study on digits with these models."""
    own = training or {"optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95}}
    config = {
        "study": {"models": list(taking_part)},
        "data": {
            "dataset": "digits",
            "source": "bundled",
            "path": "digits",
            "classes": list("abcdefghij"),
            "validation": validation,
        },
        "training": {
            "epochs": 3,
            "batch_size": 32,
            "loss": "categorical_crossentropy",
            **own,
        },
        "models": models,
    }
    file = root / "config.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False))
    return read_config(config, [file], [root])


def refusal(root, models, **options):
    with pytest.raises(StudyError) as error:
        read(root, models, **options)
    line = str(error.value)
    assert "\n" not in line
    return line


def test_a_model_without_more_is_its_file(root):
    config = read(root, {"base": BASE})
    entry = config["models"]["base"]
    assert (entry["architecture"], entry["arguments"]) == ("base", {})
    assert "made_of" not in reported_study(config, ["base"])["models"][0]


def test_variants_follow_the_model_that_they_are_of(root):
    wide = {"key": "wide", "name": "Wide", "description": "more", "arguments": {"filters": 64}}
    adam = {
        "key": "adam",
        "name": "Adam",
        "description": "otherwise trained",
        "training": {"optimizer": {"name": "Adam", "learning_rate": 0.001}},
    }
    given = {**BASE, "family": "f", "training": {"epochs": 5}, "vary": [wide, adam]}
    config = read(root, {"base": given})
    assert config["study"]["models"] == ["base", "wide", "adam"]
    assert config["models"]["wide"]["arguments"] == {"filters": 64}
    assert {entry["architecture"] for entry in config["models"].values()} == {"base"}
    assert {entry["family"] for entry in config["models"].values()} == {"f"}
    assert training_settings(config, "wide")["optimizer"]["name"] == "Adadelta"
    assert training_settings(config, "adam")["optimizer"] == {
        "name": "Adam",
        "learning_rate": 0.001,
    }
    assert training_settings(config, "adam")["epochs"] == 5
    reported = reported_study(config, config["study"]["models"])["models"]
    assert [entry.get("made_of") for entry in reported] == [None, "base with filters = 64", "base"]
    alone = read(root, {"base": given}, taking_part=["adam", "base"])
    assert alone["study"]["models"] == ["adam", "base", "wide"]


def test_a_product_is_one_variant_for_each_choice(root):
    vary = {
        "product": {"filters": [16, 32], "training.optimizer.learning_rate": ["1e-1", 1]},
        "name": "{filters} filters at {learning_rate}",
    }
    config = read(root, {"base": {"vary": [vary]}})
    assert config["study"]["models"] == [
        "base_filters_16_learning_rate_1e_1",
        "base_filters_16_learning_rate_1",
        "base_filters_32_learning_rate_1e_1",
        "base_filters_32_learning_rate_1",
    ]
    names = [entry["name"] for entry in config["models"].values()]
    assert names[0] == "16 filters at 1e-1"
    entry = config["models"]["base_filters_16_learning_rate_1e_1"]
    assert entry["description"] == "filters 16, learning_rate 1e-1"
    # The rest of the study's optimizer stays.
    assert entry["training"]["optimizer"] == {
        "name": "Adadelta",
        "learning_rate": 0.1,
        "rho": 0.95,
    }


def test_a_thousand_variants_are_read_in_seconds(root):
    vary = {"product": {"filters": list(range(1, 1001))}, "name": "{filters}", "key": "w{filters}"}
    config = read(root, {"base": {"vary": [vary]}})
    assert len(config["study"]["models"]) == 1000
    assert config["models"]["w7"]["arguments"] == {"filters": 7}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            {"filter": 64},
            "arguments.filter: unknown argument; expected one of filters, kernel, rate,",
        ),
        ({"filter": 64}, "did you mean filters?"),
        ({"filters": "many"}, "arguments.filters: 'many' is of the wrong type; expected a number"),
        ({"filters": True}, "arguments.filters: True is of the wrong type; expected a number"),
        ({"rate": [0.1]}, "arguments.rate: [0.1] is of the wrong type; expected a number"),
        ({"act": 3}, "arguments.act: 3 is of the wrong type; expected a text"),
        ({"bias": 1}, "arguments.bias: 1 is of the wrong type; expected true or false"),
        ({"bias": {"a": 1}}, 'arguments.bias: {"a": 1}'),
    ],
)
def test_arguments_that_build_does_not_take_are_refused(root, arguments, said):
    line = refusal(root, {"base": BASE | {"arguments": arguments}})
    assert said in line
    assert "models.base." in line


@pytest.mark.parametrize("arguments", [{"kernel": [3, 5]}, {"rate": 1}, {"filters": 0.5}])
def test_arguments_that_build_may_take_are_let_pass(root, arguments):
    read(root, {"base": BASE | {"arguments": arguments}})


def test_an_argument_without_a_default_is_asked_for(root):
    source = "def build(input_shape, num_classes, depth: int):\n    return None\n"
    (root / "architectures" / "base.py").write_text(source)
    line = refusal(root, {"base": BASE})
    assert "models.base.arguments: lacks depth; expected a value, as " in line
    assert "build(…, depth: int)" in line
    line = refusal(root, {"base": BASE | {"arguments": {"depth": 1.5}}})
    assert "arguments.depth: 1.5 is of the wrong type; expected a whole number" in line
    # From the command line, all values come as texts.
    config = read(root, {"base": BASE | {"arguments": {"depth": "4"}}})
    assert config["models"]["base"]["arguments"] == {"depth": 4}


NUMBERS_WITH_A_POWER = {
    # As build has it, as the file has it, and what build gets.
    "rates": ("rates", "[1e-3, 1E-2, .5e1, 2]", [0.001, 0.01, 5.0, 2]),
    "tuple": ("rates=(0.1,)", "[1e-3, 1e-2]", [0.001, 0.01]),
    "number": ("scale=0.1", "[1e-3, 1e-2]", [0.001, 0.01]),
    "nothing": ("scale=None", "-1e-3", -0.001),
    "or_nothing": ("scale: float | None = None", "1.5e3", 1500.0),
    "list": ("rates: list[float] = ()", "[1e-3]", [0.001]),
    "quoted": ("rates: 'list[float]' = ()", "[1e-3]", [0.001]),
    "any": ("**more", "1e-3", 0.001),
    "text": ("label: str", "1e-3", "1e-3"),
    "texts": ("labels: list[str]", "[1e-3, 1e5]", ["1e-3", "1e5"]),
    "text_or_nothing": ("label: str | None = None", "1e-3", "1e-3"),
    "by_its_default": ("label='a'", "1e-3", "1e-3"),
    "text_or_number": ("label: str | float", "1e-3", 0.001),
    "no_power": ("label", "[1e, e-3, 1-3, 0x1e-3, 1e999, 1e-3x]", None),
}


@pytest.mark.parametrize("case", NUMBERS_WITH_A_POWER)
def test_a_number_with_a_power_is_one_wherever_build_takes_numbers(root, case):
    """YAML 1.1 has 1.0e-3 for a number, and 1e-3 for a text."""
    parameter, written, meant = NUMBERS_WITH_A_POWER[case]
    source = f"def build(input_shape, num_classes, {parameter}):\n    return None\n"
    (root / "architectures" / "base.py").write_text(source)
    value = yaml.safe_load(written)
    name = parameter.strip("*").split("=")[0].split(":")[0]
    config = read(root, {"base": BASE | {"arguments": {name: value}}})
    found = config["models"]["base"]["arguments"][name]
    assert found == (value if meant is None else meant)
    assert type(found) is type(value if meant is None else meant)
    # The values of a product are shown as they are written.
    one = {"product": {name: [value]}, "key": "p", "name": f"{{{name}}}"}
    entry = read(root, {"base": {"vary": [one]}})["models"]["p"]
    assert (entry["arguments"], entry["name"]) == ({name: found}, shown(value))


def test_numbers_of_the_command_line_are_read_in_lists_too(root):
    (root / "architectures" / "base.py").write_text(
        "def build(input_shape, num_classes, widths=(8, 8), flags: list[bool] = ()):\n"
        "    return None\n"
    )
    given = {"widths": ["16", "32"], "flags": ["true", "no"]}
    config = read(root, {"base": BASE | {"arguments": given}})
    expected = {"widths": [16, 32], "flags": [True, False]}
    assert config["models"]["base"]["arguments"] == expected


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ({"name": "A", "description": "a"}, "models.base.vary.0.key: missing"),
        ({"key": "a", "description": "a"}, "models.base.vary.0.name: missing"),
        ({"key": "a", "name": "A"}, "models.base.vary.0.description: missing"),
        ({"key": "a b", "name": "A", "description": "a"}, "vary.0.key: 'a b' does not fit"),
        (
            {"key": "größe", "name": "A", "description": "a"},
            "'größe' does not fit; expected a word of letters from a to z or A to Z, digits and",
        ),
        ({"key": "base", "name": "A", "description": "a"}, "'base' is also another model's"),
        ({"key": "a", "name": "Base", "description": "a"}, "'Base' is also the name of base"),
        ({"product": {"filters": [1]}}, "vary.0.name: missing; expected a pattern such as"),
        ({"product": {"filters": [1]}, "name": "{kernel}"}, "{kernel} is not varied"),
        ({"product": {"filters": []}, "name": "{filters}"}, "product.filters: empty"),
        ({"product": {"fil ters": [1]}, "name": "x"}, "product.fil ters: fil ters"),
        ({"product": {"filters": [1, 2]}, "name": "same"}, "'same' is also the name of"),
        (
            {"product": {"training.epochs": [0]}, "name": "{epochs}"},
            "vary.0.training: epochs: 0 is out of range; expected at least 1",
        ),
        (
            {"product": {"training.epoch": [1]}, "name": "{epoch}"},
            "vary.0.training: epoch: unknown key; expected one of augmentation, ",
        ),
        (
            {"product": {"training.optimizer.learning_rat": [1]}, "name": "{learning_rat}"},
            "vary.0.training: optimizer.learning_rat: unknown key; expected one of ",
        ),
        (
            {"product": {"training.schedule.final": [0]}, "name": "{final}"},
            "vary.0.training: schedule.name: missing; expected a value: add the key.",
        ),
        (
            {"product": {"training.epochs.x": [1]}, "name": "{x}", "training": {"epochs": 5}},
            "vary.0.training: epochs: ",
        ),
        (
            {
                "product": {"training.augmentation.noise": [0.1], "training.augmentation": ["on"]},
                "name": "{augmentation} {noise}",
            },
            "vary.0.product.training.augmentation: 'on' has no parts; expected keys with values or"
            " null, as training.augmentation.noise is varied too",
        ),
        (
            {"product": {"filtres": [1]}, "name": "{filtres}"},
            "vary.0.arguments.filtres: unknown argument",
        ),
    ],
)
def test_variants_that_cannot_be_are_refused(root, vary, said):
    assert said in refusal(root, {"base": BASE | {"vary": [vary]}})


DAY = datetime.date(2026, 1, 2)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (DAY, '"2026-01-02"'),
        (float("inf"), "Infinity"),
        (float("nan"), "NaN"),
        ([1, [DAY]], '[1, ["2026-01-02"]]'),
        ({"a": DAY}, '{"a": "2026-01-02"}'),
        ({DAY: 1}, "{datetime.date(2026, 1, 2): 1}"),
        ({"a", "b"}, None),
        (b"a", None),
    ],
)
def test_a_product_of_what_can_be_no_argument_is_refused(root, value, shown):
    (root / "architectures" / "base.py").write_text("def build(i, n, any=None):\n    return 1\n")
    vary = {"product": {"any": [1, value]}, "name": "{any}"}
    line = refusal(root, {"base": BASE | {"vary": [vary]}})
    place, said = line.split(" is of the wrong type; ")
    assert place.startswith(f"{root / 'config.yaml'}: models.base.vary.0.product.any.1: ")
    assert place.endswith(f": {shown}" if shown else "")
    assert said.startswith("expected a number, a text, a truth value or a list of these: change it")


@pytest.mark.parametrize("value", [None, [[1, 2], [3]], {"rate": 0.5}, "1.5", True])
def test_a_product_of_what_a_run_can_be_told_by_is_let_pass(root, value):
    (root / "architectures" / "base.py").write_text("def build(i, n, any=None):\n    return 1\n")
    vary = {"product": {"any": [value]}, "name": "A", "key": "a"}
    read(root, {"base": BASE | {"vary": [vary]}})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[16] * 22], "ends in '_16' 20 times or more, which Snakemake refuses; expected"),
        ([10**28], "ends in '0' 20 times or more"),
        ([list(range(100))], "has 302 characters; expected at most 225"),
    ],
)
def test_a_key_that_is_made_and_can_be_no_wildcard_or_file_is_refused(root, values, said):
    vary = {"product": {"filters": values}, "name": "{filters}"}
    line = refusal(root, {"base": BASE | {"vary": [vary]}})
    assert "config.yaml: models.base.vary.0.key: 'base_filters_" in line
    assert said in line
    assert line.endswith(": give another `key`.")
    read(root, {"base": BASE | {"vary": [vary | {"key": "many"}]}})


def test_a_models_own_key_that_can_be_no_wildcard_is_refused(root):
    line = refusal(root, {"a" * 20: BASE | {"architecture": "base"}}, taking_part=["a" * 20])
    assert f"config.yaml: models.{'a' * 20}: 'aaa" in line
    assert line.endswith("call it otherwise, and name its `architecture`.")
    read(root, {"a" * 19: BASE | {"architecture": "base"}}, taking_part=["a" * 19])


def test_keys_are_as_long_as_the_schema_lets_those_be_that_are_given():
    schema = yaml.safe_load((SCHEMAS / "config.schema.yaml").read_text())
    longest = schema["$defs"]["model_key"]["maxLength"]
    for length, faults in ((longest, 0), (longest + 1, 1)):
        key = ("ab" * length)[: length - 1] + "c"
        models = {"base": BASE | {"vary": [BASE | {"key": key}]}}
        assert len(written_out(models, {}).faults) == faults


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"early_stopping": {"patience": 3}}, "early_stopping: needs `data.validation: holdout`"),
        ({"evaluate": "best"}, "evaluate: 'best' needs `data.validation: holdout`, not test"),
        ({"evaluate": "first"}, "evaluate: first (line "),
        ({"early_stopping": {"patience": 0}}, "early_stopping.patience: 0 (line "),
        ({"early_stopping": {}}, "early_stopping.patience: missing"),
        ({"early_stopping": {"patience": 2, "monitor": "loss"}}, "early_stopping.monitor: loss"),
        ({"early_stopping": {"patience": 2, "restore_best": True}}, "early_stopping.restore_best"),
    ],
)
def test_an_epoch_that_cannot_be_chosen_so_is_refused(root, settings, said):
    line = refusal(root, {"base": BASE | {"training": settings}})
    assert said in line
    assert "models.base.training." in line


def test_early_stopping_has_keras_defaults_and_can_be_left_out(root):
    study = {"optimizer": {"name": "SGD"}, "early_stopping": {"patience": 3}}
    own = {"whole": None, "soft": {"patience": 2, "min_delta": 0.1}}
    models = {"base": BASE} | {
        key: {"name": key, "description": "x", "architecture": "base"}
        | {"training": {"early_stopping": value}}
        for key, value in own.items()
    }
    config = read(root, models, training=study, validation="holdout")
    found = {key: training_settings(config, key)["early_stopping"] for key in models}
    defaults = {"min_delta": 0, "monitor": "val_loss"}
    assert found == {
        "base": defaults | {"patience": 3},
        "whole": None,
        "soft": {"patience": 2, "min_delta": 0.1, "monitor": "val_loss"},
    }


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"name": "linear"}, "schedule.name: linear (line "),
        ({"name": "step"}, "schedule.every: missing; expected a value with `name: step`"),
        ({"name": "cosine", "every": 2}, "every: 2 has no effect with `name: cosine`; expected of"),
        ({"name": "cosine", "warmup": 3}, "warmup: 3 epochs; expected fewer than the 3 of the run"),
        ({"name": "exponential", "factor": 0}, "schedule.factor: 0 (line "),
    ],
)
def test_a_schedule_that_cannot_be_is_refused(root, schedule, said):
    line = refusal(root, {"base": BASE | {"training": {"schedule": schedule}}})
    assert said in line
    assert "models.base.training.schedule" in line


def test_a_schedule_that_changes_nothing_is_none(root):
    for schedule in ({"name": "constant"}, {"name": "constant", "warmup": 0}, None):
        config = read(root, {"base": BASE | {"training": {"schedule": schedule}}})
        assert training_settings(config, "base")["schedule"] is None
    schedule = {"name": "cosine", "final": None}
    config = read(root, {"base": BASE | {"training": {"schedule": schedule}}})
    assert training_settings(config, "base")["schedule"] == {"name": "cosine"}


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"augmentation": {"shift": 1.5}}, "augmentation.shift: 1.5 (line "),
        ({"augmentation": {"shift": "wide"}}, "is of the wrong type; expected a number"),
        ({"augmentation": {"shfit": 0.1}}, "unknown key; expected one of contrast, cutout"),
        ({"augmentation": {"rotation": 18}}, "is out of range; expected at most 0.5"),
        ({"augmentation": {"flip": True}}, "is not known; expected one of horizontal, vertical"),
        ({"augmentation": ["shift"]}, "is of the wrong type; expected keys with values"),
        (
            {"augmentation": {"mixup": 0.2}, "class_weight": "balanced"},
            "augmentation.mixup: 0.2 mixes images of two classes",
        ),
    ],
)
def test_augmentation_that_cannot_be_is_refused(root, training, said):
    line = refusal(root, {"base": BASE | {"training": training}})
    assert said in line
    assert "models.base.training.augmentation" in line
    assert len(line.splitlines()) == 1


def test_augmentation_without_effect_is_none(root):
    for given in (None, {}, {"shift": 0, "flip": None, "mixup": 0.0}):
        config = read(root, {"base": BASE | {"training": {"augmentation": given}}})
        assert training_settings(config, "base")["augmentation"] is None
    given = {"shift": 0.1, "rotation": None, "zoom": 0}
    config = read(root, {"base": BASE | {"training": {"augmentation": given}}})
    assert training_settings(config, "base")["augmentation"] == {"shift": 0.1}


def test_a_models_augmentation_replaces_the_studys_whole(root):
    training = {"optimizer": {"name": "SGD"}, "augmentation": {"shift": 0.1, "flip": "horizontal"}}
    without = {"key": "none", "name": "N", "description": "n", "training": {"augmentation": None}}
    more = {"product": {"training.augmentation.shift": [0, 0.2]}, "name": "shift {shift}"}
    entry = BASE | {"vary": [without, more | {"training": {"augmentation": {"zoom": 0.1}}}]}
    config = read(root, {"base": entry}, training=training)
    found = {key: training_settings(config, key)["augmentation"] for key in config["models"]}
    assert found == {
        "base": {"shift": 0.1, "flip": "horizontal"},
        "none": None,
        "base_shift_0": {"zoom": 0.1},
        "base_shift_0_2": {"shift": 0.2, "zoom": 0.1},
    }


VARIED_WITH_A_PART = {
    "optimizer": (
        [{"name": "Adam"}, {"name": "SGD", "momentum": 0.9}],
        *("learning_rate", [0.1, 0.001]),
    ),
    "schedule": ([{"name": "cosine"}, {"name": "step", "every": 1}], "warmup", [0.5, 1]),
    "augmentation": ([{"shift": 0.1}, {"flip": "horizontal", "shift": 0.2}], "noise", [0.1, 0.2]),
    "early_stopping": ([{"patience": 2}, {"patience": 3}], "monitor", ["val_loss", "val_accuracy"]),
}


@pytest.mark.parametrize("backwards", [False, True], ids=["whole first", "part first"])
@pytest.mark.parametrize("setting", VARIED_WITH_A_PART)
def test_a_product_of_a_setting_and_a_part_of_it_trains_what_its_names_say(
    root, setting, backwards
):
    wholes, part, values = VARIED_WITH_A_PART[setting]
    lists = {f"training.{setting}": wholes, f"training.{setting}.{part}": values}
    one = {
        "product": dict(reversed(lists.items())) if backwards else lists,
        "key": f"m_{{{setting}}}_{{{part}}}",
        "name": f"{{{setting}}} with {{{part}}}",
    }
    config = read(root, {"base": {"vary": [one]}}, validation="holdout")
    trained = {
        config["models"][model]["name"]: training_settings(config, model)[setting]
        for model in config["study"]["models"]
    }
    assert len(trained) == 4
    for whole in wholes:
        for value in values:
            settings = trained[f"{shown(whole)} with {shown(value)}"]
            assert whole.items() <= settings.items()
            assert settings[part] == value


def test_what_is_written_once_and_used_twice_is_each_models_own(root):
    """Through an anchor of YAML, or a list of a product: a change of one leaves the other."""
    optimizer, kernel = {"name": "SGD", "momentum": 0.9}, [3, 5]
    models = {
        key: {"name": key, "description": "d", "architecture": "base"}
        | {"training": {"optimizer": optimizer}, "arguments": {"kernel": kernel}}
        for key in ("one", "two")
    }
    lists = {"kernel": [kernel, [7]], "training.optimizer": [optimizer], "filters": [1, 2]}
    models["one"]["vary"] = [{"product": lists, "name": "{kernel} {optimizer} {filters}"}]
    config = read(root, models, taking_part=("one", "two"))
    assert "&id" in (root / "config.yaml").read_text()
    entries = list(config["models"].values())
    assert len(entries) == 6
    for part in ("training", "arguments"):
        values = [value for entry in entries for value in entry[part].values()]
        held = [id(value) for value in values if isinstance(value, (list, dict))]
        assert len(set(held)) == len(held) == 6


def test_a_product_over_a_part_of_nothing_starts_from_nothing(root):
    training = {"optimizer": {"name": "SGD"}, "augmentation": {"flip": "horizontal"}}
    more = {"product": {"training.augmentation.shift": [0.2]}, "name": "shift {shift}"}
    entry = BASE | {"training": {"augmentation": None}, "vary": [more]}
    config = read(root, {"base": entry}, training=training)
    assert training_settings(config, "base_shift_0_2")["augmentation"] == {"shift": 0.2}


def write_recipe(root, name, text):
    (root / "recipes").mkdir(exist_ok=True)
    (root / "recipes" / f"{name}.yaml").write_text(text)


def test_a_recipe_lies_under_what_is_given_beside_it(root):
    recipe = "training:\n  optimizer: {name: Adam, learning_rate: 1e-3}\n  label_smoothing: 0.1\n"
    write_recipe(root, "own", recipe)
    soft_variant = {"key": "soft", "name": "S", "description": "s"}
    soft = soft_variant | {"training": {"label_smoothing": 0.2}}
    entry = BASE | {"training": {"recipe": "own"}, "vary": [soft]}
    config = read(root, {"base": entry})
    base, soft = (training_settings(config, key) for key in ("base", "soft"))
    # Not merged with the study's, of another optimizer.
    assert base["optimizer"] == {"name": "Adam", "learning_rate": 0.001}
    assert (base["label_smoothing"], soft["label_smoothing"]) == (0.1, 0.2)
    assert soft["optimizer"] == base["optimizer"]
    assert "recipe" not in base
    entry["vary"] = [
        {"product": {"training.optimizer.learning_rate": [0.01]}, "key": "fast", "name": "F"}
    ]
    config = read(root, {"base": entry})
    fast = training_settings(config, "fast")["optimizer"]
    assert fast == {"name": "Adam", "learning_rate": 0.01}
    # A variant's own recipe goes over all that its model has.
    write_recipe(root, "sgd", "training: {optimizer: {name: SGD}}")
    entry["vary"] = [soft_variant | {"training": {"recipe": "sgd"}}]
    config = read(root, {"base": entry})
    assert training_settings(config, "soft")["optimizer"] == {"name": "SGD"}


def test_a_product_of_recipes_trains_by_each(root):
    write_recipe(root, "adam", "training: {optimizer: {name: Adam, learning_rate: 0.001}}")
    write_recipe(root, "sgd", "training: {optimizer: {name: SGD}, schedule: {name: one_cycle}}")
    lists = {"training.recipe": ["adam", "sgd"], "training.optimizer.learning_rate": [0.1, 0.2]}
    one = {"product": lists, "name": "{recipe}, {learning_rate}"}
    config = read(root, {"base": BASE | {"vary": [one]}})
    settings = {model: training_settings(config, model) for model in config["study"]["models"]}
    named = {
        model: (found["optimizer"]["name"], found["optimizer"]["learning_rate"])
        for model, found in settings.items()
    }
    assert named == {
        "base": ("Adadelta", 1.0),
        "base_recipe_adam_learning_rate_0_1": ("Adam", 0.1),
        "base_recipe_adam_learning_rate_0_2": ("Adam", 0.2),
        "base_recipe_sgd_learning_rate_0_1": ("SGD", 0.1),
        "base_recipe_sgd_learning_rate_0_2": ("SGD", 0.2),
    }
    scheduled = [model for model, found in settings.items() if found.get("schedule")]
    assert scheduled == list(named)[3:]
    assert not any("recipe" in entry["training"] for entry in config["models"].values())
    lists["training.recipe"] = ["adam", "none"]
    said = refusal(root, {"base": BASE | {"vary": [one]}})
    assert "models.base.vary.0.product.training.recipe: 'none' has no file; expected one of" in said
    assert said.count("has no file") == 1


def test_a_studys_optimizer_without_a_name_is_that_of_its_recipe(root):
    write_recipe(root, "own", "training: {optimizer: {name: Adam, learning_rate: 0.01}}")
    training = {"recipe": "own", "optimizer": {"beta_1": 0.8}}
    config = read(root, {"base": BASE}, training=training)
    expected = {"name": "Adam", "learning_rate": 0.01, "beta_1": 0.8}
    assert training_settings(config, "base")["optimizer"] == expected
    other = training | {"optimizer": {"name": "SGD"}}
    config = read(root, {"base": BASE}, training=other)
    assert training_settings(config, "base")["optimizer"] == {"name": "SGD"}


@pytest.mark.parametrize("name", [file.stem for file in RECIPES.glob("*.yaml")])
def test_recipes_of_ours_are_what_they_may_be(root, name):
    write_recipe(root, name, (RECIPES / f"{name}.yaml").read_text())
    config = read(root, {"base": BASE}, training={"recipe": name})
    settings = training_settings(config, "base")
    assert settings["optimizer"]["name"]
    assert ("augmentation" in name) == (settings["augmentation"] is not None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "models.base.training.recipe: 'own' has no file; expected one of "),
        ("data: {}", "models.base.training.recipe: 'own': "),
        ("training: {recipe: other}", "names a recipe itself; expected settings"),
        ("training: {label_smoothing: 2}", "label_smoothing: 2 is out of range; expected less"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(root, text, said):
    if text is not None:
        write_recipe(root, "own", text)
    assert said in refusal(root, {"base": BASE | {"training": {"recipe": "own"}}})


def test_a_study_names_models_that_are_described(root):
    models = {"base": BASE | {"vary": [{"key": "wide", "name": "W", "description": "w"}]}}
    line = refusal(root, models, taking_part=["wied"])
    assert "'wied' is not described" in line
    assert "did you mean wide?" in line


def test_what_is_trained_counts_and_not_what_it_is_called(root):
    (root / "workflow" / "scripts").mkdir(parents=True)
    (root / "workflow" / "scripts" / "train_model.py").write_text("")
    sources = Sources([root])

    def trained(*given):
        return training_identity(sources, contender(*given), 0, {"epochs": 1})

    plain, renamed = trained("base"), trained("other", "base", {})
    assert fingerprint(plain) == fingerprint(renamed)
    assert plain != renamed
    wide = trained("base", "base", {"filters": 64})
    assert fingerprint(wide) != fingerprint(plain)
    assert fingerprint(trained("base", "base", {"kernel": 64})) != fingerprint(wide)
    assert json.loads(json.dumps(wide))["arguments"] == {"filters": 64}
