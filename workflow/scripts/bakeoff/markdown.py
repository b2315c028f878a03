"""Texts as Markdown that shows them as they are, whatever stands in a name or a description."""

import re
from collections.abc import Iterable, Sequence

from bakeoff.wording import one_line

_MARKS = re.compile(
    # Code, emphasis, struck and mathematical text, headings, cells of tables.
    r"[\\`*|~$#]"
    # Within a word, as in mixed_float16, it marks nothing.
    r"|_(?![^\W_])|(?<![^\W_])_"
    # Links, but not intervals: "[−0.05, 0.41]", "[above 0, 0.41]".
    r"|\[(?![−\d]|(?:above|below) 0)|\](?=[(\[:])"
    # Elements and comments, but not "< 0.001"; characters by their names or numbers.
    r"|<(?=[a-zA-Z/!?])|&(?=#?\w+;)"
    # Addresses, which GitHub makes links of.
    r"|:(?=//)|(?<=www)\."
)
# Lists and quotes, at the beginning only: "- ", "12. ".
_FIRST = re.compile(r"\A(\d+(?=[.)](?:\s|\Z))|(?=[-+>]))(.)")


def escaped(text: str) -> str:
    """Return ``text`` on one line, with a backslash before what Markdown would read as a mark.

    It can stand in a paragraph, a list, a heading, bold type or a table's cell, and is shown
    there as it is, but for runs of spaces and line breaks, which become single spaces.
    """
    text = _MARKS.sub(r"\\\g<0>", one_line(text))
    return _FIRST.sub(r"\1\\\2", text)


def bullets(sentences: Iterable[str]) -> str:
    """Return sentences, not yet escaped, as a list."""
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of texts, not yet escaped, with a line of ``columns`` above the ``rows``."""
    header, *body = [[escaped(cell) for cell in row] for row in (columns, *rows)]
    lines = [header, ["---"] * len(columns), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def preformatted(text: str) -> str:
    """Return a text that is shown line by line as it is."""
    # As long as no run of the text's own, so that none ends it.
    runs = map(len, re.findall("`+", text))
    fence = "`" * max(3, 1 + max(runs, default=0))
    return f"{fence}text\n{text}\n{fence}"
