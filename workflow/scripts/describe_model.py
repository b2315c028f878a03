"""Build one architecture, check that it can be trained and kept, and say what it is."""

import json

from bakeoff.data.disputed import check_disputed_of
from bakeoff.data.prepared import PreparedData
from bakeoff.files import write_atomically
from bakeoff.importing import import_backend
from bakeoff.joblog import job_log
from bakeoff.study.identity import all_settings, check_imported, check_sources, fingerprint


def describe_model(identity, data_file, description_file, layers_file, folders):
    """Describe the model that ``identity`` names, built for the images of ``data_file``.

    ``identity`` is what :func:`bakeoff.study.identity.description_identity` returns, and
    ``folders`` are :data:`bakeoff.study.folders.Folders`. Raises
    :class:`bakeoff.errors.StudyError` for a model that is not to be trained: see
    :func:`bakeoff.describe.model.checked_description`.
    """
    check_sources(folders, identity["sources"])
    data = PreparedData.read(data_file)
    import_backend(all_settings(identity), threads=1, gpu=False)
    # Imports Keras, which must find its backend prepared.
    from bakeoff.describe.model import checked_description

    description, table = checked_description(folders, identity, data.shape, len(data.class_names))
    check_imported(folders, identity["sources"])
    with write_atomically(layers_file) as temporary:
        temporary.write_text(table, encoding="utf-8")
    with write_atomically(description_file) as temporary:
        described = description | {"fingerprint": fingerprint(identity)}
        text = json.dumps(described, indent=2, allow_nan=False)
        temporary.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        # Prepared data may come from another study's cache, with other disputed labels.
        check_disputed_of(snakemake.config, PreparedData.read(snakemake.input.data))
        describe_model(
            identity=json.loads(snakemake.params.description),
            data_file=snakemake.input.data,
            description_file=snakemake.output.description,
            layers_file=snakemake.output.layers,
            folders=snakemake.config["folders"],
        )
