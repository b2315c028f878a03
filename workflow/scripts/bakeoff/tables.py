"""Tables of typed cells: what a cell shows, and the number by which it is sorted.

One table serves text, Markdown and the page; nothing is read back out of what a cell shows.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from prettytable import PrettyTable

from bakeoff import markdown
from bakeoff import wording as w
from bakeoff.levels import LEVEL

NONE = "–"
"""What stands for a number that there is none of."""


@dataclass(frozen=True)
class Cell:
    """What is shown, and the ``value`` of a number, None where there is none.

    A cell of a number that is not known is ``absent``, whatever it shows instead; one of a
    ``model`` shows nothing but its name.
    """

    text: str
    value: float | None = None
    absent: bool = False
    model: bool = False

    @property
    def numeric(self) -> bool:
        """Whether the cell can stand in a column of numbers."""
        return self.absent or self.value is not None


BLANK = Cell("", absent=True)


def text(words: str) -> Cell:
    """Return a cell of words."""
    return Cell(str(words))


def model(name: str) -> Cell:
    """Return a cell with the name of a model, to which the page makes a link."""
    return Cell(name, model=True)


def absent(words: str = NONE) -> Cell:
    """Return a cell that says why there is no number."""
    return Cell(words, absent=True)


def number(value: float, decimals: int = 2) -> Cell:
    """Return a cell with a number of so many decimals."""
    return Cell(w.number(value, decimals), value)


def count(value: float) -> Cell:
    """Return a cell with a whole number, its thousands parted by commas."""
    return Cell(f"{value:,.0f}", value)


def percent(share: float, decimals: int = 2) -> Cell:
    """Return a cell with a share of 1 in percent."""
    text = w.percent(share) if decimals == 2 else f"{w.number(100 * share, decimals)} %"
    return Cell(text, 100 * share)


def points(difference: float, decimals: int = 2) -> Cell:
    """Return a cell with a difference of shares in percentage points."""
    return number(100 * difference, decimals)


def signed_interval(low: float, high: float, decimals: int = 2) -> Cell:
    """Return a cell with the interval of what may be zero, sorted by its lower end."""
    return Cell(w.signed_interval(low, high, decimals), low)


def points_interval(low: float, high: float) -> Cell:
    """Return a cell with the interval of a difference of shares, in percentage points."""
    return signed_interval(100 * low, 100 * high)


def percent_interval(low: float, high: float) -> Cell:
    """Return a cell with "99.18 to 99.48 %", sorted by its lower end."""
    return Cell(f"{w.percent_digits(low)} to {w.percent(high)}", 100 * low)


def p_value(p: float, level: float = LEVEL) -> Cell:
    """Return a cell with a p-value, which is on the side of its ``level`` that it seems to be."""
    return Cell(w.probability(p, level), p)


@dataclass(frozen=True)
class Table:
    """Names of columns, and rows of as many cells.

    ``align`` has a letter a column, l, c or r, for text; by default names stand in the middle of
    the first column, and all else on the right.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    align: str = ""

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold only numbers, which none does without rows."""
        return [bool(self.rows) and all(cell.numeric for cell in c) for c in self._cells()]

    @property
    def models(self) -> list[bool]:
        """Which columns hold only names of models, or nothing."""
        return [
            any(cell.model for cell in c) and all(cell.model or not cell.text for cell in c)
            for c in self._cells()
        ]

    def _cells(self) -> list[Sequence[Cell]]:
        return list(zip(*self.rows, strict=True)) or [()] * len(self.columns)

    def as_data(self) -> dict:
        """Return the table ready for JSON: ``columns``, ``rows`` of texts, ``values``, kinds.

        ``values`` has a number or None for each cell; ``numeric`` and ``models`` tell of each
        column whether it holds numbers, or names of models.
        """
        return {
            "columns": list(self.columns),
            "rows": [[cell.text for cell in row] for row in self.rows],
            "values": [[_finite(cell.value) for cell in row] for row in self.rows],
            "numeric": self.numeric,
            "models": self.models,
        }

    def as_text(self) -> str:
        """Return the table drawn with lines. Names of columns are unique."""
        table = PrettyTable(self.columns)
        letters = self.align or "c" + "r" * (len(self.columns) - 1)
        for column, letter in zip(self.columns, letters, strict=True):
            table.align[column] = letter  # type: ignore[assignment]
        table.add_rows([[w.one_line(cell.text) for cell in row] for row in self.rows])
        return table.get_string()

    def as_markdown(self) -> str:
        """Return the table in Markdown, in which every cell shows what it is."""
        return markdown.table(self.columns, [[cell.text for cell in row] for row in self.rows])


def filled(cells: Iterable[Cell], columns: int) -> list[Cell]:
    """Return cells with blank ones after them, so that there are as many as ``columns``."""
    cells = list(cells)
    return [*cells, *[BLANK] * (columns - len(cells))]


def _finite(value):
    return value if value is not None and math.isfinite(value) else None
