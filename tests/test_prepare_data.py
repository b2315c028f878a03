import errno
import gzip
import json
import re
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bakeoff.data import splits
from bakeoff.data.audit import dark, sentences
from bakeoff.data.bundled import digits
from bakeoff.data.checksums import checksum_of_file
from bakeoff.data.disputed import check_disputed_of
from bakeoff.data.duplicates import compare_parts
from bakeoff.data.idx import read_idx
from bakeoff.data.labelled import LabelledPart, LabelledSet
from bakeoff.data.prepared import ARRAY_FILES, PreparedData, scaled
from bakeoff.data.preparing import write_prepared
from bakeoff.data.reading import open_source
from bakeoff.data.samples import stratified_sample
from bakeoff.data.splits import Part
from bakeoff.errors import ConfigError, StudyError
from idx_files import idx, write_idx_set
from image_files import READING

REAL_MNIST = Path(__file__).parents[2] / "shared" / "mnist"
FILES = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}
SETTINGS = READING | {
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


def write(files, output, disputed=(), checksums=None, **settings):
    """Prepare IDX files, or without any what the settings' path names."""
    settings = SETTINGS | settings
    files = list(files.values())
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_source(settings, files, scratch, checksums) as source,
    ):
        write_prepared(source, settings, output, disputed)


def prepare(files, output, disputed=(), **settings):
    write(files, output, disputed, **settings)
    # A copy, as arrays are read when they are asked for, and another test set may be there by then.
    kept = Path(tempfile.mkdtemp(dir=output.parents[1])) / output.parent.name
    shutil.copytree(output.parent, kept)
    return PreparedData.read(kept / output.name)


def fault(files, output, disputed=(), checksums=None, **settings):
    with pytest.raises(StudyError) as caught:
        write(files, output, disputed, checksums, **settings)
    assert not output.parent.exists()
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.fixture
def output(tmp_path):
    return tmp_path / "data" / "mnist" / "data.json"


def counts_of(labels):
    return np.bincount(labels).tolist()


def whole_part(images):
    """Return all of some images as a part, without labels that mean anything."""
    return Part.whole(LabelledPart(images, np.zeros(len(images), np.uint8), "made up"))


def as_set(images):
    return {image.tobytes() for image in images}


def test_images_keep_their_type_and_their_order(files, output):
    arrays = prepare(files, output)
    images, labels = made_up_images((60, 30, 30), 1)
    assert arrays.images("train").dtype == np.uint8
    np.testing.assert_array_equal(arrays.images("train"), images[..., np.newaxis])
    np.testing.assert_array_equal(arrays.labels("train"), labels)
    assert arrays.labels("train").dtype == np.uint8
    assert arrays.class_names == ["zero", "one", "two"]
    assert arrays.images("test").shape == (40, 28, 28, 1)


def test_validation_is_the_test_set_unless_a_holdout_is_asked_for(files, output, capsys):
    arrays = prepare(files, output)
    np.testing.assert_array_equal(arrays.images("validation"), arrays.images("test"))
    np.testing.assert_array_equal(arrays.labels("validation"), arrays.labels("test"))
    assert "validation on the test set" in capsys.readouterr().out


def test_holdout_is_cut_from_the_training_images(files, output, capsys):
    whole = prepare(files, output)
    arrays = prepare(files, output, validation="holdout")
    assert counts_of(arrays.labels("validation")) == [10, 5, 5], "a sixth, stratified"
    assert counts_of(arrays.labels("train")) == [50, 25, 25]
    training, held_out = as_set(arrays.images("train")), as_set(arrays.images("validation"))
    assert training.isdisjoint(held_out)
    assert training | held_out == as_set(whole.images("train"))
    label_of = dict(
        zip(map(np.ndarray.tobytes, whole.images("train")), whole.labels("train"), strict=True)
    )
    for part in ("train", "validation"):
        found = [label_of[image.tobytes()] for image in arrays.images(part)]
        assert found == arrays.labels(part).tolist()
    np.testing.assert_array_equal(arrays.images("test"), whole.images("test"))
    assert "validation on 20 others" in capsys.readouterr().out


