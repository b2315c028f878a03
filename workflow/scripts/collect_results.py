"""Read every run of a study once, and write all numbers."""

import json

from bakeoff.analysis.looks import Decision, Looked, plan_of
from bakeoff.analysis.models import read_runs
from bakeoff.analysis.study import analyse, compare_models
from bakeoff.analysis.summary import table_of_models, table_of_runs
from bakeoff.data.prepared import PreparedData
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log
from bakeoff.results import write_analysis
from bakeoff.study.decisions import read_decision
from bakeoff.study.origins import check_planned
from bakeoff.study.readers import check_alike, read_data_set, read_latencies


def collect_results(
    study,
    data_file,
    histories,
    cards,
    predictions,
    descriptions,
    runs_file,
    summary_file,
    analysis_file,
    looked=None,
    latencies=(),
    planned=None,
):
    """Write runs.csv, summary.csv and analysis.json.

    ``study`` is what :func:`bakeoff.study.config.numbers_study` returns and ``data_file`` its
    prepared data; ``histories``, ``cards`` and ``predictions`` are the paths of its runs' files in
    the order of :func:`bakeoff.study.readers.runs_in`, ``descriptions`` those of its models.
    ``looked`` is a :class:`bakeoff.analysis.looks.Looked` where seeds were given where they decide;
    ``latencies`` are the paths of the models' latencies, where these were measured alone.
    ``planned`` has lists of the fingerprints that ``cards`` and ``descriptions`` are to have, where
    a plan says so.
    Raises :class:`bakeoff.errors.StudyError` for a file that is not what it should be.
    """
    if planned is not None:
        check_planned(cards, planned["cards"], PreparedData.read(data_file).checksum)
        check_planned(descriptions, planned["descriptions"], None)
    data = read_data_set(data_file, study["dataset"]["disputed"])
    runs = read_runs(study, data, cards, histories, predictions, descriptions)
    check_alike([run.card for run in runs], cards)
    results = compare_models(study, data, runs, looked, read_latencies(latencies, study))
    by_run = table_of_runs(runs, data.disputed)
    by_model = table_of_models(by_run, results)
    for path, table in ((runs_file, by_run), (summary_file, by_model)):
        with write_atomically(path) as temporary:
            temporary.write_text(table.to_csv(index=False, lineterminator="\n"), encoding="utf-8")
    write_analysis(analysis_file, analyse(results))


def looked_at(plan, decisions):
    """Return the :class:`bakeoff.analysis.looks.Looked` of the files of its decisions, or None.

    ``plan`` is the config's `study.seeds`. A look that is not decided yet is left out.
    """
    if not decisions:
        return None
    held = [read_decision(file) for file in decisions]
    return Looked(plan_of(plan), [Decision(**decision) for decision in held if decision])


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        collect_results(
            json.loads(snakemake.params.study),
            snakemake.input.data,
            snakemake.input.histories,
            snakemake.input.cards,
            snakemake.input.predictions,
            snakemake.input.descriptions,
            snakemake.output.runs,
            snakemake.output.summary,
            snakemake.output.analysis,
            looked_at(snakemake.params.plan, snakemake.input.decisions),
            snakemake.input.latencies,
            json.loads(snakemake.params.planned),
        )
