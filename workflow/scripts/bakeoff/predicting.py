"""What a trained model says of image files: ``python workflow/scripts/predict.py RUN IMAGE …``."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bakeoff.data.decode import check_values, decode_files, open_image
from bakeoff.data.prepared import PreparedData, scaled
from bakeoff.describe import KERAS_ALONE
from bakeoff.errors import StudyError, cause_of
from bakeoff.importing import unneeded_left_out
from bakeoff.joblog import print_escaped
from bakeoff.study.folders import ARCHITECTURES, Folders, absolute, find, shown_path
from bakeoff.study.readers import (
    data_set_of,
    given_arguments,
    read_description,
    read_trained,
)
from bakeoff.study.sources import Sources

if TYPE_CHECKING:
    # Not before its backend is named.
    import keras

_TOOL = Path(__file__).parents[3]
_MOST_SAID = 3


def read_images(
    files: Sequence[str | Path], shape: Sequence[int], invert: bool = False, **image: str
) -> np.ndarray:
    """Return image files as a model takes them: float32 (n, height, width, channels), 0 to 1.

    They are read as a study's own are: turned upright, flattened, made grey where ``shape`` has
    one channel, and brought to its size. ``image`` has ``fit`` and ``background`` of the config's
    where they are not the usual, and the ``dtype`` of the study's: of uint8, grey images of 16 bits
    are rounded as they were among others. ``invert`` makes black white. Raises
    :class:`StudyError` for a file that is no image of 8 or 16 bits.
    """
    for file in files:
        try:
            with open_image(file) as opened:
                check_values(opened)
                opened.load()
        # Decoders raise what they like.
        except Exception as error:
            raise StudyError(
                f"{file}: {error}; expected an image file that Pillow reads, of 8 or 16 bits:"
                " correct the path, or save the image so."
            ) from error
    height, width, channels = shape
    settings = {"height": height, "width": width, "channels": channels} | image
    pixels = []
    with tempfile.TemporaryDirectory() as scratch:
        # One by one, as each has a depth of its own.
        for file in map(Path, files):
            wanted = {"image": settings, "unreadable": "refuse"}
            found = decode_files(file.parent, [file.name], wanted, scratch)
            pixels.append(scaled(np.array(found.images)))
    images = np.concatenate(pixels)
    return 1 - images if invert else images


def load(run: Path, card: Mapping[str, Any], data: PreparedData, *places: Folders) -> "keras.Model":
    """Return the model of the folder of a ``run``, with the backend that it was trained with.

    ``card`` is what :func:`bakeoff.study.readers.read_trained` returns. Where it takes the
    architecture's file, that is taken of the first of ``places`` in which it means what it meant
    when the run was trained. Raises :class:`StudyError` where there is none, where the model's
    description is damaged, and where its file does not load.
    """
    description = read_description(run.parent / "description.json", card["model"])
    alone = description["loads_with"] == KERAS_ALONE
    folders = None if alone else _as_trained(run, card, places)
    os.environ["KERAS_BACKEND"] = card["backend"]
    # On standard error, TensorFlow says on its import what GPUs it found, whatever its level.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _silent(), unneeded_left_out(card["backend"]):
        import keras

    path = run / "model.keras"
    if folders is None:
        with _in_one_line(path):
            return keras.models.load_model(path, compile=False)
    from bakeoff.describe.saving import load_with_file

    keras.config.set_dtype_policy(card["precision"])
    name, arguments = card["architecture"], given_arguments(card)
    with _in_one_line(path):
        return load_with_file(path, folders, name, data.shape, len(data.class_names), arguments)


def _as_trained(run, card, places):
    """Return those of ``places`` whose architecture files are those that a run was trained with.

    Weights that fit an edited architecture are loaded into it without a word.
    """
    trained = {
        file: checksum
        for file, checksum in card["sources"].items()
        # What the architecture imports of the study's own may lie anywhere in its folder.
        if not file.startswith("workflow/scripts/")
    }
    absent, changed = [], []
    for folders in places:
        sources = Sources(folders)
        found = {file: find(folders, file) for file in trained}
        missing = [file for file, path in found.items() if not path.is_file()]
        if missing:
            absent += missing
            continue
        edited = [path for file, path in found.items() if sources.checksum(path) != trained[file]]
        if not edited:
            return folders
        changed += edited
    if changed:
        raise StudyError(
            f"{shown_path(changed[0])}: changed since {run} was trained; expected that version, as"
            " its model.keras does not load without: put it back, or run snakemake, which trains"
            " anew what has changed."
        )
    raise StudyError(
        f"{run}: its model.keras does not load without {absent[0]}, which is not in the folder"
        " of its study; expected the version that it was trained with: run this in the folder"
        f" that holds {ARCHITECTURES}/."
    )


@contextmanager
def _in_one_line(path: Path) -> Iterator[None]:
    """Raise as :class:`StudyError` what Keras makes of a file that does not load."""
    try:
        # Of one that may not be read, Keras says that there is none.
        with path.open("rb"):
            yield
    # Not the file's fault.
    except (StudyError, PermissionError, MemoryError):
        raise
    # Keras and HDF5 raise what they like.
    except Exception as error:
        raise StudyError(
            f"{path}: does not load: {cause_of(error)}; expected it as it was saved, with the"
            " versions that its card names: put back what has changed since, or delete it and run"
            " again; that run is repeated."
        ) from error


@contextmanager
def _silent():
    """Drop what native libraries print on standard error; exceptions come all the same."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def predict(run: Path, files: Sequence[str], **how: Any) -> list[str]:
    """Return a line an image: the likeliest classes, with their probabilities.

    ``run`` is the folder of a finished run, ``how`` is as :func:`read_images` has it. Raises
    :class:`StudyError` for what is not there.
    """
    try:
        dataset = data_set_of(run / "card.json")
    except OSError as error:
        raise StudyError(
            f"{run}: no card.json that can be read; expected the folder of a finished run, such as"
            " results/models/model_01/seed_0: correct the path."
        ) from error
    named, (run, file) = run, _in_its_study(run, dataset)
    data = PreparedData.read(file)
    card = read_trained(run / "card.json")
    if card["dataset"]["checksum"] != data.checksum:
        raise StudyError(
            f"{file}: changed since {named} was trained; expected the images and classes that it"
            " knows: put back what the config said of them, or run snakemake, which trains it anew."
        )
    # As the study's own were read, unless it is given.
    own: dict[str, Any] = {"dtype": data.dtype}
    own |= {name: data.audit[name] for name in ("fit", "background") if name in data.audit}
    given = {name: value for name, value in how.items() if value is not None}
    images = read_images(files, data.shape, **own | given)
    model = load(run, card, data, *_places(run))
    probabilities = model.predict(images, verbose=0)
    return [
        f"{file}: {_said(row, data.class_names)}"
        for file, row in zip(files, probabilities, strict=True)
    ]


