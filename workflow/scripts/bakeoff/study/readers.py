"""Reading the tables that the workflow's steps hand on, checked."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.data.disputed import check_disputed
from bakeoff.data.prepared import PreparedData
from bakeoff.errors import StudyError
from bakeoff.files import DAMAGED, pass_on
from bakeoff.study.shapes import NUMBER, TEXT_OR_NONE, misfit
from bakeoff.wording import one_line

_METRICS = [
    *("loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy"),
    "seconds",
]
_DESCRIPTION = [
    *("parameters", "multiply_adds", "multiply_adds_not_counted", "output_shape", "layers"),
    *("notation", "compute_dtypes", "input_scaled_by", "loads_with"),
]
_TRAINING = "that run is repeated"
_TABLE = "it is made anew"

# As train_model.py, write_findings and time_model.py write them.
_TRAINED_ON = {"dataset": {"name": str}}
_TRAINED = {
    **dict.fromkeys(("model", "architecture", "backend", "precision"), str),
    **{"seed": int, "dataset": {"checksum": str}, "sources": {str: str}},
}
_FINDINGS = {
    **dict.fromkeys(("title", "headline", "line", "closing"), str),
    **dict.fromkeys(("pick", "surer"), TEXT_OR_NONE),
    **{"setting": [str], "cautions": [str], "short_cautions": [[str]]},
    "findings": [
        dict.fromkeys(("key", "title", "answer"), str)
        | {"text": [str], "items": [str]}
        | {"table": ({"columns": [str], "rows": [[str]], "numeric": [bool], "models": [bool]},)}
    ],
    "models": [dict.fromkeys(("model", "name", "remark"), str)],
}
_TRIAL = {"model": str, "device": str, "threads": int} | dict.fromkeys(
    ("start", "epoch", "run", "memory_mb"), NUMBER
)
_HISTORY = np.dtype(
    [("epoch", np.int64), *((metric, np.float64) for metric in _METRICS), ("judged", bool)]
)


_TRAINED_BY = (
    *("architectures/", "workflow/scripts/bakeoff/training/", "workflow/scripts/bakeoff/data/"),
    "workflow/scripts/train_model.py",
)
"""The sources in a run's identity. Written out, as no number depends on what tells these."""


