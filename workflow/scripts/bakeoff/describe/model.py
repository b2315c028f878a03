"""What can be said of a model before it is trained, and what is found out by trying it.

Importing this imports Keras, which must find its backend prepared.
"""

import math
from collections.abc import Mapping
from typing import Any

import keras

from bakeoff.describe.inputs import input_scaled_by
from bakeoff.describe.layers import count_multiply_adds, describe_layers
from bakeoff.describe.notation import arrow_notation
from bakeoff.describe.saving import try_saving
from bakeoff.errors import StudyError, cause_of
from bakeoff.joblog import say
from bakeoff.study.folders import Folders
from bakeoff.study.identity import arguments_of
from bakeoff.training.architecture import (
    architecture_file,
    build_model,
    compute_dtypes,
    layers_with_weights,
    random_images,
)
from bakeoff.training.compile import compile_checked
from bakeoff.training.surroundings import kept_random_states
from bakeoff.wording import listing


def checked_description(
    folders: Folders,
    identity: Mapping[str, Any],
    input_shape: tuple[int, int, int],
    num_classes: int,
) -> tuple[dict[str, Any], str]:
    """Return the description of the model that ``identity`` names, and its table of layers.

    ``input_shape`` is that of an image, ``(height, width, channels)``. The model is built, asked,
    saved, loaded, called as it is while it trains, compiled, and its own steps are tried; a line
    says where it makes its images small. Raises :class:`bakeoff.errors.StudyError` for a model that
    cannot be trained or kept: see :func:`bakeoff.training.architecture.build_model`,
    :func:`bakeoff.describe.saving.try_saving` and
    :func:`bakeoff.training.compile.compile_checked`.
    """
    name, arguments = identity["architecture"], arguments_of(identity)
    # As a run does; of a layer that draws random numbers, any will do.
    keras.utils.set_random_seed(0)
    model = build_model(folders, name, input_shape, num_classes, arguments)
    _check_trained(architecture_file(name), model)
    factor = input_scaled_by(model, input_shape)
    if factor is not None:
        say(
            f"{identity['model']}: its first weights get the images times {factor:.3g}, though"
            " these are from 0 to 1 already: is there a Rescaling too many in"
            f" {architecture_file(name)}?"
        )
    description = {
        "model": identity["model"],
        "image_shape": list(input_shape),
        "classes": num_classes,
        **describe_model(model),
        "input_scaled_by": factor,
        "loads_with": try_saving(model, folders, name, input_shape, num_classes, arguments),
    }
    table = layer_table(model)
    _check_called_in_training(architecture_file(name), model, input_shape)
    compile_checked(model, folders, identity, "CPU", input_shape, num_classes)
    return description, table


def describe_model(model: keras.Model) -> dict[str, Any]:
    """Return what can be said of a built model, ready for JSON.

    ``parameters`` in total and trainable, ``multiply_adds`` for one image with the names of layers
    that were ``multiply_adds_not_counted``, ``output_shape`` without the batch axis,
    ``compute_dtypes`` of the layers with weights, ``notation``, and ``layers``, which
    :func:`bakeoff.describe.layers.describe_layers` returns.
    """
    layers = describe_layers(model)
    multiply_adds, not_counted = count_multiply_adds(layers)
    return {
        "output_shape": layers[-1]["output_shape"],
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


def _check_trained(file, model):
    """Raise :class:`StudyError` where no weights are trained, or some start alike with any seed.

    The latter is by an initializer with a seed of its own. Dropout with one is let be: which units
    and images its masks meet still differs, as weights and the order of images do.
    """
    if not model.trainable_weights:
        raise StudyError(
            f"{file}: build: a model without weights to train; expected some, as all its epochs"
            " would be the same: add a layer with weights, or drop `trainable = False`."
        )
    for layer in layers_with_weights(model):
        if not layer.trainable:
            continue
        for name, held in vars(layer).items():
            seed = None
            if isinstance(held, keras.initializers.Initializer):
                seed = _given_seed(held)
            if seed is not None:
                raise StudyError(
                    f"{file}: build: {layer.name} has a {name.lstrip('_')}"
                    f" {type(held).__name__}(seed={seed}); expected initializers without a seed, as"
                    f" runs with other seeds would start alike: drop `seed={seed}`, the study's"
                    " seeds do that."
                )


def _given_seed(initializer):
    """Return the whole number that an initializer was given as its seed, None without one."""
    try:
        seed = initializer.get_config().get("seed")
    # That of an architecture's own initializer may have none.
    except NotImplementedError:
        return None
    # Of a generator of Keras, which may be given one.
    seed = seed["config"].get("seed") if isinstance(seed, dict) else seed
    return seed if isinstance(seed, int) else None


def _check_called_in_training(file, model, input_shape):
    """Raise :class:`StudyError` where ``training=True`` fails, or makes weights not there before.

    The optimizer is given those that asking makes; one that came up in the first step would end
    the run there. No variable has another value after it.
    """
    known = {id(weight) for weight in model.weights}
    try:
        with kept_random_states(), keras.StatelessScope():
            _call_in_training(model, random_images(input_shape))
    except Exception as error:
        raise StudyError(
            f"{file}: build: raised {cause_of(error)} when called with training=True; expected a"
            " model that trains: mend the file (the job's log holds the traceback)."
        ) from error
    late = [weight.path for weight in model.weights if id(weight) not in known]
    if late:
        raise StudyError(
            f"{file}: build: a model that makes {listing(late)} only while it trains; expected all"
            " weights whether it trains or not, as the optimizer gets them before: call what has"
            " them in both cases."
        )


def _call_in_training(model, images):
    """Call a model as a step of its backend does, which traces it, or with PyTorch computes it."""
    if keras.backend.backend() == "torch":
        # Keras would trace it with tensors that have no values, which some layers do not take.
        model(images, training=True)
        return
    step = keras.Operation()
    step.call = lambda given: model(given, training=True)
    # JAX would take many seconds for it, as it compiles each operation that it computes.
    step.compute_output_spec(keras.KerasTensor(images.shape, images.dtype))


def layer_table(model: keras.Model) -> str:
    """Return Keras's own table of layers as text."""
    lines = []
    model.summary(print_fn=lambda line, line_break=False: lines.append(line), line_length=80)
    return "\n".join(lines) + "\n"
