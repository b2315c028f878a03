"""Images that a table lists, one a row, or whose pixels stand in its columns."""

import errno
import itertools
import math
import os
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bakeoff import wording as w
from bakeoff.data.decode import decode_files
from bakeoff.data.folder import describe_skipped, groups_of, list_images, unreadable_classes
from bakeoff.data.labels import shortened
from bakeoff.data.raw import RawPart, RawSet, check_images
from bakeoff.data.sources import PARQUET, columns_of, open_csv, rows_of, tables_in
from bakeoff.errors import ConfigError, StudyError

_PARTS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
_BROKEN = re.compile(r"[\n\r\0]")
_LONGEST = 250  # characters of a text in a message
_PIXEL = re.compile(r"pixel_?\d+|\d+x\d+")


def read_table(
    file: str | Path, settings: Mapping[str, Any], scratch: str | Path, workers: int = 1
) -> RawSet:
    """Return the images of a CSV or Parquet table, with the split and the groups that it gives.

    A row has the path of an image, relative to the table's folder, or its pixels in columns
    ``pixel0``, ``pixel1``, … as Kaggle's MNIST has them, or ``1x1``, ``1x2``, …, row before column,
    whose numbers tell their places; and a label. ``settings`` are the config's
    ``columns``, ``image``, ``unreadable`` and ``group``; ``scratch`` and ``workers`` are those of
    :func:`bakeoff.data.decode.decode_files`. Raises :class:`StudyError` where a column is missing
    or a row has no label or no file, or as that function does.
    """
    seen = Path(file) == Path(settings["path"] or "")
    file = _table_file(Path(file))
    columns = columns_of(settings)
    table = _read(file, {*columns.values(), settings["group"]})
    pixels = _in_order([name for name in table.columns if _PIXEL.fullmatch(name)], file)
    _check_columns(table, file, columns, pixels, settings)
    labels = _texts(table, columns["label"], file)
    if pixels:
        rows, names, audit = np.arange(len(table)), None, {}
        image = settings["image"] or {}
        form = _sides_named(pixels, image) | image
        images = _images_of_pixels(_numbers(table[pixels], file), file, form)
    else:
        paths = _texts(table, columns["path"], file)
        if not seen:
            _check_inside(file, paths, settings["path"])
        unnamed = _check_files(file, paths)
        decoded = decode_files(Path(file).parent, paths, settings, scratch, workers)
        images, rows, names, audit = decoded.images, decoded.rows, paths, decoded.audit
        if unnamed:
            unnamed = {"named by no row": unnamed}
        audit["skipped"] = describe_skipped(unnamed or {})
        audit["unreadable_classes"] = unreadable_classes(labels, rows)
    groups, column = _groups(table, file, columns, names, settings["group"])
    if column is not None:
        audit["group_column"] = column
    everything = RawPart(images, labels, str(file), groups)
    return _split(everything, rows, table, file, columns, audit)


def _table_file(path):
    if path.is_dir():
        tables = tables_in(path)
        if len(tables) == 1:
            return tables[0]
        names = shortened(table.name for table in tables) or "no table"
        raise ConfigError(
            "data.path",
            f"{path} is a folder with {names}; expected one CSV or Parquet file: name the file.",
        )
    if not path.is_file():
        raise ConfigError(
            "data.path", f"{path} does not exist; expected a CSV or Parquet file: correct the path."
        )
    return path


def _read(file, used):
    """Return a table: columns of pixels as they are, all others texts.

    Raises :class:`StudyError` where a column of pixels, or one of the names ``used``, is twice
    there.
    """
    try:
        if file.suffix.lower() in PARQUET:
            table = pd.read_parquet(file)
            _check_once([str(name) for name in table.columns], file, used)
            return _as_texts(table)
        return _read_csv(file, used)
    except ImportError as error:
        raise StudyError(
            f"{file}: Parquet cannot be read without pyarrow; expected that package, or CSV: pip"
            " install pyarrow, or save the table as CSV."
        ) from error
    except (OSError, ValueError, pd.errors.ParserError) as error:
        reason = " ".join(str(error).split())
        raise StudyError(
            f"{file}: cannot be read as a table ({reason}); expected CSV in UTF-8 with names in the"
            " first line, or Parquet: mend the file."
        ) from error


