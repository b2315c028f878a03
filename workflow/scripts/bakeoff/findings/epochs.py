"""Which models still improve at the end of their training."""

from bakeoff import wording as w
from bakeoff.epochs import TREND_EPOCHS
from bakeoff.findings.finding import Finding, names, shortened


def worth_more_epochs(results):
    """Which models still improve."""
    by_verdict = {"falling": [], "flat": [], "rising": [], "unknown": []}
    for model in results.finished:
        by_verdict[model.trend.verdict].append(model)
    falling, flat, rising, unknown = by_verdict.values()
    text = []
    if falling:
        text.append(
            f"Validation loss was still falling in {names(falling)}"
            f" {_at_the_end(falling)}: {w.plural(len(falling), 'it is', 'they are')} worth more"
            " epochs."
        )
    elif flat or rising:
        text.append(
            "No model's validation loss was clearly still falling"
            f" {_at_the_end(flat + rising)}, so none is a clear case for more epochs."
        )
    if flat:
        text.append(
            f"It was flat in {names(flat)}: no trend stands out from the ups and downs, and more"
            " epochs promise little."
        )
    if rising:
        text.append(f"It was rising in {names(rising)}: more epochs would rather do harm.")
    if unknown:
        text.append(
            f"{names(unknown)} {w.plural(len(unknown), 'was', 'were')} trained for too few epochs"
            f" to read a trend from: {TREND_EPOCHS} are needed."
        )
    tested = len(falling + flat + rising)
    if tested:
        method = (
            "The trend is Theil and Sen's slope of the validation loss over the last third of the"
            f" epochs, at least {TREND_EPOCHS}, with its 95 % interval."
        )
        text.append(f"{method} {w.uncorrected(tested)}" if tested > 1 else method)
    items = [f"{m.name}: {slope(m.trend)}, {m.trend.verdict}." for m in falling + rising]
    return Finding("epochs", "Which models are worth more epochs", text, shortened(items))


def _at_the_end(models):
    spans = {(model.trend.epochs, len(model.curves)) for model in models}
    if len(spans) > 1:
        return "over the last third of the epochs"
    ((last, epochs),) = spans
    return f"over the last {last} of {epochs} epochs"


def slope(trend):
    """Return a loss's slope with its interval in words."""
    return f"{w.number(trend.slope, 5)} per epoch {w.interval(trend.low, trend.high, 5)}"
