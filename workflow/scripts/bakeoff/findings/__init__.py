"""The findings of a study, computed from its trainings and put into words.

One module a finding: a function that takes the :class:`bakeoff.results.Results` and returns a
:class:`bakeoff.findings.finding.Finding`. Everything follows from the files of the trainings: no
sentence names a model, a count or a number of its own.
"""

from dataclasses import asdict

from bakeoff.findings.best import best_models
from bakeoff.findings.cost import dear_models
from bakeoff.findings.epochs import worth_more_epochs
from bakeoff.findings.last_epochs import last_epochs
from bakeoff.findings.overfitting import overfitting_models
from bakeoff.findings.remarks import remark
from bakeoff.findings.traits import traits_that_matter
from bakeoff.measures import models_of_study
from bakeoff.results import Results
from bakeoff.setting import cautions, setting

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
]


def compute_findings(study, trainings):
    """Return the findings of ``study`` as one JSON-ready dict.

    ``study`` is the reported study and ``trainings`` what
    :func:`bakeoff.measures.read_trainings` returns. Keys: ``title``; ``setting`` and
    ``cautions``, lists of sentences; ``findings``, each with ``key``, ``title``, ``text`` (a
    list of paragraphs), ``items`` (a list of sentences) and ``table`` (``columns`` and
    ``rows``, or None); ``models`` with ``remark`` and ``notation``; ``comparisons``, one for
    each pair of models; ``closing``.
    """
    results = Results(study, models_of_study(study, trainings))
    return {
        "title": study["title"],
        "setting": setting(study, results.models),
        "cautions": cautions(study, results.models),
        "findings": [
            asdict(find(results)) for find in (_FINDINGS if results.finished else [best_models])
        ],
        "models": [
            {
                "model": model.key,
                "name": model.name,
                "description": model.description,
                "remark": remark(model, results),
                "notation": model.card["notation"],
            }
            for model in results.models
        ],
        "comparisons": [
            {"a": a, "b": b, **asdict(comparison), "p_holm": p_holm}
            for (a, b), (comparison, p_holm) in results.pairs.items()
            if results.keys.index(a) < results.keys.index(b)
        ],
        "closing": CLOSING,
    }
