"""The picture for slides, and the table, methods, figures and entry for a paper."""

import re
from dataclasses import replace

import numpy as np
import pytest
from fontTools.subset import Options, Subsetter
from PIL import Image

from bakeoff import latex
from bakeoff.figures.style import house_style, save_pdf, text_alone
from bakeoff.report.paper import bibtex, citation, main_table, methods
from bakeoff.results import Results, read_results
from checked_studies import no_figures
from fabricated_study import fabricate_data, fabricate_run
from figure_studies import make_results, make_study
from steps_after_training import TREE, describe_study, run_steps

pytestmark = pytest.mark.workflow

ODD = r"100 % {wide}_net & co. #1 ^~\ <a|b> − “x” $5$"
PDFS = {
    *("accuracy_forest", "comparisons", "reliability", "power", "loss_overview", "loss_overlay"),
    *(
        f"accuracy_{cost}"
        for cost in ("parameters", "multiply_adds", "training_seconds", "latency_ms")
    ),
}


def made(folder, models, seeds=(0, 1), **runs):
    """Run all steps on models with accuracies; return the folder of the results."""
    study = describe_study(models, seeds=seeds)
    fabricate_data(folder, images=500)
    for entry, accuracy in zip(study["models"], (0.97, 0.95, 0.3, 0.9), strict=False):
        for seed in seeds:
            fabricate_run(folder, entry["model"], seed, accuracy=accuracy, images=500, **runs)
    run_steps(folder, study)
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return made(tmp_path_factory.mktemp("paper"), ["LeNet", ODD, "[Odd] one", "Model 3"])


def rows_of(table):
    """Return the cells of each row of the one tabular of a text, which must be sound."""
    body = re.search(r"\\begin\{tabular\}\{([lr]+)\}\n(.*)\\end\{tabular\}", table, re.DOTALL)
    columns, lines = body[1], body[2].splitlines()
    assert lines[0] == r"\toprule"
    assert lines[2] == r"\midrule"
    assert lines[-1] == r"\bottomrule"
    rows = [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines if "\\\\" in line]
    assert {len(row) for row in rows} == {len(columns)}
    assert len(lines) == len(rows) + 3
    return rows


def assert_sound(text):
    """Hold that braces, environments and mathematics close, and that no mark stands alone."""
    plain = re.sub(r"\\[\\{}#$%&_]", "", re.sub(r"^%.*$", "", text, flags=re.MULTILINE))
    assert plain.count("{") == plain.count("}")
    assert plain.count("$") % 2 == 0
    opened = re.findall(r"\\begin\{(\w+)\}", text)
    assert sorted(opened) == sorted(re.findall(r"\\end\{(\w+)\}", text))
    outside = re.sub(r"\$[^$]*\$", "", plain)
    assert not re.search(r"[#^~<>|“”−]", outside), outside
    assert "_" not in outside
    assert "%" not in outside


def test_the_table_is_latex_with_the_best_first(results):
    table = (results / "paper" / "table.tex").read_text()
    assert_sound(table)
    header, *rows = rows_of(table)
    assert header[:3] == ["Model", "Parameters", "Test accuracy"]
    assert header[-2:] == ["p", "Verdict"]
    assert rows[0][0] == "LeNet"
    assert rows[0][2] == r"97.00\,\%"
    assert rows[0][-2:] == ["--", "best"]
    assert any(row[0] == latex.escaped(ODD) for row in rows)
    # Without braces, it would be an argument of the row before.
    assert rows[-1][0] == "{}[Odd] one"


def test_marks_that_latex_would_join_stay_apart():
    """Two hyphens would be a dash, and a backquote a quotation mark; a dash is one."""
    assert latex.escaped("net --wide---deep") == "net -{}-wide-{}-{}-deep"
    assert latex.escaped("a-b – c — d −1") == "a-b -- c --- d $-$1"
    assert latex.escaped("`a`") == r"\textasciigrave{}a\textasciigrave{}"


def test_a_table_says_what_its_letters_take():
    plain = "% Needs \\usepackage{booktabs}.\n"
    for text in ("Model 1", "Łódź – Dvořák", "a − b … “c” ≤ d\u00a0× e"):
        assert latex.what_it_takes(latex.escaped(text)) == plain
    for text in ("モデル 1", "модель", "α-net", "a → b"):
        assert "XeLaTeX" in latex.what_it_takes(latex.escaped(text))


