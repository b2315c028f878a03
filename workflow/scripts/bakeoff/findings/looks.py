"""Who left when, and why the study ended, where seeds were given only where they decide."""

from bakeoff import tables as t
from bakeoff import wording as w
from bakeoff.findings.finding import Finding, names
from bakeoff.findings.ranking import how_well_held
from bakeoff.limits import MOST_SHOWN
from bakeoff.numbers import Race
from bakeoff.results import Results


def seeds_where_they_decide(results: Results) -> Finding | None:
    """Who left when, and why it ended; None where all models were to have the same seeds."""
    race = results.analysis.looks
    if race is None:
        return None
    text = [
        f"{_course(race, results)} {_end(race, results)}",
        _cost(race),
        _method(race, results),
        _honest(race),
    ]
    return Finding("looks", "Seeds where they decide", text, table=_table(race, results))


def _course(race, results):
    first = w.count(race.looks[0].seeds, "seed")
    seeds = w.listing(str(look.seeds) for look in race.looks)
    after = f"after {w.count(len(race.looks), 'look')} (at {seeds} seeds)"
    stayed = results.named(race.stayed)
    left = len(race.racers) - len(stayed)
    if len(race.racers) == 1:
        why = f"had left, {_why_left(race, left)}" if left else "had not left"
        return f"The one model started with {first}. It {why}, {after}."
    start = f"Of {w.count(len(race.racers), 'model')} that started with {first} each"
    if not left:
        return f"{start}, none had left {after}."
    rest = f" {names(stayed)} stayed." if stayed else ""
    return f"{start}, {left:,} had left {after}, {_why_left(race, left)}.{rest}"


def _why_left(race, left):
    """Return why so many models ``left``, each reason with how many it was, if there are two."""
    unfinished = sum(racer.left and racer.worse_than is None for racer in race.racers)
    worse, none = "as significantly worse than another", "as none of its runs was finished"
    if 0 < unfinished < left:
        return f"{left - unfinished:,} {worse} and {unfinished:,} {none}"
    return f"{'each ' * (left > 1)}{none if unfinished else worse}"


def _end(race: Race, results):
    apart = ""
    if race.largest is not None:
        apart = f" Those that stayed differ by at most {w.points(race.largest)}."
    match race.ended:
        case "one model is left":
            return f"It ended there, as {names(results.named(race.stayed))} alone was left."
        case "no model is left":
            return "It ended there, as no model was left."
        case "equivalent":
            return (
                f"It ended there: those that stayed are shown to differ by at most"
                f" {w.points(race.largest or 0)}, and up to {w.points(race.equivalent or 0)} count"
                " as equivalent."
            )
        case "images":
            return (
                "It ended there, as the test images are the limit: no number of seeds would show"
                f" that those that stayed differ.{apart}"
            )
        case "budget":
            return (
                "It ended there, as the next look would have taken more than the budget leaves, at"
                f" the speed of these runs.{apart}"
            )
        case "budget spent":
            return f"It ended there, as the budget was spent.{apart}"
        case "last look":
            return f"That was the last look.{apart}"
    return f"It has not ended.{apart}"


def _cost(race):
    if race.ended is None:
        spent = w.count(race.spent, "run")
        return f"So far it took {spent}; if no model left, it would take {race.planned:,}."
    saved = race.planned - race.spent
    whole = f"It took {w.count(race.spent, 'run')}"
    if not saved:
        return f"{whole}, as many as if no model could leave."
    share = 100 * saved / race.planned
    percent = "over 99" if share > 99 else "under 1" if share < 1 else f"{share:.0f}"
    return (
        f"{whole} instead of the {race.planned:,} of a study in which every model has all planned"
        f" seeds: {percent} % were saved."
    )


def _method(race, results):
    return (
        f"Of such studies, {how_well_held(results)} {100 * race.level:g} % say anywhere, at any"
        " look, that of two equal models one is worse, if the seeds move all models about as much."
        " For this, the level was split over the planned looks beforehand, in proportion to their"
        " seeds, and within a look p-values are corrected (Holm) for all pairs of models that are"
        " not significantly different yet, also those of models that left. The verdicts on models"
        " and the intervals of their differences on this page are those of the looks; what is said"
        " of single settings and of votes is not corrected for looks."
    )


def _honest(race):
    levels = sorted({race.looks[racer.look - 1].level for racer in race.racers if racer.accuracy})
    spent = w.listing(f"{100 * (1 - level):.4g} %" for level in reversed(levels))
    text = (
        f"The intervals of accuracies in this table have the confidence of a model's last look,"
        f" {spent}: all but the level that was spent there."
    )
    if any(racer.worse_than for racer in race.racers):
        text = (
            "To leave, a model must look worse than others on the runs so far, by chance as well:"
            " so the mean of a model that left is rather too low, by how much it is worse too much,"
            f" and the mean of the best of those that stayed rather too high. {text}"
        )
    return text


def _table(race, results):
    measure = results.measure.capitalize()
    columns = ["Model", "Left after look", "Finished runs", measure, "Interval at its last look"]
    columns += ["Worse than", "By (percentage points)", "Interval", "p corrected"]
    rows = []
    for racer in race.racers[:MOST_SHOWN]:
        row = [t.model(results.by_key[racer.model].name)]
        row += [t.count(racer.look) if racer.left else t.absent("stayed"), t.count(racer.runs)]
        if racer.accuracy:
            row.append(t.percent(racer.accuracy.value))
            row.append(t.percent_interval(racer.accuracy.low, racer.accuracy.high))
        if racer.difference:
            row += [t.model(results.by_key[racer.worse_than].name)]
            row += [t.points(racer.difference.value)]
            row += [t.points_interval(racer.difference.low, racer.difference.high)]
            row += [t.p_value(racer.p, race.level)]
        rows.append(t.filled(row, len(columns)))
    return t.Table(columns, rows)
