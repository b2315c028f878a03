"""Images that stand in more than one part, pixel for pixel."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from bakeoff.data.labels import MOST_LISTED
from bakeoff.data.splits import Part
from bakeoff.joblog import say


def compare_parts(parts: Mapping[str, Part]) -> tuple[np.ndarray, dict[str, Any]]:
    """Return which test images are training images too, bool (n_test,), and what was found.

    ``parts`` maps train, validation and test to theirs. What was found is ready for JSON:
    ``equal_to_an_earlier_one`` maps each part to how many of its images are equal to an earlier
    one of it; ``in_training`` maps validation and test to how many are training images too, with
    the indices, in the sets that they come from, of the first few of them and of a training image
    each. What counts is said.

    Equal are images with the same pixels. They are told by a hash, so that no image is compared
    with another.
    """
    train, validation, test = (parts[name] for name in ("train", "validation", "test"))
    again: dict = {}
    in_training: dict = {}
    known = _hashes("train", train, again)
    # The first of equal ones: what comes last into a dict stays.
    first = dict(zip(reversed(known), reversed(train.indices.tolist()), strict=True))
    if validation is not test:
        _find_in_training("validation", validation, first, again, in_training)
    found = _find_in_training("test", test, first, again, in_training)
    return found, {"equal_to_an_earlier_one": again, "in_training": in_training}


def _find_in_training(name, part, first, again, in_training):
    """Return which images of a part are training images, bool (n,), and say how many are.

    ``first`` maps the hash of a training image to its index.
    """
    hashes = _hashes(name, part, again)
    found = np.array([image in first for image in hashes])
    rows = np.flatnonzero(found)
    pairs = [(int(part.indices[row]), first[hashes[row]]) for row in rows[:MOST_LISTED]]
    in_training[name] = {"images": len(rows), "first": pairs}
    if pairs:
        listed = ", ".join(f"{name} {index} = training {known}" for index, known in pairs)
        more = ", …" * (len(rows) > len(pairs))
        say(
            f"Training images among the {len(found):,} {name} images: {len(rows):,}"
            f" ({listed}{more}). What they add to an accuracy says nothing of new images."
        )
    return found


def _hashes(name, part, again):
    """Return a hash of each image's pixels; count and print how many images a part has twice."""
    hashes = [
        hashlib.blake2b(image, digest_size=16).digest()
        for piece in part.pieces()
        for image in piece
    ]
    again[name] = len(hashes) - len(set(hashes))
    word = "training" if name == "train" else name
    print(f"Equal to an earlier one of the {len(hashes):,} {word} images: {again[name]:,}")
    return hashes
