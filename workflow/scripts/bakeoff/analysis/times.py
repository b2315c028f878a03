"""Whether the times that a study's trainings took can be compared, and if not, why.

Times say something of the models only where nothing else differs: each training had the machine
to itself, and all ran on one kind of machine with the same software.
"""

from bakeoff import wording as w

_BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
_OF_A_PIECE = ("device", "threads", "versions")


def circumstances(card):
    """Return under what a training's times were taken, a dict with the names of runs.csv.

    ``concurrent_trainings`` is the most that ran on the machine at a time; ``moved`` is 1 where
    the training went on in other circumstances after an interruption, otherwise 0.
    """
    same = ("device", "threads", "concurrent_trainings", "backend", "precision")
    return {name: card[name] for name in same} | {
        "python": card["versions"]["python"],
        "keras": card["versions"]["keras"],
        "backend_version": card["versions"][card["backend"]],
        "moved": int(was_moved(card["pieces"])),
    }


def was_moved(pieces):
    """Tell whether the ``pieces`` of a resumed training were made under unlike circumstances."""
    first, *later = pieces
    return any(piece[key] != first[key] for piece in later for key in _OF_A_PIECE)


def software(run):
    """Return a training's backend, Keras and Python with their versions, in words.

    ``run`` is what :func:`circumstances` returns, or a row of runs.csv.
    """
    backend = _BACKENDS.get(run["backend"], run["backend"])
    return f"{backend} {run['backend_version']}, Keras {run['keras']}, Python {run['python']}"


def distinct(values):
    """Return each different value once, in the order of their first."""
    return list(dict.fromkeys(values))


def why_not_compared(runs):
    """Return the sentence that says why times are not compared, or None where they are.

    ``runs`` are the trainings that finished, each as :func:`circumstances` describes it or as a
    row of runs.csv.
    """
    runs, reasons = list(runs), []
    shared = max((run["concurrent_trainings"] for run in runs), default=1)
    if shared > 1:
        reasons.append(f"up to {shared} trainings shared the machine")
    if moved := sum(run["moved"] for run in runs):
        reasons.append(f"{w.count(moved, 'training')} went on elsewhere after an interruption")
    unlike = [
        f"{noun} ({w.listing(values)})"
        for noun, read in _KIND.items()
        if len(values := distinct(str(read(run)) for run in runs)) > 1
    ]
    if unlike:
        reasons.append(f"the trainings differ in {w.listing(unlike)}")
    if not reasons:
        return None
    return f"Latencies and training times are not compared: {w.listing(reasons)}."


_KIND = {
    "device": lambda run: run["device"],
    "threads": lambda run: run["threads"],
    "software": software,
    "precision": lambda run: run["precision"],
}
