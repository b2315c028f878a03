"""Collect all trainings into a table of runs and a table of models."""

import json

import numpy as np
import pandas as pd
from prettytable import PrettyTable, TableStyle

from bakeoff.comparisons import accuracy_interval
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log
from bakeoff.summary_tables import accuracy_table, cost_table
from bakeoff.tables import card_value, read_correct, read_training, trainings_of

_LAST_EPOCH = ["loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"]
_MEASURED = [
    *_LAST_EPOCH,
    *("best_epoch", "best_val_accuracy", "clean_train_loss", "clean_train_accuracy"),
    *("seconds_per_epoch", "training_seconds", "latency_ms"),
]
_SIZES = ["parameters", "trainable_parameters", "multiply_adds", "test_images"]
_SUMMARY_COLUMNS = [
    *("model", "name", "description", "family", "n_seeds", "n_diverged"),
    *("train_loss", "val_loss", "train_accuracy", "test_accuracy", "test_accuracy_sd"),
    *("test_accuracy_low", "test_accuracy_high"),
    *("test_loss", "clean_train_loss", "clean_train_accuracy"),
    *("best_epoch", "best_val_accuracy", "epochs"),
    *("seconds_per_epoch", "training_seconds", "latency_ms"),
    *_SIZES,
]

# Rows that differ in one of these are shown with a warning.
_CIRCUMSTANCES = {
    "device": "devices",
    "threads": "numbers of threads",
    "backend": "backends",
    "precision": "precisions",
    "python": "Python versions",
    "keras": "Keras versions",
    "backend_version": "backend versions",
}


