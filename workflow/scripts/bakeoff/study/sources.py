"""What source files mean, and which of them a file imports, without running any.

The meaning of a Python source is its syntax tree: comments, docstrings and layout play no part in
it.
"""

import ast
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import StudyError
from bakeoff.files import sha256_of, write_atomically
from bakeoff.study.folders import (
    ARCHITECTURES,
    Folders,
    find,
    refused,
    relative_to,
    shown_path,
    with_architectures,
)

KEPT = Path(".snakemake") / "bakeoff-sources.json"
"""Where a study keeps what its sources mean: see :class:`Sources`."""


class Import(NamedTuple):
    """A statement that imports: ``from <level dots><module> import <names>``, or ``import``."""

    level: int
    module: str
    names: Sequence[str]


class Meaning(NamedTuple):
    """What a source means, as 64 hexadecimal digits, and what it imports."""

    checksum: str
    imports: Sequence[Import]


Found = Sequence[tuple[str, tuple[str, ...], dict[str, str]]]
"""What each entry and the folders within which its imports count were found to be made of."""


class Sources:
    """The source files of a study, each read once: an edit is seen by new ones only.

    ``folders`` are :data:`bakeoff.study.folders.Folders`. One plan asks for the same files for
    every run, and the next plan, that of each job on a cluster too, for the same again. So what
    files mean may be kept in ``kept``, by the SHA-256 of their bytes: see :meth:`keep`. ``found``
    is what others had found, which is not looked for again.
    """

    def __init__(self, folders: Folders, kept: str | Path | None = None, found: Found = ()):
        self.folders = folders
        self._places = places_of_modules(folders)
        self._kept = kept
        self._known = _read(kept) if kept else {}
        self._used: dict = {}
        self._meanings: dict = {}
        self._imported: dict = {}
        self._files: dict = {}
        self._found = {(entry, within): files for entry, within, files in found}

    def of(self, *entries: str, within: tuple[str, ...] = ("",)) -> dict[str, str]:
        """Map ``entries`` and all they import, as paths within their folders, to their checksums.

        Of what is imported, only files count whose paths begin with one of ``within``. An
        architecture has the same path in the study's folder and in the tool's. See
        :meth:`checksum`. Imports are followed without running anything: of an architecture, which
        is imported itself, also those of its packages. A file that is no Python, such as a
        template, imports nothing. Raises :class:`StudyError` for a source that does not parse.
        """
        found: dict[str, str] = {}
        for entry in entries:
            found |= self._of(entry, within)
        return found

    def checksum(self, file: Path) -> str:
        """Return a file's SHA-256: of what a Python source means, of the bytes of any other.

        The meaning of a source is its syntax tree without docstrings. It is written the same way
        on Python 3.11 to 3.13. A source that does not parse has its bytes'.
        """
        try:
            return self._meaning(file).checksum
        except StudyError:
            return sha256_of(file)

    @property
    def found(self) -> Found:
        """What :meth:`of` has found so far."""
        return [(entry, within, files) for (entry, within), files in self._found.items()]

    def keep(self) -> None:
        """Write what the files asked for so far mean, if any of it was not kept before.

        A folder that cannot be written to is none to keep it in.
        """
        if self._kept and not self._used.keys() <= self._known.keys():
            kept = {"by": _this_code(), "meanings": self._used}
            with contextlib.suppress(OSError), write_atomically(self._kept) as file:
                file.write_text(json.dumps(kept))

    def _of(self, entry, within):
        if (entry, within) not in self._found:
            files = self._closure(find(self.folders, entry), *self._packages(entry))
            paths = {relative_to(self.folders, file): file for file in files}
            self._found[entry, within] = {
                path: self._meaning(paths[path]).checksum
                for path in sorted(paths)
                if path == entry or path.startswith(within)
            }
        return self._found[entry, within]

    def _meaning(self, file):
        if file not in self._meanings:
            content = read_source(file)
            digest = hashlib.sha256(content).hexdigest()
            if file.suffix != ".py":
                self._meanings[file] = Meaning(digest, ())
            else:
                found = self._known.get(digest) or _meaning_of(content, file)
                self._meanings[file] = self._used[digest] = found
        return self._meanings[file]

    def _packages(self, entry):
        """Return the files that run before an architecture does, as it is imported by its name."""
        package, _, _ = entry.rpartition("/")
        of_architectures = package.split("/")[0] == ARCHITECTURES
        return self._module_files(package.replace("/", ".")) if of_architectures else ()

    def _closure(self, *entries):
        """Return ``entries`` and all files of the study that they import, directly or not."""
        found, queue = set(), [*entries]
        while queue:
            file = queue.pop()
            if file not in found:
                found.add(file)
                queue.extend(self._imported_files(file))
        return found

    def _imported_files(self, file):
        """Return the files of the study that ``file`` imports, read without running it."""
        if file not in self._imported:
            modules = [m for part in self._meaning(file).imports for m in self._modules(file, part)]
            found = [self._module_files(module) for module in dict.fromkeys(modules)]
            self._imported[file] = set().union(*found)
        return self._imported[file]

    def _modules(self, file, statement):
        """Return the names of the modules that a statement in ``file`` may import."""
        level, module, names = statement
        package = relative_to(self._places, file).split("/")[:-level] if level else []
        base = [*package, *filter(None, [module])]
        if "*" in names:
            names = self._submodules(".".join(base))
        return [".".join(base), *(".".join([*base, name]) for name in names)]

    def _submodules(self, package):
        """Return the names of what `from package import *` may import: all that lies in it.

        Its `__all__` says which; that may be computed. Without an `__init__.py` it has none.
        """
        folders = [Path(place, *package.split(".")) for place in self._places]
        if not any((folder / "__init__.py").is_file() for folder in folders):
            return []
        inside = (file for folder in folders for file in folder.glob("*.py"))
        packages = (file.parent for folder in folders for file in folder.glob("*/__init__.py"))
        return sorted({file.stem for file in (*inside, *packages)} - {"__init__"})

    def _module_files(self, module):
        """Return the files that importing a module runs: its packages' ``__init__`` and its own.

        Of each, the one in the first of the places counts, as in Python.
        """
        if module not in self._files:
            package, _, _ = module.rpartition(".")
            own = _first_file(self._places, module.replace(".", "/")) if module else None
            packages = self._module_files(package) if package else ()
            self._files[module] = (*packages, *([own] if own else []))
        return self._files[module]


