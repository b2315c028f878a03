"""A study's jobs and files, and nothing else: no config, params, functions or scripts.

`--config models=10 seeds=5` says how many.
"""

MODELS = [f"size_{number:04}" for number in range(1, int(config["models"]) + 1)]
SEEDS = range(int(config["seeds"]))


def per_model(file):
    return expand("results/models/{model}/" + file, model=MODELS)


def per_run(file):
    return expand("results/models/{model}/seed_{seed}/" + file, model=MODELS, seed=SEEDS)


rule all:
    input:
        "results/summary.txt",
        "results/summary.md",
        "results/conclusions.md",
        "results/report.html",
        "results/runs.csv",
        "results/summary.csv",
        "results/analysis.json",
        "results/findings.json",
        "results/figures/loss",
        "results/figures/loss_overview.svg",
        "results/figures/loss_overlay.svg",
        "results/figures/accuracy_forest.svg",
        "results/figures/accuracy_parameters.svg",
        "results/figures/accuracy_multiply_adds.svg",
        "results/figures/accuracy_training_time.svg",
        "results/figures/accuracy_latency.svg",
        "results/figures/comparisons.svg",
        "results/figures/reliability.svg",
        per_run("card.json"),


rule download_images:
    output:
        "resources/mnist/train-images-idx3-ubyte.gz",
        "resources/mnist/train-labels-idx1-ubyte.gz",
        "resources/mnist/t10k-images-idx3-ubyte.gz",
        "resources/mnist/t10k-labels-idx1-ubyte.gz",
    log:
        "results/logs/download_images.log",
    shell:
        "touch {output}"


rule prepare_data:
    input:
        "resources/mnist/train-images-idx3-ubyte.gz",
        "resources/mnist/train-labels-idx1-ubyte.gz",
        "resources/mnist/t10k-images-idx3-ubyte.gz",
        "resources/mnist/t10k-labels-idx1-ubyte.gz",
    output:
        "results/data/mnist/data.json",
        "results/data/mnist/per_image.npz",
        "results/data/mnist/train_images.npy",
        "results/data/mnist/train_labels.npy",
        "results/data/mnist/validation_images.npy",
        "results/data/mnist/validation_labels.npy",
        "results/data/mnist/test_images.npy",
        "results/data/mnist/test_labels.npy",
    log:
        "results/logs/prepare_data.log",
    shell:
        "touch {output}"


rule describe_model:
    input:
        "results/data/mnist/data.json",
    output:
        "results/models/{model}/description.json",
        "results/models/{model}/layers.txt",
    log:
        "results/logs/describe_model/{model}.log",
    shell:
        "touch {output}"


rule train_model:
    input:
        "results/data/mnist/data.json",
        "results/models/{model}/description.json",
    output:
        "results/models/{model}/seed_{seed}/history.csv",
        "results/models/{model}/seed_{seed}/model.keras",
        "results/models/{model}/seed_{seed}/predictions.npz",
        "results/models/{model}/seed_{seed}/card.json",
    log:
        "results/logs/train_model/{model}/seed_{seed}.log",
    shell:
        "touch {output}"


rule collect_results:
    input:
        "results/data/mnist/data.json",
        per_run("history.csv"),
        per_run("card.json"),
        per_run("predictions.npz"),
        per_model("description.json"),
    output:
        "results/runs.csv",
        "results/summary.csv",
        "results/analysis.json",
    log:
        "results/logs/collect_results.log",
    shell:
        "touch {output}"


rule plot_loss_curves:
    input:
        per_run("history.csv"),
    output:
        directory("results/figures/loss"),
        "results/figures/loss_overview.svg",
        "results/figures/loss_overlay.svg",
    log:
        "results/logs/plot_loss_curves.log",
    shell:
        "mkdir {output[0]} && touch {output}"


rule plot_findings:
    input:
        "results/analysis.json",
    output:
        "results/figures/accuracy_forest.svg",
        "results/figures/comparisons.svg",
        "results/figures/reliability.svg",
    log:
        "results/logs/plot_findings.log",
    shell:
        "touch {output}"


rule plot_tradeoffs:
    input:
        "results/summary.csv",
        "results/analysis.json",
    output:
        "results/figures/accuracy_parameters.svg",
        "results/figures/accuracy_multiply_adds.svg",
        "results/figures/accuracy_training_time.svg",
        "results/figures/accuracy_latency.svg",
    log:
        "results/logs/plot_tradeoffs.log",
    shell:
        "touch {output}"


rule write_conclusions:
    input:
        "results/summary.csv",
        "results/analysis.json",
    output:
        "results/summary.txt",
        "results/summary.md",
        "results/conclusions.md",
        "results/findings.json",
    log:
        "results/logs/write_conclusions.log",
    shell:
        "touch {output}"


rule render_report:
    input:
        "results/summary.csv",
        "results/runs.csv",
        "results/analysis.json",
        "results/findings.json",
        "results/data/mnist/data.json",
        "results/figures/loss",
        "results/figures/loss_overview.svg",
        "results/figures/loss_overlay.svg",
        "results/figures/accuracy_forest.svg",
        "results/figures/accuracy_parameters.svg",
        "results/figures/accuracy_multiply_adds.svg",
        "results/figures/accuracy_training_time.svg",
        "results/figures/accuracy_latency.svg",
        "results/figures/comparisons.svg",
        "results/figures/reliability.svg",
        per_run("card.json"),
        per_model("description.json"),
    output:
        "results/report.html",
    log:
        "results/logs/render_report.log",
    shell:
        "touch {output}"
