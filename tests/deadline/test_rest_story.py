"""A gateway that reaches Deadline over its Web Service, with a simulated cloud behind it."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests
from deadline_bench import check, started
from story import SOON, environment, wait_until

CONFIG = """
[farm]
kind = "deadline-rest"
url = "{url}"
credentials_file = "farm.toml"
status_column = "ExtraInfo0"
[store]
url = "sqlite:///{folder}/bursts.db"
"""


class Studio:
    """A Deadline with its Web Service, and a host with the bridge and nothing of Deadline.

    Args:
        folder: of everything.
        hands: on Deadline.
        scene: to render.
        environment: of the bridge.
    """

    def __init__(self, folder, hands, scene, environment):
        self.folder, self.hands = folder, hands
        self._scene, self._environment = scene, environment
        self._log = folder / "serve.log"

    def submit(self, frames="1-6"):
        """Submit a Blender job that asks for the cloud."""
        output = self.folder / "renders"
        output.mkdir()
        info = {
            "Plugin": "Blender",
            "Name": "shot",
            "Frames": frames,
            "UserName": "ada",
            "OutputDirectory0": str(output),
            "OutputFilename0": "shot.####.png",
            "ExtraInfoKeyValue0": "renderbus_when=now",
        }
        return self.hands("submit", info, {"SceneFile": str(self._scene)})

    @contextmanager
    def gateway(self, code=0):
        """Serve meanwhile; asked to stop, it ends with a code."""
        command = [sys.executable, "-m", "renderbus_core",
                   "--config", str(self.folder / "renderbus.toml"), "serve"]  # fmt: skip
        with (
            self._log.open("ab") as log,
            subprocess.Popen(command, env=self._environment, stderr=log, stdout=log) as process,
        ):
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                ended = process.wait(60)
        assert ended == code, self.said()

    def said(self):
        return self._log.read_text("utf-8")

    def states(self, job):
        return [state for state, _ in self.hands("state", job)["tasks"]]

    def column(self, job):
        return self.hands("jobs")[job].get("ExtraInfo0", "")

    def pictures(self):
        return sorted(path.name for path in (self.folder / "renders").glob("*.png"))

    def until(self, is_so):
        """Wait until something is so, and return it; the log is told when it never is."""
        return wait_until(is_so, self.said)


@pytest.fixture
def studio(tmp_path, cloud, root):
    (tmp_path / "farm.toml").touch(0o600)
    (tmp_path / "farm.toml").write_text('user = "gateway"\npassword = "S3cret"\n')
    with started("web", tmp_path, None) as (_, hands):
        hands("add_worker", "node-1", ["none"], [])
        hands("web_set", "login", ["gateway", "S3cret"])
        config = CONFIG.format(url=hands("web_url"), folder=tmp_path)
        (tmp_path / "renderbus.toml").write_text(config + SOON)
        scene = root / "examples" / "spin" / "spin.blend"
        studio = Studio(tmp_path, hands, scene, environment(tmp_path, cloud))
        yield studio
        check(hands)
        assert "S3cret" not in studio.said()


@pytest.mark.heavy
def test_a_job_that_asks_for_the_cloud_comes_home(studio):
    job = studio.submit()
    with studio.gateway():
        studio.until(lambda: studio.states(job) == ["Completed"] * 6)
        studio.until(lambda: studio.column(job) == "")
    assert studio.pictures() == [f"shot.{n:04d}.png" for n in range(1, 7)]
    assert studio.hands("state", job)["status"] == "Completed"


@pytest.mark.heavy
def test_what_a_person_takes_back_is_rendered_here(studio):
    job = studio.submit("1-400")
    with studio.gateway():
        studio.until(lambda: "Completed" in studio.states(job))
        assert studio.column(job).startswith("IN CLOUD ")
        studio.hands("script", "Jobs/RenderbusRecall", [job])
        studio.until(lambda: "Suspended" not in studio.states(job))
    states = studio.states(job)
    assert set(states) == {"Completed", "Queued"}
    assert len(studio.pictures()) == states.count("Completed")


@pytest.mark.heavy
def test_a_web_service_that_is_away_for_a_while_is_waited_for(studio):
    job = studio.submit("1-12")
    with studio.gateway():
        studio.until(lambda: "Completed" in studio.states(job))
        studio.hands("web_set", "faults", [[503, "starting"]] * 40)
        studio.until(lambda: studio.states(job) == ["Completed"] * 12)
    assert len(studio.pictures()) == 12
    assert "does not answer now (HTTP 503)" in studio.said()


@pytest.mark.heavy
def test_a_gateway_that_is_killed_leaves_everything_to_the_next(studio):
    job = studio.submit("1-8")
    with studio.gateway(-signal.SIGKILL) as process:
        studio.until(lambda: "Suspended" in studio.states(job))
        process.kill()
        process.wait()
    with studio.gateway():
        studio.until(lambda: studio.states(job) == ["Completed"] * 8)
    assert len(studio.pictures()) == 8


@pytest.mark.heavy
def test_a_job_that_is_deleted_is_stopped_in_the_cloud_although_no_event_tells_of_it(studio, cloud):
    job = studio.submit("1-400")
    with studio.gateway():
        studio.until(lambda: "Completed" in studio.states(job))
        studio.hands("delete", job)
        studio.until(lambda: " running -> done " in studio.said())
    assert len(studio.pictures()) < 400
    url = f"http://{cloud['RENDERBUS_CLOUD_DOMAIN']}/simulator/state"
    tasks = requests.get(url, timeout=30).json()["tasks"]
    assert "STOP" in max(tasks, key=lambda task: task["id"])["status"]