def _in_its_study(run, dataset):
    """Return the folder of a run among the results of its study, and the data that lies there.

    It may be named from within, and it or the folder of models may be a link.
    """
    missing = []
    places = [absolute(run), os.path.realpath(run)]
    # Where `..` stays in it, as a link stands before that, the way up is not told by its text.
    for place in [place for place in places if ".." not in Path(place).parts]:
        results = os.path.normpath(os.path.join(place, "../../.."))
        needed = [
            Path(results, "data", dataset, "data.json"),
            Path(place).parent / "description.json",
        ]
        absent = [file for file in needed if not file.is_file()]
        if not absent:
            return Path(place), needed[0]
        missing += absent
    raise StudyError(
        f"{run}: there is no {missing[0]}; expected a run in the results of its study, where both"
        " its data and its model are described: name it there, or copy all of results."
    )


def _places(run):
    """Return where the architectures of a run's study may lie: above its results, or here."""
    near = [folder for folder in [*run.parents, Path.cwd()] if (folder / ARCHITECTURES).is_dir()]
    return [list(dict.fromkeys([folder, _TOOL])) for folder in [*dict.fromkeys(near), _TOOL]]


def _said(probabilities, names):
    likeliest = np.argsort(-probabilities, kind="stable")[:_MOST_SAID]
    return ", ".join(f"{names[place]} ({probabilities[place]:.2%})" for place in likeliest)


def main(arguments: Sequence[str]) -> None:
    """Print what the model of a run says of the images that ``arguments`` name."""
    parser = argparse.ArgumentParser(
        prog="predict.py", description="What a trained model says of image files."
    )
    parser.add_argument("run", type=Path, help="such as results/models/model_01/seed_0")
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--fit", choices=["stretch", "crop", "pad"], help="to the data's size")
    parser.add_argument("--background", help="under transparency and padding, such as white")
    parser.add_argument("--invert", action="store_true", help="dark on light, to light on dark")
    options = parser.parse_args(arguments)
    print_escaped()
    how = {name: getattr(options, name) for name in ("fit", "background", "invert")}
    try:
        print(*predict(options.run, options.images, **how), sep="\n", flush=True)
    except StudyError as error:
        sys.exit(str(error))
    except BrokenPipeError:
        # Whoever reads has enough, as with `| head`. Python would write the rest when it is left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        sys.exit(
            f"{error.filename or options.run}: {error.strerror or error}; expected the files of a"
            " study, which can be read: make them readable, or correct the path."
        )
