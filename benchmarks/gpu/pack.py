"""Gather what a study needs on a machine without network, TensorFlow, Keras and Snakemake.

    .venv/bin/python benchmarks/gpu/pack.py

Run it where there is network. It fills benchmarks/gpu/packed/, which git ignores: wheels of the
versions that requirements.lock pins, checked against its checksums; the data set's original files;
packed.json, the list of both. What the other machine holds already stands in provided.txt.
"""

import argparse
import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from bakeoff.files import sha256_of  # noqa: E402
from bakeoff.study.commit import describe_commit  # noqa: E402
from bakeoff.study.datasets import DataSets  # noqa: E402

PACKED = Path(__file__).parent / "packed"
MOST = 60 * 2**20
"""Bytes that all packed files may have together."""

LEFT_OUT = {
    "tensorflow": "the study runs on JAX",
    "opencv-python-headless": "it augments no images, and this would be as large as all the rest",
}
"""Requirements of pyproject.toml that are neither packed nor there, and why."""

MANYLINUX = ("1", "2010", "2014", "_2_5", "_2_12", "_2_17", "_2_24", "_2_27", "_2_28")
"""Wheels that Linux on x86-64 with a C library of 2018 or later takes; pip wants each named."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--python", default="3.12", metavar="3.N", help="the other machine's Python (3.12)"
    )
    parser.add_argument(
        "--mirror",
        metavar="PLACE",
        help="a folder or address that has the data set's files, instead of the config's mirrors",
    )
    parser.add_argument(
        "--configfile", metavar="FILE", help="a config whose data section stands for MNIST"
    )
    chosen = parser.parse_args()
    if PACKED.exists():
        shutil.rmtree(PACKED)
    wheels, images = PACKED / "wheels", PACKED / "images"
    for folder in (wheels, images):
        folder.mkdir(parents=True)
    wanted = needed(chosen.python)
    download_wheels(wanted, chosen.python, wheels)
    copy_images(images, chosen.mirror, chosen.configfile)
    listed = [describe(file, wanted) for file in sorted(PACKED.rglob("*.*")) if file.is_file()]
    total = sum(entry["bytes"] for entry in listed)
    for entry in listed:
        print(f"{entry['bytes'] / 2**20:6.2f} MiB  {entry['file']}: {entry['why']}")
    print(f"{total / 2**20:6.2f} MiB in all, in {PACKED.relative_to(ROOT)}")
    if total > MOST:
        sys.exit(f"pack: {total:,} bytes; expected at most {MOST:,}: pack less.")
    # Last, so that a list stands for a pack that is whole.
    content = {"python": chosen.python, "commit": describe_commit(ROOT), "files": listed}
    (PACKED / "packed.json").write_text(json.dumps(content, indent=1) + "\n")


def needed(python):
    """Return the packages to pack for a Python such as "3.12": a dict of name and who needs it.

    They are what pyproject.toml asks for and what that needs in turn, less what provided.txt
    names. Versions and needs are those of the lock file, which this Python has installed.
    """
    environment = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    }
    not_taken = {*provided_names(), *LEFT_OUT}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    waiting = [(Requirement(line), "pyproject.toml") for line in project["dependencies"]]
    found, done = {}, set()
    while waiting:
        requirement, user = waiting.pop(0)
        name = canonicalize_name(requirement.name)
        key = name, frozenset(requirement.extras)
        if name in not_taken or key in done:
            continue
        done.add(key)
        found.setdefault(name, user)
        for line in importlib.metadata.requires(name) or []:
            need = Requirement(line)
            extras = {"", *requirement.extras}
            if need.marker is None or any(
                need.marker.evaluate(environment | {"extra": extra}) for extra in extras
            ):
                waiting.append((need, name))
    return found


def provided_names():
    """Return the names in provided.txt."""
    lines = (Path(__file__).parent / "provided.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def download_wheels(names, python, folder):
    """Download the locked wheels of packages for another Python; build those that have none."""
    locked = folder / "locked.txt"
    locked.write_text("".join(f"{entry}\n" for entry in locked_entries(names)))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    platforms = [f"--platform=manylinux{tag}_x86_64" for tag in MANYLINUX]
    interpreter = [f"--python-version={python}", "--implementation=cp", *platforms]
    check = ["--require-hashes", "--no-deps", "--requirement", locked]
    subprocess.run([*pip, "download", *interpreter, *check, "--dest", folder], check=True)
    locked.unlink()
    for source in [*folder.glob("*.tar.gz"), *folder.glob("*.zip")]:
        subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, source], check=True)
        source.unlink()
        built = next(folder.glob(f"{source.name.rpartition('-')[0]}-*.whl"))
        if not built.stem.endswith("-none-any"):
            sys.exit(f"pack: {built.name} was built for this machine alone; expected a pure wheel.")


def locked_entries(names):
    """Return the lines of requirements.lock for packages, each with its checksums on one line."""
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.findall(r"^([a-z0-9._-]+)(==.*(?:\n +--hash=.*)*)", lock, flags=re.MULTILINE)
    return [
        name + " ".join(entry.replace("\\", "").split()) for name, entry in entries if name in names
    ]


def copy_images(folder, mirror, configfile):
    """Let the workflow fetch the data set's files; copy them, and say in a config where they are.

    images.yaml, laid over a study's config, makes it take the packed files. All that describes the
    data set stands in it, wherever that was read from.
    """
    base = ROOT / "config" / "config.yaml"
    overlay = yaml.safe_load(Path(configfile).read_text())["data"] if configfile else {}
    given = yaml.safe_load(base.read_text())["data"] | overlay
    dataset = given["dataset"]
    source = DataSets([base, *([configfile] if configfile else [])], ROOT).source(dataset)
    described = source.value["data"] if source else {}
    fetched = PACKED / "fetched"
    settings = [f"pathvars={{resources: {fetched}, results: {fetched}}}"]
    if mirror:
        settings.append(f"data={{mirrors: [{json.dumps(mirror)}]}}")
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--until", "download_images"]
    configured = ["--configfile", configfile] if configfile else []
    subprocess.run([*command, *configured, "--config", *settings], cwd=ROOT, check=True)
    for file in (fetched / dataset).iterdir():
        file.rename(folder / file.name)
    shutil.rmtree(fetched)
    data = described | {key: given[key] for key in described if key in given} | overlay
    data |= {
        "dataset": dataset,
        "mirrors": [folder.relative_to(ROOT).as_posix()],
        "sha256": {file.name: sha256_of(file) for file in sorted(folder.iterdir())},
    }
    (PACKED / "images.yaml").write_text(yaml.safe_dump({"data": data}))


def describe(file, wanted):
    """Return an entry of the list: file, size in bytes, SHA-256, and why it is there."""
    why = "the data set"
    if file.suffix == ".whl":
        name = canonicalize_name(file.name.partition("-")[0])
        why = f"{wanted[name]} needs it"
    return {
        "file": file.relative_to(PACKED).as_posix(),
        "bytes": file.stat().st_size,
        "sha256": sha256_of(file),
        "why": why,
    }


if __name__ == "__main__":
    main()
