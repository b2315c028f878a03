"""Train one architecture with one seed; write its history, model, predictions and card."""

import json
import math
import signal
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bakeoff.architecture import (
    architecture_file,
    blamed_on,
    build_model,
    check_sources,
    sources_read,
)
from bakeoff.backend import (
    compiles_steps,
    count_trainings,
    describe_platform,
    prepare_backend,
    software_versions,
    steps_per_execution,
)
from bakeoff.checkpoints import Checkpoints
from bakeoff.commit import describe_commit
from bakeoff.disputed import check_disputed_of
from bakeoff.errors import StudyError, Terminated
from bakeoff.files import remove_unfinished, sha256_of, write_atomically
from bakeoff.joblog import job_log, say
from bakeoff.memory import peak_memory_mb


def train_model(identity, data_file, outputs, checkpoint_folder, root, threads):
    """Train as ``identity`` says and write the five output files.

    ``identity`` is what :func:`bakeoff.identity.training_identity` returns; ``outputs`` maps
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


def load_data(file):
    """Return the arrays of a prepared data file by name; see preprocess_images."""
    try:
        with np.load(file) as content:
            data = {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise StudyError(
            f"{file}: cannot be read ({error}); expected the prepared data: delete it and run"
            " snakemake again, which prepares it anew."
        ) from error
    if str(data["validation"]) == "test":
        # The file has the test set twice; memory need not.
        data |= {"x_val": data["x_test"], "y_val": data["y_test"]}
    return data


def describe_data(data, name, checksum):
    """Return what a card says of the data: its name, checksum, split and sizes."""
    return {
        "name": name,
        "checksum": checksum,
        "validation": str(data["validation"]),
        "train_images": len(data["x_train"]),
        "validation_images": len(data["x_val"]),
        "test_images": len(data["x_test"]),
        "classes": len(data["class_names"]),
    }


def prepare_model(identity, root, shape, classes, device):
    """Return the model that ``identity`` names, compiled, and what a card says of it.

    ``shape`` is that of an image, ``(height, width, channels)``. Whatever can be found out of a
    model before it is trained is found out here: see :func:`bakeoff.architecture.build_model`,
    :func:`bakeoff.saving.try_saving` and :func:`bakeoff.scores.check_steps`.
    """
    # These import Keras, which must find its backend prepared.
    import keras

    from bakeoff.inputs import input_scaled_by
    from bakeoff.saving import try_saving
    from bakeoff.scores import check_steps

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


def describe_model(model):
    """Return what a card says of an architecture, derived from the built model."""
    # These import Keras, which must find its backend prepared.
    from bakeoff.layers import compute_dtypes, count_multiply_adds, describe_layers
    from bakeoff.notation import arrow_notation

    layers = describe_layers(model)
    multiply_adds, not_counted = count_multiply_adds(layers)
    return {
        "parameters": {
            "total": model.count_params(),
            "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        },
        "multiply_adds": multiply_adds,
        "multiply_adds_not_counted": not_counted,
        "compute_dtypes": compute_dtypes(model),
        "notation": arrow_notation(model),
        "layers": layers,
    }


def compile_model(model, identity, device):
    """Compile ``model`` with the loss and optimizer of ``identity["settings"]``."""
    import keras

    from bakeoff.scores import metrics

    settings = identity["settings"]
    options = dict(settings["optimizer"])
    name = options.pop("name")
    try:
        optimizer = getattr(keras.optimizers, name)(**options)
    except (TypeError, ValueError) as error:
        raise StudyError(
            f"config: training.optimizer of {identity['model']}: {settings['optimizer']};"
            f" expected settings of Keras's {name} ({error}): drop the one it does not know"
            " (null drops an inherited one)."
        ) from error
    model.compile(
        optimizer=optimizer,
        loss=settings["loss"],
        metrics=metrics(),
        jit_compile=compiles_steps(settings["backend"], device),
        steps_per_execution=steps_per_execution(settings["backend"]),
    )


def plain_optimizer(model):
    """Return the optimizer of a compiled model, without float16's scaling of the loss."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)


def batches_of_parts(data, batch_size):
    """Return a dict of batches of the prepared ``data``: train, clean, val and test.

    clean are images of train, whose accuracy is measured with dropout off. val and test are the
    same where the test set validates. The training images are taken out of ``data``: TensorFlow
    has a copy of its own, and both together would be most of a job's memory.
    """
    # Imports Keras.
    from bakeoff.batches import batches_of

    classes = len(data["class_names"])
    train = batches_of(data.pop("x_train"), data["y_train"], classes, batch_size)
    val = test = batches_of(data["x_val"], data["y_val"], classes, batch_size)
    if str(data["validation"]) != "test":
        test = batches_of(data["x_test"], data["y_test"], classes, batch_size)
    clean = train.only(data["train_eval_index"])
    return {"train": train, "clean": clean, "val": val, "test": test}


