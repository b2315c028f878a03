"""What one difference does between contenders that are otherwise equal."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding
from bakeoff.levels import LEVEL
from bakeoff.limits import MOST_ITEMS
from bakeoff.results import Results


def what_one_difference_does(results: Results) -> Finding | None:
    """What another argument or setting does; None where no two models differ in one thing alone."""
    factors = results.analysis.factors
    if not factors:
        return None
    shown = [factor for factor in factors if _is_shown(factor)]
    text = [_summary(factors, shown, results.measure)]
    if any(factor.seeds == 1 for factor in factors):
        text.append(
            "With one seed, this is true of the trained networks: other seeds may turn it round."
        )
    text += [_method(factors), *_unlike_the_pairs(results)]
    items = [_item(factor, results.measure) for factor in shown[:MOST_ITEMS]]
    return Finding("factors", "What one difference does", text, items, _table(factors))


def _is_shown(factor):
    return factor.p_holm < LEVEL


def _summary(factors, shown, measure):
    number = w.count(len(factors), "difference")
    # One run each shows what holds of the networks, and nothing of the models.
    networks = all(factor.seeds == 1 for factor in factors)
    between = f"between {'trained networks of ' if networks else ''}otherwise equal models"
    if not shown:
        what = "The one difference" if len(factors) == 1 else f"None of the {number}"
        does = "makes no" if len(factors) == 1 else "makes a"
        return f"{what} {between} {does} significant change to {measure}."
    if len(factors) == 1:
        return f"The one difference {between} changes {measure}."
    return (
        f"{len(shown)} of {number} {between}"
        f" {w.plural(len(shown), 'changes', 'change')} {measure} significantly."
    )


def _method(factors):
    """What is compared, and for how many comparisons it is corrected."""
    single = corrected = ""
    if any(len(factor.pairs) == 1 for factor in factors):
        single = ", a single pair by the test of all pairs"
    if len(factors) > 1:
        corrected = (
            f"; p-values (Holm) and intervals (Bonferroni) are corrected for {len(factors)}"
            " comparisons"
        )
    return (
        "Models that differ in this one thing (an optimizer, a schedule and an augmentation, each"
        f" with its settings, is one) are compared, on the seeds that all of them have{single}"
        f"{corrected}. They are about these models: in others, the same change may do something"
        " else."
    )


def _unlike_the_pairs(results):
    """Return sentences on why a pair may have one verdict here, and another among all pairs."""
    factors, compared = results.analysis.factors, results.analysis.pairs.number
    single = [factor for factor in factors if len(factor.pairs) == 1]
    text = []
    if single and len(factors) < compared:
        text.append(
            f"The difference of a single pair of models is one of {len(factors)} here, and one of"
            f" {compared} among all pairs: it may be significant in one place and too close to call"
            " in the other."
        )
    models = results.named({key for factor in factors for pair in factor.pairs for key in pair})
    if any(model.odd_seeds for model in models):
        text.append(
            "Runs that learned nothing are left out here, and count in the comparison of all pairs."
        )
    if results.analysis.looks:
        text.append(
            "These comparisons are not corrected for looks, as the verdicts on all pairs are."
        )
    return text


def _item(factor, measure):
    first, second = factor.values
    direction = "higher" if factor.difference > 0 else "lower"
    where = _same_way(factor)
    among = f", {where}" if len(factor.pairs) > 1 else ""
    return (
        f"{w.started(factor.name)} {second} instead of {first}: {measure} is"
        f" {w.points(abs(factor.difference))} {direction}"
        f" {w.points_interval(factor.low, factor.high)}{among}."
    )


def _same_way(factor):
    """Return in how many pairs the difference points the way that the mean does."""
    sign = 1 if factor.difference > 0 else -1
    alike = sum(sign * each > 0 for each in factor.differences)
    pairs = w.count(len(factor.pairs), "pair")
    return f"{'higher' if sign > 0 else 'lower'} in {alike} of {pairs}"


def _table(factors):
    columns = ["What", "Value", "Instead of", "Pairs", "Difference (percentage points)"]
    columns += ["95 % interval", "p corrected", "Higher in"]
    rows = [
        [
            t.text(w.started(factor.name)),
            _value(factor.values[1]),
            _value(factor.values[0]),
            t.count(len(factor.pairs)),
            t.points(factor.difference),
            t.points_interval(factor.low, factor.high),
            t.p_value(factor.p_holm, LEVEL),
            t.count(sum(each > 0 for each in factor.differences)),
        ]
        for factor in factors
    ]
    return t.Table(columns, rows, align="lllrrrrr")


def _value(text):
    """Return the cell of a value, which is sorted as a number if it is one."""
    try:
        return t.Cell(text, float(text))
    except ValueError:
        return t.text(text)
