"""The reference of MkDocs's site: made from schemas, docstrings and rules."""

import ast
import json
import re
import sys
import zipfile
from pathlib import Path

import yaml
from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from bakeoff.study.faults import LIMITS, TYPES  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
HISTORY = zipfile.Path(REFERENCE / "runs.zip", "models/model_01/seed_0/history.csv")
# Whose docstrings' last paragraphs say what is in a table.
COLUMNS = {
    "runs.csv": {"analysis/summary.py": "_run", "analysis/last_epochs.py": "history_figures"},
    "summary.csv": {"analysis/summary.py": "table_of_models"},
    "history.csv": {"study/readers.py": "read_history"},
}


def on_files(files, config):
    """Add the reference's pages."""
    pages = {"config_keys.md": config_keys(), "numbers.md": numbers(), "rules.md": rules()}
    for target, text in pages.items():
        files.append(File.generated(config, target, content=text))


def config_keys():
    """Return the page of the config's keys, from their schema."""
    schema = yaml.safe_load(read("workflow/schemas/config.schema.yaml"))
    page = f"# Every key of the config\n\n{schema['description']}\n"
    for section, spec in schema["properties"].items():
        spec = resolved(schema["$defs"].get(reference(spec), {}) | spec, schema["$defs"])
        page += f"\n## {section}\n\n{spec['description']}\n" + "".join(keys_of(spec, section))
    return page


def resolved(node, defs):
    """Return a part of a schema with what it refers to, but for the keys of training."""
    if isinstance(node, list):
        return [resolved(one, defs) for one in node]
    if not isinstance(node, dict):
        return node
    if reference(node) not in ("", "training"):
        node = defs[reference(node)] | node | {"$ref": ""}
    return {key: resolved(value, defs) for key, value in node.items()}


def keys_of(spec, path):
    """Yield what is said of each key below ``path``."""
    for name, below in (("additionalProperties", f"{path}.<key>"), ("items", f"{path}[]")):
        yield from keys_of(spec[name], below) if spec.get(name) else ()
    for name, value in spec.get("properties", {}).items():
        facts = [f"{words} {value[limit]}" for limit, words in LIMITS.items() if limit in value]
        facts += ["needed"] if name in spec.get("required", ()) else []
        facts += [f"default `{json.dumps(value['default'])}`"] if "default" in value else []
        facts = " · ".join([kind(value), *facts])
        yield f"\n#### `{path}.{name}`\n\n*{facts}*\n\n{value.get('description', '')}\n"
        yield from keys_of(value, f"{path}.{name}")


def numbers():
    """Return the page of the tables' columns and of all numbers in analysis.json."""
    page = "# Columns and numbers\n\nWhich file is what: [what comes out](results.md).\n"
    for file, sources in COLUMNS.items():
        table = REFERENCE / file if (REFERENCE / file).exists() else HISTORY
        columns = table.read_text(encoding="utf-8").split("\n")[0]
        page += f"\n## {file}\n\n`{columns.replace(',', '`, `')}`\n"
        for module, name in sources.items():
            body = ast.parse(read(f"workflow/scripts/bakeoff/{module}")).body
            (function,) = (node for node in body if getattr(node, "name", "") == name)
            page += "\n" + prose(ast.get_docstring(function).split("\n\n")[-1])
    schema = json.loads(read("workflow/schemas/analysis.schema.json"))
    for name, spec in {"analysis.json": schema, **dict(sorted(schema["$defs"].items()))}.items():
        page += f"\n##{'#' * (spec is not schema)} {name}\n\n{prose(spec.get('description', ''))}\n"
        fields = spec.get("properties", {}).items()
        page += "".join(f"- `{field}`: {kind(value)}\n" for field, value in fields)
    return page


def rules():
    """Return the page of the workflow's rules, from their docstrings."""
    page = "# Rules\n\nHow they hang together: [the workflow](workflow.md).\n"
    for file in ("Snakefile", "data", "train", "looks", "report", "share"):
        text = read(f"workflow/{file}" if file == "Snakefile" else f"workflow/rules/{file}.smk")
        page += f"\n## {file}\n\n{text.split(chr(34) * 3)[1]}\n\n"
        for name, told in re.findall(r'^ *rule (\w+):\n\s+"""(.*?)"""', text, re.M | re.S):
            page += f"- `{name}`: {' '.join(told.split())}\n"
    return page


def read(file):
    return (ROOT / file).read_text(encoding="utf-8")


def reference(spec):
    return spec.get("$ref", "").removeprefix("#/$defs/")


def kind(spec):
    """Return what a schema allows, in words."""
    if reference(spec):
        return f"[{reference(spec)}](#{reference(spec).lower()})"
    if "enum" in spec:
        return " or ".join(f"`{json.dumps(one)}`" for one in spec["enum"])
    if "pattern" in spec:
        return spec.get("title") or spec["$comment"]
    if "anyOf" in spec:
        return " or ".join(map(kind, spec["anyOf"]))
    types = spec.get("type", [])
    words = " or ".join(TYPES[one] for one in ([types] if isinstance(types, str) else types))
    each = spec.get("items") or spec.get("additionalProperties")
    return f"{words}, each {kind(each)}" if each and "properties" not in each else words


def prose(docstring):
    """Return a docstring as Markdown."""
    return re.sub(r":\w+:`(?:\w+\.)*(\w+)`", r"`\1`", docstring).replace("``", "`") + "\n"
