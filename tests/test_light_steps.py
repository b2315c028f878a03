"""The steps after training start and run quickly: what they import, and what they take in all."""

import json
import resource
import subprocess
import sys

import pytest

from fabricated_study import (
    fabricate_data,
    fabricate_downloads,
    fabricate_run,
    mark_as_planned,
)
from projects import ROOT, copy_workflow

pytestmark = pytest.mark.workflow

# To import one of these takes as long as a step's work, or several times as long.
SLOW = {"keras", "matplotlib", "pandas", "scipy", "sklearn", "snakemake", "statsmodels"}
NEEDED = {
    "collect_results": {"pandas", "scipy", "statsmodels"},
    "write_conclusions": set(),
    "plot_loss_curves": {"matplotlib", "scipy"},
    "plot_findings": {"matplotlib"},
    "plot_tradeoffs": {"matplotlib"},
    "write_paper": {"matplotlib", "scipy"},
    "render_report": set(),
}


@pytest.mark.parametrize("step", NEEDED)
def test_a_step_imports_only_what_it_needs(step):
    code = f"import json, sys, {step}; print(json.dumps(list(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "workflow" / "scripts",
        capture_output=True,
        check=True,
        text=True,
    )
    assert set(json.loads(run.stdout)) & SLOW == NEEDED[step]


def test_ten_models_and_three_seeds_take_a_quarter_of_a_minute_on_two_cores(tmp_path):
    project = copy_workflow(tmp_path / "study")
    results = project.path("results")
    fabricate_downloads(project.path("resources"))
    fabricate_data(results, images=10_000)
    for model in project.read_config()["study"]["models"]:
        for seed in range(3):
            (fabricate_run(results, model, seed, images=10_000) / "model.keras").touch()
    mark_as_planned(project.folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = project.snakemake("--config", "study={seeds: [0, 1, 2]}")
    assert "rule train_model:" not in run.stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert project.path("results/report.html").is_file()
    # Of the processor; twice a quarter of a minute of two cores, as machines differ.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 60
