import gzip
import json
import re
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bakeoff.data.bundled import digits_like_mnist
from bakeoff.data.checksums import checksum_of_file
from bakeoff.data.disputed import whole_test_images
from bakeoff.data.duplicates import compare_parts
from bakeoff.data.idx import read_idx
from bakeoff.data.prepared import prepare_images
from bakeoff.data.splits import Part, stratified_sample
from bakeoff.errors import StudyError
from idx_files import idx, write_idx_set

REAL_MNIST = Path(__file__).parents[2] / "shared" / "mnist"
FILES = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}
SETTINGS = {
    "source": "idx",
    "classes": ["zero", "one", "two"],
    "train_images": None,
    "test_images": None,
    "validation": "test",
    "holdout_images": None,
    "split_seed": 0,
}


def made_up_images(counts, seed):
    """Random images in a random order; ``counts`` gives each class's number of images."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(counts), dtype=np.uint8), counts))
    images = random.integers(0, 256, (len(labels), 28, 28), dtype=np.uint8)
    return images, labels


@pytest.fixture
def files(tmp_path):
    paths = {key: tmp_path / name for key, name in FILES.items()}
    write_idx_set(tmp_path, made_up_images((60, 30, 30), 1), made_up_images((10, 20, 10), 2))
    return {key: str(path) for key, path in paths.items()}


def prepare(files, output, **settings):
    prepare_images(SETTINGS | settings, files, output)
    with np.load(output) as arrays:
        return dict(arrays)


def fault(files, output, disputed=(), checksums=None, **settings):
    with pytest.raises(StudyError) as caught:
        prepare_images(SETTINGS | settings, files, output, disputed, checksums)
    assert not output.exists()
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def output(tmp_path):
    return tmp_path / "data" / "mnist.npz"


def counts_of(labels):
    return np.bincount(labels).tolist()


def as_set(images):
    return {image.tobytes() for image in images}


def test_images_are_scaled_and_keep_their_order(files, output):
    arrays = prepare(files, output)
    images, labels = made_up_images((60, 30, 30), 1)
    assert arrays["x_train"].dtype == np.float32
    assert arrays["x_train"].shape == (120, 28, 28, 1)
    np.testing.assert_array_equal(
        arrays["x_train"][..., 0], images.astype(np.float32) / np.float32(255)
    )
    assert arrays["x_train"].min() == 0
    assert arrays["x_train"].max() == 1
    np.testing.assert_array_equal(arrays["y_train"], labels)
    assert arrays["y_train"].dtype == np.uint8
    assert arrays["class_names"].tolist() == ["zero", "one", "two"]
    assert arrays["x_test"].shape == (40, 28, 28, 1)


def test_validation_is_the_test_set_unless_a_holdout_is_asked_for(files, output, capsys):
    arrays = prepare(files, output)
    np.testing.assert_array_equal(arrays["x_val"], arrays["x_test"])
    np.testing.assert_array_equal(arrays["y_val"], arrays["y_test"])
    assert "validation on the test set" in capsys.readouterr().out


def test_holdout_is_cut_from_the_training_images(files, output, capsys):
    whole = prepare(files, output)
    arrays = prepare(files, output, validation="holdout")
    assert counts_of(arrays["y_val"]) == [10, 5, 5], "a sixth, stratified"
    assert counts_of(arrays["y_train"]) == [50, 25, 25]
    training, held_out = as_set(arrays["x_train"]), as_set(arrays["x_val"])
    assert training.isdisjoint(held_out)
    assert training | held_out == as_set(whole["x_train"])
    label_of = dict(zip(map(np.ndarray.tobytes, whole["x_train"]), whole["y_train"], strict=True))
    for part in ("train", "val"):
        found = [label_of[image.tobytes()] for image in arrays[f"x_{part}"]]
        assert found == arrays[f"y_{part}"].tolist()
    np.testing.assert_array_equal(arrays["x_test"], whole["x_test"])
    assert "validation on 20 others" in capsys.readouterr().out


def test_holdout_has_the_size_asked_for(files, output):
    arrays = prepare(files, output, validation="holdout", holdout_images=40)
    assert counts_of(arrays["y_val"]) == [20, 10, 10]


def test_subsets_are_stratified_and_the_holdout_is_cut_from_them(files, output):
    whole = prepare(files, output)
    subset = prepare(files, output, train_images=48, test_images=8)
    assert counts_of(subset["y_train"]) == [24, 12, 12]
    assert counts_of(subset["y_test"]) == [2, 4, 2]
    assert as_set(subset["x_train"]) < as_set(whole["x_train"])
    held_out = prepare(files, output, train_images=48, validation="holdout")
    assert counts_of(held_out["y_train"]) == [20, 10, 10]
    assert as_set(held_out["x_train"]) | as_set(held_out["x_val"]) == as_set(subset["x_train"])


def test_a_test_images_place_in_the_whole_test_set_is_kept(files, output):
    whole = prepare(files, output)
    assert whole["test_index"].tolist() == list(range(len(whole["x_test"])))
    subset = prepare(files, output, test_images=8)
    np.testing.assert_array_equal(whole["x_test"][subset["test_index"]], subset["x_test"])


def test_all_images_but_one_may_be_asked_for(files, output):
    assert len(prepare(files, output, train_images=119)["x_train"]) == 119
    assert len(prepare(files, output, train_images=120)["x_train"]) == 120


def test_the_split_seed_alone_moves_the_split(files, output):
    parts = {}
    for seed in (0, 1):
        arrays = prepare(files, output, validation="holdout", split_seed=seed)
        parts[seed] = as_set(arrays["x_val"])
        fewer = prepare(files, output, validation="holdout", split_seed=seed, test_images=4)
        assert as_set(fewer["x_val"]) == parts[seed]
    assert parts[0] != parts[1]


def test_training_accuracy_is_measured_on_a_fixed_stratified_sample():
    labels = np.repeat(np.arange(10, dtype=np.uint8), 1_200)
    sample = stratified_sample(labels, 10_000, seed=5)
    assert sample.dtype == np.int64
    assert (np.diff(sample) > 0).all(), "sorted, and none twice"
    assert counts_of(labels[sample]) == [1_000] * 10


def test_small_sets_are_evaluated_whole_on_training_images(files, output):
    index = prepare(files, output)["train_eval_index"]
    assert index.dtype == np.int64
    assert index.tolist() == list(range(120))


@pytest.mark.parametrize("size", [10, 101, 997, 998])
def test_each_class_gets_its_share_rounded(size):
    labels = np.repeat(np.arange(4), (400, 300, 200, 98))
    share = size * np.bincount(labels) / len(labels)
    drawn = np.bincount(labels[stratified_sample(labels, size, seed=3)])
    assert drawn.sum() == size
    assert (np.abs(drawn - share) < 1).all()


@pytest.mark.parametrize("source", ["idx", "digits"])
def test_equal_input_gives_equal_bytes(files, tmp_path, source):
    classes = [str(digit) for digit in range(3 if source == "idx" else 10)]
    made = []
    for name in ("first.npz", "second.npz"):
        prepare(files, tmp_path / name, source=source, classes=classes, validation="holdout")
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "first.npz") as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}, "not today's date"
    assert {entry.compress_type for entry in entries} == {zipfile.ZIP_STORED}


def test_log_counts_each_class(files, output, capsys):
    prepare(files, output, validation="holdout")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["class", "train", "val", "test"] in lines
    assert ["two", "25", "5", "10"] in lines


def test_settings_are_what_a_json_text_can_hold(files, output):
    """The workflow passes them as one canonical JSON string."""
    prepare_images(json.loads(json.dumps(SETTINGS)), files, output)
    assert output.exists()


IMAGES, LABELS = made_up_images((4, 4, 4), 3)
GOOD = idx(IMAGES)


FAULTY = {
    "empty": (b"", "begins with the bytes (none)", "00 00 08 03"),
    "not gzip": (b"<html>404</html>", "damaged gzip file", "a whole gzip file"),
    "cut off": (GOOD[: len(GOOD) // 2], "damaged gzip file", "a whole gzip file"),
    "damaged inside": (
        GOOD[:2000] + b"????????" + GOOD[2008:],
        "damaged gzip file",
        "a whole gzip file",
    ),
    "labels for images": (
        idx(LABELS),
        "00 00 08 01",
        "00 00 08 03 (IDX, unsigned bytes, 3 dimensions)",
    ),
    "other item type": (idx(IMAGES, magic=bytes([0, 0, 13, 3])), "00 00 0d 03", "00 00 08 03"),
    "cut header": (
        gzip.compress(b"\x00\x00\x08\x03\x00", mtime=0),
        "5 bytes",
        "a header of 16 bytes",
    ),
    "other image size": (idx(IMAGES[:, :, :20]), "items of shape (28, 20)", "(28, 28)"),
    "no items": (idx(IMAGES[:0]), "no items", "at least one"),
    "too few items": (
        idx(IMAGES, shape=(13, 28, 28)),
        "9,408 bytes after",
        "10,192 for the shape (13, 28, 28)",
    ),
    "too many items": (
        idx(IMAGES, shape=(11, 28, 28)),
        "9,408 bytes after",
        "8,624 for the shape (11, 28, 28)",
    ),
}


@pytest.mark.parametrize(("content", "found", "expected"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_file_is_named_with_what_was_found(files, output, content, found, expected):
    path = Path(files["test_images"])
    path.write_bytes(content)
    message = fault(files, output)
    assert message.startswith(f"{path}: ")
    assert found in message.split("; expected ")[0]
    assert expected in message.split("; expected ")[1]
    assert "delete the file and run again" in message


def test_reads_labels(tmp_path):
    (tmp_path / "labels.gz").write_bytes(idx(LABELS))
    np.testing.assert_array_equal(read_idx(tmp_path / "labels.gz", ()), LABELS)


def test_images_and_labels_must_be_as_many(files, output):
    Path(files["train_labels"]).write_bytes(idx(LABELS))
    message = fault(files, output)
    assert message.startswith(f"{files['train_labels']}: 12 labels; expected 120")
    assert files["train_images"] in message


def test_every_label_needs_a_class(files, output):
    message = fault(files, output, classes=["zero", "one"])
    assert message.startswith("config: data.classes: 2 names; expected at least 3")
    assert f"label 2 in {files['train_labels']}" in message


def test_labels_from_one_are_told_as_such(files, output):
    for part, counts, seed in (("train", (60, 30, 30), 1), ("test", (10, 20, 10), 2)):
        _, labels = made_up_images(counts, seed)
        Path(files[f"{part}_labels"]).write_bytes(idx(labels + np.uint8(1)))
    message = fault(files, output)
    assert message.startswith(f"{files['train_labels']}: labels from 1 to 3; expected 0 to 2 for")
    assert message.endswith("or put a name for label 0 before the others.")
    # With that name, they can be trained on.
    prepare(files, output, classes=["none", "zero", "one", "two"])


def test_a_name_after_the_last_label_is_refused(files, output):
    message = fault(files, output, classes=list("0123456789"))
    assert message.startswith("config: data.classes: 10 names; expected 3, as no label is above 2")
    assert message.endswith("name the classes that there are, in the order of their labels.")


def relabel(files, part, old, new):
    """Give the images of a part that have one label another."""
    file = Path(files[f"{part}_labels"])
    labels = read_idx(file, ()).copy()
    labels[labels == old] = new
    file.write_bytes(idx(labels))


def test_a_class_without_any_image_is_said(files, output, capsys):
    for part in ("train", "test"):
        relabel(files, part, 1, 0)
    prepare(files, output)
    assert (
        "No image has the label 1, though data.classes has a name for it: nothing of it can be"
        " learned. Mend data.classes if the names belong to other labels."
    ) in capsys.readouterr().out.splitlines()


def test_a_class_without_test_images_is_said(files, output, capsys):
    relabel(files, "test", 1, 0)
    prepare(files, output)
    said = "No test image has the label 1: how well it is told is not measured."
    assert said in capsys.readouterr().out.splitlines()


def test_a_class_with_test_images_alone_is_refused(files, output):
    relabel(files, "train", 1, 0)
    message = fault(files, output)
    assert message.startswith(f"{files['train_labels']}: no image with the label 1; expected")


def test_nothing_is_said_of_classes_that_all_have_images(files, output, capsys):
    prepare(files, output)
    assert "No " not in capsys.readouterr().out


WHOLE = {
    "swapped": (
        ("images", idx(made_up_images((4, 4, 4), 3)[1])),
        "begins with the bytes 00 00 08 01 (labels); expected 00 00 08 03",
    ),
    "of another size": (
        ("images", idx(np.zeros((40, 32, 32), np.uint8))),
        "items of shape (32, 32); expected (28, 28)",
    ),
    "not compressed": (
        ("labels", gzip.decompress(idx(made_up_images((4, 4, 4), 3)[1]))),
        "an IDX file that is not compressed; expected one compressed by gzip",
    ),
    "of another number": (
        ("labels", idx(np.zeros(39, np.uint8))),
        "39 labels; expected 40, as many as there are images in",
    ),
}


@pytest.mark.parametrize("algorithm", ["sha256", "md5"])
@pytest.mark.parametrize("case", WHOLE)
def test_what_has_its_checksum_is_not_to_be_fetched_again(files, output, case, algorithm):
    (kind, content), said = WHOLE[case]
    Path(files[f"test_{kind}"]).write_bytes(content)
    sums = {Path(file).name: checksum_of_file(file, algorithm) for file in files.values()}
    message = fault(files, output, checksums=sums)
    assert f"of data.{algorithm}: put the right file" in message
    assert message.startswith(f"{files[f'test_{kind}']}: {said}")
    assert re.search(r"fetched again (it|they) would be the same, as (its|their) checksum", message)
    assert "anew" not in message
    another = {Path(files[f"test_{kind}"]).name: f"{algorithm}:0"}
    message = fault(files, output, checksums=sums | another)
    assert "run again, so that" in message
    assert "downloaded anew" in message


# Disputed labels, and images in both sets


@pytest.mark.parametrize("test_images", [None, 8])
def test_a_disputed_index_beyond_the_whole_test_set_is_refused(files, output, test_images):
    message = fault(files, output, disputed=[3, 40, 41], test_images=test_images)
    assert message.startswith(
        "config: data.disputed: 40 and 1 more; expected indices from 0 to 39, as there are 40 test"
        f" images in {files['test_labels']}: correct the index"
    )
    prepare_images(SETTINGS | {"test_images": test_images}, files, output, disputed=[39])
    # Planning reads it without NumPy.
    assert whole_test_images(output) == 40


def test_disputed_indices_are_no_part_of_what_is_prepared(files, output):
    prepare(files, output)
    before = output.read_bytes()
    prepare_images(SETTINGS, files, output, disputed=[0, 7])
    assert output.read_bytes() == before


def test_without_prepared_data_the_size_is_not_known(tmp_path):
    assert whole_test_images(tmp_path / "none.npz") is None
    (tmp_path / "damaged.npz").write_bytes(b"PK")
    assert whole_test_images(tmp_path / "damaged.npz") is None
    np.savez(tmp_path / "older.npz", test_index=np.arange(3))
    assert whole_test_images(tmp_path / "older.npz") is None


def share_images(files):
    """Put training image 5 into the test set as its images 2 and 9; return both sets' images."""
    train, _ = made_up_images((60, 30, 30), 1)
    test, _ = made_up_images((10, 20, 10), 2)
    test[[2, 9]] = train[5]
    train[7] = train[5]
    for part, images in (("train", train), ("test", test)):
        Path(files[f"{part}_images"]).write_bytes(idx(images))
    return train, test


