"""One made-up study, of which golden/conclusions.md is kept: how everything is worded.

As a program, by `make golden`: writes that file anew. Read what has changed in it.
"""

import sys
import tempfile
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "conclusions.md"


def golden_plan():
    """Return a study that much can be said of: seeds, a failed run, doubt, published figures."""
    from random_studies import CHANCE, TWIN, USUAL, RandomModel, RandomStudy

    def model(name, skill, layers, curve, answers=USUAL, diverged=()):
        return RandomModel(name, f"about {name}", "plain", answers, skill, layers, diverged, curve)

    return RandomStudy(
        models=(
            model("Model 1", 0.97, "one", "falling"),
            model("Model 2", 0.9, "padded", "rising"),
            model("Model 3", 0.965, "branches", "noisy", diverged=(1,)),
            model("Wide", 0.96, "unpooled", "flat"),
            model("Wide again", 0.96, "unpooled", "falling", TWIN),
            model("Deep", 0.93, "custom", "falling"),
            model("Dense", 0.8, "dense", "falling"),
            model("Lost", 0.1, "padded", "flat", CHANCE),
        ),
        seeds=(0, 1, 2),
        epochs=15,
        images=1000,
        classes=10,
        class_names="numbers",
        empty_classes=False,
        holdout=False,
        subset=False,
        disputed=12,
        published="all",
        title="Which network reads digits best",
        machines="one",
        latency="usual",
        unfinished=("Never run",),
        show_images=False,
        metric="accuracy",
        groups=None,
        entropy=0,
    )


def golden_conclusions():
    """Make the study in a folder of its own and return its conclusions.md."""
    from checked_studies import no_figures
    from random_studies import fabricate, reported
    from steps_after_training import run_steps

    plan = golden_plan()
    with tempfile.TemporaryDirectory() as folder, no_figures():
        fabricate(folder, plan)
        run_steps(folder, reported(plan))
        return Path(folder, "conclusions.md").read_text(encoding="utf-8")


if __name__ == "__main__":
    root = Path(__file__).parents[1]
    sys.path[:0] = [str(root / name) for name in ("", "workflow/scripts", "tests/builders")]
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(golden_conclusions(), encoding="utf-8")
