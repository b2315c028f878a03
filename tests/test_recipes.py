"""How a run is trained: schedules of the learning rate, averages of the weights, soft labels."""

import importlib
import math

import numpy as np
import pytest

from bakeoff.study import settings
from bakeoff.study.identity import contender
from patience import PATIENCE
from projects import TINY, make_tiny_study
from training_process import SETTINGS, Training

pytestmark = pytest.mark.workflow
ONE_CYCLE = {"name": "one_cycle", "warmup": 1}
AUGMENTED = {"shift": 0.1, "rotation": 0.05, "zoom": 0.1, "contrast": 0.2, "noise": 0.05}
STEP = {"name": "step", "every": 1, "factor": 0.5, "warmup": 0.5}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = make_tiny_study(tmp_path_factory.mktemp("recipes") / "project")
    project.snakemake("--until", "prepare_data")
    return project


@pytest.fixture(scope="module")
def plain(project, tmp_path_factory):
    """A run of three epochs without any recipe."""
    training = Training(project, tmp_path_factory.mktemp("plain"))
    training.run(epochs=3)
    return training


def rates(schedule, steps=10, epochs=4, peak=0.8):
    """Return the learning rate of every step of a run."""
    pytest.importorskip("tensorflow")
    from bakeoff.training.schedule import scheduled

    rate = scheduled(peak, {"schedule": schedule, "epochs": epochs}, steps)
    return np.array([float(rate(step)) for step in range(steps * epochs)])


def test_a_cosine_falls_to_its_end():
    found = rates({"name": "cosine", "final": 0.1})
    share = np.arange(40) / 40
    expected = 0.8 * (0.1 + 0.9 * (1 + np.cos(math.pi * share)) / 2)
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", settings._SCHEDULE_DEFAULTS)
def test_a_schedule_with_its_defaults_written_out_is_the_same(name):
    needed = {"step": {"every": 1}, "exponential": {"factor": 0.5}}.get(name, {})
    written = needed | settings._SCHEDULE_DEFAULTS[name]
    assert (rates({"name": name, **written}) == rates({"name": name, **needed})).all()


def test_steps_fall_at_whole_epochs():
    found = rates({"name": "step", "every": 2, "factor": 0.5})
    assert found == pytest.approx(np.repeat([0.8, 0.4], 20), rel=1e-6)
    assert rates({"name": "step", "every": 1})[[0, 10, 20]] == pytest.approx([0.8, 0.08, 0.008])


def test_an_exponential_falls_evenly():
    found = rates({"name": "exponential", "factor": 0.5})
    assert found == pytest.approx(0.8 * 0.5 ** (np.arange(40) / 10), rel=1e-5)


def test_a_warm_up_rises_and_what_follows_begins_after_it():
    plain = rates({"name": "exponential", "factor": 0.5})
    found = rates({"name": "exponential", "factor": 0.5, "warmup": 1})
    assert found[:10] == pytest.approx(0.8 * np.arange(1, 11) / 10, rel=1e-5)
    assert found[10:] == pytest.approx(plain[:30], rel=1e-5)
    constant = rates({"name": "constant", "warmup": 0.5})
    assert constant[:5] == pytest.approx(0.8 * np.arange(1, 6) / 5, rel=1e-5)
    assert constant[5:] == pytest.approx(np.full(35, 0.8), rel=1e-6)


def test_one_cycle_rises_and_falls():
    found = rates({"name": "one_cycle", "warmup": 1, "start": 0.1, "final": 0.01})
    assert found[0] == pytest.approx(0.08)
    assert found.argmax() == 10
    assert found.max() == pytest.approx(0.8)
    assert (np.diff(found[:11]) > 0).all()
    assert (np.diff(found[10:]) < 0).all()
    assert found[-1] < 0.02


def test_an_optimizer_of_a_schedule_is_saved_with_its_highest_rate():
    keras = pytest.importorskip("keras")
    from bakeoff.training.compile import compile_model, plain_optimizer
    from bakeoff.training.outputs import plan_of_card

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="softmax")])
    settings = SETTINGS | {"schedule": STEP, "label_smoothing": 0.1}
    identity = contender("tiny", "model_03") | {"seed": 0, "settings": settings}
    compile_model(model, identity, "CPU", steps=10)
    assert float(plain_optimizer(model).learning_rate) == pytest.approx(0.2)
    importlib.import_module("architectures.model_03")
    card = plan_of_card(identity, model)
    assert card["optimizer"]["learning_rate"] == 1.0
    assert card["training"]["schedule"] == STEP
    assert (card["arguments"], card["given_arguments"]) == ({"filters": 32}, {})


AVERAGED = {"name": "Adam", "use_ema": True, "ema_momentum": 0.9}


