"""Requests made from the operations table, against the cloud in whatever state it can get into."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from renderbus_core import schema
from renderbus_core.api import Profile, operations, routes, signing
from renderbus_core.codes import cloud_codes
from renderbus_core.config import Secret
from renderbus_core.simulator import (
    Account,
    Fault,
    FaultKind,
    RenderFrame,
    Request,
    SecondSubmit,
    Settings,
    SimulatedCloud,
    fees,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NODES = 3
MAIN = Account("SIM-main", Secret("main-key"), user_id=10000001, user_name="main")
ACCOUNTS = (
    MAIN,
    Account(
        "SIM-sub",
        Secret("sub-key"),
        user_id=10000002,
        user_name="sub",
        main=MAIN.user_id,
        shares_capital=True,
    ),
    Account(
        "SIM-poor",
        Secret("poor-key"),
        user_id=10000003,
        user_name="poor",
        balance=Decimal("0.02"),
        coupon=Decimal("0.01"),
        shows_costs=False,
    ),
    Account("SIM-locked", Secret("locked-key"), user_id=10000004, user_name="locked", refusal=804),
)

# Mostly those that get far.
CALLERS = (*ACCOUNTS[:1] * 3, *ACCOUNTS)

some_operations = st.lists(st.sampled_from(sorted(operations())), min_size=1, max_size=8)
names = st.sampled_from(["a", "beauty", "Ümlaut", "x" * 200])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
dates = st.sampled_from(["2026-03-01", "2026-02-28 23:59:59", "2026-03-01 00:10:00", "", "now"])
# What a field holds in good requests; the table knows its type only.
LIKELY = {
    "cgId": st.sampled_from([2000, 2007, "2000"]),
    "cgIds": st.lists(st.sampled_from([2000, 2007]), min_size=1, max_size=2),
    "code": st.sampled_from(["15024", 15009]),
    "count": st.integers(1, 3),
    "endDate": dates,
    "endTime": dates,
    "frameStatus": st.integers(1, 12),
    "hardwareConfigIds": st.just(["20"]),
    "osName": st.sampled_from([0, 1, "windows", "linux"]),
    "cgVersion": st.sampled_from(["2023", "3.4"]),
    "pageNum": st.integers(1, 3),
    "pluginIds": st.just([]),
    "searchKeyword": st.sampled_from(["", "1", "spin", "19000001"]),
    "startDate": dates,
    "startTime": dates,
    "status": st.lists(st.integers(1, 12), max_size=3) | st.sampled_from([0, 1, "1"]),
    "statusList": st.lists(st.sampled_from([0, 5, 20, 25, 30, 35, 40]), max_size=3),
    "taskLimit": st.integers(1, 5),
    "treePath": st.sampled_from(["/", "", "/19000001_spin", "//", "/../.."]),
} | dict.fromkeys(("editName", "newName", "delName", "label", "cgName", "model"), names)


def values(schema_part):
    """Return values that one part of a request's schema lets pass."""
    if "enum" in schema_part:
        return st.sampled_from(schema_part["enum"])
    kinds = schema_part["type"]
    made = [_MADE[kind](schema_part) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return st.one_of(made)


_MADE = {
    "integer": lambda part: st.integers(part.get("minimum"), part.get("maximum")),
    "string": lambda part: st.text(min_size=part.get("minLength", 0), max_size=20),
    "array": lambda part: st.lists(
        values(part["items"]), min_size=part.get("minItems", 0), max_size=4
    ),
}


@st.composite
def bodies(draw, request, likely):
    """Draw a body for a request's schema: good, or wrong in one place."""
    body = {}
    for name, part in request["properties"].items():
        if name in request["required"] or draw(st.booleans()):
            usual = [likely[name]] * 5 if name in likely else []
            body[name] = draw(st.one_of(*usual, values(part)))
    match draw(st.sampled_from(["good"] * 6 + ["less", "more", "other"])):
        case "less" if body:
            del body[draw(st.sampled_from(sorted(body)))]
        case "more":
            body[draw(st.text(max_size=5))] = draw(anything)
        case "other" if body:
            body[draw(st.sampled_from(sorted(body)))] = draw(anything)
    return body


def signed(account, path, body, nonce, now, *, version="2.0.0"):
    headers = {
        "accessId": account.access_id,
        "channel": "4",
        "platform": "62",
        "UTCTimestamp": str(int(now.timestamp())),
        "nonce": nonce,
        "version": version,
    }
    sent = json.dumps(body)
    text = signing.canonical_text("cloud.test", path, headers, json.loads(sent))
    headers["signature"] = signing.sign(account.access_key.reveal(), text)
    return Request("cloud.test", path, headers, sent.encode())


def check(answer):
    """Hold that an answer of the API is one: an envelope with a code that was meant."""
    assert answer.status == 200, answer.content
    envelope = json.loads(answer.content, parse_constant=pytest.fail)
    assert set(envelope) == {
        "version", "result", "message", "code", "data", "serverTime", "requestId"
    }  # fmt: skip
    assert envelope["code"] in cloud_codes()
    assert envelope["code"] != 500
    assert envelope["result"] == (envelope["code"] == 200)
    return envelope


def task_texts(scene, **info):
    """Return the configuration files of a Blender task."""
    common = {
        "frames": "1-6[1]",
        "Output_path": "//render/shot_####",
        "Render_Format": "PNG",
        "width": "64",
        "height": "36",
        "camera_name": "Camera",
    }
    task_info = {
        "cg_id": "2007",
        "channel": "4",
        "frames_per_task": "1",
        "input_cg_file": scene,
        "input_project_path": "",
        "is_picture": "0",
        "job_stop_time": "3600",
        "os_name": "0",
        "platform": "62",
        "pre_frames": "000",
        "project_name": "",
        "ram": "64",
        "render_layer_type": "0",
        "stop_after_test": "2",
        "task_stop_time": "0",
        "tiles": "1",
        "tiles_type": "block",
        "time_out": "43200",
    }
    document = {
        "software_config": {"cg_name": "Blender", "cg_version": "3.4", "plugins": {}},
        "task_info": task_info | info,
        "scene_info": {"common": common},
        "scene_info_render": {"common": common},
    }
    upload = {"asset": [{"local": "x", "server": scene}]}
    return {"task.json": json.dumps(document), "upload.json": json.dumps(upload)}


TASKS = {
    "plain": task_texts("/a/spin.blend"),
    "in rows": task_texts("/a/spin.blend", frames_per_task="4"),
    "tiled": task_texts("/a/spin.blend", tiles="4"),
    "tested": task_texts("/a/spin.blend", pre_frames="100", stop_after_test="1"),
    "short": task_texts("/a/spin.blend", job_stop_time="30", task_stop_time="200"),
    "missing": task_texts("/nowhere/spin.blend"),
    "broken": {"task.json": "{", "upload.json": "[]"},
}


class Scenes:
    """A storage in which the files of most tasks are."""

    def exists(self, _storage, path):
        return not path.startswith("/nowhere")


class CloudLife(RuleBasedStateMachine):
    """A cloud to which anything happens that can."""

    @initialize(
        seed=st.integers(0, 3),
        second_submit=st.sampled_from(SecondSubmit),
        unsubmitted=st.booleans(),
        lag=st.sampled_from([0, 50]),
        sizes=st.booleans(),
    )
    def begin(self, seed, second_submit, unsubmitted, lag, sizes):
        self.cloud = SimulatedCloud(
            Settings(
                accounts=ACCOUNTS,
                seed=seed,
                nodes=NODES,
                fail_frames={2: 1},
                second_submit=second_submit,
                list_unsubmitted=unsubmitted,
                listing_lag_seconds=lag,
                list_sizes=sizes,
            ),
            Scenes(),
        )
        self.now = NOW
        self.running = []
        self.nonces = map(str, itertools.count())
        self.submit(MAIN, "plain", 40)

    def call(self, account, operation, body, profile=Profile.CURRENT):
        request = signed(
            account,
            operations()[operation].paths[profile],
            body,
            next(self.nonces),
            self.now,
            version=profile.version,
        )
        return self.cloud.receive(request, self.now)

    @property
    def world(self):
        return self.cloud._world

    def likely(self):
        """Return what requests hold that mean something here."""
        tasks, frames = list(self.world.tasks), list(self.world.frames)
        known = dict(LIKELY)
        if tasks:
            one = st.sampled_from(tasks)
            some = st.lists(one, min_size=1, max_size=3)
            known |= {"taskId": one, "taskIds": some, "cloneOriginalId": one}
        if frames:
            one = st.sampled_from(frames)
            known |= {"id": one, "ids": st.lists(one, min_size=1, max_size=3)}
        return known

    @rule(data=st.data(), account=st.sampled_from(CALLERS), names=some_operations)
    def ask(self, data, account, names):
        for name in names:
            operation = operations()[name]
            profile = data.draw(st.sampled_from(sorted(operation.paths)))
            body = data.draw(bodies(operation.request, self.likely()))
            try:
                envelope = check(self.call(account, name, body, profile))
            except UnicodeEncodeError:
                continue  # Half a character cannot be signed, so it cannot be sent either.
            if account.refusal:
                assert envelope["code"] == account.refusal

    @rule(
        account=st.sampled_from(ACCOUNTS[:3]),
        kind=st.sampled_from(sorted(TASKS)),
        wait=st.sampled_from([0, 5, 40, 90]),
    )
    def submit(self, account, kind, wait):
        made = check(self.call(account, "create_task", {"count": 1, "taskUserLevel": 50}))
        (task_id,) = made["data"]["taskIdList"]
        for name, text in TASKS[kind].items():
            body = {"taskId": task_id, "fileName": name, "content": text}
            assert check(self.call(account, "upload_task_json", body))["code"] == 200
        check(self.call(account, "submit_task", {"taskId": task_id}))
        self.wait(wait)

    @rule(kind=st.sampled_from(FaultKind), name=st.sampled_from(["create_task", "submit_task"]))
    def suffer(self, kind, name):
        """Let one request meet with a fault, whose answer nobody can rely on."""
        fault = Fault(kind, frozenset({name}), times=1, seconds=7, code=513)
        self.cloud.set_faults([fault])
        body = {"count": 1, "taskUserLevel": 50} if name == "create_task" else {"taskId": 19000001}
        answer = self.call(MAIN, name, body)
        assert b"".join(piece for _, piece in answer.pieces()) == answer.content[: answer.sent]
        self.cloud.set_faults([])

    @rule(seconds=st.sampled_from([0, 1, 20, 40, 70, 300, 5000]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.work()

    @rule(count=st.integers(1, 8))
    @precondition(lambda self: self.running)
    def deliver(self, count):
        for frame_id in self.running[:count]:
            self.cloud.rendered(frame_id, {"a.png": 1}, self.now)
        del self.running[:count]
        self.wait(60)

    @rule(place=st.integers(0, 100))
    @precondition(lambda self: self.running)
    def spoil(self, place):
        frame_id = self.running.pop(place % len(self.running))
        self.cloud.render_failed(frame_id, "why", self.now)
        self.work()

    @rule(account=st.sampled_from(ACCOUNTS), amount=st.sampled_from(["-2000", "-0.01", "5000"]))
    def pay(self, account, amount):
        self.cloud.pay(account.user_id, Decimal(amount), self.now)

    @rule(numbers=st.lists(st.integers(1, 6), max_size=3))
    def stick(self, numbers):
        self.cloud.stick(numbers, self.now)

    @rule(nodes=st.integers(1, 6))
    def change_nodes(self, nodes):
        self.cloud.set_nodes(nodes, self.now)

    @rule(speed=st.sampled_from([0.1, 1, 3, 1000]))
    def change_speed(self, speed):
        self.cloud.set_speed(speed, self.now)

    def work(self):
        events = self.cloud.advance(self.now)
        self.running += [event.frame_id for event in events if isinstance(event, RenderFrame)]

    @invariant()
    def no_machine_is_lost_or_doubled(self):
        world = self.world
        busy = [run.frame.node for run in world.runs.values()]
        machines = [*world.nodes, *busy]
        assert len(set(machines)) == len(machines)
        assert len(machines) - len(set(busy) & world.leaving) == world.settings.nodes

    @invariant()
    def counts_are_those_of_the_frames(self):
        for task in self.world.tasks.values():
            counted = defaultdict(int)
            for frame in task.frames.values():
                counted[frame.status] += 1
            assert {code: n for code, n in task.counts.items() if n} == counted

    @invariant()
    def what_was_paid_is_what_it_cost(self):
        world = self.world
        for payer in ACCOUNTS:
            costs = [
                fees.consumed(world, account)
                for account in ACCOUNTS
                if world.settings.payer(account) == payer
            ]
            spent = world.spent.get(payer.user_id, fees.NO_FEE)
            # Sums of long fractions are rounded somewhere behind the 20th digit.
            assert abs(spent.total - fees.sum_of(costs).total) < Decimal("1e-12")

    @invariant()
    def nothing_that_was_due_is_left(self):
        self.work()
        due = self.cloud.next_change()
        assert due is None or due > self.now
        assert json.dumps(self.cloud.describe(), allow_nan=False)


CloudLife.TestCase.settings = settings(
    max_examples=50,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestCloudLife = CloudLife.TestCase


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_a_long_life_holds_too():
    run_state_machine_as_test(
        CloudLife,
        settings=settings(
            max_examples=500,
            stateful_step_count=80,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@given(data=st.data(), path=st.sampled_from(sorted(routes())))
@settings(max_examples=300)
def test_a_fresh_cloud_answers_every_path(data, path):
    body = data.draw(bodies(routes()[path].request, LIKELY))
    cloud = SimulatedCloud(Settings(accounts=ACCOUNTS), Scenes())
    try:
        request = signed(MAIN, path, body, "1", NOW)
    except UnicodeEncodeError:
        return
    check(cloud.receive(request, NOW))


@given(data=st.data(), name=st.sampled_from(sorted(operations())))
@settings(max_examples=200)
def test_bodies_made_from_the_table_are_good(data, name):
    operation = operations()[name]
    assert set(operation.request) <= {
        "type",
        "properties",
        "required",
        "anyOf",
        "additionalProperties",
    }
    good = {
        field: data.draw(values(part)) for field, part in operation.request["properties"].items()
    }
    assert schema.explain(operation.validator, good) == ()
