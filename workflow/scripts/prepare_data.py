"""Read the images, split them, and lay them down in the type they came in."""

import json

from bakeoff.data.checksums import checksums_of
from bakeoff.data.preparing import write_prepared
from bakeoff.data.reading import read_source
from bakeoff.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0], snakemake.config["origins"]):
        settings = json.loads(snakemake.params.data)
        # Read from the config and not from params: what is prepared does not depend on them.
        data = snakemake.config["data"]
        source = read_source(settings, dict(snakemake.input.items()), checksums_of(data))
        write_prepared(source, settings, snakemake.output.data, data["disputed"])
