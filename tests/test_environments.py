"""One set of versions: the lock file, the conda environments and the ranges agree."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from bakeoff.study.sources import Sources

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text()
ENVIRONMENTS = {
    "training": [
        "download_images",
        "prepare_data",
        "describe_model",
        "train_model",
        "write_curves",
    ],
    "reporting": [
        "describe",
        "collect_results",
        "plot_loss_curves",
        "plot_tradeoffs",
        "plot_findings",
        "write_conclusions",
        "write_paper",
        "render_report",
    ],
}
# Where a package is imported under another name than it is installed.
INSTALLED_AS = {
    **{"sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv-python-headless"},
    **{"yaml": "pyyaml", "fontTools": "fonttools"},
}


def locked():
    """Map each locked package to its versions: the lock may fork by Python version."""
    versions = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^\s;]+)", LOCK, flags=re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def pinned(environment):
    file = ROOT / "envs" / f"{environment}.yaml"
    packages = yaml.safe_load(file.read_text())["dependencies"][-1]["pip"]
    return dict(package.split(" ==") for package in packages)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_conda_environments_have_the_locks_versions(environment):
    versions = locked()
    for package, version in pinned(environment).items():
        assert version in versions[package], package


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_conda_environments_hold_what_their_scripts_import(environment):
    scripts = [f"workflow/scripts/{rule}.py" for rule in ENVIRONMENTS[environment]]
    sources = Sources([ROOT]).of(*scripts)
    assert imported_by(ROOT / source for source in sources) <= set(pinned(environment))


def imported_by(files):
    """Return the packages that files import, as they are installed."""
    imported = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(node.module.partition(".")[0])
    needed = imported - set(sys.stdlib_module_names) - {"bakeoff", "architectures"}
    # Whoever chooses another backend than TensorFlow installs it.
    needed -= {"jax", "torch"}
    return {INSTALLED_AS.get(name, name) for name in needed}


def names_of(dependencies):
    return {re.split(r"[\[><=]", line)[0].replace(".", "-") for line in dependencies}


def test_what_is_imported_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = {file.stem for file in (ROOT / "workflow" / "scripts").glob("*.py")}
    imported = imported_by((ROOT / "workflow").rglob("*.py")) - own
    # A study that asks for its curves is refused where there is none.
    assert imported - {"tensorboard"} <= names_of(project["dependencies"])


def test_every_direct_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    direct = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert names_of(direct) <= set(locked())


def test_the_lock_pins_and_hashes_without_index_addresses():
    assert "--hash=sha256:" in LOCK
    assert "://" not in LOCK
    assert "--index-url" not in LOCK
    blocks = re.findall(r"^[a-z].*?(?=^[a-z]|\Z)", LOCK, flags=re.MULTILINE | re.DOTALL)
    assert all("--hash=sha256:" in block for block in blocks)
