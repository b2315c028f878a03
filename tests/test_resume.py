"""A killed run goes on from its last whole epoch and ends with the same bits."""

import contextlib
import os
import random
import signal
import time

import pandas as pd
import pytest

from patience import PATIENCE
from projects import make_tiny_study
from training_process import EPOCHS, Training, standing_still

pytestmark = pytest.mark.workflow


def wait_until(happened):
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A tiny study whose data is ready."""
    project = make_tiny_study(tmp_path_factory.mktemp("resume") / "study")
    project.snakemake("results/data/digits/data.json")
    return project


@pytest.fixture(scope="module")
def uninterrupted(project, tmp_path_factory):
    training = Training(project, tmp_path_factory.mktemp("uninterrupted"))
    training.run()
    assert training.card()["resumed"] is False
    return training


@pytest.fixture
def training(project, tmp_path):
    return Training(project, tmp_path / "training")


def test_the_same_training_gives_the_same_bits(uninterrupted, training):
    training.run()
    assert training.bits() == uninterrupted.bits()


@pytest.mark.thorough
def test_killed_at_ten_random_moments_it_ends_with_the_same_bits(uninterrupted, training):
    """SIGKILL in the first epoch, between epochs, in mid-epoch, while a state is written."""
    dice = random.Random(20_261_122)
    kills = []
    while len(kills) < 10:
        process = training.start()
        done = training.epochs_done()
        # The first kill falls into the first epoch, the others some epochs further on.
        further = dice.randint(1, 2) if kills else 0
        line = f"epoch {done + further:>2}/{EPOCHS}" if further else "training on the CPU"
        training.wait_for(line, process)
        # About the length of an epoch.
        time.sleep(dice.uniform(0, 0.1))
        assert process.poll() is None, training.log.read_text()
        process.kill()
        process.wait()
        kills.append(training.epochs_done())
        assert not (training.folder / "output" / "card.json").exists()
    output = training.run()
    assert f"going on after epoch {kills[-1]}" in output
    assert kills[-1] >= 8
    assert training.bits() == uninterrupted.bits()
    card = training.card()
    assert card["resumed"] is True
    assert len(card["pieces"]) > 5
    seconds = pd.read_csv(training.folder / "output" / "history.csv")["seconds"].sum()
    assert card["seconds"]["training"] == pytest.approx(seconds)
    assert card["seconds"]["job"] > sum(piece["seconds"] for piece in card["pieces"][:-1])
    assert not list(training.folder.rglob(".unfinished-*"))


@pytest.mark.thorough
def test_killed_twice_with_augmentation_it_ends_with_the_same_bits(project, tmp_path):
    augmentation = {"shift": 0.1, "rotation": 0.05, "noise": 0.05, "mixup": 0.4}
    whole, killed = (
        Training(project, tmp_path / name, epochs=9, augmentation=augmentation)
        for name in ("whole", "killed")
    )
    whole.run()
    for line in ("epoch 2/9", "epoch 5/9"):
        process = killed.start()
        killed.wait_for(line, process)
        process.kill()
        process.wait()
    assert "going on after epoch" in killed.run()
    assert killed.bits() == whole.bits()


def test_a_kill_while_a_state_is_written_leaves_the_one_before(uninterrupted, training):
    process = training.start()
    training.wait_for(f"epoch  3/{EPOCHS}", process)
    process.kill()
    process.wait()
    folder = next(training.folder.glob("checkpoints/*"))
    state = max(folder.glob("epoch_*.npz"))
    half = state.read_bytes()[: state.stat().st_size // 2]
    (folder / ".unfinished-epoch_00099-abc.npz").write_bytes(half)
    assert "going on after epoch" in training.run()
    assert training.bits() == uninterrupted.bits()
    assert not list(folder.glob(".unfinished-*"))


def test_a_damaged_state_is_said_and_trained_past(uninterrupted, training):
    process = training.start()
    training.wait_for(f"epoch  4/{EPOCHS}", process)
    process.kill()
    process.wait()
    for state in training.folder.glob("checkpoints/*/epoch_*.npz"):
        content = bytearray(state.read_bytes())
        content[len(content) // 2] ^= 0xFF
        state.write_bytes(content)
    assert "is damaged" in training.run()
    assert training.bits() == uninterrupted.bits()


def test_sigterm_keeps_the_last_epoch_and_leaves_with_a_status(uninterrupted, training):
    process = training.start()
    training.wait_for(f"epoch  5/{EPOCHS}", process)
    process.terminate()
    assert process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert "the next run goes on from there" in training.log.read_text()
    assert training.epochs_done() >= 5
    assert "going on after epoch" in training.run()
    assert training.bits() == uninterrupted.bits()


def test_more_epochs_go_on_and_equal_one_go(uninterrupted, training):
    training.run(epochs=15)
    output = training.run()
    assert "going on after epoch 15" in output
    assert f"epoch 15/{EPOCHS}" not in output
    assert training.bits() == uninterrupted.bits()


def test_fewer_epochs_are_answered_from_a_state_where_one_is(training):
    training.run(epochs=3)
    three = training.bits()
    training.run(epochs=6)
    output = training.run(epochs=3)
    assert "  epoch " not in output
    assert training.bits() == three
    output = training.run(epochs=4)
    assert "going on after epoch 3" in output
    assert training.card()["epochs_trained"] == 4


@pytest.mark.thorough
def test_a_second_process_waits_for_the_first(training):
    first = training.start(epochs=100)
    training.wait_for("epoch   2/100", first)
    second = Training(training.project, training.folder)
    second.log = training.folder / "second.txt"
    with standing_still(training.folder / "checkpoints"):
        process = second.start(epochs=100)
        second.wait_for("Waiting for another process", process)
    assert first.wait(PATIENCE) == 0
    assert process.wait(PATIENCE) == 0
    assert "Waiting for another process" in second.log.read_text()
    assert "  epoch " not in second.log.read_text()
    assert training.card()["resumed"] is False


@pytest.mark.parametrize(
    "other", [{"batch_size": 64, "epochs": 2}, {"epochs": 2}], ids=["settings", "epochs"]
)
def test_a_run_of_another_plan_ends_the_one_left_behind(training, other):
    """With epochs alone, both have one folder of checkpoints: the second waits for an epoch's end.

    Whichever ends last, what stands is of the newest plan.
    """
    first = training.start(epochs=2000)
    training.wait_for("epoch    3/2000", first)
    second = Training(training.project, training.folder)
    second.log = training.folder / "second.txt"
    second.run(**other)
    newest = second.bits()
    assert first.wait(PATIENCE) == 1
    said = training.log.read_text().splitlines()[-1]
    assert said.endswith("this one ends and writes nothing more."), said
    assert "epoch 2000/2000" not in training.log.read_text()
    assert training.bits() == newest
    assert training.card()["epochs_trained"] == 2


def test_after_a_kill_of_snakemake_and_its_jobs(tiny_study):
    tiny_study.change_config(lambda config: config["training"].update(epochs=EPOCHS))
    target = "results/models/tiny/seed_0/card.json"
    with tiny_study.start_snakemake(target) as running:
        running.wait_for(f"tiny seed 0  epoch  3/{EPOCHS}")
        running.kill()
    locked = tiny_study.snakemake(target, check=False)
    assert locked.returncode != 0
    assert "--unlock" in locked.stdout
    tiny_study.snakemake("--unlock")
    assert "going on after epoch" in tiny_study.snakemake(target).stdout


def test_a_run_that_ends_after_its_snakemake_was_killed_counts(tiny_study):
    tiny_study.change_config(lambda config: config["training"].update(epochs=EPOCHS))
    target = "results/models/tiny/seed_0/card.json"
    with tiny_study.start_snakemake(target) as running:
        running.wait_for(f"tiny seed 0  epoch  3/{EPOCHS}")
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        wait_until(tiny_study.path(target).is_file)
        running.kill()
    tiny_study.snakemake("--unlock")
    assert "tiny seed 0  epoch" not in tiny_study.snakemake(target).stdout
    assert tiny_study.planned(target) == set()


@pytest.mark.thorough
def test_a_kill_while_pictures_are_drawn_is_gone_on_from(copy):
    style = copy.path("workflow/scripts/bakeoff/figures/style.py")
    style.write_text(style.read_text() + "EDITED = True\n")
    drawn = copy.path("results/figures/accuracy_forest.svg")
    before = drawn.stat().st_mtime_ns
    with copy.start_snakemake() as running:
        # Before its job is done, which draws others after it.
        wait_until(lambda: drawn.is_file() and drawn.stat().st_mtime_ns != before)
        running.kill()
    copy.snakemake("--unlock")
    copy.snakemake()
    assert copy.planned() == set()


@pytest.mark.thorough
def test_a_job_that_outlives_its_snakemake_is_waited_for(tiny_study):
    tiny_study.change_config(lambda config: config["training"].update(epochs=80))
    target = "results/models/tiny/seed_0/card.json"
    with contextlib.ExitStack() as ends:
        running = ends.enter_context(tiny_study.start_snakemake(target))
        running.wait_for("tiny seed 0  epoch  3/80")
        with contextlib.suppress(ProcessLookupError):
            os.kill(running.process.pid, signal.SIGKILL)
        running.process.wait()
        with standing_still(tiny_study.path("results/checkpoints")):
            tiny_study.snakemake("--unlock")
            second = ends.enter_context(tiny_study.start_snakemake(target))
            second.wait_for("Waiting for another process")
        assert second.process.wait(PATIENCE) == 0
    assert "tiny seed 0  epoch" not in second.output()
    history = pd.read_csv(tiny_study.path("results/models/tiny/seed_0/history.csv"))
    assert list(history["epoch"]) == list(range(1, 81))
    assert tiny_study.planned(target) == set()
