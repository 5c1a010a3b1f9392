"""Transitions: what may follow what is checked where it is written, and logged with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.exc import IntegrityError

from renderbus_core.burst import tables as t
from renderbus_core.burst.leases import Lease
from renderbus_core.burst.model import NEXT_BURST, NEXT_TASK, BurstState, TaskState
from renderbus_core.burst.store import log, reading
from renderbus_core.burst.store.values import Event
from renderbus_core.errors import StoreError
from renderbus_core.jobs import BurstId, Claim, TaskRef


@dataclass(frozen=True, slots=True)
class Step:
    """A transition's circumstances: by whom, why and when."""

    who: str
    reason: str
    now: datetime

    def event(self, subject: str, before: str | None, after: str) -> Event:
        """Return the line of the log."""
        return Event(self.now, self.who, subject, before, after, self.reason)


def move_burst(
    db: Connection, burst: BurstId, state: BurstState, step: Step, values: Mapping[str, Any]
) -> None:
    """Move a burst, with further columns; nothing of a burst that ends stays live."""
    row = reading.row(db, burst)
    before = BurstState(row.state)
    if state is not before and state not in NEXT_BURST[before]:
        raise StoreError(f"burst {burst} cannot go from {before} to {state}")
    changes = {**values, "state": state.value, "reason": step.reason}
    if state is not before:
        changes["since"] = step.now
    if state.is_over:
        changes["reserved"] = Decimal(0)
        _end_tasks(db, burst, state)
    set_columns(db, row, changes)
    if state is not before or step.reason != row.reason:
        log.write(db, burst, [step.event("burst", before.value, state.value)])


def set_columns(db: Connection, row: Any, values: Mapping[str, Any]) -> None:
    """Set columns of a burst, as far as they may change.

    Args:
        db: a writing transaction.
        row: the burst's, as it is in that transaction.
        values: by column.
    """
    claim = values.get("claim_epoch", row.claim_epoch)
    if claim not in {row.claim_epoch, row.claim_epoch + 1}:
        raise StoreError(
            f"burst {row.id} has claim {row.claim_epoch}, which {claim} does not follow; read the "
            "burst again"
        )
    remote = values.get("remote_id", row.remote_id)
    if row.remote_id not in {None, remote}:
        raise StoreError(
            f"burst {row.id} is remote task {row.remote_id} and never becomes {remote}; plan "
            "another burst"
        )
    try:
        db.execute(update(t.bursts).where(t.bursts.c.id == row.id).values(**values))
    except IntegrityError as error:
        raise StoreError(
            f"remote task {remote} belongs to another burst that is at work; see `renderbus status`"
        ) from error


def move_tasks(
    db: Connection, burst: BurstId, refs: Iterable[TaskRef], state: TaskState, step: Step
) -> None:
    """Move tasks of a burst; those already there keep their time and reason."""
    query = select(t.tasks.c.task, t.tasks.c.state).where(t.tasks.c.burst == burst)
    states = {task: TaskState(found) for task, found in db.execute(query)}
    moved = []
    for ref in refs:
        before = states.get(ref.id)
        if before is None:
            raise reading.no_burst(burst, f" with a task {ref.id}")
        if before is not state and state not in NEXT_TASK[before]:
            raise StoreError(f"task {ref.id} of burst {burst} cannot go from {before} to {state}")
        if before is not state:
            moved.append((ref.id, before))
            states[ref.id] = state
    if not moved:
        return
    values: dict[str, Any] = {"state": state.value, "reason": step.reason, "since": step.now}
    if state is TaskState.SENT:
        values["sent"] = True
    db.execute(
        update(t.tasks)
        .where(t.tasks.c.burst == burst, t.tasks.c.task == bindparam("of"))
        .values(live=not state.is_over, **values),
        [{"of": task} for task, _ in moved],
    )
    lines = [step.event(f"task {task}", before.value, state.value) for task, before in moved]
    log.write(db, burst, lines)


def check_claim(db: Connection, lease: Lease, claim: Claim) -> None:
    """Refuse the outcome of a claim that is not the burst's last, or not made under the lease."""
    row = reading.row(db, claim.burst)
    if (claim.lease_epoch, claim.claim_epoch) != (lease.epoch, row.claim_epoch):
        raise StoreError(
            f"claim {claim.claim_epoch} of burst {claim.burst} under lease {claim.lease_epoch} is "
            f"not its last, which is {row.claim_epoch} under {lease.epoch}; read the farm again"
        )


def _end_tasks(db: Connection, burst: BurstId, state: BurstState) -> None:
    """Let go of what was never claimed; a burst that still holds a task cannot end."""
    over = [one.value for one in TaskState if one.is_over]
    free = [*over, TaskState.WANTED.value]
    held = select(t.tasks.c.task).where(t.tasks.c.burst == burst, t.tasks.c.state.not_in(free))
    open_ = db.execute(held.order_by(t.tasks.c.position).limit(1)).scalar_one_or_none()
    if open_ is not None:
        raise StoreError(
            f"burst {burst} cannot end as {state} while it holds task {open_}; give it back first"
        )
    db.execute(update(t.tasks).where(t.tasks.c.burst == burst, t.tasks.c.live).values(live=False))
