"""Image files to one array: each file is decoded once, by all cores, into memory of one chunk.

A first pass reads the headers: sizes, modes and depths decide the array's shape and type.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import stat
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageOps
from tqdm import tqdm

from bakeoff import wording as w
from bakeoff.data.labels import shortened
from bakeoff.data.sources import IMAGE
from bakeoff.errors import ConfigError, StudyError
from bakeoff.joblog import console, say

EXTENSIONS = frozenset(
    f".{name}"
    for names in (
        ("png", "jpg", "jpeg", "jpe", "jfif", "bmp", "dib", "gif", "tif", "tiff", "webp"),
        ("ppm", "pgm", "pbm", "pnm", "tga", "jp2", "avif"),
    )
    for name in names
)
"""What the names of image files end in, in small letters."""

_ORIENTATION = 0x0112  # EXIF's tag.
_BITS, _PLANAR = 258, 284  # TIFF's.
_GREY_16 = ("I;16", "I;16B", "I;16L")
_GREY = ("1", "L", "LA", "La")
# With the order of their bytes: BGR;16 is 16 bits a pixel, and those of ;16S have a sign.
_RAW_16, _RAW_SIGNED = re.compile(r";16[BLN]"), re.compile(r";16B?S")
_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_FEW = 256  # files, for which no process is started
_HEADERS = 512  # a task
_TASK_BYTES = 2**22


@dataclass(frozen=True)
class Form:
    """What all images become: height, width and channels (1 or 3), with values of ``dtype``.

    ``fit`` brings an image of another size to this one: ``stretch``, ``crop`` or ``pad``. Alpha is
    flattened onto, and padding filled with, ``background`` (red, green, blue).
    """

    height: int
    width: int
    channels: int
    dtype: str
    fit: str
    background: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of an image."""
        return self.height, self.width, self.channels


@dataclass(frozen=True)
class Decoded:
    """Image files as an array of images, uint8 or uint16 (n, height, width, channels).

    ``rows`` int64 (n,) are the indices of the files that could be read, and ``audit`` is what was
    found, ready for JSON.
    """

    images: np.ndarray
    rows: np.ndarray
    audit: dict[str, Any]


