"""Setting up Keras's backend before Keras is imported, and telling what it runs on."""

import importlib.metadata
import os
import platform
from pathlib import Path

import psutil

from bakeoff.joblog import say


def prepare_backend(threads, deterministic=False):
    """Import Keras on TensorFlow with ``threads`` threads; return the device's name.

    Call before anything else imports Keras. ``deterministic`` restricts TensorFlow to operations
    that give the same bits each time, and raises where there is none. GPU memory is taken as it
    is needed, so that several trainings can share a card; without a GPU, one line says so.
    """
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    # One step of training is a chain of operations: running several at a time made model 4's
    # steps 1.6 times as slow on two cores, and gained nothing for model 2's.
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if deterministic:
        tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        say(f"No GPU found: training on the CPU with {threads} thread{'s' * (threads != 1)}.")
        return f"CPU: {_processor()}"
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    details = tf.config.experimental.get_device_details(gpus[0])
    return f"GPU: {details.get('device_name', 'unknown')}"


def software_versions():
    """Return the versions of Python and of the packages that decide a training's numbers."""
    packages = ("keras", "tensorflow", "numpy")
    versions = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version()} | versions


def describe_platform():
    """Return what of the system decides a training's numbers: its kind and its C library."""
    library = " ".join(filter(None, platform.libc_ver()))
    return ", ".join(filter(None, [f"{platform.system()} {platform.machine()}", library]))


def count_trainings():
    """Return how many trainings run on this machine at this moment, this one included.

    Counted among the processes whose command lines this user may read.
    """
    commands = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    # Snakemake runs a script through a shell: that shell's command line is not counted twice.
    return sum(
        "python" in Path(command[0]).name and any(_is_training(part) for part in command[1:2])
        for command in commands
        if command
    )


def _is_training(argument):
    return argument.endswith("train_model.py")


def _processor():
    """Return the processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
