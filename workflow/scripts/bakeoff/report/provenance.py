"""How a study was made: data, settings, machine, versions, commits, times."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff import wording as w
from bakeoff.study.identity import NEUTRAL


def origin(
    study: Mapping[str, Any],
    command: str,
    cards: Sequence[Mapping[str, Any]],
    tree: Mapping[str, Any],
) -> list[tuple[str, list[str]]]:
    """Return how the study was made: a list of (term, [facts]).

    ``cards`` are those of all its runs, ``tree`` what
    :func:`bakeoff.study.commit.commits` says of the files that the page is made by.
    """
    seconds = sum(card["seconds"]["training"] for card in cards)
    seeds = {entry["model"]: entry.get("seeds", study["seeds"]) for entry in study["models"]}
    finished = sorted(card["finished"] for card in cards)
    versions = [
        ", ".join(f"{name} {version}" for name, version in card["versions"].items())
        for card in cards
    ]
    return [
        ("Data", _data(study, cards[0]["dataset"])),
        ("Models", [w.models(entry["name"] for entry in study["models"])]),
        ("Seeds", _by_model(study, cards, lambda card: w.listing(map(str, seeds[card["model"]])))),
        ("Training", _by_model(study, cards, lambda card: _settings(card["training"]))),
        ("Device", w.distinct(card["device"] for card in cards)),
        ("Platform", w.distinct(card["platform"] for card in cards)),
        ("Versions", w.distinct(versions)),
        ("Precision", w.distinct(card["precision"] for card in cards)),
        (
            "Threads",
            w.distinct(
                f"{w.count(card['threads'], 'thread')},"
                f" {w.count(card['concurrent_runs'], 'run')} at a time"
                for card in cards
            ),
        ),
        (
            "Time",
            [
                f"{w.count(len(cards), 'run')}, {w.duration(seconds)} in all; the last"
                f" finished {finished[-1]}"
            ],
        ),
        ("Commit of the runs", _commits(cards)),
        ("Commit of this page", [_commit(tree)]),
        ("Command", [command]),
    ]


def _data(study, data):
    validation = "the test set" if data["validation"] == "test" else "holdout"
    return [
        f"{study['dataset']['title']}: {w.count(data['train_images'], 'training image')},"
        f" {w.count(data['validation_images'], 'validation image')} ({validation}),"
        f" {w.count(data['test_images'], 'test image')},"
        f" {w.count(data['classes'], 'class', 'classes')}",
        f"sha256 of the prepared data: {data['checksum']}",
    ]


def _commits(cards):
    counts = Counter(_commit(card) for card in cards)
    return [f"{w.count(n, 'run')}: {commit}" for commit, n in counts.most_common()]


def _commit(made):
    if "study_commit" not in made:
        return _state(made["commit"])
    return f"study: {_state(made['study_commit'])}; tool: {_state(made['commit'])}"


def _state(commit):
    if commit is None:
        return "not known: no git repository"
    state = "files as committed" if commit["clean"] else "with changes that were not committed"
    return f"{commit['id']}, {state}"


def _settings(settings):
    """Return nested settings as one line: "epochs 13, optimizer (name Adadelta, …)".

    Those that change nothing are left out.
    """
    return ", ".join(
        f"{key} ({_settings(value)})" if isinstance(value, dict) else f"{key} {value}"
        for key, value in settings.items()
        if key not in NEUTRAL or value != NEUTRAL[key]
    )


def _by_model(study, cards, fact):
    """Return each different fact once, with the models it holds for where they differ."""
    names = {entry["model"]: entry["name"] for entry in study["models"]}
    models = {}
    for card in cards:
        models.setdefault(fact(card), {})[names[card["model"]]] = None
    if len(models) == 1:
        return list(models)
    return [f"{w.models(those)}: {text}" for text, those in models.items()]
