"""Reading a study's config: schema, defaults, and the checks a schema cannot make."""

import ast
import copy
import difflib
from pathlib import Path

import jsonschema
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from bakeoff.errors import StudyError

_SCHEMAS = Path(__file__).parents[2] / "schemas"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COMMAND_LINE = "--config on the command line"
# Not in the schema: filled in there, a model's entry would override the study's choice.
_TRAINING_DEFAULTS = {"backend": "tensorflow", "precision": "float32", "deterministic": False}
# The kinds of published claims that set models against others.
_COMPARING = {
    "most_accurate",
    "less_accurate",
    "overfits_less",
    "highest_train_accuracy",
    "slower",
}


def read_config(config, files, root):
    """Return a checked copy of ``config`` with all defaults filled in.

    ``config`` is the merged mapping that Snakemake made of ``files`` (in the order in which
    they were merged) and of ``--config``; ``root`` is the folder that holds ``architectures/``.
    Raises :class:`StudyError` with one line for each fault found.
    """
    documents = {str(file): _load_without_doubles(file) for file in files}
    config = _parse_texts(copy.deepcopy(config), (), documents)
    given = copy.deepcopy(config)
    faults = _faults_of_form(config, "config", given, documents) or [
        f"{_origin(key, given, documents)}: {'.'.join(key)}: {fault}"
        for key, fault in _faults_of_meaning(config, documents, Path(root))
    ]
    if faults:
        raise StudyError("\n".join(dict.fromkeys(faults)))
    return config


def read_published(config, root):
    """Return what the file ``study.published`` of a checked config holds, or None without one.

    ``root`` is the repository. The content is that of workflow/schemas/published.schema.yaml.
    Raises :class:`StudyError` with one line for each fault found.
    """
    if config["study"]["published"] is None:
        return None
    file = Path(root) / config["study"]["published"]
    shown = config["study"]["published"]
    published = _load_without_doubles(file)
    faults = _faults_of_form(published, "published", published, {shown: published}) or [
        f"{shown}: {key}: {fault}" for key, fault in _faults_of_claims(published)
    ]
    if faults:
        raise StudyError("\n".join(dict.fromkeys(faults)))
    return published


def training_settings(config, model):
    """Return the settings that ``model`` is trained with: the study's under its own.

    An optimizer is replaced as a whole, since one optimizer's settings mean nothing to another.
    """
    settings = _TRAINING_DEFAULTS | config["training"]
    settings |= config["models"][model].get("training", {})
    given = settings["optimizer"].items()
    settings["optimizer"] = {key: value for key, value in given if value is not None}
    return settings


def reported_study(config, models, unfinished=(), published=None):
    """Return what the reporting steps need to know of the config.

    ``models`` are the keys of the models to report on, in order; ``unfinished`` those left out
    because they have not finished; ``published`` is what :func:`read_published` returns.
    """
    data = config["data"]
    return {
        "title": config["study"]["title"],
        "dataset": {key: data[key] for key in ("title", "validation", "disputed")}
        | {"name": data["dataset"]},
        "models": [
            {"model": key}
            | {field: config["models"][key][field] for field in ("name", "description", "family")}
            for key in models
        ],
        "unfinished": [config["models"][key]["name"] for key in unfinished],
        "seeds": config["study"]["seeds"],
        "show_images": config["study"]["show_images"],
        "published": published,
    }


