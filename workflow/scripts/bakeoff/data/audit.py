"""What was found while the images were read, in words: for the log and the page alike."""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff import wording as w

_MOST_NAMED = 8
_NAMES = {"train": "training", "validation": "validation", "test": "test"}
_FITS = {"stretch": "stretching", "crop": "cropping", "pad": "padding"}


def sentences(audit: Mapping[str, Any], class_names: Sequence[str]) -> list[str]:
    """Return what a data set's ``audit`` says, a sentence a topic; what is as usual is left out.

    ``audit`` is that of :class:`bakeoff.data.prepared.PreparedData`.
    """
    topics = (
        *(_split, _forms, _dark, _changed, _skipped, _unreadable, _lost, _empty, _labels, _twins),
        _groups,
    )
    said = [sentence for topic in topics if (sentence := topic(audit))]
    return said + _missing(audit, class_names)


def _split(audit):
    if audit.get("split", "given") == "given":
        return None
    whole = ", no group divided" * ("groups" in audit)
    return f"The data has no test set: it was {audit['split']}{whole}."


def _forms(audit):
    if "sizes" not in audit:
        return None
    bits = {w.count(int(depth), "bit"): count for depth, count in audit["depths"].items()}
    return (
        f"Found in the files, height first: {_counts(audit['sizes'])}; modes"
        f" {_counts(audit['modes'])}; {_counts(bits)} a value."
    )


def dark(highest: Sequence[float]) -> str:
    """Return what is said of images whose highest value is the first, where white is the second."""
    found, white = highest
    if found == 0:
        return "All values of all images are 0: they are black. Check how they were saved."
    text = (
        f"The highest value of all images is {found:,g} of {white:,g}, which stands for white: they"
        " are dark"
    )
    bits = int(found).bit_length()
    if white > 1:
        # So that the highest value of that many bits becomes white, or as near as whole ones come.
        factor = int(white) // (2**bits - 1)
        held = w.count(bits, "bit")
        return f"{text}. Where they hold {held}, save their values times {factor}."
    return f"{text}. Where white is less, divide their values by that."


def _dark(audit):
    found = audit.get("highest_of_dark")
    return dark(found) if found else None


def _changed(audit):
    changes = [
        (audit.get("resized"), f"brought to size by {_FITS.get(audit.get('fit'), '')}"),
        (audit.get("turned_upright"), "turned upright, as their EXIF data has it"),
        (audit.get("flattened"), f"with transparency laid onto {audit.get('background')}"),
        (audit.get("first_of_several_frames"), "the first of several frames of their files"),
    ]
    listed = [f"{count:,} {what}" for count, what in changes if count]
    return f"Of the images, {w.listing(listed)}." if listed else None


def _skipped(audit):
    skipped = audit.get("skipped") or {}
    listed = [
        f"{found['files']:,} {why} ({_some(found['such_as'], found['files'])})"
        for why, found in skipped.items()
    ]
    return f"Skipped: {'; '.join(listed)}." if listed else None


def _unreadable(audit):
    files = audit.get("unreadable") or {}
    if not files:
        return None
    named = [f"{name} ({reason})" for name, reason in files.items()]
    which = w.count(len(files), "file that cannot be read", "files that cannot be read")
    return f"Left out, {which}: {_some(named, len(named))}."


def _lost(audit):
    lost = audit.get("unreadable_classes")
    if not lost:
        return None
    return f"Classes left out, as no file of theirs can be read: {_some(lost, len(lost))}."


def _empty(audit):
    empty = audit.get("empty_class_folders")
    return f"Class folders without an image: {_some(empty, len(empty))}." if empty else None


def _labels(audit):
    numbered = audit.get("labels", {}).get("numbered")
    if not numbered:
        return None
    if not all(name.lstrip("+-").isdigit() for name in numbered):
        return f"Labels are words, numbered from 0: {audit['labels']['how']}."
    listed = [f"{name} is {number}" for number, name in enumerate(numbered)]
    return f"Labels were numbered anew from 0: {_some(listed, len(listed))}."


def _twins(audit):
    found = audit.get("duplicates")
    if not found:
        return None
    within = {part: count for part, count in found["equal_to_an_earlier_one"].items() if count}
    across = {part: of["images"] for part, of in found["in_training"].items() if of["images"]}
    listed = [
        f"{_images(count, part)} {w.plural(count, 'equals', 'equal')} an earlier one"
        for part, count in within.items()
    ]
    listed += [
        f"{_images(count, part)} {w.training_images_too(count)}" for part, count in across.items()
    ]
    return f"Pixel for pixel, {w.listing(listed)}." if listed else None


def _groups(audit):
    groups = audit.get("groups")
    if not groups:
        return None
    counts = w.listing(f"{n:,} of {_NAMES[part]}" for part, n in groups["groups"].items())
    divided = [
        f"{_images(images, part)} {w.of_training_groups(images)}"
        for part in ("validation", "test")
        if (images := groups.get(f"{part}_images_of_training_groups"))
    ]
    if divided:
        return f"Groups: {counts}. The given split divides groups: {w.listing(divided)}."
    return f"Groups: {counts}, none in more than one of these."


def _images(count, part):
    return w.count(count, f"{_NAMES[part]} image")


def _missing(audit, class_names):
    said = []
    for part, counts in audit.get("counts", {}).items():
        if none := [name for name, count in zip(class_names, counts, strict=True) if not count]:
            said.append(f"Classes without a {_NAMES[part]} image: {_some(none, len(none))}.")
    return said


def _counts(found):
    """Return "28 x 28 (1,200), 30 x 28 (3)", shortened."""
    listed = [f"{name} ({count:,})" for name, count in found.items()]
    return _some(listed, len(listed))


def _some(names, count):
    more = f" and {count - _MOST_NAMED:,} more" if count > _MOST_NAMED else ""
    shown = names[:_MOST_NAMED]
    if len(shown) < min(count, _MOST_NAMED):
        more = f" and {count - len(shown):,} more"
    return ", ".join(shown) + more
