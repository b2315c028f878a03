"""Reading a data set from where the config says: one function for each kind of source."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from bakeoff import wording as w
from bakeoff.data import bundled
from bakeoff.data.archives import unpacked
from bakeoff.data.cifar import read_cifar
from bakeoff.data.idx import read_idx_set
from bakeoff.data.labelled import LabelledPart, LabelledSet
from bakeoff.data.labels import check_labels, check_names, number_labels, shortened
from bakeoff.data.npz import read_npz
from bakeoff.data.raw import RawSet, Rows
from bakeoff.data.samples import divided, draw, without_only_ones
from bakeoff.data.sources import BUNDLED, ROLES, is_table, roles_of
from bakeoff.errors import ConfigError, StudyError
from bakeoff.files import files_below
from bakeoff.joblog import say

_SCRATCH = ".scratch-"


class Place(NamedTuple):
    """Where a source's files are.

    ``path`` is a file or a folder; ``names`` are those of the files there that count, None for all.
    ``checksums`` are what :func:`bakeoff.data.checksums.checksums_of` returns. A large source may
    leave files in ``scratch`` and start ``workers`` processes.
    """

    path: Path
    names: Sequence[str] | None
    checksums: Mapping[str, str]
    scratch: Path
    workers: int


def _idx(place: Place, settings: Mapping[str, Any]) -> RawSet:
    folder, names = place.path, place.names
    if names is None:
        if not folder.is_dir():
            raise ConfigError(
                "data.path", f"{folder} is no folder; expected one with four IDX files: name it."
            )
        names = [str(file.relative_to(folder)) for file in files_below(folder)]
    roles = roles_of(names)
    if missing := [role.replace("_", " ") for role in ROLES if role not in roles]:
        raise StudyError(
            f"{folder}: no file of {shortened(missing)} among {shortened(names) or 'no files'};"
            " expected four IDX files, called train-images…, train-labels…, and t10k- or test-…:"
            " put them there, or rename them."
        )
    files = {role: folder / name for role, name in roles.items()}
    return read_idx_set(files, place.checksums, settings["transposed"])


def _npz(place: Place, settings: Mapping[str, Any]) -> RawSet:
    if place.path.is_dir():
        raise ConfigError(
            "data.path",
            f"{place.path} is a folder, or a packed one; expected one npz file: name it, unpacked.",
        )
    return read_npz(place.path)


def _cifar(place: Place, settings: Mapping[str, Any]) -> RawSet:
    return read_cifar(place.path)


def _folder(place: Place, settings: Mapping[str, Any]) -> RawSet:
    # Pillow is imported where image files are read.
    from bakeoff.data.folder import read_folder

    return read_folder(place.path, settings, place.scratch, place.workers)


def _table(place: Place, settings: Mapping[str, Any]) -> RawSet:
    from bakeoff.data.table import read_table

    return read_table(place.path, settings, place.scratch, place.workers)


def _bundled(place: Place, settings: Mapping[str, Any]) -> RawSet:
    readers = dict(zip(BUNDLED, (bundled.mnist_5k, bundled.digits), strict=True))
    return readers[place.path.name](settings["split_seed"])


_READERS: dict[str, Callable[[Place, Mapping[str, Any]], RawSet]] = {
    "idx": _idx,
    "npz": _npz,
    "cifar": _cifar,
    "folder": _folder,
    "table": _table,
    "bundled": _bundled,
}


@contextmanager
def scratch_beside(file: str | Path) -> Iterator[Path]:
    """Yield a folder beside ``file``, for what is needed while the block lasts.

    What a killed process left of such a folder is removed.
    """
    folder = Path(file).parent
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left)
    with TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
        yield Path(scratch)


@contextmanager
def open_source(
    settings: Mapping[str, Any],
    files: Sequence[str | Path],
    scratch: str | Path,
    checksums: Mapping[str, str] | None = None,
    workers: int = 1,
) -> Iterator[LabelledSet]:
    """Yield the data set that the settings name, whose images can be read while the block lasts.

    ``settings`` are the config's ``data``. ``files`` are those that were downloaded, none where the
    settings have a path; ``checksums`` are those of :func:`bakeoff.data.checksums.checksums_of`.
    Files may be left in the folder ``scratch``, and ``workers`` processes started. Raises
    :class:`StudyError` where files or settings are at fault. What may be meant, such as a class
    without test images, is said.
    """
    with ExitStack() as stack:
        place = Place(Path(settings["path"] or ""), None, checksums or {}, Path(scratch), workers)
        if files:
            paths = [Path(file) for file in files]
            path = paths[0] if len(paths) == 1 else paths[0].parent
            place = place._replace(path=path, names=[file.name for file in paths])
        if settings["source"] != "bundled":
            if not place.path.exists():
                raise ConfigError(
                    "data.path",
                    f"{place.path} does not exist in {Path.cwd()}; expected a file or a folder:"
                    " correct the path.",
                )
            counts = _counting(settings["source"])
            path = stack.enter_context(unpacked(place.path, place.scratch, counts))
            place = place._replace(path=path)
        yield _source_of(_READERS[settings["source"]](place, settings), settings)


def _counting(source):
    """Return what tells by its name whether a file is one that such a source reads."""
    if source == "folder":
        from bakeoff.data.decode import EXTENSIONS

        return lambda name: Path(name).suffix.lower() in EXTENSIONS
    if source == "table":
        return is_table
    return lambda _: True


def _source_of(raw, settings):
    """Return the :class:`LabelledSet` of what was read: labels numbered, and a test part drawn."""
    given = {"train": raw.train, "validation": raw.validation, "test": raw.test}
    given = {name: part for name, part in given.items() if part is not None}
    _check_whole(given)
    _check_same_form(given)
    classes, known = settings["classes"], raw.class_names
    labels, class_names, how = number_labels(
        [part.labels for part in given.values()],
        classes or known,
        [part.origin for part in given.values()],
        known=not classes,
    )
    numbers = _group_numbers(given)
    parts = {
        name: LabelledPart(part.images, of_part, part.origin, groups)
        for (name, part), of_part, groups in zip(given.items(), labels, numbers, strict=True)
    }
    audit = {**raw.audit, "labels": how, "split": "given"}
    if lost := audit.get("unreadable_classes"):
        which = f"{w.plural(len(lost), 'class', 'classes')} {shortened(lost)}"
        say(f"WARNING: no file of {which} can be read: left out, as if there were none such.")
    column = audit.pop("group_column", None)
    if raw.test is None:
        parts |= _draw_test(parts["train"], settings)
        audit["split"] = f"drawn, {100 * settings['test_share']:g} % of the images"
    if parts["train"].groups is not None:
        audit["groups"] = {"name": column, **_check_groups(parts)}
    labels_of = {n: parts[n].labels for n in ("train", "test", "validation") if n in parts}
    origins = {name: parts[name].origin for name in labels_of}
    remedy = None
    if raw.test is None:
        others = " of other groups" * (parts["train"].groups is not None)
        remedy = f"add images{others}, or try another data.split_seed or data.test_share"
    check_labels(labels_of, class_names, origins, numbered="numbered" in how, remedy=remedy)
    if not classes:
        check_names(class_names, raw.train.origin)
    return LabelledSet(class_names, **parts, audit=audit)


def _check_whole(parts):
    """Raise :class:`StudyError` for a part without an image, such as one of unreadable files."""
    for name, part in parts.items():
        if not len(part.labels):
            raise StudyError(
                f"{part.origin}: no {name} image that can be read; expected at least one: put whole"
                " files there."
            )


def _check_same_form(parts):
    """Raise :class:`StudyError` where the images of two parts differ in size, channels or type."""
    train = parts["train"]
    for part in parts.values():
        found, expected = (
            f"{of.images.dtype.name} images of shape {of.images.shape[1:]}" for of in (part, train)
        )
        if found != expected:
            raise StudyError(
                f"{part.of_images or part.origin}: {found}; expected {expected}, as in"
                f" {train.of_images or train.origin}: bring all images to one form, or put those of"
                " one data set there."
            )


def _group_numbers(parts):
    """Return each part's groups as integers (n,), the same one for a group in every part."""
    if any(part.groups is None for part in parts.values()):
        return [None] * len(parts)
    everything = np.concatenate([part.groups for part in parts.values()]).astype(str)
    # A name with accents, which may be stored in two ways, is one group: as it is met first.
    first: dict[str, str] = {}
    names = [first.setdefault(unicodedata.normalize("NFC", name), name) for name in everything]
    numbers = np.unique(names, return_inverse=True)[1]
    return np.split(numbers, np.cumsum([len(part.groups) for part in parts.values()])[:-1])


