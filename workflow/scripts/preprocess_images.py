"""Check, scale and split the images into one file that is ready to train on."""

import json

from bakeoff.data.checksums import checksums_of
from bakeoff.data.prepared import prepare_images
from bakeoff.joblog import job_log

if __name__ == "__main__":
    with job_log(snakemake.log[0], snakemake.config["origins"]):
        # Read from the config and not from params: what is prepared does not depend on them.
        source = snakemake.config["data"]
        prepare_images(
            settings=json.loads(snakemake.params.data),
            files=dict(snakemake.input.items()),
            output=snakemake.output.data,
            disputed=source["disputed"],
            checksums=checksums_of(source),
        )
