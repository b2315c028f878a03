"""Run the ten-model study on a borrowed GPU: a few minutes, no network, no TensorFlow.

    python3 benchmarks/gpu/run.py FOLDER

Run it there, with the Python that holds JAX and PyTorch, in this repository with what pack.py
packed. It works through STEPS in their order. Each has a time limit, and what it found is in FOLDER
before the next begins; what does not fit into --seconds is left out from the end. It may be stopped
at any moment: what is finished is kept. Bring FOLDER home; unpack.py makes tables and a report of
it.

Until it has installed what was packed, this uses Python's standard library alone.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PACKED = HERE / "packed"
WORK = ROOT / "results" / "gpu"
"""Where the studies' results trees lie, and what is only needed while this runs."""

SITE = WORK / "site"

LOOK = 3
"""How often what a command makes is looked at, in seconds."""

GRACE = 5
"""Seconds that a step which has reached its limit has to end by itself."""

LEAST = 10
"""A step is not begun with fewer seconds left than these."""

JOBS = 4
"""Runs that share the card in a study."""

SHARING = [(4, False), (8, False), (4, True), (8, True), (2, False), (2, True), (1, False)]
"""How many runs share the card, and whether through NVIDIA's MPS, in the order of measuring."""


class StepError(Exception):
    """A step could not do all it should; the message is one line."""


class OutOfTimeError(StepError):
    """A step has reached its limit."""


