"""Read the images, split them, and lay them down in the type they came in."""

import json
from pathlib import Path

from bakeoff.data.checksums import checksums_of
from bakeoff.data.preparing import write_prepared
from bakeoff.data.reading import open_source, scratch_beside
from bakeoff.data.sources import made_from
from bakeoff.files import write_atomically
from bakeoff.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0], snakemake.config["origins"]):
        # Read from the config and not from params, which hold what the result depends on.
        data = snakemake.config["data"]
        files = [Path(file) for file in snakemake.input]
        # Of the files as they were planned: one that changes by now is seen by the next plan.
        origin = made_from(data, json.loads(snakemake.params.data))
        with write_atomically(snakemake.output.made_from) as temporary:
            temporary.write_text(f"{origin}\n", encoding="utf-8")
        with (
            scratch_beside(snakemake.output.data) as scratch,
            open_source(data, files, scratch, checksums_of(data), snakemake.threads) as source,
        ):
            write_prepared(source, data, snakemake.output.data, data["disputed"])
