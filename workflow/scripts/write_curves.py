"""Write the curves of all runs for TensorBoard, as their histories have them."""

import json
from pathlib import Path

from bakeoff.joblog import job_log
from bakeoff.study.readers import read_history, runs_in
from bakeoff.tensorboard import folder_of, write_curves

if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        runs = runs_in(json.loads(snakemake.params.study))
        for run, file in zip(runs, snakemake.input.histories, strict=True):
            folder = folder_of(snakemake.output.folder, *run)
            write_curves(folder, read_history(file, *run), Path(file).stat().st_mtime)
