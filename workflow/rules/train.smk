"""One description per architecture, and one run per architecture and seed."""


rule describe_model:
    """Build one architecture, check that it can be trained and kept, and say what it is."""
    input:
        data="<results>/data/<dataset>/data.json",
    output:
        description="<results>/models/{model}/description.json",
        layers="<results>/models/{model}/layers.txt",
    log:
        "<results>/logs/describe_model/{model}.log",
    cache: True
    # A model with a fault is named in the first minutes, not after the training of another.
    priority: 1
    # Seconds on one core: on a cluster, not worth a place in the queue, least of all for GPUs.
    localrule: True
    conda:
        "../../envs/training.yaml"
    threads: 1
    params:
        description=description_as_text,
    script:
        "../scripts/describe_model.py"


rule describe:
    """Print every model's size and outputs: `snakemake describe --cores 4`."""
    input:
        descriptions=per_model("description.json"),
    log:
        "<results>/logs/describe.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        models=REPORTED["models"],
    script:
        "../scripts/describe.py"


rule train_model:
    """Train one architecture with one seed and record how it went."""
    input:
        data="<results>/data/<dataset>/data.json",
        description=description_to_wait_for,
    output:
        history="<results>/models/{model}/seed_{seed}/history.csv",
        model="<results>/models/{model}/seed_{seed}/model.keras",
        predictions="<results>/models/{model}/seed_{seed}/predictions.npz",
        card="<results>/models/{model}/seed_{seed}/card.json",
    log:
        "<results>/logs/train_model/{model}/seed_{seed}.log",
    cache: True
    conda:
        "../../envs/training.yaml"
    threads: THREADS_OF_A_RUN
    resources:
        gpu=1,
        # For a cluster; a run that is tried again gets more of both.
        mem_mb=lambda wildcards, attempt: 4000 + 4000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
    params:
        training=run_as_text,
    script:
        "../scripts/train_model.py"


rule write_curves:
    """Write the curves of all runs for TensorBoard: `training: {tensorboard: true}`."""
    input:
        # A run writes its own while it trains; one that had finished before has none.
        histories=per_run("history.csv"),
    output:
        folder=directory(CURVES),
    log:
        "<results>/logs/write_curves.log",
    localrule: True
    conda:
        "../../envs/training.yaml"
    params:
        study=as_it_is(NUMBERS),
        sources=sources_of("workflow/scripts/write_curves.py"),
    script:
        "../scripts/write_curves.py"


rule time_model:
    """Train one architecture for a few seconds, to tell how long a run would take."""
    input:
        data="<results>/data/<dataset>/data.json",
        description="<results>/models/{model}/description.json",
    output:
        trial="<results>/plan/{model}.json",
    log:
        "<results>/logs/time_model/{model}.log",
    conda:
        "../../envs/training.yaml"
    threads: THREADS_OF_A_TRIAL
    resources:
        gpu=1,
        mem_mb=lambda wildcards, attempt: 4000 + 4000 * attempt,
        runtime=60,
    params:
        training=lambda wildcards: canonical_json(trained_first(wildcards.model)),
        # A trial with other threads tells nothing of these runs.
        threads=THREADS_AS_DATA,
        sources=sources_of("workflow/scripts/time_model.py"),
    script:
        "../scripts/time_model.py"


rule plan_study:
    """Say what the study would take here: `snakemake plan_study --cores 4 --resources gpu=1`."""
    input:
        data="<results>/data/<dataset>/data.json",
        descriptions=per_model("description.json"),
        trials=expand("<results>/plan/{model}.json", model=MODELS),
    log:
        "<results>/logs/plan_study.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        models=REPORTED["models"],
        runs={model: len(seeds_of(model)) for model in MODELS},
        metric=REPORTED["metric"],
        looks=LOOKS.plan if LOOKS else None,
        sources=sources_of("workflow/scripts/plan_study.py"),
    script:
        "../scripts/plan_study.py"


rule time_predictions:
    """Measure how long a trained model takes for one image, while no other is measured here."""
    input:
        data="<results>/data/<dataset>/data.json",
        description="<results>/models/{model}/description.json",
        card=lambda wildcards: first_run(wildcards, "card.json"),
        model=lambda wildcards: first_run(wildcards, "model.keras"),
    output:
        latency="<results>/models/{model}/latency.json",
    log:
        "<results>/logs/time_predictions/{model}.log",
    conda:
        "../../envs/training.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=60,
    params:
        sources=sources_of("workflow/scripts/time_predictions.py"),
    script:
        "../scripts/time_predictions.py"


rule measure_latency:
    """Print every model's latency: `snakemake measure_latency --cores 4 --resources gpu=1`."""
    input:
        latencies=per_model("latency.json"),
    log:
        "<results>/logs/measure_latency.log",
    localrule: True
    conda:
        "../../envs/reporting.yaml"
    params:
        models=REPORTED["models"],
    script:
        "../scripts/measure_latency.py"


rule list_checkpoints:
    """Print how much room the checkpoints take: `snakemake list_checkpoints --cores 1`."""
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
