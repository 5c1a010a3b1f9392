"""The burst store on real SQLite files: leases that fence, transitions that hold, a true log."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from renderbus_core.burst.leases import Held, Lease
from renderbus_core.burst.model import NEXT_BURST, NEXT_TASK, BurstState, Order, TaskState
from renderbus_core.burst.store import BurstStore, Effect, Event, Output
from renderbus_core.errors import LeaseLostError, StoreError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, Outcome, Reason, TaskRef
from renderbus_core.money import Money

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TTL = 60
JOB = JobId("job-1")
INSTANT = timedelta(microseconds=1)


def ref(id_, frames=None):
    return TaskRef(id_, FrameSet.parse(frames or id_))


def order(*ids, job=JOB, farm="local", **changes):
    return replace(Order(farm, job, tuple(map(ref, ids)), "the queue overflows"), **changes)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "bursts.db"


@pytest.fixture
def store(file):
    opened = BurstStore(f"sqlite:///{file}")
    yield opened
    opened.close()


@pytest.fixture
def burst(store):
    """Return a burst of three tasks that is intended."""
    (planned,) = store.plan([order("1", "2", "3")], NOW)
    return planned.id


@pytest.fixture
def lease(store, burst):
    """Return the lease of that burst."""
    return store.lease(f"burst {burst}", "gateway-1", TTL, NOW)


@pytest.fixture
def put(file):
    """Return what writes columns behind the store's back."""

    def put(table, **values):
        columns = ", ".join(f"{name} = ?" for name in values)
        with sqlite3.connect(file) as db:
            db.execute(f"UPDATE {table} SET {columns}", tuple(values.values()))  # noqa: S608 - ours
        db.close()

    return put


def content(file):
    """Return every row of every table."""
    db = sqlite3.connect(file)
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type='table'")]
    rows = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables}  # noqa: S608 - ours
    db.close()
    return rows


def listed(name="/1/shot.0001.png", size=10, frame=1):
    return Output(name, frame, size, 1, Path("/out") / Path(name).name, collected=False)


# -- planning -----------------------------------------------------------------------------------


def test_an_order_becomes_a_burst_that_is_intended(store):
    (burst,) = store.plan([order("3", "1-2", estimate=Money(Decimal("1.25"), "CNY"))], NOW)
    assert (burst.farm, burst.job, burst.state) == ("local", JOB, BurstState.INTENDED)
    assert burst.reason == "the queue overflows"
    assert [task.ref for task in burst.tasks] == [ref("3"), ref("1-2")]
    assert {task.state for task in burst.tasks} == {TaskState.WANTED}
    assert (burst.remote_id, burst.claim_epoch, burst.submits, burst.absences) == (None, 0, 0, 0)
    assert burst.estimate == Money(Decimal("1.25"), "CNY")
    assert burst.since == burst.created_at == NOW


def test_every_burst_has_its_own_id(store):
    bursts = store.plan([order(str(n)) for n in range(50)], NOW)
    assert len({burst.id for burst in bursts}) == 50


def test_a_task_is_in_one_live_burst_at_most(store, burst, file):
    before = content(file)
    with pytest.raises(StoreError, match=r"job-1 is in a live burst already.*renderbus status"):
        store.plan([order("9"), order("3", "4")], NOW)
    assert content(file) == before, "nothing of the orders was planned"
    assert [one.id for one in store.bursts()] == [burst]


def test_the_same_id_in_another_job_or_farm_is_another_task(store):
    store.plan([order("1")], NOW)
    assert store.plan([order("1", job=JobId("job-2")), order("1", farm="qube")], NOW)


def test_two_orders_of_one_plan_cannot_share_a_task(store):
    with pytest.raises(StoreError):
        store.plan([order("1", "2"), order("2", "3")], NOW)
    assert store.bursts() == ()


@pytest.mark.parametrize("end", ["failed", "recalled"])
def test_when_a_burst_is_over_its_tasks_may_leave_again(store, burst, lease, end):
    store.move(lease, burst, BurstState(end), reason="", now=NOW)
    assert store.plan([order("1", "2", "3")], LATER)


def test_a_task_that_left_its_burst_may_leave_the_farm_again(store, burst, lease):
    store.move_tasks(lease, burst, [ref("2")], TaskState.LOST, reason="", now=NOW)
    assert store.plan([order("2")], NOW)
    with pytest.raises(StoreError):
        store.plan([order("1")], NOW)