def test_holdout_has_the_size_asked_for(files, output):
    arrays = prepare(files, output, validation="holdout", holdout_images=40)
    assert counts_of(arrays.labels("validation")) == [20, 10, 10]


def test_subsets_are_stratified_and_the_holdout_is_cut_from_them(files, output):
    whole = prepare(files, output)
    subset = prepare(files, output, train_images=48, test_images=8)
    assert counts_of(subset.labels("train")) == [24, 12, 12]
    assert counts_of(subset.labels("test")) == [2, 4, 2]
    assert as_set(subset.images("train")) < as_set(whole.images("train"))
    held_out = prepare(files, output, train_images=48, validation="holdout")
    assert counts_of(held_out.labels("train")) == [20, 10, 10]
    assert as_set(held_out.images("train")) | as_set(held_out.images("validation")) == as_set(
        subset.images("train")
    )


def test_a_test_images_place_in_the_whole_test_set_is_kept(files, output):
    whole = prepare(files, output)
    assert whole.per_image("test_index").tolist() == list(range(len(whole.images("test"))))
    subset = prepare(files, output, test_images=8)
    np.testing.assert_array_equal(
        whole.images("test")[subset.per_image("test_index")], subset.images("test")
    )


def test_all_images_but_one_may_be_asked_for(files, output):
    assert len(prepare(files, output, train_images=119).images("train")) == 119
    assert len(prepare(files, output, train_images=120).images("train")) == 120


def test_the_split_seed_alone_moves_the_split(files, output):
    parts = {}
    for seed in (0, 1):
        arrays = prepare(files, output, validation="holdout", split_seed=seed)
        parts[seed] = as_set(arrays.images("validation"))
        fewer = prepare(files, output, validation="holdout", split_seed=seed, test_images=4)
        assert as_set(fewer.images("validation")) == parts[seed]
    assert parts[0] != parts[1]


def test_training_accuracy_is_measured_on_a_fixed_stratified_sample():
    labels = np.repeat(np.arange(10, dtype=np.uint8), 1_200)
    sample = stratified_sample(labels, 10_000, seed=5)
    assert sample.dtype == np.int64
    assert (np.diff(sample) > 0).all(), "sorted, and none twice"
    assert counts_of(labels[sample]) == [1_000] * 10


def test_small_sets_are_evaluated_whole_on_training_images(files, output):
    index = prepare(files, output).per_image("train_eval_index")
    assert index.dtype == np.int64
    assert index.tolist() == list(range(120))


@pytest.mark.parametrize("size", [10, 101, 997, 998])
def test_each_class_gets_its_share_rounded(size):
    labels = np.repeat(np.arange(4), (400, 300, 200, 98))
    share = size * np.bincount(labels) / len(labels)
    drawn = np.bincount(labels[stratified_sample(labels, size, seed=3)])
    assert drawn.sum() == size
    assert (np.abs(drawn - share) < 1).all()


@pytest.mark.parametrize("source", ["idx", "bundled"])
def test_equal_input_gives_equal_bytes(files, tmp_path, source):
    classes = [str(digit) for digit in range(3 if source == "idx" else 10)]
    made_of = {"classes": classes, "validation": "holdout"}
    made = []
    for name in ("first", "second"):
        given = files if source == "idx" else {}
        prepare(given, tmp_path / name / "data.json", source=source, path="digits", **made_of)
        made.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {"data.json", *ARRAY_FILES.values()}


def test_log_counts_each_class(files, output, capsys):
    prepare(files, output, validation="holdout")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["class", "train", "validation", "test"] in lines
    assert ["two", "25", "5", "10"] in lines


IMAGES, LABELS = made_up_images((4, 4, 4), 3)
GOOD = idx(IMAGES)


