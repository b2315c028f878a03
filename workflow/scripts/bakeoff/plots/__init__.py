"""The figures that follow from findings.json: a module a figure."""
