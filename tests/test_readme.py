"""What the README shows is what the repository does."""

import ast
import re
import shlex
import tomllib
from itertools import pairwise

import pytest
import yaml
from snakemake.cli import get_argument_parser
from snakemake.utils import update_config

from bakeoff.study.config import read_config
from projects import ROOT, copy_workflow

pytestmark = pytest.mark.workflow

README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
CONFIGURING = (ROOT / "config" / "README.md").read_text()


def block(language, containing, page=README):
    """Return the page's code block in ``language`` that contains a text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    (found,) = (text for text in blocks if containing in text)
    return found


def test_the_example_of_a_new_model_is_planned_and_builds(tmp_path):
    project = copy_workflow(tmp_path / "study")
    demo = re.search(r"^demo: env\n\t\$\(BIN\)/snakemake (.*)", MAKEFILE, re.MULTILINE)[1].split()
    before = project.planned(*demo)
    assert "model_01/0" in before
    project.path("architectures/small.py").write_text(block("python", "def build"))
    config = project.read_config()
    config["models"] |= yaml.safe_load(block("yaml", "small:"))["models"]
    config["study"]["models"].append("small")
    project.write_config(config)
    assert "`make demo` again trains it alone" in README
    assert project.planned(*demo) - before == {"small", "small/0"}

    # As the conformance tests do with the repository's own.
    namespace = {}
    exec(block("python", "def build"), namespace)
    model = namespace["build"]((28, 28, 1), 10)
    assert model.output_shape == (None, 10)


EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", CONFIGURING, flags=re.MULTILINE | re.DOTALL)
# A checksum.
CUT_SHORT = "0f2c…"
IN_WORDS = re.findall(
    r"`(architecture: .*?)` and\s`(arguments: .*?)`",
    (ROOT / "docs" / "architectures.md").read_text(),
)
EXAMPLES += [
    f"models: {{example: {{{architecture}, {arguments}, name: A, description: b}}}}"
    for architecture, arguments in IN_WORDS
]


@pytest.mark.parametrize("example", [text for text in EXAMPLES if CUT_SHORT not in text])
def test_an_example_of_the_config_is_accepted_in_a_clone(tmp_path, example):
    overlay = tmp_path / "example.yaml"
    overlay.write_text(example)
    files = [ROOT / "config" / "config.yaml", overlay]
    laid = {}
    for file in files:
        update_config(laid, yaml.safe_load(file.read_text()))
    asked = yaml.safe_load(example)
    if models := asked.get("models"):
        laid["study"]["models"] = list(models)
    config = read_config(laid, files, [ROOT])
    assert set(config["study"]["models"]) >= {key for key in models or () if "name" in models[key]}
    if "product" in example:
        assert len(config["study"]["models"]) == 6


def test_every_example_was_looked_at():
    assert len(IN_WORDS) == 1
    assert len([text for text in EXAMPLES if CUT_SHORT in text]) == 1


def keys_and_choices(schema):
    """Yield each key that a schema knows, and each text that a value may be one of."""
    parts = list(schema.values()) if isinstance(schema, dict) else schema
    if isinstance(schema, dict):
        # What stands under `properties` is called as a study's keys are, not a schema's.
        yield from schema.get("properties", {})
        yield from (choice for choice in schema.get("enum", ()) if isinstance(choice, str))
        parts = [part for key, part in schema.items() if key not in ("properties", "enum")]
        parts += schema.get("properties", {}).values()
    for part in parts:
        if isinstance(part, (dict, list)):
            yield from keys_and_choices(part)


def test_every_setting_is_named_where_all_are_promised():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    code = " ".join(re.findall(r"```.*?```|`[^`]+`", CONFIGURING, re.DOTALL))
    known = set(keys_and_choices(schema))
    assert {"pathvars", "batch_size", "beta_2", "cutout", "looks", "Muon", "label"} <= known
    assert sorted(known - set(re.findall(r"\w+", code))) == []


def test_the_rule_graph_is_that_of_the_workflow(tmp_path):
    project = copy_workflow(tmp_path / "study")
    drawn = set()
    page = (ROOT / "docs" / "workflow.md").read_text()
    for line in block("mermaid", "flowchart", page).splitlines()[1:]:
        rules = re.findall(r"\w+", line)
        drawn |= set(pairwise(rules))
    graph = project.snakemake("--rulegraph", "mermaid-js").stdout
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", graph))
    edges = re.findall(r"(id\d+) --> (id\d+)", graph)
    edges = {(names[a], names[b]) for a, b in edges}
    assert drawn == {(a, b) for a, b in edges if b != "all"}


def test_the_gpu_command_names_the_locks_version():
    version = re.search(r"^tensorflow==(\S+)", (ROOT / "requirements.lock").read_text(), re.M)[1]
    for text in (README, (ROOT / "docs" / "slurm.md").read_text()):
        assert f'"tensorflow[and-cuda]=={version}"' in text


PAGES = [
    file.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "docs/*/*.md", "docs/examples/*/*.md", "config/*.md")
    for file in sorted(ROOT.glob(pattern))
]


@pytest.mark.parametrize("name", PAGES)
def test_every_command_and_file_that_is_named_exists(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    for path, _, place in re.findall(r"\]\(([\w./-]*)(#([\w-]+))?\)", text):
        file = (ROOT / name).parent / path if path else ROOT / name
        assert file.exists(), path
        if place:
            headings = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", heading).lower() for heading in headings]
            assert place in [anchor.replace(" ", "-") for anchor in anchors], place
    named = re.findall(r"`((?:[\w-]+/)+[\w-]+\.\w+)`", text)
    for path in named if name == "CONTRIBUTING.md" else ():
        places = (ROOT, ROOT / "workflow/scripts/bakeoff")
        assert any((place / path).exists() for place in places), path
    targets = re.findall(r"^([\w -]+):", MAKEFILE, re.MULTILINE)
    targets = " ".join(targets).split()
    for target in re.findall(r"(?<![a-z])make (?:-C \S+ )?([\w-]+)", text):
        assert target in targets, target


# A study's conclusions, which this would look through in each example, are made of the scripts.
TOLD = [
    *(name for name in PAGES if not name.endswith("conclusions.md")),
    *("Makefile", "tests/golden/conclusions.md"),
    *(
        file.relative_to(ROOT).as_posix()
        for pattern in (
            *("config/**/*.yaml", "profiles/*/*.yaml", "slurm/*.yaml", "template/**/*.*"),
            *("workflow/rules/*.smk", "workflow/scripts/**/*.py", "benchmarks/**/*.md"),
        )
        for file in sorted(ROOT.glob(pattern))
    ),
]
RULES = {
    name
    for file in (ROOT / "workflow" / "rules").glob("*.smk")
    for name in re.findall(r"^ *(?:use )?rule .*?(\w+)(?: with)?:", file.read_text(), re.MULTILINE)
}


def commands_in(name):
    """Return the arguments of each `snakemake` that a file tells its readers to type."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".py"):
        parts = ast.walk(ast.parse(text))
        texts = [part.value for part in parts if isinstance(part, ast.Constant)]
        text = "\n".join(text for text in texts if isinstance(text, str))
    text = text.replace("\\\n", " ")
    alone = r"^[#$\s]*(?:exec |\S*/|[A-Z_]+=\S+ )?snakemake +([^`\n]*)$"
    within = r"`(?:[A-Z_]+=\S+ )?snakemake +([^`]+)`|: snakemake (-[^`.\n]*)"
    found = [*re.findall(alone, text, re.MULTILINE), *map("".join, re.findall(within, text))]
    return [shlex.split(re.sub(r"\n[ #]*", " ", arguments)) for arguments in found]


