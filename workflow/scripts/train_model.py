"""Train one architecture with one seed; write its history, model, predictions and card."""

import json
import signal
import time
from pathlib import Path

import numpy as np

from bakeoff.data.disputed import check_disputed_of
from bakeoff.describe.model import describe_model, layer_table
from bakeoff.errors import Terminated
from bakeoff.files import remove_unfinished, sha256_of, write_atomically
from bakeoff.joblog import job_log, say
from bakeoff.study.commit import describe_commit
from bakeoff.study.identity import check_sources, sources_read
from bakeoff.training.architecture import architecture_file, blamed_on, build_model
from bakeoff.training.backend import prepare_backend, software_versions
from bakeoff.training.checkpoints import Checkpoints
from bakeoff.training.compile import compile_model, plain_optimizer
from bakeoff.training.data import batches_of_parts, describe_data, load_data
from bakeoff.training.evaluation import evaluate, measure_latency, predict
from bakeoff.training.loop import is_finite, train_epochs
from bakeoff.training.outputs import costs, piece_of_card, write_card, write_history, write_model


def train_model(identity, data_file, outputs, checkpoint_folder, root, threads):
    """Train as ``identity`` says and write the five output files.

    ``identity`` is what :func:`bakeoff.study.identity.training_identity` returns; ``outputs`` maps
    history, model, predictions, card and summary to paths. Training goes on from the last whole
    epoch found under ``checkpoint_folder``. A training whose loss stops being a number ends
    there with status ``diverged``, which is no error. Raises :class:`StudyError` for faults in
    the architecture, its settings or the data file.
    """
    started = time.perf_counter()
    check_sources(root, identity["sources"])
    data, checksum = load_data(data_file), sha256_of(data_file)
    settings = identity["settings"]
    device = prepare_backend(
        threads, settings["backend"], settings["precision"], settings["deterministic"]
    )
    shape, classes = data["x_train"].shape[1:], len(data["class_names"])
    # Before training, so that what cannot be built, saved or described fails at once.
    model, described = prepare_model(identity, root, shape, classes, device)
    described["dataset"] = describe_data(data, Path(data_file).stem, checksum)
    batches = batches_of_parts(data, settings["batch_size"])
    checkpoints = Checkpoints(checkpoint_folder, identity, checksum)
    versions = software_versions(settings["backend"])
    piece = {"device": device, "threads": threads, "versions": versions}
    with checkpoints.locked():
        remove_unfinished(Path(outputs["card"]).parent)
        with blamed_on(root, identity["model"], "training"):
            record = train_epochs(model, batches, identity, checkpoints, piece, started)
        status = "ok" if is_finite(record["history"][-1]) else "diverged"
        probabilities = predict(model, batches["test"])
        card = {
            "model": identity["model"],
            "seed": identity["seed"],
            "status": status,
            "epochs": settings["epochs"],
            "epochs_trained": len(record["history"]),
            "training": settings,
            "optimizer": plain_optimizer(model).get_config(),
            **described,
            "clean_train": evaluate(model, batches["clean"])
            | {"images": len(data["train_eval_index"])},
            "latency_ms": measure_latency(model, data["x_test"][:1]),
            "backend": settings["backend"],
            "precision": settings["precision"],
            **piece_of_card(record, piece),
            "sources": sources_read(root),
            "commit": describe_commit(root),
        }
        write_history(outputs["history"], record["history"], identity)
        with write_atomically(outputs["predictions"]) as temporary:
            np.savez(temporary, probabilities=probabilities, labels=data["y_test"])
        with write_atomically(outputs["summary"]) as temporary:
            temporary.write_text(layer_table(model))
        write_model(outputs["model"], model, root, identity, shape, classes)
        # Last, so that a card stands for a training that is all there.
        write_card(outputs["card"], card | costs(record, piece, started))
    say(f"{identity['model']} seed {identity['seed']}: {status}.")


def prepare_model(identity, root, shape, classes, device):
    """Return the model that ``identity`` names, compiled, and what a card says of it.

    ``shape`` is that of an image, ``(height, width, channels)``. Whatever can be found out of a
    model before it is trained is found out here: see
    :func:`bakeoff.training.architecture.build_model`, :func:`bakeoff.training.saving.try_saving`
    and :func:`bakeoff.training.scores.check_steps`.
    """
    # These import Keras, which must find its backend prepared.
    import keras

    from bakeoff.describe.inputs import input_scaled_by
    from bakeoff.training.saving import try_saving
    from bakeoff.training.scores import check_steps

    name = identity["model"]
    keras.utils.set_random_seed(identity["seed"])
    model = build_model(root, name, shape, classes)
    factor = input_scaled_by(model, shape)
    if factor is not None:
        say(
            f"{name}: its first weights get the images times {factor:.3g}, though these are from"
            f" 0 to 1 already: is there a Rescaling too many in {architecture_file(name)}?"
        )
    described = describe_model(model) | {
        "input_scaled_by": factor,
        "loads_with": try_saving(model, root, name, shape, classes),
    }
    with blamed_on(root, name, "compile"):
        compile_model(model, identity, device)
    check_steps(model, architecture_file(name), shape, classes)
    return model, described


def leave(signal_number, frame):
    """End with a non-zero status; the last whole epoch is on disk already."""
    say("Terminated: the last whole epoch is kept, and the next run goes on from there.")
    raise Terminated(128 + signal_number)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        signal.signal(signal.SIGTERM, leave)
        # Prepared data may come from another study's cache, with other disputed labels.
        check_disputed_of(snakemake.config, snakemake.input.data)
        card_file = Path(snakemake.output.card)
        train_model(
            identity=json.loads(snakemake.params.training),
            data_file=snakemake.input.data,
            outputs=dict(snakemake.output.items()),
            # <results>/models/<model>/seed_<seed>/card.json: checkpoints are not declared, as
            # Snakemake deletes declared outputs before a job starts.
            checkpoint_folder=card_file.parents[3] / "checkpoints",
            root=Path(__file__).parents[2],
            threads=snakemake.threads,
        )
