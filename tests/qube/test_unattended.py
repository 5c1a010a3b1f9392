"""Jobs for the cloud alone that no worker sees to: the gateway does, and begins nothing of them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
import requests
from qube_story import remote_tasks

pytestmark = pytest.mark.heavy

USUAL, SLOW = 100, 4


@pytest.fixture
def gateway(open_studio, cloud):
    """Return a function that opens a studio whose gateway sees to such jobs."""

    def opened():
        return open_studio(agent=("--unattended-seconds", "0.3"), account=cloud)

    return opened


def speed(cloud, times):
    """Have the cloud's time go so much faster than ours."""
    url = f"http://{cloud['RENDERBUS_CLOUD_DOMAIN']}/simulator/time"
    token = {"Authorization": f"Bearer {cloud['SIMULATOR_TOKEN']}"}
    requests.post(url, json={"speed": times}, headers=token, timeout=30).raise_for_status()


@pytest.fixture(autouse=True)
def _usual_speed(cloud):
    yield
    speed(cloud, USUAL)


def at_work(studio, cloud, count=300, **more):
    """Submit a job, and wait until some of it is at home while most of it waits for long."""
    job = studio.submit(range(1, count + 1), prototype="renderbus", **more)
    studio.hands("dispatch", job, "gateway")
    studio.until(lambda: "complete" in studio.hands.states(job), lambda: studio.log(job))
    speed(cloud, SLOW)
    return job


def frames(cloud):
    """Return how many frames of the newest remote task have come how far."""
    return remote_tasks(cloud)[-1]["frames"]


def stands_still(studio, cloud):
    """Wait until nothing of a job waits or renders in the cloud, and return what came home."""
    studio.until(lambda: frames(cloud).keys() <= {"ABORTED", "DONE"}, lambda: [str(frames(cloud))])
    assert frames(cloud)["ABORTED"] > 0
    speed(cloud, USUAL)
    return frames(cloud)["DONE"]


def test_of_a_job_whose_process_is_suspended_nothing_more_is_begun_and_what_renders_comes_home(
    gateway, cloud
):
    with gateway() as studio, studio.serving("--no-overflow"):
        job = at_work(studio, cloud)
        studio.hands.qb("suspend", [job])
        assert studio.hands("job", job)["status"] == "suspended"
        done = stands_still(studio, cloud)
        studio.until(lambda: len(studio.pictures()) == done, studio.served)
        assert any(f"job {job} is suspended and no worker sees to it" in one
                   for one in studio.served())  # fmt: skip
        studio.hands.qb("resume", [job])
        studio.until(lambda: set(studio.hands.states(job)) == {"complete"},
                     lambda: studio.log(job))  # fmt: skip
        assert len(studio.pictures()) == 300
        assert frames(cloud)["DONE"] == 300 - done, "nothing is rendered twice"


@pytest.mark.parametrize("act", ["kill", "remove"])
def test_a_job_that_ends_while_its_worker_is_dead_is_stopped_in_the_cloud(gateway, cloud, act):
    with gateway() as studio, studio.serving("--no-overflow"):
        job = at_work(studio, cloud)
        (process,) = studio.hands("alive", job)
        studio.hands("kill_process", process, signal.SIGKILL)
        studio.hands.qb(act, [job])
        stands_still(studio, cloud)
        assert len(studio.pictures()) < 300


@pytest.mark.parametrize("act", ["retire", "kill", "remove"])
def test_a_job_that_ends_while_it_waits_for_a_worker_is_stopped_in_the_cloud(gateway, cloud, act):
    with gateway() as studio, studio.serving("--no-overflow"):
        job = at_work(studio, cloud)
        studio.hands.qb("preempt", [job])
        studio.until(lambda: not studio.hands("alive", job), lambda: studio.log(job))
        studio.hands.qb(act, [job])
        stands_still(studio, cloud)


def test_what_rendered_as_a_worker_dropped_a_blocked_job_comes_home_before_it_is_unblocked(
    gateway, cloud
):
    with gateway() as studio, studio.serving("--no-overflow"):
        job = at_work(studio, cloud)
        (process,) = studio.hands("alive", job)
        studio.hands("kill_process", process, signal.SIGKILL)
        studio.hands.qb("block", [job])
        done = stands_still(studio, cloud)
        studio.until(lambda: studio.hands.states(job).count("complete") == done, studio.served)
        assert len(studio.pictures()) == done
        studio.hands.qb("unblock", [job])
        studio.hands("dispatch", job, "gateway-2")
        studio.until(lambda: set(studio.hands.states(job)) == {"complete"},
                     lambda: studio.log(job))  # fmt: skip
        assert frames(cloud)["DONE"] == 300 - done


