"""An architecture's own callbacks: in a run, one `fit` an epoch, they do what they do in Keras."""

import json

import numpy as np
import pytest

from needs import need_backend
from patience import PATIENCE
from projects import TINY, make_tiny_study
from training_process import Training

pytestmark = pytest.mark.workflow
NOTES = """

class Notes(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.rates, self.begun, self.batches = [], [], 0

    def on_epoch_begin(self, epoch, logs=None):
        self.begun.append(epoch)

    def on_epoch_end(self, epoch, logs=None):
        self.rates.append(round(float(self.model.optimizer.learning_rate), 8))

    def on_train_end(self, logs=None):
        import json
        print("NOTES", json.dumps(vars(self) | {"_model": None}))
"""
# No loss falls by ten: after the first epoch, none is better.
PLATEAU = """

def callbacks(settings):
    never = {"monitor": "val_loss", "min_delta": 10}
    return [
        Notes(),
        keras.callbacks.ReduceLROnPlateau(patience=1, factor=0.1, **never),
        keras.callbacks.EarlyStopping(patience=4, **never),
    ]
"""
HEARING = """

class Hearing(Notes):
    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1

def callbacks(settings):
    return [Hearing()]
"""
# A loss is better if it is lower by min_delta, of which Keras turns the sign once a callback.
SLOW = """

def callbacks(settings):
    return [Notes(), keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=0.01, factor=0.5)]
"""
FORGETFUL = """

class Forgetful(Notes):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self.seen = {epoch}

    def on_train_end(self, logs=None):
        print("SEEN", self.seen)

def callbacks(settings):
    return [Forgetful()]
"""
MOVING = """

class Moving(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.set_weights([0.5 * weight for weight in self.model.get_weights()])

    def on_train_end(self, logs=None):
        self.model.set_weights([0 * weight for weight in self.model.get_weights()])

def callbacks(settings):
    return [Moving()]
"""
RESTORING = """

def callbacks(settings):
    return [keras.callbacks.EarlyStopping(restore_best_weights=True)]
"""
HOOKS = {
    "plateau": NOTES + PLATEAU,
    "hearing": NOTES + HEARING,
    "slow": NOTES + SLOW,
    "forgetful": NOTES + FORGETFUL,
    "moving": MOVING,
    "restoring": RESTORING,
    "unhooked": "",
}


def make_project(folder, **data):
    project = make_tiny_study(folder)
    project.change_config(lambda config: config["data"].update(data))
    for name, hook in HOOKS.items():
        project.add_architecture(name, TINY.format(units=16) + hook)
    project.snakemake("--until", "prepare_data")
    return project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("callbacks") / "project"
    return make_project(folder, validation="holdout", holdout_images=300)


def notes_in(log):
    (line,) = [line for line in log.splitlines() if "NOTES " in line]
    return json.loads(line.split("NOTES ")[1])


def refused(training, model):
    assert training.start(model=model).wait(PATIENCE) != 0
    return training.log.read_text()


@pytest.mark.parametrize(
    "backend",
    [
        "tensorflow",
        *(pytest.param(name, marks=pytest.mark.thorough) for name in ("jax", "torch")),
    ],
)
def test_what_callbacks_remember_counts_and_outlasts_a_pause(project, tmp_path, backend):
    need_backend(backend)
    recipe = {"backend": backend, "epochs": 9}
    whole = Training(project, tmp_path / "whole", **recipe)
    log = whole.run(model="plateau")
    noted = notes_in(log)
    assert noted["begun"] == [0, 1, 2, 3, 4]
    assert noted["params"]["epochs"] == 9
    assert noted["rates"] == pytest.approx([1, 1, 0.1, 0.01, 0.001])
    assert "stopped early" in log
    card = whole.card()
    assert (card["epochs_trained"], card["judged_epoch"]) == (5, 5)
    assert card["stopped_by_callback"] is True

    parts = Training(project, tmp_path / "parts", **recipe)
    parts.run(model="plateau", epochs=3)
    assert parts.card()["stopped_by_callback"] is False
    log = parts.run(model="plateau")
    assert "going on after epoch 3" in log
    assert notes_in(log)["rates"] == noted["rates"]
    assert parts.bits() == whole.bits()
    # And stays so where more epochs are asked for.
    log = parts.run(model="plateau", epochs=12)
    assert "NOTES" not in log
    assert parts.bits() == whole.bits()


