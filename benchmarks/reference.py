"""Keep a finished study in docs/reference/, bring its runs back, or make its page anew.

    .venv/bin/python benchmarks/reference.py keep RESULTS
    .venv/bin/python benchmarks/reference.py restore RESULTS
    .venv/bin/python benchmarks/reference.py remake [--mirror URL]

`--folder docs/examples/better_recipe` keeps it there instead; the study is that of the folder's own
config.

RESULTS is a results tree whose page was made with `show_images: false`, as this repository holds
nothing of MNIST. `keep` copies page, text, tables and some figures, and puts all runs into one
file, runs.zip: the models' descriptions, and of each run its card, its history and its predictions,
without the labels (they come with MNIST) and with 16 of 24 significant bits, about five decimals,
so that they stay small. `restore` puts the runs into a results tree in which the images are
prepared: the labels are theirs. `remake`, after a change of numbers, words, pictures or page,
prepares MNIST, restores the runs and makes everything of them anew, without training.
"""

import argparse
import io
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "tests" / "builders")]

from bakeoff.data.prepared import PreparedData  # noqa: E402
from fabricated_study import mark_as_planned  # noqa: E402

REFERENCE = ROOT / "docs" / "reference"
STUDY = ROOT / "benchmarks" / "gpu" / "studies" / "study.yaml"
"""The study that is kept."""
TEXTS = ("report.html", "conclusions.md", "summary.csv", "runs.csv", "analysis.json")
FIGURES = (
    "accuracy_forest",
    "accuracy_multiply_adds",
    "comparisons",
    "loss_overlay",
    "loss_overview",
    "power",
    "reliability",
    "seeds",
)
"""Of the last ones, a study has "seeds" if these were given where they decide, else "power"."""
DROPPED_BITS = 8
"""Of the 24 significant bits of a probability, those that are not kept."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for command in (keep, restore, remake):
        parsed = commands.add_parser(command.__name__, help=command.__doc__)
        if command is remake:
            parsed.add_argument("--mirror", metavar="URL", help="where MNIST comes from")
        else:
            parsed.add_argument("results", type=Path, metavar="RESULTS", help="a results tree")
        parsed.add_argument("--folder", type=Path, default=REFERENCE, help="where it is kept")
        parsed.set_defaults(command=command)
    chosen = vars(parser.parse_args())
    chosen.pop("command")(**chosen)


def keep(results, folder):
    """Copy what others may read, and put the runs into one file."""
    keep_page(results, folder)
    pack_runs(results, folder)


def keep_page(results, folder):
    """Copy what others may read, but for the runs."""
    page = results / "report.html"
    if not page.is_file():
        sys.exit(f"{page}: missing; expected a study whose report is made")
    if "data:image/png" in page.read_text():
        sys.exit(f"{page}: shows images; expected a page made with show_images: false")
    folder.mkdir(parents=True, exist_ok=True)
    for name in TEXTS:
        shutil.copyfile(results / name, folder / name)
    for name in FIGURES:
        if (figure := results / "figures" / f"{name}.svg").is_file():
            shutil.copyfile(figure, folder / figure.name)


def pack_runs(results, folder):
    """Put descriptions, cards, histories and shortened predictions into the folder's runs.zip."""
    with zipfile.ZipFile(folder / "runs.zip", "w", zipfile.ZIP_LZMA) as kept:
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
    print(f"{folder / 'runs.zip'}: {(folder / 'runs.zip').stat().st_size / 1e6:.1f} MB")


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


def restore(results, folder):
    """Put the runs of runs.zip into a results tree with prepared images."""
    data = next(iter(sorted((results / "data").glob("*/data.json"))), None)
    if data is None:
        sys.exit(
            f"{results / 'data'}: no prepared images; expected those of the study: run `snakemake"
            " --until prepare_data` first"
        )
    labels = PreparedData.read(data).labels("test")
    with zipfile.ZipFile(folder / "runs.zip") as kept:
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


def remake(folder, mirror=None):
    """Make the kept page anew of the kept runs, without training."""
    if (folder / "config").is_dir():
        folder = folder.resolve()
        results, study = folder / "results", ("--directory", folder)
        config = yaml.safe_load((folder / "config" / "config.yaml").read_text())
    else:
        config = yaml.safe_load(STUDY.read_text())
        results = ROOT / config["pathvars"]["results"]
        study = ("--configfile", STUDY.relative_to(ROOT))
    command = [
        *(sys.executable, "-m", "snakemake", "--quiet", "--cores", "all", "--rerun-incomplete"),
        *study,
        *(["--config", f"data={{mirrors: [{mirror!r}]}}"] if mirror else []),
    ]
    subprocess.run([*command, "--until", "prepare_data"], cwd=ROOT, check=True)
    restore(results, folder)
    # They were trained by the code of their day, which is not what is planned now.
    if (folder / "config").is_dir():
        mark_as_planned(folder, tool=ROOT)
    else:
        mark_as_planned(ROOT, STUDY)
    # Without the other rules, what these would make is taken as it is.
    rules = ("all", "collect_results", "write_conclusions", "render_report")
    rules += ("plot_loss_curves", "plot_findings", "plot_tradeoffs", "write_paper")
    if "looks" in config["study"].get("seeds", ()):
        rules += ("decide_look",)
    subprocess.run([*command, "--forceall", "--allowed-rules", *rules], cwd=ROOT, check=True)
    # Not the runs, which say here what they were not trained as.
    keep_page(results, folder)


if __name__ == "__main__":
    main()
