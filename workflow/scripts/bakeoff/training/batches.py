"""Images a batch at a time: for training in an epoch's order, for measuring in their own.

Importing this imports Keras, which must find its backend prepared (see backend.py).
"""

import keras
import numpy as np


def batches_of(x, labels, classes, batch_size):
    """Return the :class:`ArrayBatches` of a set of images, or TensorFlow's own on TensorFlow.

    ``x`` is float32 ``(n, height, width, channels)`` and ``labels`` integers ``(n,)``. Images are
    picked batch by batch: the same array in a new order would take as much memory again. Without
    :meth:`shuffle`, they keep their order. TensorFlow has a copy of its own of ``x``.
    """
    y = keras.utils.to_categorical(labels, classes).astype(np.float32)
    if keras.backend.backend() == "tensorflow":
        return TensorFlowBatches(_variable_of(x), _variable_of(y), batch_size)
    return ArrayBatches(x, y, batch_size)


def epoch_order(images, seed, epoch):
    """Return the order of an epoch, a permutation int64 ``(images,)``, whatever went before."""
    return np.random.default_rng([seed, epoch]).permutation(images)


class _Selection:
    """Images and labels, of which those with the indices ``chosen``, int64 ``(m,)``, count."""

    def __init__(self, x, y, batch_size, chosen=None):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size
        self.chosen = np.arange(x.shape[0]) if chosen is None else chosen

    def only(self, chosen):
        """Return batches of the images with the indices ``chosen``, int64 ``(m,)``, not copied."""
        return type(self)(self.x, self.y, self.batch_size, chosen)

    def in_order(self, seed, epoch):
        """Return the chosen indices in the order of that epoch."""
        return self.chosen[epoch_order(len(self.chosen), seed, epoch)]


class ArrayBatches(_Selection, keras.utils.PyDataset):
    """Batches of images and one-hot labels, as arrays, in the order of :meth:`shuffle`.

    ``source`` is what Keras's ``fit``, ``evaluate`` and ``predict`` take.
    """

    def __init__(self, x, y, batch_size, chosen=None):
        super().__init__(x, y, batch_size, chosen)
        self.order = self.chosen
        self.source = self

    def shuffle(self, seed, epoch):
        """Put the images into the order of that epoch."""
        self.order = self.in_order(seed, epoch)

    def __len__(self):
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, batch):
        chosen = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        return self.x[chosen], self.y[chosen]


class TensorFlowBatches(_Selection):
    """The same batches, which TensorFlow picks by itself while it trains on those before.

    Python would hold it up: it runs several steps before it comes back there. ``x`` and ``y`` are
    TensorFlow variables on the CPU, where batches are picked, also for a GPU.
    """

    def __init__(self, x, y, batch_size, chosen=None):
        import tensorflow as tf

        super().__init__(x, y, batch_size, chosen)
        with tf.device("CPU:0"):
            self.order = tf.Variable(self.chosen, trainable=False)

        def pick(batch):
            chosen = self.order[batch * batch_size : (batch + 1) * batch_size]
            return tf.gather(self.x, chosen), tf.gather(self.y, chosen)

        batches = tf.data.Dataset.range(-(-len(self.chosen) // batch_size))
        options = tf.data.Options()
        # As Keras does for arrays: rewriting so small a graph takes longer than it can save.
        options.experimental_optimization.apply_default_optimizations = False
        # TensorFlow's autotuner can sleep through the request to stop at an epoch's end, which
        # then waits for it: for 10 ms at first, at last for as long as the epoch took.
        options.autotune.enabled = False
        # One batch waits while the next is picked.
        self.source = batches.map(pick).prefetch(2).with_options(options)

    def shuffle(self, seed, epoch):
        """Put the images into the order of that epoch."""
        self.order.assign(self.in_order(seed, epoch))


def _variable_of(array, rows_at_once=1_000):
    """Return a TensorFlow variable on the CPU with the values of ``array``, moved piece by piece.

    TensorFlow's own conversion of arrays holds two copies beside the array for a while.
    """
    import tensorflow as tf

    with tf.device("CPU:0"):
        variable = tf.Variable(tf.zeros(array.shape, array.dtype), trainable=False)
        for start in range(0, len(array), rows_at_once):
            piece = array[start : start + rows_at_once]
            places = np.arange(start, start + len(piece))
            variable.scatter_update(tf.IndexedSlices(piece, places))
    return variable
