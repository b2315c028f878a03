"""How many operations a second a machine can do, and how many a training step asks for."""

import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


def matrix_rate(precision, side, repeats=20, threads=None):
    """Return the operations per second of a product of two ``(side, side)`` matrices.

    float32 ones may use the TF32 units of a card, as in the studies. Without a card, as many
    ``threads`` as PyTorch would take, or so many. A multiply-add is two operations.
    """
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_float32_matmul_precision("high" if device == "cuda" else "highest")
    if threads is not None:
        torch.set_num_threads(threads)
    a, b = (torch.randn(side, side, device=device).to(getattr(torch, precision)) for _ in "ab")

    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    for _ in range(3):
        a @ b
    wait()
    begun = time.perf_counter()
    for _ in range(repeats):
        a @ b
    wait()
    return repeats * 2 * side**3 / (time.perf_counter() - begun)


def operations_of_training(model):
    """Return the floating-point operations of training on one image of 28 by 28.

    Forward, a multiply-add is two; backward takes twice as many, for the gradients of weights and
    of inputs. Layers whose multiply-adds are not known are left out. Imports Keras.
    """
    from bakeoff.describe.layers import count_multiply_adds, describe_layers
    from bakeoff.training.architecture import build_model

    built = build_model([ROOT], model, (28, 28, 1), 10)
    return 3 * 2 * count_multiply_adds(describe_layers(built))[0]