def test_a_task_without_frames_is_refused(store, burst):
    empty = Order("local", JOB, (TaskRef("9", FrameSet()),), "")
    with pytest.raises(StoreError):
        store.plan([empty], NOW)
    assert [one.id for one in store.bursts()] == [burst]


def test_no_burst_is_a_sentence_that_says_where_to_look(store):
    with pytest.raises(StoreError, match="there is no burst b0; see `renderbus status`"):
        store.burst("b0")


def test_bursts_are_read_oldest_first_and_live_ones_apart(store):
    made = [store.plan([order(str(n))], NOW - timedelta(hours=n))[0].id for n in range(3)]
    assert [one.id for one in store.bursts()] == made[::-1]
    lease = store.lease(f"burst {made[1]}", "gateway-1", TTL, NOW)
    store.move(lease, made[1], BurstState.FAILED, reason="", now=NOW)
    assert [one.id for one in store.bursts(live=True)] == [made[2], made[0]]


# -- leases -------------------------------------------------------------------------------------


def test_a_lease_belongs_to_one_owner_until_it_expires(store):
    first = store.lease("burst b", "gateway-1", TTL, NOW)
    assert first == Lease("burst b", "gateway-1", 1, NOW + timedelta(seconds=TTL))
    last = first.expires_at - INSTANT
    assert store.lease("burst b", "gateway-2", TTL, last) == Held("gateway-1", first.expires_at)
    second = store.lease("burst b", "gateway-2", TTL, first.expires_at)
    assert second == Lease("burst b", "gateway-2", 2, first.expires_at + timedelta(seconds=TTL))


def test_leases_of_other_names_are_free(store):
    store.lease("burst b", "gateway-1", TTL, NOW)
    assert isinstance(store.lease("burst c", "gateway-2", TTL, NOW), Lease)


def test_an_owner_that_asks_again_keeps_its_epoch(store):
    store.lease("burst b", "gateway-1", TTL, NOW)
    again = store.lease("burst b", "gateway-1", TTL, LATER)
    assert again == Lease("burst b", "gateway-1", 1, LATER + timedelta(seconds=TTL))


def test_the_epoch_rises_with_each_change_of_owner(store):
    owners = ["gateway-1", "gateway-2", "gateway-1"]
    times = (NOW + timedelta(hours=n) for n in range(3))
    leases = [store.lease("b", owner, TTL, at) for owner, at in zip(owners, times, strict=True)]
    assert [lease.epoch for lease in leases] == [1, 2, 3]
    with pytest.raises(LeaseLostError):
        store.renew(leases[0], TTL, LATER)


def test_a_lease_given_up_is_free_at_once_and_the_next_owner_has_the_next_epoch(store):
    lease = store.lease("b", "gateway-1", TTL, NOW)
    store.give_up(lease, NOW)
    assert store.lease("b", "gateway-2", TTL, NOW).epoch == 2


def test_a_renewed_lease_lasts_from_now(store):
    lease = store.lease("b", "gateway-1", TTL, NOW)
    renewed = store.renew(lease, TTL, NOW + timedelta(seconds=50))
    assert renewed.expires_at == NOW + timedelta(seconds=110)
    assert isinstance(store.lease("b", "gateway-2", TTL, NOW + timedelta(seconds=109)), Held)


def test_an_expired_lease_that_nobody_took_still_writes(store, burst, lease):
    assert store.renew(lease, TTL, LATER).epoch == lease.epoch
    moved = store.move(lease, burst, BurstState.INSPECTED, reason="", now=LATER)
    assert moved.state is BurstState.INSPECTED


