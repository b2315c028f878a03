"""Train one architecture with one seed; write its history, model, predictions and card."""

import json
import signal
import time
from pathlib import Path

from bakeoff.compiled import keep_compiled
from bakeoff.data.prepared import scaled
from bakeoff.epochs import follow_study
from bakeoff.errors import Terminated
from bakeoff.importing import import_backend
from bakeoff.in_force import InForce
from bakeoff.joblog import job_log, say
from bakeoff.study.identity import all_settings, arguments_of, check_imported, check_sources
from bakeoff.training import outputs
from bakeoff.training.architecture import blamed_on, build_model
from bakeoff.training.backend import software_versions
from bakeoff.training.checkpoints import Checkpoints
from bakeoff.training.compile import compile_checked
from bakeoff.training.data import batches_of_parts, describe_data, open_data
from bakeoff.training.evaluation import evaluate, measure_latency, predict
from bakeoff.training.hooks import callbacks_of
from bakeoff.training.loop import train_epochs
from bakeoff.training.sharing import counted_run


def train_model(identity, data_file, files, checkpoint_folder, folders, threads):
    """Train as ``identity`` says and write the four output files.

    ``identity`` is what :func:`bakeoff.study.identity.training_identity` returns; ``files`` maps
    history, model, predictions and card to paths; ``folders`` are
    :data:`bakeoff.study.folders.Folders`. Training goes on from the last whole epoch found under
    ``checkpoint_folder``. A run whose loss stops being a number ends there with status
    ``diverged``, no error. Raises :class:`bakeoff.errors.StudyError` for faults in architecture,
    settings or data, and where a run of another plan has begun since: it writes no outputs then.
    """
    started = time.perf_counter()
    check_sources(folders, identity["sources"])
    data = open_data(data_file)
    in_force = InForce(Path(files["card"]).parent, identity, data.checksum)
    in_force.take()
    settings = all_settings(identity)
    device = import_backend(settings, threads)
    model = prepare_model(identity, folders, data, device)
    batches = batches_of_parts(data, settings, device, model)
    checkpoints = Checkpoints(checkpoint_folder, identity, data.checksum, in_force.check)
    versions = software_versions(settings["backend"])
    piece = {"device": device, "threads": threads, "versions": versions}
    with checkpoints.locked(), counted_run():
        with blamed_on(folders, identity["architecture"], "training"):
            own = callbacks_of(folders, identity["architecture"], settings, data.validation)
            record = train_epochs(model, batches, identity, checkpoints, piece, started, own)
        history = record["history"]
        outcome = outputs.outcome_of(record, settings)
        probabilities = predict(model, batches["test"])
        card = {
            **outputs.plan_of_card(identity, model),
            **outcome,
            "dataset": describe_data(data),
            "clean_train": evaluate(model, batches["clean"])
            | {"images": len(batches["clean"].chosen)},
            "latency_ms": measure_latency(model, scaled(data.images("test")[:1])),
            **outputs.piece_of_card(record, piece),
            **outputs.code_of_card(folders),
        }
        with in_force.writing():
            outputs.write_history(files["history"], history, identity, outcome["judged_epoch"])
            outputs.write_predictions(files["predictions"], probabilities, data.labels("test"))
            outputs.write_model(files["model"], model, folders, identity, data)
            # Last, so that a card stands for a run that is all there.
            outputs.write_card(files["card"], card | outputs.costs(record, piece, started))
    say(f"{identity['model']} seed {identity['seed']}: {outcome['status']}.")


def prepare_model(identity, folders, data, device):
    """Return the model that ``identity`` names for ``data``, prepared, checked and compiled.

    That it can be saved was tried when it was described.
    """
    # Imports Keras, which must find its backend prepared.
    import keras

    keras.utils.set_random_seed(identity["seed"])
    shape, classes = data.shape, len(data.class_names)
    steps = -(-data.counts["train"] // all_settings(identity)["batch_size"])
    name = identity["architecture"]
    model = build_model(folders, name, shape, classes, arguments_of(identity))
    check_imported(folders, identity["sources"])
    compile_checked(model, folders, identity, device, shape, classes, steps)
    return model


def leave(signal_number, frame):
    """End with a non-zero status; the last whole epoch is on disk already."""
    say("Terminated: the last whole epoch is kept, and the next run goes on from there.")
    raise Terminated(128 + signal_number)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        signal.signal(signal.SIGTERM, leave)
        follow_study(snakemake.config)
        # <results>/models/<model>/seed_<seed>/card.json
        results = Path(snakemake.output.card).parents[3]
        keep_compiled(results / "compiled")
        train_model(
            identity=json.loads(snakemake.params.training),
            data_file=snakemake.input.data,
            files=dict(snakemake.output.items()),
            # Not declared, as Snakemake deletes declared outputs before a job starts.
            checkpoint_folder=results / "checkpoints",
            folders=snakemake.config["folders"],
            threads=snakemake.threads,
        )
