"""The two tables of a study, as shown in its text files and on its page."""

import pandas as pd
from prettytable import PrettyTable


def accuracy_table(summary):
    """Return the notebook's table, six columns, as a PrettyTable."""
    table = PrettyTable(
        [
            *("Model number", "Model Description", "Train loss", "Validation loss"),
            *("Train accuracy", "Test accuracy"),
        ]
    )
    for row in summary.to_dict("records"):
        table.add_row(
            [
                row["name"],
                row["description"],
                _cell(row["train_loss"], ".4f"),
                _cell(row["val_loss"], ".4f"),
                _percent(row["train_accuracy"]),
                _percent(row["test_accuracy"]),
            ]
        )
    return table


def cost_table(summary):
    """Return the second table, what a model costs and when it was best, as a PrettyTable."""
    table = PrettyTable(
        [
            *("Model number", "Parameters", "Multiply-adds", "Seconds per epoch"),
            *("Latency of one image (ms)", "Epochs", "Best epoch", "Best validation accuracy"),
        ]
    )
    for row in summary.to_dict("records"):
        table.add_row(
            [
                row["name"],
                _cell(row["parameters"], ",.0f"),
                _cell(row["multiply_adds"], ",.0f", missing="unknown"),
                _cell(row["seconds_per_epoch"], ".1f"),
                _cell(row["latency_ms"], ".2f"),
                row["epochs"],
                _cell(row["best_epoch"], "g"),
                _percent(row["best_val_accuracy"]),
            ]
        )
    table.align = "r"
    table.align["Model number"] = "c"
    if summary["n_diverged"].any():
        trainings = summary["n_seeds"] + summary["n_diverged"]
        diverged = [f"{d} of {n}" for d, n in zip(summary["n_diverged"], trainings, strict=True)]
        table.add_column("Diverged seeds", diverged)
    return table


def _cell(value, spec, missing="diverged"):
    return missing if pd.isna(value) else format(value, spec)


def _percent(share):
    return "diverged" if pd.isna(share) else f"{100 * share:.2f} %"
