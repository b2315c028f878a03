"""Draw the race for seeds: which models had how many, and who left when."""

from matplotlib.figure import Figure

from bakeoff import wording as w
from bakeoff.figures.colours import INK, PAPER
from bakeoff.figures.style import model_looks, new_figure
from bakeoff.figures.texts import WIDE, figure_names, wrapped
from bakeoff.limits import MOST_SHOWN
from bakeoff.results import Results


def draw_race(results: Results) -> Figure | None:
    """Return a row a model, with a dot at each look for which it had seeds.

    Those that stayed are on top, then those that left, the last first. ``results`` are
    :class:`bakeoff.results.Results`; None where the study has no looks. Of many models, those that
    lasted longest are shown.
    """
    race = results.analysis.looks
    if race is None:
        return None
    shown = race.racers[:MOST_SHOWN]
    title = f"Seeds of each model, {results.study['dataset']['title']}"
    lines = [title, _explained(race)]
    if len(race.racers) > len(shown):
        lines.append(f"Shown: the {len(shown)} of {len(race.racers)} models that lasted longest")
    lines = [line for text in lines for line in wrapped(text, 84).split("\n")]
    figure = new_figure(7, 0.9 + 0.2 * len(lines) + 0.24 * len(shown))
    axes = figure.subplots()
    figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10)
    _draw_rows(axes, results, race, shown)
    axes.set_xlabel("seeds at the look")
    places = range(len(race.looks))
    axes.set_xticks(places, labels=[f"{look.seeds}" for look in race.looks])
    axes.set_xlim(-0.3, len(race.looks) - 0.7)
    names = figure_names(results.study, WIDE)
    axes.set_yticks(range(len(shown)), labels=[names[one.model] for one in shown])
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    return figure


def _explained(race):
    spent = f"{w.count(race.spent, 'run')} of {race.planned:,}"
    if not any(racer.left for racer in race.racers):
        return f"No model left; {spent} were trained"
    return f"Ring: where a model left, and why; {spent} were trained"


def _draw_rows(axes, results, race, shown):
    """Draw the rows of the models ``shown``, each a :class:`bakeoff.numbers.Racer`."""
    looks = model_looks(results.study)
    names = figure_names(results.study, WIDE)
    for row, racer in enumerate(shown):
        colour = looks[racer.model]["color"]
        axes.hlines(row, 0, racer.look - 1, color=colour, linewidth=1.6)
        dot = {"linestyle": "none", "marker": "o", "markersize": 6, "color": colour, "zorder": 3}
        axes.plot(range(racer.look), [row] * racer.look, **dot)
        note = "stayed"
        if racer.left:
            axes.plot(racer.look - 1, row, **dot, markerfacecolor=PAPER, markeredgewidth=1.2)
            note = "no run finished"
        if racer.worse_than:
            note = f"worse than {names[racer.worse_than]}"
        axes.annotate(
            note,
            (1.02, row),
            xycoords=axes.get_yaxis_transform(),
            fontsize=8,
            va="center",
            color=INK,
        )
