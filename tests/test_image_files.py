"""Image files in folders and tables: decoded once, in one form, with everything odd told."""

import bz2
import gzip
import io
import lzma
import os
import re
import struct
import warnings
import zipfile
import zlib
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bakeoff.data import decode
from bakeoff.data.archives import unpacked
from bakeoff.data.audit import sentences
from bakeoff.data.decode import decode_files
from bakeoff.data.folder import list_images
from bakeoff.data.reading import open_source
from bakeoff.data.sources import _files_at, made_from, state_of
from bakeoff.errors import StudyError
from bakeoff.predicting import read_images
from image_files import (
    READING,
    class_folders,
    lock,
    random_images,
    refusal,
    save,
    tar_of,
    tar_with,
)


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def images(tmp_path):
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


def read(path, scratch, **settings):
    """Return what a source gives: class names, (images, labels, groups) by part, and the audit."""
    with open_source(READING | {"path": str(path)} | settings, [], scratch) as source:
        parts = {"train": source.train, "validation": source.validation, "test": source.test}
        made = {
            name: (np.asarray(part.images[:]), part.labels, part.groups)
            for name, part in parts.items()
            if part
        }
        return list(source.class_names), made, source.audit


def decoded(folder, scratch, image=None, unreadable="refuse", workers=1):
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    settings = {"image": image, "unreadable": unreadable}
    return decode_files(folder, names, settings, scratch, workers)


# One image


def test_pixels_come_as_they_are(images, scratch):
    pixels = random_images(3, (5, 7, 3))
    for number, each in enumerate(pixels):
        save(images / f"{number}.png", each)
    found = decoded(images, scratch)
    np.testing.assert_array_equal(found.images, pixels)
    assert found.audit["sizes"] == {"5 x 7": 3}
    assert found.audit["modes"] == {"RGB": 3}
    assert found.audit["depths"] == {"8": 3}


def test_grey_images_have_one_channel(images, scratch):
    pixels = random_images(1, (5, 7))
    save(images / "grey.png", pixels[0])
    np.testing.assert_array_equal(decoded(images, scratch).images[..., 0], pixels)


def test_sixteen_bits_are_scaled_by_their_depth_and_not_clipped(images, scratch):
    deep = np.array([[0, 257, 32_896, 65_535]], np.uint16)
    save(images / "deep.png", deep)
    save(images / "flat.png", np.array([[9, 9, 9, 9]], np.uint8))
    found = decoded(images, scratch)
    assert found.images.dtype == np.uint8
    assert found.images[0].ravel().tolist() == [0, 1, 128, 255]
    assert found.audit["depths"] == {"16": 1, "8": 1}


@pytest.mark.parametrize("extension", ["png", "tif"])
def test_where_all_have_sixteen_bits_none_is_lost(images, scratch, extension):
    deep = random_images(1, (4, 4), dtype=np.uint16)
    save(images / f"deep.{extension}", deep[0])
    found = decoded(images, scratch)
    assert found.images.dtype == np.uint16
    np.testing.assert_array_equal(found.images[..., 0], deep)
    # In colour, there are 8 bits.
    found = decoded(images, scratch, {"channels": 3})
    assert found.images.dtype == np.uint8
    assert np.abs(found.images[..., 1] - deep / 257).max() <= 0.5


def pgm(pixels, white, plain=False):
    """Return a portable graymap, or pixmap, whose values are scaled so that ``white`` is white."""
    kind = {(2, True): 2, (2, False): 5, (3, True): 3, (3, False): 6}[pixels.ndim, plain]
    head = f"P{kind}\n{pixels.shape[1]} {pixels.shape[0]}\n{white}\n"
    if plain:
        return (head + " ".join(map(str, pixels.ravel())) + "\n").encode()
    return head.encode() + pixels.astype(">u2" if white > 255 else ">u1").tobytes()


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("white", [65_535, 4_095])
def test_a_graymap_of_sixteen_bits_is_read_as_such(images, scratch, white, plain):
    deep = np.array([[0, 1_000, white // 2, white]], np.uint16)
    (images / "deep.pgm").write_bytes(pgm(deep, white, plain))
    scaled = np.rint(deep * (65_535 / white))
    found = decoded(images, scratch)
    assert found.images.dtype == np.uint16
    np.testing.assert_array_equal(found.images[0, ..., 0], scaled)
    assert (found.audit["modes"], found.audit["depths"]) == ({"I": 1}, {"16": 1})
    # Beside others, they are scaled as those of a PNG are.
    save(images / "flat.png", np.array([[9, 9, 9, 9]], np.uint8))
    found = decoded(images, scratch)
    assert (found.images.dtype, found.images.shape) == (np.uint8, (2, 1, 4, 1))
    np.testing.assert_array_equal(found.images[0, ..., 0], np.rint(scaled / 257))


def tiff(values, kind):
    """Return a TIFF whose values are of a ``kind`` of sample: 1 without a sign, 2 with one."""
    height, width = values.shape
    tags = {256: width, 257: height, 258: 8 * values.itemsize, 259: 1, 262: 1, 273: 8, 277: 1}
    tags |= {278: height, 279: values.nbytes, 339: kind}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    start = struct.pack("<I", 8 + values.nbytes)
    count = struct.pack("<H", len(tags))
    return b"II*\0" + start + values.tobytes() + count + entries + bytes(4)


def fits(values):
    cards = {"SIMPLE": "T", "BITPIX": 16, "NAXIS": 2, "NAXIS1": 8, "NAXIS2": 8}
    head = "".join(f"{key:8}= {value:>20}".ljust(80) for key, value in cards.items()) + "END"
    return head.ljust(2880).encode() + values.astype(">i2").tobytes().ljust(2880, b"\0")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (tiff(np.full((8, 8), -1_000, "<i2"), 2), "16 bits with a sign"),
        (fits(np.full((8, 8), -1_000)), "16 bits with a sign"),
        (tiff(np.full((8, 8), 70_000, "<i4"), 2), "32 bits"),
        (tiff(np.full((8, 8), 70_000, "<u4"), 1), "32 bits"),
    ],
    ids=["signed", "fits", "32 signed", "32"],
)
def test_values_that_may_be_below_black_or_of_any_range_are_refused(images, scratch, content, said):
    class_folders(images, {"a": 2, "b": 2})
    (images / "a" / "scan.tif").write_bytes(content)
    assert f"a/scan.tif (values of {said}, whose range is not known" in refusal(images, scratch)
    with pytest.raises(StudyError, match=f"scan.tif: values of {said}, whose range .*; expected"):
        read_images([images / "a" / "scan.tif"], (8, 8, 1))


def test_planes_of_sixteen_bits_are_not_read_as_eight(images, scratch):
    values = random_images(1, (3, 8, 8), dtype=np.uint16)[0].astype("<u2")
    # Three numbers of each plane: its bits, its place, and its bytes.
    end = 8 + values.nbytes
    more = struct.pack("<4H6I", 16, 16, 16, 0, 8, 136, 264, 128, 128, 128)
    tags = {256: (1, 8), 257: (1, 8), 258: (3, end), 259: (1, 1), 262: (1, 2), 273: (3, end + 8)}
    tags |= {277: (1, 3), 278: (1, 8), 279: (3, end + 20), 284: (1, 2)}
    entries = b"".join(
        struct.pack("<HHII", tag, 3 if tag == 258 else 4, *value) for tag, value in tags.items()
    )
    head = b"II*\0" + struct.pack("<I", end + len(more))
    count = struct.pack("<H", len(tags))
    content = head + values.tobytes() + more + count + entries + bytes(4)
    class_folders(images, {"a": 2, "b": 2})
    (images / "a" / "planes.tif").write_bytes(content)
    said = "a/planes.tif (planes of 16 bits, which Pillow takes for 8; save pixel by pixel)"
    assert said in refusal(images, scratch)


@pytest.mark.parametrize(
    ("name", "content", "bits"),
    [
        # Of a row, there are 160 or 216 bytes.
        ("wide.bmp", lambda: bmp(np.zeros((2, 160), np.uint8)), "8"),
        ("wide.bmp", lambda: bmp(np.zeros((2, 72, 3), np.uint8)), "8"),
        ("few.pgm", lambda: pgm(np.array([[0, 16]]), 16, plain=True), "8"),
        ("deep.ppm", lambda: pgm(np.full((1, 2, 3), 60_000), 65_535), "16"),
        ("deep.ppm", lambda: pgm(np.full((1, 2, 3), 4_000), 4_095, plain=True), "16"),
        ("few.ppm", lambda: pgm(np.full((1, 2, 3), 16), 16), "8"),
    ],
)
def test_the_depth_is_told_by_the_form_of_values_alone(images, scratch, name, content, bits):
    (images / name).write_bytes(content())
    assert decoded(images, scratch).audit["depths"] == {bits: 1}


def bmp(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "BMP")
    return file.getvalue()


def test_sixteen_bit_images_are_resized_in_their_own_range(images, scratch):
    save(images / "deep.png", np.full((8, 8), 40_000, np.uint16))
    for fit in ("stretch", "crop", "pad"):
        form = {"height": 4, "width": 6, "fit": fit, "background": "white"}
        found = decoded(images, scratch, form).images
        assert found[0, 2, 3, 0] == 40_000
        assert found[0, 2, 0, 0] == (65_535 if fit == "pad" else 40_000)


def test_images_are_turned_upright(images, scratch):
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[0] = 255  # the top row
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    for name in ("a.png", "a.jpg", "a.tif"):
        save(images / name, pixels, exif=exif)
    found = decoded(images, scratch)
    assert found.images.shape == (3, 6, 4, 3)
    assert (found.images[:, :, -1] > 250).all(), "the top row is at the right"
    assert found.audit["turned_upright"] == 3


def test_alpha_is_flattened_onto_the_stated_colour(images, scratch):
    pixels = np.zeros((1, 2, 4), np.uint8)
    pixels[0, 1] = [10, 20, 30, 255]
    save(images / "a.png", pixels)
    for background, expected in (("white", 255), ("#000000", 0)):
        found = decoded(images, scratch, {"background": background})
        assert found.images[0].tolist() == [[[expected] * 3, [10, 20, 30]]]
        assert found.audit["flattened"] == 1
    with pytest.raises(StudyError, match=r"data\.image\.background: 'whit' is no colour; expected"):
        decoded(images, scratch, {"background": "whit"})


@pytest.mark.parametrize(
    ("kind", "channels", "flattened"), [(6, 4, 1), (4, 2, 1), (2, 3, 0), (0, 1, 0)]
)
def test_alpha_of_sixteen_bits_is_flattened_and_counted(images, scratch, kind, channels, flattened):
    """Pillow writes no such PNG: ``kind`` is the format's number for what a pixel has."""
    deep = np.full((4, 4, channels), 40 * 257, ">u2")
    deep[..., -1] = 0

    def chunk(name, content):
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 4, 4, 16, kind, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in deep))
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    (images / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    save(images / "flat.png", np.zeros((4, 4, 3), np.uint8))
    found = decoded(images, scratch, {"background": "#0a0b0c"})
    assert found.audit["depths"] == {"16": 1, "8": 1}
    assert found.audit["flattened"] == flattened
    # All of it is seen through.
    pixel = {4: [10, 11, 12], 2: [10, 11, 12], 3: [40, 40, 0], 1: [0, 0, 0]}[channels]
    assert found.images[0].tolist() == [[pixel] * 4] * 4


def test_palettes_and_modes_are_expanded_and_counted(images, scratch):
    colours = np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8)
    save(images / "rgb.png", colours)
    Image.fromarray(colours).quantize(4).save(images / "palette.png")
    Image.fromarray(colours).quantize(4).save(images / "see_through.png", transparency=0)
    Image.fromarray(np.array([[0, 255]], np.uint8)).convert("1").save(images / "one_bit.png")
    Image.fromarray(colours).convert("CMYK").save(images / "print.tif")
    found = decoded(images, scratch)
    assert found.audit["modes"] == {"1": 1, "P": 2, "CMYK": 1, "RGB": 1} or found.audit[
        "modes"
    ] == {"P": 2, "1": 1, "CMYK": 1, "RGB": 1}
    by_name = dict(
        zip(sorted(p.name for p in images.iterdir()), found.images.tolist(), strict=True)
    )
    assert by_name["palette.png"] == by_name["rgb.png"] == colours.tolist()
    assert by_name["one_bit.png"] == [[[0] * 3, [255] * 3]]
    assert [255, 255, 255] in by_name["see_through.png"][0]
    assert found.audit["flattened"] == 1


