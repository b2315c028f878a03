"""The indices of disputed labels, checked before anything is trained.

A module of its own that imports next to nothing: whatever trains depends on it, and planning has
no time for NumPy.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bakeoff.data.prepared import PreparedData
from bakeoff.errors import ConfigError


def check_disputed(
    disputed: Iterable[int],
    images: int,
    file: str | Path,
    origin: str = "config",
    remedy: str = "correct the index",
) -> None:
    """Raise :class:`ConfigError` where one of ``disputed`` is no index of a whole test set.

    That has ``images`` images and comes from ``file``; ``origin`` is where the indices are given.
    """
    beyond = [index for index in disputed if index >= images]
    if beyond:
        others = f" and {len(beyond) - 1:,} more" * (len(beyond) > 1)
        raise ConfigError(
            "data.disputed",
            f"{beyond[0]}{others}; expected indices from 0 to {images - 1:,}, as there are"
            f" {images:,} test images in {file}: {remedy}.",
            origin,
        )


def check_disputed_of(config: Mapping[str, Any], data: PreparedData | None) -> None:
    """Raise :class:`ConfigError` where a config's ``data.disputed`` does not fit prepared data.

    ``config`` is what :func:`bakeoff.study.config.read_config` returns. Without such data, there is
    nothing to compare with yet.
    """
    if data is None:
        return
    # It may be of an earlier version of the data set, and not be made anew by then.
    remedy = "correct the index, or delete that file if it is of other images"
    origin, images = config["origins"]["data.disputed"], data.whole_test_images
    check_disputed(config["data"]["disputed"], images, data.file, origin, remedy)
