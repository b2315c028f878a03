"""What a run and a description are, told by meaning: the basis of exact reruns.

Snakemake stores a job's params and reruns the job when they differ. A job's params are one
canonical JSON text, its identity, that names everything it depends on apart from the data, which is
an input file. Times of files play no part in it, nor do comments, docstrings and the layout of
sources.

A run's identity holds what can change its numbers: its architecture with all that this imports,
the architecture's arguments, the settings, and code in ``training/`` and ``data/``. A description's
holds code in ``describe/`` too. Code elsewhere, such as what writes logs and words, is in neither.

A setting whose value is the one in :data:`NEUTRAL`, which changes nothing, is left out. So a
version with one more setting, added there, leaves the identity of studies that do not use it as it
is.
"""

import ast
import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.files import canonical_json, sha256_of
from bakeoff.study.folders import ARCHITECTURES, Folders, find, relative_to, with_architectures

NEUTRAL = {
    "deterministic": False,
    "class_weight": None,
    "label_smoothing": 0,
    "schedule": None,
    "augmentation": None,
    "early_stopping": None,
    "evaluate": "last",
}
"""Settings at which training does what it would do if it did not know them."""

OF_EPOCHS = frozenset(
    ["epochs", "batch_size", "schedule", "class_weight", "label_smoothing", "augmentation"]
    + ["early_stopping", "evaluate"]
)
"""Settings that nothing which is found out before the first epoch depends on."""

_DATA = ("workflow/scripts/bakeoff/data/",)
_ROOMS = ("workflow/scripts/bakeoff/training/", *_DATA)
_ROOMS_OF_DESCRIPTION = (*_ROOMS, "workflow/scripts/bakeoff/describe/")


