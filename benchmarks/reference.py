"""Keep a finished study in docs/reference/, or bring its runs back.

    .venv/bin/python benchmarks/reference.py keep RESULTS
    .venv/bin/python benchmarks/reference.py restore RESULTS

RESULTS is a results tree whose page was made with `show_images: false`, as this repository holds
nothing of MNIST. `keep` copies page, text, tables and some figures, and puts all runs into one
file, runs.zip: the models' descriptions, and of each run its card, its history and its predictions,
without the labels (they come with MNIST) and with 16 of 24 significant bits, about five decimals,
so that they stay small. `restore` puts the runs into a results tree in which the images are
prepared: the labels are theirs.
"""

import argparse
import io
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
TEXTS = ("report.html", "conclusions.md", "summary.csv", "runs.csv", "analysis.json")
FIGURES = (
    "accuracy_forest",
    "accuracy_multiply_adds",
    "comparisons",
    "loss_overlay",
    "loss_overview",
    "reliability",
)
DROPPED_BITS = 8
"""Of the 24 significant bits of a probability, those that are not kept."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("keep", "restore"))
    parser.add_argument("results", type=Path, metavar="RESULTS", help="a results tree")
    chosen = parser.parse_args()
    {"keep": keep, "restore": restore}[chosen.what](chosen.results)


def keep(results):
    """Copy what others may read, and put the runs into one file."""
    page = results / "report.html"
    if not page.is_file():
        sys.exit(f"{page}: missing; expected a study whose report is made")
    if "data:image/png" in page.read_text():
        sys.exit(f"{page}: shows images; expected a page made with show_images: false")
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in TEXTS:
        shutil.copyfile(results / name, REFERENCE / name)
    for name in FIGURES:
        shutil.copyfile(results / "figures" / f"{name}.svg", REFERENCE / f"{name}.svg")
    with zipfile.ZipFile(REFERENCE / "runs.zip", "w", zipfile.ZIP_LZMA) as kept:
        for described in sorted((results / "models").glob("*/description.json")):
            _add(kept, described.relative_to(results), described.read_bytes())
        for card in sorted((results / "models").glob("*/seed_*/card.json")):
            run = card.parent
            for name in ("card.json", "history.csv"):
                _add(kept, run.relative_to(results) / name, (run / name).read_bytes())
            with np.load(run / "predictions.npz") as predictions:
                shortened = shorten(predictions["probabilities"])
            content = io.BytesIO()
            np.save(content, shortened)
            _add(kept, run.relative_to(results) / "probabilities.npy", content.getvalue())
    print(f"{REFERENCE / 'runs.zip'}: {(REFERENCE / 'runs.zip').stat().st_size / 1e6:.1f} MB")


def _add(archive, name, content):
    # With a date of its own, the same runs would not make the same bytes.
    archive.writestr(zipfile.ZipInfo(str(name)), content, zipfile.ZIP_LZMA)


def shorten(probabilities):
    """Return float32 probabilities ``(images, classes)`` rounded to their first bits.

    What is dropped is at most a part in 2**16, and the class of the highest probability stays: of
    those that have become equal, the first would be taken, so a row in which that is another keeps
    all its bits.
    """
    bits = probabilities.astype(np.float32).view(np.uint32)
    half = np.uint32(1 << (DROPPED_BITS - 1))
    mask = np.uint32(~((1 << DROPPED_BITS) - 1) & 0xFFFFFFFF)
    rounded = ((bits + half) & mask).view(np.float32)
    other = rounded.argmax(axis=1) != probabilities.argmax(axis=1)
    rounded[other] = probabilities[other]
    return rounded


def restore(results):
    """Put the runs of runs.zip into a results tree with prepared images."""
    data = next(iter(sorted((results / "data").glob("*.npz"))), None)
    if data is None:
        sys.exit(
            f"{results / 'data'}: no prepared images; expected those of the study: run `snakemake"
            " --until preprocess_images` first"
        )
    with np.load(data) as images:
        labels = images["y_test"].astype(np.uint8)
    with zipfile.ZipFile(REFERENCE / "runs.zip") as kept:
        for name in kept.namelist():
            file = results / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.name == "probabilities.npy":
                probabilities = np.load(io.BytesIO(kept.read(name)))
                np.savez(
                    file.with_name("predictions.npz"), probabilities=probabilities, labels=labels
                )
            else:
                file.write_bytes(kept.read(name))


if __name__ == "__main__":
    main()
