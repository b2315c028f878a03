"""Measure what the pipeline costs beside what people would use instead: `make bench`.

    python benchmarks/run.py [PART ...]

Runs the parts, all but the longest unless some are named, one after the other, keeps what they
measured in results/benchmarks/<part>.json, and writes the sections of all that is there into
docs/performance.md, and docs/performance.svg. Nothing else may run meanwhile.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "workflow" / "scripts")]
from measuring import ON_AMX, ON_GPU, replace_section, section_of  # noqa: E402

MEASURED = ROOT / "results" / "benchmarks"
PARTS = (
    "training_steps",
    "operations",
    "recipe_steps",
    "resident",
    "precision_accuracy",
    "same_training",
    "cpu_split",
    "data_step",
    "job_startup",
    "short_study",
    "whole_study",
    "light_steps",
    "planning",
)
LONGEST = ("same_training",)
"""Parts that take hours, and go on where they were stopped."""
PACKAGES = ("keras", "tensorflow", "torch", "jax", "numpy", "snakemake")
ELSEWHERE = "Measured on another machine: "
AMX = "AMX"
EXTENSIONS = {"amx_bf16": AMX, "avx512_bf16": "AVX512-BF16"}
"""What multiplies bfloat16, the fastest first, by its flag in /proc/cpuinfo."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    chosen = parser.parse_args().parts or [part for part in PARTS if part not in LONGEST]
    if unknown := [part for part in chosen if part not in PARTS]:
        parser.error(f"{', '.join(unknown)}: expected parts of {', '.join(PARTS)}")
    MEASURED.mkdir(parents=True, exist_ok=True)
    for name in chosen:
        print(f"== {name}", flush=True)
        part = importlib.import_module(name)
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found = part.measure(Path(folder))
        kept = {"made": date.today().isoformat(), "machine": describe_machine(), "found": found}
        (MEASURED / f"{name}.json").write_text(json.dumps(kept, indent=1, default=float) + "\n")
    write_document()


def describe_machine():
    """Return processor, cores, memory and versions, in two lines."""
    import psutil

    from bakeoff.training.machine import describe_processor

    processor = Path("/proc/cpuinfo")
    flags = processor.read_text().split() if processor.exists() else ()
    extension = next((f" with {EXTENSIONS[flag]}" for flag in EXTENSIONS if flag in flags), "")
    versions = [f"{package} {importlib.metadata.version(package)}" for package in PACKAGES]
    return [
        f"{describe_processor()}{extension}, {os.cpu_count()} cores, "
        f"{psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}, no GPU",
        f"Python {platform.python_version()}, {', '.join(versions)}",
    ]


def write_document():
    """Write docs/performance.md, and its plot, from what the parts have measured."""
    measured = {
        name: json.loads((MEASURED / f"{name}.json").read_text())
        for name in PARTS
        if (MEASURED / f"{name}.json").exists()
    }
    document = ROOT / "docs" / "performance.md"
    document.write_text(renewed(document.read_text(), measured))
    if "training_steps" in measured:
        from plot_ratios import plot_ratios

        rows = measured["training_steps"]["found"]["rows"]
        plot_ratios(rows, ROOT / "docs" / "performance.svg")


def renewed(page, measured):
    """Return the page with the sections of what was ``measured``; the others stay as they are.

    ``measured`` maps parts to what main() keeps of them. Parts may have been measured on several
    machines: the most usual is named once, at the top, the others in their sections.
    """
    of_page = page.split("\n\n")[2].split(" \\\n")
    sections, machines = {}, {}
    for name in PARTS:
        part = importlib.import_module(name)
        if name in measured:
            machines[part.TITLE] = measured[name]["machine"]
            sections[part.TITLE] = part.describe(measured[name]["found"])
        elif (section := section_of(page, part.TITLE)) is not None:
            text, _, machine = section.partition(f"\n\n{ELSEWHERE}")
            machines[part.TITLE] = machine.rstrip(".").split("; ") if machine else of_page
            sections[part.TITLE] = text
    [(usual, _)] = Counter(map(tuple, machines.values())).most_common(1)
    paragraphs = [
        "# Performance",
        "What the pipeline costs beside what one would use instead. `make bench` measures it anew"
        " and writes this page; it takes two to three hours on two quiet cores, and wants nothing"
        " else to run. Contenders take turns, and what is compared are medians of five turns after"
        " one to warm up, unless a section says otherwise. Times on a CPU are given as ratios.",
        " \\\n".join(usual),
        "- *The flat script* (`benchmarks/flat_script.py`) is the notebook's way: `model.fit` on"
        " arrays in memory, one model after the other. XLA is switched off in it, as in the"
        " pipeline on a CPU: Keras's default, on, makes it slower there.\n"
        "- *PyTorch* (`benchmarks/native_torch.py`) has the same layers and Adadelta in a loop of"
        " its own, channels last, with autocast for bfloat16.",
    ]
    for title, text in sections.items():
        paragraphs += [f"## {title}", text]
        if tuple(machines[title]) != usual:
            paragraphs.append(f"{ELSEWHERE}{'; '.join(machines[title])}.")
    text = "\n\n".join(paragraphs) + "\n"
    # What other kinds of machine have shown is not measured here. For a GPU, see benchmarks/gpu; a
    # page of a processor with AMX says it all in its other sections.
    for title in (ON_GPU,) if AMX in usual[0] else (ON_AMX, ON_GPU):
        if (shown := section_of(page, title)) is not None:
            text = replace_section(text, title, shown)
    return text


if __name__ == "__main__":
    main()
