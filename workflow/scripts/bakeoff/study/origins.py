"""What files that take long to make say of themselves: what they were made of.

What is planned is known by its fingerprint alone here, so that no number depends on the code that
tells these (:mod:`bakeoff.study.identity`).
"""

import json
from collections.abc import Iterable
from pathlib import Path

from bakeoff.errors import StudyError


def read_origin(file: str | Path) -> tuple[str | None, str | None] | None:
    """Return what a run's card says it was made of: its fingerprint, and its data's checksum.

    A model's description has a fingerprint of its own, and no data. Either is None where the
    file does not say so; the whole is None where there is no file to read.
    """
    try:
        found = json.loads(Path(file).read_bytes())
        told = found.get("identity", found.get("fingerprint"))
        return told, found.get("dataset", {}).get("checksum")
    except (OSError, ValueError, AttributeError):
        return None


def check_planned(
    files: Iterable[str | Path], planned: Iterable[str], data_checksum: str | None
) -> None:
    """Raise :class:`StudyError` if a file was made of anything else than what is planned.

    ``files`` are cards of runs on data of that checksum, or descriptions, which have None;
    ``planned`` are their fingerprints (:func:`bakeoff.study.identity.fingerprint`), in the same
    order. A process that outlived its command may have written one since this command was planned.
    """
    for file, expected in zip(files, planned, strict=True):
        found = read_origin(file)
        # One that cannot be read is named, with what to do, by what reads all of it.
        if found is not None and found != (expected, data_checksum):
            raise StudyError(
                f"{file}: made of other settings, sources or data than this command was planned"
                " with; expected what is planned: run snakemake again, which makes it anew."
            )
