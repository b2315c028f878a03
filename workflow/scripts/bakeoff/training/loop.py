"""The epochs of a run: train, evaluate, save the checkpoint, say a line; or go on from one."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bakeoff.epochs import after_epoch
from bakeoff.joblog import say
from bakeoff.study.identity import all_settings
from bakeoff.training.averages import averaged, has_averages, take_averages
from bakeoff.training.checkpoints import Checkpoints
from bakeoff.training.evaluation import evaluate, scores_in
from bakeoff.training.judging import has_diverged, is_stopped, judged_epoch
from bakeoff.training.sharing import count_runs

if TYPE_CHECKING:
    # Both not before the backend is prepared.
    import keras

    from bakeoff.training.callbacks import OwnCallbacks

Saved = tuple[int, list[np.ndarray], dict[str, Any]]
"""What :meth:`bakeoff.training.checkpoints.Checkpoints.load` returns."""


def train_epochs(
    model: "keras.Model",
    batches: Mapping[str, Any],
    identity: Mapping[str, Any],
    checkpoints: Checkpoints,
    piece: dict[str, Any],
    started: float,
    callbacks: Sequence[Any] = (),
) -> dict[str, Any]:
    """Train ``model`` to its last epoch; return its record of history rows, pieces and callbacks.

    ``batches`` are those of :func:`bakeoff.training.data.batches_of_parts`. A row is a dict of
    epoch (from 1), loss, accuracy, val_*, test_*, objective and seconds. Losses are cross-entropy;
    the objective is the running average of what was optimised, penalties included. A piece is what
    one process contributed: ``piece``, to which its first epoch, the seconds from ``started`` to
    its last, and how many runs shared the machine are added. Each whole epoch is saved to
    ``checkpoints``. ``callbacks`` are Keras's, of the architecture's own: the record says whether
    one has ``stopped`` the run, and what they remember. The model is left with the weights of
    :func:`bakeoff.training.judging.judged_epoch`.
    """
    settings, seed = all_settings(identity), identity["seed"]
    weights = class_weights(settings["class_weight"], batches["train"].labels)
    own = own_callbacks(callbacks, model, batches, settings)
    saved = usable(checkpoints.load(settings["epochs"]), settings)
    record, kept = restore(model, saved, settings, own)
    history = record["history"]
    first = len(history) + 1
    if first > 1:
        say(f"{identity['model']} seed {seed}: going on after epoch {first - 1}.")
    while not is_over(record, settings):
        epoch, begun = len(history) + 1, time.perf_counter()
        # By seed and epoch, as is dropout, so that a resumed run sees the same order.
        batches["train"].shuffle(seed, epoch)
        row = {"epoch": epoch, **train_epoch(model, batches, seed, epoch, own, weights)}
        row["seconds"] = time.perf_counter() - begun
        history.append(row)
        record |= {"stopped": bool(model.stop_training), "callbacks": own.remembered()}
        add_epoch(piece, record, epoch, started)
        if settings["evaluate"] == "best" and judged_epoch(history, settings) == epoch:
            kept = judged_weights(model)
        checkpoints.save(epoch, [*state_of(model), *kept], record, is_over(record, settings))
        stopped = is_stopped(history, settings) or record["stopped"]
        after_epoch(identity, history, first, stopped)
    own.end()
    leave_judged(model, kept, history)
    return record


def is_over(record: Mapping[str, Any], settings: dict[str, Any]) -> bool:
    """Tell whether a run with that record ends after its last epoch, or has ended there.

    What a callback stopped stays so when more epochs are asked for, as with early stopping.
    """
    history = record["history"]
    return (
        len(history) == settings["epochs"]
        or has_diverged(history)
        or is_stopped(history, settings)
        or record["stopped"]
    )


def usable(saved: Saved | None, settings: dict[str, Any]) -> Saved | None:
    """Return a saved state that a run may go on from, or None.

    With callbacks that remember what cannot be kept, it would end with other numbers than a run
    in one go: it is trained anew.
    """
    if saved is None or is_over(saved[2], settings) or saved[2]["callbacks"] is not None:
        return saved
    say(
        f"Epochs 1 to {saved[0]} are trained anew: what the architecture's callbacks remember of"
        " them is not all numbers, texts, lists and dicts, so it could not be kept."
    )
    return None


def own_callbacks(
    callbacks: Sequence[Any],
    model: "keras.Model",
    batches: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> "OwnCallbacks":
    """Return an architecture's ``callbacks`` for a training, which is made ready for them."""
    # Imports Keras, which must find its backend prepared.
    from bakeoff.training.callbacks import OwnCallbacks

    train = batches["train"]
    steps = -(-len(train.chosen) // train.batch_size)
    own = OwnCallbacks(callbacks, model, settings["epochs"], steps)
    if own.hear_batches:
        step_by_step(model, batches)
    return own


def step_by_step(model: "keras.Model", batches: Mapping[str, Any]) -> None:
    """Let Keras come back to Python after each batch, where several are taken a call."""
    if model.steps_per_execution > 1:
        model.steps_per_execution = 1
        # Those with which the model's own steps were tried.
        model.train_function = model.test_function = None
    for part in ("train", "val"):
        batches[part].take_single_steps()


def class_weights(setting: str | None, labels: np.ndarray) -> dict[int, float] | None:
    """Return the weight of each class in what is optimised, or None where all images weigh alike.

    ``setting`` is the config's. If balanced, the classes of the training ``labels``, integers (n,),
    have equal weights in all, and the mean weight of an image is 1.
    """
    if setting is None:
        return None
    classes, images = np.unique(labels, return_counts=True)
    weights = len(labels) / len(classes) / images
    return dict(zip(classes.tolist(), weights.tolist(), strict=True))


def train_epoch(
    model: "keras.Model",
    batches: Mapping[str, Any],
    seed: int,
    epoch: int,
    own: "OwnCallbacks",
    weights: Mapping[int, float] | None = None,
) -> dict[str, float]:
    """Train on all batches once and evaluate; return an epoch's losses and accuracies.

    ``own`` are the architecture's callbacks, ``weights`` what :func:`class_weights` returns.

    One `fit` an epoch takes as long as one for all: of epochs of two batches, 469 ms against 471 on
    TensorFlow and 488 against 486 on JAX (medians of 64, taking turns; model 1, one thread).
    """
    import keras

    # Not before `fit`: the first one of a process builds what it needs, for which it draws from
    # PyTorch's generator, and a resumed run would go on with other dropout.
    seeding = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: seed_epoch(model, seed, epoch)
    )
    averages = has_averages(model)
    logs = model.fit(
        batches["train"].source,
        shuffle=False,
        validation_data=None if averages else batches["val"].source,
        verbose=0,
        initial_epoch=epoch - 1,
        epochs=epoch,
        callbacks=[seeding, *own.of_fit],
        class_weight=weights,
    ).history
    logs = {name: values[-1] for name, values in logs.items()}
    scores = measured(model, batches, None if averages else scores_in(logs, "val_"))
    if averages:
        logs |= {name: value for name, value in scores.items() if name.startswith("val_")}
    if own.end_epoch(epoch, logs):
        scores = measured(model, batches)
    return {
        **scores_in(logs),
        "objective": logs.get("loss", 0.0),
        **scores,
    }


