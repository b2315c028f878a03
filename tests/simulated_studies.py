"""Studies whose truth is known, and how often each way to compare models gets it right.

``PYTHONPATH=workflow/scripts python tests/simulated_studies.py`` prints the tables of
docs/statistics.md.

An image is predicted correctly with the probability ``expit(skill + image + model by image +
training)``. Most images are in no doubt and always right; the others differ widely, alike for all
models but for the part "model by image". "training" shifts all images of one run. The spread
of the three parts is set so that two runs of one model differ on about 50 of 10,000 images
and those of two models on about 65, as in the runs of docs/reference. All are drawn afresh
for every study: equal models are equal over all images and runs, not on those of a study.
"""

import gc
import sys
from functools import cache
from itertools import product
from math import factorial

import numpy as np
from scipy import optimize, special, stats

from bakeoff.analysis.significance import compare_all

IMAGES = 10_000
ACCURACY = 0.993
SPREADS = (0.0005, 0.00075, 0.001)
"""Standard deviations of a model's accuracy between seeds, on the same images."""

DIFFERENCE = 0.003
MODELS = 10
LEVEL = 0.05

_DOUBTFUL = 0.03
"""Share of the images that are ever in doubt."""

_TARGET = {"wrong": 70, "between seeds": 48, "between models": 64}
"""Images of 10,000 that a run gets wrong, and that two runs answer differently."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def simulate_study(generator, seeds, spread, ahead=0.0, accuracy=ACCURACY, images=IMAGES):
    """Draw the answers to the images in doubt, boolean (models, seeds, images in doubt).

    All other images of the ``images`` are predicted correctly. The first model's expected accuracy
    is higher than that of the others by ``ahead``, or each model's by one of several. ``spread`` is
    the standard deviation between seeds, one number or one a model.
    """
    return simulate_networks(generator, seeds, spread, ahead, accuracy, images)[0]


def simulate_networks(generator, seeds, spread, ahead=0.0, accuracy=ACCURACY, images=IMAGES):
    """Return what :func:`simulate_study` does, and each run's expected accuracy.

    The latter, float64 (models, seeds), is that over all images there might be, not on those of
    the study: what is true of a trained network.
    """
    spreads = np.broadcast_to(spread, MODELS)
    levels = accuracy + (np.eye(MODELS)[0] * ahead if np.ndim(ahead) == 0 else np.asarray(ahead))
    skill, training = np.array(
        [_solve(float(level), float(own)) for level, own in zip(levels, spreads, strict=True)]
    ).T[:, :, None, None]
    image, model_by_image = _difficulty()
    doubtful = generator.binomial(images, _DOUBTFUL)
    shared = image * generator.standard_normal(doubtful)
    of_models = model_by_image * generator.standard_normal((MODELS, 1, doubtful))
    of_runs = training * generator.standard_normal((MODELS, seeds, 1))
    odds = skill + shared + of_models + of_runs
    correct = generator.random(odds.shape) < special.expit(odds)
    nodes = image * _NODES[:, None] + model_by_image * _NODES
    right = special.expit((skill + of_runs)[..., None] + nodes) @ _WEIGHTS @ _WEIGHTS
    return correct, 1 - _DOUBTFUL * (1 - right)


def as_answers(correct, images=IMAGES):
    """Return a study as :func:`bakeoff.analysis.significance.compare_all` takes it."""
    whole = np.ones((*correct.shape[:2], images), bool)
    whole[:, :, : correct.shape[2]] = correct
    return {model: dict(enumerate(seeds)) for model, seeds in enumerate(whole)}


@cache
def _difficulty():
    """Return the standard deviations of the parts "image" and "model by image"."""

    def misses(x):
        found = _moments(x[0], *np.exp(x[1:]), 0.0)
        wrong, seeds, models = (number / 10_000 for number in _TARGET.values())
        within, between = 2 * found["chance"], 2 * found["model by image"]
        wanted = np.array([wrong, seeds, models - seeds]) / _DOUBTFUL
        return np.array([found["wrong"], within, between]) - wanted

    return tuple(np.exp(_root(misses, [2.8, 1.1, 0.4])[1:]))


@cache
def _solve(accuracy, spread):
    """Return skill, and standard deviation between runs, of an accuracy and its spread.

    Where chance in the images alone spreads the seeds as much or more, the latter is 0.
    """

    def misses(x):
        found = _moments(x[0], *_difficulty(), np.exp(x[1]))
        variance = _DOUBTFUL**2 * found["training"] + _DOUBTFUL * found["chance"] / IMAGES
        return [100 * (_DOUBTFUL * found["wrong"] - (1 - accuracy)), variance / spread**2 - 1]

    def wrong(skill):
        return _DOUBTFUL * _moments(skill, *_difficulty(), 0.0)["wrong"] - (1 - accuracy)

    skill = optimize.brentq(wrong, -10, 20)
    chance = _DOUBTFUL * _moments(skill, *_difficulty(), 0.0)["chance"] / IMAGES
    if chance >= spread**2:
        return skill, 0.0
    skill, log_training = _root(misses, [skill, -1.0])
    return skill, float(np.exp(log_training))


def _root(function, start):
    solution = optimize.root(function, start, tol=1e-10)
    if not solution.success:
        raise ArithmeticError(solution.message)
    return solution.x


def _moments(skill, image, model_by_image, training):
    """Return what follows for an image in doubt, by Gauss-Hermite quadrature over the parts.

    "wrong" is the share of wrong answers; "chance" the variance that is left in an answer when
    image, model and training are known, and the others those that each part adds.
    """
    right = special.expit(
        skill + image * _NODES[:, None, None] + model_by_image * _NODES[:, None] + training * _NODES
    )
    by_model = right @ _WEIGHTS
    by_image = by_model @ _WEIGHTS
    by_training = np.einsum("imt,i,m->t", right, _WEIGHTS, _WEIGHTS)
    mean = by_image @ _WEIGHTS
    return {
        "wrong": 1 - mean,
        "chance": (right * (1 - right)) @ _WEIGHTS @ _WEIGHTS @ _WEIGHTS,
        "model by image": (by_model**2 @ _WEIGHTS - by_image**2) @ _WEIGHTS,
        "training": by_training**2 @ _WEIGHTS - mean**2,
    }


# Ways to compare. Each takes a :class:`Pairs` and returns p-values and half widths (pairs,).


class Pairs:
    """All pairs of a simulated study's models: differences and mean squares.

    ``variance`` (pairs,) is that of the difference image by image, ``between`` and ``rest``
    (models,) are the mean squares of each model alone.
    """

    def __init__(self, correct, images=IMAGES):
        self.wrong = ~correct
        models, self.seeds, _ = correct.shape
        self.images = images
        self.a, self.b = np.triu_indices(models, 1)
        by_image = self.wrong.sum(axis=1).astype(float)
        by_seed = self.wrong.sum(axis=2).astype(float)
        total = by_seed.sum(axis=1)
        answers = self.seeds * images
        self.difference = (total[self.b] - total[self.a]) / answers
        products = by_image @ by_image.T
        squares = np.diag(products)
        self.squares = (
            squares[self.a] + squares[self.b] - 2 * products[self.a, self.b]
        ) / self.seeds**2
        self.seed_differences = by_seed[self.b] - by_seed[self.a]
        if self.seeds > 1:
            of_images = squares / self.seeds - total**2 / answers
            of_seeds = (by_seed**2).sum(axis=1) / images - total**2 / answers
            of_rest = total - total**2 / answers - of_images - of_seeds
            self.of_images = of_images / (images - 1)
            self.between = of_seeds / (self.seeds - 1)
            self.rest = of_rest / (self.seeds - 1) / (images - 1)

    def image_variance(self, added):
        """Variance that the images alone give the differences, with images added in pairs."""
        images = self.images + added
        value = self.difference * self.images / images
        return ((self.squares + added) / images - value**2) / images


def t_test(difference, variance, freedom):
    error = np.sqrt(variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = 2 * stats.t.sf(np.abs(difference) / error, freedom)
    return np.where(error > 0, p, difference == 0), stats.t.isf(LEVEL / 2, freedom) * error


def mcnemar(pairs):
    """One seed: the exact test, and Bonett and Price's interval."""
    discordant = np.rint(pairs.squares)
    fewer = (discordant - np.abs(np.rint(pairs.difference * pairs.images))) / 2
    p = np.minimum(1, 2 * stats.binom.cdf(fewer, discordant, 0.5))
    return p, stats.norm.isf(LEVEL / 2) * np.sqrt(pairs.image_variance(2))


