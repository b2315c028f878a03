"""What sources mean, and what is kept of it from plan to plan."""

import json
import shutil

import pytest

from bakeoff.errors import StudyError
from bakeoff.study import sources as module
from bakeoff.study.identity import check_sources
from bakeoff.study.sources import KEPT, Sources

ENTRY = "workflow/scripts/train_model.py"


@pytest.fixture
def root(tmp_path):
    scripts = tmp_path / "workflow" / "scripts"
    (scripts / "bakeoff").mkdir(parents=True)
    (scripts / "train_model.py").write_text("import bakeoff.loop\n")
    (scripts / "bakeoff" / "__init__.py").write_text("")
    (scripts / "bakeoff" / "loop.py").write_text("from . import deep\nspeed = 1\n")
    (scripts / "bakeoff" / "deep.py").write_text("depth = 1\n")
    return tmp_path


@pytest.fixture
def kept(root):
    """A file that holds what the sources of ``root`` mean."""
    path = root / "folder" / "kept.json"
    sources = Sources([root], kept=path)
    sources.of(ENTRY)
    sources.keep()
    return path


@pytest.fixture
def parsed(monkeypatch):
    """The files that are parsed from now on."""
    files, parse = [], module._meaning_of
    monkeypatch.setattr(
        module, "_meaning_of", lambda content, file: files.append(file.name) or parse(content, file)
    )
    return files


def test_what_is_kept_is_not_parsed_again_and_says_the_same(root, kept, parsed):
    assert Sources([root], kept=kept).of(ENTRY) == Sources([root]).of(ENTRY)
    assert sorted(parsed) == ["__init__.py", "deep.py", "loop.py", "train_model.py"]
    parsed.clear()
    found = Sources([root], kept=kept).of(ENTRY)
    assert not parsed
    assert len(found) == 4


def test_an_edit_is_seen_whatever_is_kept(root, kept, parsed):
    before = Sources([root]).of(ENTRY)
    parsed.clear()
    loop = root / "workflow" / "scripts" / "bakeoff" / "loop.py"
    loop.write_text("speed = 2\n")
    sources = Sources([root], kept=kept)
    after = sources.of(ENTRY)
    assert parsed == ["loop.py"]
    assert "workflow/scripts/bakeoff/deep.py" not in after
    assert after == Sources([root]).of(ENTRY)
    assert [file for file in after if after[file] != before[file]] == [
        "workflow/scripts/bakeoff/loop.py"
    ]
    # What nothing asks for any more is not kept for good.
    sources.keep()
    assert len(json.loads(kept.read_text())["meanings"]) == 3


def test_a_file_of_the_same_bytes_elsewhere_imports_what_lies_beside_it(root, kept, parsed):
    """A relative import of equal files may mean different files."""
    scripts = root / "workflow" / "scripts"
    shutil.copytree(scripts / "bakeoff", scripts / "other")
    (scripts / "other" / "deep.py").write_text("depth = 2\n")
    (scripts / "train_model.py").write_text("import other.loop\n")
    found = Sources([root], kept=kept).of(ENTRY)
    assert "workflow/scripts/other/deep.py" in found
    assert sorted(parsed) == ["deep.py", "train_model.py"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "null", '{"by": [], "meanings": {}}', "torn in the mid"],
    ids=["empty", "list", "nothing in it", "null", "of other code", "torn"],
)
def test_what_cannot_be_used_is_not_and_is_written_anew(root, kept, parsed, text):
    whole = kept.read_text()
    kept.write_text(text)
    sources = Sources([root], kept=kept)
    sources.of(ENTRY)
    assert len(parsed) == 4
    sources.keep()
    assert json.loads(kept.read_text()) == json.loads(whole)


@pytest.mark.parametrize("place", [0, 1], ids=["of other code", "of another Python"])
def test_what_another_code_or_python_has_kept_is_not_used(root, kept, parsed, place):
    found = json.loads(kept.read_text())
    found["by"][place] = "another"
    kept.write_text(json.dumps(found))
    Sources([root], kept=kept).of(ENTRY)
    assert len(parsed) == 4


def test_nothing_new_writes_nothing(root, kept):
    before = kept.stat().st_mtime_ns
    sources = Sources([root], kept=kept)
    sources.of(ENTRY)
    sources.keep()
    assert kept.stat().st_mtime_ns == before


def test_a_folder_that_cannot_be_written_to_keeps_nothing(root):
    (root / "file").write_text("")
    sources = Sources([root], kept=root / "file" / "kept.json")
    sources.of(ENTRY)
    sources.keep()
    assert (root / "file").read_text() == ""


SOURCE = '''"""A file."""

import keras


class Block(keras.layers.Layer):
    """A block."""

    width = 3
    """Of the kernel."""

    def call(self, x, scale=2):
        """Return x scaled."""
        return x * scale, f"{x:>{scale}.2f}", None, {}


async def other(x):
    match x:
        case [1, *rest]:
            return [y async for y in rest if y]
    raise ValueError("ä" "b") from None
'''

