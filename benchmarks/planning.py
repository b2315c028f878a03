"""Planning: a study against a bare Snakefile of the same shape, and a run with nothing to do.

The bare Snakefile (snakefiles/bare.smk) has the study's jobs with their wildcards, inputs, outputs
and logs, and nothing else: no config, no params, no functions, no scripts. Its models are as many
as the study's, whose architecture files and config entries are made up. Nothing has been trained,
so every job is planned. What counts is the wall time of a dry run, Snakemake's own start included,
its peak memory, and the wall time of a real run until its first job starts.

With nothing to do, a finished study of ten models and one seed is set against a finished
Snakefile of ten trivial rules (snakefiles/ten_rules.smk). The study's files are empty: Snakemake
looks at their dates and at its own records. It takes part a second time without what is kept of
its sources from plan to plan, as when a study is planned for the first time.
"""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from measuring import interleaved, ratio_of_medians, run_timed, snakemake, table, verdict

ROOT = Path(__file__).parents[1]
SNAKEFILES = Path(__file__).parent / "snakefiles"
sys.path.append(str(ROOT / "tests" / "builders"))

from bakeoff.study.sources import KEPT  # noqa: E402
from made_up_models import made_up_study  # noqa: E402

TITLE = "Planning, and a run with nothing to do"

ROUNDS = {10: (5, 1), 100: (5, 1), 1_000: (3, 0), 5_454: (1, 0)}
"""Rounds, and those to warm up, for each number of models: large studies take minutes each."""
SEEDS = 5
MOST_TIMES_BARE = 1.4
MOST_GIGABYTES = 2
MOST_TIMES_TEN_RULES = 1.2


def measure(folder):
    """Return what both took in each round, by number of models and with nothing to do.

    ``plans`` holds for each number of models the (seconds, mebibytes) of dry runs and the
    seconds until the first job of real runs; ``nothing`` the seconds of whole runs.
    """
    nothing = measure_nothing(folder)
    print(f"nothing to do: {_ratio(nothing, 'ten rules'):.2f} times ten rules", flush=True)
    plans = {}
    for models in ROUNDS:
        plans[str(models)] = plan = measure_plan(folder, models)
        times = ", ".join(f"{what} {_ratio(found):.2f}" for what, found in _times(plan).items())
        print(f"{models} models: {times} times bare", flush=True)
    return {"plans": plans, "nothing": nothing}


def measure_plan(folder, models):
    """Return the dry runs' (seconds, mebibytes) and the real runs' seconds for both contenders."""
    study = made_up_study(folder / f"study_{models}", models, range(SEEDS))
    bare, shape = bare_shape(folder / f"bare_{models}", models, SEEDS)
    dry = ["--dry-run", "--quiet", "all"]
    # So quiet that its first job is said, where the study's profile says a run's epochs alone.
    real = ["--cores", 1, "--quiet", "host"]
    found = {
        "dry": interleaved(
            {
                "study": lambda: run_timed(snakemake(*dry), study),
                "bare": lambda: run_timed(snakemake(*dry, *shape), bare),
            },
            *ROUNDS[models],
        ),
        "real": interleaved(
            {
                "study": lambda: seconds_to_first_job(snakemake(*real), study),
                "bare": lambda: seconds_to_first_job(snakemake(*real, *shape), bare),
            },
            *ROUNDS[models],
        ),
    }
    shutil.rmtree(study)
    shutil.rmtree(bare)
    return found


def measure_nothing(folder):
    """Return the seconds of runs with nothing to do."""
    study = finished_study(folder / "finished", models=10)
    ten = folder / "ten_rules"
    ten.mkdir()
    shutil.copy(SNAKEFILES / "ten_rules.smk", ten / "Snakefile")
    run_timed(snakemake("--cores", 1), ten)

    def first_plan():
        (study / KEPT).unlink()
        return run_timed(snakemake("--cores", 1), study)[0]

    return interleaved(
        {
            "study": lambda: run_timed(snakemake("--cores", 1), study)[0],
            "first plan": first_plan,
            "ten rules": lambda: run_timed(snakemake("--cores", 1), ten)[0],
        }
    )