def test_test_images_that_are_training_images_are_found(files, output, capsys):
    arrays = prepare(files, output)
    assert arrays["test_in_train"].dtype == bool
    assert not arrays["test_in_train"].any()
    assert "among the" not in capsys.readouterr().out

    share_images(files)
    arrays = prepare(files, output)
    assert np.flatnonzero(arrays["test_in_train"]).tolist() == [2, 9]
    lines = capsys.readouterr().out.splitlines()
    assert (
        "Training images among the 40 test images: 2 (test 2 = training 5, test 9 = training 5)."
        " What they add to an accuracy says nothing of new images."
    ) in lines
    assert "Equal to an earlier one of the 120 training images: 1" in lines
    assert "Equal to an earlier one of the 40 test images: 1" in lines


def test_only_images_that_are_trained_on_count(files, output, capsys):
    train, _ = share_images(files)
    arrays = prepare(files, output, validation="holdout", train_images=30, test_images=20)
    known = {image.tobytes() for image in (arrays["x_train"] * 255).round().astype(np.uint8)}
    found = [
        image.tobytes() in known for image in (arrays["x_test"] * 255).round().astype(np.uint8)
    ]
    assert arrays["test_in_train"].tolist() == found

    # Held out, an image is none of those that are trained on.
    part = Part.whole(train, np.zeros(len(train), np.uint8))
    capsys.readouterr()
    rest, held_out = part.without([5, 8]), part.only([5, 8])
    assert compare_parts(rest, held_out, part.only([5, 6, 8])).tolist() == [True, True, False]
    assert (
        "Training images among the 2 validation images: 1 (validation 5 = training 7). What they"
        " add to an accuracy says nothing of new images."
    ) in capsys.readouterr().out