def test_colour_becomes_grey_where_one_channel_is_asked_for(images, scratch):
    save(images / "a.png", np.full((2, 2, 3), (0, 255, 0), np.uint8))
    assert decoded(images, scratch, {"channels": 1}).images.ravel().tolist() == [150] * 4


FITS = {
    # A row of dark, light, light, dark, of which crop leaves the middle.
    "stretch": [[127, 127]],
    "crop": [[200, 200]],
    "pad": [[255, 255], [127, 127], [255, 255]],
}


def test_images_are_brought_to_one_size(images, scratch):
    save(images / "wide.png", np.array([[54, 200, 200, 54]] * 2, np.uint8))
    save(images / "right.png", np.array([[1, 2], [3, 4]], np.uint8))
    for fit in FITS:
        form = {"height": 2, "width": 2, "fit": fit}
        found = decoded(images, scratch, form)
        right, wide = found.images[..., 0].astype(int).tolist()
        assert right == [[1, 2], [3, 4]], "not touched"
        assert found.audit["resized"] == 1
        if fit == "crop":
            assert wide == [[200, 200]] * 2
        if fit == "pad":
            assert wide[0] == [255, 255] or wide[1] == [255, 255]
        if fit == "stretch":
            assert max(map(max, wide)) < 190


def test_images_of_several_sizes_are_named_where_none_is_given(images, scratch):
    for number in range(3):
        save(images / "a" / f"{number}.png", np.zeros((8, 6), np.uint8))
    save(images / "b" / "odd.png", np.zeros((6, 8), np.uint8))
    message = refusal(images, scratch)
    assert (
        "data.image: missing, though 1 of 4 images is not 8 x 6 as the other 3: b/odd.png (6 x 8);"
        " expected images of one size" in message
    )
    assert "data.image: {height: 8, width: 6, fit: crop}." in message