def bare_shape(folder, models, seeds):
    """Put the bare Snakefile into ``folder``; return that and the arguments that set its size."""
    folder.mkdir()
    shutil.copy(SNAKEFILES / "bare.smk", folder / "Snakefile")
    return folder, ["--config", f"models={models}", f"seeds={seeds}"]


def finished_study(folder, models):
    """Make a study of one seed that has nothing to do: empty files, and Snakemake's records."""
    study = made_up_study(folder, models, [0])
    bare, shape = bare_shape(folder.with_name(f"{folder.name}_files"), models, 1)
    run_timed(snakemake("--cores", 2, *shape), bare)
    for part in ("resources", "results"):
        shutil.move(bare / part, study / part)
    run_timed(snakemake("--cores", 1, "--touch", "--forceall"), study)
    return study


def seconds_to_first_job(command, cwd):
    """Return the seconds until Snakemake, started with ``command``, starts its first job."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    printed = []
    for line in process.stdout:
        printed.append(line)
        if line.startswith("Execute "):
            break
    else:
        raise RuntimeError(f"{' '.join(command)} started no job:\n{''.join(printed[-20:])}")
    seconds = time.perf_counter() - begun
    process.send_signal(signal.SIGTERM)
    process.communicate()
    # What was begun is not gone on with: the next run plans the same.
    for made in (*(cwd / ".snakemake").iterdir(), cwd / "results", cwd / "resources"):
        if made.name != KEPT.name:
            shutil.rmtree(made, ignore_errors=True)
    return seconds


def _times(plan):
    """The seconds of both contenders, by kind of run."""
    dry = {name: [seconds for seconds, _ in found] for name, found in plan["dry"].items()}
    return {"dry run": dry, "until the first job": plan["real"]}


def _ratio(seconds, reference="bare"):
    return ratio_of_medians(seconds, "study", reference)


def describe(measured):
    """Return the section of docs/performance.md."""
    plans, rows = measured["plans"], []
    for models, plan in plans.items():
        memory = [median(mib for _, mib in plan["dry"][name]) for name in ("study", "bare")]
        rows.append(
            [
                f"{int(models):,}",
                f"{int(models) * SEEDS:,}",
                *(f"{_ratio(found):.2f}" for found in _times(plan).values()),
                *(f"{mebibytes / 1024:.2f}" for mebibytes in memory),
            ]
        )
    dry, real = (
        max(_ratio(_times(plan)[kind]) for plan in plans.values())
        for kind in ("dry run", "until the first job")
    )
    most = max(mib for plan in plans.values() for _, mib in plan["dry"]["study"]) / 1024
    nothing = _ratio(measured["nothing"], "ten rules")
    first = ratio_of_medians(measured["nothing"], "first plan", "ten rules")
    return "\n\n".join(
        [
            f"Planning, a dry run, takes at most {dry:.2f} times as long as that of a bare"
            f" Snakefile of the same shape (aim: {MOST_TIMES_BARE},"
            f" {verdict(dry, MOST_TIMES_BARE)}); until a real run's first job starts, it is"
            f" {real:.2f} times. Memory is at most {most:.2f} GB (aim: under {MOST_GIGABYTES},"
            f" {verdict(most, MOST_GIGABYTES)})."
            " Medians of five rounds, of three without one to warm up for 1,000 models; one round"
            " for the largest study.",
            table(
                [
                    "models",
                    "runs",
                    "dry run, times bare",
                    "until the first job, times bare",
                    "memory, GB",
                    "memory bare, GB",
                ],
                rows,
            ),
            "A run with nothing to do, for ten models and one seed, takes"
            f" {nothing:.2f} times as long as that of ten trivial rules (aim: at most"
            f" {MOST_TIMES_TEN_RULES}, {verdict(nothing, MOST_TIMES_TEN_RULES)}). The first plan"
            f" of a study takes {first:.2f} times as long: it reads what each source means, which"
            " is kept for those after it, by the bytes of the source.",
        ]
    )
