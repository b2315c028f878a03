"""The files that a config is merged from: what stands in them, as written, and where.

Snakemake reads YAML 1.1, in which ``yes`` is a truth value and ``012`` is ten. So do we, or a
value would be looked for in vain in the file that it stands in.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bakeoff.errors import StudyError
from bakeoff.study.folders import refused, shown_path, why_unreadable

Key = Sequence[str]
"""The way to a value: keys, and indices in lists, as texts."""

ABSENT = object()
"""Stands for a value where there is none."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
# As the schema has it. No other text may become part of a path.
_FILE_NAME = re.compile("[a-z][a-z0-9_]{0,224}")
# As people write numbers. The rest, such as 012 and 12:30, are others than they seem.
_PLAIN_NUMBER = re.compile(
    r"[-+]?((0|[1-9][0-9_]*)(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9_]+([eE][-+]?[0-9]+)?"
    r"|0x[0-9a-fA-F_]+|\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
)


@dataclass(frozen=True)
class Written:
    """A single value as it stands in a file: its text, its line from 1, and whether in quotes."""

    text: str
    line: int
    quoted: bool


class ConfigFile:
    """One file of a config: its ``value``, and how everything in it is written.

    ``name`` is how messages call it. ``odd_numbers`` are the keys, tuples of texts, at which
    stands a number that people read as another. Of a ``section``, where one is named, nothing else
    is taken: ``value`` is that key with its value, or empty. Raises :class:`StudyError` where the
    file may not be read, is no YAML or gives a key twice, and OSError where there is none.
    """

    def __init__(
        self, file: str | Path, name: str | None = None, section: str | None = None
    ) -> None:
        self.name = name or shown_path(file)
        self.section = section
        self.odd_numbers: list[Any] = []
        self._root = None
        loader = None
        try:
            text = Path(file).read_text(encoding="utf-8")
            loader = _LOADER(text)
            self._root = loader.get_single_node()
            self._check(self._root)
            self.value = {} if self._root is None else loader.construct_document(self._root)
        except yaml.MarkedYAMLError as error:
            raise StudyError(
                f"{self.name}: line {error.problem_mark.line + 1}: {error.problem}; expected YAML:"
                " mend that line."
            ) from error
        except (yaml.YAMLError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise StudyError(
                f"{self.name}: {reason}; expected YAML in UTF-8: mend the file."
            ) from error
        except PermissionError as error:
            raise refused(self.name, error) from error
        finally:
            if loader is not None:
                loader.dispose()
        self.value = {} if self.value is None else _as_json(text, self.value)
        if section is not None:
            self._leave_out_all_but(section)

    def _leave_out_all_but(self, section):
        held = look_up(self.value, (section,))
        self.value = {} if held is ABSENT else {section: held}
        self.odd_numbers = [key for key in self.odd_numbers if key[0] == section]
        if isinstance(self._root, yaml.MappingNode):
            self._root.value = [
                (name, child) for name, child in self._root.value if _key_text(name) == section
            ]

    def _check(self, root):
        """Refuse doubled keys, and note odd numbers."""
        queue, seen = [((), root)], set()
        while queue:
            key, node = queue.pop()
            if isinstance(node, yaml.ScalarNode):
                number = node.tag in (f"{_TAG}int", f"{_TAG}float")
                told = node.tag in (f"{_TAG}timestamp", f"{_TAG}bool")
                if told or (number and not node.value.isdecimal()):
                    self._check_meaning(key, node)
                if number and not _PLAIN_NUMBER.fullmatch(node.value):
                    self.odd_numbers.append(key)
            # What an alias stands for is looked at once.
            elif node is not None and id(node) not in seen:
                seen.add(id(node))
                queue += [((*key, part), child) for part, child in self._children(key, node)]

    def _check_meaning(self, key, node):
        """Refuse what YAML takes for a date or a number, and is none: 2026-13-45."""
        try:
            _meaning(node)
        except ValueError as error:
            kind = {"timestamp": "date", "bool": "truth value"}
            kind = kind.get(node.tag.removeprefix(_TAG), "number")
            raise StudyError(
                f"{self.name}: {'.'.join(key)}: {node.value} (line {node.start_mark.line + 1}) is"
                f" no {kind}, though YAML takes it for one ({error}); expected another value:"
                f" correct it, or put a text in quotes, {json.dumps(node.value)}."
            ) from error

    def _children(self, key, node):
        """Return (part of the key, node) of all in a list or a mapping without doubled keys."""
        if isinstance(node, yaml.SequenceNode):
            return [(str(place), child) for place, child in enumerate(node.value)]
        found = {}
        for name, child in node.value:
            part = _key_text(name)
            if part in found and name.tag != f"{_TAG}merge":
                raise StudyError(
                    f"{self.name}: {'.'.join([*key, part])}: given twice (the second time in line"
                    f" {name.start_mark.line + 1}); expected each key once: remove one of the two."
                )
            found[part] = child
        return list(found.items())

    def written(self, key: Key) -> Written | None:
        """Return the :class:`Written` of the value at ``key``, None where no single value is."""
        node = self._root
        for part in key:
            node = self._child(node, part)
        return _written(node)

    def written_key(self, key: Key) -> Written | None:
        """Return the :class:`Written` of the last part of ``key`` itself."""
        node = self._root
        for part in key[:-1]:
            node = self._child(node, part)
        if isinstance(node, yaml.MappingNode):
            for name, _ in node.value:
                if _key_text(name) == key[-1]:
                    return _written(name)
        return None

    @staticmethod
    def _child(node, part):
        if isinstance(node, yaml.SequenceNode):
            return node.value[int(part)] if part.isdigit() and int(part) < len(node.value) else None
        if isinstance(node, yaml.MappingNode):
            # From the end: what a merge key brings in stands before a mapping's own.
            for name, child in reversed(node.value):
                if _key_text(name) == part:
                    return child
        return None


class ConfigFiles:
    """A config as Snakemake merged it, and the files that it came from.

    ``config`` is the merged mapping, ``files`` the :class:`ConfigFile` of each file in the order of
    merging, and ``elsewhere`` what to call the place of a value that stands in none of them.
    """

    def __init__(self, config: Any, files: Sequence[ConfigFile], elsewhere: str) -> None:
        self.config = config
        self.files = files
        self.elsewhere = elsewhere

    def origin(self, key: Key) -> str:
        """Return the name of the file, or of the other place, that had the last word on ``key``.

        A key that is missing is missed where the mapping that lacks it stands first, but for a
        recipe.
        """
        held = self._held(key)
        first = len(held) < len(key)
        holder = self._holder(held, first)
        return self.elsewhere if holder is None else holder.name

    def written(self, key: Key) -> Written | None:
        """Return the :class:`Written` of the value at ``key``, or None, as for another place."""
        holder = self._holder(key)
        return holder and holder.written(key)

    def written_key(self, key: Key) -> Written | None:
        """Return the :class:`Written` of the last part of ``key`` itself, or None."""
        return next((w for file in reversed(self.files) if (w := file.written_key(key))), None)

    def odd_numbers(self) -> Iterator[tuple[Key, Any, Written | None]]:
        """Yield (key, value, :class:`Written`) of each odd number that has the last word."""
        for file in self.files:
            for key in file.odd_numbers:
                if self._holder(key) is file:
                    yield key, look_up(self.config, key), file.written(key)

    def _held(self, key):
        while key and look_up(self.config, key) is ABSENT:
            key = key[:-1]
        return key

    def _holder(self, key, first=False):
        value = look_up(self.config, key)
        holders = [file for file in self._givers(key) if _gives(file, key)]
        if not holders:
            return None
        # Mappings are merged from several files; anything else was written by one.
        if isinstance(value, dict) and first:
            # A recipe is for other studies too: what one lacks is added in a file of its own.
            return next((file for file in holders if file.section != "training"), holders[0])
        if isinstance(value, dict):
            return holders[-1]
        return holders[-1] if _same(look_up(holders[-1].value, key), value) else None

    def _givers(self, key):
        """Return the files that what stands at ``key`` may come from: of a list, the last alone."""
        for length in range(len(key)):
            value = look_up(self.config, key[:length])
            if isinstance(value, list):
                givers = [file for file in self.files if _gives(file, key[:length])]
                last = givers[-1:]
                return last if last and _same(look_up(last[0].value, key[:length]), value) else []
        return self.files


class NamedFiles:
    """The files ``<kind>/<name>.yaml`` that a study may name.

    ``folders`` are the places to look in, the first in force: the folders ``kind`` beside
    ``config_files``, of which the last counts most, and that in the ``config`` of ``root``.
    """

    def __init__(self, config_files: Sequence[str | Path], root: str | Path, kind: str) -> None:
        beside = [Path(file).parent / kind for file in config_files]
        places = [*reversed(beside), Path(root) / "config" / kind]
        self.folders = list(dict.fromkeys(places))
        self.own = [*beside, *places][0]
        """The folder beside the study's first config file: overlays may lie anywhere."""

    @staticmethod
    def is_name(name: object) -> bool:
        """Tell whether a file may have that name."""
        return isinstance(name, str) and bool(_FILE_NAME.fullmatch(name))

    def file(self, name: object) -> Path | None:
        """Return the file of that name, None where there is none or the name is no such."""
        if not self.is_name(name):
            return None
        files = (folder / f"{name}.yaml" for folder in self.folders)
        # One that may not be seen, which is_file() would raise for, is told of as it is read.
        return next((file for file in files if why_unreadable(file) or file.is_file()), None)

    def names(self) -> list[str]:
        """Return the names that have a file, sorted."""
        return sorted({file.stem for folder in self.folders for file in folder.glob("*.yaml")})


def config_file(file: str | Path) -> ConfigFile:
    """Return a config's :class:`ConfigFile`, whose value is a mapping.

    Raises :class:`StudyError` where it is none, and as :class:`ConfigFile` does.
    """
    read = ConfigFile(file)
    if not isinstance(read.value, Mapping):
        stands = "a list" if isinstance(read.value, list) else repr(read.value)
        raise StudyError(
            f"{read.name}: the whole file: {stands} is of the wrong type; expected keys with"
            " values: write them."
        )
    return read


def look_up(document: Any, key: Key) -> Any:
    """Return what stands at ``key``, a sequence of texts, or ``ABSENT``."""
    for part in key:
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict):
            if part not in document:
                # A key may be a number or a truth value.
                document = next((document[name] for name in document if str(name) == part), ABSENT)
            else:
                document = document[part]
        else:
            return ABSENT
    return document


def _gives(file, key):
    return look_up(file.value, key) is not ABSENT


def _same(one, other):
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    # A number that is none does not equal itself.
    return one == other or (one != one and other != other)


def _written(node):
    if not isinstance(node, yaml.ScalarNode):
        return None
    return Written(node.value, node.start_mark.line + 1, quoted=bool(node.style))


def _key_text(node):
    """Return a key as Python writes its value."""
    if not isinstance(node, yaml.ScalarNode) or node.tag in (f"{_TAG}str", f"{_TAG}merge"):
        return str(node.value)
    return str(_meaning(node))


def _meaning(node):
    """Return a node's value; raise ValueError where it cannot be what its tag says."""
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (AttributeError, KeyError) as error:
        # Of a tag that is written out: `!!bool x`.
        raise ValueError(f"not {node.tag.replace(_TAG, '!!')}") from error


def _as_json(text, value):
    """Return what Snakemake reads from a file that is JSON, and ``value`` for all others."""
    try:
        return json.loads(text)
    except ValueError:
        return value
