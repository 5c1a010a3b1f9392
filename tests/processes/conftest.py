"""A studio of real processes: a simulated cloud, a farm, a store, and gateways to kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from renderbus_core.burst import Burst, BurstState, BurstStore, Order
from renderbus_core.clock import SystemClock
from renderbus_core.farm import JobSpec, LocalFarm
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, LocalState

# A gateway that does not end on its own within this many seconds hangs.
LONGEST = 180

# Short enough for tests, and in the same proportions as the defaults.
QUICK = {
    "RENDERBUS_BURST_POLL_SECONDS": "0.3",
    "RENDERBUS_BURST_SUBMIT_SETTLE_SECONDS": "1",
    "RENDERBUS_BURST_LEASE_SECONDS": "2",
    "RENDERBUS_BURST_TAKEOVER_SECONDS": "1",
    "RENDERBUS_GATEWAY_DECIDE_SECONDS": "0.5",
}


@dataclass
class Cloud:
    """A running simulator."""

    process: subprocess.Popen
    ready: dict

    @property
    def environment(self) -> dict[str, str]:
        return {
            "RENDERBUS_CLOUD_DOMAIN": self.ready["domain"],
            "RENDERBUS_CLOUD_SCHEME": "http",
            "RAYVISION_API_ACCESS_ID": self.ready["access_id"],
            "RAYVISION_API_KEY": self.ready["access_key"],
        }

    def tasks(self) -> list[dict]:
        """Return what the cloud itself says of its tasks, not what our client reads."""
        url = f"http://{self.ready['domain']}/simulator/state"
        return requests.get(url, timeout=30).json()["tasks"]


@pytest.fixture(scope="module")
def run_cloud(tmp_path_factory) -> Iterator:
    """Return a function that starts simulators; all end with the module."""
    started = []

    def run(*options: str) -> Cloud:
        folder = tmp_path_factory.mktemp("cloud")
        command = [sys.executable, "-m", "renderbus_core", "simulator", "--json",
                   "--until-stdin-closes", "--storage", str(folder), "--renderer", "stand-in",
                   "--speed", "100", "--frame-seconds", "20", *options]  # fmt: skip
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(command, **pipes)
        started.append(process)
        return Cloud(process, json.loads(process.stdout.readline()))

    yield run
    for process in started:
        process.communicate(timeout=60)


@dataclass
class Studio:
    """A farm and a store, and gateways that carry its bursts."""

    folder: Path
    url: str
    cloud: Cloud
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("RENDERBUS_", "RAYVISION_"))
        }
        places = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(self.folder))
        self.environment = clean | places | QUICK | self.cloud.environment
        self.environment |= {
            "RENDERBUS_STORE_URL": self.url,
            "RENDERBUS_FARM_DATABASE": str(self.folder / "farm.db"),
            "RENDERBUS_BURST_WORK_FOLDER": str(self.folder / "packages"),
        }
        self.farm = LocalFarm(self.folder / "farm.db", SystemClock())
        self.store = BurstStore(self.url)

    def close(self) -> None:
        self.farm.close()
        self.store.close()

    def submit(self, scene: Path, frames: int, name: str = "shot") -> JobId:
        output = self.folder / "renders" / name / f"{name}.####.png"
        output.parent.mkdir(parents=True)
        return self.farm.submit(
            JobSpec(name, "blender", str(scene), (str(output),), FrameSet.span(1, frames),
                    ("true",), "artist")
        )  # fmt: skip

    def burst(self, job: JobId) -> Burst:
        refs = tuple(task.ref for task in self.farm.tasks([job])[job])
        (burst,) = self.store.plan([Order("local", job, refs, "a test")], SystemClock().now())
        return burst

    def serve(self, **more: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "renderbus_core", "serve", "--no-overflow",
                   "--until-idle", "--json"]  # fmt: skip
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=self.environment | more, text=True, **pipes)

    def serve_to_the_end(self, gateways: int = 1) -> None:
        """Let gateways carry all bursts until none is at work."""
        started = [self.serve() for _ in range(gateways)]
        try:
            errors = [process.communicate(timeout=LONGEST)[1] for process in started]
        finally:
            for process in started:
                process.kill()
        assert [process.returncode for process in started] == [0] * gateways, errors

    @staticmethod
    def died(process: subprocess.Popen) -> bool:
        """Wait for a gateway's end, and tell whether it was killed."""
        try:
            process.communicate(timeout=LONGEST)
        finally:
            process.kill()
        return process.returncode == -signal.SIGKILL

    def pictures(self, name: str = "shot") -> int:
        return len(list((self.folder / "renders" / name).glob("*.png")))

    def check(self, job: JobId, burst: Burst, *, name: str = "shot") -> Burst:
        """Hold the promises against what farm, cloud, store and disk say at rest."""
        end = self.store.burst(burst.id)
        assert end.state in {BurstState.DONE, BurstState.RECALLED}, end
        tasks = self.farm.tasks([job])[job]
        held = [task for task in tasks if task.state is LocalState.SUSPENDED]
        assert not held, "no claim without a live burst"
        complete = [task for task in tasks if task.state is LocalState.COMPLETED]
        assert self.pictures(name) >= len(complete), "complete means that the picture is there"
        ours = [task for task in self.cloud.tasks() if burst.id in task["labels"]]
        submitted = [task["id"] for task in ours if task["status"] != "reserved"]
        assert submitted == [end.remote_id], "one burst is one remote task"
        return end


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path) -> str:
    """Return the URL of an empty store on each kind of database."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres").new_schema()
    return f"sqlite:///{tmp_path}/bursts.db"


@pytest.fixture
def make_studio(tmp_path) -> Iterator:
    """Return a function that sets up a studio; each is closed at the end."""
    made = []

    def make(url: str, cloud: Cloud) -> Studio:
        made.append(Studio(tmp_path, url, cloud))
        return made[-1]

    yield make
    for studio in made:
        studio.close()