def break_file(file, how):
    content = file.read_bytes()
    file.write_bytes({"cut": content[: len(content) // 2], "text": b"no image", "empty": b""}[how])


@pytest.mark.parametrize("how", ["cut", "text", "empty"])
@pytest.mark.parametrize("extension", ["png", "jpg", "bmp"])
def test_an_unreadable_file_is_refused_by_name_or_left_out(images, scratch, how, extension):
    class_folders(images, {"a": 6, "b": 6})
    save(images / "b" / f"bad.{extension}", random_images(1, (8, 8, 3))[0])
    break_file(images / "b" / f"bad.{extension}", how)
    message = refusal(images, scratch)
    assert (
        f"data.unreadable: refuse, and 1 of 13 image files cannot be read: b/bad.{extension}"
        in message
    )
    assert message.endswith("or leave them out with data.unreadable: skip.")
    _, parts, audit = read(images, scratch, unreadable="skip")
    assert list(audit["unreadable"]) == [f"b/bad.{extension}"]
    assert sum(len(labels) for _, labels, _ in parts.values()) == 12
    assert all(pixels.any(axis=(1, 2, 3)).all() for pixels, _, _ in parts.values())


def test_a_pipe_among_the_images_is_named_and_not_waited_for(images, scratch):
    class_folders(images, {"a": 6, "b": 6})
    os.mkfifo(images / "b" / "pipe.png")
    message = refusal(images, scratch)
    assert "1 of 13 image files cannot be read: b/pipe.png (no file, but a pipe" in message
    _, _, audit = read(images, scratch, unreadable="skip")
    assert list(audit["unreadable"]) == ["b/pipe.png"]


def test_no_readable_file_at_all_is_refused(images, scratch):
    for name in ("a", "b"):
        (images / name).mkdir()
        (images / name / "x.png").write_text("no")
    assert "and so with all 2 files; expected" in refusal(images, scratch, unreadable="skip")


@pytest.mark.parametrize("source", ["folder", "table"])
def test_a_class_of_which_no_file_can_be_read_is_named(images, scratch, capsys, source):
    class_folders(images, {"a": 6, "b": 6, "c": 2, "d": 3})
    for file in ("c/000.png", "c/001.png", "d/001.png"):
        (images / file).write_text("no")
    names = sorted(str(file.relative_to(images)) for file in images.rglob("*.png"))
    file = table(images, [{"path": name, "label": name[0]} for name in names])
    path = images if source == "folder" else file
    classes, _, audit = read(path, scratch, source=source, unreadable="skip")
    assert classes == ["a", "b", "d"]
    said = "WARNING: no file of class c can be read: left out, as if there were none such."
    assert said in capsys.readouterr().out
    assert "Classes left out, as no file of theirs can be read: c." in sentences(audit, classes)
    # Names that are given are to be those that there are.
    settings = {"source": source, "unreadable": "skip", "classes": list("abcd")}
    assert "data.classes: 'c', though" in refusal(path, scratch, **settings)
    for file in ("c/000.png", "c/001.png"):
        save(images / file, np.zeros((8, 8, 3), np.uint8))
    classes, _, audit = read(path, scratch, source=source, unreadable="skip")
    assert not [each for each in sentences(audit, classes) if each.startswith("Classes left out")]


def test_values_of_unknown_range_are_refused(images, scratch):
    class_folders(images, {"a": 2, "b": 2})
    Image.fromarray(np.zeros((8, 8), np.float32)).save(images / "a" / "float.tif")
    assert "a/float.tif (values of 32 bits, whose range is not known" in refusal(images, scratch)


def test_processes_decode_as_one_does(images, scratch, monkeypatch):
    monkeypatch.setattr(decode, "_FEW", 10)
    monkeypatch.setattr(decode, "_HEADERS", 7)
    class_folders(images, {"a": 30, "b": 31})
    (images / "a" / "bad.png").write_text("no")
    alone = decoded(images, scratch, unreadable="skip")
    pixels = np.array(alone.images)
    together = decoded(images, scratch, unreadable="skip", workers=3)
    np.testing.assert_array_equal(pixels, together.images)
    assert alone.audit == together.audit
    assert alone.rows.tolist() == together.rows.tolist() == [*range(30), *range(31, 62)]


# Folders


def test_class_folders_without_a_split_have_one_drawn(images, scratch):
    class_folders(images, {"b": 20, "a": 40})
    classes, parts, audit = read(images, scratch)
    assert classes == ["a", "b"]
    assert np.bincount(parts["test"][1]).tolist() == [8, 4]
    assert np.bincount(parts["train"][1]).tolist() == [32, 16]
    assert audit["split"] == "drawn, 20 % of the images"
    everything = {image.tobytes() for pixels, _, _ in parts.values() for image in pixels}
    assert len(everything) == 60
    other = read(images, scratch, split_seed=1)[1]["test"][0]
    assert not np.array_equal(other, parts["test"][0])
    again = read(images, scratch)[1]["test"][0]
    np.testing.assert_array_equal(again, parts["test"][0])


def test_the_only_image_of_a_class_is_not_drawn_for_the_test(images, scratch):
    class_folders(images, {"elm": 10, "oak": 10} | dict.fromkeys("abcde", 1))
    classes, parts, _ = read(images, scratch)
    assert set(parts["train"][1].tolist()) == set(range(7))
    assert [classes[label] for label in sorted(parts["test"][1])] == ["elm", "elm", "oak", "oak"]


def test_a_test_share_that_leaves_nothing_to_train_on_is_refused(images, scratch):
    class_folders(images, {"elm": 2, "oak": 2})
    message = refusal(images, scratch, test_share=0.9)
    assert "data.test_share: 0.9; expected a share of the 4 images that leaves some to" in message
    _, parts, _ = read(images, scratch, test_share=0.5)
    assert {name: len(labels) for name, (_, labels, _) in parts.items()} == {"train": 2, "test": 2}


def test_a_given_split_is_kept(images, scratch):
    for seed, (part, count) in enumerate((("train", 10), ("Test", 4), ("val", 3))):
        class_folders(images / part, {"x": count, "y": count}, seed=seed)
    _, parts, audit = read(images, scratch)
    counts = {name: np.bincount(labels).tolist() for name, (_, labels, _) in parts.items()}
    assert counts == {"train": [10, 10], "test": [4, 4], "validation": [3, 3]}
    assert audit["split"] == "given"


@pytest.mark.parametrize("name", ["test", "Val"])
@pytest.mark.parametrize("loose", [0, 1, 3])
def test_a_part_without_labels_is_refused(images, scratch, name, loose):
    class_folders(images / "train", {"oak": 4, "elm": 4})
    (images / name / "oak").mkdir(parents=True)
    for number in range(loose):
        save(images / name / f"{number}.png", random_images(1, (8, 8, 3))[0])
    found = {
        0: "no image",
        1: "1 image in no class folder, which has no label",
        3: "3 images in no class folder, which have no labels",
    }[loose]
    message = refusal(images, scratch)
    assert message.startswith(f"{images / name}: {found}; expected class folders with images: ")


def test_a_part_of_which_no_file_can_be_read_is_refused(images, scratch):
    for part in ("train", "test"):
        class_folders(images / part, {"oak": 4, "elm": 4})
    for file in (images / "test").rglob("*.png"):
        file.write_bytes(b"")
    message = refusal(images, scratch, unreadable="skip")
    assert "no test image that can be read; expected at least one: " in message


def test_what_is_no_image_is_skipped_and_counted(images, scratch):
    class_folders(images, {"a": 4, "b": 4})
    (images / "a" / "000.png").rename(images / "a" / "UPPER.PNG")
    for name in (
        "a/._x.png",
        "a/Thumbs.db",
        "a/notes.txt",
        "a/more.txt",
        "b/.DS_Store",
        ".git/x.png",
    ):
        (images / name).parent.mkdir(exist_ok=True)
        (images / name).write_text("x")
    save(images / "loose.png", random_images(1, (8, 8, 3))[0])
    (images / "c").mkdir()
    _, parts, audit = read(images, scratch)
    assert sum(len(labels) for _, labels, _ in parts.values()) == 8
    assert {why: found["files"] for why, found in audit["skipped"].items()} == {
        "hidden": 3,
        "left by a system": 1,
        "no image by its name (.txt)": 2,
        "in no class folder": 1,
    }
    assert audit["skipped"]["hidden"]["such_as"] == [".git/", "a/._x.png", "b/.DS_Store"]
    assert audit["empty_class_folders"] == ["c"]


@pytest.mark.parametrize("other", ["notes", "__pycache__"])
def test_a_folder_beside_train_and_test_is_no_class_and_makes_them_none(images, scratch, other):
    for seed, part in enumerate(("train", "test")):
        class_folders(images / part, {"oak": 4, "elm": 4}, seed=seed)
    (images / other).mkdir()
    (images / other / "list.txt").write_text("x")
    classes, parts, audit = read(images, scratch)
    assert classes == ["elm", "oak"]
    assert {name: len(labels) for name, (_, labels, _) in parts.items()} == {"train": 8, "test": 8}
    assert audit["skipped"]["beside the parts of the split"]["such_as"] == [f"{other}/"]


def test_a_stray_image_in_train_makes_no_classes_of_the_parts(images, scratch):
    for seed, part in enumerate(("train", "test")):
        class_folders(images / part, {"oak": 4, "elm": 4}, seed=seed)
    save(images / "train" / "preview.png", random_images(1, (8, 8, 3))[0])
    (images / "docs").mkdir()
    classes, parts, audit = read(images, scratch)
    assert classes == ["elm", "oak"]
    assert {name: len(labels) for name, (_, labels, _) in parts.items()} == {"train": 8, "test": 8}
    assert audit["skipped"]["in no class folder"]["such_as"] == ["train/preview.png"]
    assert audit["skipped"]["beside the parts of the split"]["such_as"] == ["docs/"]


@pytest.mark.parametrize("stray", [False, True])
def test_images_beside_train_and_test_are_refused(images, scratch, stray):
    for name in ("train", "test"):
        class_folders(images / name, {"oak": 4, "elm": 4})
    class_folders(images, {"masks": 2})
    if stray:
        save(images / "train" / "preview.png", random_images(1, (8, 8, 3))[0])
    message = refusal(images, scratch)
    assert (
        f"{images}: masks with images beside test and train; expected either the parts" in message
    )


def test_a_class_called_train_holds_images_or_stands_beside_classes(images, scratch):
    class_folders(images, {"train": 5, "test": 5, "bus": 5})
    assert read(images, scratch)[0] == ["bus", "test", "train"]
    (images / "test").rename(images / "tram")
    (images / "train" / "steam").mkdir()
    for file in (images / "train").glob("*.png"):
        file.rename(images / "train" / "steam" / file.name)
    assert read(images, scratch)[0] == ["bus", "train", "tram"]


def fill(images, folders, names):
    """Put images into folders; one with braces stands for one of each of the ``names``."""
    for seed, place in enumerate(folders):
        for name in names if "{}" in place else ("",):
            class_folders(images / place.format(name), {"": 6}, seed=seed)


@pytest.mark.parametrize(
    "folders",
    [
        ("training_set/{}", "test_set/{}"),
        ("seg_train/seg_train/{}", "seg_test/seg_test/{}"),
        ("seg_train/seg_train/{}", "seg_test/seg_test/{}", "seg_pred/seg_pred"),
        ("test/{}", "val/{}"),
        ("train/{}", "test1"),
        ("train/{}", "TestSet/{}"),
        ("TrainImages/{}", "validData/{}"),
        ("train_2020", "test_2021"),
        ("data_for_training/{}", "holdout_for_test/{}"),
    ],
)
def test_parts_under_other_names_are_not_taken_for_classes(images, scratch, folders):
    fill(images, folders, ("cats", "dogs"))
    message = refusal(images, scratch)
    tops = sorted(place.partition("/")[0] for place in folders if "pred" not in place)
    assert f"{images}: {', '.join(tops)} as classes, whose names are those of the parts" in message
    # Whoever says that they are classes has them.
    tops = sorted({place.partition("/")[0] for place in folders})
    assert read(images, scratch, classes=tops)[0] == tops


@pytest.mark.parametrize("parts", [("train", "test"), ("Training", "validation", "test_set")])
def test_parts_within_class_folders_are_not_pooled(images, scratch, parts):
    fill(images, [f"{{}}/{part}" for part in parts], ("cats", "dogs"))
    message = refusal(images, scratch)
    assert f"{images}: cats/{min(parts)}, " in message
    assert "within class folders; expected the class folders in the parts of the split" in message
    # Whoever says that they are classes has them.
    assert read(images, scratch, classes=["cats", "dogs"])[0] == ["cats", "dogs"]


@pytest.mark.parametrize(
    "folders",
    [
        ("oak/train", "elm/train", "elm/bus"),
        ("train/{}", "bus/{}", "car/{}"),
        ("train/{}", "test_drive"),
        ("freight_train", "pregnancy_test"),
        ("trains/{}", "tests/{}"),
        ("valley/{}", "testudo/{}"),
        ("train_oak/{}", "train_elm/{}"),
        ("train_\u0434\u0443\u0431", "test_\u0435\u043b\u044c"),
    ],
)
def test_classes_may_have_words_of_parts_in_their_names(images, scratch, folders):
    fill(images, folders, ("day", "night"))
    assert read(images, scratch)[0] == sorted({place.partition("/")[0] for place in folders})


def test_a_link_to_a_folder_that_holds_it_is_not_followed(images, scratch):
    class_folders(images, {"a": 8, "b": 8})
    (images / "a" / "up").symlink_to("..")
    (images / "a" / "deep").mkdir()
    (images / "a" / "deep" / "up").symlink_to(images / "a")
    (images / "a" / "other").symlink_to(images / "b")
    (images / "b" / "back").symlink_to(images / "a")
    (images / "b" / "far").symlink_to(images.parent)
    names, skipped = list_images(images)
    assert Counter(name.rpartition("/")[0] for name in names) == {
        **{"a": 8, "a/other": 8},
        **{"b": 8, "b/back": 8},
    }
    loops = {"a/up", "a/deep/up", "a/other/back", "a/other/far", "b/back/up", "b/back/deep/up"}
    loops |= {"b/back/other", "b/far"}
    assert set(skipped["a link to a folder that holds it"]) == loops
    settings = READING | {"path": str(images)}
    read_by_plan = {name for name, *_ in _files_at(images, settings) if name.endswith(".png")}
    assert {os.path.normpath(name) for name in read_by_plan} == set(names)


def test_a_folder_that_cannot_be_listed_is_named(images, scratch, monkeypatch):
    class_folders(images, {"a": 8, "b": 8, "b/more": 8})
    settings = READING | {"path": str(images)}
    before = state_of(settings)
    with monkeypatch.context() as patched:
        lock(patched, images / "b" / "more")
        message = refusal(images, scratch)
        assert message.startswith(
            f"{images}/b/more: cannot be listed (Permission denied); expected"
        )
        with pytest.raises(StudyError, match="b/more: cannot be listed"):
            state_of(settings)
    assert state_of(settings) == before
    # What each disk has at its top is none of the data.
    (images / "lost+found").mkdir()
    lock(monkeypatch, images / "lost+found")
    assert state_of(settings) == before
    assert len(list_images(images)[0]) == 24


def test_an_archive_with_a_wrong_bit_is_refused(images, tmp_path, scratch):
    class_folders(images, {"a": 8, "b": 8})
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(images.rglob("*.png")):
            archive.write(file, file.relative_to(images))
    content = bytearray((tmp_path / "x.zip").read_bytes())
    # The first file's first block, of a kind that there is not.
    content[30 + len("a/000.png")] |= 0b110
    (tmp_path / "x.zip").write_bytes(content)
    message = refusal(tmp_path / "x.zip", scratch)
    assert "x.zip: cannot be unpacked (Error -3 while decompressing data" in message


def test_one_class_or_none_is_refused(images, scratch):
    assert "no class folder with images; expected at least two" in refusal(images, scratch)
    class_folders(images, {"a": 4})
    (images / "b").mkdir()
    assert f"{images}: a alone; expected at least two class folders" in refusal(images, scratch)


def test_a_class_with_test_images_alone_is_refused(images, scratch):
    class_folders(images / "train", {"a": 4, "b": 4})
    class_folders(images / "test", {"a": 4, "b": 4, "c": 4}, seed=1)
    message = refusal(images, scratch)
    assert "no image of class c; expected training images" in message
    assert "differ in" not in message


@pytest.mark.parametrize("names", [("Oak", "oak"), ("B\u00e4rlapp", "Ba\u0308rlapp")])
def test_class_folders_written_in_two_ways_are_named(images, scratch, names):
    for seed, (part, name) in enumerate(zip(("train", "test"), names, strict=True)):
        class_folders(images / part, {"elm": 4, name: 4}, seed=seed)
    message = refusal(images, scratch)
    assert f"no image of class {names[1]}; expected" in message
    assert f"({names[1]} and {names[0]} differ in case, or in how accents are stored" in message


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("O\u0308l", "\u00d6l"), r"labels 'O\u0308l' and '\xd6l' read alike and are"),
        (("no\u00a0leaf", "no leaf"), r"labels 'no leaf' and 'no\xa0leaf' read alike and are"),
    ],
)
def test_one_name_stored_in_two_ways_is_not_two_classes(images, scratch, names, said):
    class_folders(images, dict.fromkeys(names, 10) | {"elm": 10})
    assert said in refusal(images, scratch)
    classes = ["elm", *names]
    assert read(images, scratch, classes=classes)[0] == classes


