"""Make tables and reports of what run.py found on a borrowed GPU.

    .venv/bin/python benchmarks/gpu/unpack.py FOLDER [FOLDER ...]

FOLDER is what run.py filled. Of several, where it was run again for the steps that had been left
out, what a later one holds is taken from that. The runs go to results/gpu/<study>/, from where the
report is made here of the models that have finished; the GPU's section of docs/performance.md is
written anew (of a rehearsal, in results/gpu/performance.md). The data set's files are those of
`pack`.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "workflow" / "scripts")]

from bakeoff import wording as w  # noqa: E402
from measuring import ON_GPU, replace_section, table, title_of  # noqa: E402

STUDIES = ("study", "bfloat16")
NAMES = {"study": "float32, TF32", "bfloat16": "bfloat16"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER", help="what run.py filled"
    )
    folders = parser.parse_args().folders
    run = what_was_run(folders)
    for step in run["steps"]:
        print(f"{step['step']}: {step['status']}, {step['seconds']} s {step['said']}".strip())
    if "gpu" not in run["machine"]:
        sys.exit(f"unpack: {folders[0]}: no GPU was found there, so nothing was trained.")
    images = ROOT / "benchmarks" / "gpu" / "packed" / "images.yaml"
    if not images.is_file():
        sys.exit(f"unpack: {images}: missing; expected what pack.py packs: run it here first.")
    missing = []
    for study in STUDIES:
        archive = newest(folders, f"{study}.zip")
        if archive is None or not make_report(study, archive, run):
            missing.append(study)
    section = "\n\n".join(describe(folders, run))
    document = ROOT / "docs" / "performance.md"
    text = replace_section(document.read_text(), ON_GPU, section)
    if run["rehearsal"]:
        # Its figures are no results, and do not go into the documentation.
        document = ROOT / "results" / "gpu" / "performance.md"
        document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(text)
    print(f"The section {ON_GPU!r} of {document.relative_to(ROOT)} is new.")
    if missing:
        sys.exit(
            f"unpack: no finished runs of {w.listing(missing)}; expected some: see log.txt there."
        )


def what_was_run(folders):
    """Return run.json's content, with how a step went the last time that it was tried."""
    runs = []
    for folder in folders:
        try:
            runs.append(json.loads((folder / "run.json").read_text()))
        except (OSError, ValueError) as error:
            sys.exit(f"{folder / 'run.json'}: {error}; expected the folder that run.py filled")
    for folder, run in zip(folders[1:], runs[1:], strict=True):
        for key in ("machine", "rehearsal"):
            if run[key] != runs[0][key]:
                sys.exit(
                    f"unpack: {folder}: {key}: {run[key]}; expected what {folders[0]} has,"
                    f" {runs[0][key]}: unpack them one by one."
                )
    steps = {step["step"]: step for run in runs for step in run["steps"]}
    return runs[0] | {"steps": list(steps.values())}


def newest(folders, name):
    """Return the file of that name in the last folder that has one, or None."""
    return next((folder / name for folder in folders[::-1] if (folder / name).is_file()), None)


def make_report(study, archive, run):
    """Put a study's runs into its results tree and make its report; tell whether there are any."""
    tree = ROOT / "results" / "gpu" / study
    shutil.rmtree(tree, ignore_errors=True)
    overlays = ["benchmarks/gpu/packed/images.yaml", f"benchmarks/gpu/studies/{study}.yaml"]
    if run["rehearsal"]:
        overlays.append("benchmarks/gpu/studies/rehearsal.yaml")
    settings = ["study={finished_only: true}", f"training={{backend: {run['backend']}}}"]
    with zipfile.ZipFile(archive) as content:
        runs = [name for name in content.namelist() if name.startswith("models/")]
        if not runs:
            return False
        # The data first: the runs have to be younger than what they were trained on.
        data = f"results/gpu/{study}/data/mnist/data.json"
        snakemake(data, "--configfile", *overlays, "--config", settings[1])
        content.extractall(tree, runs)
    report = ["all", "--configfile", *overlays, "--config", *settings]
    if "\nrule train_model:" in snakemake(*report, "--dry-run", "--quiet", "host"):
        sys.exit(
            f"unpack: {archive}: Snakemake would train these runs anew; expected the study and its"
            " training code as they were packed: unpack in a clone of that commit."
        )
    snakemake(*report)
    for name in ("summary.txt", "report.html"):
        print(f"{(tree / name).relative_to(ROOT)}")
    return True


def snakemake(*arguments):
    """Run the workflow here; return what it printed."""
    command = [sys.executable, "-m", "snakemake", *arguments, "--cores", "all"]
    run = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if run.returncode:
        sys.exit(f"{run.stdout}\nunpack: this failed: {' '.join(command)}")
    return run.stdout


