"""What augmentation does to training images: geometry, values and labels, equal for equal keys."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import ndimage

from bakeoff.data.augmentation import augmented

KEY = (7, 3, 2)


def smooth(number=6, height=12, width=16, channels=1):
    """Return images whose values change slowly from pixel to pixel, and one-hot targets."""
    noise = np.random.default_rng(0).random((number, height, width, channels))
    images = ndimage.gaussian_filter(noise, (0, 1.5, 1.5, 0), mode="nearest")
    images = (images - images.min()) / np.ptp(images)
    return images.astype(np.float32), np.eye(3, dtype=np.float32)[np.arange(number) % 3]


def changed(images, targets, key=KEY, **settings):
    return augmented(images, targets, settings, key)[0]


def inner(images, border=3):
    return images[:, border:-border, border:-border]


ALL = {
    "shift": 0.1,
    "rotation": 0.05,
    "zoom": 0.1,
    "flip": "both",
    "contrast": 0.3,
    "noise": 0.1,
    "cutout": 0.3,
    "mixup": 0.4,
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("channels", [1, 3])
def test_equal_keys_give_equal_bits_and_others_do_not(name, channels):
    batch = smooth(channels=channels)
    kept = [part.copy() for part in batch]
    settings = {name: ALL[name]}
    first = augmented(*batch, settings, KEY)
    second = augmented(*batch, settings, KEY)
    for once, again, part, before in zip(first, second, batch, kept, strict=True):
        assert once.dtype == np.float32
        assert once.shape == part.shape
        assert once.tobytes() == again.tobytes()
        assert part.tobytes() == before.tobytes(), "what is in the data stays"
    images = first[0].tobytes()
    assert images != batch[0].tobytes()
    for other in ((8, 3, 2), (7, 4, 2), (7, 3, 1)):
        assert augmented(*batch, settings, other)[0].tobytes() != images
    assert (first[1] is batch[1]) == (name != "mixup")


def test_random_numbers_of_one_setting_stay_when_another_is_added():
    batch = smooth()
    shifted = changed(*batch, shift=0.2)
    enlarged = changed(*batch, shift=0.2, contrast=0.5)
    means = shifted.mean(axis=(1, 2), keepdims=True)
    factors = ((enlarged - means) / (shifted - means))[:, 5, 5, 0]
    assert (np.abs(factors - 1) < 0.5 + 1e-4).all()


def test_shifts_are_whole_moves_within_their_limits():
    """A ramp tells by how much it was moved, to either side and up and down."""
    height, width = 40, 60
    down, right = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    for ramp, length in ((down, height), (right, width)):
        images = np.tile((ramp / 100).astype(np.float32)[None, :, :, None], (400, 1, 1, 1))
        moved = 100 * inner(images - changed(images, None, shift=0.1), 7)
        shifts = moved.mean(axis=(1, 2, 3))
        # Each pixel of an image was moved alike.
        assert np.abs(moved - shifts[:, None, None, None]).max() < 0.05
        assert np.abs(shifts).max() <= 0.1 * length + 0.05
        assert shifts.min() < -0.09 * length
        assert shifts.max() > 0.09 * length
        assert abs(shifts.mean()) < 0.02 * length


def test_rotations_are_about_the_middle_and_rigid():
    """Also where height and width differ: of a plane, the slopes tell the angle."""
    height, width = 31, 61
    ramp = np.tile(0.5 + (np.arange(width) - 30) / 200, (height, 1)).astype(np.float32)
    images = np.tile(ramp[None, :, :, None], (300, 1, 1, 1))
    turned = changed(images, None, rotation=0.05)[:, :, :, 0]
    assert turned[:, 15, 30] == pytest.approx(0.5, abs=0.002)
    across = 200 * (turned[:, 15, 35] - turned[:, 15, 25]) / 10
    along = 200 * (turned[:, 18, 30] - turned[:, 12, 30]) / 6
    assert np.hypot(across, along) == pytest.approx(1, abs=0.05)
    turns = np.arctan2(along, across) / (2 * np.pi)
    assert np.abs(turns).max() <= 0.05 + 0.005
    assert turns.min() < -0.045
    assert turns.max() > 0.045


def test_zoom_enlarges_and_makes_smaller_about_the_middle():
    right = (np.arange(61) - 30) / 100
    images = np.tile((0.5 + right).astype(np.float32)[None, None, :, None], (300, 31, 1, 1))
    zoomed = changed(images, None, zoom=0.2)
    assert zoomed[:, 15, 30, 0] == pytest.approx(0.5, abs=0.002)
    scales = 0.1 / (zoomed[:, 15, 35, 0] - zoomed[:, 15, 25, 0])
    assert scales.min() == pytest.approx(0.8, abs=0.02)
    assert scales.max() == pytest.approx(1.2, abs=0.02)


@pytest.mark.parametrize(
    ("flip", "axes"), [("horizontal", [(), (2,)]), ("vertical", [(), (1,)]), ("both", None)]
)
def test_flips_swap_sides_in_half_of_the_images(flip, axes):
    images, _ = smooth(200, 6, 9, 3)
    flipped = changed(images, None, flip=flip)
    axes = axes or [(), (1,), (2,), (1, 2)]
    kinds = np.stack([np.flip(images, axis) if axis else images for axis in axes])
    alike = np.abs(kinds - flipped).max(axis=(2, 3, 4)) < 1e-5
    assert (alike.sum(axis=0) == 1).all()
    assert (alike.mean(axis=1) > 0.6 / len(axes)).all()


def test_what_comes_in_from_outside_repeats_the_edge():
    images = np.full((20, 8, 10, 1), 0.75, np.float32)
    assert changed(images, None, shift=0.4, rotation=0.2, zoom=0.5) == pytest.approx(0.75)


def test_a_whole_move_agrees_with_scipy():
    """One matrix does what turning, enlarging and moving one after the other would."""
    from bakeoff.data.augmentation import _matrices

    images, targets = smooth(5, 20, 26)
    settings = {"shift": 0.1, "rotation": 0.05, "zoom": 0.1}
    found = augmented(images, targets, settings, KEY)[0]
    draw = np.random.default_rng([*KEY, 0xA06])
    matrices = _matrices(5, np.array([26, 20]), settings, draw)
    for image, matrix, moved in zip(images[..., 0], matrices, found[..., 0], strict=True):
        # SciPy's axes are (y, x).
        linear, start = matrix[::-1, 1::-1], matrix[::-1, 2]
        expected = ndimage.affine_transform(image, linear, start, order=1, mode="nearest")
        assert moved == pytest.approx(expected, abs=0.03)


def test_contrast_keeps_the_mean_and_the_range():
    images, _ = smooth(200, channels=3)
    images = 0.4 + 0.2 * images
    found = changed(images, None, contrast=0.5)
    assert found.mean(axis=(1, 2)) == pytest.approx(images.mean(axis=(1, 2)), abs=1e-5)
    ratios = found.std(axis=(1, 2)) / images.std(axis=(1, 2))
    assert ratios.min() == pytest.approx(0.5, abs=0.03)
    assert ratios.max() == pytest.approx(1.5, abs=0.03)
    found = changed(np.round(images), None, contrast=1)
    assert found.min() >= 0
    assert found.max() <= 1


def test_noise_has_its_standard_deviation():
    images, _ = smooth(50, 30, 30)
    noise = changed(images, None, noise=0.2) - images
    assert noise.std() == pytest.approx(0.2, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.005)


def test_cutout_gives_a_rectangle_the_mean():
    images, _ = smooth(300, 20, 40, 3)
    found = changed(images, None, cutout=0.25)
    other = (found != images).any(axis=3)
    heights, widths = other.any(axis=2).sum(axis=1), other.any(axis=1).sum(axis=1)
    assert heights.max() == 5
    assert widths.max() == 10
    # Only at the edge it is smaller.
    assert heights.min() >= 2
    for image, before, hole in zip(found, images, other, strict=True):
        assert image[hole] == pytest.approx(np.tile(before.mean(axis=(0, 1)), (hole.sum(), 1)))
    assert other.any(axis=0).all(), "anywhere"


def test_mixup_mixes_images_and_labels_alike():
    images, targets = smooth(64)
    mixed, labels = augmented(images, targets, {"mixup": 0.8}, KEY)
    assert labels.sum(axis=1) == pytest.approx(1)
    assert (labels.argmax(axis=1) == targets.argmax(axis=1)).all()
    assert ((labels > 0) & (labels < 1)).any()
    for image, own, label, target in zip(mixed, images, labels, targets, strict=True):
        share = label @ target
        if share == 1:
            # Mixed with one of its own class, or with itself.
            continue
        others = [o for o in images if np.abs(share * own + (1 - share) * o - image).max() < 1e-5]
        assert len(others) == 1


@pytest.mark.parametrize("shape", [(1, 8, 8, 1), (3, 5, 33, 3), (2, 300, 200, 3), (4, 1, 1, 1)])
def test_images_of_any_size_are_taken(shape):
    images = np.random.default_rng(1).random(shape, np.float32)
    targets = np.eye(4, dtype=np.float32)[: len(images)]
    found, labels = augmented(images, targets, ALL, KEY)
    assert found.shape == shape
    assert np.isfinite(found).all()
    assert labels.shape == targets.shape


def test_no_backend_is_started():
    code = (
        "import sys, numpy as np; from bakeoff.data.augmentation import augmented;"
        "augmented(np.zeros((1, 8, 8, 1), np.float32), None, {'shift': 0.1}, (0, 1, 0));"
        "assert not {'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
