"""Reading a study's config: schema, defaults, and the checks a schema cannot make."""

import copy
import difflib
import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from bakeoff.claims import KINDS
from bakeoff.errors import StudyError
from bakeoff.study.config_files import ConfigFile, ConfigFiles, config_file, look_up
from bakeoff.study.datasets import DataSets, faults_of_data_set, fill_in, laid_over
from bakeoff.study.faults import (
    describe,
    describe_odd_number,
    describe_value,
    is_number,
    read_text,
)
from bakeoff.study.folders import (
    Folders,
    find,
    is_walked,
    shortest,
    shown_path,
    why_unreadable,
)
from bakeoff.study.looks import Looks, is_of_looks
from bakeoff.study.recipes import Recipes, laid_over_recipe
from bakeoff.study.settings import has_curves, training_settings
from bakeoff.study.signature import Architectures
from bakeoff.study.variants import shown, written_out
from bakeoff.wording import listing, one_line

_SCHEMAS = Path(__file__).parents[3] / "schemas"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMAND_LINE = "--config on the command line"
# What words and the page need to know of the data, besides its name.
_OF_DATA_SET = ("title", "note", "validation", "disputed", "disputed_note")
# What each of the schedules may be given beside its name; the first are those that it needs.
_SCHEDULES = {
    "constant": (set(), {"warmup"}),
    "cosine": (set(), {"warmup", "final"}),
    "step": ({"every"}, {"warmup", "factor"}),
    "exponential": ({"factor"}, {"warmup"}),
    "one_cycle": (set(), {"warmup", "start", "final"}),
}


def check_config_file(file: str | Path, over: Mapping[str, Any]) -> None:
    """Raise :class:`StudyError` for what Snakemake refuses in a config file and does not name.

    ``over`` is the config that goes over the file's.
    """
    read = config_file(file)
    config = laid_over(over, read.value)
    schema = _schema("config")
    schema = {
        "$defs": schema["$defs"],
        "properties": {"pathvars": schema["properties"]["pathvars"]},
    }
    given = {"pathvars": copy.deepcopy(config.get("pathvars", {}))}
    if faults := _faults_of_form(given, schema, ConfigFiles(config, [read], _COMMAND_LINE)):
        raise StudyError("\n".join(dict.fromkeys(faults)))


def read_config(
    config: Mapping[str, Any],
    files: Sequence[str | Path],
    folders: Folders,
    elsewhere: str = _COMMAND_LINE,
) -> dict[str, Any]:
    """Return a checked copy of ``config`` with all defaults filled in.

    ``config`` is the merged mapping that Snakemake made of ``files`` (in the order in which
    they were merged) and of ``--config``, which messages call ``elsewhere``; ``folders``
    are :data:`bakeoff.study.folders.Folders`, which the copy holds as texts. Under ``origins``, it
    has a dict from keys such as ``data.classes`` to the file, or ``elsewhere``, to mend each in.
    Raises :class:`StudyError` with one line for each fault found.

    What ``config`` does not say of the data set that it names is taken from that one's own file:
    see :class:`bakeoff.study.datasets.DataSets`. Variants (`vary`) are written out as models of
    their own, and each model has its ``architecture`` and ``arguments``.
    """
    datasets, given = DataSets(files, folders[-1]), [ConfigFile(file) for file in files]
    if described := datasets.source(look_up(config, ("data", "dataset"))):
        config, given = laid_over(config, described.value), [described, *given]
    recipes = Recipes(files, folders[-1])
    config, given = _with_recipe(config, given, recipes, elsewhere)
    # Read as Snakemake read it: what is meant for a number is made one below.
    sources = ConfigFiles(config, given, elsewhere)
    schema = _schema("config")
    checked = _read_texts(config, schema, sources)
    faults = _faults_of_form(checked, schema, sources)
    if not faults:
        fill_in(checked["data"], sources)
        found = [
            *(
                (key, fault, None)
                for key, fault in _faults_of_models(checked, sources, folders, recipes)
            ),
            *_faults_of_meaning(checked, sources, folders, datasets),
        ]
        faults = [
            f"{origin or sources.origin(key)}: {'.'.join(key)}: {fault}"
            for key, fault, origin in found
        ]
    if faults:
        raise StudyError("\n".join(dict.fromkeys(faults)))
    return _completed(checked, folders, _origins(schema, sources))