def test_a_class_with_validation_images_alone_is_refused(images, scratch):
    for part, name in {"train": "oak", "test": "oak", "val": "Oak"}.items():
        class_folders(images / part, {name: 6, "birch": 6})
    message = refusal(images, scratch)
    assert f"{images}/train: no image of class Oak; expected training images of each" in message
    assert f"that has validation images, as {images}/val has: add some, or leave those" in message
    assert "(Oak and oak differ in case" in message
    message = refusal(images, scratch, classes=["oak", "birch"])
    assert f"data.classes: no 'Oak', though {images}/val has images with that label" in message


def test_a_class_of_a_tables_validation_rows_alone_is_refused(images, scratch):
    splits = ["train"] * 8 + ["test"] * 6 + ["val"] * 6
    rows = rows_of(images, label=["oak", "elm"] * 7 + ["Oak", "elm"] * 3, split=splits)
    message = refusal(table(images, rows), scratch, source="table")
    assert "table.csv: no training image of class Oak; expected training images of" in message
    assert "that has validation images: add some" in message


def test_classes_that_differ_in_case_are_two(images, scratch):
    class_folders(images, {"a": 10, "A": 10})
    assert read(images, scratch)[0] == ["A", "a"]


def test_names_of_classes_may_be_given_in_another_order(images, scratch):
    class_folders(images, {"a": 10, "b": 20})
    classes, parts, audit = read(images, scratch, classes=["b", "a"])
    assert classes == ["b", "a"]
    assert np.bincount(parts["train"][1]).tolist() == [16, 8]
    assert audit["labels"]["numbered"] == ["b", "a"]
    assert "data.classes: no 'a'" in refusal(images, scratch, classes=["b", "c"])


