"""What the burst store owes its users on every kind of database: fences, limits, a true log."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from renderbus_core.burst import (
    BurstStore,
    LimitReachedError,
    Limits,
    Live,
    Route,
    RouteDrainedError,
)
from renderbus_core.burst.leases import Held, Lease
from renderbus_core.burst.model import (
    NEXT_BURST,
    NEXT_TASK,
    Asked,
    BurstState,
    Order,
    Remote,
    RemoteEntry,
    TaskState,
)
from renderbus_core.burst.store import (
    NO_SIZE,
    Answer,
    Effect,
    Event,
    Output,
    ProbeResult,
    Remembered,
    RemoteLeaf,
    Stray,
)
from renderbus_core.errors import LeaseLostError, StoreError
from renderbus_core.frames import FrameSet
from renderbus_core.jobs import BurstId, JobId, Outcome, Reason, TaskRef
from renderbus_core.money import Money
from renderbus_core.options import CloudOptions
from renderbus_core.overflow import Budget
from renderbus_core.transfer import Upload

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
TTL = 60
JOB = JobId("job-1")
A_MOMENT = timedelta(seconds=30)
SENT = Upload(Path("/show/wood.png"), "/show/wood.png", 2**40, 1_700_000_000)


def ref(id_, frames=None):
    return TaskRef(id_, FrameSet.parse(frames or id_))


def order(*ids, job=JOB, farm="local", **changes):
    return replace(Order(farm, job, tuple(map(ref, ids)), "the queue overflows"), **changes)


@pytest.fixture
def bench(store_bench):
    return store_bench


@pytest.fixture
def store(bench):
    return bench.open()


@pytest.fixture
def burst(store):
    """Return a burst of three tasks that is intended."""
    (planned,) = store.plan([order("1", "2", "3")], NOW)
    return planned.id


@pytest.fixture
def lease(store, burst):
    """Return the lease of that burst."""
    return store.lease(f"burst {burst}", "gateway-1", TTL, NOW)


def listed(name="/1/shot.0001.png", size=10, frame=1):
    return Output(name, frame, size, 1, Path("/out") / Path(name).name, collected=False)


def leaf(id_=2**40, status=5, counts=(2, 1), frames=("1", "2-4")):
    entries = [
        RemoteEntry(
            id_, number, FrameSet.parse(text), Remote.WAITING, f"frame {text}", f"10.60.3.{number}"
        )
        for number, text in enumerate(frames)
    ]
    return RemoteLeaf(id_, status, counts, tuple(entries))


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


def test_a_task_is_in_one_live_burst_at_most(store, burst, bench):
    before = bench.content()
    with pytest.raises(StoreError, match=r"job-1 is in a live burst already.*renderbus status"):
        store.plan([order("9"), order("3", "4")], NOW)
    assert bench.content() == before, "nothing of the orders was planned"
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


def test_a_burst_keeps_what_its_job_wanted_of_the_cloud(store):
    options = CloudOptions(hardware_model="28C", frame_limit_minutes=1.5, stop_after_test=False)
    (planned,) = store.plan([order("1", options=options)], NOW)
    assert store.burst(planned.id).options == planned.options == options


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


def test_a_lease_belongs_to_one_owner_until_it_expires(store, bench):
    first = store.lease("burst b", "gateway-1", TTL, NOW)
    assert first == Lease("burst b", "gateway-1", 1, NOW + timedelta(seconds=TTL))
    held = store.lease("burst b", "gateway-2", TTL, bench.pass_time(TTL - 10))
    assert held.owner == "gateway-1"
    assert abs(held.expires_at - first.expires_at) < A_MOMENT
    now = bench.pass_time(10)
    second = store.lease("burst b", "gateway-2", TTL, now)
    assert second == Lease("burst b", "gateway-2", 2, now + timedelta(seconds=TTL))


def test_a_lease_lasts_to_the_microsecond_where_all_have_one_clock(tmp_path):
    store = BurstStore(f"sqlite:///{tmp_path}/bursts.db")
    end = store.lease("burst b", "gateway-1", TTL, NOW).expires_at
    instant = timedelta(microseconds=1)
    assert store.lease("burst b", "gateway-2", TTL, end - instant) == Held("gateway-1", end)
    assert store.lease("burst b", "gateway-2", TTL, end).epoch == 2
    store.close()


def test_leases_of_other_names_are_free(store):
    store.lease("burst b", "gateway-1", TTL, NOW)
    assert isinstance(store.lease("burst c", "gateway-2", TTL, NOW), Lease)


def test_an_owner_that_asks_again_keeps_its_epoch(store, bench):
    store.lease("burst b", "gateway-1", TTL, NOW)
    later = bench.pass_time(300)
    again = store.lease("burst b", "gateway-1", TTL, later)
    assert again == Lease("burst b", "gateway-1", 1, later + timedelta(seconds=TTL))


def test_the_epoch_rises_with_each_change_of_owner(store, bench):
    owners = ("gateway-1", "gateway-2", "gateway-1")
    leases = [store.lease("b", owner, TTL, bench.pass_time(3600)) for owner in owners]
    assert [lease.epoch for lease in leases] == [1, 2, 3]
    with pytest.raises(LeaseLostError):
        store.renew(leases[0], TTL, bench.now)


def test_a_lease_given_up_is_free_at_once_and_the_next_owner_has_the_next_epoch(store):
    lease = store.lease("b", "gateway-1", TTL, NOW)
    store.give_up(lease)
    assert store.lease("b", "gateway-2", TTL, NOW).epoch == 2


def test_a_renewed_lease_lasts_from_now(store, bench):
    lease = store.lease("b", "gateway-1", TTL, NOW)
    renewed = store.renew(lease, TTL, bench.pass_time(50))
    assert renewed.expires_at == NOW + timedelta(seconds=110)
    assert isinstance(store.lease("b", "gateway-2", TTL, bench.pass_time(50)), Held)


def test_an_expired_lease_that_nobody_took_still_writes(store, burst, lease, bench):
    later = bench.pass_time(300)
    assert store.renew(lease, TTL, later).epoch == lease.epoch
    moved = store.move(lease, burst, BurstState.INSPECTED, reason="", now=later)
    assert moved.state is BurstState.INSPECTED


@pytest.mark.parametrize("ahead", [-3600, 3600], ids=["behind", "ahead"])
def test_a_gateway_whose_clock_is_wrong_takes_no_lease_from_another(postgres, ahead):
    store = BurstStore(postgres.new_schema())
    wrong = NOW + timedelta(seconds=ahead)
    lease = store.lease("burst b", "gateway-1", TTL, NOW)
    held = store.lease("burst b", "gateway-2", TTL, wrong)
    assert abs(held.expires_at - (wrong + timedelta(seconds=TTL))) < A_MOMENT, "by its own clock"
    assert store.renew(lease, TTL, wrong).expires_at == wrong + timedelta(seconds=TTL)
    store.close()


WRITES = {
    "move": lambda s, le, b: s.move(le, b, BurstState.INSPECTED, reason="x", now=LATER),
    "note": lambda s, le, b: s.note(le, b, absences=1),
    "confirm": lambda s, le, b: s.confirm(
        le, s.burst(b).claim((ref("1"),), 1), Outcome((ref("1"),)), LATER
    ),
    "move_tasks": lambda s, le, b: s.move_tasks(
        le, b, [ref("1")], TaskState.HELD, reason="", now=LATER
    ),
    "note_situations": lambda s, le, b: s.note_situations(le, b, {"1": Remote.DONE}, LATER),
    "note_remote": lambda s, le, b: s.note_remote(le, b, [leaf()], LATER),
    "stage": lambda s, le, b: s.stage(le, b, [SENT], LATER),
    "waive": lambda s, le, b: s.waive(le, b, {"scene.size": "known"}, LATER),
    "list_outputs": lambda s, le, b: s.list_outputs(le, b, [listed("/1/other.png")]),
    "forget_outputs": lambda s, le, b: s.forget_outputs(le, b, [1]),
    "collected": lambda s, le, b: s.collected(le, b, ["/1/shot.0001.png"]),
    "refuse_outputs": lambda s, le, b: s.refuse_outputs(le, b, {"/1/shot.0001.png": "is cut off"}),
    "list_strays": lambda s, le, b: s.list_strays(le, b, [Stray("/1/log.txt", 5, 1, "x")], LATER),
    "keep_strays": lambda s, le, b: s.keep_strays(le, b, {"/1/known.txt": Path("/aside/k")}),
    "remark": lambda s, le, b: s.remark(le, b, "file", after="odd", why="why not", now=LATER),
    "note_probe_result": lambda s, le, b: s.note_probe_result(
        le, b, ProbeResult("/s.ma", "1:2", "maya 2024, arnold", None, "why"), LATER
    ),
    "intent": lambda s, le, _b: s.intent(le, Effect("claim", {}), LATER),
    "settle": lambda s, le, _b: s.settle(le, 1, "done", LATER),
    "renew": lambda s, le, _b: s.renew(le, TTL, LATER),
    "give_up": lambda s, le, _b: s.give_up(le),
}
OF_A_BURST = [name for name in WRITES if name not in {"confirm", "intent", "settle"}][:-2]


def test_every_write_that_needs_a_lease_is_looked_at_here():
    writes = {
        name
        for name, method in inspect.getmembers(BurstStore, inspect.isfunction)
        if "lease" in getattr(method, "__annotations__", {}) and not name.startswith("_")
    }
    of_the_decider = {"plan", "remember"}
    assert writes - set(WRITES) == {"open_effects", *of_the_decider}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whoever_lost_the_lease_is_refused_and_nothing_is_written(
    store, burst, lease, bench, write
):
    store.list_outputs(lease, burst, [listed()])
    store.list_strays(lease, burst, [Stray("/1/known.txt", 5, 1, "x")], NOW)
    store.intent(lease, Effect("claim", {}), NOW)
    store.lease(lease.name, "gateway-2", TTL, bench.pass_time(300))
    before = bench.content()
    with pytest.raises(LeaseLostError, match=r"of gateway-1 is now held by gateway-2"):
        write(store, lease, burst)
    assert bench.content() == before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_write_that_is_refused_to_others_is_allowed_to_the_owner(
    store, burst, lease, bench, write
):
    store.list_outputs(lease, burst, [listed()])
    store.list_strays(lease, burst, [Stray("/1/known.txt", 5, 1, "x")], NOW)
    store.intent(lease, Effect("claim", {}), NOW)
    before = bench.content()
    write(store, lease, burst)
    assert bench.content() != before


def test_a_lease_that_was_never_given_out_is_refused(store, burst):
    forged = Lease(f"burst {burst}", "gateway-1", 1, LATER)
    with pytest.raises(LeaseLostError, match="held by nobody"):
        store.note(forged, burst, absences=1)


@pytest.mark.parametrize("name", OF_A_BURST)
def test_the_lease_of_one_burst_is_none_for_another(store, lease, bench, name):
    (other,) = store.plan([order("1", job=JobId("job-2"))], NOW)
    before = bench.content()
    with pytest.raises(LeaseLostError, match=f"gives no right to burst {other.id}"):
        WRITES[name](store, lease, other.id)
    assert bench.content() == before


# -- limits and money ---------------------------------------------------------------------------


def cny(amount):
    return Money(Decimal(amount), "CNY")


def priced(id_, amount, **changes):
    return order(id_, estimate=cny(amount) if amount else None, **changes)


def test_a_burst_reserves_its_estimate_until_it_is_over_and_then_takes_what_it_cost(store):
    (burst,) = store.plan([priced("1", "2.50")], NOW)
    seen = [store.committed()]
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, NOW)
    for spent in ("1.10", "3.75"):
        store.note(lease, burst.id, spent=Decimal(spent))
        seen.append(store.committed())
    store.note(lease, burst.id, spent=Decimal("0.40"))
    store.move(lease, burst.id, BurstState.FAILED, reason="", now=NOW)
    seen.append(store.committed())
    assert seen == [Decimal("2.50"), Decimal("2.50"), Decimal("3.75"), Decimal("0.40")]


def test_money_is_the_studios_whichever_of_its_farms_spends_it(store):
    limits = Limits(budgets=(Budget(cny("10")),))
    store.plan([priced("1", "6", farm="own-jobs")], NOW)
    assert store.committed() == 6
    with pytest.raises(LimitReachedError, match="and 4 of the budget of 10"):
        store.plan([priced("1", "5")], NOW, limits=limits)


def test_a_plan_stops_at_the_budget_and_plans_nothing_of_it(store, bench):
    limits = Limits(budgets=(Budget(cny("10")),))
    store.plan([priced("1", "6")], NOW, limits=limits)
    before = bench.content()
    sentence = r"job-1 stays on the farm: it would cost about 3\.00 CNY, and 2 of the budget of 10"
    with pytest.raises(LimitReachedError, match=sentence):
        store.plan([priced("2", "2"), priced("3", "3")], NOW, limits=limits)
    assert bench.content() == before
    assert store.plan([priced("2", "4")], NOW, limits=limits), "to the last cent"
    with pytest.raises(LimitReachedError):
        store.plan([priced("3", "0.01")], NOW, limits=limits)


@pytest.mark.parametrize(
    ("estimate", "sentence"),
    [
        (None, "its cost is not known, and the budget is to be kept"),
        (Money(Decimal(1), "USD"), "it is estimated in USD, the budget is in CNY"),
    ],
)
def test_a_budget_needs_an_estimate_in_its_currency(store, estimate, sentence):
    with pytest.raises(LimitReachedError, match=sentence):
        store.plan(
            [order("1", estimate=estimate)], NOW, limits=Limits(budgets=(Budget(cny("10")),))
        )


def test_a_budget_of_a_day_counts_what_was_planned_since_it_began(store):
    store.plan([priced("1", "6")], NOW)
    later = NOW + timedelta(hours=1)
    day = Budget(cny("10"), later, "the day's budget")
    store.plan([priced("2", "6")], later, limits=Limits(budgets=(day,)))
    assert (store.committed(), store.committed(day)) == (12, 6)
    with pytest.raises(LimitReachedError, match="and 4 of the day's budget of 10"):
        store.plan([priced("3", "5")], later, limits=Limits(budgets=(day,)))
    both = Limits(budgets=(day, Budget(cny("14"), None, "the budget")))
    with pytest.raises(LimitReachedError, match=r"and 2 of the budget of 14\.00 CNY are left"):
        store.plan([priced("3", "3")], later, limits=both)


def test_live_bursts_of_a_farm_are_counted_and_others_are_not(store):
    limits = Limits(bursts=2)
    first, _ = store.plan([order("1"), order("2")], NOW, limits=limits)
    with pytest.raises(LimitReachedError, match="2 bursts are at work, which is the most allowed"):
        store.plan([order("3")], NOW, limits=limits)
    assert store.plan([order("3", farm="qube")], NOW, limits=limits)
    lease = store.lease(f"burst {first.id}", "gateway-1", TTL, NOW)
    store.move(lease, first.id, BurstState.FAILED, reason="", now=NOW)
    assert store.plan([order("3")], NOW, limits=limits)


def test_frames_that_live_bursts_hold_are_counted(store):
    limits = Limits(frames=10)
    (burst,) = store.plan([order("1-6")], NOW, limits=limits)
    with pytest.raises(LimitReachedError, match="its 5 frames and the 6 in the cloud are more"):
        store.plan([order("7-11")], NOW, limits=limits)
    assert store.plan([order("7-10")], NOW, limits=limits)
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, NOW)
    store.move_tasks(lease, burst.id, [ref("1-6")], TaskState.LOST, reason="", now=NOW)
    assert store.plan([order("11-16")], NOW, limits=limits)


# -- claims and effects under their epochs ------------------------------------------------------


def claim_of(store, burst, lease):
    """Raise the claim, as a runner does before it asks the farm."""
    store.note(lease, burst, claim_epoch=store.burst(burst).claim_epoch + 1)
    return store.burst(burst).claim((ref("1"),), lease.epoch)


def test_claims_follow_one_another(store, burst, lease):
    claim_of(store, burst, lease)
    for epoch in (-1, 0, 3):
        with pytest.raises(StoreError, match=f"has claim 1, which {epoch} does not follow"):
            store.note(lease, burst, claim_epoch=epoch)
    assert claim_of(store, burst, lease).claim_epoch == 2


def test_only_the_outcome_of_the_last_claim_counts(store, burst, lease, bench):
    old = claim_of(store, burst, lease)
    new = claim_of(store, burst, lease)
    before = bench.content()
    with pytest.raises(StoreError, match="is not its last, which is 2 under 1"):
        store.confirm(lease, old, Outcome((ref("1"),)), NOW)
    assert bench.content() == before
    assert store.confirm(lease, new, Outcome((ref("1"),)), NOW).refs(TaskState.HELD) == (ref("1"),)


def test_the_outcome_of_a_claim_under_an_earlier_lease_does_not_count(store, burst, lease, bench):
    claim = claim_of(store, burst, lease)
    successor = store.lease(lease.name, "gateway-2", TTL, bench.pass_time(300))
    with pytest.raises(StoreError, match="under lease 1 is not its last"):
        store.confirm(successor, claim, Outcome((ref("1"),)), bench.now)


def test_an_effect_of_an_earlier_lease_is_never_settled(store, lease, bench):
    effect = store.intent(lease, Effect("submit_task", {"task": 7}), NOW)
    successor = store.lease(lease.name, "gateway-2", TTL, bench.pass_time(300))
    before = bench.content()
    with pytest.raises(LeaseLostError, match=r"submit_task was begun under epoch 1 .* now 2"):
        store.settle(successor, effect, "done", bench.now)
    assert bench.content() == before
    assert store.open_effects(successor) == (Effect("submit_task", {"task": 7}),)


def test_an_effect_of_an_earlier_claim_is_never_settled(store, burst, lease, bench):
    effect = store.intent(lease, Effect("claim", {}), NOW)
    claim_of(store, burst, lease)
    before = bench.content()
    with pytest.raises(StoreError, match=r"begun under claim 0 of .*, which is now 1; it stays"):
        store.settle(lease, effect, "done", NOW)
    assert bench.content() == before


def test_an_effect_has_one_result(store, lease, bench):
    effect = store.intent(lease, Effect("claim", {}), NOW)
    store.settle(lease, effect, "done", NOW)
    before = bench.content()
    store.settle(lease, effect, "done", LATER)
    with pytest.raises(StoreError, match="has a result already: done"):
        store.settle(lease, effect, "the farm is away", LATER)
    assert bench.content() == before


def test_an_effect_of_another_burst_is_not_ours_to_settle(store, lease):
    (other,) = store.plan([order("9")], NOW)
    theirs = store.lease(f"burst {other.id}", "gateway-1", TTL, NOW)
    effect = store.intent(theirs, Effect("claim", {}), NOW)
    for unknown in (effect, 12345):
        with pytest.raises(StoreError, match=f"no effect {unknown} was begun under the lease"):
            store.settle(lease, unknown, "done", NOW)


def test_a_burst_is_one_remote_task_for_good(store, burst, lease):
    store.note(lease, burst, remote_id=5)
    store.note(lease, burst, remote_id=5)
    with pytest.raises(StoreError, match="is remote task 5 and never becomes 6"):
        store.note(lease, burst, remote_id=6)


def test_a_remote_task_serves_one_live_burst(store, burst, lease):
    (other,) = store.plan([order("9")], NOW)
    theirs = store.lease(f"burst {other.id}", "gateway-1", TTL, NOW)
    store.note(lease, burst, remote_id=5)
    with pytest.raises(StoreError, match="remote task 5 belongs to another burst that is at work"):
        store.note(theirs, other.id, remote_id=5)
    store.move(lease, burst, BurstState.FAILED, reason="", now=NOW)
    store.note(theirs, other.id, remote_id=5)


# -- transitions --------------------------------------------------------------------------------


def test_a_burst_goes_only_where_its_table_allows(store, burst, lease, bench):
    for before, after in product(BurstState, BurstState):
        bench.sql("UPDATE bursts SET state = ?", before.value)
        if after in NEXT_BURST[before] | {before}:
            assert store.move(lease, burst, after, reason="x", now=NOW).state is after
            continue
        rows = bench.content()
        with pytest.raises(StoreError, match=f"cannot go from {before} to {after}$"):
            store.move(lease, burst, after, reason="x", now=NOW, remote_id=5)
        assert bench.content() == rows


def test_a_task_goes_only_where_its_table_allows(store, burst, lease, bench):
    for before, after in product(TaskState, TaskState):
        bench.sql("UPDATE tasks SET state = ?", before.value)
        rows = bench.content()
        if after in NEXT_TASK[before] | {before}:
            store.move_tasks(lease, burst, [ref("2")], after, reason="x", now=NOW)
            assert store.burst(burst).refs(after) == (ref("2"),) or after is before
            continue
        with pytest.raises(StoreError, match=f"task 2 .*cannot go from {before} to {after}$"):
            store.move_tasks(lease, burst, [ref("2")], after, reason="x", now=NOW)
        assert bench.content() == rows


@pytest.mark.parametrize("end", ["failed", "recalled"])
def test_a_burst_that_holds_a_task_cannot_end(store, burst, lease, bench, end):
    store.move_tasks(lease, burst, [ref("2")], TaskState.HELD, reason="", now=NOW)
    before = bench.content()
    with pytest.raises(StoreError, match=f"cannot end as {end} while it holds task 2; give it"):
        store.move(lease, burst, BurstState(end), reason="", now=NOW)
    assert bench.content() == before


def test_of_several_tasks_none_moves_when_one_may_not(store, burst, lease, bench):
    store.move_tasks(lease, burst, [ref("2")], TaskState.LOST, reason="", now=NOW)
    before = bench.content()
    with pytest.raises(StoreError, match="task 2 of burst"):
        store.move_tasks(lease, burst, [ref("1"), ref("2")], TaskState.HELD, reason="", now=NOW)
    assert bench.content() == before


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
    "ask_recall": lambda s, _le, b: s.ask_recall(b, "why", NOW),
    "ask": lambda s, _le, b: s.ask(b, Asked.RECALL_ALL, "", NOW),
    "approve": lambda s, _le, b: s.approve(b, NOW),
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
    assert not store.burst(burst).recall
    store.ask_recall(burst, "the director wants it here", LATER, "ada")
    assert store.burst(burst).recall == "the director wants it here"
    assert store.burst(burst).state is BurstState.INTENDED
    assert store.events(burst)[-1] == Event(
        LATER, "ada", "recall", None, "asked", "the director wants it here"
    )


def test_single_tasks_are_asked_for_by_anybody_and_each_is_logged(store, burst):
    store.ask(burst, Asked.RECALL_WAITING, "workers idle", LATER, "ada", tasks=["1", "2"])
    asked = [(task.asked, task.asked_why) for task in store.burst(burst).tasks]
    assert asked == [(Asked.RECALL_WAITING, "workers idle")] * 2 + [(Asked.NOTHING, "")]
    assert [event.subject for event in store.events(burst)[-2:]] == ["task 1", "task 2"]
    assert store.events(burst)[-1].after == "asked: recall of what waits"


def test_without_names_all_open_tasks_are_meant(store, burst, lease):
    store.move_tasks(lease, burst, [ref("1")], TaskState.LOST, reason="", now=NOW)
    store.ask(burst, Asked.SUSPEND, "", LATER)
    asked = [task.asked for task in store.burst(burst).tasks]
    assert asked == [Asked.NOTHING, Asked.SUSPEND, Asked.SUSPEND]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (Asked.SUSPEND, Asked.RESUME, Asked.RESUME),
        (Asked.RESUME, Asked.RECALL_WAITING, Asked.RECALL_WAITING),
        (Asked.RECALL_WAITING, Asked.RESUME, Asked.RECALL_WAITING),
        (Asked.RECALL_WAITING, Asked.RECALL_ALL, Asked.RECALL_ALL),
        (Asked.RECALL_ALL, Asked.RECALL_WAITING, Asked.RECALL_ALL),
        (Asked.RECALL_ALL, Asked.NOTHING, Asked.RECALL_ALL),
    ],
)
def test_a_recall_is_not_weakened_by_what_comes_after_it(store, burst, first, second, kept):
    store.ask(burst, first, "", NOW, tasks=["1"])
    store.ask(burst, second, "", LATER, tasks=["1"])
    assert store.burst(burst).tasks[0].asked is kept


def test_a_task_that_the_burst_does_not_have_is_named(store, burst):
    with pytest.raises(StoreError, match=r"has no open task 77; see"):
        store.ask(burst, Asked.RECALL_ALL, "", NOW, tasks=["1", "77"])
    assert store.burst(burst).tasks[0].asked is Asked.NOTHING


def test_a_person_approves_test_frames(store, burst):
    store.approve(burst, LATER, "ada")
    assert store.burst(burst).approved
    assert store.events(burst)[-1] == Event(LATER, "ada", "test frames", None, "approved", "")


# -- the route ----------------------------------------------------------------------------------


def test_a_drained_farm_takes_no_new_bursts_until_it_is_opened_again(store):
    assert store.route("local") == Route("local")
    closed = Route("local", drained=True, why="the line is down", who="ada", at=NOW)
    store.set_route(closed)
    assert store.route("local") == closed
    with pytest.raises(RouteDrainedError, match=r"drained by ada \(the line is down\); open it"):
        store.plan([order("8")], NOW)
    store.plan([order("8", farm="qube")], NOW)
    with pytest.raises(RouteDrainedError, match="farm local takes no new bursts"):
        store.plan([order("8", farm="own-jobs")], NOW)
    store.set_route(Route("local", drained=False, who="ada", at=LATER))
    store.plan([order("8")], NOW)
    assert [event.after for event in store.events(BurstId(""))] == ["drained", "open"]


# -- the log ------------------------------------------------------------------------------------


def test_each_change_is_logged_once_with_its_reason(store, burst, lease):
    for at in (NOW, LATER):
        store.move(lease, burst, BurstState.INSPECTED, reason="maya 2023", now=at)
    store.move(lease, burst, BurstState.INSPECTED, reason="the farm is away", now=LATER)
    for at in (NOW, LATER):
        store.move_tasks(lease, burst, [ref("2")], TaskState.HELD, reason="claimed", now=at)
    assert store.events(burst) == (
        Event(NOW, "a person", "burst", None, "intended", "the queue overflows"),
        Event(NOW, "gateway-1", "burst", "intended", "inspected", "maya 2023"),
        Event(LATER, "gateway-1", "burst", "inspected", "inspected", "the farm is away"),
        Event(NOW, "gateway-1", "task 2", "wanted", "held", "claimed"),
    )
    assert [event.change for event in store.events(burst)][:2] == [
        "-> intended",
        "intended -> inspected",
    ]


def test_what_the_decider_planned_names_it_in_the_log(store):
    decider = store.lease("decider local", "gateway-1", TTL, NOW)
    (burst,) = store.plan([order("1")], NOW, decider)
    assert store.events(burst.id)[0].who == "gateway-1"


@pytest.mark.parametrize("change", ["UPDATE events SET reason = ''", "DELETE FROM events"])
@pytest.mark.usefixtures("burst")
def test_nobody_changes_the_log(store, bench, change):
    del store
    before = bench.content()
    with pytest.raises(Exception, match="the log of bursts is never changed"):
        bench.sql(change)
    assert bench.content() == before


def test_reasons_may_hold_what_no_database_takes(store, burst, lease):
    moved = store.move(lease, burst, BurstState.INSPECTED, reason="a\0b \ud800 ü", now=NOW)
    assert moved.reason == "a\N{REPLACEMENT CHARACTER}b \\ud800 ü"
    assert store.events(burst)[-1].reason == moved.reason


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


def test_files_that_are_home_are_not_written_again(store, burst, lease, bench):
    store.list_outputs(lease, burst, [listed()])
    store.collected(lease, burst, [listed().name])
    before = bench.content()
    store.list_outputs(lease, burst, [listed()])
    assert bench.content() == before


def test_the_files_of_frames_that_are_rendered_anew_are_forgotten(store, burst, lease):
    store.list_outputs(lease, burst, [listed(f"/1/{n}.png", frame=n) for n in range(1, 5)])
    store.forget_outputs(lease, burst, FrameSet.parse("2-3"))
    assert [file.frame for file in store.outputs(burst)] == [1, 4]


def test_a_file_that_the_burst_put_down_is_known_again_when_its_frame_is_rendered_anew(
    store, burst, lease
):
    store.list_outputs(lease, burst, [listed()])
    store.collected(lease, burst, [listed().name], {listed().name: "stamp"})
    store.forget_outputs(lease, burst, [1])
    (file,) = store.outputs(burst)
    assert (file.stamp, file.collected, file.size, file.listings) == ("stamp", False, NO_SIZE, 0)
    store.list_outputs(lease, burst, [listed()])
    (file,) = store.outputs(burst)
    assert (file.stamp, file.collected, file.size, file.listings) == ("stamp", False, 10, 1)


def test_a_listing_of_some_folders_leaves_the_files_of_others_alone(store, burst, lease):
    store.list_outputs(lease, burst, [listed("/1/a.png"), listed("/10/a.png")])
    store.list_outputs(lease, burst, [listed("/1/a.png")], ["/1"])
    store.list_outputs(lease, burst, [], ["/2"])
    assert [(one.name, one.listings) for one in store.outputs(burst)] == [
        ("/1/a.png", 2),
        ("/10/a.png", 1),
    ]


def test_refusals_are_counted_until_the_file_changes(store, burst, lease):
    store.list_outputs(lease, burst, [listed()])
    for _ in range(2):
        store.refuse_outputs(lease, burst, {listed().name: "is cut off"})
    (file,) = store.outputs(burst)
    assert (file.problem, file.refusals, file.collected) == ("is cut off", 2, False)
    store.list_outputs(lease, burst, [listed(size=11)])
    assert store.outputs(burst)[0].refusals == 0
    store.collected(lease, burst, [listed().name])
    assert store.outputs(burst)[0].problem is None


def test_a_stray_is_named_in_the_log_once_and_counted_until_it_is_kept(store, burst, lease):
    stray = Stray("/1/log.txt", 5, 1, "no output has this name")
    before = len(store.events(burst))
    for _ in range(2):
        store.list_strays(lease, burst, [stray], LATER)
    assert [(e.subject, e.after, e.reason) for e in store.events(burst)[before:]] == [
        ("file", "has no place", "no output has this name")
    ]
    assert store.strays(burst) == (replace(stray, listings=2),)
    store.keep_strays(lease, burst, {stray.name: Path("/aside/log.txt")})
    store.list_strays(lease, burst, [stray], LATER)
    assert store.strays(burst) == (replace(stray, listings=2, local=Path("/aside/log.txt")),)
    store.list_strays(lease, burst, [replace(stray, size=6)], LATER)
    assert store.strays(burst)[0].listings == 1


# -- uploads, and the cloud's side --------------------------------------------------------------


def test_what_was_sent_is_remembered_and_sent_again_replaced(store, burst, lease):
    scene = Upload(Path("/show/a.ma"), "/show/a.ma", 7, 1)
    store.stage(lease, burst, [SENT, scene], NOW)
    changed = replace(SENT, mtime=SENT.mtime + 1)
    store.stage(lease, burst, [changed, changed], LATER)
    store.stage(lease, burst, [], LATER)
    assert store.staged(burst) == (scene, changed)


def test_the_cloud_s_side_is_remembered_leaf_by_leaf(store, burst, lease):
    store.note_remote(lease, burst, [leaf(1), leaf(2)], NOW)
    after = leaf(2, status=25, counts=(3,), frames=("1",))
    store.note_remote(lease, burst, [after], LATER)
    store.note_remote(lease, burst, [], LATER)
    assert store.remote(burst) == (leaf(1), after)
    empty = leaf(1, counts=(), frames=())
    store.note_remote(lease, burst, [empty], LATER)
    assert store.remote(burst) == (empty, after)


def test_a_frame_that_goes_to_another_machine_is_remembered_there(store, burst, lease):
    first = leaf(1)
    moved = replace(first.entries[0], node="10.60.3.224")
    after = replace(first, entries=(moved, first.entries[1]))
    for known in (first, after):
        store.note_remote(lease, burst, [known], NOW)
        assert store.remote(burst) == (known,)
    one, other = (store.remote(burst)[0].entries[0].node for _ in "12")
    assert one is other, "a million frames have the addresses of a few machines"


def test_since_when_the_cloud_says_a_word_is_kept_while_it_says_it(store, burst, lease):
    stop, done = Remote.STOPPED, Remote.DONE
    seen = []
    for at, said in (
        (NOW, {"1": stop, "2": stop}),
        (LATER, {"1": done, "2": stop}),
        (LATER, {"9": stop}),
    ):
        store.note_situations(lease, burst, said, at)
        seen.append([(task.remote, task.remote_since) for task in store.burst(burst).tasks])
    unasked = (None, None)
    assert seen[0] == [(stop, NOW), (stop, NOW), unasked]
    assert seen[1] == seen[2] == [(done, LATER), (stop, NOW), unasked]


def test_bursts_at_work_are_read_without_their_tasks(store, burst, lease):
    store.move(lease, burst, BurstState.INSPECTED, reason="", now=NOW, remote_id=7)
    (other,) = store.plan([order("9")], LATER)
    (elsewhere,) = store.plan([order("9", farm="qube")], LATER)
    assert store.live("local") == (
        Live(burst, "local", JOB, BurstState.INSPECTED, 7),
        Live(other.id, "local", JOB, BurstState.INTENDED, None),
    )
    store.move(lease, burst, BurstState.FAILED, reason="", now=LATER)
    assert [one.id for one in store.live("local")] == [other.id]
    assert [one.id for one in store.live("qube")] == [elsewhere.id]


@pytest.mark.heavy
def test_more_tasks_than_a_statement_takes_values_are_no_trouble(store):
    refs = tuple(TaskRef(str(n), FrameSet.span(n, n)) for n in range(33_000))
    (burst,) = store.plan([Order("local", JOB, refs, "")], NOW)
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, NOW)
    store.note_situations(lease, burst.id, {r.id: Remote.STOPPED for r in refs[:5]}, NOW)
    (read,) = store.bursts(live=True)
    assert sum(task.remote_since == NOW for task in read.tasks) == 5


# -- what is kept -------------------------------------------------------------------------------


def test_everything_survives_reopening(store, burst, lease, bench):
    store.move(lease, burst, BurstState.INSPECTED, reason="größer", now=LATER, remote_id=19000001)
    store.note(lease, burst, spent=Decimal("0.30"))
    store.move_tasks(lease, burst, [ref("2")], TaskState.HELD, reason="claimed", now=LATER)
    store.list_outputs(lease, burst, [listed()])
    store.intent(lease, Effect("claim", {"tasks": ["1"]}), NOW)
    store.ask_recall(burst, "why not", NOW)
    store.stage(lease, burst, [SENT], NOW)
    store.note_remote(lease, burst, [leaf()], NOW)
    store.plan([order("9", estimate=Money(Decimal("1.10"), "USD"))], NOW)

    def everything(of):
        single = (of.events(burst), of.outputs(burst), of.staged(burst), of.remote(burst))
        return (of.bursts(), of.route("local"), of.open_effects(lease), *single)

    before = everything(store)
    store.close()
    reopened = bench.open()
    assert everything(reopened) == before
    assert isinstance(reopened.lease(lease.name, "gateway-2", TTL, NOW), Held)
    assert reopened.renew(lease, TTL, NOW).epoch == lease.epoch


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
    assert abs(held.expires_at - NOW - timedelta(seconds=TTL)) < A_MOMENT
    assert {time.tzinfo for time in (*times, held.expires_at)} == {UTC}


@pytest.mark.parametrize("frames", ["1-10[2],20", "10,9,8", "-5--1", "1001-1004"])
def test_frames_come_back_in_their_order(store, frames):
    store.plan([Order("local", JOB, (ref("a", frames),), "")], NOW)
    (burst,) = store.bursts()
    assert burst.tasks[0].ref == ref("a", frames)


def test_a_database_that_fails_is_a_store_error(store, burst, bench):
    bench.sql("DROP TABLE events")
    with pytest.raises(StoreError, match=r"^the burst store \S+ cannot be used \(.*events.*\); it"):
        store.events(burst)


# -- what one decision leaves for the next --------------------------------------------------------


def test_what_a_decision_leaves_is_there_for_the_next_gateway(store, bench):
    lease = store.lease("decider local", "gateway-1", TTL, NOW)
    first = Remembered(
        {"": NOW, "maya": LATER},
        {"maya": 61.5, "blender": 3.0},
        (
            Answer(JOB, "shot", "stay", "the farm keeps up", NOW),
            Answer(JobId("b"), "b", "burst", "late", NOW),
        ),
    )
    store.remember(lease, "local", first, NOW)
    assert store.overflowing("local") == first.over_since
    assert store.program_seconds("local") == first.program_seconds
    assert store.answers("local") == first.answers
    store.remember(lease, "qube", Remembered({"maya": NOW}), NOW)
    store.remember(lease, "local", Remembered({"maya": LATER}, {"maya": 60.25}), LATER)
    assert store.overflowing("local") == {"maya": LATER}
    assert store.program_seconds("local") == {"maya": 60.25, "blender": 3.0}, "known from before"
    assert store.answers("local") == ()
    assert store.overflowing("qube") == {"maya": NOW}
    store.lease("decider local", "gateway-2", TTL, bench.pass_time(300))
    before = bench.content()
    with pytest.raises(LeaseLostError):
        store.remember(lease, "local", Remembered(), NOW)
    assert bench.content() == before


def test_only_what_is_news_is_told(store):
    def tell(after, *, what="the budget", is_news=True):
        return store.tell(Event(NOW, "g", "budget of local", what, after, "why"), is_news=is_news)

    assert not tell("fine", is_news=False), "nobody asked"
    assert tell("nearly used up")
    assert not tell("nearly used up")
    assert tell("nearly used up", what="the day's budget")
    assert tell("fine", is_news=False), "it was said otherwise before"
    assert tell("nearly used up")
    lines = [line.event.after for line in store.follow_log(0)]
    assert lines == ["nearly used up", "nearly used up", "fine", "nearly used up"]


def paid_by(user, project, ids="1", estimate="6"):
    return replace(priced(ids, estimate), user=user, project=project)


def test_a_budget_counts_only_the_bursts_it_is_for(store):
    store.plan([paid_by("ada", "opera"), paid_by("grace", "", "2", "3")], NOW)
    some = {
        (None, None, None): 9,
        ("ada", None, None): 6,
        (None, "opera", None): 6,
        (None, "", None): 3,
        ("grace", "opera", None): 0,
        (None, None, JOB): 9,
        (None, None, JobId("other")): 0,
    }
    for (user, project, job), amount in some.items():
        budget = Budget(cny("10"), user=user, project=project, job=job)
        assert store.committed(budget) == amount
    assert {(one.user, one.project) for one in store.bursts()} == {("ada", "opera"), ("grace", "")}


def rendered(number, *situations):
    """Return a leaf of the cloud with one frame in each situation."""
    entries = [
        RemoteEntry(number, n, FrameSet.span(n, n), situation, "")
        for n, situation in enumerate(situations, 1)
    ]
    return RemoteLeaf(number, 5, (len(entries), 0), tuple(entries))


def test_frames_that_render_count_as_spent(store):
    (burst,) = store.plan([order("1", "2", "3", "4", estimate=cny("8"))], NOW)
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, NOW)
    budget = Budget(cny("10"))
    assert store.spent(budget) == 0
    store.note(lease, burst.id, spent=Decimal(2))
    leaf = rendered(7, Remote.DONE, Remote.RENDERING, Remote.WAITING, Remote.WAITING)
    store.note_remote(lease, burst.id, [leaf], NOW)
    assert store.spent(budget) == 2 + 8 / Decimal(4)
    assert store.committed(budget) == 8


def test_of_a_task_that_renders_only_the_frames_count_that_do(store):
    (burst,) = store.plan([order("1-9", "11-19", estimate=cny("18"))], NOW)
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, NOW)
    both = dict.fromkeys(("1-9", "11-19"), Remote.RENDERING)
    store.note_situations(lease, burst.id, both, NOW)
    budget = Budget(cny("30"))
    for done in (0, 8, 16):
        store.note(lease, burst.id, spent=Decimal(done))
        frames = [Remote.DONE] * done + [Remote.RENDERING] * 2 + [Remote.WAITING] * (16 - done)
        store.note_remote(lease, burst.id, [rendered(7, *frames)], NOW)
        assert store.spent(budget) == done + 2


def test_where_frames_cost_more_than_was_reserved_those_that_render_are_taken_to(store):
    (burst,) = store.plan([order(*map(str, range(10)), estimate=cny("10"))], NOW)
    lease = store.lease(f"burst {burst.id}", "gateway-1", TTL, NOW)
    store.note(lease, burst.id, spent=Decimal(15))
    frames = [Remote.DONE] * 5 + [Remote.RENDERING] * 5
    store.note_remote(lease, burst.id, [rendered(7, *frames)], NOW)
    assert store.spent(Budget(cny("20"))) == 15 + 5 * 3
