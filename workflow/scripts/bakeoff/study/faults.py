"""What is wrong with a config, in one line a fault: where, what stands there, and what to do."""

import datetime
import difflib
import json
import math
from collections.abc import Collection
from typing import Any

import jsonschema
import yaml

from bakeoff.study.config_files import ConfigFiles, Key, Written

TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys with values",
    "null": "null",
}
"""What a type of the schema is called."""

LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}
"""What a limit of the schema is called, before its number."""

_LONGEST = 60
_MISSING = "missing; expected a value: add the key."
_NOTHING = ("", "~", "null")


def describe(error: jsonschema.ValidationError, sources: ConfigFiles) -> list[str]:
    """Return the lines, one a fault, that say what one of jsonschema's errors is about.

    ``sources`` are the :class:`bakeoff.study.config_files.ConfigFiles` of what was checked.
    """
    key = tuple(str(part) for part in error.absolute_path)
    if error.validator == "required":
        missing = sorted(set(error.validator_value) - set(error.instance))
        faults = [((*key, name), _MISSING) for name in missing]
    elif error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        unknown = [(*key, str(name)) for name in error.instance if name not in known]
        faults = [(place, _unknown_key(place, known, sources)) for place in unknown]
    elif "propertyNames" in error.absolute_schema_path:
        key = (*key, str(error.instance))
        faults = [(key, _wrong_value(error, sources.written_key(key)))]
    else:
        faults = [(key, _wrong_value(error, sources.written(key)))]
    return [
        f"{sources.origin(key)}: {'.'.join(_as_written(key, sources)) or 'the whole file'}: {fault}"
        for key, fault in faults
    ]


def describe_value(error: jsonschema.ValidationError) -> str:
    """Return what jsonschema's error is about, for a value that stands in no file as it is."""
    key = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        faults = [(name, _MISSING) for name in error.validator_value if name not in error.instance]
    elif error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        unknown = [str(name) for name in error.instance if name not in known]
        faults = [(name, _unknown(name, known)) for name in unknown]
    else:
        return f"{'.'.join(key)}: {_wrong_value(error, None)}"
    return " ".join(f"{'.'.join([*key, name])}: {fault}" for name, fault in faults)


def _as_written(key, sources):
    """Return the parts of ``key`` as its file has them, which YAML may read otherwise."""
    for length, part in enumerate(key, 1):
        written = sources.written_key(key[:length])
        yield written.text if written else part


def describe_odd_number(key: Key, value: Any, written: Written, sources: ConfigFiles) -> str:
    """Return the line for a number that people read as another: 012 is ten, 12:30 is 750."""
    readings = [str(value)]
    if written.text.lstrip("+-0").isdigit():
        readings.append(str(int(written.text)))
    meant = " or ".join(readings) + (", whichever is" if len(readings) > 1 else ", if that is")
    return (
        f"{sources.origin(key)}: {'.'.join(key)}: {found(value, written)} is not what it looks"
        f" like; expected plain decimal digits: write {meant} meant."
    )


def found(value: Any, written: Written | None, meaning: bool = False) -> str:
    """Return a value as it stands in its file, with its line and what YAML makes of it.

    ``written`` is its :class:`bakeoff.study.config_files.Written`, None where it is in no file.
    Without ``meaning``, what YAML makes of it is left out where it is just what stands there.
    """
    if written is None:
        return _brief(value)
    if written.quoted:
        return f"{_brief(written.text)} (line {written.line}, in quotes)"
    if value is None and not written.text:
        return f"nothing (line {written.line})"
    meaning = meaning or written.text != str(value)
    return f"{written.text} (line {written.line}{f', to YAML {_meaning(value)}' * meaning})"


def read_text(text: str, types: Collection[str]) -> Any:
    """Return the number, truth value or None that ``text`` stands for, where one is expected.

    ``types`` are the types that the schema allows. Texts reach us where numbers are meant:
    Snakemake reads the entries of ``--config study='{seeds: [0, 1]}'`` as texts, and so it does
    with 1e-3 in a file, as YAML 1.1 wants 1.0e-3.
    """
    if {"integer", "number"} & set(types):
        for read in (int, float, lambda digits: int(digits, 0)):
            try:
                return read(text)
            except ValueError:
                continue
    try:
        meant = yaml.safe_load(text)
    except yaml.YAMLError:
        return text
    fits = (meant is None and "null" in types) or (isinstance(meant, bool) and "boolean" in types)
    return meant if fits else text


