"""What the workflow needs of Snakemake's insides, which its documentation does not describe.

Nothing else uses any of them. They are the same in Snakemake 9.19.0 and 9.27.1, whose sources were
read for this: ``workflow.py``, ``Workflow``, ``settings/types.py``, ``ConfigSettings`` and
``ResourceSettings``, ``common/__init__.py``, ``sourcecache.py``, ``SourceCache``,
``scheduling/job_scheduler.py``, ``JobScheduler``, and ``persistence/__init__.py``,
``PersistenceBase``. Another version may move them;
``tests/test_snakemake_internals.py`` holds that they are there.
"""

import logging
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bakeoff.errors import StudyError
from bakeoff.study.folders import path_from_here, shortest, shown_path

USED = (
    "configfiles",
    "overwrite_configfiles",
    "config_settings.config",
    "config_settings.replace_workflow_config",
    "included",
)
"""The attributes of Snakemake's ``workflow`` that are used here."""


@dataclass(frozen=True)
class GivenConfig:
    """Where the config comes from that Snakemake hands over as one merged mapping.

    ``files`` are all config files in the order in which they were merged, ``overlays`` those of
    them that were given with ``--configfile``, and ``only_overlays`` tells whether they replace
    the others; ``settings`` is what was given with ``--config``, and ``elsewhere`` what to call the
    place of a value that stands in none of the files as it is. ``snakefile`` is the one that was
    started, as a path from the working directory or an address, None where Snakemake finds it
    there by itself.
    """

    files: list[Path]
    overlays: list[Path]
    settings: Mapping[str, Any]
    elsewhere: str
    only_overlays: bool
    snakefile: str | None


def given_config(workflow: Any, arguments: Sequence[str]) -> GivenConfig:
    """Return where the config comes from of a Snakemake started with ``arguments``.

    ``workflow`` is the object of that name in a Snakefile. Raises :class:`StudyError` where this
    Snakemake has other insides.
    """
    parts = (_part(workflow, name) for name in USED)
    configfiles, overlays, settings, only_overlays, included = parts
    overlays = [Path(file) for file in overlays]
    if overlays and len(configfiles) == len(overlays) and not only_overlays:
        raise StudyError(
            f"{shown_path(overlays[0])}: laid over no config file, as {Path.cwd()} has none of the"
            " Snakefile's; expected the study's: start in its folder, or name that with"
            " --directory."
        )
    # Snakemake lists the overlays before the file that they are laid over.
    files = [*(Path(file) for file in configfiles[len(overlays) :]), *overlays]
    return GivenConfig(
        files=overlays if only_overlays else files,
        overlays=overlays,
        settings=settings,
        elsewhere=_elsewhere(settings, arguments),
        only_overlays=bool(only_overlays),
        # Without a token, which an address may hold.
        snakefile=_snakefile(next(iter(included)).get_path_or_uri(secret_free=True)),
    )


def is_command(workflow: Any) -> bool:
    """Tell whether this process is a command's own, not one of its jobs on a cluster.

    Raises :class:`StudyError` where this Snakemake has other insides.
    """
    return bool(_part(workflow, "is_main_process"))


def threads_given(workflow: Any, rule: str, otherwise: int) -> tuple[Any, int | str]:
    """Return the threads that ``--set-threads``, or a profile, gives a rule: for `threads:`.

    And the same as plain data, for a param: Snakemake does not compare those that it works out from
    threads. ``otherwise`` is what the rule has by itself. Raises :class:`StudyError` where this
    Snakemake has other insides.
    """
    given = _part(workflow, "resource_settings.overwrite_threads").get(rule, otherwise)
    # As it was written, which may be an expression.
    return given, getattr(given, "raw", given)


def say_less(workflow: Any) -> None:
    """Keep from the console, where rules are quiet, what Snakemake says of each job besides.

    That is when it selects, begins and finishes jobs, for which it has no setting that leaves the
    table of a dry run; for real runs alone, from ``onstart``. Errors and warnings stay. Another
    Snakemake, with other insides, says more.
    """
    quiet = getattr(getattr(workflow, "output_settings", None), "quiet", None) or ()
    if any(getattr(kind, "name", "") == "RULES" for kind in quiet):
        logging.getLogger("snakemake.logging").addFilter(_is_worth_a_line)


