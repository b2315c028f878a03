"""How often differences are shown of the size that a study is said to show in four of five cases.

``PYTHONPATH=workflow/scripts python tests/simulated_power.py`` prints the tables of
docs/statistics.md: of what a study tells of itself, in those of :mod:`simulated_studies`; of what
is said of any number of seeds, in those of :func:`doubtful_study`; and of what is told before one
is trained, in those of :mod:`simulated_groups`.
"""

import numpy as np
from scipy import optimize, special

import simulated_groups
from bakeoff.analysis.crossed import Answers, shares_of_difference, typical_spread
from bakeoff.analysis.power import detectable_if
from bakeoff.analysis.sampling import TestSample
from bakeoff.analysis.significance import compare_all, typical_spread_of
from simulated_groups import Case, accuracy_of
from simulated_studies import MODELS, SPREADS, as_answers, simulate_study

PAIRS = MODELS * (MODELS - 1) // 2
_TRIED = 20


def detectable(seeds, spread, generator, planned_with=None):
    """Return the mean of what studies call the smallest difference that they show.

    It is that with so many ``seeds``, told from studies that have ``planned_with`` of them.
    """
    found = []
    for _ in range(_TRIED):
        answers = as_answers(simulate_study(generator, planned_with or seeds, spread))
        typical = typical_spread_of(answers)
        for other in range(1, MODELS):
            a, b = (Answers(np.array([list(answers[m].values())])) for m in (0, other))
            shares = shares_of_difference(a, b, typical)
            found.append(shares.detectable(seeds, PAIRS))
    return float(np.mean(found))


def share_shown(seeds, spread, studies, planned_with=None):
    """Return the share of pairs shown to differ whose true difference is :func:`detectable`.

    They are those of the first model with the nine others, in so many ``studies`` of ``seeds``.
    """
    generator = np.random.default_rng(seeds)
    ahead = detectable(seeds, spread, generator, planned_with)
    shown = []
    for _ in range(studies):
        answers = as_answers(simulate_study(generator, seeds, spread, ahead))
        pairs = compare_all(answers)
        shown += [pairs[0, m].significant and pairs[0, m].difference > 0 for m in range(1, MODELS)]
    return float(np.mean(shown))


def doubtful_study(generator, models, seeds, images, spread=0.3):
    """Return the answers (seeds, images) of each of several models, and their expectations.

    Each of the ``images`` is in some doubt, and ``spread`` is how far the runs' skills are apart.
    """
    image, found, expected = 3 + 2 * generator.standard_normal(images), [], []
    for _ in range(models):
        skill = image + generator.standard_normal(images) / 2
        run = spread * generator.standard_normal((seeds, 1))
        found.append(generator.random((seeds, images)) < special.expit(skill + run))
        expected.append(special.expit(skill))
    return found, expected


def shares_and_limits(seeds, images, studies):
    """Return the Shares of pairs, and what is told of any number of seeds over what is true.

    They are the first of four models with each of the others, in so many ``studies``.
    """
    generator, found, ratios = np.random.default_rng(seeds), [], []
    for _ in range(studies):
        correct, expected = doubtful_study(generator, 4, seeds, images)
        typical = typical_spread(correct)
        for other in (1, 2, 3):
            a, b = (Answers(correct[model][None]) for model in (0, other))
            found.append(shares_of_difference(a, b, typical))
            apart = expected[0] - expected[other]
            # The two images that are added are there as well.
            true = (apart @ apart + 2) / (images + 2) ** 2
            ratios.append((found[-1].of_images / true) ** 0.5)
    return found, ratios


def print_limits():
    head = ("images", "seeds", "zero", "below half", "below half, with them")
    print(f"| {' | '.join(head)} | lowest 5 % | median | highest 5 % |")
    print(f"|{' --- |' * 8}")
    for images in (300, 1000):
        for seeds in (2, 3, 5):
            shares, ratios = shares_and_limits(seeds, images, 300)
            true = np.array([one.of_images**0.5 for one in shares]) / ratios
            before = np.array([one.images**0.5 for one in shares]) / true
            cells = [np.mean(before == 0), np.mean(before < 0.5), np.mean(np.less(ratios, 0.5))]
            row = [f"{images:,}", str(seeds), *(f"{100 * cell:.1f} %" for cell in cells)]
            row += [f"{value:.2f}" for value in np.quantile(ratios, (0.05, 0.5, 0.95))]
            print(f"| {' | '.join(row)} |", flush=True)


