"""Keeping what stays until a process ends from Python's garbage collection.

Snakemake's modules, TensorFlow and Keras are hundreds of thousands of objects, among which there is
no garbage. To look through them again and again while they are imported, and once more when Python
is left, took a fifth of a run of Snakemake with nothing to do, and more than a third of the import
of TensorFlow and Keras and of leaving them (two cores of an AMD EPYC).
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def keep_for_good() -> None:
    """Take all that there is now for no garbage, until this process ends."""
    gc.freeze()


@contextmanager
def kept_for_good() -> Iterator[None]:
    """Take what the block makes, such as imported modules, for no garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        keep_for_good()
        if was_enabled:
            gc.enable()