def train_epochs(model, batches, identity, checkpoints, piece, started):
    """Train ``model`` to the last epoch; return its record of history rows and pieces.

    ``batches`` are those of :func:`batches_of_parts`. A row is a dict of epoch (from 1), loss,
    accuracy, val_*, test_*, objective and seconds. Losses are cross-entropy; the objective is the
    running average of what was optimised, penalties included. A piece is what one process
    contributed: ``piece``, to which its first epoch, the seconds from ``started`` to its last,
    and how many trainings shared the machine are added. Each whole epoch is saved to
    ``checkpoints``.
    """
    import keras

    epochs, seed = identity["settings"]["epochs"], identity["seed"]
    validated_on_test = batches["val"] is batches["test"]
    record = restore(model, checkpoints.load(epochs))
    history = record["history"]
    first = len(history) + 1
    if first > 1:
        say(f"{identity['model']} seed {seed}: going on after epoch {first - 1}.")
    begun = None

    def begin(index, _):
        nonlocal begun
        begun = time.perf_counter()
        # Seeded by seed and epoch, so that a resumed training sees the same order and dropout.
        batches["train"].shuffle(seed, index + 1)
        seed_epoch(model, seed, index + 1)

    def end(index, logs):
        row = {"epoch": index + 1, **scores_in(logs), "objective": logs.get("loss", 0.0)}
        row |= {f"val_{key}": value for key, value in scores_in(logs, "val_").items()}
        if validated_on_test:
            scores = {"loss": row["val_loss"], "accuracy": row["val_accuracy"]}
        else:
            scores = evaluate(model, batches["test"])
        row |= {"test_loss": scores["loss"], "test_accuracy": scores["accuracy"]}
        row["seconds"] = time.perf_counter() - begun
        history.append(row)
        if index + 1 == first:
            record["pieces"].append(piece)
            piece.update(first_epoch=first, trainings=1)
        piece["trainings"] = max(piece["trainings"], count_trainings())
        piece["seconds"] = time.perf_counter() - started
        model.stop_training = not is_finite(row)
        finished = index + 1 == epochs or model.stop_training
        checkpoints.save(index + 1, state_of(model), record, finished)
        say(epoch_line(identity, row, history[first - 1 :]))

    diverged = bool(history) and not is_finite(history[-1])
    model.fit(
        batches["train"].source,
        epochs=epochs,
        initial_epoch=epochs if diverged else first - 1,
        shuffle=False,
        validation_data=batches["val"].source,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)],
    )
    return record


def restore(model, saved):
    """Bring ``model`` to a saved state; return that state's record, or an empty one."""
    model.optimizer.build(model.trainable_variables)
    if saved is None:
        return {"history": [], "pieces": []}
    _, arrays, record = saved
    for variable, array in zip(state_variables(model), arrays, strict=True):
        variable.assign(array)
    return record


def state_variables(model):
    """Return all variables that the next step depends on: the model's and its optimizer's."""
    return [*model.variables, *model.optimizer.variables]


def state_of(model):
    """Return the values of :func:`state_variables` as NumPy arrays."""
    import keras

    return [keras.ops.convert_to_numpy(variable) for variable in state_variables(model)]


def seed_epoch(model, seed, epoch):
    """Set the random generators that an epoch draws from to states that depend on both numbers.

    They are those of the random layers, such as dropout, and on PyTorch its own, from which
    layers draw there. TensorFlow's own is left alone: Keras's layers do not draw from it, and to
    seed it makes TensorFlow forget the kernels of its steps, which costs as much as some steps.
    """
    import keras

    if keras.backend.backend() == "torch":
        generated = np.random.SeedSequence([seed, epoch]).generate_state(1)
        keras.utils.set_random_seed(int(generated[0]))
    states = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    for index, state in enumerate(states):
        generated = np.random.SeedSequence([seed, epoch, index]).generate_state(2, np.uint32)
        state.assign(generated.astype(state.dtype))


def evaluate(model, batches):
    """Return loss and accuracy of ``model``, dropout off, on a part's ``batches``."""
    return scores_in(model.evaluate(batches.source, verbose=0, return_dict=True))


def scores_in(logs, prefix=""):
    """Return loss and accuracy out of what Keras reports of a part: see bakeoff.scores."""
    return {"loss": logs[f"{prefix}cross_entropy"], "accuracy": logs[f"{prefix}accuracy"]}


