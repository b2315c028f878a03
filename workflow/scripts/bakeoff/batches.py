"""The training images in an epoch's order, a batch at a time.

Importing this imports Keras, which must find its backend prepared (see backend.py).
"""

import keras
import numpy as np


class ShuffledBatches(keras.utils.PyDataset):
    """Batches of an array of images, in an order that depends on the seed and the epoch.

    ``x`` is ``(n, height, width, channels)`` and ``labels`` integers ``(n,)``; a batch is its
    images and its labels one-hot, float32 ``(batch, classes)``. Images are copied batch by
    batch: the same array in a new order would take as much memory again. The order is that of
    the array until :meth:`shuffle` is called.
    """

    def __init__(self, x, labels, classes, batch_size):
        super().__init__()
        self.x = x
        self.y = keras.utils.to_categorical(labels, classes).astype(np.float32)
        self.batch_size = batch_size
        self.order = np.arange(len(x))

    def shuffle(self, seed, epoch):
        """Put the images into the order of that epoch, the same whatever went before."""
        self.order = np.random.default_rng([seed, epoch]).permutation(len(self.x))

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, batch):
        chosen = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        return self.x[chosen], self.y[chosen]
