"""Studies on images of one's own and on data sets of other forms, as Snakemake runs them."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from bakeoff.data.checksums import checksum_of_file
from bakeoff.data.prepared import PreparedData
from idx_files import write_idx_set
from image_files import cifar_folder, class_folders, random_images, save, tar_of
from loopback_mirror import loopback_mirror
from needs import need
from projects import ROOT, RUNS_ALONE, make_tiny_study

pytestmark = pytest.mark.workflow

TO_PARQUET = """
import pandas as pd

table = pd.read_csv("scans.csv", dtype={"label": "category"})
table.to_parquet("scans.parquet")
"""
COLOURS = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}


def coloured(seed, colour, shape=(32, 32)):
    """Return noise of a colour, uint8 (height, width, 3)."""
    noise = np.random.default_rng(seed).normal(0, 30, (*shape, 3))
    return (np.array(COLOURS[colour]) + noise).clip(0, 255).astype(np.uint8)


@pytest.fixture
def own_study(tmp_path):
    """A study of one tiny model and one epoch, to whose config a test adds its data."""
    project = make_tiny_study(tmp_path / "study")

    def take(data):
        def change(config):
            config["data"] = data
            config["study"] |= {"models": ["tiny"], "published": None}
            config["training"]["epochs"] = 1

        project.change_config(change)

    project.take = take
    return project


def prepared(project, name, *arguments, **options):
    """Prepare the data, and nothing more; return it."""
    file = f"results/data/{name}/data.json"
    project.snakemake(file, *arguments, **options)
    return PreparedData.read(project.path(file))


def test_a_study_on_odd_files_in_class_folders(own_study):
    folder = own_study.path("leaves")
    for number in range(30):
        for colour in COLOURS:
            save(folder / colour / f"{number:02}.png", coloured(number, colour))
    save(folder / "red" / "deep.png", random_images(1, (32, 32), dtype=np.uint16)[0])
    exif = Image.Exif()
    exif[0x0112] = 6
    save(folder / "green" / "turned.jpg", coloured(1, "green"), exif=exif)
    save(folder / "blue" / "cut.png", coloured(2, "blue"))
    content = (folder / "blue" / "cut.png").read_bytes()
    (folder / "blue" / "cut.png").write_bytes(content[:500])
    (folder / "blue" / ".DS_Store").write_text("x")

    own_study.take({"dataset": "leaves", "source": "folder", "path": "leaves"})
    run = own_study.snakemake(check=False)
    assert run.returncode != 0
    said = "config/config.yaml: data.unreadable: refuse, and 1 of 93 image files cannot be read:"
    assert f"Error: {said} blue/cut.png (" in run.stdout
    assert not own_study.path("results/data/leaves/train_images.npy").exists()

    own_study.take(
        {"dataset": "leaves", "source": "folder", "path": "leaves", "unreadable": "skip"}
    )
    own_study.snakemake()
    data = PreparedData.read(own_study.path("results/data/leaves/data.json"))
    assert data.class_names == ["blue", "green", "red"]
    assert (data.shape, data.dtype) == ((32, 32, 3), "uint8")
    assert data.counts["train"] + data.counts["test"] == 92
    assert data.audit["depths"] == {"8": 91, "16": 1}
    page = own_study.path("results/report.html").read_text()
    for sentence in (
        "32 x 32 pixels (height first), colour, 8 bits a value.",
        "Of the images, 1 turned upright, as their EXIF data has it.",
        "Left out, 1 file that cannot be read: blue/cut.png (",
        "Skipped: 1 hidden (blue/.DS_Store).",
    ):
        assert sentence in page.replace("\u00a0", " ")
    assert page.count('<li><img src="data:image/png') == 3
    summary = pd.read_csv(own_study.path("results/summary.csv"))
    assert len(summary) == 1

    # Files are compared by name, size and date; what they were prepared from may not change.
    assert own_study.planned() == set()
    shutil.copy(folder / "red" / "00.png", folder / "red" / "new.png")
    assert "prepare_data" in own_study.planned()


def test_an_npz_with_a_validation_part(own_study):
    arrays = {}
    for part, count in (("train", 60), ("val", 12), ("test", 30)):
        arrays[f"{part}_images"] = random_images(count, (28, 28, 3), count)
        arrays[f"{part}_labels"] = (np.arange(count) % 3)[:, None].astype(np.uint8)
    np.savez(own_study.path("set.npz"), **arrays)
    own_study.take({"dataset": "med", "source": "npz", "path": "set.npz", "validation": "holdout"})
    data = prepared(own_study, "med")
    assert data.counts == {"train": 60, "validation": 12, "test": 30}
    np.testing.assert_array_equal(data.images("validation"), arrays["val_images"])


def test_a_table_with_patients_as_groups(own_study):
    rows = []
    for patient in range(20):
        for number in range(1 + patient % 4):
            colour = list(COLOURS)[patient % 3]
            name = f"scans/{patient}_{number}.png"
            save(own_study.path(name), coloured(10 * patient + number, colour, (16, 16)))
            rows.append({"path": name, "label": colour, "patient": f"P{patient}"})
    table = own_study.path("scans.csv")
    pd.DataFrame(rows).to_csv(table, index=False)
    own_study.take({"dataset": "scans", "source": "table", "path": "scans.csv", "group": "patient"})
    data = prepared(own_study, "scans")
    assert (data.group_name, data.divided) == ("patient", 0)
    assert len(data.per_image("test_groups")) == data.counts["test"]
    os.utime(own_study.path("scans/0_0.png"), ns=(1, 1))
    assert "prepare_data" in own_study.planned("results/data/scans/data.json")


@pytest.mark.thorough
def test_a_study_from_a_parquet_table_is_that_of_its_csv(own_study):
    """pyarrow, which Parquet needs, has pandas keep texts in another form, in every step."""
    pyarrow = ROOT / ".venv" / "pyarrow"
    need(pyarrow.is_dir(), "pyarrow: run `make .venv/pyarrow`")
    with_pyarrow = os.environ | {"PYTHONPATH": str(pyarrow)}
    rows = []
    for number in range(60):
        colour = list(COLOURS)[number % 3]
        save(own_study.path(f"scans/{number}.png"), coloured(number, colour, (16, 16)))
        rows.append({"path": f"scans/{number}.png", "label": colour})
    pd.DataFrame(rows).to_csv(own_study.path("scans.csv"), index=False)
    written = subprocess.run(
        [sys.executable, "-c", TO_PARQUET],
        cwd=own_study.folder,
        env=with_pyarrow,
        capture_output=True,
        text=True,
    )
    assert written.returncode == 0, written.stderr

    outcomes = []
    for file, environment in (("scans.csv", os.environ), ("scans.parquet", with_pyarrow)):
        own_study.take({"dataset": "scans", "source": "table", "path": file})
        own_study.snakemake(env=environment)
        data = PreparedData.read(own_study.path("results/data/scans/data.json"))
        assert data.class_names == ["blue", "green", "red"]
        runs = pd.read_csv(own_study.path("results/runs.csv"))
        scores = runs.filter(regex="^model$|^seed$|loss|accuracy")
        outcomes.append((data.images("train").tobytes(), scores.to_csv()))
        shutil.rmtree(own_study.path("results"))
    assert outcomes[0] == outcomes[1]


@pytest.fixture
def served(tmp_path):
    (tmp_path / "served").mkdir()
    with loopback_mirror(tmp_path / "served") as mirror:
        yield tmp_path / "served", mirror


def sums(folder):
    return {
        file.name: checksum_of_file(file, "md5").removeprefix("md5:") for file in folder.iterdir()
    }


def prepared_preset(own_study, name, served):
    """Prepare the data set of a preset whose files are served; return it."""
    folder, mirror = served
    given = {"mirrors": [mirror.address], "md5": sums(folder)}
    own_study.take({"dataset": "mnist"})
    data_file = f"results/{name}/data/{name}/data.json"
    overlay = ["--configfile", f"config/datasets/{name}.yaml"]
    config = ["--config", f"data={json.dumps(given)}"]
    own_study.snakemake(data_file, *overlay, *config, env=os.environ | {"no_proxy": "*"})
    return PreparedData.read(own_study.path(data_file))


def test_a_preset_is_a_study_of_its_own_with_files_of_its_form(own_study, served):
    folder, _ = served
    made = [(random_images(count, (28, 28), count), np.arange(count) % 10) for count in (40, 20)]
    write_idx_set(folder, *made)
    data = prepared_preset(own_study, "fashion_mnist", served)
    assert data.class_names[:2] == ["T-shirt/top", "Trouser"]
    np.testing.assert_array_equal(data.images("test")[..., 0], made[1][0])
    assert len(list(own_study.path("resources/fashion_mnist").iterdir())) == 4


def test_cifar10_is_downloaded_and_unpacked(own_study, served, tmp_path):
    folder, _ = served
    made = cifar_folder(tmp_path / "bin", 50, 20, classes=list("abcdefghij"))
    tar_of(tmp_path / "bin", folder / "cifar-10-binary.tar.gz", "cifar-10-batches-bin")
    data = prepared_preset(own_study, "cifar10", served)
    assert data.class_names[0] == "airplane"
    np.testing.assert_array_equal(data.images("test"), made["test"][0])
    assert {file.name for file in own_study.path("results/cifar10/data/cifar10").iterdir()} == {
        "data.json",
        "made_from.txt",
        *data.files,
    }


def train_on_leaves(own_study):
    for number in range(10):
        for colour in COLOURS:
            save(own_study.path(f"leaves/{colour}/{number}.png"), coloured(number, colour, (8, 8)))
    own_study.take({"dataset": "leaves", "source": "folder", "path": "leaves"})
    own_study.snakemake(*RUNS_ALONE)


def test_a_folder_that_cannot_be_listed_stops_the_plan_and_undoes_nothing(own_study):
    folder = own_study.path("leaves")
    class_folders(folder, {"elm": 10, "oak": 10})
    own_study.take({"dataset": "leaves", "source": "folder", "path": "leaves"})
    prepared(own_study, "leaves")
    before = own_study.path("results/data/leaves/data.json").read_bytes()
    # So deep that its path is too long for the system: what root may not list either.
    here = os.open(folder / "oak", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 240, dir_fd=here)
        inner = os.open("d" * 240, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    run = own_study.snakemake("results/data/leaves/data.json", check=False)
    assert run.returncode != 0
    said = run.stdout
    assert "ddd: cannot be listed (File name too long); expected a folder whose files" in said
    assert "Traceback" not in said
    assert own_study.path("results/data/leaves/data.json").read_bytes() == before
    shutil.rmtree(folder / "oak" / ("d" * 240))
    assert own_study.planned("results/data/leaves/data.json") == set()


def test_a_touched_image_trains_nothing_again(own_study):
    train_on_leaves(own_study)
    card = own_study.path("results/models/tiny/seed_0/card.json")
    before = own_study.histories(), json.loads(card.read_text())["pieces"]
    os.utime(own_study.path("leaves/red/0.png"), ns=(1, 1))
    assert "rule prepare_data:" in own_study.snakemake(*RUNS_ALONE).stdout
    assert (own_study.histories(), json.loads(card.read_text())["pieces"]) == before


def test_a_touched_image_prepared_anew_is_the_same_data(own_study):
    """Checkpoints may have been cleared, and what is planned then is trained from its start."""
    train_on_leaves(own_study)
    folder = own_study.path("results/data/leaves")
    files = [folder / "data.json", folder / "made_from.txt"]
    data, origin = (file.read_bytes() for file in files)
    os.utime(own_study.path("leaves/red/0.png"), ns=(1, 1))
    assert own_study.planned("results/data/leaves/data.json") == {"prepare_data"}
    own_study.snakemake("results/data/leaves/data.json")
    assert files[0].read_bytes() == data
    assert files[1].read_bytes() != origin
    assert own_study.planned(*RUNS_ALONE) == set()
    # An earlier version kept it among what data.json says, or nowhere.
    found = json.loads(data)
    for kept, planned in ((files[1].read_text().strip(), set()), (None, set())):
        files[1].unlink(missing_ok=True)
        audit = found["audit"] | ({"made_from": kept} if kept else {})
        files[0].write_text(json.dumps(found | {"audit": audit}))
        assert own_study.planned("results/data/leaves/data.json") == planned
    files[0].write_text(json.dumps(found | {"audit": found["audit"] | {"made_from": "other"}}))
    assert own_study.planned("results/data/leaves/data.json") == {"prepare_data"}
