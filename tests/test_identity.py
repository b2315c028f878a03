"""What a training depends on is found without running it, and told by content."""

from pathlib import Path

import pytest

from bakeoff.study.identity import source_checksums, training_identity

pytestmark = pytest.mark.workflow

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
        "workflow/scripts/train_model.py": "from bakeoff.loop import run\nimport bakeoff.data\n",
        "workflow/scripts/bakeoff/__init__.py": "",
        "workflow/scripts/bakeoff/loop.py": "run = 1\n",
        "workflow/scripts/bakeoff/data.py": "data = 1\n",
        "workflow/scripts/bakeoff/findings/__init__.py": "raise SystemExit\n",
        "workflow/report/report.html.j2": "{{ import }}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def architectures(root, model):
    sources = training_identity(root, model, 0, SETTINGS)["sources"]
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


def test_training_code_counts_and_reporting_code_does_not(root):
    sources = training_identity(root, "small", 0, SETTINGS)["sources"]
    code = {name for name in sources if name.startswith("workflow/")}
    assert code == {
        "workflow/scripts/train_model.py",
        "workflow/scripts/bakeoff/__init__.py",
        "workflow/scripts/bakeoff/loop.py",
        "workflow/scripts/bakeoff/data.py",
    }


def test_a_template_counts_by_its_content(root):
    template = "workflow/report/report.html.j2"
    assert list(source_checksums(root, template)) == [template]


def test_training_does_not_import_reporting_code():
    """In this repository: editing tables, plots or words retrains nothing."""
    sources = training_identity(Path(__file__).parents[1], "model_01", 0, SETTINGS)["sources"]
    rooms = {
        Path(name).parts[3] for name in sources if name.startswith("workflow/scripts/bakeoff/")
    }
    assert rooms == {
        "__init__.py",
        "data",
        "describe",
        "errors.py",
        "files.py",
        "joblog.py",
        "study",
        "training",
    }
    assert "workflow/scripts/bakeoff/training/checkpoints.py" in sources
    assert "architectures/blocks.py" in sources