FAULTY = {
    "empty": (b"", "begins with the bytes (none)", "00 00 08 03"),
    "not gzip": (b"<html>404</html>", "begins with the bytes 3c 68 74 6d", "00 00 08 03"),
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
    "no items": (idx(IMAGES[:0]), "no items in the shape (0, 28, 28)", "at least one"),
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
    message = fault(files, output, checksums=dict.fromkeys(FILES.values(), "sha256:0"))
    assert message.startswith(f"{path}: ")
    assert found in message.split("; expected ")[0]
    assert expected in message.split("; expected ")[1]
    assert "delete the file and run again" in message
    assert fault(files, output).endswith(": put a whole one there.")


def test_reads_labels(tmp_path):
    (tmp_path / "labels.gz").write_bytes(idx(LABELS))
    np.testing.assert_array_equal(read_idx(tmp_path / "labels.gz", (1, 2)), LABELS)


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
    assert message.endswith("or put a name for label 0, such as unused, before the others.")
    # With that name, they can be trained on.
    prepare(files, output, classes=["none", "zero", "one", "two"])


def test_a_name_after_the_last_label_is_refused(files, output):
    message = fault(files, output, classes=list("0123456789"))
    assert message.startswith("config: data.classes: 10 names; expected 3, as no label is above 2")
    assert message.endswith("name the classes that there are, in the order of their labels.")


def relabel(files, part, old, new):
    """Give the images of a part that have one label another."""
    file = Path(files[f"{part}_labels"])
    labels = read_idx(file, (1, 2)).copy()
    labels[labels == old] = new
    file.write_bytes(idx(labels))


def test_a_class_without_any_image_is_said(files, output, capsys):
    for part in ("train", "test"):
        relabel(files, part, 1, 0)
    prepare(files, output)
    assert (
        "No image is of class one (label 1), though data.classes has a name for it: nothing of it"
        " can be learned. Mend data.classes if the names belong to other labels."
    ) in capsys.readouterr().out.splitlines()


def test_a_class_without_test_images_is_said(files, output, capsys):
    relabel(files, "test", 1, 0)
    prepare(files, output)
    said = "No test image is of class one (label 1): how well it is told is not measured."
    assert said in capsys.readouterr().out.splitlines()


def test_a_class_with_test_images_alone_is_refused(files, output):
    relabel(files, "train", 1, 0)
    message = fault(files, output)
    assert message.startswith(f"{files['train_labels']}: no image of class one (label 1); expected")


def test_nothing_is_said_of_classes_that_all_have_images(files, output, capsys):
    prepare(files, output)
    assert "No " not in capsys.readouterr().out


WHOLE = {
    "swapped": (
        ("images", idx(made_up_images((4, 4, 4), 3)[1])),
        "begins with the bytes 00 00 08 01 (labels); expected 00 00 08 03",
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
    prepare(files, output, disputed=[39], test_images=test_images)
    # Planning checks it again, without NumPy.
    config = {"data": {"disputed": [40]}, "origins": {"data.disputed": "config.yaml"}}
    said = f"config.yaml: data.disputed: 40; expected indices from 0 to 39, .* {output}: correct"
    with pytest.raises(ConfigError, match=said):
        check_disputed_of(config, PreparedData.read_if_whole(output))
    check_disputed_of(config, None)


def test_disputed_indices_are_no_part_of_what_is_prepared(files, output):
    prepare(files, output)
    before = output.read_bytes()
    prepare(files, output, disputed=[0, 7])
    assert output.read_bytes() == before


def test_prepared_data_that_is_not_there_or_damaged_is_none(output):
    assert PreparedData.read_if_whole(output) is None
    output.parent.mkdir(parents=True)
    for content in ("{", "[]", '{"shape": [28, 28, 1]}'):
        output.write_text(content)
        assert PreparedData.read_if_whole(output) is None


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("a file in place of its folder", "Not a directory"),
        ("a folder", "Is a directory"),
        ("a link to itself", "Too many levels of symbolic links"),
    ],
)
def test_what_stands_in_the_place_of_prepared_data_is_one_line(output, what, said):
    if what == "a folder":
        output.mkdir(parents=True)
    elif what == "a link to itself":
        output.parent.mkdir(parents=True)
        output.symlink_to(output)
    else:
        output.parent.parent.mkdir(parents=True, exist_ok=True)
        output.parent.touch()
    with pytest.raises(StudyError, match=rf"{output}: cannot be opened \({said}\); expected the"):
        PreparedData.read_if_whole(output)
    # By a job, it is called damaged.
    with pytest.raises(StudyError, match=f"{output}: cannot be read .*{said}"):
        PreparedData.read(output)


def test_prepared_data_that_cannot_be_opened_by_now_is_one_line(output, monkeypatch):
    def stale(*_, **__):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(Path, "read_text", stale)
    with pytest.raises(StudyError, match=r"cannot be opened \(Stale file handle\); expected the"):
        PreparedData.read_if_whole(output)


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
    assert arrays.per_image("test_in_train").dtype == bool
    assert not arrays.per_image("test_in_train").any()
    assert "among the" not in capsys.readouterr().out

    share_images(files)
    arrays = prepare(files, output)
    assert np.flatnonzero(arrays.per_image("test_in_train")).tolist() == [2, 9]
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
    known = as_set(arrays.images("train"))
    found = [image.tobytes() in known for image in arrays.images("test")]
    assert arrays.per_image("test_in_train").tolist() == found

    # Held out, an image is none of those that are trained on.
    part = whole_part(train)
    capsys.readouterr()
    parts = {"train": part.without([5, 8]), "validation": part.only([5, 8])}
    found, facts = compare_parts(parts | {"test": part.only([5, 6, 8])})
    assert found.tolist() == [True, True, False]
    assert facts["in_training"]["validation"] == {"images": 1, "first": [(5, 7)]}
    assert (
        "Training images among the 2 validation images: 1 (validation 5 = training 7). What they"
        " add to an accuracy says nothing of new images."
    ) in capsys.readouterr().out


def test_many_pairs_are_not_all_listed(capsys):
    part = whole_part(made_up_images((20,), 0)[0])
    found, facts = compare_parts(dict.fromkeys(("train", "validation", "test"), part))
    assert found.all()
    assert facts["in_training"]["test"]["images"] == 20
    assert len(facts["in_training"]["test"]["first"]) == 8
    said = capsys.readouterr().out
    assert "Training images among the 20 test images: 20 (test 0 = training 0, " in said
    assert "test 7 = training 7, …). What" in said


def test_seventy_thousand_images_are_compared_within_a_second():
    images = np.random.default_rng(0).integers(0, 256, (70_000, 28, 28), dtype=np.uint8)
    part = whole_part(images)
    rest, test = part.only(slice(60_000)), part.only(slice(60_000, None))
    begun = time.process_time()
    assert not compare_parts({"train": rest, "validation": test, "test": test})[0].any()
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
    raw = digits(seed=0)
    train, train_labels = raw.train.images[..., 0], raw.train.labels
    test, test_labels = raw.test.images[..., 0], raw.test.labels
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

    content = load_digits()
    raw = digits(seed=0)
    train, train_labels = raw.train.images[..., 0], raw.train.labels
    test, test_labels = raw.test.images[..., 0], raw.test.labels
    back = np.concatenate([train, test])[:, 4:24, 4:24].reshape(-1, 4, 5, 4, 5).mean(axis=(2, 4))
    originals = content.images.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4))
    distances = ((back[:100, None] / 255 - originals[None] / 16) ** 2).sum(axis=(2, 3))
    nearest = content.target[distances.argmin(axis=1)]
    assert (nearest == np.concatenate([train_labels, test_labels])[:100]).mean() > 0.95