def decode_files(
    root: str | Path,
    names: Sequence[str],
    settings: Mapping[str, Any],
    scratch: str | Path,
    workers: int = 1,
) -> Decoded:
    """Decode the image files ``names`` of the folder ``root`` with ``workers`` processes.

    ``settings`` are the config's ``image``, which may have a ``dtype`` of uint8 as well, where the
    images are to be as others that have 8 bits, and ``unreadable``. The array lies in a file in
    ``scratch``, so that it may be larger than memory. Images are turned upright as their EXIF data
    has it, palettes expanded, alpha flattened, and values of 16 bits scaled to 8 by their depth
    unless all images are grey ones of 16 bits. Raises :class:`StudyError` where files cannot be
    read and are not to be skipped, or where images differ in size and no size is given.
    """
    paths = [str(Path(root) / name) for name in names]
    found = list(_in_processes(_read_headers, _chunks(paths, _HEADERS), workers, "headers"))
    headers = [header for chunk in found for header in chunk]
    form = _form(headers, names, settings["image"] or {})
    images = np.lib.format.open_memmap(
        Path(scratch) / "decoded.npy", "w+", form.dtype, (len(paths), *form.shape)
    )
    size = max(1, _TASK_BYTES // (int(np.prod(form.shape)) * images.itemsize))
    tasks = [(form, chunk) for chunk in _chunks(paths, min(size, _HEADERS))]
    place, outcomes = 0, []
    for pixels, said in _in_processes(_decode_all, tasks, workers, "images"):
        images[place : place + len(pixels)] = pixels
        place += len(pixels)
        outcomes += said
    images.flush()
    failed = [row for row, outcome in enumerate(outcomes) if outcome.error]
    _check_readable(failed, outcomes, names, settings["unreadable"])
    rows = np.delete(np.arange(len(paths), dtype=np.int64), failed)
    audit = _audit([headers[row] for row in rows], [outcomes[row] for row in rows], form)
    audit["unreadable"] = {names[row]: outcomes[row].error for row in failed}
    return Decoded(images, rows, audit)


@dataclass(frozen=True)
class _Header:
    """What a file says of its image; ``error`` where it cannot be read."""

    size: tuple[int, int] = (0, 0)  # height, width
    mode: str = ""
    depth: int = 0
    grey_16: bool = False
    error: str | None = None


@dataclass(frozen=True)
class _Outcome:
    """What was done with a file's image."""

    turned: bool = False
    flattened: bool = False
    resized: bool = False
    frames: bool = False
    error: str | None = None


def _read_headers(paths):
    return [_read_header(path) for path in paths]


def _read_header(path):
    try:
        with open_image(path) as image:
            height, width = image.height, image.width
            # Of a TIFF, Pillow gives the size of what it turns upright by itself.
            if image.format != "TIFF" and _orientation(image) > 4:
                height, width = width, height
            return _Header((height, width), image.mode, _depth(image), _is_grey_16(image))
    # Decoders raise what they like.
    except Exception as error:
        return _Header(error=_reason(error))


def open_image(path: str | Path) -> Image.Image:
    """Return the image of a file, of which nothing but the header has been read.

    Raises ValueError for a pipe, which would be waited for, and what Pillow and the system raise.
    """
    kind = os.stat(path).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise ValueError("no file, but a pipe, a socket or a device")
    return Image.open(path)


def _orientation(image):
    """Return EXIF's number for how an image lies, from 2 on where it is not upright."""
    # Asking a PNG for EXIF would decode it.
    known = image.format != "PNG" or "exif" in image.info
    return image.getexif().get(_ORIENTATION, 1) if known else 1


def _depth(image):
    """Return the bits of one value: of colours, Pillow itself keeps the upper 8 of 16."""
    if image.mode == "1":
        return 1
    raw = _raw_modes(image)
    if _is_grey_16(image) or any(map(_RAW_SIGNED.search, raw)):
        return 16
    if image.mode.startswith(("I", "F")):
        return 32
    if image.format == "PPM" and any(_highest(tile) > 255 for tile in image.tile):
        return 16
    return 16 if any(map(_RAW_16.search, raw)) else 8


def _is_grey_16(image):
    """Tell whether an image, as it was opened, is grey with values from 0 to 65,535."""
    if image.mode == "I":
        # Of no other format has Pillow scaled them to that.
        return image.format == "PPM"
    # FITS has a sign, which Pillow leaves out.
    return image.mode in _GREY_16 and image.format != "FITS"


def _raw_modes(image):
    """Return how the values lie in the file, in Pillow's words, which may be none of a codec."""
    codec_has = [tile[3] if isinstance(tile[3], tuple) else (tile[3],) for tile in image.tile]
    return [has[0] for has in codec_has if has and isinstance(has[0], str)]


def _highest(tile):
    """Return what a PPM says that white is, where Pillow has to scale it."""
    return tile[3][1] if tile[0].startswith("ppm") else 0


def check_values(image: Image.Image) -> None:
    """Raise ValueError for an image, as it was opened, whose values would be read as others."""
    if image.mode.startswith(("I", "F")) and not _is_grey_16(image):
        signed = image.mode in _GREY_16 or any(map(_RAW_SIGNED.search, _raw_modes(image)))
        bits = "16 bits with a sign" if signed else "32 bits"
        raise ValueError(f"values of {bits}, whose range is not known; save 8 or 16 bits from 0 on")
    if image.format == "TIFF" and _in_planes(image):
        raise ValueError("planes of 16 bits, which Pillow takes for 8; save pixel by pixel")


def _in_planes(image):
    """Tell whether a TIFF has one plane of 16 bits after the other, read without libtiff."""
    tags = image.tag_v2
    deep = max(tags.get(_BITS, (8,))) > 8
    return deep and tags.get(_PLANAR) == 2 and any(tile[0] != "libtiff" for tile in image.tile)


def _reason(error):
    if isinstance(error, Image.UnidentifiedImageError):
        return "no image that Pillow knows"
    return " ".join(str(error).split()) or type(error).__name__


def _form(headers, names, image):
    """Return the :class:`Form` of images with such headers; ``image`` is the config's."""
    known = [(header, name) for header, name in zip(headers, names, strict=True) if header.mode]
    if not known:
        raise StudyError(
            f"{names[0]}: {headers[0].error}, and so with all {len(names):,} files; expected images"
            " that can be read: correct data.path, or put whole files there."
        )
    height, width = image.get("height"), image.get("width")
    if height is None:
        height, width = _only_size(known)
    grey = all(header.mode in _GREY or header.grey_16 for header, _ in known)
    channels = image.get("channels") or (1 if grey else 3)
    deep = channels == 1 and all(header.grey_16 for header, _ in known)
    # What one image is read as is told where the study's were, which had others beside it.
    deep = deep and image.get("dtype") != "uint8"
    chosen = IMAGE | image
    background = chosen["background"]
    try:
        colour = ImageColor.getrgb(background)[:3]
    except ValueError as error:
        raise ConfigError(
            "data.image.background",
            f"{background!r} is no colour; expected a name such as white, or #rrggbb: change it.",
        ) from error
    dtype = "uint16" if deep else "uint8"
    return Form(height, width, channels, dtype, chosen["fit"], colour)


def _only_size(known):
    """Return the height and width of all images; raise where they differ."""
    sizes = Counter(header.size for header, _ in known)
    common, count = sizes.most_common(1)[0]
    if len(sizes) > 1:
        others = [f"{name} ({_size(h.size)})" for name, h in _swapped(known) if h.size != common]
        raise ConfigError(
            "data.image",
            f"missing, though {len(others):,} of {len(known):,} images"
            f" {w.plural(len(others), 'is', 'are')} not {_size(common)} as"
            f" the other {count:,}: {shortened(others)}; expected images of one size, or the size"
            f" to bring them to: set it, such as data.image: {{height: {common[0]}, width:"
            f" {common[1]}, fit: crop}}.",
        )
    return common


def _swapped(known):
    return ((name, header) for header, name in known)


def _size(size):
    """Return "28 x 32", height first."""
    return f"{size[0]} x {size[1]}"


def _decode_all(task):
    """Return the images of one task, (n, height, width, channels), and an outcome for each."""
    form, paths = task
    pixels = np.zeros((len(paths), *form.shape), form.dtype)
    outcomes = []
    for row, path in enumerate(paths):
        try:
            outcomes.append(_decode(path, form, pixels[row]))
        # Decoders raise what they like.
        except Exception as error:
            outcomes.append(_Outcome(error=_reason(error)))
    return pixels, outcomes


def _decode(path, form, pixels):
    """Write the image at ``path`` to ``pixels``, in the form's shape and type."""
    with open_image(path) as opened:
        # Some formats tell it only when they are asked for a second frame.
        frames = bool(getattr(opened, "is_animated", False))
        check_values(opened)
        depth, turned = _depth(opened), _orientation(opened) in range(2, 9)
        grey_16 = _is_grey_16(opened)
        opened.load()
        # A PNG may tell it after its pixels.
        turned = turned or _orientation(opened) in range(2, 9)
        image = ImageOps.exif_transpose(opened)
    # A colour of 16 bits that stands for transparent is none that Pillow knows.
    flattened = image.mode in _ALPHA or (depth < 16 and image.has_transparency_data)
    image = _in_one_mode(image, form, grey_16)
    resized = image.size != (form.width, form.height)
    if resized:
        image = _fitted(image, form)
    array = np.asarray(image).reshape(form.shape)
    if form.dtype == "uint16":
        # Resized in floating point.
        array = np.clip(np.rint(array), 0, 65535)
    pixels[...] = array
    return _Outcome(turned, flattened, resized, frames)


def _in_one_mode(image, form, grey_16):
    """Return an image as L or RGB, or F with values up to 65,535 where they have 16 bits."""
    if grey_16:
        values = np.asarray(image).astype(np.float32)
        if form.dtype == "uint16":
            return Image.fromarray(values)
        image = Image.fromarray(np.rint(values / 257).astype(np.uint8))
    elif image.has_transparency_data or image.mode in _ALPHA:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*form.background, 255))
        image = Image.alpha_composite(ground, image)
    return image.convert("L" if form.channels == 1 else "RGB")


