"""What test images that are training images too do to accuracies."""

import numpy as np

from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.numbers import Known


def known(results: MeasuredStudy) -> Known | None:
    """Return the :class:`bakeoff.numbers.Known`.

    None where no test image is a training image too, or each is.
    """
    seen = results.data.in_training
    if not seen.any() or seen.all():
        return None
    return Known(
        without={
            model.key: float(np.mean([run.correct[~seen] for run in model.runs]))
            for model in results.finished
        }
    )
