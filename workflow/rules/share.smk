"""What is passed on to others: a picture, and what goes into a paper."""


rule write_paper:
    """Draw the answer as one picture; write table, methods and figures for a paper."""
    input:
        analysis="<results>/analysis.json",
        summary="<results>/summary.csv",
        findings="<results>/findings.json",
        histories=per_run("history.csv"),
    output:
        picture="<results>/summary.png",
        folder=directory("<results>/paper"),
    log:
        "<results>/logs/write_paper.log",
    priority: 1
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        study=as_it_is(STUDY),
        sources=sources_of("workflow/scripts/write_paper.py"),
    script:
        "../scripts/write_paper.py"
