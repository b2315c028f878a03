"""A trained model is asked for the class of an image: by the script and by the page's lines."""

import errno
import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from bakeoff.data.decode import decode_files
from bakeoff.data.prepared import PreparedData, scaled
from bakeoff.errors import StudyError
from bakeoff.predicting import (
    _as_trained,
    _in_its_study,
    _in_one_line,
    _places,
    main,
    predict,
    read_images,
)
from bakeoff.report.code import code_for, reading_lines
from bakeoff.study.sources import Sources
from fabricated_study import fabricate_data, fabricate_run
from projects import ROOT, Project
from time_predictions import time_predictions

SCRIPT = ROOT / "workflow" / "scripts" / "predict.py"
CARD = {
    **{"model": "m", "seed": 2, "architecture": "small", "backend": "tensorflow"},
    **{"image_shape": [28, 32, 1], "loads_with": "keras alone", "precision": "float32"},
    "arguments": {"filters": 8},
}


def test_images_come_scaled_in_the_datas_size_and_colours(tmp_path):
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4) * 17
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    files = [tmp_path / "grey.png", tmp_path / "deep.png"]
    images = read_images(files, (4, 4, 1))
    assert images.dtype == np.float32
    assert images[..., 0] == pytest.approx(np.stack([grey, grey]) / 255)
    inverted = read_images(files[:1], (4, 4, 1), invert=True)
    assert inverted[0, ..., 0] == pytest.approx(1 - grey / 255)
    assert read_images(files[:1], (8, 6, 3)).shape == (1, 8, 6, 3)


def test_transparency_lies_on_the_background_and_photographs_stand_upright(tmp_path):
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (read_images([tmp_path / "clear.png"], (4, 4, 1)) == 1).all()
    assert (read_images([tmp_path / "clear.png"], (4, 4, 1), background="black") == 0).all()
    lying = Image.new("L", (8, 4))
    lying.paste(255, (0, 0, 4, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(tmp_path / "lying.png", exif=exif)
    upright = read_images([tmp_path / "lying.png"], (8, 4, 1))[0, ..., 0]
    assert (upright[:4] == 1).all()
    assert (upright[4:] == 0).all()


@pytest.mark.parametrize("name", ["none.png", "text.png"])
def test_what_is_no_image_is_one_line(tmp_path, name):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(StudyError, match=rf"^.*{name}: .*; expected an image file that Pillow"):
        read_images([tmp_path / name], (4, 4, 1))


def test_a_pipe_is_one_line_and_not_waited_for(tmp_path):
    """As the shell makes one of `<(…)`; a folder is called a folder."""
    os.mkfifo(tmp_path / "pipe.png")
    said = r"^.*pipe.png: no file, but a pipe, a socket or a device; expected an image file that"
    with pytest.raises(StudyError, match=said):
        read_images([tmp_path / "pipe.png"], (4, 4, 1))
    with pytest.raises(StudyError, match=r"Is a directory.*; expected an image file that Pillow"):
        read_images([tmp_path], (4, 4, 1))


def test_what_is_no_run_is_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"no card.json that can be read; expected the folder of"):
        main([str(tmp_path), "my.png"])


def test_data_that_cannot_be_opened_is_one_line(tmp_path, monkeypatch):
    run, data = tmp_path / "results/models/m/seed_0", tmp_path / "results/data/digits/data.json"
    for file in (run.parent / "description.json", data, run / "card.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('{"dataset": {"name": "digits"}}')

    def refuse(file, **_):
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(SystemExit, match=f"^{data}: Permission denied; expected the files of a"):
        main([str(run), "my.png"])


def test_a_run_apart_from_its_data_is_one_line(tmp_path):
    (tmp_path / "card.json").write_text('{"dataset": {"name": "digits"}}')
    said = r": there is no .*/data/digits/data.json; expected a run in the results of its study"
    with pytest.raises(SystemExit, match=said):
        main([str(tmp_path), "my.png"])


@pytest.fixture
def fabricated(tmp_path):
    """The folder of a run that is made up, whose model cannot be loaded, and an image."""
    data = PreparedData.read(fabricate_data(tmp_path))
    Image.new("L", (28, 28)).save(tmp_path / "my.png")
    run = fabricate_run(tmp_path, "m")
    card = json.loads((run / "card.json").read_text())
    card["dataset"]["checksum"] = data.checksum
    (run / "card.json").write_text(json.dumps(card))
    return run, tmp_path / "my.png"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda card: [], "it is no dict"),
        (lambda card: {}, "dataset is missing"),
        (lambda card: card | {"dataset": {"name": 3}}, "dataset.name is no str"),
        (lambda card: card | {"backend": None}, "backend is no str"),
        (lambda card: {key: card[key] for key in card if key != "model"}, "model is missing"),
    ],
)
def test_a_damaged_card_is_one_line(fabricated, change, said):
    run, image = fabricated
    file = run / "card.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    line = f"^{file}: {said}; expected a card: delete it and run again; that run is repeated.$"
    with pytest.raises(SystemExit, match=line):
        main([str(run), str(image)])
    with pytest.raises(StudyError, match=line if "dataset" not in said else "is missing"):
        time_predictions(file, None, None, [], 1)


