"""A study in a folder of its own: each way to use the tool from there, and what retrains it."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bakeoff.errors import StudyError
from bakeoff.study import scaffold
from needs import need
from projects import ROOT, RUNS_ALONE, Project, copy_workflow

STUDY = ("Snakefile", "architectures", "config", "profiles", ".gitignore", "README.md")
WORDS = {"write_conclusions", "write_paper", "render_report"}


def git(folder, *arguments):
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True)


def commit(folder, tag):
    git(folder, "add", ".")
    git(folder, "commit", "-m", tag)
    git(folder, "tag", tag)


def write_study(tool, folder):
    """Let the tool in the folder ``tool`` write a study, as `make study` does."""
    return subprocess.run(
        [sys.executable, "-m", "bakeoff.study.scaffold", folder],
        env=os.environ | {"PYTHONPATH": str(tool / "workflow" / "scripts")},
        capture_output=True,
        text=True,
    )


def use_tool(study, declaration):
    """Name another place of the tool in a study's Snakefile."""
    file = study.path("Snakefile")
    lines = [line for line in file.read_text().splitlines() if line.startswith('        "')]
    file.write_text(file.read_text().replace(lines[0], f"        {declaration}"))


# The folder that is written


def test_a_study_is_written_whole_or_not_at_all(tmp_path):
    scaffold.write_study(tmp_path / "study")
    written = {path.name for path in (tmp_path / "study").iterdir()}
    assert written == set(STUDY)
    snakefile = (tmp_path / "study" / "Snakefile").read_text()
    assert f'"{ROOT}/workflow/Snakefile"' in snakefile
    readme = (tmp_path / "study" / "README.md").read_text()
    assert f"    python {ROOT}/workflow/scripts/watch.py\n" in readme
    with pytest.raises(
        StudyError, match=r"DIR: .*study holds Snakefile, architectures, config, pr"
    ):
        scaffold.write_study(tmp_path / "study")

    (tmp_path / "half" / "config").mkdir(parents=True)
    with pytest.raises(StudyError, match=r"DIR: .*half holds config already; expected a folder"):
        scaffold.write_study(tmp_path / "half")
    assert [path.name for path in (tmp_path / "half").iterdir()] == ["config"]


def test_a_repositorys_own_files_stay(tmp_path):
    (tmp_path / "README.md").write_text("Mine\n")
    scaffold.write_study(tmp_path)
    assert (tmp_path / "README.md").read_text() == "Mine\n"
    assert (tmp_path / ".gitignore").is_file()


@pytest.mark.parametrize("arguments", [[], [""], ["a", "b"]])
def test_a_missing_folder_is_one_line(arguments):
    with pytest.raises(SystemExit, match=r"^DIR: missing; expected a folder: make study DIR="):
        scaffold.main(arguments)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit, match=r"^DIR: .*file.*; expected a folder that can be written"):
        scaffold.main([str(tmp_path / "file" / "study")])


@pytest.mark.parametrize("name", ['my "study\'s" ü & `co`; {x}', "$HOME", "~/study"])
def test_make_takes_the_name_of_a_folder_as_it_is(tmp_path, name):
    """No shell takes its quotes away, and a tilde that the caller's left is the home folder."""
    need(shutil.which("make"), "make")
    folder = tmp_path / name.removeprefix("~/")
    given = name if name.startswith("~") else str(folder)
    command = ["make", "-C", ROOT, "study", f"PYTHON={sys.executable}"]
    run = subprocess.run(
        [*command, f"DIR={given.replace('$', '$$')}"],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert f"{folder}: go there" in run.stdout
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    assert {path.name for path in folder.iterdir()} == set(STUDY)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("tool", '"../tool/workflow/Snakefile"'),
        ("study/parts/tool", '"parts/tool/workflow/Snakefile"'),
        ("far/off/tool", '"{tmp_path}/far/off/tool/workflow/Snakefile"'),
    ],
)
def test_the_tool_is_named_so_that_both_can_move_together(tmp_path, place, named):
    tool = copy_workflow(tmp_path / place).folder
    assert write_study(tool, tmp_path / "study").returncode == 0
    assert named.format(tmp_path=tmp_path) in (tmp_path / "study" / "Snakefile").read_text()


