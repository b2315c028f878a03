"""Loss, metrics and optimizer of a model."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bakeoff.errors import StudyError
from bakeoff.study.folders import Folders
from bakeoff.study.identity import all_settings
from bakeoff.training.architecture import Shape, architecture_file, blamed_on
from bakeoff.training.backend import compiles_steps, steps_per_execution

if TYPE_CHECKING:
    # Not before its backend is prepared.
    import keras


def compile_model(
    model: "keras.Model", identity: Mapping[str, Any], device: str, steps: int | None = None
) -> None:
    """Compile ``model`` with the loss and optimizer of ``identity["settings"]``.

    ``steps`` is how many an epoch has; without it, the learning rate follows no schedule.
    """
    import keras

    from bakeoff.training.scores import metrics

    settings = all_settings(identity)
    options = dict(settings["optimizer"])
    name = options.pop("name")
    try:
        optimizer = _optimizer(name, options, settings, steps)
    except (TypeError, ValueError) as error:
        raise StudyError(
            f"config: training.optimizer of {identity['model']}: {settings['optimizer']};"
            f" expected settings of Keras's {name} ({error}): drop the one it does not know"
            " (null drops an inherited one)."
        ) from error
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=settings["label_smoothing"]),
        metrics=metrics(),
        jit_compile=compiles_steps(settings["backend"], device),
        steps_per_execution=steps_per_execution(settings["backend"]),
    )


def _optimizer(name, options, settings, steps):
    """Return one of Keras's optimizers, its learning rate on the schedule of ``settings``."""
    import keras

    from bakeoff.training.schedule import scheduled

    kind = getattr(keras.optimizers, name)
    optimizer = kind(**options)
    peak = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    if steps is not None and (rate := scheduled(peak, settings, steps)) is not None:
        optimizer = kind(**options | {"learning_rate": rate})
    # The averages of the weights are taken by bakeoff.training.averages.
    optimizer.finalize_variable_values = lambda variables: None
    return optimizer


def compile_checked(
    model: "keras.Model",
    folders: Folders,
    identity: Mapping[str, Any],
    device: str,
    input_shape: Shape,
    num_classes: int,
    steps: int | None = None,
) -> None:
    """Compile ``model`` and try the steps that it has of its own.

    ``steps`` is as for :func:`compile_model`. Raises :class:`StudyError` as :func:`compile_model`
    and :func:`bakeoff.training.scores.check_steps` do.
    """
    # Imports Keras.
    from bakeoff.training.scores import check_steps

    name = identity["architecture"]
    with blamed_on(folders, name, "compile"):
        compile_model(model, identity, device, steps)
    check_steps(model, architecture_file(name), input_shape, num_classes)


def plain_optimizer(model: "keras.Model") -> Any:
    """Return the optimizer of a compiled model, without float16's scaling of the loss."""
    return getattr(model.optimizer, "inner_optimizer", model.optimizer)
