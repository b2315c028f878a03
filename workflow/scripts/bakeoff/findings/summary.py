"""The tables of a study, as shown in its text files and on its page."""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.analysis.epochs import FLAT, FLUCTUATION_EPOCHS, LAST_EPOCHS, TREND_EPOCHS
from bakeoff.results import Model, Results

Rows = Sequence[Mapping[str, Any]]
"""summary.csv as :func:`bakeoff.study.readers.read_summary` returns it, a dict a model."""


def all_tables(summary: Rows, results: Results) -> list[tuple[str, str, t.Table]]:
    """Return a study's tables in their order: a list of (title, note, table).

    ``summary`` is summary.csv as :func:`bakeoff.study.readers.read_summary` returns it, a dict a
    model, and ``results`` the :class:`bakeoff.results.Results`. The first table is the notebook's.
    Each table's first column holds the models' names.
    """
    study = results.study
    several = len(study["seeds"]) > 1
    holdout = study["dataset"]["validation"] == "holdout"
    return [
        (
            "Losses and accuracies",
            f"After {results.judged_epoch}. The train columns are running averages over that epoch,"
            " with dropout on.",
            accuracy_table(summary),
        ),
        (
            "Test accuracy over seeds" if several else "Test accuracy",
            _accuracy_note(summary, results),
            deviation_table(summary, several),
        ),
        (
            "Last and best epoch",
            _best_epoch_note(several, holdout),
            holdout_table(summary) if holdout else best_epoch_table(summary),
        ),
        ("The last epochs", _last_epochs_note(summary, several), last_epochs_table(summary)),
        (
            "Training and test accuracy",
            f"Dropout on: the running average over {results.judged_epoch}, as in the first table."
            " Dropout off: after that epoch, on a fixed sample of the training images. The gap is"
            " this accuracy minus that on the test images.",
            gap_table(summary),
        ),
        ("Size and cost", _cost_note(results.analysis, several), cost_table(summary)),
    ]


def ranked_table(summary: Rows, results: Results) -> t.Table:
    """Return the one table with all that matters, the most accurate model first.

    Models without a result come last, those not shown to be better than chance before them.
    """
    rows = {row["model"]: row for row in summary}
    order = [*results.ranked, *(model for model in results.models if not model.runs)]
    order.sort(key=lambda model: not model.above_chance)
    several = len(results.study["seeds"]) > 1
    column = results.column

    def cells(model):
        row = rows[model.model]
        behind = model.against_best
        return [
            t.model(model.name),
            t.text(verdict(model, results)),
            _percent(row, column),
            *([_points(row, f"{column}_sd")] * several),
            t.points(behind.difference) if behind else t.BLANK if model.runs else _missing(row),
            _number(row, "val_loss", 4),
            _points(row, "gap"),
            t.count(row["parameters"]),
            t.absent("unknown") if _lacks(row, "multiply_adds") else t.count(row["multiply_adds"]),
            _seconds(row, "training_seconds", 0),
            _number(row, "latency_ms", 2),
        ]

    columns = ["Model", "Verdict", results.measure.capitalize(), *["SD between seeds"] * several]
    columns += ["Behind the best", "Validation loss", "Overfits by", "Parameters"]
    columns += ["Multiply-adds", "Seconds", "Latency (ms)"]
    return t.Table(columns, [cells(model) for model in order])


def verdict(model: Model, results: Results) -> str:
    """Return how a model stands, in a few words; one that learned nothing is said to be so."""
    if model in results.at_chance:
        return "not shown to beat chance"
    return model.standing


def accuracy_table(summary: Rows) -> t.Table:
    """Return the notebook's table, six columns."""
    columns = {
        "Model Description": lambda row: t.text(row["description"]),
        "Train loss": lambda row: _number(row, "train_loss", 4),
        "Validation loss": lambda row: _number(row, "val_loss", 4),
        "Train accuracy": lambda row: _percent(row, "train_accuracy"),
        "Test accuracy": lambda row: _percent(row, "test_accuracy"),
    }
    return _table(summary, columns, align="cccccc", first="Model number")


