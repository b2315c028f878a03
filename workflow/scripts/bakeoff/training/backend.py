"""Setting up Keras's backend before Keras is imported, and telling what it runs on."""

import importlib.metadata
import importlib.util
import os
import platform
from typing import Literal

from bakeoff.errors import StudyError
from bakeoff.garbage import kept_for_good
from bakeoff.joblog import say
from bakeoff.training.gpus import claim_gpu
from bakeoff.training.machine import describe_processor


def prepare_backend(
    threads: int,
    backend: str = "tensorflow",
    precision: str = "float32",
    deterministic: bool = False,
    gpu: bool = True,
) -> str:
    """Import Keras on ``backend`` with ``threads`` CPU threads; return the device's name.

    Call before anything else imports Keras. ``backend`` is tensorflow, jax or torch;
    ``precision`` is Keras's name of a dtype policy. ``deterministic`` restricts the backend to
    operations that give the same bits each time; TensorFlow and PyTorch raise where there is
    none. A free GPU is claimed and its memory taken as it is needed, so that several runs
    can share a card; without one, a line says so. Where ``gpu`` is false, there are none for this
    process. Raises :class:`StudyError` where ``backend`` is not installed.
    """
    if importlib.util.find_spec(backend) is None:
        raise StudyError(
            f"config: training.backend: {backend}; expected a backend that is installed, but this"
            f' Python has no {backend}: run `python -m pip install ".[{backend}]"` in the'
            " repository's folder, or choose another."
        )
    os.environ["KERAS_BACKEND"] = backend
    if gpu:
        # Held until the process ends.
        claim_gpu()
    else:
        os.environ |= _NO_GPU
    with kept_for_good():
        device = _PREPARE[backend](threads, deterministic)
        import keras
    if device is None and gpu:
        say(f"No GPU found: training on the CPU with {threads} thread{'s' * (threads != 1)}.")
    if device is None:
        device = f"CPU: {describe_processor()}"
    keras.config.set_dtype_policy(precision)
    return device


# CUDA's for all backends, JAX's, and that of Keras on PyTorch, which would take Apple's.
_NO_GPU = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}


def _prepare_tensorflow(threads, deterministic):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    # On a CPU without AVX-512, TensorFlow leaves it out unless asked, and a step of the ten models
    # took 1.3 to 4.3 times as long (one thread, 128 images, AMD EPYC with AVX2).
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    # A step is a chain of operations, so more would idle: one for it, one to pick batches.
    tf.config.threading.set_inter_op_parallelism_threads(min(threads, 2))
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        return None
    details = tf.config.experimental.get_device_details(gpus[0])
    return f"GPU: {details.get('device_name', 'unknown')}"


def _prepare_jax(threads, deterministic):
    # XLA sizes its pools of CPU threads by this; JAX has no setting of its own.
    os.environ["NPROC"] = str(threads)
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if deterministic:
        given = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = f"{given} --xla_gpu_deterministic_ops=true".strip()
    import jax

    device = jax.devices()[0]
    return None if device.platform == "cpu" else f"GPU: {device.device_kind}"


def _prepare_torch(threads, deterministic):
    if deterministic:
        # cuBLAS repeats itself only with a workspace of fixed size.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    if deterministic:
        torch.use_deterministic_algorithms(True)
    # As TensorFlow and JAX do: float32 matrix products may use the card's TF32 units.
    torch.backends.cuda.matmul.allow_tf32 = True
    if torch.cuda.is_available():
        return f"GPU: {torch.cuda.get_device_name(0)}"
    return "GPU: Apple, Metal" if torch.backends.mps.is_available() else None


_PREPARE = {"tensorflow": _prepare_tensorflow, "jax": _prepare_jax, "torch": _prepare_torch}


def compiles_steps(backend: str, device: str) -> bool | Literal["auto"]:
    """Return Keras's ``jit_compile`` for a backend on a device, as a flag or "auto".

    XLA pays on a GPU; on a CPU its convolutions took TensorFlow three times as long as its own.
    JAX is always compiled.
    """
    return False if backend == "tensorflow" and not device.startswith("GPU") else "auto"


def steps_per_execution(backend: str) -> int:
    """Return how many steps Keras runs on a backend before it comes back to Python.

    On TensorFlow that saves about half a millisecond a step, without changing a bit; JAX gains
    nothing and PyTorch must return after each. A signal is heard between two returns only, so
    the number is small.
    """
    return 8 if backend == "tensorflow" else 1


def software_versions(backend: str) -> dict[str, str]:
    """Return the versions of Python and of the packages that decide a run's numbers."""
    packages = ("keras", backend, *(("jaxlib",) if backend == "jax" else ()), "numpy")
    versions = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version()} | versions