def _read_csv(file, used):
    rows = rows_of(file)
    _, names = next(rows)
    _check_once(names, file, used)
    if any(_PIXEL.fullmatch(name) for name in names):
        return _read_pixels(file, names)
    made = []
    for number, fields in rows:
        if any("\0" in field for field in fields):
            raise ValueError(f"row {number} has bytes that are zero, as files not written whole do")
        if len(fields) > len(names):
            raise _too_long(file, f"row {number}")
        made.append(fields + [""] * (len(names) - len(fields)))
    return pd.DataFrame(made, columns=names, dtype=object)


def _read_pixels(file, names):
    """Return a CSV table with columns of pixels, of which there may be many millions of fields."""
    kinds = {name: str for name in names if not _PIXEL.fullmatch(name)}
    with open_csv(file) as lines, warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        # A column that is partly of texts is so in all of its rows.
        options = {"keep_default_na": False, "low_memory": False, "dtype": kinds}
        try:
            # Otherwise, the first of more fields than there are names would be no column.
            return pd.read_csv(lines, index_col=False, **options)
        except pd.errors.ParserWarning as error:
            raise _too_long(file, "a row") from error


def _too_long(file, which):
    return StudyError(
        f"{file}: {which} has more fields than the first line has names; expected one field for"
        " each name: name the others too, or put fields with commas in quotes."
    )


def _check_once(names, file, used):
    """Raise where a column of pixels, or one that is ``used``, has the name of another."""
    known = [name for name in names if name in used or _PIXEL.fullmatch(name)]
    if twice := [name for name, times in Counter(known).items() if times > 1]:
        raise StudyError(
            f"{file}: more than one column {shortened(twice)}; expected one of each name: delete or"
            " rename the others."
        )


def _as_texts(table):
    texts = {
        name: table[name].map(lambda value: "" if pd.isna(value) else str(value))
        for name in table.columns
        if not _PIXEL.fullmatch(str(name))
    }
    return table.rename(columns=str).assign(**texts)


def _in_order(names, file):
    """Return the names of columns of pixels by their numbers, which are all there, once each.

    Programs that sort names as texts write pixel10 before pixel2.
    """
    if not names:
        return []
    numbers = {name: _numbers_in(name) for name in names}
    if len({len(found) for found in numbers.values()}) > 1:
        raise StudyError(
            f"{file}: columns of pixels called both as pixel0 and as 1x1; expected one way: rename"
            " them, or delete those of one way."
        )
    ordered = sorted(names, key=numbers.get)
    for name, after in itertools.pairwise(ordered):
        if numbers[name] == numbers[after]:
            raise StudyError(
                f"{file}: the columns {name} and {after} are one pixel; expected one column for"
                " each: delete or rename one of them."
            )
    there = set(numbers.values())
    ends = [(min(1, *axis), max(axis)) for axis in zip(*there, strict=True)]
    # A number may be any: of more places than there are names, an early one is missing.
    every = itertools.product(*(range(low, min(high, len(names)) + 1) for low, high in ends))
    if missing := next((found for found in every if found not in there), None):
        parts = iter(missing)
        lost = re.sub(r"\d+", lambda _: str(next(parts)), ordered[0])
        raise StudyError(
            f"{file}: columns of pixels up to {ordered[-1]} without {lost}; expected all of them,"
            " numbered from 0 or 1: add it, or number the columns as the pixels lie."
        )
    return ordered


def _numbers_in(name):
    return tuple(int(number) for number in re.findall(r"\d+", name))


def _sides_named(ordered, image):
    """Return height and width where the names of columns of pixels tell a row and a column."""
    numbers = [_numbers_in(name) for name in ordered]
    if len(numbers[0]) == 1 or (image.get("channels") or 1) != 1:
        return {}
    height, width = (len(set(axis)) for axis in zip(*numbers, strict=True))
    return {"height": height, "width": width}


