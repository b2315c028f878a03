"""Texts and tables as LaTeX that shows them as they are."""

import re
from collections.abc import Iterable, Sequence

from bakeoff.wording import one_line

_WRITTEN = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "`": r"\textasciigrave{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{mark: f"\\{mark}" for mark in "#$%&_"},
    "−": "$-$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "“": "``",
    "”": "''",
    "‘": "`",
    "’": "'",
    "\u00a0": "~",
    "\u2011": "-",
}
# Of the letters that pdfLaTeX's fonts have: the end of Latin Extended-A.
_LAST_LATIN = 0x17F
# Two hyphens would become one dash.
_MARKS = re.compile("|".join([*map(re.escape, _WRITTEN), "-(?=-)"]))


def escaped(text: str) -> str:
    """Return ``text`` on one line, as LaTeX in UTF-8 that shows it as it is.

    Other letters than Latin ones are left as they are: they take XeLaTeX or LuaLaTeX.
    """
    text = _MARKS.sub(lambda mark: _WRITTEN.get(mark[0], "-{}"), one_line(text))
    # After the end of a table's row, either would be an argument of that.
    text = f"{{}}{text}" if text.startswith(("[", "*")) else text
    # "99.36 %" is on one line.
    return re.sub(r"(?<=\d) (?=\\%)", r"\\,", text)


def what_it_takes(text: str) -> str:
    """Return a comment that names what LaTeX needs for ``text``, a :func:`table`."""
    beyond = any(ord(letter) > _LAST_LATIN for letter in text)
    engine = ", and XeLaTeX or LuaLaTeX with a font that has its letters" * beyond
    return f"% Needs \\usepackage{{booktabs}}{engine}.\n"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    numeric: Sequence[bool],
    caption: str,
    label: str,
) -> str:
    """Return a table of texts, not yet escaped, as a float with the rules of booktabs."""
    header, *body = [[escaped(cell) for cell in row] for row in (columns, *rows)]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escaped(caption)}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}",
        r"\toprule",
        rf"{' & '.join(header)} \\",
        r"\midrule",
        *(rf"{' & '.join(row)} \\" for row in body),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
