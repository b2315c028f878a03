"""Snakemake's cache between workflows serves a second checkout, and nothing that differs."""

import os

import pytest

from conftest import make_tiny_study


@pytest.fixture
def cache(tmp_path):
    (tmp_path / "cache").mkdir()
    return os.environ | {"SNAKEMAKE_OUTPUT_CACHE": str(tmp_path / "cache")}


def test_a_second_checkout_trains_nothing(tmp_path, cache):
    first = make_tiny_study(tmp_path / "first")
    first.snakemake("--cache", env=cache)
    second = make_tiny_study(tmp_path / "second")
    output = second.snakemake("--cache", env=cache).stdout
    assert " seed 0  epoch " not in output
    assert second.histories() == first.histories()
    assert second.path("results/report.html").is_file()

    third = make_tiny_study(tmp_path / "third")
    with third.path("architectures/tiny.py").open("a") as file:
        file.write("# edited\n")
    output = third.snakemake("--cache", env=cache).stdout
    assert "tiny seed 0  epoch 1/2" in output
    assert "wide seed 0  epoch 1/2" not in output
