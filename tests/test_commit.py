"""Tests of what is said of the commit that a result was made from."""

import subprocess

import pytest

from bakeoff.study.commit import commits, describe_commit


def git(folder, *arguments):
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", folder, *settings, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    git(tmp_path, "init")
    (tmp_path / ".gitignore").write_text("results/\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    return tmp_path


def test_a_clean_tree(repository):
    (repository / "results").mkdir()
    (repository / "results" / "ignored").write_text("")
    described = describe_commit(repository)
    assert len(described["id"]) == 40
    assert described["clean"] is True


@pytest.mark.parametrize("file", [".gitignore", "untracked"])
def test_a_changed_tree(repository, file):
    (repository / file).write_text("results/\nmore/\n")
    assert describe_commit(repository)["clean"] is False


def test_no_repository(tmp_path):
    assert describe_commit(tmp_path) is None


def test_no_git(repository, monkeypatch):
    monkeypatch.setenv("PATH", str(repository))
    assert describe_commit(repository) is None


def test_a_study_in_a_folder_of_its_own_has_a_commit_of_its_own(repository):
    commit = describe_commit(repository)["id"]
    (repository / ".gitignore").write_text(".snakemake/\n")
    checkout = repository / ".snakemake" / "bakeoff" / ("12" * 20)
    checkout.mkdir(parents=True)
    tool = {"id": "12" * 20, "clean": True}
    study = {"id": commit, "clean": False}
    assert commits([repository, checkout]) == {"commit": tool, "study_commit": study}
    assert commits([repository]) == {"commit": study}
