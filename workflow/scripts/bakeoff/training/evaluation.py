"""What a trained model does: its scores, its predictions and its latency."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    # Not before its backend is prepared.
    import keras


def evaluate(model: "keras.Model", batches: Any) -> dict[str, float]:
    """Return loss and accuracy of ``model``, dropout off, on a part's ``batches``."""
    return scores_in(model.evaluate(batches.source, verbose=0, return_dict=True))


def scores_in(logs: Mapping[str, float], prefix: str = "") -> dict[str, float]:
    """Return loss and accuracy out of what Keras reports: see :mod:`bakeoff.training.scores`."""
    return {"loss": logs[f"{prefix}cross_entropy"], "accuracy": logs[f"{prefix}accuracy"]}


def predict(model: "keras.Model", batches: Any) -> np.ndarray:
    """Return class probabilities, float32 ``(n, classes)``, of a part's ``batches``."""
    # TensorFlow would trace the model once for each of the steps that it takes at a time.
    steps, model.steps_per_execution = model.steps_per_execution, 1
    try:
        return model.predict(batches.source, verbose=0)
    finally:
        model.steps_per_execution = steps


def measure_latency(model: "keras.Model", image: np.ndarray, repeats: int = 50) -> dict[str, float]:
    """Return the time of one prediction for one image ``(1, h, w, c)``, in milliseconds."""
    for _ in range(5):
        model.predict_on_batch(image)
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        model.predict_on_batch(image)
        times.append(1000 * (time.perf_counter() - begun))
    return {"median": np.median(times), "p95": np.percentile(times, 95), "repeats": repeats}
