"""A Slurm cluster of one machine: daemons, folders, ports, key and socket of its own.

It needs Debian's packages slurmctld, slurmd, slurm-client and munge, but none of their services.
It runs as root or as any user, whose jobs alone it then runs, and never touches another Slurm:
every program gets its own ``SLURM_CONF``, and all its files lie in its own folder.
"""

import contextlib
import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psutil

from patience import PATIENCE

DAEMONS = ("setpriv", "munged", "slurmctld", "slurmd")
CLIENTS = ("sacct", "sbatch", "scancel", "scontrol", "sinfo", "squeue", "srun")
# Debian keeps the daemons where a user's PATH does not look.
PATH = os.environ["PATH"] + ":/usr/local/sbin:/usr/sbin:/sbin"

# Cores and memory are what the jobs are counted against, not what the machine has: a test must
# not depend on it. A job that holds more memory than it asked for is killed within a second. No
# accounting, as on many small clusters. Limits are kept to the second, and a requeued job waits for
# cred_expire seconds before it starts again.
SLURM_CONF = """
ClusterName=bakeoff
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completed.txt
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=preempt_youngest_first
ReturnToService=2
SlurmdParameters=config_overrides
MinJobAge=86400
OverTimeLimit=0
KillWait=5
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:{gpus}
PartitionName=normal Nodes=ALL Default=YES PriorityTier=1
PartitionName=urgent Nodes=ALL PriorityTier=2
PartitionName=steady Nodes=ALL PriorityTier=1 PreemptMode=OFF
"""


def missing_programs():
    """Return the names of the programs that a cluster needs and this machine lacks."""
    return [program for program in (*DAEMONS, *CLIENTS) if shutil.which(program, path=PATH) is None]


class Cluster:
    """A cluster that runs from ``with`` to the end of the block, with ``gpus`` pretended GPUs.

    ``environment`` is what a process needs in order to use it.
    """

    def __init__(self, gpus=2):
        self.gpus = gpus
        # The path of a Unix socket may have 107 characters: pytest's folders are too deep.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.host = socket.gethostname().split(".")[0]
        foreign = ("SLURM", "SBATCH", "SRUN", "SQUEUE", "SCONTROL", "SINFO", "SNAKEMAKE_SLURM")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        path = f"{self.folder}/bin:{PATH}"
        self.environment |= {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}
        self.daemons = []

    def __enter__(self):
        try:
            self._write_files()
            self._start("munged", "--foreground", *self._munge_files())
            self._wait_for(lambda: (self.folder / "munge.socket").exists())
            self._start("slurmctld", "-D")
            self._start("slurmd", "-D")
            self._wait_for(lambda: self.node()["State"] == "IDLE")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End all jobs and daemons, and remove the folder."""
        if len(self.daemons) > 1:
            user = ["--user", getpass.getuser()]
            subprocess.run(["scancel", "--full", *user], env=self.environment, timeout=PATIENCE)
            end = time.monotonic() + 30
            while self.run("squeue", "--noheader", check=False) and time.monotonic() < end:
                time.sleep(0.5)
        # munged last, as the others sign what they say with it.
        for daemon in reversed(self.daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._end_what_is_left()
        shutil.rmtree(self.folder)

    def run(self, *command, check=True):
        """Run a command against this cluster and return what it prints."""
        run = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert not check or run.returncode == 0, run.stdout + run.stderr + self.logs()
        return run.stdout

    def jobs(self):
        """Return every job that the controller knows, finished ones too, as scontrol tells it."""
        output = self.run("scontrol", "--details", "--oneliner", "show", "jobs")
        return [_fields(line) for line in output.splitlines() if line.startswith("JobId=")]

    def node(self):
        """Return the one node as scontrol tells it."""
        return _fields(self.run("scontrol", "--oneliner", "show", "node", self.host, check=False))

    def completed(self):
        """Return the records of the job completion log: one per job, and per piece of it."""
        log = self.folder / "completed.txt"
        return [_fields(line) for line in log.read_text().splitlines()] if log.exists() else []

    def update_node(self, **settings):
        """Change the node as an administrator does: ``update_node(State="DRAIN")``."""
        settings = [f"{key}={value}" for key, value in settings.items()]
        self.run("scontrol", "update", f"NodeName={self.host}", *settings)

    def logs(self):
        """Return the end of each daemon's log."""
        files = sorted(self.folder.glob("*.log")) + sorted(self.folder.glob("*.out"))
        return "".join(f"\n== {file.name}\n{file.read_text()[-3000:]}" for file in files)

    def _write_files(self):
        # munged wants its socket to be reachable by all.
        self.folder.chmod(0o755)
        for part in ("state", "spool", "bin"):
            (self.folder / part).mkdir(mode=0o755)
        # Plugin and jobstep take SLURM_CONF from the environment of what they start.
        for client in CLIENTS:
            script = self.folder / "bin" / client
            command = f'{shutil.which(client, path=PATH)} "$@"'
            script.write_text(f"#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {command}\n")
            script.chmod(0o755)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        with socket.socket() as first, socket.socket() as second:
            for one in (first, second):
                one.bind(("127.0.0.1", 0))
            ports = [one.getsockname()[1] for one in (first, second)]
        text = SLURM_CONF.format(
            folder=self.folder,
            host=self.host,
            user=getpass.getuser(),
            controller_port=ports[0],
            node_port=ports[1],
            gpus=self.gpus,
        )
        (self.folder / "slurm.conf").write_text(text.lstrip())
        # Links stand in for devices: Slurm numbers them and tells each job its own.
        for index in range(self.gpus):
            (self.folder / f"gpu{index}").symlink_to("/dev/null")
        devices = f"Name=gpu File={self.folder}/gpu[0-{self.gpus - 1}]\n"
        (self.folder / "gres.conf").write_text(devices)

    def _munge_files(self):
        names = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log"}
        names["seed-file"] = "seed"
        return [f"--{option}={self.folder}/munge.{name}" for option, name in names.items()]

    def _start(self, program, *arguments):
        with (self.folder / f"{program}.out").open("w") as output:
            self.daemons.append(
                subprocess.Popen(
                    # Daemons end with the tests, also where those are killed.
                    ["setpriv", "--pdeathsig=TERM", shutil.which(program, path=PATH), *arguments],
                    env=self.environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    # A Ctrl-C in the tests must not reach the daemons before their jobs end.
                    start_new_session=True,
                )
            )

    def _end_what_is_left(self):
        """End jobs of which ``linuxproc`` has lost sight, as their parents ended before them."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("SLURM_CONF") == self.environment["SLURM_CONF"]:
                    process.kill()

    def _wait_for(self, condition):
        end = time.monotonic() + PATIENCE
        while not _holds(condition):
            failed = [daemon for daemon in self.daemons if daemon.poll() is not None]
            assert not failed, f"{failed[0].args} ended" + self.logs()
            assert time.monotonic() < end, self.logs()
            time.sleep(0.1)


def _fields(line):
    """Return the ``Key=value`` pairs of a line as a dict; values may hold blanks."""
    return dict(re.findall(r"(\S+?)=(.*?)(?=\s+\S+?=|\s*$)", line.strip()))


def _holds(condition):
    try:
        return condition()
    except KeyError:
        return False
