"""From orders to bursts: limits, reservation and burst in one transaction, one plan at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, insert, select

from renderbus_core.burst import tables as t
from renderbus_core.burst.model import OWN_JOBS, Asked, BurstState, Order, TaskState
from renderbus_core.burst.store import asking, log, reading
from renderbus_core.burst.store.values import (
    Adopted,
    Event,
    LimitReachedError,
    Limits,
    RouteDrainedError,
)
from renderbus_core.database import one_at_a_time
from renderbus_core.errors import StoreError
from renderbus_core.jobs import BurstId
from renderbus_core.overflow import Budget

_PLAN = "renderbus plan"


def plan(
    db: Connection, orders: Mapping[BurstId, Order], limits: Limits, who: str, now: datetime
) -> None:
    """Insert one burst per order.

    Args:
        db: a writing transaction.
        orders: what to send, by the id of the burst that it becomes.
        limits: of each farm, its live bursts and these orders together.
        who: decided it.
        now: UTC.

    Raises:
        LimitReachedError: an order exceeds a limit.
        RouteDrainedError: a farm takes no new bursts.
        StoreError: an order cannot be one.
    """
    # Whichever farm it is: budgets are common to all.
    one_at_a_time(db, _PLAN)
    for farm in sorted({order.farm for order in orders.values()}):
        _keep_off_drained(db, farm)
    for burst, order in orders.items():
        _check(order)
        _keep_within(db, order, limits)
        _insert(db, burst, order, who, now)


def _check(order: Order) -> None:
    if len({ref.id for ref in order.tasks}) < len(order.tasks):
        raise StoreError(f"a task of {order.job} is named twice in one burst; name each once")
    for ref in order.tasks:
        if not ref.frames:
            raise StoreError(f"task {ref.id} of {order.job} has no frames, so it cannot be sent")


def _keep_off_drained(db: Connection, farm: str) -> None:
    # Jobs with an agent of their own are of some farm too, and nobody drains them apart.
    ways = asking.routes(db) if farm == OWN_JOBS else [asking.route(db, farm)]
    for route in filter(lambda way: way.drained, ways):
        raise RouteDrainedError(
            f"farm {route.farm} takes no new bursts, drained by {route.who}"
            f"{f' ({route.why})' if route.why else ''}; open it with: "
            f"renderbus drain --off --farm {route.farm}"
        )


def _keep_within(db: Connection, order: Order, limits: Limits) -> None:
    if limits.bursts is not None:
        count = select(func.count()).where(
            t.bursts.c.farm == order.farm, t.bursts.c.state.not_in(reading.OVER)
        )
        if db.execute(count).scalar_one() >= limits.bursts:
            raise _reached(order, f"{limits.bursts} bursts are at work, which is the most allowed")
    if limits.frames is not None:
        live = select(t.tasks.c.frames).where(t.tasks.c.farm == order.farm, t.tasks.c.live)
        held = sum(len(frames) for frames in db.execute(live).scalars())
        more = sum(len(ref.frames) for ref in order.tasks)
        if held + more > limits.frames:
            why = f"its {more} frames and the {held} in the cloud are more than {limits.frames}"
            raise _reached(order, why)
    for budget in limits.budgets:
        _keep_within_budget(db, order, budget)


def _keep_within_budget(db: Connection, order: Order, budget: Budget) -> None:
    if order.estimate is None:
        raise _reached(order, f"its cost is not known, and {budget.name} is to be kept")
    if order.estimate.currency != budget.amount.currency:
        why = f"it is estimated in {order.estimate.currency}, {budget.name} is in "
        raise _reached(order, f"{why}{budget.amount.currency}")
    left = budget.amount.amount - reading.committed(db, budget)
    if order.estimate.amount > left:
        why = f"it would cost about {order.estimate}, and {left:f} of {budget.name} of "
        raise _reached(order, f"{why}{budget.amount} are left")


def _reached(order: Order, why: str) -> LimitReachedError:
    return LimitReachedError(f"job {order.job} stays on the farm: {why}")


def adopt(db: Connection, found: Adopted, who: str, now: datetime) -> None:
    """Insert a burst that is at work outside and was not known here."""
    one_at_a_time(db, _PLAN)
    order = Order(
        found.farm,
        found.job,
        found.tasks,
        found.why,
        user=found.user,
        project=found.project,
        options=found.options,
    )
    at_work = _Start(BurstState.RUNNING, TaskState.SENT, found.claim_epoch, found.remote_id)
    _write(db, found.burst, order, at_work, Event(now, who, "burst", None, "adopted", found.why))


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a burst and its tasks begin."""

    burst: BurstState = BurstState.INTENDED
    task: TaskState = TaskState.WANTED
    claim_epoch: int = 0
    remote_id: int | None = None


def _insert(db: Connection, burst: BurstId, order: Order, who: str, now: datetime) -> None:
    start = _Start()
    event = Event(now, who, "burst", None, start.burst.value, order.reason)
    _write(db, burst, order, start, event)
    log.waive(db, burst, dict.fromkeys(order.waived, f"waived by hand by {who}"), who, now)


def _write(db: Connection, burst: BurstId, order: Order, start: _Start, event: Event) -> None:
    estimate, submitted = order.estimate, start.remote_id is not None
    values = {
        "id": burst,
        "farm": order.farm,
        "job": order.job,
        "state": start.burst.value,
        "reason": order.reason,
        "remote_id": start.remote_id,
        "claim_epoch": start.claim_epoch,
        "estimate": estimate.amount if estimate else None,
        "currency": estimate.currency if estimate else None,
        "reserved": estimate.amount if estimate else Decimal(0),
        "spent": Decimal(0),
        "submits": int(submitted),
        "absences": 0,
        "approved": False,
        "kind": order.kind.value,
        "artist": order.user,
        "project": order.project,
        "options": order.options,
        "reckoned": False,
        "since": event.at,
        "created_at": event.at,
    }
    db.execute(insert(t.bursts).values(**values))
    rows = [
        {
            "burst": burst,
            "task": ref.id,
            "position": position,
            "farm": order.farm,
            "job": order.job,
            "frames": ref.frames,
            "state": start.task.value,
            "reason": "",
            "since": event.at,
            "live": True,
            "sent": submitted,
            "asked": Asked.NOTHING.value,
            "asked_why": "",
        }
        for position, ref in enumerate(order.tasks)
    ]
    if rows:
        db.execute(insert(t.tasks), rows)
    log.write(db, burst, [event])
