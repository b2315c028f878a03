"""The study's config, checked, and the names made from it."""

import json
import os
import shlex
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(TOOL / "workflow" / "scripts"))

from bakeoff.data.checksums import checksums_of
from bakeoff.data.disputed import check_disputed_of
from bakeoff.data.prepared import PREPARED_FILES, PreparedData
from bakeoff.data.sources import made_from, settings_of_data
from bakeoff.ending import say_what_came_out, say_what_failed
from bakeoff.errors import StudyError
from bakeoff.files import canonical_json
from bakeoff.garbage import keep_for_good
from bakeoff.study.identity import data_sources, fingerprint
from bakeoff.study.config import (
    check_config_file,
    check_targets,
    numbers_study,
    read_config,
    read_published,
    reported_study,
)
from bakeoff.study.settings import has_curves, identity_of_description, identity_of_run
from bakeoff.study.folders import find, path_from_here, study_folders
from bakeoff.study.looks import DECIDED, go_on, is_of_looks, looks_of
from bakeoff.study.origins import read_origin
from bakeoff.study.planned import forget_planned, keep_planned, read_planned, read_sources
from bakeoff.study.snakemake_internals import (
    call_folders,
    files_asked_for,
    find_each_script_once,
    given_config,
    is_command,
    look_for_jobs_once_a_second,
    note_failures,
    plan_without_records,
    say_less,
    threads_given,
)
from bakeoff.study.sources import KEPT, Sources

FOLDERS = study_folders(workflow.basedir, TOOL)
CONFIG = find(FOLDERS, "config/config.yaml")
try:
    # What the command of this job was planned with; None in that command itself.
    PLANNED = None if is_command(workflow) else read_planned()
    if CONFIG.is_file() and not PLANNED:
        # Of a mistake in it, Snakemake tells neither file nor line.
        check_config_file(CONFIG, config)
except StudyError as error:
    sys.exit(str(error))

if not PLANNED:

    configfile: str(CONFIG)


THREADS_OF_A_RUN = 2

# Snakemake's own modules, while planning and when leaving.
keep_for_good()
find_each_script_once(workflow)
look_for_jobs_once_a_second()
FAILED = note_failures()

try:
    given = given_config(workflow, sys.argv)
    if PLANNED:
        config = PLANNED.config
    else:
        config = read_config(config, given.files, FOLDERS, given.elsewhere)
    call_folders(workflow, config["pathvars"])
    # Of what is to tell how long runs take: theirs, also where the command line gives them others.
    THREADS_OF_A_TRIAL, THREADS_AS_DATA = threads_given(workflow, "train_model", THREADS_OF_A_RUN)
    published = read_published(config, FOLDERS)
    data_file = f"{config['pathvars']['results']}/data/{config['data']['dataset']}/data.json"
    # None where there is none yet; or a damaged one, which the step that needs it says.
    PREPARED = PreparedData.read_if_whole(data_file)
    # Data prepared before the list was edited is not prepared anew, which would check it as well.
    check_disputed_of(config, PREPARED)
except StudyError as error:
    # One line a fault; a WorkflowError would wrap them in the lines of a traceback.
    sys.exit(str(error))

# What the data is prepared into: the first, data.json, describes the others.
DATA_FILES = {name: f"<results>/data/<dataset>/{file}" for name, file in PREPARED_FILES.items()}
TRADEOFFS = {
    cost: f"<results>/figures/accuracy_{cost}.svg"
    for cost in ("parameters", "multiply_adds", "training_time", "latency")
}
# The files to download, by names for their rule; none where the config gives a path.
DOWNLOADED = {
    f"file_{number}": f"<resources>/<dataset>/{name}"
    for number, name in enumerate(sorted(checksums_of(config["data"])))
    if config["data"]["path"] is None
}


SOURCES = Sources(FOLDERS, kept=KEPT, found=PLANNED.sources if PLANNED else ())
try:
    read_sources(config, SOURCES)
except StudyError as error:
    sys.exit(str(error))
MODELS = config["study"]["models"]
SCRIPTS = TOOL / "workflow" / "scripts"


@cache
def settings_of_prepared():
    """What the prepared data depends on: once a plan, as it looks at each file of a folder."""
    try:
        return settings_of_data(config["data"])
    except StudyError as error:
        # Without that folder's files, all would be prepared and trained anew.
        sys.exit(str(error))


def entry_of(model):
    """What stands in the config of a model that was asked for on the command line or there."""
    if model not in config["models"]:
        raise WorkflowError(f"{model!r} is not described under `models:`; describe it there.")
    return config["models"][model]


