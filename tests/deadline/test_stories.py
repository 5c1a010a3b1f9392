"""What people do to jobs of which a part is in the cloud: the real core between Deadline and cloud.

The cloud is in this process and its clock is turned by hand, so that a day passes in no time.
"""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from cloud_bench import SCENE, CloudBench, simulated
from deadline_bench import INFO, Hands, deadline

from renderbus_core import config as configuration
from renderbus_core.burst import BurstState, BurstStore, Gateway, Service
from renderbus_core.clock import ManualClock
from renderbus_core.farm import LinkFarm
from renderbus_core.jobs import JobId
from renderbus_core.statuses import FrameCode

CONFIG = """
[burst]
work_folder = "packages"
poll_seconds = 10
submit_settle_seconds = 60
stop_grace_seconds = 3600
sweep_seconds = 120
urgent_priority = 80
[collect]
check = "off"
[farm]
kind = "link"
[store]
url = "sqlite:///{folder}/bursts.db"
"""

HEAVY = pytest.mark.heavy

CAME, HELD, QUEUED = ("Completed", "cloud"), ("Suspended", ""), ("Queued", "")


@dataclass
class Show:
    """A Deadline, a cloud, and the core between them.

    Args:
        folder: of everything.
        farm: Deadline, as the core sees it.
        hands: of people and workers.
        cloud: the other side.
        gateway: what the core works with.
        service: the core.
    """

    folder: Path
    farm: LinkFarm
    hands: Hands
    cloud: CloudBench
    gateway: Gateway
    service: Service

    def submit(self, frames: str = "1-10", **info: str) -> JobId:
        """Submit a job that asks for the cloud."""
        here = {
            "Frames": frames,
            "OutputDirectory0": str(self.folder / "renders"),
            "OutputFilename0": "shot.####.png",
            "ExtraInfoKeyValue0": "renderbus_when=now",
        }
        scene = {"SceneFile": str(self.folder / "shot.ma"), "Version": "2023"}
        return JobId(self.hands("submit", INFO | here | info, scene))

    def step(self) -> None:
        """Let the core do what is due, and turn the clock to when it wants to be called again."""
        due = self.service.step()
        self.pass_seconds(max(0.0, (due - self.cloud.clock.now()).total_seconds()))

    def pass_seconds(self, seconds: float) -> None:
        self.cloud.clock.advance(seconds)

    def until(self, is_so):
        """Go on until something is so, and return it."""
        for _ in range(400):
            if found := is_so():
                return found
            self.step()
        raise AssertionError("it never comes to that")

    def until_over(self) -> None:
        self.until(lambda: self.gateway.store.bursts() and not self.gateway.store.live("link"))

    def tasks(self, job: JobId) -> list[tuple[str, str]]:
        return [(state, worker) for state, worker in self.hands("state", job)["tasks"]]

    def states(self, job: JobId) -> list[str]:
        return [state for state, _ in self.tasks(job)]

    def home(self, job: JobId) -> int:
        return self.tasks(job).count(CAME)

    def held(self, job: JobId) -> list[int]:
        """Return which tasks are held and not home yet."""
        return [n for n, task in enumerate(self.tasks(job)) if task == HELD]

    def history(self, job: JobId) -> str:
        return "\n".join(self.hands("state", job)["history"])

    def pictures(self) -> list[int]:
        return sorted(int(path.stem[-4:]) for path in (self.folder / "renders").glob("*.png"))

    def remote(self):
        """Return the cloud's newest task."""
        return max(self.cloud.client.query.iter_tasks(), key=lambda task: task.id)

    def burst(self):
        """Return the newest burst."""
        return max(self.gateway.store.bursts(), key=lambda burst: burst.created_at)


@pytest.fixture
def open_show(tmp_path):
    """Return a function that opens a show; settings of the cloud may be changed."""

    @contextmanager
    def opened(**settings):
        (tmp_path / "renders").mkdir()
        (tmp_path / "wood.png").write_bytes(b"\x89PNG a texture")
        (tmp_path / "shot.ma").write_text(SCENE.format(texture="wood.png"))
        (tmp_path / "renderbus.toml").write_text(CONFIG.format(folder=tmp_path))
        clock = ManualClock(datetime.now(UTC))
        for file in ("shot.ma", "wood.png"):
            os.utime(tmp_path / file, (clock.now().timestamp() - 60,) * 2)
        settled = configuration.load(tmp_path / "renderbus.toml", env={})
        with (
            deadline(tmp_path / "repository") as (farm, hands),
            simulated(tmp_path / "cloud", clock, **settings) as cloud,
            closing(BurstStore(settled.store.url)) as store,
        ):
            hands("add_worker", "node-1", ["none"], [])
            gateway = cloud.gateway(farm, store, settled, "gateway-1")
            service = Service(gateway, decides=False)
            yield Show(tmp_path, farm, hands, cloud, gateway, service)
            service.close()

    return opened


