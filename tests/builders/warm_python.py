"""Jobs forked from a Python that has imported TensorFlow: seconds of processor time less each.

As a program, ``python -IS warm_python.py SOCKET PYTHON SCRIPT ...`` runs ``SCRIPT`` as ``PYTHON``
would: forked from the server at ``SOCKET`` where the script is one that imports TensorFlow, else
by ``PYTHON`` itself. No module of this repository is imported before the fork.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache

_HEAVY = re.compile(
    r"\.(train_model|describe_model|time_model|time_predictions)\.py$|/train_once\.py$"
)
# What a job finds imported, besides what TensorFlow imports.
_PRELOADED = ("tensorflow", "h5py", "pandas", "optree", "snakemake.script", "multiprocessing.pool")
_LONGEST = 1 << 20


@cache
def shared_command():
    """Start a server, once a process; return the command that a script is called with.

    It ends some seconds after this process.
    """
    folder = tempfile.mkdtemp(prefix="warm_")
    address = os.path.join(folder, "socket")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        # Nothing of pytest's, whose modules are not the jobs'.
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                _SERVER,
                os.path.dirname(__file__),
                f"{listener.fileno()}",
                folder,
            ],
            pass_fds=[listener.fileno()],
        )
    return sys.executable, "-IS", __file__, address, sys.executable


_SERVER = "import sys; sys.path.insert(0, sys.argv[1]); import warm_python; warm_python.serve()"


def serve():
    """Fork a process for each script that is asked for, for ever."""
    import importlib

    del sys.path[0]
    # As workflow/scripts/bakeoff/training/backend.py sets them before it imports TensorFlow.
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "1", "TF_ENABLE_ONEDNN_OPTS": "1"}
    for name in _PRELOADED:
        importlib.import_module(name)
    listener = socket.socket(fileno=int(sys.argv[2]))
    # The kernel clears away what has ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    parent = os.getppid()
    listener.settimeout(5)
    while os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            asked, _ = listener.accept()
            asked.settimeout(None)
            if os.fork() == 0:
                listener.close()
                _become(asked)
            asked.close()
    # Not by that process, which may end without a last word.
    shutil.rmtree(sys.argv[3])


def _become(asked):
    """Run the script that the other end of the socket ``asked`` for, and tell its status."""
    message, files, _, _ = socket.recv_fds(asked, _LONGEST, 3)
    while not message.endswith(b"\n"):
        message += asked.recv(_LONGEST)
    wanted = json.loads(message)
    for descriptor, file in enumerate(files):
        os.dup2(file, descriptor)
        os.close(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    asked.sendall(f"{os.getpid()}\n".encode())
    status = _run(*wanted["command"])
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    asked.sendall(f"{status}\n".encode())
    os._exit(0)


def _run(script, *arguments):
    import runpy
    import traceback

    sys.argv = [script, *arguments]
    sys.path.insert(0, os.path.dirname(script))
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main(address, python, script, *arguments):
    """Run a script and end with its status."""
    environment = dict(os.environ)
    if not _HEAVY.search(script) or {"PYTHONPATH", "KERAS_BACKEND"} & set(environment):
        os.execv(python, [python, script, *arguments])
    asked = socket.socket(socket.AF_UNIX)
    asked.connect(address)
    command = [script, *arguments]
    wanted = {"folder": os.getcwd(), "environment": environment, "command": command}
    socket.send_fds(asked, [b" "], [0, 1, 2])
    asked.sendall(json.dumps(wanted).encode() + b"\n")
    said = asked.makefile()
    pid = int(said.readline())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    status = said.readline()
    # Without a word, it was killed.
    os._exit(int(status) if status else 128 + signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
