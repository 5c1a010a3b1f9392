"""Jobs of the type renderbus on gateway workers, with the real core and a simulated cloud."""

from __future__ import annotations

import json
import signal

import pytest
from deadline_bench import pythons
from qube_story import at_work, over, remote_tasks, said, scripted, submit_to_cloud

from renderbus_core.api import Client, Endpoint
from renderbus_core.config import Credentials, Secret

DONE = ["complete"] * 6

# A core that nothing stops but that nobody wants its frames any more.
STUBBORN = """
import signal, sys, time
from renderbus_core.farm.stdio import open_stdio_farm
from renderbus_core.jobs import BurstId, Claim, JobId, LocalState
signal.signal(signal.SIGTERM, signal.SIG_IGN)
job = JobId(sys.argv[-1])
with open_stdio_farm(lambda _: None) as farm:
    claim = Claim(BurstId("burst-1"), 1, 1, job, tuple(t.ref for t in farm.tasks([job])[job]))
    farm.claim(claim)
    print("claimed all", file=sys.stderr, flush=True)
    while any(t.state is not LocalState.FAILED for t in farm.tasks([job])[job]):
        time.sleep(0.05)
    print("nobody wants them", file=sys.stderr, flush=True)
"""


# A clock of the instance on which nobody has to wait.
CLOCK = """
import sys

class _Clock:
    now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        if seconds:
            sys.stdout.write("it is {} o'clock\\n".format(self.now))
            sys.stdout.flush()

time = _Clock()
"""


def remote_nodes(cloud, task):
    """Return the machine of the cloud that rendered each frame of a task."""
    key = Credentials(cloud["RAYVISION_API_ACCESS_ID"], Secret(cloud["RAYVISION_API_KEY"]))
    with Client(Endpoint(cloud["RENDERBUS_CLOUD_DOMAIN"], scheme="http"), key) as client:
        frames = client.query.get_all_frames(task)
    return {int(frame.frame_index): frame.node_id for frame in frames}


def result_of(studio, job, place):
    """Return the result package of an item by its place."""
    return studio.hands("job", job)["agenda"][place]["resultpackage"]


@pytest.mark.parametrize(
    "minor",
    [
        minor if minor == "3.10" else pytest.param(minor, marks=pytest.mark.heavy)
        for minor in pythons()
    ],
)
@pytest.mark.heavy
def test_a_job_for_the_cloud_comes_home(open_studio, minor):
    with open_studio(python=minor) as studio:
        job = submit_to_cloud(studio)
        studio.hands("dispatch", job, "gateway")
        studio.until_states(job, DONE)
        assert studio.pictures() == [f"shot.{n:04d}.png" for n in range(1, 7)]
        over(studio, job)
        shown = studio.hands("job", job)
        assert "in the cloud: " in shown["notes"]
        results = [item["resultpackage"] for item in shown["agenda"]]
        reported = [result for result in results if "progress" in result]
        assert reported, "at least the item in hand is reported"
        assert {result["progress"] for result in reported} == {"1.00"}
        assert all(result["cloud_task"].isdigit() for result in reported)
        assert [result["outputPaths"] for result in results] == [
            str(studio.folder / "renders" / "shot" / name) for name in studio.pictures()
        ], "those that were retired have what they were submitted with"


@pytest.mark.heavy
def test_one_item_at_a_time_each_has_its_files(open_studio, cloud):
    with open_studio(mapping="each") as studio:
        job = submit_to_cloud(studio)
        studio.hands("calls")
        studio.hands("dispatch", job, "gateway")
        over(studio, job)
        assert "retirework" not in studio.hands("calls")
        results = [item["resultpackage"] for item in studio.hands("job", job)["agenda"]]
        folder = studio.folder / "renders" / "shot"
        assert [result["outputPaths"] for result in results] == [
            str(folder / f"shot.{n:04d}.png") for n in range(1, 7)
        ]
        nodes = remote_nodes(cloud, int(results[0]["cloud_task"]))
        assert [result["cloud_node"] for result in results] == [nodes[n] for n in range(1, 7)]


@pytest.mark.heavy
def test_without_permission_to_retire_frames_wait_for_their_turn(open_studio):
    with open_studio() as studio:
        studio.hands("switch", "forbidden", ["retirework"])
        job = submit_to_cloud(studio)
        studio.hands("dispatch", job, "gateway")
        over(studio, job)
        assert studio.hands.states(job) == DONE


