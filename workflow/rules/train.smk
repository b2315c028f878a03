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
    params:
        training=identity_of_training,
    threads: 2
    resources:
        gpu=1,
        mem_mb=6000,
        runtime=240,
    conda:
        "../../envs/training.yaml"
    script:
        "../scripts/train_model.py"
