"""What a training is, told by content: the basis of exact reruns.

Snakemake stores a job's params and reruns the job when they differ. A training's params are one
canonical JSON text that names everything it depends on apart from the data, which is an input
file. Times of files play no part in it.
"""

import ast
import sys
from functools import cache
from pathlib import Path

from bakeoff.errors import StudyError
from bakeoff.files import sha256_of


def training_identity(root, model, seed, settings):
    """Return what the training of ``model`` with ``seed`` depends on, ready for JSON.

    ``root`` is the folder with ``architectures/`` and ``workflow/``; ``settings`` is what
    :func:`bakeoff.study.config.training_settings` returns. ``sources`` maps each source file
    that the training imports (relative to ``root``) to its SHA-256.
    """
    return {
        "model": model,
        "seed": seed,
        "settings": settings,
        "sources": source_checksums(
            root, f"architectures/{model}.py", "workflow/scripts/train_model.py"
        ),
    }


def source_checksums(root, *entries):
    """Map ``entries`` and all they import, as paths relative to ``root``, to their SHA-256."""
    root, checksums = Path(root), {}
    for entry in entries:
        checksums |= _checksums_of_closure(root, entry)
    return checksums


# One plan asks for the same files for every training: read and name each once.
@cache
def _checksums_of_closure(root, entry):
    return {
        source.relative_to(root).as_posix(): _checksum(source)
        for source in sorted(_closure(root, root / entry))
    }


_checksum = cache(sha256_of)


def _closure(root, entry):
    """Return ``entry`` and all files under ``root`` that it imports, directly or not."""
    found, queue = set(), [entry]
    while queue:
        source = queue.pop()
        if source not in found:
            found.add(source)
            # A rule may also name a template, which imports nothing.
            if source.suffix == ".py":
                queue.extend(_imported_files(root, source))
    return found


@cache
def _imported_files(root, source):
    """Return the files under ``root`` that ``source`` imports, read without running it."""
    # Modules are found where training finds them: in the root and among the scripts.
    search_path = (root, root / "workflow" / "scripts")
    found = set()
    for node in _statements(ast.parse(source.read_bytes(), filename=str(source))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
            starts = search_path
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            modules = [node.module or "", *(f"{base}{alias.name}" for alias in node.names)]
            starts = (source.parents[node.level - 1],) if node.level else search_path
        else:
            continue
        for module in modules:
            for start in starts:
                found.update(_module_files(start, module))
    return frozenset(found)


def _statements(tree):
    """Yield all statements, nested ones too, of a module's syntax tree."""
    queue = [tree]
    while queue:
        node = queue.pop()
        yield node
        # Not the expressions within, which are most of a tree and import nothing.
        for block in ("body", "orelse", "finalbody", "handlers", "cases"):
            queue.extend(getattr(node, block, ()))


@cache
def _module_files(start, module):
    """Return the files that ``import module`` runs: packages' ``__init__`` files and its own."""
    folder, files = start, []
    for part in filter(None, module.split(".")):
        files += [folder / f"{part}.py", folder / part / "__init__.py"]
        folder = folder / part
    return [file for file in files if file.is_file()]


def check_sources(root, planned):
    """Raise :class:`StudyError` if a source file differs from what was planned.

    ``planned`` maps paths relative to ``root`` to SHA-256. A file edited between the planning
    and the start of a job would otherwise be recorded as the version that was planned.
    """
    for file, checksum in planned.items():
        path = Path(root) / file
        if not path.is_file() or sha256_of(path) != checksum:
            raise StudyError(
                f"{file}: changed since this run was planned; expected the version of the plan:"
                " run snakemake again."
            )


def sources_read(root):
    """Map every file under ``root`` that this process has imported to its SHA-256."""
    root = Path(root)
    # A virtual environment may lie inside the repository; its packages are not our sources.
    places = (root / "architectures", root / "workflow")
    files = {Path(m.__file__) for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
    own = sorted(file for file in files if any(file.is_relative_to(place) for place in places))
    return {file.relative_to(root).as_posix(): sha256_of(file) for file in own}
