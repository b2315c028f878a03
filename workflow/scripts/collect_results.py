"""Collect all trainings into a table of runs and a table of models."""

import json
import textwrap

import numpy as np
import pandas as pd
from prettytable import PrettyTable, TableStyle

from bakeoff import wording as w
from bakeoff.analysis.chance import commonest_share, has_learned
from bakeoff.analysis.epochs import last_epochs
from bakeoff.analysis.intervals import pooled
from bakeoff.analysis.last_epochs import history_figures
from bakeoff.analysis.models import Training, models_of_study
from bakeoff.analysis.times import was_moved
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log
from bakeoff.markdown import bullets, escaped
from bakeoff.report.summary import all_tables
from bakeoff.study.readers import (
    card_value,
    read_data_set,
    read_descriptions,
    read_probabilities,
    read_training,
    trainings_of,
)

_LAST_EPOCH = ["loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"]
_MEASURED = [
    *_LAST_EPOCH,
    *("test_accuracy_undisputed", "best_epoch", "best_val_accuracy", "best_epoch_test_accuracy"),
    *("val_accuracy_last_mean", "val_accuracy_last_sd"),
    *("clean_train_loss", "clean_train_accuracy", "gap"),
    *("seconds_per_epoch", "training_seconds", "latency_ms"),
]
_SIZES = ["parameters", "trainable_parameters", "multiply_adds", "test_images", "disputed_images"]
_SUMMARY_COLUMNS = [
    *("model", "name", "description", "family", "n_seeds", "n_diverged"),
    *("train_loss", "val_loss", "train_accuracy", "test_accuracy", "test_accuracy_sd"),
    *("test_accuracy_low", "test_accuracy_high", "test_accuracy_min", "test_accuracy_max"),
    *("test_accuracy_undisputed", "test_loss", "above_chance"),
    *("clean_train_loss", "clean_train_accuracy", "gap", "gap_low", "gap_high"),
    *("val_accuracy", "best_epoch", "best_val_accuracy", "best_epoch_test_accuracy"),
    *("last_epochs", "val_accuracy_last_mean", "val_accuracy_last_sd"),
    *("loss_slope_epochs", "loss_slope", "loss_slope_low", "loss_slope_high"),
    "loss_trend",
    *("epochs", "seconds_per_epoch", "training_seconds", "latency_ms"),
    "concurrent_trainings",
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
    study,
    data_file,
    histories,
    cards,
    predictions,
    descriptions,
    runs_file,
    summary_file,
    text_file,
    markdown_file,
):
    """Write runs.csv, summary.csv and the tables as text and as Markdown.

    ``study`` is the reported study and ``data_file`` its prepared data; ``histories``, ``cards``
    and ``predictions`` are the paths of its trainings' files in the order of
    :func:`bakeoff.study.readers.trainings_of`, ``descriptions`` those of its models' descriptions.
    Raises :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    data = read_data_set(data_file, study["dataset"].get("disputed", []))
    of_model = read_descriptions(descriptions, study)
    trainings, described = [], []
    files = zip(trainings_of(study), histories, cards, predictions, strict=True)
    for (model, seed), history_file, card_file, predictions_file in files:
        history, card = read_training(history_file, card_file, model, seed, of_model[model])
        correct = None
        if card["status"] == "ok":
            correct = read_probabilities(predictions_file, data).argmax(axis=1) == data.labels
        trainings.append(Training(card, history, correct))
        described.append(describe_run(trainings[-1], card_file, data.disputed))
    runs = pd.DataFrame(described).astype({"best_epoch": "Int64", "multiply_adds": "Int64"})
    chance = commonest_share(data.labels)
    summary = summarise_models(study, runs, models_of_study(study, trainings), chance)
    captions = describe_rows(study, runs)
    rows = summary.astype(object).where(summary.notna(), None).to_dict("records")
    tables = all_tables(rows, study, described)
    for path, content in (
        (runs_file, runs.to_csv(index=False, lineterminator="\n")),
        (summary_file, summary.to_csv(index=False, lineterminator="\n")),
        (text_file, as_text(study["title"], captions, tables)),
        (markdown_file, as_markdown(study["title"], captions, tables)),
    ):
        with write_atomically(path) as temporary:
            temporary.write_text(content, encoding="utf-8")


def describe_run(training, card_file, disputed):
    """Return one training's row of runs.csv as a dict.

    ``training`` is a :class:`bakeoff.analysis.models.Training`; ``disputed``, boolean (n_test,),
    tells the test images whose labels are in doubt. Losses and accuracies (shares of one) are the
    last epoch's; :func:`bakeoff.analysis.last_epochs.history_figures` says what is read of the
    others, and ``gap`` is the accuracy on training images, dropout off, minus that on test images.
    ``test_accuracy_undisputed`` is None where no label is in doubt. ``seconds_per_epoch`` is the
    median, which the start-up in the first epoch does not move; ``moved`` is 1 where the training
    went on elsewhere after an interruption. A diverged training's measurements are None.
    """
    history, card = training.history, training.card

    def value(*keys):
        return card_value(card, card_file, *keys)

    row = {"model": card["model"], "seed": card["seed"], "status": value("status")}
    row["epochs"] = len(history)
    if row["status"] == "ok":
        row |= {field: history[field][-1] for field in _LAST_EPOCH} | history_figures(history)
        sure = training.correct[~disputed]
        row |= {
            "test_accuracy_undisputed": sure.mean() if 0 < len(sure) < len(disputed) else None,
            "clean_train_loss": value("clean_train", "loss"),
            "clean_train_accuracy": value("clean_train", "accuracy"),
            "gap": value("clean_train", "accuracy") - row["test_accuracy"],
            "seconds_per_epoch": np.median(history["seconds"]),
            "training_seconds": value("seconds", "training"),
            "latency_ms": value("latency_ms", "median"),
        }
    row = {key: row.get(key) for key in ("model", "seed", "status", "epochs", *_MEASURED)}
    return row | {
        "parameters": value("parameters", "total"),
        "trainable_parameters": value("parameters", "trainable"),
        # A count that leaves layers out would compare unfairly.
        "multiply_adds": None if card.get("multiply_adds_not_counted") else value("multiply_adds"),
        "test_images": value("dataset", "test_images"),
        "disputed_images": int(disputed.sum()),
        "device": value("device"),
        "threads": value("threads"),
        "concurrent_trainings": value("concurrent_trainings"),
        "moved": int(was_moved(value("pieces"))),
        "backend": value("backend"),
        "precision": value("precision"),
        "python": value("versions", "python"),
        "keras": value("versions", "keras"),
        "backend_version": value("versions", value("backend")),
    }


def summarise_models(study, runs, models, chance):
    """Return summary.csv: one row per model, in the study's order.

    ``models`` are the study's :class:`bakeoff.analysis.models.Model`, and ``chance`` is the
    accuracy of always answering with the commonest class: ``above_chance`` is 1 for the models that
    are shown to be better, otherwise 0. Measurements are means over the seeds that finished
    (``n_seeds``), the best epoch a median, ``val_accuracy_last_sd`` pooled; ``test_accuracy_sd`` is
    the sample standard deviation, missing with one seed, and ``test_accuracy_min`` and ``_max`` the
    lowest and the highest seed. ``_low`` and ``_high`` are 95 % intervals: of the test accuracy, of
    the ``gap`` as in :class:`bakeoff.analysis.overfitting.Overfitting`, and of ``loss_slope``, the
    slope of validation loss per epoch over the last ``loss_slope_epochs``, missing where these are
    too few; ``loss_trend`` is the verdict on it, as in :class:`bakeoff.analysis.curves.Trend`. A
    model that diverged with every seed has none of them.
    """
    rows = [
        entry | _summarise(runs[runs["model"] == entry["model"]], model, chance)
        for entry, model in zip(study["models"], models, strict=True)
    ]
    return pd.DataFrame(rows).reindex(columns=_SUMMARY_COLUMNS)


def _summarise(runs, model, chance):
    finished = runs[runs["status"] == "ok"]
    measured = finished[_MEASURED].astype(float)
    accuracies = measured["test_accuracy"]
    return {
        **measured.mean(),
        **runs[_SIZES].iloc[0],
        "concurrent_trainings": runs["concurrent_trainings"].max(),
        **(_judged(model) if model.trainings else {}),
        "above_chance": int(bool(model.trainings) and has_learned(model, chance)),
        "n_seeds": len(finished),
        "n_diverged": len(runs) - len(finished),
        "train_loss": measured["loss"].mean(),
        "train_accuracy": measured["accuracy"].mean(),
        "test_accuracy_sd": accuracies.std(),
        "test_accuracy_min": accuracies.min(),
        "test_accuracy_max": accuracies.max(),
        "best_epoch": measured["best_epoch"].median(),
        "val_accuracy_last_sd": pooled(measured["val_accuracy_last_sd"]) if len(finished) else None,
        # A diverged training stops early.
        "epochs": runs["epochs"].max(),
    }


def _judged(model):
    """Return what the summary takes from a model's measures: intervals and the trend."""
    _, low, high = model.accuracy
    trend = model.trend
    return {
        "test_accuracy_low": low,
        "test_accuracy_high": high,
        "gap": model.overfitting.gap,
        "gap_low": model.overfitting.low,
        "gap_high": model.overfitting.high,
        "last_epochs": last_epochs(len(model.curves)),
        "loss_slope_epochs": trend.epochs,
        "loss_slope": trend.slope,
        "loss_slope_low": trend.low,
        "loss_slope_high": trend.high,
        "loss_trend": trend.verdict,
    }