def test_the_methods_state_data_tests_corrections_and_versions(results):
    methods = (results / "paper" / "methods.tex").read_text()
    assert_sound(methods)
    for said in (
        "500 test images",
        "trained 2 times (seeds 0 and 1)",
        "t-test",
        "p-values (Holm)",
        "for 6 pairs of models",
        f"mnist-bakeoff {citation()['version']}, commit {TREE['id'][:12]} with numpy",
        "statsmodels",
    ):
        assert said in methods, said
    assert "Best ahead in" not in methods, "a column that the table has not"


def test_runs_that_diverged_and_models_that_are_missing_are_said(tmp_path):
    study = describe_study(["One", "Two", "Three"], seeds=(0, 1)) | {"unfinished": ["Four"]}
    fabricate_data(tmp_path, images=500)
    for entry, ended in zip(study["models"], ("ok", "ok", "diverged"), strict=True):
        for seed, status in ((0, ended), (1, "diverged")):
            fabricate_run(tmp_path, entry["model"], seed, status=status, images=500)
    with no_figures():
        run_steps(tmp_path, study)
    results = read_results(tmp_path / "analysis.json", study)
    table, told = main_table(results), methods(results, {"commit": TREE})
    assert_sound(table)
    header, *rows = rows_of(table)
    assert [row[header.index("Seeds")] for row in rows] == ["1", "1"]
    assert "SD (pp)" not in header
    assert "Every run of Three diverged. Four has not finished." in table
    for said in (
        "Four has not finished and is left out. One diverged with seed 1",
        "Its numbers are those of the other run.",
        "Three diverged with seeds 0 and 1",
        "The model is left out of all comparisons.",
    ):
        assert said in told, said


def test_the_figures_are_pdfs_that_are_equal_when_they_show_the_same(results, tmp_path):
    drawn = {file.stem: file.read_bytes() for file in (results / "paper").glob("*.pdf")}
    assert set(drawn) == PDFS
    assert all(content.startswith(b"%PDF") and len(content) > 2000 for content in drawn.values())
    again = made(tmp_path, ["LeNet", ODD, "[Odd] one", "Model 3"])
    assert drawn == {file.stem: file.read_bytes() for file in (again / "paper").glob("*.pdf")}
    picture = "summary.png"
    assert (results / picture).read_bytes() == (again / picture).read_bytes()


def test_a_figure_that_shows_nothing_is_left_out(tmp_path):
    folder = made(tmp_path, ["LeNet", ODD], seeds=(0,)) / "paper"
    assert {file.stem for file in folder.glob("*.pdf")} == PDFS - {"power"}


def test_what_is_embedded_of_a_font_lays_no_text_out(tmp_path, monkeypatch):
    fonts, subset = [], Subsetter.subset

    def noted(subsetter, font):
        subset(subsetter, font)
        fonts.append(set(font.keys()))

    monkeypatch.setattr(Subsetter, "subset", noted)
    before = Options().drop_tables
    with house_style():
        save_pdf(text_alone("office"), tmp_path / "text.pdf")
    assert fonts
    for tables in fonts:
        assert "glyf" in tables
        assert not tables & {"GDEF", "GPOS", "GSUB", "MATH"}
    assert Options().drop_tables == before


def ink(file):
    """Return which pixels of a picture are not white, (height, width) bool."""
    return np.asarray(Image.open(file).convert("L")) < 200


@pytest.mark.parametrize(
    ("models", "seeds", "runs"),
    [
        (["LeNet", "Other"], (0, 1), {}),
        (["W" * 80, "M" * 60], (0,), {}),
        (["Only"], (0,), {}),
        (["Diverged"], (0,), {"status": "diverged"}),
    ],
    ids=["two", "long names", "one", "none finished"],
)
def test_the_picture_has_its_size_and_nothing_leaves_it(tmp_path, monkeypatch, models, seeds, runs):
    # What takes most of the time, and is looked at above.
    monkeypatch.setattr("write_paper.save_pdf", lambda *_: None)
    folder = made(tmp_path, models, seeds, **runs)
    drawn = ink(folder / "summary.png")
    assert drawn.shape == (630, 1200)
    assert drawn.any()
    border = np.ones_like(drawn)
    border[8:-8, 8:-8] = False
    assert not drawn[border].any()
    assert_sound((folder / "paper" / "table.tex").read_text())
    assert_sound((folder / "paper" / "methods.tex").read_text())


