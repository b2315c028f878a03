"""Snakemake's own report of a study, built and opened in a browser with the network off."""

import pytest

from browser import Visit, launched

pytestmark = pytest.mark.workflow

# Menu entries and, below them, what the tables of results hold.
CATEGORIES = {
    "Results": ["tables", "conclusions", "the whole report on one page"],
    "Accuracy": [
        *("accuracy with intervals", "every two models compared", "confidence and accuracy"),
        "what it would take",
    ],
    "Accuracy and cost": ["parameters", "multiply-adds", "training time", "latency"],
    "Loss curves": ["Tiny", "Wide", "side by side", "validation loss in one"],
}


@pytest.fixture(scope="module")
def report(finished_study, tmp_path_factory):
    """Snakemake's report, one HTML file."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    finished_study.snakemake("--report", file)
    return file


@pytest.fixture
def visit(report):
    with launched() as browser, Visit(browser, report) as visit:
        visit.page.set_default_timeout(10_000)
        yield visit
        assert visit.requests == []


def open_category(page, category):
    page.get_by_role("link", name=category, exact=True).click()


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_categories_hold_labelled_results(visit, category):
    open_category(visit.page, category)
    for label in CATEGORIES[category]:
        visit.page.get_by_role("cell", name=label, exact=True).first.wait_for()
    # Labels stand in for the paths of the files.
    assert visit.page.get_by_text("results/").count() == 0


def test_a_result_has_its_caption(visit):
    open_category(visit.page, "Accuracy and cost")
    visit.page.get_by_role("cell", name="latency", exact=True).wait_for()
    visit.page.locator("a[iconname=information-circle]").first.click()
    visit.page.get_by_text("Accuracy on the test images against what a model costs.").wait_for()


def test_the_page_opens_inside_it(visit):
    open_category(visit.page, "Results")
    row = visit.page.get_by_role("row").filter(has_text="the whole report on one page")
    row.locator("a[iconname=eye]").click()
    frame = visit.page.frame_locator("iframe")
    frame.get_by_role("heading", name="How it was made").wait_for()
    # Its own script runs there too.
    assert frame.get_by_role("columnheader").first.get_by_role("button").count() == 1
