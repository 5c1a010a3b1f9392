"""One contract of the client with the simulated cloud: in the process, and over real HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import requests

from renderbus_core.api import Client, Endpoint, Seams
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import AuthError, InputError, RequestRefusedError
from renderbus_core.simulator import Account, Settings, SimulatedCloud, SimulatorAdapter
from renderbus_core.statuses import FrameCode, TaskCode

KEY = Secret("the key of the contract")
ACCOUNT = Account("SIM-contract", KEY, user_id=10000009, user_name="contract")
PATIENCE = 20.0
SCENE = "/show/spin.blend"

SERVER = """
import json, sys
from pathlib import Path
from renderbus_core.simulator import RendererKind, Settings, serve

def tell(ready):
    print(json.dumps([ready.domain, ready.storage, ready.access_id, ready.access_key.reveal()]),
          flush=True)

serve(Settings(speed=10000, frame_seconds=60, nodes=1, fail_frames={3: 1}), Path(sys.argv[1]), 0,
      tell, renderer=RendererKind.STAND_IN, exit_with_stdin=True)
"""


class InProcess:
    """A cloud in memory under a clock that is turned by hand."""

    def __init__(self):
        self.clock = ManualClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        self.files = set()
        settings = Settings(accounts=(ACCOUNT,), frame_seconds=60, nodes=1, fail_frames={3: 1})
        self.cloud = SimulatedCloud(settings, self)
        self.client = self.login(KEY)

    def exists(self, storage, path):
        return (storage, path) in self.files

    def login(self, key):
        seams = Seams(
            clock=self.clock,
            sleep=self.clock.advance,
            adapter=lambda: SimulatorAdapter(self.cloud, self.clock, self.render),
        )
        endpoint = Endpoint("cloud.test", scheme="http")
        return Client(endpoint, Credentials(ACCOUNT.access_id, key), seams)

    @staticmethod
    def render(event):
        names = [picture.template for picture in event.layer.pictures]
        return {
            name.replace("####", f"{frame:04d}"): 1000 + frame
            for name in names
            for frame in event.frames
        }

    def put(self, path):
        user = self.client.user.query_user_profile().user_id
        bid = self.client.user.get_transfer_bid().input_bid
        self.files.add((f"{bid}-{user}", path))

    def wait(self):
        self.clock.advance(30)


class OverHttp:
    """A cloud in another process, whose time runs ten thousand times as fast."""

    def __init__(self, domain, storage, access_id, access_key):
        self.endpoint = Endpoint(domain, scheme="http")
        self.storage, self.access_id = storage, access_id
        self.client = self.login(Secret(access_key))

    def login(self, key):
        return Client(self.endpoint, Credentials(self.access_id, key))

    def put(self, path):
        config = self.client.transmit.get_transfer_config()
        account = config.engine("http").account(config.input_bid)
        address = f"{self.storage}/{config.input_bid}/{path.lstrip('/')}"
        login = (account.name, account.password.reveal())
        assert requests.put(address, b"scene", auth=login, timeout=20).status_code == 201

    def wait(self):
        pass


@contextmanager
def over_http(folder):
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read().decode()
            yield OverHttp(*json.loads(line))
            process.stdin.close()
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.fixture(scope="module", params=["in process", "over HTTP"])
def subject(request, tmp_path_factory):
    if request.param == "in process":
        cloud = InProcess()
        with cloud.client:
            yield cloud
    else:
        with over_http(tmp_path_factory.mktemp("cloud")) as cloud, cloud.client:
            yield cloud


def task_json(frames):
    common = {
        "frames": frames,
        "Output_path": "//render/shot_####",
        "Render_Format": "PNG",
        "width": "64",
        "height": "36",
        "camera_name": "Camera",
    }
    info = {
        "cg_id": "2007",
        "task_id": "",
        "user_id": "",
        "project_id": "0",
        "project_name": "",
        "channel": "4",
        "platform": "62",
        "input_cg_file": SCENE,
        "input_project_path": "",
        "os_name": "0",
        "is_picture": "0",
        "ram": "64",
        "render_layer_type": "0",
        "frames_per_task": "1",
        "pre_frames": "000",
        "stop_after_test": "2",
        "job_stop_time": "3600",
        "task_stop_time": "0",
        "time_out": "43200",
        "tiles": "1",
        "tiles_type": "block",
    }
    return {
        "software_config": {"cg_name": "Blender", "cg_version": "3.4", "plugins": {}},
        "task_info": info,
        "scene_info": {"common": common},
        "scene_info_render": {"common": common},
    }


def submit(subject, frames="1-4[1]"):
    client = subject.client
    (task_id,) = client.task.create_task(labels=["contract"]).task_id_list
    subject.put(SCENE)
    documents = {
        "task.json": task_json(frames),
        "upload.json": {"asset": [{"local": SCENE, "server": SCENE}]},
    }
    for name, document in documents.items():
        client.transmit.upload_json_content(task_id, json.dumps(document), name)
    client.task.submit_task(task_id)
    return task_id


def until(subject, task_id, is_met):
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        task = subject.client.query.task_info([task_id])[task_id]
        if is_met(task):
            return task
        subject.wait()
    raise AssertionError(f"task {task_id} stays {task.status}")


def test_an_account_is_recognised_by_its_key(subject):
    assert subject.client.user.query_user_profile().user_id > 0
    assert subject.client.user.query_user_setting().task_over_time_sec > 0
    with subject.login(Secret("another key")) as stranger, pytest.raises(AuthError):
        stranger.user.query_user_profile()


def test_a_task_is_submitted_followed_and_listed_to_its_last_picture(subject):
    client = subject.client
    task = until(subject, submit(subject), lambda task: task.is_over)
    assert task.task_status == TaskCode.FINISHED_HAS_FAILED
    frames = {frame.frame_index: frame for frame in client.query.get_all_frames(task.id)}
    codes = {index: frame.frame_status for index, frame in frames.items()}
    done, failed = FrameCode.DONE, FrameCode.ERROR
    assert codes == {"1": done, "2": done, "3": failed, "4": done}
    assert all(frame.started_at <= frame.ended_at for frame in frames.values())
    files = client.transmit.get_output_files("/", task.id)
    assert [file.file_name for file in files] == [f"shot_{n:04d}.png" for n in (1, 2, 4)]
    assert all(file.file_size > 0 for file in files)
    assert task.id in {each.id for each in client.query.iter_tasks(str(task.id))}


def test_frames_are_stopped_by_their_numbers(subject):
    task_id = submit(subject, "1-2[1],50-2000[1]")
    until(subject, task_id, lambda task: task.total_frames == 1953)
    subject.client.query.stop_frame(task_id, numbers="1990-2000")
    stopped = subject.client.query.iter_frames(
        task_id, statuses=[FrameCode.ABORTED], parallel=8, numbers="1900-2000"
    )
    assert [frame.frame_index for frame in stopped] == [str(n) for n in range(1990, 2001)]
    with pytest.raises(InputError, match="no entry for the asked frames: 3, 49"):
        subject.client.query.stop_frame(task_id, numbers=[2, 3, 49])
    subject.client.task.stop_task([task_id])
    assert until(subject, task_id, lambda task: task.is_over).task_status == TaskCode.STOP


def test_what_does_not_exist_is_refused_or_absent(subject):
    assert subject.client.query.task_info([999_999_999]) == {}
    assert list(subject.client.query.iter_tasks("no such scene")) == []
    with pytest.raises(RequestRefusedError):
        subject.client.task.submit_task(999_999_999)
