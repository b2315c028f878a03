"""IDX, the file format of MNIST: a header that gives type and shape, then the bare numbers.

Format: the end of "The MNIST database of handwritten digits" (LeCun, Cortes, Burges), under
"The IDX file format".
"""

import gzip
import math
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bakeoff.data.checksums import has_checksum, kind_of
from bakeoff.data.raw import RawPart, RawSet, check_images
from bakeoff.errors import StudyError

_GZIP = b"\x1f\x8b"
# The types of items that MNIST's relatives use: pixels and labels in a byte, QMNIST's labels in
# four.
_TYPES = {0x08: np.dtype(np.uint8), 0x0C: np.dtype(">i4")}


def read_idx_set(
    files: Mapping[str, str | Path],
    checksums: Mapping[str, str] | None = None,
    transposed: bool = False,
) -> RawSet:
    """Return the images and labels of the files that have the :data:`bakeoff.data.sources.ROLES`.

    ``checksums`` maps the files' names to the config's checksums. Images whose columns stand before
    their rows, as EMNIST's do, are ``transposed``. Raises :class:`StudyError` where
    a file is damaged, two do not belong together, or the pixels use none of their range.
    """
    parts = {}
    for part in ("train", "test"):
        of_images, of_labels = files[f"{part}_images"], files[f"{part}_labels"]
        images, labels = read_images(of_images, of_labels, checksums)
        if transposed:
            images = np.ascontiguousarray(images.swapaxes(1, 2))
        parts[part] = RawPart(images, labels, str(of_labels), of_images=str(of_images))
    return RawSet(parts["train"], parts["test"])


def read_images(
    images_file: str | Path, labels_file: str | Path, checksums: Mapping[str, str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return images, uint8 (n, height, width, channels), and labels, int (n,).

    ``checksums`` is that of :func:`read_idx_set`, and so are the errors.
    """
    given = {file: (checksums or {}).get(Path(file).name) for file in (images_file, labels_file)}
    images = read_idx(images_file, (3, 4), given[images_file])
    labels = read_idx(labels_file, (1, 2), given[labels_file])
    if len(images) != len(labels):
        raise StudyError(
            f"{labels_file}: {len(labels):,} labels; expected {len(images):,}, as many as there"
            f" are images in {images_file}: {_remedy(given)}"
        )
    # Of QMNIST's eight columns, the first is the class; the others tell who wrote the digit.
    return check_images(images, images_file), labels if labels.ndim == 1 else labels[:, 0]


def read_idx(
    path: str | Path, dimensions: tuple[int, ...], checksum: str | None = None
) -> np.ndarray:
    """Return the array, uint8 or int32, in the IDX file at ``path``, gzipped or not.

    ``dimensions`` are the numbers of dimensions that it may have: (3, 4) for images, which are
    unsigned bytes, and (1, 2) for labels. ``checksum`` is the one that the config gives for the
    file, if it does. Raises :class:`StudyError` where the file is damaged, is no such file, or
    holds no items.
    """
    path = Path(path)
    try:
        return _read(path, dimensions)
    except ValueError as error:
        raise StudyError(f"{path}: {error}: {_remedy({path: checksum})}") from error


def _read(path, dimensions):
    """Do what :func:`read_idx` does; raise ``ValueError`` with what was found and expected."""
    content = _decompressed(path.read_bytes())
    types = [0x08] if 3 in dimensions else list(_TYPES)
    magics = [bytes([0, 0, kind, number]) for kind in types for number in dimensions]
    if content[:4] not in magics:
        raise ValueError(
            f"begins with the bytes {content[:4].hex(' ') or '(none)'}{_kind(content)}; expected"
            f" {magics[0].hex(' ')} (IDX, unsigned bytes, {dimensions[0]}"
            f" {'dimensions' if dimensions[0] > 1 else 'dimension'})"
        )
    header = 4 + 4 * content[3]
    if len(content) < header:
        raise ValueError(f"{len(content)} bytes; expected a header of {header} bytes")
    shape = tuple(np.frombuffer(content[4:header], dtype=">u4").tolist())
    if 0 in shape:
        raise ValueError(f"no items in the shape {shape}; expected at least one")
    found, dtype = len(content) - header, _TYPES[content[2]]
    if found != (size := math.prod(shape) * dtype.itemsize):
        raise ValueError(
            f"{found:,} bytes after the header; expected {size:,} for the shape {shape} that the"
            " header gives"
        )
    array = np.frombuffer(content, dtype=dtype, offset=header).reshape(shape)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _decompressed(content):
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"damaged gzip file ({error}); expected a whole gzip file") from error


def _kind(content):
    """Return what a file that begins so holds, for one that was taken for another."""
    kinds = {b"\x00\x00\x08\x01": " (labels)", b"\x00\x00\x08\x03": " (images)"}
    return kinds.get(content[:4], "")


def _remedy(checksums):
    """Return what to do about files that are not what they should be.

    ``checksums`` maps their paths to those that the config gives, or None. A file that has its
    own would be the same if it was fetched again; one without was not fetched.
    """
    one = len(checksums) == 1
    if not any(checksums.values()):
        return f"put {'a whole one' if one else 'files that belong together'} there."
    if all(has_checksum(path, checksum) for path, checksum in checksums.items()):
        key = f"data.{kind_of(next(iter(checksums.values())))}"
        if one:
            return (
                f"fetched again it would be the same, as its checksum is that of {key}: put the"
                " right file where data.mirrors has this one, and its checksum there."
            )
        return (
            f"fetched again they would be the same, as their checksums are those of {key}: put the"
            " right files where data.mirrors has these, and their checksums there."
        )
    files, they_are = ("the file", "it is") if one else ("both files", "they are")
    return f"delete {files} and run again, so that {they_are} downloaded anew."
