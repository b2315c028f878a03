"""Plain English for numbers and lists."""

import json
import re
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from bakeoff.levels import LEVEL
from bakeoff.limits import LONGEST_LIST

if TYPE_CHECKING:
    # Whoever has these has imported them; Snakemake, which words its last lines, starts without.
    from bakeoff.numbers import Analysis, Data, Times

Item = TypeVar("Item", bound=Hashable)


def one_line(text: str) -> str:
    """Return a text with single spaces in place of its line breaks and runs of spaces."""
    return " ".join(text.split())


def started(text: str) -> str:
    """Return a text with a capital at its beginning, and what follows as it is written."""
    return text[:1].upper() + text[1:]


def plural(number: int, singular: str, several: str | None = None) -> str:
    """Return ``singular`` for one thing, otherwise ``several`` (by default with an s)."""
    return singular if number == 1 else several or f"{singular}s"


def all_of(number: int, nouns: str) -> str:
    """Return "both models" or "all 3 models"."""
    return f"both {nouns}" if number == 2 else f"all {number} {nouns}"


def count(number: int, noun: str, several: str | None = None) -> str:
    """Return "1 model", "12 models" or "10,000 images"."""
    return f"{number:,} {plural(number, noun, several)}"


def distinct(items: Iterable[Item]) -> list[Item]:
    """Return each different item once, in the order of their first."""
    return list(dict.fromkeys(items))


def listing(items: Iterable[str], conjunction: str = "and") -> str:
    """Return "A", "A and B" or "A, B and C"; long lists end in how many more there are.

    Where one holds a comma itself, semicolons stand between them.
    """
    items = list(items)
    if len(items) > LONGEST_LIST:
        items = [*items[: LONGEST_LIST - 1], f"{len(items) - LONGEST_LIST + 1} more"]
    if len(items) == 1:
        return items[0]
    if any(", " in item for item in items) and len(items) > 2:
        return f"{'; '.join(items[:-1])}; {conjunction} {items[-1]}"
    return f"{', '.join(items[:-1])} {conjunction} {items[-1]}"


def models(names: Iterable[str]) -> str:
    """Return the names as one phrase: "Models 1 to 4 and 7", or "LeNet and Model 2"."""
    names = list(names)
    # As people count: "Model 01" is a name.
    numbers = [re.fullmatch("Model (0|[1-9][0-9]{0,8})", name) for name in names]
    if len(names) == 1 or not all(numbers):
        return listing(names)
    runs: list[list[int]] = []
    for number in sorted(int(match[1]) for match in numbers if match):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    # Each part of the phrase, with how many models it stands for.
    parts = []
    for run in runs:
        if len(run) > 3:
            parts.append((f"{run[0]} to {run[-1]}", len(run)))
        else:
            parts += [(str(number), 1) for number in run]
    if len(parts) > LONGEST_LIST:
        rest = sum(size for _, size in parts[LONGEST_LIST - 1 :])
        parts = [*parts[: LONGEST_LIST - 1], (f"{rest} more", rest)]
    return f"Models {listing(text for text, _ in parts)}"


def two_digits(number: int) -> str:
    """Return "12,000" for 11138: a whole number that is known about, and of which less is too few.

    So it is rounded up, and never to what a study has already.
    """
    step = 10 ** max(0, len(str(number)) - 2)
    return f"{-(-number // step) * step:,}"


def number(value: float, decimals: int = 2) -> str:
    """Return a number with a true minus sign, and never a negative zero.

    Two ways to compute one number may differ in its last digits; they give the same text.
    """
    text = f"{round(value, 9):.{decimals}f}"
    return text.replace("-", "−") if float(text) else text.removeprefix("-")


def percent(share: float) -> str:
    """Return "99.36 %" for 0.9936, and "99.997 %" for what two decimals would make all."""
    return f"{percent_digits(share)} %"


def percent_digits(share: float) -> str:
    """Return the number of :func:`percent`: "99.36" for 0.9936."""
    texts = [number(100 * share, decimals) for decimals in (2, 3, 4)]
    short = [text for text in texts if share >= 1 or not text.startswith("100")]
    return (short or texts)[0]


def points(share: float) -> str:
    """Return "0.18 percentage points" for a difference of 0.0018."""
    return f"{number(100 * share)} percentage points"


def points_range(low: float, high: float) -> str:
    """Return "0.12 percentage points" or "0.12 to 0.15 percentage points" for two shares of 1."""
    least, most = (number(100 * end) for end in (low, high))
    return f"{least} percentage points" if least == most else f"{least} to {most} percentage points"


def share_interval(low: float, high: float) -> str:
    """Return "[99.18, 99.48]" in percent for two shares of 1, with as many digits as alone."""
    return f"[{percent_digits(low)}, {percent_digits(high)}]"


