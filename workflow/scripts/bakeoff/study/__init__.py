"""The study: its config, what a run depends on, and the readers of its files."""
