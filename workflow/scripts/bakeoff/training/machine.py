"""The machine: its processor, its system, and this process's memory."""

import platform
import re
import resource
import sys
from pathlib import Path


def peak_memory_mb() -> float:
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


def describe_platform() -> str:
    """Return what of the system decides a run's numbers: its kind and its C library."""
    library = " ".join(filter(None, platform.libc_ver()))
    return ", ".join(filter(None, [f"{platform.system()} {platform.machine()}", library]))


def describe_processor() -> str:
    """Return the processor's name as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
