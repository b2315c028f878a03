"""The accuracy chart of the page: a row a model, drawn in shares of whatever width there is."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.figures.colours import model_colours
from bakeoff.findings.summary import verdict
from bakeoff.ranges import said_beyond, seeds_beyond, share_range
from bakeoff.results import Model, Results
from bakeoff.selection import ranked

TICKS = 6
"""How many ticks the axis has at most."""

AXIS_WIDTHS = {"narrow": 190, "middle": 270, "wide": 400}
"""From how many pixels on an axis is so wide; a narrow one may be narrower still."""

# How wide the letters of a tick are in pixels, in the widest of usual fonts, and the gap between.
_DIGIT, _POINT, _GAP = 9.0, 4.5, 6.0


def accuracy_chart(results: Results) -> dict[str, Any]:
    """Return what the template draws: a dict of ``rows``, ``apart``, ``ticks`` and so on.

    A row is a dict of a model: its ``name``, ``place``, ``colour``, ``verdict``, whether it is
    ``tied`` with the best, ``accuracy``, ``interval`` and ``parameters`` in words, and in percent
    of the width ``low``, ``high``, ``value``, ``seeds`` and ``published``; a mean that lies outside
    is ``beyond``, ("left" or "right", its words), and ``seeds_beyond`` are the edges, "left" and
    "right", beyond which seeds lie. ``apart`` are the rows of models that learned nothing or
    failed, ``best`` is the place of the best, ``ticks`` are pairs of (place, words), ``thinned``
    on which axes each has no words, ``said`` sentences on what is left out, ``marks`` words for the
    marks that there are.
    """
    shown, said = ranked(results)
    said = [sentence for sentence in said if not sentence.startswith("Not shown")]
    lost = [] if results.nothing_learned else results.at_chance
    inside = [model for model in shown if model not in lost]
    failed = [model for model in results.models if model.score is None]
    scale = _Scale(inside, results.published)
    colours, places = model_colours(results.study), {m: i for i, m in enumerate(results.models)}

    def row(model):
        return {
            "name": model.name,
            "place": places[model],
            "colour": colours[model.model],
            "verdict": verdict(model, results),
            "tied": len(shown) > 1 and model.in_the_lead,
            "parameters": t.count(model.cost["parameters"]).text,
            **scale.of(model),
        }

    rows = [row(model) for model in inside]
    best = [] if results.nothing_learned else [m for m in inside if m in results.best]
    return {
        "rows": rows,
        "apart": [row(model) for model in [*[m for m in lost if m in shown], *failed]],
        "ticks": scale.ticks,
        "thinned": thinned(scale.ticks),
        "best": next((scale.of(model)["value"] for model in best), None),
        "measure": results.measure,
        "said": [*said, *scale.said([*inside, *(m for m in lost if m in shown)])],
        "marks": _marks(results, rows),
    }


class _Scale:
    """Where accuracies lie on the axis, in percent of its width."""

    def __init__(self, models: list[Model], published: Mapping[str, float]):
        self.published = published
        self.low, self.high = share_range(models, published)
        self.ticks = [(self.place(value), text) for value, text in _ticks(self.low, self.high)]

    def place(self, share: float) -> float:
        """Return where a share of 1 lies, within the edges."""
        place = 100 * (share - self.low) / (self.high - self.low)
        return round(min(max(place, 0), 100), 2)

    def said(self, models: list[Model]) -> list[str]:
        """Return what to say of the models' marks that have no place on the axis."""
        return said_beyond(models, (self.low, self.high), self.published)

    def of(self, model: Model) -> Mapping[str, Any]:
        """Return places and words of a model's accuracy."""
        score = model.score
        if score is None:
            empty: dict[str, list] = {"seeds": [], "seeds_beyond": []}
            return {"accuracy": "", "interval": "", "value": None, "beyond": None} | empty
        beyond, published = None, self.published.get(model.model)
        if not self.low <= score.value <= self.high:
            words = f"{w.number(100 * score.value, 1 if score.value >= 0.1 else 2)} %"
            beyond = ("left", f"◄ {words}") if score.value < self.low else ("right", f"{words} ►")
        seeds = [share for share in score.by_seed.values() if self.low <= share <= self.high]
        sides = zip(("left", "right"), seeds_beyond(model, (self.low, self.high)), strict=True)
        drawn = published is not None and self.low <= published <= self.high
        return {
            "accuracy": w.percent(score.value),
            "interval": w.share_interval(score.low, score.high),
            "value": None if beyond else self.place(score.value),
            "low": self.place(score.low),
            "high": self.place(score.high),
            "seeds": sorted({self.place(share) for share in seeds}) if len(model.runs) > 1 else [],
            "seeds_beyond": [side for side, found in sides if found],
            "published": self.place(published) if drawn and published is not None else None,
            "beyond": beyond,
        }


def _ticks(low, high):
    """Return round shares from ``low`` to ``high`` with their words, in percent."""
    raw = 100 * (high - low) / TICKS
    power = 10 ** math.floor(math.log10(raw))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= raw)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(100 * low / step), math.floor(min(100 * high, 100) / step)
    return [(n * step / 100, w.number(n * step, decimals)) for n in range(first, last + 1)]


def thinned(ticks: Sequence[tuple[float, str]]) -> list[list[str]]:
    """Return on which axes, by ``AXIS_WIDTHS``, each of the ``ticks`` has no room for its words.

    On each, every first, second or third has words, and so on, so that none touch; at least two.
    """
    without: list[list[str]] = [[] for _ in ticks]
    for axis, width in AXIS_WIDTHS.items():
        steps = range(1, max(len(ticks) - 1, 1))
        step = next((s for s in steps if _have_room(ticks[::s], width)), max(len(ticks) - 1, 1))
        for number, axes in enumerate(without):
            if number % step:
                axes.append(axis)
    return without


def _have_room(ticks, width):
    """Return whether words of ``ticks`` stay apart where the axis is ``width`` pixels wide.

    Those at the ends may lie inwards of their ticks with all of their width, others with half.
    """
    sizes = [_DIGIT * sum(map(str.isdigit, text)) + _POINT * text.count(".") for _, text in ticks]
    inwards = [size / 2 for size in sizes]
    for end in {0, len(sizes) - 1}:
        inwards[end] = sizes[end]
    gaps = [(after - before) / 100 * width for (before, _), (after, _) in pairwise(ticks)]
    return all(gap > sum(two) + _GAP for gap, two in zip(gaps, pairwise(inwards), strict=True))


def _marks(results, rows):
    """Return (mark, words) for the legend."""
    marks = [("filled", "may be the best")] if any(r["tied"] for r in rows) else []
    others = w.distinct(
        "worse" if row["verdict"] == "worse than another" else row["verdict"]
        for row in rows
        if not row["tied"]
    )
    if others and len(rows) > 1 and not results.nothing_learned:
        marks.append(("hollow", w.listing(others, "or")))
    marks.append(("line", "95 % interval"))
    if any(row["seeds"] for row in rows):
        marks.append(("seed", "a seed"))
    if any(row["published"] is not None for row in rows):
        marks.append(("published", f"published: {results.study['published']['called']}"))
    return marks