def running(show, **info):
    """Return a job of which a part is at home, while the rest is in the cloud."""
    job = show.submit(**info)
    show.until(lambda: 2 <= show.home(job) < 8)
    return job


def stopped(show):
    """Return which frames were stopped in the cloud."""
    frames = show.cloud.client.query.get_all_frames(show.remote().id)
    return sorted(int(f.frame_index) for f in frames if f.frame_status == FrameCode.ABORTED)


def test_a_job_comes_home(open_show):
    with open_show() as show:
        job = show.submit()
        show.until_over()
        assert show.tasks(job) == [CAME] * 10
        assert show.pictures() == list(range(1, 11))
        assert show.hands("state", job)["status"] == "Completed"


@HEAVY
def test_people_see_what_the_cloud_does_with_single_tasks(open_show):
    with open_show(nodes=1) as show:
        job = show.submit("1-8", ChunkSize="2")
        show.until(lambda: "cloud: rendering" in show.hands("column", job, "3"))
        show.until(lambda: "cloud: rendering, 50 %" in show.hands("column", job, "3"))
        show.hands("script", "Tasks/RenderbusRecallSelected", [job], [3])
        show.until_over()
        assert show.hands("column", job, "3") == ["cloud: home"] * 3 + [""]
        assert show.hands("jobs")[job]["TaskExtraInfoName3"] == "Renderbus"


# -- what people do to single tasks; Deadline tells of none of it ---------------------------------