def test_digits_need_no_files(output):
    classes = [str(digit) for digit in range(10)]
    arrays = prepare({}, output, source="bundled", path="digits", classes=classes)
    assert arrays.images("train").shape == (1_437, 28, 28, 1)
    assert arrays.images("train").max() == 255
    elsewhere = output.parents[1] / "none" / "data.json"
    assert "label 9 in scikit-learn's digits" in fault(
        {}, elsewhere, source="bundled", path="digits"
    )


@pytest.mark.skipif(not REAL_MNIST.is_dir(), reason="needs the real MNIST beside the repository")
def test_the_real_mnist(output):
    files = {key: REAL_MNIST / name for key, name in FILES.items()}
    arrays = prepare(files, output, classes=[str(digit) for digit in range(10)])
    assert arrays.images("train").shape == (60_000, 28, 28, 1)
    assert arrays.images("test").shape == (10_000, 28, 28, 1)
    # MNIST's well-known mean and standard deviation.
    assert scaled(arrays.images("train")).mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert scaled(arrays.images("train")).std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)
    assert scaled(arrays.images("test")).mean(dtype=np.float64) == pytest.approx(0.1325, abs=5e-5)
    assert arrays.labels("train")[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert arrays.labels("test")[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert len(arrays.per_image("train_eval_index")) == 10_000
    shares = np.bincount(arrays.labels("train")) / 6
    drawn = np.bincount(arrays.labels("train")[arrays.per_image("train_eval_index")])
    assert (np.abs(drawn - shares) < 1).all()


# What a source hands over, and what is written of it


def made_up_source(dtype, channels):
    """Return a set of three classes, 12 training and 6 test images of 5x4 pixels."""
    generator = np.random.default_rng(0)

    def images_of(count):
        noise = generator.random((count, 5, 4, channels), np.float32)
        if dtype != "float32":
            noise = (noise * (np.iinfo(dtype).max + 1.0)).astype(dtype)
        return LabelledPart(noise, np.arange(count) % 3, "made up")

    return LabelledSet(["a", "b", "c"], images_of(12), images_of(6), audit={"found": 2})


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_images_of_any_type_and_colour_come_back_as_they_were(output, dtype, channels):
    source = made_up_source(dtype, channels)
    write_prepared(source, SETTINGS, output)
    data = PreparedData.read(output)
    assert (data.shape, data.dtype) == ((5, 4, channels), dtype)
    assert data.counts == {"train": 12, "validation": 6, "test": 6}
    for part, images in (("train", source.train), ("test", source.test)):
        kept = data.images(part)
        assert isinstance(kept, np.memmap)
        assert kept.dtype == dtype
        np.testing.assert_array_equal(kept, images.images)
        np.testing.assert_array_equal(data.labels(part), images.labels)
    np.testing.assert_array_equal(data.images("validation"), data.images("test"))
    assert data.audit["found"] == 2
    assert data.audit["counts"]["test"] == [2, 2, 2]
    assert data.audit["duplicates"]["in_training"]["test"] == {"images": 0, "first": []}
    assert data.name == "mnist"
    data.check()


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_every_value_is_scaled_to_the_same_bits_on_its_way_into_training(dtype):
    top = np.iinfo(dtype).max
    every = np.arange(top + 1, dtype=dtype)
    expected = every.astype(np.float32) / np.float32(top)
    assert scaled(every).dtype == np.float32
    assert scaled(every).tobytes() == expected.tobytes()
    assert scaled(every).max() == 1


def test_float_images_are_left_as_they_are():
    images = np.random.default_rng(0).random((2, 3, 3, 1), np.float32)
    assert scaled(images).tobytes() == images.tobytes()


def test_a_memory_map_is_prepared_piece_by_piece(output, tmp_path, monkeypatch):
    source = made_up_source("uint16", 3)
    np.save(tmp_path / "train.npy", source.train.images)
    mapped = np.load(tmp_path / "train.npy", mmap_mode="r")
    monkeypatch.setattr(splits, "_PIECE", 5 * mapped[:1].nbytes)
    train = LabelledPart(mapped, source.train.labels, "a file")
    write_prepared(LabelledSet(["a", "b", "c"], train, source.test), SETTINGS, output)
    np.testing.assert_array_equal(PreparedData.read(output).images("train"), mapped)


@pytest.mark.parametrize(("classes", "dtype"), [(256, np.uint8), (257, np.uint16)])
def test_labels_take_the_smallest_type_that_holds_them(output, classes, dtype):
    images = LabelledPart(np.zeros((classes, 2, 2), np.uint8), np.arange(classes), "made up")
    names = [f"class {label}" for label in range(classes)]
    write_prepared(LabelledSet(names, images, images), SETTINGS, output)
    labels = PreparedData.read(output).labels("train")
    assert labels.dtype == dtype
    np.testing.assert_array_equal(labels, np.arange(classes))


FAULTY_SETS = {
    "four channels": (((2, 4, 4, 4), "uint8"), "images of shape (2, 4, 4, 4); expected (images,"),
    "two dimensions": (((2, 16), "uint8"), "images of shape (2, 16); expected (images, height"),
    "doubles": (((2, 4, 4), "float64"), "images of type float64; expected uint8, uint16"),
    "too few labels": (((3, 4, 4), "uint8"), "labels of shape (2,); expected (3,)"),
}


@pytest.mark.parametrize(("made", "said"), FAULTY_SETS.values(), ids=FAULTY_SETS)
def test_images_that_cannot_be_prepared_are_refused(made, said):
    with pytest.raises(StudyError) as caught:
        LabelledPart(np.zeros(*made), np.arange(2), "somewhere")
    assert str(caught.value).startswith(f"somewhere: {said}")


def test_parts_of_one_data_set_belong_together():
    train = made_up_source("uint8", 1).train
    for images, labels, said in (
        (np.zeros((1, 5, 4, 3), np.uint8), [0], "there: images of shape (5, 4, 3) and type uint8"),
        (np.zeros((1, 5, 4), np.uint16), [0], "there: images of shape (5, 4, 1) and type uint16"),
        (np.zeros((1, 5, 4), np.uint8), [3], "there: labels from 3 to 3; expected 0 to 2"),
        (np.zeros((1, 5, 4), np.uint8), [-1], "there: labels from -1 to -1; expected 0 to 2"),
    ):
        with pytest.raises(StudyError) as caught:
            LabelledSet(["a", "b", "c"], train, LabelledPart(images, np.array(labels), "there"))
        assert str(caught.value).startswith(said)


@pytest.mark.parametrize("value", [1.5, -0.1, np.nan])
def test_float_images_beyond_their_range_are_refused(output, value):
    source = made_up_source("float32", 1)
    source.test.images[3, 2, 1] = value
    with pytest.raises(StudyError, match=r"made up: pixels from .* expected numbers from 0 to 1"):
        write_prepared(source, SETTINGS, output)
    assert not output.parent.exists()


def test_validation_images_are_kept_once_and_files_are_always_the_same(files, output):
    assert prepare(files, output, validation="holdout").counts["validation"] == 20
    assert len(np.load(output.with_name("validation_images.npy"))) == 20
    assert prepare(files, output).counts["validation"] == 40
    assert len(np.load(output.with_name("validation_images.npy"))) == 0
    assert {file.name for file in output.parent.iterdir()} == {"data.json", *ARRAY_FILES.values()}


def test_the_checksum_is_that_of_everything_but_the_audit(files, output, tmp_path):
    first = prepare(files, output)
    content = json.loads(output.read_text())
    with open_source(SETTINGS, list(files.values()), tmp_path) as source:
        write_prepared(replace(source, audit={"more": "found"}), SETTINGS, output)
        assert PreparedData.read(output).checksum == first.checksum
        assert json.loads(output.read_text()) != content
        write_prepared(replace(source, class_names=["0", "1", "2"]), SETTINGS, output)
        assert PreparedData.read(output).checksum != first.checksum


# Validation parts and groups of the data's own


def three_classes(validation=False):
    train = LabelledPart(*made_up_images((60, 30, 30), 1), "train")
    test = LabelledPart(*made_up_images((10, 20, 10), 2), "test")
    own = LabelledPart(*made_up_images((4, 4, 4), 3), "validation") if validation else None
    return LabelledSet(["a", "b", "c"], train, test, own)


def test_the_datas_own_validation_part_is_the_holdout(output, capsys):
    source = three_classes(validation=True)
    write_prepared(source, SETTINGS | {"validation": "holdout"}, output)
    assert PreparedData.read(output).counts == {"train": 120, "validation": 12, "test": 40}
    capsys.readouterr()
    write_prepared(source, SETTINGS | {"validation": "holdout", "holdout_images": 30}, output)
    assert PreparedData.read(output).counts == {"train": 90, "validation": 30, "test": 40}
    assert "not used" not in capsys.readouterr().out
    write_prepared(source, SETTINGS, output)
    assert "The data's own validation part, 12 images, is not used: set" in capsys.readouterr().out


@pytest.mark.parametrize("rare", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_a_rare_class_is_trained_on_and_may_have_no_holdout_image(rare, seed):
    images, labels = made_up_images((20, 20, rare), 1)
    source = LabelledSet(
        ["oak", "elm", "rare"], LabelledPart(images, labels, "t"), three_classes().test
    )
    settings = SETTINGS | {"validation": "holdout", "split_seed": seed}
    parts = splits.split(source, settings)
    trained, held_out = (
        np.bincount(parts[part].labels, minlength=3) for part in ("train", "validation")
    )
    assert (trained + held_out).tolist() == [20, 20, rare]
    assert trained[2] >= 1
    assert set(held_out[:2]) <= {3, 4}
    assert held_out.sum() in ((40 + rare) // 6, (40 + rare) // 6 - (rare == 1))


def test_classes_that_would_not_be_trained_on_are_named():
    with pytest.raises(StudyError, match="none of classes b, c would be left: lower it"):
        splits.split(three_classes(), SETTINGS | {"validation": "holdout", "holdout_images": 119})


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            1,
            [
                "Found in the files, height first: 8 x 8 (1); modes 1 (1); 1 bit (1) a value.",
                "Pixel for pixel, 1 training image equals an earlier one, 1 validation image is a"
                " training image too and 1 test image is a training image too.",
                "Groups: 4 of training and 3 of test. The given split divides groups: 1 validation"
                " image is of a group that has training images too and 1 test image is of a group"
                " that has training images too.",
            ],
        ),
        (
            1200,
            [
                "Found in the files, height first: 8 x 8 (1,200); modes 1 (1,200); 1 bit (1,200) a"
                " value.",
                "Pixel for pixel, 1,200 training images equal an earlier one, 1,200 validation"
                " images are training images too and 1,200 test images are training images too.",
                "Groups: 4 of training and 3 of test. The given split divides groups: 1,200"
                " validation images are of groups that have training images too and 1,200 test"
                " images are of groups that have training images too.",
            ],
        ),
    ],
    ids=["one", "many"],
)
def test_what_was_found_is_said_of_one_image_and_of_many(number, said):
    known = {"images": number, "first": []}
    audit = {
        "sizes": {"8 x 8": number},
        "modes": {"1": number},
        "depths": {"1": number},
        "duplicates": {
            "equal_to_an_earlier_one": {"train": number, "test": 0},
            "in_training": {"validation": known, "test": known},
        },
        "groups": {
            "groups": {"train": 4, "test": 3},
            "validation_images_of_training_groups": number,
            "test_images_of_training_groups": number,
        },
    }
    assert sentences(audit, []) == said


@pytest.mark.parametrize(
    ("dtype", "highest", "said"),
    [
        ("uint16", 4095, "4,095 of 65,535, which stands for white: they are dark. Where they hold"),
        ("uint16", 16383, "16,383 of 65,535, which"),
        ("uint16", 16384, None),
        ("uint8", 15, "15 of 255, which stands for white: they are dark. Where they hold 4 bits,"),
        ("uint8", 64, None),
        ("float32", 1 / 255, "0.00392157 of 1, which stands for white: they are dark. Where white"),
        ("float32", 0.26, None),
    ],
)
def test_images_that_are_dark_all_over_are_said(output, capsys, dtype, highest, said):
    source = three_classes()

    def darkened(part):
        images = np.zeros(part.images.shape, dtype)
        images[-1, 0, 0] = highest
        return replace(part, images=images)

    source = replace(source, train=darkened(source.train), test=darkened(source.test))
    write_prepared(source, SETTINGS, output)
    out = capsys.readouterr().out
    assert out.count("The highest value of all images is") == (said is not None)
    if said:
        assert f"The highest value of all images is {said}" in out
        audit = PreparedData.read(output).audit
        assert any(said in sentence for sentence in sentences(audit, source.class_names))


@pytest.mark.parametrize(
    ("highest", "said"),
    [
        ((1, 255), "Where they hold 1 bit, save their values times 255."),
        ((15, 255), "Where they hold 4 bits, save their values times 17."),
        ((255, 65535), "Where they hold 8 bits, save their values times 257."),
        ((4095, 65535), "Where they hold 12 bits, save their values times 16."),
        ((0.25, 1.0), "Where white is less, divide their values by that."),
        ((0, 255), "All values of all images are 0: they are black. Check how they were saved."),
        ((0.0, 1.0), "All values of all images are 0: they are black. Check how they were saved."),
    ],
)
def test_what_brings_dark_images_to_white_is_said(highest, said):
    assert dark(highest).endswith(said)


def test_a_class_without_a_holdout_image_is_said(output, capsys):
    images, labels = made_up_images((20, 20, 1), 1)
    source = LabelledSet(
        ["oak", "elm", "rare"], LabelledPart(images, labels, "t"), three_classes().test
    )
    write_prepared(source, SETTINGS | {"validation": "holdout"}, output)
    assert "Classes without a validation image: rare." in capsys.readouterr().out.splitlines()


def test_a_holdout_divides_no_group(output):
    groups = np.random.default_rng(0).integers(0, 20, 120)
    images, labels = made_up_images((60, 30, 30), 1)
    train, test = (LabelledPart(images, labels, name, groups) for name in ("train", "test"))
    parts = splits.split(
        LabelledSet(["a", "b", "c"], train, test), SETTINGS | {"validation": "holdout"}
    )
    held_out, rest = (set(parts[part].groups.tolist()) for part in ("validation", "train"))
    assert not held_out & rest
    assert held_out | rest == set(groups.tolist())
    assert 10 <= len(parts["validation"]) <= 30


def test_each_test_images_group_is_kept(files, output):
    source = three_classes()
    groups = np.arange(40) // 4
    source = replace(source, test=replace(source.test, groups=groups))
    write_prepared(source, SETTINGS | {"test_images": 8}, output)
    data = PreparedData.read(output)
    expected = groups[data.per_image("test_index")]
    assert data.per_image("test_groups").tolist() == expected.tolist()


# Damage


def test_each_file_is_checked(files, output):
    prepare(files, output, validation="holdout")
    data = PreparedData.read(output)
    for name in ARRAY_FILES.values():
        file = output.with_name(name)
        content = file.read_bytes()
        for damaged in (content[:-1], content[:-1] + bytes([content[-1] ^ 1]), None):
            file.unlink()
            if damaged is not None:
                file.write_bytes(damaged)
            with pytest.raises(StudyError) as caught:
                data.check()
            message = str(caught.value)
            assert message.startswith(f"{file}: cannot be read (")
            assert message.count("\n") == 0
            assert f"delete the folder {output.parent} and run snakemake again" in message
        file.write_bytes(content)
    data.check()


@pytest.mark.parametrize("content", [None, b"", b"not JSON", b"[]", b"{}"])
def test_data_that_is_not_described_is_refused_in_one_line(output, content):
    if content is not None:
        output.parent.mkdir(parents=True)
        output.write_bytes(content)
    with pytest.raises(StudyError, match="expected the prepared data") as caught:
        PreparedData.read(output)
    assert str(caught.value).startswith(f"{output}: ")
    assert "\n" not in str(caught.value)


def test_arrays_of_another_shape_are_refused(files, output):
    prepare(files, output)
    data = PreparedData.read(output)
    np.save(output.with_name("test_images.npy"), np.zeros((3, 28, 28, 1), np.uint8))
    with pytest.raises(StudyError, match=r"holds uint8 \(3, 28, 28, 1\), and not uint8 \(40, "):
        data.images("test")
