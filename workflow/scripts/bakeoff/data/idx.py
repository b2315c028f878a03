"""IDX, the file format of MNIST: a header that gives type and shape, then the bare numbers.

Format: the end of "The MNIST database of handwritten digits" (LeCun, Cortes, Burges), under
"The IDX file format".
"""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from bakeoff.errors import StudyError
from bakeoff.files import sha256_of

_UNSIGNED_BYTES = b"\x00\x00\x08"


def read_idx(path, item_shape, sha256=None):
    """Return the uint8 array ``(n, *item_shape)`` in the gzipped IDX file at ``path``.

    ``item_shape`` is the shape of one item: ``(28, 28)`` for MNIST's images, ``()`` for its
    labels; ``sha256`` is the checksum that the config gives for the file, if it does. Raises
    :class:`StudyError` where the file is damaged, is no IDX file of unsigned bytes, holds no
    items, or holds items of another shape.
    """
    path = Path(path)
    try:
        return _read(path, item_shape)
    except ValueError as error:
        raise StudyError(f"{path}: {error}: {remedy({path: sha256})}") from error


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


def remedy(checksums):
    """Return what to do about files that are not what they should be.

    ``checksums`` maps their paths to the SHA-256 that the config gives, or None. A file that has
    it would be the same if it was fetched again.
    """
    one = len(checksums) == 1
    if all(checksum == sha256_of(path) for path, checksum in checksums.items()):
        if one:
            return (
                "fetched again it would be the same, as its checksum is that of data.sha256: put"
                " the right file where data.mirrors has this one, and its checksum there."
            )
        return (
            "fetched again they would be the same, as their checksums are those of data.sha256: put"
            " the right files where data.mirrors has these, and their checksums there."
        )
    files, they_are = ("the file", "it is") if one else ("both files", "they are")
    return f"delete {files} and run again, so that {they_are} downloaded anew."