def test_many_pairs_are_not_all_listed(capsys):
    images, labels = made_up_images((20,), 0)
    part = Part.whole(images, labels)
    assert compare_parts(part, part, part).all()
    said = capsys.readouterr().out
    assert "Training images among the 20 test images: 20 (test 0 = training 0, " in said
    assert "test 7 = training 7, …). What" in said


def test_seventy_thousand_images_are_compared_within_a_second():
    images = np.random.default_rng(0).integers(0, 256, (70_000, 28, 28), dtype=np.uint8)
    part = Part.whole(images, np.zeros(70_000, np.uint8))
    rest, test = part.only(slice(60_000)), part.only(slice(60_000, None))
    begun = time.process_time()
    assert not compare_parts(rest, test, test).any()
    assert time.process_time() - begun < 1


def test_images_scaled_already_are_refused(files, output):
    images, _ = made_up_images((10, 20, 10), 2)
    Path(files["test_images"]).write_bytes(idx(images // 255))
    message = fault(files, output)
    assert message.startswith(f"{files['test_images']}: no pixel is above 1; expected")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"train_images": 121}, "data.train_images: 121; expected at most 120"),
        ({"test_images": 41}, "data.test_images: 41; expected at most 40"),
        ({"test_images": 2}, "data.test_images: 2; expected at least one image of each class"),
        (
            {"validation": "holdout", "holdout_images": 2},
            "data.holdout_images: 2; expected at least one image of each class",
        ),
        (
            {"validation": "holdout", "train_images": 5},
            "data.holdout_images: 1 (a sixth of the training images); expected at least one image",
        ),
        (
            {"validation": "holdout", "holdout_images": 119},
            "data.holdout_images: 119; expected to leave at least one training image",
        ),
        (
            {"validation": "holdout", "train_images": 60, "holdout_images": 61},
            "data.holdout_images: 61; expected at most 60",
        ),
    ],
)
def test_a_sample_that_cannot_be_drawn_names_its_key(files, output, settings, words):
    assert fault(files, output, **settings).startswith(f"config: {words}")


