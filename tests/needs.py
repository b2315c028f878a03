"""What some tests need beside the environment: skipped without it, but not where all must hold."""

import importlib.util
import os

import pytest


def need(found, what):
    """Skip the test unless ``found``; with ``CI`` set, as ``.ci/run`` sets it, let it fail."""
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}")


def need_backend(name):
    """Skip the test without Keras's backend ``name``, a package."""
    need(importlib.util.find_spec(name), f"{name}: run `make backends`")
