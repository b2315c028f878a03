"""Everything that can change a run's numbers, apart from its architecture."""
