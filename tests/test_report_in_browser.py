"""The report in a real browser, network off: on a screen, a phone, paper, with a keyboard."""

import csv
import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from jinja2 import Environment, FileSystemLoader
from PIL import Image

from bakeoff.report.chart import accuracy_chart
from browser import ROOT, Visit, axe, launched
from fabricated_study import fabricate_data, fabricate_run
from figure_studies import make_results, make_study
from steps_after_training import describe_study, run_steps

pytestmark = pytest.mark.workflow

IMAGES = 400
LAYERS = [
    {
        "name": name,
        "class": kind,
        "inputs": inputs,
        "output_shape": [28, 28, 1],
        "parameters": 1_234,
        "multiply_adds": 56_789,
    }
    for name, kind, inputs in (("input", "InputLayer", []), ("mine", "Conv2D", ["input"]))
]
REFERENCE = ROOT / "docs" / "reference" / "report.html"
"""The kept page of the notebook's ten models."""

MODELS = {
    "Model 1": {"accuracy": 0.99, "parameters": 2_000_000},
    "Model 2": {"accuracy": 0.94, "parameters": 646_410},
    "Model 3": {"status": "diverged", "parameters": 37_987_722},
    "Model 10": {"accuracy": 0.97, "parameters": 9_000},
}


def make_page(folder, models, seeds):
    study = describe_study(models, seeds)
    for entry in study["models"]:
        for seed in seeds:
            settings = models[entry["name"]]
            settings = {"images": IMAGES, "layers": LAYERS} | settings
            fabricate_run(folder, entry["model"], seed, **settings)
    fabricate_data(folder, images=IMAGES)
    return run_steps(folder, study, paper=False)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The page of four models, one of which diverged, with two seeds."""
    return make_page(tmp_path_factory.mktemp("report"), MODELS, [0, 1])


@pytest.fixture(scope="module")
def long_report(tmp_path_factory):
    """The page of thirteen models, which are folded."""
    models = {f"Model {number}": {"accuracy": 0.9 + 0.005 * number} for number in range(13)}
    return make_page(tmp_path_factory.mktemp("long_report"), models, [0])


@pytest.fixture(scope="module")
def many_report(tmp_path_factory):
    """The page of so many models that one looks for their names."""
    models = {f"Model {number}": {"accuracy": 0.95} for number in range(2, 20)}
    return make_page(tmp_path_factory.mktemp("many_report"), models, [0])


@pytest.fixture(scope="module")
def odd_report(tmp_path_factory):
    """The page of models whose names do not break or are no Latin words."""
    models = {"x" * 80: {"accuracy": 0.9}, "漢字" * 12: {"accuracy": 0.94}}
    models |= {"שלום <b>&": {"accuracy": 0.97}}
    return make_page(tmp_path_factory.mktemp("odd_report"), models, [0])


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


def column(page, heading):
    """Return a column of the first table that has the heading, as texts, and the models."""
    return page.evaluate(
        """heading => {
            for (const table of document.querySelectorAll("table")) {
                const headings = Array.from(table.tHead.rows[0].cells, c => c.textContent.trim());
                const place = headings.indexOf(heading);
                if (place < 0) continue;
                return Array.from(table.tBodies[0].rows, row =>
                    [row.cells[0].textContent.trim(), row.cells[place].textContent.trim()]);
            }
        }""",
        heading,
    )


def heading(page, name):
    return page.get_by_role("columnheader", name=name, exact=True).first


def models_of(rows):
    return [model for model, _ in rows]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_leaves_the_page_and_the_browser_has_nothing_to_say(browser, report, scheme):
    with Visit(browser, report, scheme=scheme) as visit:
        for summary in visit.page.locator("summary:visible").all():
            summary.click()
        visit.page.get_by_role("button", name="linear", exact=True).click()
        heading(visit.page, "Parameters").get_by_role("button").click()
        visit.page.wait_for_load_state("networkidle")
        assert visit.requests == []
        assert visit.complaints == []


def test_the_policy_stops_what_is_not_the_pages_own(browser, report, tmp_path):
    html = report.read_text(encoding="utf-8")
    intruder = "<script>document.title = 'taken over'</script><img src='https://example.org/x.png'>"
    page = tmp_path / "report.html"
    page.write_text(html.replace("<main", f"{intruder}<main"), encoding="utf-8")
    with Visit(browser, page) as visit:
        assert visit.page.title() == "A study"
        for directive in ("script-src", "img-src"):
            assert any(directive in complaint for complaint in visit.complaints)


def test_a_click_on_a_heading_sorts(browser, report):
    with Visit(browser, report) as visit:
        parameters = heading(visit.page, "Parameters")
        assert parameters.get_attribute("aria-sort") is None
        parameters.get_by_role("button").click()
        assert parameters.get_attribute("aria-sort") == "ascending"
        rows = column(visit.page, "Parameters")
        # As texts, 37,987,722 would come before 646,410, and 9,000 last.
        assert models_of(rows) == ["Model 10", "Model 2", "Model 1", "Model 3"]
        parameters.get_by_role("button").click()
        assert parameters.get_attribute("aria-sort") == "descending"
        assert models_of(column(visit.page, "Parameters")) == [
            *("Model 3", "Model 1", "Model 2", "Model 10")
        ]


def test_what_has_no_value_is_sorted_last_either_way(browser, report):
    with Visit(browser, report) as visit:
        button = heading(visit.page, "Test accuracy").get_by_role("button")
        button.click()
        # The best comes first on the first click.
        rows = column(visit.page, "Test accuracy")
        assert models_of(rows) == ["Model 1", "Model 10", "Model 2", "Model 3"]
        assert rows[-1][1] == "diverged"
        button.click()
        assert models_of(column(visit.page, "Test accuracy")) == [
            *("Model 2", "Model 10", "Model 1", "Model 3")
        ]


def test_differences_below_nought_are_sorted_as_numbers(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        page.get_by_text("pairs in numbers").click()
        heading(page, "Difference (percentage points)").get_by_role("button").click()
        shown = [text for _, text in column(page, "Difference (percentage points)")]
        values = [float(text.replace("−", "-")) for text in shown]
        assert values[0] < 0 < values[-1]
        assert values == sorted(values)


def test_tables_are_sorted_with_the_keyboard(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        # Names are sorted by the numbers in them: Model 10 after Model 3.
        name = page.locator("table.sortable th").first
        name.get_by_role("button").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        assert name.get_attribute("aria-sort") == "descending"
        assert models_of(column(page, "Test accuracy"))[0] == "Model 10"
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        assert name.get_attribute("aria-sort") is None
        assert page.locator("table.sortable th").nth(1).get_attribute("aria-sort") == "ascending"


def test_the_keyboard_reaches_the_results_and_shows_where_it_is(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        page.keyboard.press("Tab")
        focused = "document.activeElement"
        assert page.evaluate(f"{focused}.textContent") == "Skip to the results"
        assert page.evaluate(f"{focused}.getBoundingClientRect().top") >= 0
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid"
        page.keyboard.press("Enter")
        assert page.evaluate(f"{focused}.id") == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        assert page.evaluate(outline) == "solid"


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_page_never_scrolls_sideways(browser, report, width):
    with Visit(browser, report, width=width) as visit:
        unfold(visit.page)
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        if width == 390:
            # So wide tables must scroll by themselves, and the keyboard must get there.
            scrolling = """Array.from(document.querySelectorAll(".scroll"))
                .filter(part => part.scrollWidth > part.clientWidth).map(part => part.tabIndex)"""
            assert set(visit.page.evaluate(scrolling)) == {0}


def test_on_a_phone_the_ranked_table_keeps_names_and_their_heading_in_sight(browser):
    with Visit(browser, REFERENCE, width=390) as visit:
        page = visit.page
        scroll = page.locator("#results > .scroll")
        left = scroll.bounding_box()["x"]
        scroll.evaluate("part => part.scrollLeft = 250")
        for cell in ("thead th", "tbody th"):
            assert scroll.locator(cell).first.bounding_box()["x"] == pytest.approx(left, abs=1)
        assert scroll.locator("tbody td").first.bounding_box()["x"] < left


def test_on_a_phone_wide_drawings_keep_their_axis_in_sight(browser, report):
    with Visit(browser, report, width=390) as visit:
        page = visit.page
        unfold(page)
        figures = page.locator("figure:has(.pinned)").all()
        assert len(figures) == 4, "losses, reliability, comparisons, what more seeds would show"
        for figure in figures:
            scroll = figure.locator(".scroll")
            scroll.evaluate("part => part.scrollLeft = 110")
            drawing, axis = (
                scroll.locator(f"> {svg}").bounding_box() for svg in ("svg[role]", ".pinned")
            )
            left = scroll.bounding_box()["x"]
            assert axis["x"] == pytest.approx(left, abs=1)
            assert drawing["x"] == pytest.approx(left - 110, abs=1)
            assert axis["height"] == pytest.approx(drawing["height"], abs=1)
            assert axis["width"] < 100
            source = scroll.locator("use").last.get_attribute("href")
            assert scroll.locator(source).locator("text").count() > 5
    with Visit(browser, report) as visit:
        unfold(visit.page)
        assert visit.page.locator(".pinned >> visible=true").count() == 0


KEPT = [REFERENCE, *sorted((ROOT / "docs" / "examples").glob("*/report.html"))]


@pytest.mark.parametrize("page", KEPT, ids=lambda page: page.parent.name)
def test_on_a_phone_names_stay_in_their_column(browser, page):
    with Visit(browser, page, width=390) as visit:
        names = visit.page.locator("#results > .scroll tbody th")
        assert names.count() > 0
        wide = names.evaluate_all(
            "cells => cells.filter(c => c.scrollWidth > c.clientWidth).length"
        )
        assert wide == 0


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")


def colours(page):
    return page.evaluate(
        """() => {
            const style = selector => getComputedStyle(document.querySelector(selector));
            return [style("html").backgroundColor, style("h1").color,
                    style("#losses svg text").fill, style("#losses svg path").fill];
        }"""
    )


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


def test_the_readers_own_colours_leave_models_and_choices_apart(browser, report):
    with Visit(browser, report, forced_colors="active") as visit:
        colour = "part => getComputedStyle(part).backgroundColor"
        swatches = visit.page.locator("#results th .swatch").all()
        assert len({swatch.evaluate(colour) for swatch in swatches}) == len(MODELS)
        for group in ("Losses", "Scale"):
            buttons = visit.page.get_by_role("group", name=group, exact=True).get_by_role("button")
            chosen, other = (button.evaluate(colour) for button in buttons.all())
            assert chosen != other


@pytest.mark.parametrize("width", [1440, 320])
def test_long_families_make_the_page_no_wider(browser, report, tmp_path, width):
    page = tmp_path / "report.html"
    html = report.read_text(encoding="utf-8")
    page.write_text(html.replace('"family 1"', f'"{"networks of a long name, " * 8}"'), "utf-8")
    with Visit(browser, page, width=width) as visit:
        choice = visit.page.get_by_label("Show models of the family")
        assert choice.evaluate("choice => choice.getBoundingClientRect().width") > 250
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("width", [1440, 390])
def test_names_that_do_not_break_make_the_page_no_wider(browser, odd_report, width):
    with Visit(browser, odd_report, width=width) as visit:
        unfold(visit.page)
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
        assert visit.page.locator("b").count() == 0


def test_dark_mode_reaches_the_page_and_its_figures(browser, report):
    with Visit(browser, report) as light, Visit(browser, report, scheme="dark") as dark:
        paper, heading, text, background = map(brightness, colours(light.page))
        assert paper == background > 700
        assert heading == text < 150
        paper, heading, text, background = map(brightness, colours(dark.page))
        assert paper == background < 150
        assert heading == text > 600
        # Paper stays white.
        dark.page.emulate_media(media="print", color_scheme="dark")
        assert brightness(colours(dark.page)[0]) > 700


def test_the_page_becomes_a_pdf(browser, report):
    with Visit(browser, report) as visit:
        visit.page.pdf(path=(file := report.with_suffix(".pdf")), prefer_css_page_size=True)
        pages = re.findall(rb"/Type\s*/Page\b(?!s)", file.read_bytes())
        assert 8 <= len(pages) <= 24
        (size,) = set(re.findall(rb"/MediaBox\s*\[([^]]*)\]", file.read_bytes()))
        # A4, in points.
        assert [round(float(number)) for number in size.split()] in ([0, 0, 595, 842],)
        # What was folded before is folded again.
        assert visit.page.locator("details[open]").count() == 0


def test_on_paper_nothing_is_folded_cut_off_or_only_for_screens(browser, report):
    # The width of A4 between the margins, in pixels.
    with Visit(browser, report, width=680) as visit:
        page = visit.page
        page.emulate_media(media="print")
        assert page.locator("nav").is_hidden()
        assert page.get_by_text("Conv2D").first.is_visible()
        # What is drawn for a phone does not fill a page, and nobody types code from one.
        assert page.locator(".overlay svg").first.bounding_box()["width"] < 500
        assert page.locator(".code >> visible=true").count() == 0
        widest = """Math.max(...Array.from(document.querySelectorAll("table, svg, pre"),
                                           part => part.getBoundingClientRect().right))"""
        assert page.evaluate(widest) <= 680
        overflow = "new Set(Array.from(document.querySelectorAll('.scroll'),"
        overflow += " part => getComputedStyle(part).overflowX))"
        assert page.evaluate(f"Array.from({overflow})") == ["visible"]


@pytest.mark.parametrize(
    ("page", "width", "scheme"),
    [
        *(("report", width, scheme) for width in (390, 1440) for scheme in ("light", "dark")),
        ("long_report", 390, "light"),
    ],
)
def test_axe_finds_nothing_wrong(browser, request, page, width, scheme):
    file = request.getfixturevalue(page)
    source = axe()
    # The policy that keeps scripts out would keep this one out too.
    with Visit(browser, file, width=width, scheme=scheme, bypass_csp=True) as visit:
        if page == "report":
            unfold(visit.page)
            visit.page.get_by_role("button", name="linear", exact=True).click()
            visit.page.get_by_role("button", name="Hide Model 2").click()
        visit.page.evaluate(source)
        result = visit.page.evaluate("axe.run(document)")
    found = [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
    assert found == []
    passed = {rule["id"] for rule in result["passes"]}
    assert {"color-contrast", "image-alt", "svg-img-alt", "th-has-data-cells"} <= passed


@pytest.fixture(scope="module")
def wordy_report(tmp_path_factory):
    """The page of models with long names, which beat chance or not, and classes with names."""
    folder = tmp_path_factory.mktemp("wordy_report")
    name = "A residual network with layer normalisation, depth {} and quite some width"
    models = {name.format(n): {"accuracy": 0.97 - 0.02 * n} for n in range(3)}
    fabricate_data(
        folder, images=IMAGES, class_names=[f"automobile or truck {n}" for n in range(10)]
    )
    study = describe_study([*models, "At chance, alas"], [0, 1])
    for entry, made in zip(study["models"], [*models.values(), {"accuracy": 0.1}], strict=True):
        for seed in (0, 1):
            fabricate_run(folder, entry["model"], seed, images=IMAGES, layers=LAYERS, **made)
    return run_steps(folder, study, paper=False)


def test_long_names_cut_no_table_and_make_no_heading(browser, wordy_report):
    with Visit(browser, wordy_report) as visit:
        page = visit.page
        unfold(page)
        for table in (page.locator(".confusion").first, page.locator("#results > .scroll table")):
            wide = "table => [table.scrollWidth, table.closest('.scroll').clientWidth]"
            needed, given = table.evaluate(wide)
            assert needed <= given
        names = page.locator(".rows a").evaluate_all("all => all.map(a => a.offsetWidth)")
        assert max(names) > 200
        lengths = page.locator("h2").evaluate_all("all => all.map(h => h.textContent.length)")
        assert max(lengths) < 200


@pytest.mark.parametrize("width", [784, 800, 900, 1000, 1440])
def test_long_names_leave_room_for_the_chart(browser, wordy_report, width):
    with Visit(browser, wordy_report, width=width) as visit:
        assert visit.page.locator(".rows > li > svg").first.bounding_box()["width"] > 110


def labels_of_the_scale(page):
    """Return the (left, right) of the labels that the chart's axis shows, in pixels."""
    return page.locator(".axis text").evaluate_all(
        """labels => labels.map(label => label.getBoundingClientRect())
            .filter(box => box.width).map(box => [box.left, box.right])"""
    )