def describe_rows(study, runs):
    """Return the lines that stand above the tables: what the rows are, and warnings."""
    title = study["dataset"]["title"]
    diverged = int((runs["status"] != "ok").sum())
    lines = [
        f"{title}, {w.count(runs['test_images'].iloc[0], 'test image')}; {_seeds(study['seeds'])};"
        f" {_epochs(runs)}; trained on {_listed(runs['device'])}.",
    ]
    if study["dataset"]["validation"] == "test":
        lines.append(
            f"Validation is the test set{_as_published(study)}: the best epoch is chosen on the"
            " test set, so its accuracy is optimistic."
        )
    else:
        lines.append("Validation is a holdout cut from the training images.")
    if study["unfinished"]:
        lines.append(f"Not finished, and left out: {', '.join(study['unfinished'])}.")
    if diverged:
        lines.append(
            f"Diverged (the loss was no longer a number): {diverged} of"
            f" {w.count(len(runs), 'training')}; {w.plural(diverged, 'it is', 'they are')} in no"
            " mean."
        )
    return lines + _warnings(runs)


def _as_published(study):
    """Return ", as in the notebook" where the published figures come of the same validation."""
    published = study.get("published")
    if published is None or published["setting"]["validation"] != "test":
        return ""
    return f", as in {published['called']}"