def runs_in(study: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the (model, seed) pairs of a study in its order: models outside, seeds inside.

    The workflow lists histories and cards in the same order. A model whose entry has no seeds of
    its own has the study's.
    """
    return [
        (entry["model"], seed)
        for entry in study["models"]
        for seed in entry.get("seeds", study["seeds"])
    ]


def read_history(path: str | Path, model: str, seed: int) -> np.ndarray:
    """Return one run's history, a structured array (epochs,) with the file's numbers.

    Raises :class:`StudyError` when the file is not the whole history of ``model`` with ``seed``.

    Its fields are ``epoch``, int64, and losses, accuracies and ``seconds``, float64, which are
    finite, but for the last epoch of a run that diverged; ``judged``, bool, is true of the one
    epoch whose weights count.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            columns = {"model", "seed", "epoch", *_METRICS, "judged"}
            if missing := sorted(columns - set(table.fieldnames or ())):
                raise ValueError(f"without {', '.join(missing)}")
            rows = list(table)
        owners = dict.fromkeys((row["model"], int(row["seed"])) for row in rows)
        history = np.array(
            [
                # A diverged run's last numbers are missing.
                (
                    int(row["epoch"]),
                    *(float("nan" if row[m] == "" else row[m]) for m in _METRICS),
                    int(row["judged"]),
                )
                for row in rows
            ],
            dtype=_HISTORY,
        )
    except (TypeError, ValueError, csv.Error) as error:
        expected = ", ".join(["model", "seed", "epoch", *_METRICS, "judged"])
        raise _broken(path, f"not a history ({error})", expected) from error
    if not len(history):
        raise _broken(path, "holds no epoch", "one row an epoch")
    _check_owner(path, owners, model, seed)
    epochs = history["epoch"].tolist()
    if epochs != list(range(1, len(epochs) + 1)):
        raise _broken(path, f"epochs {_shortened(epochs)}", "1, 2, 3 and so on, each once")
    for column in _METRICS:
        faulty = history["epoch"][~np.isfinite(history[column])]
        if (faulty < len(epochs)).any():
            raise _broken(
                path,
                f"no number for {column} in epoch {faulty[0]}",
                "numbers in all epochs but the last of a diverged run",
            )
    if (judged := int(history["judged"].sum())) != 1:
        raise _broken(path, f"{judged} judged epochs", "one")
    return history


def read_histories(
    paths: Iterable[str | Path], study: Mapping[str, Any]
) -> dict[str, list[np.ndarray]]:
    """Return the histories of all runs of ``study`` by model, each as :func:`read_history` does.

    ``paths`` are in the study's order, and so are the models, and each one's seeds.
    """
    runs: dict[str, list[np.ndarray]] = {entry["model"]: [] for entry in study["models"]}
    for (model, seed), path in zip(runs_in(study), paths, strict=True):
        runs[model].append(read_history(path, model, seed))
    return runs


def read_training(
    history_file: str | Path,
    card_file: str | Path,
    model: str,
    seed: int,
    description: Mapping[str, Any],
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return the history and the card of one run that came to its end.

    The card holds what ``description``, the model's, says as well: see :func:`read_card`.
    Accuracies on validation and test images are whole numbers of images. Raises :class:`StudyError`
    for what :func:`read_history` and :func:`read_card` refuse, and when the two do not belong
    together: another number of epochs, or a history without its last numbers though the run
    did not diverge.
    """
    history = read_history(history_file, model, seed)
    card = read_card(card_file, model, seed, description)
    for keys in _CARD + (_FINISHED_CARD if card.get("status") == "ok" else []):
        card_value(card, card_file, *keys)
    card_value(card, card_file, "versions", card["backend"])
    trained = card_value(card, card_file, "epochs_trained")
    if len(history) != trained:
        raise _broken(
            history_file, f"{len(history)} epochs", f"{trained}, the epochs_trained of {card_file}"
        )
    judged = int(history["judged"].argmax()) + 1
    if judged != card["judged_epoch"]:
        expected = f"{card['judged_epoch']}, the judged_epoch of {card_file}"
        raise _broken(history_file, f"judged epoch {judged}", expected)
    if card_value(card, card_file, "status") == "ok" and not _complete(history):
        raise _broken(history_file, "numbers missing in the last epoch", "all numbers")
    for part, column in (("validation", "val_accuracy"), ("test", "test_accuracy")):
        images = card_value(card, card_file, "dataset", f"{part}_images")
        history[column] = _whole_images(history[column], images)
    return history, card


def _whole_images(accuracies, images):
    """Return shares of ``images``, float64, that are whole numbers of them.

    Keras rounds shares to float32: halfway between two decimals, a mean of them would be rounded
    otherwise than that of the answers. What is no such share stays as it is.
    """
    exact = np.rint(accuracies * images) / images
    return np.where(np.isclose(accuracies, exact, rtol=0, atol=1e-7), exact, accuracies)


# Under what a run, or a latency, was measured.
_CIRCUMSTANCES = [
    *(("device",), ("threads",), ("concurrent_runs",)),
    *(("backend",), ("precision",), ("versions", "python"), ("versions", "keras")),
]
# What is read of a card of any run, and of one that did not diverge, besides the description.
_CARD = [
    *(
        ("status",),
        ("epochs",),
        ("judged_epoch",),
        ("training",),
        ("optimizer",),
        ("dataset", "test_images"),
    ),
    *(("dataset", "train_images"), ("dataset", "validation"), ("dataset", "validation_images")),
    ("pieces",),
    *_CIRCUMSTANCES,
]
_LATENCY = [("latency_ms", "median"), ("latency_ms", "p95"), *_CIRCUMSTANCES]
_FINISHED_CARD = [
    *(("clean_train", "loss"), ("clean_train", "accuracy"), ("clean_train", "images")),
    *(("seconds", "training"), ("latency_ms", "median")),
]


def read_descriptions(
    paths: Iterable[str | Path], study: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Map each model of ``study`` to its description, read from ``paths`` in the study's order.

    See :func:`read_description`.
    """
    models = [entry["model"] for entry in study["models"]]
    return {model: read_description(path, model) for model, path in zip(models, paths, strict=True)}


def read_description(path: str | Path, model: str) -> dict[str, Any]:
    """Return what :func:`bakeoff.describe.model.checked_description` said of a model, a dict.

    Raises :class:`StudyError` when it is not JSON, not that of ``model``, or not whole.
    """
    description = _of_model(path, model, "description")
    if missing := [key for key in _DESCRIPTION if key not in description]:
        raise _broken(path, f"without {', '.join(missing)}", "all of them", _TABLE)
    return description


def _of_model(path, model, what):
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        owner = found["model"]
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, f"not a {what} ({error})", "JSON with model", _TABLE) from error
    if owner != model:
        raise _broken(path, f"is of {owner}", model, _TABLE)
    return found


def read_card(
    path: str | Path, model: str, seed: int, description: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the card of one run as a dict, with what its model's ``description`` says.

    Raises :class:`StudyError` when it is not JSON, or not the card of ``model`` with ``seed``.
    """
    try:
        card = json.loads(Path(path).read_text(encoding="utf-8"))
        owner = card["model"], card["seed"]
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(path, f"not a card ({error})", "JSON with model and seed") from error
    _check_owner(path, [owner], model, seed)
    return description | card


def data_set_of(path: str | Path) -> str:
    """Return the name of the data set that the run with a card was trained on.

    Raises :class:`StudyError` when the card is damaged.
    """
    return _of_shape(path, _TRAINED_ON, "a card", _TRAINING)["dataset"]["name"]


def read_trained(path: str | Path) -> dict[str, Any]:
    """Return the card of a run, whichever it is, with all that it takes to load its model.

    Raises :class:`StudyError` when the card is damaged.
    """
    card = _of_shape(path, _TRAINED, "a card", _TRAINING)
    if "given_arguments" not in card:
        card_value(card, path, "arguments")
    return card


def given_arguments(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the ``build`` of a run's architecture was given beside shape and classes.

    Cards of earlier versions have it with the defaults of the others alone.
    """
    return card.get("given_arguments", card["arguments"])


def read_latencies(
    paths: Iterable[str | Path], study: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Map each model of ``study`` to its latency, read from ``paths`` in the study's order.

    Without any paths, there are none. See :func:`read_latency`.
    """
    models = [entry["model"] for entry in study["models"]] if (paths := list(paths)) else []
    return {model: read_latency(path, model) for model, path in zip(models, paths, strict=True)}


def read_latency(path: str | Path, model: str) -> dict[str, Any]:
    """Return what time_predictions.py measured of a model: milliseconds, and the circumstances.

    These stand as in a run's card. Raises :class:`StudyError` when it is not JSON, not that of
    ``model``, or not whole.
    """
    found = _of_model(path, model, "latency")
    for keys in [*_LATENCY, ("versions", found.get("backend"))]:
        card_value(found, path, *keys)
    return found


@dataclass(frozen=True, eq=False)
class DataSet:
    """What the reporting steps need to know of the prepared data.

    ``class_names`` (classes,) str; for each test image ``labels`` int (n_test,),
    ``test_index`` int64 (n_test,), its place in the data set's own test set, ``disputed`` bool
    (n_test,), whether its label is in doubt, and ``in_training`` bool (n_test,), whether the same
    image stands among the training images. ``groups`` int (n_test,) numbers the groups of the
    images, patients for example, and ``group_name`` says what they are; both may be None.
    ``divided`` is how many of the images are of groups that have training images too.
    """

    class_names: list[str]
    labels: np.ndarray
    test_index: np.ndarray
    disputed: np.ndarray
    in_training: np.ndarray
    groups: np.ndarray | None = None
    group_name: str | None = None
    divided: int = 0


def read_data_set(path: str | Path, disputed: Sequence[int]) -> DataSet:
    """Return the :class:`DataSet` of prepared data, without reading the images.

    ``path`` is its ``data.json``; ``disputed`` are the indices of the disputed labels in the data
    set's own test set. Raises :class:`StudyError` when a file is damaged, or an index lies beyond
    the test set.
    """
    data = PreparedData.read(path)
    check_disputed(disputed, data.whole_test_images, path)
    test_index = data.per_image("test_index")
    return DataSet(
        class_names=[one_line(name) for name in data.class_names],
        labels=data.labels("test"),
        test_index=test_index,
        disputed=~undisputed(test_index, disputed),
        in_training=data.per_image("test_in_train"),
        groups=data.test_groups(),
        group_name=data.group_name,
        divided=data.divided,
    )


def undisputed(test_index: np.ndarray, disputed: Sequence[int]) -> np.ndarray:
    """Return which test images have a label that is not in doubt, boolean (n_test,).

    ``test_index`` int (n_test,) is each test image's place in the data set's own test set;
    ``disputed`` lists the places of the labels in doubt.
    """
    return ~np.isin(test_index, np.array(disputed, dtype=np.int64))


def read_predictions(path: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities, float32 (n_test, classes), and labels, int (n_test,), of a file.

    Raises :class:`StudyError` when the file is damaged.
    """
    expected = "probabilities (images, classes) and labels (images,)"
    try:
        with np.load(path) as test:
            probabilities, labels = test["probabilities"], test["labels"]
    except DAMAGED as error:
        pass_on(error)
        raise _broken(path, f"not predictions ({error})", expected) from error
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        shapes = f"probabilities {probabilities.shape} and labels {labels.shape}"
        raise _broken(path, shapes, expected)
    return probabilities, labels


def read_probabilities(path: str | Path, data: DataSet) -> np.ndarray:
    """Return the class probabilities, float32 (n_test, classes), of a run that ended well.

    Raises :class:`StudyError` when the file is damaged, is not of the test images of ``data``,
    a :class:`DataSet`, or holds probabilities that are not finite.
    """
    probabilities, labels = read_predictions(path)
    if not np.array_equal(labels, data.labels):
        raise _broken(path, "labels of other test images", "those of the prepared data")
    if probabilities.shape[1] != len(data.class_names):
        expected = f"{len(data.class_names)}, one for each class of the prepared data"
        raise _broken(path, f"{probabilities.shape[1]} probabilities an image", expected)
    if not np.isfinite(probabilities).all():
        raise _broken(path, "probabilities that are not numbers", "numbers from 0 to 1")
    return probabilities


def read_cards(
    paths: Iterable[str | Path], descriptions: Iterable[str | Path], study: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the cards of all runs of ``study`` in its order, each as :func:`read_card` does.

    ``descriptions`` are the paths of its models' descriptions.
    """
    described = read_descriptions(descriptions, study)
    return [
        read_card(path, model, seed, described[model])
        for (model, seed), path in zip(runs_in(study), paths, strict=True)
    ]


def check_alike(cards: Iterable[Mapping[str, Any]], paths: Iterable[str | Path]) -> None:
    """Raise :class:`StudyError` where runs of one model differ in more than their seed.

    No mean may be of both. ``cards`` are as :func:`read_card` returns them, read from ``paths``.
    """
    first: dict[str, tuple[Mapping[str, Any], str | Path]] = {}
    for card, path in zip(cards, paths, strict=True):
        other, other_path = first.setdefault(card["model"], (card, path))
        if what := _differing(card, other):
            # Without its card alone, a run would return as it was from its finished checkpoint.
            checkpoints = Path(path).parents[3] / "checkpoints"
            raise StudyError(
                f"{path}: {what} is another than in {other_path}; expected runs of one model that"
                " differ by their seed alone: delete the folder of the run that is not of the"
                f" study, and that of its architecture and seed in {checkpoints}, and run again;"
                " that run is repeated."
            )


def _differing(card, other):
    """Return in a few words what two runs differ in besides their seeds, None where in nothing.

    What one of them does not say, being of another version, the runs' identities tell.
    """
    if card.get("architecture") != other.get("architecture"):
        return "architecture"
    # Not `arguments`, which has defaults too: these stand in the architecture's source.
    given = [run["given_arguments"] for run in (card, other) if "given_arguments" in run]
    if len(given) == 2 and given[0] != given[1]:
        return "given_arguments"
    for section, counts in (("training", ""), ("sources", _TRAINED_BY)):
        one, two = (run.get(section, {}) for run in (card, other))
        for key in sorted(one.keys() & two.keys()):
            if key.startswith(counts) and one[key] != two[key]:
                return key if section == "sources" else f"training.{key}"
    return None


def card_value(card: Mapping[str, Any], path: str | Path, *keys: str) -> Any:
    """Return the value under ``keys`` in the card read from ``path``.

    Raises :class:`StudyError` when the card lacks it.
    """
    value = card
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            raise _broken(path, f"{'.'.join(keys)} is missing", "a complete card")
        value = value[key]
    return value


def read_runs(path: str | Path, study: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return runs.csv: a dict a run of ``study``, in its order, from column to value.

    Texts are str, numbers int or float, and what is missing is None. Raises :class:`StudyError`
    when the file is not the whole table.
    """
    texts = ["model", "status", "device", "backend", "precision", "python", "keras"]
    expected = runs_in(study)
    try:
        runs = _read_rows(path, [*texts, "backend_version"])
        whole = [(run["model"], run["seed"]) for run in runs] == expected
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise _broken(path, "not a table of runs", "one row for each run", _TABLE) from error
    if not whole:
        raise _broken(path, f"{len(runs)} rows", f"all {len(expected)} runs", _TABLE)
    return runs


def read_summary(path: str | Path, study: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return summary.csv: a dict a model of ``study``, in its order, as :func:`read_runs` does.

    Name, description and family are added to each. Raises :class:`StudyError` when the file is
    not the whole table.
    """
    models = [entry["model"] for entry in study["models"]]
    try:
        summary = _read_rows(path, ["model", "loss_trend"])
        whole = [row["model"] for row in summary] == models
        whole = whole and all(row["test_images"] is not None for row in summary)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise _broken(path, "not a summary", "a row a model", _TABLE) from error
    if not whole:
        raise _broken(path, f"{len(summary)} rows", f"all of {', '.join(models)}", _TABLE)
    return [row | entry for row, entry in zip(summary, study["models"], strict=True)]


def _read_rows(path, texts):
    """Return the rows of a CSV file; only the columns of ``texts`` are no numbers."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if any(None in row.values() for row in rows):
        raise ValueError("a row breaks off")
    return [
        {column: cell if column in texts else _number(cell) for column, cell in row.items()}
        for row in rows
    ]


def _number(cell):
    if cell == "":
        return None
    try:
        return int(cell)
    except ValueError:
        return float(cell)


def read_findings(path: str | Path) -> dict[str, Any]:
    """Return what write_conclusions left in findings.json.

    Raises :class:`StudyError` when the file is damaged.
    """
    return _of_shape(path, _FINDINGS, "the findings")


def read_trial(path: str | Path, model: str) -> dict[str, Any]:
    """Return what time_model.py wrote of a model: seconds, and megabytes of memory.

    Raises :class:`StudyError` when it is not JSON, not that of ``model``, or not whole.
    """
    return _checked(path, _of_model(path, model, "trial"), _TRIAL, "a whole trial")


def _of_shape(path, shape, what, then=_TABLE):
    try:
        found = json.loads(Path(path).read_bytes())
    except ValueError as error:
        raise _broken(path, f"not JSON ({error})", what, then) from error
    return _checked(path, found, shape, what, then)


def _checked(path, found, shape, what, then=_TABLE):
    if fault := misfit(found, shape):
        raise _broken(path, fault, what, then)
    return found


def _complete(history):
    return all(np.isfinite(history[metric]).all() for metric in _METRICS)


def _check_owner(path, owners, model, seed):
    if list(owners) != [(model, seed)]:
        found = ", ".join(f"{other} with seed {number}" for other, number in owners)
        raise _broken(path, f"is of {found}", f"{model} with seed {seed}")


def _shortened(values, count=8):
    return ", ".join(map(str, values[:count])) + (", …" if len(values) > count else "")


def _broken(path, found, expected, then=_TRAINING):
    return StudyError(f"{path}: {found}; expected {expected}: delete it and run again; {then}.")
