"""What Keras and its backends are imported without."""

import os
import subprocess
import sys

import pytest

from bakeoff.importing import unneeded_left_out
from needs import need_backend
from projects import ROOT

LEAN = """
import sys
sys.path.insert(0, sys.argv[1])
from bakeoff.importing import import_backend
settings = {"backend": sys.argv[2], "precision": "float32", "deterministic": False}
import_backend(settings, threads=1, gpu=False)
print({"sklearn", "matplotlib"} & set(sys.modules))
import matplotlib.pyplot, sklearn.datasets
"""


@pytest.mark.workflow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_backend_is_imported_without_what_no_run_needs(backend):
    """A new version of Keras may import it elsewhere, which would cost each job a second."""
    need_backend(backend)
    run = subprocess.run(
        [sys.executable, "-c", LEAN, ROOT / "workflow" / "scripts", backend],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "set()\n"


def test_what_is_imported_before_stays(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", sys)
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    with unneeded_left_out("tensorflow"):
        assert sys.modules["sklearn"] is sys
        with pytest.raises(ImportError):
            import jax  # noqa: F401
    assert sys.modules["sklearn"] is sys
    assert "jax" not in sys.modules


@pytest.mark.workflow
def test_another_backend_that_keras_was_imported_with_is_told():
    run = subprocess.run(
        [sys.executable, "-c", f"import keras\n{LEAN}", ROOT / "workflow" / "scripts", "jax"],
        capture_output=True,
        text=True,
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
    )
    assert "training.backend: jax; but Keras runs on tensorflow" in run.stderr
