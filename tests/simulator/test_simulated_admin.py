"""The admin endpoint, and what a person may change about a cloud that runs."""

from __future__ import annotations

import http.client
import json
from decimal import Decimal

import pytest
import requests

from renderbus_core.errors import InputError
from renderbus_core.statuses import FrameCode, TaskCode

USER = 10000001


@pytest.fixture(scope="module")
def process(start_simulator, tmp_path_factory):
    with start_simulator(tmp_path_factory.mktemp("cloud"), "--nodes", "3") as process:
        yield process


def test_faults_are_set_shown_and_taken_back(process):
    rule = {"kind": "latency", "operations": ["stop_task"], "seconds": 2}
    assert process.admin("GET", "faults").json() == []
    shown = process.admin("PUT", "faults", json=[rule]).json()["faults"]
    assert shown == [rule | {"seen": 0, "struck": 0}]
    assert process.admin("GET", "faults").json() == shown
    assert process.admin("DELETE", "faults").json()["faults"] == []


def test_money_machines_and_speed_change_at_once(process):
    def balance():
        return process.state()["accounts"][0]["balance"]

    before = balance()
    process.admin("POST", f"accounts/{USER}/pay", json={"amount": "-12.50"})
    process.admin("POST", f"accounts/{USER}/pay", json={"amount": 2.5})
    assert balance() == before - 10
    state = process.admin("POST", "nodes", json={"nodes": 7}).json()
    assert state["nodes"] == {"all": 7, "free": 7}
    assert process.admin("POST", "time", json={"speed": 60}).json()["speed"] == 60
    assert process.admin("POST", "frames/stuck", json={"frames": "3,7-9"}).json()["stuck"] == [
        3, 7, 8, 9
    ]  # fmt: skip
    assert process.admin("DELETE", "frames/stuck").json()["stuck"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        ("PUT", "faults", {"kind": "html"}, "must be of type array"),
        ("PUT", "faults", [{"kind": "htlm"}], '"htlm" is not one of'),
        ("PUT", "faults", [{"kind": "html", "operations": ["stop_tsak"]}], "'stop_task'"),
        ("PUT", "faults", [{"kind": "html", "chance": 2}], "[0].chance"),
        ("POST", "accounts/5/pay", {"amount": 1}, "there is no account 5"),
        ("POST", f"accounts/{USER}/pay", {"amount": "much"}, '"much" does not have the'),
        ("POST", f"accounts/{USER}/pay", {"amount": "1\n"}, "amount"),
        ("POST", f"accounts/{USER}/pay", {"amount": 1e300}, "amount"),
        ("POST", f"accounts/{USER}/pay", {"amount": None}, "amount"),
        ("POST", f"accounts/{USER}/pay", {}, "'amount' is missing"),
        ("POST", "frames/stuck", {"frames": "three"}, "three"),
        ("POST", "frames/stuck", {"frames": "1-999999999"}, "frames"),
        ("POST", "frames/stuck", {"frames": [3]}, "must be of type string"),
        ("POST", "nodes", {"nodes": 0}, "nodes"),
        ("POST", "nodes", {"nodes": 10**9}, "nodes"),
        ("POST", "nodes", {"nodes": 2.5}, "must be of type integer"),
        ("POST", "nodes", {"nodes": 2, "node": 3}, "'node' is not known"),
        ("POST", "time", {"speed": 0}, "speed"),
        ("POST", "time", {"speed": "fast"}, "must be of type number"),
        ("POST", "time", [], "must be of type object"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_in_one_sentence(process, method, path, body, said):
    before = process.state()
    reply = process.admin(method, path, json=body)
    assert reply.status_code == 400
    sentence = reply.json()["error"]
    assert said in sentence
    assert "\n" not in sentence
    assert process.state() == before


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"nodes": NaN}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b" " * (2 << 20), "application/json", 413),
        (b'{"nodes": 2}', "text/plain", 415),
        (b'{"nodes": 2}', "", 415),
        (b'{"nodes": 2}', "application/json; charset=utf-8", 200),
        (b'{"nodes": 2.0}', "Application/JSON", 200),
    ],
)
def test_only_json_is_taken(process, content, kind, status):
    headers = {"Content-Type": kind} if kind else {}
    assert process.admin("POST", "nodes", data=content, headers=headers).status_code == status


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "faults"),
        ("PUT", "faults"),
        ("DELETE", "faults"),
        ("POST", f"accounts/{USER}/pay"),
        ("POST", "frames/stuck"),
        ("DELETE", "frames/stuck"),
        ("POST", "nodes"),
        ("POST", "time"),
    ],
)
def test_nobody_changes_anything_without_the_token(process, method, path, header):
    given = {"Authorization": header.format(token=process.ready["admin_token"])} if header else {}
    reply = requests.request(
        method, f"{process.ready['admin']}/{path}", json=[], headers=given, timeout=20
    )
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert "token" in reply.json()["error"]