def test_each_batch_is_heard_and_changes_nothing(project, tmp_path):
    plain = Training(project, tmp_path / "plain")
    plain.run(model="unhooked", epochs=2)
    hearing = Training(project, tmp_path / "hearing")
    noted = notes_in(hearing.run(model="hearing", epochs=2))
    images = len(np.load(project.path("results/data/digits/train_labels.npy")))
    assert noted["params"]["steps"] == -(-images // 32)
    assert noted["batches"] == 2 * noted["params"]["steps"]
    heard = hearing.bits()
    heard["history"] = heard["history"].replace("hearing", "unhooked")
    assert heard == plain.bits()


@pytest.mark.parametrize("optimizer", [{}, {"use_ema": True}], ids=["weights", "averages"])
def test_a_paused_rate_falls_where_it_falls_in_one_go(project, tmp_path, optimizer):
    recipe = {"optimizer": {"name": "SGD", "learning_rate": 0.4, **optimizer}, "epochs": 12}
    whole, parts = (Training(project, tmp_path / name, **recipe) for name in ("whole", "parts"))
    rates = notes_in(whole.run(model="slow"))["rates"]
    history = whole.history()
    # Keras's own rule, told from the losses.
    expected, best, rate = [], np.inf, 0.4
    for loss in history["val_loss"]:
        expected.append(rate)
        if loss + 0.01 < best:
            best = loss
        else:
            rate *= 0.5
    assert rates == pytest.approx(expected, rel=1e-5)
    assert 0.4 / 2**8 < rates[-1] < 0.4
    parts.run(model="slow", epochs=5)
    assert notes_in(parts.run(model="slow"))["rates"] == rates
    assert parts.bits() == whole.bits()


def test_what_cannot_be_kept_is_trained_anew(project, tmp_path):
    whole, parts = (Training(project, tmp_path / name) for name in ("whole", "parts"))
    whole.run(model="forgetful", epochs=4)
    parts.run(model="forgetful", epochs=2)
    log = parts.run(model="forgetful", epochs=4)
    assert "Epochs 1 to 2 are trained anew: what the architecture's callbacks remember" in log
    assert "epoch 1/4" in log
    assert parts.bits() == whole.bits()
    # What has ended is found, and nothing of it begins or ends again.
    log = parts.run(model="forgetful", epochs=4)
    assert "epoch 1/4" not in log
    assert "SEEN" not in log
    assert parts.bits() == whole.bits()


def test_scores_are_those_of_the_weights_that_callbacks_leave(project, tmp_path):
    moving = Training(project, tmp_path)
    log = moving.run(model="moving", epochs=2)
    assert "change the weights when the training ends: undone" in log
    labels = np.load(moving.folder / "output" / "predictions.npz")["labels"]
    probabilities = moving.probabilities()
    last = moving.history().iloc[-1]
    loss = -np.log(probabilities[np.arange(len(labels)), labels]).mean()
    assert last["test_loss"] == pytest.approx(loss, rel=1e-4)
    assert last["test_loss"] != pytest.approx(np.log(10), abs=1e-3)


def test_what_can_be_kept_of_a_callback_comes_back(tmp_path):
    keras = pytest.importorskip("keras")
    from bakeoff.training.callbacks import OwnCallbacks

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])

    class Kept(keras.callbacks.Callback):
        def __init__(self, constant=(3, 6.0), held=None):
            super().__init__()
            self.constant, self.held, self.chosen = constant, held, lambda: 1

        def on_train_begin(self, logs=None):
            self.seen, self.best, self.compared = {"losses": []}, None, None

        def on_epoch_end(self, epoch, logs=None):
            self.seen["losses"].append(logs["loss"])
            self.best, self.compared = float("inf"), keras.ops.less

    def started(state=(), **arguments):
        callback = Kept(**arguments)
        own = OwnCallbacks([callback], model, 5, 1)
        own.begin(state)
        return callback, own

    first, own = started()
    own.end_epoch(1, {"loss": 0.5})
    kept = json.loads(json.dumps(own.remembered()))
    again, own = started(kept)
    assert (again.seen, again.best) == ({"losses": [0.5]}, float("inf"))
    assert again.compared is keras.ops.less
    assert again.constant == first.constant
    # Changes in place, or may, and JSON does not give it back as it was.
    for held in (np.float32(1), {1}, [(1, 2)], {1: 2}, model, np.zeros(2)):
        assert started(held=held)[1].remembered() is None


def test_what_the_config_has_settings_for_is_refused(project, tmp_path):
    log = refused(Training(project, tmp_path / "restoring"), "restoring")
    assert "architectures/restoring.py: callbacks: EarlyStopping with restore_best_weights" in log
    assert "`training: {evaluate: best}`" in log
    tested = make_project(tmp_path / "project")
    log = refused(Training(tested, tmp_path / "plateau"), "plateau")
    assert "architectures/plateau.py: callbacks: ReduceLROnPlateau with monitor='val_loss'" in log
    assert "write `data: {validation: holdout}`, or monitor 'loss'" in log
