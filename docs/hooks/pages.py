"""MkDocs's pages that lie elsewhere, and links.

README.md and its like stay where a code host shows them, and are pages too. Links lead from file to
file, as there: to a page, where the site has the file, otherwise they are plain text.
"""

import re
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from mkdocs.structure.files import File

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
INCLUDED = {
    "README.md": "index.md",
    "config/README.md": "configuring.md",
    "benchmarks/gpu/README.md": "borrowed_gpu.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
# Links to the file lead to what says what is in it.
EXPLAINED = {
    "workflow/schemas/config.schema.yaml": "config_keys.md",
    "workflow/schemas/analysis.schema.json": "numbers.md",
}


def on_files(files, config):
    """Add the pages that are not under docs/."""
    for source, target in INCLUDED.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, target, content=text))
    files.append(File.generated(config, "gallery.md", content=gallery()))


def on_page_markdown(markdown, page, config, files):
    """Let links lead to the site's pages, and write lists as Python-Markdown has them."""
    here = page.file.src_uri
    origin = {target: file for file, target in INCLUDED.items()}.get(here, f"docs/{here}")

    def relink(match):
        text, path, place = match.groups("")
        if not path or ":" in path:
            return match[0]
        file = normpath(join(dirname(origin), path))
        file = f"{file}/README.md" if (ROOT / file).is_dir() else file
        target = (INCLUDED | EXPLAINED).get(file, file.removeprefix("docs/"))
        if not files.get_file_from_path(target):
            return text.strip("![]")
        return f"{text}({relpath(target, dirname(here) or '.')}{place})"

    # The text of a link may be a picture with a link of its own.
    link = r"(!?\[[^\[\]]*\]|(?<=\))\])\(([^\s()#]*)(#[\w-]*)?\)"
    parts = re.split(r"(^```.*?^```$)", re.sub(link, relink, markdown), flags=re.M | re.S)
    for number in range(0, len(parts), 2):
        parts[number] = parts[number].replace(" \\\n", "  \n")
        parts[number] = re.sub(r"^ {2,3}(?=\S)", "    ", parts[number], flags=re.M)
        parts[number] = re.sub(r"(\n {4}.*\n)(?=\d+\. )", r"\1\n", parts[number])
    return "".join(parts)


def gallery():
    """Return the page that leads to the pages of finished studies."""
    page = "# Gallery\n\nPages as the workflow made them, each one file that opens offline.\n"
    for file in sorted(DOCS.glob("**/README.md"), reverse=True):
        folder = file.parent.relative_to(DOCS).as_posix()
        if (file.parent / "report.html").exists():
            page += f"\n#{file.read_text(encoding='utf-8').partition(chr(10))[0]}\n\n"
            page += f"[The page]({folder}/report.html); [how it was made]({folder}/README.md)\n\n"
            page += f"![Test accuracy with intervals]({folder}/accuracy_forest.svg)\n"
    return page