def test_a_job_whose_worker_died_is_left_to_the_next_worker(gateway, cloud):
    with gateway() as studio, studio.serving("--no-overflow"):
        job = at_work(studio, cloud, 100, retrysubjob=3)
        (process,) = studio.hands("alive", job)
        studio.hands("kill_process", process, signal.SIGKILL)
        studio.until(lambda: studio.hands("job", job)["status"] == "pending")
        studio.hands("dispatch", job, "gateway-2")
        speed(cloud, USUAL)
        studio.until(lambda: set(studio.hands.states(job)) == {"complete"},
                     lambda: studio.log(job))  # fmt: skip
        assert frames(cloud) == {"DONE": 100}


def test_of_a_job_whose_workers_all_died_what_renders_comes_home_and_a_retry_sends_the_rest(
    gateway, cloud
):
    with gateway() as studio, studio.serving("--no-overflow"):
        job = at_work(studio, cloud)
        (process,) = studio.hands("alive", job)
        studio.hands("kill_process", process, signal.SIGKILL)
        studio.until(lambda: studio.hands("job", job)["status"] == "failed")
        done = stands_still(studio, cloud)
        studio.until(lambda: studio.hands.states(job).count("complete") == done, studio.served)
        studio.hands.qb("retry", [job])
        studio.hands("dispatch", job, "gateway-2")
        studio.until(lambda: set(studio.hands.states(job)) == {"complete"},
                     lambda: studio.log(job))  # fmt: skip
        assert frames(cloud)["DONE"] == 300 - done


def test_a_core_that_cannot_work_is_started_again_until_it_can(gateway, cloud):
    with gateway() as studio, studio.serving("--no-overflow"):
        job = at_work(studio, cloud)
        account = studio.folder / "credentials.toml"
        account.rename(studio.folder / "elsewhere")
        studio.hands.qb("suspend", [job])
        studio.until(lambda: any("there are no Renderbus credentials" in line
                                 for line in studio.served()))  # fmt: skip
        (studio.folder / "elsewhere").rename(account)
        stands_still(studio, cloud)


def test_a_supervisor_that_breaks_an_answer_takes_no_gateway_away(gateway):
    with gateway() as studio, studio.serving("--no-overflow") as process:
        studio.until(lambda: "serving farm qube" in "\n".join(studio.served()))
        for _ in range(30):
            studio.hands("calls")
            studio.hands("break_", "jobinfo")
            studio.until(lambda: "jobinfo" in studio.hands("calls"))
        assert process.poll() is None
        assert any("looked for again: jobinfo broke" in line for line in studio.served())


@pytest.mark.parametrize("act", ["stop-all", "budget"])
def test_the_gateway_stops_jobs_for_the_cloud_alone_too_where_all_is_to_be_stopped(
    gateway, cloud, act
):
    with gateway() as studio:
        file = studio.folder / "renderbus.toml"
        if act == "budget":
            file.write_text(file.read_text().replace('budget = "100"', 'budget = "0.05"'))
        job = at_work(studio, cloud)
        if act == "stop-all":
            command = [sys.executable, "-m", "renderbus_core", "--config", str(file),
                       "stop-all", "--farm", "qube", "--yes"]  # fmt: skip
            subprocess.run(command, env=studio.environment, check=True, timeout=60)
            stands_still(studio, cloud)
        else:
            with studio.serving("--no-overflow"):
                stands_still(studio, cloud)
        studio.hands.qb("kill", [job])


def test_a_store_is_not_locked_by_a_process_that_is_suspended(gateway, cloud):
    with gateway() as studio:
        job = at_work(studio, cloud)
        studio.hands.qb("suspend", [job])
        # Its core is not stopped with it: it lets go by itself.
        with studio.serving("--no-overflow"):
            stands_still(studio, cloud)
        assert not any("locked" in line for line in studio.served())


def test_what_a_gateway_never_knew_of_is_recalled_by_hand(gateway, cloud):
    def renderbus(studio, *words):
        file = studio.folder / "renderbus.toml"
        command = [sys.executable, "-m", "renderbus_core", "--config", str(file), *words]
        done = subprocess.run(
            command,
            env=studio.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout, done.stderr

    def live(studio):
        return json.loads(renderbus(studio, "status", "--live", "--json")[0])["bursts"]

    with gateway() as studio:
        job = at_work(studio, cloud)
        (process,) = studio.hands("alive", job)
        studio.hands("kill_process", process, signal.SIGKILL)
        studio.hands.qb("kill", [job])
        (burst,) = live(studio)
        renderbus(studio, "recall", burst["id"], "--yes")
        carried = renderbus(studio, "run", burst["id"], "--farm", "qube")
        assert live(studio) == [], carried
        stands_still(studio, cloud)
