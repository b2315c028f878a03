"""Whether the pipeline trains as the notebook does: twenty runs of two models in each way.

The pipeline's runs are made by Snakemake, the others by the flat script, two at a time with a
thread each, all in results/same_training. What is finished is not trained again, so it may be
stopped and started at any time.

    python benchmarks/same_training.py results/data/mnist/data.json model_01 0 right.npy

trains one run of the flat script.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "workflow" / "scripts")]

TITLE = "Is it the notebook's training?"
OVERLAY = ROOT / "benchmarks" / "same_training.yaml"
RESULTS = ROOT / "results" / "same_training"
EPOCHS = 13


def measure(folder):
    """Return each model's accuracies in both ways, their difference, its interval and p-value."""
    from bakeoff.analysis.significance import compare_each
    from measuring import snakemake

    study = yaml.safe_load(OVERLAY.read_text())
    models, seeds = study["study"]["models"], study["study"]["seeds"]
    command = snakemake("--cores", 2, "--set-threads", "train_model=1", "--configfile", OVERLAY)
    subprocess.run([*command, "--until", "train_model"], cwd=ROOT, check=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda run: _flat_run(*run), product(models, seeds)))
    answers = [
        [np.stack([right(model, seed) for seed in seeds]) for right in (_in_pipeline, _in_script)]
        for model in models
    ]
    return {
        "seeds": len(seeds),
        "precision": study["training"]["precision"],
        "rows": [
            {
                "model": model,
                "pipeline": pipeline.mean(),
                "script": script.mean(),
                "sd": [float(runs.mean(axis=1).std(ddof=1)) for runs in (pipeline, script)],
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p_holm": found.p_holm,
            }
            for model, (pipeline, script), found in zip(
                models, answers, compare_each(answers), strict=True
            )
        ],
    }


def _flat_file(model, seed):
    return RESULTS / "script" / model / f"seed_{seed}.npy"


def _flat_run(model, seed):
    file = _flat_file(model, seed)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        data = RESULTS / "data" / "mnist" / "data.json"
        subprocess.run([sys.executable, __file__, data, model, str(seed), file], check=True)


def _in_script(model, seed):
    return np.load(_flat_file(model, seed))


def _in_pipeline(model, seed):
    with np.load(RESULTS / "models" / model / f"seed_{seed}" / "predictions.npz") as found:
        return found["probabilities"].argmax(1) == found["labels"]


def train_flat(data_file, model, seed, file):
    """Train one run of the flat script; write which test images it gets right, bool ``(n,)``."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow as tf

    import flat_script

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    keras.config.set_dtype_policy(yaml.safe_load(OVERLAY.read_text())["training"]["precision"])
    training, validation = flat_script.read_data(data_file)
    keras.utils.set_random_seed(int(seed))
    trained = flat_script.train(model, training, validation, EPOCHS)
    images, labels = validation
    right = trained.predict(images, verbose=0).argmax(axis=1) == labels.argmax(axis=1)
    unfinished = Path(f"{file}.unfinished.npy")
    np.save(unfinished, right)
    unfinished.rename(file)
    print(f"{model} seed {seed}: {right.mean():.2%} by the flat script", flush=True)


def describe(measured):
    from bakeoff import wording as w
    from measuring import table, title_of

    rows = measured["rows"]
    apart = [title_of(row["model"]) for row in rows if row["p_holm"] < 0.05]
    verdict = "No difference is significant."
    if apart:
        verdict = f"{w.listing(apart)} {w.plural(len(apart), 'differs', 'differ')}."
    return "\n\n".join(
        [
            f"Test accuracy after {EPOCHS} epochs in"
            f" {measured['precision'].removeprefix('mixed_')}: means of"
            f" {measured['seeds']} runs of the pipeline and of {measured['seeds']} of the flat"
            " script, on the 10,000 test images, with the standard deviation between runs in"
            " percentage points. The difference, pipeline minus script, is in percentage points,"
            " with its 95 % interval ([statistics.md](statistics.md)), corrected for the"
            f" {len(rows)} models. {verdict}",
            table(
                ["", "pipeline", "SD", "script", "SD", "difference", "interval", "p"],
                [
                    [
                        title_of(row["model"]),
                        w.percent(row["pipeline"]),
                        f"{100 * row['sd'][0]:.3f}",
                        w.percent(row["script"]),
                        f"{100 * row['sd'][1]:.3f}",
                        w.number(100 * row["difference"], 3),
                        w.points_interval(row["low"], row["high"]),
                        w.probability(row["p_holm"]),
                    ]
                    for row in rows
                ],
            ),
        ]
    )


if __name__ == "__main__":
    train_flat(*sys.argv[1:])
