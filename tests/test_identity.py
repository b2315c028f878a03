"""What a run depends on is found without running it, and is no more than what decides it."""

from pathlib import Path

import pytest
import yaml

from bakeoff.study import identity, readers
from bakeoff.study.config import read_config
from bakeoff.study.identity import (
    NEUTRAL,
    all_settings,
    contender,
    description_identity,
    fingerprint,
    training_identity,
)
from bakeoff.study.origins import read_origin
from bakeoff.study.settings import training_settings
from bakeoff.study.sources import Sources

SETTINGS = {"epochs": 3, "optimizer": {"name": "Adadelta", "rho": 0.95, "learning_rate": 1.0}}


@pytest.fixture
def root(tmp_path):
    files = {
        "architectures/small.py": "from architectures.blocks import conv\n",
        "architectures/other.py": "import keras\n",
        "architectures/nested.py": "def build(s, n):\n    from architectures import own\n",
        "architectures/own.py": "from .deep import layer\n",
        "architectures/deep.py": "layer = 1\n",
        "architectures/blocks.py": "import numpy\n",
        "workflow/scripts/train_model.py": "from bakeoff.training.loop import run\n",
        "workflow/scripts/describe_model.py": (
            "from bakeoff.training import loop\ndef f():\n    import bakeoff.describe.layers\n"
        ),
        "workflow/scripts/bakeoff/__init__.py": "",
        "workflow/scripts/bakeoff/joblog.py": "say = print\n",
        "workflow/scripts/bakeoff/training/__init__.py": "",
        "workflow/scripts/bakeoff/training/loop.py": (
            "from bakeoff import joblog\nfrom bakeoff.data import images\n"
        ),
        "workflow/scripts/bakeoff/training/unused.py": "",
        "workflow/scripts/bakeoff/data/images.py": "data = 1\n",
        "workflow/scripts/bakeoff/describe/layers.py": "",
        "workflow/scripts/bakeoff/findings/__init__.py": "raise SystemExit\n",
        "workflow/report/report.html.j2": "{{ import }}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def architectures(root, model):
    sources = training_identity(Sources([root]), contender(model), 0, SETTINGS)["sources"]
    return {name for name in sources if name.startswith("architectures/")}


def test_sources_are_the_file_and_what_it_imports(root):
    assert architectures(root, "small") == {"architectures/small.py", "architectures/blocks.py"}
    assert architectures(root, "other") == {"architectures/other.py"}


def test_imports_inside_functions_and_relative_ones_count(root):
    assert architectures(root, "nested") == {
        "architectures/nested.py",
        "architectures/own.py",
        "architectures/deep.py",
    }


@pytest.mark.parametrize(
    "statement",
    [
        "if a:\n    pass\nelse:\n    {}",
        "try:\n    {}\nexcept E:\n    pass",
        "try:\n    pass\nexcept E:\n    {}",
        "try:\n    pass\nfinally:\n    {}",
        "while a:\n    {}",
        "for a in b:\n    pass\nelse:\n    {}",
        "with a:\n    {}",
        "class A:\n    async def f(self):\n        {}",
        "match a:\n    case 1:\n        {}",
    ],
)
def test_imports_inside_any_statement_count(root, statement):
    file = root / "architectures" / "inside.py"
    file.write_text(statement.format("import architectures.deep"))
    assert "architectures/deep.py" in architectures(root, "inside")


def write(root, **files):
    """Write files, named by their path among the architectures with two underscores for slashes."""
    for name, text in files.items():
        file = root / "architectures" / f"{name.replace('__', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.mark.parametrize(
    "statement", ["from architectures.parts import *", "from .parts import *"], ids=["name", "dots"]
)
def test_all_that_a_star_may_import_of_a_package_counts(root, statement):
    """Its `__all__` is not read, which may be computed: all modules in it are."""
    write(root, starred=f"{statement}\n", parts__stem="from . import base\n", parts__base="")
    write(root, parts__deep__m="")
    names = {"architectures/starred.py"}
    # Without one, Python takes no module for a star.
    assert architectures(root, "starred") == names
    (root / "architectures/parts/__init__.py").write_text('__all__ = ["stem", "deep"]\n')
    (root / "architectures/parts/deep/__init__.py").write_text("")
    inside = ("__init__", "stem", "base", "deep/__init__")
    assert architectures(root, "starred") == names | {
        f"architectures/parts/{name}.py" for name in inside
    }


