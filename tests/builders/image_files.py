"""Made-up images in files of every kind, and the settings that read them."""

import errno
import io
import os
import tarfile

import numpy as np
import pytest
from PIL import Image

from bakeoff.data.reading import open_source
from bakeoff.errors import StudyError

READING = {
    "source": "folder",
    "path": None,
    "classes": None,
    "image": None,
    "unreadable": "refuse",
    "group": None,
    "columns": None,
    "test_share": 0.2,
    "transposed": False,
    "split_seed": 0,
}
"""The config's settings that reading a data set depends on, at their defaults."""


def refusal(path, scratch, **settings):
    """Return the one line with which reading the source at ``path`` is refused."""
    settings = READING | {"path": str(path)} | settings
    with pytest.raises(StudyError) as caught, open_source(settings, [], scratch):
        pass
    message = str(caught.value)
    assert "\n" not in message
    assert "; expected " in message
    assert not list(scratch.glob(".unpacked*"))
    return message


def lock(monkeypatch, folder):
    """Let ``folder`` be one that the system does not list, as without the right to: root has it."""
    scandir = os.scandir

    def refused(path="."):
        if os.fspath(path) == os.fspath(folder):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)


def random_images(count, shape, seed=0, dtype=np.uint8):
    """Return random images over all of their type's range, (count, *shape)."""
    random = np.random.default_rng(seed)
    return random.integers(0, np.iinfo(dtype).max, (count, *shape), dtype, endpoint=True)


def save(file, pixels, **options):
    """Save pixels (height, width) or (height, width, channels) as an image; make its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file, **options)


def class_folders(folder, counts, shape=(8, 8, 3), seed=0):
    """Save random PNGs in class folders; ``counts`` maps their names to numbers of images."""
    for place, (name, count) in enumerate(counts.items()):
        for number, pixels in enumerate(random_images(count, shape, 1000 * seed + place)):
            save(folder / name / f"{number:03}.png", pixels)


def tar_of(folder, file, prefix):
    """Pack a folder's files into a gzipped tar archive, in a folder called ``prefix``."""
    with tarfile.open(file, "w:gz") as archive:
        for path in sorted(folder.rglob("*")):
            archive.add(path, f"{prefix}/{path.relative_to(folder)}", recursive=False)


def tar_with(file, members):
    """Write a tar archive of texts by name, whatever the names are."""
    with tarfile.open(file, "w") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))


def cifar_folder(folder, train=50, test=20, classes=("plane", "car"), seed=0):
    """Write CIFAR-10's binary files with random images; return images and labels of both parts.

    They are by part, uint8 (n, 32, 32, 3) and (n,).
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for part, count in (("train", train), ("test", test)):
        seed += 1
        images = random_images(count, (32, 32, 3), seed)
        labels = (np.arange(count) % len(classes)).astype(np.uint8)
        planes = np.moveaxis(images, -1, 1).reshape(count, -1)
        made[part] = images, labels
        records = np.concatenate([labels[:, None], planes], axis=1)
        names = (
            [f"data_batch_{n}.bin" for n in range(1, 6)] if part == "train" else ["test_batch.bin"]
        )
        for name, piece in zip(names, np.array_split(records, len(names)), strict=True):
            (folder / name).write_bytes(piece.tobytes())
    (folder / "batches.meta.txt").write_text("\n".join(classes) + "\n\n")
    return made
