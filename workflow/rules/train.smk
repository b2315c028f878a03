"""One training per architecture and seed."""


rule train_model:
    """Train one architecture with one seed and record how it went."""
    input:
        data="<results>/data/<dataset>.npz",
    output:
        history="<results>/models/{model}/seed_{seed}/history.csv",
        model="<results>/models/{model}/seed_{seed}/model.keras",
        predictions="<results>/models/{model}/seed_{seed}/predictions.npz",
        card="<results>/models/{model}/seed_{seed}/card.json",
        summary="<results>/models/{model}/seed_{seed}/summary.txt",
    log:
        "<results>/logs/train_model/{model}/seed_{seed}.log",
    cache: True
    conda:
        "../../envs/training.yaml"
    threads: 2
    resources:
        gpu=1,
        # For a cluster; a training that is tried again gets more of both.
        mem_mb=lambda wildcards, attempt: 4000 + 4000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        training=identity_of_training,
    script:
        "../scripts/train_model.py"


rule list_checkpoints:
    """Print how much room the checkpoints take: `snakemake --cores 1 list_checkpoints`."""
    log:
        "<results>/logs/list_checkpoints.log",
    localrule: True
    conda:
        "../../envs/training.yaml"
    params:
        folder=f"{config['pathvars']['results']}/checkpoints",
        clearing=False,
    script:
        "../scripts/list_checkpoints.py"


use rule list_checkpoints as clear_checkpoints with:
    log:
        "<results>/logs/clear_checkpoints.log",
    params:
        folder=f"{config['pathvars']['results']}/checkpoints",
        clearing=True,
