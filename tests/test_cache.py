"""Snakemake's cache between workflows serves a second checkout, and nothing that differs."""

import os

import numpy as np
import pytest
import yaml

from bakeoff.data.checksums import checksum_of_file
from idx_files import write_idx_set
from projects import RUNS_ALONE, make_tiny_study

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def own_images(tmp_path_factory):
    """A folder with a small data set of one's own, letters, in MNIST's files and format."""
    folder = tmp_path_factory.mktemp("letters")
    generator = np.random.default_rng(0)
    parts = []
    for count in (200, 100):
        labels = np.arange(count, dtype=np.uint8) % 4
        images = generator.integers(0, 60, (count, 28, 28), np.uint8)
        for label, image in zip(labels, images, strict=True):
            image[7 * label : 7 * label + 7] += 180
        parts.append((images, labels))
    write_idx_set(folder, *parts)
    return folder


def make_study(folder, images, mirror):
    """Make a tiny study on the letters in ``images``, to be fetched from ``mirror``.

    A file of its own describes them.
    """
    project = make_tiny_study(folder)
    described = {
        "title": "Letters",
        "classes": ["a", "b", "c", "d"],
        "md5": {file.name: checksum_of_file(file, "md5")[4:] for file in images.iterdir()},
    }
    file = project.path("config/datasets/letters.yaml")
    file.write_text(yaml.safe_dump({"data": described}))
    data = {"dataset": "letters", "mirrors": [str(mirror)]}
    project.change_config(lambda config: config.update(data=data))
    return project


def test_a_second_checkout_downloads_and_trains_nothing(tmp_path, own_images):
    (tmp_path / "cache").mkdir()
    cache = os.environ | {"SNAKEMAKE_OUTPUT_CACHE": str(tmp_path / "cache")}
    first = make_study(tmp_path / "first", own_images, own_images)
    assert "tiny seed 0  epoch 1/2" in first.snakemake("--cache", *RUNS_ALONE, env=cache).stdout

    # Its mirror is gone: what it has can only have come from the cache.
    second = make_study(tmp_path / "second", own_images, "/nowhere")
    output = second.snakemake("--cache", env=cache).stdout
    assert " seed 0  epoch " not in output
    assert len(list(second.path("resources/letters").iterdir())) == 4
    assert second.histories() == first.histories()
    assert "Letters" in second.path("results/summary.txt").read_text()

    third = make_study(tmp_path / "third", own_images, "/nowhere")
    with third.path("architectures/tiny.py").open("a") as file:
        file.write("EDITED = True\n")
    output = third.snakemake("--cache", *RUNS_ALONE, env=cache).stdout
    assert "tiny seed 0  epoch 1/2" in output
    assert "wide seed 0  epoch 1/2" not in output
