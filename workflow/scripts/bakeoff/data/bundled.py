"""Data sets that come with an installed package, and need no network."""

import numpy as np

from bakeoff.data.splits import stratified_sample

Pair = tuple[np.ndarray, np.ndarray]
_TEST_IMAGES = 360


def digits_like_mnist(seed: int) -> tuple[Pair, Pair]:
    """Return scikit-learn's digits in MNIST's format, as ``(train, test)``.

    Each is a pair of images, uint8 (n, 28, 28), and labels, uint8 (n,); 360 of the 1,797 images
    are the test set. The digits (8x8, grey values 0 to 16) are brought to MNIST's 20x20 box by
    cubic splines and centred; doubled contrast makes the strokes as crisp as MNIST's.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, https://doi.org/10.24432/C50P49.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    digits = load_digits()
    box = zoom(digits.images / 16, (1, 20 / 8, 20 / 8), mode="grid-constant", grid_mode=True)
    crisp = np.clip(2 * box - 0.5, 0, 1)
    images = np.pad(np.rint(255 * crisp).astype(np.uint8), ((0, 0), (4, 4), (4, 4)))
    labels = digits.target.astype(np.uint8)

    test = stratified_sample(labels, _TEST_IMAGES, seed)
    train = np.delete(np.arange(len(labels)), test)
    return tuple((images[rows], labels[rows]) for rows in (train, test))
