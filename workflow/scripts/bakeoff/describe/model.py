"""What can be said of a built model before it is trained."""

import math


def describe_model(model):
    """Return what a card says of an architecture, derived from the built model."""
    # These import Keras, which must find its backend prepared.
    from bakeoff.describe.layers import compute_dtypes, count_multiply_adds, describe_layers
    from bakeoff.describe.notation import arrow_notation

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


def layer_table(model):
    """Return Keras's own table of layers as text."""
    lines = []
    model.summary(print_fn=lambda line, line_break=False: lines.append(line), line_length=80)
    return "\n".join(lines) + "\n"
