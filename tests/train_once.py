"""One run without Snakemake: ``python train_once.py PROJECT MODEL OUTPUT CHECKPOINTS SETTINGS``.

SETTINGS is JSON. See training_process.py, which starts it.
"""

import json
import os
import signal
import sys
from pathlib import Path

FILES = {
    "history": "history.csv",
    "model": "model.keras",
    "predictions": "predictions.npz",
    "card": "card.json",
}


def main(project, model, output, checkpoints, settings):
    """Train ``model`` of the project in the folder ``project`` with seed 0 and one thread."""
    sys.path.insert(0, f"{project}/workflow/scripts")
    from bakeoff.compiled import keep_compiled
    from bakeoff.errors import Terminated
    from bakeoff.study.identity import contender, training_identity
    from bakeoff.study.sources import Sources
    from train_model import leave, train_model

    signal.signal(signal.SIGTERM, leave)
    keep_compiled(f"{project}/results/compiled")
    try:
        train_model(
            training_identity(Sources([project]), contender(model), 0, json.loads(settings)),
            f"{project}/results/data/digits/data.json",
            {name: f"{output}/{file}" for name, file in FILES.items()},
            checkpoints,
            [Path(project)],
            1,
        )
    except Terminated as ended:
        # As job_log does.
        os._exit(ended.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
