"""Texts in figures: how wide they are, where they break, and what names are cut to."""

import re
from collections.abc import Iterable

from wcwidth import iter_graphemes, width, wrap

from bakeoff.wording import distinct, one_line


def columns_of(text: str) -> int:
    """Return how many letters wide a text is: Chinese letters and emoji are two wide."""
    return width(text, control_codes="ignore")


def wrapped(text: str, columns: int) -> str:
    """Return ``text`` on lines that are at most ``columns`` letters wide, "99 %" on one."""
    whole = re.sub(r"(?<=\d) %", "\u00a0%", one_line(text))
    return "\n".join(wrap(whole, columns, control_codes="ignore")).replace("\u00a0", " ")


def shortened(text: str, most: int) -> str:
    """Return ``text``, with an ellipsis for its middle where it is over ``most`` letters wide."""
    text = one_line(text)
    if columns_of(text) <= most:
        return text
    letters = list(iter_graphemes(text))
    end = (most - 1) // 2
    last = _fitting(reversed(letters), end)
    return f"{''.join(_fitting(letters, most - 1 - end)).rstrip()}…{''.join(last[::-1]).lstrip()}"


def short_names(names: Iterable[str], most: int) -> dict[str, str]:
    """Return what a figure calls each of some models, in at most ``most`` letters' width.

    No two are called the same: where :func:`shortened` would do so, words that all have are left
    out and the others are cut alike, and a number tells apart what no letters do.
    """
    names = distinct(names)
    called = [shortened(name, most) for name in names]
    if len(set(called)) < len(names):
        called = _by_what_differs(names, most)
    if len(set(called)) == len(names):
        return dict(zip(names, called, strict=True))
    ends = {name: f"… {number}" for number, name in enumerate(names, 1)}
    return {name: _cut(one_line(name), most - columns_of(end)) + end for name, end in ends.items()}


def _by_what_differs(names, most):
    """Return names, those of over ``most`` letters without words that all of these have."""
    # Each word and number, after what stands before it.
    word = re.compile(r"([\s,;:/_.(|+-]*)(\d+|[^\s\d,;:/_.(|+-]+)")
    long = {name: word.findall(name) for name in names if columns_of(one_line(name)) > most}
    common = set.intersection(*({text for _, text in words} for words in long.values()))

    def called(left_out, letters):
        texts = {name: _without(words, left_out, letters) for name, words in long.items()}
        return [texts.get(name, one_line(name)) for name in names]

    def fits(texts):
        return max(map(columns_of, texts)) <= most

    letters = next((size for size in range(most, 1, -1) if fits(called(common, size))), 1)
    if not fits(called(common, letters)):
        return []
    # As many of the common words as there is room for, first those that say what a number is.
    words = next(iter(long.values()))
    follows = [not after[0].isdigit() for (_, after) in words[1:]] + [True]
    for _, (_, text) in sorted(zip(follows, words, strict=True), key=lambda pair: pair[0]):
        if fits(called(common - {text}, letters)):
            common -= {text}
    return called(common, letters)


def _without(words, left_out, letters):
    """Return a name's words, an ellipsis for those ``left_out``; all but numbers are cut."""
    text, gap = "", False
    for before, word in words:
        if word in left_out:
            text, gap = text if gap else f"{text}…", True
        else:
            text += "" if gap or not text else before
            text, gap = text + (word if word[0].isdigit() else _cut(word, letters)), False
    return text


def _cut(text, columns):
    """Return the beginning of a text, as much as ``columns`` have room for."""
    return "".join(_fitting(iter_graphemes(text), columns)).rstrip()


def _fitting(letters, columns):
    """Return the first of some letters, as many as ``columns`` have room for."""
    kept = []
    for letter in letters:
        columns -= columns_of(letter)
        if columns < 0:
            break
        kept.append(letter)
    return kept
