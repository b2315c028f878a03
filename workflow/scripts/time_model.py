"""Train one architecture for a few seconds, to tell how long a whole run would take."""

import json
import time

from bakeoff.files import write_atomically
from bakeoff.importing import import_backend
from bakeoff.joblog import job_log, say
from bakeoff.study.identity import all_settings, check_sources
from bakeoff.training.data import batches_of_parts, open_data
from bakeoff.training.machine import peak_memory_mb
from bakeoff.wording import duration
from train_model import prepare_model

_TRAINING = 6
"""So many seconds of steps are enough."""
_EVALUATING = 2


def time_model(identity, data_file, trial_file, folders, threads):
    """Write what a run of the model that ``identity`` names would take on this machine.

    ``identity`` is what :func:`bakeoff.study.identity.training_identity` returns. Times in seconds:
    of the start, which includes Keras's and the first step's compilation, of an ``epoch`` and of a
    ``run``; ``memory_mb`` is the most memory that the trial took. Raises
    :class:`bakeoff.errors.StudyError` for faults in architecture, settings or data.
    """
    begun = time.perf_counter()
    settings = all_settings(identity)
    model, parts, device = _prepared(identity, data_file, settings, folders, threads)

    def train(batches):
        model.fit(batches.source, shuffle=False, verbose=0)

    def evaluate(batches):
        model.evaluate(batches.source, verbose=0)

    trial = Trial()
    step = trial.seconds_a_batch(train, parts["train"], _TRAINING, settings["augmentation"])
    measured = trial.seconds_a_batch(evaluate, parts["test"], _EVALUATING)
    start = time.perf_counter() - begun - trial.seconds
    # Each epoch ends with these; the judged weights are measured on a sample and the test set.
    evaluated = [parts["val"]] + [parts["test"]] * (parts["test"] is not parts["val"])
    epoch = step * _batches(parts["train"]) + measured * sum(map(_batches, evaluated))
    last = measured * (_batches(parts["clean"]) + _batches(parts["test"]))
    found = {
        "model": identity["model"],
        "start": start,
        "epoch": epoch,
        "epochs": settings["epochs"],
        "run": start + epoch * settings["epochs"] + last,
        "memory_mb": peak_memory_mb(),
        "threads": threads,
        "device": device,
    }
    with write_atomically(trial_file) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    say(f"{identity['model']}: an epoch would take {duration(epoch)}.")


def _prepared(identity, data_file, settings, folders, threads):
    """Return the model, compiled, the batches of the data's parts, and what device there is."""
    check_sources(folders, identity["sources"])
    data = open_data(data_file)
    device = import_backend(settings, threads)
    model = prepare_model(identity, folders, data, device)
    parts = batches_of_parts(data, settings, device, model)
    return model, parts, device


class Trial:
    """Times batches; ``seconds`` is how long that has taken."""

    def __init__(self):
        self.seconds = 0.0

    def seconds_a_batch(self, run, batches, wanted, augmentation=None):
        """Return how long ``run`` takes for each of ``batches``, told by ``wanted`` seconds of it.

        It is run on one batch to get ready, and then on twice as many each time. The last number is
        run twice: JAX compiles what a call of so many steps does.
        """
        run(batches.only(batches.chosen[: batches.batch_size], augmentation))
        number = 1
        while True:
            some = batches.only(batches.chosen[: number * batches.batch_size], augmentation)
            for _ in range(2):
                took = self._seconds(run, some)
                if took < wanted / 2 and number < _batches(batches):
                    break
            else:
                return took / _batches(some)
            number *= 2

    def _seconds(self, run, batches):
        begun = time.perf_counter()
        run(batches)
        took = time.perf_counter() - begun
        self.seconds += took
        return took


def _batches(part):
    return -(-len(part.chosen) // part.batch_size)


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        time_model(
            identity=json.loads(snakemake.params.training),
            data_file=snakemake.input.data,
            trial_file=snakemake.output.trial,
            folders=snakemake.config["folders"],
            threads=snakemake.threads,
        )
