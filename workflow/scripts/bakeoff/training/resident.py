"""Images that lie in a GPU's memory as bytes, where batches are picked and scaled.

A step of a small model takes a GPU less time than Python takes to pick a batch, to send it there
and to start the step. So an epoch sends the order of its images alone, and JAX takes several steps
a call; PyTorch has no such loop. TensorFlow has its own way: see batches.py.

Importing this imports Keras, which must find its backend prepared (see backend.py).
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from bakeoff.data.prepared import PreparedData, white_of
from bakeoff.training.order import Augmentation, Selection

MOST_STEPS = 32
"""Steps a call on JAX at most: a signal to end is heard between two calls only."""

MOST_BYTES = 2**31
"""Images of a part that take more than this stay in the file: several runs may share a card."""


def lies_there(data: PreparedData, settings: Mapping[str, Any], device: str) -> bool:
    """Tell whether the images of a training with these ``settings`` are to lie in the GPU's memory.

    ``device`` is what :func:`bakeoff.training.backend.prepare_backend` returns.
    """
    largest = max(data.counts.values()) * math.prod(data.shape) * np.dtype(data.dtype).itemsize
    return (
        settings["backend"] in _KINDS
        and device.startswith("GPU")
        # Metal keeps them in the machine's memory anyway.
        and "Metal" not in device
        # These are of each image, as NumPy and Keras have them.
        and settings["augmentation"] is None
        and settings["class_weight"] is None
        and largest <= MOST_BYTES
    )


def resident_batches(
    images: np.ndarray, labels: np.ndarray, classes: int, batch_size: int
) -> "JaxResidentBatches | TorchResidentBatches":
    """Return the backend's batches of a set of images.

    ``images`` are ``(n, height, width, channels)`` of uint8, uint16 or float32, and ``labels``
    integers ``(n,)``.
    """
    return _KINDS[keras.backend.backend()](images, labels, classes, batch_size)


class _ResidentBatches(Selection, keras.utils.PyDataset):
    """What both kinds have in common; ``placed`` are the arrays in the GPU's memory, by name."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        batch_size: int,
        chosen: np.ndarray | None = None,
        placed: dict[str, Any] | None = None,
    ):
        super().__init__(images, labels, classes, batch_size, chosen)
        self.placed = placed or {
            name: keras.ops.convert_to_tensor(array)
            for name, array in _arrays_of(images, labels, classes).items()
        }
        self.source = self

    def only(
        self,
        chosen: np.ndarray,
        augmentation: Augmentation = None,
        batch_size: int | None = None,
    ) -> "_ResidentBatches":
        """Return batches of the images with the indices ``chosen``, int64 ``(m,)``, not copied."""
        own = self.images, self.labels, self.classes, batch_size or self.batch_size
        return type(self)(*own, chosen, self.placed)


