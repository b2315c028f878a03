"""Labels as numbers from 0, and whether they and the names of classes belong together."""

import re
import unicodedata
from collections import defaultdict
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
    parts: Sequence[np.ndarray],
    classes: Sequence[str] | None,
    origins: Sequence[str],
    known: bool = False,
) -> tuple[list[np.ndarray], list[str], dict[str, Any]]:
    """Return labels as integers from 0, the names of their classes, and how they were numbered.

    ``parts`` are the labels of each part, integers or texts (n,), which its ``origins`` holds.
    ``classes`` are the config's names, or with ``known`` those that the source itself gives.
    Integers count from 0 in them; without names, those that there are are numbered in their
    order. Texts are numbered in the order of ``classes``, which are the same, or sorted: texts that
    are all integers as these. How is ready for JSON. Raises :class:`StudyError` where labels and
    names do not belong together, or where there are less than two classes or too many.
    """
    origin = origins[0]
    if len({part.dtype.kind in "iu" for part in parts}) > 1:
        raise StudyError(
            f"{origin}: labels are whole numbers in one part and texts in another; expected one"
            " kind in all: write all of them as texts, or as numbers."
        )
    written = _distinct(parts)
    if written.dtype.kind not in "iu" and classes and set(written) == set(classes):
        order, how = list(classes), "in the order of data.classes"
    else:
        if written.dtype.kind not in "iu" and all(_INTEGER.fullmatch(text) for text in written):
            parts = [part.astype(np.int64) for part in parts]
            _check_one_writing(written, origin)
            written = _distinct(parts)
        if written.dtype.kind in "iu" and classes:
            if written[0] < 0:
                raise StudyError(
                    f"{_holder(written[0], parts, origins)}: a label {written[0]}; expected labels"
                    " from 0, as names of classes are given for 0, 1, …: number them so, or leave"
                    " out such images, or the names in data.classes."
                )
            how = f"as they are, names from {'the data' if known else 'data.classes'}"
            return list(parts), list(classes), {"how": how}
        if classes:
            _refuse_names(written, classes, parts, origins)
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


def _check_one_writing(texts, origin):
    """Raise for texts of whole numbers of which two, such as 1 and 01, are one number."""
    alike = defaultdict(list)
    for text in texts.tolist():
        alike[int(text)].append(text)
    if twice := [w.listing(found) for found in alike.values() if len(found) > 1]:
        raise StudyError(
            f"{origin}: labels {shortened(twice)} are one number; expected each class written one"
            " way: rename one of them, or name all labels in data.classes to keep them apart."
        )


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


def _holder(label, parts, origins):
    """Return the origin of the first part that has a label."""
    return next(origin for part, origin in zip(parts, origins, strict=True) if label in part)


def _refuse_names(written, classes, parts, origins):
    """Raise for labels, which are texts, that are not those of data.classes."""
    written = written.tolist()
    if unnamed := [label for label in written if label not in set(classes)]:
        holders = list(dict.fromkeys(_holder(label, parts, origins) for label in unnamed))
        raise ConfigError(
            "data.classes",
            f"no {shortened(map(repr, unnamed))}, though {w.listing(holders)}"
            f" {w.plural(len(holders), 'has', 'have')} images with"
            f" {w.plural(len(unnamed), 'that label', 'these labels')}; expected each label's name:"
            " add what is missing, or leave data.classes out to take the names from the data.",
        )
    unused = [name for name in classes if name not in set(written)]
    raise ConfigError(
        "data.classes",
        f"{shortened(map(repr, unused))}, though {origins[0]} has no image with"
        f" {w.plural(len(unused), 'that label', 'these labels')}; expected the names that there"
        " are: correct them, or leave data.classes out to take the names from the data.",
    )