@pytest.mark.parametrize("width", [390, 784, 900, 961, 1000, 1440])
def test_labels_of_the_scale_stay_apart(browser, report, wordy_report, width):
    for page in (report, wordy_report):
        with Visit(browser, page, width=width) as visit:
            labels = labels_of_the_scale(visit.page)
        assert len(labels) > 1
        assert all(start - end > 4 for (_, end), (start, _) in pairwise(labels)), labels


@pytest.mark.parametrize("width", [320, 390, 784, 961, 1000, 1250, 1440, 1800])
def test_labels_of_any_scale_stay_apart(browser, wordy_report, width):
    """Whatever numbers there are, also where names leave the chart little room."""
    pages = Environment(loader=FileSystemLoader(ROOT / "workflow" / "report"), autoescape=True)
    pages.filters |= {"unbroken": str}
    axis = pages.get_template("macros.html.j2").module.axis
    seen = set()
    with Visit(browser, wordy_report, width=width) as visit:
        for spread in (0.0005, 0.001, 0.002, 0.0035, 0.005, 0.007, 0.02, 0.05, 0.2, 0.5):
            results = make_results(make_study(3), [0.995, 0.995 - spread / 2, 0.995 - spread])
            chart = accuracy_chart(results)
            drawn = "(axis, drawn) => axis.outerHTML = drawn"
            visit.page.locator(".axis").evaluate(drawn, str(axis(chart)))
            labels = labels_of_the_scale(visit.page)
            assert len(labels) > 1
            assert all(start - end > 4 for (_, end), (start, _) in pairwise(labels)), chart["ticks"]
            assert all(0 < start < end < width for start, end in labels)
            seen.add(len(labels) < len(chart["ticks"]))
    # A phone has room for all of most scales.
    assert (False in seen) if width < 961 else (True in seen)