def _completed(checked, folders, origins):
    """Return a checked config with what no file gives: see :func:`read_config`."""
    checked["origins"] = origins
    checked["pathvars"] = {key: shortest(path) for key, path in checked["pathvars"].items()}
    data = checked["data"]
    if data["path"] is not None and data["source"] != "bundled":
        data["path"] = shown_path(find(folders, data["path"]))
    checked["folders"] = [str(folder) for folder in folders]
    return checked


def _origins(schema, sources):
    """Map each "section.key" to where it stands, or would be added: by what is always given."""
    return {
        f"{section}.{key}": sources.origin(
            (section, key if key in sources.config[section] else always)
        )
        for section, always in (("study", "models"), ("data", "dataset"))
        for key in schema["properties"][section]["properties"]
    }


def check_targets(config: Mapping[str, Any], targets: Mapping[str, Mapping[str, str]]) -> None:
    """Raise :class:`StudyError` for a target of a model, a seed or a look that no study has.

    ``targets`` maps the files that a command asks for to their wildcards, of which ``model``,
    ``seed`` and ``look`` are checked.
    """
    models = config["models"]
    seeds = _schema("config")["properties"]["study"]["properties"]["seeds"]["items"]
    for target, wildcards in targets.items():
        model, seed = wildcards.get("model"), wildcards.get("seed", "0")
        if model is not None and model not in models:
            close = difflib.get_close_matches(model, models, n=1)
            meant = f"did you mean {close[0]}?" if close else "correct it, or describe that model."
            raise StudyError(
                f"{target}: {model!r} is not described under `models:`; expected one of"
                f" {listing(models, 'or')}: {meant}"
            )
        if int(seed) > seeds["maximum"]:
            raise StudyError(
                f"{target}: a seed of {seed}; expected one from {seeds['minimum']} to"
                f" {seeds['maximum']}: correct it."
            )
        # Of a study that has looks, as no other has a rule for it.
        look = wildcards.get("look")
        if look is not None and int(look) > (last := len(config["study"]["seeds"]["looks"])):
            raise StudyError(
                f"{target}: look {look}; expected one from 1 to {last}, as `study.seeds` has them:"
                " correct it."
            )


def read_published(config: Mapping[str, Any], folders: Folders) -> dict[str, Any] | None:
    """Return what the file ``study.published`` of a checked config holds, or None without one.

    ``folders`` are :data:`bakeoff.study.folders.Folders`. The content is that of
    workflow/schemas/published.schema.yaml.
    Raises :class:`StudyError` with one line for each fault found.
    """
    if config["study"]["published"] is None:
        return None
    shown = config["study"]["published"]
    file = ConfigFile(find(folders, shown), shown)
    sources = ConfigFiles(file.value, [file], shown)
    published = _read_texts(file.value, _schema("published"), sources)
    faults = _faults_of_form(published, _schema("published"), sources) or [
        f"{shown}: {key}: {fault}" for key, fault in _faults_of_claims(published)
    ]
    if faults:
        raise StudyError("\n".join(dict.fromkeys(faults)))
    return published