def deviation_table(summary: Rows, several: bool) -> t.Table:
    """Return the table of test accuracies with intervals, of several seeds with deviations."""
    columns = {"Test accuracy": lambda row: _percent(row, "test_accuracy")}
    if several:
        columns = {
            "Mean test accuracy": lambda row: _percent(row, "test_accuracy"),
            "Standard deviation (percentage points)": lambda row: _points(row, "test_accuracy_sd"),
            "Seeds": lambda row: t.count(row["n_seeds"]),
        }
    columns["95 % interval"] = lambda row: _span(row, "test_accuracy_low", "test_accuracy_high")
    columns["Balanced accuracy"] = lambda row: _percent(row, "balanced_accuracy")
    columns["Its 95 % interval"] = lambda row: _span(
        row, "balanced_accuracy_low", "balanced_accuracy_high"
    )
    if several:
        columns["Lowest seed"] = lambda row: _percent(row, "test_accuracy_min")
        columns["Highest seed"] = lambda row: _percent(row, "test_accuracy_max")
    if _disputed_images(summary):
        columns["Without disputed labels"] = lambda row: _percent(row, "test_accuracy_undisputed")
    if any(row["n_diverged"] for row in summary):
        columns["Diverged seeds"] = lambda row: t.Cell(
            f"{row['n_diverged']} of {row['n_seeds'] + row['n_diverged']}", row["n_diverged"]
        )
    return _table(summary, columns)


def best_epoch_table(summary: Rows) -> t.Table:
    """Return the table of last and best epochs where validation was the test set."""
    columns = {
        "Validation accuracy, last epoch": lambda row: _percent(row, "last_val_accuracy"),
        "Best epoch": lambda row: _best_epoch(row),
        "Validation accuracy, best epoch": lambda row: _percent(row, "best_val_accuracy"),
    }
    return _table(summary, columns)


def holdout_table(summary: Rows) -> t.Table:
    """Return the table of last and best epochs where validation was a holdout."""
    columns = {
        "Best epoch": lambda row: _best_epoch(row),
        "Holdout accuracy, best epoch": lambda row: _percent(row, "best_val_accuracy"),
        "Test accuracy, best epoch": lambda row: _percent(row, "best_epoch_test_accuracy"),
        "Holdout accuracy, last epoch": lambda row: _percent(row, "last_val_accuracy"),
        "Test accuracy, last epoch": lambda row: _percent(row, "last_test_accuracy"),
    }
    return _table(summary, columns)


def last_epochs_table(summary: Rows) -> t.Table:
    """Return the table of validation accuracy and of the loss's slope over the last epochs."""
    columns = {
        "Mean validation accuracy": lambda row: _percent(row, "val_accuracy_last_mean"),
        "Standard deviation (percentage points)": lambda row: _points(row, "val_accuracy_last_sd"),
        "Slope of validation loss": lambda row: _number(row, "loss_slope", 5),
        "95 % interval": _slope_interval,
        "Validation loss": _heading,
    }
    return _table(summary, columns)


def gap_table(summary: Rows) -> t.Table:
    """Return the table of accuracies on training and on test images."""
    columns = {
        "Train accuracy, dropout on": lambda row: _percent(row, "train_accuracy"),
        "Train accuracy, dropout off": lambda row: _percent(row, "clean_train_accuracy"),
        "Test accuracy": lambda row: _percent(row, "test_accuracy"),
        "Gap (percentage points)": lambda row: _points(row, "gap"),
        "95 % interval": lambda row: (
            _missing(row)
            if _lacks(row, "gap")
            else t.points_interval(row["gap_low"], row["gap_high"])
        ),
    }
    return _table(summary, columns)


def cost_table(summary: Rows) -> t.Table:
    """Return the table of what a model costs."""
    columns = {
        "Parameters": lambda row: t.count(row["parameters"]),
        "Multiply-adds": lambda row: (
            t.absent("unknown") if _lacks(row, "multiply_adds") else t.count(row["multiply_adds"])
        ),
        "Epochs": lambda row: t.count(row["epochs"]),
        "Seconds per epoch": lambda row: _seconds(row, "seconds_per_epoch", 1),
        "Seconds in all": lambda row: _seconds(row, "training_seconds", 0),
        "Latency of one image (ms)": lambda row: _number(row, "latency_ms", 2),
    }
    return _table(summary, columns)


