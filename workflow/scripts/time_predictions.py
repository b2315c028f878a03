"""Measure how long a trained model takes for one image, while no other is measured here."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff.data.prepared import PreparedData, scaled
from bakeoff.files import write_atomically
from bakeoff.importing import import_backend
from bakeoff.joblog import job_log, say
from bakeoff.predicting import load
from bakeoff.study.readers import card_value, read_trained
from bakeoff.training.backend import software_versions
from bakeoff.training.evaluation import measure_latency
from bakeoff.training.sharing import count_runs, counted_run

_PREDICTIONS = 300


def time_predictions(card_file, data_file, latency_file, folders, threads):
    """Write the latency of the run with ``card_file``, in milliseconds, as its card has it.

    What the card says of the circumstances is said of these: the machine, the threads, and how
    many runs took place beside it, itself counted. ``folders`` are
    :data:`bakeoff.study.folders.Folders`. Raises :class:`bakeoff.errors.StudyError` for a file that
    is damaged.
    """
    card_file = Path(card_file)
    card = read_trained(card_file)
    card_value(card, card_file, "training", "deterministic")
    data = PreparedData.read(data_file)
    # Before Keras is imported, which would disturb the one that is being measured.
    with _alone(), counted_run():
        settings = card["training"] | {key: card[key] for key in ("backend", "precision")}
        device = import_backend(settings, threads)
        model = load(card_file.parent, card, data, folders)
        before = count_runs()
        latency = measure_latency(model, scaled(data.images("test")[:1]), _PREDICTIONS)
        beside = max(before, count_runs())
    found = {
        **{key: card[key] for key in ("model", "seed", "backend", "precision")},
        "latency_ms": latency,
        "device": device,
        "threads": threads,
        "concurrent_runs": beside,
        "versions": software_versions(card["backend"]),
    }
    with write_atomically(latency_file) as temporary:
        temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    say(f"{card['model']}: {latency['median']:.2f} ms for one image.")


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other process of this user measures on this machine, and keep others waiting.

    Jobs that run side by side so measure one after the other, on a cluster's nodes as well.
    """
    file = Path(tempfile.gettempdir(), f"mnist-bakeoff-measuring-{os.getuid()}")
    with file.open("w") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    with job_log(snakemake.log[0]):
        time_predictions(
            snakemake.input.card,
            snakemake.input.data,
            snakemake.output.latency,
            snakemake.config["folders"],
            snakemake.threads,
        )