def test_a_path_that_is_not_there(tmp_path, scratch):
    assert "data.path: nowhere does not exist in" in refusal("nowhere", scratch)
    (tmp_path / "file").write_text("x")
    for name in ("file", "cut.zip"):
        (tmp_path / name).write_text("PK")
        assert (
            f"{name} is a file, and no zip or tar archive that can be read; expected a folder"
            in (refusal(tmp_path / name, scratch))
        )


# Groups


def test_a_drawn_split_divides_no_group(images, scratch):
    random = np.random.default_rng(0)
    for patient in range(30):
        for number in range(random.integers(1, 8)):
            name = "ill" if patient % 3 else "well"
            save(
                images / name / f"p{patient:02}_{number}.png", random_images(1, (4, 4), patient)[0]
            )
    _, parts, audit = read(images, scratch, group=r"p(\d+)_")
    train, test = (set(parts[name][2].tolist()) for name in ("train", "test"))
    assert not train & test
    assert len(train | test) == 30
    share = len(parts["test"][1]) / sum(len(part[1]) for part in parts.values())
    assert 0.1 < share < 0.3
    assert set(parts["test"][1].tolist()) == {0, 1}
    assert audit["groups"]["test_images_of_training_groups"] == 0
    assert audit["groups"]["groups"] == {"train": len(train), "test": len(test)}


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_the_only_group_of_a_class_is_not_drawn_for_the_test(images, scratch, share):
    """With a half, each half has such a group: it is left out of the half that is drawn."""
    for name, count in {"oak": 12, "elm": 12, "yew": 1, "fir": 1}.items():
        for number, pixels in enumerate(random_images(count, (4, 4))):
            patient = {"yew": 3, "fir": 4}.get(name, number % 5)
            save(images / name / f"p{patient}_{number}.png", pixels)
    for seed in range(10):
        options = {"group": "(p[0-9]+)_", "split_seed": seed, "test_share": share}
        _, parts, _ = read(images, scratch, **options)
        assert set(parts["train"][1].tolist()) == {0, 1, 2, 3}
        assert set(parts["test"][1].tolist()) == {0, 2}, "oak and elm"
        assert not set(parts["train"][2].tolist()) & set(parts["test"][2].tolist())


@pytest.mark.parametrize("group", [None, "^([a-z]+)"])
def test_where_a_class_would_not_be_trained_on_what_helps_is_said(images, scratch, group):
    class_folders(images, dict.fromkeys("abcde", 5 if group else 1))
    message = refusal(images, scratch, group=group)
    assert re.match(rf"{images}: all images of class [a-e] were drawn for the test; exp", message)
    others = " of other groups" * bool(group)
    assert f": add images{others}, or try another data.split_seed or data.test_share" in message


def test_groups_of_classes_too_small_to_be_shared_out_are_refused(images, scratch):
    class_folders(images, {"a": 3, "b": 3, "c": 3})
    message = refusal(images, scratch, group="(.*)")
    assert "data.group: given, and no class has more than 3 images to draw from" in message
    assert "; expected at least 4 of one, to draw one part of 4 without dividing" in message


def test_a_rare_class_leaves_no_warning_of_scikit_learn_in_the_log(images, scratch):
    class_folders(images, {"a": 10, "b": 10, "c": 2})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(images, scratch, group="(.*)")


def test_a_given_split_that_divides_groups_is_said_loudly(images, scratch, capsys):
    for part, patients in (("train", "abcd"), ("test", "de")):
        for patient in patients:
            for name in ("x", "y"):
                save(
                    images / part / name / f"{patient}.png",
                    random_images(1, (4, 4), ord(patient))[0],
                )
    _, _, audit = read(images, scratch, group=r"(\w)\.png")
    assert "WARNING: the split divides 1 group: 2 of the 4 test images are of groups that" in (
        capsys.readouterr().out
    )
    assert audit["groups"]["test_images_of_training_groups"] == 2


def test_a_pattern_that_finds_no_group_is_refused(images, scratch):
    class_folders(images, {"a": 4, "b": 4})
    message = refusal(images, scratch, group="patient_([0-9]+)")
    assert "data.group: patient_([0-9]+) finds nothing in 8 of 8 file names: a/000.png, " in message


@pytest.mark.parametrize("pattern", ["p([0-9]+)_|site([0-9]+)_", "(p[0-9]+)?_", "(p?)[0-9]*_"])
def test_a_parenthesis_that_found_nothing_is_no_group_of_all_such_images(images, scratch, pattern):
    for name in "ab":
        for number, pixels in enumerate(random_images(20, (4, 4))):
            whom = "p" if number < 17 else "site"
            save(images / name / f"{whom}{number}_.png", pixels)
    message = refusal(images, scratch, group=pattern)
    said = f"data.group: {pattern} finds nothing in 6 of 40 file names: a/site17_.png, a/site18"
    assert said in message
    assert message.endswith("finds the group in each, within its first parenthesis: correct it.")
    # One parenthesis for both kinds.
    _, _, audit = read(images, scratch, group="((?:p|site)[0-9]+)_")
    assert sum(audit["groups"]["groups"].values()) == 20


def test_one_name_stored_in_two_ways_is_one_group(images, scratch, capsys):
    for part, whom in (("train", "J\u00f6rg"), ("test", "Jo\u0308rg")):
        for name in "ab":
            for number, pixels in enumerate(random_images(4, (4, 4), len(part))):
                save(images / part / name / f"{whom if number else part}_{number}.png", pixels)
    _, _, audit = read(images, scratch, group="([^/]+)_[0-9]")
    assert audit["groups"]["groups"] == {"train": 2, "test": 2}
    assert audit["groups"]["test_images_of_training_groups"] == 6
    said = capsys.readouterr().out
    assert "WARNING: the split divides 1 group: 6 of the 8 test images are" in said


def test_too_few_groups_are_refused(images, scratch):
    class_folders(images, {"a": 4, "b": 4})
    assert "data.group: 2 groups; expected at least 4" in refusal(images, scratch, group="^[ab]")


# Tables


def table(folder, rows, name="table.csv"):
    frame = pd.DataFrame(rows)
    (folder / name).parent.mkdir(exist_ok=True)
    frame.to_csv(folder / name, index=False)
    return folder / name


def rows_of(images, count=20, **columns):
    """Save images and return rows with their paths and labels."""
    rows = []
    for number, pixels in enumerate(random_images(count, (6, 6, 3))):
        save(images / "pictures" / f"{number}.png", pixels)
        rows.append({"path": f"pictures/{number}.png", "label": "ab"[number % 2]})
        rows[-1] |= {name: values[number % len(values)] for name, values in columns.items()}
    return rows


def test_a_table_of_paths_and_labels(images, scratch):
    file = table(images, rows_of(images))
    save(images / "pictures" / "extra.png", random_images(1, (6, 6, 3))[0])
    classes, parts, audit = read(file, scratch, source="table")
    assert classes == ["a", "b"]
    assert [len(labels) for _, labels, _ in parts.values()] == [16, 4]
    assert audit["skipped"]["named by no row"] == {"files": 1, "such_as": ["pictures/extra.png"]}


@pytest.mark.parametrize(
    ("plain", "written_out", "other"),
    [
        ({"image": None}, {"image": {"fit": "stretch", "channels": None}}, {"channels": 1}),
        ({"image": {"height": 8}}, {"image": {"height": 8, "background": "white"}}, {"fit": "pad"}),
        ({"columns": None}, {"columns": {"path": "path", "label": None}}, {"path": "file"}),
    ],
)
def test_defaults_that_are_written_out_prepare_nothing_anew(images, plain, written_out, other):
    file = table(images, rows_of(images))
    every = {"train_images": None, "test_images": None, "validation": "test", "holdout_images": 1}
    data = READING | every | {"source": "table", "path": str(file)}
    made = made_from(data | plain)
    assert made_from(data | written_out) == made
    [(key, value)] = written_out.items()
    assert made_from(data | {key: value | other}) != made


