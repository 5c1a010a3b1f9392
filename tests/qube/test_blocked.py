"""Jobs for the cloud alone that people block: nothing more of them is begun there."""

from __future__ import annotations

import pytest
from qube_story import at_work, over, remote_tasks, said, scripted, submit_to_cloud

# What Qube shows of a blocked job while an instance of it is at work is not documented.
POSITIONS = [
    (),
    ("block_shows",),
    ("block_takes_items",),
    ("block_shows", "block_takes_items"),
]


@pytest.mark.heavy
@pytest.mark.parametrize("shown", POSITIONS, ids=" ".join)
def test_of_a_job_that_is_blocked_nothing_more_is_begun_until_it_is_unblocked(
    open_studio, cloud, shown
):
    with open_studio() as studio:
        for name in shown:
            studio.hands("switch", name, True)
        before = len(remote_tasks(cloud))
        job = submit_to_cloud(studio, 300)
        studio.hands("dispatch", job, "gateway")
        studio.until(lambda: "complete" in studio.hands.states(job), lambda: studio.log(job))
        studio.hands.qb("block", [job])
        over(studio, job, "blocked")
        home = studio.pictures()
        assert 0 < len(home) < 300, studio.log(job)
        assert studio.hands.states(job).count("complete") == len(home)
        (task,) = remote_tasks(cloud)[before:]
        assert task["frames"] == {"ABORTED": 300 - len(home), "DONE": len(home)}
        studio.hands.qb("unblock", [job])
        studio.hands("dispatch", job, "gateway")
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 300
        assert len(studio.pictures()) == 300
        assert [task["frames"].get("DONE", 0) for task in remote_tasks(cloud)[before:]] == [
            len(home),
            300 - len(home),
        ]


@pytest.mark.heavy
def test_of_a_job_whose_workers_are_to_drop_it_at_once_nothing_more_is_begun_either(
    open_studio, cloud
):
    with open_studio() as studio:
        before = len(remote_tasks(cloud))
        job = submit_to_cloud(studio, 300)
        studio.hands("dispatch", job, "gateway")
        studio.until(lambda: "complete" in studio.hands.states(job), lambda: studio.log(job))
        studio.hands("purge", job)
        over(studio, job, "blocked")
        (task,) = remote_tasks(cloud)[before:]
        assert task["frames"].keys() <= {"ABORTED", "DONE", "STARTED"}, studio.log(job)
        studio.hands.qb("unblock", [job])
        studio.hands("dispatch", job, "gateway-2")
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 300
        assert sum(task["frames"].get("DONE", 0) for task in remote_tasks(cloud)[before:]) == 300


# A core whose frames render for as long as somebody wants them.
RENDERING = """
import sys, time
from renderbus_core.farm.stdio import open_stdio_farm
from renderbus_core.jobs import BurstId, Claim, JobId, LocalState
job = JobId(sys.argv[-1] if sys.argv[-1].isdigit() else sys.argv[-2])
with open_stdio_farm(lambda _: None) as farm:
    tasks = farm.tasks([job])[job]
    waiting = tuple(t.ref for t in tasks if t.state is LocalState.QUEUED)
    farm.claim(Claim(BurstId("burst-1"), 1, 1, job, waiting))
    print("claimed", len(waiting), file=sys.stderr, flush=True)
    while any(t.state is LocalState.SUSPENDED for t in farm.tasks([job])[job]):
        time.sleep(0.05)
    print("nobody wants them", file=sys.stderr, flush=True)
"""


@pytest.mark.heavy
def test_a_job_that_is_killed_while_what_it_renders_is_waited_for_is_stopped_in_the_cloud(
    open_studio,
):
    with open_studio() as studio:
        scripted(studio, RENDERING)
        job = submit_to_cloud(studio, 3)
        studio.hands("switch", "block_takes_items", True)
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "claimed 3")
        studio.hands.qb("block", [job])
        studio.hands.work("retirework", job, 1)
        said(studio, job, "what is left is blocked")
        studio.hands.qb("kill", [job])
        over(studio, job, "killed")
        log = studio.log(job)
        assert any("the job was ended" in line for line in log), log
        assert any("nobody wants them" in line for line in log), log


@pytest.mark.heavy
def test_a_frame_that_is_blocked_is_not_begun_and_is_sent_once_it_is_unblocked(open_studio, cloud):
    with open_studio() as studio:
        before = len(remote_tasks(cloud))
        job = submit_to_cloud(studio, 60)
        studio.hands("dispatch", job, "gateway")
        at_work(studio, job)
        studio.hands.work("blockwork", job, 59, 60)
        over(studio, job, "blocked")
        assert studio.hands.states(job) == ["complete"] * 58 + ["blocked"] * 2
        assert remote_tasks(cloud)[-1]["frames"] == {"ABORTED": 2, "DONE": 58}
        studio.hands.work("unblockwork", job, 59, 60)
        studio.hands.qb("unblock", [job])
        studio.hands("dispatch", job, "gateway")
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 60
        assert [task["frames"]["DONE"] for task in remote_tasks(cloud)[before:]] == [58, 2]
