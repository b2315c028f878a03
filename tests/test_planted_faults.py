"""The test of random studies can fail: each kind of fault, planted in the steps, is found.

It is found by the studies of that test, of which the smallest that may show it are tried, and by
the function that is named beside it: one of the checks or, for what ends a step, one of the steps.
"""

import json
import traceback
from dataclasses import replace
from pkgutil import resolve_name
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest

from bakeoff import tables
from bakeoff import wording as w
from bakeoff.limits import MOST_CLASSES
from checked_studies import MODELS, STUDIES, check, each_random_study, no_figures
from random_studies import BEST, EARLY_AND_BEST, PERFECT, made_of

pytestmark = [pytest.mark.thorough, pytest.mark.skipif(STUDIES != 200, reason="other studies")]

TRIED = 25
SENTENCES = "_check_english"


@pytest.fixture(scope="module")
def studies():
    """The studies of :mod:`test_random_studies`, the smallest first."""
    drawn = []
    for part in range(len(MODELS)):
        each_random_study(part, drawn.append)
    return sorted(drawn, key=lambda plan: len(plan.models) * len(plan.seeds) * plan.classes)


def before(change):
    """Plant a fault in the first thing that a function is given."""
    return lambda real: lambda first, *others, **named: real(change(first), *others, **named)


def after(change):
    """Plant a fault in what a function returns."""
    return lambda real: lambda *given, **named: change(real(*given, **named))


def instead(function):
    """Plant another function."""
    return lambda real: function


def without_last(items):
    return list(items)[:-1]


def without_last_row(table):
    return replace(table, rows=table.rows[:-1])


def without_last_column(table):
    return replace(table, columns=table.columns[:-1], rows=[row[:-1] for row in table.rows])


def transposed(matrix):
    return matrix and [
        row | {"cells": [other["cells"][place] for other in matrix]}
        for place, row in enumerate(matrix)
    ]


def refuse_groups_of_one(groups):
    if min(map(len, groups)) == 1:
        raise ValueError("each sample must contain two observations")
    return groups


def surer(columns):
    return columns | {"p": 1e-9 * columns["p"]}


def last_row(run):
    return run.history[-1]


def warn_of_a_mean(results):
    np.mean([])
    return results


def write_a_nan(real):
    def dumps(content, **options):
        return json.dumps(content | {"new": [float("nan")]}, **options | {"allow_nan": True})

    return SimpleNamespace(dumps=dumps, loads=json.loads)


def cut(value, decimals=2):
    """Write a number without its further digits."""
    return f"{int(value * 10**decimals) / 10**decimals:.{decimals}f}".replace("-", "−")


def column(name, change):
    """Plant other numbers in a column of a CSV file."""
    return after(lambda table: table.assign(**{name: change(table[name].astype(float))}))


def findings(**changes):
    """Plant other fields in every finding."""

    def changed(found):
        changed = [
            finding | {name: change(finding[name]) for name, change in changes.items()}
            for finding in found["findings"]
        ]
        return found | {"findings": changed}

    return after(changed)


def field(name, change):
    """Plant another value of a key in a dict that a function returns."""
    return after(lambda content: content | {name: change(content[name])})


def links(change):
    """Plant other places in the page's links to models."""

    def places(models):
        return {name: m | {"place": change(m["place"])} for name, m in models.items()}

    def planted(real):
        return lambda folder, study, content: real(
            folder, study, content | {"by_name": places(content["by_name"])}
        )

    return planted


def many_models(plan):
    return 7 <= len(plan.models) <= 9


def perfect_of_many_classes(plan):
    return plan.classes > MOST_CLASSES and any(model.answers == PERFECT for model in plan.models)


def judged_before_the_last(plan):
    """Tell whether a model of a study is judged by an epoch that it chose."""
    return plan.holdout and any(model.chosen in (BEST, EARLY_AND_BEST) for model in plan.models)


def of_one_architecture(plan):
    """Tell whether each two models of a study may differ in one argument."""
    return len(plan.models) > 1 and made_of(plan, 0)["architecture"] == "architecture"


MAY_SHOW = {
    "another test of one pair": of_one_architecture,
    "the last epoch for the judged": judged_before_the_last,
    "a test that refuses groups of one": many_models,
    "the most frequent of no mistakes": perfect_of_many_classes,
}

WRITTEN, READ = "write_conclusions.write_findings", "render_report.read_findings"
RUNS, SUMMARY = "collect_results.table_of_runs", "collect_results.table_of_models"
PAGE = "render_report.fill_template"
TEXT, MARKDOWN = "bakeoff.tables.Table.as_text", "bakeoff.tables.Table.as_markdown"
WORDING = "bakeoff.wording."

