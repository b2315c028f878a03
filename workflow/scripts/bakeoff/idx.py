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

_UNSIGNED_BYTE = 0x08


def read_idx(path, item_shape):
    """Return the uint8 array ``(n, *item_shape)`` in the gzipped IDX file at ``path``.

    ``item_shape`` is the shape of one item: ``(28, 28)`` for MNIST's images, ``()`` for its
    labels. Raises :class:`StudyError` where the file is damaged, is no IDX file of unsigned
    bytes, holds no items, or holds items of another shape.
    """
    path = Path(path)
    try:
        content = gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise _fault(path, f"damaged gzip file ({error})", "a whole gzip file") from error

    dimensions = 1 + len(item_shape)
    magic = bytes([0, 0, _UNSIGNED_BYTE, dimensions])
    if content[:4] != magic:
        raise _fault(
            path,
            f"begins with the bytes {content[:4].hex(' ') or '(none)'}",
            f"{magic.hex(' ')} (IDX, unsigned bytes, {dimensions} dimensions)",
        )
    header = len(magic) + 4 * dimensions
    if len(content) < header:
        raise _fault(path, f"{len(content)} bytes", f"a header of {header} bytes")
    shape = tuple(np.frombuffer(content[len(magic) : header], dtype=">u4").tolist())
    if shape[1:] != item_shape:
        raise _fault(path, f"items of shape {shape[1:]}", f"{item_shape}")
    if shape[0] == 0:
        raise _fault(path, "no items", "at least one")
    found = len(content) - header
    if found != math.prod(shape):
        raise _fault(
            path,
            f"{found:,} bytes after the header",
            f"{math.prod(shape):,} for the shape {shape} that the header gives",
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def _fault(path, found, expected):
    return StudyError(
        f"{path}: {found}; expected {expected}: delete the file and run again, so that it is"
        " downloaded anew."
    )
