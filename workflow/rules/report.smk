"""From the trainings' plain files to tables, figures, conclusions and one page."""


rule collect_results:
    """Gather every training into the tables."""
    input:
        histories=per_training("history.csv"),
        cards=per_training("card.json"),
        predictions=per_training("predictions.npz"),
    output:
        runs="<results>/runs.csv",
        summary="<results>/summary.csv",
        text=report("<results>/summary.txt", category="Results", caption="../report/summary.rst"),
        markdown="<results>/summary.md",
    log:
        "<results>/logs/collect_results.log",
    conda:
        "../../envs/reporting.yaml"
    params:
        study=STUDY,
        sources=sources_of("workflow/scripts/collect_results.py"),
    script:
        "../scripts/collect_results.py"


rule plot_loss_curves:
    """Draw each model's losses over the epochs, and all models on one scale."""
    input:
        histories=per_training("history.csv"),
    output:
        models=report(
            expand("<results>/figures/loss_{model}.svg", model=MODELS),
            category="Loss curves",
            caption="../report/loss_curves.rst",
        ),
        overview=report(
            "<results>/figures/loss_overview.svg",
            category="Loss curves",
            caption="../report/loss_curves.rst",
        ),
    log:
        "<results>/logs/plot_loss_curves.log",
    conda:
        "../../envs/reporting.yaml"
    params:
        study=STUDY,
        sources=sources_of("workflow/scripts/plot_loss_curves.py"),
    script:
        "../scripts/plot_loss_curves.py"


rule plot_tradeoffs:
    """Draw accuracy against parameters and against computation."""
    input:
        summary="<results>/summary.csv",
    output:
        parameters=report(
            "<results>/figures/accuracy_parameters.svg",
            category="Accuracy and cost",
            caption="../report/tradeoffs.rst",
        ),
        multiply_adds=report(
            "<results>/figures/accuracy_multiply_adds.svg",
            category="Accuracy and cost",
            caption="../report/tradeoffs.rst",
        ),
    log:
        "<results>/logs/plot_tradeoffs.log",
    conda:
        "../../envs/reporting.yaml"
    params:
        study=STUDY,
        sources=sources_of("workflow/scripts/plot_tradeoffs.py"),
    script:
        "../scripts/plot_tradeoffs.py"


rule write_conclusions:
    """Compute the findings and say them in words."""
    input:
        histories=per_training("history.csv"),
        cards=per_training("card.json"),
        predictions=per_training("predictions.npz"),
    output:
        conclusions=report(
            "<results>/conclusions.md", category="Results", caption="../report/conclusions.rst"
        ),
        findings="<results>/findings.json",
    log:
        "<results>/logs/write_conclusions.log",
    conda:
        "../../envs/reporting.yaml"
    params:
        study=STUDY,
        sources=sources_of("workflow/scripts/write_conclusions.py"),
    script:
        "../scripts/write_conclusions.py"


rule render_report:
    """Put everything on one page that opens offline."""
    input:
        summary="<results>/summary.csv",
        findings="<results>/findings.json",
        curves=expand("<results>/figures/loss_{model}.svg", model=MODELS),
        overview="<results>/figures/loss_overview.svg",
        tradeoffs=[
            "<results>/figures/accuracy_parameters.svg",
            "<results>/figures/accuracy_multiply_adds.svg",
        ],
        cards=per_training("card.json"),
    output:
        page=report("<results>/report.html", category="Results", caption="../report/report.rst"),
    log:
        "<results>/logs/render_report.log",
    conda:
        "../../envs/reporting.yaml"
    params:
        study=STUDY,
        command=COMMAND,
        sources=sources_of("workflow/scripts/render_report.py", "workflow/report/report.html.j2"),
    script:
        "../scripts/render_report.py"