SAME = {
    "comments": ("import keras\n", "# why\nimport keras  # this\n"),
    "a docstring": ('"""A block."""', '"""Another."""'),
    "no docstring": ('"""A file."""\n', ""),
    "a constant's docstring": ('    """Of the kernel."""\n', ""),
    "blank lines": ("\n\n\nclass", "\nclass"),
    "quotes": ('"ä" "b"', "'äb'"),
    "brackets": ("return x * scale, f", "return x * (scale), f"),
    "layout": ("x, scale=2)", "\n        x,\n        scale=2,\n    )"),
    "how a number is written": ("scale=2", "scale=0x2"),
}
OTHER = {
    "a name": ("width", "breadth"),
    "a number": ("scale=2", "scale=3"),
    "a whole number or not": ("scale=2", "scale=2.0"),
    "a text": ('"ä" "b"', '"a" "b"'),
    "a format": ("{scale}.2f", "{scale}.3f"),
    "an order": ("x * scale, f", "scale * x, f"),
    "a statement": ("    width = 3\n", "    width = 3\n    height = 3\n"),
    "nothing or none": (", None, {}", ", {}, None"),
    "a call's text": ('ValueError("ä" "b")', "ValueError()"),
}


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_what_a_source_does_not_mean_is_no_part_of_it(tmp_path, old, new):
    assert SOURCE.count(old) == 1
    assert checksum(tmp_path, SOURCE.replace(old, new)) == checksum(tmp_path, SOURCE)


@pytest.mark.parametrize(("old", "new"), OTHER.values(), ids=OTHER)
def test_what_a_source_means_is_part_of_it(tmp_path, old, new):
    assert SOURCE.count(old) == 1
    assert checksum(tmp_path, SOURCE.replace(old, new)) != checksum(tmp_path, SOURCE)


def test_the_checksum_is_the_same_on_every_python(tmp_path):
    """It was found on 3.11.7, 3.12.1 and 3.13.0: a newer Python must not retrain a study."""
    expected = "714f1e53a56e4ea1d57a7006fd307471ac6667f86e0e3b6f89c2ce374d6b9ea2"
    assert checksum(tmp_path, SOURCE) == expected


def test_a_source_that_does_not_parse_and_a_template_count_by_their_bytes(tmp_path):
    assert checksum(tmp_path, "def") != checksum(tmp_path, "def ")
    assert checksum(tmp_path, "# a", "page.j2") != checksum(tmp_path, "# b", "page.j2")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"x = 1\ndef f(:\n", ", line 2: invalid syntax; expected Python: mend that line."),
        ("x = 'ä'".encode("latin-1"), "expected Python: mend that"),
        (b"x = 1\0", "null bytes; expected Python: mend that"),
    ],
)
def test_an_import_that_does_not_parse_is_named(root, content, expected):
    (root / "architectures").mkdir()
    (root / "architectures" / "mine.py").write_text("import architectures.part\n")
    (root / "architectures" / "part.py").write_bytes(content)
    with pytest.raises(StudyError, match=f"architectures/part.py.*{expected}"):
        Sources([root]).of("architectures/mine.py")


def test_a_job_reads_what_is_kept_of_its_sources(root, monkeypatch, parsed):
    planned = Sources([root]).of(ENTRY)
    monkeypatch.chdir(root)
    sources = Sources([root], kept=KEPT)
    sources.of(ENTRY)
    sources.keep()
    parsed.clear()
    check_sources([root], planned)
    assert parsed == []
    (root / "workflow" / "scripts" / "bakeoff" / "deep.py").write_text("depth = 2\n")
    with pytest.raises(StudyError, match=r"bakeoff/deep\.py: changed since this run was planned"):
        check_sources([root], planned)
    assert parsed == ["deep.py"]


def test_modules_in_a_workflow_folder_of_a_study_are_found_there(root, tmp_path):
    """As Snakemake's standard layout has them; the tool's own code is found in the tool."""
    study = tmp_path / "study"
    for name, text in {
        "architectures/mine.py": "from workflow.lib.blocks import width\n",
        "workflow/lib/blocks.py": "width = 3\n",
        "workflow/scripts/bakeoff/deep.py": "depth = 'not the one that is run'\n",
    }.items():
        (study / name).parent.mkdir(parents=True, exist_ok=True)
        (study / name).write_text(text)
    folders = [study, root]
    planned = Sources(folders).of("architectures/mine.py", ENTRY)
    assert {"architectures/mine.py", "workflow/lib/blocks.py"} < set(planned)
    check_sources(folders, planned)
    (study / "workflow/lib/blocks.py").write_text("width = 4\n")
    with pytest.raises(StudyError, match=r"^workflow/lib/blocks\.py: changed since this run was"):
        check_sources(folders, planned)
    (study / "workflow/lib/blocks.py").unlink()
    with pytest.raises(StudyError, match=r"^workflow/lib/blocks\.py: changed since this run was"):
        check_sources(folders, planned)


def checksum(folder, text, name="source.py"):
    (folder / name).write_text(text, encoding="utf-8")
    return Sources([folder]).checksum(folder / name)
