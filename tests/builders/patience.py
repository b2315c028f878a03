"""How long a test waits for something that comes by itself."""

PATIENCE = 1_200
"""Seconds: only what hangs takes longer, however busy the machine is."""