def described(model):
    """What a model's description depends on."""
    entry_of(model)
    return identity_of_description(config, SOURCES, model)


@cache
def trained_first(model):
    """What a model's run with seed 0 depends on."""
    entry_of(model)
    return identity_of_run(config, SOURCES, model, 0)


def trained(model, seed):
    """What a run depends on: of those of a model, each has another seed, and all else alike."""
    return trained_first(model) | {"seed": seed}


if is_of_looks(config["study"]["seeds"]) and not PLANNED:
    config["made_from"] = made_from(config["data"], settings_of_prepared())
# How a study of looks stands; None where all models get the same seeds. The processes of its jobs
# see what this command was planned with, whatever has been decided since.
try:
    LOOKS = looks_of(config, SOURCES, os.environ.get(DECIDED))
except StudyError as error:
    sys.exit(str(error))
if LOOKS and DECIDED not in os.environ:
    os.environ[DECIDED] = str(len(LOOKS.decided))
    print(LOOKS.told(), file=sys.stderr)


def seeds_of(model):
    """The seeds that a model has, by now."""
    return LOOKS.seeds_of(model) if LOOKS else config["study"]["seeds"]


def to_decide():
    """The decisions that the study asks for: those that stand, and the next."""
    if LOOKS is None or config["study"]["finished_only"]:
        return []
    return [look_of(look) for look in range(1, LOOKS.asked[0] + 1)]


def look_of(look):
    """The path of the decision of that look."""
    return f"<results>/looks/look_{look}.json"


def at_look(wildcards, file):
    """The path of one kind of file for every run that a look is decided by."""
    return of_runs(LOOKS.runs_at(int(wildcards.look)), file)


def of_runs(runs, file):
    """The path of one kind of file for each of the (model, seed) pairs."""
    return [f"<results>/models/{model}/seed_{seed}/{file}" for model, seed in runs]


# What is drawn of the numbers, in Snakemake's report: the race for seeds, where there is one.
OF_NUMBERS = {
    "accuracy_forest": "accuracy with intervals",
    "comparisons": "every two models compared",
    "reliability": "confidence and accuracy",
    **({"seeds": "seeds of each model"} if to_decide() else {"power": "what it would take"}),
}
FIGURES = {
    name: f"<results>/figures/{name}.svg" for name in ("loss_overview", "loss_overlay", *OF_NUMBERS)
}


MODELS_FOLDER = f"{config['pathvars']['results']}/models"


@cache
def fingerprint_of_run(model, seed):
    """What the card of a run says where it is the one that is planned."""
    return fingerprint(trained(model, seed))


@cache
def is_trained(model, seed):
    """Tell whether a run has left the card of what is planned; None where there is none to read."""
    found = read_origin(f"{MODELS_FOLDER}/{model}/seed_{seed}/card.json")
    if found is None:
        return None
    planned = fingerprint_of_run(model, seed)
    return found == (planned, PREPARED.checksum if PREPARED else found[1])


@cache
def is_of_other_data():
    """Tell whether the data has been prepared, and from something else than what is planned."""
    # By a version that did not keep it, from what is not known.
    kept = PREPARED and PREPARED.made_from
    return bool(kept) and kept != made_from(config["data"], settings_of_prepared())


def why_train(wildcards):
    """Say why a run is planned that has left a card."""
    is_other = is_trained(wildcards.model, int(wildcards.seed)) is False
    return "a run of other settings, sources or data" if is_other else None


def why_describe(wildcards):
    """Say why a model is described that has a description."""
    found = read_origin(f"{MODELS_FOLDER}/{wildcards.model}/description.json")
    is_other = found and found[0] != fingerprint(described(wildcards.model))
    return "a description of other settings or sources" if is_other else None


def why_prepare(wildcards):
    """Say why data is prepared that is there."""
    return "made from other files or settings" if is_of_other_data() else None


plan_without_records(
    workflow,
    SCRIPTS,
    {
        "train_model": why_train,
        "describe_model": why_describe,
        "prepare_data": why_prepare,
        # The data is checked where it is prepared, and a latency changes no other number.
        "download_images": None,
        "time_predictions": None,
    },
)


def is_finished(model):
    """Tell whether all is there of a model that is planned: its description, and every run."""
    return (
        Path(MODELS_FOLDER, model, "description.json").is_file()
        and not is_of_other_data()
        and all(is_trained(model, seed) for seed in seeds_of(model))
    )


UNFINISHED = []
if config["study"]["finished_only"]:
    finished = {model: is_finished(model) for model in MODELS}
    UNFINISHED = [model for model in MODELS if not finished[model]]
    MODELS = [model for model in MODELS if finished[model]]
    if not MODELS:
        origin = config["origins"]["study.finished_only"]
        sys.exit(
            f"{origin}: study.finished_only: no model has finished; expected one: train first."
        )

