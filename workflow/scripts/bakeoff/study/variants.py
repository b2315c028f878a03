"""Contenders that share one architecture file: `vary` in a model's entry, written out."""

import copy
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.study.faults import found

Place = tuple[str, ...]
"""The way to a value in the config: keys, and indices in lists, as texts."""

_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
# As the schema has it for a key that is given: files are called by it.
_LONGEST_KEY = 225
# Snakemake takes a wildcard with such an end for a rule that would go on for ever.
_FEWEST_REPEATS = 20
_REPEATED_END = re.compile(rf"(.+)\1{{{_FEWEST_REPEATS - 1}}}$")
_RECIPE = "training.recipe"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_MISSING = "missing; expected a value: add the key."


@dataclass
class Contenders:
    """The models of a config with the variants that `vary` stands for.

    ``entries`` maps each key to its entry, which has ``name``, ``description``, ``family``,
    ``architecture``, ``arguments`` and ``training``; ``places`` to where that stands; ``members``
    maps what may stand in `study.models` to the keys that it stands for. ``faults`` are
    (place, fault).
    """

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    faults: list[tuple[Place, str]] = field(default_factory=list)


def written_out(
    models: Mapping[str, Any],
    training: Mapping[str, Any],
    resolved: Callable[[Mapping[str, Any]], dict[str, Any]] = dict,
) -> Contenders:
    """Return the :class:`Contenders` of a config's ``models``, in their order.

    ``training`` are the study's settings, which a product that varies a part of one starts from;
    ``resolved`` returns settings with those of the recipe that they name, and raises
    :class:`StudyError` where there is none.
    An entry with `vary` is a contender itself where it has a name; its variants follow it.
    """
    writing = _Writing(training, resolved)
    for key, entry in models.items():
        base = {"architecture": key, "arguments": {}, "training": {}} | entry
        of_recipe = ("models", key, "training", "recipe")
        base["training"] = writing.resolved(base["training"], of_recipe)
        varied = base.pop("vary", [])
        writing.found.members[key] = []
        if "name" in base or not varied:
            writing.add(key, key, base, ("models", key))
        for index, one in enumerate(varied):
            place = ("models", key, "vary", str(index))
            written = writing.of_product if one.get("product") else writing.of_item
            for own, variant in written(key, base, one, place):
                writing.add(key, own, variant, place)
    return writing.found


class _Writing:
    """What is found while a config's variants are written out, and what that needs of the study."""

    def __init__(self, training, resolved):
        self.found = Contenders()
        self._training, self._resolve = training, resolved

    def refuse(self, place, fault):
        """Keep a fault, once."""
        if (place, fault) not in self.found.faults:
            self.found.faults.append((place, fault))

    def resolved(self, training, place):
        """Return settings with those of the recipe that they name, which stands in that place."""
        try:
            return self._resolve(training)
        except StudyError as fault:
            self.refuse(place, str(fault))
            return {}

    def add(self, owner, key, entry, place):
        """Keep a contender of the entry ``owner``, or what is wrong with it."""
        if not _KEY.fullmatch(key):
            self.refuse(
                (*place, "key"),
                f"{key!r} does not fit; expected a word of letters from a to z or A to Z, digits"
                " and underscores that begins with a letter: change it.",
            )
        elif fault := _fault_of_key(key):
            if place == ("models", key):
                self.refuse(place, f"{fault} call it otherwise, and name its `architecture`.")
            else:
                self.refuse((*place, "key"), f"{fault} give another `key`.")
        elif key in self.found.entries:
            self.refuse(
                (*place, "key"),
                f"{key!r} is also another model's; expected a key of its own: give one.",
            )
        elif "name" not in entry:
            self.refuse((*place, "name"), _MISSING)
        elif "description" not in entry:
            self.refuse((*place, "description"), _MISSING)
        else:
            self.found.entries[key], self.found.places[key] = entry, place
            self.found.members[owner].append(key)
            self.found.members.setdefault(key, [key])

    def of_item(self, key, base, one, place) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the key and the entry of the variant that an item of `vary` is."""
        of_recipe = (*place, "training", "recipe")
        training = self.resolved(one.get("training", {}), of_recipe)
        if "key" in one:
            yield one["key"], _laid_over(base, one | {"training": training}, one, {})
        else:
            self.refuse((*place, "key"), _MISSING)

    def of_product(self, key, base, one, place) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield key and entry of each variant that an item with a product stands for."""
        lists, given = one["product"], one.get("training", {})
        names = {path: path.split(".")[-1] for path in lists}
        patterns = {
            "key": "_".join([key, *(f"{name}_{{{name}}}" for name in names.values())]),
            "description": ", ".join(f"{name} {{{name}}}" for name in names.values()),
        }
        patterns |= {part: one[part] for part in ("key", "name", "description") if part in one}
        if fault := _fault_of_patterns(patterns, list(names.values())):
            self.refuse((*place, fault[0]), fault[1])
            return
        if fault := _fault_of_parts(lists) or _fault_of_values(lists):
            self.refuse((*place, "product", *fault[0]), fault[1])
            return
        for values in product(*lists.values()):
            chosen = dict(zip(lists, values, strict=True))
            named = {names[path]: value for path, value in chosen.items()}
            texts = {part: _filled(of, named, part == "key") for part, of in patterns.items()}
            # What is varied beside a recipe goes over its settings, as what is given beside it.
            of_recipe, recipe = (*place, "training", "recipe"), {}
            if _RECIPE in chosen:
                of_recipe, recipe = (*place, "product", _RECIPE), {"recipe": chosen.pop(_RECIPE)}
            training = self.resolved(given | recipe, of_recipe)
            own = one | {"training": training}
            yield texts["key"], _laid_over(base, own, texts, chosen, self._training)