def _load_without_doubles(file):
    try:
        return YAML(typ="safe", pure=True).load(Path(file)) or {}
    except DuplicateKeyError as error:
        key = error.problem.split('"')[1]
        raise StudyError(
            f"{file}: {key}: given twice (the second time in line"
            f" {error.problem_mark.line + 1}); expected each key once: remove one of the two."
        ) from error
    except MarkedYAMLError as error:
        raise StudyError(
            f"{file}: line {error.problem_mark.line + 1}: {error.problem}; expected YAML: mend"
            " that line."
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise StudyError(f"{file}: {reason}; expected YAML in UTF-8: mend the file.") from error


def _faults_of_form(content, schema, given, documents):
    """Return a line for each fault of ``content`` against a schema, and fill in its defaults."""
    errors = sorted(_validator(schema).iter_errors(content), key=lambda e: list(map(str, e.path)))
    return [_describe(error, given, documents) for error in errors]


def _validator(name):
    base = jsonschema.Draft202012Validator

    def fill_defaults(validator, properties, instance, schema):
        if validator.is_type(instance, "object"):
            for key, subschema in properties.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from base.VALIDATORS["properties"](validator, properties, instance, schema)

    # YAML writes 13.0 where 13 is meant to be a whole number, and Python counts True as 1.
    whole_number = base.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    # Read by LibYAML: ours needs no search for doubled keys, and each run of Snakemake reads it.
    schema = yaml.load((_SCHEMAS / f"{name}.schema.yaml").read_bytes(), _LOADER)
    extended = jsonschema.validators.extend(
        base, {"properties": fill_defaults}, type_checker=whole_number
    )
    return extended(schema)


def _describe(error, given, documents):
    """Turn one of jsonschema's errors into one line."""
    key = [str(part) for part in error.absolute_path]
    value = error.instance
    match error.validator:
        case "additionalProperties":
            known = sorted(error.schema["properties"])
            unknown = sorted(set(value) - set(known))[0]
            close = difflib.get_close_matches(unknown, known, n=1)
            key.append(unknown)
            meant = f"did you mean {close[0]}?" if close else "remove it."
            problem = f"unknown key; expected one of {', '.join(known)}: {meant}"
        case "required":
            missing = sorted(set(error.validator_value) - set(value))[0]
            key.append(missing)
            problem = "missing; expected a value: add the key."
        case "type":
            expected = error.validator_value
            expected = [expected] if isinstance(expected, str) else expected
            problem = f"{value!r} is of the wrong type; expected {' or '.join(expected)}: " + (
                "write a number without quotes."
                if isinstance(value, str) and "number" in expected
                else "change the value."
            )
        case "enum":
            allowed = ", ".join(map(str, error.validator_value))
            problem = f"{value!r} is not known; expected one of {allowed}: choose one of them."
        case "uniqueItems":
            double = next(item for item in value if value.count(item) > 1)
            problem = f"{double!r} stands twice; expected each once: remove one of the two."
        case "pattern":
            problem = f"{value!r} does not fit; expected {error.validator_value}: rename it."
        case "minItems" | "minProperties" | "minLength":
            problem = f"{value!r} is empty; expected at least {error.validator_value}: add one."
        case "maxItems":
            problem = f"{len(value)} entries; expected at most {error.validator_value}: drop some."
        case _:
            limit = {
                "minimum": "at least",
                "exclusiveMinimum": "more than",
                "maximum": "at most",
            }[error.validator]
            problem = (
                f"{value!r} is out of range; expected {limit} {error.validator_value}:"
                " change the value."
            )
    return f"{_origin(key, given, documents)}: {'.'.join(key) or 'the whole file'}: {problem}"


def _parse_texts(value, key, documents):
    """Return ``value`` with numbers in place of the texts that Snakemake made of them.

    Snakemake reads the entries of ``--config study='{seeds: [0, 1]}'`` as texts, and so it does
    with 1e-3 in a file: YAML 1.1, which it follows, wants 1.0e-3.
    """
    if isinstance(value, dict):
        return {k: _parse_texts(item, (*key, str(k)), documents) for k, item in value.items()}
    if isinstance(value, list):
        return [_parse_texts(item, (*key, str(k)), documents) for k, item in enumerate(value)]
    in_files = (_look_up(document, key) for document in documents.values())
    if isinstance(value, str) and value not in in_files:
        parsed = YAML(typ="safe", pure=True).load(value) if value else value
        return value if isinstance(parsed, (dict, list)) else parsed
    return value


def _origin(key, given, documents):
    """Return the file, or the command line, that had the last word on ``key`` in ``given``."""
    # A key that is missing is missed where its parent stands.
    while key and _look_up(given, key) is _ABSENT:
        key = key[:-1]
    value = _look_up(given, key)
    holders = [file for file in documents if _look_up(documents[file], key) is not _ABSENT]
    if not holders:
        return _COMMAND_LINE
    # Mappings are merged from several files; anything else was written by one.
    if not isinstance(value, dict) and _look_up(documents[holders[-1]], key) != value:
        return _COMMAND_LINE
    return holders[-1]


_ABSENT = object()


def _look_up(document, key):
    """Return what stands at ``key``, a sequence of texts, or ``_ABSENT``."""
    for part in key:
        if isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        elif isinstance(document, dict) and part in document:
            document = document[part]
        else:
            return _ABSENT
    return document


def _faults_of_meaning(config, documents, root):
    """Yield (key, fault) for what the schema cannot see."""
    described = config["models"]
    for model in config["study"]["models"]:
        if model not in described:
            close = difflib.get_close_matches(model, described, n=1)
            remedy = f"did you mean {close[0]}?" if close else f"describe it under models.{model}."
            yield ("study", "models"), f"{model!r} is not described under `models:`; {remedy}"

    first_with = {}
    for model, entry in described.items():
        other = first_with.setdefault(entry["name"], model)
        if other != model:
            yield (
                ("models", model, "name"),
                f"{entry['name']!r} is also the name of {other}; expected a name of its own:"
                " rename one of the two.",
            )
        yield from _faults_of_architecture(model, root / "architectures" / f"{model}.py")

    data = config["data"]
    if data["holdout_images"] is not None and data["validation"] != "holdout":
        yield (
            ("data", "holdout_images"),
            f"{data['holdout_images']} has no effect with `validation: {data['validation']}`;"
            " expected null: remove it, or set `validation: holdout`.",
        )
    other = _data_set_of_disputed(config, documents)
    if other != data["dataset"]:
        yield (
            ("data", "disputed"),
            f"{len(data['disputed'])} places in the test set of {other}; expected those of"
            f" {data['dataset']}: give them where the data set is named, or [] for none.",
        )

    published = config["study"]["published"]
    if published is not None and not (root / published).is_file():
        yield (
            ("study", "published"),
            f"{published!r} does not exist; expected a file in the repository: correct the path,"
            " or set null.",
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
        if claim["kind"] == "parameters" and uncounted:
            yield (
                f"models.{uncounted[0]}.parameters",
                f"missing; expected a number, which the claim {claim['id']!r} is about: add the"
                " key.",
            )
        if claim["kind"] in _COMPARING and not set(claim.get("than", models)) - set(about):
            yield (
                f"{key}.models",
                f"leaves no model to compare with; expected others, as {claim['kind']!r} compares:"
                " name fewer, or add `than`.",
            )


def _data_set_of_disputed(config, documents):
    """Return the data set that was named when ``data.disputed`` had the last word."""
    data = config["data"]
    owner = named = data["dataset"]
    places = []
    for document in documents.values():
        given = document.get("data") or {}
        named = given.get("dataset", named)
        if "disputed" in given:
            owner, places = named, given["disputed"]
    # What a file says counts only where the command line says nothing else.
    return owner if data["disputed"] and data["disputed"] == places else data["dataset"]


def _faults_of_architecture(model, file):
    key, shown = ("models", model), f"architectures/{file.name}"
    if not file.is_file():
        yield (
            key,
            f"{shown} does not exist; expected a file with `build`: write it, or drop the model.",
        )
        return
    try:
        tree = ast.parse(file.read_bytes(), filename=str(file))
    except SyntaxError as error:
        yield key, f"{shown}, line {error.lineno}: {error.msg}; expected Python: mend that line."
        return
    if "build" not in set(_top_level_names(tree)):
        yield (
            key,
            f"{shown} has no `build`; expected `def build(input_shape, num_classes)` that returns"
            " a keras.Model: add it.",
        )


def _top_level_names(tree):
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