def _draw_test(images, settings):
    """Return the parts train and test of images that have no split."""
    size = max(1, round(settings["test_share"] * len(images.labels)))
    test = draw(images.labels, images.groups, size, settings["split_seed"])
    if images.groups is None:
        test = without_only_ones(images.labels, test)
    train = np.delete(np.arange(len(images.labels)), test)
    if not len(train):
        raise ConfigError(
            "data.test_share",
            f"{settings['test_share']:g}; expected a share of the"
            f" {w.count(len(images.labels), 'image')} that leaves some to train on: take a smaller"
            " one, or add images.",
        )
    return {
        name: LabelledPart(
            Rows.of(images.images, rows),
            images.labels[rows],
            images.origin,
            None if images.groups is None else images.groups[rows],
        )
        for name, rows in (("train", train), ("test", test))
    }


def _check_groups(parts):
    """Return how many groups there are, and say which stand on both sides of a given split."""
    groups = {name: part.groups for name, part in parts.items()}
    found = {"groups": {name: len(np.unique(of_part)) for name, of_part in groups.items()}}
    for name in set(parts) - {"train"}:
        both = divided(groups["train"], groups[name])
        images = int(np.isin(groups[name], both).sum())
        found[f"{name}_images_of_training_groups"] = images
        if images:
            say(
                f"WARNING: the split divides {w.count(len(both), 'group')}:"
                f" {images:,} of the {len(groups[name]):,} {name} images"
                f" {w.of_training_groups(images)}. Accuracies on {w.plural(images, 'it', 'these')}"
                " say little of groups that are new."
            )
    return found