def made_of(model: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """Return, under ``made_of``, a model's architecture and arguments where the key does not tell.

    Such as "model_03 with filters = 64, kernel = 5".
    """
    if entry["architecture"] == model and not entry["arguments"]:
        return {}
    given = ", ".join(f"{name} = {shown(value)}" for name, value in entry["arguments"].items())
    return {"made_of": f"{entry['architecture']} with {given}" if given else entry["architecture"]}


def reported_study(
    config: Mapping[str, Any],
    models: Sequence[str],
    unfinished: Sequence[str] = (),
    published: Mapping[str, Any] | None = None,
    looks: Looks | None = None,
) -> dict[str, Any]:
    """Return what the reporting steps need to know of the config.

    ``models`` are the keys of the models to report on, in order; ``unfinished`` those left out
    because they have not finished; ``published`` is what :func:`read_published` returns;
    ``looks`` are how a study of looks stands: a model that has fewer seeds than others has them
    in its entry. Texts are on one line each, without spaces around them.
    """
    data = config["data"]
    if looks is None:
        seeds, own = config["study"]["seeds"], {}
    else:
        own = {key: looks.seeds_of(key) for key in models}
        seeds = max(own.values(), key=len)
    finished_only = config["study"].get("finished_only")
    study = {
        "title": config["study"]["title"],
        "dataset": {"name": data["dataset"]} | {key: data[key] for key in _OF_DATA_SET},
        "models": [
            {"model": key}
            | {field: config["models"][key][field] for field in ("name", "description", "family")}
            | made_of(key, config["models"][key])
            | ({"seeds": own[key]} if own.get(key, seeds) != seeds else {})
            for key in models
        ],
        "unfinished": [config["models"][key]["name"] for key in unfinished],
        "seeds": seeds,
        "metric": config["study"]["metric"],
        "show_images": config["study"]["show_images"],
        "published": published,
        # A report of the finished models alone does without the decisions, whose runs may not be
        # there any more.
        **({"looks_left_out": True} if finished_only and looks and looks.decided else {}),
    }
    return _on_one_line(study)


def numbers_study(study: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the numbers of a reported study depend on, besides its runs.

    Not the names, descriptions and titles, which words, pictures and the page alone show.
    """
    published = study["published"]
    return {
        "dataset": {key: study["dataset"][key] for key in ("name", "disputed")},
        "models": [
            {key: entry[key] for key in ("model", "seeds") if key in entry}
            for entry in study["models"]
        ],
        "seeds": study["seeds"],
        "metric": study["metric"],
        "published": published
        and {key: published[key] for key in ("setting", "models", "conclusions")},
    }


def _on_one_line(value):
    """Return JSON-ready data with every text in it on one line."""
    if isinstance(value, dict):
        return {key: _on_one_line(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_on_one_line(item) for item in value]
    return one_line(value) if isinstance(value, str) else value


def _read_texts(value, schema, sources, key=(), definitions=None):
    """Return a copy of ``value``, at ``key``, with numbers for texts that :func:`read_text` reads.

    ``schema`` is that of ``value``, and ``definitions`` are what it may refer to. A text in
    quotes, or where a text is expected, stays one.
    """
    definitions = definitions or schema["$defs"]
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix("#/$defs/")] | schema
    if isinstance(value, (dict, list)):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        read = {
            part: _read_texts(
                item, _subschema(schema, part), sources, (*key, str(part)), definitions
            )
            for part, item in parts
        }
        return read if isinstance(value, dict) else list(read.values())
    types = _types(schema)
    if isinstance(value, str) and set(types) - {"string"}:
        written = sources.written(key)
        if written is None or not written.quoted:
            meant = read_text(value, types)
            return meant if "string" not in types or meant is None else value
    return value


def _subschema(schema, part):
    """Return the schema of one part of a mapping or a list, {} where there is none."""
    if part in schema.get("properties", {}):
        return schema["properties"][part]
    others = schema.get("additionalProperties")
    return others if isinstance(others, dict) else schema.get("items", {})


def _types(schema):
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else types


def _faults_of_form(content, schema, sources):
    """Return a line for each fault of ``content`` against a schema, and fill in its defaults."""
    errors = sorted(_validator(schema).iter_errors(content), key=lambda e: list(map(str, e.path)))
    lines = [line for error in errors for line in describe(error, sources)]
    for key, value, written in sources.odd_numbers():
        if is_number(look_up(content, key)) and not any(list(key) == _path(e) for e in errors):
            lines.append(describe_odd_number(key, value, written, sources))
    return lines


def _path(error):
    return [str(part) for part in error.absolute_path]


@cache
def _schema(name):
    # Read by LibYAML, as each run of Snakemake reads it.
    return yaml.load((_SCHEMAS / f"{name}.schema.yaml").read_bytes(), _LOADER)


def _validator(schema):
    base = jsonschema.Draft202012Validator

    def fill_defaults(validator, properties, instance, schema):
        if validator.is_type(instance, "object"):
            for key, subschema in properties.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from base.VALIDATORS["properties"](validator, properties, instance, schema)

    # YAML writes 13.0 where 13 is meant to be a whole number, and Python counts True as 1.
    types = base.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: is_number(value),
        }
    )
    extended = jsonschema.validators.extend(base, {"properties": fill_defaults}, type_checker=types)
    return extended(schema)


def _with_recipe(config, given, recipes, elsewhere):
    """Lay the study's recipe, where it names one, under what it gives itself."""
    training = look_up(config, ("training",))
    if not isinstance(training, Mapping) or training.get("recipe") is None:
        return config, given
    try:
        recipe = recipes.source(training["recipe"])
    except StudyError as fault:
        key = ("training", "recipe")
        origin = ConfigFiles(config, given, elsewhere).origin(key)
        raise StudyError(f"{origin}: {'.'.join(key)}: {fault}") from None
    laid = laid_over_recipe(training, recipe.value["training"])
    return {**config, "training": laid}, [recipe, *given]


def _faults_of_models(config, sources, folders, recipes):
    """Write the variants out in ``config``; yield (key, fault) for what is wrong with models."""
    contenders = written_out(config["models"], config["training"], recipes.laid_under)
    yield from contenders.faults
    listed = []
    for model in config["study"]["models"]:
        if model not in contenders.members and not contenders.faults:
            close = difflib.get_close_matches(model, contenders.members, n=1)
            remedy = f"did you mean {close[0]}?" if close else f"describe it under models.{model}."
            fault = f"{model!r} is not described under `models:`; expected a key of it: {remedy}"
            yield ("study", "models"), fault
        listed += contenders.members.get(model, [])
    config["models"], config["study"]["models"] = contenders.entries, list(dict.fromkeys(listed))

    architectures = Architectures(folders)
    definitions = _schema("config")["$defs"]
    training = _validator(definitions["training"])
    first_with = {}
    for model, entry in contenders.entries.items():
        place = contenders.places[model]
        other = first_with.setdefault(one_line(entry["name"]), model)
        if other != model:
            yield (
                (*place, "name"),
                f"{entry['name']!r} is also the name of {other}; expected a name of its own:"
                " rename one of the two.",
            )
        # Settings of recipes and products have not been looked at.
        entry["training"] = _read_texts(
            entry["training"], training.schema, sources, (*place, "training"), definitions
        )
        errors = list(training.iter_errors(entry["training"]))
        for error in errors:
            yield (*place, "training"), describe_value(error)
        if errors:
            # What belongs together can be told of settings that are whole.
            continue
        settings = training_settings(config, model)
        found = [*_faults_of_settings(settings, config["data"]), *_faults_of_curves(config, model)]
        for key, fault in found:
            own = key[0] in entry["training"]
            yield (*(place if own else ()), "training", *key), fault
        name = entry["architecture"]
        if fault := architectures.fault(name):
            yield place, fault
            continue
        entry["arguments"] = architectures.as_meant(name, entry["arguments"])
        for argument, fault in architectures.faults_of_arguments(name, entry["arguments"]):
            yield (*place, "arguments", *([argument] if argument else [])), fault


def _faults_of_settings(settings, data):
    """Yield (key, fault) for what is wrong with a model's settings together."""
    yield from _faults_of_judging(settings, data)
    for part, fault in _faults_of_schedule(settings):
        yield ("schedule", *part), fault
    mixup = (settings["augmentation"] or {}).get("mixup")
    if mixup and (weight := settings["class_weight"]):
        yield (
            ("augmentation", "mixup"),
            f"{mixup} mixes images of two classes, each with a weight of its own by `class_weight:"
            f" {weight}`; expected one of the two: drop one (null in an overlay).",
        )


def _faults_of_curves(config, model):
    """Yield (key, fault) where a model's curves cannot be written."""
    if has_curves(config, model) and importlib.util.find_spec("tensorboard") is None:
        yield (
            ("tensorboard",),
            "true needs the package tensorboard; expected it beside Snakemake: python -m pip"
            " install tensorboard, or set false.",
        )


def _faults_of_schedule(settings):
    """Yield (part of the key, fault) for what is wrong with a model's schedule."""
    schedule = settings["schedule"]
    if schedule is None:
        return
    needed, known = _SCHEDULES[schedule["name"]]
    for key in sorted(needed - set(schedule)):
        yield (key,), f"missing; expected a value with `name: {schedule['name']}`: add the key."
    for key in sorted(set(schedule) - {"name"} - needed - known):
        yield (
            (key,),
            f"{schedule[key]} has no effect with `name: {schedule['name']}`; expected of"
            f" {', '.join(sorted(needed | known))}: remove it, or set null in an overlay.",
        )
    if schedule.get("warmup", 0) >= settings["epochs"]:
        yield (
            ("warmup",),
            f"{schedule['warmup']} epochs; expected fewer than the {settings['epochs']} of the run:"
            " lower it.",
        )


def _faults_of_judging(settings, data):
    """Yield (key, fault) for choices of an epoch that would be made on the test images."""
    if data["validation"] == "holdout":
        return
    remedy = "set `data.validation: holdout`, or leave it out."
    if settings["early_stopping"] is not None:
        yield (
            ("early_stopping",),
            f"needs `data.validation: holdout`, not {data['validation']}, as a run would otherwise"
            f" stop where its test images like it best: {remedy}",
        )
    if settings["evaluate"] == "best":
        yield (
            ("evaluate",),
            f"'best' needs `data.validation: holdout`, not {data['validation']}, as the epoch"
            f" would otherwise be chosen by the test images that judge it: {remedy}",
        )


def _faults_of_meaning(config, sources, folders, datasets):
    """Yield (key, fault, origin) for what the schema cannot see.

    The origin is None where it is that of the key.
    """
    data = config["data"]
    if data["holdout_images"] is not None and data["validation"] != "holdout":
        yield (
            ("data", "holdout_images"),
            f"{data['holdout_images']} has no effect with `validation: {data['validation']}`;"
            " expected null: remove it, or set `validation: holdout`.",
            None,
        )
    yield from faults_of_data_set(data, sources, datasets)

    seeds = config["study"]["seeds"]
    if is_of_looks(seeds) and seeds["looks"] != sorted(seeds["looks"]):
        yield (
            ("study", "seeds", "looks"),
            f"{seeds['looks']} does not rise; expected more seeds at each look: put them in order.",
            None,
        )

    yield from ((key, fault, None) for key, fault in _faults_of_paths(config, folders))


def _faults_of_paths(config, folders):
    """Yield (key, fault) for paths that cannot be read, or lead to what they must not."""
    data, published = config["data"], config["study"]["published"]
    paths = {("pathvars", key): path for key, path in config["pathvars"].items()}
    if data["path"] is not None and data["source"] != "bundled":
        paths["data", "path"] = find(folders, data["path"])
    if published is not None:
        paths["study", "published"] = find(folders, published)
    unreadable = {key: reason for key, path in paths.items() if (reason := why_unreadable(path))}
    for key, reason in unreadable.items():
        yield (
            key,
            f"{look_up(config, key)!r} cannot be read ({reason}); expected a path that"
            " can: correct it, or allow that.",
        )
    if unreadable:
        return
    if published is not None and not paths["study", "published"].is_file():
        yield (
            ("study", "published"),
            f"{published!r} does not exist; expected a file in {folders[0]}: correct the path,"
            " or set null.",
        )
    place = paths.get(("data", "path"))
    if place and is_walked(place, Path(config["pathvars"]["results"], "data", data["dataset"])):
        yield (
            ("data", "path"),
            f"{data['path']!r} holds this study's results, whose files would count as the data's;"
            " expected a folder of the images alone: move them into one, or name another by"
            " `pathvars.results`.",
        )


def _faults_of_claims(published):
    """Yield (key, fault) for what the schema of published figures cannot see."""
    models = published["models"]
    ids = [claim["id"] for claim in published["conclusions"]]
    for number, claim in enumerate(published["conclusions"]):
        key = f"conclusions.{number}"
        if claim["id"] in ids[:number]:
            yield f"{key}.id", f"{claim['id']!r} stands twice; expected each once: rename one."
        for part in ("models", "than"):
            for model in claim.get(part, []):
                if model not in models:
                    yield (
                        f"{key}.{part}",
                        f"{model!r} is not in the table; expected keys of `models`: add it there,"
                        " or leave it out.",
                    )
        about = claim.get("models", models)
        uncounted = [key for key in about if key in models and "parameters" not in models[key]]
        kind = KINDS[claim["kind"]]
        if kind.quantity == "parameters" and uncounted:
            yield (
                f"models.{uncounted[0]}.parameters",
                f"missing; expected a number, which the claim {claim['id']!r} is about: add the"
                " key.",
            )
        if kind.compares and not set(claim.get("than", models)) - set(about):
            yield (
                f"{key}.models",
                f"leaves no model to compare with; expected others, as {claim['kind']!r} compares:"
                " name fewer, or add `than`.",
            )
