"""Reported losses are cross-entropy; steps of a model's own must report it before any epoch."""

import keras
import numpy as np
import pytest
from keras import layers, regularizers

from bakeoff.errors import StudyError
from bakeoff.training.scores import CrossEntropy, check_steps, metrics

pytestmark = pytest.mark.workflow

tf = pytest.importorskip("tensorflow")

SHAPE, CLASSES = (8, 8, 1), 10
X = np.random.default_rng(0).random((50, *SHAPE), np.float32)
Y = np.eye(CLASSES, dtype=np.float32)[np.arange(50) % CLASSES]


def classifier(kind=keras.Model, front=None, penalty=None):
    inputs = keras.Input(SHAPE)
    x = layers.Dropout(0.2)(layers.Flatten()(front(inputs) if front else inputs))
    outputs = layers.Dense(CLASSES, "softmax", kernel_regularizer=penalty)(x)
    return compiled(kind(inputs, outputs))


def compiled(model):
    model.compile("sgd", "categorical_crossentropy", metrics=metrics(), jit_compile=False)
    return model


def test_without_penalties_it_is_keras_own_loss_to_the_last_bit():
    model = classifier()
    logs = model.fit(X, Y, batch_size=16, epochs=3, verbose=0, validation_data=(X[:33], Y[:33]))
    assert logs.history["cross_entropy"] == logs.history["loss"]
    assert logs.history["val_cross_entropy"] == logs.history["val_loss"]


@pytest.mark.parametrize("kind", ["regularizer", "activity", "add_loss"])
def test_penalties_are_left_out(kind):
    class Adding(layers.Layer):
        def call(self, x):
            self.add_loss(3.0 + 0 * keras.ops.sum(x))
            return x

    front = {"activity": layers.ActivityRegularization(l1=0.5), "add_loss": Adding()}.get(kind)
    penalty = regularizers.L2(0.5) if kind == "regularizer" else None
    model = classifier(front=front, penalty=penalty)
    scores = model.evaluate(X, Y, batch_size=16, verbose=0, return_dict=True)
    probabilities = model.predict(X, verbose=0).astype(np.float64)
    expected = -np.log(probabilities[np.arange(50), Y.argmax(axis=1)]).mean()
    assert scores["cross_entropy"] == pytest.approx(expected, rel=1e-5)
    assert scores["loss"] > expected + 0.1


def test_the_metric_is_told_by_its_configuration():
    metric = CrossEntropy.from_config(CrossEntropy().get_config())
    metric.update_state(Y, np.full((50, CLASSES), 0.1, np.float32))
    assert float(metric.result()) == pytest.approx(np.log(10), rel=1e-6)


class Own(keras.Model):
    """Trains by itself, and reports as Keras's guide has it."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        self.optimizer.apply(tape.gradient(loss, self.trainable_weights), self.trainable_weights)
        return self.report(x, y, y_pred, loss)

    def report(self, x, y, y_pred, loss):
        return self.compute_metrics(x, y, y_pred)


class Guide(Own):
    def report(self, x, y, y_pred, loss):
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


class LossAlone(Own):
    def report(self, x, y, y_pred, loss):
        return {"loss": loss}


class NeverUpdated(Own):
    def report(self, x, y, y_pred, loss):
        return {"loss": loss, "accuracy": 0.0, "cross_entropy": 0.0}


class Breaking(keras.Model):
    def train_step(self, data):
        raise RuntimeError("not today")


class LossAloneInTests(keras.Model):
    def test_step(self, data):
        x, y = data
        return {"loss": self.compute_loss(y=y, y_pred=self(x, training=False))}


class OtherInTests(keras.Model):
    def test_step(self, data):
        x, y = data
        return self.compute_metrics(x, y, tf.roll(self(x, training=True), 1, axis=1))


@pytest.mark.parametrize("kind", [keras.Model, Own, Guide])
def test_steps_that_report_enough_pass_and_leave_no_trace(kind):
    keras.utils.set_random_seed(0)
    model = classifier(kind)
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    check_steps(model, "architectures/own.py", SHAPE, CLASSES)
    for variable, value in zip(variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)
    logs = model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y)).history
    assert set(logs) >= {"accuracy", "cross_entropy", "val_accuracy", "val_cross_entropy"}
    assert logs["cross_entropy"][0] == pytest.approx(2.4, abs=0.5)


def test_a_model_that_leaves_its_steps_to_keras_is_not_tried(monkeypatch):
    monkeypatch.setattr(keras.Model, "fit", None)
    for model in (classifier(), compiled(keras.Sequential([keras.Input(SHAPE), layers.Flatten()]))):
        check_steps(model, "architectures/usual.py", SHAPE, CLASSES)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        (LossAlone, ["train_step: reports loss;", "`return self.compute_metrics(x, y, y_pred)`"]),
        (NeverUpdated, ["train_step: reports ", "cross_entropy was never updated"]),
        (Breaking, ["train_step: raised RuntimeError: not today"]),
        (LossAloneInTests, ["test_step: reports loss;", "accuracy and cross_entropy"]),
        (OtherInTests, ["test_step: reports", "that of the model's own predictions"]),
    ],
)
def test_steps_that_report_too_little_are_refused(kind, parts):
    with pytest.raises(StudyError) as error:
        check_steps(classifier(kind), "architectures/own.py", SHAPE, CLASSES)
    line = str(error.value)
    assert line.startswith("architectures/own.py: ")
    assert "\n" not in line
    assert "expected" in line
    assert all(part in line for part in parts), line