_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def differing(case, ahead, label=0):
    """Return on which share of a class's images two models differ, beyond chance of their seeds.

    It is the mean square of how much likelier the one is to be right, whose skill is higher by
    ``ahead``.
    """
    shared = case.skill - case.harder * label + case.image * _NODES[:, None, None]
    own = np.hypot(case.model_by_image, case.run) * _NODES
    apart = special.expit(shared + ahead + own[:, None]) - special.expit(shared + own)
    return float(np.einsum("i,j,k,ijk", _WEIGHTS, _WEIGHTS, _WEIGHTS, apart**2))


def planned(case, seeds, alike, balanced=False):
    """Return what is planned with as the smallest difference, and the skill that gives it.

    The share of images on which models differ, and how their runs do, are those of the ``case``.
    """
    generator = np.random.default_rng(seeds)
    deviations = []
    for _ in range(_TRIED):
        correct, groups, labels = simulated_groups.simulate(case, generator, seeds)
        sample = TestSample(labels, groups, "balanced_accuracy" if balanced else "accuracy")
        answers = sample.ranking(correct)
        deviations.append(answers.mean_squares[1] / answers.scale)
    deviation = np.sqrt(np.mean(deviations))
    classes = range(len(case.shares)) if balanced else [0]

    def lead(ahead):
        return np.mean(
            [accuracy_of(case, seeds, ahead, k) - accuracy_of(case, seeds, 0, k) for k in classes]
        )

    def size(ahead):
        share = np.mean([differing(case, ahead, k) for k in classes])
        return detectable_if(seeds, deviation, sample.sampling, PAIRS, alike, share)

    ahead = optimize.brentq(lambda ahead: lead(ahead) - size(ahead), 0, 12)
    return size(ahead), ahead


PLANNED = {
    "10,000 images": (Case(None, images=10_000), False),
    "360 images": (Case(None, images=360), False),
    "100 images": (Case(None, images=100, skill=0.0), False),
    "50 groups of 1 to 200 images, alike 0.1": (Case(alike=0.1, skill=0.0), False),
    "the same, alike 0.3": (Case(skill=0.0), False),
    "the same, alike 0.8": (Case(alike=0.8, skill=0.0), False),
    "100 groups of 1 to 20 images, alike 0.5": (
        Case(groups=100, largest=20, alike=0.5, skill=0.0),
        False,
    ),
    "2 classes, 95 and 5 %": (simulated_groups.CLASSES["2 classes, 95 and 5 %"], True),
}


def print_planned(studies=100):
    """Print how often what is planned with is shown, of groups with either thing assumed."""
    for name, (case, balanced) in PLANNED.items():
        for alike in (True, False) if case.groups else (True,):
            for seeds in (3, 10):
                size, ahead = planned(case, seeds, alike, balanced)
                found = simulated_groups.judge(case, studies, seeds, balanced, ahead)["given"]
                assumed = ("alike" if alike else "apart") if case.groups else ""
                cells = (name, assumed, f"{seeds}", f"{100 * size:.2f}", f"{100 * found:.1f} %")
                print(f"| {' | '.join(cells)} |", flush=True)


def main():
    head = ("seeds", "SD between seeds (points)", "smallest difference (points)", "shown")
    print(f"| {' | '.join(head)} |")
    print("| --- | --- | --- | --- |")
    planned = ((2, 2), (3, 3), (5, 5), (10, 10), (20, 20), (10, 3), (20, 3))
    for seeds, planned_with in planned:
        # With two seeds that lie further apart, not even the best there can be is shown.
        for spread in SPREADS[:: 2 if seeds > 2 else 3]:
            size = detectable(seeds, spread, np.random.default_rng(seeds), planned_with)
            share = share_shown(seeds, spread, 200, planned_with)
            told = f"{seeds}" if seeds == planned_with else f"{seeds}, told with {planned_with}"
            print(f"| {told} | {100 * spread:g} | {100 * size:.2f} | {share:.1%} |", flush=True)
    print()
    print_limits()
    head = ("", "a group's images", "seeds", "planned with (percentage points)", "shown")
    print(f"\n| {' | '.join(head)} |")
    print("| --- | --- | --- | --- | --- |")
    print_planned()


if __name__ == "__main__":
    main()