WRITES = {
    "move": lambda s, le, b: s.move(le, b, BurstState.INSPECTED, reason="x", now=LATER),
    "note": lambda s, le, b: s.note(le, b, absences=1),
    "confirm": lambda s, le, b: s.confirm(
        le, s.burst(b).claim((ref("1"),), 1), Outcome((ref("1"),)), LATER
    ),
    "move_tasks": lambda s, le, b: s.move_tasks(
        le, b, [ref("1")], TaskState.HELD, reason="", now=LATER
    ),
    "list_outputs": lambda s, le, b: s.list_outputs(le, b, [listed("/1/other.png")]),
    "collected": lambda s, le, b: s.collected(le, b, ["/1/shot.0001.png"]),
    "intent": lambda s, le, _b: s.intent(le, Effect("claim", {}), LATER),
    "settle": lambda s, le, _b: s.settle(le, 1, "done", LATER),
    "renew": lambda s, le, _b: s.renew(le, TTL, LATER),
    "give_up": lambda s, le, _b: s.give_up(le, LATER),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whoever_lost_the_lease_is_refused_and_nothing_is_written(store, burst, lease, file, write):
    store.list_outputs(lease, burst, [listed()])
    store.intent(lease, Effect("claim", {}), NOW)
    store.lease(lease.name, "gateway-2", TTL, LATER)
    before = content(file)
    with pytest.raises(LeaseLostError, match=r"of gateway-1 is now held by gateway-2"):
        write(store, lease, burst)
    assert content(file) == before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_that_is_refused_to_others_is_allowed_to_the_owner(
    store, burst, lease, file, write
):
    store.list_outputs(lease, burst, [listed()])
    store.intent(lease, Effect("claim", {}), NOW)
    before = content(file)
    write(store, lease, burst)
    assert content(file) != before


def test_a_lease_that_was_never_given_out_is_refused(store, burst):
    forged = Lease(f"burst {burst}", "gateway-1", 1, LATER)
    with pytest.raises(LeaseLostError, match="held by nobody"):
        store.note(forged, burst, absences=1)


@pytest.mark.parametrize("name", ["move", "note", "move_tasks", "list_outputs", "collected"])
def test_the_lease_of_one_burst_is_none_for_another(store, lease, file, name):
    (other,) = store.plan([order("1", job=JobId("job-2"))], NOW)
    before = content(file)
    with pytest.raises(LeaseLostError, match=f"gives no right to burst {other.id}"):
        WRITES[name](store, lease, other.id)
    assert content(file) == before


# -- transitions --------------------------------------------------------------------------------


def test_a_burst_goes_only_where_its_table_allows(store, burst, lease, put, file):
    for before, after in product(BurstState, BurstState):
        put("bursts", state=before.value)
        if after in NEXT_BURST[before] | {before}:
            assert store.move(lease, burst, after, reason="x", now=NOW).state is after
            continue
        rows = content(file)
        with pytest.raises(StoreError, match=f"cannot go from {before} to {after}$"):
            store.move(lease, burst, after, reason="x", now=NOW, remote_id=5)
        assert content(file) == rows


def test_a_task_goes_only_where_its_table_allows(store, burst, lease, put, file):
    for before, after in product(TaskState, TaskState):
        put("tasks", state=before.value)
        rows = content(file)
        if after in NEXT_TASK[before] | {before}:
            store.move_tasks(lease, burst, [ref("2")], after, reason="x", now=NOW)
            assert store.burst(burst).refs(after) == (ref("2"),) or after is before
            continue
        with pytest.raises(StoreError, match=f"task 2 .*cannot go from {before} to {after}$"):
            store.move_tasks(lease, burst, [ref("2")], after, reason="x", now=NOW)
        assert content(file) == rows


def test_of_several_tasks_none_moves_when_one_may_not(store, burst, lease, file):
    store.move_tasks(lease, burst, [ref("2")], TaskState.LOST, reason="", now=NOW)
    before = content(file)
    with pytest.raises(StoreError, match="task 2 of burst"):
        store.move_tasks(lease, burst, [ref("1"), ref("2")], TaskState.HELD, reason="", now=NOW)
    assert content(file) == before


def test_values_change_together_with_the_state(store, burst, lease):
    moved = store.move(
        lease, burst, BurstState.INSPECTED, reason="x", now=LATER, remote_id=2**40, submits=1
    )
    assert (moved.remote_id, moved.submits, moved.since) == (2**40, 1, LATER)
    store.note(lease, burst, spent=Decimal("0.10"), absences=2)
    assert store.burst(burst).spent == Decimal("0.10")
    assert store.burst(burst).absences == 2


def test_a_new_reason_in_the_same_state_keeps_the_time_of_entry(store, burst, lease):
    moved = store.move(lease, burst, BurstState.INTENDED, reason="the farm is away", now=LATER)
    assert moved.reason == "the farm is away"
    assert moved.since == NOW


def test_tasks_that_are_there_already_keep_their_time_and_reason(store, burst, lease):
    for at, why in [(NOW, "first"), (LATER, "second")]:
        store.move_tasks(lease, burst, [ref("1")], TaskState.HELD, reason=why, now=at)
    task = store.burst(burst).tasks[0]
    assert (task.since, task.reason) == (NOW, "first")


NOBODY = {
    "move": WRITES["move"],
    "move_tasks": WRITES["move_tasks"],
    "ask_recall": lambda s, _le, b: s.ask_recall(b, "why"),
    "recall_asked": lambda s, _le, b: s.recall_asked(b),
}


@pytest.mark.parametrize("use", NOBODY.values(), ids=NOBODY)
def test_a_burst_that_does_not_exist_is_told_in_a_sentence(store, use):
    lease = store.lease("burst b0", "gateway-1", TTL, NOW)
    with pytest.raises(StoreError, match=r"there is no burst b0.*see `renderbus status`"):
        use(store, lease, "b0")


# -- claims -------------------------------------------------------------------------------------


def test_what_was_taken_is_held_and_what_was_refused_leaves(store, burst, lease):
    claim = store.burst(burst).claim((ref("1"), ref("2"), ref("3")), lease.epoch)
    outcome = Outcome((ref("1"),), {ref("2"): Reason.NOT_QUEUED}, (ref("3"),))
    for _ in range(2):
        now = store.confirm(lease, claim, outcome, NOW)
        states = [task.state for task in now.tasks]
        assert states == [TaskState.HELD, TaskState.LOST, TaskState.WANTED]
    assert now.tasks[1].reason == "not claimed: it is not waiting in the queue"


GIVEN_BACK = (TaskState.HELD, TaskState.SENT, TaskState.RELEASING, TaskState.RELEASED)


def give_back(store, *ids, by=GIVEN_BACK, **changes):
    (burst,) = store.plan([order(*ids, **changes)], NOW)
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, NOW)
    for state in by:
        store.move_tasks(lease, burst.id, map(ref, ids), state, reason="", now=NOW)
    return burst


