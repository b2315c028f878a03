"""How sure a study is to be of what it says."""

LEVEL = 0.05
"""The level of every test, and what an interval leaves out."""

POWER = 0.8
"""The probability with which a difference is to be shown for a study to be large enough for it."""
