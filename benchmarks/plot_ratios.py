"""Draw how long an epoch of the pipeline takes, over those of the contenders."""

from matplotlib.ticker import NullLocator

from bakeoff.figures.colours import HUES, INK
from bakeoff.figures.style import house_style, log_ticks, new_figure, save_svg
from measuring import ratio_of_medians, title_of
from training_steps import NAMES, PRECISIONS

LOOKS = {
    "flat script": {"color": HUES[0], "marker": "o"},
    "PyTorch": {"color": HUES[1], "marker": "D"},
}


def plot_ratios(rows, path):
    """Write the ratios of ``rows``, those of training_steps, as an SVG file to ``path``."""
    models = list(dict.fromkeys(row["model"] for row in rows))
    with house_style():
        figure = new_figure(7.5, 1.3 + 0.22 * len(models))
        panels = figure.subplots(1, len(PRECISIONS), sharex=True, sharey=True)
        ratios = []
        for axes, precision in zip(panels, PRECISIONS, strict=True):
            axes.set_title(NAMES[precision])
            axes.axvline(1, color=INK, linewidth=0.8, linestyle="dashed")
            for name, look in LOOKS.items():
                values = {
                    row["model"]: ratio_of_medians(row["seconds"], "pipeline", name)
                    for row in rows
                    if row["precision"] == precision
                }
                ratios += values.values()
                places = [models.index(model) for model in values]
                label = f"over {'the flat Keras script' if name == 'flat script' else name}"
                style = {"linestyle": "none", "markersize": 5, "label": label}
                axes.plot(list(values.values()), places, **look, **style)
            axes.set_xscale("log")
            axes.grid(axis="y", visible=False)
            axes.tick_params(axis="y", length=0)
        ticks = log_ticks(min(ratios), max(ratios))
        panels[0].set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        panels[0].xaxis.set_minor_locator(NullLocator())
        panels[0].set_xlim(ticks[0], ticks[-1])
        names = [title_of(model) for model in models]
        panels[0].set_yticks(range(len(models)), labels=names)
        panels[0].set_ylim(len(models) - 0.4, -0.6)
        figure.supxlabel("an epoch of the pipeline, as a multiple (below 1: faster)", fontsize=9)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=2)
        save_svg(figure, path)