def test_it_is_counted_how_often_a_task_came_back(store):
    give_back(store, "7", "8")
    give_back(store, "8")
    give_back(store, "8", job=JobId("job-2"))
    give_back(store, "8", farm="qube")
    give_back(store, "9", by=GIVEN_BACK[:-1])
    assert store.given_back("local") == {
        (JOB, "7"): 1,
        (JOB, "8"): 2,
        (JobId("job-2"), "8"): 1,
    }
    assert store.given_back("qube") == {(JOB, "8"): 1}


def test_a_task_that_never_left_did_not_come_back(store):
    give_back(store, "7", by=(TaskState.HELD, TaskState.RELEASING, TaskState.RELEASED))
    assert store.given_back("local") == {}


def test_anybody_may_ask_for_a_recall_without_a_lease(store, burst):
    assert store.recall_asked(burst) is None
    store.ask_recall(burst, "the director wants it here")
    assert store.recall_asked(burst) == "the director wants it here"
    assert store.burst(burst).state is BurstState.INTENDED


# -- the log ------------------------------------------------------------------------------------


def test_each_change_is_logged_once_with_its_reason(store, burst, lease):
    for at in (NOW, LATER):
        store.move(lease, burst, BurstState.INSPECTED, reason="maya 2023", now=at)
    store.move(lease, burst, BurstState.INSPECTED, reason="the farm is away", now=LATER)
    for at in (NOW, LATER):
        store.move_tasks(lease, burst, [ref("2")], TaskState.HELD, reason="claimed", now=at)
    assert store.events(burst) == (
        Event(NOW, "burst", "-> intended", "the queue overflows"),
        Event(NOW, "burst", "intended -> inspected", "maya 2023"),
        Event(LATER, "burst", "inspected -> inspected", "the farm is away"),
        Event(NOW, "task 2", "wanted -> held", "claimed"),
    )


def test_a_log_holds_only_what_concerns_its_burst(store, burst):
    (other,) = store.plan([order("9", reason="by hand")], LATER)
    assert [event.reason for event in store.events(other.id)] == ["by hand"]
    assert [event.reason for event in store.events(burst)] == ["the queue overflows"]


# -- outputs ------------------------------------------------------------------------------------


def listings(store, burst):
    return [(one.size, one.listings) for one in store.outputs(burst)]


