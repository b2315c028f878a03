"""Fetching a data set's files from the first mirror that has them whole and right."""

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from pooch import HTTPDownloader
from tqdm import tqdm
from urllib3.exceptions import IncompleteRead

from bakeoff.data.checksums import checksum_of_file, has_checksum, kind_of
from bakeoff.errors import ConfigError
from bakeoff.files import write_atomically
from bakeoff.joblog import console, say

# HTTP statuses after which the same request may well succeed a little later.
_PASSING = {408, 429, 500, 502, 503, 504}
_LONGEST_PAUSE = 10  # seconds


class MirrorError(Exception):
    """What came back from a mirror instead of the file, in a few words.

    ``passing`` tells whether asking the same mirror again may help, ``other_file`` whether it
    was a file with another checksum.
    """

    def __init__(self, outcome: str, passing: bool, other_file: bool = False):
        super().__init__(outcome)
        self.passing = passing
        self.other_file = other_file


def download_files(
    checksums: Mapping[str, str],
    mirrors: Sequence[str],
    folder: str | Path,
    attempts: int,
    timeout: float,
) -> None:
    """Fetch each file named in ``checksums`` into ``folder``, whole and right or not at all.

    ``checksums`` maps file names to what :func:`bakeoff.data.checksums.checksums_of` returns.
    ``mirrors`` are base addresses (``http``, ``https``, ``file``) or local folders. They are asked
    in this order, except that the one that gave a file is the first to be asked for the next, so
    that a dead mirror is waited for once and not once per file. Each is asked up to ``attempts``
    times where a failure may pass; ``timeout`` is in seconds, for the connection and for each wait
    for more data. A file that is already there with the right checksum is not fetched again.

    Raises :class:`bakeoff.errors.ConfigError` when no mirror gives a file.
    """
    for name, expected in checksums.items():
        path = Path(folder) / name
        if path.is_file() and has_checksum(path, expected):
            say(f"{name}: already there")
            continue
        giver = _download_file(name, expected, mirrors, path, attempts, timeout)
        mirrors = sorted(mirrors, key=lambda mirror: mirror != giver)


def _download_file(name, expected, mirrors, path, attempts, timeout):
    """Return the mirror that gave the file; raise :class:`ConfigError` when none does."""
    outcomes, other_file = [], True
    for mirror in mirrors:
        for attempt in range(1, attempts + 1):
            try:
                _fetch(mirror, name, expected, path, timeout)
            except MirrorError as error:
                last, outcome = error, f"{mirror}: {error}"
                say(f"{name}: {outcome} (attempt {attempt} of {attempts})")
                if not error.passing or attempt == attempts:
                    break
                time.sleep(min(attempt, _LONGEST_PAUSE))
            else:
                say(f"{name}: {path.stat().st_size:,} bytes from {mirror}")
                return mirror
        outcomes.append(outcome)
        other_file = other_file and last.other_file
    another = (
        "name another mirror in data.mirrors, or a local folder that holds the files, or run"
        " the offline demo, which downloads nothing: make demo"
    )
    if other_file:
        raise ConfigError(
            f"data.{kind_of(expected)}.{name}",
            f"no mirror gave a file with this checksum ({'; '.join(outcomes)}); expected one that"
            " does: if the file they gave is the one that is meant, give its checksum here;"
            f" otherwise {another}.",
        )
    raise ConfigError(
        "data.mirrors",
        f"no mirror gave {name} whole and right ({'; '.join(outcomes)}); expected one that does:"
        f" {another}.",
    )


def _fetch(mirror, name, expected, path, timeout):
    """Bring one file from ``mirror`` to ``path``; raise :class:`MirrorError` if that fails."""
    with write_atomically(path) as temporary:
        if mirror.startswith(("http://", "https://")):
            _fetch_over_http(f"{mirror.rstrip('/')}/{name}", temporary, timeout)
        else:
            _fetch_from_folder(_folder(mirror), name, temporary)
        kind, _, digits = expected.partition(":")
        found = checksum_of_file(temporary, kind)
        if found != expected:
            size = temporary.stat().st_size
            raise MirrorError(
                f"wrong {kind}, expected {digits}, got {found.partition(':')[2]} ({size:,} bytes)",
                passing=True,
                other_file=True,
            )


def _fetch_over_http(address, path, timeout):
    # pooch asks for the truth value of the bar, which tqdm has only with a total; pooch then
    # sets the right one. A disable of None draws on terminals only.
    bar = tqdm(
        total=1,
        desc=address.rsplit("/", 1)[-1],
        unit="B",
        unit_scale=True,
        leave=False,
        disable=None,
        file=console(),
    )
    download = HTTPDownloader(
        progressbar=bar,
        chunk_size=2**16,
        timeout=timeout,
        # Compressed once more on its way, the file would come without its length.
        headers={"Accept-Encoding": "identity"},
    )
    with bar:
        try:
            download(address, str(path), pooch=None)
        except requests.HTTPError as error:
            status = error.response.status_code
            reason = f"HTTP status {status} {error.response.reason}".strip()
            raise MirrorError(reason, passing=status in _PASSING) from error
        except (requests.RequestException, ValueError) as error:
            raise MirrorError(_describe(_root(error), timeout), passing=True) from error


def _root(error):
    """Return the first of a chain of exceptions, the one that says what happened."""
    while error.__context__ is not None:
        error = error.__context__
    return error


def _describe(error, timeout):
    if isinstance(error, TimeoutError):
        return f"timed out after {timeout:g} s without an answer"
    if isinstance(error, IncompleteRead):
        return f"truncated, {error.partial:,} of {error.partial + error.expected:,} bytes came"
    return " ".join(str(getattr(error, "strerror", None) or error).split())


def _folder(mirror):
    if mirror.startswith("file://"):
        return Path(url2pathname(urlsplit(mirror).path))
    return Path(mirror).expanduser()


def _fetch_from_folder(folder, name, path):
    if not folder.is_dir():
        raise MirrorError(f"no such folder ({folder.absolute()})", passing=False)
    try:
        shutil.copyfile(folder / name, path)
    except FileNotFoundError as error:
        raise MirrorError("the folder does not hold this file", passing=False) from error
    except OSError as error:
        raise MirrorError(error.strerror, passing=False) from error
