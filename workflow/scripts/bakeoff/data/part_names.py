"""Folders that are called as the parts of a split are, in other words than train and test."""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

from bakeoff.data.labels import shortened
from bakeoff.errors import StudyError

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_ROLE = re.compile(r"(?:(training|train|trn)|(testing|test|tst)|(validation|valid|val|dev))(.*)")
# What stands beside such a word in names of parts, or is one word with it.
_OF_ANY_PART = {"", "set", "sets", "data", "dataset", "image", "images", "img", "imgs", "split"}


def refuse_parts(folder: Path, names: Sequence[str], classes: Collection[str] | None) -> None:
    """Raise :class:`StudyError` where class folders are the parts of a split by their names.

    ``names`` are the images in class folders of a ``folder`` without parts, relative to it. Either
    all class folders are called so (``training_set``, ``test_set``), or one of training and another
    one hold folders of the same names, or a class folder holds the parts (``oak/train``,
    ``oak/test``). Folders that are all in ``classes``, the config's, are classes.
    """
    below: defaultdict[str, set[str]] = defaultdict(set)
    for name in names:
        top, *within = PurePosixPath(name).parts[:-1]
        # Some archives repeat the part's name: seg_train/seg_train/….
        below[top] |= {step for step in within if not _role(step)[0]}
    if set(below) <= set(classes or ()):
        return
    _refuse_parts_within(folder, names)
    roles = {top: _role(top) for top in below}
    parts = {top for top, (role, _) in roles.items() if role}
    if parts != set(below) or not _alike([roles[top] for top in parts], below):
        parts = {
            top
            for train in parts
            for other in parts
            if roles[train][0] == "train" != roles[other][0]
            # By one name, classes may be shared out as well.
            if len(below[train] & below[other]) > 1
            for top in (train, other)
        }
    if parts:
        listed = sorted(parts)
        raise StudyError(
            f"{folder}: {shortened(listed)} as classes, whose names are those of the parts of a"
            " split; expected parts called train and test, and validation where there is one, with"
            " the class folders directly in them: rename and move them so, or give data.classes if"
            " these are the classes."
        )


def _refuse_parts_within(folder, names):
    """Raise :class:`StudyError` where a class folder holds folders of training and of another part.

    Their images would be pooled, and the test set drawn anew.
    """
    within = defaultdict(dict)
    for name in names:
        top, *steps = PurePosixPath(name).parts[:-1]
        role, others = _role(steps[0]) if steps else (None, [])
        if role and not others:
            within[top][role] = f"{top}/{steps[0]}"
    split = [found for found in within.values() if "train" in found and len(found) > 1]
    if split:
        listed = sorted(path for found in split for path in found.values())
        raise StudyError(
            f"{folder}: {shortened(listed)} within class folders; expected the class folders in"
            " the parts of the split, as in train/oak and test/oak: move them so, or give"
            " data.classes if the images of these folders are one set, of which a test set is"
            " drawn."
        )


def _role(name):
    """Return train, test, validation or None, as a folder's name has it, and its other words."""
    role, others = None, []
    for word in map(str.lower, _WORD.findall(name)):
        found = _ROLE.fullmatch(word)
        if found and not role and found[4] in _OF_ANY_PART:
            role = "train" if found[1] else "test" if found[2] else "validation"
        elif word not in _OF_ANY_PART:
            others.append(word)
    return role, others


def _alike(roles, below):
    """Tell whether folders that are all called as parts are those of one set."""
    if len({role for role, _ in roles}) < 2:
        return False
    return all(others == roles[0][1] for _, others in roles) or bool(
        set.intersection(*below.values())
    )
