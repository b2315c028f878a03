"""Images a batch at a time: for training in an epoch's order, for measuring in their own.

Importing this imports Keras, which must find its backend prepared (see backend.py).
"""

import keras
import numpy as np

from bakeoff.data.prepared import scaled, white_of
from bakeoff.training.order import Augmentation, Selection


def batches_of(
    images: np.ndarray,
    labels: np.ndarray,
    classes: int,
    batch_size: int,
    augmentation: Augmentation = None,
) -> "ArrayBatches | TensorFlowBatches":
    """Return the :class:`ArrayBatches` of a set of images, or TensorFlow's own on TensorFlow.

    ``images`` is a memory-map ``(n, height, width, channels)`` of uint8, uint16 or float32, and
    ``labels`` integers ``(n,)``. Images are read and scaled batch by batch: they stay in the file,
    whose pages all runs of a machine share. Without :meth:`shuffle`, they keep their order.
    ``augmentation``, the config's, changes each batch as
    :func:`bakeoff.data.augmentation.augmented` says.
    """
    on_tensorflow = keras.backend.backend() == "tensorflow"
    kind = TensorFlowBatches if on_tensorflow else ArrayBatches
    return kind(images, labels, classes, batch_size, augmentation=augmentation)


class ArrayBatches(Selection, keras.utils.PyDataset):
    """Batches of images and one-hot labels, as float32 arrays, in the order of :meth:`shuffle`.

    ``source`` is what Keras's ``fit``, ``evaluate`` and ``predict`` take.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        batch_size: int,
        chosen: np.ndarray | None = None,
        augmentation: Augmentation = None,
    ):
        super().__init__(images, labels, classes, batch_size, chosen, augmentation)
        self.one_hot = np.eye(classes, dtype=np.float32)
        self.order = self.chosen
        self.source = self

    def shuffle(self, seed: int, epoch: int) -> None:
        """Put the images into the order of that epoch."""
        self.order = self.in_order(seed, epoch)

    def __len__(self):
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, batch):
        chosen = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        return self.augment(batch, scaled(self.images[chosen]), self.one_hot[self.labels[chosen]])


class TensorFlowBatches(Selection):
    """The same batches, which TensorFlow picks by itself while it trains on those before.

    Python would hold it up: it runs several steps before it comes back there. Batches are picked
    and scaled on the CPU, also for a GPU.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        batch_size: int,
        chosen: np.ndarray | None = None,
        augmentation: Augmentation = None,
    ):
        import tensorflow as tf

        super().__init__(images, labels, classes, batch_size, chosen, augmentation)
        with tf.device("CPU:0"):
            mapped, targets = _tensor_of(images), tf.constant(labels, tf.int32)
            self.order = tf.Variable(self.chosen, trainable=False)
            # A constant's reciprocal would be multiplied with instead, which gives other bits.
            white = tf.Variable(white_of(images.dtype), trainable=False)

        # There is nothing in it that TensorFlow would have to rewrite, which takes time.
        @tf.autograph.experimental.do_not_convert
        def pick(batch):
            chosen = self.order[batch * batch_size : (batch + 1) * batch_size]
            picked = tf.gather(mapped, chosen)
            if picked.dtype != tf.float32:
                picked = tf.cast(picked, tf.float32) / white
            pair = picked, tf.one_hot(tf.gather(targets, chosen), classes)
            if augmentation is None:
                return pair
            changed = tf.numpy_function(self.augment, (batch, *pair), (tf.float32, tf.float32))
            for before, after in zip(pair, changed, strict=True):
                after.set_shape(before.shape)
            return tuple(changed)

        batches = tf.data.Dataset.range(-(-len(self.chosen) // batch_size))
        options = tf.data.Options()
        # As Keras does for arrays: rewriting so small a graph takes longer than it can save.
        options.experimental_optimization.apply_default_optimizations = False
        # TensorFlow's autotuner can sleep through the request to stop at an epoch's end, which
        # then waits for it: for 10 ms at first, at last for as long as the epoch took.
        options.autotune.enabled = False
        # One batch waits while the next is picked.
        self.source = batches.map(pick).prefetch(2).with_options(options)

    def shuffle(self, seed: int, epoch: int) -> None:
        """Put the images into the order of that epoch."""
        self.order.assign(self.in_order(seed, epoch))


def _tensor_of(images):
    """Return a TensorFlow tensor on the CPU with the values of a memory-map, not copied."""
    import tensorflow as tf

    # TensorFlow takes no array that is read-only. A page that was written to would be this
    # process's own (mode c), and none is.
    writable = np.memmap(images.filename, images.dtype, "c", images.offset, images.shape)
    return tf.experimental.dlpack.from_dlpack(writable.__dlpack__())
