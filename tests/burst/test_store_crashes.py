"""A process that dies, or loses its server, between any two statements leaves nothing half done.

Every writing call of the store is carried out by a real process that is killed before its first
statement, its second, and so on up to its commit. Until it comes through, the database must hold
what it held before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from importlib import resources

import pytest

from renderbus_core.burst import BurstState, Order, TaskState
from renderbus_core.burst.store import Effect
from renderbus_core.burst.tables import DESIGN
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, TaskRef
from renderbus_core.money import Money

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="about signals of another system"),
]
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

# It forks a child for each call; the child dies, or has its connection cut, at the given point.
DOOMED = """
import json, os, signal, socket, sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
# Loaded once, before the forks.
import sqlalchemy.dialects.postgresql.psycopg, sqlalchemy.dialects.sqlite, psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine
from renderbus_core.burst import BurstState, BurstStore, Order, RemoteLeaf, Route, TaskState
from renderbus_core.burst.leases import Lease
from renderbus_core.burst.model import Asked, Remote, RemoteEntry
from renderbus_core.burst.store import Effect, Output
from renderbus_core.errors import StoreError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import Claim, JobId, Outcome, Reason, TaskRef
from renderbus_core.money import Money
from renderbus_core.transfer import Upload

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REFS = one, two, three = [TaskRef(str(n), FrameSet.span(n, n)) for n in (1, 2, 3)]

def order(*refs):
    return Order("local", JobId("job-2"), refs, "", Money(Decimal(1), "CNY"))

def leaf(id):
    return RemoteLeaf(id, 5, (1, 2), (RemoteEntry(id, 1, FrameSet.span(1, 1), Remote.DONE),))

def listed(name, size):
    return Output(name, 1, size, 1, Path("/out") / name, collected=False)

def cases(store, burst, begun):
    lease = Lease(f"burst {burst}", "gateway-1", 1, NOW)
    by = lambda verb, *rest: lambda: getattr(store, verb)(lease, burst, *rest)
    claim = Claim(burst, 1, 1, JobId("job-1"), REFS)
    outcome = Outcome((one, two), {three: Reason.NOT_QUEUED})
    files = [listed("a", 7), listed("b", 8)]
    sent = [Upload(Path("/show") / n, f"/show/{n}", 1, 1) for n in "ab"]
    effect = Effect("claim", {})
    return {
        "plan": lambda: store.plan([order(one, two), order(three)], NOW),
        "take": lambda: store.lease(lease.name, "gateway-1", 60, NOW),
        "new lease": lambda: store.lease("decider", "gateway-1", 60, NOW),
        "renew": lambda: store.renew(lease, 90, NOW),
        "note": lambda: store.note(lease, burst, absences=1),
        "ask_recall": lambda: store.ask_recall(burst, "why", NOW),
        "ask": lambda: store.ask(burst, Asked.RECALL_ALL, "why", NOW),
        "approve": lambda: store.approve(burst, NOW),
        "set_route": lambda: store.set_route(Route("local", True, "why", "ada", NOW)),
        "stage": by("stage", sent, NOW),
        "note_remote": by("note_remote", [leaf(1), leaf(2)], NOW),
        "list_outputs": by("list_outputs", files),
        "list_again": by("list_outputs", [listed("a", 9)]),
        "collected": by("collected", ["a", "b"]),
        "forget_outputs": by("forget_outputs", [1]),
        "intent": lambda: store.intent(lease, effect, NOW),
        "settle": lambda: store.settle(lease, begun, "done", NOW),
        "confirm": lambda: store.confirm(lease, claim, outcome, NOW),
        "note_situations": by("note_situations", {one.id: Remote.DONE}, NOW),
        "move_tasks": lambda: store.move_tasks(
            lease, burst, [one, two], TaskState.LOST, reason="x", now=NOW
        ),
        "move": lambda: store.move(lease, burst, BurstState.FAILED, reason="x", now=NOW),
    }

def hurt(how, connection):
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)

