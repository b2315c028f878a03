"""Jobs forked from a Python that has imported what they need: processor time less for each.

:func:`warm_python` returns a program that runs scripts and ``-m snakemake`` as Python would. The
script of a job is forked from a server that has imported TensorFlow, or what draws and counts; so
are those of Snakemake's jobs, for which the program is ``sys.executable``. Who ends the program
with SIGKILL so ends what was forked. No module of this repository is imported before the fork.
"""

import contextlib
import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from functools import cache

# What a job finds imported, and the scripts that are such jobs.
_KINDS = {
    "training": (
        (
            *("tensorflow", "h5py", "pandas", "pandas.io.formats.csvs", "optree", "filelock"),
            *("snakemake.script", "multiprocessing.pool", "statistics"),
        ),
        re.compile(
            r"\.(train_model|describe_model|time_model|time_predictions)\.py$"
            r"|/(train_once|load_alone)\.py$"
        ),
    ),
    "reporting": (
        (
            *("pandas", "pandas.io.formats.csvs", "pydantic.dataclasses", "pydantic.json_schema"),
            *("pydantic.plugin._loader", "scipy.stats", "statsmodels.stats.multitest"),
            *("statsmodels.stats.proportion", "jinja2", "matplotlib.backends.backend_pdf"),
            *("matplotlib.backends.backend_svg", "matplotlib.figure", "textalloc"),
            *("prettytable", "wcwidth", "snakemake.script", "statistics", "yaml", "psutil"),
            *("PIL.Image", "sklearn.datasets", "sklearn.model_selection"),
        ),
        re.compile(
            r"\.(collect_results|decide_look|plan_study|plot_\w+|prepare_data|render_report"
            r"|write_\w+)\.py$"
        ),
    ),
}
# Found by no job's import of TensorFlow, as bakeoff/importing.py says.
_LEFT_OUT = ("sklearn", "matplotlib", "jax")
_LONGEST = 1 << 20


@cache
def warm_python():
    """Start the servers, once a process; return the path of the program that asks them.

    They end some seconds after this process, and import nothing before they are asked.
    """
    folder = tempfile.mkdtemp(prefix="warm_")
    program = os.path.join(folder, "python")
    with open(program, "w") as file:
        file.write(f'#!/bin/sh\nexec {sys.executable} -IS {__file__} {folder} $0 "$@"\n')
    os.chmod(program, 0o755)
    listeners = []
    for kind in _KINDS:
        listeners.append(socket.socket(socket.AF_UNIX))
        listeners[-1].bind(os.path.join(folder, kind))
        listeners[-1].listen(64)
    descriptors = [listener.fileno() for listener in listeners]
    # Nothing of pytest's, whose modules are not the jobs'.
    subprocess.Popen(
        [
            *(sys.executable, "-c", _SERVER, os.path.dirname(__file__), folder),
            *map(str, descriptors),
        ],
        pass_fds=descriptors,
    )
    for listener in listeners:
        listener.close()
    return program


_SERVER = "import sys; sys.path.insert(0, sys.argv[1]); import warm_python; warm_python.serve()"


def serve():
    """Start the server of each kind when it is asked for the first time."""
    del sys.path[0]
    parent, waiting = os.getppid(), selectors.DefaultSelector()
    for kind, descriptor in zip(_KINDS, sys.argv[3:], strict=True):
        waiting.register(socket.socket(fileno=int(descriptor)), selectors.EVENT_READ, kind)
    while os.getppid() == parent:
        for key, _ in waiting.select(5):
            waiting.unregister(key.fileobj)
            if os.fork() == 0:
                waiting.close()
                _serve(key.data, key.fileobj)
            key.fileobj.close()
    # Not by that process, which may end without a last word.
    shutil.rmtree(sys.argv[2])


