"""Batches of images: whole, in the order that is asked for, and without what makes epochs wait."""

import numpy as np
import pytest

from bakeoff.training.batches import ArrayBatches, TensorFlowBatches, _variable_of, epoch_order

pytestmark = pytest.mark.workflow

IMAGES, CLASSES = 10, 3
X = np.arange(IMAGES, dtype=np.float32).reshape(IMAGES, 1, 1, 1)
Y = np.eye(CLASSES, dtype=np.float32)[np.arange(IMAGES) % CLASSES]


def content(kind, batches):
    """Return the images and labels of every batch, as lists of arrays."""
    source = batches.source
    pairs = source if kind is TensorFlowBatches else [source[i] for i in range(len(source))]
    return [[np.asarray(part) for part in pair] for pair in pairs]


@pytest.fixture(params=[ArrayBatches, TensorFlowBatches])
def kind(request):
    return request.param


def batches_of_all(kind):
    """Return batches of four of all images, made as ``batches_of`` makes them."""
    variables = kind is TensorFlowBatches
    return kind(_variable_of(X), _variable_of(Y), 4) if variables else kind(X, Y, 4)


def test_a_variable_has_the_values_of_its_array():
    for size in (0, 1, 4, 5, 9):
        array = np.arange(2 * size, dtype=np.float32).reshape(size, 2)
        variable = _variable_of(array, rows_at_once=4)
        assert variable.dtype == "float32"
        assert np.array_equal(variable.numpy(), array)


def test_images_keep_their_order_and_the_last_batch_is_the_rest(kind):
    batches = content(kind, batches_of_all(kind))
    assert [len(images) for images, _ in batches] == [4, 4, 2]
    assert np.array_equal(np.concatenate([images for images, _ in batches]), X)
    assert np.array_equal(np.concatenate([labels for _, labels in batches]), Y)


def test_shuffled_images_have_the_order_of_seed_and_epoch_and_their_own_labels(kind):
    batches = batches_of_all(kind)
    for epoch in (1, 2):
        batches.shuffle(7, epoch)
        order = epoch_order(IMAGES, 7, epoch)
        images, labels = map(np.concatenate, zip(*content(kind, batches), strict=True))
        assert np.array_equal(images, X[order])
        assert np.array_equal(labels, Y[order])
    assert not np.array_equal(epoch_order(IMAGES, 7, 1), epoch_order(IMAGES, 7, 2))


def test_chosen_images_are_those_of_their_indices_whatever_order_the_others_are_in(kind):
    batches, chosen = batches_of_all(kind), np.array([1, 2, 5, 7, 8])
    few = batches.only(chosen)
    batches.shuffle(7, 1)
    assert [len(images) for images, _ in content(kind, few)] == [4, 1]
    images, labels = map(np.concatenate, zip(*content(kind, few), strict=True))
    assert np.array_equal(images, X[chosen])
    assert np.array_equal(labels, Y[chosen])
    few.shuffle(7, 1)
    images = np.concatenate([images for images, _ in content(kind, few)])
    assert np.array_equal(images, X[chosen[epoch_order(5, 7, 1)]])


def test_no_autotuner_can_hold_up_the_end_of_an_epoch():
    assert batches_of_all(TensorFlowBatches).source.options().autotune.enabled is False
