"""Faults: each kind seen by our client, over HTTP and in process, and what the cloud did."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from renderbus_core.api import Client, Endpoint, Seams
from renderbus_core.clock import ManualClock
from renderbus_core.config import Credentials, Secret
from renderbus_core.errors import (
    AuthError,
    BillingError,
    InputError,
    RequestRefusedError,
    TransientError,
    UnknownOutcomeError,
)
from renderbus_core.simulator import (
    Account,
    Fault,
    FaultKind,
    Settings,
    SimulatedCloud,
    SimulatorAdapter,
    fault_of,
    scenario_of,
)
from renderbus_core.simulator.faults import Faults

START = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = Account("SIM", Secret("key"))


class Everything:
    """A storage in which everything is."""

    def exists(self, _storage, _path):
        return True


class InProcess:
    """The way to the cloud without a socket, under a clock that sleeping turns."""

    def __init__(self):
        self.clock = ManualClock(START)
        settings = Settings(accounts=(ACCOUNT,))
        self.cloud = SimulatedCloud(settings, Everything())

    def client(self, **endpoint):
        seams = Seams(
            clock=self.clock,
            sleep=lambda _: None,
            adapter=lambda: SimulatorAdapter(self.cloud, self.clock, sleep=self.clock.advance),
        )
        credentials = Credentials(ACCOUNT.access_id, ACCOUNT.access_key)
        return Client(Endpoint("cloud.test", scheme="http", **endpoint), credentials, seams)

    def break_it(self, *rules):
        self.cloud.set_faults(scenario_of({"faults": list(rules)}).faults)

    def state(self):
        self.cloud.advance(self.clock.now())
        return self.cloud.describe()

    def wait_for(self, count):
        self.clock.advance(10)
        assert len(self.state()["tasks"]) == count


@dataclass
class OverHttp:
    """The way to a server through sockets; what was there before does not count."""

    process: Any
    before: int = 0

    def __post_init__(self):
        self.before = len(self.process.state()["tasks"])

    def client(self, **endpoint):
        return self.process.client(**endpoint)

    def break_it(self, *rules):
        assert self.process.admin("PUT", "faults", json=list(rules)).status_code == 200

    def state(self):
        state = self.process.state()
        return state | {"tasks": state["tasks"][: len(state["tasks"]) - self.before]}

    def wait_for(self, count):
        for _ in range(10_000):
            if len(self.state()["tasks"]) == count:
                return
        raise AssertionError(self.state())


@pytest.fixture(scope="module")
def process(start_simulator, tmp_path_factory):
    with start_simulator(tmp_path_factory.mktemp("cloud"), "--speed", "1000") as process:
        yield process


@pytest.fixture(params=["in process", "over HTTP"])
def road(request):
    if request.param == "in process":
        return InProcess()
    return OverHttp(request.getfixturevalue("process"))


def rule(kind, **more):
    return {"kind": kind, "operations": ["create_task"], "times": 1} | more


@pytest.mark.parametrize(
    ("kind", "more", "error", "effects"),
    [
        ("latency", {"seconds": 0.1}, None, 1),
        ("reset_before", {}, UnknownOutcomeError, 0),
        ("reset_after", {}, UnknownOutcomeError, 1),
        ("status_500", {}, UnknownOutcomeError, 0),
        ("status_500", {"processed": True}, UnknownOutcomeError, 1),
        ("status_502", {}, UnknownOutcomeError, 0),
        ("status_502", {"processed": True}, UnknownOutcomeError, 1),
        ("html", {}, UnknownOutcomeError, 0),
        ("html", {"processed": True}, UnknownOutcomeError, 1),
        ("truncate", {}, UnknownOutcomeError, 1),
        ("truncate", {"part": 0}, UnknownOutcomeError, 1),
        ("truncate", {"part": 1}, UnknownOutcomeError, 1),
        ("slow_drip", {"seconds": 0.2}, None, 1),
        ("duplicate", {}, None, 2),
        ("code", {"code": 600}, RequestRefusedError, 0),
        ("code", {"code": 611}, AuthError, 0),
        ("code", {"code": 610, "times": 9}, AuthError, 0),
        ("code", {"code": 909}, BillingError, 0),
        ("code", {"code": 12345}, UnknownOutcomeError, 0),
        ("code", {"code": 513}, TransientError, 0),
        ("expired", {"seconds": 30}, None, 1),
        ("expired", {"seconds": 100_000}, AuthError, 0),
        ("expired", {"seconds": -100_000}, AuthError, 0),
        ("late", {"seconds": 100_000}, UnknownOutcomeError, 0),
    ],
)
def test_each_kind_is_told_by_its_error_and_does_what_it_says(road, kind, more, error, effects):
    road.break_it(rule(kind, **more))
    with road.client() as client:
        if error is None:
            client.task.create_task()
        else:
            with pytest.raises(error) as caught:
                client.task.create_task()
            assert caught.value.operation == "create_task"
    assert len(road.state()["tasks"]) == effects
    (struck,) = road.state()["faults"]
    assert struck["kind"] == kind
    assert struck["struck"] >= 1


def test_a_late_request_arrives_once_and_after_its_sender_gave_up(road):
    road.break_it(rule("late", seconds=0.3))
    with road.client() as client, pytest.raises(UnknownOutcomeError):
        client.task.create_task()
    assert road.state()["tasks"] == []
    road.wait_for(1)
    road.wait_for(1)


def test_a_request_whose_reply_takes_too_long_was_carried_out(road):
    road.break_it(rule("latency", seconds=30))
    with road.client(read_timeout=0.2) as client, pytest.raises(UnknownOutcomeError):
        client.task.create_task()
    assert len(road.state()["tasks"]) == 1


def test_a_drip_that_pauses_too_long_is_given_up(road):
    road.break_it(rule("slow_drip", seconds=300))
    with road.client(read_timeout=0.2) as client, pytest.raises(UnknownOutcomeError):
        client.task.create_task()
    assert len(road.state()["tasks"]) == 1


def test_what_may_be_repeated_survives_broken_connections(road):
    road.break_it(
        {"kind": "reset_before", "operations": ["query_user_profile"], "times": 1},
        {"kind": "truncate", "operations": ["query_user_profile"], "times": 1},
        {"kind": "status_502", "operations": ["query_user_profile"], "times": 1},
    )
    with road.client() as client:
        assert client.user.query_user_profile().user_id
    assert [each["struck"] for each in road.state()["faults"]] == [1, 1, 1]


def test_latencies_add_up_and_let_another_fault_strike(road):
    road.break_it(rule("latency", seconds=0.1), rule("latency", seconds=0.1), rule("reset_after"))
    with road.client() as client, pytest.raises(UnknownOutcomeError):
        client.task.create_task()
    assert [each["struck"] for each in road.state()["faults"]] == [1, 1, 1]
    assert len(road.state()["tasks"]) == 1


def test_a_refused_request_is_refused_through_a_fault_too(road):
    road.break_it(rule("duplicate"), rule("late", seconds=0))
    with road.client() as client:
        stranger = Credentials("SIM-stranger", Secret("wrong"))
        client.session._credentials = stranger
        with pytest.raises(AuthError):
            client.task.create_task()
        with pytest.raises(UnknownOutcomeError):
            client.task.create_task()
    assert road.state()["tasks"] == []


def test_counts_are_off_by_as_much_as_was_asked(simulate, blender_task):
    sim = simulate()
    client = sim.client()
    task_id = sim.submit(client, blender_task("1-4[1]"))
    honest = sim.finish(client, task_id)
    for by, shown in [(3, honest.total_frames + 3), (-100, 0)]:
        sim.cloud.set_faults([Fault(FaultKind.WRONG_COUNTS, by=by, times=1)])
        assert sim.task(client, task_id).total_frames == shown
        assert sim.task(client, task_id).total_frames == honest.total_frames


def test_a_reset_is_a_reset_on_the_wire_and_a_cut_reply_is_short(process):
    process.admin("PUT", "faults", json=[rule("reset_before"), rule("truncate", part=0.5)])
    with pytest.raises(ConnectionResetError):
        raw_reply(process)
    head, _, body = raw_reply(process).partition(b"\r\n\r\n")
    (length,) = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
    assert 0 < len(body) < int(length.split(b":")[1])


def test_a_502_is_a_page_for_people(process):
    process.admin("PUT", "faults", json=[rule("status_502"), rule("html")])
    address = process.ready["url"] + "/api/render/submit/createTask"
    for status in (502, 200):
        reply = requests.post(address, timeout=20)
        assert (reply.status_code, reply.text[:9]) == (status, "<!DOCTYPE")
        assert reply.headers["Content-Type"].startswith("text/html")


def raw_reply(process):
    """Send a request without a signature and return all bytes that come back."""
    host, port = process.ready["domain"].split(":")
    lines = ["POST /api/render/submit/createTask HTTP/1.1", f"Host: {host}", "Content-Length: 2"]
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", "{}"]).encode())
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_equal_seeds_strike_equally_and_others_do_not():
    def struck(seed):
        faults = Faults([Fault(FaultKind.RESET_AFTER, chance=0.3)], seed)
        return [faults.strike("create_task").fault is not None for _ in range(200)]

    assert struck(1) == struck(1) != struck(2)
    assert 30 < sum(struck(1)) < 90


def test_a_rule_does_not_change_the_chances_of_another():
    alone = Faults([Fault(FaultKind.HTML, frozenset({"stop_task"}), chance=0.5)], 7)
    beside = Faults(
        [
            Fault(FaultKind.HTML, frozenset({"stop_task"}), chance=0.5),
            Fault(FaultKind.CODE, frozenset({"create_task"}), chance=0.5),
        ],
        7,
    )
    for _ in range(50):
        beside.strike("create_task")
        assert alone.strike("stop_task") == beside.strike("stop_task")


def test_a_rule_lets_some_pass_and_strikes_so_often():
    faults = Faults([Fault(FaultKind.HTML, after=2, times=3)])
    hits = [faults.strike("stop_task").fault is not None for _ in range(8)]
    assert hits == [False, False, True, True, True, False, False, False]
    (told,) = faults.describe()
    assert told == {"kind": "html", "after": 2, "times": 3, "seen": 8, "struck": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "submit_task:reset_after:1",
            Fault(FaultKind.RESET_AFTER, frozenset({"submit_task"}), times=1),
        ),
        ("*:latency,seconds=2.5,chance=0.1", Fault(FaultKind.LATENCY, seconds=2.5, chance=0.1)),
        ("*:status_502:3,processed=true", Fault(FaultKind.STATUS_502, times=3, processed=True)),
        ("stop_task:code,code=804", Fault(FaultKind.CODE, frozenset({"stop_task"}), code=804)),
    ],
)
def test_the_short_form_is_read(text, expected):
    assert fault_of(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'kind: "" is not one of'),
        ("submit_task", "kind"),
        ("submit_task:reset", '"reset" is not one of'),
        ("submit_tusk:html", "did you mean 'submit_task'"),
        ("qqq:html", "schemas/api.json has the names"),
        ("*:html:often", "times"),
        ("*:html:0", "times"),
        ("*:html,chance=2", "chance"),
        ("*:html,chances=1", "did you mean 'chance'"),
        ("*:html,seconds=3", "kind"),
        ("*:latency", "'seconds' is missing"),
        ("*:latency,seconds=-1", "seconds"),
        ("*:latency,seconds=NaN", '"NaN" must be of type number'),
        ("*:latency,seconds=1e999", "seconds"),
        ("*:code", "'code' is missing"),
        ("*:code,code=200", "code"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_one_sentence(text, said):
    with pytest.raises(InputError) as caught:
        fault_of(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