def test_a_token_of_odd_signs_is_a_wrong_one(process):
    connection = http.client.HTTPConnection(process.ready["domain"], timeout=20)
    connection.putrequest("GET", "/simulator/faults")
    connection.putheader("Authorization", b"Bearer \xff\xfe")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "state", 405),
        ("PATCH", "faults", 405),
        ("GET", "nothing", 404),
        ("GET", "", 404),
        ("POST", "accounts/many/pay", 400),
        ("POST", "accounts/-1/pay", 400),
        ("POST", "accounts/²/pay", 400),
        ("POST", f"accounts/{'9' * 9000}/pay", 400),
    ],
)
def test_other_orders_are_refused_in_good_order(process, method, path, status):
    assert process.admin(method, path, json={"amount": 1}).status_code == status


def test_the_token_is_in_no_state_and_another_in_every_run(process, start_simulator, tmp_path):
    token = process.ready["admin_token"]
    assert token not in json.dumps(process.state())
    with start_simulator(tmp_path) as other:
        assert other.ready["admin_token"] != token


def test_an_account_without_money_stops_and_goes_on_when_it_is_paid(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-3[1]"))
    sim.clock.advance(80)
    assert sim.task(client, task_id).task_status == TaskCode.RENDERING
    sim.cloud.pay(USER, Decimal(-5000), sim.clock.now())
    assert sim.task(client, task_id).task_status == TaskCode.ARREARAGE_STOP
    sim.cloud.pay(USER, Decimal(6000), sim.clock.now())
    client.task.start_task([task_id])
    assert sim.finish(client, task_id).task_status == TaskCode.FINISHED


def test_a_frame_that_is_stuck_renders_until_it_is_released(simulate, blender_task):
    sim = simulate()
    client = sim.client()
    sim.cloud.stick([2], sim.clock.now())
    task_id = sim.submit(client, blender_task("1-3[1]", job_stop_time="86400"))
    sim.clock.advance(3600)
    assert sim.frames(client, task_id)["2"].frame_status == FrameCode.STARTED
    sim.cloud.stick([], sim.clock.now())
    sim.clock.advance(120)
    assert sim.task(client, task_id).task_status == TaskCode.FINISHED


def test_machines_come_at_once_and_leave_after_their_frame(simulate, blender_task):
    sim = simulate(nodes=2)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-20[1]"))

    def busy():
        return sim.task(client, task_id).executing_frames

    sim.clock.advance(50)
    assert busy() == 2
    sim.cloud.set_nodes(5, sim.clock.now())
    assert busy() == 5
    sim.cloud.set_nodes(1, sim.clock.now())
    assert busy() == 5
    sim.clock.advance(70)
    assert busy() == 1
    assert sim.cloud.describe()["nodes"] == {"all": 1, "free": 0}
    sim.cloud.set_nodes(2, sim.clock.now())
    assert busy() == 2
    assert sim.finish(client, task_id).task_status == TaskCode.FINISHED
    assert sim.cloud.describe()["nodes"] == {"all": 2, "free": 2}


def test_a_machine_that_is_called_back_before_it_left_stays(simulate, blender_task):
    sim = simulate(nodes=3)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-3[1]"))
    sim.clock.advance(50)
    assert sim.task(client, task_id).executing_frames == 3
    sim.cloud.set_nodes(1, sim.clock.now())
    sim.cloud.set_nodes(3, sim.clock.now())
    sim.finish(client, task_id)
    assert sim.cloud.describe()["nodes"] == {"all": 3, "free": 3}


def test_time_that_runs_faster_keeps_what_was_done(simulate, blender_task):
    sim = simulate(nodes=1)
    client = sim.client()
    task_id = sim.submit(client, blender_task("1"))
    sim.clock.advance(16)  # analysed; 4 seconds of its way to the nodes are left
    sim.cloud.set_speed(4, sim.clock.now())
    sim.clock.advance(1)
    assert sim.task(client, task_id).task_status == TaskCode.RENDERING
    sim.clock.advance(7.5)  # half of its 60 seconds
    sim.cloud.set_speed(1, sim.clock.now())
    sim.clock.advance(29)
    assert sim.frames(client, task_id)["1"].frame_status == FrameCode.STARTED
    sim.clock.advance(2)
    assert sim.frames(client, task_id)["1"].frame_status == FrameCode.DONE
    assert sim.frames(client, task_id)["1"].frame_execute_time == 60


def test_money_is_paid_into_an_account_that_exists(simulate):
    sim = simulate()
    with pytest.raises(InputError, match="there is no account 7; there are 10000001, 10000002"):
        sim.cloud.pay(7, Decimal(1), sim.clock.now())
