"""Why times are not compared."""

from bakeoff import wording as w


def why_not_compared(times):
    """Return the sentence that says why times are not compared, or None where they are.

    ``times`` are :class:`bakeoff.numbers.Times`.
    """
    if times.comparable:
        return None
    reasons = []
    if times.shared > 1:
        reasons.append(f"up to {times.shared} trainings shared the machine")
    if times.moved:
        reasons.append(
            f"{w.count(times.moved, 'training')} went on elsewhere after an interruption"
        )
    if times.unlike:
        unlike = [f"{noun} ({w.listing(values)})" for noun, values in times.unlike.items()]
        reasons.append(f"the trainings differ in {w.listing(unlike)}")
    return f"Latencies and training times are not compared: {w.listing(reasons)}."