# What is planted, where, and what finds it.
FAULTS = {
    "the last epoch for the judged": (
        *("bakeoff.analysis.models.MeasuredRun.judged", lambda _: property(last_row)),
        "_check_findings",
    ),
    "a test that refuses groups of one": (
        *("bakeoff.analysis.trait_groups.permutation_p", before(refuse_groups_of_one)),
        "compare_groups",
    ),
    "the most frequent of no mistakes": (
        *("bakeoff.report.tables.mistakes", after(lambda found: found[0] and found)),
        "most_confused",
    ),
    "a warning of NumPy": ("collect_results.analyse", before(warn_of_a_mean), "collect_results"),
    "NaN in analysis.json": ("bakeoff.results.json", write_a_nan, "_no_constant"),
    "NaN in findings.json": ("write_conclusions.json", write_a_nan, "_no_constant"),
    # Something is left out.
    "no last item in Markdown": (
        *("write_conclusions.bullets", before(without_last)),
        "_check_conclusions",
    ),
    "no last item on the page": (READ, findings(items=without_last), "_check_page"),
    "no last item anywhere": (WRITTEN, findings(items=without_last), "_check_whole"),
    "no last caution on the page": (READ, field("short_cautions", without_last), "_check_page"),
    "no last row in text": (TEXT, before(without_last_row), "_check_tables"),
    "no last row in Markdown": (MARKDOWN, before(without_last_row), "_check_tables"),
    "no last row anywhere": (
        *("bakeoff.findings.calibration._table", after(without_last_row)),
        "_check_whole",
    ),
    "no last run": ("render_report.runs_table", before(without_last), "_check_whole_page"),
    "no last layer": ("render_report.layer_table", before(without_last), "_check_whole_page"),
    "no last image": ("render_report.hardest_images", after(without_last), "_check_whole_page"),
    "no last column": (
        *("bakeoff.findings.summary.cost_table", after(without_last_column)),
        "_check_tables",
    ),
    "no last table in text": ("write_conclusions.all_tables", after(without_last), "_check_tables"),
    "rows as columns": ("render_report.confusion_matrix", after(transposed), "_check_whole_page"),
    "dead links": (PAGE, links(lambda place: place + 1000), "_check_page"),
    "links to others": (PAGE, links(lambda place: max(0, place - 1)), "_check_links"),
    # The files disagree.
    "another accuracy in runs.csv": (
        *(RUNS, column("test_accuracy", lambda shares: 0.999 * shares)),
        "_check_findings",
    ),
    "another interval in summary.csv": (
        *(SUMMARY, column("test_accuracy_low", lambda shares: shares + 1e-6)),
        "_check_files_agree",
    ),
    "another loss in summary.csv": (
        *(SUMMARY, column("train_loss", lambda losses: 1.01 * losses)),
        "_check_files_agree",
    ),
    "another slope in summary.csv": (
        *(SUMMARY, column("loss_slope", lambda slopes: slopes + 1e-6)),
        "_check_files_agree",
    ),
    "another test of one pair": (
        *("bakeoff.analysis.factors.corrected_columns", before(surer)),
        "_check_factors",
    ),
    "intervals sorted as words": (
        *("bakeoff.tables.points_interval", instead(lambda *e: tables.text(w.points_interval(*e)))),
        "_check_sorting",
    ),
    "another best model in words": (
        *("bakeoff.results.Results.best", instead(property(lambda found: found.ranked[-1:]))),
        "_check_files_agree",
    ),
    "numbers cut, not rounded": (WORDING + "number", instead(cut), "assert_rounded"),
    "names that are marks": ("write_conclusions.escaped", instead(str), "inline_texts"),
    "names that are elements": (
        *("render_report._environment", after(lambda made: made.overlay(autoescape=False))),
        "read_page",
    ),
    # English
    "two spaces": (WORDING + "points", after(lambda text: text.replace(" ", "  ")), SENTENCES),
    "an empty paragraph": (WRITTEN, findings(text=lambda text: [*text, ""]), "_check_conclusions"),
    "an empty sentence": (WRITTEN, findings(text=lambda text: [f"{text[0]} ."]), SENTENCES),
    "a sentence without its end": (
        *(WRITTEN, findings(text=lambda text: [text[0].rstrip(".")])),
        SENTENCES,
    ),
    "1 runs": (
        *(WORDING + "plural", instead(lambda _, one, several=None: several or f"{one}s")),
        SENTENCES,
    ),
    "2 run": (WORDING + "plural", instead(lambda _, one, several=None: one), SENTENCES),
    "None times": (WORDING + "times", instead(lambda ratio: None), SENTENCES),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault, studies):
    target, plant, finder = FAULTS[fault]
    tried = list(filter(MAY_SHOW.get(fault, lambda plan: True), studies))[:TRIED]
    with patch(target, plant(resolve_name(target))):
        assert finder in first_failure(tried)


def first_failure(tried):
    """Return the names of the functions in which the first study that fails does, outermost first.

    None of a study fails where nothing is planted: :mod:`test_random_studies`.
    """
    for plan in tried:
        try:
            check(plan, no_figures)
        except Exception as error:
            return [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    return []