def test_names_of_two_lines_stay_apart_and_those_of_one_grow_no_taller(browser, report):
    with Visit(browser, report) as visit:
        names = visit.page.locator(".rows a")
        assert names.first.locator("xpath=..").bounding_box()["height"] <= 31
        text = "A network of 4 long layers"
        names.evaluate_all(f"all => all.forEach(name => name.textContent = '{text}')")
        lines = """name => { const range = new Range(); range.selectNodeContents(name);
            const box = range.getBoundingClientRect(); return [box.top, box.bottom]; }"""
        (_, end), (start, _) = (name.evaluate(lines) for name in names.all()[:2])
        assert start - end > 8


def test_on_a_phone_names_of_labels_hide_no_counts(browser, wordy_report):
    with Visit(browser, wordy_report, width=390) as visit:
        unfold(visit.page)
        names = visit.page.locator(".confusion tbody th")
        wide = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).length"
        assert names.count() > 20
        assert names.evaluate_all(wide) == 0


def test_on_paper_long_names_cut_nothing(browser, wordy_report):
    with Visit(browser, wordy_report, width=680) as visit:
        visit.page.emulate_media(media="print")
        unfold(visit.page)
        ends = """Array.from(document.querySelectorAll("table, svg, pre, li"), part =>
            [part.getBoundingClientRect().right, part.textContent.slice(0, 40)])"""
        assert [end for end in visit.page.evaluate(ends) if end[0] > 680.5] == []


