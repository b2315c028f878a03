"""From where the images are to a folder that is ready to train on."""

if DOWNLOADED:

    rule download_images:
        """Fetch the data set's files from the first mirror that has them whole and right."""
        output:
            **DOWNLOADED,
        log:
            "<results>/logs/download_images.log",
        cache: True
        localrule: True
        conda:
            "../../envs/training.yaml"
        params:
            # Mirrors and retries are read from the config: where a file came from does not matter.
            checksums=as_it_is(canonical_json(checksums_of(config["data"]))),
            sources=data_sources_of("workflow/scripts/download_images.py"),
        script:
            "../scripts/download_images.py"


rule prepare_data:
    """Check and split the images, and lay them down in the type they came in."""
    input:
        *DOWNLOADED.values(),
    output:
        **DATA_FILES,
    log:
        "<results>/logs/prepare_data.log",
    cache: True
    localrule: True
    conda:
        "../../envs/training.yaml"
    # Image files are decoded by all cores; Snakemake takes no more than there are.
    threads: 64
    params:
        data=lambda wildcards: canonical_json(settings_of_prepared()),
        sources=data_sources_of("workflow/scripts/prepare_data.py"),
    script:
        "../scripts/prepare_data.py"