def test_equal_sizes_in_a_row_are_counted_and_a_change_begins_anew(store, burst, lease):
    seen = []
    for size in (10, 10, 25, 25, 25, 10):
        store.list_outputs(lease, burst, [listed(size=size)])
        seen += listings(store, burst)
    assert seen == [(10, 1), (10, 2), (25, 1), (25, 2), (25, 3), (10, 1)]


def test_files_are_counted_apart_and_read_by_name(store, burst, lease):
    store.list_outputs(lease, burst, [listed("/1/b.png", 5, 2), listed("/1/a.png", 7, 1)])
    store.list_outputs(lease, burst, [listed("/1/a.png", 7, 1), listed("/1/b.png", 6, 2)])
    assert store.outputs(burst) == (
        Output("/1/a.png", 1, 7, 2, Path("/out/a.png"), collected=False),
        Output("/1/b.png", 2, 6, 1, Path("/out/b.png"), collected=False),
    )


def test_a_collected_file_stays_collected_until_its_size_changes(store, burst, lease):
    store.list_outputs(lease, burst, [listed("/1/a.png"), listed("/1/b.png")])
    store.collected(lease, burst, ["/1/a.png", "/1/b.png"])
    store.list_outputs(lease, burst, [listed("/1/a.png"), listed("/1/b.png", 99)])
    first, second = store.outputs(burst)
    assert (first.collected, first.size) == (True, 10)
    assert (second.collected, second.size, second.listings) == (False, 99, 1)


def test_outputs_of_two_bursts_may_bear_the_same_name(store, burst, lease):
    (other,) = store.plan([order("9")], NOW)
    store.list_outputs(lease, burst, [listed()])
    second = store.lease(f"burst {other.id}", "gateway-1", TTL, NOW)
    for size in (4, 5):
        store.list_outputs(second, other.id, [listed(size=size)])
    store.collected(second, other.id, [listed().name])
    assert listings(store, burst) == [(10, 1)]
    assert listings(store, other.id) == [(5, 1)]
    assert [one.collected for one in store.outputs(burst)] == [False]


def test_a_file_that_vanished_is_counted_anew(store, burst, lease):
    for files in ([listed()], [], [listed()]):
        store.list_outputs(lease, burst, files)
    assert listings(store, burst) == [(10, 1)]


def test_a_file_that_one_listing_names_twice_counts_once(store, burst, lease):
    for count in (1, 2):
        store.list_outputs(lease, burst, [listed(), listed()])
        assert listings(store, burst) == [(10, count)]


# -- what is kept -------------------------------------------------------------------------------


def test_everything_survives_reopening(store, burst, lease, file):
    store.move(lease, burst, BurstState.INSPECTED, reason="größer", now=LATER, remote_id=19000001)
    store.note(lease, burst, spent=Decimal("0.30"))
    store.move_tasks(lease, burst, [ref("2")], TaskState.HELD, reason="claimed", now=LATER)
    store.list_outputs(lease, burst, [listed()])
    store.intent(lease, Effect("claim", {"tasks": ["1"]}), NOW)
    store.ask_recall(burst, "why not")
    (other,) = store.plan([order("9", estimate=Money(Decimal("1.10"), "USD"))], NOW)

    def everything(of):
        single = (of.events(burst), of.outputs(burst), of.open_effects(lease))
        return (of.bursts(), of.burst(other.id), of.recall_asked(burst), *single)

    before = everything(store)
    store.close()
    reopened = BurstStore(f"sqlite:///{file}")
    assert everything(reopened) == before
    assert isinstance(reopened.lease(lease.name, "gateway-2", TTL, NOW), Held)
    assert reopened.renew(lease, TTL, NOW).epoch == lease.epoch
    reopened.close()


def test_money_stays_exact(store, burst, lease):
    amount = Decimal("123456789.000000000000000001")
    store.note(lease, burst, spent=amount)
    assert store.burst(burst).spent == amount
    assert isinstance(store.burst(burst).spent, Decimal)