def places_of_modules(folders: Folders) -> list[Path]:
    """Return the folders in which training looks for modules, in its order."""
    return [*with_architectures(folders), Path(folders[-1]) / "workflow" / "scripts"]


def _first_file(places, path):
    names = (f"{path}/__init__.py", f"{path}.py")
    found = (f"{place}/{name}" for place in places for name in names)
    # Thousands are looked for: as texts, in a quarter of the time that paths take.
    file = next(filter(os.path.isfile, found), None)
    return file and Path(file)


def _read(kept):
    """Return what is kept there by SHA-256; nothing if it is not of this code and Python."""
    try:
        found = json.loads(Path(kept).read_bytes())
        if found["by"] != _this_code():
            return {}
        return {digest: Meaning(*meaning) for digest, meaning in found["meanings"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _this_code():
    """Tell apart what may write meanings in different ways: this file, and versions of Python."""
    return [sha256_of(__file__), sys.version]


def read_source(file: Path) -> bytes:
    """Return what a source holds. Raises :class:`StudyError` where it may not be read."""
    try:
        return file.read_bytes()
    except PermissionError as error:
        raise refused(shown_path(file), error) from error


def parse(content: bytes, file: Path) -> ast.Module:
    """Return the syntax tree of a source. Raises :class:`StudyError` that names the line."""
    try:
        return ast.parse(content, filename=str(file))
    except (SyntaxError, ValueError) as error:
        # Of bytes that are no text, and of null bytes, Python names no line, or none that is right.
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        raise StudyError(
            f"{shown_path(file)}{where}: {getattr(error, 'msg', error)}; expected Python: mend that"
            f" {'line' if line else 'file'}."
        ) from error


def _meaning_of(content: bytes, file: Path) -> Meaning:
    tree = parse(content, file)
    return Meaning(hashlib.sha256(_written(tree).encode()).hexdigest(), list(_imports(tree)))


_NO_MEANING = frozenset(["ctx", "kind", "type_comment"])


def _written(part):
    """Return a part of a syntax tree as text, in which only its meaning tells.

    What some versions of Python leave empty and others leave out is left out: ``ast.dump`` and
    ``ast.unparse`` are not the same for all of them.
    """
    if isinstance(part, ast.AST):
        kind, fields = type(part).__name__, []
        for name in part._fields:
            value = getattr(part, name, None)
            if value is None or name in _NO_MEANING:
                continue
            if isinstance(value, list):
                value = _joined(value) if kind == "JoinedStr" else _effective(value)
                if not value:
                    continue
            fields.append(f"{name}={_written(value)}")
        return f"{kind}({','.join(fields)})"
    if isinstance(part, list):
        return f"[{','.join([_written(item) for item in part])}]"
    # Which characters repr escapes depends on the version's Unicode.
    return ascii(part)


def _effective(statements):
    """Return a list without statements that are a text alone, such as docstrings."""
    return [part for part in statements if not _is_text_alone(part)]


def _is_text_alone(node):
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _joined(values):
    """Return the parts of an f-string with neighbouring texts as one.

    Python 3.11 splits those of a format specification in a format specification.
    """
    parts = []
    for value in values:
        if isinstance(value, ast.Constant) and parts and isinstance(parts[-1], ast.Constant):
            parts[-1] = ast.Constant(parts[-1].value + value.value)
        else:
            parts.append(value)
    return [part for part in parts if not isinstance(part, ast.Constant) or part.value]


def _imports(tree: ast.Module) -> Iterator[Import]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (Import(0, alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            yield Import(node.level, node.module or "", names)


def _statements(tree):
    """Yield all statements, nested ones too, of a module's syntax tree."""
    queue = [tree]
    while queue:
        node = queue.pop()
        yield node
        # Not the expressions within, which are most of a tree and import nothing.
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            queue.extend(getattr(node, block, ()))