def test_snakemake_reads_every_command_as_it_is_meant():
    """An option that takes several words takes a target that follows it as one of them."""
    read = {name: commands_in(name) for name in TOLD}
    for name, commands in read.items():
        for words in commands:
            options, unknown = get_argument_parser().parse_known_args(words)
            assert unknown == [], (name, words)
            meant = [word for word in words if word in RULES or word.startswith("results/")]
            asked = [*(options.targets or ()), *(options.until or ())]
            assert sorted(asked) == sorted(meant), (name, words)
            assert all("=" in pair for pair in options.config or ()), (name, words)
            assert len([word for word in words if word.startswith("--configfile")]) <= 1, name
            assert all(file.suffix == ".yaml" for file in options.configfile or ()), (name, words)
    asked = {word for commands in read.values() for words in commands for word in words}
    assert asked >= {"plan_study", "measure_latency", "describe", "list_checkpoints"}
    # Each way to tell one: in a line, a block, a comment, a docstring and a text of the console.
    for name in ("README.md", "docs/tutorial.md", "config/quick.yaml", "workflow/rules/train.smk"):
        assert read[name], name
    assert read["workflow/scripts/bakeoff/study/scaffold.py"] == [["--cores", "4"]]


def test_each_commit_is_checked_as_make_lint_does():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    lint = re.search(r"^lint: env\n((?:\t.*\n)+)", MAKEFILE, re.M)[1]
    checked = [" ".join(line.split()[:2]).replace("$(BIN)/", "") for line in lint.splitlines()]
    named = " ".join(hook["entry"] for hook in hooks).replace("python -m ", "")
    # Snakemake's own lint plans the workflow, which is too slow for each commit.
    assert [command for command in checked if command.split()[0] not in named] == [
        "snakemake --lint"
    ]


def test_what_is_to_be_cited_has_the_packages_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
