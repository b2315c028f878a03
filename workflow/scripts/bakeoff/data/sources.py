"""The kinds of sources that a data set may come from, and what each is to be given.

Without NumPy, as planning has no time for it: :mod:`bakeoff.data.reading` reads them.
"""

import bz2
import csv
import gzip
import hashlib
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from bakeoff.data.checksums import checksums_of
from bakeoff.errors import StudyError
from bakeoff.files import canonical_json, unseen, walk

BUNDLED = ("mnist_5k", "digits")
"""The data sets that come with a package, as ``data.path`` names them."""

WITH_TEST = ("digits",)
"""Those of them that have a test part of their own."""

OF_IMAGE_FILES = {"image": None, "unreadable": "refuse", "group": None}
"""Settings that only sources of image files have, folder and table, with their defaults."""

OF_TABLES = {"columns": None}
"""Settings that only tables have, with their defaults."""

OF_IDX = {"transposed": False}
"""Settings that only IDX files have, with their defaults."""

WITHOUT_SPLIT = {"test_share": 0.2}
"""Settings that only sources need which have no test part of their own, with their defaults."""

ROLES = ("train_images", "train_labels", "test_images", "test_labels")
"""What the four IDX files of a data set hold."""

_IDX_NAME = re.compile(r"(train|t10k|test)[-_.].*?(images|labels)")

_OF_EVERY_SOURCE = (
    "source",
    "classes",
    "train_images",
    "test_images",
    "validation",
    "holdout_images",
    "split_seed",
)

COLUMNS = {"path": "path", "label": "label", "split": "split", "group": "group"}
"""What the columns of a table are called unless the config says otherwise."""

PARQUET = (".parquet", ".pq")
"""What the names of tables that are no CSV end in, in small letters."""

