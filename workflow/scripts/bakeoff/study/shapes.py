"""What a JSON file of the results must hold to be read: damaged ones are told from whole ones."""

from types import NoneType, UnionType
from typing import Any

NUMBER = int | float
TEXT_OR_NONE = str | None
NUMBER_OR_NONE = int | float | None

Shape = type | UnionType | dict[Any, Any] | list[Any] | tuple[Any]
"""A type; ``[shape]``, a list of such; ``{"key": shape}``, a dict with at least these keys;
``{str: shape}``, one with any keys; or ``(shape,)``, such or None."""


def misfit(value: Any, shape: Shape) -> str | None:
    """Return what is wrong with the first part of ``value`` that is not of ``shape``, or None.

    Such as "pairs.0.p is missing", "ended is no str or None" or "it is no dict".
    """
    found = _misfit(value, shape)
    if found is None:
        return None
    place, fault = found
    return f"{'.'.join(place) or 'it'} is {fault}"


def _misfit(value, shape):
    if isinstance(shape, type | UnionType):
        return None if isinstance(value, shape) else ((), f"no {_named(shape)}")
    if isinstance(shape, tuple):
        return None if value is None else _misfit(value, *shape)
    if not isinstance(value, type(shape)):
        return (), f"no {type(shape).__name__}"
    held = dict(enumerate(value)) if isinstance(shape, list) else value
    alike = shape[0] if isinstance(shape, list) else shape.get(str)
    for key, inner in (dict.fromkeys(held, alike) if alike else shape).items():
        if key not in held:
            return (str(key),), "missing"
        if found := _misfit(held[key], inner):
            return (str(key), *found[0]), found[1]
    return None


def _named(kind):
    """Return the names of a type, or of those that a union is of: "str or None"."""
    kinds = getattr(kind, "__args__", (kind,))
    return " or ".join("None" if one is NoneType else one.__name__ for one in kinds)
