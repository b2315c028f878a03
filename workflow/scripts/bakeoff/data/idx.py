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
from bakeoff.errors import StudyError

_SIDE = 28
_UNSIGNED_BYTES = b"\x00\x00\x08"


def read_images(
    images_file: str | Path, labels_file: str | Path, checksums: Mapping[str, str] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images, uint8 (n, 28, 28) from 0 to 255, and labels, uint8 (n,), of two files.

    ``checksums`` maps the files' names to the config's checksums. Raises :class:`StudyError` where
    a file is damaged, the two do not belong together, or the pixels use none of their range.
    """
    given = {file: (checksums or {}).get(Path(file).name) for file in (images_file, labels_file)}
    images = read_idx(images_file, (_SIDE, _SIDE), given[images_file])
    labels = read_idx(labels_file, (), given[labels_file])
    if len(images) != len(labels):
        raise StudyError(
            f"{labels_file}: {len(labels):,} labels; expected {len(images):,}, as many as there"
            f" are images in {images_file}: {_remedy(given)}"
        )
    if images.max() <= 1:
        raise StudyError(
            f"{images_file}: no pixel is above {images.max()}; expected grey values from 0 to"
            " 255: scale the images to that range where data.mirrors has them, and give the new"
            " checksum in data.sha256."
        )
    return images, labels


def read_idx(
    path: str | Path, item_shape: tuple[int, ...], checksum: str | None = None
) -> np.ndarray:
    """Return the uint8 array ``(n, *item_shape)`` in the gzipped IDX file at ``path``.

    ``item_shape`` is the shape of one item: ``(28, 28)`` for MNIST's images, ``()`` for its
    labels; ``checksum`` is the one that the config gives for the file, if it does. Raises
    :class:`StudyError` where the file is damaged, is no IDX file of unsigned bytes, holds no
    items, or holds items of another shape.
    """
    path = Path(path)
    try:
        return _read(path, item_shape)
    except ValueError as error:
        raise StudyError(f"{path}: {error}: {_remedy({path: checksum})}") from error


def _read(path, item_shape):
    """Do what :func:`read_idx` does; raise ``ValueError`` with what was found and expected."""
    content = _decompressed(path.read_bytes())
    dimensions = 1 + len(item_shape)
    magic = _UNSIGNED_BYTES + bytes([dimensions])
    if content[:4] != magic:
        raise ValueError(
            f"begins with the bytes {content[:4].hex(' ') or '(none)'}{_kind(content)}; expected"
            f" {magic.hex(' ')} (IDX, unsigned bytes, {dimensions} dimensions)"
        )
    header = len(magic) + 4 * dimensions
    if len(content) < header:
        raise ValueError(f"{len(content)} bytes; expected a header of {header} bytes")
    shape = tuple(np.frombuffer(content[len(magic) : header], dtype=">u4").tolist())
    if shape[1:] != item_shape:
        raise ValueError(f"items of shape {shape[1:]}; expected {item_shape}")
    if shape[0] == 0:
        raise ValueError("no items; expected at least one")
    found = len(content) - header
    if found != math.prod(shape):
        raise ValueError(
            f"{found:,} bytes after the header; expected {math.prod(shape):,} for the shape"
            f" {shape} that the header gives"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def _decompressed(content):
    if content.startswith(_UNSIGNED_BYTES):
        raise ValueError("an IDX file that is not compressed; expected one compressed by gzip")
    try:
        return gzip.decompress(content)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"damaged gzip file ({error}); expected a whole gzip file") from error


def _kind(content):
    """Return what a file that begins so holds, for one that was taken for another."""
    kinds = {_UNSIGNED_BYTES + b"\x01": " (labels)", _UNSIGNED_BYTES + b"\x03": " (images)"}
    return kinds.get(content[:4], "")


def _remedy(checksums):
    """Return what to do about files that are not what they should be.

    ``checksums`` maps their paths to those that the config gives, or None. A file that has its
    own would be the same if it was fetched again.
    """
    one = len(checksums) == 1
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