def _serve(kind, listener):
    """Import what jobs of a kind need, and fork a process for each that is asked for."""
    import importlib

    # As workflow/scripts/bakeoff/training/backend.py sets them before it imports TensorFlow.
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "1", "TF_ENABLE_ONEDNN_OPTS": "1"}
    left_out = _LEFT_OUT if kind == "training" else ()
    sys.modules.update(dict.fromkeys(left_out))
    for name in _KINDS[kind][0]:
        importlib.import_module(name)
    for name in left_out:
        del sys.modules[name]
    server, jobs = os.getppid(), _Jobs(listener)
    while os.getppid() == server:
        jobs.wait(seconds=5)
    os._exit(0)


class _Jobs:
    """The server's: who asks at the socket ``listener`` has a job, which ends with who asked."""

    def __init__(self, listener):
        self.listener = listener
        self.waiting = selectors.DefaultSelector()
        self.waiting.register(listener, selectors.EVENT_READ, self._start)

    def wait(self, seconds):
        for key, _ in self.waiting.select(seconds):
            if key.fd in self.waiting.get_map():
                key.data()

    def _start(self):
        asked, _ = self.listener.accept()
        message, files, _, _ = socket.recv_fds(asked, _LONGEST, 3)
        while not message.endswith(b"\n"):
            message += asked.recv(_LONGEST)
        pid = os.fork()
        if pid == 0:
            # Others' sockets would tell nobody of an end, as long as they were open here.
            for key in list(self.waiting.get_map().values()):
                os.close(key.fd)
            _become(json.loads(message), files)
        for descriptor in files:
            os.close(descriptor)
        job = os.pidfd_open(pid)

        def tell():
            ended = os.waitid(os.P_PIDFD, job, os.WEXITED)
            killed = 0 if ended.si_code == os.CLD_EXITED else 128
            with contextlib.suppress(OSError):
                asked.sendall(f"{killed + ended.si_status}\n".encode())
            self.waiting.unregister(job)
            os.close(job)
            if asked in self.waiting.get_map():
                self.waiting.unregister(asked)
            asked.close()

        def kill():
            self.waiting.unregister(asked)
            signal.pidfd_send_signal(job, signal.SIGKILL)

        self.waiting.register(job, selectors.EVENT_READ, tell)
        # It says no more: it is ready when who asked has ended.
        self.waiting.register(asked, selectors.EVENT_READ, kill)
        with contextlib.suppress(OSError):
            asked.sendall(f"{pid}\n".encode())


def _become(wanted, files):
    """Run the script of ``wanted`` with the open ``files`` as its standard ones, and end."""
    for descriptor, file in enumerate(files):
        os.dup2(file, descriptor)
        os.close(file)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    status = _run(*wanted["command"])
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(status)


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


_SNAKEMAKE = """
import sys
sys.executable, sys.argv = sys.argv[1], ["snakemake", *sys.argv[2:]]
from snakemake.cli import main
main()
"""


def main(folder, program, script, *arguments):
    """Run a script, or Snakemake, and end with its status."""
    environment = dict(os.environ)
    if script == "-m":
        os.execv(sys.executable, [sys.executable, "-c", _SNAKEMAKE, program, *arguments[1:]])
    kind = next((kind for kind, (_, scripts) in _KINDS.items() if scripts.search(script)), None)
    another = {"PYTHONPATH"} | ({"KERAS_BACKEND"} if kind == "training" else set())
    if kind is None or another & set(environment):
        os.execv(sys.executable, [sys.executable, script, *arguments])
    asked = socket.socket(socket.AF_UNIX)
    asked.connect(os.path.join(folder, kind))
    command = [script, *arguments]
    wanted = {"folder": os.getcwd(), "environment": environment, "command": command}
    socket.send_fds(asked, [b" "], [0, 1, 2])
    asked.sendall(json.dumps(wanted).encode() + b"\n")
    said = asked.makefile()
    pid = int(said.readline())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    os._exit(int(said.readline()))


if __name__ == "__main__":
    main(*sys.argv[1:])
