"""`snakemake --profile slurm` on a real Slurm of one machine, and what faults leave behind."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest

from needs import need
from patience import PATIENCE
from projects import TINY as TINY_SOURCE
from projects import decisions_of, give_seeds_where_they_decide, make_tiny_study
from slurm_cluster import Cluster, missing_programs
from training_process import bits_of
from warm_python import warm_python

pytestmark = pytest.mark.thorough

# What a cluster without accounting needs, and a first look at the jobs that comes soon.
COMMAND = ["--profile", "slurm", "--slurm-status-command", "squeue"]
COMMAND += ["--slurm-init-seconds-before-status-checks", "2"]
# The profile's one in ten seconds is for accounting that does not answer.
COMMAND += ["--max-status-checks-per-second", "10"]
Runs = {
    f"rule_train_model_wildcards_{model}_{seed}" for model in ("tiny", "wide") for seed in (0, 1)
}
TINY = "results/models/tiny/seed_0/card.json"
WIDE = "results/models/wide/seed_0/card.json"
ONE_THREAD = ["--set-threads", "train_model=1"]


@pytest.fixture(scope="module")
def cluster():
    missing = missing_programs()
    need(not missing, f"Slurm and munge: {', '.join(missing)} not found")
    with Cluster(gpus=2) as cluster:
        yield cluster


def start(project, cluster, *arguments, python=sys.executable):
    """Start Snakemake on the cluster; its output goes to slurm.log in the project's folder.

    Jobs are of the same ``python``: of one whose jobs are forked elsewhere, Slurm cannot tell the
    memory.
    """
    with project.path("slurm.log").open("w") as output:
        return subprocess.Popen(
            [python, "-m", "snakemake", *COMMAND, *arguments],
            cwd=project.folder,
            env=cluster.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def finish(process, project, cluster):
    """Wait until Snakemake has ended well."""
    assert process.wait(PATIENCE) == 0, project.path("slurm.log").read_text() + cluster.logs()


def wait_until(condition, process):
    """Wait until ``condition`` returns something, and return that."""
    end = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert process.poll() is None, "Snakemake ended early"
        assert time.monotonic() < end
        time.sleep(0.2)
    return result


def jobs_of(cluster, project):
    """Return the jobs that the runs of a project were, in the order of submission."""
    folder = str(project.folder)
    jobs = [job for job in cluster.jobs() if job["WorkDir"] == folder]
    return sorted(jobs, key=lambda job: int(job["JobId"]))


def training_log(project):
    """Return the log of the one run that a project of faults has, as far as it is."""
    return "".join(
        file.read_text() for file in project.path("results/logs").glob("train_model/*/*")
    )


def most_at_once(records):
    """Return how many jobs of the completion log ran at the same time, at most."""
    starts = [(record["StartTime"], 1) for record in records]
    ends = [(record["EndTime"], -1) for record in records]
    # Of an end and a start within one second, the end comes first.
    running = most = 0
    for _, change in sorted(starts + ends):
        running += change
        most = max(most, running)
    return most


@pytest.fixture(scope="module")
def finished(cluster, tmp_path_factory):
    """A study of two models and two seeds that ran through the cluster."""
    project = make_tiny_study(tmp_path_factory.mktemp("slurm") / "study")
    project.change_config(lambda config: config["study"].update(seeds=[0, 1]))
    project.change_config(lambda config: config["training"].update(epochs=4))
    rarely = ["--max-status-checks-per-second", "0.1"]
    finish(start(project, cluster, *rarely, python=warm_python()), project, cluster)
    return project


def test_each_training_is_one_job_with_a_gpu_and_what_was_declared(cluster, finished):
    jobs = jobs_of(cluster, finished)
    assert {job["Comment"] for job in jobs} == Runs
    assert len(jobs) == len(Runs)
    for job in jobs:
        assert job["JobState"] == "COMPLETED"
        # gres:gpu:1 in one version of Slurm, gres/gpu:1 in another.
        assert re.fullmatch(r"gres[:/]gpu[:=]1", job["TresPerJob"])
        assert job["NumCPUs"] == "2"
        assert job["MinMemoryNode"] == "8000M"
        assert job["TimeLimit"] == "04:00:00"
        assert job["Requeue"] == "1"
        assert job["Restarts"] == "0"


def test_two_at_a_time_on_two_gpus_and_no_job_for_anything_else(cluster, finished):
    folder = str(finished.folder)
    records = [record for record in cluster.completed() if record["WorkDir"] == folder]
    assert len(records) == len(Runs)
    assert {record["JobState"] for record in records} == {"COMPLETED"}
    assert most_at_once(records) == 2
    # All were in the queue before the first of them ended.
    assert max(r["SubmitTime"] for r in records) < min(r["EndTime"] for r in records)
    assert finished.path("results/report.html").exists()


def test_what_ran_there_is_complete_here(finished):
    assert finished.planned() == set()


def test_one_command_goes_from_look_to_look_there_too(cluster, tiny_study):
    give_seeds_where_they_decide(tiny_study)
    process = start(tiny_study, cluster, *ONE_THREAD, python=warm_python())
    finish(process, tiny_study, cluster)
    first, last = decisions_of(tiny_study)
    assert list(first["left"]) == ["poor"]
    assert last["ended"]
    cards = [*tiny_study.path("results/models").glob("*/*/card.json")]
    assert len(cards) == 8
    assert len(jobs_of(cluster, tiny_study)) == len(cards)
    assert tiny_study.planned() == set()


def test_what_is_edited_while_runs_wait_is_not_trained_under_the_old_plan(cluster, tiny_study):
    cluster.update_node(State="DRAIN", Reason="test")
    try:
        both = start(tiny_study, cluster, TINY, WIDE, *ONE_THREAD, "--retries", "0")
        wait_until(lambda: jobs_of(cluster, tiny_study)[1:], both)
        # The next study is prepared meanwhile, and not all of it is written yet.
        tiny_study.change_config(lambda config: config["training"].update(batch_size=8, epochs=1))
        config = tiny_study.path("config/config.yaml")
        edited = config.read_text()
        config.write_text(f"{edited}unfinished: [")
        wide = tiny_study.path("architectures/wide.py")
        wide.write_text(wide.read_text().replace("Dense(32", "Dense(64"))
    finally:
        cluster.update_node(State="RESUME")
    assert both.wait(PATIENCE) != 0
    card = json.loads(tiny_study.path(TINY).read_text())
    assert (card["training"]["batch_size"], card["training"]["epochs"]) == (32, 2)
    assert not tiny_study.path(WIDE).exists()
    log = tiny_study.path("results/logs/train_model/wide/seed_0.log").read_text()
    assert "architectures/wide.py: changed since this run was planned" in log
    # The next command plans what is asked for now, of both.
    config.write_text(edited)
    assert {"tiny/0", "wide/0"} <= tiny_study.planned(TINY, WIDE)


def test_the_lines_for_a_site_are_right_once_they_are_no_comments(tiny_study):
    profile = tiny_study.path("slurm/config.yaml")
    profile.write_text(re.sub(r"^#(?=  )", "", profile.read_text(), flags=re.MULTILINE))
    plan = tiny_study.snakemake("--dry-run", "--profile", "slurm", TINY).stdout
    resources = re.search(r"^rule train_model:.*?^    resources: (.*?)$", plan, re.DOTALL | re.M)[1]
    expected = {"slurm_partition=gpu", "slurm_account=my_project", "runtime=60", "mem_mb=8000"}
    assert expected | {"gres=gpu:1", "gpu=0"} <= set(resources.split(", "))


def test_a_training_out_of_memory_is_sent_again_with_more(cluster, tiny_study):
    # TensorFlow alone takes more than the first attempt gets.
    memory = ["--set-resources", "train_model:mem_mb=400 if attempt == 1 else 8000"]
    finish(start(tiny_study, cluster, TINY, *ONE_THREAD, *memory), tiny_study, cluster)
    killed, again = jobs_of(cluster, tiny_study)
    assert (killed["JobState"], again["JobState"]) == ("FAILED", "COMPLETED")
    assert (killed["MinMemoryNode"], again["MinMemoryNode"]) == ("400M", "8000M")
    logs = tiny_study.path(".snakemake/slurm_logs/rule_train_model/tiny_0")
    assert "memory limit" in (logs / f"{killed['JobId']}.log").read_text()


# Its epochs take a second at least, in which the machine does other things.
SLOW = (
    TINY_SOURCE.replace("import keras\n", "import time\n\nimport keras\n").replace(
        "return keras.Model(", "return Slow("
    )
    + """

