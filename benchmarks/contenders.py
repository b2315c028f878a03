"""Runs that wait for their turn: the pipeline's, the flat script's and PyTorch's own.

Each runs in a process of its own that stands ready, so that contenders can take turns on the
same machine: a turn is an epoch over a given number of images, and a validation.
"""

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "scripts"), str(ROOT / "benchmarks")]

BATCH = 128


@dataclass(frozen=True)
class Job:
    """What a contender trains: ``images`` training images and a sixth as many to validate on."""

    data_file: str
    model: str
    precision: str
    threads: int
    images: int
    backend: str = "tensorflow"
    """Keras's backend for the pipeline."""
    compiler: str | None = None
    """What compiles PyTorch's steps: the backend of its ``torch.compile``."""
    recipe: dict = field(default_factory=dict)
    """Settings of the pipeline's training that go over the study's."""


@contextmanager
def standing_by(contender, job):
    """Yield a function that lets a contender train for a turn and returns the seconds it took.

    The function has a ``start`` that does not wait, and a ``finish`` that does. The contender
    gets ready in the background; ``ready`` waits for that.
    """
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_contend, args=(contender, job, there), daemon=True)
    process.start()
    # Its copy of that end must be the only one for its death to be seen here.
    there.close()

    def finish():
        try:
            return here.recv()
        except EOFError:
            raise RuntimeError(f"{contender} has ended early: {job}") from None

    def turn():
        here.send("go")
        return finish()

    turn.start, turn.finish, turn.ready = (lambda: here.send("go")), finish, finish
    try:
        yield turn
    finally:
        process.kill()
        process.join()


class Turns:
    """A contender's end of the pipe."""

    def __init__(self, pipe):
        self.pipe = pipe
        self.begun = None

    def next(self):
        """Say how long the turn took, and wait for the next."""
        self.pipe.send(None if self.begun is None else time.perf_counter() - self.begun)
        try:
            self.pipe.recv()
        except EOFError:
            sys.exit()
        self.begun = time.perf_counter()


def _contend(contender, job, pipe):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    {"pipeline": pipeline, "flat script": _flat_script, "PyTorch": _native_torch}[contender](
        job, Turns(pipe)
    )


def pipeline(job, turns):
    """Train as the workflow does; ``turns.next()`` is called before each turn, and may raise."""
    import numpy as np

    from bakeoff.study.identity import all_settings, contender, training_identity
    from bakeoff.study.sources import Sources
    from bakeoff.training import loop
    from bakeoff.training.architecture import build_model
    from bakeoff.training.backend import prepare_backend
    from bakeoff.training.compile import compile_model
    from bakeoff.training.data import batches_of_parts, open_data
    from whole_job import settings

    data = open_data(job.data_file)
    trained = settings(10**6, job.precision) | {"backend": job.backend} | job.recipe
    identity = training_identity(Sources([ROOT]), contender(job.model), 0, trained)
    device = prepare_backend(job.threads, job.backend, job.precision)
    model = build_model([ROOT], job.model, data.shape, len(data.class_names))
    compile_model(model, identity, device, -(-job.images // BATCH))
    # To take a state costs as much after a turn's few steps as after a whole epoch's, so it is
    # measured elsewhere (whole_study.py, job_startup.py).
    loop.state_of = lambda model: []
    batches = batches_of_parts(data, all_settings(identity), device, model)
    chosen = np.arange(min(job.images, data.counts["train"]))
    held_out = np.arange(min(job.images // 6, data.counts["validation"]))
    batches["train"] = batches["train"].only(chosen, job.recipe.get("augmentation"))
    batches["val"] = batches["test"] = batches["val"].only(held_out)
    turns.next()
    loop.train_epochs(model, batches, identity, _Waiting(turns), {}, time.perf_counter())


class _Waiting:
    """Stands where a run's checkpoints do: at the end of an epoch, it waits for the turn."""

    def __init__(self, turns):
        self.turns = turns

    def load(self, epochs):
        return None

    def save(self, *_):
        self.turns.next()


def _flat_script(job, turns):
    import keras
    import tensorflow as tf

    import flat_script

    tf.config.threading.set_intra_op_parallelism_threads(job.threads)
    keras.config.set_dtype_policy(job.precision)
    training, validation = flat_script.read_data(job.data_file)
    training = [part[: job.images] for part in training]
    validation = [part[: job.images // 6] for part in validation]
    waiting = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: turns.next())
    flat_script.train(job.model, training, validation, 10**6, [waiting])


def _native_torch(job, turns):
    os.environ["KERAS_BACKEND"] = "torch"
    import numpy as np
    import torch

    from bakeoff.data.prepared import PreparedData, scaled
    from bakeoff.training.architecture import build_model
    from native_torch import Translated, make_epoch

    torch.set_num_threads(job.threads)
    data = PreparedData.read(job.data_file)
    model = Translated(build_model([ROOT], job.model, data.shape, len(data.class_names)))
    arrays = []
    for part, size in (("train", job.images), ("validation", job.images // 6)):
        arrays.append(torch.from_numpy(scaled(data.images(part)[:size])).permute(0, 3, 1, 2))
        arrays.append(torch.from_numpy(data.labels(part)[:size].astype(np.int64)))
    epoch = make_epoch(model, *arrays, job.precision, job.compiler)
    if job.compiler:
        # Compiles, for both sizes of batches: no turn is to wait for that.
        epoch()
    while True:
        turns.next()
        epoch()
