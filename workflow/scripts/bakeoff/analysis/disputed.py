"""What test images whose labels are in doubt do to accuracies."""

import numpy as np

from bakeoff.analysis.confusion import wrong_models
from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.numbers import Disputed


def disputed(results: MeasuredStudy) -> Disputed | None:
    """Return the :class:`bakeoff.numbers.Disputed`.

    None where no label of the test images is in doubt, or each is.
    """
    in_doubt = results.data.disputed
    if not in_doubt.any() or in_doubt.all():
        return None
    sound = {model.key: _otherwise(model, in_doubt) for model in results.sound}
    by_all = (wrong_models(results)[in_doubt] == len(sound)).sum()
    return Disputed(
        otherwise={model.key: _otherwise(model, in_doubt) for model in results.finished},
        without={
            model.key: float(np.mean([run.correct[~in_doubt] for run in model.runs]))
            for model in results.finished
        },
        sound=sound,
        by_all=int(by_all),
    )


def _otherwise(model, in_doubt):
    """Return for how many disputed images a run of the model predicts another class."""
    return float(np.mean([(~run.correct[in_doubt]).sum() for run in model.runs]))