def _fault_of_patterns(one, names):
    """Return (part, fault) of the first pattern that cannot be filled in, or None."""
    if "name" not in one:
        example = " ".join(f"{{{name}}}" for name in names)
        return "name", f"missing; expected a pattern such as '{example}': add the key."
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        return (
            "product",
            f"{twice[0]!r} stands for two of them; expected names of their own: drop one.",
        )
    for part in ("key", "name", "description"):
        for name in _PLACEHOLDER.findall(one[part]):
            if name not in names:
                return (
                    part,
                    f"{{{name}}} is not varied; expected of {', '.join(names)}: correct it, or add"
                    " it to `product`.",
                )
    return None


def _fault_of_parts(lists):
    """Return (key, fault) of the first value that cannot have what is varied of it, or None."""
    for path, values in lists.items():
        part = next((other for other in lists if other.startswith(f"{path}.")), None)
        for value in values if part else ():
            if value is not None and not isinstance(value, Mapping):
                return (
                    (path,),
                    f"{value!r} has no parts; expected keys with values or null, as {part} is"
                    " varied too: change it, or drop one of the two.",
                )
    return None


def _fault_of_values(lists):
    """Return (key, fault) of the first value that can be no argument, or None."""
    for path, values in lists.items():
        # Settings are looked at where they stand in the end.
        for index, value in enumerate(values if "." not in path else ()):
            if not _is_plain(value):
                return (
                    (path, str(index)),
                    f"{found(value, None)} is of the wrong type; expected a number, a text, a truth"
                    " value or a list of these: change it, or put a text in quotes.",
                )
    return None


def _is_plain(value):
    """Tell whether JSON, which a run's identity is, can hold a value as it is."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, (bool, int, str))


def _fault_of_key(key):
    """Return what is wrong with the key of a model, which is a word, or None."""
    if len(key) > _LONGEST_KEY:
        return f"{found(key, None)} has {len(key)} characters; expected at most {_LONGEST_KEY}:"
    # Most have too few of their last letter: to search each of a thousand takes long.
    if key.count(key[-1]) >= _FEWEST_REPEATS and (end := _REPEATED_END.search(key)):
        return (
            f"{found(key, None)} ends in {end[1]!r} {_FEWEST_REPEATS} times or more, which"
            " Snakemake refuses; expected fewer:"
        )
    return None


def _laid_over(base, one, texts, chosen, training=None):
    """Return the entry of a variant: ``base`` with the differences of ``one`` and ``chosen``."""
    entry = {
        **{part: value for part, value in base.items() if part not in ("name", "description")},
        **{part: one[part] for part in ("family",) if part in one},
        **{part: texts[part] for part in ("name", "description") if part in texts},
        "arguments": copy.deepcopy(base["arguments"] | one.get("arguments", {})),
        "training": copy.deepcopy(base["training"] | one.get("training", {})),
    }
    # A setting before its parts, which it would replace, whichever of them is named first. Each has
    # a copy, as what stands in a list is every variant's.
    for path in sorted(chosen, key=lambda path: path.count(".")):
        parts, value = path.split("."), copy.deepcopy(chosen[path])
        if parts[0] != "training":
            entry["arguments"][path] = value
            continue
        holder = entry["training"]
        for index, part in enumerate(parts[1:-1], 1):
            if part not in holder:
                holder[part] = copy.deepcopy(_study_setting(training, parts[1 : index + 1]))
            elif not isinstance(holder[part], dict):
                # Of null, it is all that is given; of what has no parts, it is refused later.
                holder[part] = {}
            holder = holder[part]
        holder[parts[-1]] = value
    return entry


def _study_setting(training, path):
    for part in path:
        training = training.get(part, {}) if isinstance(training, Mapping) else {}
    return training if isinstance(training, Mapping) else {}


def _filled(pattern, values, as_key):
    def text(match):
        value = shown(values[match[1]])
        return re.sub(r"[^a-zA-Z0-9_]+", "_", value).strip("_") if as_key else value

    return _PLACEHOLDER.sub(text, pattern)


def shown(value: Any) -> str:
    """Return a value as names have it: an optimizer by its name, a list by its parts."""
    if isinstance(value, Mapping):
        return str(value.get("name", ", ".join(map(shown, value.values()))))
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
