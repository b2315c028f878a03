"""What an architecture file's ``build`` takes, read without running the file."""

import ast
import difflib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.study.faults import is_number, read_text
from bakeoff.study.folders import (
    ARCHITECTURES,
    Folders,
    find,
    shown_path,
    why_unreadable,
)
from bakeoff.study.sources import parse, read_source

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
}
_REQUIRED = object()
# YAML 1.1 wants a point before the power and a sign in it, and reads all others as texts.
_WITH_POWER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")
_READ_AS = {"int": "integer", "float": "number", "bool": "boolean"}


@dataclass(frozen=True)
class Parameter:
    """An argument of ``build`` beside ``input_shape`` and ``num_classes``.

    ``kind`` is the name of the type that its annotation or its default asks for, None where
    neither tells; ``annotated`` says which of the two it is. ``reads`` are the types that a text
    is read as, in a list too: none where it takes texts alone, None where nothing tells.
    ``shown`` is how the file has it.
    """

    kind: str | None
    annotated: bool
    reads: tuple[str, ...] | None
    required: bool
    shown: str


class Architectures:
    """The architecture files of a study, each parsed once."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._read: dict[str, tuple[str | None, dict[str, Parameter] | None]] = {}

    def fault(self, name: str) -> str | None:
        """Return what is wrong with the file of the architecture ``name``, or None."""
        return self._parsed(name)[0]

    def faults_of_arguments(
        self, name: str, arguments: Mapping[str, Any]
    ) -> Iterator[tuple[str | None, str]]:
        """Yield (argument, fault) for each of ``arguments`` that ``build`` does not take as it is.

        The argument is None where one is missing. Nothing is found in a ``build`` that is no plain
        ``def``: it is called with the arguments when the model is described.
        """
        parameters = self._parsed(name)[1]
        if parameters is None:
            return
        shown = shown_path(self._file(name))
        known = [key for key in parameters if key != "**"]
        for key, value in arguments.items():
            if key not in known:
                if "**" not in parameters:
                    yield key, f"unknown argument; {_expected(shown, key, known)}"
            elif fault := _wrong_kind(value, parameters[key]):
                yield key, f"{fault} {shown} has build(…, {parameters[key].shown})."
        for key in known:
            if parameters[key].required and key not in arguments:
                yield (
                    None,
                    f"lacks {key}; expected a value, as {shown} has build(…,"
                    f" {parameters[key].shown}) without a default: add the key.",
                )

    def as_meant(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``arguments`` with numbers and truth values for texts that stand for them.

        Values of the command line all come as texts, and are read where an annotation or default
        tells what is meant, in lists and mappings too. Where neither does, a number with a power
        is one, such as 1e-3, which YAML 1.1 takes for a text.
        """
        parameters = self._parsed(name)[1] or {}
        return {key: _meant(value, parameters.get(key)) for key, value in arguments.items()}

    def _parsed(self, name):
        """Return (fault, parameters) of a file; the parameters are None where none can be read."""
        if name not in self._read:
            self._read[name] = _parse(self._file(name), self._folders[1:])
        return self._read[name]

    def _file(self, name):
        return find(self._folders, f"{ARCHITECTURES}/{name}.py")


def _meant(value, parameter):
    """Return a value with numbers and truth values for texts in it, as :meth:`as_meant` says."""
    if isinstance(value, dict):
        return {key: _meant(item, parameter) for key, item in value.items()}
    if isinstance(value, list):
        return [_meant(item, parameter) for item in value]
    reads = parameter.reads if parameter else None
    if not isinstance(value, str) or reads == ():
        return value
    if reads:
        return read_text(value, reads)
    number = float(value) if _WITH_POWER.fullmatch(value) else math.inf
    return number if math.isfinite(number) else value


def _parse(file, others):
    shown = shown_path(file)
    # One that may not be seen, which is_file() would raise for, is told of as it is read.
    if not (why_unreadable(file) or file.is_file()):
        places = "".join(f", nor in {folder}" for folder in others)
        fault = (
            f"{shown} does not exist{places}; expected a file with `build`: write it, or drop the"
            " model."
        )
        return fault, None
    try:
        tree = parse(read_source(file), file)
    except StudyError as error:
        return str(error), None
    if "build" not in set(_top_level_names(tree)):
        return (
            f"{shown} has no `build`; expected `def build(input_shape, num_classes)` that returns"
            " a keras.Model: add it.",
            None,
        )
    defined = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "build"
    ]
    return None, _parameters(defined[-1]) if defined and not defined[-1].decorator_list else None


def _top_level_names(tree):
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)


def _parameters(function):
    """Return the :class:`Parameter` of each argument after the first two; "**" stands for any."""
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    defaults = [_REQUIRED] * (len(plain) - len(given.defaults)) + given.defaults
    pairs = list(zip(plain, defaults, strict=True))[2:]
    pairs += [
        (argument, _REQUIRED if default is None else default)
        for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    found = {argument.arg: _parameter(argument, default) for argument, default in pairs}
    return found | ({"**": None} if given.kwarg else {})


def _parameter(argument, default):
    annotation = argument.annotation
    kind = annotation.id if isinstance(annotation, ast.Name) and annotation.id in _KINDS else None
    annotated = kind is not None
    if not annotated and annotation is None and isinstance(default, ast.Constant):
        kind = type(default.value).__name__
        kind = kind if kind in _KINDS else None
    shown = ast.unparse(ast.arguments([], [argument], None, [], [], None, []))
    if default is not _REQUIRED:
        shown += f"={ast.unparse(default)}"
    return Parameter(kind, annotated, _reads(annotation, default), default is _REQUIRED, shown)


def _reads(annotation, default):
    """Return what a text is read as by what an annotation, or else a default, names."""
    if annotation is not None:
        # Of one in quotes too.
        named = set(re.findall(r"\w+", ast.unparse(annotation)))
    else:
        parts = [] if default is _REQUIRED else ast.walk(default)
        named = {type(part.value).__name__ for part in parts if isinstance(part, ast.Constant)}
    types = tuple(_READ_AS[name] for name in sorted(named & set(_READ_AS)))
    if named & {"str", "Literal"}:
        return None if types else ()
    return types or None


def _expected(shown, key, known):
    close = difflib.get_close_matches(key, known, n=1)
    if not known:
        return f"expected none, as {shown} has build(input_shape, num_classes): remove it."
    meant = f"did you mean {close[0]}?" if close else "remove it."
    return f"expected one of {', '.join(known)}, which build in {shown} takes: {meant}"


def _wrong_kind(value, parameter):
    """Return what is wrong with a value for a parameter, None where it fits or may fit.

    Where only a default tells, a list is let pass for a number, and any number for another: much
    that takes one width takes one a layer too.
    """
    kind = parameter.kind
    if kind is None:
        return None
    number = is_number(value)
    fits = {
        "int": type(value) is int or (not parameter.annotated and number),
        "float": number,
        "str": isinstance(value, str),
        "bool": isinstance(value, bool),
        "list": isinstance(value, list),
        "tuple": isinstance(value, list),
    }[kind]
    if fits or (not parameter.annotated and isinstance(value, list) and kind in ("int", "float")):
        return None
    expected = "a number" if kind == "int" and not parameter.annotated else _KINDS[kind]
    return f"{value!r} is of the wrong type; expected {expected}: change it;"
