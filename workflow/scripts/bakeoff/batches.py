"""Images a batch at a time: for training in an epoch's order, for measuring in their own.

Importing this imports Keras, which must find its backend prepared (see backend.py).
"""

import keras
import numpy as np


def batches_of(x, labels, classes, batch_size):
    """Return the :class:`ArrayBatches` of a set of images, or TensorFlow's own on TensorFlow.

    ``x`` is float32 ``(n, height, width, channels)`` and ``labels`` integers ``(n,)``. Images are
    picked batch by batch: the same array in a new order would take as much memory again. Without
    :meth:`shuffle`, they keep their order.
    """
    y = keras.utils.to_categorical(labels, classes).astype(np.float32)
    kind = TensorFlowBatches if keras.backend.backend() == "tensorflow" else ArrayBatches
    return kind(x, y, batch_size)


def epoch_order(images, seed, epoch):
    """Return the order of an epoch, a permutation int64 ``(images,)``, whatever went before."""
    return np.random.default_rng([seed, epoch]).permutation(images)


class ArrayBatches(keras.utils.PyDataset):
    """Batches of images and one-hot labels, as arrays, in the order of :meth:`shuffle`.

    ``source`` is what Keras's ``fit``, ``evaluate`` and ``predict`` take.
    """

    def __init__(self, x, y, batch_size):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size
        self.order = np.arange(len(x))
        self.source = self

    def shuffle(self, seed, epoch):
        """Put the images into the order of that epoch."""
        self.order = epoch_order(len(self.x), seed, epoch)

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, batch):
        chosen = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        return self.x[chosen], self.y[chosen]


class TensorFlowBatches:
    """The same batches, which TensorFlow picks by itself while it trains on those before.

    Python would hold it up: it runs several steps before it comes back there.
    """

    def __init__(self, x, y, batch_size):
        import tensorflow as tf

        # Batches are picked on the CPU, also for a GPU.
        with tf.device("CPU:0"):
            images, answers = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
            self.order = tf.Variable(np.arange(len(x)), trainable=False)

        def pick(batch):
            chosen = self.order[batch * batch_size : (batch + 1) * batch_size]
            return tf.gather(images, chosen), tf.gather(answers, chosen)

        batches = tf.data.Dataset.range(-(-len(x) // batch_size))
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
        self.order.assign(epoch_order(self.order.shape[0], seed, epoch))