@dataclass(frozen=True)
class Step:
    """What to do for at most ``seconds``: ``work(session, seconds)`` raises :class:`StepError`."""

    name: str
    seconds: float
    work: callable
    required: bool = False
    """Whether nothing after it can work where it fails."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the findings go")
    parser.add_argument(
        "--seconds", type=float, default=540, metavar="S", help="for all steps together (540)"
    )
    parser.add_argument(
        "--rehearsal",
        action="store_true",
        help="every step with one model, few images and one epoch; needs no GPU",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="STEP",
        choices=[s.name for s in STEPS if not s.required],
        help="these steps, after those that all need; by default all",
    )
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    session = Session(chosen.folder.resolve(), chosen.seconds, chosen.rehearsal)
    wanted = [s for s in STEPS if s.required or s.name in (chosen.only or [s.name])]
    sys.exit(session.work_through(wanted))


class Session:
    """What the steps share: where their findings go, until when, and the machine."""

    def __init__(self, folder, seconds, rehearsal):
        self.folder, self.rehearsal = folder, rehearsal
        self.begun = time.monotonic()
        self.end = self.begun + seconds
        self.backend = "jax"
        self.cores = len(os.sched_getaffinity(0))
        self.found = {"rehearsal": rehearsal, "machine": {}, "steps": []}
        folder.mkdir(parents=True, exist_ok=True)
        # Steps print a lot; the console gets one line each.
        self.log = (folder / "log.txt").open("a")

    def work_through(self, steps):
        """Do the steps while there is time; return the exit status."""
        for step in steps:
            self.do(step)
            if step.required and self.found["steps"][-1]["status"] != "ok":
                break
        done = [entry["step"] for entry in self.found["steps"] if entry["status"] == "ok"]
        print(f"{len(done)} of {len(steps)} steps went through. Findings: {self.folder}")
        return 0 if len(done) == len(steps) else 1

    def do(self, step):
        """Do one step, say how it went in a line, and write that down."""
        # Limits are those of a GPU, which a rehearsal does not have.
        most = step.seconds * (10 if self.rehearsal else 1)
        seconds = min(most, self.end - time.monotonic() - GRACE)
        entry = {"step": step.name, "status": "ok", "seconds": 0.0, "said": ""}
        self.found["steps"].append(entry)
        begun = time.monotonic()
        try:
            if seconds < LEAST:
                raise StepError(f"left out: {max(seconds, 0):.0f} s were left for it")
            print(f"{step.name} …", flush=True)
            step.work(self, seconds)
        except StepError as failure:
            entry |= {"status": "failed", "said": str(failure)}
        except SystemExit:
            entry |= {"status": "failed", "said": "stopped from outside"}
            raise
        except Exception as error:
            entry |= {"status": "failed", "said": f"{type(error).__name__}: {error}"}
        finally:
            entry["seconds"] = round(time.monotonic() - begun, 1)
            self.write("run.json", self.found)
            print(
                f"{step.name}: {entry['status']}, {entry['seconds']} s"
                + f": {entry['said']}" * bool(entry["said"]),
                flush=True,
            )

    def write(self, name, content):
        """Write a finding as JSON, whole or not at all."""
        part = self.folder / f"{name}.part"
        part.write_text(json.dumps(content, indent=1) + "\n")
        part.replace(self.folder / name)

    def command(self, command, seconds, watch=lambda: None, env=None):
        """Run a command for at most so many seconds; return what it printed.

        ``watch`` is called every few seconds and once it has ended, however it does. Raises
        :class:`StepError` with the last thing it said where its exit status is not zero.
        """
        command = [str(part) for part in command]
        self.log.write(f"\n$ {' '.join(command)}\n")
        self.log.flush()
        begin = self.log.tell()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        limit = time.monotonic() + seconds
        try:
            while process.poll() is None:
                if (left := limit - time.monotonic()) <= 0:
                    raise OutOfTimeError(f"stopped at its limit of {seconds:.0f} s")
                try:
                    process.wait(min(left, LOOK))
                except subprocess.TimeoutExpired:
                    watch()
        finally:
            end_group(process)
            watch()
        printed = (self.folder / "log.txt").read_bytes()[begin:].decode(errors="replace")
        if process.returncode:
            said = [line.strip() for line in printed.splitlines() if line.strip()] or ["nothing"]
            raise StepError(f"exit status {process.returncode}; it said last: {said[-1][:300]}")
        return printed


def end_group(process):
    """End a command and all that it started."""
    for how, seconds in ((signal.SIGTERM, GRACE), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def install(session, seconds):
    """Check what was packed, and install it into a folder of its own."""
    listed = PACKED / "packed.json"
    if not listed.is_file():
        raise StepError(
            f"{listed}: missing; expected what pack.py packs: run it where there is network"
        )
    packed = json.loads(listed.read_text())
    session.found["commit"] = packed["commit"]
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if here != packed["python"]:
        raise StepError(
            f"this is Python {here}; expected {packed['python']}, for which was packed: run"
            f" `pack.py --python {here}`"
        )
    for entry in packed["files"]:
        file = PACKED / entry["file"]
        if not file.is_file() or sha256_of(file) != entry["sha256"]:
            raise StepError(f"{file}: missing or damaged, by packed.json: pack again")
    shutil.rmtree(SITE, ignore_errors=True)
    SITE.mkdir(parents=True)
    options = "--quiet --no-index --no-deps --no-compile --no-cache-dir --disable-pip-version-check"
    wheels = sorted((PACKED / "wheels").glob("*.whl"))
    session.command(
        [sys.executable, "-m", "pip", "install", *options.split(), "--target", SITE, *wheels],
        seconds,
    )
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(SITE), os.environ.get("PYTHONPATH")])
    )
    os.environ["PYTHONUNBUFFERED"] = "1"
    # Else each job would compile all that it imports.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # A run compiles the same steps as the run of that model with the seed before.
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(WORK / "compiled")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    sys.path.insert(0, str(SITE))
    session.found["machine"] = describe_machine(session)


def sha256_of(file):
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def describe_machine(session):
    """Return cores, processor, memory and versions; name those that are too old on the console."""
    cpus = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    packages = ("keras", "jax", "jaxlib", "torch", "numpy", "snakemake")
    versions = {package: installed_version(package) for package in packages}
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]:
        name, least = re.match(r"([\w-]+)(?:\[\w+\])?>=([\d.]+)", line).groups()
        version = installed_version(name)
        if name != "tensorflow" and (version is None or numbers(version) < numbers(least)):
            print(f"  {name} {version or 'is missing'}; expected {least} or later", flush=True)
    return {
        "processor": cpus[1] if cpus else platform.machine(),
        "cores": session.cores,
        "python": platform.python_version(),
        "versions": versions,
    }


def installed_version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def numbers(version):
    return [int(number) for number in re.findall(r"\d+", version)[:3]]


def check_gpu(session, seconds):
    """Let the driver, JAX and PyTorch say which GPU they see."""
    torch_sees = "t.cuda.get_device_name() if t.cuda.is_available() else 'cpu'"
    asked = (
        "import jax; print('device:', jax.devices()[0].device_kind)",
        f"import torch as t; print('device:', {torch_sees})",
    )
    printed = [session.command([sys.executable, "-c", code], seconds) for code in asked]
    names = [re.findall("^device: (.*)$", text, re.MULTILINE)[-1] for text in printed]
    query = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        driver = session.command(["nvidia-smi", *query], seconds).strip().splitlines()
    except (OSError, StepError) as error:
        driver = []
        if not session.rehearsal:
            raise StepError(f"nvidia-smi: {error}; expected one NVIDIA GPU") from error
    session.found["machine"] |= {"gpu": driver, "jax_device": names[0], "torch_device": names[1]}
    print(f"  the driver sees {driver or 'no GPU'}, JAX {names[0]}, PyTorch {names[1]}", flush=True)
    if not session.rehearsal and len({driver[0].split(", ")[0], *names}) > 1:
        raise StepError("expected driver, JAX and PyTorch to see the same GPU")


def snakemake(session, study, *arguments, jobs=JOBS):
    """Return the command that runs a study of studies/, with so many runs on the card."""
    threads = max(1, session.cores // jobs)
    return [
        *(sys.executable, "-m", "snakemake", *arguments),
        *("--scheduler", "greedy", "--keep-going", "--cores", session.cores),
        *("--resources", f"gpu={jobs}", "--set-threads", f"train_model={threads}"),
        *(
            "--configfile",
            *overlays_of(session, study),
            "--config",
            f"training={{backend: {session.backend}}}",
        ),
    ]


def overlays_of(session, study):
    """Return the files that a study lays over config/config.yaml, the last first in force."""
    studies = [study, "rehearsal"] if session.rehearsal else [study]
    return [PACKED / "images.yaml", *(HERE / "studies" / f"{name}.yaml" for name in studies)]


def run_smoke_study(session, seconds):
    """Find out on which backend a small study runs: JAX, or where it does not, PyTorch."""
    try:
        run_study(session, "smoke", seconds, "train_model")
    except OutOfTimeError:
        raise
    except StepError as failure:
        print(f"  on JAX: {failure}; trying PyTorch", flush=True)
        session.backend = "torch"
        try:
            run_study(session, "smoke", seconds, "train_model")
        except StepError:
            session.backend = "jax"
            raise
    finally:
        session.found["backend"] = session.backend


def run_study(session, study, seconds, until="all"):
    """Run a study until its last rule or another one, and keep its files as its runs finish."""
    shutil.rmtree(WORK / study, ignore_errors=True)
    kept = [0.0]

    def keep_new():
        cards = list((WORK / study / "models").glob("*/seed_*/card.json"))
        newest = max((card.stat().st_mtime for card in cards), default=0.0)
        if newest > kept[0]:
            keep(session, study)
            kept[0] = newest

    try:
        # The first seed of all models before the others: stopped early, it is still a study.
        first = [
            f"results/gpu/{study}/models/{model}/seed_0/card.json"
            for model in models(session, study)
        ]
        command = snakemake(session, study, "--until", until, "--prioritize", *first)
        session.command(command, seconds, keep_new)
    finally:
        keep(session, study)


def run_bfloat16_study(session, seconds):
    """Run the ten models in 16 bits; in a rehearsal, the report of those before is enough."""
    run_study(session, "bfloat16", seconds, "train_model" if session.rehearsal else "all")


def models(session, study):
    """Return the names of the models of a study."""
    import yaml

    # What was packed is of the images alone.
    files = [ROOT / "config" / "config.yaml", *overlays_of(session, study)[1:]]
    named = [yaml.safe_load(file.read_text()).get("study", {}).get("models") for file in files]
    return [models for models in named if models][-1]


def keep(session, study):
    """Put all that a study has finished, but for models and checkpoints, into one file."""
    tree = WORK / study
    runs = [card.parent for card in tree.glob("models/*/seed_*/card.json")]
    files = [file for run in runs for file in run.iterdir() if file.suffix != ".keras"]
    files += [file for file in (*tree.glob("models/*/*"), *tree.glob("*")) if file.is_file()]
    files += [file for part in ("logs", "figures") for file in (tree / part).rglob("*.*")]
    part = session.folder / f"{study}.zip.part"
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in files if file.is_file()):
            archive.write(file, file.relative_to(tree))
    part.replace(session.folder / f"{study}.zip")


def measure_sharing(session, seconds):
    """Time one seed of all models with several numbers of runs on the card."""
    end = time.monotonic() + seconds
    measured = []
    prepare_data(session, seconds)
    session.command(snakemake(session, "sharing", "describe"), end - time.monotonic())
    for jobs, mps in SHARING[: 2 if session.rehearsal else None]:
        if end - time.monotonic() < LEAST:
            raise StepError(f"{len(measured)} of {len(SHARING)} measured")
        # What is timed are the runs; the models' descriptions stay.
        for runs in (WORK / "sharing").glob("models/*/seed_*"):
            shutil.rmtree(runs)
        for part in ("checkpoints", "logs"):
            shutil.rmtree(WORK / "sharing" / part, ignore_errors=True)
        entry = {"jobs": jobs, "mps": mps, "seconds": None}
        try:
            with through_mps(session, mps) as env:
                begun = time.monotonic()
                command = snakemake(session, "sharing", "--until", "train_model", jobs=jobs)
                session.command(command, end - time.monotonic(), env=env)
                entry["seconds"] = round(time.monotonic() - begun, 2)
        except (OSError, StepError) as error:
            entry["said"] = str(error)
        entry["runs"] = len(list((WORK / "sharing" / "models").glob("*/seed_*/card.json")))
        measured.append(entry)
        session.write("sharing.json", measured)
    missing = [entry for entry in measured if entry["seconds"] is None]
    if missing:
        raise StepError(f"{len(missing)} of {len(measured)} not measured: {missing[0]['said']}")


def prepare_data(session, seconds):
    """Prepare the images before anything is timed; return what describes them."""
    data = "results/gpu/sharing/data/mnist/data.json"
    session.command(snakemake(session, "sharing", data), seconds)
    return ROOT / data


@contextmanager
def through_mps(session, wanted):
    """Yield the environment in which runs share the card through a daemon of NVIDIA's MPS."""
    if not wanted:
        yield {}
        return
    control = "nvidia-cuda-mps-control"
    folder = WORK / "mps"
    folder.mkdir(exist_ok=True)
    places = {"CUDA_MPS_PIPE_DIRECTORY": str(folder), "CUDA_MPS_LOG_DIRECTORY": str(folder)}
    session.command([control, "-d"], 20, env=places)
    try:
        yield places
    finally:
        subprocess.run([control], input="quit\n", text=True, env=os.environ | places, timeout=20)


def measure_steps(session, seconds):
    """Measure steps per second of each model here and in PyTorch, and the card's matrix rate."""
    data = prepare_data(session, seconds)
    small = ["--rehearsal"] if session.rehearsal else []
    session.command(
        [
            *(sys.executable, HERE / "steps.py", data, session.folder / "steps.json"),
            *("--backend", session.backend, *small),
        ],
        seconds,
    )


STEPS = (
    Step("install", 60, install, required=True),
    Step("gpu", 60, check_gpu, required=True),
    Step("smoke", 90, run_smoke_study),
    Step("study", 420, lambda session, seconds: run_study(session, "study", seconds)),
    Step("bfloat16", 150, run_bfloat16_study),
    Step("sharing", 240, measure_sharing),
    Step("steps", 180, measure_steps),
)

if __name__ == "__main__":
    main()
