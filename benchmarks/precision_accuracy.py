"""Whether accuracies in bfloat16 differ from those in float32: a paired test of each model.

Four models are trained at full length with three seeds in each precision, by Snakemake, in
results/float32 and results/bfloat16; what is finished there is not trained again.
"""

import subprocess
from pathlib import Path

import numpy as np

from bakeoff import wording as w
from measuring import snakemake, table, title_of

TITLE = "Accuracy in bfloat16"
ROOT = Path(__file__).parents[1]
OVERLAY = ROOT / "benchmarks" / "bfloat16.yaml"
FLOAT32 = ["training={precision: float32}", "pathvars={results: results/float32}"]
MODELS = ("model_01", "model_02", "model_03", "model_05")
SEEDS = (0, 1, 2)


def measure(folder):
    """Return each model's two accuracies, their difference, its interval and its p-value."""
    from bakeoff.analysis.significance import compare_each

    command = snakemake("--cores", 2, "--set-threads", "train_model=1", "--configfile", OVERLAY)
    subprocess.run(command, cwd=ROOT, check=True)
    subprocess.run([*command, "--config", *FLOAT32], cwd=ROOT, check=True)
    rows = []
    answers = [
        [_answers(ROOT / "results" / name, model) for name in ("bfloat16", "float32")]
        for model in MODELS
    ]
    for model, (half, full), found in zip(MODELS, answers, compare_each(answers), strict=True):
        rows.append(
            {
                "model": model,
                "bfloat16": half.mean(),
                "float32": full.mean(),
                "low": found.low,
                "high": found.high,
                "p": found.p,
                "p_holm": found.p_holm,
            }
        )
        print(f"{model}: {half.mean():.4f} and {full.mean():.4f}, p {found.p_holm:.2f}")
    return {"rows": rows}


def _answers(results, model):
    """Return which images each seed's run got right, boolean ``(seeds, images)``."""
    right = []
    for seed in SEEDS:
        with np.load(results / "models" / model / f"seed_{seed}" / "predictions.npz") as found:
            right.append(found["probabilities"].argmax(1) == found["labels"])
    return np.stack(right)


def describe(measured):
    rows = measured["rows"]
    apart = [row for row in rows if row["p_holm"] < 0.05]
    verdict = (
        "No model is significantly different from itself in the other precision"
        if not apart
        else f"{len(apart)} of {len(rows)} models differ"
    )
    return "\n\n".join(
        [
            f"Test accuracy after 13 epochs, means of the seeds {', '.join(map(str, SEEDS))}"
            " on 10,000 test images, and the difference, bfloat16 minus float32, in percentage"
            " points with its 95 % interval ([statistics.md](statistics.md)), p-values corrected by"
            f" Holm's method. {verdict}.",
            table(
                ["", "bfloat16", "float32", "difference", "interval", "p"],
                [
                    [
                        title_of(row["model"]),
                        w.percent(row["bfloat16"]),
                        w.percent(row["float32"]),
                        w.number(100 * (row["bfloat16"] - row["float32"])),
                        w.points_interval(row["low"], row["high"]),
                        w.probability(row["p_holm"]),
                    ]
                    for row in rows
                ],
            ),
        ]
    )
