"""Loss and accuracy as they are reported, whatever a model adds to its loss.

Importing this imports Keras, which must find its backend prepared.
"""

from typing import Any

import keras
import numpy as np

from bakeoff.errors import StudyError, cause_of
from bakeoff.training.architecture import Shape, random_images
from bakeoff.training.surroundings import kept_random_states

_NAMES = ("accuracy", "cross_entropy")
# Where Keras makes the scores that it reports; a model may have its own.
_STEPS = ("train_step", "test_step", "compute_metrics", "get_metrics_result", "metrics")


class CrossEntropy(keras.metrics.Mean):
    """The mean cross-entropy of images, without what a model adds to the loss it is trained on.

    Penalties (regularizers, ``add_loss``) have no place in a number that is compared between
    models or with that of other images. The mean is summed up batch by batch as Keras sums its
    own loss up: for models without penalties both are the same to the last bit.
    """

    def __init__(self, name: str = "cross_entropy"):
        super().__init__(name=name)
        self.loss = keras.losses.CategoricalCrossentropy()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Add a batch: labels one-hot and probabilities, both ``(n, classes)``."""
        return super().update_state(
            self.loss(y_true, y_pred), sample_weight=keras.ops.shape(y_pred)[0]
        )

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal metric."""
        return {"name": self.name}


def metrics() -> list[Any]:
    """Return the metrics that every model is compiled with: see :func:`check_steps`.

    Of the name "accuracy", Keras makes a metric while TensorFlow traces the first training step,
    which is then traced a second time.
    """
    return [keras.metrics.CategoricalAccuracy(name="accuracy"), CrossEntropy()]


def check_steps(model: keras.Model, file: str, input_shape: Shape, num_classes: int) -> None:
    """Try the steps of a compiled ``model`` that has its own on a batch; undo what they change.

    ``input_shape`` is ``(height, width, channels)``. Models that leave ``train_step``,
    ``test_step`` and the making of metrics to Keras are not tried. Raises :class:`StudyError`
    naming ``file`` where a step raises, does not report accuracy and cross-entropy, or reports
    others than those of the model's own predictions.
    """
    if not any(_is_own(model, name) for name in _STEPS):
        return
    x = random_images(input_shape)
    y = np.eye(num_classes, dtype=np.float32)[np.arange(len(x)) % num_classes]
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [keras.ops.convert_to_numpy(variable) for variable in variables]
    with kept_random_states():
        probabilities = model.predict_on_batch(x)
        # Builds the metrics, without which Keras raises before it is seen that a step has none.
        model.compute_metrics(x, y, probabilities)
        model.reset_metrics()
        # Not train_on_batch: it hands a step other data than fit does.
        _check_step(file, "train_step", lambda: _last(model.fit(x, y, verbose=0).history))
        scores = _check_step(
            file, "test_step", lambda: model.evaluate(x, y, verbose=0, return_dict=True)
        )
        _compare(file, scores, model.predict_on_batch(x), y)
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)
    model.reset_metrics()


def _is_own(model, name):
    return name in vars(model) or getattr(type(model), name) is not getattr(keras.Model, name)


def _last(history):
    return {name: values[-1] for name, values in history.items()}


def _check_step(file, name, run):
    """Return the scores that a step reports."""
    try:
        scores = run()
    except Exception as error:
        raise StudyError(
            f"{file}: {name}: raised {cause_of(error)}; expected a step that trains or tests on"
            " one batch, written for the study's backend: mend it (the job's log holds the"
            " traceback)."
        ) from error
    # A metric that no batch was added to is zero, which cross-entropy never is.
    missing = [score for score in _NAMES if score not in scores]
    if missing or not scores["cross_entropy"]:
        raise StudyError(
            f"{file}: {name}: reports {' and '.join(sorted(scores)) or 'nothing'}"
            f"{'' if missing else ', of which cross_entropy was never updated'}; expected"
            f" {' and '.join(_NAMES)} of each batch: end it with"
            " `return self.compute_metrics(x, y, y_pred)`."
        )
    return scores


def _compare(file, scores, probabilities, y):
    """Check the scores of a test step against the predictions for the same images."""
    expected = {
        "accuracy": np.mean(probabilities.argmax(axis=1) == y.argmax(axis=1)),
        "cross_entropy": float(keras.losses.CategoricalCrossentropy()(y, probabilities)),
    }
    for name in _NAMES:
        if not np.isclose(scores[name], expected[name], rtol=0.02, atol=0.02):
            raise StudyError(
                f"{file}: test_step: reports {name} {scores[name]:.4g}; expected"
                f" {expected[name]:.4g}, that of the model's own predictions for the same images:"
                " leave testing to Keras, or predict and test the same way."
            )
