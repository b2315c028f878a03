"""From the mirrors to a folder that is ready to train on."""


rule download_images:
    """Fetch the four IDX files from the first mirror that has them whole and right."""
    output:
        train_images="<resources>/<dataset>/train-images-idx3-ubyte.gz",
        train_labels="<resources>/<dataset>/train-labels-idx1-ubyte.gz",
        test_images="<resources>/<dataset>/t10k-images-idx3-ubyte.gz",
        test_labels="<resources>/<dataset>/t10k-labels-idx1-ubyte.gz",
    log:
        "<results>/logs/download_images.log",
    cache: True
    localrule: True
    conda:
        "../../envs/training.yaml"
    params:
        # Mirrors and retries are read from the config: where a file came from does not matter.
        checksums=canonical_json(checksums_of(config["data"])),
        sources=sources_of("workflow/scripts/download_images.py"),
    script:
        "../scripts/download_images.py"


rule prepare_data:
    """Check and split the images, and lay them down in the type they came in."""
    input:
        unpack(raw_images),
    output:
        **PREPARED,
    log:
        "<results>/logs/prepare_data.log",
    cache: True
    localrule: True
    conda:
        "../../envs/training.yaml"
    params:
        data=canonical_json(data_settings()),
        sources=sources_of("workflow/scripts/prepare_data.py"),
    script:
        "../scripts/prepare_data.py"
