"""The losses of models as data on the page, for its script to draw them as one likes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.analysis.epochs import by_epoch, has_finished
from bakeoff.figures.colours import model_colours
from bakeoff.figures.texts import SLIM, figure_names
from bakeoff.results import Model
from bakeoff.selection import most_accurate
from bakeoff.study.readers import read_histories


def mean_losses(
    study: Mapping[str, Any], models: Sequence[Model], histories: Sequence[str | Path]
) -> list[dict[str, Any]]:
    """Return a dict a model: ``name``, ``number`` on the page, ``colour``, ``loss``, ``val_loss``.

    ``short`` is the name as the drawing has room for it.

    ``histories`` are paths, in the order of :func:`bakeoff.study.readers.runs_in`. The losses are
    means over the runs that finished, a number an epoch, to four digits. Models of which no run
    finished are left out, and of many all but the most accurate.
    """
    runs = read_histories(histories, study)
    colours, numbers = model_colours(study), {m.model: i for i, m in enumerate(models, start=1)}
    shown, _ = most_accurate(models)
    short = figure_names(study, SLIM)
    return [
        {"name": model.name, "short": short[model.model], "number": numbers[model.model]}
        | {"colour": colours[model.model]}
        | {
            field: [float(f"{loss:.4g}") for loss in by_epoch(kept, field).mean(axis=0)]
            for field in ("loss", "val_loss")
        }
        for model in shown
        if (kept := [history for history in runs[model.model] if has_finished(history)])
    ]