def _accuracy_note(summary, results):
    study = results.study
    images = "groups of test images" if results.data.groups else "test images"
    if len(study["seeds"]) == 1:
        sentences = [
            "One seed: the standard deviation between runs is not known. The interval is Wilson's,"
            f" for the {images} alone."
        ]
    else:
        sentences = [f"The interval takes both the seeds and the {images} for samples."]
        if any(row["n_seeds"] == 1 for row in summary):
            sentences.append(
                f"{t.NONE}: one seed has no standard deviation, and its interval is for the"
                f" {images} alone."
            )
    disputed, images = _disputed_images(summary), summary[0]["test_images"]
    if disputed:
        sentences.append(
            f"{disputed} of the {images:,} test images"
            f" {w.plural(disputed, 'has a disputed label', 'have disputed labels')}: the accuracy"
            f" without {w.plural(disputed, 'it', 'them')} stands beside."
        )
    elif study["dataset"].get("disputed"):
        sentences.append(f"None of the {images:,} test images has a disputed label.")
    sentences.append("Balanced accuracy is the mean of the recalls of the classes.")
    return " ".join(sentences)


def _best_epoch_note(several, holdout):
    median = " It is the median over the seeds." if several else ""
    best = f"The best epoch is the first one with the highest validation accuracy.{median}"
    if holdout:
        return (
            f"{best} It was chosen on the holdout, so the holdout accuracy there is optimistic;"
            " the test accuracy there is not."
        )
    return f"{best} It was chosen on the test images, so its accuracy is optimistic."


def _last_epochs_note(summary, several):
    seeds = ", pooled over the seeds" if several else ""
    finished = [row for row in summary if row["n_seeds"]]
    sentences = [
        f"Mean and standard deviation (between epochs{seeds}) over the last {LAST_EPOCHS} epochs,"
        " at most the last half of them."
        " The slope per epoch is the mean over the last third of the epochs, at least"
        f" {TREND_EPOCHS}; flat: as many epochs more as these would change the loss by less than"
        f" {100 * FLAT:g} %; noisy: the curve wanders too much to tell."
    ]
    tested = sum(not _lacks(row, "loss_slope") for row in finished)
    if tested > 1:
        sentences.append(w.uncorrected(tested))
    if any(row["loss_trend"] == "stopped early" for row in finished):
        sentences.append(
            "Stopped early: where the last epoch was chosen during the training, the slope up to it"
            " tells nothing."
        )
    if any(
        row["loss_trend"] == "unknown" or _lacks(row, "val_accuracy_last_sd") for row in finished
    ):
        sentences.append(
            f"{t.NONE}: too few epochs; mean and standard deviation need {FLUCTUATION_EPOCHS}, a"
            f" slope {TREND_EPOCHS}."
        )
    return " ".join(sentences)


def _cost_note(analysis, several):
    sentences = ["Seconds in all are those of one whole run."]
    if several and analysis.latencies:
        sentences.append("They are means over the seeds, and latencies those of one run.")
    elif several:
        sentences.append("Times are means over the seeds.")
    if why := w.uncompared_times(analysis):
        sentences.append(why)
    return " ".join(sentences)


def _disputed_images(summary):
    return summary[0]["disputed_images"]


def _table(summary, columns, align="", first="Model"):
    """Return a table of the models' names and ``columns``, header to cell of a row."""
    rows = [[t.model(row["name"]), *(cell(row) for cell in columns.values())] for row in summary]
    return t.Table([first, *columns], rows, align)


def _lacks(row, column):
    return row[column] is None


def _missing(row):
    return t.absent() if row["n_seeds"] else t.absent("diverged")


def _number(row, column, decimals):
    return _missing(row) if _lacks(row, column) else t.number(row[column], decimals)


def _seconds(row, column, decimals):
    if _lacks(row, column):
        return _missing(row)
    return t.Cell(f"{row[column]:,.{decimals}f}", row[column])


def _best_epoch(row):
    if _lacks(row, "best_epoch"):
        return _missing(row)
    return t.Cell(f"{row['best_epoch']:g}", row["best_epoch"])


def _percent(row, column):
    return _missing(row) if _lacks(row, column) else t.percent(row[column])


def _points(row, column):
    return _missing(row) if _lacks(row, column) else t.points(row[column])


def _span(row, low, high):
    return _missing(row) if _lacks(row, low) else t.percent_interval(row[low], row[high])


def _slope_interval(row):
    if _lacks(row, "loss_slope"):
        return _missing(row)
    return t.signed_interval(row["loss_slope_low"], row["loss_slope_high"], 5)


def _heading(row):
    known = not _lacks(row, "loss_slope") or row["loss_trend"] == "stopped early"
    return t.text(row["loss_trend"]) if known else _missing(row)