def crossed(pairs):
    """t-test on the crossed variance of the paired difference, as Hillis (2007)."""
    seeds, images = pairs.seeds, pairs.images
    answers = seeds * images
    between = pairs.seed_differences.var(axis=1, ddof=1) / images
    total = (pairs.wrong[pairs.a] ^ pairs.wrong[pairs.b]).sum(axis=(1, 2))
    by_images = seeds * (pairs.squares - images * pairs.difference**2)
    rest = total - answers * pairs.difference**2 - between * (seeds - 1) - by_images
    rest, by_images = rest / (seeds - 1) / (images - 1), by_images / (images - 1)
    most = np.maximum.reduce([between + by_images - rest, between, by_images])
    freedom = most**2 / (between**2 / (seeds - 1) + by_images**2 / (images - 1))
    return t_test(pairs.difference, most / answers, freedom)


def bootstrap(pairs):
    """Paired bootstrap over seeds and images: all ways to draw the seeds, the images' mean
    taken as normal. The p-value is twice the share of the draws beyond zero."""
    weights, chances = _seed_draws(pairs.seeds)
    p, margin = [], []
    for a, b in zip(pairs.a, pairs.b, strict=True):
        drawn = weights @ (pairs.wrong[b].astype(float) - pairs.wrong[a])
        mean = drawn.sum(axis=1) / pairs.images
        variance = ((drawn**2).sum(axis=1) / pairs.images - mean**2) / pairs.images
        error = np.sqrt(np.maximum(variance, 1e-20))
        below = chances @ special.ndtr(-mean / error)
        p.append(2 * min(below, 1 - below))
        spread = np.sqrt(chances @ (variance + mean**2) - (chances @ mean) ** 2)
        margin.append(stats.norm.isf(LEVEL / 2) * spread)
    return np.array(p), np.array(margin)