def contender(
    model: str, architecture: str | None = None, arguments: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what is built for the model of that key, ready for JSON.

    ``architecture`` is the name of its file, by default the key; ``arguments`` is a dict of what
    its ``build`` gets beside the images' shape and the number of classes.
    """
    built = {"model": model, "architecture": architecture or model}
    return built | ({"arguments": arguments} if arguments else {})


def training_identity(
    sources: "Sources", built: Mapping[str, Any], seed: int, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the run of a contender with ``seed`` depends on, ready for JSON.

    ``sources`` are the :class:`Sources` of the study's folders; ``built`` is what
    :func:`contender` returns, ``settings`` what :func:`bakeoff.study.settings.training_settings`
    does.
    """
    script = "workflow/scripts/train_model.py"
    return {
        **built,
        "seed": seed,
        "settings": _without_neutral(settings),
        "sources": _sources(sources, built["architecture"], script, _ROOMS),
    }


def description_identity(
    sources: "Sources", built: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a contender's description depends on: see :func:`training_identity`."""
    script = "workflow/scripts/describe_model.py"
    kept = {key: value for key, value in settings.items() if key not in OF_EPOCHS}
    return {
        **built,
        "settings": _without_neutral(kept),
        "sources": _sources(sources, built["architecture"], script, _ROOMS_OF_DESCRIPTION),
    }


def arguments_of(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``build`` gets beside the images' shape and the number of classes."""
    return identity.get("arguments", {})


def outlasts_epochs(settings: Mapping[str, Any]) -> bool:
    """Tell whether a run goes on as it would have if it had been planned with more epochs."""
    schedule = settings.get("schedule") or {"name": "constant"}
    return schedule["name"] not in ("cosine", "one_cycle")


def data_sources(sources: "Sources", script: str) -> dict[str, str]:
    """Map ``script``, a step on the way to the data, and what it imports from ``data/``.

    To their checksums: see :meth:`Sources.of`.
    """
    return _counted(sources, script, _DATA)


def all_settings(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an identity with those that it leaves out."""
    return NEUTRAL | identity["settings"]


def fingerprint(identity: Mapping[str, Any]) -> str:
    """Return 64 hexadecimal digits that identities share which train the same.

    What the model is called does not count.
    """
    trained = {key: value for key, value in identity.items() if key != "model"}
    return hashlib.sha256(canonical_json(trained).encode()).hexdigest()


def _without_neutral(settings):
    absent = object()
    return {key: value for key, value in settings.items() if value != NEUTRAL.get(key, absent)}


def _sources(sources, architecture, script, rooms):
    """Return the checksums of an architecture, a script, and what this imports from ``rooms``."""
    return sources.of(f"{ARCHITECTURES}/{architecture}.py") | _counted(sources, script, rooms)


def _counted(sources, script, rooms):
    code = sources.of(script)
    return {file: code[file] for file in code if file == script or file.startswith(rooms)}


class Sources:
    """The source files of a study, each read once: an edit is seen by new ones only.

    ``folders`` are :data:`bakeoff.study.folders.Folders`. One plan asks for the same files for
    every run.
    """

    def __init__(self, folders: Folders):
        self.folders = folders
        # Modules are found where training finds them.
        scripts = Path(folders[-1]) / "workflow" / "scripts"
        self._places = [*with_architectures(folders), scripts]
        self._trees: dict = {}
        self._checksums: dict = {}
        self._imported: dict = {}
        self._files: dict = {}
        self._found: dict = {}

    def of(self, *entries: str) -> dict[str, str]:
        """Map ``entries`` and all they import, as paths within their folders, to their checksums.

        An architecture has the same path in the study's folder and in the tool's. See
        :func:`checksum_of`. Imports are followed without running anything. A file that is no
        Python, such as a template, imports nothing.
        """
        found: dict[str, str] = {}
        for entry in entries:
            found |= self._of(entry)
        return found

    def _of(self, entry):
        if entry not in self._found:
            files = self._closure(find(self.folders, entry))
            paths = {relative_to(self.folders, file): file for file in files}
            self._found[entry] = {path: self._checksum(paths[path]) for path in sorted(paths)}
        return self._found[entry]

    def _checksum(self, file):
        if file not in self._checksums:
            tree = self._tree(file) if file.suffix == ".py" else None
            self._checksums[file] = _checksum_of_tree(tree) if tree else sha256_of(file)
        return self._checksums[file]

    def _tree(self, file):
        if file not in self._trees:
            self._trees[file] = ast.parse(file.read_bytes(), filename=str(file))
        return self._trees[file]

    def _closure(self, entry):
        """Return ``entry`` and all files of the study that it imports, directly or not."""
        found, queue = set(), [entry]
        while queue:
            file = queue.pop()
            if file not in found:
                found.add(file)
                if file.suffix == ".py":
                    queue.extend(self._imported_files(file))
        return found

    def _imported_files(self, file):
        """Return the files of the study that ``file`` imports, read without running it."""
        if file not in self._imported:
            modules = [
                m for node in _statements(self._tree(file)) for m in self._modules(file, node)
            ]
            found = [self._module_files(module) for module in dict.fromkeys(modules)]
            self._imported[file] = set().union(*found)
        return self._imported[file]

    def _module_files(self, module):
        if module not in self._files:
            self._files[module] = _module_files(self._places, module)
        return self._files[module]

    def _modules(self, file, node):
        """Return the names of the modules that a statement in ``file`` may import."""
        if isinstance(node, ast.Import):
            return [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            package = (
                relative_to(self._places, file).split("/")[: -node.level] if node.level else []
            )
            module = ".".join([*package, *filter(None, [node.module])])
            return [module, *(f"{module}.{alias.name}" for alias in node.names)]
        return []


def checksum_of(file: str | Path) -> str:
    """Return a file's SHA-256: of what a Python source means, of the bytes of any other.

    The meaning of a source is its syntax tree without docstrings. It is written the same way on
    Python 3.11 to 3.13. A source that does not parse has its bytes'.
    """
    file = Path(file)
    if file.suffix == ".py":
        try:
            return _checksum_of_tree(ast.parse(file.read_bytes()))
        except (SyntaxError, ValueError):
            pass
    return sha256_of(file)


def _checksum_of_tree(tree):
    return hashlib.sha256(_written(tree).encode()).hexdigest()


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


def _statements(tree):
    """Yield all statements, nested ones too, of a module's syntax tree."""
    queue = [tree]
    while queue:
        node = queue.pop()
        yield node
        # Not the expressions within, which are most of a tree and import nothing.
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            queue.extend(getattr(node, block, ()))


def _module_files(places, module):
    """Return the files that ``import module`` runs: packages' ``__init__`` files and its own.

    Of each, the one in the first of ``places`` counts, as in Python.
    """
    files, parts = [], [part for part in module.split(".") if part]
    for length in range(1, len(parts) + 1):
        path = "/".join(parts[:length])
        names = (f"{path}/__init__.py", f"{path}.py")
        found = (f"{place}/{name}" for place in places for name in names)
        # Thousands are looked for: as texts, in a quarter of the time that paths take.
        files.append(next(filter(os.path.isfile, found), None))
    return [Path(file) for file in files if file]


def check_sources(folders: Folders, planned: Mapping[str, str]) -> None:
    """Raise :class:`StudyError` if a source file differs from what was planned.

    ``planned`` maps paths within ``folders`` to checksums. A file edited between the planning
    and the start of a job would otherwise be recorded as the version that was planned.
    """
    for file, checksum in planned.items():
        path = find(folders, file)
        if not path.is_file() or checksum_of(path) != checksum:
            raise StudyError(
                f"{file}: changed since this run was planned; expected the version of the plan:"
                " run snakemake again."
            )


def sources_read(folders: Folders) -> dict[str, str]:
    """Map every file in ``folders`` that this process has imported to its checksum."""
    # A virtual environment may lie inside the repository; its packages are not our sources.
    places = [folder / ARCHITECTURES for folder in with_architectures(folders)]
    places.append(Path(folders[-1]) / "workflow")
    imported = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    files = {Path(file) for file in imported if file}
    own = sorted(file for file in files if any(file.is_relative_to(place) for place in places))
    return {relative_to(folders, file): checksum_of(file) for file in own}
