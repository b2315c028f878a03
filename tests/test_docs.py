"""The documentation's site, and the tutorial that it begins with."""

import re
import shlex
import subprocess
import sys
from itertools import combinations

import pytest
import yaml

from browser import Visit, launched
from image_files import class_folders
from projects import ROOT, copy_workflow

pytestmark = pytest.mark.workflow

WORKFLOW = (ROOT / "docs" / "workflow.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8").replace("\\\n", "")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built."""
    folder = tmp_path_factory.mktemp("docs") / "site"
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    run = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return folder


def test_the_site_names_every_key_and_rule(site):
    pages = {
        page.name: re.sub(r"<script.*?</script>", "", page.read_text("utf-8"), flags=re.DOTALL)
        for page in site.glob("*.html")
    }

    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    sections = schema["properties"] | {"training": schema["$defs"]["training"]}
    keys = [
        f"{section}.{key}"
        for section, spec in sections.items()
        for key in spec.get("properties", ())
    ]
    keys += ["training.optimizer.beta_1", "study.seeds.budget", "models.&lt;key&gt;.vary[].product"]
    assert [key for key in keys if f"<code>{key}</code>" not in pages["config_keys.html"]] == []
    rules = [
        name
        for file in (ROOT / "workflow" / "rules").glob("*.smk")
        for name in re.findall(r"^ *rule (\w+):", file.read_text("utf-8"), re.MULTILINE)
    ]
    assert [name for name in rules if f"<code>{name}</code>" not in pages["rules.html"]] == []
    tables = ("history.csv", "runs.csv", "summary.csv", "analysis.json")
    assert [name for name in tables if f">{name}<" not in pages["numbers.html"]] == []

    # The pages of finished studies come along; what running an example leaves does not.
    assert (site / "reference/report.html").exists()
    assert list(site.glob("examples/*/results")) == []
    # Nothing comes from another address, and files that are not of the site are not linked to.
    for name, page in pages.items():
        assert re.findall(r'<(?:script|img|link)[^>]*(?:src|href)="(?:https?:)?//', page) == [], (
            name
        )
    assert "provided.txt" in pages["borrowed_gpu.html"]
    assert 'provided.txt"' not in pages["borrowed_gpu.html"]
    assert 'href="configuring.html#seeds-where-they-decide"' in pages["tutorial.html"]


def test_the_sites_pages_ask_no_other_machine_and_show_their_diagrams(site):
    with launched() as browser:
        for file in site.glob("*.html"):
            with Visit(browser, file) as visit:
                visit.page.wait_for_load_state("networkidle")
                assert visit.requests == [], file.name
                assert "flowchart" not in visit.page.locator("main").inner_text(), file.name
        with Visit(browser, site / "workflow.html", width=390) as visit:
            drawing = visit.page.get_by_role("img", name="train_model leads to collect_results")
            names = drawing.locator("text").all_text_contents()
            boxes = [box.bounding_box() for box in drawing.locator("rect").all()]
    chart = re.search(r"^```mermaid\n(.*?)^```", WORKFLOW, re.DOTALL | re.MULTILINE)[1]
    assert sorted(names) == sorted(set(re.findall(r"\w+_\w+", chart)))
    # No box lies on another, or beside the screen.
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    for box, other in combinations(boxes, 2):
        beside = abs(box["x"] - other["x"]) >= box["width"]
        assert beside or abs(box["y"] - other["y"]) >= box["height"]


def test_the_tutorials_commands_plan_what_it_says(tmp_path):
    project = copy_workflow(tmp_path / "clone")
    class_folders(project.path("leaves"), {"oak": 10, "birch": 10}, (70, 64))
    for file in re.findall(r"as `([\w./]+)`", TUTORIAL):
        text = TUTORIAL[TUTORIAL.index(f"as `{file}`") :]
        project.path(file).write_text(re.search(r"```\w+\n(.*?)```", text, re.DOTALL)[1])
    planned = [
        project.planned(*shlex.split(arguments))
        for arguments in re.findall(r"^\$ snakemake (.*)", TUTORIAL, re.MULTILINE)
    ]
    demo = ("model_01", "model_03", "model_08", "tutorial")
    assert [sorted(part for part in plan if "/" in part) for plan in planned] == [
        [f"{model}/0" for model in demo],
        [f"{model}/{seed}" for model in demo for seed in (0, 1, 2)],
        [],
        [],
        [f"{model}/{seed}" for model in ("model_01", "model_03", "tutorial") for seed in (0, 1, 2)],
    ]
    assert "describe" in planned[2]
    assert "plan_study" in planned[3]

    namespace = {}
    exec(project.path("architectures/tutorial.py").read_text(), namespace)
    assert namespace["build"]((28, 28, 1), 10).output_shape == (None, 10)
