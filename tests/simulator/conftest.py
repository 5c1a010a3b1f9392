"""A simulated cloud in the process, a clock that is turned by hand, and documents to submit."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from renderbus_core.api import Client, Endpoint, RemoteFrame, RemoteTask, Seams
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret
from renderbus_core.simulator import (
    Account,
    RenderFrame,
    Settings,
    SimulatedCloud,
    SimulatorAdapter,
)
from renderbus_core.statuses import task_status

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNT = Account("SIM-ours", Secret("our-key"), user_id=10000001, user_name="ours")
OTHER = Account("SIM-theirs", Secret("their-key"), user_id=10000002, user_name="theirs")

# Whole numbers, so that moments in tests can be worked out in the head.
PLAIN = {
    "accounts": (ACCOUNT, OTHER),
    "submit_seconds": 1,
    "analyse_seconds": 10,
    "queue_seconds": 5,
    "preprocess_seconds": 4,
    "frame_seconds": 60,
    "jitter": 0,
}
BEFORE_RENDERING = 20


class MemoryStorage:
    """A storage that only knows names."""

    def __init__(self) -> None:
        self.files: set[tuple[str, str]] = set()

    def exists(self, storage: str, path: str) -> bool:
        return (storage, path) in self.files


@dataclass
class Sim:
    """One simulated cloud with everything a test touches."""

    cloud: SimulatedCloud
    clock: ManualClock
    storage: MemoryStorage
    rendered: list[RenderFrame] = field(default_factory=list)

    def client(
        self, account: Account = ACCOUNT, *, clock: ManualClock | None = None, key: str = ""
    ) -> Client:
        nonces = itertools.count(10**14)
        seams = Seams(
            clock=clock or self.clock,
            sleep=lambda _: None,
            nonce=lambda: f"{account.user_id}{next(nonces)}",
            adapter=lambda: SimulatorAdapter(self.cloud, self.clock, self.render),
        )
        secret = Secret(key) if key else account.access_key
        credentials = Credentials(account.access_id, secret)
        return Client(Endpoint("cloud.test", scheme="http"), credentials, seams)

    def render(self, event: RenderFrame) -> Mapping[str, int]:
        self.rendered.append(event)
        return {
            picture.template.replace("####", f"{frame:04d}"): 1000 + frame
            for picture in event.layer.pictures
            for frame in event.frames
        }

    def submit(
        self, client: Client, task: Mapping[str, Any], *, files: tuple[str, ...] | None = None
    ) -> int:
        """Submit a task whose files, all of them or those named, are in the input storage."""
        (task_id,) = client.task.create_task().task_id_list
        scene = task["task_info"]["input_cg_file"]
        upload = {
            "asset": [{"local": "x", "server": scene}, {"local": "y", "server": "/a/wood.png"}]
        }
        user = client.user.query_user_profile().user_id
        for path in files if files is not None else (scene, "/a/wood.png"):
            self.storage.files.add((f"10201-{user}", path))
        client.transmit.upload_json_content(task_id, json.dumps(task), "task.json")
        client.transmit.upload_json_content(task_id, json.dumps(upload), "upload.json")
        client.task.submit_task(task_id)
        return task_id

    def task(self, client: Client, task_id: int) -> RemoteTask:
        return client.query.task_info([task_id])[task_id]

    def frames(self, client: Client, task_id: int) -> dict[str, RemoteFrame]:
        return {frame.frame_index: frame for frame in client.query.iter_frames(task_id)}

    def finish(self, client: Client, task_id: int) -> RemoteTask:
        """Turn the clock until every leaf is over."""
        for _ in range(1000):
            task = self.task(client, task_id)
            if all(task_status(leaf.task_status).is_terminal for leaf in task.leaves()):
                return task
            self.clock.advance(30)
        raise AssertionError(f"task {task_id} does not end")


@dataclass
class Process:
    """A simulator that runs as `renderbus simulator --json`, and its admin endpoint."""

    popen: subprocess.Popen[bytes]
    ready: dict[str, Any]

    def client(self, **endpoint: Any) -> Client:
        """Return a client of its first account that does not wait between attempts."""
        account = Credentials(self.ready["access_id"], Secret(self.ready["access_key"]))
        seams = Seams(sleep=lambda _: None)
        return Client(Endpoint(self.ready["domain"], scheme="http", **endpoint), account, seams)

    def admin(self, method: str, path: str, **more: Any) -> requests.Response:
        """Ask the admin endpoint with its token; `json=` is the body."""
        headers = {"Authorization": f"Bearer {self.ready['admin_token']}"} | more.pop("headers", {})
        address = f"{self.ready['admin']}/{path}"
        return requests.request(method, address, headers=headers, timeout=20, **more)

    def state(self) -> dict[str, Any]:
        return requests.get(f"{self.ready['admin']}/state", timeout=20).json()


@pytest.fixture(scope="session")
def start_simulator() -> Callable[..., AbstractContextManager[Process]]:
    """Return a starter of simulators: a folder and options; each has to end without a word."""

    @contextmanager
    def start(folder: Path, *options: str) -> Iterator[Process]:
        command = [sys.executable, "-m", "renderbus_core", "simulator", "--json"]
        more = ["--until-stdin-closes", "--renderer", "stand-in", "--storage", str(folder)]
        with subprocess.Popen(
            [*command, *more, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as popen:
            try:
                line = popen.stdout.readline()
                if not line:
                    raise AssertionError(popen.stderr.read().decode())
                yield Process(popen, json.loads(line))
                popen.stdin.close()
                assert (popen.wait(20), popen.stderr.read()) == (0, b"")
            finally:
                popen.kill()

    return start


@pytest.fixture
def simulate() -> Callable[..., Sim]:
    """Return a maker of simulated clouds from settings."""

    def make(**settings: Any) -> Sim:
        storage, clock = MemoryStorage(), ManualClock(START)
        cloud = SimulatedCloud(Settings(**{**PLAIN, **settings}), storage)
        return Sim(cloud, clock, storage)

    return make


@pytest.fixture
def sim(simulate) -> Sim:
    return simulate()


@pytest.fixture
def client(sim) -> Client:
    return sim.client()


def _info(cg_id: str, scene: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cg_id": cg_id,
        "task_id": "",
        "user_id": "",
        "project_id": "0",
        "project_name": "",
        "channel": "4",
        "platform": "62",
        "input_cg_file": scene,
        "input_project_path": "",
        "os_name": "0",
        "is_picture": "0",
        "frames_per_task": "1",
        "ram": "64",
        "render_layer_type": "0",
        "pre_frames": "000",
        "stop_after_test": "2",
        "job_stop_time": "3600",
        "task_stop_time": "0",
        "time_out": "43200",
        "tiles": "1",
        "tiles_type": "block",
    } | dict(more)


@pytest.fixture
def blender_task() -> Callable[..., dict[str, Any]]:
    """Return a maker of Blender task.json documents."""

    def make(frames: str = "1-4[1]", scene: str = "/a/spin.blend", **info: Any) -> dict[str, Any]:
        common = {
            "frames": frames,
            "Output_path": "//render/shot_####",
            "Render_Format": "PNG",
            "width": "64",
            "height": "36",
            "camera_name": "Camera",
        }
        return {
            "software_config": {"cg_name": "Blender", "cg_version": "3.4", "plugins": {}},
            "task_info": _info("2007", scene, info),
            "scene_info": {"common": common},
            "scene_info_render": {"common": common},
        }

    return make


@pytest.fixture
def maya_task() -> Callable[..., dict[str, Any]]:
    """Return a maker of Maya task.json documents; layers by name with their frames."""

    def make(layers: Mapping[str, str], **info: Any) -> dict[str, Any]:
        return {
            "software_config": {"cg_name": "Maya", "cg_version": "2023", "plugins": {}},
            "task_info": _info("2000", "/a/shot.ma", info),
            "scene_info_render": {
                name: {"renderable": "1" if frames else "0", "common": _maya_common(frames or "1")}
                for name, frames in layers.items()
            },
        }

    return make


def _maya_common(frames: str) -> dict[str, Any]:
    return {
        "frames": frames,
        "start": "1",
        "end": "10",
        "by_frame": "1",
        "width": "64",
        "height": "36",
        "image_format": "exr",
        "image_file_prefix": "",
        "all_camera": ["persp"],
        "render_camera": ["persp"],
        "renderer": "arnold",
    }
