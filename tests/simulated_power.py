"""How often differences are shown of the size that a study is said to show in four of five cases.

``PYTHONPATH=workflow/scripts python tests/simulated_power.py`` prints the table of
docs/statistics.md. The studies are those of :mod:`simulated_studies`.
"""

import numpy as np

from bakeoff.analysis.crossed import Answers, shares_of_difference
from bakeoff.analysis.significance import compare_all, typical_spread_of
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


def main():
    head = ("seeds", "SD between seeds (points)", "smallest difference (points)", "shown")
    print(f"| {' | '.join(head)} |")
    print("| --- | --- | --- | --- |")
    for seeds, planned_with in ((3, 3), (5, 5), (10, 10), (20, 20), (10, 3), (20, 3)):
        for spread in SPREADS[::2]:
            size = detectable(seeds, spread, np.random.default_rng(seeds), planned_with)
            share = share_shown(seeds, spread, 200, planned_with)
            told = f"{seeds}" if seeds == planned_with else f"{seeds}, told with {planned_with}"
            print(f"| {told} | {100 * spread:g} | {100 * size:.2f} | {share:.1%} |", flush=True)


if __name__ == "__main__":
    main()
