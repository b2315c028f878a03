"""The quick study, run whole on real MNIST through the real download step."""

import os
import re

import numpy as np
import pandas as pd
import pytest

from bakeoff.data.prepared import PreparedData
from loopback_mirror import loopback_mirror
from projects import ROOT, copy_workflow

pytestmark = pytest.mark.thorough

REAL_MNIST = ROOT.parent / "shared" / "mnist"


@pytest.mark.skipif(not REAL_MNIST.is_dir(), reason="needs the four files in ../shared/mnist")
def test_quick_runs_on_real_mnist_over_http(tmp_path):
    project = copy_workflow(tmp_path / "quick")
    with loopback_mirror(REAL_MNIST) as mirror:
        run = project.snakemake(
            "--set-threads",
            "train_model=1",
            "--configfile",
            "config/quick.yaml",
            "--config",
            # Three of the ten, which the demo trains all.
            "study={models: [model_01, model_03, model_05]}",
            # The first mirror is dead, as one may be some day.
            f"data={{mirrors: ['http://127.0.0.1:9/', '{mirror.address}']}}",
            env=os.environ | {"no_proxy": "127.0.0.1"},
        )
    assert re.search(r"127\.0\.0\.1:9", run.stdout), "the dead mirror must be named"
    assert len(list(project.path("resources/mnist").glob("*.gz"))) == 4
    data = PreparedData.read(project.path("results/quick/data/mnist/data.json"))
    assert data.images("train").shape == (1500, 28, 28, 1)
    assert np.bincount(data.labels("train")).min() > 100
    summary = pd.read_csv(project.path("results/quick/summary.csv"))
    assert len(summary) == 3
    # Real training on real images: chance is 10 %.
    assert (summary["test_accuracy"] > 0.5).all(), summary[["model", "test_accuracy"]]
    table = project.path("results/quick/summary.txt").read_text()
    assert "1,000 test images" in table
    for header in ("Model number", "Model Description", "Train loss", "Validation loss"):
        assert header in table
