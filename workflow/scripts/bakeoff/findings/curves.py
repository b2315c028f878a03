"""Which models still improve at the end of their training."""

from typing import cast

from bakeoff import wording as w
from bakeoff.analysis.epochs import FLAT, SLOPES, TREND_EPOCHS
from bakeoff.findings.finding import Finding, names, shortened
from bakeoff.numbers import Trend
from bakeoff.results import Model, Results


def worth_more_epochs(results: Results) -> Finding:
    """Which models still improve."""
    verdicts = ("falling", "flat", "noisy", "rising", "unknown", "stopped early")
    by_verdict: dict[str, list[Model]] = {verdict: [] for verdict in verdicts}
    for model in results.finished:
        by_verdict[model.trend.verdict].append(model)
    falling, flat, noisy, rising, unknown, stopped = by_verdict.values()
    tested = falling + flat + noisy + rising
    text = []
    if falling:
        text.append(
            f"Validation loss was still falling in {names(falling)}"
            f" {_at_the_end(falling)}: {w.plural(len(falling), 'it is', 'they are')} worth more"
            " epochs."
        )
    elif tested:
        much = f" by {100 * FLAT:g} % or more" if _still(flat, "falling") else ""
        text.append(
            f"No model's validation loss is shown to be still falling{much}"
            f" {_at_the_end(tested)}, so none is a clear case for more epochs."
        )
    if flat:
        text.append(_flat(flat))
    if noisy:
        whose = f"the {w.plural(len(noisy), 'curve of', 'curves of')} {names(noisy)}"
        text.append(
            f"{w.started(whose)} {w.plural(len(noisy), 'is', 'are')} too noisy to say"
            " whether more epochs would help."
        )
    if rising:
        more = "raise it further" if any(m.judged_by == "last" for m in rising) else "bring nothing"
        text.append(f"It was rising in {names(rising)}: more epochs would rather {more}.")
    if unknown:
        text.append(
            f"{names(unknown)} {w.plural(len(unknown), 'was', 'were')} trained for too few epochs"
            f" to read a trend from: {TREND_EPOCHS} are needed."
        )
    if stopped:
        text.append(_stopped(stopped))
    if tested:
        text.append(_method(tested))
    items = [
        f"{m.name}: {slope(cast(Trend, m.trend))}, {m.trend.verdict}." for m in falling + rising
    ]
    return Finding("epochs", "Which models are worth more epochs", text, shortened(items))


def _flat(models):
    """How little more epochs would change the losses that are called flat, and which do change."""
    more = {model.trend.epochs for model in models}
    count = f"{more.pop()} more" if len(more) == 1 else "a third more"
    text = (
        f"It was flat in {names(models)}: {count} epochs would change it by less than"
        f" {100 * FLAT:g} %"
    )
    for way in ("falling", "rising"):
        if still := _still(models, way):
            where = f" in {names(still)}" if len(still) < len(models) else ""
            text += f", though it is shown to be {way} still{where}"
    return f"{text}."


def _still(flat, way):
    """Return those of flat losses of which the interval leaves out a slope of zero."""
    sign = -1 if way == "falling" else 1
    return [m for m in flat if min(sign * m.trend.low, sign * m.trend.high) > 0]


def _stopped(models):
    """What is known of models of which early stopping, or a callback, ended a run."""
    called = [m for m in models if any(run.stopped_by_callback for run in m.runs)]
    whole = [m for m in models if all(run.stopped_by_rule for run in m.runs)]
    part = [model for model in models if model not in called + whole]
    text = []
    if whole:
        text.append(
            f"Early stopping ended the training of {names(whole)}: by its rule, more epochs would"
            " bring nothing there."
        )
    if part:
        text.append(
            f"Early stopping ended some of the runs of {names(part)}: by its rule, more epochs"
            " would bring these nothing; of the others, that is not known."
        )
    if called:
        text.append(
            f"Callbacks of the architecture ended runs of {names(called)}: what more epochs would"
            " bring there is not known."
        )
    return " ".join(text)


def _at_the_end(models):
    spans = {(model.trend.epochs, model.epochs) for model in models}
    if len(spans) > 1:
        return "over the last third of the epochs"
    ((last, epochs),) = spans
    return f"over the last {last} of {epochs} epochs"


def _method(tested):
    """Where the intervals of the slopes come from."""
    seeds = {len(model.runs) for model in tested}
    text = (
        "The trend is the mean slope of validation loss over the last third of the epochs, at least"
        f" {TREND_EPOCHS}, with its 95 % interval (t-test)."
    )
    if max(seeds) >= SLOPES:
        text += " The seeds are the sample."
    if min(seeds) < SLOPES:
        of = "" if max(seeds) < SLOPES else f" of models with fewer than {SLOPES} seeds"
        text += (
            f" Each curve{of} is cut into equal stretches, so that there are at least {SLOPES}"
            " slopes, which are the sample: the epochs are none, as each loss depends on those"
            " before."
        )
    return f"{text} {w.uncorrected(len(tested))}" if len(tested) > 1 else text


def slope(trend: Trend) -> str:
    """Return a loss's slope with its interval in words, where there are enough epochs for one."""
    value, low, high = cast(tuple[float, float, float], (trend.slope, trend.low, trend.high))
    return f"{w.number(value, 5)} per epoch {w.signed_interval(low, high, 5)}"


def heading(trend: Trend) -> str:
    """Return a trend's verdict in words."""
    return "too noisy to tell" if trend.verdict == "noisy" else trend.verdict


def why_unknown(trend: Trend) -> str:
    """Return in words why a trend has no slope."""
    return "which stopped early" if trend.verdict == "stopped early" else "with too few epochs"