@pytest.mark.heavy
def test_tasks_that_a_person_completes_are_stopped_in_the_cloud(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("complete", job, [8, 9], "ada-pc")
        show.until_over()
        assert show.tasks(job) == [CAME] * 8 + [("Completed", "ada-pc")] * 2
        assert show.pictures() == list(range(1, 9)), "the person's own pictures count"
        (status,) = show.hands("script", "Jobs/RenderbusStatus", [job])
        assert status.startswith("shot: 0 of its tasks are held")
        assert stopped(show) == [9, 10]


@HEAVY
def test_tasks_that_a_person_fails_are_stopped_in_the_cloud(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("fail", job, [8, 9], "")
        show.until_over()
        assert show.states(job) == ["Completed"] * 8 + ["Failed"] * 2
        assert stopped(show) == [9, 10]


@pytest.mark.heavy
def test_tasks_that_a_person_resumes_are_held_again(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("resume", job, [8, 9])
        assert show.states(job)[8:] == ["Queued"] * 2
        show.until(lambda: show.tasks(job)[8:] == [HELD] * 2)
        show.until_over()
        assert show.tasks(job) == [CAME] * 10
        assert stopped(show) == []


@pytest.mark.heavy
def test_a_worker_that_takes_a_resumed_task_first_keeps_it(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("resume", job, [9])
        assert show.hands("dequeue", "node-1") == [job, 9]
        show.until(lambda: stopped(show) == [10])
        assert show.tasks(job)[9] == ("Rendering", "node-1")
        show.hands("finish", job, 9, 60.0)
        show.until_over()
        assert show.tasks(job) == [CAME] * 9 + [("Completed", "node-1")]
        assert show.pictures() == list(range(1, 10))


@HEAVY
def test_a_task_that_came_home_and_is_requeued_is_the_farms(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("requeue", job, [0])
        show.until_over()
        assert show.tasks(job) == [QUEUED] + [CAME] * 9
        assert show.hands("dequeue", "node-1") == [job, 0]


@HEAVY
def test_tasks_that_a_person_suspends_stay_with_whom_they_were(open_show):
    with open_show(nodes=1) as show:
        job = show.submit()
        show.hands("before", "SuspendTasks", "suspend", job, [7, 8, 9])
        show.until(lambda: show.home(job))
        show.hands("suspend", job, [4, 5])
        show.until_over()
        assert show.home(job) == 10


@HEAVY
def test_tasks_that_a_person_calls_back_are_rendered_here(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("script", "Tasks/RenderbusRecallSelected", [job], [8, 9])
        show.until_over()
        assert show.tasks(job) == [CAME] * 8 + [QUEUED] * 2
        assert stopped(show) == [9, 10]


# -- what people do to jobs -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "act", ["archive", pytest.param("delete", marks=HEAVY), pytest.param("purge", marks=HEAVY)]
)
def test_a_job_that_is_gone_is_stopped_in_the_cloud(open_show, act):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands(act, job)
        show.until_over()
        assert show.burst().state is BurstState.DONE
        assert stopped(show)
        assert show.farm.intents() == ()


def test_a_deleted_job_that_deadline_still_shows_is_stopped_in_the_cloud(open_show):
    """Deleted jobs lie in the repository until they are purged, and can be had back."""
    with open_show(nodes=1) as show:
        show.hands("switch", "shows_deleted", True)
        job = running(show)
        show.hands("delete", job)
        show.until_over()
        assert len(stopped(show)) > 1
        show.hands("undelete", job)
        show.pass_seconds(3600)
        show.step()
        assert set(show.states(job)) == {"Completed", "Queued"}, "nobody holds it any more"


@HEAVY
def test_a_job_that_a_person_fails_is_stopped_in_the_cloud(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("fail_job", job)
        show.until_over()
        assert set(show.states(job)) == {"Completed", "Failed"}
        assert stopped(show)


@HEAVY
def test_a_job_that_a_person_suspends_goes_on_in_the_cloud(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("suspend", job)
        show.until_over()
        assert show.tasks(job) == [CAME] * 10


@HEAVY
def test_a_job_that_a_person_resumes_stays_in_the_cloud(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("resume", job)
        show.until_over()
        assert show.tasks(job) == [CAME] * 10
        assert "stay held; use Recall to render them here" in show.history(job)


@HEAVY
def test_a_job_that_a_person_requeues_renders_again_what_was_at_home(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        home = show.home(job)
        show.hands("requeue", job)
        show.until_over()
        assert show.tasks(job) == [QUEUED] * home + [CAME] * (10 - home)


@HEAVY
def test_a_job_that_a_person_makes_urgent_is_urgent_in_the_cloud(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("set_priority", job, 90)
        show.until(lambda: show.remote().task_user_level == 60)
        assert "it is urgent in the cloud now" in show.history(job)
        show.until_over()
        assert show.tasks(job) == [CAME] * 10


@pytest.mark.parametrize(
    ("frames", "chunk"),
    [("1-10", 5), *(pytest.param(f, 1, marks=HEAVY) for f in ("101-110", "2-11"))],
)
@pytest.mark.heavy
def test_a_job_whose_frames_are_changed_is_the_farms_again(open_show, frames, chunk):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("change_frames", job, frames, chunk)
        show.until_over()
        assert set(show.tasks(job)) == {QUEUED}
        assert stopped(show)
        assert {task.claim for task in show.farm.tasks([job])[job]} == {None}


@HEAVY
def test_a_task_that_is_the_same_after_a_change_of_frames_stays_in_the_cloud(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        home = show.home(job)
        show.hands("change_frames", job, "1-9", 1)
        show.until_over()
        assert show.tasks(job) == [QUEUED] * home + [CAME] * (9 - home), "made anew"
        assert stopped(show) == [10]


@HEAVY
def test_frames_that_are_taken_out_and_come_back_are_the_farms(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        show.hands("change_frames", job, "1-4", 1)
        show.until_over()
        show.hands("change_frames", job, "1-10", 1)
        assert {task.claim for task in show.farm.tasks([job])[job]} == {None}
        show.hands("script", "Jobs/RenderbusBurst", [job])
        show.until(lambda: show.tasks(job) == [CAME] * 10)


@HEAVY
def test_a_copy_of_a_job_is_a_job_of_its_own(open_show):
    with open_show(nodes=1) as show:
        job = running(show)
        copy = JobId(show.hands("copy", job))
        assert show.tasks(copy) == [QUEUED] * 10
        extra = show.hands("state", copy)["extra"]
        assert sorted(extra) == ["renderbus_when"], "what was noted of the original is not its own"
        show.until_over()
        assert show.tasks(job) == [CAME] * 10
        assert show.tasks(copy) == [QUEUED] * 10
        show.hands("script", "Jobs/RenderbusBurst", [copy])
        show.until(lambda: show.tasks(copy) == [CAME] * 10)


# -- money ----------------------------------------------------------------------------------------


def arrears(open_show):
    """Open a show whose money ends in the midst of a job."""
    account = {"balance": Decimal("3.5")}
    return open_show(nodes=1, price_per_hour=Decimal(60), account=account)


@HEAVY
def test_when_the_money_is_gone_people_are_told_and_frames_go_back_after_a_while(open_show):
    with arrears(open_show) as show:
        job = show.submit()
        show.until(lambda: "go back to the farm" in show.history(job))
        home = show.home(job)
        assert 0 < home < 10
        assert show.tasks(job) == [CAME] * home + [HELD] * (10 - home)
        show.until_over()
        assert show.tasks(job) == [CAME] * home + [QUEUED] * (10 - home)
        # Money that comes too late sets nothing going beside the local workers.
        show.cloud.cloud.pay(show.cloud.account.user_id, Decimal(100), show.cloud.clock.now())
        show.pass_seconds(3600)
        assert len(stopped(show)) == 10 - home


@HEAVY
def test_money_that_comes_in_time_lets_frames_go_on(open_show):
    with arrears(open_show) as show:
        job = show.submit()
        show.until(lambda: "go back to the farm" in show.history(job))
        show.cloud.cloud.pay(show.cloud.account.user_id, Decimal(100), show.cloud.clock.now())
        show.cloud.client.task.start_task([show.remote().id])
        show.until_over()
        assert show.tasks(job) == [CAME] * 10
