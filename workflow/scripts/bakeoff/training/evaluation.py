"""What a trained model does: its scores, its predictions and its latency."""

import time

import numpy as np


def evaluate(model, batches):
    """Return loss and accuracy of ``model``, dropout off, on a part's ``batches``."""
    return scores_in(model.evaluate(batches.source, verbose=0, return_dict=True))


def scores_in(logs, prefix=""):
    """Return loss and accuracy out of what Keras reports of a part: see bakeoff.scores."""
    return {"loss": logs[f"{prefix}cross_entropy"], "accuracy": logs[f"{prefix}accuracy"]}


def predict(model, batches):
    """Return class probabilities, float32 ``(n, classes)``, of a part's ``batches``."""
    return model.predict(batches.source, verbose=0)


def measure_latency(model, image, repeats=50):
    """Return the time of one prediction for one image ``(1, h, w, c)``, in milliseconds."""
    for _ in range(5):
        model.predict_on_batch(image)
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        model.predict_on_batch(image)
        times.append(1000 * (time.perf_counter() - begun))
    return {"median": np.median(times), "p95": np.percentile(times, 95), "repeats": repeats}
