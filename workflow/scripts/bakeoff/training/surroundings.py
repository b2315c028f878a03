"""What holds for a whole process: settings of Keras and its backend, and random numbers.

An architecture that changes them would train in another way than its card says, and change what
is done after it. Importing this imports Keras, which must find its backend prepared.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from bakeoff.errors import StudyError

# Of a generator's numbers, how many blocks of 624 a file may draw before it counts as seeded anew.
_BLOCKS = 10_000
_OF_KERAS = (
    "floatx",
    "epsilon",
    "image_data_format",
    "backend",
    "max_epochs",
    "max_steps_per_epoch",
    "is_flash_attention_enabled",
    "is_nnx_enabled",
)


@contextmanager
def unchanged_surroundings(file: str) -> Iterator[None]:
    """Raise :class:`StudyError` where the block, which runs ``file``, changes what it should not.

    That is any of :func:`global_settings`, and the seeds of Python's, NumPy's and the backend's
    random numbers; to draw from them is allowed.
    """
    settings, states = global_settings(), random_states()
    yield
    _check_policy(file, settings.pop("dtype policy"))
    now = global_settings()
    for name, value in settings.items():
        if now[name] != value:
            raise StudyError(
                f"{file}: changes {name} from {value} to {now[name]}; expected that it leaves"
                " alone what holds for the whole process: drop the line that sets it, and give"
                " single layers what they need."
            )
    for name, state in random_states().items():
        if not _WENT_ON[name](states[name], state):
            raise StudyError(
                f"{file}: seeds {name} random numbers; expected that it does not, as runs"
                " with other seeds would then start alike: drop the line (such as"
                " `keras.utils.set_random_seed`), the study's seeds do that."
            )


def _check_policy(file, planned):
    found = keras.config.dtype_policy().name
    if found == planned:
        return
    remedy = "drop the line that sets it"
    if found in ("float32", "mixed_bfloat16", "mixed_float16"):
        remedy += f", and write `training: {{precision: {found}}}` in the model's entry"
    raise StudyError(
        f"{file}: sets Keras's dtype policy to {found}; expected {planned}, the precision that"
        f" the config says: {remedy}."
    )


def global_settings() -> dict[str, Any]:
    """Return by name what Keras, its backend and the system hold for this whole process."""
    names = [name for name in _OF_KERAS if hasattr(keras.config, name)]
    return {
        "dtype policy": keras.config.dtype_policy().name,
        **{f"keras.config.{name}": getattr(keras.config, name)() for name in names},
        "keras.distribution": keras.distribution.distribution(),
        **_OF_BACKEND[keras.backend.backend()](),
        # Set by hand, or by keras.config.set_backend, which imports Keras a second time.
        "the backend (KERAS_BACKEND)": os.environ.get("KERAS_BACKEND"),
        "the working directory": os.getcwd(),
    }


def _settings_of_tensorflow():
    import tensorflow as tf

    return {
        "TensorFlow's eager execution": tf.executing_eagerly(),
        "tf.config.functions_run_eagerly": tf.config.functions_run_eagerly(),
        "tf.config.optimizer.get_jit": tf.config.optimizer.get_jit(),
        "tf.config.optimizer": tf.config.optimizer.get_experimental_options(),
        "TensorFlow's threads": (
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.threading.get_inter_op_parallelism_threads(),
        ),
        "TensorFlow's TF32": tf.config.experimental.tensor_float_32_execution_enabled(),
        "TensorFlow's visible devices": tf.config.get_visible_devices(),
    }


def _settings_of_jax():
    import jax

    return {f"JAX's {name}": value for name, value in jax.config.values.items()}


def _settings_of_torch():
    import torch

    return {
        "torch.get_default_dtype": torch.get_default_dtype(),
        "torch.get_default_device": torch.get_default_device(),
        "torch.is_grad_enabled": torch.is_grad_enabled(),
        "torch.get_num_threads": torch.get_num_threads(),
        "torch.get_float32_matmul_precision": torch.get_float32_matmul_precision(),
        "PyTorch's deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "torch.backends.cudnn.benchmark": torch.backends.cudnn.benchmark,
        "torch.backends.cudnn.deterministic": torch.backends.cudnn.deterministic,
        "torch.backends.cudnn.allow_tf32": torch.backends.cudnn.allow_tf32,
    }


_OF_BACKEND = {
    "tensorflow": _settings_of_tensorflow,
    "jax": _settings_of_jax,
    "torch": _settings_of_torch,
}


def random_states() -> dict[str, Any]:
    """Return by name the states of the process's random generators, or their seeds."""
    states: dict[str, Any] = {"Python's": random.getstate(), "NumPy's": np.random.get_state()}
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # With a seed for the operation nothing is drawn; the first of two is the process's.
        states["TensorFlow's"] = tf.compat.v1.get_seed(1)[0]
    elif keras.backend.backend() == "torch":
        import torch

        states["PyTorch's"] = torch.initial_seed()
    return states


@contextmanager
def kept_random_states() -> Iterator[None]:
    """Put the random generators back, when the block ends, to where they were."""
    states = random.getstate(), np.random.get_state()
    of_torch = None
    if keras.backend.backend() == "torch":
        import torch

        of_torch = torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        if of_torch is not None:
            torch.set_rng_state(of_torch)


def _python_went_on(before, after):
    """Tell whether Python's generator came from one state to the other by drawing numbers.

    Both generators are Mersenne Twisters: their state is a block of 624 words and a place in
    it, and each block follows from the one before.
    """
    generator = random.Random()
    generator.setstate(before)
    for _ in range(_BLOCKS):
        if generator.getstate()[1][:-1] == after[1][:-1]:
            return True
        generator.getrandbits(624 * 32)
    return False


def _numpy_went_on(before, after):
    """Tell the same of NumPy's generator."""
    if before[0] != after[0]:
        return False
    generator = np.random.RandomState()
    generator.set_state(before)
    for _ in range(_BLOCKS):
        if np.array_equal(generator.get_state()[1], after[1]):
            return True
        generator.bytes(624 * 4)
    return False


def _same(before, after):
    return before == after


_WENT_ON = {
    "Python's": _python_went_on,
    "NumPy's": _numpy_went_on,
    "TensorFlow's": _same,
    "PyTorch's": _same,
}