def _seeds(seeds):
    listed = ", ".join(map(str, seeds))
    return f"one seed ({listed})" if len(seeds) == 1 else f"mean of {len(seeds)} seeds ({listed})"


def _epochs(runs):
    finished = runs[runs["status"] == "ok"]
    epochs = (runs if finished.empty else finished)["epochs"]
    low, high = epochs.min(), epochs.max()
    if low == high:
        return f"{low} epochs" if low > 1 else "1 epoch"
    return f"{low} to {high} epochs (the last table has each model's)"


def _listed(values):
    return ", ".join(map(str, sorted(values.unique())))


def _warnings(runs):
    different = [
        f"{plural} ({_listed(runs[column])})"
        for column, plural in _CIRCUMSTANCES.items()
        if runs[column].nunique() > 1
    ]
    if not different:
        return []
    return [f"Warning: the rows come from different {'; '.join(different)}: compare with care."]


def as_text(title, captions, tables):
    """Return summary.txt; ``tables`` are (title, note or None, PrettyTable)."""
    blocks = [w.one_line(title), "\n".join(map(w.one_line, captions))]
    for name, note, table in tables:
        heading = name if note is None else f"{name}\n{textwrap.fill(note, 100)}"
        blocks += [heading, _converted(table, w.one_line).get_string()]
    return "\n\n".join(blocks) + "\n"


def as_markdown(title, captions, tables):
    """Return summary.md; ``tables`` are (title, note or None, PrettyTable)."""
    blocks = [f"**{escaped(title)}**", bullets(captions)]
    for name, note, table in tables:
        converted = _converted(table, escaped)
        converted.set_style(TableStyle.MARKDOWN)
        blocks += [f"**{name}**", *([escaped(note)] if note else []), converted.get_string()]
    return "\n\n".join(blocks) + "\n"


def _converted(table, convert):
    """Return a PrettyTable with ``convert`` applied to each cell, a text."""
    converted = PrettyTable(table.field_names)
    converted.align = table.align
    converted.add_rows([[convert(cell) for cell in row] for row in table.rows])
    return converted


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        collect_results(
            json.loads(snakemake.params.study),
            snakemake.input.data,
            snakemake.input.histories,
            snakemake.input.cards,
            snakemake.input.predictions,
            snakemake.input.descriptions,
            snakemake.output.runs,
            snakemake.output.summary,
            snakemake.output.text,
            snakemake.output.markdown,
        )
