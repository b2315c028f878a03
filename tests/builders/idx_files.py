"""IDX files as MNIST's are, of made-up images."""

import gzip
import struct

import numpy as np


def idx(array, magic=None, shape=None):
    """Return the gzipped IDX file of a uint8 array.

    With a false magic number, or a false shape in the header, where these are given.
    """
    shape = array.shape if shape is None else shape
    header = magic or bytes([0, 0, 8, len(shape)])
    content = header + struct.pack(f">{len(shape)}I", *shape) + array.tobytes()
    return gzip.compress(content, mtime=0)


def write_idx_set(folder, train, test):
    """Write a data set's four files to ``folder``, which is made.

    ``train`` and ``test`` are pairs of images, uint8 (n, 28, 28), and labels, uint8 (n,).
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, (images, labels) in (("train", train), ("t10k", test)):
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(idx(images))
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(idx(np.asarray(labels, np.uint8)))