def test_times_come_back_aware_and_in_utc_whatever_zone_they_came_in(store):
    here = NOW.astimezone(timezone(timedelta(hours=9, minutes=30)))
    (burst,) = store.plan([order("1")], here)
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, here)
    store.move_tasks(lease, burst.id, [ref("1")], TaskState.HELD, reason="", now=here)
    now = store.burst(burst.id)
    held = store.lease(lease.name, "gateway-2", TTL, here)
    times = [now.since, now.created_at, now.tasks[0].since]
    times += [event.at for event in store.events(burst.id)]
    assert set(times) == {NOW}
    assert held.expires_at == NOW + timedelta(seconds=TTL)
    assert {time.tzinfo for time in (*times, held.expires_at)} == {UTC}


@pytest.mark.parametrize("frames", ["1-10[2],20", "10,9,8", "-5--1", "1001-1004"])
def test_frames_come_back_in_their_order(store, frames):
    store.plan([Order("local", JOB, (ref("a", frames),), "")], NOW)
    (burst,) = store.bursts()
    assert burst.tasks[0].ref == ref("a", frames)


def test_a_store_of_a_newer_release_is_not_touched(store, file):
    store.plan([order("1")], NOW)
    store.close()
    with sqlite3.connect(file) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = content(file)
    with pytest.raises(StoreError, match="version 99"):
        BurstStore(f"sqlite:///{file}")
    assert content(file) == before


def test_only_its_owner_can_read_a_new_store(store, file):
    del store
    assert file.stat().st_mode & 0o077 == 0


def test_a_database_that_fails_is_a_store_error(store, burst, file):
    with sqlite3.connect(file) as db:
        db.execute("DROP TABLE events")
    db.close()
    with pytest.raises(StoreError, match=r"bursts\.db cannot be used"):
        store.events(burst)


# -- several processes --------------------------------------------------------------------------

RIVAL = """
import sys
from datetime import UTC, datetime
from functools import cache
from renderbus_core.burst.leases import Lease
from renderbus_core.burst.model import Order
from renderbus_core.burst.store import BurstStore
from renderbus_core.errors import StoreError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import JobId, TaskRef

name, now = sys.argv[1], datetime(2026, 3, 1, 12, tzinfo=UTC)

def create(url, number):
    BurstStore(f"{url}.{number}").close()
    return "won"

def plan(url, task):
    refs = tuple(TaskRef(one, FrameSet.span(1, 1)) for one in (task, f"{task} of {name}"))
    try:
        store(url).plan([Order("local", JobId("job-1"), refs, name)], now)
    except StoreError:
        return "lost"
    return "won"

def lease(url, what):
    return "won" if isinstance(store(url).lease(what, name, 60, now), Lease) else "lost"

store = cache(BurstStore)
print("ready", flush=True)
for line in sys.stdin:
    verb, url, what = line.split()
    print({"create": create, "plan": plan, "lease": lease}[verb](url, what), flush=True)
"""


@pytest.fixture(scope="module")
def rivals():
    """Return two processes that do what they are told with stores of their own."""
    command = [sys.executable, "-c", RIVAL]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([*command, name], **pipes) for name in ("gateway-1", "gateway-2")]
    try:
        assert [process.stdout.readline() for process in both] == ["ready\n", "ready\n"]
        yield both
    finally:
        for process in both:
            process.kill()
            process.communicate()


@pytest.fixture
def race(rivals, file):
    """Return what lets both do the same at once and tells who won."""

    def race(verb, what):
        for process in rivals:
            process.stdin.write(f"{verb} sqlite:///{file} {what}\n")
            process.stdin.flush()
        return [process.stdout.readline().strip() for process in rivals]

    return race


def test_two_processes_may_create_the_store_at_once(race):
    results = [race("create", str(n)) for n in range(40)]
    assert results == [["won", "won"]] * 40


def test_of_two_processes_that_plan_the_same_task_exactly_one_wins(race, store):
    results = [race("plan", f"task-{n}") for n in range(20)]
    assert [sorted(result) for result in results] == [["lost", "won"]] * 20
    winners = [f"gateway-{result.index('won') + 1}" for result in results]
    tasks = [[task.ref.id for task in burst.tasks] for burst in store.bursts()]
    expected = [[f"task-{n}", f"task-{n} of {who}"] for n, who in enumerate(winners)]
    assert sorted(tasks) == sorted(expected), "and nothing of the loser was kept"


@pytest.mark.usefixtures("store")
def test_of_two_processes_that_ask_for_a_lease_exactly_one_has_it(race):
    results = [race("lease", f"burst-{n}") for n in range(20)]
    assert [sorted(result) for result in results] == [["lost", "won"]] * 20
