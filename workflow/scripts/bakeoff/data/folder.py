"""Images in class folders, under ``train`` and ``test`` or in one folder without a split."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from bakeoff import wording as w
from bakeoff.data.decode import EXTENSIONS, decode_files
from bakeoff.data.labels import shortened
from bakeoff.data.part_names import refuse_parts
from bakeoff.data.raw import RawPart, RawSet, Rows
from bakeoff.errors import ConfigError, StudyError
from bakeoff.files import left_by_system, unseen, walk

_PARTS = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("validation", "valid", "val"),
}
_MOST_EXAMPLES = 5


def read_folder(
    folder: str | Path, settings: Mapping[str, Any], scratch: str | Path, workers: int = 1
) -> RawSet:
    """Return the images of a folder of class folders, which may hold folders of their own.

    With folders ``train`` and ``test`` (and ``validation``), these hold the class folders and are
    the split. ``settings`` are the config's ``image``, ``unreadable`` and ``group``, and
    ``classes``, in which folders called much as these are classes; ``scratch`` and ``workers`` are
    those of :func:`bakeoff.data.decode.decode_files`. Raises :class:`StudyError` where there are no
    such folders, or as that function does.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "does not exist"
        if folder.exists():
            what = "is a file, and no zip or tar archive that can be read"
        raise ConfigError(
            "data.path", f"{folder} {what}; expected a folder of class folders: correct the path."
        )
    names, skipped = list_images(folder)
    parts, loose, beside = _by_part(folder, names)
    if beside:
        skipped["beside the parts of the split"] = beside
    if loose:
        skipped["in no class folder"] = loose
    found = [name for part in parts.values() for name in part]
    _check_classes(folder, parts, settings["classes"])
    _check_parts(folder, parts, loose)
    decoded = decode_files(folder, found, settings, scratch, workers)
    audit = decoded.audit | {"skipped": describe_skipped(skipped)}
    classes = [_class_of(name, part) for part, of_part in parts.items() for name in of_part]
    audit["unreadable_classes"] = unreadable_classes(classes, decoded.rows)
    if empty := _empty_class_folders(folder, parts):
        audit["empty_class_folders"] = empty
    kept, first = set(decoded.rows.tolist()), 0
    made = {}
    for part, of_part in parts.items():
        rows = [row for row in range(first, first + len(of_part)) if row in kept]
        first += len(of_part)
        read = np.array([found[row] for row in rows], dtype=object)
        labels = np.array([_class_of(name, part) for name in read], dtype=object)
        origin = str(folder / _top(found[rows[0]]) if part and rows else folder)
        made[part] = RawPart(
            Rows(decoded.images, np.array(rows, dtype=np.int64)),
            labels,
            origin,
            groups_of(read, settings["group"]),
        )
    train = made["train"] if "train" in made else made[""]
    return RawSet(train, made.get("test"), made.get("validation"), audit=audit)


