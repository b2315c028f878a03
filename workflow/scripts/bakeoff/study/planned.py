"""What a command was planned with, for the processes of its jobs on a cluster.

Each of these evaluates the workflow again, perhaps hours later, when config or sources may have
been edited for the next study. So a command leaves what it was planned with in a file, and its jobs
take the config from there: they train what was planned. A source cannot be had back; a job whose
sources have changed stops (:func:`bakeoff.study.identity.check_sources`).
"""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.errors import StudyError
from bakeoff.files import write_atomically
from bakeoff.study.settings import identity_of_description, identity_of_run
from bakeoff.study.sources import Found, Sources

PLANNED = "BAKEOFF_PLANNED"
"""Names the file for the processes of a command's jobs, which have its environment."""

_FOLDER = Path(".snakemake")
_NAME = "bakeoff-planned-"
# Jobs that outlive their command may wait in a queue for long.
_KEPT_SECONDS = 60 * 24 * 3600


class Planned(NamedTuple):
    """The checked ``config`` of a command, and what its ``sources`` were by then.

    The latter is what :attr:`bakeoff.study.sources.Sources.found` holds.
    """

    config: dict[str, Any]
    sources: Found


def read_sources(config: Mapping[str, Any], sources: Sources) -> None:
    """Read what the models of a checked config are made of, once for each architecture.

    By then, what is planned is known, and a source that does not parse: :class:`StudyError`.
    """
    models = {config["models"][key]["architecture"]: key for key in config["study"]["models"]}
    for model in models.values():
        identity_of_run(config, sources, model, 0)
        identity_of_description(config, sources, model)


def keep_planned(config: Mapping[str, Any], sources: Found) -> None:
    """Leave what a command was planned with to its jobs, and remove what is long out of date.

    A folder that cannot be written to is none to leave it in: a job then goes by what it finds.
    """
    text = json.dumps({"config": config, "sources": sources})
    # Commands may run side by side in one folder, with Snakemake's lock left out.
    file = _FOLDER / f"{_NAME}{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    with suppress(OSError):
        with write_atomically(file) as temporary:
            temporary.write_text(text)
        os.environ[PLANNED] = str(file.absolute())
        for other in _FOLDER.glob(f"{_NAME}*.json"):
            if time.time() - other.stat().st_mtime > _KEPT_SECONDS:
                other.unlink()


def read_planned() -> Planned | None:
    """Return what the command of this job was planned with, None where that is not known.

    Raises :class:`StudyError` for a damaged file.
    """
    file = os.environ.get(PLANNED)
    if file is None or not Path(file).is_file():
        return None
    try:
        held = json.loads(Path(file).read_text())
        sources = [(entry, tuple(within), files) for entry, within, files in held["sources"]]
        return Planned(dict(held["config"]), sources)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError(
            f"{file}: cannot be read ({error}); expected what this job was planned with: run"
            " snakemake again."
        ) from error


def forget_planned() -> None:
    """Remove what was left for the jobs of this command, which have all ended."""
    if file := os.environ.pop(PLANNED, None):
        Path(file).unlink(missing_ok=True)
