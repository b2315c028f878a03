"""Tests of what makes Markdown of texts: a reader of Markdown gives them back."""

import pytest
from markdown_it import MarkdownIt

from bakeoff.markdown import bullets, escaped, preformatted, table

# GitHub's, but for links without brackets.
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "plain",
    "a|b",
    r"a\|b",
    r"a\\|b\ ",
    "\\",
    "|",
    "`code` ``more`` `",
    "*em* **strong** _em_ __strong__ snake_case _x",
    "~~struck~~ ~x~",
    "<b>bold</b> <!-- no --> <script>alert(1)</script> <https://a.b> a < b < 3",
    "&lt; &amp; &#35; & so on &copy;",
    "[link](https://a.b) ![image](x.png) [ref][a] [x] [0.1, 0.2] [1](https://a.b) [^1]",
    "[a]: https://a.b",
    "[ ] to do",
    "# heading",
    "heading #",
    "heading ##",
    "#",
    "C# and F#",
    "- item",
    "-",
    "--- ---",
    "+ item",
    "+",
    "> quote",
    "1. item",
    "12) item",
    "1.",
    "1.5 times",
    "99.36 %",
    "* * *",
    "=====",
    "```",
    "~~~",
    "$x$ and $$y$$",
    "{{ 7 * 7 }} {% x %}",
    "=1+1",
    "two\nlines",
    "tab\tand\r\nlines\u2028too",
    "   spaces   within   ",
    "漢字 😀 e\u0301 שלום",
    "!",
    "![",
    "](",
    "a\\",
    "\\[x](y)",
]


def inline_texts(markdown):
    """Return the kinds of blocks in a text, and the text of each paragraph, cell and so on."""
    tokens = READER.parse(markdown)
    texts = []
    for token in tokens:
        for child in token.children or []:
            assert child.type in ("text", "text_special"), (child.type, markdown)
        if token.type == "inline":
            texts.append("".join(child.content for child in token.children))
    return [token.type for token in tokens if token.nesting >= 0 and token.type != "inline"], texts


def on_one_line(text):
    return " ".join(text.split())


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_read_back(text):
    expected = on_one_line(text)
    assert inline_texts(escaped(text)) == (["paragraph_open"], [expected])
    assert inline_texts(f"## {escaped(text)}") == (["heading_open"], [expected])
    kinds, texts = inline_texts(bullets([text, "next"]))
    assert kinds == ["bullet_list_open", *["list_item_open", "paragraph_open"] * 2]
    assert texts == [expected, "next"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_in_a_sentence_is_read_back(text):
    sentence = f"{text} and (“{text}”) are worse than {text}: {text}."
    assert inline_texts(escaped(sentence)) == (["paragraph_open"], [on_one_line(sentence)])


def test_the_cells_of_a_table_are_read_back():
    rows = [[text, other] for text, other in zip(HOSTILE, reversed(HOSTILE), strict=True)]
    kinds, texts = inline_texts(table(["a|b", "c\\"], rows))
    assert kinds.count("table_open") == 1
    assert kinds.count("tr_open") == 1 + len(rows)
    assert texts == ["a|b", "c\\", *(on_one_line(cell) for row in rows for cell in row)]


def test_bold_text_is_read_back():
    for text in HOSTILE:
        (paragraph,) = (t for t in READER.parse(f"**{escaped(text)}**") if t.type == "inline")
        kinds = [child.type for child in paragraph.children if child.content or child.nesting]
        assert kinds[0] == "strong_open", text
        assert kinds[-1] == "strong_close"
        assert "".join(child.content for child in paragraph.children) == on_one_line(text)


def test_preformatted_text_stays_as_it_is():
    for text in ("(1x28x28) --> 10", "```\n``` `````", "<b> * # _"):
        (fence,) = READER.parse(preformatted(text))
        assert (fence.type, fence.content) == ("fence", f"{text}\n")


def test_what_marks_nothing_is_left_alone():
    for text in ("99.36 % [−0.05, 0.41] [above 0, 1], p < 0.001", "mixed_float16", "Q&A (1. item)"):
        assert escaped(text) == text
    # GitHub would make links of these.
    assert escaped("https://a.b www.c.d") == r"https\://a.b www\.c.d"