def predict(model, batches):
    """Return class probabilities, float32 ``(n, classes)``, of a part's ``batches``."""
    return model.predict(batches.source, verbose=0)


def measure_latency(model, image, repeats=50):
    """Return the time of one prediction for one image ``(1, h, w, c)``, in milliseconds."""
    for _ in range(5):
        model.predict_on_batch(image)
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        model.predict_on_batch(image)
        times.append(1000 * (time.perf_counter() - begun))
    return {"median": np.median(times), "p95": np.percentile(times, 95), "repeats": repeats}


def is_finite(row):
    """Tell whether a history row's losses, and what was optimised, are numbers."""
    return all(math.isfinite(row[key]) for key in ("objective", "loss", "val_loss", "test_loss"))


def epoch_line(identity, row, rows_of_this_process):
    """Return the console's line for an epoch: losses, accuracies, time taken and time left."""
    epochs = identity["settings"]["epochs"]
    mean = sum(r["seconds"] for r in rows_of_this_process) / len(rows_of_this_process)
    left = (epochs - row["epoch"]) * mean if is_finite(row) else 0
    return (
        f"{identity['model']} seed {identity['seed']}"
        f"  epoch {row['epoch']:>{len(str(epochs))}}/{epochs}"
        f"  loss {row['loss']:.4f}  accuracy {row['accuracy']:7.2%}"
        f"  val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:7.2%}"
        f"  {row['seconds']:.1f} s, {duration(left)} left"
    )


def duration(seconds):
    """Return a duration as people write it, to the second: ``1 h 02 min``, ``3 min 05 s``."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s"


def write_history(path, rows, identity):
    """Write one row an epoch, each with its model and seed."""
    # Keras imports it too, and by then has.
    import pandas as pd

    table = pd.DataFrame(rows)
    table.insert(0, "model", identity["model"])
    table.insert(1, "seed", identity["seed"])
    measures = ("loss", "accuracy")
    sets = ("", "val_", "test_")
    columns = [f"{prefix}{measure}" for prefix in sets for measure in measures]
    with write_atomically(path) as temporary:
        table[["model", "seed", "epoch", *columns, "seconds"]].to_csv(temporary, index=False)


def write_model(path, model, root, identity, input_shape, classes):
    """Save the trained weights in a freshly built model, as it was tried before the training.

    The optimizer's state would make the file three times as large; the checkpoint holds it.
    """
    import keras

    from bakeoff.saving import save_model

    weights = model.get_weights()
    # So that layers get the names of the first build. It forgets the precision too.
    keras.utils.clear_session()
    keras.config.set_dtype_policy(identity["settings"]["precision"])
    # What a file draws while it builds, such as a fixed mask, is to be what was trained with.
    keras.utils.set_random_seed(identity["seed"])
    plain = build_model(root, identity["model"], input_shape, classes)
    plain.set_weights(weights)
    with write_atomically(path) as temporary:
        save_model(plain, temporary)


def piece_of_card(record, piece):
    """Return what a card says of the processes that trained, of which the last is ``piece``."""
    return {
        "device": piece["device"],
        "threads": piece["threads"],
        "concurrent_trainings": max(each["trainings"] for each in record["pieces"]),
        "versions": piece["versions"],
        "platform": describe_platform(),
        "pieces": record["pieces"],
        "resumed": len(record["pieces"]) > 1,
    }


def costs(record, piece, started):
    """Return what a card says of time and memory, up to now and of all pieces."""
    earlier = sum(other["seconds"] for other in record["pieces"] if other is not piece)
    return {
        "peak_memory_mb": peak_memory_mb(),
        "seconds": {
            "training": sum(row["seconds"] for row in record["history"]),
            "job": earlier + time.perf_counter() - started,
        },
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_card(path, card):
    """Write a card as JSON."""
    with write_atomically(path) as temporary:
        temporary.write_text(json.dumps(as_json(card), indent=2, allow_nan=False) + "\n")


def layer_table(model):
    """Return Keras's own table of layers as text."""
    lines = []
    model.summary(print_fn=lambda line, line_break=False: lines.append(line), line_length=80)
    return "\n".join(lines) + "\n"


def as_json(value):
    """Return ``value`` with NumPy numbers as Python's, and NaN and infinities as None."""
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def leave(signal_number, frame):
    """End with a non-zero status; the last whole epoch is on disk already."""
    say("Terminated: the last whole epoch is kept, and the next run goes on from there.")
    raise Terminated(128 + signal_number)


if "snakemake" in globals():
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