_COMPRESSED: Mapping[str, Callable[..., TextIO]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
_SPACE_AFTER = re.compile(r'"[ \t]+(?=[,\r\n]|$)')  # a quote: it means nothing
_LONGEST_FIELD = 2**31 - 1  # characters, which all machines can hold


IMAGE = {"fit": "stretch", "background": "white"}
"""How images get their form unless the config says otherwise."""


def settings_of_source(data: Mapping[str, Any]) -> dict[str, Any]:
    """Map the settings that only some sources have, and this one has, to their defaults.

    ``data`` is the config's section of that name.
    """
    settings: dict[str, Any] = {}
    source = data["source"]
    if source in ("folder", "table"):
        settings |= OF_IMAGE_FILES | WITHOUT_SPLIT
    if source == "table":
        settings |= OF_TABLES
    if source == "idx":
        settings |= OF_IDX
    if source == "bundled" and data["path"] not in WITH_TEST:
        settings |= WITHOUT_SPLIT
    return settings


def settings_of_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the prepared data depends on: not what it is called, nor where files come from.

    ``data`` is the config's section of that name, checked. Files at a path count by their names,
    sizes and dates; settings at their defaults, which only some sources have, not at all.
    """
    kept = {key: data[key] for key in _OF_EVERY_SOURCE}
    known = settings_of_source(data)
    given = {key: _without_defaults(key, data[key]) for key in known}
    kept |= {key: given[key] for key, default in known.items() if given[key] != default}
    if data["source"] == "bundled":
        kept["path"] = data["path"]
    elif data["path"] is not None:
        kept["files"] = state_of(data)
    return kept


def _without_defaults(key, value):
    """Return a setting, where it is a mapping, without what says nothing; None if none is left."""
    if not isinstance(value, Mapping):
        return value
    defaults = {"image": IMAGE, "columns": COLUMNS}.get(key, {})
    kept = {k: v for k, v in value.items() if v is not None and v != defaults.get(k)}
    return kept or None


def made_from(data: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> str:
    """Return a text that changes with what the prepared data depends on, and with what is fetched.

    ``data`` is the config's section of that name, checked, and ``settings`` what
    :func:`settings_of_data` returns of it, where that has looked at all files before. It is kept
    beside prepared data, which so says itself whether it is of a config.
    """
    fetched = checksums_of(data) if data["path"] is None else {}
    text = canonical_json([settings or settings_of_data(data), fetched])
    return hashlib.sha256(text.encode()).hexdigest()


def roles_of(names: Iterable[str]) -> dict[str, str]:
    """Map :data:`ROLES` to the names of the IDX files that have them, as far as names tell.

    So do MNIST's (``t10k-images-idx3-ubyte.gz``), Kaggle's (``t10k-images.idx3-ubyte``), EMNIST's
    (``emnist-letters-test-images-idx3-ubyte.gz``) and QMNIST's
    (``qmnist-test-labels-idx2-int.gz``). Raises :class:`StudyError` where two files have one role.
    """
    roles: dict[str, str] = {}
    for name in sorted(names):
        if found := _IDX_NAME.search(name.lower()):
            part = "train" if found[1] == "train" else "test"
            role = f"{part}_{found[2]}"
            if role in roles:
                raise StudyError(
                    f"{roles[role]} and {name}: both are {role.replace('_', ' ')} by their names;"
                    " expected one file of each kind: leave one of the two out, or give each data"
                    " set a folder of its own."
                )
            roles[role] = name
    return roles


def state_of(data: Mapping[str, Any]) -> str:
    """Return a text that changes with the files at ``data.path``: names, sizes, dates.

    ``data`` is the config's section of that name, checked. Of a CSV table, the files that it names
    count too, which those of a packed table do with their archive; Parquet is not read, as planning
    does without pyarrow.
    """
    path = Path(data["path"])
    # By their names alone: a table may name a file twice, which may be gone by then.
    files = sorted(_files_at(path, data), key=lambda file: file[0])
    return hashlib.sha256(canonical_json(files).encode()).hexdigest()


def _files_at(path: Path, data: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Yield name, bytes and nanoseconds of each file that is read."""
    if data["source"] == "table" and (table := _table_at(path)):
        named = _named(table, columns_of(data)["path"])
        yield from (_state(name, table.parent / name) for name in named)
    if not path.is_dir():
        yield _state("", path)
        return
    for folder, folders, names, _ in walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        place = os.path.relpath(folder, path)
        for name in names:
            yield _state(os.path.join(place, name), os.path.join(folder, name))


def columns_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Map :data:`COLUMNS` to what they are called in the table of the config's ``data``."""
    return COLUMNS | {key: name for key, name in (data["columns"] or {}).items() if name}


def _table_at(path: Path) -> Path | None:
    """Return the table that is read at a path, None where there are more."""
    try:
        tables = tables_in(path) if path.is_dir() else [path]
    except OSError:
        return None
    return tables[0] if len(tables) == 1 else None


def tables_in(folder: Path) -> list[Path]:
    """Return the CSV and Parquet files of a folder, sorted, without hidden ones."""
    return sorted(p for p in folder.iterdir() if is_table(p.name) and not unseen(p.name))


def is_table(name: str) -> bool:
    """Tell whether a file is a table by its name."""
    return Path(name).suffix.lower() in (".csv", ".parquet")


def _state(name: str, path: str | Path) -> list[Any]:
    try:
        found = os.stat(path)
    # Of a name with a NUL, ValueError.
    except (OSError, ValueError):
        return [name, None, None]
    return [name, found.st_size, found.st_mtime_ns]


def _named(table: Path, column: str) -> list[str]:
    """Return the files that a CSV table names, none where it names none or is no such table."""
    if table.suffix.lower() in PARQUET:
        return []
    try:
        rows = rows_of(table)
        place = next(rows)[1].index(column)
        return [fields[place].strip() for _, fields in rows if len(fields) > place]
    # It is refused where it is read, in the same way.
    except (OSError, ValueError):
        return []


def rows_of(table: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of each row of a CSV table, as a spreadsheet counts them, and its fields.

    The first has the names. Empty rows are left out. Planning and preparing read a table by this
    one function, so that the files that are looked at are those that are read. Raises OSError or
    ValueError where it is no such table.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    empty = True
    written: list[str] = []
    with open_csv(table) as lines:
        for number, fields in enumerate(csv.reader(_kept(lines, written)), start=1):
            _check_quotes(written, number)
            written.clear()
            if len(fields) > 1 or "".join(fields).strip():
                empty = False
                yield number, fields
    if empty:
        raise ValueError("it is empty")


def _kept(lines: Iterable[str], written: list[str]) -> Iterator[str]:
    """Yield lines, each of which is also put into ``written``."""
    for line in lines:
        written.append(line)
        yield line


def _check_quotes(written: list[str], number: int) -> None:
    """Raise ValueError where the lines of a row are only one row as a quote is not closed.

    Rows would be missing in silence, as Python takes all up to the next quote for one field.
    """
    if len(written) < 2:
        return
    try:
        list(csv.reader([_SPACE_AFTER.sub('"', line) for line in written], strict=True))
    except csv.Error as error:
        raise ValueError(
            f"the quote that is opened in row {number} is not closed where a field ends"
        ) from error


@contextmanager
def open_csv(table: Path) -> Iterator[TextIO]:
    """Yield the text of a CSV table, which may be compressed as the end of its name says.

    Raises OSError or ValueError where it cannot be read.
    """
    opened = _COMPRESSED.get(table.suffix.lower(), open)
    try:
        # Spreadsheets put a mark before the first name.
        with opened(table, "rt", encoding="utf-8-sig", newline="") as lines:
            yield lines
    except (csv.Error, EOFError, lzma.LZMAError, zlib.error) as error:
        raise ValueError(str(error)) from error
