"""The binary version of CIFAR-10 and CIFAR-100: records of labels and pixels, nothing to run.

Format: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
"""

from pathlib import Path

import numpy as np

from bakeoff.data.raw import RawPart, RawSet
from bakeoff.errors import StudyError
from bakeoff.files import files_below

_SIDE = 32
_PIXELS = 3 * _SIDE * _SIDE
# How many labels a record has; the last is the class, CIFAR-100's first one that of 20 kinds.
_LABELS = {"batches.meta.txt": 1, "fine_label_names.txt": 2}


def read_cifar(folder: str | Path) -> RawSet:
    """Return the images, uint8 (n, 32, 32, 3), and labels, uint8 (n,), in the files of a folder.

    The files may lie in a folder within. ``data_batch_1.bin`` and so on, or ``train.bin``, are the
    training images; ``test_batch.bin``, or ``test.bin``, the test. Names of classes come from
    ``batches.meta.txt`` or ``fine_label_names.txt``, where one is there. Raises :class:`StudyError`
    where a file is missing or holds part of a record.
    """
    folder = Path(folder)
    there = files_below(folder)
    files = {file.name: file for file in there if file.suffix == ".bin"}
    train = [file for name, file in files.items() if name.startswith(("data_batch", "train"))]
    test = [file for name, file in files.items() if name.startswith("test")]
    for part, expected, found in (
        ("training", "data_batch_1.bin, … or train.bin", train),
        ("test", "test_batch.bin or test.bin", test),
    ):
        if not found:
            raise StudyError(
                f"{folder}: no file of {part} images; expected {expected}, the binary version of"
                " CIFAR: name the folder or archive that holds it in data.path."
            )
    names = {file.name: file for file in there if file.name in _LABELS}
    class_names, labels = _class_names(names), None
    if names:
        labels = _LABELS[next(iter(names))]
    return RawSet(_read(train, labels), _read(test, labels), class_names=class_names)


def _class_names(files):
    for file in files.values():
        lines = file.read_text(encoding="utf-8").split("\n")
        return [line.strip() for line in lines if line.strip()]
    return None


def _read(files, labels):
    contents = [np.fromfile(file, dtype=np.uint8) for file in files]
    whole = [
        count
        for count in ([labels] if labels else (1, 2))
        if all(len(content) and len(content) % (count + _PIXELS) == 0 for content in contents)
    ]
    if not whole:
        size = _PIXELS + (labels or 1)
        file, content = next(
            (file, content)
            for file, content in zip(files, contents, strict=True)
            if not len(content) or len(content) % size
        )
        raise StudyError(
            f"{file}: {len(content):,} bytes; expected records of {size:,} bytes, a label and 32 x"
            " 32 x 3 pixels each: the file is not whole, or none of CIFAR's binary version: delete"
            " it, and unpack or download it again."
        )
    records = np.concatenate([content.reshape(-1, whole[0] + _PIXELS) for content in contents])
    planes = records[:, whole[0] :].reshape(-1, 3, _SIDE, _SIDE)
    images = np.ascontiguousarray(np.moveaxis(planes, 1, -1))
    return RawPart(images, records[:, whole[0] - 1].copy(), str(files[0].parent))