@pytest.mark.heavy
def test_a_job_that_cannot_be_sent_fails_with_the_reason(open_studio):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 2, package={"scenefile": "/nowhere/at/all.blend"})
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "failed")
        shown = studio.hands("job", job)
        assert studio.hands.states(job) == ["failed", "failed"]
        results = [item["resultpackage"] for item in shown["agenda"]]
        assert all("/nowhere/at/all.blend" in result["errors"] for result in results)
        assert not any("outputPaths" in result for result in results), "there are no pictures"


@pytest.mark.heavy
def test_a_job_that_is_killed_is_stopped_in_the_cloud(open_studio, cloud):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 400)
        studio.hands("dispatch", job, "gateway")
        studio.until(lambda: "complete" in studio.hands.states(job), lambda: studio.log(job))
        studio.hands.qb("kill", [job])
        said(studio, job, "what renders in the cloud is stopped")
        over(studio, job, "killed")
        *_, task = remote_tasks(cloud)
        assert "STOP" in task["status"], studio.log(job)
        assert len(studio.pictures()) < 400


@pytest.mark.heavy
@pytest.mark.parametrize("act", ["preempt", "migrate"])
def test_an_instance_that_moves_to_another_worker_goes_on_there(open_studio, cloud, act):
    with open_studio() as studio:
        before = len(remote_tasks(cloud))
        job = submit_to_cloud(studio, 20)
        studio.hands("dispatch", job, "gateway")
        at_work(studio, job)
        studio.hands.qb(act, [job])
        studio.until(lambda: not studio.hands("alive", job), lambda: studio.log(job))
        assert studio.hands("job", job)["status"] == "pending"
        studio.hands("dispatch", job, "gateway-2")
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 20
        assert len(remote_tasks(cloud)) == before + 1, "nothing is sent twice"


@pytest.mark.heavy
def test_two_instances_after_a_lost_heartbeat_send_nothing_twice(open_studio, cloud):
    with open_studio() as studio:
        before = len(remote_tasks(cloud))
        job = submit_to_cloud(studio, 20)
        studio.hands("dispatch", job, "gateway")
        at_work(studio, job)
        studio.hands("lose_heartbeat", "gateway")
        studio.hands("dispatch", job, "gateway-2")
        assert len(studio.hands("alive", job)) == 2
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 20
        assert len(studio.pictures()) == 20
        assert len(remote_tasks(cloud)) == before + 1, studio.log(job)


@pytest.mark.heavy
def test_a_job_that_is_suspended_goes_on_in_the_cloud_and_is_shown_when_it_is_resumed(open_studio):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 10)
        studio.hands("dispatch", job, "gateway")
        at_work(studio, job)
        studio.hands.qb("suspend", [job])
        assert studio.hands("job", job)["status"] == "suspended"
        studio.hands.qb("resume", [job])
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 10


@pytest.mark.heavy
def test_people_kill_retire_and_retry_frames(open_studio):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 30)
        studio.hands("dispatch", job, "gateway")
        at_work(studio, job)
        studio.hands.work("killwork", job, 29)
        studio.hands.work("retirework", job, 30)
        over(studio, job, "failed")
        states = studio.hands.states(job)
        assert states == ["complete"] * 28 + ["killed", "complete"]
        # Wanted after all, and one that came home once more.
        (studio.folder / "renders" / "shot" / "shot.0001.png").unlink()
        studio.hands.work("retrywork", job, 1, 29)
        studio.hands.qb("retry", [job])
        studio.hands("dispatch", job, "gateway")
        over(studio, job)
        assert "shot.0001.png" in studio.pictures()
        assert "shot.0029.png" in studio.pictures()


@pytest.mark.heavy
def test_a_core_that_is_killed_is_started_again(open_studio, cloud):
    with open_studio() as studio:
        before = len(remote_tasks(cloud))
        job = submit_to_cloud(studio, 20)
        studio.hands("dispatch", job, "gateway")
        at_work(studio, job)
        (core,) = _children(studio.hands("alive", job)[0])
        studio.hands("kill_process", core, signal.SIGKILL)
        over(studio, job)
        assert any("killed by signal 9" in line for line in studio.log(job))
        assert studio.hands.states(job) == ["complete"] * 20
        assert len(remote_tasks(cloud)) == before + 1


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as found:  # noqa: PTH123
        return [int(child) for child in found.read().split()]


@pytest.mark.heavy
def test_an_item_whose_check_failed_is_reported_and_the_others_come_home(open_studio):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 3)
        studio.hands("fail_preflight", job, "1")
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "failed")
        assert studio.hands.states(job) == ["failed", "complete", "complete"]
        (failed, *_) = studio.hands("job", job)["agenda"]
        assert failed["resultpackage"] == {"errors": "['a check before it has failed']"}


