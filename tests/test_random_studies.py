"""No finished study loses its report, and what its files say is one thing, in good English.

200 studies are made up, the same ones each time, so that a change that has nothing to do with them
does not fail; ``STUDIES`` in the environment makes up so many others, at random. In one of 40, the
figures are laid out and drawn, which takes several times as long as all else; in one of four, they
are made up to there; in the others, an empty drawing stands for each. A failure prints the study,
and the line that makes it again.
"""

import gc
import os
import tempfile
import warnings
import zlib
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, seed, settings
from matplotlib.figure import Figure

from random_studies import fabricate, random_studies, reported
from report_checks import check_outputs
from report_readers import Outputs
from steps_after_training import run_steps

pytestmark = pytest.mark.thorough

STUDIES = int(os.environ.get("STUDIES", "200"))
PARTS = 4
DRAWN = 40
SKETCHED = 4


@pytest.fixture(scope="module", autouse=True)
def _no_garbage_to_look_through():
    """Keep what is loaded from the garbage collector, which statsmodels calls each time."""
    gc.freeze()
    yield
    gc.unfreeze()


@contextmanager
def sketched_figures():
    """Write the texts of each figure instead of laying it out and drawing it."""

    def sketch(figure, path):
        # Not those of the ticks, which take as long to look up as all else.
        texts = [*figure.texts, *(text for legend in figure.legends for text in legend.texts)]
        texts += [text for axes in figure.axes for text in (axes.title, *axes.texts)]
        drawing = "".join(f"<text>{escape(text.get_text())}</text>" for text in texts)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9pt">{drawing}</svg>'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg, encoding="utf-8")

    with ExitStack() as stack:
        for step in ("plot_findings", "plot_loss_curves", "plot_tradeoffs"):
            stack.enter_context(patch(f"{step}.save_svg", sketch))
        stack.enter_context(patch.object(Figure, "draw_without_rendering", lambda self: None))
        stack.enter_context(patch("textalloc.allocate", lambda *_, **__: None))
        yield


@contextmanager
def no_figures():
    """Write an empty drawing for each figure."""

    def leave_out(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9pt"/>')

    def curves(study, histories, folder, *files):
        for file in [*(folder / f"{entry['model']}.svg" for entry in study["models"]), *files]:
            leave_out(file)

    def others(study, analysis_file, *files):
        for file in files:
            if file.suffix == ".svg":
                leave_out(file)

    with (
        patch("plot_loss_curves.plot_loss_curves", curves),
        patch("plot_findings.plot_findings", others),
        patch("plot_tradeoffs.plot_tradeoffs", others),
    ):
        yield


def figures_of(plan):
    """Return how the figures of a made-up study are treated: drawn, sketched or left out."""
    # Hypothesis likes the same small numbers again and again.
    drawn_lot = zlib.crc32(repr(plan).encode())
    if drawn_lot % DRAWN == 0:
        return nullcontext
    return no_figures if drawn_lot % SKETCHED else sketched_figures


def check(plan, figures):
    """Run the steps on a made-up study and check all that they leave."""
    study = reported(plan)
    with tempfile.TemporaryDirectory() as folder, figures(), warnings.catch_warnings():
        warnings.simplefilter("error")
        fabricate(folder, plan)
        run_steps(folder, study)
        check_outputs(Outputs(folder), study)
        for figure in Path(folder, "figures").rglob("*.svg"):
            ElementTree.parse(figure)


RANDOM = settings(
    deadline=None,
    # Others each time where they are asked for; what is printed with a failure makes it again.
    derandomize="STUDIES" not in os.environ,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_finished_study_has_a_report_that_agrees_with_itself(part):
    @settings(RANDOM, max_examples=-(-STUDIES // PARTS))
    @given(random_studies())
    def of_this_part(plan):
        check(plan, figures_of(plan))

    if "STUDIES" not in os.environ:
        of_this_part = seed(part)(of_this_part)
    of_this_part()


@pytest.mark.parametrize(("models", "classes"), [(13, 20), (16, 21), (21, 10), (51, 3)])
def test_studies_at_the_edges_of_what_is_shown_whole(models, classes):
    # The first that is drawn is the simplest, with all models alike.
    @settings(RANDOM, max_examples=2)
    @given(random_studies(models=models, classes=classes))
    def at_the_edge(plan):
        check(plan, sketched_figures)

    at_the_edge()