def signed_interval(low: float, high: float, decimals: int = 2) -> str:
    """Return "[−0.05, 0.41]", or "[above 0, 0.41]" where an end of 0.00 would seem to hold zero."""
    start, end = number(low, decimals), number(high, decimals)
    zero = number(0, decimals)
    if start == zero and round(low, 9) > 0:
        start = "above 0"
    if end == zero and round(high, 9) < 0:
        end = "below 0"
    return f"[{start}, {end}]"


def points_interval(low: float, high: float) -> str:
    """Return "[−0.05, 0.41]" in percentage points for two differences of shares of 1."""
    return signed_interval(100 * low, 100 * high)


def probability(p: float, level: float = LEVEL) -> str:
    """Return "0.21", "0.034" or "< 0.001"; more digits where these would hide a verdict.

    That is where they would be the ``level``, or lie on another side of it than ``p``.
    """
    least = min(0.001, level)
    if p < least:
        return f"< {least:g}"
    text, decimals = f"{p:.2f}" if p >= 0.1 else f"{p:.3f}", 3
    while decimals < 8 and (float(text) == level != p or (float(text) < level) != (p < level)):
        decimals += 1
        text = f"{p:.{decimals}f}"
    return text


def p_value(p: float, level: float = LEVEL) -> str:
    """Return "p = 0.21", "p = 0.034" or "p < 0.001": see :func:`probability`."""
    return f"p = {probability(p, level)}".replace("= <", "<")


def times(ratio: float) -> str:
    """Return "14 times" or "1.6 times"."""
    return f"{ratio:,.0f} times" if ratio >= 9.95 else f"{ratio:.1f} times"


def duration(seconds: float) -> str:
    """Return "1 h 02 min", "12 min", "3 min 05 s" or "40 s"."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if 0 < minutes < 10 else rough_duration(seconds)


def rough_duration(seconds: float) -> str:
    """Return "1 h 02 min", "3 min" or "40 s": of what is only estimated."""
    if round(seconds) < 60:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes:02d} min" if hours else f"{minutes} min"


def setting(value: Any) -> str:
    """Return a setting's value as texts have it; of several parts, the name and what is given."""
    if isinstance(value, dict):
        given = ", ".join(f"{key} {setting(value[key])}" for key in value if key != "name")
        if "name" in value:
            given = f"{value['name']} ({given})" if given else value["name"]
        return given.replace("_", " ")
    if isinstance(value, bool) or value is None:
        return {True: "on", False: "off", None: "none"}[value]
    # Keras keeps some numbers as float32: 0.001 comes back as 0.0010000000474974513.
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def uncorrected(number: int) -> str:
    """Return the sentence on how 95 % intervals of the trends of ``number`` models are meant."""
    return (
        f"The intervals are not corrected for there being {number} models: expect one false alarm"
        " in 20 models whose loss does not move."
    )


def test_sample(data: "Data") -> str:
    """Return "10,000 test images" or "20 groups of test images": what is the sample."""
    if data.groups:
        return count(data.groups.number, "group of test images", "groups of test images")
    return count(data.test_images, "test image")


def training_images_too(images: int) -> str:
    """Return "is a training image too" or "are training images too", for so many images."""
    return plural(images, "is a training image too", "are training images too")


def of_training_groups(images: int) -> str:
    """Return what so many images are whose groups have images in training too."""
    are = plural(images, "is of a group that has", "are of groups that have")
    return f"{are} training images too"


def too_few_groups(groups: int, needed: int, pairs: int, what: str = "models") -> str:
    """Return that no two of ``what`` can be shown to differ: with these groups of test images.

    ``needed`` is how many it takes where p-values are corrected for so many ``pairs``.
    """
    return (
        f"The test images come in {count(groups, 'group')}: no two {what} can be shown to differ"
        f" with fewer than {needed} groups and {count(pairs, 'pair')} to compare."
    )


def uncompared_times(analysis: "Analysis") -> str | None:
    """Return the sentences that say why times of any kind are not compared, None where all are.

    ``analysis`` is the study's :class:`bakeoff.numbers.Analysis`.
    """
    if analysis.latencies is None:
        return why_not_compared("Latencies and training times", analysis.times)
    reasons = [
        why_not_compared("Training times", analysis.times),
        why_not_compared("Latencies", analysis.latencies),
    ]
    return " ".join(filter(None, reasons)) or None


def why_not_compared(what: str, times: "Times") -> str | None:
    """Return the sentence that says why ``what`` is not compared, or None where it is.

    ``times`` are its :class:`bakeoff.numbers.Times`.
    """
    if times.comparable:
        return None
    reasons = []
    if times.shared > 1:
        reasons.append(f"up to {times.shared} runs shared the machine")
    if times.moved:
        reasons.append(f"{count(times.moved, 'run')} went on elsewhere after an interruption")
    if times.unlike:
        unlike = [f"{noun} ({listing(values)})" for noun, values in times.unlike.items()]
        reasons.append(f"the runs differ in {listing(unlike)}")
    return f"{what} are not compared: {listing(reasons)}."