def _check_columns(table, file, columns, pixels, settings):
    needed = {"label": columns["label"]} | ({} if pixels else {"path": columns["path"]})
    given = settings["columns"] or {}
    needed |= {key: given[key] for key in ("split", "group") if given.get(key)}
    for key, name in needed.items():
        if name not in table.columns:
            raise ConfigError(
                f"data.columns.{key}",
                f"{name}, and {file} has no such column, but {shortened(table.columns)}; expected"
                f" the name of the column with each image's {key}: give it.",
            )
    if not len(table):
        raise StudyError(f"{file}: no rows; expected one for each image: add them.")


def _texts(table, column, file):
    """Return a column, object (n,) of texts of one line, none of which is empty."""
    texts = table[column].str.strip()
    if (empty := np.flatnonzero(texts == "")).size:
        raise StudyError(
            f"{file}: no {column} in {_lines(empty, file)}; expected one in each row: add it, or"
            " delete the row."
        )
    broken = [row for row, text in enumerate(texts) if _BROKEN.search(text)]
    if broken:
        first = ascii(_brief(texts.iloc[broken[0]]))
        raise StudyError(
            f"{file}: a line break or a NUL in the column {column}, {_lines(broken, file)}"
            f" ({first}); expected texts of one line: see whether a quote is not closed, and mend"
            " the row."
        )
    return texts.to_numpy(dtype=object)


