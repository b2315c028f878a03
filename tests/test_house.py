"""How the code is kept: what no linter says."""

import ast
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