@cache
def _seed_draws(seeds):
    if seeds > 5:
        draws = np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), 3000)
        return draws / seeds, np.full(len(draws), 1 / len(draws))
    draws = np.array([d for d in product(range(seeds + 1), repeat=seeds) if sum(d) == seeds])
    ways = factorial(seeds) / special.factorial(draws).prod(axis=1)
    return draws / seeds, ways / seeds**seeds


def pooled(pairs, added=2, share="median", pool="typical", prior=0):
    """t-test: seed variance pooled over the two models, image variance paired.

    ``added``: images added, half in favour of each model. ``share``: how the degrees of freedom
    come about: "plain" Satterthwaite, with the "median"-unbiased seed variance, "normal" (none
    lost), "excess" (only the seed variance beyond chance loses any) or "fewest" (those of the
    seeds). ``pool``: over the "pair", over the pair but no less than what is "typical" of the
    study, over "all" its models, or "not". ``prior``: degrees of freedom of a prior that the seed
    variance is twice what chance gives.
    """
    answers = pairs.seeds * pairs.images
    each = pairs.seeds - 1
    between = pairs.between[pairs.a] + pairs.between[pairs.b]
    rest = (pairs.rest[pairs.a] + pairs.rest[pairs.b]) / answers
    freedom = np.full(len(rest), 2.0 * each)
    if pool == "all":
        between = np.full(len(rest), 2 * pairs.between.mean())
        freedom = np.full(len(rest), float(len(pairs.between) * each))
    elif pool == "not":
        squares = pairs.between[pairs.a] ** 2 + pairs.between[pairs.b] ** 2
        freedom = np.divide(each * between**2, squares, out=freedom / 2, where=squares > 0)
    elif pool == "typical":
        median = np.median(pairs.between) * each / stats.chi2.median(each)
        least = 2 * min(pairs.between.mean(), 2 * median)
        of_least = max(2.0 * each, 0.6 * each * len(pairs.between))
        freedom = np.where(between < least, of_least, freedom)
        between = np.maximum(between, least)
    between = (freedom * between / answers + prior * 2 * rest) / (freedom + prior)
    freedom = freedom + prior
    between = np.maximum(between, rest)
    by_images = pairs.image_variance(added)
    variance = by_images + between - rest
    if share == "median":
        part = between * freedom / stats.chi2.median(freedom)
        part = part / (part + np.maximum(by_images - rest, 0))
    else:
        few = {"plain": between, "normal": 0 * between, "excess": between - rest}
        part = few[share] / variance if share in few else 1.0
    with np.errstate(divide="ignore"):
        freedom = freedom / part**2
    value = pairs.difference * pairs.images / (pairs.images + added)
    return t_test(value, variance, freedom)


