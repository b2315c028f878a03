"""A model's moving averages of its weights (`use_ema`), which are what is judged and kept.

Training goes on with the weights themselves, which Keras would replace by the averages at the end
of each `fit`: :func:`bakeoff.training.compile.compile_model` keeps it from that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bakeoff.training.compile import plain_optimizer

if TYPE_CHECKING:
    # Not before its backend is prepared.
    import keras


def has_averages(model: "keras.Model") -> bool:
    """Tell whether the optimizer of a compiled model averages the weights."""
    return bool(plain_optimizer(model).use_ema)


def take_averages(model: "keras.Model") -> None:
    """Give a compiled model the averages as its weights; without averages, do nothing."""
    if has_averages(model):
        optimizer = plain_optimizer(model)
        # The class's own, as the optimizer's is switched off.
        type(optimizer).finalize_variable_values(optimizer, model.trainable_variables)


@contextmanager
def averaged(model: "keras.Model") -> Iterator[None]:
    """Let a compiled model have the averages as its weights for a while, if it has any."""
    import keras

    if not has_averages(model):
        yield
        return
    weights = [keras.ops.convert_to_numpy(each) for each in model.trainable_variables]
    take_averages(model)
    try:
        yield
    finally:
        for variable, weight in zip(model.trainable_variables, weights, strict=True):
            variable.assign(weight)
