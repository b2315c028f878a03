"""Print how long each model takes for one image, as time_predictions.py has measured it."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.analysis.times import circumstances, obstacles
from bakeoff.joblog import job_log, say
from bakeoff.study.readers import read_latencies


def tell_latencies(models, latencies):
    """Return the table of the models' latencies, the shortest first, and how they were measured.

    ``models`` are those of the reported study, ``latencies`` the paths of theirs in the same order.
    """
    found = read_latencies(latencies, {"models": models}).values()
    names = {entry["model"]: entry["name"] for entry in models}
    rows = [
        [
            t.model(names[latency["model"]]),
            *(t.number(latency["latency_ms"][kind], 2) for kind in ("median", "p95")),
        ]
        for latency in sorted(found, key=lambda latency: latency["latency_ms"]["median"])
    ]
    table = t.Table(["Model", "Median (ms)", "95 % within (ms)"], rows, align="lrr").as_text()
    devices = w.listing(w.distinct(latency["device"] for latency in found))
    threads = w.listing(w.distinct(w.count(latency["threads"], "thread") for latency in found))
    lines = [f"One image at a time, one model after the other, on {devices}, {threads}:", table]
    if why := w.why_not_compared("They", obstacles(map(circumstances, found))):
        lines.append(why)
    lines.append("The next run of the study puts them into tables, figures and the report.")
    return "\n".join(lines)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        say(tell_latencies(snakemake.params.models, snakemake.input.latencies))
