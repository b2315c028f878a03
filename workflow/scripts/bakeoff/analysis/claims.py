"""Published conclusions about the same models: does a study bear them out?"""

from collections.abc import Callable
from dataclasses import dataclass

from bakeoff.analysis.times import LATENCY_NOISE
from bakeoff.numbers import Claim

SAME_PARAMETERS = 0.01
"""Two counts of parameters that differ by at most this share are the same, one being rounded."""


def judge_claims(results):
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
    found = kind.evidence(results, present, others)
    return Claim(
        number=number,
        about=[model.key for model in present],
        against=[model.key for model in others],
        missing=[key for key in (*about, *against) if kind.needs_all and key not in finished],
        borne_out=sum(bears is True for bears in found),
        refuted=sum(bears is False for bears in found),
        open=sum(bears is None for bears in found),
    )


@dataclass(frozen=True)
class Kind:
    """A kind of claim.

    ``evidence`` takes the results, the models it is about and those it compares them with, and
    lists for each comparison whether it bears the claim out: True, False, or None where that is
    not decided. ``needs_all`` is False for a claim about the study as a whole; ``needs_seeds`` is
    True where nothing is decided between models that were trained once.
    """

    evidence: Callable
    compares: bool = False
    needs_all: bool = True
    needs_seeds: bool = False


def _more_accurate(sign):
    """Evidence that test accuracy is higher (``sign`` 1) or lower (-1), by the pairs' tests."""

    def evidence(results, about, against):
        found = []
        for model in about:
            for other in against:
                pair = results.pairs.get((model.key, other.key))
                if pair is None or not pair.told_apart:
                    found.append(None)
                else:
                    found.append(sign * pair.difference > 0)
        return found

    return evidence


def _apart(interval, sign):
    """Evidence that a quantity is higher (``sign`` 1) or lower (-1).

    ``interval`` gives a model's (low, high). Two are significantly different where these do not
    meet, which is stricter than a test at the same level (Schenker and Gentleman 2001). That of
    one run says nothing of the model.
    """

    def evidence(results, about, against):
        found = []
        for model in about:
            for other in against:
                if min(len(model.runs), len(other.runs)) == 1:
                    found.append(None)
                    continue
                (low, high), (other_low, other_high) = interval(model), interval(other)
                apart = 1 if low > other_high else -1 if high < other_low else 0
                found.append(apart == sign if apart else None)
        return found

    return evidence


def _gap_interval(model):
    return model.overfitting.low, model.overfitting.high


def _train_accuracy_interval(model):
    return model.train_accuracy.low, model.train_accuracy.high


def _slower(results, about, against):
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


def _overfits(verdicts):
    """What each verdict of :class:`bakeoff.numbers.Overfitting` is evidence for."""

    def evidence(results, about, against):
        return [verdicts(model) for model in about]

    return evidence


def _slightly(model):
    return {"harmless": True, "harmful": False, "none": None}[model.overfitting.verdict]


def _strongly(model):
    if model.overfitting.verdict == "harmful":
        return True
    return False if model.trend.verdict == "falling" else None


def _worth_more_epochs(worth):
    """Evidence that more epochs would help (``worth``) or not, by the trend of validation loss."""

    def evidence(results, about, against):
        helps = {"falling": True, "flat": False, "rising": False}
        found = [helps.get(model.trend.verdict) for model in about]
        return [None if helped is None else helped == worth for helped in found]

    return evidence


def _parameters(results, about, against):
    published = results.study["published"]["models"]
    return [
        abs(model.cost["parameters"] - published[model.key]["parameters"])
        <= SAME_PARAMETERS * published[model.key]["parameters"]
        for model in about
    ]


def _last_epoch(results, about, against):
    """Evidence that the last epoch is no good judge."""
    found = results.last_epochs
    if found is None or found.judge is None:
        return []
    return [{"poor": True, "unsure": None, "good": False}[found.judge]]


KINDS = {
    "most_accurate": Kind(_more_accurate(1), compares=True, needs_seeds=True),
    "less_accurate": Kind(_more_accurate(-1), compares=True, needs_seeds=True),
    "overfits_slightly": Kind(_overfits(_slightly)),
    "overfits_strongly": Kind(_overfits(_strongly)),
    "overfits_less": Kind(_apart(_gap_interval, -1), compares=True, needs_seeds=True),
    "highest_train_accuracy": Kind(
        _apart(_train_accuracy_interval, 1), compares=True, needs_seeds=True
    ),
    "worth_more_epochs": Kind(_worth_more_epochs(True)),
    "not_worth_more_epochs": Kind(_worth_more_epochs(False)),
    "parameters": Kind(_parameters),
    "slower": Kind(_slower, compares=True),
    "last_epoch_misleads": Kind(_last_epoch, needs_all=False),
}
"""What each kind of claim in a file of published figures is judged by."""