# Snakemake there


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with the tool in a git repository, and a finished study beside it."""
    folder = tmp_path_factory.mktemp("own")
    tool = copy_workflow(folder / "tool").folder
    git(tool, "init")
    commit(tool, "v1")
    assert write_study(tool, folder / "study").returncode == 0
    study = Project(folder / "study")
    study.change_config(
        lambda config: (
            config["study"].update(seeds=[0], models=["small", "model_01"]),
            config["data"].update(train_images=200, test_images=100, holdout_images=50),
            config["training"].update(epochs=1),
            config["models"].update(model_01={"name": "Model 1", "description": "the tool's"}),
        )
    )
    git(study.folder, "init")
    commit(study.folder, "first")
    study.snakemake()
    return folder


@pytest.fixture
def own(finished, tmp_path):
    """A copy of both that a test may change, with the dates that they had."""
    shutil.copytree(finished, tmp_path / "own", symlinks=True)
    return tmp_path / "own"


@pytest.mark.workflow
def test_a_study_runs_from_its_own_folder(finished):
    study = Project(finished / "study")
    assert study.planned() == set()
    page = study.path("results/report.html").read_text()
    assert page.count(", files as committed") == 4, "the study's and the tool's, for runs and page"
    sources = study.path("results/models/small/seed_0/card.json").read_text()
    assert '"architectures/small.py"' in sources
    assert not (finished / "tool" / "results").exists()
    assert (
        '"architectures/blocks.py"'
        in study.path("results/models/model_01/seed_0/card.json").read_text()
    )


@pytest.mark.workflow
def test_what_an_architecture_imports_from_its_folder_is_part_of_a_run(own):
    study = Project(own / "study")
    small = study.path("architectures/small.py")
    source = small.read_text()
    # As it stands in the tool: a copy changes nothing.
    shutil.copy(own / "tool/architectures/blocks.py", study.path("architectures/blocks.py"))
    assert study.planned() == set()
    study.path("architectures/__init__.py").write_text("")
    study.path("architectures/mine.py").write_text("UNITS = 64\n")
    small.write_text(source.replace("import keras\n", "import keras\n\nfrom . import mine\n", 1))
    assert {"small", "small/0"} < study.planned("describe", "all")
    study.snakemake(*RUNS_ALONE)
    assert study.planned(*RUNS_ALONE) == set()
    study.path("architectures/mine.py").write_text("UNITS = 65\n")
    assert {"small/0"} == {job for job in study.planned() if job.endswith("/0")}
    study.path("architectures/mine.py").write_text("# Words alone.\nUNITS = 64\n")
    assert study.planned(*RUNS_ALONE) == set()
    # The study's own goes before the tool's of that name.
    with study.path("architectures/blocks.py").open("a") as file:
        file.write("EDITED = True\n")
    assert {"model_01/0"} == {job for job in study.planned() if job.endswith("_01/0")}


def update(tool):
    """Change all of a tool that no number of a run depends on."""
    scripts = tool / "workflow" / "scripts"
    for file in scripts.rglob("*.py"):
        file.write_text(f"# Another version.\n{file.read_text()}")
    for name in ("study/commit.py", "findings/ranking.py", "joblog.py"):
        with (scripts / "bakeoff" / name).open("a") as file:
            file.write("EDITED = True\n")
    with (tool / "config" / "config.yaml").open("a") as file:
        file.write("# Another version.\n")
    # A model that the study does not use.
    with (tool / "architectures" / "model_03.py").open("a") as file:
        file.write("EDITED = True\n")
    for file in tool.rglob("*.*"):
        os.utime(file, (time.time(), time.time()))


@pytest.mark.workflow
def test_an_update_of_the_tool_trains_nothing_again(own):
    study = Project(own / "study")
    update(own / "tool")
    plan = study.planned()
    assert "write_conclusions" in plan
    assert not {job for job in plan if "model" in job or "small" in job or "/" in job}


@pytest.mark.workflow
def test_the_tool_may_be_a_tag_of_a_git_repository(own):
    study, tool = Project(own / "study"), own / "tool"
    use_tool(study, f'gitfile("{tool}", path="workflow/Snakefile", tag="v1")')
    update(tool)
    assert study.planned() == set(), "what is checked out is not what is tagged"
    commit(tool, "v2")
    with (tool / "architectures" / "model_01.py").open("a") as file:
        file.write("EDITED = True\n")
    use_tool_tag(study, "v1", "v2")
    plan = study.planned()
    assert "write_conclusions" in plan
    assert not {job for job in plan if "/" in job}
    study.snakemake("--until", "write_conclusions")
    commit(tool, "v3")
    use_tool_tag(study, "v2", "v3")
    assert {"model_01", "model_01/0"} < study.planned()
    kept = study.path(".snakemake/bakeoff")
    assert len(list(kept.iterdir())) == 3, "one folder a version"


def use_tool_tag(study, old, new):
    file = study.path("Snakefile")
    file.write_text(file.read_text().replace(f'tag="{old}")\n\n', f'tag="{new}")\n\n'))


@pytest.mark.workflow
def test_the_tool_may_be_a_version_on_github(own, tmp_path):
    """A bare repository on this machine in GitHub's place."""
    study = Project(own / "study")
    bare = tmp_path / "hub" / "owner" / "tool"
    bare.parent.mkdir(parents=True)
    git(own, "clone", "--bare", "tool", bare)
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "file://{tmp_path}/hub/"]\n\tinsteadOf = https://github.com/\n')
    there = {"GIT_CONFIG_GLOBAL": str(config), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    shutil.move(own / "tool", own / "gone")
    use_tool(study, 'github("owner/tool", path="workflow/Snakefile", tag="v1")')
    assert study.planned(env=os.environ | there) == set()


@pytest.mark.workflow
def test_the_tool_may_be_a_submodule(own):
    study = Project(own / "study")
    shutil.move(own / "tool", study.path("tool"))
    use_tool(study, '"tool/workflow/Snakefile"')
    assert study.planned() == set()
    with study.path("tool/architectures/blocks.py").open("a") as file:
        file.write("EDITED = True\n")
    assert {job for job in study.planned() if "/" in job} == {"model_01/0"}


@pytest.mark.workflow
@pytest.mark.parametrize("way", ["--snakefile", "--directory"])
def test_a_study_is_found_from_elsewhere(own, tmp_path, way):
    study, elsewhere = Project(own / "study"), Project(tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    caller, call = elsewhere, ["--snakefile", study.path("Snakefile")]
    if way == "--directory":
        caller, call = study, ["--directory", elsewhere.folder]
    assert {"small/0", "model_01/0"} < caller.planned(*call)


@pytest.mark.workflow
def test_the_tools_own_snakefiles_run_the_study_of_the_working_directory(own):
    study = Project(own / "study")
    for snakefile in ("Snakefile", "workflow/Snakefile"):
        assert study.planned("--snakefile", own / "tool" / snakefile) == set()


@pytest.mark.workflow
def test_architectures_lie_beside_an_overlay_without_a_config_of_ones_own(own, tmp_path):
    """The tool's config is the base where the working directory has none."""
    here = Project(tmp_path / "here")
    shutil.copytree(own / "study" / "architectures", here.path("architectures"))
    here.path("over.yaml").write_text(
        "study: {models: [small, model_01], published: null}\n"
        "models: {small: {name: Small, description: mine}}\n"
        "data: {dataset: digits}\n"
    )
    call = ["--snakefile", own / "tool" / "Snakefile", "--configfile", "over.yaml"]
    assert {"small/0", "model_01/0"} < here.planned(*call)
    here.path("architectures/small.py").unlink()
    run = here.snakemake("--dry-run", *call, check=False)
    missing = f"over.yaml: models.small: architectures/small.py does not exist, nor in {own}/tool;"
    assert missing in run.stdout


DEPLOYED = """
configfile: "config/config.yaml"


module mnist_bakeoff:
    snakefile:
        {snakefile}
    config:
        config


use rule * from mnist_bakeoff
"""


@pytest.mark.workflow
def test_the_standard_layout_of_a_deployed_workflow(own):
    """As `snakedeploy deploy-workflow` writes it: config and profiles copied, rules by a module."""
    deployed, tool = Project(own / "deployed"), own / "tool"
    for part in ("config", "profiles"):
        shutil.copytree(tool / part, deployed.path(part))
    deployed.path("workflow").mkdir()
    declared = f'gitfile("{tool}", path="workflow/Snakefile", tag="v1")'
    deployed.path("workflow/Snakefile").write_text(DEPLOYED.format(snakefile=declared))
    shutil.copytree(own / "study" / "architectures", deployed.path("architectures"))
    deployed.change_config(
        lambda config: (
            config["study"]["models"].append("small"),
            config["models"].update(small={"name": "Small", "description": "mine"}),
        )
    )
    assert {"small/0", "model_01/0", "model_10/0"} < deployed.planned()
    wrong = ["--dry-run", "--config", "training={epochs: 0}"]
    assert (
        "\n--config on the command line: training.epochs: 0 is"
        in deployed.snakemake(*wrong, check=False).stdout
    )
    gone = "results/models/gone/layers.txt"
    refused = deployed.snakemake("--dry-run", gone, check=False).stdout
    assert f"\n{gone}: 'gone' is not described under `models:`; expected" in refused

    overlay = ["--snakefile", deployed.path("workflow/Snakefile"), "--configfile"]
    run = Project(own).snakemake(
        "--dry-run", *overlay, deployed.path("config/demo.yaml"), check=False
    )
    assert f"deployed/config/demo.yaml: laid over no config file, as {own} has none" in run.stdout


def test_what_the_catalogue_of_snakemake_asks_for_is_there():
    import yaml

    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert usage["software-stack-deployment"]["conda"] is True
    for file in ("workflow/Snakefile", "config/README.md", "config/config.yaml", "LICENSE"):
        assert (ROOT / file).is_file()


def test_the_example_is_that_of_the_readme():
    example = (ROOT / "template" / "architectures" / "small.py").read_text()
    assert f"```python\n{example}```" in Path(ROOT / "README.md").read_text()
