"""Writing the prepared data: split, looked through, and laid down as it is read."""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff import wording as w
from bakeoff.data.audit import dark, sentences
from bakeoff.data.disputed import check_disputed
from bakeoff.data.duplicates import compare_parts
from bakeoff.data.labelled import LabelledSet
from bakeoff.data.prepared import ARRAY_FILES, white_of
from bakeoff.data.samples import stratified_sample
from bakeoff.data.splits import Part, split
from bakeoff.errors import StudyError
from bakeoff.files import canonical_json, sha256_of, write_atomically
from bakeoff.joblog import say

_TRAIN_EVAL_IMAGES = 10_000
# Which training images are evaluated is the same in every study of a data set.
_TRAIN_EVAL_SEED = 20_000


def write_prepared(
    source: LabelledSet,
    settings: Mapping[str, Any],
    data_file: str | Path,
    disputed: Collection[int] = (),
) -> None:
    """Split a data set and write what training and reports need of it beside ``data_file``.

    :class:`bakeoff.data.prepared.PreparedData` reads it. ``settings`` holds ``train_images``,
    ``test_images``, ``validation``, ``holdout_images`` and ``split_seed``, with the config's
    meaning. ``disputed``, the config's indices in the test set, have no influence on what is
    written. Equal images and settings give equal bytes.

    Raises :class:`StudyError` where images or settings are at fault, before anything is written.
    """
    whole = len(source.test.labels)
    check_disputed(disputed, whole, source.test.origin)
    parts = split(source, settings)
    for part in parts.values():
        _check_range(part)
    in_training, duplicates = compare_parts(parts)
    train = parts["train"]
    sample = min(_TRAIN_EVAL_IMAGES, len(train))
    per_image = {
        "train_eval_index": stratified_sample(train.labels, sample, _TRAIN_EVAL_SEED),
        "test_index": parts["test"].indices,
        "test_in_train": in_training,
    }
    if parts["test"].groups is not None:
        per_image["test_groups"] = parts["test"].groups.astype(np.int64)
    facts = {
        "class_names": list(source.class_names),
        "validation": settings["validation"],
        "whole_test_images": whole,
    }
    counts = _counts(parts, source.class_names)
    audit = {**source.audit, "counts": counts, "duplicates": duplicates}
    if highest := _highest_of_dark(parts):
        audit["highest_of_dark"] = highest
    write_arrays(data_file, parts, per_image, facts, audit)
    _report(source.class_names, counts, settings["validation"])
    for sentence in sentences(audit, source.class_names):
        # On the console too, as such images may be a mistake.
        (say if highest and sentence == dark(highest) else print)(sentence)


def write_arrays(
    data_file: str | Path,
    parts: Mapping[str, Part],
    per_image: Mapping[str, np.ndarray],
    facts: Mapping[str, Any],
    audit: Mapping[str, Any],
) -> None:
    """Write the files of prepared data, ``data_file`` last, so that it stands for all of them.

    ``parts`` maps train, validation and test to theirs; ``facts`` are class_names, validation and
    whole_test_images. See :class:`bakeoff.data.prepared.PreparedData`.
    """
    data_file = Path(data_file)
    data_file.unlink(missing_ok=True)
    files = {name: data_file.with_name(file) for name, file in ARRAY_FILES.items()}
    labels_type = np.min_scalar_type(len(facts["class_names"]) - 1)
    for name, part in parts.items():
        kept = part.only(slice(0)) if name == "validation" and part is parts["test"] else part
        _write_images(files[f"{name}_images"], kept)
        with write_atomically(files[f"{name}_labels"]) as temporary:
            np.save(temporary, kept.labels.astype(labels_type))
    with write_atomically(files["per_image"]) as temporary:
        np.savez(temporary, **per_image)  # type: ignore[arg-type]  # no array is so called
    images = parts["train"].of.images
    facts = {
        **facts,
        "shape": list(images.shape[1:]),
        "dtype": images.dtype.name,
        "counts": {name: len(part) for name, part in parts.items()},
        "files": {file.name: sha256_of(file) for file in files.values()},
    }
    facts["checksum"] = hashlib.sha256(canonical_json(facts).encode()).hexdigest()
    with write_atomically(data_file) as temporary:
        text = json.dumps(facts | {"audit": audit}, indent=1, ensure_ascii=False, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def _write_images(file, part):
    """Write a part's images as an npy file, piece by piece: they may be more than memory holds."""
    images = part.of.images
    header = {
        "descr": np.lib.format.dtype_to_descr(images.dtype),
        "fortran_order": False,
        "shape": (len(part), *images.shape[1:]),
    }
    with write_atomically(file) as temporary, temporary.open("wb") as content:
        np.lib.format.write_array_header_1_0(content, header)
        for piece in part.pieces():
            content.write(piece)


def _check_range(part):
    """Raise :class:`StudyError` where float images are not from 0 to 1."""
    if part.of.images.dtype != np.float32:
        return
    for piece in part.pieces():
        # Not a number is in no range.
        if not (piece.min() >= 0 and piece.max() <= 1):
            raise StudyError(
                f"{part.of.origin}: pixels from {piece.min():g} to {piece.max():g}; expected"
                " numbers from 0 to 1 where images are float32."
            )


def _highest_of_dark(parts):
    """Return the highest value of all images and its type's, None above a quarter of the latter.

    14 bits in a type of 16 reach a quarter. Other images are not looked through to their end.
    """
    highest = 0.0
    for part in parts.values():
        white = white_of(part.of.images.dtype)
        for piece in part.pieces():
            highest = max(highest, float(piece.max()))
            if 4 * highest > white:
                return None
    return [highest, white]


def _counts(parts, class_names):
    """Return by part how many images there are of each class, in the order of the labels."""
    classes = len(class_names)
    return {
        name: np.bincount(part.labels, minlength=classes).tolist() for name, part in parts.items()
    }


def _report(class_names, counts, validation):
    """Print how many images there are of each class, and in all; the sums reach the console."""
    print(f"{'class':<20}" + "".join(f"{part:>12}" for part in counts))
    for name, row in zip(class_names, zip(*counts.values(), strict=True), strict=True):
        print(f"{name:<20}" + "".join(f"{count:>12,}" for count in row))
    sums = {part: f"{sum(row):,}" for part, row in counts.items()}
    validated_on = "the test set"
    if validation != "test":
        validated_on = w.count(sum(counts["validation"]), "other")
    say(
        f"{sums['train']} images for training, {sums['test']} for the test, validation on"
        f" {validated_on}"
    )
