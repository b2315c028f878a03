"""The numbers of a study with the names of its models: what words, pictures and the page are of."""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bakeoff import numbers
from bakeoff.errors import StudyError
from bakeoff.files import write_atomically
from bakeoff.levels import LEVEL


@dataclass(frozen=True, kw_only=True, eq=False)
class Model(numbers.Model):
    """A model with its name, its description and its family. Each is equal to itself alone.

    ``made_of`` says which architecture it is, with which arguments, where the key does not.
    ``score`` is the one of its accuracies that ranks it, None where it diverged.
    """

    name: str
    description: str
    family: str
    made_of: str = ""
    score: numbers.Accuracy | None = None

    @property
    def may_be_best(self) -> bool:
        """Whether it is the best, or compared with it and not shown to be worse than any model.

        Not even one run of it.
        """
        return self.standing in ("best", "ahead on common seeds", "too close to call")

    @property
    def in_the_lead(self) -> bool:
        """Whether it may be the best, and is shown to have learned anything."""
        return self.may_be_best and self.above_chance is not False


class Results:
    """A study's numbers, its models in the orders that words and pictures ask for.

    ``study`` is the reported study and ``analysis`` its :class:`bakeoff.numbers.Analysis`.
    """

    def __init__(self, study: dict, analysis: numbers.Analysis):
        self.study = study
        self.analysis = analysis
        self.data = analysis.data
        self.balanced = analysis.metric == "balanced_accuracy"
        self.models = [
            _named(model, entry, analysis.metric)
            for model, entry in zip(analysis.models, study["models"], strict=True)
        ]
        self.finished = [model for model in self.models if model.runs]

    @property
    def measure(self) -> str:
        """What ranks the models, in words."""
        return "balanced test accuracy" if self.balanced else "test accuracy"

    @property
    def level(self) -> float:
        """The level of all comparisons of models together."""
        return self.analysis.looks.level if self.analysis.looks else LEVEL

    @property
    def in_common(self) -> str:
        """By what two models are compared, in words."""
        if self.analysis.looks:
            return "as many runs as both had at their last look in common"
        return "the seeds that both finished"

    @property
    def column(self) -> str:
        """What ranks the models, as the beginning of columns of summary.csv."""
        return "balanced_accuracy" if self.balanced else "test_accuracy"

    @property
    def judged_epoch(self) -> str:
        """Which epoch's weights count, in words."""
        named = {
            "last": "the last epoch",
            "val_loss": "the epoch with the lowest validation loss",
            "val_accuracy": "the epoch with the highest validation accuracy",
        }
        used = {model.judged_by for model in self.models}
        return named[used.pop()] if len(used) == 1 else "the epoch that is judged"

    @cached_property
    def published(self) -> dict[str, float]:
        """The published test accuracies, shares of 1, by the models' keys.

        There are none beside balanced accuracies, which they are not.
        """
        known = {} if self.balanced else (self.study["published"] or {}).get("models", {})
        return {model: known[model]["test_accuracy"] for model in self.by_key if model in known}

    @cached_property
    def by_key(self) -> dict[str, Model]:
        """The models by their keys."""
        return {model.model: model for model in self.models}

    def named(self, keys: Iterable[str]) -> list[Model]:
        """Return the models with these keys."""
        return [self.by_key[key] for key in keys]

    @cached_property
    def ranked(self) -> list[Model]:
        """The finished models, the best by the study's metric first, those that left last."""
        return self.named(self.analysis.ranked)

    @cached_property
    def best(self) -> list[Model]:
        """The models that share the first place; as a rule, one."""
        return self.named(self.analysis.best)

    @cached_property
    def learned(self) -> list[Model]:
        """The models that count in averages: above chance, or all that finished where none is."""
        return self.named(self.analysis.learned)

    @cached_property
    def at_chance(self) -> list[Model]:
        """The finished models that are not shown to be better than chance."""
        return [model for model in self.finished if not model.above_chance]

    @cached_property
    def left(self) -> list[Model]:
        """The models that got no more runs at a look, as they were shown to be worse."""
        race = self.analysis.looks
        return self.named(racer.model for racer in race.racers if racer.left) if race else []

    @property
    def nothing_learned(self) -> bool:
        """Whether models finished, and none is shown to be better than chance."""
        return len(self.at_chance) == len(self.finished) > 0

    def standing(self, *standings: str) -> list[Model]:
        """Return the models of these standings, the most accurate first."""
        return [model for model in self.ranked if model.standing in standings]

    @property
    def that_finished(self) -> str:
        """What follows "models" where others have not finished, or diverged; else nothing."""
        models = len(self.models) + len(self.study["unfinished"])
        return " that finished" if len(self.finished) < models else ""

    @property
    def that_learned(self) -> str:
        """What follows "models" where others that finished learned nothing; else nothing."""
        return " that learned" if len(self.learned) < len(self.finished) else ""

    @property
    def that_count(self) -> str:
        """What follows "models" where others do not count, for either reason."""
        return self.that_learned or self.that_finished

    @property
    def all_compared(self) -> bool:
        """Whether every two finished models were compared."""
        return self.analysis.pairs.number == math.comb(len(self.finished), 2)

    @property
    def corrected_for(self) -> int:
        """For how many pairs of models p-values and intervals are corrected.

        A look corrects for all pairs of the study, also for those that it cannot compare.
        """
        return math.comb(len(self.models), 2) if self.analysis.looks else self.analysis.pairs.number

    @property
    def difference_interval(self) -> str:
        """What the interval of a difference between two models is called, by its level."""
        return f"{100 * (1 - self.level):g} % interval"


def _named(model: numbers.Model, entry: dict, metric: str) -> Model:
    values = {field.name: getattr(model, field.name) for field in fields(model)}
    words = {key: entry[key] for key in entry if key not in ("model", "seeds")}
    return Model(**values, **words, score=values[metric])


_ANALYSIS = TypeAdapter(numbers.Analysis)


def write_analysis(path: str | Path, analysis: numbers.Analysis) -> None:
    """Write analysis.json, which has the schema of :func:`analysis_schema`."""
    text = json.dumps(asdict(analysis), indent=1, ensure_ascii=False, allow_nan=False)
    with write_atomically(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_results(path: str | Path, study: dict) -> Results:
    """Return the :class:`Results` of the reported ``study`` from analysis.json.

    Raises :class:`StudyError` when the file is damaged or is of other models.
    """
    expected = "the numbers of this study: delete it and run again; it is made anew."
    try:
        analysis = _ANALYSIS.validate_json(Path(path).read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise StudyError(f"{path}: {where}: {first['msg']}; expected {expected}") from error
    models = [entry["model"] for entry in study["models"]]
    if [model.model for model in analysis.models] != models:
        raise StudyError(f"{path}: is of other models; expected {expected}")
    return Results(study, analysis)


def analysis_schema() -> dict:
    """Return the JSON schema of analysis.json."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | _ANALYSIS.json_schema()
