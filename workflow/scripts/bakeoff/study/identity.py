"""What a run and a description are, told by meaning: the basis of exact reruns.

Snakemake stores a job's params and reruns the job when they differ. A job's params are one
canonical JSON text, its identity, that names everything it depends on apart from the data, which is
an input file. Times of files play no part in it, nor do comments, docstrings and the layout of
sources.

A run's identity holds what can change its numbers: its architecture with all that this imports,
the architecture's arguments, the settings, and code in ``training/`` and ``data/``. A description's
holds code in ``describe/`` too. Code elsewhere, such as what writes logs and words, is in neither.

A setting whose value is the one in :data:`NEUTRAL`, which changes nothing, is left out. So a
version with one more setting, added there, leaves the identity of studies that do not use it as it
is.
"""

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.files import canonical_json
from bakeoff.study.folders import ARCHITECTURES, Folders, find, relative_to, with_architectures
from bakeoff.study.sources import KEPT, Sources, places_of_modules

NEUTRAL = {
    "deterministic": False,
    "class_weight": None,
    "label_smoothing": 0,
    "schedule": None,
    "augmentation": None,
    "early_stopping": None,
    "evaluate": "last",
}
"""Settings at which training does what it would do if it did not know them."""

OF_EPOCHS = frozenset(
    ["epochs", "batch_size", "schedule", "class_weight", "label_smoothing", "augmentation"]
    + ["early_stopping", "evaluate"]
)
"""Settings that nothing which is found out before the first epoch depends on."""

_SCRIPT = "workflow/scripts/train_model.py"
_DATA = ("workflow/scripts/bakeoff/data/",)
_ROOMS = ("workflow/scripts/bakeoff/training/", *_DATA)
_ROOMS_OF_DESCRIPTION = (*_ROOMS, "workflow/scripts/bakeoff/describe/")


def contender(
    model: str, architecture: str | None = None, arguments: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what is built for the model of that key, ready for JSON.

    ``architecture`` is the name of its file, by default the key; ``arguments`` is a dict of what
    its ``build`` gets beside the images' shape and the number of classes.
    """
    built = {"model": model, "architecture": architecture or model}
    return built | ({"arguments": arguments} if arguments else {})


def training_identity(
    sources: Sources, built: Mapping[str, Any], seed: int, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what the run of a contender with ``seed`` depends on, ready for JSON.

    ``sources`` are the :class:`Sources` of the study's folders; ``built`` is what
    :func:`contender` returns, ``settings`` what :func:`bakeoff.study.settings.training_settings`
    does.
    """
    return {
        **built,
        "seed": seed,
        "settings": _without_neutral(settings),
        "sources": _sources(sources, built["architecture"], _SCRIPT, _ROOMS),
    }


def description_identity(
    sources: Sources, built: Mapping[str, Any], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a contender's description depends on: see :func:`training_identity`."""
    script = "workflow/scripts/describe_model.py"
    kept = {key: value for key, value in settings.items() if key not in OF_EPOCHS}
    return {
        **built,
        "settings": _without_neutral(kept),
        "sources": _sources(sources, built["architecture"], script, _ROOMS_OF_DESCRIPTION),
    }


def arguments_of(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``build`` gets beside the images' shape and the number of classes."""
    return identity.get("arguments", {})


def outlasts_epochs(settings: Mapping[str, Any]) -> bool:
    """Tell whether a run goes on as it would have if it had been planned with more epochs."""
    schedule = settings.get("schedule") or {"name": "constant"}
    return schedule["name"] not in ("cosine", "one_cycle")


def data_sources(sources: Sources, script: str) -> dict[str, str]:
    """Map ``script``, a step on the way to the data, and what it imports from ``data/``.

    To their checksums: see :meth:`Sources.of`.
    """
    return sources.of(script, within=_DATA)


def all_settings(identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an identity with those that it leaves out."""
    return NEUTRAL | identity["settings"]


def fingerprint(identity: Mapping[str, Any]) -> str:
    """Return 64 hexadecimal digits that identities share which train the same.

    What the model is called does not count.
    """
    trained = {key: value for key, value in identity.items() if key != "model"}
    return hashlib.sha256(canonical_json(trained).encode()).hexdigest()


def _without_neutral(settings):
    absent = object()
    return {key: value for key, value in settings.items() if value != NEUTRAL.get(key, absent)}


def _sources(sources, architecture, script, rooms):
    """Return the checksums of an architecture, a script, and what this imports from ``rooms``."""
    return sources.of(f"{ARCHITECTURES}/{architecture}.py") | sources.of(script, within=rooms)


def check_sources(folders: Folders, planned: Mapping[str, str]) -> None:
    """Raise :class:`StudyError` if a source file differs from what was planned.

    ``planned`` maps paths within ``folders`` to checksums. A file edited between the planning
    and the start of a job would otherwise be recorded as the version that was planned.
    """
    sources = Sources(folders, kept=KEPT)
    for file, checksum in planned.items():
        path = find(folders, file)
        if not path.is_file() or sources.checksum(path) != checksum:
            raise StudyError(
                f"{file}: changed since this run was planned; expected the version of the plan:"
                " run snakemake again."
            )


def check_imported(folders: Folders, planned: Mapping[str, str]) -> None:
    """Raise :class:`StudyError` if this process has imported anything but what was planned.

    To be asked once the architecture is built: a backend takes seconds to import, in which a source
    may have been edited since :func:`check_sources` saw it. ``planned`` is as there. The tool's own
    code may import what is not planned, as no number depends on that.
    """
    check_sources(folders, planned)
    tool = Path(folders[-1]) / "workflow"
    for path in _imported(folders):
        file = relative_to(folders, path)
        # Of compiled modules, which are not seen, no import is either.
        if path.suffix == ".py" and file not in planned and not path.is_relative_to(tool):
            raise StudyError(
                f"{file}: imported, but by no `import` statement that the plan could read; expected"
                " one, as an edit of this file would train nothing again: import it by its name."
            )


def sources_read(folders: Folders) -> dict[str, str]:
    """Map every file in ``folders`` that this process has imported to its checksum."""
    sources = Sources(folders, kept=KEPT)
    return {relative_to(folders, file): sources.checksum(file) for file in _imported(folders)}


def _imported(folders):
    """Return the files in ``folders`` that this process has imported, sorted.

    A virtual environment may lie there; its packages are not our sources. So it is those among the
    architectures and in the tool's code, and elsewhere those that lie where their names say.
    """
    places = [folder / ARCHITECTURES for folder in with_architectures(folders)]
    places.append(Path(folders[-1]) / "workflow")
    inside = tuple(f"{place}{os.sep}" for place in places)
    modules = places_of_modules(folders)
    found = set()
    for name, module in list(sys.modules.items()):
        if file := getattr(module, "__file__", None):
            file = os.path.normpath(file)
            named = file.removesuffix(".py").removesuffix(f"{os.sep}__init__")
            by_name = [os.path.join(place, *name.split(".")) for place in modules]
            if file.startswith(inside) or named in by_name:
                found.add(Path(file))
    return sorted(found)