def test_digits_are_brought_to_the_format_of_mnist():
    (train, train_labels), (test, test_labels) = digits_like_mnist(seed=0)
    images = np.concatenate([train, test])
    assert images.shape == (1_797, 28, 28)
    assert images.dtype == np.uint8
    assert len(test) == len(test_labels) == 360
    box = np.zeros((28, 28), dtype=bool)
    box[4:24, 4:24] = True
    assert not images[:, ~box].any(), "the border of four pixels is empty"
    assert images.any(axis=2).sum(axis=1).min() >= 18, "the digits are as tall as the box"
    assert (images[:, box].max(axis=1) == 255).all(), "strokes are white at their core"
    blurred = (images > 25) & (images < 230)
    assert blurred.mean() < 0.12, "strokes are crisp; of MNIST's pixels, 0.09 are grey"
    for labels in (train_labels, test_labels):
        shares = np.bincount(labels, minlength=10) / len(labels)
        assert (np.abs(shares - 0.1) < 0.005).all()


def test_digits_keep_their_looks():
    """Averaged back to 8x8, an image is nearest to the digit that it was made of."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    (train, train_labels), (test, test_labels) = digits_like_mnist(seed=0)
    back = np.concatenate([train, test])[:, 4:24, 4:24].reshape(-1, 4, 5, 4, 5).mean(axis=(2, 4))
    originals = digits.images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4))
    distances = ((back[:100, None] / 255 - originals[None] / 16) ** 2).sum(axis=(2, 3))
    nearest = digits.target[distances.argmin(axis=1)]
    assert (nearest == np.concatenate([train_labels, test_labels])[:100]).mean() > 0.95


def test_digits_need_no_files(output):
    classes = [str(digit) for digit in range(10)]
    arrays = prepare({}, output, source="digits", classes=classes)
    assert arrays["x_train"].shape == (1_437, 28, 28, 1)
    assert arrays["x_train"].max() == 1
    assert "label 9 in scikit-learn's digits" in fault(
        {}, output.with_name("none.npz"), source="digits"
    )


@pytest.mark.skipif(not REAL_MNIST.is_dir(), reason="needs the real MNIST beside the repository")
def test_the_real_mnist(output):
    files = {key: REAL_MNIST / name for key, name in FILES.items()}
    arrays = prepare(files, output, classes=[str(digit) for digit in range(10)])
    assert arrays["x_train"].shape == (60_000, 28, 28, 1)
    assert arrays["x_test"].shape == (10_000, 28, 28, 1)
    # MNIST's well-known mean and standard deviation.
    assert arrays["x_train"].mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert arrays["x_train"].std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)
    assert arrays["x_test"].mean(dtype=np.float64) == pytest.approx(0.1325, abs=5e-5)
    assert arrays["y_train"][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert arrays["y_test"][:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert len(arrays["train_eval_index"]) == 10_000
    shares = np.bincount(arrays["y_train"]) / 6
    drawn = np.bincount(arrays["y_train"][arrays["train_eval_index"]])
    assert (np.abs(drawn - shares) < 1).all()