def _variant(**settings):
    return lambda pairs: pooled(pairs, **settings)


CHOSEN = "pooled over the pair, no less than typical (chosen)"
PAIR = "pooled over the pair alone"
PRIOR = "pooled over the pair, prior: twice chance, 4 df"
BOOTSTRAP = "bootstrap over seeds and images"
CANDIDATES = {
    CHOSEN: pooled,
    "same, no images added": _variant(added=0),
    "same, plain Satterthwaite": _variant(share="plain"),
    "same, only the excess has few df": _variant(share="excess"),
    "same, normal reference": _variant(share="normal"),
    PAIR: _variant(pool="pair"),
    "not pooled (Welch)": _variant(share="plain", pool="not"),
    "pooled over the pair, all df those of the seeds": _variant(share="fewest", pool="pair"),
    PRIOR: _variant(prior=4, pool="pair"),
    "pooled over all models": _variant(share="plain", pool="all"),
    "crossed t-test of the differences (Hillis)": crossed,
    BOOTSTRAP: bootstrap,
}


def holm_rejects(p):
    """Return which p-values (n,) Holm's method calls significant."""
    order = np.argsort(p)
    below = p[order] < LEVEL / np.arange(len(p), 0, -1)
    rejected = np.zeros(len(p), bool)
    rejected[order[: len(p) if below.all() else int(np.argmin(below))]] = True
    return rejected


def judge(candidates, studies, seeds, spread, ahead=0.0, accuracy=ACCURACY, images=IMAGES):
    """Return, for each of the candidates, shares of ``studies`` simulated studies.

    "false": anything is said of two equal models. "any", "given", "all": the model that is
    better by ``ahead`` is called better than another, than a given other, than all others.
    "cover": share of the uncorrected intervals that hold the true difference.
    """
    generator = np.random.default_rng([seeds, images, round(1e6 * ahead)])
    found = {name: [] for name in candidates}
    for _ in range(studies):
        pairs = Pairs(simulate_study(generator, seeds, spread, ahead, accuracy, images), images)
        with_best = pairs.a == 0
        truth = np.where(with_best, ahead, 0.0)
        for name, method in candidates.items():
            p, margin = method(pairs)
            said = holm_rejects(p)
            right = (said & (pairs.difference > 0))[with_best]
            false = said[truth == 0].any()
            covered = (np.abs(pairs.difference - truth) <= margin).mean()
            found[name].append([false, right.any(), right.mean(), right.all(), covered])
    keys = ("false", "any", "given", "all", "cover")
    return {
        name: dict(zip(keys, np.mean(rows, axis=0), strict=True)) for name, rows in found.items()
    }