def check_labels(
    parts: Mapping[str, np.ndarray],
    classes: Sequence[str],
    origins: Mapping[str, str],
    numbered: bool = False,
    remedy: str | None = None,
) -> None:
    """Raise :class:`StudyError` where labels and the names of classes do not belong together.

    ``parts`` are all labels of train, test and, where there is one, validation, and ``origins``
    where they come from; ``numbered`` tells that the labels there are others, as texts are.
    Where the test images were drawn, ``remedy`` is what to do if they are all images of a class.
    What may be meant, such as a class without test images, is said.
    """
    _check_highest(parts, classes, origins)
    there = {name: np.bincount(part, minlength=len(classes)) > 0 for name, part in parts.items()}
    trained, tested = there["train"], there["test"]
    if remedy and (untrained := tested & ~trained).any():
        raise StudyError(
            f"{origins['train']}: all images of {_named(untrained, classes, numbered)} were drawn"
            f" for the test; expected some of each class to train on: {remedy}."
        )
    for name in parts:
        _check_trained(name, there, classes, origins, numbered)
    if (absent := ~tested & ~trained).any():
        say(
            f"No image is of {_named(absent, classes, numbered)}, though data.classes has a name"
            " for it: nothing of it can be learned. Mend data.classes if the names belong to other"
            " labels."
        )
    if (untested := trained & ~tested).any():
        which = _named(untested, classes, numbered)
        say(f"No test image is of {which}: how well it is told is not measured.")


def _check_trained(name, there, classes, origins, numbered):
    """Raise where a part has images of a class of which there are none to train on."""
    trained = there["train"]
    if not (untrained := there[name] & ~trained).any():
        return
    elsewhere = origins[name] != origins["train"]
    raise StudyError(
        f"{origins['train']}: no {'' if elsewhere else 'training '}image of"
        f" {_named(untrained, classes, numbered)}; expected training images of each class that has"
        f" {name} images{f', as {origins[name]} has' * elsewhere}: add some, or leave those {name}"
        f" images out{_namesakes(untrained, trained, classes)}."
    )


def _check_highest(parts, classes, origins):
    """Raise where the highest label is not that of the last name."""
    named = len(classes)
    highest = max(int(part.max()) for part in parts.values())
    origin = next(origins[name] for name, part in parts.items() if part.max() == highest)
    if highest == named and min(part.min() for part in parts.values()) == 1:
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


def check_names(names: Sequence[str], origin: str) -> None:
    """Raise :class:`StudyError` where names of classes read alike, as with accents stored two ways.

    ``names`` are those of the labels in ``origin``, which nobody has listed.
    """
    alike = defaultdict(list)
    for name in names:
        alike[_as_read(name)].append(ascii(name))
    if twice := [w.listing(found) for found in alike.values() if len(found) > 1]:
        raise StudyError(
            f"{origin}: labels {shortened(twice)} read alike and are stored in two ways; expected"
            " each class written one way: rename one of them, or name all labels in data.classes to"
            " keep them apart."
        )


def _named(chosen, classes, numbered):
    """Return "class oak" or "classes oak, elm" of boolean (classes,), with labels as written."""
    numbers = np.flatnonzero(chosen).tolist()
    listed = shortened(
        classes[number]
        if numbered or classes[number] == str(number)
        else f"{classes[number]} (label {number})"
        for number in numbers
    )
    return f"{w.plural(len(numbers), 'class', 'classes')} {listed}"


def _as_read(name):
    """Return a name in the one form of Unicode for all that read alike."""
    return unicodedata.normalize("NFKC", name)


def _namesakes(untrained, trained, classes):
    """Return a hint at names, one of each, that differ in case or in how accents are stored."""

    def folded(name):
        return _as_read(name).casefold()

    known = {folded(classes[number]): classes[number] for number in np.flatnonzero(trained)}
    names = [classes[number] for number in np.flatnonzero(untrained)]
    pairs = [f"{name} and {known[folded(name)]}" for name in names if folded(name) in known]
    if not pairs:
        return ""
    return (
        f" ({shortened(pairs)} differ in case, or in how accents are stored, alone: write each"
        " class one way)"
    )


def shortened(values: Iterable[object]) -> str:
    """Return the first few of ``values`` as a text."""
    listed = list(values)
    more = f" and {len(listed) - MOST_LISTED} more" * (len(listed) > MOST_LISTED)
    return ", ".join(map(str, listed[:MOST_LISTED])) + more