class Slow(keras.Model):
    def fit(self, *arguments, **named):
        time.sleep(1)
        return super().fit(*arguments, **named)
"""
)


@pytest.fixture(scope="module")
def faults(cluster, tmp_path_factory):
    """Two runs that meet faults, and one that meets none, by the name of their project.

    ``tiny`` runs into a time limit of a minute per attempt in "limited", and into none in "calm".
    ``wide`` is cancelled, sent again to a drained node, and then preempted in "moved".
    """
    # Slurm looks for overdue jobs every thirty seconds: more than a minute and a half of epochs.
    epochs = {"tiny": 110, "wide": 40}

    def change(config):
        for model in epochs:
            config["models"][model]["training"] = {"epochs": epochs[model]}

    folder = tmp_path_factory.mktemp("faults")
    projects = {name: make_tiny_study(folder / name) for name in ("limited", "moved", "calm")}
    for project in projects.values():
        project.change_config(change)
        for model in epochs:
            project.path(f"architectures/{model}.py").write_text(SLOW.format(units=16))
    limited, moved, calm = projects.values()
    # What is preempted starts anew, its time too.
    limit = ["--set-resources", "train_model:runtime=attempt", "train_model:slurm_partition=steady"]
    first = start(limited, cluster, TINY, *ONE_THREAD, *limit)
    with calm.start_snakemake(TINY, *ONE_THREAD) as uninterrupted:
        try:
            move_about(moved, cluster)
            finish(first, limited, cluster)
            assert uninterrupted.process.wait(PATIENCE) == 0, uninterrupted.output()
        finally:
            first.kill()
            first.wait()
    return projects


def move_about(project, cluster):
    """Drain a run's node and cancel it, run again, interrupt that, and again; preempt it."""
    wide = [WIDE, *ONE_THREAD, "--set-resources", "train_model:cpus_per_task=6"]
    # A cancelled training is a failed one to Snakemake, which would send it again.
    process = start(project, cluster, *wide, "--retries", "0")
    try:
        wait_until(lambda: re.search(r"epoch +2/", training_log(project)), process)
        cluster.update_node(State="DRAIN", Reason="test")
        cluster.run("scancel", jobs_of(cluster, project)[0]["JobId"])
        assert process.wait(PATIENCE) != 0

        process = start(project, cluster, *wide)
        wait_until(lambda: jobs_of(cluster, project)[1:], process)
        # Long enough for a scheduler that would start it.
        time.sleep(4)
        project.on_the_drained_node = jobs_of(cluster, project)[1]
        # What Ctrl-C sends.
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) != 0

        process = start(project, cluster, *wide)
        wait_until(lambda: jobs_of(cluster, project)[2:], process)
        cluster.update_node(State="RESUME")
        wait_until(lambda: "going on after epoch" in training_log(project), process)
        project.log_of_the_rerun = training_log(project)
        wait_until(lambda: training_log(project) != project.log_of_the_rerun, process)
        # Of the node's eight cores, more than the run leaves, whatever else is there.
        urgent = ["--partition=urgent", "--cpus-per-task=7", "--mem=1", "--output=/dev/null"]
        cluster.run("sbatch", *urgent, "--wrap=true")
        finish(process, project, cluster)
    finally:
        process.kill()
        process.wait()