def test_a_star_of_a_module_is_that_module(root):
    write(root, starred="from architectures.own import *\n")
    expected = {f"architectures/{name}.py" for name in ("starred", "own", "deep")}
    assert architectures(root, "starred") == expected


def test_what_runs_as_the_folder_of_architectures_is_imported_counts(root):
    """Each architecture is imported from that package, whether or not it imports of it itself."""
    assert architectures(root, "other") == {"architectures/other.py"}
    (root / "architectures/__init__.py").write_text("from . import deep\n")
    expected = {f"architectures/{name}.py" for name in ("other", "__init__", "deep")}
    assert architectures(root, "other") == expected


OF_TRAINING = {
    "architectures/small.py",
    "architectures/blocks.py",
    "workflow/scripts/bakeoff/training/__init__.py",
    "workflow/scripts/bakeoff/training/loop.py",
    "workflow/scripts/bakeoff/data/images.py",
}


def test_a_run_depends_on_what_training_imports_from_the_rooms_of_numbers(root):
    sources = training_identity(Sources([root]), contender("small"), 0, SETTINGS)["sources"]
    assert set(sources) == OF_TRAINING | {"workflow/scripts/train_model.py"}


def test_a_description_depends_on_what_describes_too(root):
    identity = description_identity(
        Sources([root]), contender("small"), SETTINGS | {"batch_size": 8}
    )
    assert set(identity["sources"]) == OF_TRAINING | {
        "workflow/scripts/describe_model.py",
        "workflow/scripts/bakeoff/describe/layers.py",
    }
    assert identity["settings"] == {"optimizer": SETTINGS["optimizer"]}
    assert "seed" not in identity


def test_settings_that_change_nothing_are_in_no_identity(root):
    sources = Sources([root])
    plain = training_identity(sources, contender("small"), 0, SETTINGS)
    assert training_identity(sources, contender("small"), 0, SETTINGS | NEUTRAL) == plain
    assert all_settings(plain) == SETTINGS | NEUTRAL
    used = training_identity(sources, contender("small"), 0, SETTINGS | {"deterministic": True})
    assert fingerprint(used) != fingerprint(plain)
    assert all_settings(used)["deterministic"] is True
    assert description_identity(
        sources, contender("small"), SETTINGS | NEUTRAL
    ) == description_identity(sources, contender("small"), SETTINGS)


def test_neutral_settings_are_the_defaults_of_the_config():
    root = Path(__file__).parents[1]
    config = yaml.safe_load((root / "config" / "config.yaml").read_text())
    config = read_config(config, [root / "config" / "config.yaml"], [root])
    settings = training_settings(config, "model_01")
    assert {key: settings[key] for key in NEUTRAL} == NEUTRAL


def test_runs_of_a_model_are_compared_by_the_sources_of_their_identity():
    told = (f"{identity.ARCHITECTURES}/", *identity._ROOMS, identity._SCRIPT)
    assert sorted(readers._TRAINED_BY) == sorted(told)


@pytest.mark.parametrize(
    ("text", "made_of"),
    [
        ('{"identity": "a", "dataset": {"checksum": "b"}}', ("a", "b")),
        ('{"identity": "a"}', ("a", None)),
        ('{"fingerprint": "a"}', ("a", None)),
        ("{}", (None, None)),
        ("", None),
        ("[]", None),
        ('{"identity": "a"', None),
    ],
)
def test_cards_and_descriptions_say_what_they_were_made_of(tmp_path, text, made_of):
    card = tmp_path / "card.json"
    assert read_origin(card) is None
    card.write_text(text)
    assert read_origin(card) == made_of


def test_a_template_counts_by_its_content(root):
    template = "workflow/report/report.html.j2"
    assert list(Sources([root]).of(template)) == [template]


def test_training_does_not_import_reporting_code():
    """In this repository: editing tables, plots or words retrains nothing."""
    sources = training_identity(
        Sources([Path(__file__).parents[1]]), contender("model_01"), 0, SETTINGS
    )["sources"]
    rooms = {Path(name).parts[3] for name in sources if "/bakeoff/" in name}
    assert rooms <= {"data", "training"}
    everything = Sources([Path(__file__).parents[1]]).of("workflow/scripts/train_model.py")
    assert not [name for name in everything if "/describe/" in name]
    assert "workflow/scripts/bakeoff/training/checkpoints.py" in sources
    assert "architectures/blocks.py" in sources