def test_a_frame_that_is_unblocked_while_others_render_is_sent_next_and_does_not_fail(open_studio):
    with open_studio() as studio:
        scripted(studio)
        job = submit_to_cloud(studio, 3)
        studio.hands.work("blockwork", job, 1)
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "claimed 2 3")
        studio.hands.work("unblockwork", job, 1)
        (studio.folder / "home").touch()
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 3
        said(studio, job, "claimed 1")


@pytest.mark.heavy
def test_what_came_home_while_another_instance_was_at_work_is_reported_whole(open_studio):
    with open_studio(mapping="each") as studio:
        scripted(studio)
        job = submit_to_cloud(studio, 3)
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "claimed 1 2 3")
        studio.hands.qb("preempt", [job])
        (studio.folder / "home").touch()
        over(studio, job, "pending")
        assert studio.hands.states(job) == ["complete", "pending", "pending"]
        kept = json.loads(studio.hands("job", job)["notes"].splitlines()[-1])
        assert kept["nodes"] == [["10.0.0.0,?", "1"], ["10.0.0.1,?", "2"]]
        studio.hands("dispatch", job, "gateway-2")
        over(studio, job)
        shown = studio.hands("job", job)
        results = [item["resultpackage"] for item in shown["agenda"]]
        paths = [result["outputPaths"] for result in results]
        assert paths == [f"/show/4/s.{n:04d}.exr" for n in (1, 2, 3)]
        nodes = [result["cloud_node"] for result in results]
        assert nodes == ["10.0.0.0,?", "10.0.0.0,?", "10.0.0.1,?"]
        assert "/show/4" not in shown["notes"], "Qube has them"
        assert "10.0.0" not in shown["notes"]


@pytest.mark.heavy
def test_frames_that_are_retired_name_the_pictures_that_they_were_submitted_with(open_studio):
    with open_studio() as studio:
        scripted(studio)
        job = submit_to_cloud(studio, 3)
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "claimed 1 2 3")
        (studio.folder / "home").touch()
        over(studio, job)
        assert result_of(studio, job, 0)["outputPaths"] == "/show/4/s.0001.exr", (
            "where they came to"
        )
        folder = studio.folder / "renders" / "shot"
        for place in (1, 2):
            picture = str(folder / f"shot.{place + 1:04d}.png")
            assert result_of(studio, job, place) == {"outputPaths": picture}


@pytest.mark.heavy
def test_an_item_that_was_in_hand_and_is_retired_from_outside_still_names_its_pictures(
    open_studio,
):
    with open_studio() as studio:
        scripted(studio)
        job = submit_to_cloud(studio, 2)
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "claimed 1 2")
        studio.until(lambda: "progress" in result_of(studio, job, 0), lambda: studio.log(job))
        studio.hands.qb("migrate", [job])
        studio.hands.work("retirework", job, 1)
        picture = str(studio.folder / "renders" / "shot" / "shot.0001.png")
        assert result_of(studio, job, 0)["outputPaths"] == picture


def test_a_core_at_work_is_told_of_a_kill_before_another_is_started(open_studio):
    with open_studio() as studio:
        scripted(studio, STUBBORN)
        job = submit_to_cloud(studio, 3)
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "claimed all")
        # What is written to a job that is over may be refused.
        studio.hands("switch", "forbidden", ["modify"])
        studio.hands.qb("kill", [job])
        said(studio, job, "the process ended")
        log = studio.log(job)
        assert any("nobody wants them" in line for line in log), log
        assert sum("claimed all" in line for line in log) == 1, log


def test_an_instance_that_is_to_wait_asks_again_after_its_pause(open_studio):
    with open_studio() as studio:
        scripted(studio)
        (studio.folder / "home").touch()
        instance = studio.folder / "jobtypes" / "renderbus" / "renderbus_instance.py"
        instance.write_text(instance.read_text() + CLOCK)
        job = submit_to_cloud(studio, 2)
        studio.hands("answer_oddly", job, "waiting")
        studio.hands("calls")
        studio.hands("dispatch", job, "gateway")
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 2
        log = studio.log(job)
        begun = next(at for at, line in enumerate(log) if "claimed" in line)
        assert [line for line in log[:begun] if "o'clock" in line][-1] == "it is 10.0 o'clock"
        assert studio.hands("calls").count("requestwork") == 3, "once too early, then for work"


def test_an_answer_that_nobody_knows_ends_the_instance(open_studio):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 1)
        studio.hands("answer_oddly", job, "dreaming")
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "failed")
        assert any("'dreaming' to a request for work" in line for line in studio.log(job))
        assert studio.hands.states(job) == ["pending"], "it was nobody's"