def measured(
    model: "keras.Model", batches: Mapping[str, Any], validation: dict[str, float] | None = None
) -> dict[str, float]:
    """Return losses and accuracies on validation and test images of ``model`` as it is judged.

    ``validation`` are those on validation images, where they are known.
    """
    with averaged(model):
        validation = validation or evaluate(model, batches["val"])
        test = validation
        if batches["test"] is not batches["val"]:
            test = evaluate(model, batches["test"])
    return {
        **{f"val_{key}": value for key, value in validation.items()},
        **{f"test_{key}": value for key, value in test.items()},
    }


def add_epoch(piece: dict[str, Any], record: dict[str, Any], epoch: int, started: float) -> None:
    """Add a finished epoch to this process's ``piece``, which joins a record with its first."""
    if not any(each is piece for each in record["pieces"]):
        record["pieces"].append(piece)
        piece.update(first_epoch=epoch, runs=1)
    piece["runs"] = max(piece["runs"], count_runs())
    piece["seconds"] = time.perf_counter() - started


def restore(
    model: "keras.Model", saved: Saved | None, settings: dict[str, Any], own: "OwnCallbacks"
) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Bring ``model`` to a saved state; return that state's record and the weights it keeps.

    Without one, both are empty. Its ``own`` callbacks begin, or go on, unless the run is over.
    """
    model.optimizer.build(model.trainable_variables)
    if saved is None or not is_over(saved[2], settings):
        # Before the state is there, as they may set a learning rate or weights.
        own.begin(saved[2]["callbacks"] if saved else ())
    if saved is None:
        return {"history": [], "pieces": [], "stopped": False, "callbacks": []}, []
    _, arrays, record = saved
    variables = state_variables(model)
    for variable, array in zip(variables, arrays[: len(variables)], strict=True):
        variable.assign(array)
    return record, arrays[len(variables) :]


def judged_weights(model: "keras.Model") -> list[np.ndarray]:
    """Return the weights by which ``model`` is judged as it is now, as NumPy arrays."""
    with averaged(model):
        return model.get_weights()


def leave_judged(
    model: "keras.Model", kept: Sequence[np.ndarray], history: list[dict[str, Any]]
) -> None:
    """Give a trained model the weights that it is judged by: those ``kept``, or else its own."""
    if kept and not has_diverged(history):
        model.set_weights(kept)
    else:
        take_averages(model)


def state_variables(model: "keras.Model") -> list[Any]:
    """Return all variables that the next step depends on: the model's and its optimizer's."""
    return [*model.variables, *model.optimizer.variables]


def state_of(model: "keras.Model") -> list[np.ndarray]:
    """Return the values of :func:`state_variables` as NumPy arrays."""
    import keras

    return [keras.ops.convert_to_numpy(variable) for variable in state_variables(model)]


def seed_epoch(model: "keras.Model", seed: int, epoch: int) -> None:
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