def test_on_paper_headings_of_tall_tables_have_no_shadow(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        unfold(page)
        page.evaluate("document.querySelector('#results > .scroll').classList.add('tall')")
        shadow = "getComputedStyle(document.querySelector('.tall thead th')).boxShadow"
        assert page.evaluate(shadow) != "none"
        page.emulate_media(media="print")
        assert page.evaluate(shadow) == "none"


def test_a_link_to_a_folded_model_unfolds_it(browser, long_report):
    with Visit(browser, long_report) as visit:
        section = visit.page.locator("details.model").nth(6)
        assert section.get_attribute("open") is None
        assert "Model 6" in section.locator("summary").first.inner_text()
        visit.page.get_by_role("link", name="Model 6", exact=True).first.click()
        visit.page.wait_for_function("document.querySelectorAll('details.model')[6].open")
        assert section.get_by_role("heading", name="Confusion matrix").is_visible()


def test_without_scripts_the_page_is_whole(browser, report):
    with Visit(browser, report, java_script_enabled=False) as visit:
        page = visit.page
        assert page.get_by_role("button").count() == 0
        assert page.locator("table.sortable").first.locator("tbody tr").count() == len(MODELS)
        page.get_by_text("pairs in numbers").click()
        assert page.get_by_text("Difference (percentage points)").is_visible()


def test_ten_models_take_nine_screens_and_few_tables_before_the_first_model(browser):
    assert REFERENCE.stat().st_size < 1e6
    with Visit(browser, REFERENCE) as visit:
        page = visit.page
        assert page.evaluate("document.getElementById('models').offsetTop") <= 9 * 900
        unfolded = """Array.from(document.querySelectorAll("table")).filter(table =>
            table.checkVisibility() && !table.closest("#models ~ *, #models")).length"""
        assert 1 <= page.evaluate(unfolded) <= 8
        page.emulate_media(media="print")
        assert page.get_by_text("(Holm) and the intervals").first.is_visible()


def test_the_first_screen_has_the_answer_and_every_row_of_the_chart(browser):
    with Visit(browser, REFERENCE) as visit:
        page = visit.page
        rows = page.locator(".rows li")
        assert rows.count() == 10
        for part in (page.locator("h1"), page.locator(".headline"), *rows.all()):
            box = part.bounding_box()
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= 900
        assert all(
            place.bounding_box()["height"] < 30 for place in page.locator(".cautions li").all()
        )
        rows.last.click(position={"x": 400, "y": 10})
        name = rows.last.get_by_role("link").inner_text()
        section = page.locator(page.evaluate("location.hash"))
        assert section.get_by_role("heading").first.inner_text().startswith(name)


# A page of 320 pixels with letters of twice the size is as one of 160.
@pytest.mark.parametrize("width", [160, 195, 320, 390, 961, 1440])
def test_accuracies_and_sizes_stay_apart_and_whole(browser, report, width):
    with Visit(browser, report, width=width) as visit:
        boxes = """name => Array.from(document.querySelectorAll(`.rows .${name}`), part => {
            const texts = document.createRange();
            texts.selectNodeContents(part);
            const { left, right, top } = texts.getBoundingClientRect();
            texts.selectNodeContents(part.firstChild ?? part);
            return { left, right, top, lines: texts.getClientRects().length };
        })"""
        values, sizes = (visit.page.evaluate(boxes, name) for name in ("value", "size"))
        pairs = zip(values, sizes, strict=True)
        # One diverged and has no accuracy.
        finished = [(value, size) for value, size in pairs if value["lines"]]
        assert len(finished) == len(MODELS) - 1
        for value, size in finished:
            assert value["right"] < size["left"] or width < 240
            assert value["lines"] == size["lines"] == 1
            assert max(value["right"], size["right"]) <= width


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_chart_fits_and_its_texts_can_be_read(browser, width):
    with Visit(browser, REFERENCE, width=width) as visit:
        texts = """Array.from(document.querySelectorAll("#accuracy *")).filter(part =>
            part.textContent.trim() && !part.children.length)"""
        sizes = f"{texts}.map(part => parseFloat(getComputedStyle(part).fontSize))"
        ends = f"{texts}.map(part => part.getBoundingClientRect().right)"
        assert min(visit.page.evaluate(sizes)) >= 11
        assert max(visit.page.evaluate(ends)) <= width


def test_what_is_of_one_model_is_lit_together(browser):
    with Visit(browser, REFERENCE) as visit:
        page = visit.page
        row = page.locator(".rows li").nth(2)
        name = row.get_by_role("link").inner_text()
        number = row.get_by_role("link").get_attribute("href").removeprefix("#model-")
        row.hover()
        lit = page.locator(".lit")
        assert lit.count() >= 7, "the chart, the first table, the losses and four costs"
        assert set(page.locator("tr.lit th").all_text_contents()) == {name}
        assert page.locator(f"svg:has(.lit[data-model='{number}'])").count() == 5
        page.locator("h1").hover()
        assert lit.count() == 0
        page.locator(".rows a").first.focus()
        assert lit.count() >= 7


def test_tables_and_drawings_are_saved(browser):
    with Visit(browser, REFERENCE, accept_downloads=True) as visit:
        page = visit.page
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV of: All models, the best first").click()
        assert download.value.suggested_filename == "All_models_the_best_first.csv"
        with open(download.value.path(), newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == 10
        assert float(rows[0]["Test accuracy"]) == 99.47
        assert max(int(row["Parameters"]) for row in rows) == 37_987_722
        with page.expect_download() as download:
            page.locator("#costs").get_by_role("button", name="SVG of").first.click()
        svg = ElementTree.parse(download.value.path()).getroot()
        assert svg.tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(" not in ElementTree.tostring(svg, encoding="unicode")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_drawings_are_saved_as_pixels_as_they_are_shown(browser, scheme):
    with Visit(browser, REFERENCE, scheme=scheme, accept_downloads=True) as visit:
        page = visit.page
        with page.expect_download() as download:
            page.locator("#comparisons").get_by_role("button", name="PNG of").first.click()
        assert download.value.suggested_filename.endswith(".png")
        pixels = np.asarray(Image.open(download.value.path()).convert("RGB"))
        assert min(pixels.shape[:2]) > 1000
        assert (pixels[0, 0].mean() > 200) == (scheme == "light")
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50
        assert visit.complaints == []


def test_the_losses_are_switched(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        figure = page.locator(".overlay")
        drawing = figure.locator("svg[role=img]:visible")

        def press(name):
            figure.get_by_role("button", name=name, exact=True).press("Enter")

        def shown():
            (label,) = drawing.evaluate_all("all => all.map(part => part.ariaLabel)")
            return label

        came = shown()
        press("train")
        press("linear")
        assert shown() == "Train loss of 4 models over the epochs, on a linear scale."
        assert shown() in figure.locator("figcaption").inner_text()
        assert drawing.locator("text").get_by_text("0", exact=True).count() == 1
        press("Model 10")
        assert shown() == "Train loss of 3 models over the epochs, on a linear scale."
        assert drawing.locator("text").get_by_text("Model 10").count() == 0
        assert drawing.locator("[data-model='1']").count() == 2
        # One model is always shown.
        for number in (1, 2, 3):
            press(f"Model {number}")
        assert shown() == "Train loss of 1 model over the epochs, on a linear scale."
        for name in ("Model 1", "Model 2", "Model 10", "logarithmic", "validation"):
            press(name)
        assert shown() == came
        assert visit.complaints == []


def test_switched_losses_have_a_scale_whatever_they_are(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        for losses in ([0, 0], [0.02], [0.001, 0.01], [3e5, 2.3]):
            for log in ("true", "false"):
                model = f"{{short: 'One', number: 1, colour: 'red', loss: {losses}}}"
                drawn = page.evaluate(f"drawLosses([{model}], 'loss', {log}).outerHTML")
                assert not re.search("NaN|Infinity|undefined", drawn)
        model = "{short: 'One', number: 1, colour: 'red', loss: [0.9, 0.8, 0.7, 0.6]}"
        drawn = page.evaluate(f"drawLosses([{model}], 'loss', true).outerHTML")
        assert re.findall(r">(\d)<", drawn) == ["1", "1", "2", "3", "4"], "a loss and epochs"


def test_switched_losses_have_room_for_wide_names_and_numbers(browser, wordy_report):
    with Visit(browser, wordy_report) as visit:
        page = visit.page
        page.evaluate("models.forEach(model => model.short = 'W'.repeat(16))")
        page.evaluate("models[0].val_loss = models[0].val_loss.map(loss => loss / 1e5)")
        page.locator(".overlay").get_by_role("button", name="linear").press("Enter")
        page.locator(".overlay").get_by_role("button", name="logarithmic").press("Enter")
        page.locator(".overlay [data-model='2']").last.press("Enter")
        outside = """() => { const svg = document.querySelector(".overlay svg:not([hidden])");
            const {x, width} = svg.viewBox.baseVal;
            return Array.from(svg.querySelectorAll("text"), text => text.getBBox()).filter(box =>
                box.x < x || box.x + box.width > x + width).length; }"""
        assert page.locator(".overlay svg:visible text").get_by_text("WWW").count() == 3
        assert page.evaluate(outside) == 0


def test_of_many_models_those_of_a_name_are_shown(browser, many_report, report):
    with Visit(browser, many_report) as visit:
        page = visit.page
        search = page.get_by_role("searchbox")
        search.fill("model 1")
        rows = page.locator(".rows li:visible")
        assert rows.count() == 10
        assert page.locator("#results > .scroll tbody tr:visible").count() == 10
        assert page.locator("details.model:visible").count() == 10
        page.get_by_text("pairs in numbers").click()
        pairs = page.locator("table:has(caption:text('Pairs of models')) tbody tr:visible")
        search.fill("model 19")
        # Those with any of the models looked for, first or second.
        found = pairs.all_inner_texts()
        assert found
        assert all("Model 19" in pair for pair in found)
        assert len({pair.split("\t")[0].strip() for pair in found} - {"Model 19"}) >= 1
        search.fill("zzz")
        assert rows.count() == 0
        assert page.locator("#accuracy .axis").first.is_hidden()
        assert page.get_by_role("status").inner_text() == "No model has “zzz” in its name."
        search.fill("")
        assert rows.count() == 18
        assert page.get_by_role("status").inner_text() == ""
        for number in range(2, 8):
            page.get_by_role("button", name=f"Hide Model {number},").click()
        restore = page.get_by_role("button", name="Show the hidden again")
        assert restore.inner_text() == "Show the hidden again: Model 2, Model 3, Model 4 and 3 more"
        assert restore.get_attribute("title").endswith("Model 6, Model 7")
        search.fill("model 7")
        assert page.locator("#accuracy .axis").first.is_hidden()
        said = "The model with “model 7” in its name is hidden."
        assert page.get_by_role("status").inner_text() == said
    with Visit(browser, report) as visit:
        assert visit.page.get_by_role("searchbox").count() == 0


def test_of_several_families_the_models_of_one_are_shown(browser):
    with Visit(browser, REFERENCE) as visit:
        page = visit.page
        family = page.get_by_role("combobox", name="family")
        assert family.locator("option").count() == 5
        parts = [page.locator(part) for part in (".rows li", "#results > .scroll tbody tr")]
        parts.append(page.locator("#models > [data-family]"))
        family.select_option("no padding")
        shown = [part.locator("visible=true").count() for part in parts]
        assert shown == [3, 3, 3]
        family.select_option("All families")
        assert [part.locator("visible=true").count() for part in parts] == [10, 10, 10]
        assert visit.complaints == []


def test_what_is_saved_is_what_is_shown(browser, report):
    with Visit(browser, report, accept_downloads=True) as visit:
        page = visit.page
        page.get_by_role("button", name="Hide Model 1,").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV of: All models, the best first").click()
        assert download.value.suggested_filename == "All_models_the_best_first_of_some_models.csv"
        with open(download.value.path(), newline="", encoding="utf-8") as file:
            assert [row["Model"] for row in csv.DictReader(file)] == [
                "Model 10",
                "Model 2",
                "Model 3",
            ]
        with page.expect_download() as download:
            page.locator("#costs").get_by_role("button", name="SVG of").first.click()
        texts = ElementTree.parse(download.value.path()).getroot().itertext()
        assert {"Model 1", "Model 2"} & set(texts) == {"Model 2"}


def test_a_model_is_hidden_from_the_whole_page(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        parts = [page.locator(part) for part in (".rows li", "#results > .scroll tbody tr")]
        parts.append(page.locator("#models > [data-family]"))
        overlay = page.locator(".overlay")
        drawing = overlay.locator("svg[role=img]:visible")

        def shown():
            return [part.locator("visible=true").count() for part in parts]

        assert shown() == [4, 4, 4]
        page.get_by_text("pairs in numbers").click()
        pairs = page.locator("table:has(caption:text('Pairs of models')) tbody tr:visible")
        assert pairs.count() == 3, "of the models that finished"
        page.get_by_role("button", name="Hide Model 1,").press("Enter")
        # None of its pairs is left, whichever of the two it is.
        assert pairs.count() == 1
        assert shown() == [3, 3, 3]
        assert parts[1].filter(has_text="Model 1").locator("visible=true").count() == 1, "10 alone"
        assert drawing.get_attribute("aria-label").startswith("Validation loss of 3 models")
        # In the drawings of costs too, point and name.
        assert page.locator("#costs [data-model='1']").locator("visible=true").count() == 0
        # Whoever uses the keyboard is where it is undone.
        restore = page.get_by_role("button", name="Show the hidden again: Model 1")
        assert restore.evaluate("button => button === document.activeElement")
        # Or where the losses are switched.
        overlay.get_by_role("button", name="Model 10", exact=True).press("Space")
        assert shown() == [2, 2, 2]
        overlay.get_by_role("button", name="Model 1", exact=True).press("Space")
        assert shown() == [3, 3, 3]
        page.get_by_role("button", name="Show the hidden again: Model 10").press("Enter")
        assert shown() == [4, 4, 4]
        assert restore.count() == 0
        assert visit.complaints == []
        # Nor does the table's text say more than it did.
        assert (
            page.evaluate("asCsv(document.querySelector('#results table')).text()").count("×") == 0
        )
    with Visit(browser, report, java_script_enabled=False) as visit:
        assert visit.page.locator(".hide").count() == 0


def test_where_all_that_is_looked_for_is_hidden_the_page_says_so(browser, report):
    with Visit(browser, report) as visit:
        page = visit.page
        chart, status = page.locator("#accuracy figure"), page.get_by_role("status")
        page.get_by_role("button", name="Hide Model 1,").click()
        page.get_by_role("combobox", name="family").select_option("family 0")
        assert chart.is_hidden()
        assert status.inner_text() == "The model of the family is hidden."
        page.get_by_role("combobox", name="family").select_option("All families")
        assert chart.is_visible()
        assert status.inner_text() == ""
        # A line on the models below it stands over none.
        apart = page.get_by_text("Set apart, and left out")
        assert apart.is_visible()
        page.get_by_role("button", name="Hide Model 3,").click()
        assert apart.is_hidden()
        # An axis has a row.
        page.get_by_role("button", name="Show the hidden again").click()
        for number in (1, 2, 10):
            page.get_by_role("button", name=f"Hide Model {number},").click()
        assert page.locator("#accuracy .axis").is_hidden()
        assert apart.is_visible()
        # The last one stays, and says why.
        last = page.locator(".hide:visible")
        assert last.count() == 1
        assert last.get_attribute("aria-disabled") == "true"
        assert last.get_attribute("title") == "The last model that is shown stays"
        assert visit.complaints == []