def test_a_model_that_learned_nothing_is_left_out_of_the_picture_and_counted(results):
    from bakeoff.figures.summary import draw_summary

    study = describe_study(["LeNet", ODD, "[Odd] one", "Model 3"], seeds=(0, 1))
    found = read_results(results / "analysis.json", study)
    texts = [text.get_text() for text in draw_summary(found, "A headline", None).texts]
    assert "A headline" in texts
    assert ("not shown" in texts[-1]) == (len(found.learned) < 4)


def test_the_picture_marks_and_tells_seeds_beyond_its_axis():
    from bakeoff.figures.summary import draw_summary

    study = make_study(models=2, seeds=3)
    analysis = make_results(study).analysis
    first = analysis.models[0]
    odd = replace(first.accuracy, by_seed=first.accuracy.by_seed | {1: 0.95})
    analysis.models[0] = replace(first, accuracy=odd)
    figure = draw_summary(Results(study, analysis), "A headline", None)
    [arrow] = [line for line in figure.axes[0].lines if line.get_marker() == "<"]
    assert arrow.get_xdata().item() == pytest.approx(figure.axes[0].get_xlim()[0])
    assert arrow.get_ydata().item() == pytest.approx(1.3)
    below = figure.texts[-1].get_text()
    assert below.endswith("; beyond the scale (◄): 1 seed of Model 1 (95.00 %)")


def test_the_picture_says_its_headline_to_the_end_and_from_the_left(results):
    from bakeoff.figures.summary import draw_summary

    study = describe_study(["LeNet", ODD, "[Odd] one", "Model 3"], seeds=(0, 1))
    found = read_results(results / "analysis.json", study)
    names = ", ".join(f"A network with quite a long name, number {number}" for number in range(9))
    for headline in (
        f"Too close: {names} reach 99.07 %.",
        f"{names[:200]} is best: {'x' * 44} 9 %.",
    ):
        pick = f"Cheapest of these: {names[:250]} by parameters."
        figure = draw_summary(found, headline, pick)
        _, said, picked, *_ = (text.get_text() for text in figure.texts)
        assert said.replace("\n", " ").endswith(headline[-7:])
        assert picked.replace("\n", " ") == pick
    arabic = "نموذج صغير is best."
    assert draw_summary(found, arabic, None).texts[1].get_text() == f"\u200e{arabic}"


def test_citing_names_the_version_and_the_commit():
    entry = bibtex({"commit": {"id": "c0ffee" * 7, "clean": False}})
    assert_sound(entry.partition("\n")[2].removesuffix("}"))
    assert entry.startswith("@software{mnist_bakeoff,\n  author = {{The mnist-bakeoff authors}},\n")
    assert f"version = {{{citation()['version']}}}" in entry
    assert "commit c0ffeec0ffee with changes" in entry
    assert "commit" not in bibtex({"commit": None})


def test_the_page_says_how_to_cite(results):
    page = (results / "report.html").read_text()
    cited = page.partition('<section id="cite"')[2]
    assert "@software{mnist_bakeoff," in cited
    assert f"commit {TREE['id'][:12]}" in cited


def test_table_and_page_say_which_differences_are_on_common_seeds(tmp_path):
    for folder, seeds in ((tmp_path / "all", (0, 1, 2)), (tmp_path / "some", (0, 1))):
        study = describe_study(["One", "Two"], seeds=(0, 1, 2))
        fabricate_data(folder, images=500)
        for entry, wrong in zip(study["models"], (10, 15), strict=True):
            for seed in range(3):
                lost = {} if entry["name"] == "Two" or seed in seeds else {"status": "diverged"}
                images = range(wrong + 10 * seed)
                fabricate_run(folder, entry["model"], seed, wrong_images=images, images=500, **lost)
        with no_figures():
            page = run_steps(folder, study, paper=False).read_text()
        table = main_table(read_results(folder / "analysis.json", study))
        said = "from the best is not that of the two accuracies, it is on the seeds that both"
        assert (said in table) == (said in page) == (folder.name == "some")