def collect_results(
    study, histories, cards, predictions, runs_file, summary_file, text_file, markdown_file
):
    """Write runs.csv, summary.csv and the two tables as text and as Markdown.

    ``study`` is the reported study; ``histories``, ``cards`` and ``predictions`` are the paths of
    its trainings' files in the order of :func:`bakeoff.tables.trainings_of`. Raises
    :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    trainings = trainings_of(study)
    files = zip(trainings, histories, cards, strict=True)
    runs = pd.DataFrame(
        [describe_run(history, card, *training) for training, history, card in files]
    ).astype({"best_epoch": "Int64", "multiply_adds": "Int64"})
    correct = [read_correct(file) for file in predictions]
    summary = summarise_models(study, runs, dict(zip(trainings, correct, strict=True)))
    captions = describe_rows(study, runs)
    tables = [accuracy_table(summary), cost_table(summary)]
    for path, content in (
        (runs_file, runs.to_csv(index=False, lineterminator="\n")),
        (summary_file, summary.to_csv(index=False, lineterminator="\n")),
        (text_file, as_text(study["title"], captions, tables)),
        (markdown_file, as_markdown(study["title"], captions, tables)),
    ):
        with write_atomically(path) as temporary:
            temporary.write_text(content, encoding="utf-8")


def describe_run(history_file, card_file, model, seed):
    """Return one training's row of runs.csv as a dict.

    Losses and accuracies (shares of one) are the last epoch's. The best epoch is the first one
    with the highest validation accuracy. ``seconds_per_epoch`` is the median, which the
    start-up in the first epoch does not move. A diverged training's measurements are None.
    """
    history, card = read_training(history_file, card_file, model, seed)

    def value(*keys):
        return card_value(card, card_file, *keys)

    row = {"model": model, "seed": seed, "status": value("status"), "epochs": len(history)}
    if row["status"] == "ok":
        row |= history[_LAST_EPOCH].iloc[-1].to_dict()
        row |= {
            "best_epoch": int(history["val_accuracy"].argmax()) + 1,
            "best_val_accuracy": history["val_accuracy"].max(),
            "clean_train_loss": value("clean_train", "loss"),
            "clean_train_accuracy": value("clean_train", "accuracy"),
            "seconds_per_epoch": history["seconds"].median(),
            "training_seconds": value("seconds", "training"),
            "latency_ms": value("latency_ms", "median"),
        }
    else:
        row |= dict.fromkeys(_MEASURED)
    return row | {
        "parameters": value("parameters", "total"),
        "trainable_parameters": value("parameters", "trainable"),
        # A count that leaves layers out would compare unfairly.
        "multiply_adds": None if card.get("multiply_adds_not_counted") else value("multiply_adds"),
        "test_images": value("dataset", "test_images"),
        "device": value("device"),
        "threads": value("threads"),
        "concurrent_trainings": value("concurrent_trainings"),
        "backend": value("backend"),
        "precision": value("precision"),
        "python": value("versions", "python"),
        "keras": value("versions", "keras"),
        "backend_version": value("versions", value("backend")),
    }


def summarise_models(study, runs, correct):
    """Return summary.csv: one row per model, in the study's order.

    ``correct`` maps (model, seed) to which test images that training got right, boolean
    (n_test,). Measurements are means over the seeds that finished (``n_seeds``), the best epoch
    a median; ``test_accuracy_sd`` is the sample standard deviation, missing with one seed;
    ``test_accuracy_low`` and ``_high`` are the 95 % interval that
    :func:`bakeoff.comparisons.accuracy_interval` gives. A model that diverged with every seed
    has none of them.
    """
    rows = [
        entry | _summarise(runs[runs["model"] == entry["model"]], correct)
        for entry in study["models"]
    ]
    return pd.DataFrame(rows)[_SUMMARY_COLUMNS]


def _summarise(runs, correct):
    finished = runs[runs["status"] == "ok"]
    measured = finished[_MEASURED].astype(float)
    low = high = None
    if len(finished):
        answers = [
            correct[training]
            for training in finished[["model", "seed"]].itertuples(index=False, name=None)
        ]
        _, low, high = accuracy_interval(np.stack(answers))
    return {
        **measured.mean(),
        **runs[_SIZES].iloc[0],
        "n_seeds": len(finished),
        "n_diverged": len(runs) - len(finished),
        "train_loss": measured["loss"].mean(),
        "train_accuracy": measured["accuracy"].mean(),
        "test_accuracy_sd": measured["test_accuracy"].std(),
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "best_epoch": measured["best_epoch"].median(),
        # A diverged training stops early.
        "epochs": runs["epochs"].max(),
    }


def describe_rows(study, runs):
    """Return the lines that stand above the tables: what the rows are, and warnings."""
    title = study["dataset"]["title"]
    diverged = int((runs["status"] != "ok").sum())
    lines = [
        f"{title}, {runs['test_images'].iloc[0]:,} test images; {_seeds(study['seeds'])};"
        f" {_epochs(runs)}; trained on {_listed(runs['device'])}.",
        "Losses and accuracies are the last epoch's; the train columns are running averages over"
        " that epoch, with dropout on.",
    ]
    if study["dataset"]["validation"] == "test":
        lines.append(
            "Validation is the test set, as in the notebook: the best epoch is chosen on the test"
            " set, so its accuracy is optimistic."
        )
    else:
        lines.append("Validation is a holdout cut from the training images.")
    if study["unfinished"]:
        lines.append(f"Not finished, and left out: {', '.join(study['unfinished'])}.")
    if diverged:
        lines.append(
            f"Diverged (the loss was no longer a number): {diverged} of {len(runs)} trainings;"
            " they are in no mean."
        )
    return lines + _warnings(runs)


def _seeds(seeds):
    listed = ", ".join(map(str, seeds))
    return f"one seed ({listed})" if len(seeds) == 1 else f"mean of {len(seeds)} seeds ({listed})"


def _epochs(runs):
    finished = runs[runs["status"] == "ok"]
    epochs = (runs if finished.empty else finished)["epochs"]
    low, high = epochs.min(), epochs.max()
    if low == high:
        return f"{low} epochs" if low > 1 else "1 epoch"
    return f"{low} to {high} epochs (the second table has each model's)"


def _listed(values):
    return ", ".join(map(str, sorted(values.unique())))


def _warnings(runs):
    different = [
        f"{plural} ({_listed(runs[column])})"
        for column, plural in _CIRCUMSTANCES.items()
        if runs[column].nunique() > 1
    ]
    warnings = []
    if different:
        warnings.append(
            f"Warning: the rows come from different {'; '.join(different)}: compare with care."
        )
    shared = runs["concurrent_trainings"].max()
    if shared > 1:
        warnings.append(
            f"Warning: up to {shared} trainings shared the machine: their seconds and latencies"
            " are not comparable."
        )
    return warnings


def as_text(title, captions, tables):
    """Return summary.txt."""
    blocks = [title, "\n".join(captions), *(table.get_string() for table in tables)]
    return "\n\n".join(blocks) + "\n"


def as_markdown(title, captions, tables):
    """Return summary.md."""
    blocks = [f"**{title}**", "\n".join(f"- {line}" for line in captions)]
    for table in tables:
        escaped = PrettyTable(table.field_names)
        for row in table.rows:
            escaped.add_row([str(cell).replace("|", r"\|") for cell in row])
        escaped.set_style(TableStyle.MARKDOWN)
        blocks.append(escaped.get_string())
    return "\n\n".join(blocks) + "\n"


if "snakemake" in globals():
    with job_log(snakemake.log[0]):
        collect_results(
            json.loads(snakemake.params.study),
            snakemake.input.histories,
            snakemake.input.cards,
            snakemake.input.predictions,
            snakemake.output.runs,
            snakemake.output.summary,
            snakemake.output.text,
            snakemake.output.markdown,
        )