CURVES = "<results>/tensorboard"

REPORTED = reported_study(config, MODELS, UNFINISHED, published, LOOKS)
STUDY = canonical_json(REPORTED)
NUMBERS = canonical_json(numbers_study(REPORTED))


def command_to_make_it():
    """The command line of this study, without what no result depends on."""
    settings = {
        key: without_origin(value) if key == "data" else value
        for key, value in given.settings.items()
    }
    settings = [
        # Snakemake does not read the pairs of escapes that JSON has for rare letters.
        shlex.quote(f"{key}={json.dumps(value, ensure_ascii=False)}")
        for key, value in settings.items()
        if value
    ]
    # Snakemake takes the last --configfile alone, with all files that follow it.
    overlays = [shlex.quote(path_from_here(file)) for file in given.overlays]
    return " ".join(
        [
            "snakemake --cores 4 --resources gpu=1",
            *(["--snakefile", shlex.quote(given.snakefile)] if given.snakefile else []),
            *(["--replace-workflow-config"] if given.only_overlays else []),
            *(["--configfile", *overlays] if overlays else []),
            *(["--config", *settings] if settings else []),
        ]
    )


def without_origin(data):
    """The data settings without where the files come from, which does not matter."""
    origin = ("mirrors", "attempts", "timeout")
    return {key: value for key, value in data.items() if key not in origin}


# Read from there and not from params: where the files of a config lie changes no result.
config["command"] = command_to_make_it()


pathvars:
    dataset=config["data"]["dataset"],


wildcard_constraints:
    # As the schema has it. A list of all models would be searched for each file of each run.
    model="[a-zA-Z][a-zA-Z0-9_]*",
    seed=r"0|[1-9]\d*",


def sources_of(*files):
    """The checksums of a rule's script and of all it imports, as one text.

    Snakemake compares a script by its date and what the script imports not at all; this tells
    them apart by what they mean.
    """
    return canonical_json(SOURCES.of(*files))


def data_sources_of(script):
    """The same for a step that makes data, as runs depend on that: without what writes logs."""
    return canonical_json(data_sources(SOURCES, script))


def as_it_is(text):
    """A param that is handed on as it is: in a plain one, Snakemake reads braces as a wildcard."""
    return lambda wildcards: text


def label_of(model):
    """A model's name for Snakemake's own report, which reads braces as a wildcard."""
    return config["models"][model]["name"].translate({ord("{"): "(", ord("}"): ")"})


def runs_of_study():
    """The (model, seed) pairs of the study's runs, by now."""
    return [(model, seed) for model in MODELS for seed in seeds_of(model)]


def per_run(file):
    """The path of one kind of file for every run of the study."""
    return of_runs(runs_of_study(), file)


def per_model(file):
    """The path of one kind of file for every model of the study."""
    return expand(f"<results>/models/{{model}}/{file}", model=MODELS)


def measured_alone():
    """The latencies of all models, where some have been asked for: `snakemake measure_latency`."""
    asked_for = any(Path(MODELS_FOLDER, model, "latency.json").is_file() for model in MODELS)
    return per_model("latency.json") if asked_for else []


def first_run(wildcards, file):
    """The path of one kind of file of the run that stands for a model."""
    seed = seeds_of(wildcards.model)[0]
    return f"<results>/models/{wildcards.model}/seed_{seed}/{file}"


def run_as_text(wildcards):
    """What a run depends on, as one text.

    Snakemake compares params as values without keys, which is exact so.
    """
    return canonical_json(trained(wildcards.model, int(wildcards.seed)))


def description_as_text(wildcards):
    """The same for what a model's description depends on."""
    return canonical_json(described(wildcards.model))


def fingerprints_as_text(wildcards):
    """What the cards of all runs and the descriptions of all models are to say they are of."""
    return canonical_json(
        {
            "cards": [fingerprint_of_run(*run) for run in runs_of_study()],
            "descriptions": [fingerprint(described(model)) for model in MODELS],
        }
    )


def description_to_wait_for(wildcards):
    """The description of a run's model: it is refused where that cannot be made.

    A better description is no reason to train. Snakemake's `ancient` says so; but once a
    description is planned, Snakemake does not look at the params of what waits for an `ancient`
    one. So it is that only where the card is of this very run.
    """
    file = f"{MODELS_FOLDER}/{wildcards.model}/description.json"
    return ancient(file) if is_trained(wildcards.model, int(wildcards.seed)) else file