def find_each_script_once(workflow: Any) -> None:
    """Let Snakemake work out once, not for every job, where its copy of a local script lies.

    That was a tenth of the time in which thousands of runs are planned. Another Snakemake, with
    other insides, does as it does.
    """
    copies: Any = getattr(workflow, "sourcecache", None)
    if not hasattr(copies, "_cache_entry"):
        return
    place_of = copies._cache_entry
    places: dict[Any, Path] = {}

    def known_place(source_file: Any) -> Path:
        # A file of a host is told there, each time, where its copies are kept.
        if not source_file.is_local:
            return place_of(source_file)
        if source_file not in places:
            places[source_file] = place_of(source_file)
        return places[source_file]

    copies._cache_entry = known_place


def look_for_jobs_once_a_second() -> None:
    """Let Snakemake's scheduler have one timer at a time that makes it look for jobs to start.

    Whenever it has looked, it starts a timer of a second, after which it looks again: no more than
    100 jobs are to start in that time. So each job that ends adds a chain of timers to those that
    run. With 150 jobs, one at a time, it looked 2,629 times instead of 185 (snakemake 9.27.1), and
    after the last job it waited for the last timer. Another Snakemake does as it does.
    """
    # Snakemake has imported it, and all that this takes to import.
    from snakemake.scheduling import job_scheduler

    kind: Any = getattr(job_scheduler, "JobScheduler", None)
    start_timer = getattr(kind, "_schedule_reevalutation", None)
    if start_timer is None:
        return

    def look_again(scheduler: Any, delay: float) -> None:
        if not hasattr(scheduler, "_open_jobs"):
            start_timer(scheduler, delay)
            return
        # Asked for by the scheduler's own thread alone.
        awaited = vars(scheduler).setdefault("_awaited_delays", set())
        if delay in awaited:
            return

        def look():
            # Before it looks, which may ask for the next timer.
            awaited.discard(delay)
            scheduler._open_jobs.release()

        timer = threading.Timer(delay, look)
        timer.daemon = True
        awaited.add(delay)
        timer.start()

    kind._schedule_reevalutation = look_again


def plan_without_records(
    workflow: Any, scripts: Path, made_of: Mapping[str, Callable[[Any], str | None] | None]
) -> None:
    """Let Snakemake make anew what it has no record of, and what says that it is of another plan.

    Its records of the params lie in the working directory, under each file's path as that was
    written. Where there is none it takes a file as it is: of results that were copied, or are
    called by another path, no edit would be seen. ``made_of`` is for what says itself what it was
    made of: it maps the name of a script to a function of its job's wildcards, which returns in a
    few words why the job is planned, or None. A record is neither asked for there nor believed.
    Where it maps a script to None, its files stay as they are.

    That is so for the rules whose scripts lie in the folder ``scripts``; a study may have others of
    its own. The jobs of a command, which evaluate the workflow again, do as they were told. Raises
    :class:`StudyError` where this Snakemake has other insides.
    """
    # Snakemake has imported it.
    from snakemake.persistence import ParamsChange, PersistenceBase

    kind: Any = PersistenceBase
    has_record, changed_params = (_part(kind, name) for name in ("has_metadata", "params_changed"))
    if not is_command(workflow):
        return

    @cache
    def script_of(rule: Any) -> str | None:
        return _script_of(rule, workflow, scripts)

    def is_compared(records: Any, job: Any) -> bool:
        # Without a record, Snakemake does not come to compare the params.
        return script_of(job.rule) is not None or has_record(records, job)

    def changed(records: Any, job: Any, file: Any = None) -> Any:
        found, script = changed_params(records, job, file), script_of(job.rule)
        if found or script is None:
            return found
        if script in made_of:
            why = made_of[script]
            reason = why(job.wildcards) if why else None
        else:
            reason = None if has_record(records, job) else "not recorded"
        return ParamsChange(only_old={reason}, files=set(job.output)) if reason else found

    kind.has_metadata, kind.params_changed = is_compared, changed


