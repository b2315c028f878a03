"""The prepared data: a folder with all that training and reports need of the images.

``data.json`` describes it and is what other code is given. Beside it lie, of each part, the images
in the type they came in, which are memory-mapped and scaled batch by batch, and their labels; and
one file of small arrays. This module alone knows the files. NumPy is imported where arrays are
read: planning has no time for it.
"""

import errno
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bakeoff.errors import StudyError
from bakeoff.files import DAMAGED, pass_on, sha256_of

if TYPE_CHECKING:
    import numpy as np

PARTS = ("train", "validation", "test")
ARRAY_FILES = {
    "per_image": "per_image.npz",
    **{f"{part}_{kind}": f"{part}_{kind}.npy" for part in PARTS for kind in ("images", "labels")},
}
"""The arrays of prepared data, and the names of their files."""

PREPARED_FILES = {"data": "data.json", "made_from": "made_from.txt", **ARRAY_FILES}
"""What prepared data consists of, and the names of its files.

The same for every study, as Snakemake does not compare the params of a job that has an output more
than before. Where the test set validates, those of validation have no images.
"""


@dataclass(frozen=True, eq=False)
class PreparedData:
    """Prepared data: what ``data.json`` says of it, and its arrays as they are asked for.

    ``shape`` is that of an image, (height, width, channels), and ``dtype`` its type at rest;
    ``counts`` maps train, validation and test to their numbers of images; ``validation`` is what
    the config says, ``whole_test_images`` how many images the data set's own test set has.
    ``files`` maps the arrays' files to their SHA-256, ``checksum`` is one over all of it but the
    ``audit``, which is what was found while preparing.
    """

    file: Path
    shape: tuple[int, int, int]
    dtype: str
    class_names: list[str]
    validation: str
    counts: dict[str, int]
    whole_test_images: int
    files: dict[str, str]
    checksum: str
    audit: dict[str, Any]

    @classmethod
    def read(cls, file: str | Path) -> "PreparedData":
        """Read ``data.json``. Raises :class:`StudyError` where it is missing or damaged.

        Where it cannot be opened by now, ``OSError`` is raised.
        """
        try:
            facts = json.loads(Path(file).read_text(encoding="utf-8"))
            return cls(Path(file), **facts | {"shape": tuple(facts["shape"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            pass_on(error)
            raise _unreadable(file, file, error) from error

    @classmethod
    def read_if_whole(cls, file: str | Path) -> "PreparedData | None":
        """Read ``data.json``; return None where it is missing or damaged, which its users say.

        Raises :class:`StudyError` where it cannot be opened: it may be whole, or something else
        stands in its place, which is not the workflow's to remove.
        """
        try:
            return cls.read(file)
        except (OSError, StudyError) as error:
            cause = error.__cause__ if isinstance(error, StudyError) else error
            if not isinstance(cause, OSError) or cause.errno == errno.ENOENT:
                return None
            raise StudyError(
                f"{file}: cannot be opened ({cause.strerror}); expected the prepared data or"
                " nothing: make it readable, or move away what stands in its place, and run again."
            ) from error

    @property
    def made_from(self) -> str | None:
        """What :func:`bakeoff.data.sources.made_from` told of it, None where that is not known.

        In a file of its own: it changes with the dates of image files, and what depends on the
        data is compared with ``data.json``. Data of an earlier version kept it there, or nowhere.
        """
        try:
            text = self.file.with_name(PREPARED_FILES["made_from"]).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return self.audit.get("made_from")
        return text.strip() or None

    @property
    def name(self) -> str:
        """The short name of the data set."""
        return self.file.parent.name

    def images(self, part: str) -> "np.memmap":
        """Return the images of train, validation or test, memory-mapped (n, *shape), as at rest."""
        shape = (self.counts[part], *self.shape)
        return self._array(f"{self._kept(part)}_images", self.dtype, shape)

    def labels(self, part: str) -> "np.ndarray":
        """Return their labels, uint8 (n,), or uint16 where there are more than 256 classes."""
        import numpy as np

        dtype = np.min_scalar_type(len(self.class_names) - 1)
        return np.array(self._array(f"{self._kept(part)}_labels", dtype, (self.counts[part],)))

    def per_image(self, name: str) -> "np.ndarray":
        """Return one of the small arrays.

        ``train_eval_index`` int64 (m,): the sorted indices of the stratified sample of at most
        10,000 training images on which accuracy without dropout is measured. ``test_index`` int64
        (n_test,): each test image's index, from 0, in the data set's own test set.
        ``test_in_train`` bool (n_test,): which test images stand among the training images too,
        pixel for pixel. ``test_groups`` int64 (n_test,), where the data has groups: whom or what
        each test image is of.
        """
        return self._per_image(lambda arrays: arrays[name])

    @property
    def group_name(self) -> str | None:
        """What the groups are, such as "patient", where the data says so."""
        return self.audit.get("groups", {}).get("name")

    @property
    def divided(self) -> int:
        """The number of test images whose group has training images too."""
        return self.audit.get("groups", {}).get("test_images_of_training_groups", 0)

    def test_groups(self) -> "np.ndarray | None":
        """Return the number of each test image's group, int64 (n_test,), where the data has any."""
        return self._per_image(lambda arrays: arrays.get("test_groups"))

    def _per_image(self, read):
        import numpy as np

        file = self.file.with_name(ARRAY_FILES["per_image"])
        try:
            with np.load(file) as arrays:
                return read(arrays)
        except DAMAGED as error:
            pass_on(error)
            raise _unreadable(file, self.file, error) from error

    def check(self) -> None:
        """Raise :class:`StudyError` where a file is not the one that was written."""
        for name, checksum in self.files.items():
            file = self.file.with_name(name)
            try:
                found = sha256_of(file)
            except OSError as error:
                pass_on(error)
                raise _unreadable(file, self.file, error) from error
            if found != checksum:
                raise _unreadable(file, self.file, f"its SHA-256 is not that of {self.file.name}")

    def _kept(self, part):
        """Return the part under whose name a part's images lie."""
        return "test" if part == "validation" and self.validation == "test" else part

    def _array(self, name, dtype, shape):
        import numpy as np

        file = self.file.with_name(ARRAY_FILES[name])
        try:
            array = np.load(file, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            pass_on(error)
            raise _unreadable(file, self.file, error) from error
        if (array.dtype, array.shape) != (dtype, shape):
            found = f"holds {array.dtype} {array.shape}, and not {dtype} {shape}"
            raise _unreadable(file, self.file, found)
        return array


def white_of(dtype: "np.dtype") -> float:
    """Return the value that stands for 1 in images of a type: 255, 65535, or 1 for floats."""
    import numpy as np

    return 1.0 if dtype == np.float32 else float(np.iinfo(dtype).max)


def scaled(images: "np.ndarray") -> "np.ndarray":
    """Return images as float32 from 0 to 1, of any shape: uint8, uint16, or float32 as they are.

    Divided in float32, so that each value has the bits that it has everywhere else.
    """
    import numpy as np

    if images.dtype == np.float32:
        return np.asarray(images)
    return np.divide(np.asarray(images), white_of(images.dtype), dtype=np.float32)


def _unreadable(file, data_file, error):
    return StudyError(
        f"{file}: cannot be read ({error}); expected the prepared data: delete the folder"
        f" {Path(data_file).parent} and run snakemake again, which prepares it anew."
    )
