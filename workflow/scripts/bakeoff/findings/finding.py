"""What a finding is, and the phrases that several of them use."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from bakeoff import wording as w
from bakeoff.limits import MOST_ITEMS
from bakeoff.results import Model, Results
from bakeoff.tables import Table


@dataclass(frozen=True)
class Finding:
    """One finding in words; see :func:`bakeoff.findings.write_findings`.

    ``answer`` begins with what answers the title, where the text begins otherwise.
    """

    key: str
    title: str
    text: list[str]
    items: list[str] = field(default_factory=list)
    table: Table | None = None
    answer: str | None = None


def names(models: Iterable[Model]) -> str:
    """Return the names of models as one phrase."""
    return w.models(model.name for model in models)


def parted(text: str, results: Results) -> tuple[str, str]:
    """Return the first sentence of a text, or its part up to a colon, and what comes after it.

    The marks in brackets, in the names of models and classes and between those of a list part
    nothing.
    """
    given = {model.name for model in results.models} | set(results.data.class_names)
    marked = sorted((name for name in given if re.search("[.:;(]", name)), key=len, reverse=True)
    listed = r"; (?=([^;:]*; )*(and|or) )"
    whole = [*map(re.escape, marked), r"\([^()]*\)", listed, r"(?P<end>[.:;]) "]
    for found in re.finditer("|".join(whole), text):
        if found["end"]:
            return text[: found.end() - 1], text[found.end() :]
    return text, ""


def that_learned(results: Results) -> str:
    """Return " that learned", to follow "models" where others did not, else nothing."""
    return " that learned" if len(results.learned) < len(results.finished) else ""


def every(results: Results) -> str:
    """Return "both models" or "all 3 models" of those that count, and that others do not."""
    number = len(results.learned)
    return f"{'both models' if number == 2 else f'all {number} models'}{that_learned(results)}"


def shortened(items: list[str], whole: str = "see the remarks on each model") -> list[str]:
    """Return the sentences, or the first of them, how many there are besides, and where."""
    if len(items) <= MOST_ITEMS:
        return items
    rest = len(items) - MOST_ITEMS + 1
    return [*items[: MOST_ITEMS - 1], f"And {rest} more: {whole}."]
