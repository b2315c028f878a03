"""Whether labels and the names of classes belong together."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from bakeoff.errors import ConfigError, StudyError
from bakeoff.joblog import say

MOST_LISTED = 8
"""How many labels, or pairs of images, a line names at most."""


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
            " names of data.classes: lower each label by one and give the new checksums, or put a"
            " name for label 0 before the others."
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
