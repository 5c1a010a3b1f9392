"""Whatever is sent, the cloud answers; whatever happens, its books balance."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderbus_core.api import operations, routes, signing
from renderbus_core.config import Secret
from renderbus_core.errors import InputError
from renderbus_core.simulator import Account, RenderFrame, Request, Settings, SimulatedCloud
from renderbus_core.simulator.documents import read_plan

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = Account("SIM", Secret("key"))
PATHS = sorted(routes())

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
field_names = sorted({name for o in routes().values() for name in o.request["properties"]})
bodies = st.dictionaries(st.sampled_from(field_names) | st.text(), json_values, max_size=6)


class Everything:
    """A storage in which everything is."""

    def exists(self, _storage, _path):
        return True


def fresh_cloud():
    cloud = SimulatedCloud(Settings(accounts=(ACCOUNT,)), Everything())
    send(cloud, "/api/render/submit/createTask", {"count": 3, "taskUserLevel": 50}, nonce="first")
    return cloud


def send(cloud, path, body, *, nonce="n", now=NOW):
    headers = {
        "accessId": ACCOUNT.access_id,
        "channel": "4",
        "platform": "62",
        "UTCTimestamp": str(int(now.timestamp())),
        "nonce": nonce,
        "version": "2.0.0",
    }
    text = signing.canonical_text("cloud.test", path, headers, json.loads(json.dumps(body)))
    headers["signature"] = signing.sign("key", text)
    return cloud.handle(Request("cloud.test", path, headers, json.dumps(body).encode()), now)


@given(
    path=st.sampled_from(PATHS) | st.text(),
    headers=st.dictionaries(st.text(), st.text()),
    body=st.binary(),
)
@settings(deadline=None)
def test_any_request_gets_an_envelope(path, headers, body):
    reply = fresh_cloud().handle(Request("cloud.test", path, headers, body), NOW)
    assert reply.status in {200, 404}
    assert json.loads(reply.body)["code"] in {404, 600, 601, 610, 611}


@given(path=st.sampled_from(PATHS), body=bodies)
@settings(max_examples=300, deadline=None)
def test_any_signed_body_gets_an_envelope(path, body):
    try:
        reply = send(fresh_cloud(), path, body)
    except UnicodeEncodeError:
        return  # The text cannot be signed, so it cannot be sent either.
    assert reply.status == 200
    assert json.loads(reply.body)["code"] in {200, 404, 600, 601, 611}


@given(task=st.text() | json_values.map(json.dumps), upload=st.text() | json_values.map(json.dumps))
@settings(deadline=None)
def test_documents_that_make_no_sense_are_refused(task, upload):
    with pytest.raises(InputError):
        read_plan(task, upload)


@given(
    frames=st.text() | st.from_regex(r"-?[0-9]{1,4}(-[0-9]{1,4}(\[[0-9]\])?)?", fullmatch=True),
    output=st.text(),
    size=st.from_regex(r"[0-9]{1,12}", fullmatch=True),
    upload=st.lists(st.fixed_dictionaries({"local": st.text(), "server": st.text()})),
)
@settings(deadline=None)
def test_pictures_never_leave_their_folder(frames, output, size, upload):
    task = a_document(frames, Output_path=output, width=size, height=size)
    try:
        plan = read_plan(json.dumps(task), json.dumps({"asset": upload}))
    except InputError:
        return
    for layer in plan.layers:
        for picture in layer.pictures:
            assert not picture.template.startswith("/")
            assert ".." not in picture.template.split("/")


def a_document(frames, **common):
    scene = {"frames": frames, "Render_Format": "PNG", "Output_path": "//a_####"} | common
    return {
        "software_config": {"cg_name": "Blender", "cg_version": "3.4", "plugins": {}},
        "task_info": {
            "cg_id": "2007",
            "channel": "4",
            "input_cg_file": "/a/spin.blend",
            "os_name": "0",
            "platform": "62",
            "pre_frames": "000",
            "frames_per_task": "2",
            "input_project_path": "",
            "is_picture": "0",
            "job_stop_time": "100",
            "project_name": "",
            "stop_after_test": "2",
            "task_stop_time": "400",
            "tiles": "1",
            "tiles_type": "block",
            "time_out": "43200",
        },
        "scene_info": {"common": scene},
    }


class Story:
    """A cloud to which things happen one after the other."""

    def __init__(self, seed):
        options = Settings(accounts=(ACCOUNT,), seed=seed, nodes=3, fail_frames={2: 1})
        self.cloud = SimulatedCloud(options, Everything())
        self.now = NOW
        self.tasks = []
        self.running = []
        self.nonces = map(str, itertools.count())

    def call(self, operation, **body):
        path = operations()[operation].paths["current"]
        reply = send(self.cloud, path, body, nonce=next(self.nonces), now=self.now).envelope
        assert reply["code"] == 200
        return reply["data"]

    def happen(self, step, number):
        match step:
            case "submit":
                (task_id,) = self.call("create_task", count=1, taskUserLevel=50)["taskIdList"]
                for name, text in TEXTS.items():
                    self.call("upload_task_json", taskId=task_id, fileName=name, content=text)
                self.call("submit_task", taskId=task_id)
                self.tasks.append(task_id)
            case "stop" | "abort" if self.tasks:
                self.call(f"{step}_task", taskIds=[self.tasks[number % len(self.tasks)]])
            case "deliver" if self.running:
                frame_id = self.running.pop(number % len(self.running))
                self.cloud.rendered(frame_id, {"a": 1}, self.now)
            case "break" if self.running:
                frame_id = self.running.pop(number % len(self.running))
                self.cloud.render_failed(frame_id, "why", self.now)
            case "wait":
                self.now += timedelta(seconds=number)
        events = self.cloud.advance(self.now)
        self.running += [event.frame_id for event in events if isinstance(event, RenderFrame)]


TEXTS = {"task.json": json.dumps(a_document("1-9[1]")), "upload.json": '{"asset": []}'}
STEPS = ["wait", "stop", "abort", "deliver", "break", "submit"]


@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 120)), max_size=25),
    seed=st.integers(0, 3),
)
@settings(deadline=None)
def test_whatever_happens_nodes_and_counts_balance(steps, seed):
    story = Story(seed)
    for step, number in steps:
        story.happen(step, number)
        world = story.cloud._world
        assert len(world.nodes) + len(world.runs) == 3
        for task in world.tasks.values():
            assert sum(task.counts.values()) == len(task.frames)
            assert min(task.counts.values(), default=0) >= 0
            assert task.open_frames == sum(not frame.is_over for frame in task.frames.values())
        due = story.cloud.next_change()
        assert due is None or due > story.now