def watch(how, point):
    passed = 0
    def pass_point(connection):
        nonlocal passed
        passed += 1
        if passed == point:
            hurt(how, connection)
    @event.listens_for(Engine, "before_cursor_execute")
    def statement(conn, cursor, *rest):
        pass_point(conn.connection.dbapi_connection)
    @event.listens_for(Engine, "commit")
    def commit(conn):
        pass_point(conn.connection.dbapi_connection)

def child(url, burst, name, how, point):
    if name == "upgrade":
        watch(how, point)
        BurstStore(url).close()
        return 0
    store = BurstStore(url)
    with store._database.reading() as db:
        begun = db.exec_driver_sql("SELECT max(id) FROM effects").scalar_one()
    call = cases(store, burst, begun)[name]
    watch(how, point)
    try:
        call()
    except StoreError as error:
        # The same store must be usable again without further ado.
        store.bursts()
        return 3 if error.__cause__ else 5
    return 0

print(json.dumps([*cases(None, "", 0)]), flush=True)
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        try:
            status = child(*json.loads(line))
        except StoreError:
            status = 3
        except BaseException as error:
            print("unexpected", repr(error), file=sys.stderr, flush=True)
            status = 4
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Doomed:
    """The process that carries out calls and dies of them."""

    def __init__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([sys.executable, "-c", DOOMED], **pipes)
        self.calls = json.loads(self.process.stdout.readline())

    def call(self, url, burst, name, how, point):
        self.process.stdin.write(json.dumps([url, burst, name, how, point]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def doomed():
    made = Doomed()
    yield made
    made.close()


def suffer(doomed, bench, burst, name, how):
    """Let a call fail at each of its points until it comes through; return how many there were."""
    died = {"kill": -9, "cut": 3}[how]
    before = bench.content()
    for point in range(1, 60):
        status = doomed.call(bench.url, burst, name, how, point)
        if status == 0:
            assert bench.content() != before, f"{name} did nothing"
            return point - 1
        assert status == died, f"{name} ended with {status} at point {point}"
        assert bench.content() == before, f"{name} left something at point {point}"
    raise AssertionError(f"{name} does not end")


ends = pytest.mark.parametrize(
    ("store_bench", "how"),
    [("sqlite", "kill"), ("postgresql", "kill"), ("postgresql", "cut")],
    indirect=["store_bench"],
)


@ends
def test_every_call_is_done_whole_or_not_at_all(doomed, store_bench, how):
    store = store_bench.open()
    refs = tuple(TaskRef(str(n), FrameSet.span(n, n)) for n in (1, 2, 3))
    money = Money(Decimal(1), "CNY")
    (burst,) = store.plan([Order("local", JobId("job-1"), refs, "", money)], NOW)
    lease = store.lease(f"burst {burst.id}", "gateway-1", 3600, NOW)
    store.note(lease, burst.id, claim_epoch=1)
    points = {}
    for name in doomed.calls:
        if name == "settle":
            assert store.open_effects(lease) == (Effect("claim", {}),)
        points[name] = suffer(doomed, store_bench, burst.id, name, how)
    assert all(count >= 3 for count in points.values()), points
    assert points["confirm"] >= 8
    after = store.burst(burst.id)
    assert after.state is BurstState.FAILED
    assert {task.state for task in after.tasks} == {TaskState.LOST}


@ends
def test_an_upgrade_is_done_whole_or_not_at_all(doomed, store_bench, how):
    kind = "postgresql" if store_bench.is_server else "sqlite"
    file = resources.files("renderbus_core.burst") / "migrations" / f"0001.{kind}.sql"
    for statement in file.read_text().split("\n\n"):
        store_bench.sql(statement)
    if not store_bench.is_server:
        store_bench.sql(f"PRAGMA application_id = {DESIGN.mark}")
        store_bench.sql("PRAGMA user_version = 1")
    assert suffer(doomed, store_bench, "", "upgrade", how) > 15
    assert store_bench.open().bursts() == ()
