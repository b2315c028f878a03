"""Images that stand in more than one part, pixel for pixel."""

import hashlib

import numpy as np

from bakeoff.data.labels import MOST_LISTED
from bakeoff.data.splits import Part
from bakeoff.joblog import say


def compare_parts(train: Part, validation: Part, test: Part) -> np.ndarray:
    """Return which test images are training images too, bool (n_test,), and say how many are.

    Equal are images with the same pixels. They are told by a hash, so that no image is compared
    with another. How many there are within each part goes to the log.
    """
    known = _hashes("training", train)
    # The first of equal ones: what comes last into a dict stays.
    first = dict(zip(reversed(known), reversed(train.indices.tolist()), strict=True))
    if validation is not test:
        _find_in_training("validation", validation, first)
    return _find_in_training("test", test, first)


def _find_in_training(name, part, first):
    """Return which images of a part are training images, bool (n,), and say how many are.

    ``first`` maps the hash of a training image to its index.
    """
    hashes = _hashes(name, part)
    found = np.array([image in first for image in hashes])
    if found.any():
        pairs = [
            f"{name} {part.indices[row]} = training {first[hashes[row]]}"
            for row in np.flatnonzero(found)[: MOST_LISTED + 1]
        ]
        more = ", …" * (len(pairs) > MOST_LISTED)
        say(
            f"Training images among the {len(found):,} {name} images: {found.sum():,}"
            f" ({', '.join(pairs[:MOST_LISTED])}{more}). What they add to an accuracy says nothing"
            " of new images."
        )
    return found


def _hashes(name, part):
    """Return a hash of each image's pixels, and print how many images a part has twice."""
    hashes = [hashlib.blake2b(image, digest_size=16).digest() for image in part.images]
    again = len(hashes) - len(set(hashes))
    print(f"Equal to an earlier one of the {len(hashes):,} {name} images: {again:,}")
    return hashes