@pytest.mark.parametrize("named", ["the table", "its folder"])
@pytest.mark.parametrize("columns", [None, {"path": None}])
def test_an_image_that_a_table_names_is_seen_wherever_it_lies(images, named, columns):
    save(images / "a.png", random_images(1, (6, 6, 3))[0])
    file = table(images, [{"path": "../a.png", "label": "a"}], "sub/table.csv")
    path = file if named == "the table" else file.parent
    data = {"source": "table", "path": str(path), "columns": columns}
    before = state_of(data)
    os.utime(images / "a.png", (0, 0))
    assert state_of(data) != before
    # Of two tables, none is read.
    if named == "its folder":
        table(images, [], "sub/other.csv")
        before = state_of(data)
        os.utime(images / "a.png", (1, 1))
        assert state_of(data) == before


WRITINGS = {
    "plain": ("t.csv", open, "path,label\n"),
    "gzip": ("t.csv.gz", gzip.open, "path,label\n"),
    "bzip2": ("t.CSV.BZ2", bz2.open, "path,label\n"),
    "xz": ("t.csv.xz", lzma.open, "path,label\n"),
    "blank first lines": ("t.csv", open, "\n \npath,label\n"),
    "a mark and quotes": ("t.csv", open, '\ufeff"path","label"\r\n'),
    "a long text": ("t.csv", open, f'path,label,"{"x" * 200_000}"\n'),
    "an empty row": ("t.csv", open, "path,label\n\n"),
}


@pytest.mark.parametrize(("name", "opened", "first"), WRITINGS.values(), ids=WRITINGS)
def test_of_a_table_that_is_read_each_image_is_seen(images, scratch, name, opened, first):
    """What planning does not look at could change without a run being trained anew."""
    rows = rows_of(images)
    with opened(images / name, "wt", encoding="utf-8", newline="") as file:
        file.write(first + "".join(f" {row['path']},{row['label']}\r\n" for row in rows))
    parts = read(images / name, scratch, source="table")[1]
    assert sum(len(labels) for _, labels, _ in parts.values()) == 20
    data = READING | {"source": "table", "path": str(images / name)}
    states = {state_of(data)}
    for row in rows:
        os.utime(images / row["path"], (0, 0))
        states.add(state_of(data))
    assert len(states) == 21


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_a_table_that_is_damaged_is_refused(images, scratch, suffix):
    file = images / f"t.csv{suffix}"
    content = b"path,label\n" + b"".join(b"pictures/%d.png,a\n" % n for n in range(20_000))
    packed = {".gz": gzip, ".bz2": bz2, ".xz": lzma}
    if suffix in packed:
        content = packed[suffix].compress(content)[:-30]
    file.write_bytes(content if suffix in packed else b"\x28\xb5\x2f\xfd" + content)
    message = refusal(file, scratch, source="table")
    assert message.startswith(f"{file}: cannot be read as a table (")
    state_of(READING | {"source": "table", "path": str(file)})


@pytest.mark.parametrize("content", ["", "\n\n \n"])
def test_a_table_of_nothing_is_refused(images, scratch, content):
    (images / "t.csv").write_text(content)
    message = refusal(images / "t.csv", scratch, source="table")
    assert "t.csv: cannot be read as a table (it is empty); expected CSV in UTF-8" in message
    state_of(READING | {"source": "table", "path": str(images / "t.csv")})


@pytest.mark.parametrize("where", ["absolute", "above"])
def test_a_packed_table_names_only_what_is_packed_with_it(images, tmp_path, scratch, where):
    rows = rows_of(images)
    table(images, rows)
    archive = tmp_path / "set.zip"

    def pack():
        with zipfile.ZipFile(archive, "w") as packed:
            for file in sorted(images.rglob("*.*")):
                packed.write(file, f"set/{file.relative_to(images)}")

    pack()
    parts = read(archive, scratch, source="table")[1]
    assert sum(len(labels) for _, labels, _ in parts.values()) == 20
    away = {"absolute": str(images / rows[3]["path"]), "above": "pictures/../../../3.png"}[where]
    rows[3]["path"] = away
    table(images, rows)
    pack()
    message = refusal(archive, scratch, source="table")
    said = f"{archive}: the table table.csv names 1 of 20 images outside of its own folder: {away};"
    assert message.startswith(said)


def test_a_column_of_which_there_are_two_is_refused(images, scratch):
    for row in (rows := rows_of(images)):
        row |= {"label ": "x", "note": "y", "note ": "z"}
    file = table(images, rows)
    text = file.read_text()
    # What is not read may have any name.
    file.write_text(text.replace("note ", "note"))
    assert read(file, scratch, source="table")[0] == ["a", "b"]
    file.write_text(text.replace("label ", "label"))
    message = refusal(file, scratch, source="table")
    assert message.startswith(f"{file}: more than one column label; expected one of each name: ")
    frame = pixel_frame()
    frame.columns = ["pixel5" if name == "pixel6" else name for name in frame]
    frame.to_csv(file, index=False)
    assert "more than one column pixel5; expected" in refusal(file, scratch, source="table")


def test_a_tables_split_and_groups_are_taken(images, scratch):
    rows = rows_of(images, split=["train"] * 6 + ["Test", "val"] * 2, group=list("pqrstuvwxy"))
    file = table(images, rows)
    pixels = random_images(20, (6, 6, 3))
    _, parts, audit = read(file, scratch, source="table")
    np.testing.assert_array_equal(parts["test"][0], pixels[[6, 8, 16, 18]])
    assert {name: len(labels) for name, (_, labels, _) in parts.items()} == {
        "train": 12,
        "validation": 4,
        "test": 4,
    }
    assert audit["groups"]["groups"] == {"train": 6, "validation": 2, "test": 2}


def test_columns_may_have_other_names(images, scratch):
    rows = [
        {"file": row["path"], "diagnosis": row["label"], "patient": row["who"]}
        for row in rows_of(images, who=list("abcdefghij"))
    ]
    file = table(images, rows)
    columns = {"path": "file", "label": "diagnosis"}
    _, parts, _ = read(file, scratch, source="table", columns=columns, group="patient")
    assert not set(parts["train"][2].tolist()) & set(parts["test"][2].tolist())
    message = refusal(file, scratch, source="table", columns=columns, group="doctor")
    assert "data.group: doctor finds nothing in" in message or "no such column" in message
    assert "data.columns.label: label, and" in refusal(
        file, scratch, source="table", columns={"path": "file"}
    )
    assert "data.group: p([0-9]+: missing ), unterminated subpattern at" in refusal(
        file, scratch, source="table", columns=columns, group="p([0-9]+"
    )


def test_a_table_may_mix_absolute_and_relative_paths(images, scratch):
    rows = rows_of(images)
    for row in rows[:7]:
        row["path"] = str(images / row["path"])
    _, parts, audit = read(table(images, rows), scratch, source="table")
    assert sum(len(labels) for _, labels, _ in parts.values()) == len(rows)
    assert audit["skipped"] == {}


def test_a_row_without_a_file_or_a_label_is_named(images, scratch):
    rows = rows_of(images)
    rows[3]["path"] = "pictures/none.png"
    file = table(images, rows)
    message = refusal(file, scratch, source="table")
    assert "1 of 20 rows names a file that does not exist: pictures/none.png (row 5)" in message
    rows[3] |= {"path": "pictures/3.png", "label": ""}
    assert "no label in row 5; expected one in each row" in refusal(
        table(images, rows), scratch, source="table"
    )
    rows[3] |= {"label": "a", "split": "fold 1"}
    rows = [{"split": "train"} | row for row in rows]
    assert "'fold 1' in the column split, row 5; expected train, validation or test" in refusal(
        table(images, rows), scratch, source="table"
    )


