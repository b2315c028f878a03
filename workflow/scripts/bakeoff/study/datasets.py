"""Data sets that a file describes, and what a study was given of another data set than its own.

``data.dataset: mnist`` names ``datasets/mnist.yaml``, beside one of the study's config files or in
the repository's ``config``. What that file's ``data`` section gives lies under what the study
gives. The same file laid over a study with ``--configfile`` gives its other sections as well.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.data.checksums import KINDS, checksums_of, kind_of
from bakeoff.data.sources import (
    BUNDLED,
    OF_IDX,
    OF_IMAGE_FILES,
    OF_TABLES,
    ROLES,
    WITH_TEST,
    WITHOUT_SPLIT,
    roles_of,
    settings_of_source,
)
from bakeoff.errors import StudyError
from bakeoff.study.config_files import (
    ABSENT,
    ConfigFile,
    ConfigFiles,
    NamedFiles,
    look_up,
)
from bakeoff.study.folders import shown_path

_DATASET = ("data", "dataset")
# Settings that say what a data set's files are, and fit no other's.
_OF_ONE_SET = ("source", "path", "image", "columns", "group", "transposed", "note", "disputed_note")

Fault = tuple[tuple[str, ...], str, str | None]
"""A key, what is wrong there, and the file to mend it in: None for the one that the key is in."""


class DataSets(NamedFiles):
    """The data sets that files describe, as a study sees them: those in folders ``datasets``."""

    def __init__(self, config_files: Sequence[str | Path], root: str | Path) -> None:
        super().__init__(config_files, root, "datasets")

    def source(self, name: object) -> ConfigFile | None:
        """Return the ``data`` section of the file on the data set ``name``, None without a file.

        Raises :class:`StudyError` where the file is no such description.
        """
        file = self.file(name)
        return None if file is None else _description(file, str(name))

    def place(self, name: str) -> str:
        """Return the path of a file on the data set ``name`` in the study's own folder."""
        return shown_path(self.own / f"{name}.yaml")


def _description(file: Path, name: str) -> ConfigFile:
    source = ConfigFile(file, section="data")
    if not isinstance(source.value.get("data"), dict):
        raise StudyError(
            f"{source.name}: data: missing; expected what describes the data set {name}: add a"
            " section `data:` as config/datasets/mnist.yaml has it."
        )
    given = look_up(source.value, _DATASET)
    if given not in (ABSENT, name):
        raise StudyError(
            f"{source.name}: data.dataset: {given!r}; expected {name}, as the file is called:"
            " change one of the two."
        )
    return source


def laid_over(value: Any, below: Any) -> Any:
    """Return ``value`` with all that it does not give taken from ``below``, as overlays are merged.

    Mappings are merged; anything else is replaced as a whole.
    """
    if isinstance(value, Mapping) and isinstance(below, Mapping):
        return {
            key: laid_over(value[key], below.get(key)) if key in value else below[key]
            for key in [*below, *(key for key in value if key not in below)]
        }
    return value


def fill_in(data: dict[str, Any], sources: ConfigFiles) -> None:
    """Fill in what a schema cannot: the title, and its own checksums alone, in small letters."""
    data.setdefault("title", data["dataset"])
    data.setdefault("classes", None)
    for kind in KINDS:
        data[kind] = {
            file: checksum.lower()
            for file, checksum in data[kind].items()
            if _owner_of_checksum(file, sources) == data["dataset"]
        }


def faults_of_data_set(
    data: Mapping[str, Any], sources: ConfigFiles, known: DataSets
) -> Iterator[Fault]:
    """Yield a fault for all that a data set lacks, or was given of another one.

    ``data`` is the config's section of that name, its form checked and filled in.
    """
    if not any(_given(("data", key), sources) for key in ("classes", "path", *KINDS)):
        yield _DATASET, _unknown(data["dataset"], known), None
        return
    yield from _faults_of_description(data, sources)
    yield from _faults_of_settings(data)
    if data["source"] == "idx" and data["classes"] is None:
        yield _lacking("classes", "the names of its classes, in the order of their labels", sources)
    if data["source"] == "bundled":
        if data["path"] not in BUNDLED:
            fault = (
                f"{data['path']}, with `source: bundled`; expected one of {', '.join(BUNDLED)},"
                " which come with a package: choose one, or another source."
            )
            yield ("data", "path"), fault, None
    elif data["path"] is None:
        yield from _faults_of_files(data, sources)


def _unknown(dataset: str, known: DataSets) -> str:
    """Return what to say of a data set of which nothing is known but its name."""
    names = known.names()
    close = difflib.get_close_matches(dataset, names, n=1)
    meant = f"did you mean {close[0]}?" if close else f"describe it in {known.place(dataset)}."
    return (
        f"{dataset!r} is described nowhere; expected one of {', '.join(names)}, or a data set with"
        f" its classes, mirrors and checksums: {meant}"
    )


def _faults_of_description(data: Mapping[str, Any], sources: ConfigFiles) -> Iterator[Fault]:
    described = {"title": f"{data['title']!r}, the title"}
    described |= {key: f"{data[key]}, that" for key in _OF_ONE_SET if data[key]}
    if data["classes"] is not None:
        described["classes"] = f"{len(data['classes'])} names, those"
    if count := len(data["disputed"]):
        described["disputed"] = f"{count} {'index' if count == 1 else 'indices'}, those"
    for name, what in described.items():
        if (owner := _owner(("data", name), sources)) not in (None, data["dataset"]):
            fault = (
                f"{what} of {owner}; expected what belongs to {data['dataset']}: give it where the"
                " data set is named."
            )
            yield ("data", name), fault, None


