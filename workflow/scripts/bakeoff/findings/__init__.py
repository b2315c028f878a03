"""The findings of a study, computed from its trainings and put into words.

One module a finding: a function that takes the :class:`bakeoff.analysis.ranking.Results` and
returns a :class:`bakeoff.findings.finding.Finding`. Everything follows from the files of the
trainings: no sentence names a model, a count or a number of its own.
"""

from dataclasses import asdict
from itertools import combinations

from bakeoff.analysis.confusion import confusion_of, hardest_images, recalls
from bakeoff.analysis.models import models_of_study
from bakeoff.analysis.ranking import Results
from bakeoff.findings.agreement import alike_answers
from bakeoff.findings.calibration import calibration_of, trust_in_probabilities
from bakeoff.findings.confusion import mistakes
from bakeoff.findings.cost import dear_models
from bakeoff.findings.curves import worth_more_epochs
from bakeoff.findings.disputed import disputed_labels
from bakeoff.findings.ensemble import answers_together
from bakeoff.findings.hardest import hardest
from bakeoff.findings.last_epochs import last_epochs
from bakeoff.findings.overfitting import overfitting_models
from bakeoff.findings.published import reproduction
from bakeoff.findings.ranking import best_models, described_accuracy, verdict
from bakeoff.findings.remarks import remark
from bakeoff.findings.setting import cautions, setting
from bakeoff.findings.traits import traits_that_matter
from bakeoff.limits import most_accurate

CLOSING = (
    "The arrow notation is derived from the built models. Batch normalisation, dropout and"
    " activations are left out."
)

_FINDINGS = [
    best_models,
    worth_more_epochs,
    overfitting_models,
    traits_that_matter,
    dear_models,
    last_epochs,
    mistakes,
    hardest,
    disputed_labels,
    alike_answers,
    answers_together,
    trust_in_probabilities,
    reproduction,
]


def compute_findings(study, data, trainings):
    """Return the findings of ``study`` as one JSON-ready dict.

    ``study`` is the reported study, ``data`` its :class:`bakeoff.study.readers.DataSet` and
    ``trainings`` what :func:`bakeoff.analysis.models.read_trainings` returns. Keys: ``title``;
    ``classes``, their names; ``setting`` and ``cautions``, lists of sentences; ``findings``, each
    with ``key``, ``title``, ``text`` (a list of paragraphs), ``items`` (a list of sentences) and
    ``table`` (``columns`` and ``rows``, or None); ``models`` with ``verdict``, ``above_chance``
    (None where all diverged), ``accuracy``, ``remark``, ``notation``, ``errors`` and
    ``calibration``; ``errors`` with the ``hardest``
    images; ``pairs_compared``, their number; ``comparisons`` of two models, of many models
    those of :func:`_listed`; ``closing``.
    """
    results = Results(study, data, models_of_study(study, trainings))
    return {
        "title": study["title"],
        "classes": data.class_names,
        "setting": setting(study, results.models),
        "cautions": cautions(results),
        "findings": [
            asdict(found)
            for find in (_FINDINGS if results.finished else [best_models])
            if (found := find(results))
        ],
        "models": [
            {
                "model": model.key,
                "name": model.name,
                "description": model.description,
                "family": model.family,
                "verdict": verdict(model, results),
                "above_chance": model not in results.at_chance if model.trainings else None,
                "accuracy": described_accuracy(model),
                "remark": remark(model, results),
                "notation": model.card["notation"],
                "errors": _errors(model, data),
                "calibration": _calibration(model),
            }
            for model in results.models
        ],
        "errors": {"hardest": hardest_images(results) if results.finished else []},
        "pairs_compared": len(results.pairs) // 2,
        "comparisons": [
            {"a": a, "b": b, **asdict(comparison)}
            | {"significant": comparison.significant, "told_apart": comparison.told_apart}
            for a, b, comparison in _listed(results)
        ],
        "closing": CLOSING,
    }


def _listed(results):
    """Yield (a, b, Comparison) of the pairs to list.

    Of many models, those are the pairs with a best one and those among the most accurate: a
    thousand have half a million, of which no figure or table shows more.
    """
    shown = {model.key for model in most_accurate(results.finished, _accuracy)[0]}
    best = {model.key for model in results.best}
    for a, b in combinations([model.key for model in results.finished], 2):
        wanted = a in best or b in best or (a in shown and b in shown)
        if wanted and (found := results.pairs.get((a, b))):
            yield a, b, found


def _accuracy(model):
    return model.accuracy[0]


def _errors(model, data):
    if not model.trainings:
        return None
    confusion = confusion_of(model, data)
    return {"confusion": confusion.tolist(), "recall": recalls(confusion)}


def _calibration(model):
    if not model.trainings:
        return None
    error = calibration_of(model)
    return {
        "ece": error.value,
        "by_chance": error.by_chance,
        "beyond_chance": error.beyond_chance,
        "bins": model.reliability.bins,
    }