@pytest.mark.parametrize("kind", ["paths", "pixels"])
def test_rows_are_counted_as_a_spreadsheet_does(images, scratch, kind):
    """Which shows empty rows too, and a field of two lines in one row."""
    file = images / "table.csv"
    if kind == "paths":
        lines = ["path,label,note", *(f"{row['path']},a,x" for row in rows_of(images))]
        lines[2] = lines[2].replace(",x", ',"two\nlines"')
    else:
        lines = ["pixel0,label,note", *(f"{n},a,x" for n in range(20))]
        lines[2] = lines[2].replace(",x", ',"two\nlines"')
    lines[4] = lines[4].replace(",a", ",")
    lines[6] = lines[6].replace(",a", ",")
    file.write_text("\n".join(["", lines[0], "", "  ", *lines[1:6], "", *lines[6:]]))
    assert "no label in rows 8, 11; expected one in" in refusal(file, scratch, source="table")
    if kind == "paths":
        text = file.read_text().replace(",,", ",a,")
        file.write_text(text.replace("pictures/5", "none"))
        assert "not exist: none.png (row 11); exp" in refusal(file, scratch, source="table")
        file.write_text(text.replace("5.png,a,x", "5.png,a,x,y"))
        message = refusal(file, scratch, source="table")
        assert f"{file}: row 11 has more fields than the first line has names; expected" in message


@pytest.mark.parametrize("opened", ["path", "note"])
@pytest.mark.parametrize("closed", ["", '"'])
def test_a_quote_that_is_not_closed_is_refused_with_its_row(images, scratch, opened, closed):
    rows = rows_of(images, 600, note=["x"])
    lines = table(images, rows).read_text().splitlines()
    lines[4] = lines[4].replace("pic", '"pic') if opened == "path" else lines[4][:-1] + '"x'
    lines[9] = lines[9].replace("pic", f"{closed}pic")
    file = images / "table.csv"
    file.write_text("\n".join(lines) + "\n")
    message = refusal(file, scratch, source="table")
    assert "(the quote that is opened in row 5 is not closed where a field ends); exp" in message
    assert len(message) < 500


def test_a_note_of_several_lines_is_no_fault(images, scratch):
    file = table(images, rows_of(images, note=['of "two"\nlines, and a comma', "x"], more=["y"]))
    before = read(file, scratch, source="table")
    file.write_text(file.read_text().replace('comma",', 'comma" ,'))
    assert " ,y" in file.read_text()
    after = read(file, scratch, source="table")
    np.testing.assert_array_equal(before[1]["train"][0], after[1]["train"][0])
    assert len(after[1]["train"][1]) == 16


@pytest.mark.parametrize("break_", ["\n", "\r", "\0"])
@pytest.mark.parametrize("column", ["path", "label"])
def test_a_line_break_in_a_field_is_refused_with_its_row(
    images, scratch, monkeypatch, column, break_
):
    rows = rows_of(images, note=["first\nsecond"])
    rows[3][column] = f"{rows[3][column]}{break_}{400 * 'x'}y"
    file = images / "table.parquet"
    file.touch()
    monkeypatch.setattr(pd, "read_parquet", lambda _: pd.DataFrame(rows))
    message = refusal(file, scratch, source="table")
    assert f"a line break or a NUL in the column {column}, row 5 (" in message
    assert f" \\u2026 {49 * 'x'}y'); expected texts of one line" in message
    file.unlink()
    if break_ == "\n":
        message = refusal(table(images, rows), scratch, source="table")
        assert f"a line break or a NUL in the column {column}, row 5 (" in message


@pytest.mark.parametrize("column", ["path", "label", "note"])
def test_bytes_that_are_zero_are_refused_with_their_row(images, scratch, column):
    rows = rows_of(images, note=["x"])
    rows[3][column] = "a\0\0\0\0b"
    file = table(images, rows)
    assert state_of(READING | {"path": str(file), "source": "table"})
    message = refusal(file, scratch, source="table")
    assert f"{file}: cannot be read as a table (row 5 has bytes that are zero" in message


def test_a_path_that_is_too_long_is_that_of_no_file(images, scratch):
    rows = rows_of(images)
    rows[3]["path"] = 5_000 * "x"
    message = refusal(table(images, rows), scratch, source="table")
    assert f"a file that does not exist: {200 * 'x'} \u2026 {50 * 'x'} (row 5); exp" in message


def test_unreadable_files_of_a_table_are_left_out(images, scratch):
    file = table(images, rows_of(images, split=["train", "train", "test", "test"]))
    (images / "pictures" / "2.png").write_text("no")
    _, parts, audit = read(file, scratch, source="table", unreadable="skip")
    assert len(parts["test"][1]) == 9
    pixels = random_images(20, (6, 6, 3))
    np.testing.assert_array_equal(parts["test"][0][:2], pixels[[3, 6]])
    assert list(audit["unreadable"]) == ["pictures/2.png"]


def test_kaggles_table_of_pixels(images, scratch):
    pixels = random_images(20, (28, 28))
    frame = pd.DataFrame(pixels.reshape(20, -1), columns=[f"pixel{n}" for n in range(784)])
    frame.insert(0, "label", np.arange(20) % 2 + 3)
    frame.to_csv(images / "train.csv", index=False)
    classes, parts, _ = read(images / "train.csv", scratch, source="table")
    assert classes == ["3", "4"]
    found = {image.tobytes() for images, _, _ in parts.values() for image in images}
    assert found == {image.tobytes() for image in pixels}
    message = refusal(
        images / "train.csv", scratch, source="table", image={"height": 20, "width": 20}
    )
    assert "data.image: 20 x 20 x 1, and" in message
    frame["pixel5"] = 300
    frame.to_csv(images / "train.csv", index=False)
    message = refusal(images / "train.csv", scratch, source="table")
    said = "pixels from 0 to 300; expected whole numbers from 0 to 255, or all from 0 to 1: save"
    assert said in message


def pixel_frame(dtype=np.int64):
    pixels = random_images(20, (4, 4)).reshape(20, -1)
    frame = pd.DataFrame(pixels.astype(dtype), columns=[f"pixel{n}" for n in range(16)])
    return frame.assign(label=np.arange(20) % 2)


@pytest.mark.parametrize(
    "names",
    [
        [f"pixel{n}" for n in range(12)],
        [f"pixel_{n}" for n in range(1, 13)],
        [f"{row}x{column}" for row in range(1, 2) for column in range(1, 13)],
        [f"{row}x{column}" for row in range(12) for column in range(1)],
    ],
    ids=["from 0", "from 1", "one row", "one column"],
)
def test_pixels_stand_where_their_names_say(written, scratch, names):
    """R, and all that sorts names as texts, writes pixel10 before pixel2."""
    pixels = random_images(20, (12,))
    frame = pd.DataFrame(pixels, columns=names)[sorted(names)].assign(label=np.arange(20) % 2)
    assert list(frame.columns[:-1]) != names
    shape = {"1": (1, 12), "0": (12, 1)}.get(names[0][0], (2, 6))
    image = {"height": 2, "width": 6} if names[0].startswith("pixel") else None
    parts = read(written(frame), scratch, source="table", image=image)[1]
    found = {each.tobytes() for part in parts.values() for each in part[0]}
    assert found == {each.tobytes() for each in pixels}
    assert parts["train"][0].shape[1:] == (*shape, 1)


def test_pixels_named_by_row_and_column_are_no_square_by_their_number(written, scratch):
    names = [f"{row}x{column}" for column in range(1, 9) for row in range(1, 3)]
    pixels = random_images(20, (8, 2))
    frame = pd.DataFrame(pixels.reshape(20, 16), columns=names).assign(label=np.arange(20) % 2)
    parts = read(written(frame), scratch, source="table")[1]
    found = {each.tobytes() for part in parts.values() for each in part[0][..., 0]}
    assert found == {each.T.tobytes() for each in pixels}
    assert parts["test"][0].shape[1:] == (2, 8, 1)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("pixel0 pixel1 pixel3 pixel4", "up to pixel4 without pixel2; expected all of them, n"),
        ("pixel2 pixel3 pixel4 pixel5", "up to pixel5 without pixel1; expected all of them"),
        ("pixel0 pixel1 pixel3 pixel99999999999", "without pixel2; expected"),
        ("1x1 1x2 2x2 3x3", "columns of pixels up to 3x3 without 1x3; expected all of them"),
        ("pixel0 pixel1 pixel2 pixel_1", "the columns pixel1 and pixel_1 are one pixel; expected"),
        ("pixel0 pixel1 pixel2 pixel02", "the columns pixel2 and pixel02 are one pixel; expected"),
        ("pixel0 pixel1 1x1 1x2", "called both as pixel0 and as 1x1; expected one way: rename"),
    ],
)
def test_pixels_that_are_missing_or_twice_there_are_refused(written, scratch, names, said):
    pixels = random_images(20, (4,))
    frame = pd.DataFrame(pixels, columns=names.split()).assign(label=np.arange(20) % 2)
    assert said in refusal(written(frame), scratch, source="table")


