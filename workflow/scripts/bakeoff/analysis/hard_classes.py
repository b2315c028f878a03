"""Whether a class is harder than the others, or comes last by chance."""

from collections.abc import Iterable

import numpy as np
from scipy import stats

from bakeoff.analysis.models import MeasuredModel
from bakeoff.analysis.sampling import Sampling
from bakeoff.levels import LEVEL


def stands_out(
    models: Iterable[MeasuredModel],
    labels: np.ndarray,
    label: int,
    groups: np.ndarray | None = None,
) -> bool:
    """Tell whether a class is predicted wrongly more often than each other, beyond chance.

    The test images are the sample, ``labels`` int (n_test,) theirs; what is compared is the
    share of the runs of ``models`` that get an image wrong. Welch's t-test, with one image
    that all get right and one that none does added to each class (Agresti and Caffo 2000, "Simple
    and effective confidence intervals for proportions"), as a class without errors has no spread.
    Bonferroni's correction is for all pairs of classes, since ``label`` is picked by its errors.
    With ``groups`` (n_test,), these are the sample.
    """
    wrong = np.concatenate([[~run.correct for run in model.runs] for model in models]).mean(axis=0)
    images = np.bincount(labels)
    classes = np.flatnonzero(images)
    level = LEVEL / (len(classes) * (len(classes) - 1) / 2) if len(classes) > 1 else LEVEL
    if groups is not None:
        number = int(np.searchsorted(classes, label))
        t, p = Sampling(len(labels), groups, labels).class_t_tests(wrong, number)
        return bool(((t > 0) & (p < level)).all())
    count = images[classes] + 2
    total, square = (np.bincount(labels, weights=x)[classes] + 1 for x in (wrong, wrong**2))
    mean = total / count
    spread = np.sqrt(np.maximum(square - count * mean**2, 0) / (count - 1))
    own, others = classes == label, classes != label
    found = stats.ttest_ind_from_stats(
        *(x[own].item() for x in (mean, spread, count)),
        *(x[others] for x in (mean, spread, count)),
        equal_var=False,
    )
    return bool(((found.statistic > 0) & (found.pvalue < level)).all())