def files_asked_for(
    workflow: Any, scripts: Path, arguments: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Map the files that a Snakemake started with ``arguments`` is to make to their wildcards.

    Those of the rules whose scripts lie in the folder ``scripts``, which have been read by then; a
    study may have others of its own. What an option names to forget or to delete is not asked for.
    Another Snakemake, with other insides, is asked for none.
    """
    made = [
        file
        for rule in workflow.rules
        if _script_of(rule, workflow, scripts)
        for file in rule.output
        if file.contains_wildcard()
    ]
    found: dict[str, dict[str, str]] = {}
    for word in arguments:
        path = os.path.normpath(word)
        if match := next((match for file in made if (match := file.match(path))), None):
            found[word] = match.groupdict()
    # Read only then: it takes a tenth of a second.
    targets = _targets(arguments) if found else set()
    return {file: wildcards for file, wildcards in found.items() if file in targets}


def call_folders(workflow: Any, folders: Mapping[str, str]) -> None:
    """Let Snakemake call the folders of `pathvars` as ``folders`` do, which are the same ones.

    It knows a file by its path as that is written: ``results/t/`` and ``./results/t`` would be
    others than ``results/t``.
    """
    # Snakemake has imported it.
    from snakemake.pathvars import Pathvars

    known = _part(workflow, "pathvars")
    same = {key: path for key, path in folders.items() if shortest(known.get(key)) == path}
    # Of the level of a module, where a study names the folders beside its config.
    known.update(Pathvars.from_module(same))


def note_failures() -> Mapping[int, tuple[str, int | None]]:
    """Return what will hold, by their numbers, the jobs that have failed for good.

    Each with the path of its log, and the signal that killed its script, if one did: such a job
    leaves no line in its log. Another Snakemake notes none.
    """
    failed: dict[int, tuple[str, int | None]] = {}
    # A job's exception is printed, and then its error by the same thread.
    printed = threading.local()

    def note(record: Any) -> bool:
        event = _event(record)
        if event == "JOB_ERROR":
            log = next(iter(getattr(record, "log", None) or ()), "")
            failed[getattr(record, "jobid", -1)] = (str(log), vars(printed).pop("signal", None))
        elif event == "JOB_FINISHED":
            # At another attempt.
            failed.pop(getattr(record, "job_id", -1), None)
        elif found := re.search(_KILLED, str(record.msg)):
            printed.signal = int(found[1] or int(found[2]) - 128)
        return True

    logging.getLogger("snakemake.logging").addFilter(note)
    return failed


# As Python says of a process, and of a shell whose command was killed.
_KILLED = r"died with <Signals\.\w+: (\d+)>|non-zero exit status (129|1[3-5]\d)\b"


def _script_of(rule, workflow, scripts):
    """Return the name of a rule's script where it lies in the folder ``scripts``, else None."""
    if rule.workflow is not workflow or not rule.script or not rule.output:
        return None
    place = Path(os.path.normpath(str(rule.basedir.join(rule.script))))
    return place.stem if place.parent == scripts else None


def _targets(arguments):
    """Return what a command asks for, as Snakemake reads it."""
    # Snakemake has imported it. The targets come to a workflow after its rules.
    from snakemake import cli

    parser = getattr(cli, "get_argument_parser", None)
    if parser is None:
        return set()
    given, _ = parser().parse_known_args(arguments)
    asked = [getattr(given, name, None) for name in ("targets", "forcerun", "until", "prioritize")]
    return {word for words in asked for word in words or ()}


def _event(record):
    return getattr(getattr(record, "event", None), "name", None)


def _is_worth_a_line(record):
    event = _event(record)
    selecting = re.match(r"Select jobs to execute|Execute \d+ jobs", str(record.msg))
    return record.levelno > logging.INFO or not (event in ("JOB_FINISHED", "PROGRESS") or selecting)


def _snakefile(started):
    """Return what ``--snakefile`` names here, None where nothing need be named."""
    # Snakemake has imported it.
    from snakemake import common

    if not os.path.exists(started):
        # The address of one at a host.
        return started
    # Another Snakemake may have none: then it is named wherever it lies.
    choices = getattr(common, "SNAKEFILE_CHOICES", ())
    found = next((file for file in choices if os.path.exists(file)), None)
    is_found = found is not None and os.path.samefile(found, started)
    return None if is_found else path_from_here(started)


def _elsewhere(settings, arguments):
    # A profile's `config` comes as if it stood on the command line, which would win over it.
    if any(re.fullmatch("-C.*|--config(=.*)?", word) for word in arguments):
        return "--config on the command line"
    if settings:
        return "config in a profile"
    return "what a template (__use_yte__) or the Snakefile made of the config files"


def _part(workflow, name):
    """Return the attribute of ``workflow`` that a dotted name leads to."""
    part = workflow
    for attribute in name.split("."):
        try:
            part = getattr(part, attribute)
        except AttributeError as error:
            raise StudyError(
                f"Snakemake {version('snakemake')}: no workflow.{name}; expected the insides of"
                " Snakemake 9.19 to 9.27: install one of these, or mend"
                " bakeoff/study/snakemake_internals.py."
            ) from error
    return part