@pytest.fixture(params=["csv", "parquet"])
def written(request, images, monkeypatch):
    """A function that writes a frame as a table, and returns the table's path."""

    def write(frame):
        file = images / f"pixels.{request.param}"
        frame.to_csv(file, index=False)
        # As pyarrow, which not all have, would return it.
        monkeypatch.setattr(pd, "read_parquet", lambda _: frame.copy())
        return file

    return write


def test_pixels_may_be_fractions_of_one(written, scratch):
    frame = pixel_frame(np.float64)
    pixels = [f"pixel{n}" for n in range(16)]
    whole = {
        image.tobytes()
        for part in read(written(frame), scratch, source="table")[1].values()
        for image in part[0]
    }
    frame[pixels] /= 255
    parts = read(written(frame), scratch, source="table")[1].values()
    assert {part[0].dtype for part in parts} == {np.dtype(np.float32)}
    again = np.concatenate([np.rint(255 * part[0]).astype(np.uint8) for part in parts])
    assert {image.tobytes() for image in again} == whole


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.nan, "' in the column pixel3, rows 4, 7; expected a number for each pixel: add it"),
        ("x", "'x' in the column pixel3, rows 4, 7; expected a number for each pixel: add it"),
        (0.5, "fractions such as 0.5 in columns of pixels up to 25"),
        (-3, "pixels from -3 to 25"),
        (-0.5, "pixels from -0.5 to 25"),
        ("99999999999999999999999", "pixels from 0 to 1e+23; expected whole numbers from 0 to 255"),
    ],
)
def test_pixels_that_are_none_are_named(written, scratch, value, said):
    frame = pixel_frame()
    frame["pixel3"] = frame["pixel3"].astype(object)
    frame.loc[[2, 5], "pixel3"] = value
    frame["pixel3"] = frame["pixel3"].astype(str if isinstance(value, str) else float)
    assert said in refusal(written(frame), scratch, source="table")


def test_fractions_below_zero_are_told_both_ranges(written, scratch):
    frame = pixel_frame(np.float64)
    frame[[f"pixel{n}" for n in range(16)]] /= 255
    frame.loc[2, "pixel3"] = -0.5
    said = "pixels from -0.5 to 1; expected whole numbers from 0 to 255, or all from 0 to 1: save"
    frame.loc[2, "pixel4"] = 1
    assert said in refusal(written(frame), scratch, source="table")


@pytest.mark.parametrize("last", ["1,5,6", "1,5,6,9"])
def test_a_row_with_more_fields_than_names_is_refused(images, scratch, last):
    """pandas would take the first field of each row for its name, and shift the others."""
    file = images / "table.csv"
    file.write_text(f"label,pixel0,pixel1\n0,1,2,9\n{last}\n")
    message = refusal(file, scratch, source="table")
    assert message.startswith(f"{file}: a row has more fields than the first line has names; exp")
    assert "\n" not in message


def test_parquet_without_pyarrow_is_said(images, scratch, monkeypatch):
    def missing(*_, **__):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(pd, "read_parquet", missing)
    (images / "table.parquet").write_bytes(b"PAR1")
    assert "pip install pyarrow, or save the table as CSV." in refusal(
        images / "table.parquet", scratch, source="table"
    )


def test_a_table_that_is_none(images, scratch):
    (images / "t.csv").write_bytes(b"\xff\xfe\x00path,label")
    assert "cannot be read as a table" in refusal(images / "t.csv", scratch, source="table")
    (images / "t.csv").write_text("path,label\n")
    assert "no rows; expected one for each image" in refusal(
        images / "t.csv", scratch, source="table"
    )
    assert "does not exist in" in refusal(images / "u.csv", scratch, source="table")


# Archives


@pytest.mark.parametrize("kind", ["tar.gz", "zip"])
def test_archives_are_unpacked_while_they_are_read(images, tmp_path, scratch, kind):
    class_folders(images, {"a": 5, "b": 5})
    archive = tmp_path / f"set.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for file in sorted(images.rglob("*.png")):
                packed.write(file, f"set/{file.relative_to(images)}")
    else:
        tar_of(images, archive, "set")
    direct, packed = (read(path, scratch)[1] for path in (images, archive))
    for part in direct:
        np.testing.assert_array_equal(direct[part][0], packed[part][0])
    assert not list(scratch.glob(".unpacked*"))


def packed(file, content):
    with zipfile.ZipFile(file, "w") as archive:
        for name, of_file in content.items():
            archive.writestr(name, of_file)
    return file


def files_in(folder):
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.mark.parametrize("source", ["folder", "table"])
@pytest.mark.parametrize("beside", [".DS_Store", "README.txt", "LICENSE", "__MACOSX/set/._1.png"])
def test_what_lies_beside_the_only_folder_of_an_archive_is_passed_over(
    images, tmp_path, scratch, source, beside
):
    if source == "folder":
        class_folders(images, {"a": 5, "b": 5})
    else:
        table(images, rows_of(images))
    content = {f"set/{name}": of_file for name, of_file in files_in(images).items()}
    file = packed(tmp_path / "set.zip", content | {beside: "x"})
    direct, read_packed = (read(path, scratch, source=source)[1] for path in (images, file))
    for part in direct:
        np.testing.assert_array_equal(direct[part][0], read_packed[part][0])


def test_the_only_part_of_an_archive_stays_one_with_a_file_beside_it(images, tmp_path, scratch):
    class_folders(images, {"a": 5, "b": 5})
    content = {f"train/{name}": of_file for name, of_file in files_in(images).items()}
    file = packed(tmp_path / "set.zip", content | {"README.txt": "x"})
    _, _, audit = read(file, scratch, group=r"(train/./\d+)")
    assert audit["skipped"] == {
        "no image by its name (.txt)": {"files": 1, "such_as": ["README.txt"]}
    }


@pytest.mark.parametrize("settings", [{}, {"classes": ["a", "c"]}])
def test_a_fault_in_an_archive_names_the_archive(images, tmp_path, scratch, settings):
    class_folders(images, {"a": 5} | ({"b": 5} if settings else {}))
    content = {f"set/{name}": of_file for name, of_file in files_in(images).items()}
    content["more/list.txt"] = "x"
    message = refusal(packed(tmp_path / "set.zip", content), scratch, **settings)
    assert str(tmp_path / "set.zip") in message
    assert ".unpacked" not in message


@pytest.mark.parametrize("names", [("a/0.png", "a"), ("a", "a/0.png")])
def test_an_archive_with_a_file_and_a_folder_of_one_name_is_refused(tmp_path, scratch, names):
    message = refusal(packed(tmp_path / "set.zip", dict.fromkeys(names, "x")), scratch)
    assert f"{tmp_path}/set.zip: cannot be unpacked (" in message
    assert ".unpacked" not in message


CLIMBING = ["../out.png", "a/../../out.png", "/out.png"]


@pytest.mark.parametrize("name", CLIMBING)
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_an_archive_that_climbs_out_of_its_folder_is_refused(tmp_path, scratch, name, kind):
    archive = tmp_path / f"set.{kind}"
    if name == "/out.png":
        name = str(tmp_path / "out.png")
    if kind == "tar":
        tar_with(archive, {"a/1.png": "x", name: "x"})
    else:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("a/1.png", "x")
            packed.writestr(name, "x")
    with pytest.raises(StudyError) as caught, unpacked(archive, scratch):
        pass
    assert re.search("expected an archive whose files all lie in its own folder", str(caught.value))
    assert not list(tmp_path.rglob("*out.png"))
    assert not list(scratch.iterdir())


def test_a_damaged_archive_is_named(tmp_path, scratch, images):
    class_folders(images, {"a": 5, "b": 5}, (64, 64, 3))
    tar_of(images, tmp_path / "set.tar.gz", "set")
    content = (tmp_path / "set.tar.gz").read_bytes()
    (tmp_path / "set.tar.gz").write_bytes(content[: len(content) // 2])
    message = refusal(tmp_path / "set.tar.gz", scratch)
    assert "cannot be unpacked" in message
