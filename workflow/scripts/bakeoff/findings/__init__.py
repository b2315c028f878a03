"""Words: the findings of a study, said of its numbers.

One module a finding, with the name of the module of ``analysis`` whose numbers it says: a function
that takes the :class:`bakeoff.results.Results` and returns a
:class:`bakeoff.findings.finding.Finding`. Nothing is computed here, and no sentence names a model,
a count or a number of its own.
"""

from typing import Any

from bakeoff.findings.agreement import alike_predictions
from bakeoff.findings.calibration import trust_in_probabilities
from bakeoff.findings.confusion import common_mistakes
from bakeoff.findings.cost import expensive_models
from bakeoff.findings.curves import worth_more_epochs
from bakeoff.findings.disputed import disputed_labels
from bakeoff.findings.ensemble import ensemble_of_best
from bakeoff.findings.factors import what_one_difference_does
from bakeoff.findings.finding import parted
from bakeoff.findings.hardest import hardest
from bakeoff.findings.headline import headline, pick
from bakeoff.findings.known import known_images
from bakeoff.findings.last_epochs import last_epochs
from bakeoff.findings.looks import seeds_where_they_decide
from bakeoff.findings.overfitting import overfitting_models
from bakeoff.findings.power import in_one_sentence, what_it_would_take
from bakeoff.findings.published import reproduction
from bakeoff.findings.ranking import best_models
from bakeoff.findings.remarks import remark
from bakeoff.findings.setting import cautions, in_one_line, setting
from bakeoff.findings.traits import traits_that_matter
from bakeoff.results import Results

ONE_LINE = 110
"""How many letters a line of the page holds, where the window is wide."""

CLOSING = (
    "The arrow notation is derived from the built models. Batch normalisation, dropout and"
    " activations are left out."
)

_FINDINGS = [
    best_models,
    seeds_where_they_decide,
    what_it_would_take,
    worth_more_epochs,
    overfitting_models,
    traits_that_matter,
    what_one_difference_does,
    expensive_models,
    last_epochs,
    common_mistakes,
    hardest,
    disputed_labels,
    known_images,
    alike_predictions,
    ensemble_of_best,
    trust_in_probabilities,
    reproduction,
]


def write_findings(results: Results) -> dict[str, Any]:
    """Return the findings of a study in words, as one JSON-ready dict.

    Keys: ``title``; ``headline``, a line, ``pick`` and ``surer``, others or None; ``line``, the
    setting in a line; ``setting`` and ``cautions``, lists of sentences; ``short_cautions``, the
    latter parted in what one line holds and the rest; ``findings``, each with ``key``, ``title``,
    ``answer``, a sentence, ``text`` (a list of paragraphs), ``items`` (a list of sentences) and
    ``table`` (see :meth:`bakeoff.tables.Table.as_data`, or None); ``models``, each with ``model``,
    its key, ``name`` and ``remark``; ``closing``.
    """
    asked = _FINDINGS if results.finished else [best_models]
    found = [finding for find in asked if (finding := find(results)) is not None]
    warnings = cautions(results)
    return {
        "title": results.study["title"],
        "headline": headline(results),
        "pick": pick(results),
        "surer": in_one_sentence(results),
        "line": in_one_line(results),
        "setting": setting(results),
        "cautions": warnings,
        "short_cautions": [_in_a_line(warning, results) for warning in warnings],
        "findings": [
            {
                "key": finding.key,
                "title": finding.title,
                "answer": _answer(finding, results),
                "text": finding.text,
                "items": finding.items,
                "table": finding.table and finding.table.as_data(),
            }
            for finding in found
            if finding
        ],
        "models": [
            {"model": model.model, "name": model.name, "remark": remark(model, results)}
            for model in results.models
        ],
        "closing": CLOSING,
    }


def _answer(finding, results):
    """Return what a finding says, in one sentence."""
    said, _ = parted(finding.answer or finding.text[0], results)
    return said.rstrip(".:;") + "."


def _in_a_line(sentence, results):
    """Return a sentence in two parts: what one line holds, and the rest."""
    return (sentence, "") if len(sentence) <= ONE_LINE else parted(sentence, results)
