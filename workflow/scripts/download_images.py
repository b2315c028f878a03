"""Fetch the data set's files from the first mirror that has them whole and right."""

import json
from pathlib import Path

from bakeoff.data.download import download_files
from bakeoff.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0], snakemake.config["origins"]):
        # Where files come from is no part of what they are: it is read from the config, so
        # that another mirror reruns nothing.
        source = snakemake.config["data"]
        download_files(
            checksums=json.loads(snakemake.params.checksums),
            mirrors=source["mirrors"],
            folder=Path(snakemake.output[0]).parent,
            attempts=source["attempts"],
            timeout=source["timeout"],
        )