def test_a_cancelled_training_waits_for_its_drained_node_and_goes_on(cluster, faults):
    project = faults["moved"]
    cancelled, interrupted, again = jobs_of(cluster, project)
    assert cancelled["JobState"] == "CANCELLED"
    assert project.on_the_drained_node["JobId"] == interrupted["JobId"]
    assert project.on_the_drained_node["JobState"] == "PENDING"
    # By Snakemake, when it was interrupted.
    assert interrupted["JobState"] == "CANCELLED"
    assert "going on after epoch" in project.log_of_the_rerun
    assert again["JobState"] == "COMPLETED"


def test_a_preempted_training_goes_back_to_the_queue_and_goes_on(cluster, faults):
    project = faults["moved"]
    assert jobs_of(cluster, project)[-1]["Restarts"] == "1"
    assert "going on after epoch" in training_log(project)
    pieces = json.loads(project.path(WIDE).read_text())["pieces"]
    starts = [piece["first_epoch"] for piece in pieces]
    assert starts[0] == 1
    assert len(set(starts)) == 3
    # Slurm sent it again by itself: not one attempt was lost.
    assert "Trying to restart" not in project.path("slurm.log").read_text()


def test_a_training_at_its_time_limit_goes_on_in_the_next_attempts_and_ends_with_the_same_bits(
    cluster, faults
):
    project, calm = faults["limited"], faults["calm"]
    *stopped, last = jobs_of(cluster, project)
    assert stopped
    assert {job["JobState"] for job in stopped} == {"TIMEOUT"}
    assert last["JobState"] == "COMPLETED"
    limits = [job["TimeLimit"] for job in (*stopped, last)]
    assert limits == [f"00:0{attempt}:00" for attempt in range(1, len(limits) + 1)]
    # Slurm's SIGTERM reached the run before its SIGKILL.
    logs = project.path(".snakemake/slurm_logs/rule_train_model/tiny_0")
    said = "".join((logs / f"{job['JobId']}.log").read_text() for job in stopped)
    assert "Terminated: the last whole epoch is kept" in said
    assert "going on after epoch" in training_log(project)
    assert json.loads(project.path(TINY).read_text())["resumed"] is True
    assert json.loads(calm.path(TINY).read_text())["resumed"] is False
    folder = "results/models/tiny/seed_0"
    assert bits_of(project.path(folder)) == bits_of(calm.path(folder))
