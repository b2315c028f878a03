"""One training as a process of its own, without Snakemake: for tests that kill it.

Usage: python training_process.py PROJECT MODEL EPOCHS OUTPUT CHECKPOINTS
with PYTHONPATH=PROJECT/workflow/scripts.
"""

import signal
import sys
from pathlib import Path

from bakeoff.identity import training_identity
from train_model import leave, train_model

project, model, epochs, output, checkpoints = sys.argv[1:]
SETTINGS = {
    "epochs": int(epochs),
    "batch_size": 32,
    "loss": "categorical_crossentropy",
    "optimizer": {"name": "Adadelta", "learning_rate": 1.0, "rho": 0.95},
    "deterministic": False,
}
FILES = {
    "history": "history.csv",
    "model": "model.keras",
    "predictions": "predictions.npz",
    "card": "card.json",
    "summary": "summary.txt",
}

signal.signal(signal.SIGTERM, leave)
train_model(
    training_identity(Path(project), model, 0, SETTINGS),
    f"{project}/results/data/digits.npz",
    {name: f"{output}/{file}" for name, file in FILES.items()},
    checkpoints,
    Path(project),
    1,
)
