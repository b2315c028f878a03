"""Random studies taken through every step after training, and all that these leave checked.

There are 200 studies in as many parts as ``MODELS`` has, the same ones each time, so that a change
that has nothing to do with them does not fail; ``STUDIES`` in the environment makes up so many
others, at random.
"""

import os
import tempfile
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, Phase, given, seed, settings
from matplotlib.figure import Figure

from random_studies import fabricate, random_studies, reported
from report_checks import check_outputs
from report_readers import Outputs
from steps_after_training import run_steps

STUDIES = int(os.environ.get("STUDIES", "200"))

# What fails with many models does so with few, as a rule, and fifty times as fast; but what is
# said of groups of them needs some.
MODELS = [(1, 1, 2), (2, 2, 3), (3, 4, 5), (*(7, 8, 9) * 8, 12, 13, 16, 21)]
"""The numbers of models in the studies of each part."""

RANDOM = settings(
    deadline=None,
    # Others each time where they are asked for; what is printed with a failure makes it again.
    derandomize="STUDIES" not in os.environ,
    database=None,
    print_blob=True,
    # A smaller study that fails too takes minutes to find; the first says as much.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def each_random_study(part, call):
    """Call a function with each study of a part, whose numbers of models ``MODELS`` has."""
    called_with = set()

    def once(plan):
        if plan not in called_with:
            call(plan)
            called_with.add(plan)

    for number in range(-(-STUDIES // len(MODELS))):
        # Within one run Hypothesis varies what it drew before, so that half of the studies have
        # the same models. The first that it draws is always the simplest.
        drawn = settings(RANDOM, max_examples=2)(given(random_studies(models=MODELS[part]))(once))
        (drawn if "STUDIES" in os.environ else seed(1000 * part + number)(drawn))()


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
        for kind in ("pdf", "png"):
            stack.enter_context(patch(f"write_paper.save_{kind}", sketch))
        stack.enter_context(patch.object(Figure, "draw_without_rendering", lambda self: None))
        stack.enter_context(patch("textalloc.allocate", write_no_names))
        yield


def write_no_names(axes, x, *_, **__):
    """Return what textalloc does where no name has room: places, lines and what was drawn."""
    return [[None] * len(x)] * 4


@contextmanager
def no_figures():
    """Write an empty drawing for each figure."""

    def leave_out(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9pt"/>')

    def curves(study, histories, folder, *files):
        for file in [*(folder / f"{entry['model']}.svg" for entry in study["models"]), *files]:
            leave_out(file)

    def others(study, analysis_file, *files, **named):
        for file in [*files, *named.values()]:
            if file.suffix == ".svg":
                leave_out(file)

    with (
        patch("plot_loss_curves.plot_loss_curves", curves),
        patch("plot_findings.plot_findings", others),
        patch("plot_tradeoffs.plot_tradeoffs", others),
        patch("write_paper.write_paper", lambda *_: None),
    ):
        yield


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
