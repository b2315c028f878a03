"""The files of a finished study as their readers see them: text, Markdown, CSV, JSON and page."""

import csv
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
from markdown_it import MarkdownIt
from wcwidth import iter_graphemes, width

# GitHub's Markdown, but for links without brackets.
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

_VOID = {"meta", "link", "img", "br", "hr", "input"}
_BLOCKS = {"h1", "h2", "h3", "h4", "p", "li", "th", "td", "pre", "dt", "figcaption", "summary"}


def shown(text):
    """Return a text as it is seen: white space and hyphens that keep a line whole are plain."""
    return " ".join(text.replace("\u2011", "-").replace("\u200e", "").split())


# Markdown


def inline_texts(markdown):
    """Return the blocks of a Markdown text as (kind, text), in their order.

    Raises ``AssertionError`` where a text holds more than plain text and bold type.
    """
    found, kind = [], None
    for token in READER.parse(markdown):
        if token.type == "inline":
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "text_special", "strong_open", "strong_close"}, token.content
            found.append((kind, "".join(child.content for child in token.children)))
        elif token.type == "fence":
            found.append(("fence", token.content))
        elif token.nesting == 1:
            kind = token.type.removesuffix("_open")
            assert kind not in ("blockquote", "ordered_list"), markdown
        else:
            assert token.nesting == -1, (token.type, token.content)
    return found


def markdown_tables(markdown):
    """Return the tables of a Markdown text, each a list of rows of cells.

    Raises ``AssertionError`` where a row of the source has another number of cells than the
    header, which readers of Markdown drop or fill up without a word.
    """
    tables = []
    lines = markdown.splitlines()
    for token in READER.parse(markdown):
        if token.type == "table_open":
            tables.append([])
            for line in lines[slice(*token.map)]:
                bars = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line))
                tables[-1].append(bars)
            assert len(set(tables[-1])) == 1, lines[slice(*token.map)]
            tables[-1] = []
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type == "inline" and tables and token.level > 3:
            tables[-1][-1].append("".join(child.content for child in token.children))
    return tables


# Text


def text_tables(text):
    """Return the tables of summary.txt, each a list of rows of cells.

    Raises ``AssertionError`` where the lines of a table are not equally wide on a terminal.
    """
    tables = []
    for block in re.findall(r"^\+[-+]+\+\n(?:[|+].*\n)+", text, flags=re.MULTILINE):
        border, *lines = block.splitlines()
        edges = [place for place, letter in enumerate(border) if letter == "+"]
        assert all(width(line) == len(border) for line in lines), block
        tables.append([_cut(line, edges) for line in lines if line != border])
    return tables


def _cut(line, edges):
    """Return the cells between ``edges``, places on a terminal, of a line."""
    cells, place = [""] * len(edges), 0
    for letter in iter_graphemes(line):
        if place in edges:
            assert letter == "|", line
        else:
            cells[sum(edge < place for edge in edges) - 1] += letter
        place += width(letter)
    return [cell.strip() for cell in cells[:-1]]


# The page


@dataclass
class Element:
    """An element of a page; ``parts`` are the elements and texts in it."""

    tag: str
    attributes: dict
    parts: list = field(default_factory=list)

    def walk(self):
        """Yield this element and all within, in the page's order."""
        pending = [self]
        while pending:
            element = pending.pop()
            yield element
            pending += [part for part in reversed(element.parts) if isinstance(part, Element)]

    def all(self, *tags):
        return [element for element in self.within if element.tag in tags]

    @cached_property
    def within(self):
        """All that :meth:`walk` yields, of a page that has been read."""
        return list(self.walk())

    @cached_property
    def by_id(self):
        """The elements within that have an id: a dict from it to the element."""
        return {e.attributes["id"]: e for e in self.walk() if "id" in e.attributes}

    def raw_text(self):
        return "".join(p if isinstance(p, str) else p.raw_text() for p in self.parts)

    @property
    def text(self):
        return shown(self.raw_text())

    def blocks(self):
        """Return (tag, text) of the paragraphs, headings, cells and so on outside of drawings."""
        if self.tag == "svg":
            return []
        if self.tag in _BLOCKS and not any(
            isinstance(p, Element) and p.blocks() for p in self.parts
        ):
            return [(self.tag, self.text)]
        return [b for part in self.parts if isinstance(part, Element) for b in part.blocks()]


class _Tree(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(set(names)) == len(names), (tag, attributes)
        element = Element(tag, dict(attributes))
        self.open[-1].parts.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag, attributes):
        self.open[-1].parts.append(Element(tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open[-1].tag == tag, (self.open[-1].tag, tag, self.getpos())
        self.open.pop()

    def handle_data(self, data):
        self.open[-1].parts.append(data)


def read_page(html):
    """Return a page's root :class:`Element`; raise ``AssertionError`` where tags do not match."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    assert tree.open == [tree.root]
    return tree.root


def page_tables(element):
    """Return the tables in a part of a page, each a list of rows of cells."""
    return [
        [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]
        for table in element.all("table")
    ]


# All of them


def _no_constant(name):
    raise AssertionError(f"{name} is no JSON")


def _read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_pandas = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    assert by_pandas.to_dict("records") == rows
    return rows


class Outputs:
    """What the steps after training left in ``folder``, each file read by its kind of reader."""

    def __init__(self, folder):
        folder = Path(folder)

        def text(name):
            return (folder / name).read_text(encoding="utf-8")

        self.text, self.markdown = text("summary.txt"), text("summary.md")
        self.conclusions = text("conclusions.md")
        self.runs, self.summary = _read_csv(folder / "runs.csv"), _read_csv(folder / "summary.csv")
        self.findings = json.loads(text("findings.json"), parse_constant=_no_constant)
        self.analysis = json.loads(text("analysis.json"), parse_constant=_no_constant)
        self.page = read_page(text("report.html"))
        self.descriptions = {
            file.parent.name: json.loads(file.read_text(encoding="utf-8"))
            for file in (folder / "models").glob("*/description.json")
        }
