"""What a finding is, and the phrases that several of them use."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bakeoff import wording as w
from bakeoff.limits import MOST_ITEMS
from bakeoff.results import Model, Results
from bakeoff.tables import Table


@dataclass(frozen=True)
class Finding:
    """One finding in words; see :func:`compute_findings`."""

    key: str
    title: str
    text: list[str]
    items: list[str] = field(default_factory=list)
    table: Table | None = None


def names(models: Iterable[Model]) -> str:
    """Return the names of models as one phrase."""
    return w.models(model.name for model in models)


def every(results: Results) -> str:
    """Return "both models" or "all 3 models" of those that count, and that others do not."""
    number = len(results.learned)
    phrase = "both models" if number == 2 else f"all {number} models"
    return phrase if number == len(results.finished) else f"{phrase} that learned"


def shortened(items: list[str]) -> list[str]:
    """Return the sentences, or the first of them and how many there are besides."""
    if len(items) <= MOST_ITEMS:
        return items
    rest = len(items) - MOST_ITEMS + 1
    return [*items[: MOST_ITEMS - 1], f"And {rest} more: see the remarks on each model."]
