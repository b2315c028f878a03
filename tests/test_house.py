"""How the code is kept: what no linter says."""

import ast
import re
import subprocess
from pathlib import Path

WORKFLOW = Path(__file__).parents[1] / "workflow"
LONGEST = 50


def test_no_function_is_longer_than_a_screen():
    lengths = {
        f"{file.relative_to(WORKFLOW)}: {node.name}": node.end_lineno - node.lineno + 1
        for file in WORKFLOW.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert len(lengths) > 500
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def public_functions(body, within=""):
    """Yield the name and node of each public function and method."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node.body, f"{within}{node.name}.")
        elif isinstance(node, ast.FunctionDef) and is_public(node.name):
            yield within + node.name, node


def is_public(name):
    return not name.startswith("_") or name == "__init__"


def is_annotated(function):
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    named = [one for one in named if one and one.arg not in ("self", "cls")]
    returns = function.returns or function.name == "__init__"
    return bool(returns) and all(one.annotation for one in named)


def test_public_functions_are_annotated():
    scripts = WORKFLOW / "scripts" / "bakeoff"
    bare = [
        f"{file.relative_to(scripts)}: {name}"
        for file in scripts.rglob("*.py")
        for name, function in public_functions(ast.parse(file.read_text(encoding="utf-8")).body)
        if not is_annotated(function)
    ]
    assert bare == []


def imports_of(file):
    """Yield the rooms, and modules beside them, that a file imports, at whatever place."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "bakeoff":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("bakeoff."):
            yield node.module.split(".")[1]


def test_each_room_imports_from_those_above_it_alone():
    """In the order in which CONTRIBUTING.md has them."""
    told = (WORKFLOW.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `(\w+)` \| ", told.partition("| room |")[2], re.MULTILINE)
    scripts = WORKFLOW / "scripts" / "bakeoff"
    assert sorted(rooms) == sorted(path.parent.name for path in scripts.glob("*/__init__.py"))
    below = {
        f"{file.relative_to(scripts)}: {imported}"
        for place, room in enumerate(rooms)
        for file in (scripts / room).rglob("*.py")
        for imported in imports_of(file)
        if imported in rooms[place + 1 :]
    }
    assert below == set()


def test_no_file_holds_a_merge_that_is_not_resolved():
    found = subprocess.run(
        ["git", "grep", "-nE", "^(<{7}|>{7}) "], cwd=WORKFLOW.parent, capture_output=True, text=True
    )
    assert found.stdout == ""
    assert found.returncode == 1, found.stderr
