"""Batches of images: whole, in the order that is asked for, and without what makes epochs wait."""

import re
from pathlib import Path

import numpy as np
import pytest

from bakeoff.data.augmentation import augmented
from bakeoff.data.prepared import scaled
from bakeoff.training.batches import ArrayBatches, TensorFlowBatches
from bakeoff.training.data import batches_of_parts, open_data
from bakeoff.training.order import epoch_order, even_batch
from fabricated_study import fabricate_data

pytestmark = pytest.mark.workflow

IMAGES, CLASSES = 10, 3
LABELS = np.arange(IMAGES) % CLASSES
Y = np.eye(CLASSES, dtype=np.float32)[LABELS]


def content(kind, batches):
    """Return the images and labels of every batch, as lists of arrays."""
    source = batches.source
    pairs = source if kind is TensorFlowBatches else [source[i] for i in range(len(source))]
    return [[np.asarray(part) for part in pair] for pair in pairs]


@pytest.fixture(params=[ArrayBatches, TensorFlowBatches])
def kind(request):
    return request.param


def mapped(folder, images):
    """Write images to a file and return them memory-mapped, as training gets them."""
    np.save(folder / "images.npy", images)
    return np.load(folder / "images.npy", mmap_mode="r")


@pytest.fixture
def pixels(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (IMAGES, 3, 2, 1), dtype=np.uint8)
    return mapped(tmp_path, noise)


@pytest.fixture
def batches(kind, pixels):
    """Batches of four of all images."""
    return kind(pixels, LABELS, CLASSES, 4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_images_of_any_kind_are_scaled_with_the_same_bits(kind, tmp_path, dtype, channels):
    """Each value that there is, in more than one batch."""
    if dtype == "float32":
        values = np.random.default_rng(0).random(600, np.float32)
    else:
        values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
        values = np.concatenate([values, values[: -len(values) % 12]])
    images = mapped(tmp_path, values[: len(values) // 12 * 12].reshape(-1, 2, 2, channels))
    labels = np.arange(len(images)) % 300
    found = content(kind, kind(images, labels.astype(np.uint16), 300, 32))
    x, y = map(np.concatenate, zip(*found, strict=True))
    assert x.dtype == y.dtype == np.float32
    assert x.tobytes() == scaled(images).tobytes()
    assert (y.argmax(axis=1) == labels).all()
    assert (y.sum(axis=1) == 1).all()


def test_images_keep_their_order_and_the_last_batch_is_the_rest(kind, batches, pixels):
    found = content(kind, batches)
    assert [len(images) for images, _ in found] == [4, 4, 2]
    assert np.array_equal(np.concatenate([images for images, _ in found]), scaled(pixels))
    assert np.array_equal(np.concatenate([labels for _, labels in found]), Y)


def test_shuffled_images_have_the_order_of_seed_and_epoch_and_their_own_labels(
    kind, batches, pixels
):
    for epoch in (1, 2):
        batches.shuffle(7, epoch)
        order = epoch_order(IMAGES, 7, epoch)
        images, labels = map(np.concatenate, zip(*content(kind, batches), strict=True))
        assert np.array_equal(images, scaled(pixels)[order])
        assert np.array_equal(labels, Y[order])
    assert not np.array_equal(epoch_order(IMAGES, 7, 1), epoch_order(IMAGES, 7, 2))


def test_chosen_images_are_those_of_their_indices_whatever_order_the_others_are_in(
    kind, batches, pixels
):
    chosen = np.array([1, 2, 5, 7, 8])
    few = batches.only(chosen)
    batches.shuffle(7, 1)
    assert [len(images) for images, _ in content(kind, few)] == [4, 1]
    images, labels = map(np.concatenate, zip(*content(kind, few), strict=True))
    assert np.array_equal(images, scaled(pixels)[chosen])
    assert np.array_equal(labels, Y[chosen])
    few.shuffle(7, 1)
    images = np.concatenate([images for images, _ in content(kind, few)])
    assert np.array_equal(images, scaled(pixels)[chosen[epoch_order(5, 7, 1)]])


def test_augmented_batches_follow_from_seed_epoch_and_batch_alone(kind, pixels):
    settings = {"shift": 0.4, "noise": 0.1, "mixup": 1}
    batches = kind(pixels, LABELS, CLASSES, 4, augmentation=settings)
    seen = {}
    for epoch in (2, 1, 2):
        batches.shuffle(7, epoch)
        found = content(kind, batches)
        order = epoch_order(IMAGES, 7, epoch)
        for number, (images, labels) in enumerate(found):
            chosen = order[4 * number : 4 * number + 4]
            expected = augmented(scaled(pixels[chosen]), Y[chosen], settings, (7, epoch, number))
            assert images.tobytes() == expected[0].tobytes()
            assert labels.tobytes() == expected[1].tobytes()
        whole = b"".join(images.tobytes() for images, _ in found)
        assert seen.setdefault(epoch, whole) == whole
    assert seen[1] != seen[2]
    assert batches.only(np.arange(4)).augmentation is None


def test_training_images_alone_are_augmented(tmp_path):
    data = fabricate_data(tmp_path, images=30, train_images=20, size=8)
    settings = {"backend": "tensorflow", "batch_size": 8, "augmentation": None}
    plain = batches_of_parts(open_data(data), settings, "CPU: any", None)
    settings["augmentation"] = {"noise": 0.5}
    parts = batches_of_parts(open_data(data), settings, "CPU: any", None)
    kind = type(parts["train"])
    for name, batches in parts.items():
        alike = [
            np.array_equal(a[0], b[0])
            for a, b in zip(content(kind, batches), content(kind, plain[name]), strict=True)
        ]
        assert not any(alike) if name == "train" else all(alike), name


def test_no_autotuner_can_hold_up_the_end_of_an_epoch(pixels):
    assert TensorFlowBatches(pixels, LABELS, CLASSES, 4).source.options().autotune.enabled is False


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="needs Linux's /proc")
def test_images_stay_in_their_file(kind, tmp_path):
    """What a process reads of it are pages that it shares with all others."""
    images = mapped(tmp_path, np.zeros((256, 2**18, 1, 1), np.uint8))
    labels = np.zeros(256, int)
    content(kind, kind(images[:1], labels[:1], CLASSES, 1))
    before = memory_of_its_own()
    source = kind(images, labels, CLASSES, 1).source
    for _ in source if kind is TensorFlowBatches else map(source.__getitem__, range(256)):
        pass
    # A batch is 1 MiB of float32, the file 64 MiB.
    assert memory_of_its_own() - before < 40 * 2**20


def memory_of_its_own():
    """Return the bytes of memory of this process that no file stands for."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)[1])


def test_batches_for_measuring_are_of_one_size_where_they_can_be():
    assert [even_batch(n, 128) for n in (10_000, 1_000, 128, 60, 9_973)] == [
        125,
        125,
        128,
        128,
        128,
    ]
