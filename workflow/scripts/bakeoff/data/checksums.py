"""Checksums of a data set's files, of the kinds that data sets publish.

A checksum is a text, ``"sha256:440f…"`` or ``"md5:8d4f…"``, in small hexadecimal digits. Without
NumPy, as planning has no time for it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.files import digest_of

KINDS = ("sha256", "md5")
"""The keys of the config that hold checksums, the one that counts first."""


def checksums_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Map the names of a data set's files to their checksums.

    ``data`` is the config's section of that name, checked.
    """
    return {file: f"{kind}:{data[kind][file]}" for kind in reversed(KINDS) for file in data[kind]}


def checksum_of_file(path: str | Path, kind: str) -> str:
    """Return a file's checksum of ``kind``, one of :data:`KINDS`."""
    return f"{kind}:{digest_of(path, kind)}"


def has_checksum(path: str | Path, checksum: str | None) -> bool:
    """Tell whether a file has ``checksum``; none has None."""
    return checksum is not None and checksum_of_file(path, kind_of(checksum)) == checksum


def kind_of(checksum: str) -> str:
    """Return which of :data:`KINDS` a checksum is."""
    return checksum.partition(":")[0]