class TorchResidentBatches(_ResidentBatches):
    """Batches of images and one-hot labels, float32 tensors on PyTorch's device.

    ``source`` is what Keras's ``fit``, ``evaluate`` and ``predict`` take.
    """

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.order = keras.ops.convert_to_tensor(self.chosen)

    def shuffle(self, seed: int, epoch: int) -> None:
        """Put the images into the order of that epoch."""
        self.order = keras.ops.convert_to_tensor(self.in_order(seed, epoch))

    def __len__(self):
        return -(-len(self.chosen) // self.batch_size)

    def __getitem__(self, batch):
        chosen = self.order[batch * self.batch_size : (batch + 1) * self.batch_size]
        images = self.placed["images"][chosen].float() / self.placed["white"]
        return images, self.placed["one_hot"][self.placed["labels"][chosen]]


class JaxResidentBatches(_ResidentBatches):
    """The order of several batches an element, for models of :func:`take_resident`.

    Such an element is a dict of arrays: what lies in the GPU's memory, and the indices of the
    images, int32 ``(steps, images of a batch)``. ``source`` is what Keras's ``fit``, ``evaluate``
    and ``predict`` take.
    """

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self.calls = calls_of(len(self.chosen), self.batch_size)
        self.order = self.chosen

    def shuffle(self, seed: int, epoch: int) -> None:
        """Put the images into the order of that epoch."""
        self.order = self.in_order(seed, epoch)

    def take_single_steps(self) -> None:
        """Let each element be the order of one batch."""
        self.calls = calls_of(len(self.chosen), self.batch_size, 1)

    def __len__(self):
        return len(self.calls)

    def __getitem__(self, call):
        first, steps, images = self.calls[call]
        order = self.order[first : first + steps * images].astype(np.int32)
        return (self.placed | {"order": order.reshape(steps, images)},)


def calls_of(images: int, batch_size: int, most: int | None = None) -> list[tuple[int, int, int]]:
    """Return the first image, steps, and images a step of each call that an epoch takes.

    A call takes ``most`` steps at most, by default :data:`MOST_STEPS`. As few numbers of steps as
    can be, each of which is compiled: all calls have the same, where the batches can be so divided,
    and the last call may be a batch of fewer images.
    """
    most = most or MOST_STEPS
    whole, rest = divmod(images, batch_size)
    each = next((n for n in range(most, most // 2, -1) if whole % n == 0), most)
    calls = [
        (first * batch_size, min(each, whole - first), batch_size)
        for first in range(0, whole, each)
    ]
    return calls + [(whole * batch_size, 1, rest)] * (rest > 0)


def take_resident(model: keras.Model, shape: tuple[int, ...], classes: int) -> None:
    """Let a compiled ``model`` take what :func:`resident_batches` returns, and all else as before.

    ``shape`` is that of an image, (height, width, channels).
    """
    if keras.backend.backend() != "jax":
        return
    # Else Keras builds loss and metrics by the shapes of the first batch.
    x, y = np.zeros((1, *shape), np.float32), np.eye(1, classes, dtype=np.float32)
    predicted = np.full((1, classes), 1 / classes, np.float32)
    model.compute_loss(x, y, predicted)
    model.compute_metrics(x, y, predicted)
    model.reset_metrics()
    model.make_train_function()
    model.make_test_function()
    model.make_predict_function()
    model.train_function = _several(model.train_step, model.train_function, _last)
    model.test_function = _several(model.test_step, model.test_function, _last)

    def predict_step(state, batch):
        outputs, changed = model.predict_step(state, batch)
        return outputs, (state[0], changed)

    model.predict_function = _several(predict_step, model.predict_function, _joined)


Step = Callable[[Any, Any], tuple[Any, Any]]
"""Keras's on JAX: state and batch in, outputs and state out."""


def _several(step: Step, of_keras: Any, outputs_of: Callable[[Any], Any]) -> Any:
    """Return the function that Keras calls with a state and an iterator, for resident batches too.

    ``of_keras`` is its own, for other batches.
    """
    import jax

    def all_steps(state, placed):
        leaves, structure = jax.tree.flatten(state)
        types = [leaf.dtype for leaf in leaves]

        def one(leaves, chosen):
            batch = _picked(placed, chosen)
            outputs, after = step(jax.tree.unflatten(structure, leaves), batch)
            after = jax.tree.leaves(after)
            return [leaf.astype(kind) for leaf, kind in zip(after, types, strict=True)], outputs

        leaves, outputs = jax.lax.scan(one, leaves, placed["order"])
        return outputs_of(outputs), jax.tree.unflatten(structure, leaves)

    compiled = jax.jit(all_steps, donate_argnums=0)

    def function(state: Any, iterator: Iterator[Any]) -> tuple[Any, Any]:
        batch = next(iter(iterator))
        if isinstance(batch[0], dict) and "order" in batch[0]:
            return compiled(state, batch[0])
        return of_keras(state, iter([batch]))

    return function


def _picked(placed, chosen):
    """Return the images and one-hot labels of a batch, as JAX's arrays."""
    images = placed["images"][chosen].astype(np.float32) / placed["white"]
    return images, placed["one_hot"][placed["labels"][chosen]]


def _last(outputs):
    """Return the metrics after the last step, which are over all before."""
    import jax

    return jax.tree.map(lambda values: values[-1], outputs)


def _joined(outputs):
    """Return the predictions of several batches as those of one."""
    import jax

    return jax.tree.map(lambda values: values.reshape(-1, *values.shape[2:]), outputs)


def _arrays_of(images, labels, classes):
    """Return what is to lie in the GPU's memory, as NumPy arrays by name."""
    return {
        # A memory-map cannot be written to, of which PyTorch warns.
        "images": np.array(images),
        "labels": np.asarray(labels, np.int64),
        "one_hot": np.eye(classes, dtype=np.float32),
        # An array, as a constant's reciprocal would be multiplied with, which gives other bits.
        "white": np.float32(white_of(images.dtype)),
    }


_KINDS: dict[str, Any] = {"jax": JaxResidentBatches, "torch": TorchResidentBatches}
