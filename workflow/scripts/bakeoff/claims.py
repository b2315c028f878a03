"""The kinds of claims that a file of published figures may make."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """What a kind of claim is about, and what it says of that.

    ``quantity`` is what ``analysis/claims.py`` judges and ``findings/claims.py`` words; ``claimed``
    is what is said of it: True where it is high or so, False where it is low or not so.
    ``compares`` tells whether models are set against others. ``needs_all`` is False for a claim
    about the study as a whole; ``needs_seeds`` is True where nothing is decided between models
    that were trained once.
    """

    quantity: Literal[
        "test accuracy",
        "train accuracy",
        "gap",
        "overfitting",
        "trend",
        "parameters",
        "latency",
        "last epochs",
    ]
    claimed: bool = True
    compares: bool = False
    needs_all: bool = True
    needs_seeds: bool = False


KINDS = {
    "most_accurate": Kind("test accuracy", compares=True, needs_seeds=True),
    "less_accurate": Kind("test accuracy", False, compares=True, needs_seeds=True),
    "overfits_slightly": Kind("overfitting", False),
    "overfits_strongly": Kind("overfitting"),
    "overfits_less": Kind("gap", False, compares=True, needs_seeds=True),
    "highest_train_accuracy": Kind("train accuracy", compares=True, needs_seeds=True),
    "worth_more_epochs": Kind("trend"),
    "not_worth_more_epochs": Kind("trend", False),
    "parameters": Kind("parameters"),
    "slower": Kind("latency", compares=True),
    "last_epoch_misleads": Kind("last epochs", needs_all=False),
}
"""Each kind by its name, which ``workflow/schemas/published.schema.yaml`` explains."""