def test_a_model_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    """Keras says that there is no such file; it is not to be deleted."""
    file = tmp_path / "model.keras"

    def refuse(*_):
        raise PermissionError(errno.EACCES, "Permission denied", str(file))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PermissionError), _in_one_line(file):
        raise ValueError("File not found")


@pytest.mark.parametrize("text", ["{}", "[]", '{"model": "m"}', "{"])
def test_a_damaged_description_is_one_line(fabricated, text):
    run, image = fabricated
    file = run.parent / "description.json"
    file.write_text(text)
    with pytest.raises(
        SystemExit, match=f"^{file}: .*: delete it and run again; it is made anew.$"
    ):
        main([str(run), str(image)])


@pytest.mark.parametrize("way", ["from within", "from its model", "link", "linked models", "dots"])
def test_a_run_is_found_in_its_study_from_wherever_it_is_named(tmp_path, monkeypatch, way):
    run, data = tmp_path / "results/models/m/seed_0", tmp_path / "results/data/digits"
    for file in (run.parent / "description.json", data / "data.json", run / "card.json"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    named = {"from within": Path("."), "from its model": Path("seed_0")}.get(way, run)
    monkeypatch.chdir(run if way == "from within" else run.parent)
    if way == "link":
        named = tmp_path / "run"
        named.symlink_to(run)
    elif way == "linked models":
        (tmp_path / "results" / "models").rename(tmp_path / "elsewhere")
        (tmp_path / "results" / "models").symlink_to(tmp_path / "elsewhere")
    elif way == "dots":
        # Of another study, whose folder is not the one above the link.
        there = tmp_path / "there"
        shutil.copytree(tmp_path / "results", there / "results")
        (there / "deep").mkdir()
        (tmp_path / "link").symlink_to(there / "deep")
        named = tmp_path / "link" / ".." / "results/models/m/seed_0"
        run, data = (there / file.relative_to(tmp_path) for file in (run, data))
    assert _in_its_study(named, "digits") == (run, data / "data.json")


OWN = "def build(input_shape, num_classes):\n    return 1\n"


@pytest.fixture
def study(tmp_path):
    """The folder of a study of one architecture, which imports another; a run, and its card."""
    architectures = tmp_path / "study" / "architectures"
    architectures.mkdir(parents=True)
    imports = "import architectures.blocks\nimport lib.parts\n"
    (architectures / "own.py").write_text(imports + OWN)
    (architectures / "blocks.py").write_text("WIDTH = 8\n")
    (tmp_path / "study" / "lib").mkdir()
    (tmp_path / "study" / "lib" / "parts.py").write_text("DEPTH = 2\n")
    run = tmp_path / "study/results/models/m/seed_0"
    run.mkdir(parents=True)
    sources = Sources([tmp_path / "study"]).of("architectures/own.py")
    # What has been edited of the tool's is no matter, nor whether it is there.
    return tmp_path / "study", run, {"sources": sources | {"workflow/scripts/gone.py": "0" * 64}}


def test_an_architecture_is_that_of_the_runs_study_wherever_it_is_asked_from(
    study, tmp_path, monkeypatch
):
    folder, run, card = study
    # Another study has one of the same name.
    (tmp_path / "other" / "architectures").mkdir(parents=True)
    for name in ("own", "blocks"):
        (tmp_path / "other" / "architectures" / f"{name}.py").write_text(OWN)
    (folder / "architectures" / "blocks.py").write_text("# As wide as it was.\nWIDTH = 8\n")
    for place in (folder, run, tmp_path / "other", tmp_path):
        monkeypatch.chdir(place)
        assert _as_trained(run, card, _places(run))[0] == folder
    # Results may lie apart from the study: then it is the folder that the script is called in.
    (folder / "results").rename(tmp_path / "results")
    run = tmp_path / "results/models/m/seed_0"
    monkeypatch.chdir(folder)
    assert _as_trained(run, card, _places(run))[0] == folder
    monkeypatch.chdir(tmp_path)
    line = rf"^{run}: its model.keras does not load without architectures/own.py, which is not in"
    with pytest.raises(StudyError, match=line):
        _as_trained(run, card, _places(run))


@pytest.mark.parametrize("edited", ["architectures/own", "architectures/blocks", "lib/parts"])
def test_an_architecture_that_has_been_edited_since_is_refused(study, monkeypatch, edited):
    folder, run, card = study
    monkeypatch.chdir(folder)
    file = folder / f"{edited}.py"
    file.write_text(f"{file.read_text()}MORE = 1\n")
    line = rf"^{edited}.py: changed since {run} was trained; expected that version,"
    with pytest.raises(StudyError, match=line):
        _as_trained(run, card, _places(run))


def test_the_lines_name_backend_file_size_and_classes():
    plain = code_for(CARD, ["cat", "dog's"])
    compile(plain, "lines", "exec")
    assert 'load_model("models/m/seed_2/model.keras", compile=False)' in plain
    assert "resize((32, 28), " in plain
    assert "reshape(1, 28, 32, 1) / 255" in plain
    assert "environ" not in plain
    colours = code_for(CARD | {"backend": "jax", "image_shape": [8, 8, 3]}, ["cat"])
    assert colours.index('os.environ["KERAS_BACKEND"] = "jax"') < colours.index("import keras")
    assert 'convert("RGB")' in colours
    by_file = code_for(CARD | {"loads_with": "its architecture file"}, ["cat", "dog"])
    compile(by_file, "lines", "exec")
    assert "from architectures.small import build" in by_file
    assert "build((28, 32, 1), 2, filters=8)" in by_file


def test_the_lines_give_build_what_the_study_gave_it():
    """Of the others, a card holds texts and, under one name, what `**more` takes."""
    card = CARD | {"loads_with": "its architecture file", "given_arguments": {"depth": 3}}
    card["arguments"] = {"act": "<function relu at 0x7f>", "more": {"depth": 3}}
    by_file = code_for(card, ["cat", "dog"])
    compile(by_file, "lines", "exec")
    assert "build((28, 32, 1), 2, depth=3)" in by_file


def odd_images(folder):
    """Write an image of each kind to a folder of its own there."""
    generator = np.random.default_rng(5)
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = generator.integers(0, 2**16, (17, 25), np.uint16)
    # Edges that a resized image overshoots.
    deep[:, :9], deep[:, 9:12] = 0, 65535
    rgb, rgba, grey, grey_alpha = (
        generator.integers(0, 256, (17, 25, *channels), np.uint8)
        for channels in ([3], [4], [], [2])
    )
    see_through = Image.fromarray(rgb).quantize(8)
    written = {
        "grey": [(Image.fromarray(grey), "a.png", {})],
        "colour": [(Image.fromarray(rgb), "a.png", {})],
        "deep": [
            (Image.fromarray(deep), "a.png", {}),
            (Image.fromarray(deep[1:]), "b.tif", {}),
            (Image.fromarray(deep[2:]), "c.pgm", {}),
        ],
        "alpha": [
            (Image.fromarray(rgba), "a.png", {}),
            (Image.fromarray(grey_alpha, "LA"), "b.png", {}),
            (see_through, "c.png", {"transparency": 1}),
        ],
        "turned": [
            (Image.fromarray(rgb), "a.jpg", {"exif": exif}),
            (Image.fromarray(grey), "b.png", {"exif": exif}),
        ],
        "print": [(Image.fromarray(rgb).convert("CMYK"), "a.jpg", {})],
    }
    for kind, images in written.items():
        (folder / kind).mkdir()
        for image, name, options in images:
            image.save(folder / kind / name, **options)
    return sorted(written)


KINDS = [
    ["grey"],
    ["deep"],
    ["grey", "deep"],
    ["colour", "print"],
    ["alpha"],
    ["turned"],
    ["alpha", "colour", "deep", "grey", "print", "turned"],
]


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kinds", KINDS, ids=" and ".join)
def test_the_lines_read_images_as_the_study_did(tmp_path, monkeypatch, kinds, channels, fit):
    (tmp_path / "images").mkdir()
    odd_images(tmp_path / "images")
    monkeypatch.chdir(tmp_path)
    files = [file for kind in kinds for file in sorted((tmp_path / "images" / kind).iterdir())]
    image = {"height": 20, "width": 22, "channels": channels, "fit": fit, "background": "#2080c0"}
    names = [str(file.relative_to(tmp_path)) for file in files]
    found = decode_files(tmp_path, names, {"image": image, "unreadable": "refuse"}, tmp_path)
    own = scaled(np.array(found.images))
    lines = reading_lines((20, 22, channels), found.images.dtype.name, found.audit)
    for file, expected in zip(files, own, strict=True):
        (tmp_path / "my.png").write_bytes(file.read_bytes())
        names = {}
        exec("import numpy as np\nfrom PIL import Image, ImageOps\n" + "\n".join(lines), names)
        assert names["x"].dtype == np.float32
        # Of 16 bits, the study rounds what it has resized.
        within = 1e-5 if found.images.dtype == np.uint16 else 0
        np.testing.assert_allclose(names["x"][0], expected, rtol=0, atol=within)
        own_way = {"fit": fit, "background": found.audit["background"]}
        asked = read_images(
            [file], found.images.shape[1:], dtype=found.images.dtype.name, **own_way
        )
        np.testing.assert_array_equal(asked[0], expected)


def test_the_script_reads_images_in_the_way_of_the_study(tmp_path, monkeypatch):
    card = CARD | {"dataset": {"name": "leaves", "checksum": "of these"}, "sources": {}}
    (tmp_path / "card.json").write_text(json.dumps(card))
    audit = {"fit": "pad", "background": "#2080c0"}
    data = SimpleNamespace(
        **{"shape": (20, 22, 1), "dtype": "uint8", "audit": audit, "class_names": ["cat"]},
        checksum="of these",
    )
    model = SimpleNamespace(predict=lambda images, **_: np.ones((len(images), 1)))
    asked = {}

    def read(files, shape, **how):
        asked.update(how)
        return np.zeros((len(files), *shape), np.float32)

    for name, stand_in in {
        "_in_its_study": lambda run, _: (run, "data.json"),
        "PreparedData.read": lambda _: data,
        "load": lambda *_: model,
        "read_images": read,
    }.items():
        monkeypatch.setattr(f"bakeoff.predicting.{name}", stand_in)
    said = predict(tmp_path, ["my.png"], fit=None, background="black", invert=False)
    assert said == ["my.png: cat (100.00%)"]
    assert asked == {"fit": "pad", "background": "black", "dtype": "uint8", "invert": False}
    data.checksum = "of others"
    with pytest.raises(StudyError, match=r"^data.json: changed since .* was trained; expected the"):
        predict(tmp_path, ["my.png"])


def test_the_lines_have_no_step_that_the_data_did_not_need():
    plain = code_for(CARD, ["cat", "dog"]).splitlines()
    assert plain[2:7] == [
        "from PIL import Image",
        "",
        'image = Image.open("my.png").convert("L")',
        "image = image.resize((32, 28), Image.Resampling.BICUBIC)",
        "# Values from 0 to 1, black is 0.",
    ]
    audit = {"modes": {"RGB": 3}, "turned_upright": 0, "flattened": 0, "fit": "crop"}
    colours = code_for(CARD | {"image_shape": [8, 6, 3]}, ["cat"], audit=audit).splitlines()
    assert colours[2:6] == [
        "from PIL import Image, ImageOps",
        "",
        'image = Image.open("my.png").convert("RGB")',
        "image = ImageOps.fit(image, (6, 8), Image.Resampling.BICUBIC)",
    ]
    turned = reading_lines((8, 6, 3), "uint8", audit | {"turned_upright": 1, "fit": "stretch"})
    assert turned[:3] == [
        'image = Image.open("my.png")',
        "image = ImageOps.exif_transpose(image)",
        'image = image.convert("RGB")',
    ]


@pytest.fixture(scope="module")
def asked(finished_study):
    """The finished study, and a test image of it in a file, with its probabilities."""
    results = finished_study.path("results")
    images = np.load(results / "data" / "digits" / "test_images.npy")
    with np.load(results / "models" / "tiny" / "seed_0" / "predictions.npz") as predictions:
        return results, images[3, ..., 0], predictions["probabilities"][3]


@pytest.mark.workflow
def test_the_script_says_what_the_run_predicted(asked, tmp_path):
    results, image, probabilities = asked
    Image.fromarray(image).save(tmp_path / "my.png")
    Image.fromarray(255 - image).save(tmp_path / "paper.png")
    run = results / "models" / "tiny" / "seed_0"
    best = int(probabilities.argmax())
    # Tests that have run here before may have chosen what TensorFlow says.
    surroundings = {name: v for name, v in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    for name, options in (("my.png", []), ("paper.png", ["--invert"])):
        command = [sys.executable, SCRIPT, run, tmp_path / name, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=surroundings)
        said = done.stdout
        assert done.stderr == ""
        found = re.fullmatch(rf"{tmp_path / name}: (\d) \(([\d.]+)%\), .*\n", said)
        assert int(found[1]) == best
        assert float(found[2]) == pytest.approx(100 * probabilities[best], abs=0.02)


@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_that_has_enough_ends_it_quietly(buffered):
    body = (
        "import sys; from bakeoff import predicting\n"
        "predicting.predict = lambda *_, **__: ['a.png: 1 (100.00%)'] * 10000\n"
        "predicting.main(['run', 'a.png'])\n"
    )
    environment = os.environ | {
        "PYTHONPATH": str(SCRIPT.parent),
        "PYTHONUNBUFFERED": buffered,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", body],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 0


@pytest.mark.workflow
def test_the_lines_of_the_page_run_and_say_the_same(asked, tmp_path):
    results, image, probabilities = asked
    page = html.unescape((results / "report.html").read_text())
    lines = re.search(r'<pre tabindex="0">(import keras.*?models/tiny/.*?)</pre>', page, re.DOTALL)
    Image.fromarray(image).save(tmp_path / "my.png")
    os.symlink(results / "models", tmp_path / "models")
    command = [sys.executable, "-c", lines[1]]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said.split()[-1] == str(probabilities.argmax())


@pytest.mark.thorough
def test_a_model_that_needs_its_architecture_file_is_predicted_by_it(copy, tmp_path):
    """As the description says, which is all that decides."""
    study = Project(copy.folder)
    run = study.path("results/models/tiny/seed_0")
    description = run.parent / "description.json"
    described = json.loads(description.read_text())
    description.write_text(json.dumps(described | {"loads_with": "its architecture file"}))
    # A default that is no number stands as a text there.
    card = json.loads((run / "card.json").read_text())
    (run / "card.json").write_text(json.dumps(card | {"arguments": {"act": "<function relu>"}}))
    images = np.load(study.path("results/data/digits/test_images.npy"))
    Image.fromarray(images[3, ..., 0]).save(tmp_path / "my.png")
    script = study.path("workflow/scripts/predict.py")
    command = [sys.executable, script, run, tmp_path / "my.png"]
    # With which TensorFlow would say more than errors.
    env = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}

    def asked_from(folder):
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, env=env
        )

    with np.load(run / "predictions.npz") as predictions:
        said = f"my.png: {predictions['probabilities'][3].argmax()} ("
    for folder in (study.folder, tmp_path):
        assert said in asked_from(folder).stdout
    tiny = study.path("architectures/tiny.py")
    source = tiny.read_text()
    tiny.write_text(source.replace('"relu"', '"tanh"'))
    done = asked_from(study.folder)
    assert (done.stdout, done.returncode) == ("", 1)
    assert done.stderr.startswith(f"architectures/tiny.py: changed since {run} was trained; ")
    tiny.write_text(source)
    (run / "model.keras").write_bytes(b"no model")
    for loads_with in ("its architecture file", "keras alone"):
        description.write_text(json.dumps(described | {"loads_with": loads_with}))
        done = asked_from(study.folder)
        assert (done.stdout, done.returncode) == ("", 1)
        assert done.stderr.startswith(f"{run / 'model.keras'}: does not load: ")
        assert len(done.stderr.splitlines()) == 1
