"""Planning keeps near the least that Snakemake takes for as many jobs and files."""

import re
import resource
import subprocess

import pytest

from made_up_models import made_up_study
from measuring import interleaved, snakemake
from planning import bare_shape, finished_study
from projects import ROOT, copy_workflow

pytestmark = pytest.mark.thorough


def run(command, cwd):
    """Run a command; return all that it printed."""
    return subprocess.run(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout


def cpu_seconds(command, cwd):
    """Run a command; return its processor seconds, which other programs hardly change."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_planning_1500_runs_takes_little_more_than_a_bare_snakefile(tmp_path):
    study = made_up_study(tmp_path / "study", 300, range(5))
    bare, shape = bare_shape(tmp_path / "bare", 300, 5)
    dry = snakemake("--dry-run", "--quiet", "all")
    seconds = interleaved(
        {
            "study": lambda: cpu_seconds(dry, study),
            "bare": lambda: cpu_seconds([*dry, *shape], bare),
        },
        rounds=2,
        warm_up=0,
    )
    assert min(seconds["study"]) < 1.6 * min(seconds["bare"])


def test_a_rule_names_its_inputs_by_their_paths():
    """From `rules`, Snakemake compares each file of a list with the whole list: 27,270 squared."""
    rules = (ROOT / "workflow" / "rules" / "report.smk").read_text()
    assert not re.findall(r"\brules\.\w+\.output", rules)


def test_the_bare_snakefile_has_the_studys_jobs_and_files(tmp_path):
    study = made_up_study(tmp_path / "study", 2, range(3))
    bare, shape = bare_shape(tmp_path / "bare", 2, 3)
    planned = [
        jobs_and_files(run(snakemake("--dry-run", "--quiet", "host", *arguments), folder))
        for folder, arguments in ((study, []), (bare, shape))
    ]
    assert len(planned[0]) == 7 + 2 + 9
    assert planned[0] == planned[1]


def jobs_and_files(output):
    """Return every job of a dry run as (rule, its input, output and log files)."""
    jobs = re.findall(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", output, flags=re.MULTILINE)
    return sorted(
        (rule, *(tuple(sorted(files.split(", "))) for files in re.findall(FILES, text)))
        for rule, text in jobs
    )


FILES = r"    (?:input|output|log): (.*)\n"


def test_a_study_that_is_finished_has_nothing_to_do(tmp_path):
    study = finished_study(tmp_path / "study", models=1)
    assert "Nothing to be done" in run(snakemake("--cores", 1), study)


@pytest.mark.parametrize(
    ("model", "meant"),
    [("model_99", "did you mean model_09?"), ("blocks", "correct it, or describe that model.")],
)
def test_a_model_that_is_not_described_is_refused(tmp_path, model, meant):
    project = copy_workflow(tmp_path / "study")
    target = f"results/models/{model}/seed_0/card.json"
    refused = project.snakemake("--dry-run", target, check=False)
    assert refused.returncode != 0
    line = refused.stdout.splitlines()[-1]
    assert line.startswith(f"{target}: '{model}' is not described under `models:`; expected one of")
    assert line.endswith(meant)
    assert "Traceback" not in refused.stdout
    assert "InputFunctionException" not in refused.stdout


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        ("00", "No rule to produce results/models/model_01/seed_00/card.json"),
        ("2147483648", "card.json: a seed of 2147483648; expected one from 0 to 2147483647: corr"),
    ],
)
def test_a_seed_that_no_study_may_have_is_refused(tmp_path, seed, said):
    project = copy_workflow(tmp_path / "study")
    target = f"results/models/model_01/seed_{seed}/card.json"
    refused = project.snakemake("--dry-run", target, check=False)
    assert refused.returncode != 0
    assert said in refused.stdout
    assert "InputFunctionException" not in refused.stdout


OWN_RULE = """

rule mine:
    output:
        "results/models/comparison/mine.txt",
    shell:
        "touch {output}"
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--dry-run", "results/models/comparison/mine.txt"], "mine"),
        (["--dry-run", "./results/models/model_01/description.json"], "describe_model"),
        # Of a model that was removed.
        (["--cleanup-metadata", "results/models/gone/seed_0/card.json"], None),
        (["--dry-run", "--", "./results//models/gone/seed_0/card.json"], "'gone' is not described"),
        (["--dry-run", "-R", "results/models/gone/layers.txt"], "'gone' is not described"),
        (["--dry-run", "results/plan/gone.json"], "'gone' is not described"),
    ],
)
def test_what_a_command_names_is_refused_where_it_is_asked_for_and_ours(tmp_path, arguments, said):
    project = copy_workflow(tmp_path / "study")
    snakefile = project.path("Snakefile")
    snakefile.write_text(snakefile.read_text() + OWN_RULE)
    run = project.snakemake(*arguments, check=False)
    assert said is None or said in run.stdout
    refused = said is not None and "not described" in said
    assert ("is not described under" in run.stdout) == refused
    assert "Traceback" not in run.stdout
    assert "InputFunctionException" not in run.stdout
