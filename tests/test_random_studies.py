"""No finished study loses its report, and what its files say is one thing, in good English.

In one of 40 studies, the figures are laid out and drawn, which takes several times as long as all
else; in one of four, they are made up to there; in the others, an empty drawing stands for each. A
failure prints the study, and the line that makes it again.
"""

import zlib
from contextlib import nullcontext

import pytest
from hypothesis import given, settings

from checked_studies import MODELS, RANDOM, check, each_random_study, no_figures, sketched_figures
from random_studies import random_studies

pytestmark = pytest.mark.thorough

DRAWN = 40
SKETCHED = 4


def figures_of(plan):
    """Return how the figures of a made-up study are treated: drawn, sketched or left out."""
    # Hypothesis likes the same small numbers again and again.
    drawn_lot = zlib.crc32(repr(plan).encode())
    if drawn_lot % DRAWN == 0:
        return nullcontext
    return no_figures if drawn_lot % SKETCHED else sketched_figures


@pytest.mark.parametrize("part", range(len(MODELS)))
def test_any_finished_study_has_a_report_that_agrees_with_itself(part):
    each_random_study(part, lambda plan: check(plan, figures_of(plan)))


@pytest.mark.parametrize(("models", "classes"), [(13, 20), (16, 21), (21, 10), (51, 3)])
def test_studies_at_the_edges_of_what_is_shown_whole(models, classes):
    # The first that is drawn is the simplest, with all models alike.
    @settings(RANDOM, max_examples=2)
    @given(random_studies(models=[models], classes=classes))
    def at_the_edge(plan):
        check(plan, sketched_figures)

    at_the_edge()