@pytest.mark.heavy
def test_a_core_that_cannot_start_fails_the_instance_and_no_frame(open_studio):
    with open_studio() as studio:
        (studio.folder / "renderbus.toml").write_text("[overflow]\nrelief = 7\n")
        job = submit_to_cloud(studio, 2)
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "failed")
        assert any("overflow.relief" in line for line in studio.log(job))
        assert studio.hands.states(job) == ["pending", "pending"]


def test_a_worker_without_the_program_says_what_to_do(open_studio):
    with open_studio() as studio:
        (studio.folder / "renderbus").unlink()
        job = submit_to_cloud(studio, 1)
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "failed")
        assert any("is not on this worker; install it here" in line for line in studio.log(job))


def test_a_job_without_items_is_not_complete_without_pictures(open_studio):
    with open_studio() as studio:
        job = studio.submit(None, prototype="renderbus", package={"range": "1-6"})
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "failed")
        assert any("has no items" in line for line in studio.log(job))


@pytest.mark.heavy
@pytest.mark.parametrize("mapping", ["whole", "each"])
@pytest.mark.parametrize("status", ["complete", "failed"])
def test_an_item_of_which_the_last_report_gets_lost_is_reported_again(open_studio, status, mapping):
    with open_studio(mapping=mapping) as studio:
        more = {} if status == "complete" else {"package": {"scenefile": "/nowhere/at/all.blend"}}
        job = submit_to_cloud(studio, 2, **more)
        studio.hands("drop", "reportwork", 2)
        studio.hands("dispatch", job, "gateway")
        over(studio, job, status)
        assert studio.hands.states(job) == [status] * 2


@pytest.mark.heavy
def test_a_request_for_work_that_is_not_answered_is_made_again(open_studio):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 1)
        studio.hands("drop", "requestwork", 1)
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "does not answer to a request for work; it is asked again")
        studio.hands.qb("kill", [job])
        over(studio, job, "killed")


@pytest.mark.parametrize(("answer", "after"), [("pending", "pending"), ("dreaming", "failed")])
def test_a_report_of_the_instance_that_gets_lost_is_made_again(open_studio, answer, after):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 1)
        studio.hands("drop", "reportjob", 1)
        studio.hands("answer_oddly", job, answer)
        studio.hands("dispatch", job, "gateway")
        over(studio, job, after)


def test_an_instance_that_another_worker_has_begun_again_is_that_workers_to_report(open_studio):
    with open_studio() as studio:
        scripted(studio)
        job = submit_to_cloud(studio, 1)
        studio.hands("answer_oddly", job, "pending")
        # Qube is quick: it is begun once more before this process looks whether it was heard.
        studio.hands("before", "reportjob", "before", "jobinfo", "dispatch", job, "gateway-2")
        studio.hands("dispatch", job, "gateway")
        said(studio, job, "claimed 1")
        assert any("the process ended with code 0" in line for line in studio.log(job))
        (studio.folder / "home").touch()
        over(studio, job)


def test_an_instance_whose_reports_all_get_lost_does_not_look_like_a_success(open_studio):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 1)
        studio.hands("drop", "reportjob", 99)
        studio.hands("answer_oddly", job, "dreaming")
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "failed")


@pytest.mark.heavy
def test_two_instances_at_once_call_nothing_failed_that_is_at_home(open_studio, cloud):
    with open_studio() as studio:
        before = len(remote_tasks(cloud))
        job = submit_to_cloud(studio, 20, cpus=2)
        studio.hands("dispatch", job, "gateway", 0)
        studio.hands("dispatch", job, "gateway-2", 1)
        over(studio, job)
        assert studio.hands.states(job) == ["complete"] * 20
        assert len(remote_tasks(cloud)) == before + 1


@pytest.mark.heavy
@pytest.mark.parametrize("act", ["retire", "remove"])
def test_a_job_that_people_end_otherwise_is_stopped_in_the_cloud_too(open_studio, cloud, act):
    with open_studio() as studio:
        job = submit_to_cloud(studio, 600)
        studio.hands("dispatch", job, "gateway")
        at_work(studio, job)
        studio.hands.qb(act, [job])
        studio.until(lambda: not studio.hands("alive", job), lambda: studio.log(job))
        *_, task = remote_tasks(cloud)
        assert "STOP" in task["status"], studio.log(job)


def test_a_job_that_only_shows_something_is_no_work(open_studio):
    with open_studio() as studio:
        job = studio.hands.submit(
            name="ask", prototype="renderbus", package={"ask": "burst", "job": "1"}
        )
        studio.hands("dispatch", job, "gateway")
        over(studio, job, "blocked")
        assert any("no worker has anything to do" in line for line in studio.log(job))
