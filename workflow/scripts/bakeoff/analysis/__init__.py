"""Numbers: what the runs of a study say of its models, without a word or a picture."""

LEVEL = 0.05
"""Level of every test; every interval has the confidence 1 - LEVEL."""
