"""The memory of this process."""

import re
import resource
import sys
from pathlib import Path


def peak_memory_mb():
    """Return the most memory that this process has held, in megabytes of 10⁶ bytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        status = ""
    # On Linux, `ru_maxrss` may be that of the program that started this one (getrusage(2): it is
    # kept over an execve); the kernel's own mark of the memory is not.
    mark = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    if mark:
        return int(mark[1]) * 1024 / 1e6
    # Bytes on macOS, else kibibytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