def describe(folders, run):
    """Return the paragraphs of docs/performance.md's section on the GPU."""
    machine = run["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    gpu = "; ".join(machine["gpu"]) or "no GPU (a rehearsal)"
    yield (
        "`benchmarks/gpu/` runs the notebook's study on a machine with a GPU, without network and"
        " TensorFlow, and this section is made of what it brings home. Backend:"
        f" {run['backend']}."
    )
    yield (
        f"{gpu} \\\n{machine['processor']}, {w.count(machine['cores'], 'core')} \\\n"
        f"Python {machine['python']}, {versions}"
    )
    if run["rehearsal"]:
        yield "**A rehearsal: few images, one epoch. None of these figures is a result.**"
    studies = {study: cards_of(study) for study in STUDIES}
    for study, cards in studies.items():
        if cards:
            yield from describe_study(study, cards, run)
    yield from describe_sharing(read(newest(folders, "sharing.json")))
    yield from describe_steps(read(newest(folders, "steps.json")))


def read(file):
    return json.loads(file.read_text()) if file else None


def cards_of(study):
    """Return the cards of a study's runs, by model, each with its last epoch's test accuracy."""
    cards = {}
    for file in sorted((ROOT / "results" / "gpu" / study / "models").glob("*/seed_*/card.json")):
        card = json.loads(file.read_text())
        history = pd.read_csv(file.with_name("history.csv"))
        card["test_accuracy"] = history["test_accuracy"].iloc[-1]
        cards.setdefault(card["model"], []).append(card)
    return cards


def describe_study(study, cards, run):
    step = next(step for step in run["steps"] if step["step"] == study)
    runs = sum(map(len, cards.values()))
    whole = "from the command to the report" if step["status"] == "ok" else "until it was stopped"
    yield (
        f"**The study in {NAMES[study]}**: {w.count(runs, 'run')} of"
        f" {w.count(len(cards), 'model')}, up to four at a time on the card, took"
        f" {step['seconds']:.0f} s {whole}. Test accuracies are means over a model's runs, times"
        " are medians. The first run of a model compiles its steps, the others find them compiled."
    )
    rows = [
        [
            title_of(model),
            len(of_model),
            f"{100 * statistics.mean(card['test_accuracy'] for card in of_model):.2f} %",
            f"{statistics.median(card['seconds']['training'] for card in of_model):.1f}",
            f"{statistics.median(card['seconds']['job'] for card in of_model):.1f}",
        ]
        for model, of_model in cards.items()
    ]
    yield table(["", "runs", "test accuracy", "epochs, s", "whole job, s"], rows)


def describe_sharing(measured):
    timed = [entry for entry in measured or [] if entry["seconds"] is not None]
    if not timed:
        return
    yield (
        "**Runs that share the card**: one seed of each model, with that many at a time, from the"
        " command to the last run."
    )
    rows = [
        [
            f"{w.count(entry['jobs'], 'run')} at a time{', MPS' * entry['mps']}",
            entry["runs"],
            f"{entry['seconds']:.0f}",
        ]
        for entry in sorted(timed, key=lambda entry: (entry["mps"], entry["jobs"]))
    ]
    yield table(["", "runs", "s"], rows)


def describe_steps(found):
    if not found or not found["models"]:
        return
    peak = found["matrix"]["float32" if found["precision"] == "float32" else "bfloat16"]
    yield (
        f"**Steps of {found['batch']} images a second**, each model alone on the card, in"
        f" {found['precision']} with TF32: the pipeline ({found['backend']}), and the same layers"
        " in PyTorch itself with `torch.compile`. The last column is the pipeline's share of"
        f" the {peak / 1e12:.3g} TFLOP/s that the product of two large matrices reaches on this"
        " card, counting convolutions and dense layers, forward and backward, without products"
        f" with a padding's zeros. A turn is {found['steps']} steps and a validation on a sixth as"
        " many images; its time the median of five."
    )
    rows = []
    for model, entry in found["models"].items():
        speed = entry["steps_per_second"]
        ours, theirs = speed.get("pipeline"), speed.get("PyTorch")
        rows.append(
            [
                title_of(model),
                f"{ours:.0f}" if ours else "failed",
                f"{theirs:.0f}" if theirs else "failed",
                f"{ours / theirs:.2f}" if ours and theirs else "",
                f"{ours * entry['flops'] / peak:.1%}" if ours else "",
            ]
        )
    yield table(["", "pipeline", "PyTorch", "ratio", "of the card's rate"], rows)


if __name__ == "__main__":
    main()
