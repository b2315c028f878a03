"""Labels as numbers from 0, and whether they and the names of classes belong together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bakeoff import wording as w
from bakeoff.errors import ConfigError, StudyError
from bakeoff.joblog import say

MOST_LISTED = 8
"""How many labels, or pairs of images, a line names at most."""

MOST_CLASSES = 1_000
"""How many classes a data set may have."""

_INTEGER = re.compile(r"[-+]?\d{1,9}")


def number_labels(
    parts: Sequence[np.ndarray], classes: Sequence[str] | None, origin: str, known: bool = False
) -> tuple[list[np.ndarray], list[str], dict[str, Any]]:
    """Return labels as integers from 0, the names of their classes, and how they were numbered.

    ``parts`` are the labels of each part, integers or texts (n,), which ``origin`` holds.
    ``classes`` are the config's names, or with ``known`` those that the source itself gives.
    Integers count from 0 in them; without names, those that there are are numbered in their
    order. Texts are numbered in the order of ``classes``, which are the same, or sorted: texts that
    are all integers as these. How is ready for JSON. Raises :class:`StudyError` where labels and
    names do not belong together, or where there are less than two classes or too many.
    """
    written = _distinct(parts)
    if written.dtype.kind not in "iu" and classes and set(written) == set(classes):
        order, how = list(classes), "in the order of data.classes"
    else:
        if written.dtype.kind not in "iu" and all(_INTEGER.fullmatch(text) for text in written):
            parts = [part.astype(np.int64) for part in parts]
            written = _distinct(parts)
        if written.dtype.kind in "iu" and classes:
            how = f"as they are, names from {'the data' if known else 'data.classes'}"
            return list(parts), list(classes), {"how": how}
        if classes:
            _refuse_names(written, classes, origin)
        order, how = written.tolist(), "sorted"
    _check_number(order, origin)
    numbers = {label: number for number, label in enumerate(order)}
    dtype = np.min_scalar_type(len(order) - 1)
    numbered = [np.array([numbers[label] for label in part.tolist()], dtype) for part in parts]
    if list(numbers) == list(numbers.values()):
        return numbered, list(map(str, order)), {"how": "as they are"}
    return numbered, list(map(str, order)), {"how": how, "numbered": list(map(str, order))}


def _distinct(parts):
    """Return the labels that there are, once each and sorted."""
    return np.array(sorted({label for part in parts for label in np.unique(part).tolist()}))


def _check_number(labels, origin):
    if len(labels) < 2:
        raise StudyError(
            f"{origin}: one class, {labels[0]}; expected at least two: add images of another."
        )
    if len(labels) > MOST_CLASSES:
        raise StudyError(
            f"{origin}: {len(labels):,} different labels; expected at most {MOST_CLASSES:,}"
            " classes: see whether this is the column or the folder of the labels."
        )


def _refuse_names(written, classes, origin):
    """Raise for labels, which are texts, that are not those of data.classes."""
    written = written.tolist()
    if unnamed := [label for label in written if label not in set(classes)]:
        raise ConfigError(
            "data.classes",
            f"no {shortened(map(repr, unnamed))}, though {origin} has images with"
            f" {w.plural(len(unnamed), 'that label', 'these labels')}; expected each label's name:"
            " add what is missing, or leave data.classes out to take the names from the data.",
        )
    unused = [name for name in classes if name not in set(written)]
    raise ConfigError(
        "data.classes",
        f"{shortened(map(repr, unused))}, though {origin} has no image with"
        f" {w.plural(len(unused), 'that label', 'these labels')}; expected the names that there"
        " are: correct them, or leave data.classes out to take the names from the data.",
    )


def check_labels(
    train: np.ndarray, test: np.ndarray, classes: Sequence[str], files: Mapping[str, str]
) -> None:
    """Raise :class:`StudyError` where labels and the names of classes do not belong together.

    ``train`` and ``test`` are all labels of the two sets, which come from ``train_labels`` and
    ``test_labels`` of ``files``. What may be meant, such as a class without test images, is said.
    """
    named = len(classes)
    highest = max(int(train.max()), int(test.max()))
    origin = files["train_labels" if train.max() == highest else "test_labels"]
    if highest == named and min(train.min(), test.min()) == 1:
        raise StudyError(
            f"{origin}: labels from 1 to {highest}; expected 0 to {highest - 1} for the {named}"
            " names of data.classes: lower each label by one, or put a name for label 0, such as"
            " unused, before the others."
        )
    if highest >= named:
        raise ConfigError(
            "data.classes",
            f"{named} names; expected at least {highest + 1}, as there is a label {highest} in"
            f" {origin}: name every class.",
        )
    if highest < named - 1:
        raise ConfigError(
            "data.classes",
            f"{named} names; expected {highest + 1}, as no label is above {highest} in"
            f" {origin}: name the classes that there are, in the order of their labels.",
        )
    trained, tested = (np.bincount(part, minlength=named) > 0 for part in (train, test))
    if untrained := _labels(tested & ~trained):
        raise StudyError(
            f"{files['train_labels']}: no image with the {untrained}; expected training images of"
            " each class that has test images: add some, or leave those test images out."
        )
    if absent := _labels(~tested & ~trained):
        say(
            f"No image has the {absent}, though data.classes has a name for it: nothing of it can"
            " be learned. Mend data.classes if the names belong to other labels."
        )
    if untested := _labels(trained & ~tested):
        say(f"No test image has the {untested}: how well it is told is not measured.")


def _labels(chosen):
    """Return "label 3" or "labels 3, 4, 7" of boolean (classes,), empty where none is chosen."""
    labels = np.flatnonzero(chosen)
    return f"label{'s' * (len(labels) > 1)} {shortened(labels)}" if len(labels) else ""


def shortened(values: Iterable[object]) -> str:
    """Return the first few of ``values`` as a text."""
    listed = list(values)
    more = f" and {len(listed) - MOST_LISTED} more" * (len(listed) > MOST_LISTED)
    return ", ".join(map(str, listed[:MOST_LISTED])) + more