def judge_together(studies, seeds, spread, ahead=0.0):
    """Return, of simulated studies, the shares in which intervals hold what is true.

    They are those of :func:`bakeoff.analysis.significance.compare_all`. "all": the studies in which
    all of the 45 pairs' intervals do; "each": the pairs' intervals that do; "agree": the intervals
    of which zero lies outside just where the corrected p-value is below the level. With one seed
    the truth is that of the trained networks. Last, "width": the median width.
    """
    generator = np.random.default_rng([seeds, round(1e6 * ahead), 5])
    rows = []
    for _ in range(studies):
        correct, expected = simulate_networks(generator, seeds, spread, ahead)
        truth = expected[:, 0] if seeds == 1 else [ahead] + [0.0] * (MODELS - 1)
        found = compare_all(as_answers(correct))
        pairs = [pair for pair in found if pair[0] < pair[1]]
        compared = [found[pair] for pair in pairs]
        held = [
            c.low <= truth[a] - truth[b] <= c.high
            for (a, b), c in zip(pairs, compared, strict=True)
        ]
        agree = [c.significant != (c.low <= 0 <= c.high) for c in compared]
        width = np.median([c.high - c.low for c in compared])
        rows.append([all(held), np.mean(held), np.mean(agree), width])
    return dict(zip(("all", "each", "agree", "width"), np.mean(rows, axis=0), strict=True))


# One model's interval


def wilson(accuracy, images):
    z = stats.norm.isf(LEVEL / 2)
    centre = (accuracy + z**2 / (2 * images)) / (1 + z**2 / images)
    half = np.sqrt(accuracy * (1 - accuracy) / images + (z / images) ** 2 / 4)
    half *= z / (1 + z**2 / images)
    return centre - half, centre + half


def effective_wilson(pairs, plain=False):
    """Wilson's interval with the images that would give the variance, for each model.

    ``plain``: plain Satterthwaite, and never less than the seeds alone account for.
    """
    seeds, answers = pairs.seeds, pairs.seeds * pairs.images
    accuracy = 1 - pairs.wrong.sum(axis=(1, 2)) / answers
    between, rest = np.maximum(pairs.between, pairs.rest), pairs.rest
    variance = pairs.of_images + between - rest
    part = between * (seeds - 1) / stats.chi2.median(seeds - 1)
    part = part / (part + np.maximum(pairs.of_images - rest, 0))
    if plain:
        variance = np.maximum(variance, pairs.between)
        part = pairs.between / variance
    with np.errstate(divide="ignore"):
        freedom = (seeds - 1) / part**2
    ratio = stats.norm.isf(LEVEL / 2) / stats.t.isf(LEVEL / 2, freedom)
    return wilson(accuracy, accuracy * (1 - accuracy) / (variance / answers) * ratio**2)


def bootstrap_interval(pairs, generator, draws=1000):
    """Percentile bootstrap over seeds and images of the first model."""
    wrong = pairs.wrong[0].astype(float)
    seeds = generator.multinomial(pairs.seeds, np.full(pairs.seeds, 1 / pairs.seeds), draws)
    # How often each of 10,000 images is drawn is all but Poisson.
    images = generator.poisson(1.0, (draws, wrong.shape[1])).astype(float)
    drawn = 1 - ((images @ wrong.T) * seeds).sum(axis=1) / pairs.seeds / pairs.images
    return np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])


def judge_intervals(studies, seeds, spread):
    """Return coverage and mean width of each interval of a model's accuracy."""
    generator = np.random.default_rng(seeds)
    found = {"effective Wilson (chosen)": [], "the same, plain Satterthwaite": []}
    found[BOOTSTRAP] = []
    for _ in range(studies):
        pairs = Pairs(simulate_study(generator, seeds, spread))
        limits = [
            *(np.array(effective_wilson(pairs, plain))[:, 0] for plain in (False, True)),
            bootstrap_interval(pairs, generator),
        ]
        for rows, (low, high) in zip(found.values(), limits, strict=True):
            rows.append([low <= ACCURACY <= high, high - low])
    return {name: np.mean(rows, axis=0) for name, rows in found.items()}


# The tables


def print_table(columns, rows, texts=1):
    """Print a table in Markdown; its first ``texts`` columns hold no numbers."""
    print("| " + " | ".join(columns) + " |")
    print("|" + " --- |" * texts + " ---: |" * (len(columns) - texts))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def _percent(share):
    return f"{100 * share:.1f}"


