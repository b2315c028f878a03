"""One run as the workflow's job runs it, without Snakemake.

python benchmarks/whole_job.py DATA EPOCHS PRECISION MODEL FOLDER
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow" / "scripts")]

import train_model  # noqa: E402
from bakeoff.study.identity import contender, training_identity  # noqa: E402
from bakeoff.study.sources import Sources  # noqa: E402

OUTPUTS = ("history.csv", "model.keras", "predictions.npz", "card.json")


def settings(epochs, precision):
    """Return the study's training settings with that many epochs and that precision."""
    return {
        "epochs": epochs,
        "batch_size": 128,
        "loss": "categorical_crossentropy",
        "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
        "backend": "tensorflow",
        "precision": precision,
        "deterministic": False,
    }


def run_job(data_file, epochs, precision, model, folder):
    """Train and write the job's four files into ``folder``."""
    folder = Path(folder)
    train_model.train_model(
        identity=training_identity(
            Sources([ROOT]), contender(model), 0, settings(int(epochs), precision)
        ),
        data_file=data_file,
        files={Path(name).stem: folder / name for name in OUTPUTS},
        checkpoint_folder=folder / "checkpoints",
        folders=[ROOT],
        threads=2,
    )


if __name__ == "__main__":
    run_job(*sys.argv[1:])