def list_images(folder: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Return all image files of a folder, sorted, and what else is there by why it is skipped.

    Paths are relative to ``folder``, with slashes.
    """
    names, skipped = [], defaultdict(list)
    for place, folders, files, loops in walk(folder):
        for name in loops:
            skipped["a link to a folder that holds it"].append(_relative(folder, place, name))
        for name in [name for name in folders if unseen(name)]:
            folders.remove(name)
            skipped["hidden" if name.startswith(".") else "left by a system"].append(
                _relative(folder, place, name) + "/"
            )
        for name in files:
            path = _relative(folder, place, name)
            if name.startswith("."):
                skipped["hidden"].append(path)
            elif left_by_system(name):
                skipped["left by a system"].append(path)
            elif (suffix := Path(name).suffix.lower()) not in EXTENSIONS:
                skipped[f"no image by its name ({suffix or 'no extension'})"].append(path)
            else:
                names.append(path)
    return sorted(names), {why: sorted(paths) for why, paths in sorted(skipped.items())}


def describe_skipped(skipped: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return how many files were skipped for each reason, with a few of them, ready for JSON."""
    return {
        why: {"files": len(paths), "such_as": list(paths[:_MOST_EXAMPLES])}
        for why, paths in skipped.items()
    }


def unreadable_classes(labels: Sequence[str] | np.ndarray, rows: np.ndarray) -> list[str]:
    """Return the classes, sorted, of which no file could be read.

    ``labels`` are those of all files, ``rows`` int64 the places among these of those that were
    read.
    """
    labels = np.asarray(labels, dtype=object)
    return sorted(set(labels) - set(labels[rows]))


def groups_of(names: Iterable[str], pattern: str | None) -> np.ndarray | None:
    """Return whom each file is of: what the regular expression ``pattern`` finds in its path.

    That is its first group, or all of it where it has none. Raises :class:`ConfigError` where it
    is no regular expression, or that is nothing in a path, as with a group that took no part.
    """
    if pattern is None:
        return None
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise ConfigError(
            "data.group",
            f"{pattern}: {error}; expected a regular expression that finds the group in a file's"
            " path: correct it.",
        ) from error
    names = list(names)
    which = min(1, expression.groups)
    found = [match and match[which] for match in map(expression.search, names)]
    if lost := [name for name, group in zip(names, found, strict=True) if not group]:
        raise ConfigError(
            "data.group",
            f"{pattern} finds nothing in {len(lost):,} of {len(names):,} file names:"
            f" {shortened(lost)}; expected a regular expression that finds the group in each"
            f"{', within its first parenthesis' * which}: correct it.",
        )
    return np.array(found, dtype=object)


def _relative(folder, place, name):
    return (Path(place) / name).relative_to(folder).as_posix()


def _top(name):
    return PurePosixPath(name).parts[0]


def _by_part(folder, names):
    """Return a dict of train, test and validation, or of "" alone without them, and what is not in.

    That is the images that lie in no class folder, and the folders beside these parts.
    """
    part_of, beside = _part_folders(folder, names)
    parts, loose = defaultdict(list), []
    for part in dict.fromkeys(part_of.values()) or [""]:
        parts[part] = []
    for name in names:
        part = part_of.get(_top(name), "" if not part_of else None)
        if part is None or len(PurePosixPath(name).parts) < (3 if part_of else 2):
            loose.append(name)
        else:
            parts[part].append(name)
    return dict(parts), loose, beside


def _part_folders(folder, names):
    """Map the folders that are parts of a split to these parts, and return what lies beside them.

    Raises :class:`StudyError` where they may as well be classes.
    """
    there = {entry.name for entry in os.scandir(folder) if entry.is_dir()}
    part_of = {
        alias: part
        for part, aliases in _PARTS.items()
        for alias in there
        if alias.lower() in aliases
    }
    beside = sorted(name for name in there - set(part_of) if not unseen(name))
    if "train" not in part_of.values():
        return {}, []
    if beside and not _are_parts(folder, names, part_of, beside):
        return {}, []
    return part_of, [f"{name}/" for name in beside]


def _are_parts(folder, names, part_of, beside):
    """Tell whether train and test, with folders ``beside`` them, are parts and not classes.

    As a part, train holds class folders, and at most a stray image beside them. Raises
    :class:`StudyError` where the others hold images too.
    """
    of_train = [name for name in names if part_of.get(_top(name)) == "train"]
    with_images = sorted({_top(name) for name in names if "/" in name} & set(beside))
    if all(len(PurePosixPath(name).parts) == 2 for name in of_train):
        return False
    if not with_images:
        return True
    if len(part_of) == 1:
        return False
    raise StudyError(
        f"{folder}: {shortened(with_images)} with images beside {w.listing(sorted(part_of))};"
        " expected either the parts of a split, train and test, or class folders: move what"
        " belongs to neither out of the folder, or call classes otherwise."
    )


def _class_of(name, part):
    return PurePosixPath(name).parts[1 if part else 0]


def _check_classes(folder, parts, given):
    if "" in parts:
        refuse_parts(folder, parts[""], given)
    classes = Counter(_class_of(name, part) for part in parts for name in parts[part])
    if len(classes) < 2:
        found = f"{next(iter(classes))} alone" if classes else "no class folder with images"
        raise StudyError(
            f"{folder}: {found}; expected at least two class folders with images, in it or in its"
            " folders train and test: put the images of each class into a folder of its name."
        )


def _check_parts(folder, parts, loose):
    """Raise :class:`StudyError` for a part of the split that has no image in a class folder."""
    for part in [part for part, names in parts.items() if not names]:
        of_part = sorted(
            entry.name for entry in os.scandir(folder) if entry.name.lower() in _PARTS[part]
        )
        unlabelled = [name for name in loose if _top(name) in of_part]
        found = "no image"
        if unlabelled:
            which = w.plural(len(unlabelled), "which has no label", "which have no labels")
            found = f"{w.count(len(unlabelled), 'image')} in no class folder, {which}"
        raise StudyError(
            f"{folder / of_part[0]}: {found}; expected class folders with images: put the images of"
            " each class into a folder of its name, or move this folder elsewhere, without which"
            " that part is drawn."
        )


def _empty_class_folders(folder, parts):
    """Return the class folders without an image, by their paths in ``folder``."""
    holding = {str(PurePosixPath(name).parent) for part in parts.values() for name in part}
    tops = {"" if not part else _top(names[0]) for part, names in parts.items() if names}
    empty = []
    for top in sorted(tops):
        for entry in sorted(os.scandir(folder / top), key=lambda entry: entry.name):
            path = f"{top}/{entry.name}".lstrip("/")
            within = any(name == path or name.startswith(f"{path}/") for name in holding)
            if entry.is_dir() and not within and not unseen(entry.name):
                empty.append(path)
    return empty