def _brief(text):
    """Return a text whose middle is left out where it is longer than most paths."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 50]} … {text[-50:]}"


def _lines(rows, file):
    """Return "row 3" or "rows 3, 5", as a spreadsheet counts them."""
    return f"{w.plural(len(rows), 'row')} {shortened(_places(rows, file))}"


def _places(rows, file):
    """Return the places of rows of a table as a spreadsheet counts them, from the names as 1."""
    places = {}
    if file.suffix.lower() not in PARQUET:
        # Empty rows count there. Only where something is wrong is the table read once more.
        places = dict(enumerate(place for place, _ in rows_of(file)))
    return [places.get(row + 1, row + 2) for row in map(int, rows)]


def _check_inside(file, paths, packed):
    """Raise where a table from an archive, or a download, names images that did not come with it.

    Planning looks at the archive or the checksums alone: that such an image changed is not seen.
    """
    leaving = (os.sep, f"..{os.sep}")
    if outside := [path for path in paths if os.path.normpath(path).startswith(leaving)]:
        raise StudyError(
            f"{packed or file.parent}: the table {file.name} names {len(outside):,} of"
            f" {len(paths):,} images outside of its own folder: {shortened(outside)}; expected"
            " images that are packed or downloaded with it, as it is not seen when others change:"
            " put them there, or set data.path to the table itself."
        )


def _check_files(file, paths):
    """Return images that no row names; raise where a row names no file."""
    missing = [row for row, path in enumerate(paths) if not _is_file(file.parent / path)]
    if missing:
        places = zip(missing, _places(missing, file), strict=True)
        rows = shortened(f"{_brief(paths[row])} (row {place})" for row, place in places)
        raise StudyError(
            f"{file}: {len(missing):,} of {len(paths):,} rows"
            f" {w.plural(len(missing), 'names', 'name')} a file that does not exist: {rows};"
            f" expected paths relative to {file.parent}: correct them, or delete the rows."
        )
    # Beside the table, and anywhere else, may lie anything.
    if any(map(os.path.isabs, paths)):
        return []
    folder = Path(os.path.commonpath([os.path.dirname(path) or "." for path in paths]))
    if folder.parts[:1] in ((), ("..",), (".",)):
        return []
    there, _ = list_images(file.parent / folder)
    named = {os.path.normpath(path) for path in paths}
    return [name for each in there if (name := os.path.normpath(folder / each)) not in named]


def _is_file(path):
    try:
        return path.is_file()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def _numbers(columns, file):
    """Return columns of pixels as numbers (n, columns): int64 up to 255, or float from 0 to 1."""
    if any(kind.kind not in "iuf" for kind in columns.dtypes):
        read = columns.apply(lambda column: pd.to_numeric(column.astype(str), errors="coerce"))
    else:
        read = columns
    if all(isinstance(kind, np.dtype) and kind.kind in "iu" for kind in read.dtypes):
        return _in_range(read.to_numpy(), file).astype(np.int64)
    numbers = read.to_numpy(np.float64, na_value=np.nan)
    if (lost := np.argwhere(~np.isfinite(numbers))).size:
        row, place = lost[0]
        raise StudyError(
            f"{file}: {str(columns.iat[row, place])!r} in the column {columns.columns[place]},"
            f" {_lines(np.unique(lost[:, 0]), file)}; expected a number for each pixel: add it, or"
            " delete the row."
        )
    _in_range(numbers, file)
    fractions = numbers[numbers != np.rint(numbers)]
    if not fractions.size and numbers.max() > 1:
        return numbers.astype(np.int64)
    if fractions.size and numbers.max() > 1:
        raise StudyError(
            f"{file}: fractions such as {fractions[0]:g} in columns of pixels up to"
            f" {numbers.max():g}; expected whole numbers from 0 to 255, or all from 0 to 1: scale"
            " them so."
        )
    return numbers


def _in_range(numbers, file):
    """Return numbers as they are; raise where they are no pixels, which int64 may not hold."""
    lowest, highest = numbers.min(), numbers.max()
    if lowest < 0 or highest > 255:
        raise StudyError(
            f"{file}: pixels from {lowest:g} to {highest:g}; expected whole numbers from 0 to 255,"
            " or all from 0 to 1: save them so."
        )
    return numbers


def _images_of_pixels(pixels, file, image):
    count, channels = pixels.shape[1], image.get("channels") or 1
    side = math.isqrt(count // channels)
    height, width = image.get("height") or side, image.get("width") or side
    if height * width * channels != count:
        raise ConfigError(
            "data.image",
            f"{height} x {width} x {channels}, and {file} has {count:,} columns of pixels; expected"
            " the height, width and channels of these: give them.",
        )
    dtype = np.float32 if pixels.dtype.kind == "f" else np.uint8
    return check_images(pixels.astype(dtype).reshape(-1, height, width, channels), file)


def _groups(table, file, columns, names, group):
    """Return each image's group, and the column of the table that it stands in.

    Without a column, it is that of its file's name.
    """
    column = group if group in table.columns else columns["group"] if group is None else None
    if column is None and names is not None:
        return groups_of(names, group), None
    if group is not None and column is None:
        raise ConfigError(
            "data.group",
            f"{group}, and {file} has no such column, but {shortened(table.columns)}; expected the"
            " name of a column: correct it.",
        )
    if column not in table.columns:
        return None, None
    return _texts(table, column, file), column


def _split(everything, rows, table, file, columns, audit):
    """Return the :class:`RawSet` of the rows that were read, with the table's own split."""
    if columns["split"] not in table.columns:
        return RawSet(everything.only(rows), audit=audit)
    written = _texts(table, columns["split"], file)
    parts = np.array([_PARTS.get(text.lower(), "") for text in written], dtype=object)
    if (unknown := np.flatnonzero(parts == "")).size:
        raise StudyError(
            f"{file}: {written[unknown[0]]!r} in the column {columns['split']},"
            f" {_lines(unknown, file)}; expected train, validation or test: correct it."
        )
    made = {part: everything.only(rows[parts[rows] == part]) for part in dict.fromkeys(parts)}
    if "train" not in made:
        raise StudyError(
            f"{file}: no row has train in the column {columns['split']}; expected training images:"
            " correct the column, or leave it out to have a test part drawn."
        )
    return RawSet(made["train"], made.get("test"), made.get("validation"), audit=audit)