def _as_yaml(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _faults_of_settings(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield a fault for a setting that the data set's kind of source does nothing with."""
    settings = OF_IMAGE_FILES | OF_TABLES | OF_IDX | WITHOUT_SPLIT
    known = settings_of_source(data)
    source = f"`source: {data['source']}`"
    if data["path"] in WITH_TEST and data["source"] == "bundled":
        source += f" and `path: {data['path']}`"
    for key, default in settings.items():
        if key not in known and data[key] != default:
            fault = (
                f"{_as_yaml(data[key])} has no effect with {source}; expected"
                f" {_as_yaml(default)}: remove it, or correct the source."
            )
            yield ("data", key), fault, None
    image = data["image"] or {}
    if (image.get("height") is None) != (image.get("width") is None):
        missing = "width" if image.get("width") is None else "height"
        fault = f"without {missing}; expected height and width, or neither: give both."
        yield ("data", "image"), fault, None
    if data["source"] == "folder" and data["group"] is not None:
        try:
            re.compile(data["group"])
        except re.error as error:
            fault = (
                f"{data['group']}: {error}; expected a regular expression that finds the group in"
                " a file's path: correct it."
            )
            yield ("data", "group"), fault, None


def _faults_of_files(data: Mapping[str, Any], sources: ConfigFiles) -> Iterator[Fault]:
    """Yield a fault where a data set lacks addresses or checksums, or would get another one's."""
    dataset, own = data["dataset"], checksums_of(data)
    of_idx = data["source"] == "idx"
    files = f"the four files of {dataset}" if of_idx else f"the file of {dataset}"
    if not any(_given(("data", key), sources) for key in ("mirrors", *KINDS)):
        fault = "missing; expected the folder or file that holds the images: give it, or mirrors"
        yield ("data", "path"), f"{fault} and checksums to download them.", None
        return
    if (owner := _owner(("data", "mirrors"), sources)) != dataset:
        yield _lacking("mirrors", f"addresses or folders that hold {files}", sources, owner)
    try:
        roles = roles_of(own) if of_idx else {}
    except StudyError as error:
        yield ("data", "sha256"), str(error), None
        return
    missing = [role.replace("_", " ") for role in ROLES if of_idx and role not in roles]
    for file in sorted(set(own) - set(roles.values())) if of_idx else []:
        kind = kind_of(own[file])
        fault = (
            "is no IDX file by its name; expected one with train or t10k (or test), and images or"
            " labels, in it: correct it, or remove it."
        )
        yield ("data", kind, file), fault, None
    if missing or not own:
        others = {file for kind in KINDS for file in sources.config["data"].get(kind) or {}}
        wrong = sorted(others - set(own))
        owner = _owner_of_checksum(wrong[0], sources) if wrong else None
        which = f" for {', '.join(missing)}" if 0 < len(missing) < len(ROLES) else ""
        expected = f"the checksums of all {files.removeprefix('the ')}"
        expected = expected if of_idx else f"the checksum of {files}"
        yield _lacking("sha256", expected, sources, owner, which)
    elif not of_idx and len(own) > 1:
        fault = (
            f"{', '.join(sorted(own))}; expected one file with `source: {data['source']}`: name the"
            " archive that holds all of them, or put them into a folder and name it in data.path."
        )
        yield ("data", "sha256"), fault, None


def _lacking(
    key: str, expected: str, sources: ConfigFiles, owner: str | None = None, which: str = ""
) -> Fault:
    """Return the fault that ``key`` is missing, or is the data set's that is called ``owner``."""
    what = "what `sha256sum *.gz` prints" if key == "sha256" else "them"
    # A file that describes the data set comes before all that goes over it.
    description = next((file.name for file in sources.files if file.section == "data"), None)
    where = "described" if description else "named"
    fault = (
        f"{f'those of {owner}' if owner else 'missing'}{which}; expected {expected}: give {what}"
        f" where the data set is {where}."
    )
    return ("data", key), fault, description or sources.origin(_DATASET)


def _owner_of_checksum(file: str, sources: ConfigFiles) -> str | None:
    """Return whose checksum a file has: of the kinds, the one that counts is the first given."""
    owners = (_owner(("data", kind, file), sources) for kind in KINDS)
    return next((owner for owner in owners if owner is not None), None)


def _given(key: Iterable[str], sources: ConfigFiles) -> bool:
    return look_up(sources.config, tuple(key)) is not ABSENT


def _owner(key: tuple[str, ...], sources: ConfigFiles) -> str | None:
    """Return the data set that was named when ``key`` had the last word, None if nothing gave it.

    What no file gives, but the command line does, is meant for the study's own data set.
    """
    if not _given(key, sources):
        return None
    own = look_up(sources.config, _DATASET)
    if sources.origin(key) == sources.elsewhere:
        return own
    owner = named = None
    for file in sources.files:
        found = look_up(file.value, _DATASET)
        named = named if found is ABSENT else found
        if look_up(file.value, key) is not ABSENT:
            owner = named or own
    return owner
