"""A study's jobs and files, and nothing else: no config, params, functions or scripts.

`--config models=10 seeds=5` says how many.
"""

MODELS = [f"size_{number:04}" for number in range(1, int(config["models"]) + 1)]
SEEDS = range(int(config["seeds"]))
DOWNLOADED = expand(
    "resources/mnist/{part}-ubyte.gz",
    part=["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"],
)
NUMBERS = ["results/runs.csv", "results/summary.csv", "results/analysis.json"]


def figures(*names):
    return expand("results/figures/{name}.svg", name=names)


CURVES = figures("loss_overview", "loss_overlay")
FINDINGS = figures("accuracy_forest", "comparisons", "reliability", "power")
TRADEOFFS = expand(
    "results/figures/accuracy_{cost}.svg",
    cost=["parameters", "multiply_adds", "training_time", "latency"],
)


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
        "results/summary.png",
        "results/paper",
        NUMBERS,
        "results/findings.json",
        "results/figures/loss",
        CURVES,
        FINDINGS,
        TRADEOFFS,
        per_run("card.json"),


rule download_images:
    output:
        DOWNLOADED,
    log:
        "results/logs/download_images.log",
    shell:
        "touch {output}"


rule prepare_data:
    input:
        DOWNLOADED,
    output:
        "results/data/mnist/data.json",
        "results/data/mnist/made_from.txt",
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
        NUMBERS,
    log:
        "results/logs/collect_results.log",
    shell:
        "touch {output}"


rule plot_loss_curves:
    input:
        per_run("history.csv"),
    output:
        directory("results/figures/loss"),
        CURVES,
    log:
        "results/logs/plot_loss_curves.log",
    shell:
        "mkdir {output[0]} && touch {output}"


rule plot_findings:
    input:
        "results/analysis.json",
    output:
        FINDINGS,
    log:
        "results/logs/plot_findings.log",
    shell:
        "touch {output}"


rule plot_tradeoffs:
    input:
        "results/summary.csv",
        "results/analysis.json",
    output:
        TRADEOFFS,
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
        NUMBERS,
        "results/findings.json",
        "results/data/mnist/data.json",
        "results/figures/loss",
        CURVES,
        FINDINGS,
        TRADEOFFS,
        per_run("card.json"),
        per_run("history.csv"),
        per_model("description.json"),
    output:
        "results/report.html",
    log:
        "results/logs/render_report.log",
    shell:
        "touch {output}"


rule write_paper:
    input:
        "results/analysis.json",
        "results/summary.csv",
        "results/findings.json",
        per_run("history.csv"),
    output:
        picture="results/summary.png",
        folder=directory("results/paper"),
    log:
        "results/logs/write_paper.log",
    shell:
        "mkdir {output.folder} && touch {output.picture}"
