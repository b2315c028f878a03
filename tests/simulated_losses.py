"""Loss curves whose truth is known, and how often their trends are told rightly.

``PYTHONPATH=workflow/scripts python tests/simulated_losses.py 1000`` prints the tables of
docs/statistics.md.

A curve is a trend plus what the run makes of it, which is drawn for each seed: losses that
have nothing to do with each other, that follow each other with an autocorrelation of 0.8, or that
are a random walk. What each epoch adds has the standard deviation 1. The losses lie around zero,
so that none counts as flat by its share of the loss.
"""

import sys

import numpy as np
from scipy import signal, stats

from bakeoff.analysis.curves import loss_trend, rose_since_the_middle
from simulated_studies import print_table

WANDERING = {"independent": 0.0, "autocorrelation 0.8": 0.8, "random walk": 1.0}
EPOCHS = (13, 30, 60)
SEEDS = (1, 2, 3, 5, 10)


def simulate_losses(generator, seeds, epochs, autocorrelation, slope=0.0):
    """Draw validation losses, float64 (seeds, epochs), that change by ``slope`` an epoch."""
    steps = generator.standard_normal((seeds, epochs))
    if autocorrelation < 1:
        # From the first epoch on as variable as later.
        steps[:, 0] /= np.sqrt(1 - autocorrelation**2)
    wandering = signal.lfilter([1.0], [1.0, -autocorrelation], steps, axis=1)
    return slope * np.arange(epochs) + wandering


def judge_trends(studies, seeds, epochs, autocorrelation, slope=0.0):
    """Return shares of ``studies`` simulated curves.

    "moving": called falling or rising; "risen": said to have risen since the middle; "theil":
    called falling or rising by Theil and Sen's slope of the mean curve, as here before.
    """
    generator = np.random.default_rng([seeds, epochs, round(100 * slope)])
    found = []
    for _ in range(studies):
        losses = simulate_losses(generator, seeds, epochs, autocorrelation, slope)
        trend = loss_trend(losses)
        _, _, low, high = stats.theilslopes(losses.mean(axis=0)[-trend.epochs :], alpha=0.95)
        found.append(
            [
                trend.verdict in ("falling", "rising"),
                rose_since_the_middle(losses),
                not low <= 0 <= high,
            ]
        )
    return dict(zip(("moving", "risen", "theil"), np.mean(found, axis=0), strict=True))


def main(studies=2000):
    kinds = {
        "moving": "slopes of seeds or stretches (chosen)",
        "theil": "Theil and Sen, epochs as the sample",
        "risen": "risen since the middle (chosen)",
    }
    print(f"Losses without a trend; {studies:,} curves each:\n")
    rows = []
    for name, autocorrelation in WANDERING.items():
        found = [
            judge_trends(studies, seeds, epochs, autocorrelation)
            for epochs in EPOCHS
            for seeds in SEEDS
        ]
        for kind, method in kinds.items():
            rows.append([name, method, *(f"{100 * shares[kind]:.1f}" for shares in found)])
    columns = ["losses", "method", *(f"{epochs} epochs, {n}" for epochs in EPOCHS for n in SEEDS)]
    print_table(columns, rows, texts=2)

    print(f"Losses with a trend; autocorrelation 0.5; {studies // 4:,} curves each:\n")
    rows = []
    for slope in (0.1, 0.3, 1.0):
        rows.append([f"{slope:g} an epoch", kinds["moving"]])
        for epochs in EPOCHS:
            for seeds in SEEDS:
                share = judge_trends(studies // 4, seeds, epochs, 0.5, slope)["moving"]
                rows[-1].append(f"{100 * share:.0f}")
    print_table(columns, rows, texts=2)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