def _false_and_power(candidates, seeds, studies, **settings):
    """Print false alarms and coverage of equal models, and power, at each spread."""
    rows = [[name] for name in candidates]
    columns = [""]
    for spread in SPREADS:
        columns += [f"{name}, {100 * spread:g}" for name in ("false", "cover", "given", "any")]
        equal = judge(candidates, studies, seeds, spread, **settings)
        ahead = judge(candidates, studies // 2, seeds, spread, DIFFERENCE, **settings)
        for row, name in zip(rows, candidates, strict=True):
            row += [_percent(equal[name][key]) for key in ("false", "cover")]
            row += [_percent(ahead[name][key]) for key in ("given", "any")]
    return columns, rows


def _print_elsewhere(studies):
    cases = {
        "SD 0.2": {"spread": 0.002},
        "SD 1": {"spread": 0.01},
        "SDs from 0.05 to 0.2 in one study": {
            "spread": [*np.repeat(SPREADS, [3, 3, 2]), 0.0015, 0.002]
        },
        "one model's SD 0.4, the others' 0.1": {"spread": [*[0.001] * 9, 0.004]},
        "one model's SD 0.5, the others' 0.05": {"spread": [*[0.0005] * 9, 0.005]},
        "one model's SD 1, the others' 0.1": {"spread": [*[0.001] * 9, 0.01]},
        "360 images, accuracy 98.5, SD 0.5": {
            "spread": 0.005,
            "accuracy": 0.985,
            "images": 360,
        },
        "1,000 images, accuracy 98, SD 0.5": {
            "spread": 0.005,
            "accuracy": 0.98,
            "images": 1000,
        },
    }
    few = {name: CANDIDATES[name] for name in (CHOSEN, PAIR, PRIOR)}
    rows = []
    for case, settings in cases.items():
        found = [judge(few, studies, seeds, **settings) for seeds in (2, 3, 5)]
        for name in few:
            rows.append([f"{case}: {name}", *(_percent(f[name]["false"]) for f in found)])
            rows[-1] += [_percent(f[name]["cover"]) for f in found]
    columns = ["", *(f"{what}, {n} seeds" for what in ("false", "cover") for n in (2, 3, 5))]
    print_table(columns, rows)


def main(studies=3000):
    # statsmodels collects garbage in every correction of p-values.
    gc.freeze()
    count = f"{studies:,} studies of equal models, {studies // 2:,} with a best"
    print(f"One seed; {count}:\n")
    print_table(*_false_and_power({"exact McNemar": mcnemar}, 1, studies))
    quick = {name: CANDIDATES[name] for name in CANDIDATES if name != BOOTSTRAP}
    for seeds in (5, 2, 3, 10):
        print(f"{seeds} seeds; {count}:\n")
        # With ten seeds there are too many ways to draw them.
        print_table(*_false_and_power(CANDIDATES if seeds < 10 else quick, seeds, studies))

    print(f"Elsewhere; {studies:,} studies of equal models:\n")
    _print_elsewhere(studies)

    print(f"Intervals of differences together; {studies // 15:,} studies each:\n")
    columns = ["seeds, SD", "all, equal models", "each", "agree", "width (percentage points)"]
    rows = []
    for seeds in (1, 2, 3, 5):
        for spread in (*SPREADS, 0.002):
            equal = judge_together(studies // 15, seeds, spread)
            best = judge_together(studies // 15, seeds, spread, DIFFERENCE)
            row = [_percent(equal[key]) for key in ("all", "each", "agree")]
            row += [f"{100 * equal['width']:.2f}", _percent(best["all"])]
            rows.append([f"{seeds}, {100 * spread:g}", *row])
    print_table([*columns, "all, one is better"], rows)

    print(
        "Coverage and mean width (percentage points) of one model's interval;"
        f" {studies // 2:,} models:\n"
    )
    columns, rows = ["interval, SD"], {}
    for seeds in (2, 3, 5, 10):
        columns += [f"cover, {seeds} seeds", "width"]
        for spread in (*SPREADS, 0.002):
            for name, (cover, width) in judge_intervals(studies // 2, seeds, spread).items():
                row = rows.setdefault((name, spread), [f"{name}, {100 * spread:g}"])
                row += [_percent(cover), f"{100 * width:.2f}"]
    print_table(columns, [row for _, row in sorted(rows.items())])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
