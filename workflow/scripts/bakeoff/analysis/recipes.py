"""In which settings of their training the models of a study differ."""

from collections.abc import Iterable, Sequence

from bakeoff import wording as w
from bakeoff.analysis.models import MeasuredModel
from bakeoff.numbers import Setting


def unlike_settings(models: Sequence[MeasuredModel]) -> list[Setting]:
    """Return a :class:`bakeoff.numbers.Setting` for each in which the runs of ``models`` differ.

    ``models`` are :class:`bakeoff.analysis.models.MeasuredModel`, their diverged runs counting
    too. What one optimizer has and another has not is no difference by itself.
    """
    found: dict[tuple[str, ...], dict[str, dict[str, None]]] = {}
    for model in models:
        for run in (*model.runs, *model.diverged):
            for path, value in _settings(run.card).items():
                found.setdefault(path, {}).setdefault(w.setting(value), {})[model.key] = None
    everyone = [model.key for model in models]
    for path, values in found.items():
        have = {key for keys in values.values() for key in keys}
        if path[0] != "optimizer" and (without := [key for key in everyone if key not in have]):
            values["not set"] = dict.fromkeys(without)
    unlike = {path: values for path, values in found.items() if len(values) > 1}
    names = called(unlike)
    return [
        Setting(names[path], {value: list(keys) for value, keys in values.items()})
        for path, values in unlike.items()
    ]


def _settings(card):
    """Return the settings of a run, from their path of one or two keys to a value.

    A schedule or augmentation is one setting, as its parts mean nothing alone. An optimizer's are
    those of the config, and Keras's defaults for what that leaves open.
    """
    defaults = {key: value for key, value in card["optimizer"].items() if key != "name"}
    optimizer = card["training"]["optimizer"]
    chosen = {key: card[key] for key in ("epochs", "precision", "backend")}
    chosen["optimizer"] = {"name": None} | defaults | optimizer
    settings = card["training"] | chosen
    flat = {(key,): value for key, value in settings.items() if key != "optimizer"}
    return flat | {("optimizer", own): value for own, value in settings["optimizer"].items()}


def called(paths: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Return what each setting is called: by its own key, or by all where two share that.

    ``paths`` lead to them, of one key or several.
    """
    own = {path: "optimizer" if path == ("optimizer", "name") else path[-1] for path in paths}
    shared = [name for name in own.values() if list(own.values()).count(name) > 1]
    return {
        path: (" ".join(path) if name in shared else name).replace("_", " ")
        for path, name in own.items()
    }