@pytest.mark.parametrize(
    "recipe",
    [
        {"schedule": STEP, "label_smoothing": 0.1, "class_weight": "balanced"}
        | {"optimizer": AVERAGED},
        {"augmentation": AUGMENTED | {"cutout": 0.3, "mixup": 0.4}, "label_smoothing": 0.1},
    ],
    ids=["step and averages", "augmentation"],
)
def test_more_epochs_go_on_with_the_bits_of_one_go(project, tmp_path, recipe):
    whole = Training(project, tmp_path / "whole", **recipe)
    whole.run(epochs=4)
    parts = Training(project, tmp_path / "parts", **recipe)
    parts.run(epochs=2)
    assert "going on after epoch 2" in parts.run(epochs=4)
    assert parts.bits() == whole.bits()


@pytest.mark.thorough
def test_a_schedule_over_all_epochs_is_trained_anew_for_more(project, tmp_path):
    training = Training(project, tmp_path, schedule=ONE_CYCLE)
    training.run(epochs=2)
    log = training.run(epochs=3)
    assert "going on" not in log
    assert "epoch 1/3" in log
    # As it was planned, it is found finished.
    assert "going on after epoch 3" in training.run(epochs=3)


HOOK = """

def callbacks(settings):
    factors = [1.0, 0.1, 0.01, 0.001]
    assert settings["epochs"] in (2, 4)
    return [keras.callbacks.LearningRateScheduler(lambda epoch: factors[epoch])]
"""


@pytest.mark.thorough
def test_callbacks_of_an_architecture_know_the_epoch_and_go_on(project, plain, tmp_path):
    source = TINY.format(units=16)
    for name, hook in (("hooked", HOOK), ("odd", "\n\ndef callbacks(settings):\n    return 3\n")):
        project.path(f"architectures/{name}.py").write_text(source + hook)
    whole, parts, odd = (Training(project, tmp_path / n) for n in ("whole", "parts", "odd"))
    whole.run(model="hooked", epochs=4)
    parts.run(model="hooked", epochs=2)
    assert "going on after epoch 2" in parts.run(model="hooked", epochs=4)
    assert parts.bits() == whole.bits()
    assert plain.history()["loss"][0] == whole.history()["loss"][0]
    assert plain.history()["loss"][1] != whole.history()["loss"][1]
    process = odd.start(model="odd", epochs=4)
    assert process.wait(PATIENCE) != 0
    assert "architectures/odd.py: callbacks: returned 3; expected a list" in odd.log.read_text()


@pytest.mark.parametrize("setting", [{"label_smoothing": 0.3}, {"class_weight": "balanced"}])
def test_what_is_optimised_leaves_the_reported_losses_plain(project, plain, tmp_path, setting):
    training = Training(project, tmp_path, **setting)
    training.run(epochs=3)
    assert plain.bits() != training.bits()
    for one in (plain, training):
        probabilities = one.probabilities()
        labels = np.load(one.folder / "output" / "predictions.npz")["labels"]
        loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
        assert one.history()["test_loss"].iloc[-1] == pytest.approx(loss, rel=1e-4)


def test_averages_are_what_is_judged_and_kept_and_not_what_is_trained(project, tmp_path):
    adam = {"name": "Adam", "learning_rate": 0.01}
    plain = Training(project, tmp_path / "plain", optimizer=adam)
    plain.run(epochs=3)
    own = adam | {"use_ema": True, "ema_momentum": 0.5}
    averaged = Training(project, tmp_path / "averaged", optimizer=own)
    averaged.run(epochs=3)
    # The weights go the same way; what is judged are their averages.
    trained = ["loss", "accuracy"]
    assert averaged.history()[trained].equals(plain.history()[trained])
    assert (averaged.history()["test_loss"] != plain.history()["test_loss"]).all()
    np.testing.assert_array_equal(averaged.loaded_probabilities(), averaged.probabilities())
    last = averaged.history()["test_accuracy"].iloc[-1]
    labels = np.load(averaged.folder / "output" / "predictions.npz")["labels"]
    accuracy = (averaged.probabilities().argmax(axis=1) == labels).mean()
    assert last == pytest.approx(accuracy, abs=1e-6)


def test_augmentation_is_for_training_images_alone(project, plain, tmp_path):
    augmented = Training(project, tmp_path)
    augmented.run(epochs=3, augmentation=AUGMENTED)
    assert plain.bits() != augmented.bits()
    probabilities = augmented.probabilities()
    labels = np.load(augmented.folder / "output" / "predictions.npz")["labels"]
    # Test images are as they are.
    np.testing.assert_array_equal(augmented.loaded_probabilities(), probabilities)
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    assert augmented.history()["test_loss"].iloc[-1] == pytest.approx(loss, rel=1e-4)


def test_balanced_classes_have_equal_weights_in_all():
    from bakeoff.training.loop import class_weights

    labels = np.repeat([0, 2, 3], [60, 30, 10])
    weights = class_weights("balanced", labels)
    assert [weights[label] * np.sum(labels == label) for label in (0, 2, 3)] == pytest.approx(
        [100 / 3] * 3
    )
    assert np.mean([weights[label] for label in labels.tolist()]) == pytest.approx(1)
    assert class_weights(None, labels) is None
