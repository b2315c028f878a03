"""Preparing the data: the pipeline's step against a few lines of NumPy that do no more than that.

Both read MNIST's four files and write their arrays, in this process.
"""

import contextlib
import gzip
import io
import time
from pathlib import Path

import numpy as np
import yaml

from measuring import interleaved, ratio_of_medians, table

TITLE = "Preparing the data"
ROOT = Path(__file__).parents[1]
FILES = {
    f"{part}_{kind}": ROOT / "resources" / "mnist" / f"{name}-{end}-ubyte.gz"
    for part, name in (("train", "train"), ("test", "t10k"))
    for kind, end in (("images", "images-idx3"), ("labels", "labels-idx1"))
}


def settings():
    """Return what config/config.yaml says of the data, with all defaults."""
    from bakeoff.study.config import read_config

    file = ROOT / "config" / "config.yaml"
    return read_config(yaml.safe_load(file.read_text()), [file], [ROOT])["data"]


def prepare(data, files, folder):
    """Do what the step does, in silence."""
    from bakeoff.data.checksums import checksums_of
    from bakeoff.data.preparing import write_prepared
    from bakeoff.data.reading import open_source

    with (
        contextlib.redirect_stdout(io.StringIO()),
        open_source(data, files, folder, checksums_of(data)) as source,
    ):
        write_prepared(source, data, folder / "mnist" / "data.json", data["disputed"])


def measure(folder):
    """Return the seconds of every turn of both."""
    data = settings()

    def pipeline():
        prepare(data, list(FILES.values()), folder)

    def a_few_lines():
        arrays = {}
        for part in ("train", "test"):
            content = gzip.decompress(FILES[f"{part}_images"].read_bytes())
            images = np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28, 1)
            arrays[f"x_{part}"] = images
            content = gzip.decompress(FILES[f"{part}_labels"].read_bytes())
            arrays[f"y_{part}"] = np.frombuffer(content, np.uint8, offset=8)
        np.savez(folder / "a_few_lines.npz", **arrays)

    found = interleaved({"pipeline": _timed(pipeline), "NumPy": _timed(a_few_lines)})
    print(f"{ratio_of_medians(found, 'pipeline', 'NumPy'):.2f} times NumPy")
    return found


def _timed(function):
    def seconds():
        begun = time.perf_counter()
        function()
        return time.perf_counter() - begun

    return seconds


def describe(measured):
    """Return the section of docs/performance.md."""
    ratio = ratio_of_medians(measured, "pipeline", "NumPy")
    rows = [[name, f"{ratio_of_medians(measured, name, 'NumPy'):.2f}"] for name in measured]
    return "\n\n".join(
        [
            f"To prepare the 70,000 images takes {ratio:.1f} times as long as a few lines of NumPy"
            " that read and save them. The step checks them as well, splits them, looks for test"
            " images among the training images, takes a checksum of what it has written, and sees"
            " the files safely onto the disk. It runs once for all runs.",
            table(["", "times NumPy"], rows),
        ]
    )