def _fitted(image, form):
    size, method = (form.width, form.height), Image.Resampling.BICUBIC
    if form.fit == "crop":
        return ImageOps.fit(image, size, method)
    if form.fit == "stretch":
        return image.resize(size, method)
    fill = Image.new("RGB", (1, 1), form.background)
    if image.mode == "F":
        return ImageOps.pad(image, size, method, color=257 * fill.convert("L").getpixel((0, 0)))
    return ImageOps.pad(image, size, method, color=fill.convert(image.mode).getpixel((0, 0)))


def _check_readable(failed, outcomes, names, unreadable):
    """Raise :class:`StudyError` where files cannot be read and are not to be skipped."""
    if not failed:
        return
    listed = shortened(f"{names[row]} ({outcomes[row].error})" for row in failed)
    if unreadable == "refuse" or len(failed) == len(outcomes):
        raise ConfigError(
            "data.unreadable",
            f"{unreadable}, and {len(failed):,} of {len(outcomes):,} image files cannot be read:"
            f" {listed}; expected whole images: put whole files there, delete them, or leave them"
            " out with data.unreadable: skip.",
        )
    say(f"Left out as they cannot be read, {len(failed):,} of {len(outcomes):,} files: {listed}.")


def _audit(headers, outcomes, form):
    """Return what was found, ready for JSON."""
    sizes = Counter(_size(header.size) for header in headers)
    return {
        "sizes": dict(sizes.most_common()),
        "modes": dict(Counter(header.mode for header in headers).most_common()),
        "depths": {str(bits): n for bits, n in Counter(h.depth for h in headers).most_common()},
        "turned_upright": sum(outcome.turned for outcome in outcomes),
        "flattened": sum(outcome.flattened for outcome in outcomes),
        "background": "#{:02x}{:02x}{:02x}".format(*form.background),
        "resized": sum(outcome.resized for outcome in outcomes),
        "fit": form.fit,
        "first_of_several_frames": sum(outcome.frames for outcome in outcomes),
    }


def _chunks(items, size):
    return [items[start : start + size] for start in range(0, len(items), size)]


def _in_processes(
    function: Callable[[Any], Any], tasks: Sequence[Any], workers: int, unit: str
) -> Iterator[Any]:
    """Yield what ``function`` makes of each task, in order, with a progress bar.

    No more tasks are under way than the workers need, so that what is done and not yet taken stays
    small.
    """
    total = sum(len(task[1]) if isinstance(task, tuple) else len(task) for task in tasks)
    bar = tqdm(total=total, unit=f" {unit}", leave=False, disable=None, file=console())
    with bar:
        for task, result in _results(function, tasks, workers if total > _FEW else 1):
            bar.update(len(task[1]) if isinstance(task, tuple) else len(task))
            yield result


def _results(function, tasks, workers):
    if workers == 1:
        yield from ((task, function(task)) for task in tasks)
        return
    # Forked, a process need not import all of this once more; elsewhere that is not safe.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        waiting: deque = deque()
        for task in tasks:
            waiting.append((task, pool.submit(function, task)))
            if len(waiting) > 2 * workers:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
