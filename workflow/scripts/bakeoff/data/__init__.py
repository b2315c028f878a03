"""Data sets: their files, and what is wrong with their labels."""
