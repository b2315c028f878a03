"""Published conclusions about the same models: does a study bear them out?"""

from bakeoff.analysis.ranking import MeasuredStudy
from bakeoff.analysis.times import LATENCY_NOISE
from bakeoff.claims import KINDS
from bakeoff.numbers import Claim


def judge_claims(results: MeasuredStudy) -> list[Claim]:
    """Return a :class:`bakeoff.numbers.Claim` for each published conclusion, in their order."""
    conclusions = results.study["published"]["conclusions"]
    return [_judge(results, number, claim) for number, claim in enumerate(conclusions)]


def _judge(results, number, claim):
    published = results.study["published"]["models"]
    kind = KINDS[claim["kind"]]
    about = claim.get("models", list(published))
    against = []
    if kind.compares:
        against = [key for key in claim.get("than", published) if key not in about]
    finished = {model.key: model for model in results.finished}
    present = [finished[key] for key in about if key in finished]
    others = [finished[key] for key in against if key in finished]
    found = _EVIDENCE[kind.quantity](results, present, others, kind.claimed)
    return Claim(
        number=number,
        about=[model.key for model in present],
        against=[model.key for model in others],
        missing=[key for key in (*about, *against) if kind.needs_all and key not in finished],
        borne_out=sum(bears is True for bears in found),
        refuted=sum(bears is False for bears in found),
        open=sum(bears is None for bears in found),
    )


def _more_accurate(results, about, against, claimed):
    """Evidence that test accuracy is higher (``claimed``) or lower, by the pairs' tests."""
    found = []
    for model in about:
        for other in against:
            pair = results.pairs.get((model.key, other.key))
            if pair is None or not pair.told_apart:
                found.append(None)
            else:
                found.append((pair.difference > 0) == claimed)
    return found


def _apart(interval):
    """Return what gives the evidence that a quantity is higher (claimed) or lower.

    ``interval`` gives a model's (low, high). Two are significantly different where these do not
    meet, which is stricter than a test at the same level (Schenker and Gentleman 2001). That of
    one run says nothing of the model.
    """

    def evidence(results, about, against, claimed):
        found = []
        for model in about:
            for other in against:
                if min(len(model.runs), len(other.runs)) == 1:
                    found.append(None)
                    continue
                (low, high), (other_low, other_high) = interval(model), interval(other)
                apart = low > other_high or high < other_low
                found.append((low > other_high) == claimed if apart else None)
        return found

    return evidence


def _gap_interval(model):
    return model.overfitting.low, model.overfitting.high


def _train_accuracy_interval(model):
    return model.train_accuracy.low, model.train_accuracy.high


def _slower(results, about, against, claimed):
    """Evidence by latencies; those of zero, below what a clock resolves, decide nothing."""
    found = []
    for model in about:
        for other in against:
            own, others = (results.costs(m).get("latency") for m in (model, other))
            if not own or not others:
                found.append(None)
            elif own >= LATENCY_NOISE * others:
                found.append(True)
            else:
                found.append(False if LATENCY_NOISE * own <= others else None)
    return found


def _overfits(results, about, against, claimed):
    """Evidence that models overfit strongly (``claimed``), with harm, or only slightly."""
    judge = _strongly if claimed else _slightly
    return [judge(model) for model in about]


def _slightly(model):
    return {"harmless": True, "harmful": False}.get(model.overfitting.verdict)


def _strongly(model):
    if model.overfitting.verdict == "harmful":
        return True
    return False if model.trend.verdict == "falling" else None


def _worth_more_epochs(results, about, against, claimed):
    """Evidence that more epochs would help (``claimed``) or not, by the validation loss."""
    helps = {"falling": True, "flat": False, "rising": False}
    found = [helps.get(model.trend.verdict) for model in about]
    return [None if helped is None else helped == claimed for helped in found]


def _parameters(results, about, against, claimed):
    published = results.study["published"]["models"]
    counts = [(model.cost["parameters"], published[model.key]["parameters"]) for model in about]
    return [_rounds_to(here, there) for here, there in counts]


def _rounds_to(number, published):
    """Tell whether a count is one that was published, maybe rounded: its last zeros are unknown.

    A published count is taken for rounded that is of whole thousands, or of whole hundreds with up
    to three other digits: one exact count in ten ends in a zero as well.
    """
    digits = str(published).rstrip("0")
    zeros = len(str(published)) - len(digits)
    rounded = zeros > 2 or (zeros == 2 and len(digits) <= 3)
    return number == published or (rounded and abs(number - published) <= 10**zeros / 2)


def _last_epoch(results, about, against, claimed):
    """Evidence that the last epoch is no good judge."""
    found = results.last_epochs
    if found is None or found.judge is None:
        return []
    return [{"poor": True, "unsure": None, "good": False}[found.judge]]


_EVIDENCE = {
    "test accuracy": _more_accurate,
    "train accuracy": _apart(_train_accuracy_interval),
    "gap": _apart(_gap_interval),
    "overfitting": _overfits,
    "trend": _worth_more_epochs,
    "parameters": _parameters,
    "latency": _slower,
    "last epochs": _last_epoch,
}
"""What lists for each comparison that a claim takes whether it bears the claim out.

Each takes the results, the models it is about, those it compares them with, and what is claimed,
as :class:`bakeoff.claims.Kind` has it; it gives True, False, or None where that is not decided.
"""
