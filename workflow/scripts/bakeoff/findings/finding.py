"""What a finding is, and the phrases that several of them use."""

import re
from collections.abc import Callable, Iterable, Mapping
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


def every(results: Results) -> str:
    """Return "both models" or "all 3 models" of those that count, and that others do not."""
    return f"{w.all_of(len(results.learned), 'models')}{results.that_count}"


def spread(values: Mapping[Model, float], text: Callable[[float], str] = w.points) -> str:
    """Return "1.20 percentage points", or "0.12 (A) to 1.20 percentage points (B)", for models.

    ``values`` are shares of 1 by model, and ``text`` what one is told as: where the lowest and the
    highest look alike, there is one.
    """
    least, most = (pick(values, key=values.__getitem__) for pick in (min, max))
    low, high = text(values[least]), text(values[most])
    if low == high:
        return high
    return f"{low.removesuffix(' percentage points')} ({least.name}) to {high} ({most.name})"


def on_other_runs(first: Model, second: Model, difference: float) -> bool:
    """Whether a ``difference`` is not that of two models' accuracies, as they are told.

    It is the first's minus the second's, a share of 1, on the runs that are compared: where the
    models did not finish the same seeds, these are not all of their runs.
    """
    if first.score is None or second.score is None:
        return False
    return abs(first.score.value - second.score.value - difference) > 1e-9


def in_common(
    first: Model, second: Model, difference: float, one_seed: bool, results: Results
) -> str:
    """Return " on the seeds that both finished", to follow a difference that is on other runs.

    See :func:`on_other_runs`. Nothing follows another, but for one of trained networks, with
    ``one_seed``, where other models are compared as models.
    """
    differs = on_other_runs(first, second, difference)
    if one_seed and (differs or not results.analysis.pairs.all_on_one_seed):
        return " with the one seed that both finished"
    return f" on {results.in_common}" if differs else ""


def shortened(items: list[str], whole: str = "see the remarks on each model") -> list[str]:
    """Return the sentences, or the first of them, how many there are besides, and where."""
    if len(items) <= MOST_ITEMS:
        return items
    rest = len(items) - MOST_ITEMS + 1
    return [*items[: MOST_ITEMS - 1], f"And {rest} more: {whole}."]
