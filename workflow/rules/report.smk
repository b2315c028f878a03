"""From the runs' plain files to numbers, words, pictures and one page."""


rule collect_results:
    """Read every run once, and compute all numbers."""
    input:
        data="<results>/data/<dataset>/data.json",
        histories=per_run("history.csv"),
        cards=per_run("card.json"),
        predictions=per_run("predictions.npz"),
        descriptions=per_model("description.json"),
        decisions=to_decide(),
        latencies=measured_alone(),
    output:
        runs="<results>/runs.csv",
        summary="<results>/summary.csv",
        analysis="<results>/analysis.json",
    log:
        "<results>/logs/collect_results.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        study=as_it_is(NUMBERS),
        planned=fingerprints_as_text,
        plan=LOOKS.plan if LOOKS else None,
        sources=sources_of("workflow/scripts/collect_results.py"),
    script:
        "../scripts/collect_results.py"


rule plot_loss_curves:
    """Draw each model's losses over the epochs, and all models side by side and in one."""
    input:
        histories=per_run("history.csv"),
    output:
        # One folder: Snakemake stores the list of all inputs with each output, so that records of
        # a file a model would grow with the square of the models.
        folder=report(
            directory("<results>/figures/loss"),
            patterns=["{model}.svg"],
            category="Loss curves",
            labels=lambda wildcards: {
                "figure": "one model",
                "model": label_of(wildcards.model),
            },
            caption="../report/loss_curves.rst",
        ),
        loss_overview=report(
            FIGURES["loss_overview"],
            category="Loss curves",
            labels={"figure": "side by side", "model": "all"},
            caption="../report/loss_overview.rst",
        ),
        loss_overlay=report(
            FIGURES["loss_overlay"],
            category="Loss curves",
            labels={"figure": "validation loss in one", "model": "all"},
            caption="../report/loss_overlay.rst",
        ),
    log:
        "<results>/logs/plot_loss_curves.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        study=as_it_is(STUDY),
        sources=sources_of("workflow/scripts/plot_loss_curves.py"),
    script:
        "../scripts/plot_loss_curves.py"


rule plot_findings:
    """Draw the models' accuracies, differences, calibration, and what their seeds decide."""
    input:
        analysis="<results>/analysis.json",
    output:
        **{
            name: report(
                FIGURES[name],
                category="Accuracy",
                labels={"figure": label},
                caption=f"../report/{name}.rst",
            )
            for name, label in OF_NUMBERS.items()
        },
    log:
        "<results>/logs/plot_findings.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        study=as_it_is(STUDY),
        sources=sources_of("workflow/scripts/plot_findings.py"),
    script:
        "../scripts/plot_findings.py"


rule plot_tradeoffs:
    """Draw accuracy against size, computation and time."""
    input:
        summary="<results>/summary.csv",
        analysis="<results>/analysis.json",
    output:
        parameters=report(
            TRADEOFFS["parameters"],
            category="Accuracy and cost",
            labels={"accuracy against": "parameters"},
            caption="../report/tradeoffs.rst",
        ),
        multiply_adds=report(
            TRADEOFFS["multiply_adds"],
            category="Accuracy and cost",
            labels={"accuracy against": "multiply-adds"},
            caption="../report/tradeoffs.rst",
        ),
        training_time=report(
            TRADEOFFS["training_time"],
            category="Accuracy and cost",
            labels={"accuracy against": "training time"},
            caption="../report/tradeoffs.rst",
        ),
        latency=report(
            TRADEOFFS["latency"],
            category="Accuracy and cost",
            labels={"accuracy against": "latency"},
            caption="../report/tradeoffs.rst",
        ),
    log:
        "<results>/logs/plot_tradeoffs.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        study=as_it_is(STUDY),
        sources=sources_of("workflow/scripts/plot_tradeoffs.py"),
    script:
        "../scripts/plot_tradeoffs.py"


rule write_conclusions:
    """Put the numbers into words."""
    input:
        summary="<results>/summary.csv",
        analysis="<results>/analysis.json",
    output:
        text=report(
            "<results>/summary.txt",
            category="Results",
            labels={"result": "tables"},
            caption="../report/summary.rst",
        ),
        markdown="<results>/summary.md",
        conclusions=report(
            "<results>/conclusions.md",
            category="Results",
            labels={"result": "conclusions"},
            caption="../report/conclusions.rst",
        ),
        findings="<results>/findings.json",
    log:
        "<results>/logs/write_conclusions.log",
    # Before the pictures: write_paper waits for it, and takes the longest.
    priority: 1
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        study=as_it_is(STUDY),
        sources=sources_of("workflow/scripts/write_conclusions.py"),
    script:
        "../scripts/write_conclusions.py"


rule render_report:
    """Put everything on one page that opens offline."""
    input:
        **FIGURES,
        summary="<results>/summary.csv",
        runs="<results>/runs.csv",
        analysis="<results>/analysis.json",
        findings="<results>/findings.json",
        # By their paths: from `rules`, Snakemake compares each file of a list with the whole list.
        data="<results>/data/<dataset>/data.json",
        curves="<results>/figures/loss",
        tradeoffs=TRADEOFFS.values(),
        cards=per_run("card.json"),
        descriptions=per_model("description.json"),
        histories=per_run("history.csv"),
    output:
        page=report(
            "<results>/report.html",
            category="Results",
            labels={"result": "the whole report on one page"},
            caption="../report/report.rst",
        ),
    log:
        "<results>/logs/render_report.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        study=as_it_is(STUDY),
        sources=sources_of(
            "workflow/scripts/render_report.py",
            # The page's templates, and the captions that it shares with Snakemake's report.
            *(f"workflow/report/{file.name}" for file in (TOOL / "workflow/report").iterdir()),
        ),
    script:
        "../scripts/render_report.py"