def is_number(value: object) -> bool:
    """Tell whether ``value`` is a finite number, for which Python takes truth values as well."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _unknown_key(key, known, sources):
    """Return what to say of a key that the schema does not know."""
    return _unknown(list(_as_written(key, sources))[-1], known)


def _unknown(name, known):
    close = difflib.get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]}?" if close else "remove it."
    return f"unknown key; expected one of {', '.join(known)}: {meant}"


def _wrong_value(error, written):
    value, limit = error.instance, error.validator_value
    stands = found(value, written)
    match error.validator:
        case "type":
            return _wrong_type(error, written)
        case "enum":
            allowed = ", ".join("null" if one is None else str(one) for one in limit)
            return f"{stands} is not known; expected one of {allowed}: choose one of them."
        case "pattern":
            expected = _described(error) or error.schema["$comment"]
            return f"{stands} does not fit; expected {expected}: change it."
        case "uniqueItems":
            double = _brief(next(item for item in value if value.count(item) > 1))
            return f"{double} stands twice; expected each once: remove one of the two."
        case "minLength":
            return f"{stands} is empty; expected a text: write one."
        case "maxLength":
            return (
                f"{_brief(value)} has {len(value)} characters; expected at most {limit}: shorten"
                " it."
            )
        case "minItems" | "minProperties":
            number = f"{len(value)} given" if value else "empty"
            return f"{number}; expected at least {limit}: add what is missing."
        case "maxItems":
            return f"{len(value)} given; expected at most {limit}: leave some out."
    return (
        f"{stands} is out of range; expected {LIMITS[error.validator]} {limit}: change the value."
    )


def _wrong_type(error, written):
    stands, types = found(error.instance, written, meaning=True), error.validator_value
    types = [types] if isinstance(types, str) else types
    expected = _described(error) or " or ".join(TYPES[name] for name in types)
    return f"{stands} is of the wrong type; expected {expected}: {_remedy(error, types, written)}"


def _described(error):
    """Return what the schema calls the texts of a pattern, None where there is no pattern."""
    return error.schema.get("title") if "pattern" in error.schema else None


def _remedy(error, types, written):
    """Return what to do about a value of the wrong type."""
    value = error.instance
    text = written.text if written else value if isinstance(value, str) else ""
    if "string" in types:
        if text and _fits(text, error.schema):
            return f"put it in quotes, {json.dumps(text, ensure_ascii=False)}."
        return "write one." if value is None else "change it."
    if isinstance(value, str):
        meant = read_text(value, types)
        if meant is not value and _fits(meant, error.schema):
            return f"write it without quotes, {json.dumps(meant)}."
    if "integer" in types and is_number(value) and value == int(value):
        return f"write {int(value)}."
    if "array" in types and not isinstance(value, (list, dict)) and text not in _NOTHING:
        return f"write [{text or value}]."
    if "object" in types:
        return "write them."
    return "change the value." if value is not None else "write a value."


def _fits(value, schema):
    """Tell whether ``value`` would pass a schema that refers to no other."""
    types = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "number", lambda _, number: is_number(number)
    )
    extended = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=types)
    return extended(schema).is_valid(value)


def _meaning(value):
    match value:
        case None:
            return "no value"
        case bool():
            return f"the truth value {json.dumps(value)}"
        case datetime.date():
            return f"the date {value}"
        case str():
            return f"the text {_brief(value)}"
        case int() | float():
            return f"the number {value}"
    return "something else"


def _brief(value):
    """Return a value as YAML would show it, shortened."""
    if isinstance(value, str):
        text = repr(value)
    else:
        try:
            text = json.dumps(value, ensure_ascii=False, default=str)
        except TypeError:
            # Of keys that JSON does not have, such as dates.
            text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
