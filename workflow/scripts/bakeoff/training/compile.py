"""Loss, metrics and optimizer of a model."""

from bakeoff.errors import StudyError
from bakeoff.training.architecture import architecture_file, blamed_on
from bakeoff.training.backend import compiles_steps, steps_per_execution


def compile_model(model, identity, device):
    """Compile ``model`` with the loss and optimizer of ``identity["settings"]``."""
    import keras

    from bakeoff.training.scores import metrics

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


def compile_checked(model, root, identity, device, input_shape, num_classes):
    """Compile ``model`` and try the steps that it has of its own.

    Raises :class:`StudyError` as :func:`compile_model` and
    :func:`bakeoff.training.scores.check_steps` do.
    """
    # Imports Keras.
    from bakeoff.training.scores import check_steps

    name = identity["architecture"]
    with blamed_on(root, name, "compile"):
        compile_model(model, identity, device)
    check_steps(model, architecture_file(name), input_shape, num_classes)


def plain_optimizer(model):
    """Return the optimizer of a compiled model, without float16's scaling of the loss."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)
