"""mnist-bakeoff: which of these CNN architectures is best on MNIST, and how sure are we?"""

from pathlib import Path

from snakemake.utils import min_version

min_version("9.19")

# Called from elsewhere, the study is the one there, or without one that of this repository.
study_file = Path("config/config.yaml")
if not study_file.exists():
    study_file = Path(workflow.basedir) / study_file


configfile: str(study_file)


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/report.smk"


rule all:
    """The study: tables, figures, conclusions and the report."""
    default_target: True
    input:
        "<results>/summary.txt",
        "<results>/summary.md",
        "<results>/conclusions.md",
        "<results>/report.html",
        # Named here too, since Snakemake does not miss an intermediate file: a step that failed
        # would not be repeated while what is made of it is still there from before.
        "<results>/runs.csv",
        "<results>/summary.csv",
        "<results>/analysis.json",
        "<results>/findings.json",
        "<results>/figures/loss",
        "<results>/figures/loss_overview.svg",
        "<results>/figures/loss_overlay.svg",
        "<results>/figures/accuracy_forest.svg",
        "<results>/figures/accuracy_parameters.svg",
        "<results>/figures/accuracy_multiply_adds.svg",
        "<results>/figures/accuracy_training_time.svg",
        "<results>/figures/accuracy_latency.svg",
        "<results>/figures/comparisons.svg",
        "<results>/figures/reliability.svg",
        per_run("card.json"),
