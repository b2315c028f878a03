"""Texts in figures: how wide they are, where they break, and what names are cut to."""

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from wcwidth import iter_graphemes, width, wrap

from bakeoff.wording import distinct, one_line

SLIM, WIDE = 16, 28
"""Letters of a model's name in a drawing that fits a phone, and in others."""

# Such as 12, 0.001, 1,000, 1e-3 and 3x3.
_NUMBER = r"\d+(?:[.,x×]\d+)*(?:[eE][+-]?\d+)?"
_EM = 0.56
"""What a column of :func:`wrapped` has room for, in sizes of the letters; most are 0.5 wide."""
# Letters that a word keeps at least.
_LEAST = 3


def columns_of(text: str) -> int:
    """Return how many letters wide a text is: Chinese letters and emoji are two wide."""
    return width(text, control_codes="ignore")


def wrapped(text: str, columns: int) -> str:
    """Return ``text`` on lines that are at most ``columns`` letters wide, "99 %" on one.

    Of wide letters, such as capitals, a line has room for fewer.
    """
    whole = re.sub(r"(?<=\d) %", "\u00a0%", one_line(text))
    for width_of_line in range(columns, columns // 2, -1):
        lines = wrap(whole, width_of_line, control_codes="ignore")
        if all(_ems(line) <= _EM * columns for line in lines):
            break
    return "\n".join(lines).replace("\u00a0", " ")


@lru_cache(maxsize=1000)
def _ems(line):
    """Return how wide a line is in the figures' font, in sizes of its letters."""
    # Here, as the page has use for names that are cut, and none for Matplotlib.
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    size = 100
    font = FontProperties(family="DejaVu Sans", size=size)
    letters = list(iter_graphemes(line))
    # The font lacks the others, which are as wide as they are high in all that have them.
    narrow = "".join(letter for letter in letters if columns_of(letter) < 2)
    with warnings.catch_warnings():
        # Of other letters that the font lacks, there is a width all the same.
        warnings.simplefilter("ignore", UserWarning)
        wide = TextToPath().get_text_width_height_descent(narrow, font, False)[0] / size
    return wide + sum(columns_of(letter) == 2 for letter in letters)


def shortened(text: str, most: int) -> str:
    """Return ``text``, with an ellipsis for its middle where it is over ``most`` letters wide.

    A number stays whole or is left out: its first digits would be another number.
    """
    text = one_line(text)
    if columns_of(text) <= most:
        return text
    first = _cut(text, most - 1 - (most - 1) // 2)
    # What the beginning leaves free, of a number left out, is the end's.
    letters = _fitting(reversed(list(iter_graphemes(text))), most - 1 - columns_of(first))
    start = len(text) - sum(map(len, letters))
    start = next((end for begin, end in _numbers(text, most) if begin < start < end), start)
    return f"{first}…{text[start:].lstrip()}"


def figure_names(study: Mapping[str, Any], most: int) -> dict[str, str]:
    """Return what figures call each model, by its key, in ``most`` letters: ``SLIM`` or ``WIDE``.

    It does not depend on which models a figure shows, so that a model has one name in all of a
    width.
    """
    short = _short_names(tuple(entry["name"] for entry in study["models"]), most)
    return {entry["model"]: short[entry["name"]] for entry in study["models"]}


@cache
def _short_names(names, most):
    """Return :func:`short_names`, once: a thousand long names take a second, in every figure."""
    return short_names(names, most)


def short_names(names: Iterable[str], most: int) -> dict[str, str]:
    """Return what figures call each of all models of a study, in ``most`` letters' width.

    No two are called the same: where :func:`shortened` would do so, words that those models have in
    common are left out and the others are cut alike. Where this tells nothing apart, a number does:
    the model's place in the study.
    """
    names = distinct(names)
    short = {name: shortened(name, most) for name in names}
    # What is told apart may meet others: then all of these are, as one block.
    blocks: dict[str, tuple[str, ...]] = {name: (name,) for name in names}
    while met := next((one for one in _alike(short) if len({*map(blocks.get, one)}) > 1), None):
        joined = {name for one in met for name in blocks[one]}
        block = tuple(name for name in names if name in joined)
        blocks |= dict.fromkeys(block, block)
        short |= _by_what_differs(block, most)
    for alike in _alike(short):
        whole = [name for name in alike if one_line(name) == short[name]]
        for name in alike if len(whole) > 1 else set(alike) - set(whole):
            short[name] = _numbered(name, names.index(name) + 1, most, set(short.values()))
    return short


def _alike(short):
    """Return the lists of names that are called the same."""
    by_text = defaultdict(list)
    for name, text in short.items():
        by_text[text].append(name)
    return [alike for alike in by_text.values() if len(alike) > 1]


def _numbered(name, number, most, taken):
    """Return the beginning of a name and a number, which is none of the texts ``taken``."""
    end = f"… {number}"
    room = range(most - columns_of(end), 0, -1)
    texts = (_cut(one_line(name), columns) + end for columns in room)
    return next((text for text in texts if text not in taken), end)


def _by_what_differs(names, most):
    """Return those of ``names`` over ``most`` letters without words that all of these have.

    None are returned where there is no room for ``_LEAST`` letters of each of the other words.
    """
    # Each word and number, after what stands before it.
    word = re.compile(rf"([\s,;:/_.(|+-]*)({_NUMBER}|[^\s\d,;:/_.(|+-]+)")
    long = {name: word.findall(one_line(name)) for name in names}
    long = {name: words for name, words in long.items() if columns_of(one_line(name)) > most}
    if not long:
        return {}
    common = set.intersection(*({text for _, text in words} for words in long.values()))

    def fits(letters):
        return max(columns_of(_without(words, letters)) for words in long.values()) <= most

    every = {text for words in long.values() for _, text in words}
    sizes = (
        {text: size * (text not in common) for text in every}
        for size in range(most, _LEAST - 1, -1)
    )
    letters = next(filter(fits, sizes), None)
    if letters is None:
        return {}
    # As many of the common words as there is room for, first those that say what a number is.
    words = next(iter(long.values()))
    follows = [not after[0].isdigit() for (_, after) in words[1:]] + [True]
    for _, (_, text) in sorted(zip(follows, words, strict=True), key=lambda pair: pair[0]):
        tries = (letters | {text: size} for size in (most, _LEAST) if text in common)
        letters = next(filter(fits, tries), letters)
    texts = {name: _without(words, letters) for name, words in long.items()}
    return {name: text for name, text in texts.items() if any(map(str.isalnum, text))}


def _without(words, letters):
    """Return a name's words, of each as many letters as it has; an ellipsis is for those of none.

    Numbers are never cut.
    """
    text, gap = "", False
    for before, word in words:
        if not letters[word]:
            text, gap = text if gap else f"{text}…", True
        else:
            text += "" if gap or not text else before
            kept = word if word[0].isdigit() else _cut(word, letters[word])
            text, gap = text + kept, False
    return text


def _cut(text, columns):
    """Return the beginning of a text, as much as ``columns`` have room for, with whole numbers."""
    end = len("".join(_fitting(iter_graphemes(text), columns)))
    for begin, after in _numbers(text, columns):
        if begin < end < after:
            end = begin
    return text[:end].rstrip()


def _numbers(text, columns):
    """Return where the numbers of a text begin and end, but for those too long to stay whole."""
    spans = (found.span() for found in re.finditer(_NUMBER, text))
    return [(begin, end) for begin, end in spans if end - begin <= columns]


def _fitting(letters, columns):
    """Return the first of some letters, as many as ``columns`` have room for."""
    kept = []
    for letter in letters:
        columns -= columns_of(letter)
        if columns < 0:
            break
        kept.append(letter)
    return kept
